//! Cuts a text where BERT's tokenizer is sure to cut it, without any table of Unicode categories. It counts
//! nothing: a piece is only said to be one token, none, or to be asked about.

/// A run without a cut is ended after so many bytes, so that no piece is large.
const MAX_RUN_BYTES: usize = 4096;

/// Tokens that stand for themselves wherever they are written.
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// What is known of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space: no token.
    Space,
    /// One token that belongs to the word around it: a mark of punctuation, a special token.
    Mark,
    /// One token that is a word: an ideograph, a full-width mark.
    Ideograph,
    /// ASCII letters and digits.
    Word,
    /// Anything else between two cuts.
    Mixed,
    /// As `Mixed`, ended by [`MAX_RUN_BYTES`]: a word may go on in the next piece.
    Cut,
}

/// Finds the piece that begins at `start`: its end and its kind. `start` lies before the end of the text, on
/// a boundary that an earlier call gave.
#[inline]
pub(super) fn next_piece(text: &str, start: usize) -> (usize, Kind) {
    let bytes = text.as_bytes();
    let run = |class: Class| {
        let rest = bytes[start..].iter().take(MAX_RUN_BYTES);
        start + rest.take_while(|&&byte| CLASSES[byte as usize] == class).count()
    };
    match CLASSES[bytes[start] as usize] {
        Class::Space => (run(Class::Space), Kind::Space),
        Class::Mark => (start + mark_len(&bytes[start..]), Kind::Mark),
        Class::Letter => {
            let end = run(Class::Letter);
            match bytes.get(end).map(|&byte| CLASSES[byte as usize]) {
                Some(Class::Control | Class::Wide) => mixed(text, start, end),
                _ => (end, Kind::Word),
            }
        }
        Class::Control | Class::Wide => mixed(text, start, start),
    }
}

fn mark_len(bytes: &[u8]) -> usize {
    let special = || SPECIAL.iter().find(|special| bytes.starts_with(special.as_bytes()));
    if bytes[0] == b'[' { special().map_or(1, |special| special.len()) } else { 1 }
}

/// Goes on from `at` to the next cut; before `at` stand ASCII letters only.
fn mixed(text: &str, start: usize, mut at: usize) -> (usize, Kind) {
    let mut kind = Kind::Word;
    for c in text[at..].chars() {
        match wide_kind(c) {
            Some(cut) if at == start => return (at + c.len_utf8(), cut),
            Some(_) => break,
            None if at - start >= MAX_RUN_BYTES => return (at, Kind::Cut),
            None => at += c.len_utf8(),
        }
        if !c.is_ascii_alphanumeric() {
            kind = Kind::Mixed;
        }
    }
    (at, kind)
}

/// The kind of a character that ends a run, whatever stands beside it.
fn wide_kind(c: char) -> Option<Kind> {
    if c.is_ascii() {
        return match CLASSES[c as usize] {
            Class::Space => Some(Kind::Space),
            Class::Mark => Some(Kind::Mark),
            _ => None,
        };
    }
    match c as u32 {
        // White space to Rust and to BERT. U+0085 is not: BERT deletes it and joins its neighbours.
        0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000 => Some(Kind::Space),
        // The blocks BERT puts spaces around (its tokenizer's own list, its typing error included).
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF => Some(Kind::Ideograph),
        0x20000..=0x2A6DF | 0x2A700..=0x2B73F | 0x2B740..=0x2B81F => Some(Kind::Ideograph),
        0x2B920..=0x2CEAF | 0x2F800..=0x2FA1F => Some(Kind::Ideograph),
        // Punctuation that is frequent in running text; the rest is left to the tokenizer.
        0x3001..=0x3003 | 0x3008..=0x3011 | 0xFF01 | 0xFF08 | 0xFF09 | 0xFF0C | 0xFF0E => {
            Some(Kind::Ideograph)
        }
        0xFF1A | 0xFF1B | 0xFF1F => Some(Kind::Ideograph),
        0x2010..=0x2027 | 0x2030..=0x203A | 0xAB | 0xBB | 0xBF | 0xA1 | 0xB7 => Some(Kind::Mark),
        0x0964 | 0x0965 | 0x060C | 0x061B | 0x061F | 0x06D4 | 0x30FB => Some(Kind::Mark),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Letter,
    Mark,
    /// Deleted by BERT, so that its neighbours become one word.
    Control,
    Wide,
}

/// The class of each byte.
static CLASSES: [Class; 256] = {
    let mut classes = [Class::Wide; 256];
    let mut byte = 0u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => Class::Space,
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            33..=126 => Class::Mark,
            _ => Class::Control,
        };
        byte += 1;
    }
    classes
};

#[cfg(test)]
mod tests {
    use super::Kind::{Ideograph, Mark, Mixed, Space, Word};
    use super::*;

    fn check(text: &str, wanted: &[(&str, Kind)]) {
        let (mut at, mut found) = (0, Vec::new());
        while at < text.len() {
            let (end, kind) = next_piece(text, at);
            found.push((&text[at..end], kind));
            at = end;
        }
        assert_eq!(found, wanted);
    }

    #[test]
    fn words_marks_and_space_are_told_apart() {
        check("a-b2 \n c", &[("a", Word), ("-", Mark), ("b2", Word), (" \n ", Space), ("c", Word)]);
    }

    #[test]
    fn a_letter_beyond_ascii_makes_the_run_mixed() {
        check("naïve,café", &[("naïve", Mixed), (",", Mark), ("café", Mixed)]);
    }

    #[test]
    fn ideographs_stand_alone_and_kana_run_on() {
        check(
            "a字書くよ。",
            &[("a", Word), ("字", Ideograph), ("書", Ideograph), ("くよ", Mixed), ("。", Ideograph)],
        );
    }

    #[test]
    fn what_bert_deletes_does_not_cut() {
        check("a\u{b}b\u{85}c", &[("a\u{b}b\u{85}c", Mixed)]);
    }

    #[test]
    fn a_special_token_is_one_mark() {
        check("[[CLS]x", &[("[", Mark), ("[CLS]", Mark), ("x", Word)]);
    }

    #[test]
    fn no_piece_is_larger_than_the_limit_and_a_character() {
        for text in ["a".repeat(9000), "ก".repeat(9000), "é\u{0}".repeat(9000)] {
            let mut at = 0;
            while at < text.len() {
                let (end, _) = next_piece(&text, at);
                assert!(end > at && end - at <= MAX_RUN_BYTES + 4 && text.is_char_boundary(end));
                at = end;
            }
        }
    }
}
