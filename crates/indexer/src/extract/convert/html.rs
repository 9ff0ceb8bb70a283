//! Pages of the web as Markdown: headings, paragraphs, lists, quotes, tables, code, links; no scripts, menus or
//! decoration.
//!
//! The tokens of html5ever's tokenizer are written as they come and no tree is built: a tree costs time in the square
//! of its depth, and readers of it run out of stack (htmd overflows at 10,000 nested `<div>`). Bold and italic leave
//! no marks, because people quote these texts.

mod charset;
mod feed;
mod writer;

use super::writing::Front;

/// What becomes of links that lead nowhere outside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relative {
    /// They stay: a page lies in a folder, beside what it links to.
    Kept,
    /// Only their words stay: there is no folder, as in a letter or a book.
    Dropped,
}

/// A page, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// What `<title>` says.
    pub(super) title: String,
    /// Who wrote it, by `<meta>`.
    pub(super) author: String,
    /// When it was published, by `<meta>`.
    pub(super) date: String,
    /// What it is about, by `<meta>`.
    pub(super) keywords: Vec<String>,
    /// Whether it is private, by `<meta>`, in whatever words.
    pub(super) private: String,
    /// Whether a heading of level 1 is in the body.
    pub(super) has_first_heading: bool,
    /// The body as Markdown, without white space at its ends.
    pub(super) body: String,
}

/// A whole page, with what it says of itself. Reads the bytes two or three times.
pub(super) fn to_markdown(bytes: &[u8]) -> String {
    let page = read(&charset::decode(bytes), Relative::Kept);
    let mut front = Front::default();
    if page.has_first_heading {
        front.add("title", &page.title);
    }
    front.add("author", &page.author);
    front.add("date", &page.date);
    front.add_tags(page.keywords.iter().map(String::as_str));
    front.add("private", &page.private);
    let mut text = front.finish();
    if !page.has_first_heading && !page.title.is_empty() {
        text.push_str("# ");
        text.push_str(&super::writing::prose(&page.title));
        text.push_str("\n\n");
    }
    text.push_str(&page.body);
    if !page.body.is_empty() {
        text.push('\n');
    }
    text
}

/// The bytes of a page as text, by its mark, by what it says, else by its look.
pub(super) fn decode(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    charset::decode(bytes)
}

/// Reads a page, or a piece of one.
pub(super) fn read(text: &str, relative: Relative) -> Page {
    feed::feed(text, writer::Writer::new(relative)).finish()
}
