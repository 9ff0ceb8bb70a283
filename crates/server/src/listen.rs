//! Connections: how they are taken, over TLS where the server has a certificate, how many there may be, and when they are
//! let go. What is asked over them is [`crate::http`]'s business.

mod certificate;
mod pulse;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

pub(crate) use certificate::{Certificate, LOOK_EVERY};
pub use certificate::{CertificateError, CertificateFiles};

use crate::crowd::{Crowd, Crowded, Place};
use crate::metrics::Traffic;
use crate::oauth::limits::key_of;
use pulse::{Counted, Held, Pulse};

/// What HTTP/2 is called in a handshake.
const H2: &[u8] = b"h2";

/// How long is waited after the system refused a connection: it has no room, and asking at once makes none.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How long a connection may take nothing of what is sent to it: then its reader is gone, or stuck.
#[cfg(target_os = "linux")]
const STUCK: Duration = Duration::from_secs(60);

/// How many connections there may be, and how long each may do nothing.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// In all; the next one waits until another goes.
    pub(crate) connections: usize,
    /// From one address; the next one is closed. Callers on this machine and trusted proxies are many in one.
    pub(crate) of_one: usize,
    /// Of those, in the handshake of TLS.
    pub(crate) handshakes_of_one: usize,
    /// How long a handshake may take.
    pub(crate) handshake: Duration,
    /// How long the head of a request may take, the pause before it included.
    pub(crate) head: Duration,
    /// How long a connection is kept on which nothing is asked.
    pub(crate) idle: Duration,
    /// Addresses that are not counted.
    pub(crate) uncounted: fn(IpAddr) -> bool,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            connections: 4_096,
            of_one: 512,
            handshakes_of_one: 32,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(60),
            idle: Duration::from_secs(120),
            uncounted: |address| address.is_loopback(),
        }
    }
}

/// A listener with all that its connections need.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    /// Speaks TLS with it; plain HTTP without.
    pub(crate) certificate: Option<Arc<Certificate>>,
    pub(crate) bounds: Bounds,
    /// Proxies are not counted: many come by one.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Where is counted what is going on.
    pub(crate) traffic: Traffic,
}

impl Listening {
    /// One that speaks plain HTTP with everybody.
    pub(crate) fn plain(listener: TcpListener) -> Listening {
        Listening {
            listener,
            certificate: None,
            bounds: Bounds::default(),
            trusted_proxies: Vec::new(),
            traffic: Traffic::default(),
        }
    }

    /// Answers until `stop` ends; what is being asked then may end within `grace`.
    pub(crate) async fn answer(self, router: Router, stop: impl Future<Output = ()>, grace: Duration) {
        let Listening { listener, certificate, bounds, trusted_proxies, traffic } = self;
        let room = Arc::new(Semaphore::new(bounds.connections));
        let graceful = GracefulShutdown::new();
        let door = Arc::new(Door {
            router,
            certificate,
            all: of_one_address(bounds.of_one),
            in_handshake: of_one_address(bounds.handshakes_of_one),
            bounds,
            traffic,
        });
        let mut stop = pin!(stop);
        loop {
            let next = async {
                let place = room.clone().acquire_owned().await.expect("the semaphore is never closed");
                (place, accept(&listener).await)
            };
            let (place, (stream, peer)) = tokio::select! {
                next = next => next,
                () = &mut stop => break,
            };
            let counted = !(door.bounds.uncounted)(peer.ip().to_canonical())
                && !trusted_proxies.contains(&peer.ip().to_canonical());
            let Ok(seat) = seat(&door.all, counted.then(|| peer.ip())) else {
                tracing::debug!(%peer, "too many connections from one address");
                continue;
            };
            let (door, watcher) = (door.clone(), graceful.watcher());
            tokio::spawn(async move {
                let _held = (place, seat);
                door.hold(stream, peer, counted, watcher).await;
            });
        }
        drop(listener);
        if timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!(seconds = grace.as_secs(), "requests were still running when the server stopped");
        }
    }
}

