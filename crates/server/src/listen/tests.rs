//! Connections of all kinds to a small router, over loopback: right ones, slow ones, silent ones.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use axum::routing::get;
use http_body::Body as _;
use hyper::client::conn as client;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

/// The longest that anything here takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than any test lasts.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// An authority of our own and the files it writes.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn files(&self) -> CertificateFiles {
        let at = |name: &str| self.folder.path().join(name);
        CertificateFiles { certificate: at("cert.pem"), key: at("key.pem") }
    }

    /// A certificate for `name` and its key, as PEM.
    fn made(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn write(&self, certificate: &str, key: &str) {
        let files = self.files();
        write_whole(&files.key, key);
        write_whole(&files.certificate, certificate);
    }

    fn client(&self, protocols: &[&[u8]]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.issuer.der().to_vec())).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}

fn write_whole(path: &Path, text: &str) {
    std::fs::write(path.with_extension("new"), text).unwrap();
    std::fs::rename(path.with_extension("new"), path).unwrap();
}

/// A running listener; ends when it is told to.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
    counted: Traffic,
    /// Lets one that asks for `/slow` have its answer.
    answer_slow: Arc<Notify>,
}

impl Running {
    /// Waits until there are so many connections, and so many of them are being answered.
    async fn counts(&self, connections: i64, running: i64) {
        until(async || {
            (self.counted.connections.get(), self.counted.running.get()) == (connections, running)
        })
        .await;
    }
}

/// Waits until it holds.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !holds().await {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("it comes to hold");
}

async fn start(certificate: Option<Arc<Certificate>>, bounds: Bounds) -> Running {
    let traffic = Traffic::default();
    let counted = traffic.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let answer_slow = Arc::new(Notify::new());
    let told = answer_slow.clone();
    let slow = async move || {
        told.notified().await;
        "done"
    };
    let router = Router::new().route("/", get(peer)).route("/slow", get(slow));
    let listening = Listening { listener, certificate, bounds, trusted_proxies: Vec::new(), traffic };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let ended = tokio::spawn(listening.answer(router, stopped, FOR_EVER));
    Running { address, stop, ended, counted, answer_slow }
}

async fn shake(
    address: SocketAddr,
    authority: &Authority,
    protocols: &[&[u8]],
    name: &'static str,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    authority.client(protocols).connect(ServerName::try_from(name).unwrap(), stream).await
}

/// What is answered to a plain request written by hand.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    // An end without a goodbye is an error of TLS, and what came before it is what counts.
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8(said).unwrap()
}

/// Waits until the other end closes.
async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut byte = [0];
    matches!(timeout(PATIENCE, stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn both_protocols_are_spoken_over_tls_and_callers_have_their_addresses() {
    let authority = Authority::new();
    let (certificate, key) = authority.made("a.example");
    authority.write(&certificate, &key);
    let certificate = Arc::new(Certificate::read(authority.files()).unwrap());
    let running = start(Some(certificate), Bounds::default()).await;
    for protocols in [&[b"http/1.1".as_slice()][..], &[]] {
        let stream = shake(running.address, &authority, protocols, "a.example").await.unwrap();
        let said = ask(stream, "/").await;
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("\r\n\r\n127.0.0.1"), "{said}");
        assert!(said.contains("content-length: 9"), "{said}");
    }
    let stream = shake(running.address, &authority, &[H2, b"http/1.1"], "a.example").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(H2));
    let io = TokioIo::new(stream);
    let (mut sender, connection) = client::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://a.example/").body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.body().size_hint().exact()), (200, Some(9)));
    let plain = TcpStream::connect(running.address).await.unwrap();
    assert!(!ask(plain, "/").await.contains("200"), "plain HTTP is no handshake");
    assert!(shake(running.address, &authority, &[], "b.example").await.is_err());
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_leaves_the_old_one_in_force() {
    let authority = Authority::new();
    let (first, first_key) = authority.made("a.example");
    let (second, second_key) = authority.made("b.example");
    authority.write(&first, &first_key);
    let certificate = Arc::new(Certificate::read(authority.files()).unwrap());
    let running = start(Some(certificate.clone()), Bounds::default()).await;
    let opens = async |name| shake(running.address, &authority, &[], name).await.is_ok();
    let mut seen = None;
    for (pair, key) in [(second.as_str(), first_key.as_str()), ("", ""), ("nonsense", &second_key)] {
        authority.write(pair, key);
        seen = Some(certificate.look(seen));
        assert!(opens("a.example").await && !opens("b.example").await, "{pair}");
    }
    std::fs::remove_file(authority.files().key).unwrap();
    seen = Some(certificate.look(seen));
    assert!(opens("a.example").await);
    authority.write(&second, &second_key);
    certificate.look(seen);
    assert!(opens("b.example").await && !opens("a.example").await);

    let following = tokio::spawn(certificate.follow(Duration::from_millis(5)));
    authority.write(&first, &first_key);
    until(async || opens("a.example").await).await;
    following.abort();
}

#[test]
fn what_is_wrong_with_a_pair_is_told() {
    let authority = Authority::new();
    let (certificate, key) = authority.made("a.example");
    let (_, other_key) = authority.made("a.example");
    let read = || Certificate::read(authority.files()).err();
    assert!(matches!(read(), Some(CertificateError::Unreadable { .. })));
    for (certificate, key, is_right) in [
        (
            "",
            key.as_str(),
            (|error| matches!(error, CertificateError::NoCertificate { .. })) as fn(&_) -> bool,
        ),
        (&key, &key, |error| matches!(error, CertificateError::NoCertificate { .. })),
        (&certificate, "", |error| matches!(error, CertificateError::NoKey { .. })),
        (&certificate, &certificate, |error| matches!(error, CertificateError::NoKey { .. })),
        (&certificate, &other_key, |error| matches!(error, CertificateError::Pair { .. })),
    ] {
        authority.write(certificate, key);
        let error = read().unwrap();
        assert!(is_right(&error), "{error}");
        assert!(!error.to_string().contains("PRIVATE"), "{error}");
    }
    authority.write(&certificate, &key);
    assert!(read().is_none());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn slow_handshakes_are_few_and_short_and_hinder_nobody_else() {
    let authority = Authority::new();
    let (certificate, key) = authority.made("a.example");
    authority.write(&certificate, &key);
    let certificate = Arc::new(Certificate::read(authority.files()).unwrap());
    let few = Bounds { handshakes_of_one: 2, handshake: FOR_EVER, uncounted: |_| false, ..Bounds::default() };
    let running = start(Some(certificate.clone()), few).await;
    let from_elsewhere = async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0)).unwrap();
        let stream = socket.connect(running.address).await.unwrap();
        authority.client(&[]).connect(ServerName::try_from("a.example").unwrap(), stream).await
    };
    let silent = async || TcpStream::connect(running.address).await.unwrap();
    let held = (silent().await, silent().await);
    running.counts(2, 0).await;
    assert!(is_closed(&mut silent().await).await, "one too many");
    assert!(ask(from_elsewhere().await.unwrap(), "/").await.ends_with("127.0.0.2"));
    drop(held);
    running.counts(0, 0).await;
    assert!(shake(running.address, &authority, &[], "a.example").await.is_ok(), "there is room again");

    let short = Bounds { handshake: Duration::from_millis(50), ..Bounds::default() };
    let running = start(Some(certificate), short).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    assert!(is_closed(&mut silent).await, "it took too long");
}

