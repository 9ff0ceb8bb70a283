//! Text to terms, the same way for documents and for questions.
//!
//! A word is a run of letters and digits of any script, in lower case, without Latin, Greek and Cyrillic accents, and
//! with its English ending cut. Scripts written without spaces give each character and each pair of neighbours; a
//! question of two or more such characters asks for the pairs alone.

use std::cell::RefCell;
use std::ops::Range;

use tantivy::tokenizer::{Language, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest term kept, in bytes. Longer runs are keys and blobs that nobody asks for.
const MAX_TERM_BYTES: usize = 64;

/// A word of some text: the term it is looked up by, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What the dictionary holds.
    pub term: String,
    /// The bytes it was made from.
    pub bytes: Range<usize>,
}

/// The words of a document's text, as the index holds them.
pub fn words_of_document(text: &str) -> Vec<Word> {
    thread_local!(static ANALYZER: RefCell<TextAnalyzer> = RefCell::new(document_analyzer()));
    ANALYZER.with_borrow_mut(|analyzer| collect(analyzer, text))
}

/// The words of a question, as they are looked up.
pub fn words_of_question(text: &str) -> Vec<Word> {
    thread_local!(static ANALYZER: RefCell<TextAnalyzer> = RefCell::new(analyzer(Side::Question)));
    ANALYZER.with_borrow_mut(|analyzer| collect(analyzer, text))
}

/// The analyzer tantivy runs over documents.
pub(super) fn document_analyzer() -> TextAnalyzer {
    analyzer(Side::Document)
}

fn analyzer(side: Side) -> TextAnalyzer {
    let words = WordTokenizer { side, token: Token::default() };
    TextAnalyzer::builder(words).filter(Stemmer::new(Language::English)).build()
}

fn collect(analyzer: &mut TextAnalyzer, text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    analyzer.token_stream(text).process(&mut |token| {
        words.push(Word { term: token.text.clone(), bytes: token.offset_from..token.offset_to });
    });
    words
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Document,
    Question,
}

#[derive(Clone)]
struct WordTokenizer {
    side: Side,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { text, at: 0, run_end: 0, pair_next: false, side: self.side, token: &mut self.token }
    }
}

struct WordStream<'a> {
    text: &'a str,
    /// The next byte to read.
    at: usize,
    /// Where the run of unspaced characters that `at` is in ends; not above `at` outside of one.
    run_end: usize,
    /// Whether the next token of that run is the pair that begins at `at`, its single character being out already.
    pair_next: bool,
    side: Side,
    token: &'a mut Token,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if self.at < self.run_end {
                if self.advance_in_run() {
                    return true;
                }
                continue;
            }
            let Some(character) = self.text[self.at..].chars().next() else { return false };
            if is_unspaced(character) {
                self.run_end = self.end_of(is_unspaced);
                self.pair_next = self.side == Side::Question && self.run_end > self.at + character.len_utf8();
            } else if character.is_alphanumeric() {
                let end = self.end_of(|c| (c.is_alphanumeric() || is_combining_mark(c)) && !is_unspaced(c));
                let word = self.at..end;
                self.at = end;
                if self.emit_word(word) {
                    return true;
                }
            } else {
                self.at += character.len_utf8();
            }
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

