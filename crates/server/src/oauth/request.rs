//! What a client asks at `/authorize`, read and judged. Pure. Until client and redirect are known to belong together
//! nothing may be sent anywhere; that is the caller's first step, and [`Wanted::read`] the second.

use ibid_core::id::CollectionName;
use serde::{Deserialize, Serialize};
use url::Url;

use super::scope::Scopes;
use super::secret::is_challenge;

/// The longest `state` that is carried, in bytes.
const MAX_STATE_BYTES: usize = 4096;

/// Names and values as a form or a query has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

/// A name stands in it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeated;

impl Form {
    pub(crate) fn parse(text: &[u8]) -> Form {
        Form(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// Whether nothing stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a name that may stand there once; an empty one is none (RFC 6749, 3.1).
    pub(crate) fn one<'a>(&'a self, name: &str) -> Result<Option<&'a str>, Repeated> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Repeated),
        }
    }

    /// Every value of a name.
    pub(crate) fn all<'a, 'b>(&'a self, name: &'b str) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Where this server is for clients: the issuer, and the resources below it.
#[derive(Debug, Clone)]
pub(crate) struct Issuer(pub(crate) String);

impl Issuer {
    /// The path of a resource of ours, without a slash at its end: empty for the server itself. Case of scheme and host,
    /// a default port and a last slash do not matter; anything else of another server is `None`.
    pub(crate) fn resource(&self, text: &str) -> Option<String> {
        let url = Url::parse(text).ok()?;
        let bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let own = Url::parse(&self.0).ok()?;
        if !bare || url.origin() != own.origin() || !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let path = url.path().strip_suffix('/').unwrap_or(url.path());
        is_resource(path).then(|| path.to_owned())
    }
}

/// Whether a path below the issuer is a resource with metadata of its own.
pub(crate) fn is_resource(path: &str) -> bool {
    matches!(path, "" | "/mcp" | "/sse") || collection_of(path).is_some()
}

/// The one collection that a resource is about, for `/c/NAME/mcp` and `/c/NAME/sse`.
pub(crate) fn collection_of(path: &str) -> Option<CollectionName> {
    let (name, transport) = path.strip_prefix("/c/")?.split_once('/')?;
    matches!(transport, "mcp" | "sse").then(|| name.parse().ok())?
}

/// Why a client is told no, in the words of OAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

/// What a client asks, in order. It waits in the store until a person has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) client_id: String,
    pub(crate) client_name: String,
    pub(crate) redirect_uri: String,
    pub(crate) redirect_given: bool,
    pub(crate) state: Option<String>,
    pub(crate) challenge: String,
    /// As [`Scopes`] are written.
    pub(crate) scopes: String,
    /// As [`Issuer::resource`] gives it.
    pub(crate) resource: String,
    /// Nobody checked who the client is.
    pub(crate) unverified: bool,
    /// It lives on the person's machine alone.
    pub(crate) local: bool,
}

/// What is asked of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// To decide.
    Ask,
    /// Nothing: the client wants an answer without a page.
    Never,
}

/// The rest of a request whose client and redirect are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) challenge: String,
    pub(crate) scopes: Scopes,
    pub(crate) resource: String,
    pub(crate) prompt: Prompt,
}

impl Wanted {
    /// Reads it, or says what the client gets in its place.
    pub(crate) fn read(form: &Form, issuer: &Issuer) -> Result<Wanted, Refused> {
        let refused = |error, description| Refused { error, description };
        let one = |name| {
            form.one(name).map_err(|Repeated| refused("invalid_request", "a parameter stands there twice"))
        };
        match one("response_type")? {
            Some("code") => {}
            Some(_) => return Err(refused("unsupported_response_type", "response_type is code")),
            None => return Err(refused("invalid_request", "response_type is missing")),
        }
        if one("request")?.is_some() || one("request_uri")?.is_some() {
            return Err(refused("request_not_supported", "parameters stand in the address"));
        }
        if one("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(refused("invalid_request", "response_mode is query"));
        }
        if one("code_challenge_method")? != Some("S256") {
            return Err(refused("invalid_request", "code_challenge_method is S256"));
        }
        let challenge = one("code_challenge")?.filter(|challenge| is_challenge(challenge)).ok_or(refused(
            "invalid_request",
            "code_challenge is the SHA-256 of the verifier in base64url",
        ))?;
        let mut resource = None;
        for text in form.all("resource").filter(|text| !text.is_empty()) {
            let path = issuer.resource(text);
            if path.is_none() || resource.as_ref().is_some_and(|other| Some(other) != path.as_ref()) {
                return Err(refused("invalid_target", "resource is no resource of this server"));
            }
            resource = path;
        }
        let scopes = Scopes::parse(one("scope")?.unwrap_or_default())
            .map_err(|_| refused("invalid_scope", "scope has a word that is no scope here"))?;
        let scopes = if scopes.is_empty() { Scopes::all() } else { scopes };
        let prompt = match one("prompt")?.is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")) {
            true => Prompt::Never,
            false => Prompt::Ask,
        };
        let resource = resource.unwrap_or_default();
        Ok(Wanted { challenge: challenge.to_owned(), scopes, resource, prompt })
    }
}

