//! The older transport, `/sse` and `/message`: attacks on its streams (T21 to T25), and what it must do for clients that
//! know no other.

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use ibid_index::store::Store;

use super::*;
use crate::audit::{AuditLog, Filter, Outcome, entries};
use crate::http::streams::{Pace, Streams};

/// The longest that anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is waited for what must not come.
const SILENCE: Duration = Duration::from_millis(100);

const BOTH: &str = "notes:search notes:read";

/// A stream as its reader sees it.
struct Stream {
    body: BodyDataStream,
    read: String,
    /// The address of its messages.
    address: String,
}

impl Stream {
    /// The next event and its data; `None` at the end. Keep-alives are passed over.
    async fn event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                let field = |name: &str| {
                    event.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>().join("\n")
                };
                if !event.starts_with(':') {
                    return Some((field("event: "), field("data: ")));
                }
                continue;
            }
            let bytes = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("something comes")?;
            self.read.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
        }
    }

    async fn answer(&mut self) -> Value {
        let (event, data) = self.event().await.expect("the stream goes on");
        assert_eq!(event, "message");
        serde_json::from_str(&data).unwrap()
    }

    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SILENCE, self.event()).await.is_err()
    }
}

impl Server {
    /// With streams that are looked after quickly.
    fn quick(pace: Pace) -> Server {
        let mut server = Server::new();
        server.app.streams = Arc::new(Streams::at(pace));
        server.router = routes(server.app.clone());
        server
    }

    async fn open(&self, path: &str, token: &str) -> Result<Stream, Answered> {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("host", "notes.example"),
            ("content-type", ""),
            ("accept", "text/event-stream"),
            ("authorization", &*bearer),
        ];
        let asked = request(Method::GET, path, &headers, "");
        let response = self.router.clone().oneshot(asked).await.unwrap();
        if response.status() != StatusCode::OK {
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            return Err(Answered { status: parts.status, headers: parts.headers, body });
        }
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let body = response.into_body().into_data_stream();
        let mut stream = Stream { body, read: String::new(), address: String::new() };
        let (event, address) = stream.event().await.unwrap();
        assert_eq!(event, "endpoint");
        stream.address = address;
        Ok(stream)
    }

    async fn say(&self, address: &str, token: &str, body: impl Into<Body>) -> Answered {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", if token.is_empty() { "" } else { &*bearer })];
        self.post(address, &headers, body).await
    }
}

fn search(words: &str) -> String {
    legacy_call("search", json!({ "query": words }))
}

#[tokio::test]
async fn a_client_of_the_older_transport_goes_the_whole_way() {
    let server = Server::new();
    let token = server.token("t", BOTH);
    for path in ["/sse", "/sse/", "/c/garden/sse", "/c/garden/sse/"] {
        let mut stream =
            server.open(path, &token).await.unwrap_or_else(|said| panic!("{path}: {}", said.body));
        let below = path.trim_end_matches('/').trim_end_matches("/sse");
        assert!(stream.address.starts_with(&format!("{below}/message?sessionId=")), "{}", stream.address);
        let address = stream.address.clone();
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
        let answered = server.say(&address, &token, hello.to_string()).await;
        assert_eq!((answered.status, answered.body.as_str()), (StatusCode::ACCEPTED, ""));
        assert_eq!(stream.answer().await["result"]["protocolVersion"], "2024-11-05");
        let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(server.say(&address, &token, ready).await.status, StatusCode::ACCEPTED);
        server.say(&address, &token, search("rye")).await;
        let found = stream.answer().await;
        let id = found["result"]["structuredContent"]["results"][0]["id"].as_str().unwrap().to_owned();
        server
            .say(
                &address.replace("/message?", "/message/?"),
                &token,
                legacy_call("fetch", json!({ "id": id })),
            )
            .await;
        assert!(
            stream.answer().await["result"]["structuredContent"]["text"].as_str().unwrap().contains("rye")
        );
    }
}

