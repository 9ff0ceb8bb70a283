//! Who calls: what the guard makes of a request's credentials and leaves in its extensions.

use super::scope::Scopes;

/// The id of whoever can connect where nothing is asked for.
const LOCAL: &str = "local";

/// What begins the id of a person who signed in on a page.
const BROWSER: &str = "browser:";

/// The caller of a request, and what was allowed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// Tells callers apart, and stays the same while what was granted does: `local`, `secret`, `token:NAME`,
    /// `grant:NUMBER`, `browser:USER`, `external:SUBJECT`.
    pub(crate) id: String,
    /// The person on whose behalf it is, or the name of a token.
    pub(crate) name: String,
    /// The program that asks, as it calls itself.
    pub(crate) client: Option<String>,
    pub(crate) scopes: Scopes,
    /// Which notes: rules as they were chosen at consent or on the command line. None allow everything.
    pub(crate) rules: Vec<String>,
}

impl Principal {
    /// Whoever can connect where nothing is asked for: a person at this machine.
    pub(crate) fn local() -> Principal {
        Principal::whole(LOCAL, LOCAL)
    }

    /// Whoever has the one secret that the server was started with.
    pub(crate) fn secret() -> Principal {
        Principal::whole("secret", "token file")
    }

    /// A person who reads pages after signing in.
    pub(crate) fn browser(user: &str) -> Principal {
        Principal::whole(&format!("{BROWSER}{user}"), user)
    }

    /// Whether it is whoever can connect where nothing is asked for.
    pub(crate) fn is_local(&self) -> bool {
        self.id == LOCAL
    }

    /// Whether a person signed in on a page of ours.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.id.starts_with(BROWSER)
    }

    fn whole(id: &str, name: &str) -> Principal {
        Principal {
            id: id.to_owned(),
            name: name.to_owned(),
            client: None,
            scopes: Scopes::all(),
            rules: Vec::new(),
        }
    }
}
