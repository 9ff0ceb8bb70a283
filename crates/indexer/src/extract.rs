//! Bytes to text, and text to what is known of it: title, tags, headings, links, properties, and where it may be cut.
//!
//! Pure and total: every text gives a document, however broken its markup. What a link leads to is not asked here,
//! nor is anything read from disk; sizes of chunks are [`crate::chunk`]'s affair.

mod block_id;
mod callout;
mod canvas;
mod code;
mod convert;
mod data;
pub(crate) mod date;
pub mod decode;
mod drawing;
mod escapes;
mod format;
mod frontmatter;
pub(crate) mod language;
mod lines;
mod markdown;
mod obsidian;
mod org;
mod outline;
mod pieces;
mod plain;
mod rst;
mod table;
mod task;
mod tex;
mod text;

pub(crate) use lines::lines;
pub use text::{NoText, text_of};

use format::{Format, Medium};

use std::borrow::Cow;
use std::ops::Range;

use ibid_core::document::{Document, PropertyValue};
use ibid_core::front_matter;
use ibid_core::id::DocumentPath;
use ibid_core::span::Span;

/// The most headings kept of one document; real notes have hundreds, a hostile one may have millions.
pub const MAX_HEADINGS: usize = 10_000;
/// The most tags kept of one document.
pub const MAX_TAGS: usize = 10_000;
/// The most links kept of one document.
pub const MAX_LINKS: usize = 10_000;
/// The most properties kept of one document, and the most aliases.
pub const MAX_PROPERTIES: usize = 10_000;
/// Titles, headings, labels and aliases are cut after so many characters: nobody reads more, and every hit shows them.
pub const MAX_NAME_CHARS: usize = 200;

/// A document and where it may be cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    /// What is known of it.
    pub document: Document,
    /// The leaves of its structure in order; together they are the whole text.
    pub blocks: Vec<Block>,
    /// How its words are found where the bytes alone do not tell.
    pub reading: Reading,
}

/// How a text is to be read where its bytes are not simply its words. Every list is in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Comments: not searched unless asked for. Apart from each other.
    pub comments: Vec<Span>,
    /// What nobody means to find: a compressed drawing, the punctuation of a format. Apart from each other.
    pub noise: Vec<Span>,
    /// Words that mean something else than their bytes say, as the escapes of a JSON string do. Apart from each other.
    pub meant: Vec<Meant>,
    /// Words that count at another place too.
    pub asides: Vec<Aside>,
    /// What is known of a part of the text, as properties are of the whole.
    pub facts: Vec<Fact>,
}

/// Bytes, and the words they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The bytes.
    pub span: Span,
    /// The words.
    pub words: String,
}

/// Words that stand at one place of a text and count at another too: a table's head for its rows, a footnote where it
/// is referred to, a callout's title for what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside {
    /// Where they count: in every chunk that shares a byte with it.
    pub counts_in: Span,
    /// The words.
    pub words: Span,
}

/// Something known of a part of a text, found by filters as a property is: `task` is `open`, `due` is a date.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The part: every chunk that shares a byte with it has the fact.
    pub span: Span,
    /// What the fact is called.
    pub key: Cow<'static, str>,
    /// What it says.
    pub value: PropertyValue,
}

/// A leaf of a document's structure: whole lines, with the white space up to the next one.
///
/// Blocks follow each other without gap or overlap, begin at a line's start, and are never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its bytes, the marks (`#`, `>`, `-`, fences) included.
    pub span: Span,
    /// What it is.
    pub kind: BlockKind,
    /// How many lists, quotes and footnotes stand around it; an item's own list is not counted.
    pub depth: usize,
    /// The headings above it, outermost first, as indexes into [`Document::headings`]. A heading is its own last one.
    pub headings: Vec<usize>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// The front matter at the head of a note, the lines that close it included.
    FrontMatter,
    /// A heading that structures the document; one inside a quote or a list is a [`BlockKind::Paragraph`].
    Heading,
    /// Prose, alone or inside a list item after its first.
    Paragraph,
    /// A list item up to the first nested item or second paragraph.
    ListItem,
    /// The first row of a table and the line of dashes under it.
    TableHead,
    /// Another row of a table.
    TableRow,
    /// A code block with its fences.
    Code,
    /// Prose inside a block quote or callout.
    Quote,
    /// Raw HTML.
    Html,
    /// A thematic break.
    Rule,
    /// A footnote's or a link's definition.
    Definition,
    /// One of the texts on a board, with what the file's format puts before it. It is a chunk, or several, of its own.
    Card,
}

