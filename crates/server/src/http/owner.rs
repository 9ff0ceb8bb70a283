//! The pages that are their owner's alone, and the forms on them: for everybody else they do not exist. An owner is the
//! person at the machine where nobody signs in, and whoever signed in on a page where people do.

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, header};

use super::App;
use super::cookie::{Cookie, read_cookie};
use super::pages::not_found;
use super::sign_in::is_ours;
use crate::mcp::BaseUrl;
use crate::oauth::principal::Principal;
use crate::oauth::request::{Form, Issuer};
use crate::oauth::secret::ProcessKey;
use crate::viewer::Viewer;

/// The paths that forms of these pages are sent to.
pub(super) const FORMS: [&str; 2] = ["/activity/revoke", "/connect/walk"];

/// An owner before a browser.
pub(super) struct Owner {
    /// Tells this browser's forms from those of others, as far as browsers are told apart.
    seat: String,
    /// Where our own forms come from.
    origin: Issuer,
    headers: HeaderMap,
    key: ProcessKey,
}

/// Whether somebody may watch over the server: a token never may, whatever it opens.
pub(super) fn is_owner(principal: &Principal, viewer: &Viewer) -> bool {
    // Through a proxy or a tunnel everybody seems to be the person at the machine.
    let is_at_the_machine = principal.is_local() && !viewer.is_remote();
    is_at_the_machine || principal.is_signed_in()
}

impl Owner {
    /// What a form must carry: it was made by this process, for this browser and this purpose.
    pub(super) fn proof(&self, purpose: &str) -> String {
        self.key.derive(purpose, &[&self.seat]).reveal().to_owned()
    }

    /// Whether a form was sent by a page of ours.
    pub(super) fn sent(&self, form: &Form, purpose: &str) -> bool {
        is_ours(&self.headers, form, &self.origin, &self.proof(purpose))
    }
}

impl FromRequestParts<App> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Owner, Response> {
        let left = &parts.extensions;
        let known = left.get::<Principal>().zip(left.get::<Viewer>()).zip(left.get::<BaseUrl>());
        let Some(((principal, viewer), BaseUrl(base))) = known else { return Err(not_found().await) };
        if !is_owner(principal, viewer) {
            return Err(not_found().await);
        }
        let (seat, origin) = match app.site.sign_in() {
            Some(access) => {
                let session = read_cookie(&parts.headers, Cookie::Session, &access.issuer);
                (session.unwrap_or_default(), access.issuer.clone())
            }
            None => (String::new(), Issuer(base.clone())),
        };
        let kept = [header::ORIGIN.as_str(), "sec-fetch-site"];
        let headers = parts.headers.iter().filter(|(name, _)| kept.contains(&name.as_str()));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Owner { seat, origin, headers, key: app.site.forms.clone() })
    }
}
