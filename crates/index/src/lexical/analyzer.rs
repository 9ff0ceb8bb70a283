//! Text to terms, the same way for documents and for questions.
//!
//! A word is a run of letters and digits of any script: in lower case, its ending cut as the language of the document
//! has it, without accents. Words joined by marks (`snake_case`, `v1.2.3`, `C++`, paths, addresses) are found whole
//! and in parts, `CamelCase` too; a tag with and without its `#`. Scripts written without spaces give each character
//! and each pair of neighbours; a question of two or more such characters asks for the pairs alone.
//!
//! What language a question is in is not known: it asks for the term that each language of the collection makes.

mod cut;
mod term;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use ibid_core::language::Language;
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

use super::function_words::is_function_word;
use cut::{Cutter, Form, Piece, Side};
use term::TermMaker;

/// A word of a document's text: the term it is found by, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What the dictionary holds.
    pub term: String,
    /// The bytes it was made from.
    pub bytes: Range<usize>,
}

/// A word of a question, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionWord {
    /// The bytes of the question it was made from.
    pub bytes: Range<usize>,
    /// What was typed.
    pub typed: String,
    /// Its place in the row of words; a compound has that of its first word.
    pub place: u32,
    /// The words it is made of, if it is a compound, in their order; these may be compounds too.
    pub parts: Vec<QuestionWord>,
    form: Form,
    is_function_row: bool,
    /// Kept, for it is asked once for each language.
    folded: String,
}

impl QuestionWord {
    /// Whether it only holds the question together, where texts are in `language`.
    pub fn is_function_word(&self, language: Language) -> bool {
        self.is_function_row || (self.form != Form::Character && is_function_word(&self.folded, language))
    }

    /// The words without parts that it is made of; the word itself where it has none.
    pub fn leaves(&self) -> Vec<&QuestionWord> {
        match self.parts.is_empty() {
            true => vec![self],
            false => self.parts.iter().flat_map(QuestionWord::leaves).collect(),
        }
    }

    /// The word and everything it is made of, compounds before their parts.
    pub(crate) fn with_parts(&self) -> Vec<&QuestionWord> {
        let parts = self.parts.iter().flat_map(QuestionWord::with_parts);
        [self].into_iter().chain(parts).collect()
    }

    /// Whether it is a single letter or digit.
    pub(crate) fn is_single(&self) -> bool {
        self.form == Form::Word && self.typed.chars().count() == 1
    }

