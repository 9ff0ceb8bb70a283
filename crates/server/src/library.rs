//! What is served: the newest snapshot of every collection and the models to ask them with.
//!
//! It is shared by every request and never blocks one on a commit: a thread of its own opens new generations and
//! swaps a pointer. The wire's words (JSON, ids, urls) are not here.

mod fresh;
mod models;
pub(crate) mod pictures;
mod quotes;
mod seen;
mod trouble;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::Thread;
use std::time::Duration;

use ibid_core::citation::Reference;
use ibid_core::hit::Answer;
use ibid_core::id::{CollectionName, DocumentId};
use ibid_core::query::{Mode, Query};
use ibid_embed::Reranker;
use ibid_index::manifest::ModelRecord;
use ibid_index::snapshot::Snapshot;
use ibid_index::store::{CommitMark, Store};
use ibid_index::{OpenError, ReadError};
use ibid_search::fetch::{Fetched, fetch};
use ibid_search::related::{Related, related};
use ibid_search::{FetchError, QueryEmbedder, SearchError, Searcher};
use jiff::tz::TimeZone;
use tokio::sync::Semaphore;

use crate::outgoing::{Done, Outgoing};
use crate::time::today;
use crate::viewer::Viewer;

use fresh::Fresh;
pub use fresh::Freshen;
pub use models::LoadModel;
use models::{ModelState, Models};
use pictures::Gallery;
use quotes::Quotes;
use seen::Narrowed;
pub(crate) use seen::Seen;
use trouble::Trouble;

/// How many questions run at once for each core; more would only wait for each other with a model's memory each.
const RUNNING_PER_CORE: usize = 1;

/// Collections open for reading, kept at their newest generation.
pub struct Library {
    store: Store,
    only: Option<Vec<CollectionName>>,
    // Held for a pointer copy, never across an await.
    shelf: RwLock<Arc<Shelf>>,
    // Held while collections are looked at and opened; no request waits for it.
    looking: Mutex<()>,
    /// Looks at them; see `watch`.
    watch: OnceLock<Thread>,
    models: Models,
    running: Arc<Semaphore>,
    fresh: Fresh,
    quotes: Quotes,
    /// Whose days they are; see [`Library::tell_zone`].
    zone: OnceLock<TimeZone>,
    /// What puts the first passages of an answer in order; see [`Library::rerank_with`].
    reranker: OnceLock<Arc<Reranker>>,
}

/// What is open at one moment, sorted by name.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) open: Vec<Open>,
    /// Collections whose newest generation could not be opened. An older one may be open all the same.
    pub(crate) troubled: BTreeMap<CollectionName, Trouble>,
}

/// A collection that is served.
#[derive(Clone)]
pub(crate) struct Open {
    whole: Seen,
    mark: CommitMark,
    narrowed: Arc<Narrowed>,
    gallery: Arc<Gallery>,
}

/// An answer, and what the library has to add to its notes.
#[derive(Debug)]
pub struct Found {
    /// What the searcher said.
    pub answer: Answer,
    /// Why something was not searched that the searcher knows nothing of.
    pub also: Vec<String>,
}

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No collection of that name is open.
    #[error("no collection {collection}")]
    UnknownCollection {
        /// The name asked for.
        collection: String,
        /// Those there are.
        known: Vec<CollectionName>,
    },
    /// Only meaning was asked for, and the model for it is not there.
    #[error("the model {model} of {collection} could not be loaded")]
    NoModel {
        /// The collection.
        collection: CollectionName,
        /// The model's name.
        model: String,
    },
    /// The searcher refused.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The searcher broke off.
    #[error(transparent)]
    Lost(#[from] WorkLost),
}

/// The work was lost to a panic, which the log has.
#[derive(Debug, thiserror::Error)]
#[error("internal error")]
pub struct WorkLost;

/// A document as lists show it.
pub(crate) struct ListedDocument {
    pub(crate) id: DocumentId,
    pub(crate) title: String,
    pub(crate) text_bytes: u32,
}

