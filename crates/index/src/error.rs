//! What can go wrong with index files, said once for readers and writers. Hints for people stand in the CLI.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ibid_core::id::CollectionName;
use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

use crate::lexical::sealed::Refused;
use crate::vector::VectorError;

/// Why a collection could not be opened, for reading or for writing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody has indexed anything under this name.
    #[error("no collection {name} in {data_dir}")]
    Missing {
        /// The name asked for.
        name: CollectionName,
        /// Where collections lie.
        data_dir: PathBuf,
    },
    /// The index was written in another format.
    #[error("the index at {path} has format {found}, this program reads {wanted}")]
    Format {
        /// The collection's folder.
        path: PathBuf,
        /// The format on disk.
        found: String,
        /// The format of this program.
        wanted: u32,
    },
    /// A file of the index is not what was written.
    #[error("the index file {path} is damaged: {reason}")]
    Damaged {
        /// The file, or the folder where the file is not known.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A vector file is missing, damaged, or of another format; the message names it.
    #[error(transparent)]
    Vectors(#[from] Arc<VectorError>),
    /// Another process is writing this collection.
    #[error("another process is indexing this collection (lock {path})")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The disk said no.
    #[error("cannot open {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Why a generation could not be written. The last commit stands as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk said no.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The lexical index refused.
    #[error("cannot write the lexical index at {path}: {reason}")]
    Lexical {
        /// The folder.
        path: PathBuf,
        /// tantivy's reason.
        reason: String,
    },
    /// A vector file could not be written or read back.
    #[error(transparent)]
    Vector(#[from] VectorError),
    /// The generation could not be read back.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a snapshot could not be read: a damaged file, or a disk that went away.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the index at {path}: {reason}")]
pub struct ReadError {
    /// The folder.
    pub path: PathBuf,
    /// tantivy's reason.
    pub reason: String,
}

impl OpenError {
    /// Whether an earlier version of the program wrote the index: then nothing is lost by making it anew.
    pub fn is_older_format(&self) -> bool {
        match self {
            OpenError::Format { found, wanted, .. } => found.parse().is_ok_and(|found: u32| found < *wanted),
            _ => false,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
        move |source| OpenError::Io { path: path.to_owned(), source }
    }

    /// tantivy's error, with the file it speaks of where it names one.
    pub(crate) fn from_tantivy(error: TantivyError, folder: &Path) -> OpenError {
        let damaged = |file: &Path, reason: String| OpenError::Damaged { path: folder.join(file), reason };
        match error {
            TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(file)) => {
                damaged(&file, "it is missing".into())
            }
            TantivyError::OpenReadError(OpenReadError::IoError { io_error, filepath }) => {
                from_read(&io_error, folder.join(filepath))
            }
            TantivyError::IoError(error) | TantivyError::LockFailure(LockError::IoError(error), _) => {
                from_read(&error, folder.to_owned())
            }
            TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error, directory_path }) => {
                from_read(&io_error, directory_path)
            }
            other => damaged(Path::new(""), other.to_string()),
        }
    }
}

/// A read that ends too early or meets nonsense is damage; any other failure is the system's.
fn from_read(error: &io::Error, path: PathBuf) -> OpenError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            OpenError::Damaged { path, reason: error.to_string() }
        }
        kind => OpenError::Io { path, source: io::Error::new(kind, error.to_string()) },
    }
}

impl WriteError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
        move |source| WriteError::Io { path: path.to_owned(), source }
    }

    /// tantivy's error, or what the system said where that was behind it.
    pub(crate) fn from_tantivy(error: TantivyError, folder: &Path, refused: &Refused) -> WriteError {
        if let Some((path, source)) = refused.take() {
            return WriteError::Io { path, source };
        }
        let io = |error: &io::Error, path: PathBuf| WriteError::Io {
            path,
            source: error.raw_os_error().map_or_else(
                || io::Error::new(error.kind(), error.to_string()),
                io::Error::from_raw_os_error,
            ),
        };
        match error {
            TantivyError::IoError(error) => io(&error, folder.to_owned()),
            TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, filepath }) => {
                io(&io_error, folder.join(filepath))
            }
            TantivyError::LockFailure(LockError::IoError(error), _) => io(&error, folder.to_owned()),
            other => WriteError::Lexical { path: folder.to_owned(), reason: other.to_string() },
        }
    }
}
