//! What one run is asked to do, and with which model. How it is done is the run's.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_core::language::Language;
use ibid_core::private::Private;
use ibid_embed::Embedder;
use ibid_index::manifest::{ModelRecord, RemoteRecord, SourceRecord};

use crate::source::{Listing, SourceChoice};

/// What to index, and how.
#[derive(Clone)]
pub struct BuildOptions {
    /// The folder; of pages of the web, the one they are kept in.
    pub root: PathBuf,
    /// What in it, or behind it, is indexed.
    pub source: SourceChoice,
    /// The collection it becomes.
    pub name: CollectionName,
    /// Only files that match one of these globs; all where there is none.
    pub include: Vec<String>,
    /// Never files that match one of these globs.
    pub exclude: Vec<String>,
    /// The language all of them are in; `None` where each tells by its words.
    pub language: Option<Language>,
    /// The model; `None` indexes by words alone.
    pub model: Option<Model>,
    /// How many threads embed; as many read.
    pub threads: NonZero<usize>,
    /// Make everything anew: vectors, documents, whatever model they were made by.
    pub rebuild: bool,
    /// Whether a model other than the last generation's may take its place. Everything is then made anew beside what
    /// stands, which is read until it is done.
    pub may_change_model: bool,
    /// The time, in nanoseconds since 1970.
    pub now: u64,
    /// Where nothing changed, and the last commit is younger than this, no other is made to say so.
    pub restate_after: Duration,
    /// Tells when vectors were committed last. What is indexed does not depend on it.
    pub clock: fn() -> Instant,
}

impl BuildOptions {
    /// Which notes the model is not given, as rules.
    pub(super) fn withheld(&self) -> Vec<String> {
        self.model.as_ref().and_then(Model::withheld).map(Private::texts).unwrap_or_default()
    }

    /// The same, as the preparation of a note asks it.
    pub(super) fn withheld_from_model(&self) -> Option<(&CollectionName, &Private)> {
        Some((&self.name, self.model.as_ref()?.withheld()?))
    }

    pub(super) fn record(&self, root: PathBuf, listing: &Listing) -> SourceRecord {
        SourceRecord {
            root,
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            language: self.language.map(|language| language.code().to_owned()),
            origin: listing.origin.clone(),
        }
    }
}

/// A model, loaded.
#[derive(Clone)]
pub struct Model {
    /// What embeds.
    pub embedder: Arc<dyn Embedder>,
    /// The folder it was read from, to be found again by later runs and by searches.
    pub folder: Option<PathBuf>,
    /// Notes that it is not given where it runs beyond this machine.
    pub private: Private,
}

impl Model {
    /// Notes that it is not given; `None` where it is given all.
    fn withheld(&self) -> Option<&Private> {
        Some(&self.private)
            .filter(|private| self.embedder.identity().leaves_machine() && !private.is_nothing())
    }

    pub(super) fn record(&self) -> ModelRecord {
        let identity = self.embedder.identity();
        ModelRecord {
            name: identity.name.clone(),
            engine: identity.engine.clone(),
            dimensions: identity.dimensions,
            checksum: identity.checksum.clone(),
            folder: self.folder.clone(),
            remote: identity.remote.as_ref().map(|remote| RemoteRecord {
                leaves_machine: remote.leaves_machine,
                probes: remote.probes.clone(),
            }),
        }
    }
}
