//! Org mode: headlines with their states, tags, dates and drawers, and the blocks between them. Nothing is evaluated.
//!
//! Citations need byte ranges, and hostile texts linear time, so the few constructs that matter here are read by
//! their lines.

mod headline;
mod link;

use std::collections::BTreeSet;
use std::ops::Range;

use ibid_core::document::{BlockId, Document, PropertyValue};
use ibid_core::id::DocumentPath;
use ibid_core::query::day_of;

use self::headline::{Headline, States};
use super::code::LANGUAGE_KEY;
use super::outline::{Outline, trimmed};
use super::plain::titled;
use super::{
    Aside, BlockKind, Extracted, Fact, MAX_LINKS, MAX_PROPERTIES, MAX_TAGS, Reading, lines, merged, name_of,
    span_of,
};

/// The blocks between `#+begin_` and `#+end_` that are known, and what they are.
const BLOCKS: [(&str, BlockKind); 7] = [
    ("src", BlockKind::Code),
    ("example", BlockKind::Code),
    ("export", BlockKind::Html),
    ("quote", BlockKind::Quote),
    ("verse", BlockKind::Quote),
    ("center", BlockKind::Paragraph),
    ("comment", BlockKind::Paragraph),
];

/// Keywords that belong to what follows them and say nothing of the file.
const AFFILIATED: [&str; 7] = ["caption", "name", "header", "headers", "results", "plot", "include"];

pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let mut reader = Reader::over(path, text);
    while reader.next < reader.lines.len() {
        reader.step();
    }
    reader.end_section(text.len(), 0);
    let Reader { mut document, outline, mut reading, tags, .. } = reader;
    if document.title.is_empty() {
        document.title = outline.title().map_or_else(|| name_of(path.stem()), str::to_owned);
    }
    document.tags = tags;
    let (headings, blocks) = outline.over(text, BlockKind::Paragraph);
    document.headings = headings;
    reading.comments = merged(reading.comments);
    reading.noise = merged(reading.noise);
    reading.facts.sort_by_key(|fact| fact.span.start());
    Extracted { document, blocks, reading }
}

/// What the lines before leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing: a line of words begins a block.
    Blank,
    /// Words that go on.
    Words,
    /// A table; where its rows begin.
    Table(usize),
    /// Keywords at the head of the file.
    Keywords,
}

struct Reader<'t> {
    text: &'t str,
    lines: Vec<Range<usize>>,
    next: usize,
    document: Document,
    outline: Outline,
    reading: Reading,
    states: States,
    tags: Vec<String>,
    known_tags: BTreeSet<String>,
    before: Before,
    /// Where the last headline stands, and how many facts there were before it.
    section: Option<(Range<usize>, usize)>,
    /// Where a commented subtree begins, and its level.
    commented: Option<(usize, usize)>,
    /// The indents of the lists around.
    lists: Vec<usize>,
    /// Up to which line no end of each kind of block stands.
    unclosed: [usize; BLOCKS.len()],
}

impl<'t> Reader<'t> {
    fn over(path: &DocumentPath, text: &'t str) -> Reader<'t> {
        let mut document = titled(path);
        document.title.clear();
        Reader {
            text,
            lines: lines(text).collect(),
            next: 0,
            document,
            outline: Outline::default(),
            reading: Reading::default(),
            states: States::default(),
            tags: Vec::new(),
            known_tags: BTreeSet::new(),
            before: Before::Blank,
            section: None,
            commented: None,
            lists: Vec::new(),
            unclosed: [0; BLOCKS.len()],
        }
    }

    /// The words of a line, without white space at its end.
    fn words(&self, line: usize) -> &'t str {
        self.lines
            .get(line)
            .map_or("", |line| self.text[line.clone()].trim_start_matches('\u{feff}').trim_end())
    }

