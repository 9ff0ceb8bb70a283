//! What a code or a refresh token is still worth. Pure: rows and the moment go in, a decision comes out; the store does
//! what was decided in the same transaction that read the rows.

use super::scope::Scopes;
use super::secret::proves;

/// How long a code may be exchanged, in seconds: a redirect and a request.
pub(crate) const CODE_SECONDS: u64 = 60;
/// How long an access token is good, in seconds: what a stolen one is worth.
pub(crate) const ACCESS_SECONDS: u64 = 30 * 60;
/// How long a refresh token that nobody uses is good, in seconds.
pub(crate) const REFRESH_SECONDS: u64 = 30 * 24 * 60 * 60;
/// How long the refresh token before the last is taken for a request that was sent twice, in seconds.
pub(crate) const GRACE_SECONDS: u64 = 20;
/// How long a person has to sign in and decide, in seconds.
pub(crate) const PENDING_SECONDS: u64 = 10 * 60;
/// How long a browser stays signed in, in seconds.
pub(crate) const SESSION_SECONDS: u64 = 12 * 60 * 60;
/// How long a browser is known that somebody signed in with.
pub(crate) const DEVICE_SECONDS: u64 = 365 * 24 * 60 * 60;
/// How long a registered client may go unused, in seconds.
pub(crate) const UNUSED_CLIENT_SECONDS: u64 = 24 * 60 * 60;

/// Why the token endpoint says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotGranted {
    /// The code or token is unknown, used, too old, or another client's.
    Grant,
    /// More is asked for than was granted.
    Scope,
    /// It is for another resource.
    Target,
    /// Somebody used it a second time: everything that came of it must die.
    Stolen,
}

/// A code as it was issued, with its grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// Whether the client named its redirect when it asked; if so it names it again.
    pub(crate) redirect_given: bool,
    pub(crate) challenge: String,
    /// The resource it is for, as a path below the issuer.
    pub(crate) resource: String,
    pub(crate) expires: u64,
    pub(crate) used: bool,
    /// Whether the grant is still in force.
    pub(crate) alive: bool,
}

/// What a client shows to have a code exchanged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: &'a str,
    pub(crate) resource: Option<&'a str>,
}

impl Code {
    /// Whether it is exchanged for tokens.
    pub(crate) fn exchange(&self, shown: Exchange<'_>, now: u64) -> Result<(), NotGranted> {
        // Who it belongs to comes first: another client's attempt must not end what the right one has.
        let redirect = match shown.redirect_uri {
            Some(uri) => uri == self.redirect_uri,
            None => !self.redirect_given,
        };
        if shown.client_id != self.client_id || !redirect || !proves(&self.challenge, shown.verifier) {
            // A code that was used is known to somebody it was not meant for.
            return Err(if self.used { NotGranted::Stolen } else { NotGranted::Grant });
        }
        if self.used {
            return Err(NotGranted::Stolen);
        }
        if now >= self.expires || !self.alive {
            return Err(NotGranted::Grant);
        }
        match shown.resource.is_none_or(|resource| resource == self.resource) {
            true => Ok(()),
            false => Err(NotGranted::Target),
        }
    }
}

/// A refresh token as it stands, with its grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refresh {
    pub(crate) client_id: String,
    pub(crate) resource: String,
    pub(crate) scopes: Scopes,
    pub(crate) expires: u64,
    /// When it was exchanged for the next.
    pub(crate) replaced: Option<u64>,
    /// Whether the next one was exchanged in its turn.
    pub(crate) next_replaced: bool,
    pub(crate) alive: bool,
}

/// What a client shows to have a refresh token exchanged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Renewal<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) scopes: Option<Scopes>,
    pub(crate) resource: Option<&'a str>,
}

/// What comes of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// A new refresh token in its place, and an access token.
    Rotated(Scopes),
    /// The request came twice: the same refresh token again, and an access token.
    Repeated(Scopes),
}

