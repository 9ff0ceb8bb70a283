//! What a token says, judged: by whom, for whom, until when, for what. Pure; its signature was checked before.

use serde_json::Value;

use crate::oauth::request::Issuer;

/// How far the provider's clock may be off, in seconds.
const LEEWAY: u64 = 60;

/// The longest `sub`, in bytes (OpenID Connect Core, 2).
const MAX_SUBJECT_BYTES: usize = 255;

/// What a token must say to be good here and now.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    /// What `aud` may be; empty where it is an address of this server.
    pub(super) audiences: &'a [String],
    pub(super) own: &'a Issuer,
    /// Where it is shown.
    pub(super) resource: &'a str,
    pub(super) now: u64,
}

/// What a good token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub(super) subject: String,
    pub(super) client: Option<&'a str>,
    pub(super) scopes: Vec<&'a str>,
}

/// What a token is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judged<'a> {
    Good(Said<'a>),
    /// Nothing; why, for the log.
    Not(&'static str),
}

pub(super) fn judge<'a>(said: &'a Value, expected: &Expected<'_>) -> Judged<'a> {
    match read(said, expected) {
        Ok(said) => Judged::Good(said),
        Err(reason) => Judged::Not(reason),
    }
}

fn read<'a>(said: &'a Value, expected: &Expected<'_>) -> Result<Said<'a>, &'static str> {
    if said["iss"].as_str() != Some(expected.issuer) {
        return Err("another issuer");
    }
    if !texts(&said["aud"]).any(|audience| is_for_us(audience, expected)) {
        return Err("another audience");
    }
    let until = moment(&said["exp"]).ok_or("no moment when it ends")?;
    if until.saturating_add(LEEWAY) <= expected.now {
        return Err("expired");
    }
    if !said["nbf"].is_null() && moment(&said["nbf"]).is_none_or(|from| from > expected.now + LEEWAY) {
        return Err("not valid yet");
    }
    // What is bound to a key or a certificate is worth nothing without a proof, and none is asked for here.
    if !said["cnf"].is_null() {
        return Err("bound to a key");
    }
    // ID tokens say who signed in, to one client; they open nothing. Keycloak names the kind among the claims.
    let is_id_token = ["nonce", "at_hash", "c_hash"].iter().any(|claim| !said[*claim].is_null());
    let kind = said["typ"].as_str();
    if is_id_token || matches!(kind, Some("ID" | "Refresh" | "Offline" | "Logout")) {
        return Err("no access token");
    }
    let subject = said["sub"].as_str().filter(|subject| is_subject(subject)).ok_or("nobody")?;
    let scopes = texts(&said["scope"]).chain(texts(&said["scp"])).flat_map(str::split_whitespace).collect();
    let client = said["azp"].as_str().or(said["client_id"].as_str());
    let client = client.filter(|client| is_subject(client));
    Ok(Said { subject: subject.to_owned(), client, scopes })
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let all = value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value));
    all.iter().filter_map(Value::as_str)
}

/// Whether a token for `audience` is for what is asked for. One for a collection's address opens that address alone.
fn is_for_us(audience: &str, expected: &Expected<'_>) -> bool {
    if !expected.audiences.is_empty() {
        return expected.audiences.iter().any(|known| known == audience);
    }
    match expected.own.resource(audience) {
        Some(path) if path.starts_with("/c/") => path == expected.resource,
        found => found.is_some(),
    }
}

/// Whole seconds since 1970. Providers may write a fraction.
fn moment(value: &Value) -> Option<u64> {
    let fraction =
        || value.as_f64().filter(|moment| (0.0..1e15).contains(moment)).map(|moment| moment as u64);
    value.as_u64().or_else(fraction)
}

