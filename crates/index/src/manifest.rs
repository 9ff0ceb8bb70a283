//! The manifest: what one generation is made of. It rides in tantivy's commit payload, as JSON, and so becomes true in
//! the same instant as the words it belongs to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::vector::{GraphRecord, VectorFileRecord};

/// The format of everything in a collection's folder.
///
/// History: 1 the first; 2 one field of words, languages, dates, properties; 3 titles count three times; 4 links,
/// comments, typed properties; 5 the commit point is sealed.
pub const FORMAT: u32 = 5;

/// The most skipped files a manifest names; the count beside them is complete.
pub const MAX_SKIPPED_NAMED: usize = 200;

/// What one generation is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Counts commits from 1.
    pub generation: u64,
    /// When it was committed, in seconds since 1970.
    pub indexed_at: u64,
    /// Where its documents come from.
    pub source: SourceRecord,
    /// Which model made its vectors; `None` where it was indexed by words alone.
    pub model: Option<ModelRecord>,
    /// Its vector files, oldest first.
    pub vector_files: Vec<VectorFileRecord>,
    /// Its neighbour graph, if it is large enough to have one.
    pub graph: Option<GraphRecord>,
    /// How many files the run that made it had still to read.
    pub pending: u64,
    /// How many files could not be read.
    pub skipped_count: u64,
    /// The first of them with the reason, at most [`MAX_SKIPPED_NAMED`].
    pub skipped: Vec<SkippedRecord>,
}

impl Manifest {
    /// As a commit payload: its hash, a line end, and JSON.
    pub(crate) fn to_payload(&self) -> String {
        let json = serde_json::to_string(self).expect("a manifest holds only texts, numbers and lists");
        format!("{}\n{json}", blake3::hash(json.as_bytes()))
    }

    /// `None` where the payload is not what [`Manifest::to_payload`] wrote.
    pub(crate) fn from_payload(payload: &str) -> Option<Manifest> {
        serde_json::from_str(Manifest::json_in(payload)?).ok()
    }

    /// The JSON in a payload, of whatever format; `None` where it is not what was written.
    pub(crate) fn json_in(payload: &str) -> Option<&str> {
        let (hash, json) = payload.split_once('\n')?;
        (blake3::hash(json.as_bytes()).to_string() == hash).then_some(json)
    }
}

/// Where a collection's documents come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// The folder, absolute.
    pub root: PathBuf,
    /// Only files that match one of these globs; all where there is none.
    pub include: Vec<String>,
    /// Never files that match one of these globs.
    pub exclude: Vec<String>,
    /// The code of the language all of them are in; `None` where each file tells by its words.
    pub language: Option<String>,
}

/// Which model made the vectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Its name, as `--model` takes it.
    pub name: String,
    /// What ran it.
    pub engine: String,
    /// How many numbers a vector has.
    pub dimensions: usize,
    /// The hash of its weights.
    pub checksum: String,
    /// The folder it was read from, where it is not bundled and not downloaded.
    pub folder: Option<PathBuf>,
}

/// A file that could not be indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRecord {
    /// Its path inside the source.
    pub path: String,
    /// Why.
    pub reason: String,
}
