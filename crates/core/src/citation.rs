//! Citations to text and back.
//!
//! A citation reads `collection:path@hash:start-end`, for example
//! `garden:Bread/Pain%20de%20campagne.md@3fa94c1b2d3e:1024-1380`: which document, what the words hash to, where
//! they stood. It holds only characters that pass unharmed through a URL and through Markdown, so that it can be
//! copied out of a chat window or an address bar; letters of every script stay readable. It says nothing about
//! whether the words still stand there: that is `verify`'s work.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::hash::{QuoteHash, QuoteHashError};
use crate::id::{CollectionNameError, DocumentId, DocumentPath};
use crate::span::{Span, SpanError};

/// The part of a page's address that stands before the id.
pub const PAGE_PATH: &str = "/d/";

/// A quote's address: the document, the hash of the words, and where they stood when they were indexed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Citation {
    /// The document quoted.
    pub document: DocumentId,
    /// The hash of the quote.
    pub hash: QuoteHash,
    /// Where the quote stood.
    pub span: Span,
}

/// What a person or a program may ask for by id: a quote in its document, a part that links can name, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A quote.
    Quote(Citation),
    /// What a link with this anchor leads to: a heading and all below it, or, behind `^`, a block. Written
    /// `collection:path#anchor`.
    Part {
        /// The document.
        document: DocumentId,
        /// The anchor without its `#`.
        anchor: String,
    },
    /// A document as a whole.
    Document(DocumentId),
}

impl Reference {
    /// The document asked for.
    pub fn document(&self) -> &DocumentId {
        match self {
            Reference::Quote(citation) => &citation.document,
            Reference::Part { document, .. } | Reference::Document(document) => document,
        }
    }
}

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CitationError {
    /// There is no `:` after the collection's name.
    #[error("the collection is missing: an id reads collection:path@hash:start-end")]
    NoCollection,
    /// The part before the first `:` cannot name a collection.
    #[error(transparent)]
    Collection(#[from] CollectionNameError),
    /// The path is empty or leaves the collection.
    #[error("the path is not one inside a collection")]
    Path,
    /// What stands after `#` is no text.
    #[error("what follows # is no text")]
    Anchor,
    /// What stands after `@` is not `hash:start-end`.
    #[error("what follows @ is not hash:start-end")]
    Place,
    /// The hash is not one.
    #[error(transparent)]
    Hash(#[from] QuoteHashError),
    /// The byte range is not two numbers, the first not above the second.
    #[error("the byte range is not start-end")]
    Range,
}

impl FromStr for Reference {
    type Err = CitationError;

    /// Reads an id, or the address of the page that shows it; white space around it is no harm.
    fn from_str(text: &str) -> Result<Reference, CitationError> {
        let id = without_address(text.trim());
        let (collection, rest) = id.split_once(':').ok_or(CitationError::NoCollection)?;
        let collection = collection.parse()?;
        // A path's own `#` and `@` are always written `%23` and `%40`; an anchor may hold an `@`.
        let (rest, anchor) = match rest.split_once('#') {
            Some((path, anchor)) if !path.contains('@') => (path, Some(anchor)),
            _ => (rest, None),
        };
        let (path, place) = match rest.rsplit_once('@') {
            Some((path, place)) => (path, Some(place)),
            None => (rest, None),
        };
        let path = percent_decode_str(path).decode_utf8().map_err(|_| CitationError::Path)?;
        let path = DocumentPath::new(&path).ok_or(CitationError::Path)?;
        let document = DocumentId { collection, path };
        if let Some(anchor) = anchor.filter(|anchor| !anchor.is_empty()) {
            let anchor = percent_decode_str(anchor).decode_utf8().map_err(|_| CitationError::Anchor)?;
            return Ok(Reference::Part { document, anchor: anchor.into_owned() });
        }
        let Some(place) = place else { return Ok(Reference::Document(document)) };
        let (hash, range) = place.split_once(':').ok_or(CitationError::Place)?;
        Ok(Reference::Quote(Citation {
            document,
            hash: hash.parse()?,
            span: range.parse().map_err(|SpanError| CitationError::Range)?,
        }))
    }
}

impl FromStr for Citation {
    type Err = CitationError;

    fn from_str(text: &str) -> Result<Citation, CitationError> {
        match text.parse()? {
            Reference::Quote(citation) => Ok(citation),
            Reference::Part { .. } | Reference::Document(_) => Err(CitationError::Place),
        }
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.collection)?;
        write_path(f, self.path.as_str())
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.document, self.hash, self.span)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Quote(citation) => citation.fmt(f),
            Reference::Part { document, anchor } => {
                write!(f, "{document}#")?;
                write_path(f, anchor)
            }
            Reference::Document(document) => document.fmt(f),
        }
    }
}

/// The id inside a page's address; any other text as it is.
fn without_address(text: &str) -> &str {
    let is_address = text.starts_with("http://") || text.starts_with("https://");
    match text.split_once(PAGE_PATH) {
        Some((_, id)) if is_address => id.split(['#', '?']).next().unwrap_or(id),
        _ => text,
    }
}