impl WordStream<'_> {
    /// Where the run of characters that satisfy `belongs`, beginning at `at`, ends.
    fn end_of(&self, belongs: impl Fn(char) -> bool) -> usize {
        self.text[self.at..].find(|c| !belongs(c)).map_or(self.text.len(), |length| self.at + length)
    }

    /// The next single character or pair of the run; `false` where a step gave none.
    fn advance_in_run(&mut self) -> bool {
        let mut characters =
            self.text[self.at..self.run_end].char_indices().map(|(i, c)| self.at + i + c.len_utf8());
        let (first_end, second_end) = (characters.next().unwrap_or(self.run_end), characters.next());
        let start = self.at;
        if !self.pair_next {
            self.pair_next = true;
            self.token.position = self.token.position.wrapping_add(1);
            return self.emit(start..first_end);
        }
        self.at = first_end;
        self.pair_next = self.side == Side::Question;
        match second_end {
            Some(end) => {
                if self.side == Side::Question {
                    self.token.position = self.token.position.wrapping_add(1);
                }
                self.emit(start..end)
            }
            None => false,
        }
    }

    fn emit_word(&mut self, word: Range<usize>) -> bool {
        self.token.position = self.token.position.wrapping_add(1);
        // Folding never makes a term much shorter, so what is far too long need not be folded.
        word.len() <= 4 * MAX_TERM_BYTES && self.emit(word)
    }

    fn emit(&mut self, bytes: Range<usize>) -> bool {
        fold(&self.text[bytes.clone()], &mut self.token.text);
        self.token.offset_from = bytes.start;
        self.token.offset_to = bytes.end;
        (1..=MAX_TERM_BYTES).contains(&self.token.text.len())
    }
}

/// Lower case, compatibility forms composed, accents of Latin, Greek and Cyrillic letters dropped.
fn fold(word: &str, term: &mut String) {
    term.clear();
    if word.is_ascii() {
        term.push_str(word);
        term.make_ascii_lowercase();
        return;
    }
    // The accents of these scripts all lie in this block; marks of other scripts carry meaning and stay.
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    term.extend(
        word.nfkd().filter(|c| !is_accent(c)).nfc().flat_map(char::to_lowercase).filter(|c| !is_accent(c)),
    );
}

/// Whether a character belongs to a script that is written without spaces between words.
fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0x0e01..=0x0eff // Thai, Lao
        | 0x1000..=0x109f // Myanmar
        | 0x1780..=0x17d3 // Khmer
        | 0x3005..=0x3007 // 々〆〇
        | 0x3041..=0x3096 // Hiragana
        | 0x30a1..=0x30fa | 0x30fc..=0x30fe | 0x31f0..=0x31ff | 0xff66..=0xff9f // Katakana
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff // Han
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(words: &[Word]) -> Vec<&str> {
        words.iter().map(|word| word.term.as_str()).collect()
    }

    fn check_document(text: &str, expected: &[&str]) {
        assert_eq!(terms(&words_of_document(text)), expected, "{text}");
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        check_document("The Levain's feedings", &["the", "levain", "s", "feed"]);
        check_document("Crème BRÛLÉE cafe\u{301}", &["creme", "brule", "cafe"]);
        check_document("Ёлка йод", &["елка", "иод"]);
        check_document("snake_case v1.2", &["snake", "case", "v1", "2"]);
        check_document(" \n—…", &[]);
    }

    #[test]
    fn scripts_without_spaces_give_characters_and_pairs() {
        check_document("麹菌は", &["麹", "麹菌", "菌", "菌は", "は"]);
        check_document("味噌miso", &["味", "味噌", "噌", "miso"]);
        check_document("가나", &["가나"]);
    }

    #[test]
    fn a_question_asks_for_pairs_and_for_a_lone_character_as_it_is() {
        for (text, expected) in
            [("麹菌は", vec!["麹菌", "菌は"]), ("茶", vec!["茶"]), ("茶 と", vec!["茶", "と"])]
        {
            assert_eq!(terms(&words_of_question(text)), expected);
        }
    }

    #[test]
    fn a_word_too_long_to_be_asked_for_is_left_out() {
        check_document(&format!("a {} b", "x".repeat(5_000)), &["a", "b"]);
    }

    proptest! {
        #[test]
        fn every_word_stands_where_it_says(text in "\\PC{0,80}") {
            for words in [words_of_document(&text), words_of_question(&text)] {
                for word in words {
                    prop_assert!(text.get(word.bytes.clone()).is_some_and(|bytes| !bytes.is_empty()));
                    prop_assert!(!word.term.is_empty());
                }
            }
        }
    }
}
