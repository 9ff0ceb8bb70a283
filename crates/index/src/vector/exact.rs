//! The exact scan: every allowed row is scored. The answer by which all others are judged.

use std::ops::Range;

use rayon::prelude::*;

use super::best::{Best, Scored};
use super::quantised::Query;
use super::row_set::RowSet;
use super::table::Table;

/// From this many rows on a scan takes about 1 ms and is worth other threads. With 10 000 rows two threads were
/// slower than one (261 against 213 µs), with 100 000 faster (1.7 against 2.8 ms).
const PARALLEL_MIN_ROWS: u32 = 32_768;

/// Rows that one thread takes at a time.
const STEP_ROWS: u32 = 4_096;

/// Finds rows that may be the nearest. Scores are by bytes: near enough to choose whom to rescore.
pub(super) trait Neighbours {
    /// The `wanted` nearest of the allowed rows, or all of them when they are fewer.
    fn candidates(&self, query: &Query, wanted: usize, allowed: &RowSet) -> Vec<Scored>;
}

/// Scans a range of rows.
pub(super) struct ExactScan<'a> {
    pub(super) table: &'a Table,
    pub(super) rows: Range<u32>,
}

impl ExactScan<'_> {
    fn part(&self, query: &Query, mut best: Best, allowed: &RowSet, rows: Range<u32>) -> Best {
        self.table.score(query, allowed.within(rows), |scored| best.offer(scored));
        best
    }
}

impl Neighbours for ExactScan<'_> {
    fn candidates(&self, query: &Query, wanted: usize, allowed: &RowSet) -> Vec<Scored> {
        let rows = self.rows.start..self.rows.end.min(self.table.rows);
        let many = rows.len() >= PARALLEL_MIN_ROWS as usize && allowed.len() >= PARALLEL_MIN_ROWS;
        let best = if many && rayon::current_num_threads() > 1 {
            let steps = (rows.end - rows.start).div_ceil(STEP_ROWS);
            // A fold keeps what a thread knows to be the best so far from step to step.
            let parts = (0..steps).into_par_iter().fold(
                || Best::of(wanted),
                |best, step| {
                    let start = rows.start + step * STEP_ROWS;
                    let end = rows.end.min(start.saturating_add(STEP_ROWS));
                    self.part(query, best, allowed, start..end)
                },
            );
            parts.reduce(|| Best::of(wanted), Best::join)
        } else {
            self.part(query, Best::of(wanted), allowed, rows)
        };
        best.into_sorted()
    }
}
