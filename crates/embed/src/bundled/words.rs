//! The table of words of multilingual-e5-small, a vector per token, kept at 4 bits and widened row by row. It
//! stays where the program's file is mapped.

use half::f16;

use super::e5::DIMENSIONS;

/// How many tokens have a row: XLM-RoBERTa's 250,002, and 35 that no text has.
pub(super) const ROWS: usize = 250_037;

/// How many values share a scale. A block is the scale in two bytes, then 16 bytes: byte j holds value j in its
/// low half and value j + 16 in its high half, both plus 8. This is llama.cpp's Q4_0.
const BLOCK: usize = 32;
const BLOCK_BYTES: usize = 2 + BLOCK / 2;
const ROW_BYTES: usize = DIMENSIONS / BLOCK * BLOCK_BYTES;

pub(super) static TABLE: &[u8; ROWS * ROW_BYTES] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/multilingual-e5-small/words.q4"));

/// Appends the vectors of `tokens` to `vectors`.
pub(super) fn widen(tokens: impl Iterator<Item = u32>, vectors: &mut Vec<f32>) {
    for token in tokens {
        let row = &TABLE[token as usize * ROW_BYTES..][..ROW_BYTES];
        for &[low, high, ref pairs @ ..] in row.as_chunks::<BLOCK_BYTES>().0 {
            let scale = f16::from_le_bytes([low, high]).to_f32();
            let value = |digit: u8| (f32::from(digit) - 8.0) * scale;
            vectors.extend(pairs.iter().map(|pair| value(pair & 15)));
            vectors.extend(pairs.iter().map(|pair| value(pair >> 4)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_values_of_its_blocks() {
        let mut vectors = Vec::new();
        widen([0, 250_036].into_iter(), &mut vectors);
        assert_eq!(vectors.len(), 2 * DIMENSIONS);
        let scale = f16::from_le_bytes([TABLE[0], TABLE[1]]).to_f32();
        assert_eq!(vectors[1], (f32::from(TABLE[3] & 15) - 8.0) * scale);
        assert_eq!(vectors[17], (f32::from(TABLE[3] >> 4) - 8.0) * scale);
        assert!(vectors.iter().all(|value| value.is_finite()));
    }
}
