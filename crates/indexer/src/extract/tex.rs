//! LaTeX: sections, the words of a document, code and comments. Macros are not expanded and nothing is typeset.

mod commands;

use std::ops::Range;

use ibid_core::document::PropertyValue;
use ibid_core::id::DocumentPath;
use ibid_core::span::Span;

use self::commands::{Command, shown};
use super::code::LANGUAGE_KEY;
use super::outline::{Outline, trimmed};
use super::plain::titled;
use super::{BlockKind, Extracted, Fact, MAX_PROPERTIES, Meant, Reading, lines, merged, name_of, span_of};

/// The commands that begin a section, from the outermost.
const SECTIONS: [&str; 7] =
    ["part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph"];

/// Environments whose words are code, up to their own end.
const VERBATIM: [&str; 6] = ["verbatim", "verbatim*", "Verbatim", "lstlisting", "minted", "alltt"];

/// Commands of the preamble that say something of the document.
const PROPERTIES: [&str; 3] = ["title", "author", "date"];

/// Commands whose argument names a place and is no word of the text.
const LABELS: [&str; 13] = [
    "label",
    "ref",
    "eqref",
    "pageref",
    "autoref",
    "cref",
    "Cref",
    "nameref",
    "vspace",
    "hspace",
    "includegraphics",
    "bibliographystyle",
    "pagestyle",
];

/// Commands that themselves and whose argument are no words: what stands between them is.
const FRAMES: [&str; 2] = ["begin", "end"];

pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let mut reader = Reader::over(text);
    let comments: Vec<Range<usize>> = lines(text).filter_map(|line| reader.line(line)).collect();
    let Reader { outline, mut reading, properties, .. } = reader;
    reading.comments = merged(comments.into_iter().map(span_of).collect());
    let comments = std::mem::take(&mut reading.comments);
    reading.noise.retain(|span| !span.is_empty());
    reading.noise = outside(merged(reading.noise), &comments);
    reading.comments = comments;
    let mut document = titled(path);
    let title = properties.iter().find_map(|(key, value)| match value {
        PropertyValue::Text(title) if key == "title" && !title.is_empty() => Some(title.clone()),
        _ => None,
    });
    document.title = title.unwrap_or(document.title);
    document.properties = properties;
    let (headings, blocks) = outline.over(text, BlockKind::Paragraph);
    document.headings = headings;
    Extracted { document, blocks, reading }
}

/// The spans without those that touch a comment; both are in order.
fn outside(spans: Vec<Span>, comments: &[Span]) -> Vec<Span> {
    let apart = |span: &Span| {
        let next = comments.partition_point(|comment| comment.end() <= span.start());
        comments.get(next).is_none_or(|comment| comment.start() >= span.end())
    };
    spans.into_iter().filter(apart).collect()
}

struct Reader<'t> {
    text: &'t str,
    outline: Outline,
    reading: Reading,
    properties: Vec<(String, PropertyValue)>,
    /// Whether `\begin{document}` is still to come; a file without one is a part of a document.
    in_preamble: bool,
    /// The environment of code that is open, and where it began.
    verbatim: Option<(&'static str, usize)>,
    /// Whether words that follow begin a block.
    after_blank: bool,
    /// Up to where the words of a title reach that began in the preamble.
    titled_to: usize,
    /// The level of the outermost sections there are.
    outermost: usize,
}

