//! What can fail between a text and its vector. Advice on what to do stands with the caller.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::remote::RemoteError;

/// What failed, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// The tokenizer's file is not one.
    #[error("cannot read the tokenizer of {model}")]
    Tokenizer {
        /// The model.
        model: String,
        /// What the tokenizer library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A text could not be cut into tokens.
    #[error("{model} cannot cut the text into tokens")]
    Tokenize {
        /// The model.
        model: String,
        /// What the tokenizer library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The bundled weights could not be opened.
    #[error("cannot load the weights of {model}")]
    Weights {
        /// The model.
        model: String,
        /// What rten said.
        source: rten::LoadError,
    },
    /// The bundled graph failed while it ran, or lacks an input or output.
    #[error("{model} failed on a text of {bytes} bytes")]
    Run {
        /// The model.
        model: String,
        /// The length of the text.
        bytes: usize,
        /// What rten said.
        source: rten::RunError,
    },
    /// A vector has another length than the model's others.
    #[error("{model} gave a vector of {found} numbers, expected {wanted}")]
    WrongLength {
        /// The model.
        model: String,
        /// The length it has.
        found: usize,
        /// The length it should have.
        wanted: usize,
    },
    /// A vector holds a value that is not finite, or zeros only.
    #[error("{model} gave a vector without a direction")]
    NotFinite {
        /// The model.
        model: String,
    },
    /// No model of the zoo has this name.
    #[error("no model is called {name}")]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// The names most like it, the likest first.
        nearest: Vec<String>,
    },
    /// No candidate is an ONNX Runtime library that can be used.
    #[error("no usable ONNX Runtime library, looked at {}: {reason}", Paths(.looked_in))]
    OnnxRuntime {
        /// Every candidate, in order.
        looked_in: Vec<PathBuf>,
        /// Why none of them served.
        reason: OnnxRuntimeReason,
    },
    /// A model's folder lacks a file.
    #[error("the model folder {folder} has no {wanted}")]
    MissingModelFile {
        /// The folder.
        folder: PathBuf,
        /// The file, or the choice of files.
        wanted: &'static str,
    },
    /// A file of a model could not be read.
    #[error("cannot read {path}")]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file beside a model is not the JSON it should be.
    #[error("{path} is not valid JSON")]
    ModelConfig {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A model pools its tokens in a way that fastembed cannot.
    #[error("{path} asks for a pooling other than mean or first token")]
    Pooling {
        /// The pooling's configuration.
        path: PathBuf,
    },
    /// A file is neither in the cache nor to be had from the model hub.
    #[error("cannot fetch {file} of {model} into {cache_dir}")]
    Download {
        /// The model.
        model: String,
        /// The file within the model's repository.
        file: String,
        /// Where it would have been kept.
        cache_dir: PathBuf,
        /// What the hub's client said.
        source: Box<hf_hub::api::sync::ApiError>,
    },
    /// fastembed could not open or run a model.
    #[error("fastembed cannot use {model}")]
    Fastembed {
        /// The model.
        model: String,
        /// What fastembed said.
        source: Box<fastembed::Error>,
    },
    /// An engine behind a url is away, or does not answer as it should.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// Why no candidate served as ONNX Runtime.
#[derive(Debug)]
#[non_exhaustive]
pub enum OnnxRuntimeReason {
    /// The caller named no candidate.
    NoCandidate,
    /// None of the candidates is a file.
    NotFound,
    /// The candidates that exist are not a library, not ONNX Runtime, or too old.
    Refused(Vec<(PathBuf, ort::LoadDynamicError)>),
}

impl fmt::Display for OnnxRuntimeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCandidate => f.write_str("no place was named"),
            Self::NotFound => f.write_str("no such file"),
            Self::Refused(refused) => {
                for (i, (_, error)) in refused.iter().enumerate() {
                    write!(f, "{}{error}", if i == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}

/// Paths with commas between them.
struct Paths<'a>(&'a [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (i, path) in self.0.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, path.display())?;
        }
        Ok(())
    }
}
