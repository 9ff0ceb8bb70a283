//! How much each word of a question says, in one collection: the rarer, the more; function words nothing. It is what
//! chooses the sentence that is shown and the words that are marked; it ranks nothing.

use std::collections::HashMap;

use ibid_core::language::Language;
use ibid_core::query::Condition;
use ibid_index::ReadError;
use ibid_index::lexical::{Word, words_of_question};
use ibid_index::snapshot::{LookedUp, Snapshot, Wanted};

use crate::answer::Match;
use crate::question::Question;

/// A word is marked that says at least this share of what the question's rarest word says.
const MARKED_SHARE: f32 = 0.25;

/// What a word says that a filter demands of a comment: as much as one that stands in one of 150 chunks.
const COMMENT_POINTS: f32 = 5.0;

/// The terms of a question in one collection.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    terms: HashMap<String, Meant>,
    words: usize,
    /// What the rarest word says.
    most: f32,
    /// Words that stand next to each other in the question.
    pairs: Vec<(usize, usize)>,
    /// The languages in whose documents each of the question's words is a function word and says nothing.
    silent_in: Vec<Vec<Language>>,
}

/// What a term stands for.
#[derive(Debug, Clone, Copy)]
struct Meant {
    word: usize,
    /// How much that says.
    points: f32,
    /// Which of the question's words it is, or is a part of.
    of: usize,
}

impl Sought {
    /// `looked_up` is how the question's words were looked up in `snapshot`; `None` where they were not, and then they are.
    pub(crate) fn of(
        snapshot: &Snapshot,
        question: &Question,
        looked_up: Option<&[LookedUp]>,
    ) -> Result<Sought, ReadError> {
        let mut sought = Sought { pairs: question.pairs.clone(), ..Sought::default() };
        sought.silent_in = silent_in(snapshot.languages(), question);
        let looked_up_here = match looked_up {
            Some(_) => Vec::new(),
            None => question
                .wanted
                .iter()
                .map(|wanted| snapshot.look_up(wanted, &question.ranking))
                .collect::<Result<Vec<_>, _>>()?,
        };
        for (of, word) in looked_up.unwrap_or(&looked_up_here).iter().enumerate() {
            sought.add_word(snapshot, of, word);
        }
        for condition in &question.filter.all {
            let Condition::Comment(words) = condition else { continue };
            for word in words_of_question(words) {
                let meant = Meant { word: sought.next_word(), points: COMMENT_POINTS, of: usize::MAX };
                word.terms(snapshot.languages()).into_iter().for_each(|term| sought.add(term, meant));
            }
        }
        Ok(sought)
    }

    /// Adds a word and its parts; gives what they say. A compound says no more than its words together where they say more
    /// than nothing, for these are found where it is.
    fn add_word(&mut self, snapshot: &Snapshot, of: usize, looked_up: &LookedUp) -> f32 {
        let says = |part: &&LookedUp| part.weight > 0.0;
        let parts = looked_up.parts.iter().filter(says);
        let of_parts: f32 = parts.map(|part| self.add_word(snapshot, of, part)).sum();
        let whole = snapshot.idf(looked_up.chunks);
        let word = self.next_word();
        for (term, weight) in &looked_up.terms {
            let share = if looked_up.respelt.contains(term) { *weight } else { 1.0 };
            let points = (share * whole - of_parts).max(0.0);
            self.add(term.clone(), Meant { word, points, of });
        }
        of_parts.max(whole)
    }

    fn next_word(&mut self) -> usize {
        self.words += 1;
        self.words - 1
    }

    /// Terms with what each says, every one a word of its own.
    #[cfg(test)]
    pub(crate) fn of_points(points: &[(&str, f32)]) -> Sought {
        let mut sought = Sought { words: points.len(), ..Sought::default() };
        for (at, (term, points)) in points.iter().enumerate() {
            sought.add((*term).to_owned(), Meant { word: at, points: *points, of: at });
        }
        sought
    }

    fn add(&mut self, term: String, meant: Meant) {
        let is_silent = self.silent_in.get(meant.of).is_some_and(|languages| !languages.is_empty());
        if !is_silent {
            self.most = self.most.max(meant.points);
        }
        let known = self.terms.entry(term).or_insert(meant);
        if meant.points > known.points {
            *known = meant;
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

    /// The words of the question among those of a passage in this language, in order. A function word is one of them only
    /// beside the word it stands beside in the question.
    pub(crate) fn matches(&self, words: &[Word], language: Language) -> Vec<Match> {
        let meant = |at: usize| self.terms.get(&words.get(at)?.term);
        let is_silent = |of: usize| self.silent_in.get(of).is_some_and(|silent| silent.contains(&language));
        let stands_beside = |at: usize, of: usize| {
            let before =
                at.checked_sub(1).and_then(meant).is_some_and(|other| self.pairs.contains(&(other.of, of)));
            before || meant(at + 1).is_some_and(|other| self.pairs.contains(&(of, other.of)))
        };
        let found = |(at, word): (usize, &Word)| {
            let &Meant { word: number, points, of } = self.terms.get(&word.term)?;
            if is_silent(of) && !stands_beside(at, of) {
                return None;
            }
            // The letter of "vitamin A" is part of a name, "the" beside "knife" is not.
            let names = is_silent(of) && word.term.chars().count() == 1;
            let is_marked = names || (points >= MARKED_SHARE * self.most && !is_silent(of));
            Some(Match { bytes: word.bytes.clone(), word: number, points, is_marked })
        };
        let mut matches: Vec<Match> = words.iter().enumerate().filter_map(found).collect();
        matches.sort_by_key(|found| (found.bytes.start, found.bytes.end));
        matches
    }
}

/// Where each word of a question says nothing: in documents of the languages in which it is a function word, unless it
/// stands in a phrase, or the question has no other word there.
fn silent_in(languages: &[Language], question: &Question) -> Vec<Vec<Language>> {
    let phrases: Vec<String> =
        question.parsed.phrases().flat_map(words_of_question).map(|word| word.folded().to_owned()).collect();
    let is_function = |wanted: &Wanted, language: Language| match wanted {
        Wanted::Word(word) => word.is_function_word(language),
        Wanted::Prefix(_) => false,
    };
    let all_are = |language: Language| question.wanted.iter().all(|wanted| is_function(wanted, language));
    let telling: Vec<Language> = languages.iter().copied().filter(|&language| !all_are(language)).collect();
    let of_word = |wanted: &Wanted| {
        let is_in_phrase =
            matches!(wanted, Wanted::Word(word) if phrases.iter().any(|phrase| phrase == word.folded()));
        let silent =
            telling.iter().copied().filter(|&language| !is_in_phrase && is_function(wanted, language));
        silent.collect()
    };
    question.wanted.iter().map(of_word).collect()
}
