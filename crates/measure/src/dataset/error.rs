//! Why a dataset could not be read: which file, which line. What to do about it is said in the CLI.

use std::io;
use std::path::PathBuf;

/// Why a dataset could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// There is nothing at the path.
    #[error("there is no dataset {path}")]
    Missing {
        /// The path given.
        path: PathBuf,
    },
    /// A judged collection is a folder.
    #[error("{path} is a file, and a judged collection is a folder")]
    NotAFolder {
        /// The path given.
        path: PathBuf,
    },
    /// Questions over a collection that is indexed already are a file.
    #[error("{path} is a folder, and questions over a collection are a file")]
    NotAFile {
        /// The path given.
        path: PathBuf,
    },
    /// A file of the dataset is missing, cannot be read, or is not UTF-8.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A line is not what the format says.
    #[error("{path}, line {line}: {reason}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An id stands on two lines.
    #[error("{path}, line {line}: there are two of the id \"{id}\"")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The second line, from 1.
        line: usize,
        /// The id.
        id: String,
    },
    /// A judgement is of a question that is not asked.
    #[error("{path}, line {line}: there is no question \"{id}\"")]
    UnknownQuestion {
        /// The file of judgements.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The question's id.
        id: String,
    },
    /// A file of judgements begins with a judgement, which would be taken for the header.
    #[error("{path} has no header line")]
    NoHeader {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to search.
    #[error("{path} holds no document")]
    NoDocuments {
        /// The file or folder.
        path: PathBuf,
    },
    /// No question has a relevant document.
    #[error("none of the {questions} questions of {path} has a relevant document")]
    NothingJudged {
        /// The dataset.
        path: PathBuf,
        /// How many questions there are.
        questions: usize,
    },
}
