//! Where each section of a vector file lies, and the header that says so. Reads no rows.
//!
//! A file is a header of 128 bytes and five sections, each beginning at a multiple of 64, all little endian:
//! keys (u64, ascending), rows of signs (u64 words), scales (f32), rows of bytes (i8), rows of floats (f32).

use std::path::Path;

use super::error::VectorError;

#[cfg(target_endian = "big")]
compile_error!("sections are read in place, as little-endian numbers");

pub(super) const MAGIC: [u8; 8] = *b"ibid.vec";

/// Raised by every change of the layout. Files of another number are rebuilt, never converted.
pub(super) const FORMAT: u32 = 2;

pub(super) const HEADER_BYTES: usize = 128;

/// A multiple of every number type's size and one cache line.
const ALIGNMENT: u64 = 64;

/// Products of bytes are summed in 32 bits: 2^16 times 2^14 is safely within.
pub(super) const MAX_DIMENSIONS: usize = 1 << 16;

/// The places of the sections, in bytes from the start of the file.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) dimensions: u32,
    pub(super) rows: u32,
    pub(super) keys: u64,
    pub(super) signs: u64,
    pub(super) scales: u64,
    pub(super) bytes: u64,
    pub(super) floats: u64,
    pub(super) end: u64,
}

impl Layout {
    /// The layout of `rows` vectors. With dimensions up to [`MAX_DIMENSIONS`] nothing here can overflow.
    pub(super) fn of(dimensions: u32, rows: u32) -> Layout {
        let (wide, many) = (u64::from(dimensions), u64::from(rows));
        let keys = HEADER_BYTES as u64;
        let signs = aligned(keys + 8 * many);
        let scales = aligned(signs + 8 * sign_words(dimensions) as u64 * many);
        let bytes = aligned(scales + 4 * many);
        let floats = aligned(bytes + wide * many);
        Layout { dimensions, rows, keys, signs, scales, bytes, floats, end: floats + 4 * wide * many }
    }

    pub(super) fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        for (place, number) in [FORMAT, self.dimensions, self.rows].into_iter().enumerate() {
            header[8 + 4 * place..][..4].copy_from_slice(&number.to_le_bytes());
        }
        let sections = [self.keys, self.signs, self.scales, self.bytes, self.floats, self.end];
        for (place, offset) in sections.into_iter().enumerate() {
            header[24 + 8 * place..][..8].copy_from_slice(&offset.to_le_bytes());
        }
        header
    }

    /// Reads and proves the header of `file`: every section of the layout given back lies within the file.
    pub(super) fn read(path: &Path, file: &[u8], dimensions: usize) -> Result<Layout, VectorError> {
        let Some(header) = file.first_chunk::<HEADER_BYTES>() else {
            let wanted = HEADER_BYTES as u64;
            return Err(VectorError::Truncated { path: path.into(), found: file.len() as u64, wanted });
        };
        if header[..8] != MAGIC {
            return Err(VectorError::Foreign { path: path.into(), wanted: "vector file" });
        }
        let number =
            |at: usize| header[at..].first_chunk().map_or(0, |bytes: &[u8; 4]| u32::from_le_bytes(*bytes));
        let [format, wide, rows] = [number(8), number(12), number(16)];
        if format != FORMAT {
            return Err(VectorError::Format { path: path.into(), found: format, wanted: FORMAT });
        }
        if wide as usize != dimensions {
            let found = wide as usize;
            return Err(VectorError::Dimensions { path: path.into(), found, wanted: dimensions });
        }
        // The caller's dimensions are within bounds, so these are now.
        let layout = Layout::of(wide, rows);
        if *header != layout.header() {
            return Err(VectorError::damaged(path, "its header contradicts itself"));
        }
        let found = file.len() as u64;
        if found < layout.end {
            return Err(VectorError::Truncated { path: path.into(), found, wanted: layout.end });
        }
        if found > layout.end {
            return Err(VectorError::damaged(path, "bytes follow its last section"));
        }
        Ok(layout)
    }
}

/// How many words hold the signs of one vector.
pub(super) fn sign_words(dimensions: u32) -> usize {
    dimensions.div_ceil(u64::BITS) as usize
}

fn aligned(offset: u64) -> u64 {
    offset.next_multiple_of(ALIGNMENT)
}

/// Refuses dimensions no file can have.
pub(super) fn check_dimensions(dimensions: usize) -> Result<u32, VectorError> {
    match u32::try_from(dimensions) {
        Ok(valid) if (1..=MAX_DIMENSIONS).contains(&dimensions) => Ok(valid),
        _ => Err(VectorError::DimensionsRange { found: dimensions, most: MAX_DIMENSIONS }),
    }
}
