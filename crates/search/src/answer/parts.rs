//! A passage taken apart into what can answer: sentences, list items, table rows, lines of code, properties. It goes by
//! lines, not by a tree: a passage may begin in the middle of a table or of a list, and need not be Markdown.

use std::ops::Range;

use super::MAX_ANSWER_BYTES;
use super::sentences::sentences;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name and its value in front matter.
    Property,
    /// A heading of this level. It names what follows and answers nothing itself.
    Heading(usize),
    /// A list item, its continuation included; or a sentence of a long one.
    Item,
    /// A sentence of a paragraph, or the title of a callout.
    Sentence,
    /// The row that names the columns of a table.
    TableHead,
    /// A row of a table.
    TableRow,
    /// A line of code.
    Code,
}

/// A part of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Where in the passage; without white space at its ends, never empty.
    pub(super) bytes: Range<usize>,
    pub(super) kind: Kind,
    /// Which list, table, paragraph or block of code it belongs to, counted from the passage's first.
    pub(super) block: usize,
}

/// What is known of a passage besides its words.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Layout {
    /// Whether the passage begins its note, so that it may begin with front matter.
    pub(crate) begins_note: bool,
    /// Whether each line stands for itself, as in code and data.
    pub(crate) is_lines: bool,
}

/// Extensions of formats in which lines are only how a paragraph is laid out. What is in no format that is known here is
/// taken line by line.
const PROSE: [&str; 24] = [
    "adoc", "canvas", "doc", "docx", "eml", "epub", "htm", "html", "markdown", "md", "mdown", "mdx", "mkd",
    "odt", "org", "pdf", "pptx", "qmd", "rmd", "rst", "rtf", "tex", "text", "txt",
];

impl Layout {
    /// Of a passage that begins at byte `start` of a file with this extension.
    pub(crate) fn of(start: u32, extension: Option<&str>) -> Layout {
        let is_prose = extension
            .is_none_or(|extension| PROSE.binary_search(&extension.to_ascii_lowercase().as_str()).is_ok());
        Layout { begins_note: start == 0, is_lines: !is_prose }
    }
}

/// Where the front matter ends that a note's text begins with, its last line included; 0 where there is none.
pub(crate) fn front_matter_end(text: &str) -> usize {
    let mut at = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    for (number, line) in text[at..].split_inclusive('\n').enumerate() {
        at += line.len();
        match (number, line.trim_end()) {
            (0, "---") => {}
            (0, _) => return 0,
            (_, "---" | "...") => return at,
            _ => {}
        }
    }
    0
}

/// The parts of a passage, in order. Text between them says nothing: marks, rules, fences. Linear in its length.
pub(super) fn parts(text: &str, layout: Layout) -> Vec<Part> {
    let mut reader = Reader { text, parts: Vec::new(), block: 0, open: None, fence: None, in_table: false };
    let mut at = 0;
    if layout.begins_note {
        at = front_matter_end(text);
        reader.properties(0..at);
    }
    for line in text[at..].split_inclusive('\n') {
        reader.line(at..at + line.len(), layout.is_lines);
        at += line.len();
    }
    reader.close();
    reader.parts
}

/// Words whose end is not seen yet.
struct Open {
    bytes: Range<usize>,
    kind: Kind,
    lines: usize,
}

struct Reader<'a> {
    text: &'a str,
    parts: Vec<Part>,
    block: usize,
    open: Option<Open>,
    /// What the fence is made of that is open.
    fence: Option<(u8, usize)>,
    in_table: bool,
}

