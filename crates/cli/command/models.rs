//! `ibid models`: the names that `ibid index --model` takes; one fetched beforehand; one looked at whether it runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ibid_core::id::CollectionName;
use ibid_embed::zoo::{self, CATALOGUE, Kept, ZooModel};
use ibid_embed::{BundledModel, EmbedError, Embedder, ZooEmbedder};

use crate::args::{ModelsArgs, ModelsCommand};
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::open::{self, ModelChoice};
use crate::{json, output, print};

/// Two that say one thing, and one that says another.
const SENTENCES: [&str; 3] = [
    "The cat sleeps on the warm stove.",
    "A kitten is dozing beside the oven.",
    "Interest rates rose by a quarter of a point.",
];

/// The models there are.
pub(crate) struct Models {
    pub(crate) bundled: [BundledModel; 2],
    /// Those that are fetched, the catalogue's in its order and then others that were.
    pub(crate) others: Vec<Other>,
}

/// A model that is not in the program.
pub(crate) struct Other {
    pub(crate) name: String,
    /// What is known of it beforehand.
    pub(crate) known: Option<&'static ZooModel>,
    /// What is on this machine of it.
    pub(crate) kept: Option<Kept>,
    /// The collections whose vectors it made.
    pub(crate) used_by: Vec<CollectionName>,
}

impl Other {
    /// Whether it ever ran here, as what is on disk tells.
    pub(crate) fn ran(&self) -> bool {
        !self.used_by.is_empty() || self.kept.as_ref().is_some_and(|kept| kept.ran)
    }
}

/// A model that was loaded and has embedded the sentences.
pub(crate) struct Checked {
    pub(crate) embedder: ZooEmbedder,
    pub(crate) folder: PathBuf,
    /// The bytes fetched for it now; `None` where it was not fetched but is the caller's.
    pub(crate) fetched: Option<u64>,
    /// The cosine of the two sentences that say one thing.
    pub(crate) near: f32,
    /// The larger of the other two cosines.
    pub(crate) far: f32,
}

pub(crate) fn run(args: &ModelsArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let checked = match &args.what {
        None => {
            let models = listed(environment)?;
            match args.json {
                true => output::print_json(&json::models::listed(&models))?,
                false => print::models::listed(&models)?,
            }
            return Ok(Outcome::Done);
        }
        Some(ModelsCommand::Get { name }) => match got(name, environment)? {
            Some(checked) => checked,
            None => {
                match args.json {
                    true => output::print_json(&json::models::in_program(name))?,
                    false => print::models::in_program(name)?,
                }
                return Ok(Outcome::Done);
            }
        },
        Some(ModelsCommand::Check { folder, model }) => check(folder, model.as_deref(), environment)?,
    };
    match args.json {
        true => output::print_json(&json::models::checked(&checked))?,
        false => print::models::checked(&checked)?,
    }
    Ok(Outcome::Done)
}

fn listed(environment: &Environment) -> Result<Models, Failure> {
    let mut kept = zoo::fetched(&environment.model_cache())?;
    let mut used: BTreeMap<String, Vec<CollectionName>> = BTreeMap::new();
    for name in environment.store.collections()? {
        // Of one that does not open `ibid status` tells; this list is not about it.
        let Ok(snapshot) = open::snapshot(&environment.store, &name) else { continue };
        if let Some(model) = snapshot.manifest().model.as_ref().filter(|model| model.folder.is_none()) {
            let repository = model.name.split('#').next().unwrap_or_default();
            used.entry(repository.to_owned()).or_default().push(name);
        }
    }
    let mut other = |name: &str, known| Other {
        name: name.to_owned(),
        known,
        kept: kept.remove(name),
        used_by: used.remove(name).unwrap_or_default(),
    };
    let mut others: Vec<Other> = CATALOGUE.iter().map(|model| other(model.name, Some(model))).collect();
    let mut rest: Vec<String> = kept.keys().chain(used.keys()).cloned().collect();
    rest.sort();
    rest.dedup();
    let others_of_hub = rest.into_iter().filter(|name| BundledModel::called(name).is_none());
    others.extend(others_of_hub.map(|name| Other {
        kept: kept.remove(&name),
        used_by: used.remove(&name).unwrap_or_default(),
        name,
        known: None,
    }));
    Ok(Models { bundled: BundledModel::ALL, others })
}

/// Fetches a model and checks it; `None` where it is in the program.
fn got(name: &str, environment: &Environment) -> Result<Option<Checked>, Failure> {
    let choice = ModelChoice { name: name.to_owned(), folder: None, remote: None };
    if choice.in_program().is_some() {
        return Ok(None);
    }
    let options = choice.options(environment);
    let fetched = zoo::fetch(&options)?;
    Ok(Some(embedded(ZooEmbedder::load(&options)?, fetched.folder, Some(fetched.n_bytes))?))
}

/// Checks the model of a folder, which is called as the folder is unless it is said how.
fn check(folder: &Path, name: Option<&str>, environment: &Environment) -> Result<Checked, Failure> {
    let folder =
        folder.canonicalize().map_err(|source| EmbedError::ModelFile { path: folder.to_owned(), source })?;
    let own = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.map_or_else(|| own.unwrap_or_default(), str::to_owned);
    let choice = ModelChoice { name, folder: Some(folder.clone()), remote: None };
    Ok(embedded(ZooEmbedder::load(&choice.options(environment))?, folder, None)?)
}

fn embedded(embedder: ZooEmbedder, folder: PathBuf, fetched: Option<u64>) -> Result<Checked, EmbedError> {
    let mut worker = embedder.worker()?;
    let [one, same, other] = SENTENCES.map(|sentence| worker.embed_document(sentence));
    let (one, same, other) = (one?, same?, other?);
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let (near, far) = (cosine(&one, &same), cosine(&one, &other).max(cosine(&same, &other)));
    Ok(Checked { embedder, folder, fetched, near, far })
}
