//! The paths besides MCP: health, readiness, the reader and its images, and the files that pages load.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use ibid_core::citation::{Citation, PAGE_PATH, Reference};
use ibid_core::span::Span;
use ibid_index::snapshot::Snapshot;
use ibid_search::FetchError;
use ibid_search::fetch::fetch;
use serde_json::json;

use super::App;
use super::answer;
use super::gate::Admitted;
use super::refusal::{json_response, refusal};
use super::visit::Visit;
use crate::address::AT;
use crate::library::Library;
use crate::oauth::request::Form;
use crate::outgoing::Outgoing;
use crate::page;
use crate::page::asset::Asset;
use crate::page::frame::Menu;
use crate::page::reader::{Reading, View};
use crate::page::render::around::IMAGE_PATH;
use crate::page::vault::Vault;
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
    let (library, asking) = (app.library.clone(), viewer.clone());
    // Past the turns of the questions: who watches must not take a busy server for one that is not ready.
    let missing = match tokio::task::spawn_blocking(move || library.missing(&asking)).await {
        Ok(Ok(missing)) => missing,
        Ok(Err(error)) => return not_known(&error),
        Err(error) => return not_known(&error),
    };
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

fn not_known(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "what is missing cannot be told");
    json_response(StatusCode::SERVICE_UNAVAILABLE, &json!({ "ready": false }))
}

/// A file that pages load.
pub(super) async fn asset(uri: Uri, headers: HeaderMap) -> Response {
    match Asset::ALL.into_iter().find(|asset| asset.path == uri.path()) {
        Some(asset) => answer::asset(asset, &uri, &headers),
        None => not_found().await,
    }
}

/// What is there for `viewer`; nothing where it cannot be read.
pub(super) async fn snapshots(app: &App, viewer: Viewer) -> Vec<Arc<Snapshot>> {
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
    let form = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let view = View::named(form.one("view").ok().flatten().unwrap_or_default());
    // A place that is none opens the page at what is cited.
    let at: Option<Span> = form.one(AT).ok().flatten().and_then(|at| at.parse().ok());
    let reading = {
        let (asked, outgoing, viewer) = (asked.clone(), app.outgoing.clone(), visit.viewer.clone());
        app.library.run(move |library| read(library, &viewer, &outgoing, asked, (view, at))).await
    };
    match reading {
        Ok(Ok(reading)) => answer::page(StatusCode::OK, &reading.page(&visit.menu, now())),
        Ok(Err(FetchError::Changed { reference })) => match *reference {
            Reference::Quote(citation) => changed(&app, &visit, citation).await,
            _ => fetch_problem(&visit.menu, &asked, &FetchError::Changed { reference }),
        },
        Ok(Err(error)) => fetch_problem(&visit.menu, &asked, &error),
        Err(_) => internal(&visit.menu),
    }
}

/// The page of a quote whose words are gone.
async fn changed(app: &App, visit: &Visit, citation: Citation) -> Response {
    let (cited, viewer) = (citation.clone(), visit.viewer.clone());
    match app.library.run(move |library| library.changed(&viewer, &cited)).await {
        Ok(Ok(known)) => {
            answer::page(StatusCode::GONE, &page::changed::page(&visit.menu, &citation, known.as_ref()))
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a changed note cannot be read");
            internal(&visit.menu)
        }
        Err(_) => internal(&visit.menu),
    }
}

fn read(
    library: &Library,
    viewer: &Viewer,
    outgoing: &Outgoing,
    asked: Reference,
    (view, at): (View, Option<Span>),
) -> Result<Reading, FetchError> {
    let snapshots = library.snapshots(viewer)?;
    let mut fetched = fetch(&snapshots, &asked)?;
    library.remember(&fetched);
    let outgoing = viewer.is_remote().then_some(outgoing);
    if let Some(outgoing) = outgoing {
        outgoing.fetched(&snapshots, &mut fetched)?;
    }
    let mut reading = Reading::new(asked, fetched, view, at, &Vault::new(&snapshots, outgoing));
    // Obsidian is on the machine of the notes.
    let collection = &reading.fetched.document.collection;
    let source =
        snapshots.iter().find(|snapshot| snapshot.name() == collection).filter(|_| outgoing.is_none());
    reading.obsidian = source.and_then(|snapshot| reading.obsidian_address(&snapshot.manifest().source));
    Ok(reading)
}

/// An image that a note shows. The address names the note, and the image as the note does.
pub(super) async fn picture(State(app): State<App>, visit: Visit, uri: Uri) -> Response {
    let id = uri.path().strip_prefix(IMAGE_PATH).unwrap_or_default();
    let form = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let (Ok(Reference::Document(of)), Ok(Some(name)), true) =
        (id.parse(), form.one("name"), visit.may_read())
    else {
        return not_found().await;
    };
    let (name, viewer) = (name.to_owned(), visit.viewer.clone());
    match app.library.run(move |library| library.picture(&viewer, &of, &name)).await {
        Ok(Ok(Some(picture))) => answer::picture(picture),
        Ok(Ok(None)) => not_found().await,
        Ok(Err(error)) => {
            tracing::error!(%error, "an image cannot be looked for");
            super::gate::internal()
        }
        Err(_) => super::gate::internal(),
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
