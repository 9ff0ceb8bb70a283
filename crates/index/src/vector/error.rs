//! What can go wrong with vector files and graphs, each with the file it went wrong in.

use std::io;
use std::path::{Path, PathBuf};

/// Why vectors could not be written, opened or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The operating system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest names a file that is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The first bytes are not those of our files.
    #[error("{path} is not a {wanted} of ibid")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it should have been.
        wanted: &'static str,
    },
    /// The file is of another format than this program's.
    #[error("{path} has format {found}, this program reads {wanted}")]
    Format {
        /// The file.
        path: PathBuf,
        /// The format number in the file.
        found: u32,
        /// The format number of this program.
        wanted: u32,
    },
    /// The file is shorter than its header says.
    #[error("{path} has {found} bytes of {wanted}")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// The length it should have.
        wanted: u64,
    },
    /// The vectors were made by a model of another size.
    #[error("{path} holds vectors of {found} dimensions, wanted are {wanted}")]
    Dimensions {
        /// The file.
        path: PathBuf,
        /// The dimensions in the file.
        found: usize,
        /// The dimensions asked for.
        wanted: usize,
    },
    /// The bytes contradict themselves or the manifest.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        what: &'static str,
    },
    /// The graph was built over other files than those opened with it.
    #[error("{path} was built over other vector files")]
    OtherFiles {
        /// The graph's file.
        path: PathBuf,
    },
    /// A vector given for writing has the wrong length.
    #[error("the vector of text {key:016x} has {found} dimensions, wanted are {wanted}")]
    VectorLength {
        /// The key of the vector.
        key: u64,
        /// Its length.
        found: usize,
        /// The length wanted.
        wanted: usize,
    },
    /// A vector given for writing holds a number that is none.
    #[error("the vector of text {key:016x} is not finite")]
    NotFinite {
        /// The key of the vector.
        key: u64,
    },
    /// A number of dimensions no file can have.
    #[error("vectors of {found} dimensions cannot be kept, only 1 to {most}")]
    DimensionsRange {
        /// The number asked for.
        found: usize,
        /// The largest that can be kept.
        most: usize,
    },
    /// Rows are numbered by 32 bits.
    #[error("more vectors than can be numbered in {dir}")]
    TooMany {
        /// The folder.
        dir: PathBuf,
    },
    /// The threads to build a graph with could not be started.
    #[error("cannot start threads to build {path}")]
    Threads {
        /// The graph's file.
        path: PathBuf,
        /// What the pool said.
        source: rayon::ThreadPoolBuildError,
    },
}

impl VectorError {
    /// The name of the file it is about; of the folder where it is about no file.
    pub fn file_name(&self) -> String {
        let path = match self {
            VectorError::Io { path, .. }
            | VectorError::Missing { path }
            | VectorError::Foreign { path, .. }
            | VectorError::Format { path, .. }
            | VectorError::Truncated { path, .. }
            | VectorError::Dimensions { path, .. }
            | VectorError::Damaged { path, .. }
            | VectorError::OtherFiles { path }
            | VectorError::Threads { path, .. }
            | VectorError::TooMany { dir: path } => path,
            VectorError::VectorLength { .. }
            | VectorError::NotFinite { .. }
            | VectorError::DimensionsRange { .. } => return "vectors".to_owned(),
        };
        path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What state the file is in, in a word or two and without its path.
    pub fn state(&self) -> &'static str {
        match self {
            VectorError::Missing { .. } => "is missing",
            VectorError::Io { .. } => "cannot be read",
            _ => "is damaged",
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VectorError {
        move |source| match source.kind() {
            io::ErrorKind::NotFound => VectorError::Missing { path: path.to_path_buf() },
            _ => VectorError::Io { action, path: path.to_path_buf(), source },
        }
    }

    pub(super) fn damaged(path: &Path, what: &'static str) -> VectorError {
        VectorError::Damaged { path: path.to_path_buf(), what }
    }
}
