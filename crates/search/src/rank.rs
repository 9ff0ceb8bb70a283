//! From fused candidates to the hits that are shown: some of each document, no passage twice.
//!
//! Scores are not touched here; what is left out makes room for what comes after it.

use std::collections::{BTreeMap, HashSet};

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
    seen: Vec<HashSet<String>>,
}

impl Diversity {
    pub(crate) fn new(per_document: usize) -> Diversity {
        Diversity { per_document, shown: BTreeMap::new(), seen: Vec::new() }
    }

    /// Whether the chunk's document has room for one more.
    pub(crate) fn has_room(&self, snapshot: usize, chunk: &StoredChunk) -> bool {
        let shown = self.shown.get(&(snapshot, chunk.path.clone()));
        shown.is_none_or(|&count| count < self.per_document)
    }

    /// Whether the chunk, whose words these are, says something new; if so it counts as shown.
    ///
    /// Costs a comparison with every chunk shown so far.
    pub(crate) fn admit(&mut self, snapshot: usize, chunk: &StoredChunk, words: &[Word]) -> bool {
        let terms: HashSet<String> = words.iter().map(|word| word.term.clone()).collect();
        if !terms.is_empty() && self.seen.iter().any(|other| says_the_same(&terms, other)) {
            return false;
        }
        self.seen.push(terms);
        *self.shown.entry((snapshot, chunk.path.clone())).or_default() += 1;
        true
    }
}

fn says_the_same(a: &HashSet<String>, b: &HashSet<String>) -> bool {
    if a.len().min(b.len()) < MIN_WORDS_TO_COMPARE {
        return a == b;
    }
    let shared = a.intersection(b).count() as f32;
    shared >= NEAR_IDENTICAL * (a.len() + b.len()) as f32 / (1.0 + NEAR_IDENTICAL)
}

#[cfg(test)]
mod tests {
    use ibid_core::language::Language;
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
                    language: Language::English,
                    text: (*text).to_owned(),
                };
                diversity.has_room(0, &chunk)
                    && diversity.admit(0, &chunk, &words_of_document(text, Language::English))
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