    /// The different terms it is looked up by where texts are in these languages, in the order of the languages.
    pub fn terms(&self, languages: &[Language]) -> Vec<String> {
        let mut terms: Vec<String> = Vec::new();
        for &language in languages {
            let term = with_term_maker(language, |maker| {
                let mut term = String::new();
                maker.make(&self.typed, self.form, &mut term);
                term
            });
            if !term.is_empty() && !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms
    }

    /// The terms of the words that one slip parts from it: a letter left out, put in, another one, or two exchanged.
    /// The first letter stays. Some hundred words are made; one that means nothing is in no dictionary.
    pub(crate) fn one_slip_away(&self, languages: &[Language]) -> BTreeSet<String> {
        let folded: Vec<char> = self.folded.chars().collect();
        let mut terms = BTreeSet::new();
        let mut add = |letters: &[char]| {
            let word = QuestionWord { typed: letters.iter().collect(), ..self.clone() };
            terms.extend(word.terms(languages));
        };
        let alphabet = alphabet_of(folded.get(1).copied().unwrap_or('a'));
        for at in 1..=folded.len() {
            let (before, after) = folded.split_at(at);
            for letter in alphabet.clone() {
                add(&[before, &[letter], after].concat());
                if let [_, rest @ ..] = after {
                    add(&[before, &[letter], rest].concat());
                }
            }
            match after {
                [first, second, rest @ ..] => {
                    add(&[before, &[second.to_owned(), first.to_owned()], rest].concat());
                    add(&[before, &[second.to_owned()], rest].concat());
                }
                [_] => add(before),
                [] => {}
            }
        }
        terms
    }

    /// As it was typed, in lower case and without accents, its ending left.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether it is a plain word, which may be misspelt; compounds, single characters and pictures are not.
    pub fn is_plain(&self) -> bool {
        self.form == Form::Word
    }

    /// Whether it is a compound as it is written.
    pub fn is_compound(&self) -> bool {
        matches!(self.form, Form::Whole | Form::Joined)
    }

    /// Whether it is a compound whose parts may also be written apart: `e-mail`.
    pub(crate) fn may_be_apart(&self) -> bool {
        self.form == Form::Joined
    }
}

/// The letters that a slip may put next to `letter`.
fn alphabet_of(letter: char) -> RangeInclusive<char> {
    match letter {
        'а'..='я' => 'а'..='я',
        'α'..='ω' => 'α'..='ω',
        _ => 'a'..='z',
    }
}

/// The words of a document's text, as the index holds them.
pub fn words_of_document(text: &str, language: Language) -> Vec<Word> {
    with_term_maker(language, |maker| {
        let mut words = Vec::new();
        let mut term = String::new();
        for piece in Cutter::new(text, Side::Document) {
            maker.make(&text[piece.bytes.clone()], piece.form, &mut term);
            if !term.is_empty() {
                words.push(Word { term: term.clone(), bytes: piece.bytes });
            }
        }
        words
    })
}

/// A word in lower case and without accents, its ending left.
pub(super) fn folded(word: &str) -> String {
    with_term_maker(Language::default(), |maker| {
        let mut folded = String::new();
        maker.make(word, Form::Whole, &mut folded);
        folded
    })
}

/// A text as names are compared: in lower case, without accents, white space as one space.
pub(super) fn folded_text(text: &str) -> String {
    term::folded_text(text)
}

/// The words of a question, in their order; compounds with their parts.
pub fn words_of_question(text: &str) -> Vec<QuestionWord> {
    let word = |Piece { bytes, place, form, is_function_row }: Piece| {
        let typed = text[bytes.clone()].to_owned();
        let folded = folded(&typed);
        QuestionWord { bytes, typed, place, parts: Vec::new(), form, is_function_row, folded }
    };
    let has_term = |word: &QuestionWord| word.typed.len() <= term::MAX_TERM_BYTES;
    let mut words: Vec<_> = Cutter::new(text, Side::Question).map(word).filter(has_term).collect();
    // What holds others comes before them.
    words.sort_by(|a, b| a.bytes.start.cmp(&b.bytes.start).then(b.bytes.end.cmp(&a.bytes.end)));
    within_each_other(words)
}

/// Puts what lies within another word among its parts.
fn within_each_other(words: Vec<QuestionWord>) -> Vec<QuestionWord> {
    let mut outer: Vec<QuestionWord> = Vec::new();
    let mut inner: Vec<QuestionWord> = Vec::new();
    for word in words {
        match outer.last_mut() {
            Some(around) if word.bytes.end <= around.bytes.end => inner.push(word),
            last => {
                close(last, &mut inner);
                outer.push(word);
            }
        }
    }
    close(outer.last_mut(), &mut inner);
    outer
}

fn close(around: Option<&mut QuestionWord>, inner: &mut Vec<QuestionWord>) {
    if let Some(around) = around {
        around.parts = within_each_other(std::mem::take(inner));
    }
}

/// Runs `work` with this thread's maker of terms, which remembers what it made.
fn with_term_maker<T>(language: Language, work: impl FnOnce(&mut TermMaker) -> T) -> T {
    thread_local! {
        static MAKERS: RefCell<Vec<TermMaker>> = const { RefCell::new(Vec::new()) };
    }
    MAKERS.with_borrow_mut(|makers| {
        let at = makers.iter().position(|maker| maker.language() == language).unwrap_or_else(|| {
            makers.push(TermMaker::new(language));
            makers.len() - 1
        });
        work(&mut makers[at])
    })
}

/// The first of the private-use characters that tell tantivy's analyzer the language of what follows.
const FIRST_MARK: u32 = 0xf_0000;

/// The character that must open every text given to tantivy: it says which language the text is in.
pub(crate) fn language_mark(language: Language) -> char {
    char::from_u32(FIRST_MARK + language as u32).expect("the private use plane has room for all languages")
}

fn language_of_mark(mark: char) -> Option<Language> {
    let number = u32::from(mark).checked_sub(FIRST_MARK)?;
    Language::ALL.get(number as usize).map(|&(_, language)| language)
}

/// The analyzer tantivy runs over documents. The texts must open with a [`language_mark`].
pub(super) fn document_analyzer() -> TextAnalyzer {
    let words = WordTokenizer { token: Token::default(), maker: TermMaker::new(Language::default()) };
    TextAnalyzer::builder(words).build()
}

#[derive(Clone)]
struct WordTokenizer {
    token: Token,
    maker: TermMaker,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        let mark = text.chars().next();
        let text = match mark.and_then(language_of_mark) {
            Some(language) => {
                self.maker.speak(language);
                &text[mark.map_or(0, char::len_utf8)..]
            }
            None => text,
        };
        let pieces = Cutter::new(text, Side::Document);
        WordStream { text, pieces, token: &mut self.token, maker: &mut self.maker }
    }
}

