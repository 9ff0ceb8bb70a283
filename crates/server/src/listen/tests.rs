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
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

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
}

async fn start(certificate: Option<Arc<Certificate>>, bounds: Bounds) -> Running {
    let traffic = Traffic::default();
    let counted = traffic.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let slow = || async {
        sleep(Duration::from_millis(300)).await;
        "done"
    };
    let router = Router::new().route("/", get(peer)).route("/slow", get(slow));
    let listening = Listening { listener, certificate, bounds, trusted_proxies: Vec::new(), traffic };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let ended = tokio::spawn(listening.answer(router, stopped, Duration::from_secs(5)));
    Running { address, stop, ended, counted }
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

/// Whether the other end closes within a second.
async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut byte = [0];
    matches!(timeout(Duration::from_secs(1), stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)))
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
    let following = tokio::spawn(certificate.follow(Duration::from_millis(5)));
    let opens = async |name| shake(running.address, &authority, &[], name).await.is_ok();
    for (certificate, key) in [(second.as_str(), first_key.as_str()), ("", ""), ("nonsense", &second_key)] {
        authority.write(certificate, key);
        sleep(Duration::from_millis(50)).await;
        assert!(opens("a.example").await && !opens("b.example").await, "{certificate}");
    }
    std::fs::remove_file(authority.files().key).unwrap();
    sleep(Duration::from_millis(50)).await;
    assert!(opens("a.example").await);
    authority.write(&second, &second_key);
    for _ in 0..200 {
        if opens("b.example").await {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    assert!(opens("b.example").await && !opens("a.example").await);
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
    let bounds = Bounds {
        handshakes_of_one: 2,
        handshake: Duration::from_millis(300),
        uncounted: |_| false,
        ..Bounds::default()
    };
    let running = start(Some(certificate), bounds).await;
    let from_elsewhere = async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0)).unwrap();
        let stream = socket.connect(running.address).await.unwrap();
        authority.client(&[]).connect(ServerName::try_from("a.example").unwrap(), stream).await
    };
    let silent = async || TcpStream::connect(running.address).await.unwrap();
    let (mut first, mut second) = (silent().await, silent().await);
    sleep(Duration::from_millis(30)).await;
    let mut third = silent().await;
    assert!(timeout(Duration::from_millis(150), third.read(&mut [0])).await.is_ok(), "one too many");
    assert!(ask(from_elsewhere().await.unwrap(), "/").await.ends_with("127.0.0.2"));
    assert!(is_closed(&mut first).await && is_closed(&mut second).await, "they took too long");
    assert!(shake(running.address, &authority, &[], "a.example").await.is_ok(), "there is room again");
}

#[tokio::test]
async fn connections_that_do_nothing_are_closed_and_slow_answers_are_not() {
    let idle = Bounds { idle: Duration::from_millis(100), ..Bounds::default() };
    let running = start(None, idle).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let slow = TcpStream::connect(running.address).await.unwrap();
    assert!(ask(slow, "/slow").await.ends_with("done"));
    assert!(is_closed(&mut silent).await);

    let head = Bounds { head: Duration::from_millis(100), ..Bounds::default() };
    let running = start(None, head).await;
    let mut trickling = TcpStream::connect(running.address).await.unwrap();
    trickling.write_all(b"GET / HTTP/1.1\r\nhost: a").await.unwrap();
    assert!(is_closed(&mut trickling).await);
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_all_have_so_many() {
    let of_one = Bounds { of_one: 1, uncounted: |_| false, ..Bounds::default() };
    let running = start(None, of_one).await;
    let held = TcpStream::connect(running.address).await.unwrap();
    sleep(Duration::from_millis(30)).await;
    assert!(is_closed(&mut TcpStream::connect(running.address).await.unwrap()).await);
    assert!(ask(held, "/").await.starts_with("HTTP/1.1 200"));

    let all = Bounds { connections: 1, ..Bounds::default() };
    let running = start(None, all).await;
    let held = TcpStream::connect(running.address).await.unwrap();
    let waiting = tokio::spawn(ask(TcpStream::connect(running.address).await.unwrap(), "/"));
    sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    assert_eq!((running.counted.connections.get(), running.counted.running.get()), (1, 0));
    drop(held);
    assert!(waiting.await.unwrap().starts_with("HTTP/1.1 200"), "it was its turn");
}

#[tokio::test]
async fn what_is_asked_when_the_server_stops_is_answered() {
    let running = start(None, Bounds::default()).await;
    let silent = TcpStream::connect(running.address).await.unwrap();
    let slow = tokio::spawn(ask(TcpStream::connect(running.address).await.unwrap(), "/slow"));
    sleep(Duration::from_millis(50)).await;
    assert_eq!((running.counted.connections.get(), running.counted.running.get()), (2, 1));
    running.stop.send(()).unwrap();
    assert!(slow.await.unwrap().ends_with("done"));
    timeout(Duration::from_secs(2), running.ended).await.unwrap().unwrap();
    assert_eq!((running.counted.connections.get(), running.counted.running.get()), (0, 0));
    drop(silent);
}
