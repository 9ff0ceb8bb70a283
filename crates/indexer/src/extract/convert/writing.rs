//! Pieces of Markdown that every kind of file needs: front matter, fences, and prose that means no syntax.
//!
//! Little is escaped: people quote these texts. Only what would change the structure of the whole is, such as a line
//! that would become a heading; a star stays a star.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::extract::MAX_TAGS;

/// The longest value in front matter, in bytes; a subject line has a tenth of it.
const MAX_VALUE_BYTES: usize = 1024;
/// The most values of one list in front matter.
const MAX_VALUES: usize = 64;
/// How deep headings go.
const MAX_LEVEL: usize = 6;

/// Front matter while it is gathered: what a file says of itself.
#[derive(Debug, Default)]
pub(super) struct Front {
    yaml: String,
    tags: Vec<String>,
    seen: HashSet<String>,
}

impl Front {
    /// Adds a property as a quoted string; nothing where the value is blank.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        let value = one_line(value);
        if !value.is_empty() {
            self.yaml.push_str(key);
            self.yaml.push_str(": ");
            self.quote(&value);
            self.yaml.push('\n');
        }
    }

    /// Adds a list of quoted strings; nothing where all values are blank.
    pub(super) fn add_list<V: AsRef<str>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        let values: Vec<_> = values
            .into_iter()
            .map(|value| one_line(value.as_ref()))
            .filter(|value| !value.is_empty())
            .take(MAX_VALUES)
            .collect();
        self.list(key, &values);
    }

    /// Adds tags; what is blank is none. All are kept: any of them may say that the file is private.
    pub(super) fn add_tags<'t>(&mut self, tags: impl IntoIterator<Item = &'t str>) {
        let tags = tags.into_iter().map(one_line).filter(|tag| !tag.is_empty());
        for tag in tags.take(MAX_TAGS) {
            if self.seen.insert(tag.clone()) {
                self.tags.push(tag);
            }
        }
    }

    /// The front matter with its dashes and a blank line after it; empty where nothing was added.
    pub(super) fn finish(mut self) -> String {
        let tags = std::mem::take(&mut self.tags);
        self.list("tags", &tags);
        match self.yaml.is_empty() {
            true => String::new(),
            false => format!("---\n{}---\n\n", self.yaml),
        }
    }

    fn list(&mut self, key: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        self.yaml.push_str(key);
        self.yaml.push_str(":\n");
        for value in values {
            self.yaml.push_str("  - ");
            self.quote(value);
            self.yaml.push('\n');
        }
    }

    fn quote(&mut self, value: &str) {
        self.yaml.push('"');
        for character in value.chars() {
            if matches!(character, '"' | '\\') {
                self.yaml.push('\\');
            }
            self.yaml.push(character);
        }
        self.yaml.push('"');
    }
}

/// The text on one line with single spaces and nothing that YAML forbids, cut to [`MAX_VALUE_BYTES`].
pub(super) fn one_line(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(4 * MAX_VALUE_BYTES)];
    let mut line = String::new();
    let printable = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}');
    for word in text.split(|c: char| c.is_whitespace() || !printable(c)).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.truncate(line.floor_char_boundary(MAX_VALUE_BYTES));
    line
}

/// Appends `code` as a fenced block that nothing inside can close, with a blank line after it.
pub(super) fn fence(out: &mut String, language: &str, code: &str) {
    let mut longest = 0;
    let mut run = 0;
    for byte in code.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.');
    out.push_str(&fence);
    out.extend(language.chars().take_while(is_name).take(32));
    out.push('\n');
    let code = code.trim_end_matches(['\n', '\r']);
    if !code.is_empty() {
        out.push_str(code);
        out.push('\n');
    }
    out.push_str(&fence);
    out.push_str("\n\n");
}

/// A line of prose such that it opens no heading, rule, front matter, fence or comment, and no tag of HTML.
///
/// Markers of lists and quotes stay: what looks like a list reads as one.
pub(super) fn prose_line(line: &str) -> Cow<'_, str> {
    match prose(line) {
        Cow::Borrowed(line) => line_start(line),
        Cow::Owned(line) => Cow::Owned(line_start(&line).into_owned()),
    }
}

