//! Sees commits and swaps them in. One thread, which ends with the library it watches.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use ibid_core::id::CollectionName;
use ibid_index::OpenError;
use ibid_index::snapshot::Snapshot;

use super::seen::Seen;
use super::trouble::Trouble;
use super::{Library, Open, Shelf, model_of};

/// How often collections are looked at. A look costs one read of a file's metadata for each.
pub(super) const INTERVAL: Duration = Duration::from_millis(250);

/// How long a generation that could not be opened is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Begins to watch, with a look each `interval`, and to load the models that the collections want.
pub(super) fn start(library: &Arc<Library>, interval: Duration) {
    let watched = Arc::downgrade(library);
    let watch = move || {
        loop {
            let Some(library) = watched.upgrade() else { return };
            if let Err(error) = library.refresh() {
                tracing::debug!(%error, "cannot look at the collections");
            }
            drop(library);
            thread::park_timeout(interval);
        }
    };
    match thread::Builder::new().name("ibid-watch".to_owned()).spawn(watch) {
        // Only this starts the thread, and once.
        Ok(started) => drop(library.watch.set(started.thread().clone())),
        Err(error) => tracing::error!(%error, "new generations will not be seen"),
    }
}

impl Library {
    /// Looks at every collection as soon as may be, on a thread of its own, and not only when a look is due. For whoever
    /// knows of a commit.
    pub fn look_soon(&self) {
        if let Some(watch) = self.watch.get() {
            watch.unpark();
        }
    }

    /// Looks at every collection once, swaps in what is new, and gives the errors of what could not be opened.
    pub(super) fn refresh(self: &Arc<Self>) -> Result<Vec<OpenError>, OpenError> {
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = self.store().collections()?;
        if let Some(only) = &self.only {
            names.retain(|name| only.contains(name));
        }
        let before = self.shelf();
        let mut after = Shelf::default();
        let mut failed = Vec::new();
        for name in &names {
            failed.extend(self.look_at(name, &before, &mut after));
        }
        let same = before.open.len() == after.open.len()
            && before
                .open
                .iter()
                .zip(&after.open)
                .all(|(a, b)| Arc::ptr_eq(&a.whole.snapshot, &b.whole.snapshot))
            && failed.is_empty()
            && before.troubled.len() == after.troubled.len();
        if same {
            return Ok(failed);
        }
        let after = Arc::new(after);
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = after.clone();
        self.want_models(&after);
        Ok(failed)
    }

    /// Puts a collection's newest generation on the shelf, or the one that was there if the newest cannot be opened.
    fn look_at(&self, name: &CollectionName, before: &Shelf, after: &mut Shelf) -> Option<OpenError> {
        let held = before.open.iter().find(|open| open.whole.snapshot.name() == name);
        // Read before opening: a commit in between is seen as new the next time.
        let mark = self.store().commit_mark(name).transpose()?;
        let tried = mark.as_ref().ok().cloned();
        if let Some(held) = held.filter(|held| tried.as_ref() == Some(&held.mark)) {
            after.open.push(held.clone());
            return None;
        }
        let known = before.troubled.get(name).filter(|trouble| trouble.mark == tried);
        if let Some(trouble) = known.filter(|trouble| trouble.since.elapsed() < RETRY_AFTER) {
            after.troubled.insert(name.clone(), trouble.clone());
            after.open.extend(held.cloned());
            return None;
        }
        match mark.and_then(|mark| Ok((Snapshot::open(self.store(), name)?, mark))) {
            Ok((snapshot, mark)) => {
                let generation = snapshot.manifest().generation;
                tracing::info!(collection = %name, generation, "opened a generation");
                if let Some(damage) = snapshot.damage() {
                    tracing::warn!(collection = %name, %damage, "it is searched by words alone");
                }
                // Where an older one answers meanwhile no question waits for this; the one that needs it tells of the error.
                if held.is_some()
                    && let Err(error) = snapshot.links()
                {
                    tracing::warn!(collection = %name, %error, "its links cannot be read");
                }
                let whole = Seen::new(Arc::new(snapshot));
                after.open.push(Open { whole, mark, narrowed: Arc::default(), gallery: Arc::default() });
                None
            }
            // Begun, and nothing committed yet; or being removed.
            Err(OpenError::Missing { .. }) => None,
            Err(error) => {
                if known.is_none() {
                    tracing::warn!(collection = %name, %error, "a generation cannot be opened");
                }
                after.troubled.insert(name.clone(), Trouble::new(tried, &error));
                after.open.extend(held.cloned());
                Some(error)
            }
        }
    }

    /// Forgets models that no open collection uses, and loads the others, each on a thread of its own.
    fn want_models(self: &Arc<Self>, shelf: &Shelf) {
        let records = shelf.open.iter().filter_map(|open| model_of(&open.whole.snapshot));
        let wanted: BTreeSet<&str> = records.clone().map(|record| record.checksum.as_str()).collect();
        self.models.keep_only(&wanted);
        for record in records {
            if !self.models.is_new(record) {
                continue;
            }
            let (library, record) = (self.clone(), record.clone());
            let load = move || drop(library.models.get(&record));
            if let Err(error) = thread::Builder::new().name("ibid-model".to_owned()).spawn(load) {
                tracing::debug!(%error, "the model is loaded by the first question instead");
            }
        }
    }
}