    /// Reads a line, or a block of lines.
    fn step(&mut self) {
        let line = self.lines[self.next].clone();
        let words = self.words(self.next);
        let inner = words.trim_start();
        let indent = words.len() - inner.len();
        if let Some(headline) = headline::read(words, &self.states) {
            self.headline(line, &headline);
        } else if inner.is_empty() {
            self.before = Before::Blank;
        } else if inner == "#" || inner.starts_with("# ") {
            self.reading.comments.push(span_of(trimmed(self.text, line.clone())));
            self.open(line.start, BlockKind::Paragraph);
        } else if let Some(keyword) = inner.strip_prefix("#+") {
            return self.keyword(line, keyword);
        } else if self.drawer(inner) {
            return;
        } else if inner.starts_with('|') {
            self.table_row(line, inner);
        } else if inner.len() >= 5 && inner.bytes().all(|byte| byte == b'-') {
            self.outline.block(line.start, BlockKind::Rule);
            self.before = Before::Blank;
        } else if let Some(mark) = item_mark(words, indent) {
            self.item(line, indent, mark);
        } else {
            let is_definition = indent == 0 && inner.starts_with("[fn:");
            if self.before == Before::Blank {
                while self.lists.pop_if(|list| *list >= indent).is_some() {}
            }
            if is_definition {
                self.before = Before::Blank;
            }
            self.open(line.start, if is_definition { BlockKind::Definition } else { BlockKind::Paragraph });
            self.links(line);
        }
        self.next += 1;
    }

    /// Begins a block where the lines before do not go on.
    fn open(&mut self, at: usize, kind: BlockKind) {
        if self.before != Before::Words {
            self.outline.block_within(at, kind, self.lists.len());
        }
        self.before = Before::Words;
    }

    fn headline(&mut self, line: Range<usize>, headline: &Headline<'_>) {
        self.end_section(line.start, headline.level);
        let shown = trimmed(self.text, line.clone());
        let level = u8::try_from(headline.level).unwrap_or(u8::MAX);
        let name = link::shown(headline.words);
        self.outline.heading(line.start, level, &name, shown);
        self.section = Some((line.clone(), self.reading.facts.len()));
        for tag in headline.tags() {
            self.tag(tag);
        }
        if let Some(state) = headline.state {
            self.fact("task", PropertyValue::Text(state.to_owned()));
        }
        if headline.is_comment && self.commented.is_none() {
            self.commented = Some((line.start, headline.level));
        }
        self.links(line);
        self.lists.clear();
        self.before = Before::Blank;
        let planning = self.words(self.next + 1);
        for (key, mark) in [("due", "DEADLINE:"), ("scheduled", "SCHEDULED:"), ("closed", "CLOSED:")] {
            if let Some(value) = planned(planning, mark) {
                self.fact(key, value);
            }
        }
    }

    /// Gives the facts of the last headline their span, and ends the comment that a headline of this level ends.
    fn end_section(&mut self, end: usize, level: usize) {
        if let Some((line, first)) = self.section.take() {
            for fact in &mut self.reading.facts[first..] {
                if fact.span.range().start == line.start {
                    fact.span = span_of(line.start..end);
                }
            }
        }
        if let Some((start, _)) = self.commented.take_if(|(_, around)| level <= *around) {
            self.reading.comments.push(span_of(start..end));
        }
    }

    /// Notes a fact of the section; its end is not known yet.
    fn fact(&mut self, key: &str, value: PropertyValue) {
        let Some((line, _)) = &self.section else { return };
        let span = span_of(line.start..line.start);
        self.reading.facts.push(Fact { span, key: key.to_owned().into(), value });
    }

    fn tag(&mut self, tag: &str) {
        if self.tags.len() < MAX_TAGS && self.known_tags.insert(tag.to_lowercase()) {
            self.tags.push(name_of(tag));
        }
    }

    /// Reads a line that begins with `#+`, whose rest is `keyword`, or the block it opens.
    fn keyword(&mut self, line: Range<usize>, keyword: &str) {
        let block = keyword.get(..6).filter(|mark| mark.eq_ignore_ascii_case("begin_"));
        if block.is_some() && self.block(&line, &keyword[6..]) {
            return;
        }
        self.next += 1;
        let at_head = self.section.is_none() && self.before != Before::Words;
        let Some((key, value)) = keyword.split_once(':').filter(|(key, _)| !key.contains(' ')) else {
            return self.open(line.start, BlockKind::Paragraph);
        };
        let (key, value) = (name_of(&key.to_lowercase()), value.trim());
        let affiliated = AFFILIATED.contains(&key.as_str()) || key.starts_with("attr_");
        if affiliated || !at_head {
            return self.open(line.start, BlockKind::Paragraph);
        }
        let is_first = self.outline.is_empty();
        if self.before != Before::Keywords {
            self.outline
                .block(line.start, if is_first { BlockKind::FrontMatter } else { BlockKind::Paragraph });
        }
        self.before = Before::Keywords;
        match key.as_str() {
            "title" if self.document.title.is_empty() => self.document.title = name_of(value),
            "filetags" => value.split([':', ' ']).filter(|tag| !tag.is_empty()).for_each(|tag| self.tag(tag)),
            "todo" | "seq_todo" | "typ_todo" => self.states.add(value),
            _ => {}
        }
        self.property(key, value);
    }

