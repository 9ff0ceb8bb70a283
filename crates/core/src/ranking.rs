//! The constants of ranking and of the answering sentence, in one place, so that they can be measured. Formulas stand
//! where they are used.
//!
//! `make tune` judges one of them on every development set that did not choose it; a constant is changed only where that
//! raises the mean and lowers none of the sets by more than its interval.

/// The constants that a question carries. The default is what everyone asks with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    /// BM25's `k3`: the larger, the more a word counts that a question repeats. 0: as often as once.
    pub k3: f32,
    /// What two words count that stand next to each other as they do in the question, where their weight in BM25 counts 1.
    pub beside: f32,
    /// How much a compound as it is written counts where its words together count 1.
    pub whole: f32,
    /// What a passage gains, as a share of its score, whose note's name of several words stands in the question.
    pub name_inside: f32,
    /// What the semantic leg weighs where both can be trusted, 0 to 1; the lexical one weighs the rest.
    pub meaning: f32,
    /// A question whose function words show a language that the model does not know goes by words alone where so much of
    /// what its words weigh is in the notes, 0 to 1. Below that it may be asked across languages, and meaning may find
    /// more than words do.
    ///
    /// With .5, .65 and .8 (nDCG@10, both legs, the English model): German questions over German paragraphs .9343, .9322,
    /// .9297 (by words .9354), over English ones .5856, .5909, .5928, and `data/vault` with its few German questions .798
    /// with .65 and .812 with .8.
    pub words_alone: f32,
    /// What a candidate without a vector gets for its meaning, as a share of what its words would give it there. Nothing is
    /// known of its meaning, and what is not known must not push it down.
    pub unknown_meaning: f32,
    /// What the document that most notes link to gains, as a share of its score; others gain by the logarithm of their
    /// backlinks.
    pub most_linked: f32,
    /// What a document gains that all of the best documents link to, as a share of its score.
    pub linked_by_best: f32,
    /// How much a word of the question counts for a sentence when only a heading above it holds the word.
    pub answer_heading: f32,
    /// How much it counts when the sentence beside it holds the word: what answers often refers to what was named before.
    pub answer_beside: f32,
    /// How much the words of a property count. What a note says comes before how it is filed.
    pub answer_property: f32,
    /// How much the chunk counts that is nearest to the question in meaning, of what its rarest word says.
    pub answer_meaning: f32,
}

impl Default for Ranking {
    fn default() -> Ranking {
        Ranking {
            k3: 2.0,
            beside: 0.15,
            whole: 1.1,
            name_inside: 0.2,
            meaning: 0.55,
            words_alone: 0.8,
            unknown_meaning: 0.8,
            most_linked: 0.05,
            linked_by_best: 0.1,
            answer_heading: 0.5,
            answer_beside: 0.2,
            answer_property: 0.5,
            answer_meaning: 0.5,
        }
    }
}

/// One of the constants.
#[derive(Debug, Clone, Copy)]
pub struct Constant {
    /// How it is called where its values are compared.
    pub name: &'static str,
    place: fn(&mut Ranking) -> &mut f32,
}

impl Constant {
    /// Every constant.
    pub const ALL: [Constant; 13] = [
        Constant { name: "k3", place: |ranking| &mut ranking.k3 },
        Constant { name: "beside", place: |ranking| &mut ranking.beside },
        Constant { name: "whole", place: |ranking| &mut ranking.whole },
        Constant { name: "name-inside", place: |ranking| &mut ranking.name_inside },
        Constant { name: "meaning", place: |ranking| &mut ranking.meaning },
        Constant { name: "words-alone", place: |ranking| &mut ranking.words_alone },
        Constant { name: "unknown-meaning", place: |ranking| &mut ranking.unknown_meaning },
        Constant { name: "most-linked", place: |ranking| &mut ranking.most_linked },
        Constant { name: "linked-by-best", place: |ranking| &mut ranking.linked_by_best },
        Constant { name: "answer-heading", place: |ranking| &mut ranking.answer_heading },
        Constant { name: "answer-beside", place: |ranking| &mut ranking.answer_beside },
        Constant { name: "answer-property", place: |ranking| &mut ranking.answer_property },
        Constant { name: "answer-meaning", place: |ranking| &mut ranking.answer_meaning },
    ];

    /// The constant of this name.
    pub fn named(name: &str) -> Option<Constant> {
        Constant::ALL.into_iter().find(|constant| constant.name == name)
    }

    /// Its value by default.
    pub fn default_value(&self) -> f32 {
        *(self.place)(&mut Ranking::default())
    }

    /// The default with another value of this one.
    pub fn with(&self, value: f32) -> Ranking {
        let mut ranking = Ranking::default();
        *(self.place)(&mut ranking) = value;
        ranking
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

    #[test]
    fn each_constant_is_changed_alone_by_its_name() {
        for constant in Constant::ALL {
            assert_eq!(Constant::named(constant.name).unwrap().default_value(), constant.default_value());
            let alone = constant.with(-1.0);
            assert_ne!(alone, Ranking::default(), "{}", constant.name);
            let mut back = alone;
            *(constant.place)(&mut back) = constant.default_value();
            assert_eq!(back, Ranking::default(), "{} changes another one", constant.name);
        }
        assert!(Constant::named("k4").is_none());
    }
}
