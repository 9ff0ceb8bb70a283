//! The provider's keys: found by its metadata, kept for an hour, and asked for again when a token names one that is not
//! known, at most once a minute however many such tokens come.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ibid_core::address::is_public;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;
use ureq::Agent;
use url::Url;

use super::signature::Key;
use crate::oauth::fetcher::{self, NoDocument};

/// How long keys are good without another look, in seconds.
const FRESH: u64 = 60 * 60;

/// How long they are used where no other look succeeds, in seconds.
const KEPT: u64 = 24 * 60 * 60;

/// How long is waited between two looks, in seconds.
const PAUSE: u64 = 60;

/// The same after a look that failed.
const PAUSE_AFTER_FAILURE: u64 = 10;

/// How long is waited for somebody else who asks.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(2);

/// The longest document that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The most keys of a set that are looked at.
const MAX_KEYS: usize = 64;

/// Where an issuer's metadata lies: below it for OpenID Connect, at the host for OAuth (RFC 8414).
const CONFIGURATION: &str = ".well-known/openid-configuration";
const SERVER_METADATA: &str = ".well-known/oauth-authorization-server";

/// The keys cannot be had, and none are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreachable;

/// The keys of one issuer.
pub(super) struct Keys {
    issuer: String,
    url: Url,
    // Held for a pointer copy, never across an await.
    known: RwLock<Option<Known>>,
    /// Who asks: one at a time. Holds what the last look came to.
    asking: Mutex<Option<Look>>,
}

#[derive(Clone)]
struct Known {
    keys: Arc<Vec<Key>>,
    since: u64,
}

/// When the provider was asked the last time, and whether it answered.
#[derive(Clone, Copy)]
struct Look {
    at: u64,
    well: bool,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
enum NoKeys {
    #[error("{url}: {source}")]
    Document { url: String, source: NoDocument },
    #[error("{url} is no metadata of {issuer}")]
    Metadata { url: String, issuer: String },
    #[error("its keys lie at an address that is not secret")]
    Address,
    #[error("{url} holds no key that is taken here: RS256, ES256 or EdDSA")]
    Empty { url: String },
    #[error("the work broke off")]
    Lost,
}

impl Keys {
    pub(super) fn new(issuer: String, url: Url) -> Keys {
        Keys { issuer, url, known: RwLock::default(), asking: Mutex::default() }
    }

    /// The key that a token names, or the one there is where it names none.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        now: u64,
    ) -> Result<Option<Key>, Unreachable> {
        let known = self.known(now);
        let found = known.as_ref().and_then(|known| pick(&known.keys, id, algorithm));
        let is_fresh = known.as_ref().is_some_and(|known| now.saturating_sub(known.since) < FRESH);
        if found.is_some() && is_fresh {
            return Ok(found);
        }
        self.look(now).await;
        match self.known(now) {
            Some(known) => Ok(pick(&known.keys, id, algorithm)),
            None => Err(Unreachable),
        }
    }

    fn known(&self, now: u64) -> Option<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|known| now.saturating_sub(known.since) < KEPT)
    }

    /// Asks the provider, unless it was asked a short while ago.
    async fn look(&self, now: u64) {
        // A provider that hangs must not hold everybody who shows a token of an unknown key.
        let Ok(mut last) = timeout(WAIT_FOR_OTHERS, self.asking.lock()).await else { return };
        let too_soon = last.is_some_and(|Look { at, well }| {
            now.saturating_sub(at) < if well { PAUSE } else { PAUSE_AFTER_FAILURE }
        });
        if too_soon {
            return;
        }
        let (issuer, url) = (self.issuer.clone(), self.url.clone());
        let asked = tokio::task::spawn_blocking(move || ask(&issuer, &url)).await;
        let asked = asked.unwrap_or(Err(NoKeys::Lost));
        *last = Some(Look { at: now, well: asked.is_ok() });
        match asked {
            Ok(keys) => {
                let known = Known { keys: Arc::new(keys), since: now };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
            }
            Err(error) => {
                tracing::warn!(issuer = %self.issuer, %error, "the identity provider's keys cannot be had")
            }
        }
    }
}

/// The key of this id and kind; without an id, the only one of its kind.
fn pick(keys: &[Key], id: Option<&str>, algorithm: Algorithm) -> Option<Key> {
    let mut fitting = keys.iter().filter(|key| key.algorithm == algorithm);
    match id {
        Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)).cloned(),
        None => fitting.next().filter(|_| fitting.next().is_none()).cloned(),
    }
}