    fn property(&mut self, key: String, value: &str) {
        if self.document.properties.len() < MAX_PROPERTIES {
            let value = match day_of(value.trim_matches(['<', '>', '[', ']'])) {
                Some(day) if value.len() >= 10 => PropertyValue::Date(value.to_owned(), day),
                _ => PropertyValue::Text(value.to_owned()),
            };
            self.document.properties.push((key, value));
        }
    }

    /// Reads the block that a line opens; whether it is closed.
    fn block(&mut self, line: &Range<usize>, opening: &str) -> bool {
        let (name, rest) = opening.split_once(' ').unwrap_or((opening, ""));
        let Some(index) = BLOCKS.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)) else {
            return false;
        };
        let (name, kind) = BLOCKS[index];
        let Some(last) = self.block_end(index, name) else { return false };
        self.outline.block_within(line.start, kind, self.lists.len());
        let range = line.start..self.lines[last].end;
        let language = rest.split_whitespace().next().filter(|word| !word.starts_with([':', '-']));
        if let Some(language) = language.filter(|_| name == "src") {
            let value = PropertyValue::Text(name_of(language));
            self.reading.facts.push(Fact { span: span_of(range.clone()), key: LANGUAGE_KEY.into(), value });
        }
        if name == "comment" {
            self.reading.comments.push(span_of(trimmed(self.text, range)));
        } else {
            self.reading.noise.push(span_of(trimmed(self.text, line.start..line.end)));
            self.reading.noise.push(span_of(trimmed(self.text, self.lines[last].clone())));
        }
        if kind != BlockKind::Code && kind != BlockKind::Html {
            for line in self.next + 1..last {
                self.links(self.lines[line].clone());
            }
        }
        self.next = last + 1;
        self.before = Before::Blank;
        true
    }

    /// The line that closes a block, before the next headline. Lines that were looked at in vain are not again.
    fn block_end(&mut self, index: usize, name: &str) -> Option<usize> {
        if self.next < self.unclosed[index] {
            return None;
        }
        let closes = |words: &str| {
            words.get(..6).is_some_and(|mark| mark.eq_ignore_ascii_case("#+end_"))
                && words[6..].eq_ignore_ascii_case(name)
        };
        for line in self.next + 1..self.lines.len() {
            let words = self.words(line);
            if closes(words.trim_start()) {
                return Some(line);
            }
            if headline::level(words).is_some() {
                self.unclosed[index] = line;
                return None;
            }
        }
        self.unclosed[index] = self.lines.len();
        None
    }

    /// Reads a drawer of properties that begins here, if one does; another drawer's marks are noise.
    fn drawer(&mut self, words: &str) -> bool {
        if !words.starts_with(':') || !words.ends_with(':') || words.len() < 3 || words.contains(' ') {
            return false;
        }
        let line = self.lines[self.next].clone();
        let in_properties = words.eq_ignore_ascii_case(":properties:");
        let at_head = self.section.is_none() && self.outline.is_empty();
        if self.before != Before::Words {
            let kind = if at_head && in_properties { BlockKind::FrontMatter } else { BlockKind::Paragraph };
            self.outline.block(line.start, kind);
            self.before = if at_head && in_properties { Before::Keywords } else { Before::Words };
        }
        self.reading.noise.push(span_of(trimmed(self.text, line)));
        self.next += 1;
        if in_properties {
            self.drawer_properties();
        }
        true
    }

    /// Reads the properties of a drawer, and the line that closes it.
    fn drawer_properties(&mut self) {
        while let Some((key, value)) = property(self.words(self.next)) {
            let line = self.next;
            self.next += 1;
            if key.eq_ignore_ascii_case("end") {
                self.reading.noise.push(span_of(trimmed(self.text, self.lines[line].clone())));
                return;
            }
            self.drawer_property(key, value);
        }
    }

    /// Notes a property of the file, or of the headline it stands under.
    fn drawer_property(&mut self, key: &str, value: &str) {
        let span = self.section.as_ref().map(|(line, _)| span_of(trimmed(self.text, line.clone())));
        if key.eq_ignore_ascii_case("id")
            && let Some(span) = span
            && self.document.block_ids.len() < MAX_PROPERTIES
        {
            self.document.block_ids.push(BlockId { name: name_of(value), span });
        }
        let key = name_of(&key.to_lowercase());
        match span {
            None => self.property(key, value),
            Some(_) if self.reading.facts.len() < MAX_PROPERTIES => {
                self.fact(&key, PropertyValue::Text(value.to_owned()));
            }
            Some(_) => {}
        }
    }

    fn table_row(&mut self, line: Range<usize>, words: &str) {
        let is_rule = |words: &str| words.trim_start().starts_with("|-");
        match self.before {
            Before::Table(_) if is_rule(words) => {}
            Before::Table(rows) if line.start >= rows => self.outline.block(line.start, BlockKind::TableRow),
            Before::Table(_) => {}
            _ => {
                let has_head = !is_rule(words) && is_rule(self.words(self.next + 1));
                let kind = if has_head { BlockKind::TableHead } else { BlockKind::TableRow };
                self.outline.block(line.start, kind);
                let rows = if has_head { self.lines[self.next + 1].end } else { line.end };
                self.before = Before::Table(rows);
                if has_head {
                    let last = (self.next + 2..self.lines.len())
                        .take_while(|line| self.words(*line).trim_start().starts_with('|'))
                        .last();
                    let end = last.map_or(rows, |last| self.lines[last].end);
                    if rows < end {
                        let words = span_of(trimmed(self.text, line.clone()));
                        self.reading.asides.push(Aside { counts_in: span_of(rows..end), words });
                    }
                }
            }
        }
        self.links(line);
    }

    /// Begins a list item; `mark` is how long its mark is.
    fn item(&mut self, line: Range<usize>, indent: usize, mark: usize) {
        while self.lists.pop_if(|list| *list >= indent).is_some() {}
        self.outline.block_within(line.start, BlockKind::ListItem, self.lists.len());
        // A nested list's depth is no measure of anything beyond what a reader sees.
        if self.lists.len() < usize::from(u8::MAX) {
            self.lists.push(indent);
        }
        self.before = Before::Words;
        let rest = self.words(self.next).get(indent + mark..).unwrap_or_default().trim_start();
        let state = match rest.get(..3) {
            Some("[ ]" | "[-]") => Some("open"),
            Some("[X]" | "[x]") => Some("done"),
            _ => None,
        };
        if let Some(state) = state {
            let value = PropertyValue::Text(state.to_owned());
            self.reading.facts.push(Fact {
                span: span_of(trimmed(self.text, line.clone())),
                key: "task".into(),
                value,
            });
        }
        self.links(line);
    }

    fn links(&mut self, line: Range<usize>) {
        let room = MAX_LINKS - self.document.links.len();
        self.document.links.extend(link::read(self.text, line).into_iter().take(room));
    }
}