struct WordStream<'a> {
    text: &'a str,
    pieces: Cutter<'a>,
    token: &'a mut Token,
    maker: &'a mut TermMaker,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        for piece in self.pieces.by_ref() {
            self.maker.make(&self.text[piece.bytes.clone()], piece.form, &mut self.token.text);
            if self.token.text.is_empty() {
                continue;
            }
            self.token.position = piece.place as usize;
            self.token.offset_from = piece.bytes.start;
            self.token.offset_to = piece.bytes.end;
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_document(language: Language, text: &str, expected: &[&str]) {
        let words = words_of_document(text, language);
        let terms: Vec<&str> = words.iter().map(|word| word.term.as_str()).collect();
        assert_eq!(terms, expected, "{text}");
    }

    fn check_question(text: &str, languages: &[Language], expected: &[&str]) {
        let terms: Vec<String> =
            words_of_question(text).iter().flat_map(|word| word.terms(languages)).collect();
        assert_eq!(terms, expected, "{text}");
    }

    #[test]
    fn words_are_folded_and_lose_their_endings_in_their_language() {
        let (en, de, fr, ru) = (Language::English, Language::German, Language::French, Language::Russian);
        check_document(en, "The Levain's feedings", &["the", "levain", "feed"]);
        check_document(en, "don't Crème cafe\u{301}", &["don", "creme", "cafe"]);
        check_document(de, "Die Häuser, straßen", &["die", "haus", "strass"]);
        check_document(fr, "l'eau des boulangères", &["eau", "de", "boulanger"]);
        check_document(ru, "Ёлки больших городов", &["елк", "больш", "город"]);
        check_document(en, " \n—…", &[]);
    }

    #[test]
    fn a_word_of_another_script_is_cut_as_its_own_script_has_it() {
        check_document(Language::Russian, "feedings", &["feed"]);
        check_document(Language::English, "городов", &["город"]);
    }

    #[test]
    fn compounds_are_found_whole_and_in_parts() {
        let check = |text, expected: &[&str]| check_document(Language::English, text, expected);
        check("snake_case", &["snake_case", "snake", "case"]);
        check("v1.2.3", &["v1.2.3", "v1", "2", "3"]);
        check("src/main.rs", &["src/main.rs", "src", "main.rs", "main", "rs"]);
        check("me@example.com", &["me@example.com", "me", "example.com", "exampl", "com"]);
        check("std::fs", &["std::fs", "std", "fs"]);
        check("e-mail", &["email", "e", "mail"]);
        check("COVID-19", &["covid19", "covid", "19"]);
        check("state-of-the-art", &["state", "of", "the", "art"]);
        check("end. Next", &["end", "next"]);
        check("a--b c...d", &["a", "b", "c", "d"]);
    }

    #[test]
    fn a_url_is_found_by_its_host_and_its_parts() {
        check_document(
            Language::English,
            "https://docs.rs/tantivy?q=a",
            &["https://docs.rs/tantivy?q=a", "https", "docs.rs", "doc", "rs", "tantivi", "q", "a"],
        );
    }

    #[test]
    fn names_with_marks_at_their_ends_are_kept() {
        let check = |text, expected: &[&str]| check_document(Language::English, text, expected);
        check("C++ or C#, not C", &["c++", "c", "or", "c#", "c", "not", "c"]);
        check(".NET and node.js", &[".net", "net", "and", "node.js", "node", "js"]);
        check(
            "#Rye/starter-care",
            &["#rye", "#rye/starter-care", "rye/starter-care", "rye", "startercare", "starter", "care"],
        );
        check("a#b", &["a#b", "a", "b"]);
    }

    #[test]
    fn camel_case_is_found_whole_and_by_its_humps() {
        let check = |text, expected: &[&str]| check_document(Language::English, text, expected);
        check("CamelCase", &["camelcas", "camel", "case"]);
        check("HTTPServer", &["httpserver", "http", "server"]);
        check("PDFs iPhone", &["pdfs", "iphon", "phone"]);
        check("RYE", &["rye"]);
    }

    #[test]
    fn pictures_are_words() {
        check_document(Language::English, "done ✅ 🇩🇪 👍🏽", &["done", "✅", "🇩🇪", "👍"]);
    }

    #[test]
    fn scripts_without_spaces_give_characters_and_pairs() {
        let check = |text, expected: &[&str]| check_document(Language::English, text, expected);
        check("麹菌は", &["麹", "麹菌", "菌", "菌は", "は"]);
        check("味噌miso", &["味", "味噌", "噌", "miso"]);
        check("가나", &["가나"]);
        check("กข", &["ก", "กข", "ข"]);
        check("ខ្ម", &["ខ", "ខ\u{17d2}", "\u{17d2}", "\u{17d2}ម", "ម"]);
    }

    #[test]
    fn a_question_asks_for_pairs_and_for_a_lone_character_as_it_is() {
        for (text, expected) in
            [("麹菌は", vec!["麹菌", "菌は"]), ("茶", vec!["茶"]), ("茶 と", vec!["茶", "と"])]
        {
            check_question(text, &[Language::English], &expected);
        }
    }

    #[test]
    fn a_question_asks_in_every_language_of_the_collection() {
        check_question("Häuser", &[Language::English, Language::German], &["hauser", "haus"]);
        check_question("bread", &[Language::English, Language::German], &["bread"]);
    }

    #[test]
    fn a_word_too_long_to_be_asked_for_is_left_out() {
        check_document(Language::English, &format!("a {} b", "x".repeat(5_000)), &["a", "b"]);
    }

    #[test]
    fn tantivy_reads_the_language_off_the_first_character() {
        let mut analyzer = document_analyzer();
        for (language, expected) in [(Language::German, "haus"), (Language::English, "hauser")] {
            let text = format!("{}Häuser", language_mark(language));
            let mut stream = analyzer.token_stream(&text);
            assert!(stream.advance());
            assert_eq!(stream.token().text, expected);
        }
    }

    proptest! {
        #[test]
        fn every_word_stands_where_it_says(text in "\\PC{0,80}") {
            for word in words_of_document(&text, Language::English) {
                prop_assert!(text.get(word.bytes.clone()).is_some_and(|bytes| !bytes.is_empty()));
                prop_assert!(!word.term.is_empty());
            }
            for word in words_of_question(&text) {
                prop_assert_eq!(text.get(word.bytes.clone()), Some(word.typed.as_str()));
            }
        }

        #[test]
        fn what_a_document_says_can_be_asked(text in "[a-zA-ZäéК-я0-9_./@:#+'\\- ]{0,40}") {
            let held = words_of_document(&text, Language::English);
            for word in words_of_question(&text) {
                for term in word.terms(&[Language::English]) {
                    prop_assert!(held.iter().any(|word| word.term == term), "{}", term);
                }
            }
        }

        #[test]
        fn places_never_fall(text in "\\PC{0,60}") {
            for side in [Side::Document, Side::Question] {
                let places: Vec<u32> = Cutter::new(&text, side).map(|piece| piece.place).collect();
                prop_assert!(places.is_sorted());
            }
        }
    }
}
