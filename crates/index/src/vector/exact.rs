//! The scan: every allowed row is looked at. The answer by which the graph is judged.
//!
//! Where many rows are allowed their signs are compared first, 48 bytes a row in place of 384, and only those that
//! agree best are scored by their bytes. The question keeps seven steps a number for that, which costs little, since there
//! is one question and many rows.

use std::ops::Range;

use super::best::{Best, Scored};
use super::quantised::Query;
use super::row_set::RowSet;
use super::table::Table;

/// Rows whose bytes are looked at for each candidate wanted, at least.
///
/// Share of the ten nearest that is held by so many rows, and that of the question that fares worst: 7,225 vectors of the
/// bundled model (CACM, MED, Cranfield and the notes of `spans`), asked with 400 pieces of one, two, three and six words
/// out of them, which is the hard case.
///
/// | the question keeps | 400 rows | 800 | 1,200 | 1,600 | 2,400 |
/// | --- | --- | --- | --- | --- | --- |
/// | its signs | .953, .4 | .983, .7 | .992, .7 | .996, .9 | .998, .9 |
/// | three steps | .979, .5 | .993, .8 | .996, .8 | .998, .9 | .9995, .9 |
/// | seven steps | .992, .7 | .998, .9 | .999, .9 | .999, .9 | .9997, .9 |
/// | every bit | .996, .9 | .999, .9 | .999, .9 | .9997, .9 | 1, 1 |
///
/// Of 11,889 vectors (SciFact) 1,200 rows hold .9985, .8 of what questions of two to eight words out of them are near to.
const NEAR_PER_WANTED: usize = 16;

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
    /// The allowed rows whose signs agree best with the question: at least `wanted`, and all that agree as well as the
    /// last of these.
    fn near_by_signs(&self, query: &Query, wanted: usize, allowed: &RowSet, rows: Range<u32>) -> Vec<u32> {
        let products = self.table.sign_products(query, rows.clone());
        // No product is further from zero than if each number had the largest step.
        let reach = 4 * query.floats.len() as i32;
        let product = |row: u32| products[(row - rows.start) as usize];
        let mut counts = vec![0; 2 * reach as usize + 1];
        allowed.visit(rows.clone(), |row| counts[(reach - product(row)) as usize] += 1);
        let mut within = 0;
        let enough = |count: &usize| {
            within += count;
            within >= wanted
        };
        let least = reach - counts.iter().position(enough).unwrap_or(counts.len()) as i32;
        let mut near = Vec::new();
        allowed.visit(rows.clone(), |row| {
            if product(row) >= least {
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