/// Blocks for two documents.
fn ask(issuer: &str, url: &Url) -> Result<Vec<Key>, NoKeys> {
    let agent = fetcher::agent(may_reach(&addresses(url)), None);
    let metadata = metadata(&agent, issuer, url)?;
    let address = keys_address(&metadata, url).ok_or(NoKeys::Address)?;
    let set = get(&agent, &address)?;
    let listed = set["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    // A key of a kind that nobody here knows does not spoil the others.
    let read = listed.iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    let keys: Vec<Key> = read.filter_map(|jwk| Key::of(&jwk)).collect();
    if keys.is_empty() { Err(NoKeys::Empty { url: address.to_string() }) } else { Ok(keys) }
}

/// The issuer's metadata, which must say that it is.
fn metadata(agent: &Agent, issuer: &str, url: &Url) -> Result<Value, NoKeys> {
    let mut below = url.clone();
    below.set_path(&format!("{}/{CONFIGURATION}", url.path().trim_end_matches('/')));
    let mut at_host = url.clone();
    at_host.set_path(&format!("/{SERVER_METADATA}{}", url.path().trim_end_matches('/')));
    let document = get(agent, &below).or_else(|_| get(agent, &at_host))?;
    match document["issuer"].as_str() == Some(issuer) {
        true => Ok(document),
        false => Err(NoKeys::Metadata { url: below.to_string(), issuer: issuer.to_owned() }),
    }
}

/// Where the keys lie: over TLS, or on this machine where the issuer is.
fn keys_address(metadata: &Value, issuer: &Url) -> Option<Url> {
    let address = Url::parse(metadata["jwks_uri"].as_str()?).ok()?;
    let same_host =
        address.scheme() == "http" && issuer.scheme() == "http" && address.host() == issuer.host();
    (address.scheme() == "https" || same_host).then_some(address)
}

fn get(agent: &Agent, url: &Url) -> Result<Value, NoKeys> {
    let failed = |source| NoKeys::Document { url: url.to_string(), source };
    let bytes = fetcher::ask(agent, url, MAX_BYTES).map_err(failed)?;
    serde_json::from_slice(&bytes).map_err(|_| failed(NoDocument::Unreachable("it is no JSON".to_owned())))
}

/// What the issuer's name leads to; nothing where it leads nowhere.
fn addresses(url: &Url) -> Vec<IpAddr> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let found = (host, url.port_or_known_default().unwrap_or(443)).to_socket_addrs();
    found.map(|found| found.map(|address| address.ip()).collect()).unwrap_or_default()
}

/// Which addresses may be connected to: those of the public Internet, unless the operator's own issuer lies elsewhere.
fn may_reach(issuer: &[IpAddr]) -> fn(IpAddr) -> bool {
    let is_elsewhere = !issuer.is_empty() && !issuer.iter().any(|address| is_public(*address));
    if is_elsewhere { |_| true } else { is_public }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_public_issuer_leads_nowhere_private() {
        let ips = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        for (issuer, private_too) in [
            (&["127.0.0.1"][..], true),
            (&["10.0.0.5", "fd00::5"], true),
            (&["8.8.8.8"], false),
            (&["8.8.8.8", "127.0.0.1"], false),
            (&[], false),
        ] {
            let may = may_reach(&ips(issuer));
            assert_eq!(may("169.254.169.254".parse().unwrap()), private_too, "{issuer:?}");
            assert!(may("1.1.1.1".parse().unwrap()));
        }
    }

    #[test]
    fn keys_lie_where_nobody_can_change_them_on_the_way() {
        for (issuer, address, is_taken) in [
            ("https://id.example", "https://id.example/keys", true),
            ("https://id.example", "https://keys.example/keys", true),
            ("https://id.example", "http://id.example/keys", false),
            ("https://id.example", "file:///etc/keys", false),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/keys", true),
            ("http://127.0.0.1:1", "http://10.0.0.1/keys", false),
            ("http://127.0.0.1:1", "https://id.example/keys", true),
            ("https://id.example", "keys", false),
        ] {
            let metadata = json!({ "jwks_uri": address });
            let found = keys_address(&metadata, &Url::parse(issuer).unwrap());
            assert_eq!(found.is_some(), is_taken, "{issuer} {address}");
        }
    }
}
