//! Requests as they come off the wire, right ones and wrong ones, against the whole router.

mod audit;
mod callers;
mod clients;
mod fixture;
mod kinds;
mod oidc;
mod pages;
mod sign_in;
mod transport;
mod watch;

use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use super::refusal::{INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR};
use super::*;
use crate::config::{ServeConfig, Token};
use crate::testing::{self, Garden};

const HOST: &str = "127.0.0.1:7117";
const SECRET: &str = "correct-horse-battery";

fn app(garden: &Garden, config: ServeConfig) -> Router {
    routes(unrouted(garden, config))
}

fn unrouted(garden: &Garden, config: ServeConfig) -> App {
    app_of(garden.library.clone(), Site::new(HOST.parse().unwrap(), config).unwrap())
}

/// With names of entries that are all alike, so that answers can be compared byte by byte.
fn app_of(library: Arc<Library>, site: Site) -> App {
    App { audit_ids: || AuditId::of(1), ..super::app(library, site, testing::outgoing()) }
}

/// A request with what a well-behaved client sends; headers given replace those, an empty value removes one.
fn request(method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let usual = [
        ("host", HOST),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    for (name, value) in usual.iter().chain(headers) {
        let name: http::HeaderName = name.parse().unwrap();
        match *value {
            "" => drop(request.headers_mut().remove(name)),
            value => drop(request.headers_mut().insert(name, value.parse().unwrap())),
        }
    }
    request
}

#[derive(Debug)]
struct Answered {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: http::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(app: &Router, request: Request<Body>) -> Answered {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answered { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn legacy_call(name: &str, arguments: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": name, "arguments": arguments } })
        .to_string()
}

fn modern(method: &str, mut params: Value) -> (Vec<(&'static str, String)>, String) {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut headers =
        vec![("mcp-protocol-version", "2026-07-28".to_owned()), ("mcp-method", method.to_owned())];
    if let Some(name) = params.get("name").or(params.get("uri")).and_then(Value::as_str) {
        headers.push(("mcp-name", name.to_owned()));
    }
    (headers, json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params }).to_string())
}

async fn send_modern(app: &Router, method: &str, params: Value) -> Answered {
    let (headers, body) = modern(method, params);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(app, request(Method::POST, "/mcp", &headers, body)).await
}

#[tokio::test]
async fn a_body_that_is_no_message_is_refused_in_json() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    for (body, code, id) in [
        ("", INVALID_REQUEST, None),
        ("  \n", INVALID_REQUEST, None),
        ("{", PARSE_ERROR, None),
        ("not json", PARSE_ERROR, None),
        ("[]", INVALID_REQUEST, None),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, INVALID_REQUEST, None),
        ("{}", INVALID_REQUEST, None),
        ("3", INVALID_REQUEST, None),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, INVALID_REQUEST, Some(json!(1))),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, INVALID_REQUEST, None),
        (r#"{"jsonrpc":"2.0","id":"x"}"#, INVALID_REQUEST, Some(json!("x"))),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, INVALID_REQUEST, Some(json!(1))),
    ] {
        let answered = send(&app, request(Method::POST, "/mcp", &[], body)).await;
        assert_eq!(answered.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answered.header(header::CONTENT_TYPE), "application/json");
        let said = answered.json();
        assert_eq!((&said["error"]["code"], said.get("id")), (&json!(code), id.as_ref()), "{body}");
    }
    let not_utf8: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}";
    let answered = send(&app, request(Method::POST, "/mcp", &[], not_utf8)).await;
    assert_eq!(answered.json()["error"]["code"], PARSE_ERROR);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let answered = send(&app, request(Method::POST, "/mcp", &[], deep)).await;
    assert_eq!(answered.json()["error"]["code"], PARSE_ERROR);
}

