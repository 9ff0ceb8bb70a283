//! From names to open snapshots, and from a model's name to the model. Nothing is printed here.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ibid_core::id::CollectionName;
use ibid_embed::zoo::FetchProgress;
use ibid_embed::{
    BundledModel, EmbedError, Embedder, ModelIdentity, RemoteEmbedder, RemoteError, RemoteIdentity, Reranker,
    ZooEmbedder, ZooOptions,
};
use ibid_index::OpenError;
use ibid_index::manifest::ModelRecord;
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_indexer::Survey;

use crate::config::{Config, EmbeddingConfig};
use crate::environment::{self, Environment};
use crate::failure::Failure;
use crate::progress::Fetching;

/// Collections open for reading.
pub(crate) struct Opened {
    /// What could be opened, sorted by name.
    pub(crate) snapshots: Vec<Arc<Snapshot>>,
    /// Why others could not.
    pub(crate) troubles: Vec<(CollectionName, Failure)>,
}

/// The collections of these names, sorted, each once; the first that does not exist is the failure.
pub(crate) fn named(store: &Store, names: &[String]) -> Result<Vec<CollectionName>, Failure> {
    let known = store.collections()?;
    let mut named = names.iter().map(|name| exists(&known, name)).collect::<Result<Vec<_>, _>>()?;
    named.sort();
    named.dedup();
    Ok(named)
}

/// Reads a collection's name as typed.
pub(crate) fn collection_name(typed: &str) -> Result<CollectionName, Failure> {
    typed.parse().map_err(|source| Failure::CollectionName { typed: typed.to_owned(), source })
}

fn exists(known: &[CollectionName], name: &str) -> Result<CollectionName, Failure> {
    let name = collection_name(name)?;
    match known.contains(&name) {
        true => Ok(name),
        false => Err(Failure::UnknownCollection { name, known: known.to_vec() }),
    }
}

/// Opens the collections of these names, or every one where there is no name.
///
/// A collection asked for by name must open. Of all, those that open are enough, and the troubles of the others are
/// given; where none opens, the first trouble is the failure.
pub(crate) fn collections(store: &Store, names: &[String]) -> Result<Opened, Failure> {
    if !names.is_empty() {
        let names = named(store, names)?;
        let snapshots = names.iter().map(|name| snapshot(store, name)).collect::<Result<_, _>>()?;
        return Ok(Opened { snapshots, troubles: Vec::new() });
    }
    let mut opened = Opened { snapshots: Vec::new(), troubles: Vec::new() };
    for name in store.collections()? {
        match snapshot(store, &name) {
            Ok(snapshot) => opened.snapshots.push(snapshot),
            Err(trouble) => opened.troubles.push((name, trouble)),
        }
    }
    if !opened.snapshots.is_empty() {
        return Ok(opened);
    }
    let nothing = || Failure::NoCollections { data_dir: store.data_dir().to_owned() };
    Err(opened.troubles.into_iter().next().map_or_else(nothing, |(_, trouble)| trouble))
}

/// Opens one collection's newest generation; it must exist.
pub(crate) fn snapshot(store: &Store, name: &CollectionName) -> Result<Arc<Snapshot>, Failure> {
    Snapshot::open(store, name).map(Arc::new).map_err(|error| match error {
        OpenError::Missing { name, .. } => Failure::NothingCommitted { name },
        source => Failure::Open { name: name.clone(), source },
    })
}

/// What `--model` takes for no model at all.
pub(crate) const NO_MODEL: &str = "none";

/// What `--model` takes for the model that suits the languages of the notes.
pub(crate) const MODEL_BY_LANGUAGE: &str = "auto";

/// The share of text in English from which on the model for English is taken. Over `data/vault`, of which .89 is in
/// English, its 60 questions have .881 with that model (nDCG@10, both legs) and .822 with the other.
const ENOUGH_ENGLISH: f64 = 0.85;

/// A model as a person or a manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelChoice {
    /// Its name.
    pub(crate) name: String,
    /// The folder to read it from; without one it is bundled, or fetched.
    pub(crate) folder: Option<PathBuf>,
    /// Where it is one of the engine that the settings name: what it must be.
    pub(crate) remote: Option<RemoteChoice>,
}

/// Which model of an engine is meant by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RemoteChoice {
    /// The one that the engine has now.
    AsItIs,
    /// The one that made the vectors of a collection.
    AsRecorded(Box<ModelRecord>),
}

impl ModelChoice {
    /// A model in the program.
    pub(crate) fn bundled(model: BundledModel) -> ModelChoice {
        ModelChoice { name: model.name().to_owned(), folder: None, remote: None }
    }

    /// The model that a person calls so: the one of the engine that the settings name, and one in the program by its
    /// word too.
    pub(crate) fn called(name: &str, folder: Option<PathBuf>, config: &Config) -> ModelChoice {
        if let Some(engine) =
            config.embedding.as_ref().filter(|engine| folder.is_none() && engine.model == name)
        {
            return ModelChoice::of_engine(engine);
        }
        match BundledModel::called(name).filter(|_| folder.is_none()) {
            Some(model) => ModelChoice::bundled(model),
            None => ModelChoice { name: name.to_owned(), folder, remote: None },
        }
    }

    /// The model of an engine, as it has it now.
    pub(crate) fn of_engine(engine: &EmbeddingConfig) -> ModelChoice {
        ModelChoice { name: engine.model.clone(), folder: None, remote: Some(RemoteChoice::AsItIs) }
    }

    /// The same model, and no other that goes by its name: where an engine has it, the one that made the vectors that
    /// stand, if it did.
    pub(crate) fn that_made(self, last: Option<&ModelRecord>) -> ModelChoice {
        match last {
            Some(record) if self.remote.is_some() && record.remote.is_some() && record.name == self.name => {
                ModelChoice::recorded(record)
            }
            _ => self,
        }
    }

