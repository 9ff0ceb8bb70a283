//! Who calls: what the guard makes of a request's credentials and leaves in its extensions.

use super::scope::Scopes;

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
        Principal::whole("local", "local")
    }

    /// Whoever has the one secret that the server was started with.
    pub(crate) fn secret() -> Principal {
        Principal::whole("secret", "token file")
    }

    /// A person who reads pages after signing in.
    pub(crate) fn browser(user: &str) -> Principal {
        Principal::whole(&format!("browser:{user}"), user)
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
