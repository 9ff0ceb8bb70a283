//! A note as Obsidian shows it: Markdown to markup, with the cited bytes marked. Each event of the parser comes with its
//! bytes, and so does each piece of text that is written; what is not text (a formula, raw HTML) is marked as a whole.

pub(crate) mod around;
mod callout;
mod code;
mod embed;
mod exact;
pub(crate) mod excerpt;
mod front;
mod html;
mod link;
mod math;
mod syntax;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

use std::cell::Cell;
use std::ops::Range;

use ibid_core::document::Document;
use ibid_core::id::DocumentId;

use around::Around;
use walk::Walk;
use writer::Writer;

/// How many bytes of other notes one page shows.
const EMBEDDED_BYTES: usize = 24 * 1024;

/// How deep notes are shown in notes.
const MAX_EMBED_DEPTH: usize = 3;

/// What is shown: a note, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Passage<'a> {
    /// Which note it is of.
    pub(crate) id: &'a DocumentId,
    /// What is known of that note; places in it are those of its whole text.
    pub(crate) document: &'a Document,
    /// The words.
    pub(crate) text: &'a str,
    /// Where they stand in the note.
    pub(crate) start: usize,
    /// Which of them are cited, as a range of `text`; empty where none are.
    pub(crate) cited: Range<usize>,
    /// Which of the cited bytes answer; empty where none are told from the others.
    pub(crate) answer: Range<usize>,
}

/// The passage as markup. Linear in its length, and in that of what it embeds, which is bounded.
pub(crate) fn rendered(passage: &Passage<'_>, around: &dyn Around) -> String {
    let page = Page { around, room: Cell::new(EMBEDDED_BYTES), embeds: Cell::new(0) };
    rendered_in(passage, &page, &Trail::default())
}

/// What all passages of one page share.
struct Page<'a> {
    around: &'a dyn Around,
    /// How many more bytes of other notes may be shown.
    room: Cell<usize>,
    /// How many other notes are shown.
    embeds: Cell<usize>,
}

/// Which notes a passage stands in, the outermost first.
#[derive(Debug, Clone, Default)]
struct Trail {
    notes: Vec<(DocumentId, Option<String>)>,
    /// What ids begin with, so that none is there twice.
    prefix: String,
}

fn rendered_in(passage: &Passage<'_>, page: &Page<'_>, trail: &Trail) -> String {
    let front = if passage.start == 0 { front::read(passage.text) } else { None };
    let body = front.as_ref().map_or(0, |front| front.end);
    let mut walk = Walk::new(passage, page, trail, body);
    if let Some(front) = &front {
        walk.properties(front);
    }
    walk.over_all();
    walk.finish()
}

/// Which cited bytes a rendering marks, in the source: the text with its line numbers.
pub(crate) fn source(text: &str, cited: Range<usize>, answer: Range<usize>, first_line: u32) -> String {
    let mut writer = Writer::new(cited, answer);
    writer.with("<ol class=\"source\" start=\"{}\">", &[&first_line.to_string()]);
    let mut start = 0;
    while start < text.len() {
        let end = line_end(text, start);
        writer.markup("<li>");
        writer.source(text, start..end);
        writer.markup("</li>");
        start = end;
    }
    writer.markup("</ol>");
    writer.finish()
}

/// Where the line ends that begins at `start`, its end included; as lines are counted where citations are made.
fn line_end(text: &str, start: usize) -> usize {
    let Some(at) = text[start..].find(['\n', '\r']) else { return text.len() };
    let at = start + at;
    if text[at..].starts_with("\r\n") { at + 2 } else { at + 1 }
}
