//! Callouts: quotes that begin with `[!kind]`, with `+` or `-` behind it where they can be folded.

use std::ops::Range;

/// What makes a quote a callout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Callout {
    /// What it is (`note`, `warning`), in lower case.
    pub(super) kind: String,
    /// Whether it can be folded, and then whether it is open.
    pub(super) fold: Option<bool>,
    /// Where the sign stands, which is not shown: from `[` to the title.
    pub(super) sign: Range<usize>,
    /// Whether it has a title of its own.
    pub(super) is_titled: bool,
}

/// The callout that the quote at `range` is.
pub(super) fn read(text: &str, range: Range<usize>) -> Option<Callout> {
    const BLANK: [char; 2] = [' ', '\t'];
    let quote = text.get(range.clone())?;
    let end = quote.find(['\n', '\r']).unwrap_or(quote.len());
    let line = &quote[..end];
    let inner = line.trim_start_matches(BLANK).strip_prefix('>')?.trim_start_matches(BLANK);
    let start = range.start + line.len() - inner.len();
    let (kind, rest) = inner.strip_prefix("[!")?.split_once(']')?;
    // `[!info|wide]` carries a note for the theme.
    let kind = kind.split('|').next().unwrap_or_default().trim().to_lowercase();
    if kind.is_empty() || kind.contains('[') {
        return None;
    }
    let fold = match rest.chars().next() {
        Some('+') => Some(true),
        Some('-') => Some(false),
        _ => None,
    };
    let title = rest[usize::from(fold.is_some())..].trim_start_matches(BLANK);
    let sign = start..range.start + line.len() - title.len();
    Some(Callout { kind, fold, sign, is_titled: !title.trim().is_empty() })
}

/// The class of a kind: which colour it has. Kinds of one colour are those Obsidian has as aliases.
pub(super) fn class(kind: &str) -> &'static str {
    match kind {
        "tip" | "hint" | "important" | "success" | "check" | "done" => "good",
        "question" | "help" | "faq" | "warning" | "caution" | "attention" => "warn",
        "failure" | "fail" | "missing" | "danger" | "error" | "bug" => "bad",
        "quote" | "cite" => "quiet",
        _ => "plain",
    }
}

/// What a callout without a title is called: its kind, with a capital letter.
pub(super) fn name(kind: &str) -> String {
    let mut characters = kind.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, Option<bool>, &str, bool)>) {
        let read = read(text, 0..text.len());
        let found = read.as_ref().map(|callout| {
            (callout.kind.as_str(), callout.fold, &text[callout.sign.clone()], callout.is_titled)
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_quote_that_says_so_is_a_callout() {
        check("> [!note] A title\n> text", Some(("note", None, "[!note] ", true)));
        check("> [!WARNING]- Folded", Some(("warning", Some(false), "[!WARNING]- ", true)));
        check(">[!tip]+\n> text", Some(("tip", Some(true), "[!tip]+", false)));
        check("> [!info|wide]\r\n> text", Some(("info", None, "[!info|wide]", false)));
        for text in ["> text", "> [note]", "> [!]", "> \\[!note]", "[!note]", ""] {
            check(text, None);
        }
    }
}
