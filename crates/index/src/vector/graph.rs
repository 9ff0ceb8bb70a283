//! The graph over many vectors: built once over the rows of some files, opened by mapping, never changed.
//!
//! It only proposes: what it finds is rescored exactly, rows it does not cover or cannot reach are scanned
//! beside it. hnsw_rs chooses the edges; their file and the walk along them are ours, so that opening reads
//! no edge, a walk shares the vectors of the files, and no damaged byte can stop the process.

mod build;
mod links;
mod walk;

use std::path::Path;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use super::best::Scored;
use super::durable::DurableFile;
use super::error::VectorError;
use super::exact::{ExactScan, Neighbours};
use super::quantised::Query;
use super::row_set::RowSet;
use super::table::Table;
use super::{VectorFileRecord, Vectors, map};
use links::{Links, Shape};

/// A graph is not worth having when it loses more than one row in so many: they all have to be scanned.
const MOST_UNREACHABLE: u32 = 2;

/// What the manifest remembers of a graph.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct GraphRecord {
    /// The file's name within the generation's folder.
    pub name: String,
    /// How many of the first rows it covers.
    pub rows: u32,
    /// How many of the first files these rows fill.
    pub files: u32,
    /// A hash of those files' checksums: the graph is of no use with others.
    pub over: String,
    /// Rows that their own vector does not find. They are listed in the file and always scanned.
    pub unreachable: u32,
    /// blake3 of the whole file, in hexadecimal.
    pub checksum: String,
}

impl GraphRecord {
    /// Says whether the graph belongs to these files: they begin with those it was built over.
    pub fn fits(&self, files: &[VectorFileRecord]) -> bool {
        let covered = files.get(..self.files as usize);
        covered.is_some_and(|files| {
            hash_of(files) == self.over
                && files.iter().map(|file| u64::from(file.rows)).sum::<u64>() == u64::from(self.rows)
        })
    }
}

/// Says whether a graph has aged enough to be built anew: rows outside it and rows no longer alive exceed a
/// quarter of all. The former are scanned with every question, the latter walked through in vain.
pub fn wants_rebuild(record: &GraphRecord, rows: u32, alive: u32) -> bool {
    let outside = u64::from(rows.saturating_sub(record.rows));
    let dead = u64::from(rows.saturating_sub(alive));
    (outside + dead) * 4 > u64::from(rows)
}

fn hash_of(files: &[VectorFileRecord]) -> String {
    let mut hash = blake3::Hasher::new();
    for file in files {
        hash.update(file.checksum.as_bytes());
    }
    hash.finalize().to_hex().to_string()
}

/// Builds a graph over all rows into a new file `graph-{number}.hnsw`, on the disk when this returns.
///
/// `None` when there are fewer rows than `threshold` ([`super::GRAPH_MIN_ROWS`]), or when the rows are so
/// alike that a graph loses too many of them: then the exact scan remains. Takes minutes for hundreds of
/// thousands of rows and 2 to 4 KB of memory each. With one thread equal rows give an equal file; with more,
/// the edges depend on which thread came first.
pub fn build_graph(
    dir: &Path,
    number: u64,
    vectors: &Vectors,
    threads: usize,
    threshold: u32,
) -> Result<Option<GraphRecord>, VectorError> {
    let table = vectors.table();
    if table.rows < threshold.max(1) {
        return Ok(None);
    }
    let name = format!("graph-{number}.hnsw");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|source| VectorError::Threads { path: dir.join(&name), source })?;
    let (mut shape, mut words) = pool.install(|| build::connect(table, threads));
    let unreachable = pool.install(|| build::unreachable(table, &Links { shape: &shape, words: &words }));
    if unreachable.len() as u64 * u64::from(MOST_UNREACHABLE) > u64::from(table.rows) {
        tracing::warn!(rows = table.rows, unreachable = unreachable.len(), "graph given up");
        return Ok(None);
    }
    shape.append_unreachable(&unreachable, &mut words);

    let mut file = DurableFile::create(dir, &name)?;
    file.put(bytemuck::cast_slice(&words))?;
    let checksum = file.finish()?;
    let files: Vec<VectorFileRecord> = table.files.iter().map(|file| file.record.clone()).collect();
    Ok(Some(GraphRecord {
        name,
        rows: table.rows,
        files: files.len() as u32,
        over: hash_of(&files),
        unreachable: unreachable.len() as u32,
        checksum,
    }))
}

/// An opened graph. Its shape was proved against the length of its file; its edges are looked at with care.
pub(super) struct Graph {
    pub(super) record: GraphRecord,
    shape: Shape,
    map: Mmap,
}

impl Graph {
    pub(super) fn open(dir: &Path, record: &GraphRecord, table: &Table) -> Result<Graph, VectorError> {
        let path = dir.join(&record.name);
        let files: Vec<VectorFileRecord> = table.files.iter().map(|file| file.record.clone()).collect();
        if !record.fits(&files) {
            return Err(VectorError::OtherFiles { path });
        }
        let map = map::map(&path)?;
        let shape = Shape::read(&path, &map)?;
        if shape.rows != record.rows || shape.unreachable != record.unreachable {
            return Err(VectorError::damaged(&path, "its rows are not those of the manifest"));
        }
        Ok(Graph { record: record.clone(), shape, map })
    }

    fn links(&self) -> Links<'_> {
        Links { shape: &self.shape, words: bytemuck::cast_slice(&self.map) }
    }
}

/// Walks the graph and scans what it does not hold.
pub(super) struct GraphWalk<'a> {
    pub(super) graph: &'a Graph,
    pub(super) table: &'a Table,
}

impl GraphWalk<'_> {
    /// Says whether walking is likely to be cheaper than scanning. It is not when few rows are allowed, as a
    /// walk then passes by ten others for each, nor when a good part of all rows is wanted.
    pub(super) fn pays(&self, wanted: usize, allowed: &RowSet) -> bool {
        const FEW_ALLOWED: u64 = 10;
        const MANY_WANTED: u64 = 20;
        let rows = u64::from(self.table.rows);
        u64::from(allowed.len()) * FEW_ALLOWED >= rows && wanted as u64 * MANY_WANTED <= rows
    }
}

impl Neighbours for GraphWalk<'_> {
    fn candidates(&self, query: &Query, wanted: usize, allowed: &RowSet) -> Vec<Scored> {
        let (links, covered) = (self.graph.links(), self.graph.shape.rows);
        let mut found = walk::beam(&links, self.table, query, wanted, allowed);
        let side = links.unreachable().iter().copied();
        let side = side.filter(|&row| row < covered && allowed.contains(row));
        self.table.score(query, side, |scored| found.push(scored));
        let rest = ExactScan { table: self.table, rows: covered..self.table.rows };
        found.extend(rest.candidates(query, wanted, allowed));
        found.sort_unstable();
        found.dedup();
        if found.len() < wanted.min(allowed.len() as usize) {
            // The walk came to an end among rows that are not allowed: only a scan can say what is left.
            let all = ExactScan { table: self.table, rows: 0..self.table.rows };
            return all.candidates(query, wanted, allowed);
        }
        found.truncate(wanted);
        found
    }
}
