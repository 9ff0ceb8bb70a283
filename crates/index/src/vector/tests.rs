//! What the whole of `vector` promises, tried from outside on files in a temporary folder.

mod damage;
mod files;
mod search;

use std::path::Path;

use super::*;

pub(super) const WIDE: usize = 32;

/// Numbers from a seed, by splitmix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Nearly normal.
    pub(super) fn normal(&mut self) -> f32 {
        let word = self.next();
        (0..4).map(|at| (word >> (16 * at) & 0xffff) as f32 / 65_536.0).sum::<f32>() - 2.0
    }

    pub(super) fn vector(&mut self) -> Vec<f32> {
        (0..WIDE).map(|_| self.normal()).collect()
    }
}

/// Vectors in clusters: the smaller the spread, the more they are near-duplicates.
pub(super) fn clustered(rows: usize, clusters: usize, spread: f32, seed: u64) -> Vec<Vec<f32>> {
    let mut random = Random(seed);
    let centres: Vec<Vec<f32>> = (0..clusters).map(|_| random.vector()).collect();
    let mut near = || {
        let centre = &centres[random.below(clusters)];
        centre.iter().map(|at| at + spread * random.normal()).collect()
    };
    (0..rows).map(|_| near()).collect()
}

/// The same, turned into `wide` dimensions and with a little noise there, as embeddings are.
pub(super) fn turned(vectors: &[Vec<f32>], wide: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut random = Random(seed);
    let turn: Vec<Vec<f32>> = (0..wide).map(|_| random.vector()).collect();
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut one = |vector: &Vec<f32>| {
        turn.iter().map(|row| product(row, vector) + 0.3 * random.normal()).collect::<Vec<f32>>()
    };
    vectors.iter().map(&mut one).collect()
}

pub(super) fn keyed(first: u64, vectors: &[Vec<f32>]) -> Vec<(VectorKey, Vec<f32>)> {
    vectors.iter().zip(first..).map(|(vector, key)| (VectorKey(key), vector.clone())).collect()
}

/// Writes vectors under ascending keys, so that row and place are the same.
pub(super) fn stored(dir: &Path, number: u64, first: u64, vectors: &[Vec<f32>]) -> VectorFileRecord {
    write(dir, number, vectors.first().map_or(WIDE, Vec::len), keyed(first, vectors)).unwrap()
}

pub(super) fn opened(dir: &Path, files: &[VectorFileRecord], graph: Option<&GraphRecord>) -> Vectors {
    Vectors::open(dir, WIDE, files, graph).unwrap()
}

pub(super) fn rows_of(hits: &[(u32, f32)]) -> Vec<u32> {
    hits.iter().map(|(row, _)| *row).collect()
}

/// Every `step`-th row, beginning with `first`.
pub(super) fn every(rows: u32, first: u32, step: usize) -> RowSet {
    let mut set = RowSet::empty(rows);
    (first..rows).step_by(step).for_each(|row| {
        set.insert(row);
    });
    set
}
