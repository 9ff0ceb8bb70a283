//! reStructuredText: sections told by the lines drawn under them, directives, comments, tables. No directive is run.

mod inline;
mod table;

use std::ops::Range;

use ibid_core::document::{Document, PropertyValue};
use ibid_core::id::DocumentPath;
use ibid_core::query::day_of;

use super::code::LANGUAGE_KEY;
use super::outline::{Outline, trimmed};
use super::plain::titled;
use super::{
    Block, BlockKind, Extracted, Fact, MAX_LINKS, MAX_PROPERTIES, Reading, lines, merged, name_of, span_of,
};

/// A shorter line under a title must be as long as the title.
const MIN_ADORNMENT_CHARS: usize = 4;

/// Directives whose body is code or as good as code.
const CODE: [&str; 7] =
    ["code-block", "code", "sourcecode", "literalinclude", "parsed-literal", "math", "highlight"];

pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let mut reader = Reader::over(path, text);
    while reader.next < reader.lines.len() {
        reader.step();
    }
    let Reader { mut document, outline, mut reading, .. } = reader;
    if let Some(title) = outline.title().filter(|title| !title.is_empty()) {
        document.title = title.to_owned();
    }
    let named = document.properties.iter().find(|(key, _)| key == "title");
    if let Some((_, PropertyValue::Text(title))) = named.filter(|_| outline.title().is_none()) {
        document.title.clone_from(title);
    }
    let (headings, blocks) = outline.over(text, BlockKind::Paragraph);
    document.headings = headings;
    reading.comments = merged(reading.comments);
    document.links = links(text, &blocks, &reading);
    Extracted { document, blocks, reading }
}

/// The links of the blocks that are no code, outside comments.
fn links(text: &str, blocks: &[Block], reading: &Reading) -> Vec<ibid_core::document::Link> {
    let is_read = |block: &&Block| block.kind != BlockKind::Code;
    let found = blocks.iter().filter(is_read).flat_map(|block| inline::links(text, block.span.range()));
    let is_hidden = |link: &ibid_core::document::Link| {
        let next = reading.comments.partition_point(|comment| comment.end() <= link.span.start());
        reading.comments.get(next).is_some_and(|comment| comment.start() <= link.span.start())
    };
    found.filter(|link| !is_hidden(link)).take(MAX_LINKS).collect()
}

struct Reader<'t> {
    text: &'t str,
    lines: Vec<Range<usize>>,
    next: usize,
    document: Document,
    outline: Outline,
    reading: Reading,
    /// The ways in which titles were drawn so far: the sign, and whether it stood above too.
    styles: Vec<(char, bool)>,
    after_blank: bool,
    /// Whether nothing but titles and fields was read.
    at_head: bool,
    /// The indents of the lists around.
    lists: Vec<usize>,
    /// Whether the last paragraph said that code follows.
    leads_to_code: bool,
}

impl<'t> Reader<'t> {
    fn over(path: &DocumentPath, text: &'t str) -> Reader<'t> {
        Reader {
            text,
            lines: lines(text).collect(),
            next: 0,
            document: titled(path),
            outline: Outline::default(),
            reading: Reading::default(),
            styles: Vec::new(),
            after_blank: true,
            at_head: true,
            lists: Vec::new(),
            leads_to_code: false,
        }
    }

    /// The words of a line, without white space at its end; empty beyond the text.
    fn words(&self, line: usize) -> &'t str {
        self.lines
            .get(line)
            .map_or("", |line| self.text[line.clone()].trim_start_matches('\u{feff}').trim_end())
    }