/// So many of each address; of how many there are in all the semaphore takes care.
fn of_one_address(most: usize) -> Arc<Crowd> {
    Arc::new(Crowd::new(most, usize::MAX))
}

/// A place for somebody from `address`; `None` is not counted.
fn seat(crowd: &Arc<Crowd>, address: Option<IpAddr>) -> Result<Option<Place>, Crowded> {
    address.map(|address| crowd.enter(&key_of(address))).transpose()
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

/// Whether the other end went before it was taken, which says nothing of the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

/// What every connection needs.
struct Door {
    router: Router,
    certificate: Option<Arc<Certificate>>,
    bounds: Bounds,
    all: Arc<Crowd>,
    in_handshake: Arc<Crowd>,
    traffic: Traffic,
}

impl Door {
    /// Sees one connection to its end.
    async fn hold(&self, stream: TcpStream, peer: SocketAddr, counted: bool, watcher: Watcher) {
        let _counted = Counted::on(&self.traffic.connections);
        if let Err(error) = stream.set_nodelay(true).and_then(|()| end_when_stuck(&stream)) {
            tracing::debug!(%peer, %error, "a connection keeps its defaults");
        }
        let Some(certificate) = &self.certificate else {
            return self.http1(stream, peer, watcher).await;
        };
        let Ok(seat) = seat(&self.in_handshake, counted.then(|| peer.ip())) else {
            tracing::debug!(%peer, "too many handshakes from one address");
            return;
        };
        let shaking = TlsAcceptor::from(certificate.current()).accept(stream);
        let stream = match timeout(self.bounds.handshake, shaking).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%peer, %error, "a handshake failed"),
            Err(_) => return tracing::debug!(%peer, "a handshake took too long"),
        };
        drop(seat);
        match stream.get_ref().1.alpn_protocol() == Some(H2) {
            true => self.http2(stream, peer, watcher).await,
            false => self.http1(stream, peer, watcher).await,
        }
    }

    async fn http1(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: SocketAddr,
        watcher: Watcher,
    ) {
        let pulse = Pulse::new(&self.traffic.running);
        let service = service_fn(|request| answer(&self.router, &pulse, peer, request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.head)
            .serve_connection(TokioIo::new(stream), service);
        self.watched(connection, &pulse, watcher).await;
    }

    async fn http2(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        watcher: Watcher,
    ) {
        let pulse = Pulse::new(&self.traffic.running);
        let (router, beat) = (self.router.clone(), pulse.clone());
        // Each stream is a task of its own, so nothing is borrowed.
        let service = service_fn(move |request| {
            let (router, beat) = (router.clone(), beat.clone());
            async move { answer(&router, &beat, peer, request).await }
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.bounds.head)
            .max_concurrent_streams(100)
            .serve_connection(TokioIo::new(stream), service);
        self.watched(connection, &pulse, watcher).await;
    }

    /// Drives a connection until it ends, or nothing has been asked on it for too long.
    async fn watched<C>(&self, connection: C, pulse: &Pulse, watcher: Watcher)
    where
        C: GracefulConnection<Error = hyper::Error>,
    {
        tokio::select! {
            ended = watcher.watch(connection) => {
                if let Err(error) = ended {
                    tracing::trace!(%error, "a connection broke");
                }
            }
            () = pulse.still_for(self.bounds.idle) => {}
        }
    }
}

/// Asks the router. The connection is not idle until the answer is gone.
async fn answer(
    router: &Router,
    pulse: &Pulse,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let beat = pulse.begin();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.clone().call(request).await?;
    Ok(response.map(|body| Body::new(Held::new(body, beat))))
}

/// Has the system end a connection that takes nothing for too long, and with it what waits to be sent. Elsewhere than on
/// Linux it is the system's own patience.
fn end_when_stuck(connection: &TcpStream) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(connection).set_tcp_user_timeout(Some(STUCK))?;
    #[cfg(not(target_os = "linux"))]
    let _ = connection;
    Ok(())
}

#[cfg(test)]
mod tests;
