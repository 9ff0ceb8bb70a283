//! The best few of many scored rows. Knows the one order of this module: score, then row.

use std::cmp::Ordering;

/// A row and how near it is: the larger the nearer.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Scored {
    pub(super) row: u32,
    pub(super) score: f32,
}

impl Scored {
    /// A score that is no number (bytes were damaged) is the worst there is, so that every order is total.
    pub(super) fn at(row: u32, score: f32) -> Scored {
        Scored { row, score: if score.is_nan() { f32::NEG_INFINITY } else { score } }
    }
}

impl Eq for Scored {}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Scored) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The better comes first: `Less` is nearer, and of equals the lower row.
impl Ord for Scored {
    fn cmp(&self, other: &Scored) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

/// Keeps the `wanted` best of all that are offered. What it keeps depends on the set of offers alone, not
/// on their order.
pub(super) struct Best {
    wanted: usize,
    kept: Vec<Scored>,
    /// The worst of the best at the last tidying: nothing behind it can matter.
    floor: Option<Scored>,
    floor_score: f32,
}

impl Best {
    pub(super) fn of(wanted: usize) -> Best {
        Best { wanted, kept: Vec::new(), floor: None, floor_score: f32::NEG_INFINITY }
    }

    #[inline]
    pub(super) fn offer(&mut self, scored: Scored) {
        // The first comparison says no more than the second, but says it to nearly all rows at once.
        if scored.score < self.floor_score || self.floor.is_some_and(|floor| scored > floor) {
            return;
        }
        self.kept.push(scored);
        // Room for as many again makes the selection cost a constant per row kept.
        if self.kept.len() >= 2 * self.wanted.max(1) {
            self.tidy();
        }
    }

    fn tidy(&mut self) {
        if self.kept.len() > self.wanted {
            if let Some(last) = self.wanted.checked_sub(1) {
                let (_, floor, _) = self.kept.select_nth_unstable(last);
                self.floor = Some(*floor);
                self.floor_score = floor.score;
            }
            self.kept.truncate(self.wanted);
        }
    }

    /// The best, best first.
    pub(super) fn into_sorted(mut self) -> Vec<Scored> {
        self.tidy();
        self.kept.sort_unstable();
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: usize, scores: &[f32], expected: &[u32]) {
        for backwards in [false, true] {
            let mut best = Best::of(wanted);
            let mut offers: Vec<Scored> =
                scores.iter().zip(0..).map(|(&score, row)| Scored::at(row, score)).collect();
            if backwards {
                offers.reverse();
            }
            offers.into_iter().for_each(|scored| best.offer(scored));
            let rows: Vec<u32> = best.into_sorted().iter().map(|scored| scored.row).collect();
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn the_best_come_first_and_equals_by_row() {
        check(3, &[0.1, 0.9, 0.5, 0.9, 0.2, 0.5, 0.9], &[1, 3, 6]);
        check(2, &[0.5; 9], &[0, 1]);
    }

    #[test]
    fn fewer_than_wanted_are_all_kept() {
        check(10, &[0.1, 0.2], &[1, 0]);
        check(0, &[0.1, 0.2], &[]);
    }

    #[test]
    fn what_is_no_number_comes_last() {
        check(2, &[f32::NAN, -1.0, 0.3], &[2, 1]);
    }
}