impl<'t> Reader<'t> {
    fn over(text: &'t str) -> Reader<'t> {
        Reader {
            text,
            outline: Outline::default(),
            reading: Reading::default(),
            properties: Vec::new(),
            in_preamble: text.contains("\\begin{document}"),
            verbatim: None,
            after_blank: true,
            titled_to: 0,
            outermost: ["\\part{", "\\chapter"].into_iter().position(|mark| text.contains(mark)).unwrap_or(2),
        }
    }

    /// Reads a line; gives the comment at its end.
    fn line(&mut self, line: Range<usize>) -> Option<Range<usize>> {
        let words = &self.text[line.clone()];
        if let Some((name, start)) = self.verbatim {
            self.verbatim_line(&line, name, start);
            return None;
        }
        let comment = commands::comment(words).map(|at| line.start + at..line.end);
        let end = comment.as_ref().map_or(line.end, |comment| comment.start);
        let inner = self.text[line.start..end].trim_start_matches('\u{feff}').trim();
        if inner.is_empty() && comment.is_none() {
            self.after_blank = true;
        } else if self.in_preamble {
            self.preamble_line(&line, line.start..end);
        } else {
            self.body_line(&line, line.start..end);
        }
        comment.map(|comment| trimmed(self.text, comment)).filter(|comment| !comment.is_empty())
    }

    fn preamble_line(&mut self, line: &Range<usize>, words: Range<usize>) {
        if self.outline.is_empty() {
            self.outline.block(line.start, BlockKind::FrontMatter);
        }
        let mut kept = words.start.max(self.titled_to.min(words.end));
        for command in commands::of(self.text, words.clone()) {
            // What stands in a title is its words.
            let Some(argument) = command.argument.clone().filter(|_| command.start >= kept) else { continue };
            if PROPERTIES.contains(&command.name) {
                self.property(command.name, argument.clone());
                self.noise(kept..argument.start);
                kept = argument.end.min(words.end);
                self.titled_to = argument.end;
            }
            if command.name == "begin" && &self.text[argument] == "document" {
                self.in_preamble = false;
                self.noise(kept..words.end);
                self.after_blank = true;
                return;
            }
        }
        self.noise(kept..words.end);
    }

    fn body_line(&mut self, line: &Range<usize>, words: Range<usize>) {
        let inner = self.text[words.clone()].trim_start_matches('\u{feff}').trim_start();
        let lead = commands::of(self.text, words.clone()).next().filter(|_| inner.starts_with('\\'));
        let section = lead.as_ref().and_then(|lead| self.section(lead));
        if let Some((level, name)) = section {
            self.outline.heading(line.start, level, &name, trimmed(self.text, words.clone()));
            self.after_blank = true;
        } else if lead.as_ref().is_some_and(|lead| lead.name == "item") {
            self.outline.block(line.start, BlockKind::ListItem);
            self.after_blank = false;
        } else if self.begins_verbatim(&lead, line) {
            return;
        } else {
            let begins = lead.as_ref().is_some_and(|lead| lead.name == "begin");
            if self.after_blank || begins || self.outline.is_empty() {
                self.outline.block(line.start, BlockKind::Paragraph);
            }
            self.after_blank = lead.is_some_and(|lead| lead.name == "end");
        }
        for command in commands::of(self.text, words.clone()) {
            self.command(&command);
        }
        let accents = commands::accents(self.text, words);
        self.reading
            .meant
            .extend(accents.into_iter().map(|(range, words)| Meant { span: span_of(range), words }));
    }

    /// The level of a section that a command begins, and its name.
    fn section(&self, command: &Command<'_>) -> Option<(u8, String)> {
        let name = command.name.trim_end_matches('*');
        let level = SECTIONS.iter().position(|section| *section == name)?;
        let name = shown(&self.text[command.argument.clone()?]);
        let level = u8::try_from((level + 1).saturating_sub(self.outermost)).unwrap_or(u8::MAX);
        Some((level, name)).filter(|(_, name)| !name.is_empty())
    }

    fn begins_verbatim(&mut self, lead: &Option<Command<'_>>, line: &Range<usize>) -> bool {
        let Some(argument) =
            lead.as_ref().filter(|lead| lead.name == "begin").and_then(|lead| lead.argument.clone())
        else {
            return false;
        };
        let Some(name) = VERBATIM.into_iter().find(|name| *name == &self.text[argument.clone()]) else {
            return false;
        };
        self.outline.block(line.start, BlockKind::Code);
        if let Some(language) = commands::language(&self.text[argument.end..line.end]) {
            let value = PropertyValue::Text(name_of(&language.to_lowercase()));
            let span = span_of(trimmed(self.text, line.clone()));
            self.reading.facts.push(Fact { span, key: LANGUAGE_KEY.into(), value });
        }
        self.noise(line.clone());
        self.verbatim = Some((name, line.start));
        true
    }

    fn verbatim_line(&mut self, line: &Range<usize>, name: &str, start: usize) {
        let words = self.text[line.clone()].trim_start();
        let ended = words.strip_prefix("\\end{").and_then(|rest| rest.strip_prefix(name));
        if ended.is_some_and(|rest| rest.starts_with('}')) {
            self.noise(line.clone());
            if let Some(fact) = self.reading.facts.last_mut().filter(|fact| fact.span.range().start >= start)
            {
                fact.span = span_of(fact.span.range().start..line.end);
            }
            self.verbatim = None;
            self.after_blank = true;
        }
    }

    fn command(&mut self, command: &Command<'_>) {
        let whole =
            command.start..command.argument.as_ref().map_or(command.name_end, |argument| argument.end + 1);
        if LABELS.contains(&command.name) || FRAMES.contains(&command.name) {
            self.noise(whole);
        } else {
            // What a command is called is not what its writer says.
            self.noise(command.start..command.name_end);
        }
        if PROPERTIES.contains(&command.name)
            && let Some(argument) = &command.argument
        {
            self.property(command.name, argument.clone());
        }
    }

    fn property(&mut self, key: &str, argument: Range<usize>) {
        let value = shown(&self.text[argument]);
        if self.properties.len() < MAX_PROPERTIES && !value.is_empty() {
            self.properties.push((key.to_owned(), PropertyValue::Text(value)));
        }
    }

    fn noise(&mut self, range: Range<usize>) {
        if range.start < range.end {
            self.reading.noise.push(span_of(trimmed(self.text, range)));
        }
    }
}

#[cfg(test)]
mod tests;
