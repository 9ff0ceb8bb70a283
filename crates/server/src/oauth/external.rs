//! Tokens of an identity provider that somebody else runs (OpenID Connect, JWT as in RFC 9068), in place of sign-in here:
//! whether one is good, and who among the people of this server shows it. Nothing is issued here, and no token is kept.

mod claims;
mod keys;
mod signature;

use std::collections::BTreeMap;
use std::fmt;

use jsonwebtoken::Header;
use serde_json::Value;
use url::{Host, Url};

use super::clock::Clock;
use super::principal::Principal;
use super::request::Issuer;
use super::scope::{Scope, Scopes};
use claims::{Expected, Judged, Said};
use keys::Keys;

/// The name that stands for everybody whom the provider knows.
const EVERYBODY: &str = "*";

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What a server is told of an identity provider.
#[derive(Debug, Clone, Default)]
pub struct OidcConfig {
    /// The provider, as `iss` in its tokens names it.
    pub issuer: String,
    /// What `aud` in a token may be; this server's own address where there is none.
    pub audiences: Vec<String>,
    /// What the provider calls our scopes, where it is not as we do.
    pub scopes: Vec<(Scope, String)>,
    /// Who may come in, by `sub`; `*` stands for everybody else. Nobody else is let in.
    pub people: BTreeMap<String, Person>,
}

/// One whom a provider knows, and what they may see here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// What they are called in the audit log; their `sub` where nothing is said.
    pub name: Option<String>,
    /// Rules of their grant; none allow everything but private notes.
    pub rules: Vec<String>,
}

/// Why a provider's tokens cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The issuer is no address of one.
    #[error(
        "{issuer:?} is no issuer: it reads https://HOST or https://HOST/PATH, or http:// on this machine"
    )]
    Issuer {
        /// What was given.
        issuer: String,
    },
    /// The rules of a person cannot be followed.
    #[error("the rules of {subject:?} cannot be followed: {reason}")]
    Rules {
        /// Whose.
        subject: String,
        /// Why.
        reason: String,
    },
}

/// What a token came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Of(Principal),
    /// It is worth nothing here.
    Refused,
    /// It is good, and its holder was granted nothing.
    Stranger,
    /// The provider's keys cannot be had, so nobody can say.
    Unclear,
}

/// An identity provider, as a running server knows it.
pub(crate) struct External {
    /// This server's own origin.
    pub(crate) own: Issuer,
    config: OidcConfig,
    keys: Keys,
    pub(crate) clock: Clock,
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("External").field("issuer", &self.config.issuer).finish_non_exhaustive()
    }
}

impl External {
    /// Asks nobody yet. `own` is this server's origin, to which tokens must be addressed.
    pub(crate) fn new(config: OidcConfig, own: Issuer) -> Result<External, OidcError> {
        let wrong = || OidcError::Issuer { issuer: config.issuer.clone() };
        let url = issuer_url(&config.issuer).ok_or_else(wrong)?;
        signature::install();
        let keys = Keys::new(config.issuer.clone(), url);
        Ok(External { own, config, keys, clock: Clock::default() })
    }

    /// The provider.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Scopes of ours in the provider's words.
    pub(crate) fn names(&self, scopes: Scopes) -> Vec<&str> {
        let theirs = |scope: Scope| {
            let mapped = self.config.scopes.iter().find(|(ours, _)| *ours == scope);
            mapped.map_or(scope.name(), |(_, theirs)| theirs.as_str())
        };
        scopes.iter().map(theirs).collect()
    }

    /// Who shows a token at `resource`, a path of this server. Asks the provider for its keys where they are not at hand.
    pub(crate) async fn bearer(&self, token: &str, resource: &str) -> Shown {
        if token.len() > MAX_TOKEN_BYTES {
            return Shown::Refused;
        }
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Shown::Refused };
        if !is_access_token(&header) {
            return Shown::Refused;
        }
        let now = self.clock.now();
        let key = match self.keys.find(header.kid.as_deref(), header.alg, now).await {
            Ok(Some(key)) => key,
            Ok(None) => return Shown::Refused,
            Err(keys::Unreachable) => return Shown::Unclear,
        };
        let Some(said) = signature::verified(token, &key) else { return Shown::Refused };
        self.who(&said, resource, now)
    }

    /// Whom the words of a token whose signature holds tell of.
    fn who(&self, said: &Value, resource: &str, now: u64) -> Shown {
        let expected = Expected {
            issuer: &self.config.issuer,
            audiences: &self.config.audiences,
            own: &self.own,
            resource,
            now,
        };
        let Said { subject, client, scopes } = match claims::judge(said, &expected) {
            Judged::Good(said) => said,
            Judged::Not(reason) => {
                tracing::debug!(reason, "a token of the identity provider is refused");
                return Shown::Refused;
            }
        };
        let person = self.config.people.get(&subject).filter(|_| subject != EVERYBODY);
        let Some(person) = person.or_else(|| self.config.people.get(EVERYBODY)) else {
            tracing::info!(%subject, "somebody has a token and was granted nothing; [serving.people] says who was");
            return Shown::Stranger;
        };
        let is_granted =
            |scope: &Scope| self.names(Scopes::from_iter([*scope])).iter().all(|name| scopes.contains(name));
        Shown::Of(Principal {
            id: format!("external:{subject}"),
            name: person.name.clone().unwrap_or_else(|| subject.clone()),
            client: client.map(str::to_owned),
            scopes: Scope::ALL.into_iter().filter(is_granted).collect(),
            rules: person.rules.clone(),
        })
    }
}

/// Whether a header is that of an access token without demands that are not met here. Where it says that keys lie is not
/// looked at.
fn is_access_token(header: &Header) -> bool {
    let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
    let fits = matches!(kind.as_deref(), None | Some("jwt" | "at+jwt" | "application/at+jwt"));
    fits && header.crit.is_none() && header.enc.is_none() && header.zip.is_none()
}

/// An issuer is compared letter by letter, and its metadata lies below it. Plain HTTP is for providers on this machine.
fn issuer_url(issuer: &str) -> Option<Url> {
    let url = Url::parse(issuer).ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let fits = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    (bare && fits && issuer.trim() == issuer).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_address_nobody_can_pretend_to_be() {
        for (issuer, is_one) in [
            ("https://id.example", true),
            ("https://id.example/realms/home", true),
            ("https://id.example/tenant/", true),
            ("http://127.0.0.1:8080/realms/x", true),
            ("http://localhost", true),
            ("http://id.example", false),
            ("http://localhost.evil.example", false),
            ("https://id.example?x=1", false),
            ("https://id.example#x", false),
            ("https://me@id.example", false),
            (" https://id.example", false),
            ("id.example", false),
            ("ftp://id.example", false),
            ("", false),
        ] {
            assert_eq!(issuer_url(issuer).is_some(), is_one, "{issuer:?}");
        }
    }

    #[test]
    fn other_kinds_of_tokens_are_not_access_tokens() {
        for (typ, is_one) in [
            (None, true),
            (Some("JWT"), true),
            (Some("at+jwt"), true),
            (Some("application/at+JWT"), true),
            (Some("logout+jwt"), false),
            (Some("dpop+jwt"), false),
            (Some("secevent+jwt"), false),
            (Some(""), false),
        ] {
            let mut header = Header::new(jsonwebtoken::Algorithm::RS256);
            header.typ = typ.map(str::to_owned);
            assert_eq!(is_access_token(&header), is_one, "{typ:?}");
            header.crit = Some(vec!["exp".to_owned()]);
            assert!(!is_access_token(&header));
        }
    }
}
