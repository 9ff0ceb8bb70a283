//! The wire: MCP over stdio and over HTTP, and the pages a citation opens.
//!
//! [`serve`] answers on a listener the caller bound, [`serve_stdio`] on standard input and output; both read through
//! one [`Library`], which swaps in new generations by itself. Nothing here opens an index file, ranks a hit or reads
//! the environment.

mod address;
pub mod audit;
mod config;
mod crowd;
pub mod doctor;
mod guide;
mod http;
mod library;
mod listen;
mod mcp;
mod measured;
mod metrics;
mod named;
mod oauth;
mod outgoing;
mod page;
pub mod presence;
#[cfg(test)]
mod testing;
mod time;
mod traces;
mod viewer;
mod walk;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ibid_core::citation::Reference;
use ibid_search::fetch::Fetched;
use ibid_search::related::Related;
use tokio::net::TcpListener;

pub use address::{answer_url, document_url, page_url};
pub use config::{ServeConfig, Token, TokenError};
pub use guide::{Guide, GuideStep, Guides};
pub use library::{AskError, Found, Freshen, Library, LoadModel, WorkLost};
pub use listen::{CertificateError, CertificateFiles};
pub use measured::{Figures, Measured};
pub use named::{Named, count_named, count_private};
pub use oauth::external::{OidcConfig, OidcError, Person};
pub use oauth::password::PasswordError;
pub use oauth::scope::{Scope, Scopes, UnknownScope};
pub use oauth::secret::{NoRandomness, Secret};
pub use oauth::service::AccessConfig;
pub use oauth::store::{AccessError, AccessStore, Entry, EntryKind, NewToken, User};
pub use outgoing::{SecretRuleError, SecretRules};
pub use presence::running_server;
pub use traces::{Traces, TracesError};
pub use viewer::{UnknownTool, Viewer};

use config::Site;
use listen::{Certificate, LOOK_EVERY, Listening};
use mcp::Handler;
use metrics::Metrics;
use outgoing::{Done, Nonce, Outgoing};
use presence::Presence;

/// How long requests in flight may go on once the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why the server did not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Others than this machine could connect, and no token keeps them out.
    #[error("{address} can be reached from other machines, and no token is set")]
    OpenToTheWorld {
        /// Where it would have listened.
        address: SocketAddr,
    },
    /// The public address is not one.
    #[error("{url:?} is no public address: it reads https://HOST or http://HOST:PORT")]
    PublicUrl {
        /// What was given.
        url: String,
    },
    /// People would sign in where others can listen, or below a path, which clients do not look for.
    #[error("nobody can sign in at {base}: it takes https://HOST, or an address of this machine")]
    SignInAddress {
        /// Where they would have.
        base: String,
    },
    /// An allowed origin is not one.
    #[error("{origin:?} is no web origin: it reads https://HOST or http://HOST:PORT")]
    Origin {
        /// What was given.
        origin: String,
    },
    /// A rule about secrets cannot be followed.
    #[error("cannot mask secrets: {source}")]
    Secrets {
        /// Why.
        #[from]
        source: SecretRuleError,
    },
    /// Tokens of the identity provider cannot be taken.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// Traces were asked for, and cannot be sent.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// TLS was asked for, and its certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The network said no.
    #[error("cannot serve: {source}")]
    Io {
        /// The system's reason.
        #[from]
        source: std::io::Error,
    },
    /// The client on standard input and output did not speak MCP.
    #[error("the client did not begin as MCP does: {reason}")]
    Handshake {
        /// What rmcp said.
        reason: String,
    },
}

/// The address under which a server on `address` will be reached, or why it would not start there.
pub fn base_url(address: SocketAddr, config: &ServeConfig) -> Result<String, ServeError> {
    Ok(site(address, config.clone())?.own_base())
}

/// Whether all callers of a server on `address` will count as one: a proxy on this machine passes them on, and it is not
/// believed whom it calls for. A stranger can then use up the limits of all of them.
pub fn counts_callers_as_one(address: SocketAddr, config: &ServeConfig) -> Result<bool, ServeError> {
    Ok(site(address, config.clone())?.counts_callers_as_one())
}

fn site(address: SocketAddr, config: ServeConfig) -> Result<Site, ServeError> {
    let is_open = config.token.is_none() && config.access.is_none() && config.oidc.is_none();
    if is_open && !address.ip().is_loopback() {
        return Err(ServeError::OpenToTheWorld { address });
    }
    Site::new(address, config)
}

