//! The models that questions are embedded with: loaded once each, in the background, and kept by the checksum of their
//! weights. How one is loaded is the caller's business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use ibid_embed::{EmbedError, Embedder};
use ibid_index::manifest::ModelRecord;
use ibid_search::QueryEmbedder;

/// Loads the model that a manifest names. May take long; it is never called on a thread that must not block.
pub type LoadModel = Box<dyn Fn(&ModelRecord) -> Result<Arc<dyn Embedder>, EmbedError> + Send + Sync>;

/// How long a model that could not be loaded is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(30);

pub(super) struct Models {
    load: LoadModel,
    // Held for a look into the map, never while a model is loaded.
    slots: Mutex<BTreeMap<String, Arc<Slot>>>,
}

/// One model. The lock is held as long as it takes to load it, so that whoever asks meanwhile waits for it.
#[derive(Default)]
struct Slot(Mutex<Loaded>);

#[derive(Default)]
enum Loaded {
    #[default]
    NotYet,
    Ready(Arc<QueryEmbedder>),
    Failed(Instant),
}

/// How far a model is.
pub(super) enum ModelState {
    Loading,
    Ready,
    Failed,
}

impl Models {
    pub(super) fn new(load: LoadModel) -> Models {
        Models { load, slots: Mutex::default() }
    }

    /// The model of a manifest; `None` where it cannot be loaded, which the log says once for each attempt. Blocks
    /// while it is being loaded.
    pub(super) fn get(&self, record: &ModelRecord) -> Option<Arc<QueryEmbedder>> {
        let slot = self.slots().entry(record.checksum.clone()).or_default().clone();
        let mut loaded = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*loaded {
            Loaded::Ready(embedder) => return Some(embedder.clone()),
            Loaded::Failed(since) if since.elapsed() < RETRY_AFTER => return None,
            _ => {}
        }
        let begun = Instant::now();
        // Counts as failed until it is not, also if loading panics.
        *loaded = Loaded::Failed(begun);
        let embedder = self.load(record)?;
        tracing::info!(model = %record.name, ms = begun.elapsed().as_millis(), "loaded a model");
        *loaded = Loaded::Ready(embedder.clone());
        Some(embedder)
    }

    fn load(&self, record: &ModelRecord) -> Option<Arc<QueryEmbedder>> {
        let model = &record.name;
        let embedder = match (self.load)(record) {
            Ok(embedder) => QueryEmbedder::new(embedder),
            Err(error) => {
                let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::warn!(%model, %error, %reason, "a model cannot be loaded");
                return None;
            }
        };
        if embedder.identity().checksum != record.checksum {
            tracing::warn!(%model, "the model at hand is not the one that made the vectors");
            return None;
        }
        // The first run makes the worker that the first question would wait for.
        match embedder.embed(model) {
            Ok(_) => Some(Arc::new(embedder)),
            Err(error) => {
                tracing::warn!(%model, %error, "a model cannot be run");
                None
            }
        }
    }

    /// How far the model is. Waits for nothing.
    pub(super) fn state(&self, record: &ModelRecord) -> ModelState {
        let slot = self.slots().get(&record.checksum).cloned();
        let state = slot.as_deref().map(|slot| match slot.0.try_lock() {
            Ok(loaded) => state_of(&loaded),
            Err(TryLockError::Poisoned(loaded)) => state_of(&loaded.into_inner()),
            Err(TryLockError::WouldBlock) => ModelState::Loading,
        });
        state.unwrap_or(ModelState::Loading)
    }

    /// Whether nobody has asked for this model yet.
    pub(super) fn is_new(&self, record: &ModelRecord) -> bool {
        !self.slots().contains_key(&record.checksum)
    }

    /// Forgets every model whose checksum is not `wanted`. Questions that use one keep it.
    pub(super) fn keep_only(&self, wanted: &BTreeSet<&str>) {
        self.slots().retain(|checksum, _| wanted.contains(checksum.as_str()));
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state_of(loaded: &Loaded) -> ModelState {
    match loaded {
        Loaded::NotYet => ModelState::Loading,
        Loaded::Ready(_) => ModelState::Ready,
        Loaded::Failed(_) => ModelState::Failed,
    }
}
