//! Every way to say no, and the kind it says; how tools are opened.

use super::*;
use crate::audit::Outcome;
use crate::oauth::scope::Scope;
use crate::oauth::service::AccessConfig;
use crate::oauth::store::{AccessStore, NewToken};

/// The kind of a refusal, wherever it stands.
fn kind_of(answered: &Answered) -> String {
    let said = answered.json();
    let places = [&said["kind"], &said["error"]["data"]["kind"], &said["result"]["_meta"]["ibid/kind"]];
    let found = places.into_iter().find_map(Value::as_str);
    found.unwrap_or_else(|| panic!("no kind: {said}")).to_owned()
}

async fn check(app: &Router, request: Request<Body>, status: u16, kind: &str) {
    let what = format!("{} {}", request.method(), request.uri());
    let answered = send(app, request).await;
    assert_eq!(
        (answered.status.as_u16(), kind_of(&answered).as_str()),
        (status, kind),
        "{what}: {}",
        answered.body
    );
    assert!(Outcome::named(kind).is_some());
}

#[tokio::test]
async fn every_refusal_says_one_of_five_kinds() {
    let garden = testing::garden();
    let open = app(&garden, ServeConfig::default());
    let post = |body: &str| request(Method::POST, "/mcp", &[], body.to_owned());
    let call = |name: &str, arguments: Value| post(&legacy_call(name, arguments));
    let method = |method: &str, params: Value| {
        post(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string())
    };
    for (asked, status, kind) in [
        (request(Method::GET, "/nowhere", &[], ""), 404, "not_found"),
        (request(Method::DELETE, "/", &[], ""), 405, "validation"),
        (request(Method::GET, "/", &[("host", "evil.example")], ""), 403, "permission"),
        (request(Method::GET, "/", &[("origin", "https://evil.example")], ""), 403, "permission"),
        (request(Method::POST, "/mcp", &[("content-length", "99999999")], ""), 413, "validation"),
        (request(Method::POST, "/mcp", &[("content-type", "text/plain")], "{}"), 415, "validation"),
        (request(Method::GET, "/mcp", &[], ""), 405, "validation"),
        (request(Method::POST, "/c/nowhere/mcp", &[], ""), 404, "not_found"),
        (post("{"), 400, "validation"),
        (post("[]"), 400, "validation"),
        (method("no/such", json!({})), 200, "not_found"),
        (method("resources/read", json!({"uri": "ibid://garden/none.md"})), 200, "not_found"),
        (method("resources/read", json!({})), 200, "validation"),
        (method("resources/list", json!({"cursor": "?"})), 200, "validation"),
        (method("prompts/get", json!({"name": "none"})), 200, "not_found"),
        (method("prompts/get", json!({"name": "answer_with_citations"})), 200, "validation"),
        (call("none", json!({})), 200, "not_found"),
        (call("search", json!({})), 200, "validation"),
        (call("search", json!({"query": ""})), 200, "validation"),
        (call("search_notes", json!({"query": "rye", "collection": "none"})), 200, "not_found"),
        (call("search_notes", json!({"query": "rye", "mode": "semantic"})), 200, "validation"),
        (call("fetch", json!({"id": "no id"})), 200, "validation"),
        (call("fetch", json!({"id": "garden:none.md"})), 200, "not_found"),
        (call("fetch", json!({"id": "garden:Long.txt@123456789012:0-4"})), 200, "not_found"),
        (call("related", json!({"id": "garden:none.md"})), 200, "not_found"),
    ] {
        check(&open, asked, status, kind).await;
    }
}

#[tokio::test]
async fn who_may_not_and_who_asks_too_often_are_told_apart() {
    let garden = testing::garden();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(AccessStore::open(folder.path()).unwrap());
    let scopes = [Scope::Search].into_iter().collect();
    let token = NewToken { name: "t", scopes, rules: &[], expires: None };
    let secret = store.create_token(&token, crate::time::now()).unwrap().reveal().to_owned();
    let access = AccessConfig { store, sign_in: false, registration: false, client_hosts: Vec::new() };
    let config = ServeConfig { access: Some(access), ..ServeConfig::default() };
    let app = app(&garden, config);
    let bearer = format!("Bearer {secret}");
    let fetch = |headers: &[(&str, &str)]| {
        request(Method::POST, "/mcp", headers, legacy_call("fetch", json!({"id": "garden:Long.txt"})))
    };
    check(&app, fetch(&[]), 401, "permission").await;
    check(&app, fetch(&[("authorization", "Bearer wrong")]), 401, "permission").await;
    check(&app, fetch(&[("authorization", &bearer)]), 403, "permission").await;
    let chatgpt = [("authorization", bearer.as_str()), ("x-openai-session", "s")];
    check(&app, fetch(&chatgpt), 200, "permission").await;
    for _ in 0..400 {
        send(&app, request(Method::GET, "/healthz", &[], "")).await;
    }
    check(&app, fetch(&[("authorization", &bearer)]), 429, "rate_limit").await;
}

#[tokio::test]
async fn tools_say_how_they_are_opened() {
    let garden = testing::garden();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let open = app(&garden, ServeConfig::default());
    let schemes = |answered: Answered| {
        let tools = answered.json()["result"]["tools"].as_array().unwrap().clone();
        tools.iter().for_each(|tool| assert_eq!(tool["securitySchemes"], tool["_meta"]["securitySchemes"]));
        tools
            .into_iter()
            .map(|tool| (tool["name"].clone(), tool["securitySchemes"].clone()))
            .collect::<Vec<_>>()
    };
    let listed = schemes(send(&open, request(Method::POST, "/mcp", &[], list.clone())).await);
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|(_, scheme)| *scheme == json!([{"type": "noauth"}])), "{listed:?}");

    let server = sign_in::Server::new();
    let token = server.token("t", "notes:search notes:read");
    for (name, scheme) in schemes(server.call(&token, list.clone()).await) {
        let scope = if name == "fetch" { "notes:read" } else { "notes:search" };
        assert_eq!(scheme, json!([{"type": "oauth2", "scopes": [scope]}]), "{name}");
    }

    let by_secret =
        app(&garden, ServeConfig { token: Some(Token::new(SECRET).unwrap()), ..ServeConfig::default() });
    let bearer = format!("Bearer {SECRET}");
    let listed = send(&by_secret, request(Method::POST, "/mcp", &[("authorization", &bearer)], list)).await;
    assert_eq!(
        listed.json()["result"]["tools"][0].get("securitySchemes"),
        None,
        "nobody can be told of a secret"
    );
}
