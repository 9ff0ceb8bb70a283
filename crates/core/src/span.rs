//! A byte range inside one text. It does not know which text: whoever holds a span holds the text's name too.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// A half-open byte range `start..end` with `start <= end`, both below 4 GiB.
///
/// Offsets count bytes of the text it was made for, the byte order mark and carriage returns included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The span of `bytes` in `text`; `None` where it would leave the text or split a character.
    pub fn within(text: &str, bytes: Range<usize>) -> Option<Span> {
        text.get(bytes.clone())?;
        Some(Span { start: u32::try_from(bytes.start).ok()?, end: u32::try_from(bytes.end).ok()? })
    }

    /// A span somebody claims, not yet checked against a text; `None` if it ends before it starts.
    pub fn claimed(start: u32, end: u32) -> Option<Span> {
        (start <= end).then_some(Span { start, end })
    }

    /// The first byte.
    pub fn start(self) -> u32 {
        self.start
    }

    /// One past the last byte.
    pub fn end(self) -> u32 {
        self.end
    }

    /// The number of bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// As a range for indexing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of the span in `text`; `None` where the span does not fit that text.
    pub fn quote(self, text: &str) -> Option<&str> {
        text.get(self.range())
    }

    /// The same bytes counted from `base` on.
    ///
    /// `None` where the sum passes 4 GiB.
    pub fn shifted(self, base: u32) -> Option<Span> {
        Some(Span { start: self.start.checked_add(base)?, end: self.end.checked_add(base)? })
    }

    /// Whether every byte of `other` is in it.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The span without the white space at both ends of its quote; empty at its start where there is nothing else.
    ///
    /// `quote` must be this span's quote.
    pub fn trimmed(self, quote: &str) -> Span {
        let body = quote.trim_start();
        if body.is_empty() {
            return Span { start: self.start, end: self.start };
        }
        let start = self.start + (quote.len() - body.len()) as u32;
        Span { start, end: start + body.trim_end().len() as u32 }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

/// A text that is not `start-end` in decimal digits, or ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the byte range is not start-end")]
pub struct SpanError;

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Span, SpanError> {
        let (start, end) = text.split_once('-').ok_or(SpanError)?;
        let number = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse::<u32>().map_err(|_| SpanError),
            false => Err(SpanError),
        };
        Span::claimed(number(start)?, number(end)?).ok_or(SpanError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_never_splits_a_character() {
        assert_eq!(Span::within("aé", 0..2), None);
        assert_eq!(Span::within("aé", 1..3).and_then(|s| s.quote("aé")), Some("é"));
        assert_eq!(Span::within("a", 0..2), None);
    }

    #[test]
    fn a_span_that_ends_before_it_starts_is_refused() {
        assert_eq!(Span::claimed(3, 2), None);
    }

    #[test]
    fn a_span_is_read_as_it_is_written() {
        assert_eq!("3-8".parse(), Ok(Span::claimed(3, 8).unwrap()));
        for text in ["", "3", "3-", "-3", "8-3", "+3-8", "3-99999999999", "3-8-9"] {
            assert_eq!(text.parse::<Span>(), Err(SpanError), "{text}");
        }
    }

    #[test]
    fn trimming_leaves_the_words_where_they_are() {
        let text = "ab \n words\u{3000}\n";
        let all = Span::within(text, 2..text.len()).unwrap();
        assert_eq!(all.trimmed(all.quote(text).unwrap()).quote(text), Some("words"));
        let blank = Span::within(text, 2..5).unwrap();
        assert_eq!(blank.trimmed(blank.quote(text).unwrap()), Span::claimed(2, 2).unwrap());
    }
}
