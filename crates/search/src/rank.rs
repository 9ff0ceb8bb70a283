//! From fused candidates to the hits that are shown: some of each document, no passage twice.
//!
//! Scores are not touched here; what is left out makes room for what comes after it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ibid_core::id::DocumentPath;
use ibid_index::lexical::Word;
use ibid_index::snapshot::StoredChunk;

/// Two chunks that share at least this share of their distinct words say the same thing.
const NEAR_IDENTICAL: f32 = 0.9;

/// Below this many distinct words, sharing most of them means little, and only equal words count as the same.
const MIN_WORDS_TO_COMPARE: usize = 8;

/// Lets a chunk in or turns it away, in the order of rank.
pub(crate) struct Diversity {
    per_document: usize,
    shown: BTreeMap<(usize, DocumentPath), usize>,
    seen: Vec<Terms>,
}

/// What becomes of a chunk that has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It says something new.
    Shown,
    /// It says nearly what the chunk says that was shown as number so, counted from 0.
    SameAs(usize),
}

/// The different terms of a chunk, as hashes in order: comparing them costs no look at a word.
#[derive(PartialEq)]
struct Terms(Vec<u64>);

impl Diversity {
    pub(crate) fn new(per_document: usize) -> Diversity {
        Diversity { per_document, shown: BTreeMap::new(), seen: Vec::new() }
    }

    /// Whether the chunk's document has room for one more.
    pub(crate) fn has_room(&self, snapshot: usize, chunk: &StoredChunk) -> bool {
        let shown = self.shown.get(&(snapshot, chunk.path.clone()));
        shown.is_none_or(|&count| count < self.per_document)
    }

    /// Whether the chunk, whose words these are, says something new; only then it counts as shown.
    ///
    /// Costs a comparison with every chunk shown so far.
    pub(crate) fn admit(&mut self, snapshot: usize, chunk: &StoredChunk, words: &[Word]) -> Admission {
        let terms = Terms::of(words);
        let same = |other: &Terms| !terms.0.is_empty() && terms.say_the_same_as(other);
        if let Some(at) = self.seen.iter().position(same) {
            return Admission::SameAs(at);
        }
        self.seen.push(terms);
        *self.shown.entry((snapshot, chunk.path.clone())).or_default() += 1;
        Admission::Shown
    }
}

impl Terms {
    fn of(words: &[Word]) -> Terms {
        let hash = |word: &Word| {
            let mut hasher = DefaultHasher::new();
            word.term.hash(&mut hasher);
            hasher.finish()
        };
        let mut hashes: Vec<u64> = words.iter().map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Terms(hashes)
    }

    fn say_the_same_as(&self, other: &Terms) -> bool {
        let (fewer, more) = (self.0.len().min(other.0.len()), self.0.len().max(other.0.len()));
        if fewer < MIN_WORDS_TO_COMPARE {
            return self == other;
        }
        // Of any two sets the smaller bounds what they share.
        let enough = NEAR_IDENTICAL * (fewer + more) as f32 / (1.0 + NEAR_IDENTICAL);
        fewer as f32 >= enough && self.shared_with(other) as f32 >= enough
    }

    fn shared_with(&self, other: &Terms) -> usize {
        let mut rest = other.0.iter().peekable();
        let is_shared = |hash: &&u64| {
            while rest.next_if(|&next| next < *hash).is_some() {}
            rest.next_if_eq(hash).is_some()
        };
        self.0.iter().filter(is_shared).count()
    }
}

#[cfg(test)]
mod tests {
    use ibid_core::language::Language;
    use ibid_core::span::Span;
    use ibid_index::lexical::words_of_document;

    use super::*;

    fn check(chunks: &[(&str, &str)], per_document: usize, admitted: &[bool]) {
        let mut diversity = Diversity::new(per_document);
        let shown: Vec<bool> = chunks
            .iter()
            .map(|(path, text)| {
                let chunk = StoredChunk {
                    path: DocumentPath::new(path).unwrap(),
                    title: String::new(),
                    headings: Vec::new(),
                    start: 0,
                    line: 1,
                    cited: Span::within(text, 0..text.len()).unwrap(),
                    language: Language::English,
                    text: (*text).to_owned(),
                };
                diversity.has_room(0, &chunk)
                    && diversity.admit(0, &chunk, &words_of_document(text, Language::English))
                        == Admission::Shown
            })
            .collect();
        assert_eq!(shown, admitted);
    }

    #[test]
    fn one_document_does_not_fill_the_answer() {
        check(&[("a", "one"), ("a", "two"), ("a", "three"), ("b", "four")], 2, &[true, true, false, true]);
    }

    #[test]
    fn near_identical_passages_are_shown_once() {
        let first =
            "weekly review: what went well, what did not, what to change, and who helped most this week";
        let again = format!("{first} again");
        check(&[("a", first), ("b", &again), ("c", "what went well")], 2, &[true, false, true]);
    }

    #[test]
    fn short_passages_are_the_same_only_when_equal() {
        check(
            &[("a", "feed the starter"), ("b", "feed the dog"), ("c", "Feed the starter!")],
            2,
            &[true, true, false],
        );
    }

    #[test]
    fn passages_without_words_are_not_taken_for_each_other() {
        check(&[("a", ""), ("b", "—")], 2, &[true, true]);
    }
}
