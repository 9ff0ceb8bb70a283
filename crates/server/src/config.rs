//! What a server is told before it starts, and the decisions that follow from it: which hosts, which origins, which
//! token. Pure; the layers that ask are in [`crate::http`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::Uri;
use http::uri::Authority;
use ibid_core::grant::Grant;
use ibid_core::hash::ContentHash;
use subtle::ConstantTimeEq;
use url::Url;

use crate::ServeError;
use crate::audit::AuditLog;
use crate::guide::Guides;
use crate::listen::CertificateFiles;
use crate::measured::Figures;
use crate::oauth::external::{External, OidcConfig, OidcError};
use crate::oauth::metadata::challenge;
use crate::oauth::request::Issuer;
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::secret::ProcessKey;
use crate::oauth::service::{Access, AccessConfig};
use crate::outgoing::SecretRules;
use crate::viewer::Viewer;
use ibid_core::private::Private;

/// How a server on a listener behaves.
#[derive(Debug, Clone, Default)]
pub struct ServeConfig {
    /// The address people and clients use where it is not the listener's own: behind a proxy or a tunnel.
    pub public_url: Option<String>,
    /// Web origins (`https://app.example`) whose pages may call this server, besides its own and loopback ones.
    pub allowed_origins: Vec<String>,
    /// What a caller must present; `None` lets everybody in who can connect.
    pub token: Option<Token>,
    /// Where every call is written down; nowhere if there is none.
    pub audit: Option<AuditLog>,
    /// Which notes are never served to callers from elsewhere.
    pub private: Private,
    /// Which secrets are masked in what goes out.
    pub secrets: SecretRules,
    /// People, grants and tokens in the data folder; with it nobody is let in without one of them.
    pub access: Option<AccessConfig>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What a person does so that each client finds this server.
    pub guides: Guides,
    /// What was measured of the answers; whoever serves puts it there.
    pub figures: Figures,
    /// An identity provider whose tokens open this server; people then sign in there.
    pub oidc: Option<OidcConfig>,
    /// The certificate that TLS is spoken with; plain HTTP without.
    pub tls: Option<CertificateFiles>,
}

/// A secret that opens the server. Only its hash is kept.
#[derive(Clone)]
pub struct Token(ContentHash);

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token has at least {MIN_TOKEN_BYTES} bytes, all of them printable ASCII without spaces")]
pub struct TokenError;

/// A shorter secret can be guessed.
const MIN_TOKEN_BYTES: usize = 16;

impl Token {
    /// Takes a secret; white space around it, such as a file's last line end, does not belong to it.
    pub fn new(secret: &str) -> Result<Token, TokenError> {
        let secret = secret.trim();
        let plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
        match secret.len() >= MIN_TOKEN_BYTES && plain {
            true => Ok(Token(ContentHash::of(secret.as_bytes()))),
            false => Err(TokenError),
        }
    }

    /// Whether `secret` is this one. Takes as long for every secret of a length.
    pub(crate) fn is(&self, secret: &str) -> bool {
        ContentHash::of(secret.as_bytes()).as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where the server stands: its names, who may call, and with what.
pub(crate) struct Site {
    address: SocketAddr,
    /// `http` or `https`, as it is spoken here; a proxy may make it another one.
    scheme: &'static str,
    public: Option<Public>,
    allowed_origins: Vec<Origin>,
    token: Option<Token>,
    private: Private,
    pub(crate) audit: Option<AuditLog>,
    pub(crate) access: Option<Arc<Access>>,
    pub(crate) external: Option<Arc<External>>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) guides: Guides,
    pub(crate) figures: Figures,
    /// Proves that a form came from a page of this process.
    pub(crate) forms: ProcessKey,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("address", &self.address)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Where clients are told to sign in, and what is asked for there.
pub(crate) struct WayIn<'a> {
    /// This server's origin.
    pub(crate) own: &'a Issuer,
    /// The authorization server: this one, or somebody else's.
    pub(crate) server: &'a str,
    external: Option<&'a External>,
}

impl WayIn<'_> {
    /// Scopes as that server calls them.
    pub(crate) fn names(&self, scopes: Scopes) -> Vec<&str> {
        self.external
            .map_or_else(|| scopes.iter().map(Scope::name).collect(), |external| external.names(scopes))
    }

    /// What a caller is told at `path` who has not shown enough.
    pub(crate) fn challenge(&self, path: &str, scopes: Scopes, error: Option<&str>) -> String {
        challenge(self.own, path, self.names(scopes).join(" "), error)
    }
}

#[derive(Debug)]
struct Public {
    base: String,
    origin: Origin,
}

