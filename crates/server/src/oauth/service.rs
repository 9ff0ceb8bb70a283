//! Sign-in as a running server has it: the store, who this server is to clients, the limits, the clock. What needs more
//! than one of these is asked here; the routes above only speak HTTP.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::client::Client;
use super::clock::Clock;
use super::fetcher::{Fetcher, NoDocument};
use super::hashing::Hashing;
use super::limits::{SignInLimits, TooOften};
use super::principal::Principal;
use super::request::{Issuer, collection_of};
use super::secret::{ProcessKey, Secret};
use super::store::{AccessError, AccessStore};

/// The longest bearer token that is looked at, in bytes.
const MAX_BEARER_BYTES: usize = 8 * 1024;

/// What a server is told of sign-in.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// Where people, grants and tokens are kept.
    pub store: Arc<AccessStore>,
    /// Whether people may sign in and grant access (OAuth); without it only tokens made on the command line open.
    pub sign_in: bool,
    /// Whether clients may register themselves.
    pub registration: bool,
    /// Hosts whose clients may come by their own documents; empty for all. Vendors that are built in always may.
    pub client_hosts: Vec<String>,
}

/// Sign-in of one running server.
pub(crate) struct Access {
    pub(crate) issuer: Issuer,
    pub(crate) limits: SignInLimits,
    pub(crate) clock: Clock,
    pub(crate) key: ProcessKey,
    pub(crate) sign_in: bool,
    pub(crate) registration: bool,
    pub(crate) fetcher: Arc<Fetcher>,
    store: Arc<AccessStore>,
    pub(crate) hashing: Hashing,
}

/// Whose a bearer token is.
#[derive(Debug)]
pub(crate) enum Bearer {
    Of(Principal),
    /// It is good, for another resource.
    Elsewhere,
    Unknown,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Access {
    /// `issuer` is this server's origin as clients know it.
    pub(crate) fn new(config: AccessConfig, issuer: Issuer) -> io::Result<Access> {
        Ok(Access {
            issuer,
            limits: SignInLimits::default(),
            clock: Clock::default(),
            key: ProcessKey::draw().map_err(io::Error::other)?,
            sign_in: config.sign_in,
            registration: config.registration,
            fetcher: Arc::new(Fetcher::new(config.client_hosts)),
            store: config.store,
            hashing: Hashing::start()?,
        })
    }

    /// Does `work` on a thread where waiting is allowed.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AccessStore, u64) -> Result<T, AccessError> + Send + 'static,
    ) -> Result<T, Failed> {
        let (store, now) = (self.store.clone(), self.clock.now());
        let done = spawn_blocking(move || work(&store, now)).await;
        done.map_err(|error| Failed::because(&error))?.map_err(|error| Failed::because(&error))
    }

    /// Whose a bearer token is that was shown at `resource`.
    pub(crate) async fn bearer(&self, secret: &str, resource: &str) -> Result<Bearer, Failed> {
        if secret.len() > MAX_BEARER_BYTES {
            return Ok(Bearer::Unknown);
        }
        let secret = secret.to_owned();
        let found = self.run(move |store, now| store.bearer(&secret, now)).await?;
        Ok(match found {
            None => Bearer::Unknown,
            // What was granted for one collection's address opens that collection's addresses alone.
            Some((_, Some(own)))
                if own.starts_with("/c/") && collection_of(&own) != collection_of(resource) =>
            {
                Bearer::Elsewhere
            }
            Some((principal, _)) => Bearer::Of(principal),
        })
    }

    /// Whether what was granted to a principal still is. Tokens of a grant may come and go meanwhile.
    pub(crate) async fn holds(&self, principal: &Principal) -> Result<bool, Failed> {
        let id = principal.id.clone();
        self.run(move |store, now| store.holds(&id, now)).await
    }

    /// Who is signed in with a browser.
    pub(crate) async fn session(&self, secret: Option<String>) -> Result<Option<String>, Failed> {
        let Some(secret) = secret else { return Ok(None) };
        self.run(move |store, now| store.session(&secret, now)).await
    }

    /// Who signed in with a browser before.
    pub(crate) async fn device(&self, secret: Option<String>) -> Result<Option<String>, Failed> {
        let Some(secret) = secret else { return Ok(None) };
        self.run(move |store, now| store.device(&secret, now)).await
    }

    /// A client by its id; `caller` is who asks.
    pub(crate) async fn client(&self, id: &str, caller: &str) -> Result<Client, NoClient> {
        if let Some(client) = Client::built_in(id) {
            return Ok(client);
        }
        if !id.contains(':') {
            let id = id.to_owned();
            let found = self.run(move |store, now| store.registered(&id, now)).await?;
            return found.ok_or(NoClient::Unknown);
        }
        let may_ask = || {
            self.limits.documents.count(caller)?;
            self.limits.all_documents.count("")
        };
        self.fetcher.client(id, self.clock.now(), may_ask).await.map_err(|error| match error {
            NoDocument::TooOften(often) => NoClient::TooOften(often),
            error => {
                tracing::info!(client = %id.chars().take(200).collect::<String>(), %error, "a client's document");
                NoClient::Document(error)
            }
        })
    }

    /// Signs a browser in. `None` where name and password do not belong together; takes as long for a name that nobody
    /// has.
    pub(crate) async fn sign_in(&self, name: String, password: String) -> Result<Option<Secret>, Failed> {
        let asked = name.clone();
        let kept = self.run(move |store, _| store.password_of(&asked)).await?;
        let is_right = self.hashing.is_right(password, kept.clone()).await;
        match (is_right.map_err(|error| Failed::because(&error))?, kept) {
            (true, Some(kept)) => self.run(move |store, now| store.begin_session(&name, &kept, now)).await,
            _ => Ok(None),
        }
    }

    /// The value that proves a form came from a page of ours, in this browser.
    pub(crate) fn proof(&self, form: &str, parts: &[&str]) -> String {
        self.key.derive(form, parts).reveal().to_owned()
    }
}

/// Something of ours failed. The log says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

impl Failed {
    pub(crate) fn because(error: &dyn std::error::Error) -> Failed {
        tracing::error!(%error, "sign-in failed");
        Failed
    }
}

/// Why there is no client of an id.
#[derive(Debug)]
pub(crate) enum NoClient {
    Unknown,
    Document(NoDocument),
    TooOften(TooOften),
    Failed,
}

impl From<Failed> for NoClient {
    fn from(Failed: Failed) -> NoClient {
        NoClient::Failed
    }
}
