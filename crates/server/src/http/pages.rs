//! The paths besides MCP: health, readiness, the pages and their stylesheet.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use ibid_core::citation::{PAGE_PATH, Reference};
use ibid_index::snapshot::Snapshot;
use ibid_search::FetchError;
use maud::Markup;
use serde_json::json;

use super::App;
use super::gate::Admitted;
use super::refusal::{json_response, refusal};
use crate::library::Library;
use crate::mcp::{BaseUrl, FETCH};
use crate::page;
use crate::time::now;
use crate::viewer::Viewer;

/// Pages load their stylesheet and nothing else, and nobody may frame them.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn healthz() -> &'static str {
    "ok"
}

/// 200 when every question gets its whole answer; else 503 and what is missing, for those who may know.
pub(super) async fn readyz(
    State(app): State<App>,
    Extension(Admitted(admitted)): Extension<Admitted>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    let missing = app.library.missing(&viewer);
    let ready = missing.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = match admitted {
        true => {
            let open: Vec<_> = snapshots(&app, viewer)
                .await
                .iter()
                .map(|snapshot| json!({ "collection": snapshot.name().as_str(), "generation": snapshot.manifest().generation }))
                .collect();
            json!({ "ready": ready, "open": open, "missing": missing })
        }
        false => json!({ "ready": ready }),
    };
    json_response(status, &body)
}

pub(super) async fn style() -> Response {
    let mut response = Body::from(page::STYLE).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    response
}

/// What this is, what it holds, and the address to copy.
pub(super) async fn home(
    State(app): State<App>,
    Extension(BaseUrl(base)): Extension<BaseUrl>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    html(StatusCode::OK, &page::home(&snapshots(&app, viewer).await, &base, now()))
}

/// What is there for `viewer`; nothing where it cannot be read.
async fn snapshots(app: &App, viewer: Viewer) -> Vec<Arc<Snapshot>> {
    let seen = app.library.run(move |library| library.snapshots(&viewer)).await;
    seen.unwrap_or_else(|_| Ok(Vec::new())).unwrap_or_else(|error| {
        tracing::error!(%error, "the collections cannot be told");
        Vec::new()
    })
}

/// The page a citation opens. The id is taken as it stands in the address, since reading it undoes the escapes.
///
/// On other machines secrets are masked: the page is there for whoever has the address and may come in.
pub(super) async fn document(
    State(app): State<App>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
) -> Response {
    let id = uri.path().strip_prefix(PAGE_PATH).unwrap_or_default();
    let asked: Reference = match id.parse() {
        Ok(asked) => asked,
        Err(error) => {
            let why = format!("This address holds no citation: {error}.");
            return html(StatusCode::BAD_REQUEST, &page::problem("No citation", &why, None));
        }
    };
    if !viewer.may_use(FETCH) {
        return fetch_problem(&asked, &FetchError::UnknownDocument { document: asked.document().clone() });
    }
    let fetched = {
        let (asked, outgoing) = (asked.clone(), app.outgoing.clone());
        let work = move |library: &Library| match viewer.is_remote() {
            true => library.fetch_out(&viewer, &asked, &outgoing).map(|(fetched, _)| fetched),
            false => library.fetch(&viewer, &asked),
        };
        app.library.run(work).await
    };
    match fetched {
        Ok(Ok(fetched)) => html(StatusCode::OK, &page::note(&asked, &fetched, now())),
        Ok(Err(error)) => fetch_problem(&asked, &error),
        Err(_) => internal(),
    }
}

fn fetch_problem(asked: &Reference, error: &FetchError) -> Response {
    match error {
        FetchError::UnknownCollection { collection } => {
            let why = format!("There is no collection {collection} here.");
            html(StatusCode::NOT_FOUND, &page::problem("Not found", &why, None))
        }
        FetchError::UnknownDocument { .. } => {
            let why = "This note is not in the index: it was moved, renamed or deleted after it was cited.";
            html(StatusCode::NOT_FOUND, &page::problem("Not found", why, None))
        }
        FetchError::UnknownPart { .. } => {
            let why = "The note has no heading or block of that name any more.";
            html(StatusCode::NOT_FOUND, &page::problem("Not found", why, Some(asked.document())))
        }
        FetchError::Changed { .. } => {
            let why = "These words are not in the index any more: the note changed after it was cited.";
            html(StatusCode::GONE, &page::problem("The note changed", why, Some(asked.document())))
        }
        FetchError::Read(error) => {
            tracing::error!(%error, "a page cannot be read");
            internal()
        }
    }
}

fn internal() -> Response {
    let why = "The index could not be read. The server's log says more.";
    html(StatusCode::INTERNAL_SERVER_ERROR, &page::problem("Internal error", why, None))
}

fn html(status: StatusCode, page: &Markup) -> Response {
    let mut response = (status, Body::from(page.0.clone())).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(super) async fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing here; MCP is at /mcp")
}

pub(super) async fn method_not_allowed() -> Response {
    refusal(StatusCode::METHOD_NOT_ALLOWED, "method", "this path is read with GET")
}
