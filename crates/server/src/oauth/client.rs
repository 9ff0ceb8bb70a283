//! Who a client is and where it may send people back to: the redirects it has, and when a requested one is among them.
//! Pure. Clients come from three places: built in here, read from their own document ([`super::document`]), registered.

use serde_json::Value;
use url::Url;

/// A program that asks for access. All are public clients: none has a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// As it calls itself, cleaned by [`name_of`].
    pub(crate) name: String,
    pub(crate) redirects: Vec<String>,
    pub(crate) standing: Standing,
}

/// How much is known of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A vendor's, whose document is built in.
    BuiltIn,
    /// It controls the host that its id names.
    Document,
    /// It said so itself, and nobody checked.
    Registered,
}

/// The most redirects a client may have, and the most bytes of one.
const MAX_REDIRECTS: usize = 10;
const MAX_REDIRECT_BYTES: usize = 2048;

/// The most characters of a client's name that are shown.
const MAX_NAME_CHARACTERS: usize = 80;

/// What we add to a redirect, and so may not stand in it before.
const OUR_PARAMETERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// Vendors' documents as they publish them: id, name, redirects. They are never fetched: one of them answers only to
/// some networks, and what is built in cannot be changed from outside.
const BUILT_IN: [(&str, &str, &[&str]); 4] = [
    (
        "https://chatgpt.com/oauth/client.json",
        "ChatGPT",
        &["https://chatgpt.com/connector_platform_oauth_redirect"],
    ),
    ("https://chatgpt.com/oauth/codex/client.json", "Codex", &["http://127.0.0.1/callback"]),
    (
        "https://claude.ai/oauth/mcp-oauth-client-metadata",
        "Claude",
        &["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
    ),
    (
        "https://claude.ai/oauth/claude-code-client-metadata",
        "Claude Code",
        &["http://localhost/callback", "http://127.0.0.1/callback"],
    ),
];

impl Client {
    /// A vendor's client. ChatGPT also has one document for each connector, with a redirect of the same name.
    pub(crate) fn built_in(id: &str) -> Option<Client> {
        let made = |name: &str, redirects: Vec<String>| Client {
            id: id.to_owned(),
            name: name.to_owned(),
            redirects,
            standing: Standing::BuiltIn,
        };
        if let Some((_, name, redirects)) = BUILT_IN.iter().find(|(known, ..)| *known == id) {
            return Some(made(name, redirects.iter().map(|uri| (*uri).to_owned()).collect()));
        }
        let connector = id.strip_prefix("https://chatgpt.com/oauth/")?.strip_suffix("/client.json")?;
        let plain = connector.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        ((1..=128).contains(&connector.len()) && plain)
            .then(|| made("ChatGPT", vec![format!("https://chatgpt.com/connector/oauth/{connector}")]))
    }

    /// Whether people may be sent back to `requested`.
    pub(crate) fn may_redirect_to(&self, requested: &str) -> bool {
        self.redirects.iter().any(|registered| redirect_matches(registered, requested))
    }

    /// Whether it lives on the person's own machine alone, where any program can listen in its place.
    pub(crate) fn is_local(&self) -> bool {
        self.redirects.iter().all(|uri| Loopback::of(uri).is_some())
    }
}

/// A redirect to the person's own machine, taken apart without normalising anything.
struct Loopback<'a> {
    host: &'a str,
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn of(uri: &'a str) -> Option<Loopback<'a>> {
        let after = uri.strip_prefix("http://")?;
        let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| after.starts_with(host))?;
        let rest = &after[host.len()..];
        let rest = match rest.strip_prefix(':') {
            Some(rest) => {
                let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                let port: u16 = rest[..digits].parse().ok()?;
                (port != 0).then_some(&rest[digits..])?
            }
            None => rest,
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(Loopback { host, rest })
    }
}

/// Whether a requested redirect is the registered one: letter by letter, but for the port of a loopback one, which the
/// client learns only when it listens (RFC 8252, 7.3).
pub(crate) fn redirect_matches(registered: &str, requested: &str) -> bool {
    if registered == requested {
        return true;
    }
    match (Loopback::of(registered), Loopback::of(requested)) {
        (Some(registered), Some(requested)) => {
            registered.host == requested.host && registered.rest == requested.rest
        }
        _ => false,
    }
}

/// Whether a client may have this redirect at all: https, or http to the person's own machine; nothing that a browser
/// reads in another way than we do.
pub(crate) fn is_redirect(uri: &str) -> bool {
    let plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'*' | b'\\'));
    if !plain || uri.len() > MAX_REDIRECT_BYTES {
        return false;
    }
    let Ok(url) = Url::parse(uri) else { return false };
    // What the parser writes differently holds dot segments, a default port, upper case or worse.
    let as_written = url.as_str() == uri || url.as_str().strip_suffix('/') == Some(uri);
    let place = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => Loopback::of(uri).is_some(),
        _ => false,
    };
    // The parser takes signs in a host that mean something in the header of the page that names it.
    let plain_host = url.host_str().is_some_and(|host| {
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
    });
    let names_a_user = !url.username().is_empty() || url.password().is_some();
    let ours = url.query_pairs().any(|(name, _)| OUR_PARAMETERS.contains(&name.as_ref()));
    as_written && place && plain_host && !names_a_user && !ours
}

