//! Lines as every editor saw them: ended by `\n`, `\r\n`, or a lone `\r`. `str::lines` knows only the first two.

use std::ops::Range;

/// The byte ranges of the lines of `text`, line ends included; none is empty.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let length = match rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            Some(end) if rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n') => end + 2,
            Some(end) => end + 1,
            None => rest.len(),
        };
        at += length;
        Some(at - length..at)
    })
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        for (text, parts) in [
            ("", &[][..]),
            ("a", &["a"][..]),
            ("a\nb\r\nc\rd\n\n", &["a\n", "b\r\n", "c\r", "d\n", "\n"][..]),
            ("\r\r\n\n", &["\r", "\r\n", "\n"][..]),
        ] {
            assert_eq!(lines(text).map(|line| &text[line]).collect::<Vec<_>>(), parts);
        }
    }
}
