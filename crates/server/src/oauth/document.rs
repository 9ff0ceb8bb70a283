//! Client-id metadata documents (draft-ietf-oauth-client-id-metadata-document): a client whose id is the address of a
//! document about it. Which addresses may be asked, and what a document must say. Pure; [`super::fetcher`] asks.

use serde_json::{Map, Value};
use url::{Host, Url};

use super::client::{Client, Standing, name_of, redirects_of};

/// The longest address.
const MAX_URL_BYTES: usize = 2048;

/// The most bytes of a document that are read: what the draft says.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 5 * 1024;

/// Ends of names that never lead to the public Internet.
const PRIVATE_ENDS: [&str; 9] = [
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".in-addr.arpa",
    ".ip6.arpa",
    ".onion",
];

/// The address of a document, or `None` for a text that may not be one. A client's id is compared letter by letter, so
/// only the one way to write an address is taken.
pub(crate) fn document_url(id: &str) -> Option<Url> {
    if id.len() > MAX_URL_BYTES {
        return None;
    }
    let url = Url::parse(id).ok()?;
    let Host::Domain(host) = url.host()? else { return None };
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_private = !host.contains('.') || PRIVATE_ENDS.iter().any(|end| host.ends_with(end));
    let names_a_user = !url.username().is_empty() || url.password().is_some();
    let plain = url.scheme() == "https"
        && url.path().len() > 1
        && url.fragment().is_none()
        && url.port() != Some(0)
        && url.as_str() == id
        && !id.contains("..");
    (plain && !is_private && !names_a_user).then_some(url)
}

/// Why a document makes no client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadDocument {
    #[error("it is no JSON object")]
    NoObject,
    #[error("it is of another client")]
    OtherClient,
    #[error("it wants the client to have a secret")]
    Secret,
    #[error("it has redirects that are not https or loopback, or none")]
    Redirects,
    #[error("it does not want codes")]
    Grants,
}

/// Reads the document that lies at `id`.
pub(crate) fn read_document(id: &str, bytes: &[u8]) -> Result<Client, BadDocument> {
    let Ok(Value::Object(document)) = serde_json::from_slice::<Value>(bytes) else {
        return Err(BadDocument::NoObject);
    };
    if document.get("client_id").and_then(Value::as_str) != Some(id) {
        return Err(BadDocument::OtherClient);
    }
    if !may_be_public(&document) {
        return Err(BadDocument::Secret);
    }
    if let Some(grants) = document.get("grant_types")
        && !has(grants, "authorization_code")
    {
        return Err(BadDocument::Grants);
    }
    let redirects = redirects_of(document.get("redirect_uris")).ok_or(BadDocument::Redirects)?;
    let name = name_of(document.get("client_name"));
    Ok(Client { id: id.to_owned(), name, redirects, standing: Standing::Document })
}

/// Whether the client does without a secret. The list of methods counts where there is one: ChatGPT's document has
/// `none` there, and in the older field a method that it does not insist on.
fn may_be_public(document: &Map<String, Value>) -> bool {
    let single = document.get("token_endpoint_auth_method").map(|method| method.as_str().unwrap_or("other"));
    let shares_a_secret = single.is_some_and(|method| method.starts_with("client_secret"));
    let has_secret = document.keys().any(|key| key.starts_with("client_secret"));
    let open = match document.get("token_endpoint_auth_methods_supported") {
        Some(methods) => has(methods, "none"),
        None => matches!(single, None | Some("none")),
    };
    open && !shares_a_secret && !has_secret
}

fn has(list: &Value, wanted: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|entry| entry == wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "https://app.example/oauth/client.json";

    #[test]
    fn an_address_is_public_and_written_in_the_one_way() {
        for id in [ID, "https://app.example:8443/c", "https://app.example/c?v=1"] {
            assert!(document_url(id).is_some(), "{id}");
        }
        for id in [
            "http://app.example/c",
            "https://app.example",
            "https://app.example/",
            "https://app.example/c#f",
            "https://user@app.example/c",
            "https://:secret@app.example/c",
            "https://app.example/a/../b",
            "https://app.example/a/./b",
            "https://app.example/%2e%2e/b",
            "https://app.example/..%2fb",
            "https://app.example:0/c",
            "https://app.example:443/c",
            "https://APP.example/c",
            "https://127.0.0.1/c",
            "https://[::1]/c",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/c",
            "https://2130706433/c",
            "https://0x7f000001/c",
            "https://0177.0.0.1/c",
            "https://localhost/c",
            "https://a.localhost/c",
            "https://a.localhost./c",
            "https://metadata.google.internal/c",
            "https://printer.local/c",
            "https://intranet/c",
            "app.example/c",
            "",
        ] {
            assert!(document_url(id).is_none(), "{id}");
        }
        assert!(document_url(&format!("https://app.example/{}", "x".repeat(2048))).is_none());
    }

    fn check(change: Value, read: Result<(), BadDocument>) {
        let mut document = json!({
            "client_id": ID,
            "client_name": "App",
            "redirect_uris": ["https://app.example/cb"],
            "token_endpoint_auth_method": "none",
        });
        for (key, value) in change.as_object().unwrap() {
            document[key] = value.clone();
        }
        assert_eq!(read_document(ID, document.to_string().as_bytes()).map(drop), read, "{change}");
    }

    #[test]
    fn a_document_makes_a_client_without_a_secret() {
        check(json!({}), Ok(()));
        check(
            json!({"token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
                   "token_endpoint_auth_method": "private_key_jwt"}),
            Ok(()),
        );
        check(json!({"client_id": "https://app.example/oauth/Client.json"}), Err(BadDocument::OtherClient));
        check(json!({"client_id": format!("{ID}/")}), Err(BadDocument::OtherClient));
        check(json!({"client_secret": "x"}), Err(BadDocument::Secret));
        check(json!({"token_endpoint_auth_method": "client_secret_basic"}), Err(BadDocument::Secret));
        check(json!({"token_endpoint_auth_method": "private_key_jwt"}), Err(BadDocument::Secret));
        check(json!({"token_endpoint_auth_method": 3}), Err(BadDocument::Secret));
        check(
            json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}),
            Err(BadDocument::Secret),
        );
        check(json!({"redirect_uris": []}), Err(BadDocument::Redirects));
        check(json!({"redirect_uris": ["http://10.0.0.1/cb"]}), Err(BadDocument::Redirects));
        check(json!({"grant_types": ["client_credentials"]}), Err(BadDocument::Grants));
        for bytes in ["", "[]", "<html>", "{"] {
            assert_eq!(read_document(ID, bytes.as_bytes()), Err(BadDocument::NoObject));
        }
    }
}