impl Refresh {
    /// Whether it is exchanged. A narrower scope is for the access token alone; later ones may have all again.
    pub(crate) fn renew(&self, shown: Renewal<'_>, now: u64) -> Result<Renewed, NotGranted> {
        if shown.client_id != self.client_id || !self.alive {
            return Err(NotGranted::Grant);
        }
        let repeated = match self.replaced {
            None => false,
            Some(then) if now < then + GRACE_SECONDS && !self.next_replaced => true,
            Some(_) => return Err(NotGranted::Stolen),
        };
        if now >= self.expires {
            return Err(NotGranted::Grant);
        }
        if shown.resource.is_some_and(|resource| resource != self.resource) {
            return Err(NotGranted::Target);
        }
        // A client that asks for nothing in particular (only `offline_access`) has what was granted.
        let scopes = shown.scopes.filter(|scopes| !scopes.is_empty()).unwrap_or(self.scopes);
        if !self.scopes.contains(scopes) {
            return Err(NotGranted::Scope);
        }
        Ok(if repeated { Renewed::Repeated(scopes) } else { Renewed::Rotated(scopes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::scope::Scope;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn code() -> Code {
        Code {
            client_id: "c".to_owned(),
            redirect_uri: "https://a.example/cb".to_owned(),
            redirect_given: true,
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
            resource: "/mcp".to_owned(),
            expires: 100,
            used: false,
            alive: true,
        }
    }

    fn shown() -> Exchange<'static> {
        Exchange {
            client_id: "c",
            redirect_uri: Some("https://a.example/cb"),
            verifier: VERIFIER,
            resource: Some("/mcp"),
        }
    }

    #[test]
    fn a_code_is_worth_something_once_and_to_one() {
        let not = Err(NotGranted::Grant);
        for (code, shown, now, worth) in [
            (code(), shown(), 99, Ok(())),
            (code(), shown(), 100, not),
            (code(), Exchange { resource: None, ..shown() }, 0, Ok(())),
            (code(), Exchange { resource: Some("/sse"), ..shown() }, 0, Err(NotGranted::Target)),
            (code(), Exchange { client_id: "d", ..shown() }, 0, not),
            (code(), Exchange { redirect_uri: None, ..shown() }, 0, not),
            (code(), Exchange { redirect_uri: Some("https://a.example/"), ..shown() }, 0, not),
            (code(), Exchange { verifier: "", ..shown() }, 0, not),
            (Code { redirect_given: false, ..code() }, Exchange { redirect_uri: None, ..shown() }, 0, Ok(())),
            (Code { alive: false, ..code() }, shown(), 0, not),
            (Code { used: true, ..code() }, shown(), 0, Err(NotGranted::Stolen)),
            (Code { used: true, ..code() }, Exchange { verifier: "", ..shown() }, 0, Err(NotGranted::Stolen)),
            (Code { used: true, ..code() }, shown(), 100, Err(NotGranted::Stolen)),
        ] {
            assert_eq!(code.exchange(shown, now), worth, "{shown:?} {now}");
        }
    }

    #[test]
    fn a_refresh_token_is_worth_something_until_the_next_one_is_used() {
        let token = Refresh {
            client_id: "c".to_owned(),
            resource: "/mcp".to_owned(),
            scopes: Scopes::all(),
            expires: 1000,
            replaced: None,
            next_replaced: false,
            alive: true,
        };
        let replaced = |then, next_replaced| Refresh { replaced: Some(then), next_replaced, ..token.clone() };
        let shown = Renewal { client_id: "c", scopes: None, resource: None };
        let search = Scopes::from_iter([Scope::Search]);
        let all = Scopes::all();
        for (token, shown, now, worth) in [
            (token.clone(), shown, 999, Ok(Renewed::Rotated(all))),
            (token.clone(), shown, 1000, Err(NotGranted::Grant)),
            (token.clone(), Renewal { client_id: "d", ..shown }, 0, Err(NotGranted::Grant)),
            (token.clone(), Renewal { scopes: Some(search), ..shown }, 0, Ok(Renewed::Rotated(search))),
            (
                token.clone(),
                Renewal { scopes: Some(Scopes::default()), ..shown },
                0,
                Ok(Renewed::Rotated(all)),
            ),
            (
                Refresh { scopes: search, ..token.clone() },
                Renewal { scopes: Some(all), ..shown },
                0,
                Err(NotGranted::Scope),
            ),
            (token.clone(), Renewal { resource: Some("/sse"), ..shown }, 0, Err(NotGranted::Target)),
            (Refresh { alive: false, ..token.clone() }, shown, 0, Err(NotGranted::Grant)),
            (replaced(100, false), shown, 119, Ok(Renewed::Repeated(all))),
            (replaced(100, false), shown, 120, Err(NotGranted::Stolen)),
            (replaced(100, true), shown, 101, Err(NotGranted::Stolen)),
            (replaced(100, true), Renewal { client_id: "d", ..shown }, 101, Err(NotGranted::Grant)),
        ] {
            assert_eq!(token.renew(shown, now), worth, "{shown:?} {now}");
        }
    }
}