impl Reader<'_> {
    /// Each property with the lines that belong to it.
    fn properties(&mut self, front: Range<usize>) {
        let mut at = front.start;
        for line in self.text[front].split_inclusive('\n') {
            let bytes = at..at + line.trim_end().len();
            at += line.len();
            let goes_on = line.starts_with([' ', '\t', '-', '#']) || line.trim().is_empty();
            if matches!(line.trim_start_matches('\u{feff}').trim_end(), "---" | "...") {
                continue;
            }
            match self.parts.last_mut() {
                Some(last) if goes_on && !line.trim().is_empty() => last.bytes.end = bytes.end,
                _ if !line.trim().is_empty() => self.push(bytes, Kind::Property),
                _ => {}
            }
            self.block += 1;
        }
    }

    fn line(&mut self, line: Range<usize>, is_lines: bool) {
        let bytes = trimmed(self.text, within_quote(self.text, line.clone()));
        let words = &self.text[bytes.clone()];
        if is_lines {
            return self.push(bytes, Kind::Code);
        }
        if let Some((mark, length)) = self.fence {
            match fence(words) {
                Some((other, count, "")) if other == mark && count >= length => {
                    self.fence = None;
                    self.block += 1;
                }
                _ => self.push(bytes, Kind::Code),
            }
            return;
        }
        if let Some((mark, length, _)) = fence(words) {
            self.close();
            self.fence = Some((mark, length));
        } else if words.is_empty() || is_drawn(words) {
            self.drawn(words);
        } else if let Some(level) = heading(words) {
            self.close();
            self.push(bytes, Kind::Heading(level));
        } else if words.starts_with('|') || (self.in_table && words.contains('|')) {
            if !self.in_table {
                self.close();
                self.in_table = true;
            }
            self.push(bytes, Kind::TableRow);
        } else if is_item(words) {
            self.end_open();
            self.open = Some(Open { bytes, kind: Kind::Item, lines: 1 });
        } else if words.starts_with("[!") && self.text[line].trim_start().starts_with('>') {
            self.close();
            self.push(bytes, Kind::Sentence);
            self.block += 1;
        } else {
            if std::mem::take(&mut self.in_table) {
                self.close();
            }
            match &mut self.open {
                Some(open) => (open.bytes.end, open.lines) = (bytes.end, open.lines + 1),
                None => self.open = Some(Open { bytes, kind: Kind::Sentence, lines: 1 }),
            }
        }
    }

    /// A line without a word: an empty one, a rule, or the one below a table's head.
    fn drawn(&mut self, words: &str) {
        if !words.contains('|') || !words.contains('-') {
            return self.close();
        }
        if let Some(open) = self.open.take_if(|open| open.lines == 1) {
            // A table may do without marks at its edges.
            self.push(open.bytes, Kind::TableRow);
        }
        if let Some(head) = self.parts.last_mut().filter(|part| part.kind == Kind::TableRow) {
            head.kind = Kind::TableHead;
            self.in_table = true;
        }
    }

    /// Ends the block.
    fn close(&mut self) {
        self.end_open();
        self.in_table = false;
        self.block += 1;
    }

    /// Adds what is open: an item whole if it is short enough, else by sentences.
    fn end_open(&mut self) {
        let Some(Open { bytes, kind, .. }) = self.open.take() else { return };
        if kind == Kind::Item && bytes.len() <= MAX_ANSWER_BYTES {
            return self.push(bytes, kind);
        }
        for sentence in sentences(self.text, bytes) {
            self.push(sentence, kind);
        }
    }

    fn push(&mut self, bytes: Range<usize>, kind: Kind) {
        if self.text[bytes.clone()].contains(char::is_alphanumeric) {
            self.parts.push(Part { bytes, kind, block: self.block });
        }
    }
}

/// A line without the marks of the quotes it stands in.
fn within_quote(text: &str, line: Range<usize>) -> Range<usize> {
    let mut rest = text[line.clone()].trim_start();
    while let Some(inner) = rest.strip_prefix('>') {
        rest = inner.trim_start();
    }
    line.end - rest.len()..line.end
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    range.start..range.start + text[range].trim_end().len()
}

/// What a line's fence is made of, how long it is, and what stands behind it.
fn fence(words: &str) -> Option<(u8, usize, &str)> {
    let mark = words.bytes().next().filter(|mark| matches!(mark, b'`' | b'~'))?;
    let length = words.bytes().take_while(|byte| *byte == mark).count();
    let info = words[length..].trim();
    (length >= 3 && !(mark == b'`' && info.contains('`'))).then_some((mark, length, info))
}

/// The level of the heading that a line is.
fn heading(words: &str) -> Option<usize> {
    let level = words.bytes().take_while(|byte| *byte == b'#').count();
    ((1..=6).contains(&level) && words[level..].starts_with([' ', '\t'])).then_some(level)
}

/// Whether a line begins a list item.
fn is_item(words: &str) -> bool {
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match digits {
        0 => words.strip_prefix(['-', '*', '+', '•']),
        1..=9 => words[digits..].strip_prefix(['.', ')']),
        _ => None,
    };
    mark.is_some_and(|rest| rest.starts_with([' ', '\t']))
}

