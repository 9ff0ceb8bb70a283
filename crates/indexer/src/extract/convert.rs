//! Files that are no text, as Markdown: what [`super::markdown`] then reads, and what citations count in.
//!
//! Each kind has a file of its own. None of them reads a disk, a clock or the network, and none trusts its input: the
//! work is linear in the bytes, what is packed is unpacked up to a limit, and nothing nests without end. Links and
//! images are named, never followed.

mod archive;
mod conversations;
mod docx;
mod epub;
mod html;
mod mail;
pub(super) mod mojibake;
mod notebook;
mod pdf;
mod sheet;
mod table;
mod writing;
mod xml;

#[cfg(test)]
mod tests;

use std::fmt;

/// The longest Markdown that is made of one file, in bytes; the longest book has a tenth of it.
pub(super) const MAX_TEXT_BYTES: usize = 256 * 1024 * 1024;

/// The kinds of files that are turned into Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A page of the web.
    Html,
    /// Pages as they are printed.
    Pdf,
    /// A document of Word, or of what writes the same format.
    Docx,
    /// A book.
    Epub,
    /// A Jupyter notebook.
    Notebook,
    /// One letter, with what hangs on it.
    Mail,
    /// All the conversations of a person with ChatGPT, as its export has them.
    Conversations,
}

impl Kind {
    /// The kind of a file by its extension (without the dot) and its name, both in any case.
    pub fn of(extension: &str, file_name: &str) -> Option<Kind> {
        if file_name.eq_ignore_ascii_case("conversations.json") {
            return Some(Kind::Conversations);
        }
        match extension.to_ascii_lowercase().as_str() {
            "html" | "htm" | "xhtml" => Some(Kind::Html),
            "pdf" => Some(Kind::Pdf),
            "docx" => Some(Kind::Docx),
            "epub" => Some(Kind::Epub),
            "ipynb" => Some(Kind::Notebook),
            "eml" => Some(Kind::Mail),
            _ => None,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Html => "HTML",
            Kind::Pdf => "PDF",
            Kind::Docx => "Word",
            Kind::Epub => "EPUB",
            Kind::Notebook => "Jupyter notebook",
            Kind::Mail => "e-mail",
            Kind::Conversations => "ChatGPT export",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a file could not be turned into Markdown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not what its name says, or went bad.
    #[error("the {kind} file cannot be read: {reason}")]
    Broken {
        /// What it should be.
        kind: Kind,
        /// What is wrong with it.
        reason: String,
    },
    /// It opens with a password only.
    #[error("the {kind} file is locked with a password")]
    Encrypted {
        /// What it is.
        kind: Kind,
    },
    /// It unpacks to more than is read.
    #[error("the {kind} file unpacks to more than {limit_bytes} bytes")]
    TooLarge {
        /// What it is.
        kind: Kind,
        /// The most that is unpacked.
        limit_bytes: usize,
    },
    /// It has pages, and no words on them: pictures of pages as a scanner makes them, or fonts that do not tell which
    /// letters their shapes are.
    #[error("the {kind} file has {n_pages} pages and no text that can be read: it may be a scan")]
    NoText {
        /// What it is.
        kind: Kind,
        /// Its pages.
        n_pages: usize,
    },
}

impl Unreadable {
    fn broken(kind: Kind, reason: impl fmt::Display) -> Unreadable {
        Unreadable::Broken { kind, reason: reason.to_string() }
    }
}

/// Turns a file into Markdown. Equal bytes give equal text, of at most [`MAX_TEXT_BYTES`].
///
/// What the file says of itself (title, author, date) becomes front matter. Takes milliseconds for a page and about a
/// second for a book of PDF; the memory is a few times the file's, or what it unpacks to.
pub(super) fn to_markdown(kind: Kind, bytes: &[u8]) -> Result<String, Unreadable> {
    let text = match kind {
        Kind::Html => html::to_markdown(bytes),
        Kind::Pdf => pdf::to_markdown(bytes)?,
        Kind::Docx => docx::to_markdown(bytes)?,
        Kind::Epub => epub::to_markdown(bytes)?,
        Kind::Notebook => notebook::to_markdown(bytes)?,
        Kind::Mail => mail::to_markdown(bytes)?,
        Kind::Conversations => conversations::to_markdown(bytes)?,
    };
    match text.len() > MAX_TEXT_BYTES {
        true => Err(Unreadable::TooLarge { kind, limit_bytes: MAX_TEXT_BYTES }),
        false => Ok(text),
    }
}
