//! Every other model: a folder of the user's, or one fetched from the model hub. What is done around its network is read
//! from its own files, so that any model whose parts are known here can be had; one with an unknown part is refused. The
//! network is run by rten, or by ONNX Runtime where a library is at hand. The bundled models know nothing of this module.

mod by_onnxruntime;
mod by_rten;
mod catalogue;
mod dense;
mod families;
mod fetch;
mod files;
mod hub;
mod json;
mod network;
mod pooling;
mod recipe;
mod reranker;
mod runtime;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokenizers::{Tokenizer, TruncationParams};

use crate::bundled::beginning;
use crate::embedder::{EmbedWorker, Embedder, ModelIdentity, checked};
use crate::error::{EmbedError, UnknownPart};
use by_onnxruntime::OnnxRuntimeNetwork;
use by_rten::RtenNetwork;
use dense::Dense;
use files::ModelFiles;
use network::{Network, Output, Purpose, Runner, Tokens};

pub use catalogue::{CATALOGUE, Quality, ZooModel};
pub use families::Prefixes;
pub(crate) use families::prefixes_of;
pub use fetch::FetchProgress;
pub use hub::{Fetched, HUB, Kept, fetch, fetched};
pub use pooling::Pooling;
pub use recipe::{Origin, Recipe, Step};
pub use reranker::Reranker;

/// The engines' names, as a model's identity has them.
const RTEN: &str = crate::bundled::ENGINE;
const ONNX_RUNTIME: &str = "onnxruntime via ort 2.0.0-rc.15";

/// Which model to open, and where to look for its parts.
#[derive(Clone)]
pub struct ZooOptions {
    /// The model's name: one of [`CATALOGUE`], the part of it after the `/`, or any repository of the hub. What stands
    /// behind a `#` says which of its networks to take. With a `model_dir` any name will do; the habits of its family
    /// follow from it where no file states them.
    pub name: String,
    /// A folder with a network and `tokenizer.json`, laid out as sentence-transformers does. Without it the model is
    /// fetched from the hub.
    pub model_dir: Option<PathBuf>,
    /// Where fetched files are kept.
    pub cache_dir: PathBuf,
    /// Where an ONNX Runtime library may be, the best place first; none need be there.
    pub onnx_runtime: Vec<PathBuf>,
    /// The address of the model hub, as [`HUB`].
    pub hub: String,
    /// The address of a proxy to the hub.
    pub proxy: Option<String>,
    /// Who is told of a download.
    pub progress: Option<Arc<dyn FetchProgress>>,
}

/// A model of a folder, opened.
pub struct ZooEmbedder {
    identity: ModelIdentity,
    languages: Option<&'static [&'static str]>,
    network: Box<dyn Network>,
    file: PathBuf,
    method: Arc<Method>,
    passed_over: Option<EmbedError>,
    /// The runner that measured the dimensions; the first worker takes it.
    first: Mutex<Option<Box<dyn Runner + Send>>>,
}

/// All that is done around a network.
struct Method {
    recipe: Recipe,
    dense: Vec<Dense>,
    tokenizer: Tokenizer,
    name: String,
}

impl ZooEmbedder {
    /// Opens the model. It blocks while the model is fetched, which may be gigabytes, and hashes the model's files. Of
    /// ONNX Runtime a process uses one library: the first that was opened.
    ///
    /// # Errors
    /// When the name is unknown, a file cannot be had or read, a part of the model is not known here, or no engine can run
    /// it.
    pub fn load(options: &ZooOptions) -> Result<Self, EmbedError> {
        let (name, stem) = split(&options.name);
        let known = catalogue::find(name);
        let (name, folder) = match &options.model_dir {
            Some(dir) => (options.name.clone(), dir.clone()),
            None => {
                let fetched = hub::fetch(options)?;
                (fetched.name, fetched.folder)
            }
        };
        let modules = recipe::read(&folder, &name)?;
        let files = ModelFiles::find(&modules.transformer, stem)?;
        let tokenizer = tokenizer(&name, &files.tokenizer, modules.recipe.max_tokens)?;
        let engine = Engine::open(&options.onnx_runtime, &files.network, Purpose::Embedding)?;
        let mut method = Method { recipe: modules.recipe, dense: modules.dense, tokenizer, name };
        let mut runner = engine.network.runner()?;
        let tokens = method.tokens("", "")?;
        if tokens.ids.is_empty() {
            return Err(EmbedError::NotUnderstood { path: files.tokenizer, part: UnknownPart::NoFrame });
        }
        let output = runner.run(&tokens)?;
        if matches!(output, Output::Sentence(_)) {
            method.recipe = method.recipe.of_pooling_graph();
            method.dense.clear();
        }
        let dimensions = method.vector(output, &files.network)?.len();
        let others = if method.dense.is_empty() { &[][..] } else { &modules.dense_files };
        let checksum = files.checksum(others, &method.recipe.line())?;
        if options.model_dir.is_none() {
            hub::keep_that_it_ran(&options.cache_dir, &method.name, engine.name);
        }
        let name = method.name.clone();
        let identity =
            ModelIdentity { name, engine: engine.name.to_owned(), dimensions, checksum, remote: None };
        Ok(Self {
            identity,
            languages: known.and_then(|model| model.languages()),
            network: engine.network,
            file: files.network,
            method: Arc::new(method),
            passed_over: engine.passed_over,
            first: Mutex::new(Some(runner)),
        })
    }

