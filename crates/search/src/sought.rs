//! How much each word of a question says, in one collection: the rarer, the more; function words nothing. It is what
//! chooses the sentence that is shown and the words that are marked; it ranks nothing.

use std::collections::HashMap;

use ibid_core::query::Condition;
use ibid_index::ReadError;
use ibid_index::lexical::{QuestionWord, Word, words_of_question};
use ibid_index::snapshot::{LookedUp, Snapshot, Wanted};

use crate::absent::is_function_word;
use crate::answer::Match;
use crate::question::Question;

/// A word is marked that says at least this share of what the question's rarest word says.
const MARKED_SHARE: f32 = 0.25;

/// What a word says that a filter demands of a comment: as much as one that stands in one of 150 chunks.
const COMMENT_POINTS: f32 = 5.0;

/// The terms of a question in one collection.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// By term: which word of the question it stands for, and what that says.
    terms: HashMap<String, (usize, f32)>,
    words: usize,
    most: f32,
}

impl Sought {
    /// `looked_up` is how the question's words were looked up in `snapshot`; `None` where they were not.
    ///
    /// Costs a look into the dictionary for each term.
    pub(crate) fn of(
        snapshot: &Snapshot,
        question: &Question,
        looked_up: Option<&[LookedUp]>,
    ) -> Result<Sought, ReadError> {
        let mut sought = Sought::default();
        let says = |wanted: &Wanted| says_something(wanted, question);
        let all_say = !question.wanted.iter().any(says);
        for (at, wanted) in question.wanted.iter().enumerate() {
            if !all_say && !says(wanted) {
                continue;
            }
            let terms = match (looked_up.and_then(|words| words.get(at)), wanted) {
                (Some(word), _) => word.terms.clone(),
                (None, Wanted::Word(word)) => {
                    word.terms(snapshot.languages()).into_iter().map(|term| (term, 1.0)).collect()
                }
                (None, Wanted::Prefix(_)) => Vec::new(),
            };
            for (term, weight) in terms {
                let points = weight * snapshot.rarity(&term)?;
                sought.add(term, at, points);
            }
        }
        sought.words = question.wanted.len();
        for condition in &question.filter.all {
            let Condition::Comment(words) = condition else { continue };
            for word in words_of_question(words) {
                for term in word.terms(snapshot.languages()) {
                    sought.add(term, sought.words, COMMENT_POINTS);
                }
                sought.words += 1;
            }
        }
        Ok(sought)
    }

    /// Terms with what each says, every one a word of its own.
    #[cfg(test)]
    pub(crate) fn of_points(points: &[(&str, f32)]) -> Sought {
        let mut sought = Sought { words: points.len(), ..Sought::default() };
        for (at, (term, points)) in points.iter().enumerate() {
            sought.add((*term).to_owned(), at, *points);
        }
        sought
    }

    fn add(&mut self, term: String, word: usize, points: f32) {
        self.most = self.most.max(points);
        let known = self.terms.entry(term).or_insert((word, points));
        if points > known.1 {
            *known = (word, points);
        }
    }

    /// Whether nothing is looked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.words == 0
    }

    /// What the question's rarest word says.
    pub(crate) fn most(&self) -> f32 {
        self.most
    }

    /// How many words there are.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// The words of the question among a passage's, in order.
    pub(crate) fn matches(&self, words: &[Word]) -> Vec<Match> {
        let found = |word: &Word| {
            let &(at, points) = self.terms.get(&word.term)?;
            let is_marked = points >= MARKED_SHARE * self.most;
            Some(Match { bytes: word.bytes.clone(), word: at, points, is_marked })
        };
        let mut matches: Vec<Match> = words.iter().filter_map(found).collect();
        matches.sort_by_key(|found| (found.bytes.start, found.bytes.end));
        matches
    }
}

/// Whether a word says what is asked for. Function words do in a phrase alone; a letter out of a compound never does, for
/// the compound is there as well.
fn says_something(wanted: &Wanted, question: &Question) -> bool {
    let Wanted::Word(word) = wanted else { return true };
    let folded = word.folded();
    let is_in_phrase =
        || question.parsed.phrases().flat_map(words_of_question).any(|other| other.folded() == folded);
    !(is_function_word(&folded) && !is_in_phrase()) && !is_letter_of_compound(word, &folded, question)
}

fn is_letter_of_compound(word: &QuestionWord, folded: &str, question: &Question) -> bool {
    if word.is_compound() || folded.chars().count() != 1 || !folded.is_ascii() {
        return false;
    }
    let compounds = question.wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Word(word) if word.is_compound() => Some(word.typed.to_lowercase()),
        Wanted::Word(_) | Wanted::Prefix(_) => None,
    });
    compounds
        .into_iter()
        .any(|compound| compound.split(|c: char| !c.is_alphanumeric()).any(|part| part == folded))
}