    /// Reads a line, or a construct of several.
    fn step(&mut self) {
        let words = self.words(self.next);
        let inner = words.trim_start();
        let indent = words.len() - inner.len();
        if inner.is_empty() {
            self.after_blank = true;
            self.next += 1;
            return;
        }
        let follows_code = std::mem::replace(&mut self.leads_to_code, false);
        if indent == 0 && (self.title() || self.rule(words)) {
            return;
        }
        if self.after_blank && self.at_head && self.field(inner) {
            return;
        }
        self.at_head = false;
        if inner == ".." || inner.starts_with(".. ") {
            return self.explicit(indent, inner);
        }
        if self.after_blank {
            if follows_code && indent > self.lists.last().copied().unwrap_or(0) {
                return self.body(indent, BlockKind::Code);
            }
            if inner.starts_with(">>> ") {
                return self.doctest();
            }
            if table::begins(self, self.next) {
                return table::read(self);
            }
        }
        self.prose(indent, inner);
    }

    /// Reads a line of a paragraph or list.
    fn prose(&mut self, indent: usize, inner: &str) {
        let line = self.lines[self.next].clone();
        let mark = item_mark(inner);
        let in_list = !self.lists.is_empty();
        if self.after_blank || mark {
            while self.lists.pop_if(|list| *list >= indent).is_some() {}
        }
        if mark && (self.after_blank || in_list) {
            self.outline.block_within(line.start, BlockKind::ListItem, self.lists.len());
            // A nested list's depth is no measure of anything beyond what a reader sees.
            if self.lists.len() < usize::from(u8::MAX) {
                self.lists.push(indent);
            }
        } else if self.after_blank {
            self.outline.block_within(line.start, BlockKind::Paragraph, self.lists.len());
        }
        self.leads_to_code = inner.ends_with("::");
        self.after_blank = false;
        self.next += 1;
    }

    /// Reads a title with the lines drawn around it.
    fn title(&mut self) -> bool {
        let first = self.words(self.next);
        let (name, under, over) = match adornment(first) {
            Some(_) => (self.words(self.next + 1), self.words(self.next + 2), Some(first)),
            None => (first, self.words(self.next + 1), None),
        };
        let Some(sign) = adornment(under) else { return false };
        let fits = under.len() >= MIN_ADORNMENT_CHARS || under.len() >= name.chars().count();
        let is_name = !name.trim().is_empty() && adornment(name).is_none();
        if !fits
            || !is_name
            || over.is_some_and(|over| over != under)
            || (over.is_none() && !self.after_blank)
        {
            return false;
        }
        let style = (sign, over.is_some());
        let known = self.styles.iter().position(|known| *known == style);
        let level = known.unwrap_or_else(|| {
            self.styles.push(style);
            self.styles.len() - 1
        });
        let n_lines = 2 + usize::from(over.is_some());
        let start = self.lines[self.next].start;
        let end = self.lines[self.next + n_lines - 1].end;
        let level = u8::try_from(level + 1).unwrap_or(u8::MAX);
        self.outline.heading(start, level, &inline::shown(name), trimmed(self.text, start..end));
        self.next += n_lines;
        self.lists.clear();
        self.after_blank = true;
        true
    }

    fn rule(&mut self, words: &str) -> bool {
        let is_rule = self.after_blank
            && words.len() >= MIN_ADORNMENT_CHARS
            && adornment(words).is_some()
            && self.words(self.next + 1).is_empty();
        if is_rule {
            self.outline.block(self.lines[self.next].start, BlockKind::Rule);
            self.next += 1;
        }
        is_rule
    }

    /// Reads the fields `:key: value` at the head of the text.
    fn field(&mut self, inner: &str) -> bool {
        if field(inner).is_none() {
            return false;
        }
        let kind = if self.outline.is_empty() { BlockKind::FrontMatter } else { BlockKind::Paragraph };
        self.outline.block(self.lines[self.next].start, kind);
        while let Some((key, value)) = field(self.words(self.next)) {
            let value = match day_of(value) {
                Some(day) if value.len() >= 10 => PropertyValue::Date(value.to_owned(), day),
                _ => PropertyValue::Text(value.to_owned()),
            };
            if self.document.properties.len() < MAX_PROPERTIES {
                self.document.properties.push((name_of(&key.to_lowercase()), value));
            }
            self.next += 1;
            // The rest of a long value is not read.
            while !self.words(self.next).is_empty() && self.words(self.next).starts_with([' ', '\t']) {
                self.next += 1;
            }
        }
        self.after_blank = false;
        true
    }