/// Whether the path's extension names a format that is read here, in any case.
pub fn reads(path: &DocumentPath) -> bool {
    Format::of(path).is_some()
}

/// Whether a file of this name is listed and never opened: a picture, a sound, a film.
pub fn is_media(path: &DocumentPath) -> bool {
    matches!(Format::of(path), Some(Format::Media(_)))
}

/// Whether a file of this name is no text itself, and one is made of it.
pub(crate) fn is_converted(path: &DocumentPath) -> bool {
    matches!(Format::of(path), Some(Format::Converted(_)))
}

/// Reads a text by its path's extension; one of no known format as plain text.
///
/// Takes time linear in the text. For texts of 4 GiB and more, which [`text_of`] never gives, the spans are
/// meaningless.
pub fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let format = Format::of(path);
    let mut extracted = match format {
        Some(Format::Markdown) => return markdown::extract(path, text),
        Some(Format::Converted(_)) => return markdown::extract_converted(path, text),
        Some(Format::Canvas) => canvas::extract(path, text),
        Some(Format::Drawing) => canvas::extract_drawing(path, text),
        Some(Format::Base) => canvas::extract_base(path, text),
        Some(Format::Org) => org::extract(path, text),
        Some(Format::Rst) => rst::extract(path, text),
        Some(Format::Tex) => tex::extract(path, text),
        Some(Format::Table) => table::extract(path, text),
        Some(Format::Data) => data::extract(path, text),
        Some(Format::Code) => code::extract(path, text),
        Some(Format::Media(medium)) => listed(path, medium),
        Some(Format::Plain) | None => plain::extract(path, text),
    };
    // These formats have no front matter, and people write it there all the same.
    let is_prose = matches!(format, Some(Format::Plain | Format::Org | Format::Rst | Format::Tex) | None);
    if is_prose && front_matter::claims(text, false) {
        extracted.reading.facts.insert(0, unreadable_front_matter(text));
    }
    extracted
}

/// What is known of a text whose front matter cannot be read, at its first letter.
fn unreadable_front_matter(text: &str) -> Fact {
    let first = text.chars().next().map_or(0, char::len_utf8);
    Fact {
        span: span_of(0..first),
        key: front_matter::FRONT_MATTER.into(),
        value: PropertyValue::Text(front_matter::UNREADABLE.to_owned()),
    }
}

/// A document without words, known by its name and by what it is.
fn listed(path: &DocumentPath, medium: Medium) -> Extracted {
    let mut document = plain::titled(path);
    document.properties.push(("type".to_owned(), PropertyValue::Text(medium.name().to_owned())));
    Extracted { document, blocks: Vec::new(), reading: Reading::default() }
}

/// The span of a range already known to lie on character boundaries.
fn span_of(range: Range<usize>) -> Span {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = (place(range.start), place(range.end));
    Span::claimed(start, end.max(start)).expect("a span that ends at its start or later is one")
}

/// Spans in order and apart from each other: those that touch or overlap become one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut apart: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.start() <= last.end() => {
                let end = last.end().max(span.end());
                *last =
                    Span::claimed(last.start(), end).expect("an end that only grows stays behind its start");
            }
            _ => apart.push(span),
        }
    }
    apart
}

/// White space runs become one space, and no more than [`MAX_NAME_CHARS`] characters stay.
fn name_of(text: &str) -> String {
    let mut name = String::new();
    let mut kept = 0;
    for word in text.split_whitespace() {
        if kept >= MAX_NAME_CHARS {
            break;
        }
        if kept > 0 {
            name.push(' ');
            kept += 1;
        }
        let room = MAX_NAME_CHARS.saturating_sub(kept);
        name.extend(word.chars().take(room));
        kept += word.chars().take(room).count();
    }
    name.truncate(name.trim_end().len());
    name
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
