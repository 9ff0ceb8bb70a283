//! A generation as it was while it was being embedded: of some chunks the vector is there, of the others it is still to
//! come. For measuring what that costs an answer; nothing on disk changes.

use std::sync::Arc;

use super::{NO_ROW, Snapshot};
use crate::vector::RowSet;

/// What `percent` is a part of.
const ALL: u64 = 100;

impl Snapshot {
    /// This generation as if only `percent` of 100 vectors were made. Drawn by their keys, which are hashes: the same for
    /// equal notes. More than 100 are all.
    pub fn partly_embedded(mut self, percent: u8) -> Snapshot {
        let vectors = Arc::clone(&self.vectors);
        let is_made = |row: u32| vectors.key(row).0 % ALL < u64::from(percent);
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
