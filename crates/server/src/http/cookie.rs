//! The cookies: one that tells a browser from others, one that says who is signed in, and one that says who was. Over https
//! all are `__Host-`: no other host and no plain connection can set them.

use http::{HeaderMap, HeaderValue, header};

use crate::oauth::request::Issuer;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Ties a request to the browser that began it.
    Browser,
    /// Says who is signed in.
    Session,
    /// Says who signed in before; it opens nothing.
    Device,
}

fn name(cookie: Cookie, issuer: &Issuer) -> String {
    let prefix = if is_secure(issuer) { "__Host-" } else { "" };
    let name = match cookie {
        Cookie::Browser => "ibid_browser",
        Cookie::Session => "ibid_session",
        Cookie::Device => "ibid_device",
    };
    format!("{prefix}{name}")
}

fn is_secure(Issuer(issuer): &Issuer) -> bool {
    issuer.starts_with("https://")
}

/// The value a browser sent; one that stands there twice is none.
pub(super) fn read_cookie(headers: &HeaderMap, cookie: Cookie, issuer: &Issuer) -> Option<String> {
    let name = name(cookie, issuer);
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = sent
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.to_owned()).filter(|value| (1..=128).contains(&value.len())),
        _ => None,
    }
}

/// The header that gives a browser a cookie for `seconds`. Links from other sites carry it, their forms do not.
pub(super) fn set_cookie(cookie: Cookie, value: &str, seconds: u64, issuer: &Issuer) -> Option<HeaderValue> {
    let secure = if is_secure(issuer) { "; Secure" } else { "" };
    let name = name(cookie, issuer);
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_as_it_was_set() {
        let (plain, secure) =
            (Issuer("http://127.0.0.1:1".to_owned()), Issuer("https://n.example".to_owned()));
        let set = set_cookie(Cookie::Session, "s", 9, &secure).unwrap();
        assert_eq!(set, "__Host-ibid_session=s; Path=/; Max-Age=9; HttpOnly; SameSite=Lax; Secure");
        let set = set_cookie(Cookie::Browser, "b", 9, &plain).unwrap();
        assert_eq!(set, "ibid_browser=b; Path=/; Max-Age=9; HttpOnly; SameSite=Lax");
        for (issuer, sent, read) in [
            (&secure, "a=b; __Host-ibid_session=s", Some("s")),
            (&secure, "ibid_session=s", None),
            (&plain, "ibid_session=s; x", Some("s")),
            (&plain, "ibid_session=s; ibid_session=t", None),
            (&plain, "ibid_session=", None),
            (&plain, "", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, sent.parse().unwrap());
            assert_eq!(read_cookie(&headers, Cookie::Session, issuer).as_deref(), read, "{sent}");
        }
    }
}
