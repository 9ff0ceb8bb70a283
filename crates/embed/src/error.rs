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
    /// Weights could not be opened.
    #[error("cannot load the weights of {model}")]
    Weights {
        /// The model, or the file of its weights.
        model: String,
        /// What rten, or the reader of the layer, said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A graph failed while rten ran it, or lacks an input or output.
    #[error("{model} failed on a text of {bytes} bytes")]
    Run {
        /// The model, or the file of its graph.
        model: String,
        /// The length of the text.
        bytes: usize,
        /// What rten said.
        source: Box<rten::RunError>,
    },
    /// ONNX Runtime could not open or run a graph.
    #[error("ONNX Runtime cannot use {path}")]
    OnnxRuntimeRun {
        /// The graph's file.
        path: PathBuf,
        /// What ONNX Runtime said.
        source: Box<ort::Error>,
    },
    /// A model has a part that this program does not know. Left out, it would make another vector.
    #[error("{path} asks for what this program does not know: {part}")]
    NotUnderstood {
        /// The file that asks for it.
        path: PathBuf,
        /// What it asks for.
        part: UnknownPart,
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
    /// A reranker gave no number.
    #[error("{model} gave no number for a passage of {bytes} bytes")]
    NoScore {
        /// The reranker.
        model: String,
        /// The length of the passage.
        bytes: usize,
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
    /// A file is neither in the cache nor to be had from the model hub.
    #[error("cannot fetch {file} of {model} into {cache_dir}")]
    Download {
        /// The model.
        model: String,
        /// The file within the model's repository.
        file: String,
        /// Where it would have been kept.
        cache_dir: PathBuf,
        /// What went wrong.
        source: Box<DownloadError>,
    },
    /// An engine behind a url is away, or does not answer as it should.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// A part of a model that is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownPart {
    /// A module of `modules.json`, or a place in the order where it cannot stand.
    Module(String),
    /// A way to pool.
    Pooling(String),
    /// What is done to each value after a dense layer.
    Activation(String),
    /// An input of the graph.
    Input(String),
    /// The outputs of the graph, of which none holds a text's vector or its tokens'.
    Output(Vec<String>),
    /// A graph that judges pairs of texts, where one is wanted that makes vectors.
    Judge,
    /// The outputs of a graph that judges no pairs of texts, where one is wanted that does.
    NoJudge(Vec<String>),
    /// The sides of a tensor.
    Shape(Vec<usize>),
    /// The kind of a tensor's numbers.
    Number(String),
    /// A measure other than the angle between two vectors.
    Similarity(String),
    /// A tokenizer that gives no token for an empty text.
    NoFrame,
}

impl fmt::Display for UnknownPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(kind) => write!(f, "the module {kind}"),
            Self::Pooling(mode) => write!(f, "the pooling {mode}"),
            Self::Activation(class) => write!(f, "the activation {class}"),
            Self::Input(name) => write!(f, "the input {name}"),
            Self::Output(names) => write!(f, "the outputs {}", names.join(", ")),
            Self::Judge => {
                f.write_str("a judgement of two texts, where a vector is wanted: it is a reranker")
            }
            Self::NoJudge(names) => {
                write!(
                    f,
                    "the outputs {} in place of a judgement of two texts: it is no reranker",
                    names.join(", ")
                )
            }
            Self::Shape(sides) => write!(f, "a tensor of the shape {sides:?}"),
            Self::Number(kind) => write!(f, "a tensor of {kind}"),
            Self::Similarity(name) => write!(f, "the similarity {name}"),
            Self::NoFrame => f.write_str("no token for an empty text"),
        }
    }
}

/// Why a file could not be had from the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The server could not be asked.
    #[error(transparent)]
    Http(#[from] ureq::Error),
    /// The server refused.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The connection broke while the file came.
    #[error("the connection broke")]
    Transfer(#[source] std::io::Error),
    /// The file could not be kept.
    #[error("it cannot be written")]
    Io(#[from] std::io::Error),
    /// The hub's list of files is none.
    #[error("the list of the repository's files is not as expected")]
    Listing(#[source] serde_json::Error),
    /// A name of the list leads out of the folder.
    #[error("the name {0:?} is not one of a file in a repository")]
    UnsafeName(String),
    /// The list promises no checksum.
    #[error("the hub promises no checksum of it")]
    NoChecksum,
    /// The repository has no network in ONNX, or not the one asked for.
    #[error("the repository has no such network in ONNX")]
    NoNetwork,
    /// What came is not what was promised. It was removed.
    #[error("its checksum is {found}, promised was {wanted}; it was removed")]
    Checksum {
        /// What the hub promised, in hex.
        wanted: String,
        /// What came, in hex.
        found: String,
    },
    /// More came than was promised. It was removed.
    #[error("it is longer than the {promised} bytes promised; it was removed")]
    TooLong {
        /// How many bytes the hub promised.
        promised: u64,
    },
    /// The server broke off again and again. What came is kept, and the next call goes on with it.
    #[error("it broke off after {done} of {total} bytes")]
    BrokenOff {
        /// How many bytes came.
        done: u64,
        /// How many there are.
        total: u64,
    },
}

impl DownloadError {
    /// Whether asking again may help.
    pub(crate) fn is_a_break(&self) -> bool {
        match self {
            Self::Transfer(_) | Self::BrokenOff { .. } => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            Self::Http(error) => matches!(error, ureq::Error::Io(_) | ureq::Error::Timeout(_)),
            _ => false,
        }
    }
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
    /// The library opened and did not start.
    Environment(ort::Error),
}

impl fmt::Display for OnnxRuntimeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCandidate => f.write_str("no place was named"),
            Self::NotFound => f.write_str("no such file"),
            Self::Environment(error) => error.fmt(f),
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
