//! Vectors as bytes: 127 steps each way, and a scale per vector that brings the bytes to length one. Loses 1
//! to 2 % of the neighbours, which rescoring by floats gives back; nothing here is an answer. And vectors as signs, a
//! bit for each dimension, which tell what is far off.

use super::kernel;

/// The largest byte. -128 is not used, so that a vector and its opposite are quantised alike.
const STEPS: f32 = 127.0;

/// Turns a vector of length one into bytes; gives the number that brings these to length one again.
///
/// Not the width of a step: bytes and steps have another length than the vector, by up to a percent, and that
/// error would be larger than the distances between near-duplicates.
pub(super) fn quantise(vector: &[f32], bytes: &mut Vec<i8>) -> f32 {
    bytes.clear();
    let largest = vector.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    // A vector so small that its steps have no inverse is nothing.
    let inverse = STEPS / largest;
    if !inverse.is_finite() {
        bytes.resize(vector.len(), 0);
        return 0.0;
    }
    // `as` saturates, so that no rounding can leave the range.
    bytes.extend(vector.iter().map(|value| (value * inverse).round() as i8));
    1.0 / (kernel::byte_product(bytes, bytes) as f32).sqrt()
}

/// The signs of a vector, set where a number is above zero, the first in the lowest bit of the first word.
pub(super) fn signs(vector: &[f32]) -> Vec<u64> {
    let word = |values: &[f32]| {
        values.iter().enumerate().fold(0, |word, (at, value)| word | u64::from(*value > 0.0) << at)
    };
    vector.chunks(u64::BITS as usize).map(word).collect()
}

/// A question's vector, of length one, in the three forms that are compared.
pub(super) struct Query {
    pub(super) floats: Vec<f32>,
    /// Bytes, already widened for the kernel.
    pub(super) bytes: Vec<i16>,
    pub(super) scale: f32,
    pub(super) signs: Vec<u64>,
}

impl Query {
    /// What has no direction (zero, or not finite) is equally far from everything.
    pub(super) fn of(vector: &[f32]) -> Query {
        let floats = unit(vector).unwrap_or_else(|| vec![0.0; vector.len()]);
        let mut bytes = Vec::new();
        let scale = quantise(&floats, &mut bytes);
        let signs = signs(&floats);
        Query { floats, bytes: bytes.into_iter().map(i16::from).collect(), scale, signs }
    }

    /// The cosine with a stored vector, which is of length one already.
    pub(super) fn cosine(&self, stored: &[f32]) -> f32 {
        let product = kernel::float_product(&self.floats, stored);
        // Rounding must not show as a cosine above one; damaged bytes as anything at all.
        if product.is_nan() { -1.0 } else { product.clamp(-1.0, 1.0) }
    }
}

/// The vector at length one, zero as it is; `None` when it is not finite.
///
/// A vector within rounding of length one keeps its bits: what was read and is written again is the same.
pub(super) fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    const ROUNDING: f64 = 1e-6;
    let length = vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() {
        None
    } else if length == 0.0 || (length - 1.0).abs() < ROUNDING {
        Some(vector.to_vec())
    } else {
        Some(vector.iter().map(|&value| (f64::from(value) / length) as f32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vector: &[f32], bytes: &[i8], scale: f32) {
        let mut found = Vec::new();
        assert_eq!((quantise(vector, &mut found), found.as_slice()), (scale, bytes));
    }

    #[test]
    fn the_largest_number_takes_the_largest_byte_and_the_whole_has_length_one() {
        check(&[0.6, -0.8, 0.0], &[95, -127, 0], 1.0 / 25_154.0f32.sqrt());
    }

    #[test]
    fn a_vector_of_nothing_is_nothing() {
        check(&[0.0, 0.0], &[0, 0], 0.0);
        check(&[1e-44, 0.0], &[0, 0], 0.0);
    }

    #[test]
    fn signs_are_the_numbers_above_zero() {
        let mut vector = [-0.5; 65];
        (vector[0], vector[1], vector[63], vector[64]) = (0.1, 0.0, 2.0, 0.3);
        assert_eq!(signs(&vector), [1 | 1 << 63, 1]);
    }

    #[test]
    fn a_vector_of_length_one_keeps_its_bits() {
        let vector = [0.6f32, 0.8];
        assert_eq!(unit(&vector).unwrap(), vector);
        assert_eq!(unit(&[3.0, 4.0]).unwrap(), vector);
        assert_eq!(unit(&[f32::NAN, 1.0]), None);
        assert_eq!(unit(&[f32::MAX, f32::MAX]).unwrap().len(), 2);
    }

    #[test]
    fn products_do_not_depend_on_where_the_remainder_begins() {
        for length in [1, 15, 16, 17, 31, 33, 384, 400] {
            let a: Vec<f32> = (0..length).map(|at| at as f32 * 0.25 - 3.0).collect();
            let b: Vec<f32> = (0..length).map(|at| 2.0 - at as f32 * 0.5).collect();
            let expected: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let found = f64::from(kernel::float_product(&a, &b));
            assert!((found - expected).abs() <= 1e-5 * expected.abs(), "{length}: {found} {expected}");
        }
    }
}
