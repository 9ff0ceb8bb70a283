//! Properties as rows of a table: which bytes of a front matter are a name and which its values. What they mean is known
//! from the index; here they are only shown, so nothing is read that is not a plain line.

use std::ops::Range;

/// A front matter as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Front {
    /// Where the text of the note begins.
    pub(super) end: usize,
    /// Where the properties stand, between the two fences.
    pub(super) inner: Range<usize>,
    /// The properties; empty where the lines are not those of a table.
    pub(super) rows: Vec<Row>,
}

/// A property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: Range<usize>,
    /// Each value, or each line of one.
    pub(super) values: Vec<Range<usize>>,
}

/// Reads the front matter that a text begins with. Only YAML is shown as a table.
pub(super) fn read(text: &str) -> Option<Front> {
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if text[begin..].starts_with('{') {
        return json(text, begin);
    }
    let mut lines = lines(text, begin);
    let opening = lines.next()?;
    match text[opening.clone()].trim_end() {
        "---" => {}
        "+++" => {
            let closing = lines.find(|line| text[line.clone()].trim_end() == "+++")?;
            return Some(Front { end: closing.end, inner: opening.end..closing.start, rows: Vec::new() });
        }
        _ => return None,
    }
    let (mut rows, mut is_table) = (Vec::<Row>::new(), true);
    for line in lines {
        if matches!(text[line.clone()].trim_end(), "---" | "...") {
            let rows = if is_table { rows } else { Vec::new() };
            return Some(Front { end: line.end, inner: opening.end..line.start, rows });
        }
        let words = trimmed(text, line.clone());
        if words.is_empty() || text[words.clone()].starts_with('#') {
            continue;
        }
        let goes_on = words.start > line.start || text[words.clone()].starts_with("- ");
        match (goes_on, rows.last_mut()) {
            (true, Some(row)) => row.values.extend(values(text, item(text, words))),
            (false, _) => match named(text, words) {
                Some(row) => rows.push(row),
                None => is_table = false,
            },
            (true, None) => is_table = false,
        }
    }
    None
}

/// An object of JSON with nothing after it on its last line.
fn json(text: &str, begin: usize) -> Option<Front> {
    let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    let closed = begin + values.byte_offset();
    let last = lines(text, closed).next().unwrap_or(closed..closed);
    let is_alone = text[last.clone()].trim().is_empty();
    is_alone.then(|| Front { end: last.end, inner: begin..closed, rows: Vec::new() })
}

fn lines(text: &str, begin: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = begin;
    text[begin..].split_inclusive('\n').map(move |line| {
        at += line.len();
        at - line.len()..at
    })
}

fn named(text: &str, line: Range<usize>) -> Option<Row> {
    let words = &text[line.clone()];
    let (at, _) = words
        .match_indices(':')
        .find(|(at, _)| words[at + 1..].is_empty() || words[at + 1..].starts_with(char::is_whitespace))?;
    let name = unquoted(text, trimmed(text, line.start..line.start + at));
    let rest = trimmed(text, line.start + at + 1..line.end);
    // What follows `|` and `>` stands on the next lines.
    let is_sign = matches!(text[rest.clone()].trim_end_matches(['+', '-']), "|" | ">");
    let values = if is_sign || rest.is_empty() { Vec::new() } else { values(text, rest) };
    (!name.is_empty()).then_some(Row { name, values })
}

fn item(text: &str, words: Range<usize>) -> Range<usize> {
    match text[words.clone()].strip_prefix("- ") {
        Some(rest) => trimmed(text, words.end - rest.len()..words.end),
        None => words,
    }
}

/// One value, or those of a list in brackets.
fn values(text: &str, words: Range<usize>) -> Vec<Range<usize>> {
    let inner = text[words.clone()].strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match inner.filter(|inner| !inner.starts_with('[')) {
        Some(inner) => {
            let mut at = words.start + 1;
            let parts = inner.split(',').map(|part| {
                at += part.len() + 1;
                unquoted(text, trimmed(text, at - 1 - part.len()..at - 1))
            });
            parts.filter(|part| !part.is_empty()).collect()
        }
        None => vec![unquoted(text, words)],
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let words = &text[range.clone()];
    let start = range.start + (words.len() - words.trim_start().len());
    start..(start + words.trim().len())
}

fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let words = &text[range.clone()];
    let is_quoted = |quote: char| words.len() > 1 && words.starts_with(quote) && words.ends_with(quote);
    if is_quoted('"') || is_quoted('\'') { range.start + 1..range.end - 1 } else { range }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, rows: &[(&str, &[&str])]) {
        let front = read(text).unwrap_or_else(|| panic!("{text:?} has one"));
        let shown: Vec<(&str, Vec<&str>)> = front
            .rows
            .iter()
            .map(|row| {
                (&text[row.name.clone()], row.values.iter().map(|value| &text[value.clone()]).collect())
            })
            .collect();
        let rows: Vec<(&str, Vec<&str>)> =
            rows.iter().map(|(name, values)| (*name, values.to_vec())).collect();
        assert_eq!(shown, rows, "{text:?}");
        assert!(text[front.end..].is_empty() || text[front.end..].starts_with("text"), "{text:?}");
    }

    #[test]
    fn each_property_is_a_row() {
        check("---\ntitle: A: b\nempty:\n---\ntext", &[("title", &["A: b"]), ("empty", &[])]);
        check("---\r\n\"a b\": 'c'\r\n---\r\ntext", &[("a b", &["c"])]);
        check("---\ntags: [a, \"b\", c d]\n---\n", &[("tags", &["a", "b", "c d"])]);
        check(
            "---\ntags:\n  - a\n  - b\naliases:\n- c\n---\n",
            &[("tags", &["a", "b"]), ("aliases", &["c"])],
        );
        check(
            "---\nlong: |\n  one\n  two\nurl: https://a.example\n---\n",
            &[("long", &["one", "two"]), ("url", &["https://a.example"])],
        );
        check(
            "---\nup: \"[[Bread]]\"\nnested:\n  a: 1\n---\n",
            &[("up", &["[[Bread]]"]), ("nested", &["a: 1"])],
        );
        check("\u{feff}---\na: b\n...\n", &[("a", &["b"])]);
        check("---\n---\n", &[]);
    }

    #[test]
    fn what_is_no_table_is_not_made_one() {
        check("---\njust words\n---\n", &[]);
        check("+++\na = 1\n+++\ntext", &[]);
        check("{\n  \"a\": {}\n}\ntext", &[]);
        check("---\n- a\n---\n", &[]);
        for text in [
            "",
            "text",
            "+++\na = 1",
            "{\"a\": 1",
            "{\"a\": 1} text",
            "{{a}}",
            "---\nno end",
            "--- \nx: y",
            " ---\n---\n",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
