//! Many times in a few numbers.

use std::time::Duration;

/// How long questions took, in milliseconds. A percentile is the smallest time that so many percent of the questions
/// did not exceed (nearest rank), so it is always a time that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Latency {
    /// How many questions.
    pub count: usize,
    /// Half of them took no longer.
    pub p50: f64,
    /// 95 of 100 took no longer.
    pub p95: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
}

impl Latency {
    /// Sums up `times`, in any order; all zero where there is none.
    pub fn of(mut times: Vec<Duration>) -> Latency {
        times.sort_unstable();
        let at = |percent| percentile_ms(&times, percent);
        Latency { count: times.len(), p50: at(50), p95: at(95), p99: at(99) }
    }
}

/// The smallest of the sorted `times` that so many percent of them do not exceed, in milliseconds: the least of all for
/// 0, the greatest for 100, and 0 where there is none.
pub(crate) fn percentile_ms(times: &[Duration], percent: usize) -> f64 {
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.saturating_sub(1)).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(times: &[u64], expected: (f64, f64, f64)) {
        let made = Latency::of(times.iter().map(|&ms| Duration::from_millis(ms)).collect());
        assert_eq!((made.p50, made.p95, made.p99), expected);
        assert_eq!(made.count, times.len());
    }

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        check(&[], (0.0, 0.0, 0.0));
        check(&[7], (7.0, 7.0, 7.0));
        check(&[4, 1, 3, 2], (2.0, 4.0, 4.0));
        check(&(1..=200).collect::<Vec<_>>(), (100.0, 190.0, 198.0));
    }
}
