//! A generation as it was while it was being embedded: of some chunks the vector is there, of the others it is still to
//! come. For measuring what that costs an answer; nothing on disk changes.

use std::sync::Arc;

use super::{NO_ROW, Snapshot};
use crate::vector::RowSet;

/// What `percent` is a part of.
const ALL: u64 = 100;

impl Snapshot {
    /// This generation as if only `percent` of 100 vectors were made: drawn, the same each time. More than 100 are all.
    pub fn partly_embedded(mut self, percent: u8) -> Snapshot {
        let is_made = |row: u32| drawn(row) % ALL < u64::from(percent);
        let mut alive = RowSet::empty(self.vectors.rows());
        self.by_row.retain(|&(row, _)| is_made(row));
        for &(row, _) in &self.by_row {
            alive.insert(row);
        }
        let mut rows = (*self.rows).clone();
        for row in rows.iter_mut().flatten().filter(|row| **row != NO_ROW && !is_made(**row)) {
            *row = NO_ROW;
        }
        (self.alive, self.rows) = (alive, Arc::new(rows));
        self.without_vector = self.count_without_vector();
        self
    }
}

/// A number for each row that has nothing to do with its place: splitmix64.
fn drawn(row: u32) -> u64 {
    let mixed = u64::from(row).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
