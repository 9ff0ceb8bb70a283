//! What clients read first (M, R18).

use super::*;

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

#[tokio::test]
async fn m01_the_issuer_is_the_same_everywhere() {
    let server = Server::new();
    let metadata = server.get(SERVER, &[]).await.json();
    assert_eq!(metadata["issuer"], ORIGIN);
    for path in [RESOURCE.to_owned(), format!("{RESOURCE}/mcp")] {
        assert_eq!(server.get(&path, &[]).await.json()["authorization_servers"], json!([ORIGIN]));
    }
    let (_, carried) = location(&Person::new(&server).authorize(&[("prompt", "none")]).await);
    assert_eq!(carried["iss"], [ORIGIN]);
}

#[tokio::test]
async fn m02_r18_nothing_a_request_says_changes_metadata() {
    let server = Server::new();
    for path in [SERVER.to_owned(), format!("{RESOURCE}/mcp")] {
        let honest = server.get(&path, &[]).await;
        for forged in [
            [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")],
            [("forwarded", "host=evil.example"), ("x-original-host", "evil.example")],
            [("host", "localhost:7117"), ("x-forwarded-for", "6.6.6.6")],
        ] {
            assert_eq!(server.get(&path, &forged).await.body, honest.body, "{forged:?}");
        }
        assert_eq!(server.get(&path, &[("host", "evil.example")]).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn m03_every_resource_has_its_document_and_nothing_else_has() {
    let server = Server::new();
    for (path, resource) in [
        ("", ORIGIN),
        ("/mcp", "https://notes.example/mcp"),
        ("/sse", "https://notes.example/sse"),
        ("/c/garden/mcp", "https://notes.example/c/garden/mcp"),
        // Whether there is one is nobody's business.
        ("/c/none/mcp", "https://notes.example/c/none/mcp"),
    ] {
        let answered = server.get(&format!("{RESOURCE}{path}"), &[]).await;
        assert_eq!((answered.status, &answered.json()["resource"]), (StatusCode::OK, &json!(resource)));
        assert_eq!(answered.header(header::CONTENT_TYPE), "application/json");
    }
    for path in [
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-protected-resource/c/garden",
        "/.well-known/oauth-protected-resource/c/../mcp",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/",
    ] {
        assert_eq!(error_of(&server.get(path, &[]).await), (404, "not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn m04_m05_the_documents_say_what_clients_look_for() {
    let server = Server::new();
    let metadata = server.get(SERVER, &[]).await.json();
    for (name, value) in [
        ("code_challenge_methods_supported", json!(["S256"])),
        ("response_types_supported", json!(["code"])),
        ("grant_types_supported", json!(["authorization_code", "refresh_token"])),
        ("token_endpoint_auth_methods_supported", json!(["none"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("client_id_metadata_document_supported", json!(true)),
        ("authorization_endpoint", json!("https://notes.example/authorize")),
        ("token_endpoint", json!("https://notes.example/token")),
        ("registration_endpoint", json!("https://notes.example/register")),
        ("revocation_endpoint", json!("https://notes.example/revoke")),
        ("scopes_supported", json!(["notes:search", "notes:read", "offline_access"])),
    ] {
        assert_eq!(metadata[name], value, "{name}");
    }
    let resource = server.get(RESOURCE, &[]).await;
    assert_eq!(resource.json()["scopes_supported"], json!(["notes:search", "notes:read"]));
    let refused = server.post("/mcp", &[], "{}").await;
    assert!(!refused.header(header::WWW_AUTHENTICATE).contains("offline_access"));
}

#[tokio::test]
async fn on_loopback_the_listener_is_the_issuer() {
    let server = Server::with(ServeConfig::default(), |_| {}, None);
    let metadata = server.get(SERVER, &[("host", "localhost:7117")]).await.json();
    assert_eq!(metadata["issuer"], format!("http://{HOST}"));
}

#[test]
fn people_sign_in_only_where_nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(AccessStore::open(folder.path()).unwrap());
    for (address, public_url, sign_in, starts) in [
        ("127.0.0.1:1", None, true, true),
        ("127.0.0.1:1", Some("https://notes.example"), true, true),
        ("0.0.0.0:1", Some("https://notes.example"), true, true),
        ("127.0.0.1:1", Some("http://localhost:8080"), true, true),
        ("127.0.0.1:1", Some("http://notes.example"), true, false),
        ("127.0.0.1:1", Some("https://notes.example/path"), true, false),
        ("0.0.0.0:1", None, true, false),
        ("192.168.1.5:1", None, true, false),
        ("192.168.1.5:1", None, false, true),
    ] {
        let access =
            AccessConfig { store: store.clone(), sign_in, registration: true, client_hosts: Vec::new() };
        let config = ServeConfig {
            public_url: public_url.map(str::to_owned),
            access: Some(access),
            ..ServeConfig::default()
        };
        let site = Site::new(address.parse().unwrap(), config);
        assert_eq!(site.is_ok(), starts, "{address} {public_url:?} {sign_in}");
    }
}
