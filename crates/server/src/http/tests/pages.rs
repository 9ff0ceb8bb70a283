//! What a person sees who clicks a citation.

use super::*;

#[tokio::test]
async fn the_address_of_a_result_opens_its_page() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    for (query, words) in
        [("rye starter", "Feed the rye starter"), ("250 degrees", "Bake at"), ("仕込む", "米味噌を仕込む")]
    {
        let body = legacy_call("search", json!({ "query": query }));
        let found = send(&app, request(Method::POST, "/mcp", &[], body)).await.json();
        let url = found["result"]["structuredContent"]["results"][0]["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix("http://127.0.0.1:7117").unwrap().trim_end_matches("#cited");
        let page = send(&app, request(Method::GET, path, &[("accept", "text/html")], "")).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let mark = page.body.find("<mark id=\"cited\">").unwrap();
        assert!(page.body[mark..page.body.find("</mark>").unwrap()].contains(words));
        assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert!(
            page.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'; style-src 'self'")
        );
        assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer");
        assert!(page.header(header::CACHE_CONTROL).starts_with("private"));
    }
}

#[tokio::test]
async fn a_citation_that_leads_nowhere_gets_a_page_that_says_why() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    for (id, status, words) in [
        ("garden:None.md", StatusCode::NOT_FOUND, "not in the index"),
        ("attic:a.md", StatusCode::NOT_FOUND, "no collection attic"),
        ("garden:Bread/Levain.md@000000000000:0-5", StatusCode::GONE, "/d/garden:Bread/Levain.md"),
        ("garden:..%2F..%2Fetc%2Fpasswd", StatusCode::BAD_REQUEST, "no citation"),
        ("nonsense", StatusCode::BAD_REQUEST, "no citation"),
        ("%3Cscript%3Ealert(1)%3C/script%3E:x", StatusCode::BAD_REQUEST, "no citation"),
        ("garden:%252e%252e/x", StatusCode::NOT_FOUND, "not in the index"),
    ] {
        let page = send(&app, request(Method::GET, &format!("/d/{id}"), &[], "")).await;
        assert_eq!(page.status, status, "{id} {}", page.body);
        assert!(page.body.contains(words) && !page.body.contains("<script"), "{id} {}", page.body);
    }
}