/// Whether a line is drawn, not written.
fn is_drawn(words: &str) -> bool {
    words.bytes().all(|byte| matches!(byte, b'-' | b'=' | b'*' | b'_' | b'|' | b':' | b'+' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_as(layout: Layout, text: &str, expected: &[(Kind, &str)]) -> Vec<Part> {
        let found = parts(text, layout);
        let told: Vec<(Kind, &str)> =
            found.iter().map(|part| (part.kind, &text[part.bytes.clone()])).collect();
        assert_eq!(told, expected, "{text}");
        found
    }

    #[track_caller]
    fn check(text: &str, expected: &[(Kind, &str)]) -> Vec<Part> {
        check_as(Layout::of(9, Some("md")), text, expected)
    }

    #[test]
    fn paragraphs_are_sentences_and_headings_stand_apart() {
        check(
            "## Water\n\nWarm. Not hot.\nStir\n",
            &[
                (Kind::Heading(2), "## Water"),
                (Kind::Sentence, "Warm."),
                (Kind::Sentence, "Not hot."),
                (Kind::Sentence, "Stir"),
            ],
        );
        check("#tag is no heading\n---\n", &[(Kind::Sentence, "#tag is no heading")]);
    }

    #[test]
    fn an_item_is_whole_unless_it_is_long() {
        check(
            "- [ ] buy rye. Soon.\n  And salt\n- flour\n1. first\n",
            &[
                (Kind::Item, "- [ ] buy rye. Soon.\n  And salt"),
                (Kind::Item, "- flour"),
                (Kind::Item, "1. first"),
            ],
        );
        let long = format!("- One. X{} Two.", "x".repeat(MAX_ANSWER_BYTES));
        assert_eq!(parts(&long, Layout::default()).len(), 2, "{long}");
    }

    #[test]
    fn a_row_knows_its_table() {
        let found = check(
            "| Plan | GB |\n| --- | ---: |\n| Standard | 1 |\n\n| loose | row |\n",
            &[
                (Kind::TableHead, "| Plan | GB |"),
                (Kind::TableRow, "| Standard | 1 |"),
                (Kind::TableRow, "| loose | row |"),
            ],
        );
        assert_eq!(found[0].block, found[1].block);
        assert_ne!(found[1].block, found[2].block);
        check(
            "Plan | GB\n--- | ---\nStandard | 1\nafter",
            &[(Kind::TableHead, "Plan | GB"), (Kind::TableRow, "Standard | 1"), (Kind::Sentence, "after")],
        );
    }

    #[test]
    fn code_is_taken_by_lines() {
        check(
            "Set it:\n```css\n.a {\n  --icon: b;\n}\n```\nDone.",
            &[
                (Kind::Sentence, "Set it:"),
                (Kind::Code, ".a {"),
                (Kind::Code, "--icon: b;"),
                (Kind::Sentence, "Done."),
            ],
        );
        check_as(
            Layout::of(9, Some("rs")),
            "# not a heading\nfn a() {\n",
            &[(Kind::Code, "# not a heading"), (Kind::Code, "fn a() {")],
        );
    }

    #[test]
    fn a_callout_has_a_title_and_its_words() {
        check(
            "> [!tip]- Keep it warm\n> Not hot. Really\n> not\n",
            &[
                (Kind::Sentence, "[!tip]- Keep it warm"),
                (Kind::Sentence, "Not hot."),
                (Kind::Sentence, "Really"),
                (Kind::Sentence, "not"),
            ],
        );
    }

    #[test]
    fn front_matter_is_properties_where_the_note_begins() {
        let text = "---\naliases:\n  - Rugbrod\n  - Danish rye\nrating: 4\n---\nDense rye.\n";
        let properties =
            [(Kind::Property, "aliases:\n  - Rugbrod\n  - Danish rye"), (Kind::Property, "rating: 4")];
        check_as(
            Layout::of(0, Some("md")),
            text,
            &[&properties[..], &[(Kind::Sentence, "Dense rye.")]].concat(),
        );
        assert_eq!(&text[front_matter_end(text)..], "Dense rye.\n");
        assert_eq!(front_matter_end("---\nno end"), 0);
        assert_eq!(front_matter_end("text\n---\n---\n"), 0);
    }
}
