//! Vectors on disk, and the nearest of them to a question.
//!
//! Immutable files of rows ordered by key, mapped into memory and scanned as signs, the near ones as bytes, the best
//! of these as floats; beyond [`GRAPH_MIN_ROWS`] rows a graph proposes whom to rescore. Which rows are alive, which
//! documents they belong to and which files exist is the manifest's knowledge, not this module's: it is told
//! by a [`RowSet`] and by records. It makes no vectors either.

mod best;
mod durable;
mod error;
mod exact;
mod format;
mod graph;
mod kernel;
mod map;
mod quantised;
mod row_set;
mod table;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use error::VectorError;
pub use graph::{GraphRecord, build_graph, wants_rebuild};
pub use row_set::RowSet;
#[cfg(test)]
pub(crate) use writer::MAX_VECTOR_FILES;
pub(crate) use writer::first_to_merge;
pub use writer::{merge, write};

use exact::{ExactScan, Neighbours};
use graph::{Graph, GraphWalk};
use quantised::Query;
use table::Table;

/// From this many rows on a graph is worth building: where scanning them passes 5 ms on one thread, longer
/// than it takes to embed the question.
///
/// Measured by `examples/nearest.rs` on two shared cores with AVX2: 384 dimensions, the best of 200 questions, recall
/// 1.000 throughout; the ten and the hundred nearest by the scan, the ten by the graph. Before questions kept seven steps
/// for the first look, which makes the scan a little slower (see `exact`).
///
/// | rows | scan, 10, µs | scan, 100, µs | graph, 10, µs | building, CPU s |
/// | --- | --- | --- | --- | --- |
/// | 10 000 | 115 | 290 | 80 | 6 |
/// | 20 000 | 184 | 395 | 100 | 20 |
/// | 50 000 | 389 | 670 | 240 | 95 |
/// | 200 000 | 1 640 | 1 810 | | |
/// | 500 000 | 4 790 | 5 050 | | |
///
/// A graph costs 1 to 2 ms of CPU a row, 2 to 4 KB of memory a row while it is built, and loses rows among
/// near-duplicates that have to be scanned beside it: so it comes late. Graphs of more than 50 000 rows have not been
/// measured.
pub const GRAPH_MIN_ROWS: u32 = 500_000;

/// Candidates rescored by floats for each row wanted. Without rescoring recall is 0.992, with twice as many
/// candidates 1.000, both for 10 and for 100 (10 000 and 50 000 made vectors).
const RESCORE_PER_HIT: usize = 2;

/// Candidates rescored at least, and the least width of a walk: costs 15 µs.
const RESCORE_MIN: usize = 100;

/// The first 64 bits of the hash of the text a vector was made from.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct VectorKey(pub u64);

/// What the manifest remembers of a vector file.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct VectorFileRecord {
    /// The file's name within the generation's folder.
    pub name: String,
    /// Its rows.
    pub rows: u32,
    /// blake3 of the whole file, in hexadecimal.
    pub checksum: String,
}

/// The names of all files that these records need: every other vector or graph file may be swept.
pub fn files_of<'a>(files: &'a [VectorFileRecord], graph: Option<&'a GraphRecord>) -> Vec<&'a str> {
    files.iter().map(|file| file.name.as_str()).chain(graph.map(|graph| graph.name.as_str())).collect()
}

/// All vectors of a generation, mapped into memory. Shared by any number of threads.
///
/// A row is numbered through all files in the order of their records, so numbers hold for one opening only;
/// what lasts is the key. Methods that take a row panic, as an index does, when it is not below
/// [`Vectors::rows`].
pub struct Vectors {
    dir: PathBuf,
    dimensions: usize,
    table: Table,
    graph: Option<Graph>,
}

