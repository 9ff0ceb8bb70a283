//! Vectors as bytes: 127 steps each way, and a scale per vector that brings the bytes to length one. Loses 1
//! to 2 % of the neighbours, which rescoring by floats gives back; nothing here is an answer. And vectors as signs, a
//! bit for each dimension, which tell what is far off when a question of seven steps is held against them.

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

/// The largest step of a question that is held against signs.
const SIGN_STEP_MAX: f32 = 3.0;

/// Where that step lies, in standard deviations of the question's numbers: few lie beyond. From 1.5 to 3 it makes no
/// difference that can be measured.
const SIGN_STEP_REACH: f32 = 2.5;

/// The numbers of a question in seven steps, from -3 to 3, bit by bit: what [`kernel::sign_products`] takes. The signs of
/// the question itself would lose a dozen times as many neighbours, see `exact`.
fn planes(vector: &[f32]) -> Vec<[u64; kernel::PLANES]> {
    let deviation = (vector.iter().map(|value| value * value).sum::<f32>() / vector.len() as f32).sqrt();
    let step = SIGN_STEP_REACH * deviation / SIGN_STEP_MAX;
    let bits = |value: &f32| {
        // A question without direction has no step: what is no number becomes zero.
        let steps = (value / step).round().clamp(-SIGN_STEP_MAX, SIGN_STEP_MAX) as i8;
        steps.cast_unsigned()
    };
    let word = |values: &[f32]| {
        let mut word = [0; kernel::PLANES];
        for (at, value) in values.iter().enumerate() {
            let bits = bits(value);
            word.iter_mut().enumerate().for_each(|(plane, word)| *word |= u64::from(bits >> plane & 1) << at);
        }
        word
    };
    vector.chunks(u64::BITS as usize).map(word).collect()
}

/// A question's vector, of length one, in the three forms that are compared.
pub(super) struct Query {
    pub(super) floats: Vec<f32>,
    /// Bytes, already widened for the kernel.
    pub(super) bytes: Vec<i16>,
    pub(super) scale: f32,
    /// Its numbers in seven steps, to be held against signs.
    pub(super) planes: Vec<[u64; kernel::PLANES]>,
}

impl Query {
    /// What has no direction (zero, or not finite) is equally far from everything.
    pub(super) fn of(vector: &[f32]) -> Query {
        let floats = unit(vector).unwrap_or_else(|| vec![0.0; vector.len()]);
        let mut bytes = Vec::new();
        let scale = quantise(&floats, &mut bytes);
        let planes = planes(&floats);
        Query { floats, bytes: bytes.into_iter().map(i16::from).collect(), scale, planes }
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
    fn a_question_held_against_signs_is_the_sum_of_its_steps_where_they_are_set() {
        // Deviation 1: a step is 2.5 / 3.
        let mut vector = [0.0; 70];
        (vector[0], vector[1], vector[63], vector[64]) = (5.916, -5.916, 0.0, 0.0);
        let steps = |bits: &[u64]| {
            let mut products = [0];
            kernel::sign_products(&planes(&vector), bits, &mut products);
            products[0]
        };
        assert_eq!([steps(&[1, 0]), steps(&[2, 0]), steps(&[3, 0]), steps(&[!3, !0])], [3, -3, 0, 0]);
        let (small, mut vector) = (0.84, [1.0; 128]);
        (vector[5], vector[70]) = (-small, -small);
        let mut products = [0; 2];
        kernel::sign_products(&planes(&vector), &[1 << 5, 1 << 6, !0, !0], &mut products);
        assert_eq!(products, [-2, 124]);
    }

    #[test]
    fn a_question_of_nothing_is_as_far_from_every_row_of_signs() {
        let mut products = [7; 3];
        kernel::sign_products(&planes(&[0.0; 384]), &[!0; 18], &mut products);
        assert_eq!(products, [0; 3]);
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