/// The same for a line whose inside is done: only how it begins is looked at.
pub(super) fn line_start(line: &str) -> Cow<'_, str> {
    let body = line.trim_start();
    let opens = match body.as_bytes().first() {
        Some(b'#') => heading_level(body).is_some(),
        Some(b'-' | b'=' | b'*' | b'_') => is_rule(body),
        Some(b'`') => body.starts_with("```"),
        Some(b'~') => body.starts_with("~~~"),
        Some(b'$') => body.starts_with("$$"),
        _ => false,
    };
    if !opens {
        return Cow::Borrowed(line);
    }
    let indent = line.len() - body.len();
    Cow::Owned(format!("{}\\{body}", &line[..indent]))
}

/// Prose such that nothing inside a line is a tag of HTML, a wikilink, a footnote or a comment of Obsidian.
pub(super) fn prose(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let next_is = |at: usize, of: &[u8]| bytes.get(at + 1).is_some_and(|byte| of.contains(byte));
    let means = |at: usize| match bytes[at] {
        b'<' => next_is(at, b"/!?") || bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic),
        b'[' => next_is(at, b"[^"),
        b']' => next_is(at, b"(:"),
        b'%' => next_is(at, b"%"),
        _ => false,
    };
    let mut escaped = String::new();
    let mut done = 0;
    for at in 0..bytes.len() {
        if matches!(bytes[at], b'<' | b'[' | b']' | b'%') && means(at) {
            escaped.push_str(&text[done..at]);
            escaped.push('\\');
            done = at;
        }
    }
    match done == 0 && escaped.is_empty() {
        true => Cow::Borrowed(text),
        false => {
            escaped.push_str(&text[done..]);
            Cow::Owned(escaped)
        }
    }
}

/// A link to `href`; only the label where there is no more to say, or where a link could not hold it.
pub(super) fn link(label: &str, href: &str) -> String {
    let trimmed = label.trim();
    if trimmed.is_empty() || trimmed == href || trimmed.contains('\n') {
        return label.to_owned();
    }
    let start = label.len() - label.trim_start().len();
    let (before, after) = (&label[..start], &label[start + trimmed.len()..]);
    format!("{before}[{trimmed}]({}){after}", target(href))
}

/// A target as it stands in a link.
pub(super) fn target(href: &str) -> String {
    let href: String = href.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
    match href.contains([' ', '(', ')']) {
        true => format!("<{href}>"),
        false => href,
    }
}

/// The level of the heading a line is, if it is one: up to six `#` and then white space or nothing.
fn heading_level(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let after = line.as_bytes().get(level);
    ((1..=MAX_LEVEL).contains(&level) && after.is_none_or(u8::is_ascii_whitespace)).then_some(level)
}

/// Whether a line is nothing but a run of `-`, `=`, `*` or `_`: a rule, or the underline of a heading.
fn is_rule(line: &str) -> bool {
    let mark = line.as_bytes().first().copied().unwrap_or(b' ');
    line.bytes().all(|byte| byte == mark || byte.is_ascii_whitespace())
}

