//! The escapes of JSON strings where they stand: which bytes mean which character. Whole values are not read here.

use std::ops::Range;

use super::{Meant, span_of};

/// The escapes in a range of `text` that lies within one JSON string, in order; a broken one stays as it is written.
pub(super) fn read(text: &str, range: Range<usize>) -> Vec<Meant> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(back) = text[at..range.end].find('\\') {
        let start = at + back;
        let (words, length) = escape(&text[start..range.end]);
        at = start + length;
        if let Some(words) = words {
            found.push(Meant { span: span_of(start..at), words: words.to_string() });
        }
    }
    found
}

/// What the escape at the beginning of a text means, and its length; after an unknown one the search goes on.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(sign) = text[1..].chars().next() else { return (None, 1) };
    let plain = match sign {
        'n' | 'r' => '\n',
        't' => '\t',
        'b' | 'f' => ' ',
        '"' | '\\' | '/' => sign,
        'u' => {
            let unit = |at: usize| u16::from_str_radix(text.get(at..at + 4)?, 16).ok();
            let first = unit(2);
            let second = text.get(6..8).filter(|mark| *mark == "\\u").and_then(|_| unit(8));
            return match (first, second) {
                (Some(first @ 0xd800..0xdc00), Some(second @ 0xdc00..0xe000)) => {
                    (char::decode_utf16([first, second]).next().and_then(Result::ok), 12)
                }
                (Some(unit), _) => (char::from_u32(u32::from(unit)), 6),
                (None, _) => (None, 2),
            };
        }
        _ => return (None, 1 + sign.len_utf8()),
    };
    (Some(plain), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let read = read(text, 0..text.len());
        let found: Vec<_> =
            read.iter().map(|meant| (meant.span.quote(text).unwrap(), meant.words.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn escapes_mean_characters() {
        check(r#"a\n\"b\" \\n"#, &[(r"\n", "\n"), ("\\\"", "\""), ("\\\"", "\""), (r"\\", "\\")]);
        check(r"Caf\u00e9 \ud83c\udf5e", &[(r"\u00e9", "é"), (r"\ud83c\udf5e", "🍞")]);
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        check(r"\x \u12 \ud83c \", &[]);
        check("\\é\\u", &[]);
    }
}
