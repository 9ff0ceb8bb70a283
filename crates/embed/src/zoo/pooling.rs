//! How the vectors of a text's tokens become one vector. The text stands alone: there is no padding to leave out.

use std::fmt;

/// One way to pool. A model may ask for several, whose vectors then follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// The first token's vector.
    FirstToken,
    /// The last token's vector.
    LastToken,
    /// The largest value of every dimension.
    Max,
    /// The mean of all tokens.
    Mean,
    /// The sum of all tokens, divided by the root of their number.
    MeanOfRoot,
    /// The mean in which the n-th token counts n times.
    WeightedMean,
}

/// The ways by the names of `1_Pooling/config.json`: the switch of its older form, the word of its newer one. They stand
/// in the order in which sentence-transformers joins their vectors.
pub(super) const WAYS: [(&str, &str, Pooling); 6] = [
    ("pooling_mode_cls_token", "cls", Pooling::FirstToken),
    ("pooling_mode_max_tokens", "max", Pooling::Max),
    ("pooling_mode_mean_tokens", "mean", Pooling::Mean),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling::MeanOfRoot),
    ("pooling_mode_weightedmean_tokens", "weightedmean", Pooling::WeightedMean),
    ("pooling_mode_lasttoken", "lasttoken", Pooling::LastToken),
];

impl Pooling {
    /// Makes one vector of the rows of `tokens`, each `width` numbers long. There is at least one row.
    pub(super) fn pool(self, tokens: &[f32], width: usize) -> Vec<f32> {
        let rows = || tokens.chunks_exact(width);
        let n_rows = rows().len();
        let weighted = |weight: &dyn Fn(usize) -> f32, divisor: f32| {
            let mut sum = vec![0.0; width];
            for (place, row) in rows().enumerate() {
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * weight(place));
            }
            sum.iter_mut().for_each(|sum| *sum /= divisor);
            sum
        };
        match self {
            Pooling::FirstToken => rows().next().map_or_else(Vec::new, <[f32]>::to_vec),
            Pooling::LastToken => rows().next_back().map_or_else(Vec::new, <[f32]>::to_vec),
            Pooling::Max => rows().fold(vec![f32::NEG_INFINITY; width], |mut most, row| {
                most.iter_mut().zip(row).for_each(|(most, value)| *most = most.max(*value));
                most
            }),
            Pooling::Mean => weighted(&|_| 1.0, n_rows as f32),
            Pooling::MeanOfRoot => weighted(&|_| 1.0, (n_rows as f32).sqrt()),
            Pooling::WeightedMean => {
                weighted(&|place| (place + 1) as f32, (n_rows * (n_rows + 1) / 2) as f32)
            }
        }
    }
}

impl fmt::Display for Pooling {
    /// The word that sentence-transformers has for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = WAYS.iter().find(|(.., way)| way == self);
        f.write_str(way.map_or("", |(_, word, _)| word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_makes_its_own_vector_of_three_tokens() {
        let tokens = [1.0, 8.0, 2.0, -4.0, 6.0, 2.0];
        for (way, wanted) in [
            (Pooling::FirstToken, [1.0, 8.0]),
            (Pooling::LastToken, [6.0, 2.0]),
            (Pooling::Max, [6.0, 8.0]),
            (Pooling::Mean, [3.0, 2.0]),
            (Pooling::MeanOfRoot, [9.0 / 3f32.sqrt(), 6.0 / 3f32.sqrt()]),
            (Pooling::WeightedMean, [23.0 / 6.0, 6.0 / 6.0]),
        ] {
            assert_eq!(way.pool(&tokens, 2), wanted, "{way}");
        }
    }

    #[test]
    fn every_way_has_a_word() {
        assert!(WAYS.iter().all(|(_, word, way)| way.to_string() == *word && !word.is_empty()));
    }
}