    /// Reads what begins with two dots: a directive, a definition, or a comment.
    fn explicit(&mut self, indent: usize, inner: &str) {
        let line = self.lines[self.next].clone();
        let rest = inner[2..].trim_start();
        let directive = rest.split_once("::").filter(|(name, _)| is_directive(name));
        while self.lists.pop_if(|list| *list >= indent).is_some() {}
        if rest.starts_with(['_', '[', '|']) {
            self.outline.block_within(line.start, BlockKind::Definition, self.lists.len());
            self.after_blank = false;
            self.next += 1;
            return;
        }
        let Some((name, argument)) = directive else {
            let end = self.body_end(indent + 1);
            self.reading.comments.push(span_of(trimmed(self.text, line.start..self.lines[end - 1].end)));
            return self.body(indent + 1, BlockKind::Paragraph);
        };
        let mark = self.text[line.clone()].find(inner).map_or(line.start, |at| line.start + at);
        let mark_end = mark + (inner.len() - argument.len());
        self.reading.noise.push(span_of(mark..mark_end));
        if CODE.contains(&name) {
            let end = self.body_end(indent + 1);
            let language = argument.split_whitespace().next();
            if let Some(language) = language.filter(|_| matches!(name, "code-block" | "code" | "sourcecode"))
            {
                let span = span_of(trimmed(self.text, line.start..self.lines[end - 1].end));
                let value = PropertyValue::Text(name_of(&language.to_lowercase()));
                self.reading.facts.push(Fact { span, key: LANGUAGE_KEY.into(), value });
            }
            return self.body(indent + 1, BlockKind::Code);
        }
        // What stands in another directive is text like all other.
        self.outline.block_within(line.start, BlockKind::Paragraph, self.lists.len());
        self.after_blank = false;
        self.next += 1;
    }

    /// One past the last line of what begins with the next line and goes on with lines indented at least so far.
    fn body_end(&self, indent: usize) -> usize {
        let mut end = self.next + 1;
        for line in self.next + 1..self.lines.len() {
            let words = self.words(line);
            if words.is_empty() {
                continue;
            }
            if words.len() - words.trim_start().len() < indent {
                break;
            }
            end = line + 1;
        }
        end
    }

    /// Reads the next line and what is indented under it as one block.
    fn body(&mut self, indent: usize, kind: BlockKind) {
        let end = self.body_end(indent);
        self.outline.block_within(self.lines[self.next].start, kind, self.lists.len());
        self.next = end;
        self.after_blank = true;
    }

    fn doctest(&mut self) {
        self.outline.block_within(self.lines[self.next].start, BlockKind::Code, self.lists.len());
        while !self.words(self.next).is_empty() {
            self.next += 1;
        }
    }
}

/// The sign a line is drawn with, if it is nothing but one repeated.
fn adornment(line: &str) -> Option<char> {
    let first = line.chars().next().filter(char::is_ascii_punctuation)?;
    (line.len() >= 2 && line.chars().all(|c| c == first) && line != "..").then_some(first)
}

/// The key and value of a field.
fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_key = !key.is_empty() && !key.starts_with(' ') && !key.contains('`');
    (is_key && (value.is_empty() || value.starts_with(' '))).then_some((key, value.trim()))
}

fn is_directive(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_+:.".contains(c))
}

/// Whether a line begins a list item.
fn item_mark(inner: &str) -> bool {
    let mark = inner.split([' ', '\t']).next().unwrap_or_default();
    let number = mark.trim_start_matches('(').trim_end_matches(['.', ')']);
    let is_number = number == "#"
        || (!number.is_empty() && number.len() < 10 && number.bytes().all(|b| b.is_ascii_digit()));
    matches!(mark, "-" | "*" | "+" | "•") || (is_number && mark.ends_with(['.', ')']))
}

#[cfg(test)]
mod tests;
