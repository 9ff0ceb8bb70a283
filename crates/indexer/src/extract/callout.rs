//! Callouts: quotes that begin with `[!kind] Title`, and the turns of chats that some exporters write as callouts.

use std::ops::Range;

use super::{lines, name_of};

/// A quote's first line, where it makes the quote a callout.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Callout {
    /// What it is (`note`, `warning`), in lower case.
    pub(super) kind: String,
    /// Its title, without emphasis; empty where it has none.
    pub(super) title: String,
    /// The line that says so, without its end.
    pub(super) line: Range<usize>,
    /// Whether it is what one side of a chat says, as the importer of AI chats writes it.
    pub(super) is_turn: bool,
}

/// How the kinds begin by which the importer of AI chats marks turns: `nexus_user`, `nexus_agent`, `nexus_system`.
const TURN_KINDS: [&str; 3] = ["nexus_user", "nexus_agent", "nexus_system"];

/// The callout that the quote at `range` is, whether it can be folded (`[!note]-`) or not.
pub(super) fn read(text: &str, range: Range<usize>) -> Option<Callout> {
    // The sign is looked for before the line's end: of many quotes on one line each would look for it again.
    const BLANK: [char; 2] = [' ', '\t'];
    let quote = &text[range.clone()];
    let inner = quote.trim_start_matches(BLANK).strip_prefix('>')?.trim_start_matches(BLANK);
    let inner = inner.strip_prefix("[!")?;
    let before = quote.len() - inner.len();
    let end = before + lines(inner).next()?.end;
    let line = quote[..end].trim_end();
    let inner = line.get(before..)?;
    let (kind, rest) = inner.split_once(']')?;
    // `[!info|wide]` carries a note for the theme.
    let kind = kind.split('|').next().unwrap_or_default().trim().to_lowercase();
    if kind.is_empty() || kind.contains(['[', '\n']) {
        return None;
    }
    let title = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let title = name_of(&title.replace("**", ""));
    let is_turn = TURN_KINDS.contains(&kind.as_str());
    let title = match is_turn && title.is_empty() {
        true => kind.clone(),
        false => title,
    };
    Some(Callout { title, line: range.start..range.start + line.len(), is_turn, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str, bool)>) {
        let read = read(text, 0..text.len());
        let found =
            read.as_ref().map(|callout| (callout.kind.as_str(), callout.title.as_str(), callout.is_turn));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_first_line_of_a_quote_makes_it_a_callout() {
        check("> [!Warning] Hot **oven**\n> words", Some(("warning", "Hot oven", false)));
        check(">[!tip]- Folded\n> words", Some(("tip", "Folded", false)));
        check("> [!info|wide]+\n", Some(("info", "", false)));
        check("> [!note", None);
        check("> [!] no kind", None);
        check("> a quote\n> [!note]", None);
    }

    #[test]
    fn a_quote_within_thousands_of_others_is_read_without_looking_at_all_of_them() {
        // Each of a million looks at what is left of the line took minutes.
        let text = "> ".repeat(1_000_000);
        assert!((0..1_000_000).all(|at| read(&text, 2 * at..text.len()).is_none()));
    }

    #[test]
    fn the_turns_of_an_exported_chat_are_known() {
        check(
            ">[!nexus_user] **User** - 02/18/2024 at 8:35 PM\n> hello",
            Some(("nexus_user", "User - 02/18/2024 at 8:35 PM", true)),
        );
        check(">[!nexus_agent]\n> hello", Some(("nexus_agent", "nexus_agent", true)));
        check(">[!nexus_attachment] **a.png**", Some(("nexus_attachment", "a.png", false)));
    }
}
