//! Attacks on the transport (T) and on what a caller can name (R14, R15), each under its id.

use super::*;

const SEARCH: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"rye"}}}"#;

/// The status of a message sent with these headers; a refusal is JSON, and says nothing of the inside.
async fn status(headers: &[(&str, &str)], body: impl Into<Body>) -> (u16, Value) {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let answered = send(&app, request(Method::POST, "/mcp", headers, body)).await;
    assert!(answered.status.as_u16() < 500, "{}", answered.body);
    assert_eq!(answered.header(header::CONTENT_TYPE), "application/json", "{}", answered.body);
    assert!(!answered.body.contains("/src/") && !answered.body.contains("panicked"), "{}", answered.body);
    (answered.status.as_u16(), answered.json())
}

#[tokio::test]
async fn t01_t02_t04_pages_of_others_may_not_call() {
    for (origin, expected) in [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("file://", 403),
        ("", 200),
        ("http://127.0.0.1:7117", 200),
        ("http://localhost:3000", 200),
    ] {
        assert_eq!(status(&[("origin", origin)], SEARCH).await.0, expected, "{origin}");
    }
}

#[tokio::test]
async fn t05_t06_no_other_name_leads_here() {
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1:7117@evil.example",
        "0x7f000001",
        "",
    ] {
        let (status, _) = status(&[("host", host)], SEARCH).await;
        assert!(matches!(status, 400 | 403 | 421), "{host}: {status}");
    }
}

#[tokio::test]
async fn t08_a_body_has_an_end_however_long_it_says_it_is() {
    let long = || "x".repeat(MAX_BODY_BYTES + 1);
    assert_eq!(status(&[], long()).await.0, 413);
    assert_eq!(status(&[("content-length", "10")], long()).await.0, 413, "a length that lies");
    let pieces = (0..=MAX_BODY_BYTES / 1024).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024]));
    let chunked = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(status(&[], chunked).await.0, 413, "no length at all");
}

#[tokio::test]
async fn t09_what_is_no_message_is_refused() {
    for body in ["{", "[]", "{}", r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "\u{0}", "[[[[[[[["] {
        assert_eq!(status(&[], body).await.0, 400, "{body}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(status(&[], deep).await.0, 400, "nesting does not end the server");
}

#[tokio::test]
async fn t11_t12_a_message_is_json_and_so_is_its_answer() {
    assert_eq!(status(&[("content-type", "text/plain")], SEARCH).await.0, 415);
    assert_eq!(status(&[("content-type", "application/x-www-form-urlencoded")], SEARCH).await.0, 415);
    assert_eq!(status(&[("accept", "application/json")], SEARCH).await.0, 200);
    assert_eq!(status(&[("accept", "text/html")], SEARCH).await.0, 406);
}

#[tokio::test]
async fn t13_t14_t15_t16_headers_and_message_say_the_same() {
    let (headers, body) = modern("tools/call", json!({ "name": "search", "arguments": { "query": "rye" } }));
    let usual: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(status(&usual, body.clone()).await.0, 200);
    for (changes, expected, code) in [
        (("mcp-method", ""), 400, -32020),
        (("mcp-method", "tools/list"), 400, -32020),
        (("mcp-name", "fetch"), 400, -32020),
        (("mcp-protocol-version", "2025-11-25"), 400, -32020),
    ] {
        let changed = [&usual[..], &[changes]].concat();
        let (status, answer) = status(&changed, body.clone()).await;
        assert_eq!(
            (status, answer["error"]["code"].as_i64()),
            (expected, Some(code)),
            "{changes:?}: {answer}"
        );
    }
    let future = body.replace("2026-07-28", "2099-01-01");
    let (refused, answer) =
        status(&[&usual[..], &[("mcp-protocol-version", "2099-01-01")]].concat(), future).await;
    assert_eq!((refused, answer["error"]["code"].as_i64()), (400, Some(-32022)), "{answer}");
    assert!(answer["error"]["data"]["supported"].is_array(), "{answer}");
    let (headers, unknown) = modern("tools/burn", json!({}));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (refused, answer) = status(&headers, unknown).await;
    assert_eq!((refused, answer["error"]["code"].as_i64()), (404, Some(-32601)), "{answer}");
    let mute = body.replace(r#""io.modelcontextprotocol/clientCapabilities":{},"#, "");
    assert_ne!(mute, body);
    let (refused, answer) = status(&usual, mute).await;
    assert_eq!((refused, answer["error"]["code"].as_i64()), (400, Some(-32602)), "{answer}");
}

#[tokio::test]
async fn r14_an_id_is_no_path() {
    let long = "x".repeat(900_000);
    for id in [
        "../../etc/passwd",
        "garden:../../etc/passwd",
        "garden:%2e%2e/%2e%2e/etc/passwd",
        "file:///etc/passwd",
        "garden:/etc/passwd",
        "garden:a\u{0}.md",
        "C:\\Windows\\win.ini",
        "",
        &long,
    ] {
        let body = legacy_call("fetch", json!({ "id": id }));
        let (status, answer) = status(&[], body).await;
        assert_eq!(status, 200);
        let said = answer.to_string();
        assert_eq!(answer["result"]["isError"], true, "{id:.40}");
        assert!(!said.contains("root:") && said.len() < 4_000, "{said:.200}");
    }
}

#[tokio::test]
async fn r15_no_other_scheme_is_read() {
    for uri in ["file:///etc/passwd", "http://127.0.0.1/", "ibid://garden/../../etc/passwd", "data:,x", ""] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": { "uri": uri } });
        let (_, answer) = status(&[], body.to_string()).await;
        let code = answer["error"]["code"].as_i64();
        assert!(matches!(code, Some(-32602 | -32002)), "{uri}: {answer}");
    }
}

#[tokio::test]
async fn whoever_is_refused_unread_is_told_that_the_connection_ends() {
    let garden = testing::garden();
    let config = ServeConfig { token: Some(Token::new(SECRET).unwrap()), ..ServeConfig::default() };
    let app = app(&garden, config);
    let ends =
        |answered: Answered| answered.headers.get(header::CONNECTION).is_some_and(|value| value == "close");
    let bearer = format!("Bearer {SECRET}");
    for (method, headers, body, expected) in [
        (Method::POST, vec![], SEARCH, true),
        (Method::POST, vec![("host", "evil.example")], SEARCH, true),
        (Method::POST, vec![("authorization", bearer.as_str())], SEARCH, false),
        (Method::GET, vec![], "", false),
    ] {
        assert_eq!(ends(send(&app, request(method, "/mcp", &headers, body)).await), expected, "{headers:?}");
    }
}
