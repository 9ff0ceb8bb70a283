//! The words that were looked up in the place of a misspelt one, as people write them. The dictionary has them without
//! their endings; the hits show them whole.

use std::collections::BTreeMap;

use ibid_core::note::Note;
use ibid_index::lexical::Word;
use ibid_index::snapshot::{LookedUp, StoredChunk};

/// Terms and, where a hit holds them, the first word that stands for each.
pub(crate) struct Neighbours(BTreeMap<String, Option<String>>);

impl Neighbours {
    /// Of what is looked up in each snapshot.
    pub(crate) fn of(words: &[Vec<LookedUp>]) -> Neighbours {
        let words = words.iter().flatten().flat_map(LookedUp::leaves);
        let terms = words.flat_map(|word| &word.respelt);
        Neighbours(terms.map(|term| (term.clone(), None)).collect())
    }

    /// Takes what a chunk, whose words these are, has for terms that have no word yet.
    pub(crate) fn look_in(&mut self, chunk: &StoredChunk, words: &[Word]) {
        if self.0.is_empty() {
            return;
        }
        for word in words {
            if let Some(found @ None) = self.0.get_mut(&word.term) {
                *found = Some(chunk.text[word.bytes.clone()].to_lowercase());
            }
        }
    }

    /// Puts the words in the place of the terms. A term that no hit holds may be no word, and is only said to be there.
    pub(crate) fn name_in(&self, notes: &mut [Note]) {
        for note in notes {
            let Note::Respelt { nearby, and_others, .. } = note else { continue };
            let terms = nearby.len();
            *nearby = nearby.iter().filter_map(|term| self.0.get(term).cloned().flatten()).collect();
            *and_others = nearby.len() < terms;
            nearby.sort();
            nearby.dedup();
        }
    }
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;
    use ibid_core::language::Language;
    use ibid_core::span::Span;
    use ibid_index::lexical::words_of_document;

    use super::*;

    fn check(text: &str, respelt: &[&str], named: &[&str], has_others: bool) {
        let nearby: Vec<String> = respelt.iter().map(|&term| term.to_owned()).collect();
        let looked_up = LookedUp { respelt: nearby.clone(), ..LookedUp::default() };
        let mut neighbours = Neighbours::of(&[vec![looked_up]]);
        let chunk = StoredChunk {
            path: DocumentPath::new("a.md").unwrap(),
            title: String::new(),
            headings: Vec::new(),
            start: 0,
            line: 1,
            cited: Span::within(text, 0..text.len()).unwrap(),
            language: Language::English,
            text: text.to_owned(),
        };
        neighbours.look_in(&chunk, &words_of_document(text, Language::English));
        let typed = "x".to_owned();
        let respelt = Note::Respelt { typed, found: false, nearby, and_others: false, only_in: Vec::new() };
        let mut notes = [Note::NoWords, respelt];
        neighbours.name_in(&mut notes);
        let Note::Respelt { nearby, and_others, .. } = &notes[1] else { panic!("it stays what it was") };
        assert_eq!(
            (nearby.iter().map(String::as_str).collect::<Vec<_>>(), *and_others),
            (named.to_vec(), has_others),
            "{text}"
        );
    }

    #[test]
    fn a_neighbour_is_named_as_the_first_hit_writes_it() {
        check("Fermentation, or how to ferment.", &["ferment"], &["fermentation"], false);
        check("", &[], &[], false);
    }

    #[test]
    fn what_may_be_no_word_is_not_named() {
        check("Cool as it is.", &["sticki"], &[], true);
        check("Loaves", &["loav", "sticki"], &["loaves"], true);
    }
}
