//! The file of a graph: 32-bit words, little endian, read in place. Knows no vector and no score.
//!
//! A header of 32 words; then for each row the links of the bottom layer, twice the degree of them; for each
//! upper layer its rows, ascending, and the links of each; last the rows that cannot be reached. A list of
//! links shorter than its place ends with [`NO_LINK`].

use std::path::Path;

use crate::vector::error::VectorError;

const MAGIC: [u8; 8] = *b"ibid.hnw";

/// Raised by every change of the layout. Graphs of another number are built anew.
const FORMAT: u32 = 1;

const HEADER_WORDS: usize = 32;
const FIRST_LAYER_WORD: usize = 8;
const MAX_UPPER_LAYERS: usize = 16;
const MAX_DEGREE: u32 = 256;

/// Stands where a row has fewer links than there is place for.
pub(super) const NO_LINK: u32 = u32::MAX;

/// Where everything lies within a graph's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::vector) struct Shape {
    pub(in crate::vector) rows: u32,
    pub(in crate::vector) unreachable: u32,
    /// Links of a row in an upper layer; in the bottom layer there is place for twice as many.
    degree: u32,
    entry: u32,
    /// Rows of each upper layer, the lowest of them first.
    layers: Vec<u32>,
}

impl Shape {
    /// The shape of a graph whose unreachable rows are not known yet.
    pub(super) fn of(rows: u32, degree: u32, entry: u32, layers: Vec<u32>) -> Shape {
        Shape { rows, unreachable: 0, degree, entry, layers }
    }

    /// The header, to be followed by the links.
    pub(super) fn header(&self) -> [u32; HEADER_WORDS] {
        let mut header = [0; HEADER_WORDS];
        bytemuck::bytes_of_mut(&mut header)[..8].copy_from_slice(&MAGIC);
        let numbers =
            [FORMAT, self.rows, self.degree, self.entry, self.unreachable, self.layers.len() as u32];
        header[2..FIRST_LAYER_WORD].copy_from_slice(&numbers);
        header[FIRST_LAYER_WORD..][..self.layers.len()].copy_from_slice(&self.layers);
        header
    }

    pub(super) fn append_unreachable(&mut self, unreachable: &[u32], words: &mut Vec<u32>) {
        self.unreachable = unreachable.len() as u32;
        words.extend_from_slice(unreachable);
        words[..HEADER_WORDS].copy_from_slice(&self.header());
    }

    /// Reads and proves the header of `file`: all that the shape given back names lies within the file.
    pub(super) fn read(path: &Path, file: &[u8]) -> Result<Shape, VectorError> {
        let truncated =
            |wanted: u64| VectorError::Truncated { path: path.into(), found: file.len() as u64, wanted };
        let Some(bytes) = file.first_chunk::<{ 4 * HEADER_WORDS }>() else {
            return Err(truncated(4 * HEADER_WORDS as u64));
        };
        if bytes[..8] != MAGIC {
            return Err(VectorError::Foreign { path: path.into(), wanted: "graph file" });
        }
        let mut header = [0u32; HEADER_WORDS];
        bytemuck::bytes_of_mut(&mut header).copy_from_slice(bytes);
        if header[2] != FORMAT {
            return Err(VectorError::Format { path: path.into(), found: header[2], wanted: FORMAT });
        }
        let [rows, degree, entry, unreachable, layers] = [3, 4, 5, 6, 7].map(|at| header[at]);
        let layers = header[FIRST_LAYER_WORD..].get(..layers as usize).unwrap_or_default().to_vec();
        let shape = Shape { rows, unreachable, degree, entry, layers };
        let sound = entry < rows
            && (1..=MAX_DEGREE).contains(&degree)
            && unreachable <= rows
            && shape.layers.len() <= MAX_UPPER_LAYERS
            && shape.layers.iter().all(|&count| count <= rows);
        if !sound || shape.header() != header {
            return Err(VectorError::damaged(path, "its header contradicts itself"));
        }
        let wanted = 4 * (shape.unreachable_start() + u64::from(unreachable));
        match (file.len() as u64).cmp(&wanted) {
            std::cmp::Ordering::Less => Err(truncated(wanted)),
            std::cmp::Ordering::Greater => Err(VectorError::damaged(path, "bytes follow its last section")),
            std::cmp::Ordering::Equal => Ok(shape),
        }
    }

    /// The word at which an upper layer begins; 1 is the lowest.
    fn layer_start(&self, layer: usize) -> u64 {
        let bottom = u64::from(self.rows) * 2 * u64::from(self.degree);
        let below = self.layers[..layer - 1].iter().map(|&count| u64::from(count)).sum::<u64>();
        HEADER_WORDS as u64 + bottom + below * (1 + u64::from(self.degree))
    }

    fn unreachable_start(&self) -> u64 {
        self.layer_start(self.layers.len() + 1)
    }
}

/// The words of a graph with their shape.
#[derive(Copy, Clone)]
pub(super) struct Links<'a> {
    pub(super) shape: &'a Shape,
    pub(super) words: &'a [u32],
}

impl<'a> Links<'a> {
    /// The row every walk begins at.
    pub(super) fn entry(&self) -> u32 {
        self.shape.entry
    }

    /// The highest layer.
    pub(super) fn top(&self) -> usize {
        self.shape.layers.len()
    }

    /// The rows a row is linked with. In a damaged file a row may have odd links, but none beyond the rows.
    pub(super) fn of(&self, layer: usize, row: u32) -> impl Iterator<Item = u32> + 'a {
        let rows = self.shape.rows;
        self.place(layer, row).iter().copied().take_while(move |&link| link < rows)
    }

    fn place(&self, layer: usize, row: u32) -> &'a [u32] {
        let degree = self.shape.degree as usize;
        if layer == 0 {
            return &self.words[HEADER_WORDS + row as usize * 2 * degree..][..2 * degree];
        }
        let count = self.shape.layers[layer - 1] as usize;
        let (rows, links) = self.words[self.shape.layer_start(layer) as usize..].split_at(count);
        rows.binary_search(&row).map_or(&[], |at| &links[at * degree..][..degree])
    }

    /// The rows that walks do not find.
    pub(super) fn unreachable(&self) -> &'a [u32] {
        let start = self.shape.unreachable_start() as usize;
        &self.words[start..][..self.shape.unreachable as usize]
    }
}