    /// The model for notes in these languages: the one for English, which costs half, where at least 85 % of the text is
    /// in English or nothing could be told; else the one for a hundred languages.
    pub(crate) fn for_languages(survey: &Survey) -> ModelChoice {
        let is_english = survey.share_of_english().is_none_or(|share| share >= ENOUGH_ENGLISH);
        ModelChoice::bundled(if is_english { BundledModel::English } else { BundledModel::Multilingual })
    }

    /// The model that made the vectors of a manifest.
    pub(crate) fn recorded(record: &ModelRecord) -> ModelChoice {
        let remote = record.remote.as_ref().map(|_| RemoteChoice::AsRecorded(Box::new(record.clone())));
        ModelChoice { name: record.name.clone(), folder: record.folder.clone(), remote }
    }

    /// The model in the program that this is, if it is one.
    pub(crate) fn in_program(&self) -> Option<BundledModel> {
        BundledModel::called(&self.name).filter(|_| self.folder.is_none())
    }

    /// Loads it. One in the program takes some 50 ms, any other seconds, or as long as a download does.
    ///
    /// One of an engine costs a request where it is to be what it is now, and none before the first worker where it made
    /// vectors before. It must be the one that the settings name, whatever made the vectors: nothing is
    /// sent to where an index alone says.
    pub(crate) fn load(&self, environment: &Environment) -> Result<Arc<dyn Embedder>, EmbedError> {
        if let Some(remote) = &self.remote {
            return self.load_from_engine(remote, environment.config.embedding.as_ref());
        }
        match self.in_program() {
            Some(model) => model.load(),
            None => Ok(Arc::new(ZooEmbedder::load(&self.options(environment))?)),
        }
    }

    /// Where the parts of a model are that is not in the program.
    pub(crate) fn options(&self, environment: &Environment) -> ZooOptions {
        let hub = environment.hub();
        ZooOptions {
            name: self.name.clone(),
            model_dir: self.folder.clone(),
            cache_dir: environment.model_cache(),
            onnx_runtime: environment.onnx_runtime(),
            proxy: environment.proxy_to(&hub),
            hub,
            progress: (!environment.quiet).then(|| Arc::new(Fetching::new()) as Arc<dyn FetchProgress>),
        }
    }

    fn load_from_engine(
        &self,
        choice: &RemoteChoice,
        engine: Option<&EmbeddingConfig>,
    ) -> Result<Arc<dyn Embedder>, EmbedError> {
        let engine = engine.filter(|engine| engine.model == self.name);
        let engine = engine.ok_or_else(|| RemoteError::NotSet { model: self.name.clone() })?;
        let key = match &engine.key_env {
            Some(variable) => {
                let key = environment::secret(variable);
                Some(key.ok_or_else(|| RemoteError::NoKey { variable: variable.clone() })?)
            }
            None => None,
        };
        let recorded = match choice {
            RemoteChoice::AsItIs => None,
            RemoteChoice::AsRecorded(record) => Some(identity(record)),
        };
        Ok(Arc::new(RemoteEmbedder::load(&engine.options(key), recorded.as_ref())?))
    }
}

/// The reranker that a flag asks for: a folder, a name of the hub, or `none`; without a flag the one of the settings.
pub(crate) fn reranker(
    flag: Option<&str>,
    environment: &Environment,
) -> Result<Option<Reranker>, EmbedError> {
    let choice = match flag {
        Some(NO_MODEL) => None,
        Some(typed) => Some(match Path::new(typed) {
            folder if folder.is_dir() => ModelChoice {
                name: folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned(),
                folder: Some(folder.to_owned()),
                remote: None,
            },
            _ => ModelChoice { name: typed.to_owned(), folder: None, remote: None },
        }),
        None => environment.config.reranking.as_ref().map(|set| ModelChoice {
            name: set.model.clone(),
            folder: set.model_dir.clone(),
            remote: None,
        }),
    };
    choice.map(|choice| Reranker::load(&choice.options(environment))).transpose()
}

/// The model that made the vectors of a manifest, as the embedder knows it.
fn identity(record: &ModelRecord) -> ModelIdentity {
    ModelIdentity {
        name: record.name.clone(),
        engine: record.engine.clone(),
        dimensions: record.dimensions,
        checksum: record.checksum.clone(),
        remote: record.remote.as_ref().map(|remote| RemoteIdentity {
            leaves_machine: remote.leaves_machine,
            probes: remote.probes.clone(),
        }),
    }
}

/// Models in the hands of several at once: those who search and those who index. Each is loaded once, and dropped when
/// nobody holds it any more.
pub(crate) struct SharedModels {
    environment: Environment,
    // Held while a model is loaded, so that whoever wants the same one waits for it.
    held: Mutex<Vec<(ModelChoice, Weak<dyn Embedder>)>>,
}

impl SharedModels {
    /// Holds none yet.
    pub(crate) fn new(environment: Environment) -> SharedModels {
        SharedModels { environment, held: Mutex::default() }
    }

    /// Where they are loaded.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The model, loaded now unless somebody holds it.
    pub(crate) fn get(&self, choice: &ModelChoice) -> Result<Arc<dyn Embedder>, EmbedError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, embedder)| embedder.strong_count() > 0);
        let known = held.iter().find(|(known, _)| known == choice);
        if let Some(embedder) = known.and_then(|(_, embedder)| embedder.upgrade()) {
            return Ok(embedder);
        }
        let embedder = choice.load(&self.environment)?;
        held.push((choice.clone(), Arc::downgrade(&embedder)));
        Ok(embedder)
    }
}