/// A redirect with what the client is to learn.
pub(crate) fn redirect_with(redirect: &str, parameters: &[(&str, &str)]) -> String {
    let mut added = url::form_urlencoded::Serializer::new(String::new());
    added.extend_pairs(parameters);
    let joint = if redirect.contains('?') { '&' } else { '?' };
    format!("{redirect}{joint}{}", added.finish())
}

/// The scheme, host and port of a redirect: what a person is told, and what a page's form may lead to.
pub(crate) fn place_of(redirect: &str) -> String {
    Url::parse(redirect).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// A name as it is shown: one line, no marks that turn the direction of what follows, not too long.
pub(crate) fn name_of(value: Option<&Value>) -> String {
    let name = value.and_then(Value::as_str).unwrap_or_default();
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let name: String = name.chars().filter(is_shown).take(MAX_NAME_CHARACTERS).collect();
    match name.trim() {
        "" => "a client without a name".to_owned(),
        name => name.to_owned(),
    }
}

/// Why a client cannot be registered: the word of RFC 7591 and a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotRegistered {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

/// What a client registers: its name and its redirects. All else it asks for is either what every client gets here, or
/// not given.
pub(crate) fn read_registration(body: &[u8]) -> Result<(String, Vec<String>), NotRegistered> {
    let bad = |description| NotRegistered { error: "invalid_client_metadata", description };
    let Ok(Value::Object(asked)) = serde_json::from_slice::<Value>(body) else {
        return Err(bad("the body is a JSON object"));
    };
    if let Some(Value::Array(types)) = asked.get("grant_types")
        && !types.iter().any(|kind| kind == "authorization_code")
    {
        return Err(bad("grant_types must have authorization_code"));
    }
    let redirects = redirects_of(asked.get("redirect_uris")).ok_or(NotRegistered {
        error: "invalid_redirect_uri",
        description: "redirect_uris has 1 to 10 addresses, each https, or http on 127.0.0.1, [::1] or localhost",
    })?;
    Ok((name_of(asked.get("client_name")), redirects))
}

/// The redirects of a client; `None` where there is none, there are too many, or one may not be.
pub(crate) fn redirects_of(value: Option<&Value>) -> Option<Vec<String>> {
    let uris = value?.as_array()?;
    if uris.is_empty() || uris.len() > MAX_REDIRECTS {
        return None;
    }
    uris.iter().map(|uri| uri.as_str().filter(|uri| is_redirect(uri)).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_matched_letter_by_letter() {
        let registered = "https://chatgpt.com/connector/callback";
        for requested in [
            "https://chatgpt.com/connector/callback/",
            "https://chatgpt.com/connector/callback?x=1",
            "https://chatgpt.com/connector/callback#x",
            "https://chatgpt.com/connector/Callback",
            "https://chatgpt.com@evil.example/connector/callback",
            "https://chatgpt.com:8443/connector/callback",
            "https://chatgpt.com:443/connector/callback",
            "https://chatgpt.com/connector/callback/../x",
            "https://chatgpt.com.evil.example/connector/callback",
            "http://chatgpt.com/connector/callback",
            "javascript:alert(1)",
            "data:text/html,x",
            "cursor://callback",
            "",
        ] {
            assert!(!redirect_matches(registered, requested), "{requested}");
        }
        assert!(redirect_matches(registered, registered));
    }

    #[test]
    fn a_loopback_redirect_may_have_any_port() {
        for (registered, requested, matches) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true),
            ("http://127.0.0.1:9/cb", "http://127.0.0.1:65535/cb", true),
            ("http://127.0.0.1:9/cb", "http://127.0.0.1/cb", true),
            ("http://localhost/cb", "http://localhost:54321/cb", true),
            ("http://[::1]/cb", "http://[::1]:80/cb", true),
            ("http://127.0.0.1", "http://127.0.0.1:3000", true),
            ("http://localhost/cb", "http://127.0.0.1/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1/other", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.2/cb", false),
            ("http://127.0.0.1/cb", "http://0.0.0.0/cb", false),
            ("http://[::1]/cb", "http://[::ffff:127.0.0.1]/cb", false),
        ] {
            assert_eq!(redirect_matches(registered, requested), matches, "{registered} {requested}");
        }
    }

    #[test]
    fn only_https_and_the_own_machine_may_be_redirected_to() {
        for uri in [
            "https://a.example/cb",
            "https://a.example",
            "https://a.example:8443/cb?x=1",
            "http://localhost/cb",
        ] {
            assert!(is_redirect(uri), "{uri}");
        }
        for uri in [
            "http://a.example/cb",
            "ftp://a.example/cb",
            "javascript:alert(1)",
            "cursor://x/cb",
            "https://a.example/cb#x",
            "https://*.example/cb",
            "https://user@a.example/cb",
            "https://a.example/x/../cb",
            "https://a.example/%2e%2e/cb",
            "https://A.example/cb",
            "https://a.example:443/cb",
            "https://a.example/cb?iss=x",
            "https://a;sandbox.example/cb",
            "https://a,b.example/cb",
            "https://a'b.example/cb",
            "https://a.example\\@b.example/cb",
            "https:a.example",
            "https://",
            "http://127.0.0.2/cb",
            "http://127.0.0.1.a.example/cb",
            " https://a.example/cb",
            "/cb",
            "",
        ] {
            assert!(!is_redirect(uri), "{uri}");
        }
        assert!(!is_redirect(&format!("https://a.example/{}", "x".repeat(3000))));
    }

    #[test]
    fn vendors_are_known_without_asking() {
        for (id, name, redirect) in [
            (
                "https://chatgpt.com/oauth/client.json",
                "ChatGPT",
                "https://chatgpt.com/connector_platform_oauth_redirect",
            ),
            (
                "https://chatgpt.com/oauth/ab_C-9/client.json",
                "ChatGPT",
                "https://chatgpt.com/connector/oauth/ab_C-9",
            ),
            ("https://chatgpt.com/oauth/codex/client.json", "Codex", "http://127.0.0.1:1455/callback"),
            (
                "https://claude.ai/oauth/mcp-oauth-client-metadata",
                "Claude",
                "https://claude.ai/api/mcp/auth_callback",
            ),
            (
                "https://claude.ai/oauth/claude-code-client-metadata",
                "Claude Code",
                "http://localhost:54321/callback",
            ),
        ] {
            let client = Client::built_in(id).unwrap();
            assert_eq!((client.name.as_str(), client.may_redirect_to(redirect)), (name, true), "{id}");
        }
        for id in [
            "https://chatgpt.com/oauth/a/b/client.json",
            "https://chatgpt.com/oauth//client.json",
            "ChatGPT",
            "",
        ] {
            assert_eq!(Client::built_in(id), None, "{id}");
        }
    }

    #[test]
    fn what_is_added_to_a_redirect_keeps_what_was_there() {
        for (redirect, made) in [
            ("https://a.example/cb", "https://a.example/cb?state=a%26b+c"),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&state=a%26b+c"),
        ] {
            assert_eq!(redirect_with(redirect, &[("state", "a&b c")]), made);
        }
        assert_eq!(place_of("http://localhost:1/cb?x"), "http://localhost:1");
    }

    #[test]
    fn a_name_is_one_line_in_one_direction() {
        let name = |text: &str| name_of(Some(&Value::from(text)));
        assert_eq!(name("Chat\u{202e}GPT\n\0"), "ChatGPT");
        assert_eq!(
            (name(" \t"), name_of(None)),
            ("a client without a name".to_owned(), "a client without a name".to_owned())
        );
        assert_eq!(name(&"x".repeat(1000)).len(), MAX_NAME_CHARACTERS);
    }
}
