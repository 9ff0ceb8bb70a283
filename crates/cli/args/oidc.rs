//! What `ibid serve` is told of an identity provider.

use clap::Args;
use ibid_server::{OidcConfig, Person, Scope};

/// An identity provider in place of sign-in here.
#[derive(Debug, Default, Args)]
pub(crate) struct OidcArgs {
    /// Take the tokens of this identity provider (OpenID Connect); who of its people may come in stands in the settings file,
    /// in [serving.people]
    #[arg(long, value_name = "URL", conflicts_with_all = ["auth", "no_registration", "client_host"])]
    oidc_issuer: Option<String>,
    /// Take its tokens that are for this audience; may be repeated [default: this server's address]
    #[arg(long, value_name = "AUDIENCE", requires = "oidc_issuer")]
    oidc_audience: Vec<String>,
    /// Say what it calls a scope of ours, such as 'notes:read=api.read'; may be repeated [default: as we do]
    #[arg(long, value_name = "SCOPE=NAME", requires = "oidc_issuer", value_parser = scope)]
    oidc_scope: Vec<(Scope, String)>,
}

/// A scope of ours and its name elsewhere.
fn scope(typed: &str) -> Result<(Scope, String), String> {
    let names = Scope::ALL.map(Scope::name).join(" or ");
    let wrong = || format!("it reads SCOPE=NAME, where SCOPE is {names}");
    let (ours, theirs) = typed.split_once('=').ok_or_else(wrong)?;
    let ours = Scope::ALL.into_iter().find(|scope| scope.name() == ours).ok_or_else(wrong)?;
    // As RFC 6749, 3.3 has it.
    let is_name =
        !theirs.is_empty() && theirs.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
    is_name.then(|| (ours, theirs.to_owned())).ok_or_else(wrong)
}

impl OidcArgs {
    /// The provider and its `people`, if there is one.
    pub(crate) fn config(&self, people: impl IntoIterator<Item = (String, Person)>) -> Option<OidcConfig> {
        Some(OidcConfig {
            issuer: self.oidc_issuer.clone()?,
            audiences: self.oidc_audience.clone(),
            scopes: self.oidc_scope.clone(),
            people: people.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_one_name_elsewhere() {
        let (ours, theirs) = scope("notes:read=https://id.example/api=1").unwrap();
        assert_eq!((ours, theirs.as_str()), (Scope::Read, "https://id.example/api=1"));
        for wrong in
            ["", "notes:read", "notes:read=", "notes:write=x", "notes:read=a b", "notes:read=\"", "=x"]
        {
            assert!(scope(wrong).is_err(), "{wrong}");
        }
    }
}
