//! Where documents come from. A source lists its files and gives their bytes; what is new among them is found by
//! [`crate::changes`], what they say by [`crate::extract`]. A new kind of source is one file below this one.
//!
//! No source is ever written to.

mod folder;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ibid_core::id::DocumentPath;

use crate::error::BuildError;
use crate::report::Skipped;
use folder::Folder;

/// The largest file that is read. Offsets are 32 bits, and no note is this long.
pub(crate) const MAX_FILE_BYTES: u64 = 256 * 1_000_000;

/// A change this short before the run, in nanoseconds, may be followed by another with the same time stamp: file
/// systems keep time no better than two seconds (FAT). Such a file is read again next time.
const UNTRUSTED_AGE: u64 = 2_000_000_000;

/// Where documents come from.
pub(crate) trait Source: Sync {
    /// What is there now. It may use so many threads.
    fn list(&self, threads: usize) -> Result<Listing, BuildError>;

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
}

/// What tells that a file is the one of last time without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// When it was written, in nanoseconds since 1970. Two states can have the same, shortly after one another.
    Time(u64),
    /// The first bits of a hash of what it holds.
    #[expect(dead_code, reason = "folders know times alone; a source that knows hashes takes it up")]
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
}

/// The folder at `root`, for a run with these patterns.
pub(crate) fn folder(
    root: &Path,
    include: &[String],
    exclude: &[String],
) -> Result<Box<dyn Source>, BuildError> {
    Ok(Box::new(Folder::new(root, Chosen::new(include, exclude)?)?))
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
