//! The opened vector files of a generation, side by side: rows counted through from the first to the last.
//! Scores rows; does not choose among them.

use std::ops::Range;
use std::path::Path;

use bytemuck::cast_slice;
use memmap2::Mmap;

use super::best::Scored;
use super::error::VectorError;
use super::format::{Layout, sign_words};
use super::quantised::Query;
use super::{VectorFileRecord, kernel, map};

/// Rows scored by one call of the kernel: their products stay in the first cache.
const BLOCK_ROWS: usize = 64;

/// One mapped file. Its layout was proved against its length, so its sections are there whatever they hold.
pub(super) struct VectorFile {
    pub(super) record: VectorFileRecord,
    pub(super) layout: Layout,
    /// The row its first one has among all files.
    pub(super) base: u32,
    map: Mmap,
}

impl VectorFile {
    fn open(
        dir: &Path,
        record: &VectorFileRecord,
        dims: usize,
        base: u32,
    ) -> Result<VectorFile, VectorError> {
        let path = dir.join(&record.name);
        let map = map::map(&path)?;
        let layout = Layout::read(&path, &map, dims)?;
        if layout.rows != record.rows {
            return Err(VectorError::damaged(&path, "its rows are not those of the manifest"));
        }
        let file = VectorFile { record: record.clone(), layout, base, map };
        if !file.keys().is_sorted_by(|a, b| a < b) {
            return Err(VectorError::damaged(&path, "its keys are not in order"));
        }
        Ok(file)
    }

    // Sections begin at multiples of 64 and maps at pages: no cast below can find its numbers misaligned.

    pub(super) fn keys(&self) -> &[u64] {
        cast_slice(&self.map[self.layout.keys as usize..][..8 * self.layout.rows as usize])
    }

    /// The signs of all rows, one row's words after another's.
    pub(super) fn signs(&self) -> &[u64] {
        let length = 8 * sign_words(self.layout.dimensions) * self.layout.rows as usize;
        cast_slice(&self.map[self.layout.signs as usize..][..length])
    }

    pub(super) fn scales(&self) -> &[f32] {
        cast_slice(&self.map[self.layout.scales as usize..][..4 * self.layout.rows as usize])
    }

    /// All rows of bytes, one after another.
    pub(super) fn bytes(&self) -> &[i8] {
        let length = self.layout.dimensions as usize * self.layout.rows as usize;
        cast_slice(&self.map[self.layout.bytes as usize..][..length])
    }

    /// The floats of one row of this file.
    pub(super) fn floats(&self, row: u32) -> &[f32] {
        let length = 4 * self.layout.dimensions as usize;
        cast_slice(&self.map[self.layout.floats as usize + row as usize * length..][..length])
    }

    /// The row after its last one, among all files.
    pub(super) fn end(&self) -> u32 {
        self.base + self.layout.rows
    }
}

/// All files of a generation.
pub(super) struct Table {
    pub(super) files: Vec<VectorFile>,
    pub(super) rows: u32,
}

impl Table {
    pub(super) fn open(
        dir: &Path,
        dimensions: usize,
        records: &[VectorFileRecord],
    ) -> Result<Table, VectorError> {
        let (mut files, mut rows) = (Vec::with_capacity(records.len()), 0u32);
        for record in records {
            let file = VectorFile::open(dir, record, dimensions, rows)?;
            rows = rows
                .checked_add(file.layout.rows)
                .ok_or_else(|| VectorError::TooMany { dir: dir.to_path_buf() })?;
            files.push(file);
        }
        Ok(Table { files, rows })
    }

    /// The file a row lies in, and its place there.
    pub(super) fn locate(&self, row: u32) -> (&VectorFile, u32) {
        let file = &self.files[self.files.partition_point(|file| file.end() <= row)];
        (file, row - file.base)
    }

    pub(super) fn floats(&self, row: u32) -> &[f32] {
        let (file, row) = self.locate(row);
        file.floats(row)
    }

    /// The bytes of a row and their scale.
    pub(super) fn bytes(&self, row: u32) -> (&[i8], f32) {
        let (file, row) = self.locate(row);
        let length = file.layout.dimensions as usize;
        (&file.bytes()[row as usize * length..][..length], file.scales()[row as usize])
    }

    /// Scores rows by their bytes and hands each to `each`, in the order given. Rows of one file are best
    /// given together: they are scored in blocks.
    pub(super) fn score(&self, query: &Query, rows: impl Iterator<Item = u32>, mut each: impl FnMut(Scored)) {
        let mut products = [0; BLOCK_ROWS];
        self.in_blocks(rows, |file, picks| {
            kernel::byte_products(&query.bytes, file.bytes(), picks, &mut products);
            let scales = file.scales();
            for (&pick, &product) in picks.iter().zip(&products) {
                let score = product as f32 * scales[pick as usize] * query.scale;
                each(Scored::at(file.base + pick, score));
            }
        });
    }

    /// How well the signs of each of `rows` agree with the question: the more the nearer.
    pub(super) fn sign_products(&self, query: &Query, rows: Range<u32>) -> Vec<i32> {
        let mut products = vec![0; rows.len()];
        for file in &self.files {
            let inside = rows.start.max(file.base)..rows.end.min(file.end());
            if inside.is_empty() {
                continue;
            }
            let words = query.planes.len();
            let place = |row: u32| (row - file.base) as usize * words;
            let signs = &file.signs()[place(inside.start)..place(inside.end)];
            let from = (inside.start - rows.start) as usize;
            kernel::sign_products(&query.planes, signs, &mut products[from..][..inside.len()]);
        }
        products
    }

    /// Hands rows to `each` as rows of one file, at most [`BLOCK_ROWS`] at once, in the order given.
    fn in_blocks(&self, rows: impl Iterator<Item = u32>, mut each: impl FnMut(&VectorFile, &[u32])) {
        let (mut picks, mut filled) = ([0; BLOCK_ROWS], 0);
        let mut file: Option<&VectorFile> = None;
        // `for_each` and not `for`: rows come from nested iterators, which are quick only from within.
        rows.for_each(|row| {
            let inside = file.filter(|file| (file.base..file.end()).contains(&row));
            let current = match inside {
                Some(current) => current,
                None => {
                    if let Some(before) = file {
                        each(before, &picks[..filled]);
                        filled = 0;
                    }
                    *file.insert(self.locate(row).0)
                }
            };
            picks[filled] = row - current.base;
            filled += 1;
            if filled == BLOCK_ROWS {
                each(current, &picks);
                filled = 0;
            }
        });
        if let Some(last) = file {
            each(last, &picks[..filled]);
        }
    }

    /// The exact cosines of candidates, the best `k` of them, best first.
    pub(super) fn rescore(&self, query: &Query, candidates: &[Scored], k: usize) -> Vec<(u32, f32)> {
        let mut exact: Vec<Scored> = candidates
            .iter()
            .map(|candidate| Scored::at(candidate.row, query.cosine(self.floats(candidate.row))))
            .collect();
        exact.sort_unstable();
        exact.dedup_by_key(|scored| scored.row);
        exact.truncate(k);
        exact.into_iter().map(|scored| (scored.row, scored.score)).collect()
    }
}
