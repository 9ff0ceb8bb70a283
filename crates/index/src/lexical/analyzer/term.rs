//! A piece of text to the term it is looked up by: lower case, compatibility forms composed, the ending cut as the
//! language has it, accents dropped. The ending goes first, because endings have accents.

use std::borrow::Cow;
use std::collections::HashMap;

use frostem::{Algorithm, Stemmer};
use ibid_core::language::Language;
use unicode_normalization::UnicodeNormalization;

use super::cut::Form;

/// The longest term kept, in bytes. Longer runs are keys and blobs that nobody asks for.
pub(super) const MAX_TERM_BYTES: usize = 64;

/// How many words a [`TermMaker`] remembers the terms of; about 4 MB.
const REMEMBERED_WORDS: usize = 1 << 15;

/// Makes terms in one language and remembers them: cutting an ending costs ten times a lookup, and words repeat.
#[derive(Clone)]
pub(super) struct TermMaker {
    language: Language,
    known: HashMap<Box<str>, Box<str>>,
}

impl TermMaker {
    pub(super) fn new(language: Language) -> TermMaker {
        TermMaker { language, known: HashMap::new() }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// Changes the language, and forgets what was made in the one before.
    pub(super) fn speak(&mut self, language: Language) {
        if self.language != language {
            *self = TermMaker::new(language);
        }
    }

    /// Puts the term of a piece into `term`; empty where it has none.
    pub(super) fn make(&mut self, piece: &str, form: Form, term: &mut String) {
        term.clear();
        // Folding never makes a term much shorter, so what is far too long need not be folded.
        if piece.len() > 4 * MAX_TERM_BYTES {
            return;
        }
        match form {
            Form::Word => match self.known.get(piece) {
                Some(known) => term.push_str(known),
                None => {
                    term.push_str(&stemmed(piece, self.language));
                    if self.known.len() == REMEMBERED_WORDS {
                        self.known.clear();
                    }
                    self.known.insert(piece.into(), term.as_str().into());
                }
            },
            Form::Joined => {
                term.push_str(&without_accents(&lower(piece)));
                term.retain(char::is_alphanumeric);
            }
            Form::Whole | Form::Character => term.push_str(&without_accents(&lower(piece))),
        }
        if term.len() > MAX_TERM_BYTES {
            term.clear();
        }
    }
}

/// A text in lower case, without accents, its compatibility forms composed; white space is one space, none at its ends.
pub(super) fn folded_text(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    without_accents(&lower(&words.join(" "))).into_owned()
}

fn stemmed(word: &str, language: Language) -> String {
    let word = lower(word);
    let stem = Stemmer::new(algorithm_for(&word, language)).stem(&word).into_owned();
    match stem.is_ascii() {
        true => stem,
        false => without_accents(&stem).into_owned(),
    }
}

fn lower(piece: &str) -> Cow<'_, str> {
    if piece.is_ascii() {
        return match piece.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => piece.to_ascii_lowercase().into(),
            false => piece.into(),
        };
    }
    piece.nfkc().collect::<String>().to_lowercase().nfc().collect::<String>().into()
}

/// Drops the accents of Latin, Greek and Cyrillic letters and spells out letters that have no plain form of their own.
fn without_accents(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return word.into();
    }
    // The accents of these scripts all lie in this block; marks of other scripts carry meaning and stay.
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let mut plain = String::with_capacity(word.len());
    for character in word.nfd().filter(|c| !is_accent(c)).nfc() {
        match character {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' => plain.push('d'),
            'ı' => plain.push('i'),
            'ς' => plain.push('σ'),
            other => plain.push(other),
        }
    }
    plain.into()
}

/// How the endings of a word are cut: as the text's language does, or as the best known language of the word's script
/// where the text's has another one.
fn algorithm_for(word: &str, language: Language) -> Algorithm {
    let script = word.chars().next().map_or(Script::Other, script_of);
    match (script, script_of_language(language)) {
        (script, own) if script == own => algorithm(language),
        (Script::Latin, _) => Algorithm::English,
        (Script::Cyrillic, _) => Algorithm::Russian,
        (Script::Greek, _) => Algorithm::Greek,
        _ => algorithm(language),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
    Other,
}

fn script_of(character: char) -> Script {
    match u32::from(character) {
        0..=0x24f | 0x1e00..=0x1eff => Script::Latin,
        0x370..=0x3ff | 0x1f00..=0x1fff => Script::Greek,
        0x400..=0x52f => Script::Cyrillic,
        _ => Script::Other,
    }
}

fn script_of_language(language: Language) -> Script {
    match language {
        Language::Russian | Language::Serbian => Script::Cyrillic,
        Language::Greek => Script::Greek,
        Language::Arabic
        | Language::Armenian
        | Language::Hindi
        | Language::Nepali
        | Language::Persian
        | Language::Tamil
        | Language::Yiddish => Script::Other,
        _ => Script::Latin,
    }
}

fn algorithm(language: Language) -> Algorithm {
    match language {
        Language::Arabic => Algorithm::Arabic,
        Language::Armenian => Algorithm::Armenian,
        Language::Catalan => Algorithm::Catalan,
        Language::Czech => Algorithm::Czech,
        Language::Danish => Algorithm::Danish,
        Language::Dutch => Algorithm::Dutch,
        Language::English => Algorithm::English,
        Language::Estonian => Algorithm::Estonian,
        Language::Finnish => Algorithm::Finnish,
        Language::French => Algorithm::French,
        Language::German => Algorithm::German,
        Language::Greek => Algorithm::Greek,
        Language::Hindi => Algorithm::Hindi,
        Language::Hungarian => Algorithm::Hungarian,
        Language::Indonesian => Algorithm::Indonesian,
        Language::Italian => Algorithm::Italian,
        Language::Lithuanian => Algorithm::Lithuanian,
        Language::Nepali => Algorithm::Nepali,
        Language::Norwegian => Algorithm::Norwegian,
        Language::Persian => Algorithm::Persian,
        Language::Polish => Algorithm::Polish,
        Language::Portuguese => Algorithm::Portuguese,
        Language::Romanian => Algorithm::Romanian,
        Language::Russian => Algorithm::Russian,
        Language::Serbian => Algorithm::Serbian,
        Language::Spanish => Algorithm::Spanish,
        Language::Swedish => Algorithm::Swedish,
        Language::Tamil => Algorithm::Tamil,
        Language::Turkish => Algorithm::Turkish,
        Language::Yiddish => Algorithm::Yiddish,
    }
}