/// Scheme, host and port, in lower case, the port always written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    fn parse(text: &str) -> Option<Origin> {
        let uri: Uri = text.trim_end_matches('/').parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let (host, port) = host_and_port(uri.authority()?)?;
        Some(Origin { scheme, host, port: port.unwrap_or(default) })
    }
}

/// Rules that cannot be followed are told at the start, not when somebody comes.
fn check_rules(oidc: &OidcConfig, private: &Private) -> Result<(), OidcError> {
    for (subject, person) in &oidc.people {
        let rules = |reason: String| OidcError::Rules { subject: subject.clone(), reason };
        let grant = Grant::parse(&person.rules).map_err(|error| rules(error.to_string()))?;
        Viewer::remote(grant, private).map_err(|error| rules(error.to_string()))?;
    }
    Ok(())
}

/// The host in lower case without brackets, and the port where one is written.
fn host_and_port(authority: &Authority) -> Option<(String, Option<u16>)> {
    let names_a_user = authority.as_str().contains('@');
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    let rest = authority.as_str().rsplit_once(']').map_or(authority.as_str(), |(_, rest)| rest);
    let port = match rest.rsplit_once(':') {
        Some((_, digits)) => Some(digits.parse().ok()?),
        None => None,
    };
    (!names_a_user && !host.is_empty()).then_some((host, port))
}

pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Site {
    pub(crate) fn new(address: SocketAddr, config: ServeConfig) -> Result<Site, ServeError> {
        let public = config.public_url.map(|url| {
            let base = url.trim().trim_end_matches('/').to_owned();
            Origin::parse(&base).map(|origin| Public { base, origin }).ok_or(ServeError::PublicUrl { url })
        });
        let allowed = config
            .allowed_origins
            .iter()
            .map(|text| Origin::parse(text).ok_or_else(|| ServeError::Origin { origin: text.clone() }));
        let mut site = Site {
            address,
            scheme: if config.tls.is_some() { "https" } else { "http" },
            public: public.transpose()?,
            allowed_origins: allowed.collect::<Result<_, _>>()?,
            token: config.token,
            private: config.private,
            audit: config.audit,
            access: None,
            external: None,
            trusted_proxies: config.trusted_proxies.iter().map(IpAddr::to_canonical).collect(),
            guides: config.guides,
            figures: config.figures,
            forms: ProcessKey::draw().map_err(std::io::Error::other)?,
        };
        if let Some(mut access) = config.access {
            // People sign in at one place.
            access.sign_in &= config.oidc.is_none();
            let issuer = site.issuer(access.sign_in)?;
            site.access = Some(Arc::new(Access::new(access, issuer)?));
        }
        if let Some(oidc) = config.oidc {
            check_rules(&oidc, &site.private)?;
            let external = External::new(oidc, site.issuer(true)?)?;
            site.external = Some(Arc::new(external));
        }
        Ok(site)
    }

    /// Who asks where nobody said who: the owner, from elsewhere where questions can come from there.
    ///
    /// Something to be shown, or a public address, means that they do: through a proxy or a tunnel everybody seems to be
    /// this machine.
    pub(crate) fn viewer(&self) -> Viewer {
        let is_reached = self.public.is_some() || self.is_guarded() || !self.address.ip().is_loopback();
        if is_reached { Viewer::owner_elsewhere(&self.private) } else { Viewer::owner() }
    }

    /// Whether others than this machine may reach it, as far as the server was told.
    pub(crate) fn is_public(&self) -> bool {
        self.public.is_some() || !self.address.ip().is_loopback()
    }

    /// Whether a proxy on this machine stands before it that is not believed.
    pub(crate) fn counts_callers_as_one(&self) -> bool {
        let is_elsewhere = self.public.as_ref().is_some_and(|public| !is_loopback(&public.origin.host));
        is_elsewhere && self.address.ip().is_loopback() && self.trusted_proxies.is_empty()
    }

    /// Which notes are never served to callers from elsewhere.
    pub(crate) fn private(&self) -> &Private {
        &self.private
    }

    /// The bare origin of this server. Signing in needs one that nobody else can read or pretend to be.
    fn issuer(&self, sign_in: bool) -> Result<Issuer, ServeError> {
        let base = self.own_base();
        let origin = Url::parse(&base).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let is_secret = self.public.as_ref().map_or_else(
            || {
                self.address.ip().is_loopback()
                    || (self.scheme == "https" && !self.address.ip().is_unspecified())
            },
            |public| public.origin.scheme == "https" || is_loopback(&public.origin.host),
        );
        if sign_in && (!is_secret || !origin.eq_ignore_ascii_case(&base)) {
            return Err(ServeError::SignInAddress { base });
        }
        Ok(Issuer(origin))
    }

    /// Whether something must be shown to come in.
    pub(crate) fn is_guarded(&self) -> bool {
        self.token.is_some() || self.access.is_some() || self.external.is_some()
    }

    /// Where clients are told to sign in; `None` where nobody can.
    pub(crate) fn way_in(&self) -> Option<WayIn<'_>> {
        if let Some(external) = &self.external {
            return Some(WayIn { own: &external.own, server: external.issuer(), external: Some(external) });
        }
        let access = self.sign_in()?;
        Some(WayIn { own: &access.issuer, server: &access.issuer.0, external: None })
    }

    /// Sign-in, where people can.
    pub(crate) fn sign_in(&self) -> Option<&Arc<Access>> {
        self.access.as_ref().filter(|access| access.sign_in)
    }

    /// The address of this server as its own machine sees it, or the public one where there is one.
    pub(crate) fn own_base(&self) -> String {
        if let Some(public) = &self.public {
            return public.base.clone();
        }
        let (scheme, port) = (self.scheme, self.address.port());
        match self.address.ip() {
            ip if ip.is_unspecified() => format!("{scheme}://127.0.0.1:{port}"),
            ip => format!("{scheme}://{}", SocketAddr::new(ip, port)),
        }
    }

    /// The address under which the caller of a request sees this server; `host` is the request's, already allowed.
    pub(crate) fn base(&self, host: &str) -> String {
        match &self.public {
            Some(public) => public.base.clone(),
            None => format!("{}://{}", self.scheme, host.to_ascii_lowercase()),
        }
    }

    /// Whether a request for `host` is meant for this server.
    ///
    /// A page of the web that points its own name at this machine (DNS rebinding) still sends that name.
    pub(crate) fn allows_host(&self, host: &str) -> bool {
        let Some((host, _)) = host.parse::<Authority>().ok().as_ref().and_then(host_and_port) else {
            return false;
        };
        let is_public = self.public.as_ref().is_some_and(|public| public.origin.host == host);
        let is_own = host.parse::<IpAddr>().is_ok_and(|ip| ip == self.address.ip() && !ip.is_unspecified());
        is_loopback(&host) || is_public || is_own
    }

    /// Whether a page of `origin` may call this server, which the request names `host`.
    pub(crate) fn allows_origin(&self, origin: &str, host: &str) -> bool {
        let Some(origin) = Origin::parse(origin) else { return false };
        let same = Origin::parse(&format!("{}://{host}", origin.scheme)).is_some_and(|own| own == origin);
        let is_public = self.public.as_ref().is_some_and(|public| public.origin == origin);
        same || is_public || is_loopback(&origin.host) || self.allowed_origins.contains(&origin)
    }

    /// Whether a bearer token is the one the server was started with.
    pub(crate) fn is_token(&self, secret: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.is(secret))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::oauth::external::Person;

    fn site(address: &str, public_url: Option<&str>) -> Site {
        let config = ServeConfig {
            public_url: public_url.map(str::to_owned),
            allowed_origins: vec!["https://app.example".to_owned()],
            token: Some(Token::new("0123456789abcdef\n").unwrap()),
            ..ServeConfig::default()
        };
        Site::new(address.parse().unwrap(), config).unwrap()
    }

    #[test]
    fn only_this_machine_and_the_public_name_are_hosts() {
        let local = site("127.0.0.1:7117", None);
        let public = site("127.0.0.1:7117", Some("https://Notes.Example/"));
        let lan = site("192.168.1.5:7117", None);
        for (site, host, allowed) in [
            (&local, "127.0.0.1:7117", true),
            (&local, "localhost", true),
            (&local, "LOCALHOST:9999", true),
            (&local, "[::1]:7117", true),
            (&local, "127.0.0.2", true),
            (&local, "notes.example", false),
            (&local, "localhost.evil.example", false),
            (&local, "evil@localhost", false),
            (&local, "localhost:port", false),
            (&local, "192.168.1.5", false),
            (&local, "", false),
            (&public, "notes.example", true),
            (&public, "notes.example:443", true),
            (&public, "evil.example", false),
            (&lan, "192.168.1.5:7117", true),
            (&lan, "192.168.1.6:7117", false),
        ] {
            assert_eq!(site.allows_host(host), allowed, "{host}");
        }
    }

    #[test]
    fn callers_count_as_one_behind_a_proxy_of_this_machine_that_is_not_believed() {
        for (address, public_url, as_one) in [
            ("127.0.0.1:7117", Some("https://notes.example"), true),
            ("[::1]:7117", Some("https://notes.example"), true),
            ("127.0.0.1:7117", None, false),
            ("127.0.0.1:7117", Some("http://localhost:7117"), false),
            ("192.168.1.5:7117", Some("https://notes.example"), false),
        ] {
            assert_eq!(site(address, public_url).counts_callers_as_one(), as_one, "{address} {public_url:?}");
        }
        let mut believed = site("127.0.0.1:7117", Some("https://notes.example"));
        believed.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        assert!(!believed.counts_callers_as_one());
    }

    #[test]
    fn only_pages_of_this_machine_and_named_ones_are_origins() {
        let local = site("127.0.0.1:7117", None);
        let public = site("127.0.0.1:7117", Some("https://notes.example"));
        for (site, origin, host, allowed) in [
            (&local, "http://127.0.0.1:7117", "127.0.0.1:7117", true),
            (&local, "http://localhost:6274", "127.0.0.1:7117", true),
            (&local, "http://[::1]:1", "127.0.0.1:7117", true),
            (&local, "https://app.example", "127.0.0.1:7117", true),
            (&local, "https://app.example:444", "127.0.0.1:7117", false),
            (&local, "http://app.example", "127.0.0.1:7117", false),
            (&local, "https://evil.example", "127.0.0.1:7117", false),
            (&local, "http://localhost.evil.example", "127.0.0.1:7117", false),
            (&local, "null", "127.0.0.1:7117", false),
            (&local, "file://", "127.0.0.1:7117", false),
            (&local, "", "127.0.0.1:7117", false),
            (&public, "https://notes.example", "notes.example", true),
            (&public, "https://notes.example:8443", "notes.example", false),
        ] {
            assert_eq!(site.allows_origin(origin, host), allowed, "{origin}");
        }
    }

    #[test]
    fn rules_that_cannot_be_followed_are_told_at_the_start() {
        let made = |rule: &str| {
            let person = Person { name: None, rules: vec![rule.to_owned()] };
            let people = BTreeMap::from([("ada".to_owned(), person)]);
            let issuer = "https://id.example".to_owned();
            let oidc = Some(OidcConfig { issuer, people, ..OidcConfig::default() });
            Site::new("127.0.0.1:1".parse().unwrap(), ServeConfig { oidc, ..ServeConfig::default() })
        };
        for rule in ["folder:Work", "tool:burn", "", "-"] {
            assert!(matches!(made(rule), Err(ServeError::Oidc(OidcError::Rules { .. }))), "{rule}");
        }
        assert!(made("-path:Diary").is_ok());
    }

    #[test]
    fn the_token_is_the_whole_secret() {
        let site = site("127.0.0.1:7117", None);
        for (secret, is) in [
            ("0123456789abcdef", true),
            ("0123456789abcdeg", false),
            ("0123456789abcde", false),
            ("0123456789abcdef0", false),
            ("0123456789ABCDEF", false),
            ("", false),
        ] {
            assert_eq!(site.is_token(secret), is, "{secret:?}");
        }
        assert!(!format!("{site:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn a_weak_token_is_refused() {
        for secret in ["", "short", "with a space inside it", "0123456789abcdé"] {
            assert_eq!(Token::new(secret).err(), Some(TokenError), "{secret}");
        }
    }

    #[test]
    fn the_base_is_what_the_caller_can_open() {
        assert_eq!(site("127.0.0.1:7117", None).base("LocalHost:7117"), "http://localhost:7117");
        assert_eq!(site("0.0.0.0:7117", None).own_base(), "http://127.0.0.1:7117");
        assert_eq!(site("[::1]:7117", None).own_base(), "http://[::1]:7117");
        let public = site("0.0.0.0:7117", Some("https://notes.example/"));
        assert_eq!(public.base("127.0.0.1:7117"), "https://notes.example");
        let files = CertificateFiles { certificate: "c.pem".into(), key: "k.pem".into() };
        let config = ServeConfig { tls: Some(files), ..ServeConfig::default() };
        let own = Site::new("127.0.0.1:7117".parse().unwrap(), config).unwrap();
        assert_eq!(
            (own.own_base(), own.base("LocalHost:7117")),
            ("https://127.0.0.1:7117".into(), "https://localhost:7117".into())
        );
        for url in ["notes.example", "ftp://notes.example", "https://", "/x"] {
            let config = ServeConfig { public_url: Some(url.to_owned()), ..ServeConfig::default() };
            let made = Site::new("127.0.0.1:1".parse().unwrap(), config);
            assert!(matches!(made, Err(ServeError::PublicUrl { .. })), "{url}");
        }
    }
}
