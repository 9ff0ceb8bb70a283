//! Why a measurement broke off. Slow is no error, and neither is a question without hits.

use std::io;

use ibid_embed::EmbedError;
use ibid_index::{OpenError, ReadError};
use ibid_indexer::BuildError;
use ibid_search::SearchError;
use ibid_server::{AskError, ServeError};

use crate::dataset::DatasetError;

/// Why a measurement broke off.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// There is nothing to ask.
    #[error("there is no question to measure with")]
    NoQuestions,
    /// A file of questions could not be read.
    #[error(transparent)]
    Questions(#[from] DatasetError),
    /// A question could not be answered.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The library could not answer a question.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A question could not be embedded.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index could not be opened once more.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The index could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The source could not be indexed again.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server to be measured did not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A request got no answer.
    #[error("the server on loopback did not answer")]
    Request {
        /// What the client said.
        #[source]
        source: Box<ureq::Error>,
    },
    /// A request was answered, but not with hits.
    #[error("the server on loopback answered {status}: {said}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The beginning of the body.
        said: String,
    },
    /// A process that was to be measured did not start.
    #[error("cannot start ibid once more")]
    Spawn {
        /// The system's reason.
        source: io::Error,
    },
    /// A process that was to be measured ended, or never said where it listens.
    #[error("the server that was started never became ready")]
    NeverReady,
    /// A search as a process of its own failed.
    #[error("a search as a process of its own ended with exit code {code}")]
    SearchEnded {
        /// Its exit code; -1 where a signal ended it.
        code: i32,
    },
    /// There is no room for an index to be thrown away.
    #[error("cannot make a temporary folder")]
    Scratch {
        /// The system's reason.
        source: io::Error,
    },
}

impl From<ureq::Error> for BenchError {
    fn from(source: ureq::Error) -> BenchError {
        BenchError::Request { source: Box::new(source) }
    }
}