/// What the tool `fetch` gives for a document or a quote, for programs that do not speak MCP; `base` is where pages are.
///
/// It is the same JSON, so that a program can take either.
pub fn fetch_json(asked: &Reference, fetched: Fetched, base: &str) -> serde_json::Value {
    serde_json::json!(mcp::wire::FetchOut::new(asked, fetched, &Done::default(), base))
}

/// What the tool `related` gives, as [`fetch_json`].
pub fn related_json(found: Related, base: &str) -> serde_json::Value {
    serde_json::json!(mcp::wire::RelatedOut::new(found, &Done::default(), base))
}

/// Where a server listens, each bound by the caller.
#[derive(Debug)]
pub struct Listeners {
    /// For clients and people.
    pub clients: TcpListener,
    /// For Prometheus: whoever reaches it reads how much is asked, and how large the collections are.
    pub metrics: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(clients: TcpListener) -> Listeners {
        Listeners { clients, metrics: None }
    }
}

/// Answers on `listeners` until `stop` ends, then lets requests in flight finish, 10 seconds at most.
///
/// A listener that other machines can reach is refused unless the configuration has a token. With a certificate only TLS is
/// spoken; its files are looked at every 10 seconds.
pub async fn serve(
    listeners: impl Into<Listeners>,
    library: Arc<Library>,
    config: ServeConfig,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let Listeners { clients: listener, metrics: for_metrics } = listeners.into();
    let outgoing = Arc::new(Outgoing::new(&config.secrets, Nonce::drawn)?);
    let certificate = config.tls.clone().map(Certificate::read).transpose()?.map(Arc::new);
    let site = site(listener.local_addr()?, config)?;
    // A page that asks for a token cannot be opened by clicking, so nobody is told of it.
    let _presence = match site.is_guarded() {
        true => None,
        false => Presence::announce(library.store(), site.own_base()).await,
    };
    let metrics = Arc::new(Metrics::default());
    let read_out = match for_metrics {
        None => None,
        Some(listener) => {
            let router = metrics::router(metrics.clone(), library.clone(), listener.local_addr()?);
            Some(Listening::plain(listener).answer(router, std::future::pending(), GRACE))
        }
    };
    let listening = Listening {
        certificate: certificate.clone(),
        trusted_proxies: site.trusted_proxies.clone(),
        traffic: metrics.traffic.clone(),
        ..Listening::plain(listener)
    };
    let streams = Arc::new(http::Streams::default());
    let router = http::router(library, site, outgoing, streams.clone(), metrics);
    let stop = async move {
        stop.await;
        // They would go on as long as their readers like.
        streams.close();
    };
    let renewing = certificate.map(|certificate| certificate.follow(LOOK_EVERY));
    tokio::select! {
        () = listening.answer(router, stop, GRACE) => Ok(()),
        Some(never) = if_any(renewing) => match never {},
        Some(()) = if_any(read_out) => Ok(()),
    }
}

/// What comes of a future, where there is one.
async fn if_any<T>(future: Option<impl Future<Output = T>>) -> Option<T> {
    match future {
        Some(future) => Some(future.await),
        None => None,
    }
}

/// Answers on standard input and output until the input ends or `stop` does.
///
/// Nothing else may write to standard output meanwhile. The runtime must be shut down without waiting
/// (`Runtime::shutdown_background`): a read of standard input cannot be called off.
///
/// Whoever starts it is the owner at the machine, and sees private notes too. Their words go on to a model all the same,
/// so secrets are masked as `secrets` says.
pub async fn serve_stdio(
    library: Arc<Library>,
    secrets: &SecretRules,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    use rmcp::service::ServerInitializeError;

    let outgoing = Arc::new(Outgoing::new(secrets, Nonce::drawn)?);
    let handler = Handler::new(library, Viewer::owner(), outgoing);
    let started = rmcp::serve_server(handler, rmcp::transport::io::stdio_pipes());
    tokio::pin!(stop);
    let running = tokio::select! {
        started = started => started,
        () = &mut stop => return Ok(()),
    };
    let running = match running {
        Ok(running) => running,
        // A client that looks whether the program starts, and leaves.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
        Err(error) => return Err(ServeError::Handshake { reason: error.to_string() }),
    };
    tokio::select! {
        ended = running.waiting() => {
            if let Err(error) = ended {
                tracing::error!(%error, "the connection's task broke off");
            }
        }
        () = stop => {}
    }
    Ok(())
}
