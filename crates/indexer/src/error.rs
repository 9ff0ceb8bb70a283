//! Why a run ended without doing its work. A file that cannot be read is no reason: it goes into the report.

use std::io;
use std::path::PathBuf;

use ibid_core::id::CollectionName;
use ibid_embed::EmbedError;
use ibid_index::{OpenError, ReadError, WriteError};

/// Why a run ended without doing its work. The last commit stands as it was.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is nothing at the path.
    #[error("there is no folder {path}")]
    SourceMissing {
        /// The path given.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("{path} is a file, not a folder")]
    SourceIsFile {
        /// The path given.
        path: PathBuf,
    },
    /// The folder cannot be listed.
    #[error("cannot read the folder {path}: {source}")]
    SourceUnreadable {
        /// The path given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder holds no file that can be indexed, and never did.
    #[error("{path} holds no file to index ({others} files of other kinds)")]
    NothingToIndex {
        /// The path given.
        path: PathBuf,
        /// How many files were seen and left.
        others: usize,
    },
    /// Every document of the collection is gone at once, as when a disk is not mounted.
    #[error("{path} holds no document any more, the collection {name} has {documents}")]
    SourceEmptied {
        /// The path given.
        path: PathBuf,
        /// The collection.
        name: CollectionName,
        /// How many documents it still has.
        documents: usize,
    },
    /// A list of what not to index cannot be followed to the letter.
    #[error("cannot follow {path}: {reason}")]
    IgnoreFile {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The name belongs to another folder's collection.
    #[error("the collection {name} is of {indexed}, not of {path}")]
    NameTaken {
        /// The name.
        name: CollectionName,
        /// The folder it was made from.
        indexed: PathBuf,
        /// The folder given.
        path: PathBuf,
    },
    /// The collection's vectors were made by another model.
    #[error("the vectors of {name} were made by {indexed}; those of {wanted} cannot be mixed with them")]
    OtherModel {
        /// The collection.
        name: CollectionName,
        /// The model in the manifest.
        indexed: String,
        /// The model asked for.
        wanted: String,
    },
    /// The folder is in no Git repository.
    #[error("{path} is in no Git repository")]
    NoRepository {
        /// The folder.
        path: PathBuf,
    },
    /// A repository is there and cannot be read.
    #[error("cannot read the Git repository of {path}: {reason}")]
    Repository {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository has no such revision, or the revision no such folder.
    #[error("{path} has no revision {revision}: {reason}")]
    Revision {
        /// The folder.
        path: PathBuf,
        /// What was asked for.
        revision: String,
        /// Why it is none.
        reason: String,
    },
    /// An address is none that can be read.
    #[error("cannot read {url}: {reason}")]
    Url {
        /// As it was typed.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not one page could be fetched, and none is kept.
    #[error("no page could be fetched; {url}: {reason}")]
    NoPage {
        /// The first of them.
        url: String,
        /// What kept it away.
        reason: String,
    },
    /// Pages cannot be kept, or those that are cannot be read.
    #[error("cannot keep pages in {path}: {source}")]
    PagesFolder {
        /// The folder for them.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// An include or exclude pattern is no glob.
    #[error("{glob:?} is no path pattern: {reason}")]
    Glob {
        /// The pattern.
        glob: String,
        /// Why it is none.
        reason: String,
    },
    /// It was told to stop while everything was made anew. What is embedded is kept.
    #[error("indexing was stopped before everything was made anew")]
    Stopped,
    /// The model failed.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The collection could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The last generation could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new generation could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
