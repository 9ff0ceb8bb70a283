//! The two documents by which clients find their way (RFC 8414, RFC 9728). They follow from the configuration alone:
//! nothing a request says changes them.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

use super::request::{Issuer, collection_of};
use super::scope::{OFFLINE_ACCESS, Scope};

/// What the path of a resource's metadata begins with.
pub(crate) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";

/// The authorization server, for `/.well-known/oauth-authorization-server`.
pub(crate) fn authorization_server(Issuer(issuer): &Issuer, takes_registrations: bool) -> Value {
    let mut scopes: Vec<_> = Scope::ALL.map(Scope::name).to_vec();
    // Here alone: a client that sees it asks for a refresh token, which it gets anyway.
    scopes.push(OFFLINE_ACCESS);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    });
    if takes_registrations {
        document["registration_endpoint"] = json!(format!("{issuer}/register"));
    }
    document
}

/// A resource of ours, told by its path below the issuer; `scopes` as the authorization server calls them.
pub(crate) fn protected_resource(
    authorization_server: &str,
    scopes: &[&str],
    Issuer(origin): &Issuer,
    path: &str,
) -> Value {
    json!({
        "resource": format!("{origin}{path}"),
        "authorization_servers": [authorization_server],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "resource_name": "ibid",
    })
}

/// The resource that a request's path belongs to. Messages belong to the stream that they are answered on.
pub(crate) fn resource_of(path: &str) -> Cow<'_, str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = match path.strip_suffix("/message") {
        Some(before) => Cow::Owned(format!("{before}/sse")),
        None => Cow::Borrowed(path),
    };
    let is_known = matches!(&*path, "/mcp" | "/sse") || collection_of(&path).is_some();
    if is_known { path } else { Cow::Borrowed("") }
}

/// The value of `WWW-Authenticate`: where to learn how to get in, and what is asked for; `error` where there was a
/// token and it does not do.
pub(crate) fn challenge(
    Issuer(origin): &Issuer,
    path: &str,
    scopes: impl fmt::Display,
    error: Option<&str>,
) -> String {
    let resource = resource_of(path);
    let error = match error {
        Some("insufficient_scope") => {
            "error=\"insufficient_scope\", error_description=\"more must be granted for this\", "
        }
        Some(_) => {
            "error=\"invalid_token\", error_description=\"the token is unknown, expired or revoked\", "
        }
        None => "",
    };
    format!("Bearer {error}resource_metadata=\"{origin}{RESOURCE_METADATA}{resource}\", scope=\"{scopes}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::scope::Scopes;

    #[test]
    fn a_challenge_leads_to_the_metadata_of_its_resource() {
        let issuer = Issuer("https://n.example".to_owned());
        for (path, resource) in [
            ("/mcp", "/mcp"),
            ("/mcp/", "/mcp"),
            ("/message", "/sse"),
            ("/c/garden/mcp", "/c/garden/mcp"),
            ("/c/garden/sse/", "/c/garden/sse"),
            ("/c/garden/message", "/c/garden/sse"),
            ("/c/garden/message/x", ""),
            ("/x/message", ""),
            ("/c/\"x/mcp", ""),
            ("/d/garden:a.md", ""),
        ] {
            assert_eq!(
                challenge(&issuer, path, Scopes::all(), None),
                format!(
                    "Bearer resource_metadata=\"https://n.example/.well-known/oauth-protected-resource{resource}\", \
                     scope=\"notes:search notes:read\""
                )
            );
        }
        let search = Scopes::from_iter([Scope::Search]);
        assert!(challenge(&issuer, "/mcp", search, Some("insufficient_scope")).contains(
            "error=\"insufficient_scope\", error_description=\"more must be granted for this\", resource_metadata="
        ));
    }
}
