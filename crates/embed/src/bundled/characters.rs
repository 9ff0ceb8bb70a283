//! The normalisation of XLM-RoBERTa, SentencePiece's rule `nmt_nfkc`: compatible forms become plain ones, marks
//! join the letters before them, any space becomes a space, control characters vanish.

use unicode_normalization::char::compose;

use super::in_place::{Cursor, Numbers, Strings};

/// What a space is in a piece of the vocabulary.
pub(super) const SPACE: char = '▁';

/// No character below joins the one before it.
const FIRST_MARK: char = '\u{300}';

/// The characters that are replaced, in the order of their codes.
#[derive(Clone, Copy)]
pub(super) struct Characters {
    codes: Numbers,
    replacements: Strings,
}

impl Characters {
    /// Reads `count` characters whose replacements have `bytes` bytes.
    pub(super) fn read(file: &mut Cursor, count: usize, bytes: usize) -> Option<Self> {
        let (codes, starts) = (file.numbers(count)?, file.numbers(count + 1)?);
        Some(Self { codes, replacements: Strings::new(starts, file.bytes(bytes)?) })
    }

    /// Normalises `text`: it begins with a [`SPACE`], and there are never two of them in a row.
    ///
    /// SentencePiece joins a letter and its marks by a list of such sequences; here Unicode's composition of
    /// neighbours does it, and marks stay in their order. The two differ where a Unicode newer than the list
    /// has more to join.
    pub(super) fn normalised(self, text: &str) -> String {
        let mut normalised = String::with_capacity(text.len() + text.len() / 4 + SPACE.len_utf8());
        normalised.push(SPACE);
        // A text's own first space is the one that is there already.
        let mut last = SPACE;
        for character in text.chars() {
            if matches!(character, '!'..='~') {
                normalised.push(character);
                last = character;
                continue;
            }
            let place = self.codes.find(character.into());
            match place.and_then(|place| str::from_utf8(self.replacements.get(place)).ok()) {
                Some(replacement) => {
                    replacement.chars().for_each(|character| push(&mut normalised, &mut last, character));
                }
                None => push(&mut normalised, &mut last, character),
            }
        }
        normalised
    }
}

/// Appends a character to a text that ends in `last`.
fn push(text: &mut String, last: &mut char, character: char) {
    let character = if character == ' ' { SPACE } else { character };
    if character == SPACE && *last == SPACE {
        return;
    }
    let composed = if character < FIRST_MARK { None } else { compose(*last, character) };
    if composed.is_some() {
        text.pop();
    }
    *last = composed.unwrap_or(character);
    text.push(*last);
}
