//! Every call is written down, whoever made it and however it ended; nothing secret is.

use super::*;
use crate::audit::{AuditLog, Entry, Filter, Given, Outcome, entries};

struct Audited {
    garden: Garden,
    log: AuditLog,
    app: Router,
}

fn audited() -> Audited {
    let garden = testing::garden();
    let log = AuditLog::of(garden.library.store());
    let config = ServeConfig {
        token: Some(Token::new(SECRET).unwrap()),
        audit: Some(log.clone()),
        ..ServeConfig::default()
    };
    let app = routes(super::super::app(
        garden.library.clone(),
        Site::new(HOST.parse().unwrap(), config).unwrap(),
        testing::outgoing(),
    ));
    Audited { garden, log, app }
}

impl Audited {
    /// The entries so far, once there are as many.
    async fn entries(&self, count: usize) -> Vec<Entry> {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            let found = entries(&self.log, &Filter::default(), 1_000).unwrap();
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there are no {count} entries");
    }

    /// The answer of a call, once it is written down: entries then stand in the order of the calls.
    async fn call(&self, body: String) -> Answered {
        let bearer = format!("Bearer {SECRET}");
        let before = entries(&self.log, &Filter::default(), 1_000).unwrap().len();
        let answered =
            send(&self.app, request(Method::POST, "/mcp", &[("authorization", &bearer)], body)).await;
        self.entries(before + 1).await;
        answered
    }
}

#[tokio::test]
async fn a_call_is_written_with_what_it_asked_and_what_it_was_given() {
    let audited = audited();
    let found = audited.call(legacy_call("search", json!({ "query": "turnips" }))).await;
    let id = found.json()["result"]["structuredContent"]["results"][0]["id"].as_str().unwrap().to_owned();
    let read = audited.call(legacy_call("fetch", json!({ "id": id }))).await;
    let entries = audited.entries(2).await;
    assert_eq!(entries[0].call, "search");
    assert_eq!(entries[0].arguments, json!({ "query": "turnips" }));
    let cited = |given: &Given| given.id == id && given.bytes.is_some_and(|(start, end)| start < end);
    assert!(entries[0].returned.iter().any(cited) && entries[0].bytes > 100);
    assert_eq!(entries[1].call, "fetch");
    let [fetched] = &entries[1].returned[..] else { panic!("{:?}", entries[1].returned) };
    assert_eq!(fetched.id, id);
    let text = &read.json()["result"]["structuredContent"]["text"];
    let (start, end) = fetched.bytes.unwrap();
    assert_eq!(
        end - start,
        text.as_str().unwrap().len() as u64,
        "all that was given, not the cited words alone"
    );
    for (entry, name) in entries.iter().zip([found.headers.get("x-audit-id").unwrap()]) {
        assert_eq!(name.to_str().unwrap(), entry.id.to_string());
        assert_eq!((entry.who.as_str(), entry.outcome), ("token file", Outcome::Ok));
    }
    drop(audited.garden);
}

#[tokio::test]
async fn an_error_names_its_entry() {
    let audited = audited();
    let wrong = audited.call(legacy_call("fetch", json!({ "id": "nonsense" }))).await.json();
    let unknown = audited.call(legacy_call("no_such_tool", json!({}))).await.json();
    let nobody =
        send(&audited.app, request(Method::POST, "/mcp", &[], legacy_call("search", json!({})))).await;
    let entries = audited.entries(3).await;
    let by_id = |id: &str| entries.iter().find(|entry| entry.id.to_string() == id).unwrap().outcome;
    assert_eq!(by_id(wrong["result"]["_meta"]["ibid/auditId"].as_str().unwrap()), Outcome::Validation);
    assert_eq!(by_id(unknown["error"]["data"]["auditId"].as_str().unwrap()), Outcome::NotFound);
    assert_eq!(by_id(nobody.headers["x-audit-id"].to_str().unwrap()), Outcome::Permission);
}

#[tokio::test]
async fn no_secret_and_no_words_of_a_note_are_written() {
    let audited = audited();
    audited.call(legacy_call("fetch", json!({ "id": "garden:Bread/Levain.md" }))).await;
    let query = format!("/mcp?access_token={SECRET}");
    send(&audited.app, request(Method::POST, &query, &[], legacy_call("search", json!({})))).await;
    audited.entries(2).await;
    let text =
        std::fs::read_to_string(audited.garden.library.store().data_dir().join("audit/audit.jsonl")).unwrap();
    assert!(!text.contains(SECRET) && !text.contains("rye starter"), "{text}");
}

#[tokio::test]
async fn watchdogs_leave_no_trace() {
    let audited = audited();
    for path in ["/healthz", "/readyz", "/style.css"] {
        send(&audited.app, request(Method::GET, path, &[], "")).await;
    }
    send(&audited.app, request(Method::GET, "/nothing", &[], "")).await;
    let entries = audited.entries(1).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
}

#[tokio::test]
async fn a_resource_that_is_read_and_notes_that_stand_near_are_written_too() {
    let audited = audited();
    let message = |method: &str, params: Value| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
    };
    audited.call(message("resources/read", json!({ "uri": "ibid://garden/Bread/Levain.md" }))).await;
    audited.call(legacy_call("related", json!({ "id": "garden:Bread/Levain.md" }))).await;
    let entries = audited.entries(2).await;
    let ids = |at: usize| entries[at].returned.iter().map(|given| given.id.as_str()).collect::<Vec<_>>();
    assert_eq!((entries[0].call.as_str(), ids(0)), ("resources/read", vec!["ibid://garden/Bread/Levain.md"]));
    assert!(ids(1).contains(&"garden:Bread/Levain.md"), "{:?}", entries[1]);
}

#[tokio::test]
async fn a_flood_of_strangers_pushes_nothing_out() {
    let audited = audited();
    let (mut held_up, mut let_in) = (0, 0);
    while held_up < 50 {
        let answered =
            send(&audited.app, request(Method::POST, "/mcp", &[], legacy_call("search", json!({})))).await;
        match answered.status {
            StatusCode::TOO_MANY_REQUESTS => held_up += 1,
            _ => let_in += 1,
        }
    }
    audited.entries(let_in).await;
    let limited =
        Filter { outcome: Some(Outcome::RateLimit), who: Some("nobody".to_owned()), ..Filter::default() };
    assert_eq!(entries(&audited.log, &limited, 1_000).unwrap(), []);
}
