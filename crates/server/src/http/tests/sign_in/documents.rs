//! Clients that are known by the address of a document (C). The document lies with a listener on loopback; names lead
//! there by a hook, and every connection is counted.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ibid_core::address::is_public;

use super::*;

const ID: &str = "https://app.example/client.json";
const REDIRECT: &str = "https://app.example/cb";

/// A web server that says the same to everybody.
struct Web {
    address: SocketAddr,
    answer: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    /// How many of the connections are over.
    over: Arc<AtomicUsize>,
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}").into_bytes()
}

fn document(change: Value) -> Vec<u8> {
    let mut document = json!({"client_id": ID, "client_name": "App", "redirect_uris": [REDIRECT],
                              "token_endpoint_auth_method": "none"});
    for (name, value) in change.as_object().unwrap() {
        document[name] = value.clone();
    }
    http("200 OK", "Content-Type: application/json\r\n", &document.to_string())
}

impl Web {
    fn new() -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Web {
            address: listener.local_addr().unwrap(),
            answer: Arc::new(Mutex::new(document(json!({})))),
            connections: Arc::default(),
            sent: Arc::default(),
            over: Arc::default(),
        };
        let (answer, connections) = (web.answer.clone(), web.connections.clone());
        let (sent, over) = (web.sent.clone(), web.over.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let _ = connection.read(&mut [0; 4096]);
                let answer = answer.lock().unwrap().clone();
                for part in answer.chunks(4096) {
                    match connection.write_all(part) {
                        Ok(()) => sent.fetch_add(part.len(), Ordering::SeqCst),
                        Err(_) => break,
                    };
                }
                over.fetch_add(1, Ordering::SeqCst);
            }
        });
        web
    }

    fn says(&self, answer: Vec<u8>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn server(&self) -> Server {
        self.server_for(&[])
    }

    fn server_for(&self, hosts: &[String]) -> Server {
        let address = self.address;
        self.server_with(hosts, |_| true, move |_| vec![address], "http")
    }

    fn server_with(
        &self,
        hosts: &[String],
        may_reach: fn(IpAddr) -> bool,
        lookup: impl Fn(&str) -> Vec<SocketAddr> + Send + Sync + 'static,
        scheme: &'static str,
    ) -> Server {
        let config = ServeConfig { public_url: Some(ORIGIN.to_owned()), ..ServeConfig::default() };
        let fetcher = Fetcher::looking_up(hosts.to_vec(), may_reach, Arc::new(lookup), scheme);
        Server::with(config, |_| {}, Some(fetcher))
    }
}

async fn asks(server: &Server, id: &str) -> StatusCode {
    asks_for(server, id, REDIRECT).await
}

async fn asks_for(server: &Server, id: &str, redirect: &str) -> StatusCode {
    Person::new(server).authorize(&[("client_id", id), ("redirect_uri", redirect)]).await.status
}

#[tokio::test]
async fn c01_c02_c03_an_address_that_may_not_be_is_never_asked() {
    let web = Web::new();
    let server = web.server();
    let long = format!("https://app.example/{}", "x".repeat(2048));
    for id in [
        "http://app.example/client.json",
        "https://app.example",
        "https://app.example/",
        "https://app.example/c#f",
        "https://user@app.example/c",
        "https://app.example/a/../b",
        "https://app.example/%2e%2e/b",
        "https://app.example:0/c",
        &long,
        "https://127.0.0.1/c",
        "https://[::1]/c",
        "https://169.254.169.254/latest",
        "https://10.1.2.3/c",
        "https://172.16.0.1/c",
        "https://192.168.0.1/c",
        "https://100.64.0.1/c",
        "https://0.0.0.0/c",
        "https://[fc00::1]/c",
        "https://[fe80::1]/c",
        "https://[::ffff:127.0.0.1]/c",
        "https://[64:ff9b::7f00:1]/c",
        "https://2130706433/c",
        "https://0x7f000001/c",
        "https://0177.0.0.1/c",
        "https://localhost/c",
        "https://a.localhost/c",
        "https://metadata.google.internal/c",
    ] {
        assert_eq!(asks(&server, id).await, StatusCode::BAD_REQUEST, "{id}");
    }
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn c04_a_name_that_leads_to_a_private_address_is_not_followed() {
    let web = Web::new();
    for private in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]"] {
        let address: SocketAddr = format!("{private}:{}", web.address.port()).parse().unwrap();
        let server = web.server_with(&[], is_public, move |_| vec![address], "http");
        assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST, "{private}");
    }
    assert_eq!(web.connections(), 0);
    // Of several addresses only those that may be reached are.
    fn only_127_0_0_2(address: IpAddr) -> bool {
        address == IpAddr::from([127, 0, 0, 2])
    }
    let address = web.address;
    let server = web.server_with(&[], only_127_0_0_2, move |_| vec![address], "http");
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn c06_c09_c10_c11_c12_only_an_honest_document_makes_a_client() {
    let web = Web::new();
    let redirected = format!("Location: http://{}/other\r\n", web.address);
    let good = String::from_utf8(document(json!({}))).unwrap();
    let (_, good) = good.split_once("\r\n\r\n").unwrap();
    for (answer, known) in [
        (document(json!({})), true),
        (
            document(json!({"token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
                         "token_endpoint_auth_method": "private_key_jwt"})),
            true,
        ),
        (http("302 Found", &redirected, good), false),
        (http("301 Moved Permanently", &redirected, good), false),
        (http("201 Created", "", good), false),
        (http("404 Not Found", "", good), false),
        (http("500 Internal Server Error", "", good), false),
        (http("200 OK", "", "<html></html>"), false),
        (http("200 OK", "", "{"), false),
        (http("200 OK", "", ""), false),
        (document(json!({"client_id": "https://app.example/Client.json"})), false),
        (document(json!({"client_id": "https://app.example/client.json/"})), false),
        (document(json!({"client_secret": "x"})), false),
        (document(json!({"token_endpoint_auth_method": "client_secret_post"})), false),
        (document(json!({"token_endpoint_auth_method": "private_key_jwt"})), false),
        (document(json!({"redirect_uris": ["http://10.0.0.1/cb", REDIRECT]})), false),
    ] {
        let said = String::from_utf8_lossy(&answer).into_owned();
        web.says(answer);
        let server = web.server();
        let before = web.connections();
        let status = asks(&server, ID).await;
        assert_eq!(status == StatusCode::SEE_OTHER, known, "{said}");
        assert_eq!(web.connections(), before + 1, "nothing else is asked for: {said}");
    }
}

