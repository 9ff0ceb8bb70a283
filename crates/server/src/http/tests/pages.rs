//! What a person sees who clicks a citation, searches, or looks at an image.

use super::*;
use crate::page::asset::Asset;
use crate::testing::Note;

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
        let path = url.strip_prefix("http://127.0.0.1:7117").unwrap().trim_end_matches("#cited").to_owned();
        for path in [format!("{path}?view=source"), path] {
            let page = send(&app, request(Method::GET, &path, &[("accept", "text/html")], "")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            let mark = page.body.find("<mark id=\"cited\">").unwrap();
            let after = page.body.find("</article>").unwrap();
            assert!(page.body[mark..after].contains(words), "{path}");
            assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
            let policy = page.header(header::CONTENT_SECURITY_POLICY);
            assert!(
                policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; "),
                "{policy}"
            );
            assert!(
                policy.ends_with("form-action 'self'; frame-ancestors 'none'") && !policy.contains("unsafe")
            );
            assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer");
            assert!(page.header(header::CACHE_CONTROL).starts_with("private"));
        }
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
        let own = page.body.replace("<script src=\"/script.js", "");
        assert!(own.contains(words) && !own.contains("<script"), "{id} {own}");
    }
}

#[tokio::test]
async fn a_quote_that_was_given_out_is_shown_beside_what_stands_there_now() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let body = legacy_call("search", json!({ "query": "rye starter" }));
    let found = send(&app, request(Method::POST, "/mcp", &[], body)).await.json();
    let id = found["result"]["structuredContent"]["results"][0]["id"].as_str().unwrap().to_owned();
    send(&app, request(Method::POST, "/mcp", &[], legacy_call("fetch", json!({ "id": id })))).await;
    let text = "# Levain\n\n## Feeding\nFeed the rye starter <b>once</b> & wait.\n";
    testing::index(
        garden.library.store(),
        "garden",
        &[Note { path: "Bread/Levain.md", title: "Levain", text }],
    );
    let gone = loop {
        let page = send(&app, request(Method::GET, &format!("/d/{id}"), &[], "")).await;
        if page.status != StatusCode::OK {
            break page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(
        gone.body.contains("<del>") && gone.body.contains("twice") && gone.body.contains("once"),
        "{}",
        gone.body
    );
    assert!(gone.body.contains("Read this passage in the note"));
}

#[tokio::test]
async fn a_search_is_a_page_and_its_results_alone_are_a_part_of_it() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let page = send(&app, request(Method::GET, "/search?q=rye+starter", &[], "")).await;
    let part =
        send(&app, request(Method::GET, "/search?q=rye+starter", &[("x-ibid-part", "results")], "")).await;
    assert_eq!((page.status, part.status), (StatusCode::OK, StatusCode::OK));
    assert!(page.body.contains("<title>rye starter – search</title>") && page.body.contains(&part.body));
    assert!(part.body.contains("<mark>rye</mark>") && !part.body.contains("<html"));
    assert_eq!(part.header(header::VARY), "x-ibid-part");
    for (path, status, words) in [
        ("/", StatusCode::OK, "http://127.0.0.1:7117/mcp"),
        ("/search", StatusCode::OK, "http://127.0.0.1:7117/mcp"),
        ("/search?q=rye&in=attic", StatusCode::BAD_REQUEST, "no collection attic"),
        ("/search?q=paragraph&page=2", StatusCode::OK, "<ol class=\"hits\" start=\"1\"><li"),
        ("/search?q=paragraph&page=99999999999999999999", StatusCode::OK, "2 passages in 1 note"),
        ("/search?q=%22%3E%3Cscript%3E", StatusCode::OK, "&quot;&gt;&lt;script&gt;"),
    ] {
        let page = send(&app, request(Method::GET, path, &[], "")).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.body.contains(words), "{path} {}", page.body);
        assert!(page.body.len() < 100_000, "{path} has {} bytes", page.body.len());
    }
    let long = format!("/search?q={}", "rye+".repeat(10_000));
    assert_eq!(send(&app, request(Method::GET, &long, &[], "")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn files_of_pages_are_kept_by_their_content() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let page = send(&app, request(Method::GET, "/", &[], "")).await.body;
    for asset in Asset::ALL {
        assert!(page.contains(&asset.address()), "{}", asset.path);
        let kept = send(&app, request(Method::GET, &asset.address(), &[], "")).await;
        assert_eq!(kept.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        let other = send(&app, request(Method::GET, &format!("{}?v=0", asset.path), &[], "")).await;
        assert_eq!((other.header(header::CACHE_CONTROL), &other.body), ("no-cache", &kept.body));
        let tag = kept.header(header::ETAG).to_owned();
        let again = send(&app, request(Method::GET, asset.path, &[("if-none-match", &tag)], "")).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
}

#[tokio::test]
async fn an_image_can_do_nothing_but_be_seen() {
    let (vault, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // As text, so that the answer can be read as one.
    std::fs::write(vault.path().join("a.gif"), "GIF89a").unwrap();
    let store = ibid_index::store::Store::at(data.path());
    let note = Note { path: "Note.md", title: "Note", text: "![[a.gif]] ![[none.gif]]\n" };
    testing::index_at(&store, "vault", vault.path(), &[note]);
    let library = Library::open(store, None, Box::new(|_| panic!("no collection has a model"))).unwrap();
    let app = routes(app_of(library, Site::new(HOST.parse().unwrap(), ServeConfig::default()).unwrap()));
    let page = send(&app, request(Method::GET, "/d/vault:Note.md", &[], "")).await.body;
    assert!(page.contains("<img src=\"/i/vault:Note.md?name=a.gif\" alt=\"a.gif\""), "{page}");
    let image = send(&app, request(Method::GET, "/i/vault:Note.md?name=a.gif", &[], "")).await;
    assert_eq!((image.status, image.body.as_str()), (StatusCode::OK, "GIF89a"));
    assert_eq!(image.header(header::CONTENT_TYPE), "image/gif");
    assert_eq!(image.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(image.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert_eq!(image.header(header::CONTENT_DISPOSITION), "inline");
    for path in [
        "/i/vault:Note.md?name=none.gif",
        "/i/vault:Note.md?name=b.gif",
        "/i/vault:Note.md",
        "/i/x",
        "/i/vault:No.md?name=a.gif",
    ] {
        assert_eq!(
            send(&app, request(Method::GET, path, &[], "")).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