#[tokio::test]
async fn connections_that_do_nothing_are_closed_and_slow_answers_are_not() {
    let idle = Bounds { idle: Duration::from_secs(1), ..Bounds::default() };
    let running = start(None, idle).await;
    let slow = tokio::spawn(ask(TcpStream::connect(running.address).await.unwrap(), "/slow"));
    running.counts(1, 1).await;
    // It comes after the slow one and is closed before that one's answer.
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    assert!(is_closed(&mut silent).await);
    running.answer_slow.notify_one();
    assert!(slow.await.unwrap().ends_with("done"));

    let head = Bounds { head: Duration::from_millis(100), ..Bounds::default() };
    let running = start(None, head).await;
    let mut trickling = TcpStream::connect(running.address).await.unwrap();
    trickling.write_all(b"GET / HTTP/1.1\r\nhost: a").await.unwrap();
    assert!(is_closed(&mut trickling).await);
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_all_have_so_many() {
    let patient = Bounds { head: FOR_EVER, idle: FOR_EVER, ..Bounds::default() };
    let of_one = Bounds { of_one: 1, uncounted: |_| false, ..patient.clone() };
    let running = start(None, of_one).await;
    let held = TcpStream::connect(running.address).await.unwrap();
    running.counts(1, 0).await;
    assert!(is_closed(&mut TcpStream::connect(running.address).await.unwrap()).await);
    assert!(ask(held, "/").await.starts_with("HTTP/1.1 200"));

    let all = Bounds { connections: 1, ..patient };
    let running = start(None, all).await;
    let mut held = TcpStream::connect(running.address).await.unwrap();
    running.counts(1, 0).await;
    let waiting = tokio::spawn(ask(TcpStream::connect(running.address).await.unwrap(), "/"));
    // What is asked later on the one that is held is answered before.
    held.write_all(b"GET / HTTP/1.1\r\nhost: a.example\r\n\r\n").await.unwrap();
    let mut said = String::new();
    while !said.ends_with("127.0.0.1") {
        let mut part = [0; 1024];
        let length = held.read(&mut part).await.unwrap();
        assert!(length > 0, "{said}");
        said.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    assert!(!waiting.is_finished());
    running.counts(1, 0).await;
    drop(held);
    assert!(waiting.await.unwrap().starts_with("HTTP/1.1 200"), "it was its turn");
}

#[tokio::test]
async fn what_is_asked_when_the_server_stops_is_answered() {
    let running = start(None, Bounds::default()).await;
    let silent = TcpStream::connect(running.address).await.unwrap();
    let slow = tokio::spawn(ask(TcpStream::connect(running.address).await.unwrap(), "/slow"));
    running.counts(2, 1).await;
    let Running { address, stop, ended, counted, answer_slow } = running;
    stop.send(()).unwrap();
    until(async || TcpStream::connect(address).await.is_err()).await;
    answer_slow.notify_one();
    assert!(slow.await.unwrap().ends_with("done"));
    timeout(PATIENCE, ended).await.expect("it ends although somebody says nothing").unwrap();
    assert_eq!((counted.connections.get(), counted.running.get()), (0, 0));
    drop(silent);
}