/// The length of the mark of a list item, if a line begins one.
fn item_mark(words: &str, indent: usize) -> Option<usize> {
    let inner = &words[indent..];
    let ends = |mark: usize| matches!(inner.as_bytes().get(mark), None | Some(b' ' | b'\t'));
    let digits = inner.bytes().take(10).take_while(u8::is_ascii_digit).count();
    match inner.as_bytes().first()? {
        b'-' | b'+' if ends(1) => Some(1),
        b'*' if indent > 0 && ends(1) => Some(1),
        _ if digits > 0 && matches!(inner.as_bytes().get(digits), Some(b'.' | b')')) && ends(digits + 1) => {
            Some(digits + 1)
        }
        _ => None,
    }
}

/// The key and value of a line in a drawer.
fn property(words: &str) -> Option<(&str, &str)> {
    let (key, value) = words.trim_start().strip_prefix(':')?.split_once(':')?;
    (!key.is_empty() && !key.contains(' ')).then_some((key, value.trim()))
}

/// The date that stands after a mark in the line under a headline.
fn planned(line: &str, mark: &str) -> Option<PropertyValue> {
    let (_, rest) = line.split_once(mark)?;
    let date = rest.trim_start().strip_prefix(['<', '['])?.get(..10)?;
    Some(PropertyValue::Date(date.to_owned(), day_of(date)?))
}

#[cfg(test)]
mod tests;
