//! What one viewer sees of the collections that are open: narrowed once for each generation and kept, so that no question
//! waits for it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ibid_core::id::{CollectionName, DocumentPath};
use ibid_index::ReadError;
use ibid_index::snapshot::{Narrowing, Snapshot};
use lru::LruCache;

use super::{Library, Open, Shelf};
use crate::viewer::{Sight, Viewer};

/// How many ways to see one generation are kept; one that is asked for again after that is worked out again.
const MAX_KEPT: NonZeroUsize = NonZeroUsize::new(32).expect("it is not 0");

/// A collection as one viewer sees it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) snapshot: Arc<Snapshot>,
    /// The paths of its documents, sorted; read when somebody first lists them.
    paths: Arc<OnceLock<Vec<DocumentPath>>>,
}

/// The ways in which a generation is seen.
// Held for a lookup, never while a snapshot is narrowed and never across an await.
pub(super) struct Narrowed(Mutex<LruCache<Arc<Sight>, Arc<OnceLock<Seen>>>>);

impl Default for Narrowed {
    fn default() -> Narrowed {
        Narrowed(Mutex::new(LruCache::new(MAX_KEPT)))
    }
}

impl Seen {
    pub(super) fn new(snapshot: Arc<Snapshot>) -> Seen {
        Seen { snapshot, paths: Arc::default() }
    }

    pub(crate) fn paths(&self) -> Result<&[DocumentPath], ReadError> {
        if let Some(paths) = self.paths.get() {
            return Ok(paths);
        }
        let known = self.snapshot.known_documents()?;
        let paths = known.iter().filter_map(|document| DocumentPath::new(&document.path)).collect();
        Ok(self.paths.get_or_init(|| paths))
    }
}

impl Open {
    /// The collection as `viewer` sees it; `None` where it is not there for them: it may not be seen, or nothing in it
    /// may. The first time for a generation it costs what [`Snapshot::narrowed`] does.
    pub(super) fn seen_by(&self, viewer: &Viewer) -> Result<Option<Seen>, ReadError> {
        if !viewer.may_see(self.whole.snapshot.name()) {
            return Ok(None);
        }
        let Some(sight) = viewer.sight() else { return Ok(Some(self.whole.clone())) };
        let place = {
            let mut kept = self.narrowed.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(kept.get_or_insert(Arc::clone(sight), Arc::default))
        };
        let seen = match place.get() {
            Some(seen) => seen,
            None => {
                let narrowing = Narrowing {
                    grant: &sight.grant,
                    marks: &sight.marks,
                    keeps_unreadable: sight.keeps_unreadable,
                    tells_of_unread: sight.tells_of_unread,
                };
                let narrowed = self.whole.snapshot.narrowed(&narrowing)?;
                place.get_or_init(|| Seen::new(Arc::new(narrowed)))
            }
        };
        Ok((seen.snapshot.documents() > 0).then(|| seen.clone()))
    }
}

impl Shelf {
    /// The collections that are there for `viewer`, sorted by name. May block the first time for a generation.
    pub(super) fn seen_by(&self, viewer: &Viewer) -> Result<Vec<Seen>, ReadError> {
        let seen = self.open.iter().map(|open| open.seen_by(viewer));
        seen.filter_map(Result::transpose).collect()
    }
}

impl Library {
    /// As [`Shelf::seen_by`], of what is open at this moment.
    pub(crate) fn seen_by(&self, viewer: &Viewer) -> Result<Vec<Seen>, ReadError> {
        self.shelf().seen_by(viewer)
    }

    /// The snapshots that `viewer` is served from at this moment, sorted by collection.
    pub fn snapshots(&self, viewer: &Viewer) -> Result<Vec<Arc<Snapshot>>, ReadError> {
        Ok(self.seen_by(viewer)?.into_iter().map(|seen| seen.snapshot).collect())
    }

    /// The names of the collections that are there for `viewer`; none where they cannot be read.
    pub fn collections(&self, viewer: &Viewer) -> Vec<CollectionName> {
        let seen = self.seen_by(viewer).unwrap_or_else(|error| {
            tracing::error!(%error, "what a viewer sees cannot be told");
            Vec::new()
        });
        seen.iter().map(|seen| seen.snapshot.name().clone()).collect()
    }
}