/// What is still missing before every question gets its whole answer. Empty when the server is ready.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Missing {
    /// Collections whose newest generation cannot be opened, or not whole, and why.
    pub(crate) collections: BTreeMap<String, &'static str>,
    /// Models that are not loaded, and why.
    pub(crate) models: BTreeMap<String, &'static str>,
}

impl Missing {
    pub(crate) fn is_empty(&self) -> bool {
        self.collections.is_empty() && self.models.is_empty()
    }
}

impl Library {
    /// Opens the newest generation of every collection, or of those in `only`, and begins to watch for newer ones.
    ///
    /// Fails where a collection asked for by name cannot be opened, or where none can although there are some; any
    /// other damaged collection is left out and told of in the log and in `/readyz`. Models are loaded by `load` in
    /// the background. Costs a read of every collection.
    pub fn open(
        store: Store,
        only: Option<Vec<CollectionName>>,
        load: LoadModel,
    ) -> Result<Arc<Library>, OpenError> {
        Library::open_and_watch(store, only, load, watch::INTERVAL)
    }

    fn open_and_watch(
        store: Store,
        only: Option<Vec<CollectionName>>,
        load: LoadModel,
        interval: Duration,
    ) -> Result<Arc<Library>, OpenError> {
        for name in only.iter().flatten() {
            if store.commit_mark(name)?.is_none() {
                return Err(OpenError::Missing { name: name.clone(), data_dir: store.data_dir().to_owned() });
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let library = Arc::new(Library {
            store,
            only,
            shelf: RwLock::default(),
            looking: Mutex::default(),
            watch: OnceLock::new(),
            models: Models::new(load),
            running: Arc::new(Semaphore::new(cores * RUNNING_PER_CORE)),
            fresh: Fresh::default(),
            quotes: Quotes::default(),
            zone: OnceLock::new(),
            reranker: OnceLock::new(),
        });
        let failed = library.refresh()?;
        let nothing_open = library.shelf().open.is_empty();
        if let Some(error) = failed.into_iter().next()
            && (library.only.is_some() || nothing_open)
        {
            return Err(error);
        }
        watch::start(&library, interval);
        Ok(library)
    }

    /// The data folder it reads from.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// In which zone a question's "yesterday" is told; UTC unless it is said. What was said first holds.
    pub fn tell_zone(&self, zone: TimeZone) {
        self.zone.get_or_init(|| zone);
    }

    /// Lets a reranker put the first passages of every answer in order. Callers have no say in it. What was said first
    /// holds.
    pub fn rerank_with(&self, reranker: Arc<Reranker>) {
        self.reranker.get_or_init(|| reranker);
    }

    /// What puts them in order, if anything does.
    pub fn reranker(&self) -> Option<Arc<Reranker>> {
        self.reranker.get().cloned()
    }

    /// Answers a question as [`Library::search`] does when its turn comes: a few questions run at once, on threads where
    /// blocking is allowed, and the rest wait in the order they came in. Needs a tokio runtime.
    pub async fn ask(
        self: &Arc<Self>,
        viewer: &Viewer,
        query: Query,
        collection: Option<String>,
    ) -> Result<Found, AskError> {
        let viewer = viewer.clone();
        self.run(move |library| library.search(&viewer, &query, collection.as_deref())).await?
    }

    /// Answers a question over every collection that `viewer` sees, or over one. Blocks, and waits for no turn: see [`Library::ask`].
    ///
    /// A hybrid question whose model is not to be had is answered by words alone, and the answer says so. It also says
    /// which of the collections that `viewer` may know of could not be opened.
    pub fn search(
        &self,
        viewer: &Viewer,
        query: &Query,
        collection: Option<&str>,
    ) -> Result<Found, AskError> {
        Ok(self.search_seen(viewer, std::slice::from_ref(query), collection)?.0)
    }

    /// As [`Library::search`], with what was searched; of several phrasings of one question, which differ in their words
    /// alone, with one list.
    pub(crate) fn search_seen(
        &self,
        viewer: &Viewer,
        queries: &[Query],
        collection: Option<&str>,
    ) -> Result<(Found, Vec<Arc<Snapshot>>), AskError> {
        let (snapshots, troubles) = self.chosen(viewer, collection)?;
        let mut also = Vec::new();
        if snapshots.is_empty() && troubles.is_empty() {
            also.push("there is no collection yet; `ibid index FOLDER` makes one".to_owned());
        }
        let mut queries = queries.to_vec();
        let mode = queries.first().map_or(Mode::default(), |query| query.mode);
        for query in &mut queries {
            query.today = query.today.or_else(|| Some(today(self.zone.get().unwrap_or(&TimeZone::UTC))));
        }
        let mut embedders: Vec<Arc<QueryEmbedder>> = Vec::new();
        for snapshot in snapshots.iter().filter(|_| mode.has_semantic()) {
            let Some(record) = model_of(snapshot) else { continue };
            match self.models.get(record) {
                Some(embedder) => embedders.push(embedder),
                None if mode == Mode::Semantic => {
                    let (collection, model) = (snapshot.name().clone(), record.name.clone());
                    return Err(AskError::NoModel { collection, model });
                }
                None => also.push(format!(
                    "the model {} could not be loaded: nothing was searched by meaning",
                    record.name
                )),
            }
        }
        if snapshots.is_empty() || !also.is_empty() {
            queries.iter_mut().for_each(|query| query.mode = Mode::Lexical);
        }
        also.extend(troubles);
        let searcher = Searcher::with_embedders(&snapshots, embedders.iter().map(Arc::as_ref));
        let searcher = searcher.with_reranker(self.reranker.get().map(Arc::as_ref));
        let answer = searcher.search_phrasings(&queries)?;
        Ok((Found { answer, also }, snapshots))
    }

    /// Leads an id back to its words. Blocks: run it where that is allowed.
    pub fn fetch(&self, viewer: &Viewer, reference: &Reference) -> Result<Fetched, FetchError> {
        fetch(&self.snapshots(viewer)?, reference)
    }

    /// As [`Library::fetch`], fit to go out.
    pub(crate) fn fetch_out(
        &self,
        viewer: &Viewer,
        reference: &Reference,
        outgoing: &Outgoing,
    ) -> Result<(Fetched, Done), FetchError> {
        let snapshots = self.snapshots(viewer)?;
        let mut fetched = fetch(&snapshots, reference)?;
        self.quotes.keep(&fetched);
        let done = outgoing.fetched(&snapshots, &mut fetched)?;
        Ok((fetched, done))
    }

    /// What stands near a note. Blocks: run it where that is allowed.
    pub fn related(
        &self,
        viewer: &Viewer,
        document: &DocumentId,
        limit: usize,
    ) -> Result<Related, FetchError> {
        related(&self.snapshots(viewer)?, document, limit)
    }

    /// Runs blocking work on the library, a few at a time; the rest wait their turn.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Library) -> T + Send + 'static,
    ) -> Result<T, WorkLost> {
        let permit = self.running.clone().acquire_owned().await.expect("the semaphore is never closed");
        let library = self.clone();
        let asked = tracing::Span::current();
        let work = move || {
            let _asked = asked.entered();
            // Kept in here: work that nobody waits for any more still holds its place.
            let _permit = permit;
            work(&library)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a request's work broke off");
            WorkLost
        })
    }

