//! The scan: every allowed row is looked at. The answer by which the graph is judged.
//!
//! Where many rows are allowed their signs are compared first, 48 bytes a row in place of 384, and only those that
//! differ least are scored by their bytes.

use std::ops::Range;

use super::best::{Best, Scored};
use super::quantised::Query;
use super::row_set::RowSet;
use super::table::Table;

/// Rows whose bytes are looked at for each candidate wanted, at least.
///
/// Among 18,031 vectors of the bundled model (English, German, Russian and Chinese notes), asked with 300 others, 800
/// rows by signs hold .999 of the ten nearest, and 1,600 hold .995 of the hundred nearest.
const NEAR_PER_WANTED: usize = 8;

/// One in so many rows is looked at whatever is wanted: the more rows there are, the more of them look near by signs.
/// What .995 of the hundred nearest need grew by a third when the rows doubled, from 3,000 to 18,000 of them.
const NEAR_ONE_IN: usize = 64;

/// Fewer dimensions have too few signs to tell rows apart.
const SIGNS_MIN_DIMENSIONS: usize = 256;

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
    /// The allowed rows whose signs differ least from the question's: at least `wanted`, and all that differ as little
    /// as the last of these.
    fn near_by_signs(&self, query: &Query, wanted: usize, allowed: &RowSet, rows: Range<u32>) -> Vec<u32> {
        let distances = self.table.sign_distances(query, rows.clone());
        let distance = |row: u32| distances[(row - rows.start) as usize];
        let mut counts = vec![0; query.floats.len() + 1];
        allowed.visit(rows.clone(), |row| counts[distance(row) as usize] += 1);
        let mut within = 0;
        let enough = |count: &usize| {
            within += count;
            within >= wanted
        };
        let most = counts.iter().position(enough).unwrap_or(counts.len()) as u32;
        let mut near = Vec::new();
        allowed.visit(rows.clone(), |row| {
            if distance(row) <= most {
                near.push(row);
            }
        });
        near
    }
}

impl Neighbours for ExactScan<'_> {
    fn candidates(&self, query: &Query, wanted: usize, allowed: &RowSet) -> Vec<Scored> {
        let rows = self.rows.start..self.rows.end.min(self.table.rows);
        let near = (NEAR_PER_WANTED * wanted).max(rows.len() / NEAR_ONE_IN);
        let mut best = Best::of(wanted);
        // Where most would be looked at anyway, looking at signs first is no gain.
        let by_signs = query.floats.len() >= SIGNS_MIN_DIMENSIONS && allowed.len() as usize > 2 * near;
        match by_signs {
            true => {
                let near = self.near_by_signs(query, near, allowed, rows);
                self.table.score(query, near.into_iter(), |scored| best.offer(scored));
            }
            false => self.table.score(query, allowed.within(rows), |scored| best.offer(scored)),
        }
        best.into_sorted()
    }
}
