//! Whether the nearest vectors that a search looks at are the nearest there are: the index's own scan or graph against
//! every float. Whether the nearest are also the best answers is another question.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ibid_index::ReadError;
use ibid_index::snapshot::{Rule, Snapshot};
use ibid_index::vector::{RowSet, Vectors};
use ibid_search::QueryEmbedder;

use crate::bench_error::BenchError;
use crate::latency::Latency;
use crate::random::{Random, SEED};

/// How many neighbours are compared.
pub const NEIGHBOURS: usize = 10;

/// How many questions are compared at most; fewer where embedding or comparing them takes longer than a point of load.
pub const QUESTIONS: usize = 200;

/// How many different choices of notes the filtered questions go round.
pub const FILTERS: usize = 10;

/// A filter leaves one note of so many, and at least one.
pub const NOTES_PER_FILTERED: usize = 100;

/// Cosines this close are equal: a neighbour as near as the tenth is none that was missed.
const TOLERANCE: f64 = 1e-6;

/// How many of the true neighbours were found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// How many questions were compared.
    pub questions: usize,
    /// Vectors among which the neighbours were looked for, in the mean.
    pub rows: f64,
    /// The share of true neighbours found, in the mean.
    pub recall: f64,
    /// That of the question with the fewest.
    pub worst: f64,
    /// How long the index took.
    pub index: Latency,
    /// How long looking at every float took.
    pub every_float: Latency,
}

/// Recall of the nearest [`NEIGHBOURS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    /// Among all living vectors.
    pub all: Found,
    /// Among those of one note in [`NOTES_PER_FILTERED`].
    pub filtered: Found,
    /// Whether a graph proposes whom to look at.
    pub has_graph: bool,
}

/// Compares for up to [`QUESTIONS`] questions, half of `time` without a filter and half with. Takes at most as long,
/// and as long again for embedding.
///
/// # Errors
/// Where a question cannot be embedded, or the index not be read.
pub fn recall(
    snapshot: &Snapshot,
    embedder: &QueryEmbedder,
    questions: &[String],
    time: Duration,
) -> Result<Recall, BenchError> {
    let step = questions.len().div_ceil(QUESTIONS).max(1);
    let (mut asked, began) = (Vec::new(), Instant::now());
    for question in questions.iter().step_by(step) {
        asked.push(embedder.embed(question)?);
        if began.elapsed() >= time {
            break;
        }
    }
    let filters = filters(snapshot)?;
    Ok(Recall {
        all: compare(snapshot.vectors(), &asked, &[snapshot.alive_rows().clone()], time / 2),
        filtered: compare(snapshot.vectors(), &asked, &filters, time / 2),
        has_graph: snapshot.manifest().graph.is_some(),
    })
}

/// The rows of some choices of notes, the same each time.
fn filters(snapshot: &Snapshot) -> Result<Vec<RowSet>, ReadError> {
    let mut random = Random::seeded(SEED);
    let mut paths: Vec<String> = snapshot.known_documents()?.into_iter().map(|known| known.path).collect();
    let kept = (paths.len() / NOTES_PER_FILTERED).max(1);
    let mut filters = Vec::with_capacity(FILTERS);
    for _ in 0..FILTERS {
        random.shuffle(&mut paths);
        let chosen: HashSet<&str> = paths.iter().take(kept).map(String::as_str).collect();
        filters.push(snapshot.allow(&[Rule::Path(&|path: &str| chosen.contains(path))], &[])?.rows().clone());
    }
    Ok(filters)
}

/// Asks for neighbours among the rows of each filter in turn. Rows that are empty are asked nothing.
fn compare(vectors: &Vectors, asked: &[Arc<[f32]>], filters: &[RowSet], time: Duration) -> Found {
    let filters: Vec<&RowSet> = filters.iter().filter(|rows| !rows.is_empty()).collect();
    let (mut index, mut every_float, mut shares, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    let began = Instant::now();
    for (question, &allowed) in asked.iter().zip(filters.iter().cycle()) {
        let looking = Instant::now();
        let found = vectors.nearest(question, NEIGHBOURS, allowed);
        index.push(looking.elapsed());
        let looking = Instant::now();
        let truth = nearest_floats(vectors, question, allowed);
        every_float.push(looking.elapsed());
        let found: Vec<f64> = found.iter().map(|&(row, _)| cosine(vectors.vector(row), question)).collect();
        shares.push(share(&truth, &found));
        rows += f64::from(allowed.len());
        if began.elapsed() >= time {
            break;
        }
    }
    let count = shares.len().max(1) as f64;
    Found {
        questions: shares.len(),
        rows: rows / count,
        recall: shares.iter().sum::<f64>() / count,
        worst: shares.iter().copied().reduce(f64::min).unwrap_or(0.0),
        index: Latency::of(index),
        every_float: Latency::of(every_float),
    }
}

/// The cosines of the true nearest, best first.
fn nearest_floats(vectors: &Vectors, question: &[f32], allowed: &RowSet) -> Vec<f64> {
    let mut all: Vec<f64> = allowed.iter().map(|row| cosine(vectors.vector(row), question)).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    all.truncate(NEIGHBOURS);
    all
}

/// The share of the true nearest that was found, both by their cosines.
fn share(truth: &[f64], found: &[f64]) -> f64 {
    let Some(farthest) = truth.last() else { return 1.0 };
    let near = found.iter().filter(|&&cosine| cosine >= farthest - TOLERANCE).count();
    near.min(truth.len()) as f64 / truth.len() as f64
}

/// In double precision, so that its own rounding is no difference. A question has length one.
fn cosine(row: &[f32], question: &[f32]) -> f64 {
    row.iter().zip(question).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(truth: &[f64], found: &[f64], expected: f64) {
        assert_eq!(share(truth, found), expected);
    }

    #[test]
    fn a_neighbour_as_near_as_the_last_is_not_missed() {
        check(&[0.9, 0.8, 0.7], &[0.9, 0.8, 0.7 - 1e-9], 1.0);
        check(&[0.9, 0.7, 0.7], &[0.9, 0.7, 0.7], 1.0);
    }

    #[test]
    fn what_is_farther_or_not_there_is_missed() {
        check(&[0.9, 0.8, 0.7, 0.6], &[0.9, 0.8, 0.5, 0.4], 0.5);
        check(&[0.9, 0.8], &[0.9], 0.5);
        check(&[], &[], 1.0);
    }
}
