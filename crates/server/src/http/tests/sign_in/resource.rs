//! What is behind the door (R), and what providers make of it (P).

use super::*;
use crate::oauth::grant::ACCESS_SECONDS;

fn search() -> String {
    legacy_call("search", json!({"query": "rye"}))
}

#[tokio::test]
async fn r01_without_a_token_the_way_to_one_is_told() {
    let server = Server::new();
    for (path, resource) in
        [("/mcp", "/mcp"), ("/mcp/", "/mcp"), ("/sse", "/sse"), ("/d/garden:Long.txt", "")]
    {
        let answered = server.post(path, &[], search()).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(
            answered.header(header::WWW_AUTHENTICATE),
            format!(
                "Bearer resource_metadata=\"https://notes.example/.well-known/oauth-protected-resource{resource}\", \
                 scope=\"notes:search notes:read\""
            )
        );
        assert_eq!(answered.json()["error"], "unauthorized");
    }
}

#[tokio::test]
async fn r02_an_expired_token_is_invalid() {
    let server = Server::new();
    let (access, _) = server.tokens().await;
    assert!(server.opens(&access).await);
    server.access.clock.advance(ACCESS_SECONDS + 1);
    let answered = server.call(&access, search()).await;
    assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
    assert!(answered.header(header::WWW_AUTHENTICATE).starts_with("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn r03_r06_r09_what_is_no_token_of_ours_opens_nothing() {
    let server = Server::new();
    let token = server.token("t", "notes:search");
    let long = "x".repeat(100_000);
    for secret in [
        "random",
        "",
        &long,
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmVkIGJ5IG15c2VsZg",
        &Server::new().token("t", "notes:search"),
        &token[..token.len() - 1],
        &format!("{token}x"),
        &token.to_uppercase(),
    ] {
        let answered = server.call(secret, search()).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{}", &secret[..secret.len().min(60)]);
    }
    for (scheme, status) in [("bearer", 200), ("BEARER", 200), ("Basic", 401), ("Token", 401), ("", 401)] {
        let header = format!("{scheme} {token}");
        let answered = server.post("/mcp", &[("authorization", header.trim())], search()).await;
        assert_eq!(answered.status.as_u16(), status, "{scheme}");
    }
    let mut twice = request(Method::POST, "/mcp", &[("authorization", "Bearer x")], search());
    twice.headers_mut().append("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(send(&server.router, twice).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn r04_a_revoked_token_ends_at_once() {
    let server = Server::new();
    let token = server.token("t", "notes:search");
    let (access, _) = server.tokens().await;
    assert!(server.opens(&token).await && server.opens(&access).await);
    // As `ibid token revoke` does, in a process of its own.
    let other = AccessStore::open(server.folder.path()).unwrap();
    other.revoke("t", 1).unwrap();
    other.revoke("grant:1", 1).unwrap();
    assert!(!server.opens(&token).await && !server.opens(&access).await);
}

#[tokio::test]
async fn r07_r08_no_other_secret_is_a_token() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (_, proof) = person.question(&request).await;
    let code = location(&person.decide(&request, &[]).await).1["code"][0].clone();
    let cookies = person.cookies.borrow().clone();
    let other_code = person.code(&[], &[]).await;
    let (_, refresh) = tokens_of(&server.exchange_code(&other_code, &[]).await);
    let secrets = [&request, &proof, &code, &refresh].into_iter().chain(cookies.values());
    for secret in secrets {
        assert!(!server.opens(secret).await, "{secret}");
    }
    let cookie = person.cookie();
    let answered = server.post("/mcp", &[("cookie", &cookie)], search()).await;
    assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn r11_what_was_not_granted_is_named() {
    let server = Server::new();
    let (search_only, read_only) = (server.token("s", "notes:search"), server.token("r", "notes:read"));
    let read = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read",
                      "params": {"uri": "ibid://garden/Long.txt"}});
    for (token, body, is_enough) in [
        (&search_only, search(), true),
        (&search_only, legacy_call("fetch", json!({"id": "garden:Long.txt"})), false),
        (&search_only, read.to_string(), false),
        (&read_only, read.to_string(), true),
        (&read_only, legacy_call("fetch", json!({"id": "garden:Long.txt"})), true),
        (&read_only, search(), false),
        (&read_only, legacy_call("search_notes", json!({"query": "rye"})), false),
        (&read_only, legacy_call("related", json!({"id": "garden:Long.txt"})), false),
        (&read_only, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.to_owned(), true),
    ] {
        let answered = server.call(token, body.clone()).await;
        if is_enough {
            assert_eq!(answered.status, StatusCode::OK, "{body}");
            continue;
        }
        assert_eq!(error_of(&answered), (403, "insufficient_scope".to_owned()), "{body}");
        let challenge = answered.header(header::WWW_AUTHENTICATE);
        assert!(
            challenge.contains("error=\"insufficient_scope\"")
                && challenge.contains("scope=\"notes:search notes:read\"")
                && challenge.contains("resource_metadata=\"https://notes.example/.well-known"),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn r11_a_page_is_seen_by_those_to_whom_that_was_granted() {
    let server = Server::new();
    for (at, (scopes, page, status)) in [
        ("notes:search", "/d/garden:Bread/Levain.md", 403),
        ("notes:read", "/d/garden:Bread/Levain.md", 200),
        ("notes:search", "/search?q=rye", 200),
        ("notes:read", "/search?q=rye", 403),
        ("notes:search", "/i/garden:Bread/Levain.md?name=a.png", 403),
        ("notes:read", "/i/garden:Bread/Levain.md?name=a.png", 404),
    ]
    .into_iter()
    .enumerate()
    {
        let bearer = format!("Bearer {}", server.token(&format!("t{at}"), scopes));
        let answered = server.get(page, &[("authorization", &bearer)]).await;
        assert_eq!(answered.status.as_u16(), status, "{scopes} {page}");
    }
}

#[tokio::test]
async fn r11_a_method_that_stands_twice_is_read_as_it_is_judged() {
    let server = Server::new();
    let token = server.token("s", "notes:search");
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fetch","arguments":{"id":"garden:Long.txt"},"name":"search"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list","params":{"name":"fetch","arguments":{"id":"garden:Long.txt"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"name":"search"},"method":"tools/call","params":{"name":"fetch","arguments":{"id":"garden:Long.txt"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"n\u0061me":"fetch","arguments":{"id":"garden:Long.txt"}}}"#,
    ] {
        let answered = server.call(&token, body).await;
        assert!(!answered.body.contains("turnips"), "{body}: {}", answered.body);
    }
}

#[tokio::test]
async fn r19_whoever_is_unknown_learns_no_names() {
    let server = Server::new();
    let answered = server.post("/mcp", &[], legacy_call("no_such_tool", json!({}))).await;
    assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
    for path in ["/d/garden:Long.txt", "/d/garden:None.md", "/nothing", "/c/garden/mcp", "/c/none/mcp"] {
        assert_eq!(server.get(path, &[]).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn r20_without_people_tokens_open_and_nothing_leads_to_sign_in() {
    let server = Server::with(ServeConfig::default(), |access| access.sign_in = false, None);
    let token = server.token("codex", "notes:search notes:read");
    let (prefix, suffix) = (&token[..token.len() - 1], format!("{token}a"));
    for (secret, opens) in
        [(token.as_str(), true), (prefix, false), (&suffix, false), (&token.to_uppercase(), false)]
    {
        let headers = [("host", HOST), ("authorization", &*format!("Bearer {secret}"))];
        let answered = server.post("/mcp", &headers, search()).await;
        assert_eq!(answered.status == StatusCode::OK, opens, "{secret}");
        if !opens {
            assert_eq!(answered.header(header::WWW_AUTHENTICATE), "Bearer realm=\"ibid\"");
        }
    }
    let narrow = format!("Bearer {}", server.token("narrow", "notes:read"));
    let answered = server.post("/mcp", &[("host", HOST), ("authorization", &narrow)], search()).await;
    assert_eq!(
        (answered.status, answered.header(header::WWW_AUTHENTICATE)),
        (
            StatusCode::FORBIDDEN,
            "Bearer realm=\"ibid\", error=\"insufficient_scope\", scope=\"notes:search notes:read\""
        )
    );
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"] {
        let answered = server.get(path, &[("host", HOST)]).await;
        assert_eq!(error_of(&answered), (404, "not_found".to_owned()), "{path}");
    }
    assert_eq!(server.get("/authorize", &[("host", HOST)]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_for_one_collection_opens_its_address_alone() {
    let server = Server::new();
    let resource = ("resource", "https://notes.example/c/garden/mcp");
    let person = Person::new(&server);
    let code = person.code(&[resource], &[]).await;
    let (access, _) = tokens_of(&server.exchange_code(&code, &[resource]).await);
    assert!(!server.opens(&access).await, "at /mcp");
    let store = server.store.bearer(&access, crate::time::now()).unwrap().unwrap();
    assert_eq!(store.0.rules, ["collection:garden"]);
    let headers = [("authorization", &*format!("Bearer {access}"))];
    let answered = server.post("/c/garden/mcp", &headers, search()).await;
    assert_ne!(answered.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.post("/c/other/mcp", &headers, search()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_person_who_signed_in_reads_pages_and_nothing_else() {
    let server = Server::new();
    let person = Person::new(&server);
    let (to, carried) = location(&person.get("/d/garden:Long.txt").await);
    assert_eq!((to.as_str(), carried["next"][0].as_str()), ("/login", "/d/garden:Long.txt"));
    let page = person.get("/login?next=/d/garden:Long.txt").await;
    let (proof, next) = (field(&page.body, "proof"), field(&page.body, "next"));
    let form = [("proof", proof.as_str()), ("next", &next), ("name", NAME), ("password", PASSWORD)];
    let (to, _) = location(&person.post("/login", &[], &form).await);
    assert_eq!(to, "/d/garden:Long.txt");
    assert_eq!(person.get(&to).await.status, StatusCode::OK);
    assert_eq!(person.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn p01_chatgpt_goes_through() {
    let server = Server::new();
    let person = Person::new(&server);
    let asked = [("prompt", "consent"), ("scope", "notes:search notes:read offline_access"), ("nonce", "n")];
    let code = person.code(&asked, &[]).await;
    let (access, refresh) = tokens_of(&server.exchange_code(&code, &[]).await);
    let body = json!({
        "jsonrpc": "2.0", "id": "openai-mcp-call", "method": "tools/call",
        "params": {
            "name": "search", "arguments": {"query": "rye"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {"extensions": {}},
                "openai/userAgent": "ChatGPT", "openai/locale": "en"
            }
        }
    });
    let headers = [
        ("authorization", &*format!("Bearer {access}")),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "search"),
    ];
    let answered = server.post("/mcp", &headers, body.to_string()).await;
    assert_eq!((answered.status, &answered.json()["id"]), (StatusCode::OK, &json!("openai-mcp-call")));
    tokens_of(&server.refresh(&refresh, &[]).await);
}

#[tokio::test]
async fn p02_claude_and_claude_code_go_through() {
    let server = Server::new();
    for (id, redirect) in [
        ("https://claude.ai/oauth/mcp-oauth-client-metadata", "https://claude.ai/api/mcp/auth_callback"),
        ("https://claude.ai/oauth/claude-code-client-metadata", "http://localhost:54321/callback"),
        ("https://claude.ai/oauth/claude-code-client-metadata", "http://127.0.0.1:5/callback"),
        ("https://chatgpt.com/oauth/codex/client.json", "http://127.0.0.1:1455/callback"),
        ("https://chatgpt.com/oauth/x1/client.json", "https://chatgpt.com/connector/oauth/x1"),
    ] {
        let resource = ("resource", "HTTPS://NOTES.example/mcp/");
        let client = [("client_id", id), ("redirect_uri", redirect), resource];
        let code = Person::new(&server).code(&client, &[]).await;
        let (access, refresh) = tokens_of(&server.exchange_code(&code, &client).await);
        assert!(server.opens(&access).await, "{id}");
        tokens_of(&server.refresh(&refresh, &[("client_id", id), resource]).await);
    }
}

#[tokio::test]
async fn p05_chatgpt_is_asked_for_more_in_a_result() {
    let server = Server::new();
    let token = server.token("s", "notes:search");
    let mut call = json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call",
                          "params": {"name": "fetch", "arguments": {"id": "garden:Long.txt"}}});
    let bearer = format!("Bearer {token}");
    let by_header = [("authorization", bearer.as_str()), ("x-openai-session", "s")];
    let first = server.post("/mcp", &by_header, call.to_string()).await;
    call["params"]["_meta"] = json!({"openai/subject": "s"});
    let second = server.call(&token, call.to_string()).await;
    for answered in [first, second] {
        assert_eq!(answered.status, StatusCode::OK);
        let result = answered.json()["result"].clone();
        let challenge = result["_meta"]["mcp/www_authenticate"][0].as_str().unwrap();
        assert_eq!((&result["isError"], answered.json()["id"].as_i64()), (&json!(true), Some(4)));
        assert!(
            challenge.contains("error=\"insufficient_scope\"") && challenge.contains("error_description=\"")
        );
    }
}