fn is_subject(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SUBJECT_BYTES && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_790_000_000;

    fn check(audiences: &[&str], resource: &str, change: &Value, judged: Result<(), &str>) {
        let mut said = json!({
            "iss": "https://id.example", "aud": "https://n.example/mcp", "sub": "ada", "exp": NOW + 300,
            "scope": "openid notes:read", "azp": "app",
        });
        for (claim, value) in change.as_object().unwrap() {
            said[claim] = value.clone();
        }
        let audiences: Vec<String> = audiences.iter().map(|&audience| audience.to_owned()).collect();
        let own = Issuer("https://n.example".to_owned());
        let expected =
            Expected { issuer: "https://id.example", audiences: &audiences, own: &own, resource, now: NOW };
        let found = read(&said, &expected).map(|said| assert_eq!(said.subject, "ada"));
        assert_eq!(found, judged, "{change} {audiences:?} {resource}");
    }

    #[test]
    fn a_token_is_good_by_its_issuer_for_us_and_now() {
        for (change, judged) in [
            (json!({}), Ok(())),
            (json!({"iss": "https://id.example/"}), Err("another issuer")),
            (json!({"iss": ["https://id.example"]}), Err("another issuer")),
            (json!({"iss": null}), Err("another issuer")),
            (json!({"aud": null}), Err("another audience")),
            (json!({"aud": "https://other.example/mcp"}), Err("another audience")),
            (json!({"aud": ["account", "https://n.example/mcp"]}), Ok(())),
            (json!({"aud": "https://n.example"}), Ok(())),
            (json!({"aud": []}), Err("another audience")),
            (json!({"exp": NOW - 59}), Ok(())),
            (json!({"exp": NOW - 60}), Err("expired")),
            (json!({"exp": null}), Err("no moment when it ends")),
            (json!({"exp": "never"}), Err("no moment when it ends")),
            (json!({"exp": -1}), Err("no moment when it ends")),
            (json!({"exp": NOW as f64 + 0.5}), Ok(())),
            (json!({"nbf": NOW + 60}), Ok(())),
            (json!({"nbf": NOW + 61}), Err("not valid yet")),
            (json!({"nbf": "soon"}), Err("not valid yet")),
            (json!({"cnf": {"jkt": "x"}}), Err("bound to a key")),
            (json!({"nonce": "x"}), Err("no access token")),
            (json!({"typ": "ID"}), Err("no access token")),
            (json!({"typ": "Bearer"}), Ok(())),
            (json!({"sub": ""}), Err("nobody")),
            (json!({"sub": null}), Err("nobody")),
            (json!({"sub": "a\nb"}), Err("nobody")),
            (json!({"sub": "a".repeat(256)}), Err("nobody")),
        ] {
            check(&[], "/mcp", &change, judged);
        }
    }

    #[test]
    fn an_audience_is_ours_or_the_one_that_was_named() {
        let for_collection = json!({"aud": "https://n.example/c/work/mcp"});
        check(&[], "/c/work/mcp", &for_collection, Ok(()));
        check(&[], "/c/home/mcp", &for_collection, Err("another audience"));
        check(&[], "/mcp", &for_collection, Err("another audience"));
        check(&["api://ibid"], "/mcp", &json!({"aud": "api://ibid"}), Ok(()));
        check(&["api://ibid"], "/mcp", &json!({}), Err("another audience"));
    }

    #[test]
    fn scopes_are_read_in_every_form_they_are_written_in() {
        let own = Issuer("https://n.example".to_owned());
        for (scopes, read_as) in [
            (json!({"scope": "a b"}), vec!["a", "b"]),
            (json!({"scp": "a b"}), vec!["a", "b"]),
            (json!({"scp": ["a", "b"]}), vec!["a", "b"]),
            (json!({"scope": 3}), vec![]),
            (json!({}), vec![]),
        ] {
            let mut said = json!({"iss": "i", "aud": "x", "sub": "ada", "exp": NOW + 1});
            said.as_object_mut().unwrap().extend(scopes.as_object().unwrap().clone());
            let audiences = ["x".to_owned()];
            let expected =
                Expected { issuer: "i", audiences: &audiences, own: &own, resource: "/mcp", now: NOW };
            let Judged::Good(found) = judge(&said, &expected) else { panic!("{said}") };
            assert_eq!(found.scopes, read_as);
        }
    }
}
