//! The escapes of JSON strings where they stand: which bytes mean which character. Whole values are not read here.

use std::ops::Range;

use super::outline::is_crowded;
use super::{Meant, span_of};

/// Adds the escapes in a range of `text` that lies within one JSON string, in order; a broken one stays as it is written.
///
/// Where there are very many, those near each other become one, with the words between them.
pub(super) fn read(text: &str, range: Range<usize>, found: &mut Vec<Meant>) {
    let mut at = range.start;
    while let Some(back) = text[at..range.end].find('\\') {
        let start = at + back;
        let (words, length) = escape(&text[start..range.end]);
        at = start + length;
        let Some(words) = words else { continue };
        let n = found.len();
        match found.last_mut() {
            Some(last)
                if last.span.range().start >= range.start
                    && is_crowded(n, start - last.span.range().start, true) =>
            {
                let Range { start: first, end } = last.span.range();
                last.words.push_str(&text[end..start]);
                last.words.push(words);
                last.span = span_of(first..at);
            }
            _ => found.push(Meant { span: span_of(start..at), words: words.to_string() }),
        }
    }
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
        let mut found = Vec::new();
        read(text, 0..text.len(), &mut found);
        let found: Vec<_> =
            found.iter().map(|meant| (meant.span.quote(text).unwrap(), meant.words.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn escapes_mean_characters() {
        check(r#"a\n\"b\" \\n"#, &[(r"\n", "\n"), ("\\\"", "\""), ("\\\"", "\""), (r"\\", "\\")]);
        check(r"Caf\u00e9 \ud83c\udf5e", &[(r"\u00e9", "é"), (r"\ud83c\udf5e", "🍞")]);
    }

    #[test]
    fn very_many_escapes_mean_the_same_and_are_not_one_each() {
        let text = r"a\\b\né".repeat(50_000);
        let mut found = Vec::new();
        read(&text, 0..text.len(), &mut found);
        assert!(found.len() < 15_000, "{}", found.len());
        let (mut words, mut at) = (String::new(), 0);
        for Meant { span, words: meant } in &found {
            words += &text[at..span.range().start];
            words += meant;
            at = span.range().end;
        }
        assert!(words + &text[at..] == "a\\b\né".repeat(50_000));
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        check(r"\x \u12 \ud83c \", &[]);
        check("\\é\\u", &[]);
    }
}