    /// At most `limit` documents after `after` in the order of collection and path.
    pub(crate) fn documents_after(
        &self,
        viewer: &Viewer,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Vec<ListedDocument>, ReadError> {
        let mut listed = Vec::new();
        for open in &self.seen_by(viewer)? {
            let collection = open.snapshot.name();
            let paths = open.paths()?;
            let from = match after {
                Some(after) if after.collection > *collection => continue,
                Some(after) if after.collection == *collection => {
                    paths.partition_point(|path| *path <= after.path)
                }
                _ => 0,
            };
            for path in paths[from..].iter().take(limit - listed.len()) {
                if let Some(stored) = open.snapshot.document(path)? {
                    let id = DocumentId { collection: collection.clone(), path: path.clone() };
                    listed.push(ListedDocument {
                        id,
                        title: stored.document.title,
                        text_bytes: stored.text_bytes,
                    });
                }
            }
        }
        Ok(listed)
    }

    /// The first `limit` documents whose path begins with `prefix` in any case, and how many there are.
    pub(crate) fn documents_by_prefix(
        &self,
        viewer: &Viewer,
        collection: Option<&str>,
        prefix: &str,
        limit: usize,
    ) -> Result<(Vec<DocumentId>, usize), ReadError> {
        let prefix = prefix.to_lowercase();
        let (mut first, mut total) = (Vec::new(), 0);
        for open in &self.seen_by(viewer)? {
            let name = open.snapshot.name();
            if collection.is_some_and(|wanted| wanted != name.as_str()) {
                continue;
            }
            for path in open.paths()?.iter().filter(|path| path.as_str().to_lowercase().starts_with(&prefix))
            {
                total += 1;
                if first.len() < limit {
                    first.push(DocumentId { collection: name.clone(), path: path.clone() });
                }
            }
        }
        Ok((first, total))
    }

    /// What is missing at this moment of what is there for `viewer`. Waits for no turn; may block the first time for a
    /// generation.
    pub(crate) fn missing(&self, viewer: &Viewer) -> Result<Missing, ReadError> {
        let shelf = self.shelf();
        let seen = shelf.seen_by(viewer)?;
        let mut missing = Missing::default();
        for (name, trouble) in shelf.troubles_for(viewer, &seen) {
            missing.collections.insert(name.to_string(), trouble.kind);
        }
        let open = || seen.iter().map(|seen| &seen.snapshot);
        for snapshot in open().filter(|snapshot| snapshot.damage().is_some()) {
            missing.collections.insert(snapshot.name().to_string(), "its vectors are damaged");
        }
        for record in open().filter_map(|snapshot| model_of(snapshot)) {
            let state = match self.models.state(record) {
                ModelState::Ready => continue,
                ModelState::Loading => "it is being loaded",
                ModelState::Failed => "it could not be loaded; the log says why",
            };
            missing.models.insert(record.name.clone(), state);
        }
        Ok(missing)
    }

    /// Whether a collection is there for `viewer`, be it in trouble. May block the first time for a generation.
    pub(crate) fn is_there(&self, viewer: &Viewer, name: &CollectionName) -> Result<bool, ReadError> {
        let shelf = self.shelf();
        let seen = shelf.seen_by(viewer)?;
        let is_open = seen.iter().any(|seen| seen.snapshot.name() == name);
        Ok(is_open || shelf.troubles_for(viewer, &seen).any(|(troubled, _)| troubled == name))
    }

    fn shelf(&self) -> Arc<Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The names of all collections that are open, for the library's own work.
    fn open_names(&self) -> Vec<CollectionName> {
        self.shelf().open.iter().map(|open| open.whole.snapshot.name().clone()).collect()
    }

    /// What is searched, and a note for each collection that is not, or not as it is on the disk.
    fn chosen(
        &self,
        viewer: &Viewer,
        collection: Option<&str>,
    ) -> Result<(Vec<Arc<Snapshot>>, Vec<String>), AskError> {
        let shelf = self.shelf();
        let seen = shelf.seen_by(viewer).map_err(SearchError::from)?;
        let is_wanted = |name: &CollectionName| collection.is_none_or(|wanted| wanted == name.as_str());
        let chosen = seen.iter().filter(|seen| is_wanted(seen.snapshot.name()));
        let chosen: Vec<_> = chosen.map(|seen| Arc::clone(&seen.snapshot)).collect();
        let troubles = shelf.troubles_for(viewer, &seen).filter(|(name, _)| is_wanted(name));
        let troubles: Vec<_> =
            troubles.map(|(name, trouble)| trouble.note(name, shelf.holds(name))).collect();
        match collection {
            Some(wanted) if chosen.is_empty() && troubles.is_empty() => {
                let known = seen.iter().map(|seen| seen.snapshot.name().clone()).collect();
                Err(AskError::UnknownCollection { collection: wanted.to_owned(), known })
            }
            _ => Ok((chosen, troubles)),
        }
    }
}

/// The model that a snapshot is asked with; none where it is searched by words alone.
fn model_of(snapshot: &Snapshot) -> Option<&ModelRecord> {
    snapshot.manifest().model.as_ref().filter(|_| snapshot.damage().is_none())
}

#[cfg(test)]
mod tests;
