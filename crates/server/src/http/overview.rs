//! `/overview`: what there is for a visitor, gathered. How it looks is told in [`crate::page::overview`].

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use ibid_core::id::{DocumentId, DocumentPath};
use ibid_index::ReadError;
use ibid_index::manifest::Origin;
use ibid_index::snapshot::{KnownDocument, Snapshot};

use super::App;
use super::answer::page;
use super::pages::internal;
use super::visit::Visit;
use crate::address::page_path;
use crate::audit::AuditLog;
use crate::audit::day::Day;
use crate::library::Library;
use crate::measured::Measured;
use crate::page::overview::{self, Change, Held, Meaning, Overview};
use crate::time::now;

/// How many notes are named that changed last.
const CHANGES: usize = 8;

/// How many skipped files of a collection are named.
const SKIPPED: usize = 20;

pub(super) async fn show(State(app): State<App>, visit: Visit) -> Response {
    let now = now();
    let is_owner = visit.is_owner();
    let audit = app.site.audit.clone().filter(|_| is_owner);
    let measured = if is_owner { app.site.figures.all() } else { Vec::new() };
    let gathered = {
        let visit = visit.clone();
        app.library.run(move |library| gather(library, &visit, audit.as_ref(), measured, now)).await
    };
    match gathered {
        Ok(Ok(overview)) => page(StatusCode::OK, &overview::page(&visit.menu, &overview, now)),
        Ok(Err(error)) => {
            tracing::error!(%error, "the overview cannot be gathered");
            internal(&visit.menu)
        }
        Err(_) => internal(&visit.menu),
    }
}

fn gather(
    library: &Library,
    visit: &Visit,
    audit: Option<&AuditLog>,
    measured: Vec<Measured>,
    now: u64,
) -> Result<Overview, ReadError> {
    let snapshots = library.snapshots(&visit.viewer)?;
    let missing = library.missing(&visit.viewer)?;
    let mut changes = Vec::new();
    for snapshot in snapshots.iter().filter(|_| visit.may_read()) {
        changes.extend(changed_last(snapshot)?);
    }
    changes.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.address.cmp(&b.address)));
    changes.truncate(CHANGES);
    let day = audit.and_then(|audit| {
        Day::read(audit, now).map_err(|error| tracing::error!(%error, "the audit log cannot be read")).ok()
    });
    Ok(Overview {
        collections: snapshots.iter().map(|snapshot| held(library, snapshot, visit)).collect(),
        missing: missing.collections.into_iter().chain(missing.models).collect(),
        changes,
        day,
        measured,
    })
}

fn held(library: &Library, snapshot: &Snapshot, visit: &Visit) -> Held {
    let manifest = snapshot.manifest();
    let meaning = match &manifest.model {
        None => Meaning::None,
        Some(_) if snapshot.damage().is_some() => Meaning::Damaged,
        Some(model) => Meaning::Of {
            model: model.name.clone(),
            ready: snapshot.chunks().saturating_sub(snapshot.chunks_without_vector()),
        },
    };
    let named = manifest.skipped.iter().take(SKIPPED);
    Held {
        name: snapshot.name().to_string(),
        documents: snapshot.documents(),
        passages: snapshot.chunks(),
        source_bytes: snapshot.source_bytes(),
        // The size of the whole tells of what is not seen, and a path of the machine is nobody's business elsewhere.
        disk_bytes: library.store().bytes_on_disk(snapshot.name()).ok().filter(|_| visit.is_owner()),
        source: source(&manifest.source.origin, &manifest.source.root.to_string_lossy())
            .filter(|_| visit.is_owner() && !visit.viewer.is_remote()),
        meaning,
        generation: manifest.generation,
        indexed_at: manifest.indexed_at,
        pending: manifest.pending,
        skipped_count: manifest.skipped_count,
        skipped: named.map(|one| (one.path.clone(), one.reason.clone())).collect(),
    }
}

/// Where notes come from, in a word.
fn source(origin: &Origin, root: &str) -> Option<String> {
    Some(match origin {
        Origin::Folder | Origin::WorkingTree { .. } => root.to_owned(),
        Origin::Commit { revision, .. } => format!("{root} at {revision}"),
        Origin::Web(web) => web.urls.join(" "),
    })
}

/// The notes of a collection that changed last. What is no file has no time of change.
fn changed_last(snapshot: &Snapshot) -> Result<Vec<Change>, ReadError> {
    if !matches!(snapshot.manifest().source.origin, Origin::Folder | Origin::WorkingTree { .. }) {
        return Ok(Vec::new());
    }
    let indexed_at = snapshot.manifest().indexed_at;
    let changed_at = |document: &KnownDocument| match document.file.modified {
        // It changed so shortly before it was indexed that its time is not trusted.
        0 => indexed_at,
        modified => modified / 1_000_000_000,
    };
    let mut known = snapshot.known_documents()?;
    known.sort_by(|a, b| changed_at(b).cmp(&changed_at(a)).then_with(|| a.path.cmp(&b.path)));
    known.truncate(CHANGES);
    let mut changes = Vec::new();
    for document in known {
        let Some(path) = DocumentPath::new(&document.path) else { continue };
        let Some(stored) = snapshot.document(&path)? else { continue };
        let id = DocumentId { collection: snapshot.name().clone(), path };
        let at = changed_at(&document);
        changes.push(Change {
            title: stored.document.title,
            address: page_path(&id),
            path: document.path,
            at,
        });
    }
    Ok(changes)
}
