//! What holds for every path of sign-in (T).

use std::net::SocketAddr;

use axum::extract::ConnectInfo;

use super::*;

const WAYS_IN: [(&str, &str); 9] = [
    ("GET", "/authorize"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/consent"),
    ("POST", "/consent"),
    ("POST", "/token"),
    ("POST", "/register"),
    ("POST", "/revoke"),
    ("GET", "/.well-known/oauth-authorization-server"),
];

#[tokio::test]
async fn t03_without_an_origin_all_is_as_usual() {
    let server = Server::new();
    let token = server.token("t", "notes:search");
    assert!(server.opens(&token).await);
    assert_eq!(server.get("/.well-known/oauth-authorization-server", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn t07_no_way_in_answers_to_another_name() {
    let server = Server::new();
    for (method, path) in WAYS_IN.into_iter().chain([("GET", "/sse"), ("POST", "/message"), ("POST", "/mcp")])
    {
        for headers in [
            [("host", "evil.example"), ("origin", "")],
            [("host", "notes.example.evil.example"), ("origin", "")],
            [("host", "notes.example"), ("origin", "https://evil.example")],
            [("host", "notes.example"), ("origin", "null")],
        ] {
            // Our own forms have no origin either: they are looked at where they are read, and refused there with a page.
            let asked = request(method.parse().unwrap(), path, &headers, "");
            let answered = send(&server.router, asked).await;
            if method == "GET" && matches!(path, "/login" | "/consent") && headers[1].1 == "null" {
                continue;
            }
            assert_eq!(answered.status, StatusCode::FORBIDDEN, "{method} {path} {headers:?}");
            assert!(!answered.headers.contains_key("access-control-allow-origin"));
        }
    }
}

#[tokio::test]
async fn t17_a_path_says_how_it_is_asked() {
    let server = Server::new();
    let token = server.token("t", "notes:search");
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::PATCH] {
        let headers = [("host", "notes.example"), ("authorization", &*format!("Bearer {token}"))];
        let answered = send(&server.router, request(method.clone(), "/mcp", &headers, "")).await;
        assert_eq!(
            (answered.status, answered.header(header::ALLOW)),
            (StatusCode::METHOD_NOT_ALLOWED, "POST")
        );
    }
    for (path, allowed) in
        [("/token", "POST"), ("/register", "POST"), ("/revoke", "POST"), ("/authorize", "GET,HEAD")]
    {
        let answered = send(&server.router, request(Method::DELETE, path, &[], "")).await;
        assert_eq!(
            (answered.status, answered.header(header::ALLOW)),
            (StatusCode::METHOD_NOT_ALLOWED, allowed)
        );
    }
}

#[tokio::test]
async fn t20_t28_only_the_header_carries_a_token() {
    let server = Server::new();
    let token = server.token("t", "notes:search notes:read");
    let body = legacy_call("search", json!({"query": "rye"}));
    for (path, headers) in [
        (format!("/mcp?access_token={token}"), [("x", "y")]),
        ("/mcp".to_owned(), [("mcp-session-id", &*token)]),
        ("/mcp".to_owned(), [("cookie", &*format!("__Host-ibid_session={token}"))]),
        ("/mcp".to_owned(), [("x-api-key", &*token)]),
    ] {
        assert_eq!(
            server.post(&path, &headers, body.clone()).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let form = encode(&[("access_token", &token)]);
    assert_eq!(server.post("/mcp", &[FORM], form).await.status, StatusCode::UNAUTHORIZED);
}

fn from(peer: &str, forwarded: &str) -> Request<Body> {
    let headers = [("host", "notes.example"), ("x-forwarded-for", forwarded)];
    let mut request = request(Method::GET, "/healthz", &headers, "");
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

#[tokio::test]
async fn t27_a_flood_is_held_up_whatever_it_says_of_its_origin() {
    let config = ServeConfig {
        public_url: Some(ORIGIN.to_owned()),
        trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
        ..ServeConfig::default()
    };
    let server = Server::with(config, |_| {}, None);
    let flood = async |peer: &str, varies: bool| {
        let (mut refused, mut last) = (0, None);
        for n in 0..600 {
            let forwarded =
                if varies { format!("6.6.{}.{}", n / 200, n % 200) } else { "7.7.7.7".to_owned() };
            let answered = send(&server.router, from(peer, &forwarded)).await;
            if answered.status == StatusCode::TOO_MANY_REQUESTS {
                refused += 1;
                last = Some(answered.header(header::RETRY_AFTER).parse::<u64>().unwrap());
            }
        }
        (refused, last)
    };
    let (refused, retry_after) = flood("203.0.113.9:5", true).await;
    assert!(refused > 100 && retry_after.is_some_and(|seconds| seconds > 0), "{refused}");
    let (refused, _) = flood("10.0.0.1:5", true).await;
    assert_eq!(refused, 0, "a trusted proxy speaks for many");
    let (refused, _) = flood("10.0.0.1:5", false).await;
    assert!(refused > 100, "{refused}");
    assert_eq!(send(&server.router, from("203.0.113.10:5", "")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn t27_a_principal_is_held_up_wherever_it_calls_from() {
    let server = Server::new();
    let token = server.token("t", "notes:search");
    let mut refused = 0;
    for n in 0..400 {
        let headers = [("host", "notes.example"), ("authorization", &*format!("Bearer {token}"))];
        let mut request = request(Method::GET, "/mcp", &headers, "");
        let peer: SocketAddr = format!("203.0.{}.{}:5", n / 200, n % 200).parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        refused += usize::from(send(&server.router, request).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 50, "{refused}");
}

#[tokio::test]
async fn t32_nothing_is_guessed_to_be_something_else() {
    let server = Server::new();
    for (method, path) in
        WAYS_IN.into_iter().chain([("POST", "/mcp"), ("GET", "/healthz"), ("GET", "/nothing")])
    {
        let asked = request(method.parse().unwrap(), path, &[("host", "notes.example")], "");
        let answered = send(&server.router, asked).await;
        assert_eq!(answered.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert!(answered.status.as_u16() < 500, "{path}");
    }
}

#[tokio::test]
async fn a_server_without_sign_in_is_as_before() {
    let garden = testing::garden();
    let app = super::super::app(&garden, ServeConfig::default());
    for n in 0..1000 {
        let mut request = request(Method::GET, "/healthz", &[], "");
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>("127.0.0.1:5".parse().unwrap()));
        assert_eq!(send(&app, request).await.status, StatusCode::OK, "{n}");
    }
    assert_eq!(send(&app, request(Method::GET, "/authorize", &[], "")).await.status, StatusCode::NOT_FOUND);
}
