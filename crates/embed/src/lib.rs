//! Text to vector, and text to a number of tokens. It knows no index, no chunk and no environment variable:
//! every path it reads comes from the caller.
//!
//! Three roads lead to a vector. [`BundledEmbedder`] runs all-MiniLM-L6-v2 and [`MultilingualEmbedder`]
//! multilingual-e5-small, which are compiled into this crate. [`ZooEmbedder`] opens any other model, from the model hub or
//! from a folder. A pure Rust engine runs them all; they need nothing from the machine. Where an ONNX Runtime library is at
//! hand, it runs those of the second road, and faster. [`RemoteEmbedder`] asks somebody else's engine behind a url, by the
//! embeddings API of OpenAI. [`Reranker`] makes no vector: it reads a question and a passage together and judges.

pub mod bundled;
pub mod embedder;
pub mod error;
pub mod reach;
pub mod remote;
pub mod tokens;
pub mod zoo;

pub use bundled::{BUNDLED_MODEL, BundledEmbedder, BundledModel, MULTILINGUAL_MODEL, MultilingualEmbedder};
pub use embedder::{EmbedWorker, Embedder, ModelIdentity, RemoteIdentity};
pub use error::{DownloadError, EmbedError, OnnxRuntimeReason, UnknownPart};
pub use remote::{RemoteEmbedder, RemoteError, RemoteOptions};
pub use tokens::{TokenCounter, bundled_tokens};
pub use zoo::{Reranker, ZooEmbedder, ZooModel, ZooOptions};
