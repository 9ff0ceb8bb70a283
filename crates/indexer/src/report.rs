//! What a run did, and what it tells while it runs. Printing is the terminal's business.

use std::fmt;

/// Hears how a run goes. Called from several threads; must return at once.
pub trait Progress: Sync {
    /// The walk is over and the work is known.
    fn planned(&self, plan: &Plan);
    /// A document is ready to be committed: the size of its file, and how many of its chunks were embedded.
    fn document(&self, bytes: u64, embedded: usize);
    /// A chunk was embedded.
    fn embedded(&self);
    /// A generation is on disk.
    fn committed(&self, generation: u64);
    /// The words of everything can be searched; so many chunks have still to be embedded.
    fn filling(&self, chunks: u64);
    /// So many pages of the web have been asked for.
    fn fetched(&self, _pages: u64) {}
    /// Whether to go on embedding what lacks vectors. What is left is committed as it is, and the next run's to do.
    fn goes_on(&self) -> bool {
        true
    }
    /// Whether the process is to end; once it is, it stays so. Then nothing more is embedded, what is done is committed, and
    /// nothing is tidied up. Where everything is made anew, nothing is committed, and what is embedded is kept.
    fn is_stopped(&self) -> bool {
        false
    }
    /// Whether a commit is to come that must not be cut off, for it is soon done and saves what was embedded.
    fn owes_commit(&self, _owes: bool) {}
}

/// Hears nothing: for runs that nobody watches.
pub struct Silent;

impl Progress for Silent {
    fn planned(&self, _: &Plan) {}
    fn document(&self, _: u64, _: usize) {}
    fn embedded(&self) {}
    fn committed(&self, _: u64) {}
    fn filling(&self, _: u64) {}
}

/// The work ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Files to read.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that did not change.
    pub unchanged: usize,
    /// Documents whose files are gone.
    pub gone: usize,
    /// Where everything is made anew: how many vectors earlier runs have kept, which did not come to the commit.
    pub kept: Option<u64>,
}

/// A file that was not indexed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path inside the source; with replacement characters where it is not UTF-8.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file was not indexed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// The system would not let it be read.
    Unreadable(String),
    /// Its name is not UTF-8, so no citation could name it.
    NameNotUtf8,
    /// It is a symbolic link, which may lead anywhere.
    SymbolicLink,
    /// It is a pipe, a socket or a device.
    NotAFile,
    /// It is another Git repository inside this one.
    Submodule,
    /// A page of the web that will not or could not be had.
    NotFetched(String),
    /// A page of the web that could not be asked for again; what is kept of it stays.
    NotRenewed(String),
    /// It is larger than the limit, in bytes.
    TooLarge(u64),
    /// Its bytes are no text.
    NotText,
    /// It is no text, and none could be made of it.
    NotConvertible(String),
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
            SkipReason::NameNotUtf8 => f.write_str("its name is not UTF-8"),
            SkipReason::SymbolicLink => f.write_str("a symbolic link"),
            SkipReason::NotAFile => f.write_str("not a regular file"),
            SkipReason::Submodule => f.write_str("a Git repository of its own"),
            SkipReason::NotFetched(reason) => write!(f, "not fetched: {reason}"),
            SkipReason::NotRenewed(reason) => write!(f, "kept as it was fetched before: {reason}"),
            SkipReason::TooLarge(bytes) => {
                write!(f, "{} MB, more than {}", bytes / 1_000_000, crate::source::MAX_FILE_BYTES / 1_000_000)
            }
            SkipReason::NotText => f.write_str("not a text"),
            SkipReason::NotConvertible(reason) => f.write_str(reason),
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The generation that is now current.
    pub generation: u64,
    /// Documents that were not there before.
    pub added: usize,
    /// Documents whose bytes changed, or that are in another language now.
    pub changed: usize,
    /// Documents that were found again under another path.
    pub renamed: usize,
    /// Documents whose files are gone.
    pub removed: usize,
    /// Documents left as they were.
    pub unchanged: usize,
    /// Documents now in the collection.
    pub documents: u64,
    /// Chunks now in the collection.
    pub chunks: u64,
    /// Chunks embedded in this run.
    pub embedded: usize,
    /// Chunks that have no vector yet.
    pub without_vector: u64,
    /// Chunks written in this run whose vectors were there already.
    pub reused: usize,
    /// Bytes read in this run.
    pub bytes_read: u64,
    /// Files not indexed, sorted by path.
    pub skipped: Vec<Skipped>,
    /// Files of kinds that are not read, by extension, most frequent first.
    pub other_files: Vec<(String, usize)>,
    /// Where the time went.
    pub seconds: StageSeconds,
}

/// Where the time of a run went. Reading and embedding are summed over their threads.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StageSeconds {
    /// Listing the source.
    pub walk: f64,
    /// Reading, decoding, understanding and cutting files.
    pub read: f64,
    /// Running the model.
    pub embed: f64,
    /// Handing documents to the index and committing.
    pub write: f64,
    /// Merging and sweeping at the end.
    pub tidy: f64,
    /// From start to end, by the wall.
    pub total: f64,
}