/// Markdown that somebody wrote, put below `levels` of headings that are ours: its headings go down by as many levels,
/// its open fence is closed, and none of its lines swallows what comes after.
pub(super) fn nested(markdown: &str, levels: usize) -> String {
    let mut out = String::with_capacity(markdown.len() + 16);
    let mut open: Option<&str> = None;
    let mut below_text = false;
    for line in markdown.lines() {
        let body = line.trim_start();
        if let Some(fence) = open {
            if body.starts_with(fence) && body.trim_start_matches(&fence[..1]).trim().is_empty() {
                open = None;
            }
            out.push_str(line);
        } else if let Some(fence) = opened_fence(body) {
            open = Some(fence);
            out.push_str(line);
        } else {
            out.push_str(&line[..line.len() - body.len()]);
            match heading_level(body) {
                Some(level) => {
                    out.extend(std::iter::repeat_n('#', (level + levels).min(MAX_LEVEL)));
                    out.push_str(&body[level..]);
                }
                None => {
                    let underlines = below_text && is_rule(body) && body.starts_with(['-', '=']);
                    if levels > 0 && underlines || swallows(body) {
                        out.push('\\');
                    }
                    out.push_str(body);
                }
            }
        }
        below_text = open.is_none() && !body.is_empty();
        out.push('\n');
    }
    if let Some(fence) = open {
        out.push_str(fence);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

/// The fence a line opens.
fn opened_fence(body: &str) -> Option<&str> {
    let mark = *body.as_bytes().first().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = body.bytes().take_while(|byte| *byte == mark).count();
    // A line of code in backticks is no fence.
    let is_fence = length >= 3 && (mark == b'~' || !body[length..].contains('`'));
    is_fence.then(|| &body[..length])
}

/// Whether a line opens HTML that ends with its own mark only, wherever that may be.
fn swallows(body: &str) -> bool {
    const OPENERS: [&str; 7] = ["<!", "<?", "<script", "<pre", "<style", "<textarea", "%%"];
    OPENERS
        .iter()
        .any(|opener| body.get(..opener.len()).is_some_and(|start| start.eq_ignore_ascii_case(opener)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_valid_yaml_whatever_the_values() {
        let hostile = "a: \"b\" \\ 'c'\n--- # {x}\u{0}\u{85}\u{feff} [y] 日本 \u{1f600}";
        let mut front = Front::default();
        front.add("title", hostile);
        front.add("empty", " \n ");
        front.add_list("to", [hostile, "", "b"]);
        let front = front.finish();
        let yaml = front.strip_prefix("---\n").unwrap().strip_suffix("---\n\n").unwrap();
        let read: std::collections::BTreeMap<String, serde_json::Value> =
            serde_saphyr::from_str(yaml).unwrap();
        let expected = "a: \"b\" \\ 'c' --- # {x} [y] 日本 \u{1f600}";
        assert_eq!(read["title"], expected);
        assert_eq!(read["to"], serde_json::json!([expected, "b"]));
        assert_eq!(read.len(), 2);
        assert_eq!(Front::default().finish(), "");
    }

    #[test]
    fn prose_keeps_its_words_and_opens_nothing() {
        for (line, expected) in [
            ("plain *words* with_signs [1] a < b & c", "plain *words* with_signs [1] a < b & c"),
            ("# not a heading", "\\# not a heading"),
            ("#tag", "#tag"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("- - -", "\\- - -"),
            ("- item", "- item"),
            ("```rust", "\\```rust"),
            ("~~~", "\\~~~"),
            ("a <div> [[b]] [^1] [c](d) %%e%%", "a \\<div> \\[[b]] \\[^1] [c\\](d) \\%%e\\%%"),
            ("", ""),
        ] {
            assert_eq!(prose_line(line), expected, "{line}");
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        for (language, code, expected) in [
            ("rust", "fn main() {}\n", "```rust\nfn main() {}\n```\n\n"),
            ("", "", "```\n```\n\n"),
            ("a b`", "```\nx", "````a\n```\nx\n````\n\n"),
        ] {
            let mut out = String::new();
            fence(&mut out, language, code);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn what_is_nested_stays_below_the_headings_above_it() {
        for (markdown, expected) in [
            ("# A\ntext\n##### B", "### A\ntext\n###### B"),
            ("```\n# code\n```\n# A", "```\n# code\n```\n### A"),
            ("```python\nopen", "```python\nopen\n```"),
            ("~~~~\n~~~\nopen", "~~~~\n~~~\nopen\n~~~~"),
            ("Title\n===\nText\n---\n\n---\nEnd", "Title\n\\===\nText\n\\---\n\n---\nEnd"),
            ("<!-- open", "\\<!-- open"),
            ("<b>x</b>", "<b>x</b>"),
            ("```inline``` code\n# A", "```inline``` code\n### A"),
        ] {
            assert_eq!(nested(markdown, 2), expected, "{markdown}");
        }
    }
}
