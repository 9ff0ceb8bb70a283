//! Asks for a client's document: once, over TLS, from the public Internet alone. No redirect is followed, no proxy used,
//! no cookie or credential sent. What a name leads to is looked at by the resolver whose answer is connected to.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ibid_core::address::is_public;
use lru::LruCache;
use tokio::sync::Semaphore;
use ureq::config::Config;
use ureq::http::{StatusCode, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};
use url::Url;

use super::client::Client;
use super::document::{BadDocument, MAX_DOCUMENT_BYTES, document_url, read_document};
use super::limits::TooOften;

/// How long a document is asked for: a person waits.
const WITHIN: Duration = Duration::from_secs(5);

/// How long a document is good, in seconds. The draft allows a day.
const KEEP_SECONDS: u64 = 60 * 60;

/// How many documents are kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(200).expect("it is more than none");

/// How many documents are asked for at once.
const AT_ONCE: usize = 4;

/// How we call ourselves.
const USER_AGENT: &str = concat!("ibid/", env!("CARGO_PKG_VERSION"), " (reads OAuth metadata)");

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoDocument {
    #[error("it is no address of a document")]
    Address,
    #[error("its host is not among those that may have clients here")]
    Untrusted,
    #[error("it was asked for too often")]
    TooOften(TooOften),
    #[error("it cannot be had: {0}")]
    Unreachable(String),
    #[error("it is longer than {max_bytes} bytes")]
    TooLong { max_bytes: usize },
    #[error(transparent)]
    Bad(#[from] BadDocument),
}

/// What a name leads to, where it is not the system that says it.
pub(crate) type Lookup = Arc<dyn Fn(&str) -> Vec<SocketAddr> + Send + Sync>;

/// Asks for documents and keeps the good ones for a while.
pub(crate) struct Fetcher {
    agent: Agent,
    kept: Mutex<LruCache<String, (Client, u64)>>,
    permits: Semaphore,
    /// Hosts that may have clients; empty where all may.
    trusted: Vec<String>,
    scheme: &'static str,
}

impl Fetcher {
    /// One that asks the public Internet.
    pub(crate) fn new(trusted: Vec<String>) -> Fetcher {
        Fetcher::with(trusted, Names { may_reach: is_public, lookup: None })
    }

    /// One for tests: names lead where `lookup` says, and what may be reached is `may_reach`'s. Speaks plain HTTP where
    /// `scheme` says so.
    #[cfg(test)]
    pub(crate) fn looking_up(
        trusted: Vec<String>,
        may_reach: fn(IpAddr) -> bool,
        lookup: Lookup,
        scheme: &'static str,
    ) -> Fetcher {
        Fetcher { scheme, ..Fetcher::with(trusted, Names { may_reach, lookup: Some(lookup) }) }
    }

    fn with(trusted: Vec<String>, names: Names) -> Fetcher {
        Fetcher {
            agent: agent(names.may_reach, names.lookup),
            kept: Mutex::new(LruCache::new(KEPT)),
            permits: Semaphore::new(AT_ONCE),
            trusted,
            scheme: "https",
        }
    }

    /// The client whose id is the address of its document. `may_ask` is called before the network is.
    pub(crate) async fn client(
        self: &Arc<Fetcher>,
        id: &str,
        now: u64,
        may_ask: impl FnOnce() -> Result<(), TooOften>,
    ) -> Result<Client, NoDocument> {
        let mut url = document_url(id).ok_or(NoDocument::Address)?;
        let host = url.host_str().unwrap_or_default();
        if !self.trusted.is_empty() && !self.trusted.iter().any(|trusted| trusted == host) {
            return Err(NoDocument::Untrusted);
        }
        if let Some(client) = self.kept(id, now) {
            return Ok(client);
        }
        may_ask().map_err(NoDocument::TooOften)?;
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        // Only a test has another scheme, and it is one that an address can have.
        let _ = url.set_scheme(self.scheme);
        let fetcher = self.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&fetcher.agent, &url, MAX_DOCUMENT_BYTES)).await;
        let bytes = asked.map_err(|error| NoDocument::Unreachable(error.to_string()))??;
        let client = read_document(id, &bytes)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.put(id.to_owned(), (client.clone(), now + KEEP_SECONDS));
        Ok(client)
    }

    fn kept(&self, id: &str, now: u64) -> Option<Client> {
        // Held for a look, never across an await.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(id).filter(|(_, until)| now < *until).map(|(client, _)| client.clone())
    }
}

/// Asks once, without redirects, proxies and cookies, and only at addresses that `may_reach` says.
pub(crate) fn agent(may_reach: fn(IpAddr) -> bool, lookup: Option<Lookup>) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(USER_AGENT)
        .accept("application/json")
        .timeout_global(Some(WITHIN))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Names { may_reach, lookup })
}

/// A document of at most so many bytes. Blocks.
pub(crate) fn ask(agent: &Agent, url: &Url, max_bytes: usize) -> Result<Vec<u8>, NoDocument> {
    let unreachable = |reason: String| NoDocument::Unreachable(reason);
    let mut response = agent.get(url.as_str()).call().map_err(|error| unreachable(error.to_string()))?;
    if response.status() != StatusCode::OK {
        return Err(unreachable(format!("its server says {}", response.status())));
    }
    let mut bytes = Vec::new();
    let body = response.body_mut().as_reader();
    body.take(max_bytes as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreachable(error.to_string()))?;
    if bytes.len() > max_bytes { Err(NoDocument::TooLong { max_bytes }) } else { Ok(bytes) }
}

/// Looks names up, and gives only addresses that may be connected to.
struct Names {
    may_reach: fn(IpAddr) -> bool,
    lookup: Option<Lookup>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

/// A name leads only to addresses that must not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to no address of the public Internet")]
struct NotPublic;

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found: Vec<SocketAddr> = match &self.lookup {
            Some(lookup) => lookup(uri.host().unwrap_or_default()),
            None => DefaultResolver::default().resolve(uri, config, timeout)?.to_vec(),
        };
        let mut kept = self.empty();
        found.iter().filter(|found| (self.may_reach)(found.ip())).for_each(|found| kept.push(*found));
        match (kept.is_empty(), found.is_empty()) {
            (false, _) => Ok(kept),
            (true, false) => Err(Error::Other(Box::new(NotPublic))),
            (true, true) => Err(Error::HostNotFound),
        }
    }
}