#[tokio::test]
async fn initialize_is_unknown_in_the_era_that_removed_it() {
    let garden = testing::garden();
    let answered = send_modern(&app(&garden, ServeConfig::default()), "initialize", json!({})).await;
    assert_eq!(
        (answered.status, &answered.json()["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!(METHOD_NOT_FOUND))
    );
    assert_eq!(answered.json()["id"], "a");
}

#[tokio::test]
async fn a_call_is_answered_whatever_json_it_accepts() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let body = legacy_call("search", json!({"query": "rye starter"}));
    for path in ["/mcp", "/mcp/"] {
        for accept in
            ["", "*/*", "application/json", "application/*;q=0.5", "application/json, text/event-stream"]
        {
            let answered = send(&app, request(Method::POST, path, &[("accept", accept)], body.clone())).await;
            assert_eq!(answered.status, StatusCode::OK, "{path} {accept} {}", answered.body);
            let found = &answered.json()["result"]["structuredContent"];
            let url = found["results"][0]["url"].as_str().unwrap();
            assert!(url.starts_with("http://127.0.0.1:7117/d/garden:Bread/Levain.md@"), "{url}");
        }
    }
    let answered = send(&app, request(Method::POST, "/mcp", &[("accept", "text/html")], body)).await;
    assert_eq!(answered.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(answered.json()["error"]["code"], INVALID_REQUEST);
}

#[tokio::test]
async fn what_mcp_does_not_speak_is_refused_in_json() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::OPTIONS] {
        let answered = send(&app, request(method.clone(), "/mcp", &[], "")).await;
        assert_eq!(
            (answered.status, answered.header(header::ALLOW)),
            (StatusCode::METHOD_NOT_ALLOWED, "POST")
        );
        assert_eq!(answered.json()["error"]["code"], INVALID_REQUEST, "{method}");
    }
    let body = legacy_call("search", json!({"query": "rye"}));
    for kind in ["", "text/plain", "application/x-www-form-urlencoded"] {
        let answered =
            send(&app, request(Method::POST, "/mcp", &[("content-type", kind)], body.clone())).await;
        assert_eq!(answered.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(answered.json()["error"]["message"].as_str().unwrap().contains("application/json"));
    }
    let answered =
        send(&app, request(Method::POST, "/mcp", &[("mcp-protocol-version", "1999-01-01")], body)).await;
    assert_eq!(
        (answered.status, answered.json()["error"]["code"].clone()),
        (StatusCode::BAD_REQUEST, json!(INVALID_REQUEST))
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_whether_announced_or_not() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let large = legacy_call("search", json!({"query": "x".repeat(MAX_BODY_BYTES)}));
    let announced =
        [("content-length", &*large.len().to_string())].map(|(name, value)| (name, value.to_owned()));
    let announced: Vec<_> = announced.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for headers in [&announced[..], &[]] {
        let answered = send(&app, request(Method::POST, "/mcp", headers, large.clone())).await;
        assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answered.json()["error"], "too_large");
    }
}

#[tokio::test]
async fn a_foreign_host_or_origin_reaches_nothing() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let body = legacy_call("search", json!({"query": "rye"}));
    for (headers, status, kind) in [
        (vec![("host", "evil.example")], StatusCode::FORBIDDEN, "host"),
        (vec![("host", "")], StatusCode::FORBIDDEN, "host"),
        (vec![("origin", "https://evil.example")], StatusCode::FORBIDDEN, "origin"),
        (vec![("origin", "null")], StatusCode::FORBIDDEN, "origin"),
        (vec![("origin", "http://localhost:6274")], StatusCode::OK, ""),
        (vec![("host", "localhost:1"), ("origin", "http://localhost:1")], StatusCode::OK, ""),
    ] {
        for (method, path) in [(Method::POST, "/mcp"), (Method::GET, "/"), (Method::GET, "/healthz")] {
            let answered = send(&app, request(method, path, &headers, body.clone())).await;
            assert_eq!(answered.status, status, "{headers:?} {path}");
            if !kind.is_empty() {
                assert_eq!(answered.json()["error"], kind);
            }
        }
    }
    let mut twice = request(Method::GET, "/", &[], "");
    twice.headers_mut().append("host", "evil.example".parse().unwrap());
    assert_eq!(send(&app, twice).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_token_opens_what_tells_of_notes() {
    let garden = testing::garden();
    let config = ServeConfig { token: Some(Token::new(SECRET).unwrap()), ..ServeConfig::default() };
    let app = app(&garden, config);
    let body = legacy_call("search", json!({"query": "rye"}));
    let right = format!("Bearer {SECRET}");
    for (method, path) in [
        (Method::POST, "/mcp"),
        (Method::POST, "/mcp/"),
        (Method::GET, "/d/garden:Long.txt"),
        (Method::GET, "/"),
    ] {
        for authorization in ["", "Bearer wrong", "Basic Zm9vOmJhcg=="] {
            let headers = [("authorization", authorization)];
            let answered = send(&app, request(method.clone(), path, &headers, body.clone())).await;
            assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answered.header(header::WWW_AUTHENTICATE), "Bearer realm=\"ibid\"");
            assert_eq!(answered.json()["error"], "unauthorized");
        }
        let answered = send(&app, request(method, path, &[("authorization", &right)], body.clone())).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}");
    }
    for path in ["/healthz", "/readyz", "/style.css"] {
        let answered = send(&app, request(Method::GET, path, &[], "")).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}");
        assert!(!answered.body.contains("garden"), "{path} names no collection to strangers");
    }
}

