//! How far a mean could have come about by the choice of questions. Pure: the random numbers have a fixed seed, so equal
//! input gives equal output.

use crate::metrics::mean;
use crate::random::{Random, SEED};

/// How many times the questions are drawn anew. The ends of an interval then stand still in the third digit.
pub const RESAMPLES: usize = 2_000;

/// How many times signs are drawn for a p; the smallest p that can come out is one in this many and one.
pub const SIGN_DRAWS: usize = 10_000;

/// The share of resamples an interval holds, in thousandths.
pub const LEVEL_PER_MILLE: usize = 950;

/// Sums that differ by less are one sum added up in another order.
const ROUNDING: f64 = 1e-9;

/// Where the mean would lie for [`LEVEL_PER_MILLE`] of all choices of questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Half of its width.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The interval of the mean of `values`, one for each question: a percentile bootstrap over [`RESAMPLES`] resamples.
///
/// Of differences between two runs, question by question, it is the paired interval. Nothing gives 0 to 0.
pub fn interval(values: &[f64]) -> Interval {
    if values.is_empty() {
        return Interval { low: 0.0, high: 0.0 };
    }
    let mut random = Random::seeded(SEED);
    let mut resample = || {
        let sum: f64 = (0..values.len()).map(|_| values[random.below(values.len())]).sum();
        sum / values.len() as f64
    };
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| resample()).collect();
    means.sort_unstable_by(f64::total_cmp);
    let outside = RESAMPLES * (1000 - LEVEL_PER_MILLE) / 2 / 1000;
    Interval { low: means[outside], high: means[RESAMPLES - 1 - outside] }
}

/// The two-sided p of a paired randomisation test: how often a mean difference at least this large comes about when
/// each question's two values are swapped by a coin, over [`SIGN_DRAWS`] draws (the one observed counted as one more).
///
/// Questions without a difference do not matter to it. 1 where there is none with one.
pub fn randomised_p(differences: &[f64]) -> f64 {
    let differences: Vec<f64> = differences.iter().copied().filter(|value| *value != 0.0).collect();
    if differences.is_empty() {
        return 1.0;
    }
    let observed = mean(&differences).abs() * differences.len() as f64;
    let mut random = Random::seeded(SEED);
    let mut at_least = 1;
    for _ in 0..SIGN_DRAWS {
        let (mut coins, mut sum) = (0, 0.0);
        for (at, difference) in differences.iter().enumerate() {
            if at % 64 == 0 {
                coins = random.next();
            }
            sum += if coins & 1 == 1 { *difference } else { -difference };
            coins >>= 1;
        }
        at_least += usize::from(sum.abs() >= observed - ROUNDING);
    }
    at_least as f64 / (SIGN_DRAWS + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_input_gives_equal_output() {
        let values: Vec<f64> = (0..50).map(|at| f64::from(at % 7) / 7.0).collect();
        assert_eq!(interval(&values), interval(&values));
        assert_eq!(randomised_p(&values), randomised_p(&values));
    }

    #[test]
    fn an_interval_is_as_wide_as_theory_says() {
        // The mean of 400 coins has a standard error of .025, and 1.96 of them are .049.
        let coins: Vec<f64> = (0..400).map(|at| f64::from(at % 2)).collect();
        let made = interval(&coins);
        assert!((made.low - 0.451).abs() < 0.005 && (made.high - 0.549).abs() < 0.005, "{made:?}");
        assert_eq!(interval(&[0.25; 9]), Interval { low: 0.25, high: 0.25 });
        assert_eq!(interval(&[]), Interval { low: 0.0, high: 0.0 });
    }

    #[test]
    fn p_is_the_share_of_coins_that_do_as_well() {
        // All eight signs equal: 2 of 2^8 ways, .0078.
        assert!((randomised_p(&[0.1; 8]) - 2.0 / 256.0).abs() < 0.003);
        assert!(randomised_p(&[0.5, -0.5, 0.25, -0.25]) > 0.99);
        assert_eq!(randomised_p(&[0.0; 5]), 1.0);
        assert_eq!(randomised_p(&[]), 1.0);
        // A question that did not change says nothing of those that did.
        assert_eq!(randomised_p(&[0.1, 0.0, 0.2]), randomised_p(&[0.1, 0.2]));
    }
}