#[tokio::test]
async fn what_answers_a_call_comes_on_the_stream_and_all_else_does_not() {
    let server = Server::new();
    let token = server.token("t", "notes:search");
    let mut stream = server.open("/sse", &token).await.unwrap();
    let address = stream.address.clone();
    let (_, newest) = modern("tools/call", json!({ "name": "search", "arguments": { "query": "rye" } }));
    for (body, id, code) in [
        (newest.clone(), json!("a"), None),
        (newest.replace("2026-07-28", "2099-01-01"), json!("a"), Some(-32022)),
        (modern("tools/burn", json!({})).1, json!("a"), Some(-32601)),
        (modern("resources/read", json!({ "uri": "ibid://garden/日本/味噌.md" })).1, json!("a"), Some(0)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"nonsense"}"#.to_owned(), json!(1), Some(-32601)),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#.to_owned(), json!(1), Some(-32600)),
    ] {
        let answered = server.say(&address, &token, body.clone()).await;
        if code == Some(0) {
            // The gate's refusal, at the road itself: clients ask for more by it.
            assert_eq!(answered.status, StatusCode::FORBIDDEN);
            assert!(answered.header(header::WWW_AUTHENTICATE).contains("insufficient_scope"));
            continue;
        }
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{body} {}", answered.body);
        let said = stream.answer().await;
        assert_eq!((&said["id"], said["error"]["code"].as_i64()), (&id, code), "{body}");
    }
    for body in ["", "{", "[]", r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#] {
        assert_eq!(server.say(&address, &token, body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let large = server.say(&address, &token, "x".repeat(MAX_BODY_BYTES + 1)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(stream.is_silent().await);
    for (method, path) in [(Method::POST, "/sse"), (Method::DELETE, "/sse"), (Method::GET, "/message")] {
        let headers = [("host", "notes.example"), ("authorization", &*format!("Bearer {token}"))];
        let answered = send(&server.router, request(method, path, &headers, "{}")).await;
        assert_eq!(answered.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn t21_a_stream_is_its_owners_alone() {
    let server = Server::new();
    let (alice, bob) = (server.token("alice", BOTH), server.token("bob", BOTH));
    let mut stream = server.open("/sse", &alice).await.unwrap();
    let address = stream.address.clone();
    let unknown = address[..address.len() - 43].to_owned() + &"A".repeat(43);
    let absent = server.say(&unknown, &bob, search("rye")).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    for address in [
        address.clone(),
        address.replace("/message", "/c/garden/message"),
        format!("{address}&sessionId=x"),
        "/message".to_owned(),
        "/message?sessionId=".to_owned(),
    ] {
        let refused = server.say(&address, &bob, search("rye")).await;
        assert_eq!((refused.status, &refused.body), (absent.status, &absent.body), "{address}");
    }
    for token in ["", "wrong"] {
        let refused = server.say(&address, token, search("rye")).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(
            refused.header(header::WWW_AUTHENTICATE).contains("/.well-known/oauth-protected-resource/sse\"")
        );
    }
    let elsewhere =
        server.say(&address.replace("/message", "/c/garden/message"), &alice, search("rye")).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "a stream of everything is none of one collection");
    assert!(stream.is_silent().await, "nothing arrives that somebody else said");
    assert_eq!(server.say(&address, &alice, search("rye")).await.status, StatusCode::ACCEPTED);
    assert_eq!(stream.answer().await["id"], 7);
}

#[tokio::test]
async fn t23_a_principal_has_so_many_streams_and_others_have_theirs() {
    let server = Server::new();
    let (alice, bob) = (server.token("alice", BOTH), server.token("bob", BOTH));
    let mut held = Vec::new();
    let refused = loop {
        match server.open("/sse", &alice).await {
            Ok(stream) => held.push(stream),
            Err(refused) => break refused,
        }
        assert!(held.len() < 1000);
    };
    assert_eq!((refused.status, refused.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "1"));
    assert!(server.open("/sse", &bob).await.is_ok());
    assert!(server.opens(&alice).await, "/mcp needs no stream");
    held.pop();
    assert!(server.open("/sse", &alice).await.is_ok(), "a stream that was left makes room");
}

#[tokio::test]
async fn t24_a_stream_ends_with_what_was_granted() {
    let pace = Pace { look: Duration::from_millis(20), ..Pace::default() };
    let server = Server::quick(pace);
    let token = server.token("t", BOTH);
    let (access, _) = server.tokens().await;
    for (secret, name) in [(token, "t"), (access, "grant:1")] {
        let mut stream = server.open("/sse", &secret).await.unwrap();
        let address = stream.address.clone();
        server.say(&address, &secret, search("rye")).await;
        assert_eq!(stream.answer().await["id"], 7);
        // As `ibid token revoke` does, in a process of its own.
        AccessStore::open(server.folder.path()).unwrap().revoke(name, 1).unwrap();
        assert_eq!(server.say(&address, &secret, search("rye")).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(stream.event().await, None, "the stream of {name} ends");
    }
}

#[tokio::test]
async fn a_stream_outlives_a_token_of_its_grant() {
    let pace = Pace { look: Duration::from_millis(20), ..Pace::default() };
    let server = Server::quick(pace);
    let (access, refresh) = server.tokens().await;
    let mut stream = server.open("/sse", &access).await.unwrap();
    let address = stream.address.clone();
    server.access.clock.advance(crate::oauth::grant::ACCESS_SECONDS + 1);
    assert_eq!(server.say(&address, &access, search("rye")).await.status, StatusCode::UNAUTHORIZED);
    let (renewed, _) = tokens_of(&server.refresh(&refresh, &[]).await);
    assert_eq!(server.say(&address, &renewed, search("rye")).await.status, StatusCode::ACCEPTED);
    assert_eq!(stream.answer().await["id"], 7);
}

#[tokio::test]
async fn a_reader_that_is_stuck_is_told_and_let_go_and_harms_nobody() {
    let patient = Pace { unread: Duration::from_secs(3600), ..Pace::default() };
    let server = Server::quick(patient);
    let (stuck, other) = (server.token("stuck", BOTH), server.token("other", BOTH));
    let left = server.open("/sse", &stuck).await.unwrap();
    let mut lying = 0;
    let full = loop {
        let answered = server.say(&left.address, &stuck, search("rye")).await;
        if answered.status != StatusCode::ACCEPTED {
            break answered;
        }
        lying += 1;
        assert!(lying < 100);
    };
    assert_eq!((full.status, full.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "1"));
    let mut stream = server.open("/sse", &other).await.unwrap();
    server.say(&stream.address.clone(), &other, search("rye")).await;
    assert_eq!(stream.answer().await["id"], 7);

    let pace =
        Pace { look: Duration::from_millis(20), unread: Duration::from_millis(100), ..Pace::default() };
    let server = Server::quick(pace);
    let stuck = server.token("stuck", BOTH);
    let left = server.open("/sse", &stuck).await.unwrap();
    let begun = std::time::Instant::now();
    while server.say(&left.address, &stuck, search("rye")).await.status != StatusCode::NOT_FOUND {
        assert!(begun.elapsed() < PATIENCE, "it is never let go");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_stream_that_nobody_speaks_on_ends() {
    let pace = Pace { look: Duration::from_millis(20), idle: Duration::from_millis(200), ..Pace::default() };
    let server = Server::quick(pace);
    let token = server.token("t", BOTH);
    let mut stream = server.open("/sse", &token).await.unwrap();
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn t07_a_page_of_another_site_opens_no_stream() {
    let server = Server::new();
    let token = server.token("t", BOTH);
    let bearer = format!("Bearer {token}");
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("host", "evil.example", 403),
        ("sec-fetch-site", "none", 200),
        ("sec-fetch-site", "same-origin", 200),
        ("origin", ORIGIN, 200),
    ] {
        let base = [("host", "notes.example"), ("content-type", ""), ("authorization", &*bearer)];
        let changes = [(name, value)];
        let headers = changed(&base, &changes);
        let asked = request(Method::GET, "/sse", &headers, "");
        let response = server.router.clone().oneshot(asked).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_token_for_one_collection_opens_its_streams_alone() {
    let server = Server::new();
    for resource in ["https://notes.example/c/garden/sse", "https://notes.example/c/garden/mcp"] {
        let code = Person::new(&server).code(&[("resource", resource)], &[]).await;
        let (access, _) = tokens_of(&server.exchange_code(&code, &[("resource", resource)]).await);
        let mut stream = server.open("/c/garden/sse", &access).await.unwrap();
        assert_eq!(
            server.say(&stream.address.clone(), &access, search("rye")).await.status,
            StatusCode::ACCEPTED
        );
        assert_eq!(stream.answer().await["id"], 7);
        for path in ["/sse", "/c/attic/sse", "/c/nowhere/sse"] {
            let refused = server.open(path, &access).await.err().unwrap();
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
    let metadata = server.get("/.well-known/oauth-protected-resource/c/garden/sse", &[]).await.json();
    assert_eq!(metadata["resource"], "https://notes.example/c/garden/sse");
    let token = server.token("t", BOTH);
    assert_eq!(server.open("/c/nowhere/sse", &token).await.err().unwrap().status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_said_on_a_stream_is_written_down_like_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::of(&Store::at(folder.path()));
    let config = ServeConfig {
        public_url: Some(ORIGIN.to_owned()),
        audit: Some(log.clone()),
        ..ServeConfig::default()
    };
    let server = Server::with(config, |_| {}, None);
    let token = server.token("t", BOTH);
    let mut stream = server.open("/sse", &token).await.unwrap();
    server.say(&stream.address.clone(), &token, search("turnips")).await;
    let answer = stream.answer().await;
    let id = answer["result"]["structuredContent"]["results"][0]["id"].as_str().unwrap().to_owned();
    let begun = std::time::Instant::now();
    let written = loop {
        let written = entries(&log, &Filter::default(), 1_000).unwrap();
        if written.len() == 2 {
            break written;
        }
        assert!(begun.elapsed() < PATIENCE, "{written:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let of = |call: &str| written.iter().find(|entry| entry.call == call).unwrap();
    assert_eq!((of("sse").who.as_str(), of("sse").outcome), ("t", Outcome::Ok));
    assert_eq!((of("search").who.as_str(), of("search").bytes), ("t", answer.to_string().len()));
    assert!(of("search").returned.iter().any(|given| given.id == id));
    let text = std::fs::read_to_string(folder.path().join("audit/audit.jsonl")).unwrap();
    let session = stream.address.rsplit_once('=').unwrap().1;
    assert!(!text.contains(session) && !text.contains(&token), "{text}");
}

#[tokio::test]
async fn when_the_server_stops_streams_end() {
    let server = Server::new();
    let token = server.token("t", BOTH);
    let mut stream = server.open("/sse", &token).await.unwrap();
    server.app.streams.close();
    assert_eq!(stream.event().await, None);
    assert_eq!(server.open("/sse", &token).await.err().unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
}