#[tokio::test]
async fn health_and_readiness_are_told() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    assert_eq!(send(&app, request(Method::GET, "/healthz", &[], "")).await.body, "ok");
    let ready = send(&app, request(Method::GET, "/readyz", &[], "")).await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.json()["open"], json!([{"collection": "garden", "generation": 1}]));
    for (method, path, status) in [
        (Method::GET, "/nothing", StatusCode::NOT_FOUND),
        (Method::POST, "/", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answered = send(&app, request(method, path, &[], "")).await;
        assert_eq!((answered.status, answered.header(header::CONTENT_TYPE)), (status, "application/json"));
    }
}

#[tokio::test]
async fn the_modern_era_gets_what_it_demands() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "ibid://garden/Bread/Levain.md"})),
    ] {
        let answered = send_modern(&app, method, params).await;
        let result = answered.json()["result"].clone();
        assert_eq!(
            (answered.status, &result["resultType"]),
            (StatusCode::OK, &json!("complete")),
            "{}",
            answered.body
        );
        assert_eq!((&result["cacheScope"], result["ttlMs"].is_u64()), (&json!("private"), true), "{method}");
    }
    let discovered = send_modern(&app, "server/discover", json!({})).await.json();
    let about = &discovered["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!((&about["name"], &about["version"]), (&json!("ibid"), &json!(env!("CARGO_PKG_VERSION"))));
    for (method, params, status, code) in [
        ("resources/read", json!({"uri": "ibid://garden/None.md"}), StatusCode::OK, -32602),
        ("resources/read", json!({"uri": "test://none"}), StatusCode::OK, -32602),
        ("tools/call", json!({"name": "delete", "arguments": {}}), StatusCode::OK, -32602),
        ("tools/call", json!({"name": "search", "arguments": "rye"}), StatusCode::OK, -32602),
        ("prompts/get", json!({"name": "answer_with_citations"}), StatusCode::OK, -32602),
        ("prompts/get", json!({"name": "none"}), StatusCode::OK, -32602),
        ("resources/subscribe", json!({"uri": "ibid://garden/Long.txt"}), StatusCode::NOT_FOUND, -32601),
        ("nonsense", json!({}), StatusCode::NOT_FOUND, -32601),
    ] {
        let answered = send_modern(&app, method, params.clone()).await;
        let said = (answered.status, answered.json()["error"]["code"].clone());
        assert_eq!(said, (status, json!(code)), "{method} {params} {}", answered.body);
    }
}

#[tokio::test]
async fn a_legacy_read_of_nothing_says_so_in_the_legacy_way() {
    let garden = testing::garden();
    let app = app(&garden, ServeConfig::default());
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "ibid://garden/None.md"}});
    let headers = [("mcp-protocol-version", "2025-11-25")];
    let answered = send(&app, request(Method::POST, "/mcp", &headers, body.to_string())).await;
    assert_eq!(answered.json()["error"]["code"], -32002);
    let notified = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(
        send(&app, request(Method::POST, "/mcp", &headers, notified)).await.status,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn a_server_without_room_says_when_to_come_again() {
    let garden = testing::garden();
    let app = unrouted(&garden, ServeConfig::default());
    let taken = app.in_flight.clone().acquire_many_owned(MAX_IN_FLIGHT as u32).await.unwrap();
    let router = routes(app);
    let answered = send(&router, request(Method::GET, "/healthz", &[], "")).await;
    assert_eq!(
        (answered.status, answered.header(header::RETRY_AFTER)),
        (StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    assert_eq!(answered.json()["error"], "busy");
    drop(taken);
    assert_eq!(send(&router, request(Method::GET, "/healthz", &[], "")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    use std::io::{Read, Write};

    let garden = testing::garden();
    let mut app = unrouted(&garden, ServeConfig::default());
    app.request_timeout = Duration::from_millis(50);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, routes(app)).into_future());
    let begin = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    let answered = tokio::task::spawn_blocking(move || {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        connection.write_all(begin.as_bytes()).unwrap();
        let mut answered = String::new();
        connection.read_to_string(&mut answered).map(|_| answered)
    });
    let answered = answered.await.unwrap().unwrap();
    assert!(answered.starts_with("HTTP/1.1 504") && answered.contains("\"error\":\"timeout\""), "{answered}");
}

#[tokio::test]
async fn a_panic_is_a_plain_internal_error() {
    let response = refusal::panicked(Box::new("secret"));
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("secret"));
}