/// The `state` that goes back with every answer; `None` where there is none, or it is no honest one.
pub(crate) fn state_of(form: &Form) -> Option<String> {
    form.one("state").ok()?.filter(|state| state.len() <= MAX_STATE_BYTES).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn issuer() -> Issuer {
        Issuer("https://notes.example".to_owned())
    }

    fn check(changes: &[(&str, &str)], read: Result<(&str, &str), &str>) {
        let mut pairs = vec![
            ("response_type", "code"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "notes:search"),
            ("resource", "https://notes.example/mcp"),
        ];
        for (name, value) in changes {
            match value.strip_prefix('+') {
                Some(value) => pairs.push((name, value)),
                None => {
                    pairs.retain(|(known, _)| known != name);
                    pairs.push((name, value));
                }
            }
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let wanted = Wanted::read(&Form::parse(query.as_bytes()), &issuer());
        let wanted = wanted.map(|wanted| (wanted.scopes.to_string(), wanted.resource));
        let got = wanted.as_ref().map(|(scopes, resource)| (scopes.as_str(), resource.as_str()));
        assert_eq!(got.map_err(|refused| refused.error), read, "{changes:?}");
    }

    #[test]
    fn a_request_is_read_or_refused_in_the_words_of_oauth() {
        check(&[], Ok(("notes:search", "/mcp")));
        check(&[("scope", "")], Ok(("notes:search notes:read", "/mcp")));
        check(&[("scope", "offline_access")], Ok(("notes:search notes:read", "/mcp")));
        check(&[("resource", "")], Ok(("notes:search", "")));
        check(&[("resource", "HTTPS://Notes.Example:443/mcp/")], Ok(("notes:search", "/mcp")));
        check(&[("resource", "+https://notes.example/mcp/")], Ok(("notes:search", "/mcp")));
        check(&[("resource", "https://notes.example/c/garden/mcp")], Ok(("notes:search", "/c/garden/mcp")));
        check(&[("resource", "https://notes.example/c/garden/sse/")], Ok(("notes:search", "/c/garden/sse")));
        check(&[("prompt", "consent"), ("nonce", "x"), ("unknown", "y")], Ok(("notes:search", "/mcp")));
        for kind in ["token", "id_token", "code token", "none"] {
            check(&[("response_type", kind)], Err("unsupported_response_type"));
        }
        for change in [
            ("response_type", ""),
            ("response_type", "+code"),
            ("code_challenge", ""),
            ("code_challenge", &CHALLENGE[1..]),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
            ("code_challenge_method", ""),
            ("code_challenge_method", "plain"),
            ("code_challenge_method", "s256"),
            ("response_mode", "fragment"),
            ("scope", "+notes:read"),
        ] {
            check(&[change], Err("invalid_request"));
        }
        check(&[("scope", "admin")], Err("invalid_scope"));
        for resource in [
            "https://evil.example/mcp",
            "https://notes.example/mcp#f",
            "https://notes.example/mcp?x",
            "https://notes.example/other",
            "https://notes.example/c/../mcp/x",
            "https://user@notes.example/mcp",
            "https://notes.example:8443/mcp",
            "http://notes.example/mcp",
            "notes.example/mcp",
            "+https://notes.example/sse",
        ] {
            check(&[("resource", resource)], Err("invalid_target"));
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_not_chosen_from() {
        let form = Form::parse(b"a=1&a=2&b=&c=x%20y");
        assert_eq!((form.one("a"), form.one("b"), form.one("c")), (Err(Repeated), Ok(None), Ok(Some("x y"))));
        assert_eq!(state_of(&Form::parse(b"state=1&state=2")), None);
        assert_eq!(state_of(&Form::parse(b"state=a%26b")).as_deref(), Some("a&b"));
    }
}
