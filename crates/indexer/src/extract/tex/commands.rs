//! The commands of LaTeX in a line: their names, their first arguments, and what is left of words without them.

use std::ops::Range;

use crate::extract::name_of;

/// An argument that is not closed within so many bytes is none: a brace is missing.
const MAX_ARGUMENT_BYTES: usize = 1024;

/// A command by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command<'t> {
    /// Where its `\` stands.
    pub(super) start: usize,
    /// Its name, a `*` included.
    pub(super) name: &'t str,
    /// Where its name ends.
    pub(super) name_end: usize,
    /// What stands between the braces of its first argument, which may lie on other lines.
    pub(super) argument: Option<Range<usize>>,
}

/// The commands that begin in a range, in order.
pub(super) fn of(text: &str, range: Range<usize>) -> impl Iterator<Item = Command<'_>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..range.end].find('\\')?;
            let rest = &text[start + 1..range.end];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            if letters == 0 {
                // An escaped sign, which may be a backslash.
                at = start + 1 + rest.chars().next().map_or(0, char::len_utf8);
                continue;
            }
            let length = letters + usize::from(rest.as_bytes().get(letters) == Some(&b'*'));
            at = start + 1 + length;
            let argument = argument(text, at);
            return Some(Command { start, name: &rest[..length], name_end: at, argument });
        }
    })
}

/// The inside of the first pair of braces that begins at `at`, or after `[options]` that do.
fn argument(text: &str, at: usize) -> Option<Range<usize>> {
    let window = &text[at..text.floor_char_boundary(at + MAX_ARGUMENT_BYTES)];
    let mut rest = window.trim_start_matches([' ', '\t']);
    if rest.starts_with('[') {
        rest = &rest[rest.find(']')? + 1..];
    }
    rest = rest.strip_prefix('{')?;
    let start = at + (window.len() - rest.len());
    let (mut depth, mut escaped) = (1_usize, false);
    for (index, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(start..start + index);
        }
    }
    None
}

/// Where the comment of a line begins: at a `%` that is not escaped.
pub(super) fn comment(line: &str) -> Option<usize> {
    let mut escaped = false;
    line.bytes().position(|byte| {
        let begins = byte == b'%' && !escaped;
        escaped = byte == b'\\' && !escaped;
        begins
    })
}

/// The accents of single letters, with the combining characters that mean the same.
const ACCENTS: [(u8, char); 7] = [
    (b'\'', '\u{301}'),
    (b'`', '\u{300}'),
    (b'"', '\u{308}'),
    (b'^', '\u{302}'),
    (b'~', '\u{303}'),
    (b'=', '\u{304}'),
    (b'.', '\u{307}'),
];

/// The accented letters in a range, each with its bytes: `\'e`, `\"{o}`.
pub(super) fn accents(text: &str, range: Range<usize>) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = range.start;
    while let Some(back) = text[at..range.end].find('\\') {
        let start = at + back;
        at = start + 1;
        let Some(sign) = bytes.get(at).filter(|_| at < range.end) else { break };
        let accent = ACCENTS.iter().find(|(mark, _)| mark == sign);
        let braced = bytes.get(at + 1) == Some(&b'{');
        let letter = bytes.get(at + 1 + usize::from(braced)).filter(|letter| letter.is_ascii_alphabetic());
        let end = at + 2 + 2 * usize::from(braced);
        let closed = !braced || bytes.get(end - 1) == Some(&b'}');
        if let (Some((_, mark)), Some(letter), true) = (accent, letter, closed && end <= range.end) {
            found.push((start..end, format!("{}{mark}", char::from(*letter))));
            at = end;
        } else if *sign == b'\\' {
            at += 1;
        }
    }
    found
}

/// The words of an argument, as a name: commands without their names, accents as letters.
pub(super) fn shown(text: &str) -> String {
    let mut words = String::new();
    let mut accents = accents(text, 0..text.len()).into_iter().peekable();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if let Some((range, letter)) = accents.next_if(|(range, _)| range.start == at) {
            words.push_str(&letter);
            at = range.end;
            continue;
        }
        at += character.len_utf8();
        match character {
            '{' | '}' => {}
            '~' => words.push(' '),
            '\\' => {
                let rest = &text[at..];
                let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                at += letters;
                if letters == 0 && rest.starts_with('\\') {
                    at += 1;
                    words.push(' ');
                }
            }
            _ => words.push(character),
        }
    }
    name_of(&words)
}

/// The language that the options after `\begin{lstlisting` or `\begin{minted` name.
pub(super) fn language(rest: &str) -> Option<&str> {
    let mut rest = rest.strip_prefix('}')?.trim_start();
    if let Some((options, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        let named = options.split(',').find_map(|option| option.trim().strip_prefix("language="));
        if named.is_some() {
            return named.map(|name| name.trim_matches(['{', '}', ' '])).filter(|name| !name.is_empty());
        }
        rest = after;
    }
    rest.strip_prefix('{')
        .and_then(|inner| inner.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_with_their_arguments() {
        let text = r"\\a \section*[s]{On {\em it}} 50\% \x {y} \z{";
        let found: Vec<_> = of(text, 0..text.len())
            .map(|command| (command.name, command.argument.map(|argument| &text[argument])))
            .collect();
        assert_eq!(found, [("section*", Some(r"On {\em it}")), ("em", None), ("x", Some("y")), ("z", None)]);
    }

    #[test]
    fn a_comment_begins_where_its_sign_is_not_escaped() {
        for (line, at) in [("a % b", Some(2)), (r"50\% a", None), (r"\\% a", Some(2)), ("", None)] {
            assert_eq!(comment(line), at, "{line}");
        }
    }

    #[test]
    fn words_are_shown_without_commands() {
        for (text, words) in [
            (r"On \textbf{Bold}~things\\and \LaTeX", "On Bold things and"),
            (r#"Caf\'e na\"{\i}ve G\"odel \& R\&D"#, "Cafe\u{301} na\"ve Go\u{308}del & R&D"),
            (r"\", ""),
        ] {
            assert_eq!(shown(text), words, "{text}");
        }
    }

    #[test]
    fn the_language_of_a_listing_is_told_by_its_options() {
        for (rest, name) in [
            ("}[language=C++, x=y]", Some("C++")),
            ("}{python}", Some("python")),
            ("}[a=b]{rust}", Some("rust")),
            ("}", None),
        ] {
            assert_eq!(language(rest), name);
        }
    }
}
