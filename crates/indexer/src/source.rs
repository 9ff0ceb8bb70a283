//! Where documents come from. A source lists its files and gives their bytes; what is new among them is found by
//! [`crate::changes`], what they say by [`crate::extract`]. A new kind of source is one file below this one.
//!
//! No source is ever written to.

mod folder;
mod git;
mod web;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ibid_core::id::DocumentPath;
use ibid_index::manifest::{Origin, SourceRecord, WebRecord};

use crate::error::BuildError;
use crate::report::{Progress, Skipped};
use folder::Folder;
use git::Revision;
use web::Web;

pub(crate) use git::commit_of;
pub use web::{checked_url, domain_of};

/// The largest file that is read. Offsets are 32 bits, and no note is this long.
pub(crate) const MAX_FILE_BYTES: u64 = 256 * 1_000_000;

/// A change this short before the run, in nanoseconds, may be followed by another with the same time stamp: file
/// systems keep time no better than two seconds (FAT). Such a file is read again next time.
const UNTRUSTED_AGE: u64 = 2_000_000_000;

/// Which kind of source a collection is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChoice {
    /// The files in the folder, as they lie there.
    Folder,
    /// The files of the folder as a commit has them: the one that this branch, tag or id means.
    Revision(String),
    /// Pages of the web, kept in the folder.
    Web {
        /// Which, and how they are asked for.
        record: WebRecord,
        /// Whether they are asked for; else what is kept is all there is.
        fetches: bool,
    },
}

impl SourceChoice {
    /// What a collection was made from the last time. The web is not asked.
    pub fn recorded(origin: &Origin) -> SourceChoice {
        match origin {
            Origin::Folder | Origin::WorkingTree { .. } => SourceChoice::Folder,
            Origin::Commit { revision, .. } => SourceChoice::Revision(revision.clone()),
            Origin::Web(record) => SourceChoice::Web { record: record.clone(), fetches: false },
        }
    }

    /// The same, and the web is asked.
    pub fn fetched(&self) -> SourceChoice {
        match self {
            SourceChoice::Web { record, .. } => SourceChoice::Web { record: record.clone(), fetches: true },
            SourceChoice::Folder | SourceChoice::Revision(_) => self.clone(),
        }
    }
}

/// Where documents come from.
pub(crate) trait Source: Send + Sync {
    /// What is there now. It may use so many threads.
    fn list(&self, threads: usize, progress: &dyn Progress) -> Result<Listing, BuildError>;

    /// Whether there is anything at all, as against a disk that went away since it was listed.
    fn is_there(&self) -> bool {
        true
    }

    /// The bytes of a file as [`Source::list`] would find it now; [`io::ErrorKind::NotFound`] where there is none.
    fn read(&self, path: &DocumentPath) -> io::Result<Vec<u8>>;
}

/// A file to index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) path: DocumentPath,
    pub(crate) stamp: Stamp,
    /// When it was last changed, in seconds since 1970: its date where it does not name one itself.
    pub(crate) changed_at: i64,
    pub(crate) size: u64,
    /// Where people find it, if that is not its path: a page's address on the web.
    pub(crate) address: Option<Arc<str>>,
}

/// What tells that a file is the one of last time without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// When it was written, in nanoseconds since 1970. Two states can have the same, shortly after one another.
    Time(u64),
    /// The first bits of a hash of what it holds.
    Content(u64),
}

impl Stamp {
    /// The stamp as it is recorded; never 0 but for a time that was never kept.
    pub(crate) fn number(self) -> u64 {
        match self {
            Stamp::Time(nanoseconds) => nanoseconds,
            Stamp::Content(bits) => bits.max(1),
        }
    }

    /// Whether the same stamp will mean the same bytes, for who looked `now`, in nanoseconds since 1970.
    pub(crate) fn is_trusted(self, now: u64) -> bool {
        match self {
            Stamp::Time(0) => false,
            Stamp::Time(nanoseconds) => now.saturating_sub(nanoseconds) > UNTRUSTED_AGE,
            Stamp::Content(_) => true,
        }
    }
}

/// What a source holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Sorted by path.
    pub(crate) files: Vec<SourceFile>,
    /// Sorted by path.
    pub(crate) skipped: Vec<Skipped>,
    /// Files of kinds that are not read, by extension.
    pub(crate) others: BTreeMap<String, usize>,
    /// What is recorded of the source.
    pub(crate) origin: Origin,
}

/// A source as a run asks for it.
pub(crate) struct Asked<'a> {
    pub(crate) root: &'a Path,
    pub(crate) choice: &'a SourceChoice,
    /// Only files that match one of these globs; all where there is none.
    pub(crate) include: &'a [String],
    /// Never files that match one of these globs.
    pub(crate) exclude: &'a [String],
    /// Seconds since 1970.
    pub(crate) now: u64,
}

/// Finds the source; of a revision, what it means now. The folder is given too, absolute and without links.
pub(crate) fn open(asked: &Asked<'_>) -> Result<(Box<dyn Source>, PathBuf), BuildError> {
    let chosen = Chosen::new(asked.include, asked.exclude)?;
    let root = match asked.choice {
        // It is made when the first page is kept.
        SourceChoice::Web { .. } => asked.root.to_owned(),
        SourceChoice::Folder | SourceChoice::Revision(_) => folder::canonical(asked.root)?,
    };
    let source: Box<dyn Source> = match asked.choice {
        SourceChoice::Folder => Box::new(Folder::new(&root, chosen)?),
        SourceChoice::Revision(revision) => Box::new(Revision::new(&root, revision, chosen)?),
        SourceChoice::Web { record, fetches } => {
            Box::new(Web::new(&root, record, chosen, fetches.then_some(asked.now))?)
        }
    };
    Ok((source, root))
}

/// The source of a generation, to be read as it is now; the web as it is kept.
pub(crate) fn recorded(record: &SourceRecord) -> Result<Box<dyn Source>, BuildError> {
    let choice = SourceChoice::recorded(&record.origin);
    let (include, exclude) = (record.include.as_slice(), record.exclude.as_slice());
    let asked = Asked { root: &record.root, choice: &choice, include, exclude, now: 0 };
    Ok(open(&asked)?.0)
}

/// Which files count.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    include: GlobSet,
    exclude: GlobSet,
}

impl Chosen {
    /// Those that match `include` (all if it is empty) and not `exclude`.
    pub(crate) fn new(include: &[String], exclude: &[String]) -> Result<Chosen, BuildError> {
        Ok(Chosen { include: globs(include)?, exclude: globs(exclude)? })
    }

    pub(crate) fn wants(&self, path: &str) -> bool {
        (self.include.is_empty() || self.include.is_match(path)) && !self.exclude.is_match(path)
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, BuildError> {
    let mut builder = GlobSetBuilder::new();
    let error = |glob: &str, error: &globset::Error| BuildError::Glob {
        glob: glob.to_owned(),
        reason: error.kind().to_string(),
    };
    for pattern in patterns {
        builder
            .add(GlobBuilder::new(pattern).literal_separator(true).build().map_err(|e| error(pattern, &e))?);
    }
    builder.build().map_err(|e| error("", &e))
}

/// The first bits of a hash written in hexadecimal, for a [`Stamp`].
fn first_64_bits(hash: &str) -> Option<u64> {
    u64::from_str_radix(hash.get(..16)?, 16).ok()
}
