//! The manifest: what one generation is made of. It rides in tantivy's commit payload, as JSON, and so becomes true in
//! the same instant as the words it belongs to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::vector::{GraphRecord, VectorFileRecord};

/// The format of everything in a collection's folder.
///
/// History: 1 the first; 2 one field of words, languages, dates, properties; 3 titles count three times; 4 links,
/// comments, typed properties; 5 the commit point is sealed; 6 a file's name counts as a title.
pub const FORMAT: u32 = 7;

/// How the facts of documents are read off their files. Documents that were read otherwise are read again by the next run,
/// and their vectors stay.
///
/// History: 0 the first; 1 TOML and JSON front matter, keywords of pages and notebooks, and front matter that cannot be
/// read is a fact.
pub const READING: u32 = 1;

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
    /// Which notes have no vectors because they are not given to a model beyond this machine, as rules; empty where the
    /// model is given all.
    #[serde(default)]
    pub withheld: Vec<String>,
    /// How the facts of all its documents were read: [`READING`], or an earlier number where some are still to be read
    /// again.
    #[serde(default)]
    pub reading: u32,
    /// Its vector files, oldest first.
    pub vector_files: Vec<VectorFileRecord>,
    /// Its neighbour graph, if it is large enough to have one.
    pub graph: Option<GraphRecord>,
    /// How often everything was made anew beside what stood.
    #[serde(default)]
    pub remade: u64,
    /// How many files the run that made it had still to read.
    pub pending: u64,
    /// How many files could not be read.
    pub skipped_count: u64,
    /// The first of them with the reason, at most [`MAX_SKIPPED_NAMED`].
    pub skipped: Vec<SkippedRecord>,
}

impl Manifest {
    /// The model of the vectors, if texts leave this machine on their way to it.
    #[must_use]
    pub fn model_beyond(&self) -> Option<&ModelRecord> {
        self.model.as_ref().filter(|model| model.remote.as_ref().is_some_and(|remote| remote.leaves_machine))
    }

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
    /// What is there, and which state of it was read.
    #[serde(default)]
    pub origin: Origin,
}

/// What a source is, and which state of it was read. Of the web, [`SourceRecord::root`] is where its pages are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// Files as they lie in the folder.
    #[default]
    Folder,
    /// Files as they lie in the folder, which is in the working tree of a Git repository.
    WorkingTree {
        /// The full id of the commit at HEAD.
        commit: String,
        /// Whether every file is as that commit has it.
        clean: bool,
    },
    /// Files of a commit.
    Commit {
        /// What was asked for: a branch, a tag, an id.
        revision: String,
        /// The full id of the commit that it meant.
        commit: String,
    },
    /// Pages of the web.
    Web(WebRecord),
}

impl Origin {
    /// The full id of the commit whose bytes were read; `None` where they are those of no commit.
    pub fn commit(&self) -> Option<&str> {
        match self {
            Origin::WorkingTree { commit, clean: true } | Origin::Commit { commit, .. } => Some(commit),
            Origin::WorkingTree { .. } | Origin::Folder | Origin::Web(_) => None,
        }
    }
}

/// Which pages of the web are read, and how they are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebRecord {
    /// Where reading begins.
    pub urls: Vec<String>,
    /// The hosts whose pages may be read: `site.test`, `site.test:8080`, `*.site.test`.
    pub domains: Vec<String>,
    /// How many pages are asked for at most.
    pub max_pages: usize,
    /// How many links are followed from where reading begins; 0 reads those pages alone.
    pub depth: usize,
    /// How long to wait between two pages of a host, in milliseconds.
    pub delay_ms: u64,
    /// Whether hosts in private networks, this machine among them, may be asked.
    pub allow_private: bool,
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
    /// The hash of its weights and of what else decides a vector; the engine does not.
    pub checksum: String,
    /// The folder it was read from, where it is not bundled and not downloaded.
    pub folder: Option<PathBuf>,
    /// What is known of it besides, where it runs behind a url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteRecord>,
}

/// What is known of a model behind a url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteRecord {
    /// Whether texts leave this machine on their way to it.
    pub leaves_machine: bool,
    /// The vectors of a few fixed sentences, by which it is known again, each scaled so that its largest number is 127.
    pub probes: Vec<Vec<i8>>,
}

/// A file that could not be indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRecord {
    /// Its path inside the source.
    pub path: String,
    /// Why.
    pub reason: String,
}
