//! The constants of ranking that a question carries. Formulas stand where they are used.
//!
//! `k3` and `beside` were chosen by hand on MED, CACM, Cranfield and SciFact's training questions; `name_inside` is a first
//! guess. None has been judged on a set that was left out.

/// The constants. The default is what everyone asks with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    /// BM25's `k3`: the larger, the more a word counts that a question repeats. 0: as often as once.
    pub k3: f32,
    /// What two words count that stand next to each other as they do in the question, where their weight in BM25 counts 1.
    pub beside: f32,
    /// What a passage gains, as a share of its score, whose note's name of several words stands in the question.
    pub name_inside: f32,
}

impl Default for Ranking {
    fn default() -> Ranking {
        Ranking { k3: 2.0, beside: 0.15, name_inside: 0.2 }
    }
}

impl Ranking {
    /// How much a word counts that a question has so many `times`: 1 for once, `k3 + 1` at most.
    pub fn weight_of_repeated(&self, times: u32) -> f32 {
        let times = times as f32;
        (self.k3 + 1.0) * times / (self.k3 + times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_repeated_counts_more_up_to_a_bound() {
        let ranking = Ranking { k3: 2.0, ..Ranking::default() };
        assert_eq!([1, 2, 4].map(|times| ranking.weight_of_repeated(times)), [1.0, 1.5, 2.0]);
        assert!(ranking.weight_of_repeated(1_000_000) <= 3.0);
    }
}
