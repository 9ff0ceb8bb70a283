//! What clients call by themselves: tokens (K) and registration (D).

use super::*;
use crate::oauth::grant::{
    ACCESS_SECONDS, CODE_SECONDS, GRACE_SECONDS, REFRESH_SECONDS, UNUSED_CLIENT_SECONDS,
};
use crate::oauth::scope::Scopes;

const INVALID_GRANT: (u16, &str) = (400, "invalid_grant");

fn is_refused(answered: &Answered, (status, error): (u16, &str)) {
    assert_eq!(error_of(answered), (status, error.to_owned()), "{}", answered.body);
    assert_eq!(answered.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answered.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn k01_k02_a_code_is_exchanged_once() {
    let server = Server::new();
    let code = Person::new(&server).code(&[], &[]).await;
    let answered = server.exchange_code(&code, &[]).await;
    let (access, refresh) = tokens_of(&answered);
    let said = answered.json();
    assert_eq!((&said["token_type"], &said["expires_in"]), (&json!("Bearer"), &json!(1800)));
    assert_eq!(said["scope"], "notes:search notes:read");
    assert_eq!(answered.header(header::CACHE_CONTROL), "no-store");
    assert!(server.opens(&access).await);
    is_refused(&server.exchange_code(&code, &[]).await, INVALID_GRANT);
    assert!(!server.opens(&access).await);
    is_refused(&server.refresh(&refresh, &[]).await, INVALID_GRANT);
}

#[tokio::test]
async fn k04_to_k10_a_code_is_for_one_client_redirect_verifier_and_resource() {
    let server = Server::new();
    let code = Person::new(&server).code(&[], &[]).await;
    let other = server.register(&[CHATGPT_REDIRECT]).await;
    let (short, long) = (&VERIFIER[..42], "a".repeat(129));
    for (change, refused) in [
        (("client_id", other.as_str()), INVALID_GRANT),
        (("client_id", "https://claude.ai/oauth/mcp-oauth-client-metadata"), INVALID_GRANT),
        (("redirect_uri", "https://chatgpt.com/other"), INVALID_GRANT),
        (("redirect_uri", ""), INVALID_GRANT),
        (("code_verifier", CHALLENGE), INVALID_GRANT),
        (("code_verifier", short), INVALID_GRANT),
        (("code_verifier", &long), INVALID_GRANT),
        (("code_verifier", ""), (400, "invalid_request")),
        (("resource", "https://notes.example/sse"), (400, "invalid_target")),
        (("resource", "https://evil.example/mcp"), (400, "invalid_target")),
        (("client_id", ""), (401, "invalid_client")),
        (("client_id", "client_unknown"), (401, "invalid_client")),
        (("grant_type", "password"), (400, "unsupported_grant_type")),
        (("grant_type", "client_credentials"), (400, "unsupported_grant_type")),
        (("grant_type", "implicit"), (400, "unsupported_grant_type")),
        (("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), (400, "unsupported_grant_type")),
        (("grant_type", ""), (400, "invalid_request")),
        (("code", "wrong"), INVALID_GRANT),
    ] {
        is_refused(&server.exchange_code(&code, &[change]).await, refused);
    }
    let twice = [("code", code.as_str()), ("code", code.as_str())];
    is_refused(&server.exchange_code(&code, &twice).await, (400, "invalid_request"));
    let json = server.post("/token", &[], json!({"grant_type": "authorization_code"}).to_string()).await;
    is_refused(&json, (400, "invalid_request"));
    tokens_of(&server.exchange_code(&code, &[]).await);
}

#[tokio::test]
async fn k08_k26_time_ends_everything_at_its_second() {
    let server = Server::new();
    let person = Person::new(&server);
    let clock = &server.access.clock;
    let code = person.code(&[], &[]).await;
    clock.advance(CODE_SECONDS);
    is_refused(&server.exchange_code(&code, &[]).await, INVALID_GRANT);
    let (access, refresh) = server.tokens().await;
    clock.advance(ACCESS_SECONDS - 5);
    assert!(server.opens(&access).await);
    clock.advance(5);
    assert!(!server.opens(&access).await);
    clock.advance(REFRESH_SECONDS - ACCESS_SECONDS);
    is_refused(&server.refresh(&refresh, &[]).await, INVALID_GRANT);
}

#[tokio::test]
async fn k14_an_old_refresh_token_ends_its_family() {
    let server = Server::new();
    let (_, first) = server.tokens().await;
    let (access, second) = tokens_of(&server.refresh(&first, &[]).await);
    assert_ne!(first, second);
    let (_, again) = tokens_of(&server.refresh(&first, &[]).await);
    assert_eq!(again, second, "a request that was sent twice");
    assert!(server.opens(&access).await);
    server.access.clock.advance(GRACE_SECONDS);
    is_refused(&server.refresh(&first, &[]).await, INVALID_GRANT);
    assert!(!server.opens(&access).await);
    is_refused(&server.refresh(&second, &[]).await, INVALID_GRANT);
}

#[tokio::test]
async fn k17_k18_k19_a_refresh_never_widens() {
    let server = Server::new();
    let code = Person::new(&server).code(&[("scope", "notes:search")], &[]).await;
    let (_, refresh) = tokens_of(&server.exchange_code(&code, &[]).await);
    is_refused(
        &server.refresh(&refresh, &[("scope", "notes:search notes:read")]).await,
        (400, "invalid_scope"),
    );
    is_refused(&server.refresh(&refresh, &[("scope", "admin")]).await, (400, "invalid_scope"));
    for resource in
        ["https://notes.example/", "https://evil.example/mcp", "https://notes.example/c/garden/mcp"]
    {
        is_refused(&server.refresh(&refresh, &[("resource", resource)]).await, (400, "invalid_target"));
    }
    is_refused(&server.refresh(&refresh, &[("client_id", "client_unknown")]).await, (401, "invalid_client"));
    let (_, refresh) = tokens_of(&server.refresh(&refresh, &[]).await);
    tokens_of(
        &server
            .refresh(&refresh, &[("resource", "https://notes.example/mcp/"), ("scope", "offline_access")])
            .await,
    );
    let (_, whole) = server.tokens().await;
    let narrow = server.refresh(&whole, &[("scope", "notes:search")]).await;
    assert_eq!(narrow.json()["scope"], "notes:search");
    let all = server.refresh(&tokens_of(&narrow).1, &[("scope", "notes:search notes:read")]).await;
    assert_eq!(all.json()["scope"], Scopes::all().to_string());
}

#[tokio::test]
async fn k20_without_the_person_or_the_grant_nothing_is_renewed() {
    let server = Server::new();
    let (_, revoked) = server.tokens().await;
    let (_, orphaned) = server.tokens().await;
    let name = server.store.entries().unwrap()[0].name.clone();
    server.store.revoke(&name, 1).unwrap();
    is_refused(&server.refresh(&revoked, &[]).await, INVALID_GRANT);
    tokens_of(&server.refresh(&orphaned, &[]).await);
    let (access, last) = server.tokens().await;
    server.store.remove_user(NAME).unwrap();
    is_refused(&server.refresh(&last, &[]).await, INVALID_GRANT);
    assert!(!server.opens(&access).await);
}

#[tokio::test]
async fn k21_what_is_given_back_is_over() {
    let server = Server::new();
    let (access, refresh) = server.tokens().await;
    let give_back = async |token: &str, client: &str| {
        let answered =
            server.post("/revoke", &[FORM], encode(&[("token", token), ("client_id", client)])).await;
        assert_eq!(answered.status, StatusCode::OK);
    };
    give_back("unknown", CHATGPT).await;
    give_back(&refresh, "https://claude.ai/oauth/mcp-oauth-client-metadata").await;
    give_back(&access, "client_unknown").await;
    assert!(server.opens(&access).await);
    give_back(&refresh, CHATGPT).await;
    assert!(!server.opens(&access).await);
    is_refused(&server.refresh(&refresh, &[]).await, INVALID_GRANT);
}

#[tokio::test]
async fn k22_codes_cannot_be_tried_for_long() {
    let server = Server::new();
    let mut last = None;
    for _ in 0..70 {
        last = Some(server.exchange_code("guess", &[]).await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn d01_d02_d04_only_honest_redirects_are_registered() {
    let server = Server::new();
    let many: Vec<String> = (0..1000).map(|n| format!("https://a.example/{n}")).collect();
    for (body, refused) in [
        (json!({"redirect_uris": ["http://evil.example/cb"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["ftp://a.example/cb"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["javascript:alert(1)"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["https://a.example/cb#x"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["https://*.example/cb"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["https://user@a.example/cb"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": []}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": "https://a.example/cb"}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": [3]}), (400, "invalid_redirect_uri")),
        (json!({}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": many}), (400, "invalid_redirect_uri")),
        (json!([]), (400, "invalid_client_metadata")),
        (
            json!({"redirect_uris": ["https://a.example/cb"], "grant_types": ["client_credentials"]}),
            (400, "invalid_client_metadata"),
        ),
        (
            json!({"redirect_uris": ["https://a.example/cb"], "client_name": "x".repeat(100_000)}),
            (413, "invalid_client_metadata"),
        ),
    ] {
        is_refused(&server.post("/register", &[], body.to_string()).await, refused);
    }
}

#[tokio::test]
async fn d05_what_a_client_may_not_choose_is_not_taken_over() {
    let server = Server::new();
    let body = json!({
        "client_id": "mine", "client_secret": "mine", "scope": "admin", "client_name": "App",
        "redirect_uris": ["https://app.example/cb", "http://localhost:3000/cb"],
        "grant_types": ["authorization_code", "refresh_token", "implicit"], "response_types": ["code", "token"],
        "token_endpoint_auth_method": "client_secret_basic", "application_type": "native",
    });
    let answered = server.post("/register", &[], body.to_string()).await;
    assert_eq!((answered.status, answered.header(header::CACHE_CONTROL)), (StatusCode::CREATED, "no-store"));
    let said = answered.json();
    assert_ne!(said["client_id"], "mine");
    assert_eq!(said["client_secret"], Value::Null);
    assert_eq!(
        (&said["token_endpoint_auth_method"], &said["scope"]),
        (&json!("none"), &json!("notes:search notes:read"))
    );
    assert_eq!(said["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(said["redirect_uris"], body["redirect_uris"]);
}

#[tokio::test]
async fn d06_there_is_room_for_so_many_clients() {
    let server = Server::new();
    let known = server.register(&["https://app.example/cb"]).await;
    for n in 1..1000 {
        server
            .store
            .register(n.to_string(), vec!["https://a.example".to_owned()], server.access.clock.now())
            .unwrap();
    }
    let body = json!({"redirect_uris": ["https://app.example/cb"]}).to_string();
    is_refused(&server.post("/register", &[], body.clone()).await, (503, "temporarily_unavailable"));
    let asked = [("client_id", known.as_str()), ("redirect_uri", "https://app.example/cb")];
    Person::new(&server).code(&asked, &[]).await;
    let mut last = StatusCode::OK;
    for _ in 0..20 {
        last = server.post("/register", &[], body.clone()).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn d10_registration_can_be_switched_off() {
    let config = ServeConfig { public_url: Some(ORIGIN.to_owned()), ..ServeConfig::default() };
    let server = Server::with(config, |access| access.registration = false, None);
    let metadata = server.get("/.well-known/oauth-authorization-server", &[]).await.json();
    assert_eq!(metadata["registration_endpoint"], Value::Null);
    assert_eq!(server.post("/register", &[], "{}").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn d11_a_client_that_nobody_uses_is_forgotten() {
    let server = Server::new();
    let redirect = ("redirect_uri", "https://app.example/cb");
    let (used, unused) = (server.register(&[redirect.1]).await, server.register(&[redirect.1]).await);
    let code = Person::new(&server).code(&[("client_id", &used), redirect], &[]).await;
    let (_, refresh) = tokens_of(&server.exchange_code(&code, &[("client_id", &used), redirect]).await);
    server.access.clock.advance(UNUSED_CLIENT_SECONDS);
    is_refused(&server.exchange_code("x", &[("client_id", &unused)]).await, (401, "invalid_client"));
    tokens_of(&server.refresh(&refresh, &[("client_id", &used)]).await);
}
