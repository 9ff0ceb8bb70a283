//! A model for tests of whole runs: it looks at the collection each time it embeds, and fails at a text it is told of.

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use ibid_core::id::CollectionName;
use ibid_core::private::Private;
use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};

use super::*;
use crate::report::Silent;

/// What a reader is shown while a text is embedded.
pub(super) type Look = Arc<dyn Fn(&Store) + Send + Sync>;

/// A model of two dimensions.
struct Watching {
    identity: ModelIdentity,
    store: Store,
    look: Look,
    fails_at: usize,
    embedded: Arc<AtomicUsize>,
}

impl Embedder for Watching {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        let (store, look) = (self.store.clone(), self.look.clone());
        let (fails_at, embedded) = (self.fails_at, self.embedded.clone());
        Ok(Box::new(Worker { store, look, fails_at, embedded }))
    }
}

struct Worker {
    store: Store,
    look: Look,
    fails_at: usize,
    embedded: Arc<AtomicUsize>,
}

impl EmbedWorker for Worker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        (self.look)(&self.store);
        if self.embedded.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            return Err(EmbedError::NotFinite { model: "broken".to_owned() });
        }
        self.embed_query(text)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let angle = text.len() as f32;
        Ok(vec![angle.cos(), angle.sin()])
    }
}

pub(super) fn name() -> CollectionName {
    "n".parse().unwrap()
}

/// One run over `folder` with the model `checksum`, which may take another's place and fails at the n-th text.
pub(super) fn run(
    folder: &Path,
    store: &Store,
    checksum: &str,
    fails_at: usize,
    look: Look,
) -> Result<Report, BuildError> {
    build(store, &options(folder, store, checksum, fails_at, look), &Silent)
}

/// A busy machine commits no more often than a quick one.
pub(super) fn no_time_passes() -> Instant {
    static NOW: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *NOW.get_or_init(Instant::now)
}

/// What such a run is told.
pub(super) fn options(
    folder: &Path,
    store: &Store,
    checksum: &str,
    fails_at: usize,
    look: Look,
) -> BuildOptions {
    let identity = ModelIdentity {
        name: checksum.to_owned(),
        engine: String::new(),
        dimensions: 2,
        checksum: checksum.to_owned(),
        remote: None,
    };
    let embedder =
        Arc::new(Watching { identity, store: store.clone(), look, fails_at, embedded: Arc::default() });
    BuildOptions {
        source: crate::SourceChoice::Folder,
        root: folder.to_owned(),
        name: name(),
        include: vec![],
        exclude: vec![],
        language: None,
        model: Some(Model { embedder, folder: None, private: Private::default() }),
        threads: NonZero::<usize>::MIN,
        rebuild: false,
        may_change_model: true,
        now: u64::MAX,
        restate_after: Duration::ZERO,
        clock: no_time_passes,
    }
}
