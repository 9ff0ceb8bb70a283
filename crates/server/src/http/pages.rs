//! The paths besides MCP: health, readiness, the front page, the reader, and the files that pages load.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use ibid_core::citation::{PAGE_PATH, Reference};
use ibid_index::snapshot::Snapshot;
use ibid_search::FetchError;
use serde_json::json;

use super::App;
use super::answer;
use super::gate::Admitted;
use super::refusal::{json_response, refusal};
use super::visit::Visit;
use crate::library::Library;
use crate::page;
use crate::page::asset::Asset;
use crate::page::frame::Menu;
use crate::time::now;
use crate::viewer::Viewer;

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

/// A file that pages load.
pub(super) async fn asset(uri: Uri, headers: HeaderMap) -> Response {
    match Asset::ALL.into_iter().find(|asset| asset.path == uri.path()) {
        Some(asset) => answer::asset(asset, &uri, &headers),
        None => not_found().await,
    }
}

/// What this is, what it holds, and the address to copy.
pub(super) async fn home(State(app): State<App>, visit: Visit) -> Response {
    let open = snapshots(&app, visit.viewer).await;
    answer::page(StatusCode::OK, &page::home::home(&visit.menu, &open, &visit.base, now()))
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
pub(super) async fn document(State(app): State<App>, visit: Visit, uri: Uri) -> Response {
    let id = uri.path().strip_prefix(PAGE_PATH).unwrap_or_default();
    let asked: Reference = match id.parse() {
        Ok(asked) => asked,
        Err(error) => {
            let why = format!("This address holds no citation: {error}.");
            let page = page::problem(&visit.menu, "No citation", &why, None);
            return answer::page(StatusCode::BAD_REQUEST, &page);
        }
    };
    if !visit.may_read() {
        let error = FetchError::UnknownDocument { document: asked.document().clone() };
        return fetch_problem(&visit.menu, &asked, &error);
    }
    let fetched = {
        let (asked, outgoing, viewer) = (asked.clone(), app.outgoing.clone(), visit.viewer.clone());
        let work = move |library: &Library| match viewer.is_remote() {
            true => library.fetch_out(&viewer, &asked, &outgoing).map(|(fetched, _)| fetched),
            false => library.fetch(&viewer, &asked),
        };
        app.library.run(work).await
    };
    match fetched {
        Ok(Ok(fetched)) => {
            answer::page(StatusCode::OK, &page::reader::note(&visit.menu, &asked, &fetched, now()))
        }
        Ok(Err(error)) => fetch_problem(&visit.menu, &asked, &error),
        Err(_) => internal(&visit.menu),
    }
}

fn fetch_problem(menu: &Menu, asked: &Reference, error: &FetchError) -> Response {
    let (status, title, why, document) = match error {
        FetchError::UnknownCollection { collection } => {
            (StatusCode::NOT_FOUND, "Not found", format!("There is no collection {collection} here."), None)
        }
        FetchError::UnknownDocument { .. } => {
            let why = "This note is not in the index: it was moved, renamed or deleted after it was cited.";
            (StatusCode::NOT_FOUND, "Not found", why.to_owned(), None)
        }
        FetchError::UnknownPart { .. } => {
            let why = "The note has no heading or block of that name any more.";
            (StatusCode::NOT_FOUND, "Not found", why.to_owned(), Some(asked.document()))
        }
        FetchError::Changed { .. } => {
            let why = "These words are not in the index any more: the note changed after it was cited.";
            (StatusCode::GONE, "The note changed", why.to_owned(), Some(asked.document()))
        }
        FetchError::Read(error) => {
            tracing::error!(%error, "a page cannot be read");
            return internal(menu);
        }
    };
    answer::page(status, &page::problem(menu, title, &why, document))
}

pub(super) fn internal(menu: &Menu) -> Response {
    let why = "The index could not be read. The server's log says more.";
    answer::page(StatusCode::INTERNAL_SERVER_ERROR, &page::problem(menu, "Internal error", why, None))
}

pub(super) async fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing here; MCP is at /mcp")
}

pub(super) async fn method_not_allowed() -> Response {
    refusal(StatusCode::METHOD_NOT_ALLOWED, "method", "this path is read with GET")
}