    /// What was understood of the model's files.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.method.recipe
    }

    /// The file of the network.
    #[must_use]
    pub fn network_file(&self) -> &Path {
        &self.file
    }

    /// Why rten runs the model and not ONNX Runtime, where it does.
    #[must_use]
    pub fn passed_over(&self) -> Option<&EmbedError> {
        self.passed_over.as_ref()
    }
}

impl Embedder for ZooEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn languages(&self) -> Option<&'static [&'static str]> {
        self.languages
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        // Held for a move, never while a runner is made.
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let runner = first.map_or_else(|| self.network.runner(), Ok)?;
        let (identity, file) = (self.identity.clone(), self.file.clone());
        Ok(Box::new(ZooWorker { identity, file, runner, method: Arc::clone(&self.method) }))
    }
}

/// Splits a name and the network it asks for.
fn split(name: &str) -> (&str, Option<&str>) {
    name.trim().split_once('#').map_or((name.trim(), None), |(name, stem)| (name, Some(stem)))
}

/// A network and the engine that runs it.
struct Engine {
    network: Box<dyn Network>,
    name: &'static str,
    /// Why it is not ONNX Runtime, where it is not.
    passed_over: Option<EmbedError>,
}

impl Engine {
    /// Opens a network by the quickest engine there is. ONNX Runtime is passed over where no library of it is usable, or
    /// where it does not open what rten opens.
    fn open(onnx_runtime: &[PathBuf], path: &Path, purpose: Purpose) -> Result<Self, EmbedError> {
        let environment = runtime::open(onnx_runtime)
            .map_err(|reason| EmbedError::OnnxRuntime { looked_in: onnx_runtime.to_vec(), reason });
        let opened = environment.and_then(|environment| OnnxRuntimeNetwork::open(environment, path, purpose));
        let passed_over = match opened {
            Ok(network) => {
                return Ok(Self { network: Box::new(network), name: ONNX_RUNTIME, passed_over: None });
            }
            Err(error) => error,
        };
        match (RtenNetwork::open(path, purpose), passed_over) {
            (Ok(network), passed_over) => {
                Ok(Self { network: Box::new(network), name: RTEN, passed_over: Some(passed_over) })
            }
            (Err(_), error @ EmbedError::OnnxRuntimeRun { .. }) => Err(error),
            (Err(error), _) => Err(error),
        }
    }
}

/// Opens a tokenizer that gives at most `max_tokens` tokens, the special ones included.
fn tokenizer(name: &str, path: &Path, max_tokens: usize) -> Result<Tokenizer, EmbedError> {
    let bytes =
        std::fs::read(path).map_err(|source| EmbedError::ModelFile { path: path.to_owned(), source })?;
    let failed = |source| EmbedError::Tokenizer { model: name.to_owned(), source };
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(failed)?;
    // What the file says of the two is of the last training or export.
    tokenizer.with_padding(None);
    let cut = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(cut)).map_err(failed)?;
    Ok(tokenizer)
}

impl Method {
    fn tokens(&self, prefix: &str, text: &str) -> Result<Tokens, EmbedError> {
        let whole = [prefix, beginning(text)].concat();
        let encoded = self.tokenizer.encode_fast(self.recipe.as_trained(&whole), true);
        let encoding = encoded.map_err(|source| EmbedError::Tokenize { model: self.name.clone(), source })?;
        Ok(Tokens::of(&encoding, self.recipe.first_position, text.len()))
    }

    /// Makes the vector of what the network in `file` gave.
    fn vector(&self, output: Output, file: &Path) -> Result<Vec<f32>, EmbedError> {
        let (values, width) = match output {
            Output::Sentence(vector) => return Ok(vector),
            Output::Tokens { values, width } => (values, width),
            Output::Score(_) => {
                return Err(EmbedError::NotUnderstood { path: file.to_owned(), part: UnknownPart::Judge });
            }
        };
        let mut vector: Vec<f32> =
            self.recipe.pooling.iter().flat_map(|way| way.pool(&values, width)).collect();
        let mut layers = self.dense.iter();
        for step in &self.recipe.steps {
            match step {
                Step::Normalize => {
                    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
                    vector.iter_mut().for_each(|x| *x /= norm);
                }
                Step::Dense { n_in, .. } if *n_in != vector.len() => {
                    let part = UnknownPart::Shape(vec![vector.len()]);
                    return Err(EmbedError::NotUnderstood { path: file.to_owned(), part });
                }
                Step::Dense { .. } => {
                    vector = layers.next().map_or(vector.clone(), |layer| layer.apply(&vector));
                }
            }
        }
        Ok(vector)
    }
}

struct ZooWorker {
    identity: ModelIdentity,
    file: PathBuf,
    runner: Box<dyn Runner + Send>,
    method: Arc<Method>,
}

impl ZooWorker {
    fn embed(&mut self, prefix: &str, text: &str) -> Result<Vec<f32>, EmbedError> {
        let output = self.runner.run(&self.method.tokens(prefix, text)?)?;
        checked(&self.identity, self.method.vector(output, &self.file)?)
    }
}

impl EmbedWorker for ZooWorker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let method = Arc::clone(&self.method);
        self.embed(&method.recipe.prefixes.document, text)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let method = Arc::clone(&self.method);
        self.embed(&method.recipe.prefixes.query, text)
    }
}

#[cfg(test)]
mod tests;