#[tokio::test]
async fn c07_a_long_document_is_not_read_to_its_end() {
    let web = Web::new();
    let filler = "x".repeat(50_000_000);
    web.says(document(json!({"filler": filler})));
    let server = web.server();
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
    while web.over.load(Ordering::SeqCst) < web.connections() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(web.sent.load(Ordering::SeqCst) < 40_000_000, "{:?}", web.sent);
    web.says(document(json!({"filler": "x".repeat(5 * 1024)})));
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn c13_errors_are_not_kept_and_documents_are_for_a_while() {
    let web = Web::new();
    let server = web.server();
    web.says(http("404 Not Found", "", ""));
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
    web.says(document(json!({})));
    assert_eq!(asks(&server, ID).await, StatusCode::SEE_OTHER);
    web.says(http("404 Not Found", "", ""));
    assert_eq!(asks(&server, ID).await, StatusCode::SEE_OTHER);
    assert_eq!(web.connections(), 2);
    server.access.clock.advance(24 * 60 * 60);
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn c15_c16_a_code_goes_where_the_document_said_when_it_was_asked_for() {
    let web = Web::new();
    let server = web.server();
    assert_eq!(asks_for(&server, ID, "https://evil.example/cb").await, StatusCode::BAD_REQUEST);
    let person = Person::new(&server);
    let client = [("client_id", ID), ("redirect_uri", REDIRECT)];
    let request = person.request(&client).await;
    web.says(document(json!({"redirect_uris": ["https://evil.example/cb"]})));
    server.access.clock.advance(2 * 60);
    let (to, carried) = location(&person.decide(&request, &[]).await);
    assert_eq!(to, REDIRECT);
    let code = &carried["code"][0];
    let evil = [("client_id", ID), ("redirect_uri", "https://evil.example/cb")];
    assert_eq!(error_of(&server.exchange_code(code, &evil).await), (400, "invalid_grant".to_owned()));
    tokens_of(&server.exchange_code(code, &client).await);
}

#[tokio::test]
async fn c17_vendors_are_never_asked() {
    let web = Web::new();
    let server = web.server();
    assert_eq!(asks_for(&server, CHATGPT, CHATGPT_REDIRECT).await, StatusCode::SEE_OTHER);
    let claude = "https://claude.ai/oauth/claude-code-client-metadata";
    assert_eq!(asks_for(&server, claude, "http://localhost:1/callback").await, StatusCode::SEE_OTHER);
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn c18_what_does_not_speak_tls_is_not_believed() {
    let web = Web::new();
    let address = web.address;
    let server = web.server_with(&[], |_| true, move |_| vec![address], "https");
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
    assert_eq!(web.connections(), 1);
}

#[tokio::test]
async fn c18_a_certificate_that_nobody_vouches_for_is_refused() {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection};

    // Made for this test alone: a key and a certificate for app.example that it signed itself.
    let pem = include_bytes!("self_signed.pem");
    let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
    let certificate = CertificateDer::from_pem_slice(pem).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shaken = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        // The client says that it does not trust it, or says nothing more.
        while tls.is_handshaking() {
            if tls.complete_io(&mut connection).is_err() {
                return false;
            }
        }
        true
    });
    let server = Web::new().server_with(&[], |_| true, move |_| vec![address], "https");
    assert_eq!(asks(&server, ID).await, StatusCode::BAD_REQUEST);
    assert!(!shaken.join().unwrap(), "nothing is asked over such a connection");
}

#[tokio::test]
async fn c20_nobody_is_flooded_through_us() {
    let web = Web::new();
    let server = web.server();
    let mut statuses = Vec::new();
    for n in 0..15 {
        statuses.push(asks(&server, &format!("https://app.example/{n}")).await);
    }
    assert_eq!(web.connections(), 10);
    assert_eq!(statuses[14], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn c21_a_host_that_is_not_on_the_list_is_not_asked() {
    let web = Web::new();
    let server = web.server_for(&["app.example".to_owned()]);
    assert_eq!(asks(&server, "https://other.example/client.json").await, StatusCode::BAD_REQUEST);
    assert_eq!(asks(&server, "https://sub.app.example/client.json").await, StatusCode::BAD_REQUEST);
    assert_eq!(web.connections(), 0);
    assert_eq!(asks(&server, ID).await, StatusCode::SEE_OTHER);
    assert_eq!(asks_for(&server, CHATGPT, CHATGPT_REDIRECT).await, StatusCode::SEE_OTHER);
}