impl Vectors {
    /// Opens files and, where there is one, their graph. Reads headers and keys only: see
    /// [`Vectors::verify`] for the rest. Whatever the bytes are, nothing panics later on.
    pub fn open(
        dir: &Path,
        dimensions: usize,
        files: &[VectorFileRecord],
        graph: Option<&GraphRecord>,
    ) -> Result<Vectors, VectorError> {
        format::check_dimensions(dimensions)?;
        let table = Table::open(dir, dimensions, files)?;
        let graph = graph.map(|record| Graph::open(dir, record, &table)).transpose()?;
        Ok(Vectors { dir: dir.to_path_buf(), dimensions, table, graph })
    }

    /// Compares every file with its checksum and names the first damaged one. Reads all bytes, about a
    /// second per gigabyte; by reads, so that the memory held does not grow.
    pub fn verify(&self) -> Result<(), VectorError> {
        self.verify_each(|_, verify| verify())
    }

    /// As [`Vectors::verify`], but `once` is given each file's path and decides whether it is read.
    pub(crate) fn verify_each(
        &self,
        mut once: impl FnMut(&Path, &dyn Fn() -> Result<(), VectorError>) -> Result<(), VectorError>,
    ) -> Result<(), VectorError> {
        let files = self.table.files.iter().map(|file| (&file.record.name, &file.record.checksum));
        let graph = self.graph.iter().map(|graph| (&graph.record.name, &graph.record.checksum));
        for (name, checksum) in files.chain(graph) {
            let file = self.dir.join(name);
            once(&file, &|| durable::verify(&file, checksum))?;
        }
        Ok(())
    }

    /// Whether they were opened with a graph.
    pub fn has_graph(&self) -> bool {
        self.graph.is_some()
    }

    /// The length of every vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How many rows there are, dead ones and equal ones of different files included.
    pub fn rows(&self) -> u32 {
        self.table.rows
    }

    /// The row of a key; where several files hold it, that of the first.
    pub fn row_of(&self, key: VectorKey) -> Option<u32> {
        self.table.files.iter().find_map(|file| {
            let row = file.keys().binary_search(&key.0).ok()?;
            Some(file.base + row as u32)
        })
    }

    /// The key of a row.
    pub fn key(&self, row: u32) -> VectorKey {
        let (file, row) = self.table.locate(row);
        VectorKey(file.keys()[row as usize])
    }

    /// The vector of a row, as it was written: of length one, or zero.
    pub fn vector(&self, row: u32) -> &[f32] {
        self.table.floats(row)
    }

    /// The cosine of a row and a question, which need not be of length one. For many rows and one question
    /// use [`Vectors::nearest`].
    pub fn cosine(&self, row: u32, query: &[f32]) -> f32 {
        self.query(query).cosine(self.vector(row))
    }

    /// The `k` nearest of the allowed rows with their cosines, best first, equals by row.
    ///
    /// The order is that of exact cosines; which rows are looked at is nearly exact: see `exact`. Takes the calling
    /// thread alone. Rows the set does not hold, or that do not exist, are never given back.
    ///
    /// # Panics
    /// When the question has other dimensions than the vectors.
    pub fn nearest(&self, query: &[f32], k: usize, allowed: &RowSet) -> Vec<(u32, f32)> {
        let query = self.query(query);
        if k == 0 {
            return Vec::new();
        }
        let wanted = k.saturating_mul(RESCORE_PER_HIT).max(RESCORE_MIN).min(self.table.rows as usize);
        let walk = self.graph.as_ref().map(|graph| GraphWalk { graph, table: &self.table });
        let candidates = match walk.filter(|walk| walk.pays(wanted, allowed)) {
            Some(walk) => walk.candidates(&query, wanted, allowed),
            None => {
                ExactScan { table: &self.table, rows: 0..self.rows() }.candidates(&query, wanted, allowed)
            }
        };
        self.table.rescore(&query, &candidates, k)
    }

    fn query(&self, vector: &[f32]) -> Query {
        assert_eq!(vector.len(), self.dimensions, "a question has the dimensions of the vectors");
        Query::of(vector)
    }

    fn table(&self) -> &Table {
        &self.table
    }

    fn dir(&self) -> &Path {
        &self.dir
    }
}