/// Writes letters and digits of every script and `-`, `.`, `/` as they are, `_` between two of them, all else as `%XX`.
///
/// An underscore at a word's edge would be read as Markdown emphasis; combining marks are escaped because chat
/// windows compose them, and the path on disk may be decomposed.
fn write_path(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    let mut before = None;
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        let inside_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
        let plain = match character {
            '-' | '.' | '/' => true,
            '_' => inside_word(before.as_ref()) && inside_word(characters.peek()),
            _ => character.is_alphanumeric(),
        };
        match plain {
            true => f.write_char(character)?,
            false => {
                character.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "%{byte:02X}"))?
            }
        }
        before = Some(character);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn citation(path: &str) -> Citation {
        let document = DocumentId {
            collection: "garden".parse().unwrap(),
            path: DocumentPath::new(path).expect("the test's path is relative"),
        };
        Citation { document, hash: QuoteHash::of("flour"), span: Span::claimed(3, 8).unwrap() }
    }

    #[test]
    fn a_citation_can_be_read_by_a_person() {
        for (path, shown) in [
            ("Bread/Levain.md", "garden:Bread/Levain.md"),
            ("Pain de campagne.md", "garden:Pain%20de%20campagne.md"),
            ("日本/味噌.md", "garden:日本/味噌.md"),
            ("snake_case.md", "garden:snake_case.md"),
            ("_draft_.md", "garden:%5Fdraft%5F.md"),
            ("a@b:c#d%20.md", "garden:a%40b%3Ac%23d%2520.md"),
            ("cafe\u{301}.md", "garden:cafe%CC%81.md"),
        ] {
            assert_eq!(citation(path).document.to_string(), shown);
        }
        assert_eq!(citation("a.md").to_string(), format!("garden:a.md@{}:3-8", QuoteHash::of("flour")));
    }

    #[test]
    fn a_page_address_is_as_good_as_the_id() {
        let cited = citation("Pain de campagne.md");
        for text in [format!("http://127.0.0.1:7117/d/{cited}#cited"), format!("  {cited}\n")] {
            assert_eq!(text.parse(), Ok(Reference::Quote(cited.clone())));
        }
        let encoded = "https://notes.example/d/garden:%E5%91%B3%E5%99%8C.md";
        assert_eq!(encoded.parse::<Reference>().unwrap().document().path.as_str(), "味噌.md");
    }

    #[test]
    fn a_part_is_named_as_links_name_it() {
        for (text, anchor, written) in [
            ("garden:a.md#^b1", "^b1", "garden:a.md#%5Eb1"),
            ("garden:a.md#Rye%20bread", "Rye bread", "garden:a.md#Rye%20bread"),
            ("garden:a.md#Rye#Me @ home", "Rye#Me @ home", "garden:a.md#Rye%23Me%20%40%20home"),
            ("garden:a.md#日本", "日本", "garden:a.md#日本"),
        ] {
            let document = citation("a.md").document;
            let part = Reference::Part { document, anchor: anchor.to_owned() };
            assert_eq!(text.parse().as_ref(), Ok(&part), "{text}");
            assert_eq!(part.to_string(), written);
            assert_eq!(written.parse(), Ok(part));
        }
        assert_eq!("garden:a.md#".parse(), Ok(Reference::Document(citation("a.md").document)));
        assert_eq!("garden:a.md#%FF".parse::<Reference>(), Err(CitationError::Anchor));
    }

    #[test]
    fn a_mangled_id_says_which_part_is_wrong() {
        for (text, error) in [
            ("", CitationError::NoCollection),
            ("garden", CitationError::NoCollection),
            ("garden:", CitationError::Path),
            ("garden:../x.md", CitationError::Path),
            ("garden:a.md@123456789012", CitationError::Place),
            ("garden:a.md@12345678901:1-2", CitationError::Hash(QuoteHashError)),
            ("garden:a.md@123456789012:2-1", CitationError::Range),
            ("garden:a.md@123456789012:1", CitationError::Range),
            ("garden:a.md@123456789012:-1-2", CitationError::Range),
            ("garden:a.md@123456789012:1-99999999999", CitationError::Range),
            ("garden:%FF.md", CitationError::Path),
        ] {
            assert_eq!(text.parse::<Reference>(), Err(error), "{text}");
        }
        assert!(matches!("Garden:a.md".parse::<Reference>(), Err(CitationError::Collection(_))));
        assert_eq!("garden:a.md".parse::<Citation>(), Err(CitationError::Place));
    }

    proptest! {
        #[test]
        fn every_citation_reads_back_as_itself(path in "\\PC{1,40}", start in 0u32..1000, length in 0u32..1000) {
            prop_assume!(DocumentPath::new(&path).is_some());
            let cited = Citation { span: Span::claimed(start, start + length).unwrap(), ..citation(&path) };
            let text = cited.to_string();
            prop_assert_eq!(text.parse::<Citation>(), Ok(cited));
            prop_assert!(!text.contains([' ', '"', '<', '>', '(', ')', '[', ']', '*', '`', '~', '#', '?', '\\']));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<Reference>();
        }
    }
}
