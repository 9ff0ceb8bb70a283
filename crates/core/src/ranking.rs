//! The constants of ranking, each with its name, so that a measurement can try other values. Formulas stand where they
//! are used; how the values were chosen stands in ARCHITECTURE.md under "How constants are chosen".

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
    /// The name of every constant, as `ibid measure --tune` takes it.
    pub const NAMES: [&'static str; 3] = ["k3", "beside", "name_inside"];

    /// The constant of a name; `None` where none has it.
    pub fn constant(&mut self, name: &str) -> Option<&mut f32> {
        match name {
            "k3" => Some(&mut self.k3),
            "beside" => Some(&mut self.beside),
            "name_inside" => Some(&mut self.name_inside),
            _ => None,
        }
    }

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
    fn every_name_has_its_constant_and_no_other_has_one() {
        let mut ranking = Ranking::default();
        for name in Ranking::NAMES {
            *ranking.constant(name).unwrap() = -7.5;
        }
        for name in Ranking::NAMES {
            assert_eq!(ranking.constant(name), Some(&mut -7.5), "{name}");
        }
        assert_eq!(ranking.constant("k4"), None);
    }

    #[test]
    fn a_word_that_is_repeated_counts_more_up_to_a_bound() {
        let ranking = Ranking { k3: 2.0, ..Ranking::default() };
        assert_eq!([1, 2, 4].map(|times| ranking.weight_of_repeated(times)), [1.0, 1.5, 2.0]);
        assert!(ranking.weight_of_repeated(1_000_000) <= 3.0);
    }
}
