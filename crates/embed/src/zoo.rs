//! Every other model: fastembed's list from the model hub, or a folder of the user's. It needs an ONNX Runtime
//! library while it runs; the bundled model does not, and knows nothing of this module.

mod files;
mod names;
mod prefixes;
mod runtime;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use fastembed::{InitOptionsUserDefined, TextEmbedding};

use crate::embedder::{EmbedWorker, Embedder, ModelIdentity, checked};
use crate::error::EmbedError;
use files::ModelFiles;
pub use names::models;
use prefixes::Prefixes;
pub(crate) use prefixes::prefixes_of;

/// Longer texts are cut here, as with the bundled model, so that one chunk size suits all.
const MAX_TOKENS: usize = 256;

const ENGINE: &str = "onnxruntime via fastembed 7.5";

/// Which model to open, and where to look for its parts.
#[derive(Debug, Clone)]
pub struct ZooOptions {
    /// The model's name, as [`models`] lists it, or the part after the `/`. With a `model_dir` any name will
    /// do; the query prefix follows from it.
    pub name: String,
    /// A folder with the network (`model.onnx`, `onnx/model.onnx` or either with `_quantized`) and
    /// `tokenizer.json`. Without it the model is fetched from the hub.
    pub model_dir: Option<PathBuf>,
    /// Where fetched files are kept.
    pub cache_dir: PathBuf,
    /// Where an ONNX Runtime library may be, the best place first.
    pub onnx_runtime: Vec<PathBuf>,
    /// Whether a download draws its progress on the terminal.
    pub show_download_progress: bool,
}

/// A model that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZooModel {
    /// The name, such as `intfloat/multilingual-e5-small`.
    pub name: String,
    /// The length of its vectors.
    pub dimensions: usize,
    /// A few words by fastembed.
    pub description: String,
}

/// A model run by ONNX Runtime.
pub struct ZooEmbedder {
    identity: ModelIdentity,
    files: ModelFiles,
    prefixes: Prefixes,
    /// The session that measured the dimensions; the first worker takes it.
    first: Mutex<Option<TextEmbedding>>,
}

impl ZooEmbedder {
    /// Opens the library and the model. It blocks while the model is fetched, which may be gigabytes, and
    /// hashes the model's files. A process uses one library: the first that was opened.
    ///
    /// # Errors
    /// When the name is unknown, a file cannot be had or read, no library is usable, or the model does not run.
    pub fn load(options: &ZooOptions) -> Result<Self, EmbedError> {
        let known = names::find(&options.name);
        let (name, files) = match &options.model_dir {
            Some(dir) => {
                let pooling =
                    known.ok().and_then(|(_, info)| TextEmbedding::get_default_pooling_method(&info.model));
                let files = ModelFiles::local(dir, &options.name, pooling)?;
                runtime::open(&options.onnx_runtime)?;
                (options.name.clone(), files)
            }
            None => {
                let (name, info) = known?;
                runtime::open(&options.onnx_runtime)?; // before a download that would be of no use
                let pooling = TextEmbedding::get_default_pooling_method(&info.model);
                let pooling = pooling.unwrap_or_else(|| prefixes::pooling_of(&name));
                (name, ModelFiles::from_hub(&info, pooling, options)?)
            }
        };
        let mut first = session(&name, &files)?;
        let dimensions = embed_one(&name, &mut first, "dimensions")?.len();
        let checksum = files.checksum()?;
        let prefixes = prefixes_of(&name);
        let identity = ModelIdentity { name, engine: ENGINE.to_owned(), dimensions, checksum, remote: None };
        Ok(Self { identity, files, prefixes, first: Mutex::new(Some(first)) })
    }
}

impl Embedder for ZooEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        // Held for a move, never while a session is made.
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let session = first.map_or_else(|| session(&self.identity.name, &self.files), Ok)?;
        Ok(Box::new(ZooWorker { identity: self.identity.clone(), session, prefixes: self.prefixes }))
    }
}

struct ZooWorker {
    identity: ModelIdentity,
    session: TextEmbedding,
    prefixes: Prefixes,
}

impl ZooWorker {
    fn embed(&mut self, prefix: &str, text: &str) -> Result<Vec<f32>, EmbedError> {
        let vector = if prefix.is_empty() {
            embed_one(&self.identity.name, &mut self.session, text)
        } else {
            embed_one(&self.identity.name, &mut self.session, &format!("{prefix}{text}"))
        };
        checked(&self.identity, vector?)
    }
}

impl EmbedWorker for ZooWorker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.embed(self.prefixes.document, text)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.embed(self.prefixes.query, text)
    }
}

/// Opens a model on one thread. The library must be open: fastembed panics without.
fn session(name: &str, files: &ModelFiles) -> Result<TextEmbedding, EmbedError> {
    let options = InitOptionsUserDefined::new().with_max_length(MAX_TOKENS).with_intra_threads(1);
    TextEmbedding::try_new_from_user_defined(files.read()?, options).map_err(|source| failed(name, source))
}

/// One text at a time: fastembed keeps all outputs of a call, with every token's vector, until it returns.
fn embed_one(name: &str, session: &mut TextEmbedding, text: &str) -> Result<Vec<f32>, EmbedError> {
    let vectors = session.embed([text], None).map_err(|source| failed(name, source))?;
    Ok(vectors.into_iter().next().unwrap_or_default())
}

fn failed(name: &str, source: fastembed::Error) -> EmbedError {
    EmbedError::Fastembed { model: name.to_owned(), source: Box::new(source) }
}

#[cfg(test)]
mod tests;
