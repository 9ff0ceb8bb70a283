//! Who looks at a page: what they see, under which address, and where they may go from there. Pages take a visit where
//! programs' paths take a viewer alone.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use ibid_core::citation::PAGE_PATH;

use super::gate::internal;
use super::owner::{FORMS, is_owner};
use crate::mcp::{BaseUrl, FETCH, SEARCH};
use crate::oauth::principal::Principal;
use crate::oauth::scope::{Scope, Scopes};
use crate::page::frame::{Menu, Place};
use crate::page::render::around::IMAGE_PATH;
use crate::viewer::Viewer;

/// A request for a page, after the guard let it in.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) viewer: Viewer,
    /// The address under which the visitor sees this server.
    pub(super) base: String,
    /// Where the visitor may go.
    pub(super) menu: Menu,
    /// What was granted to the visitor.
    scopes: Scopes,
    /// Whether the visitor watches over the server.
    is_owner: bool,
}

/// What must be granted to whoever wants the page at `path`; `None` where there is no page.
pub(super) fn needed_for_page(path: &str) -> Option<Scopes> {
    match path {
        "/" | "/overview" | "/activity" | "/connect" | "/connect/steps" => Some(Scopes::default()),
        "/search" => Some(Scopes::from_iter([Scope::Search])),
        path if path.starts_with(PAGE_PATH) || path.starts_with(IMAGE_PATH) => {
            Some(Scopes::from_iter([Scope::Read]))
        }
        _ => None,
    }
}

/// Whether a browser that is signed in sends a form of such a page there.
pub(super) fn takes_form(path: &str) -> bool {
    FORMS.contains(&path)
}

impl Visit {
    /// Whether the visitor watches over the server.
    pub(super) fn is_owner(&self) -> bool {
        self.is_owner
    }

    /// Whether questions are answered.
    pub(super) fn may_search(&self) -> bool {
        self.viewer.may_use(SEARCH) && self.scopes.has(Scope::Search)
    }

    /// Whether notes are shown.
    pub(super) fn may_read(&self) -> bool {
        self.viewer.may_use(FETCH) && self.scopes.has(Scope::Read)
    }
}

/// A request for a page that no guard has looked at.
pub(super) struct Unguarded;

impl IntoResponse for Unguarded {
    fn into_response(self) -> Response {
        internal()
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Unguarded;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visit, Unguarded> {
        let left = &parts.extensions;
        let (viewer, BaseUrl(base)) =
            left.get::<Viewer>().cloned().zip(left.get().cloned()).ok_or(Unguarded)?;
        let principal = left.get::<Principal>().ok_or(Unguarded)?;
        let is_owner = is_owner(principal, &viewer);
        let mut visit = Visit { viewer, base, menu: Menu::default(), scopes: principal.scopes, is_owner };
        if visit.may_search() {
            visit.menu.0.push(Place::Search);
        }
        visit.menu.0.push(Place::Overview);
        if is_owner {
            visit.menu.0.extend([Place::Activity, Place::Connect]);
        }
        Ok(visit)
    }
}
