//! Whether the words of a citation still stand where it says, in the source as it is now: the file, the commit that
//! the revision means now, the page as it was fetched last. Reads the source, never writes.

use std::io;

use ibid_core::citation::Citation;
use ibid_core::hash::QuoteHash;
use ibid_core::id::{DocumentId, DocumentPath};
use ibid_core::span::Span;
use ibid_index::ReadError;
use ibid_index::snapshot::Snapshot;

use crate::error::BuildError;
use crate::extract;
use crate::source::{self, Source};

/// What became of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The same words stand at the same bytes.
    Unchanged,
    /// The same words stand elsewhere now.
    Moved {
        /// Where.
        to: Citation,
    },
    /// The file is there, the words are not.
    Changed,
    /// The file is not there, and no other holds the words.
    Gone,
}

/// Why a citation could not be compared with its file.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file is there and cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file, as the collection names it.
        path: DocumentPath,
        /// The system's reason.
        source: io::Error,
    },
    /// The source is not there, or cannot be read.
    #[error(transparent)]
    Source(Box<BuildError>),
    /// The index could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Compares a citation of `snapshot`'s collection with its source.
///
/// Looks first at the place cited, then through the same file, then where the index has the words. Costs a read of the
/// file; where the words moved and the index no longer has them, a hash at every character of it.
pub fn verify(snapshot: &Snapshot, citation: &Citation) -> Result<Verdict, VerifyError> {
    let source = source::recorded(&snapshot.manifest().source)
        .map_err(|error| VerifyError::Source(Box::new(error)))?;
    let here = read_source(source.as_ref(), &citation.document.path)?;
    if let Some(text) = &here {
        if citation.span.quote(text).is_some_and(|quote| QuoteHash::of(quote) == citation.hash) {
            return Ok(Verdict::Unchanged);
        }
        let quote = quote_as_indexed(snapshot, citation)?;
        if let Some(span) = find(text, citation, quote.as_deref()) {
            return Ok(Verdict::Moved { to: Citation { span, ..citation.clone() } });
        }
    }
    for chunk in snapshot.chunks_with_quote(citation.hash)? {
        if chunk.path == citation.document.path {
            continue;
        }
        let Some(text) = read_source(source.as_ref(), &chunk.path)? else { continue };
        let document = DocumentId { collection: citation.document.collection.clone(), path: chunk.path };
        let there = Citation { document, ..citation.clone() };
        if let Some(span) = find(&text, &there, Some(chunk.text.trim())) {
            return Ok(Verdict::Moved { to: Citation { span, ..there } });
        }
    }
    Ok(if here.is_some() { Verdict::Changed } else { Verdict::Gone })
}

/// The file's text now; `None` where there is no such file, or it is no text any more.
fn read_source(source: &dyn Source, path: &DocumentPath) -> Result<Option<String>, VerifyError> {
    match source.read(path) {
        Ok(bytes) => Ok(extract::text_of(path, bytes).ok().map(|decoded| decoded.text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(VerifyError::Unreadable { path: path.clone(), source }),
    }
}

/// The quote itself, if the index still holds it where the citation says.
fn quote_as_indexed(snapshot: &Snapshot, citation: &Citation) -> Result<Option<String>, VerifyError> {
    let bytes = citation.span.start()..citation.span.end();
    let Some((base, text)) = snapshot.text(&citation.document.path, bytes)? else { return Ok(None) };
    let span =
        Span::claimed(citation.span.start().saturating_sub(base), citation.span.end().saturating_sub(base));
    let quote = span.and_then(|span| span.quote(&text)).filter(|quote| QuoteHash::of(quote) == citation.hash);
    Ok(quote.map(str::to_owned))
}

/// Where the words stand in `text`, nearest to where they stood.
fn find(text: &str, citation: &Citation, quote: Option<&str>) -> Option<Span> {
    let length = citation.span.len() as usize;
    if length == 0 {
        return None;
    }
    let distance = |at: &usize| at.abs_diff(citation.span.start() as usize);
    let at = match quote.filter(|quote| QuoteHash::of(quote) == citation.hash) {
        Some(quote) => text.match_indices(quote).map(|(at, _)| at).min_by_key(distance),
        None => text
            .char_indices()
            // A quote begins and ends with something to see.
            .filter(|(_, first)| !first.is_whitespace())
            .map(|(at, _)| at)
            .filter(|&at| {
                text.get(at..at + length).is_some_and(|window| QuoteHash::of(window) == citation.hash)
            })
            .min_by_key(distance),
    }?;
    Span::within(text, at..at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, quote: &str, was_at: u32, found: Option<u32>) {
        let document =
            DocumentId { collection: "c".parse().unwrap(), path: DocumentPath::new("a.md").unwrap() };
        let span = Span::claimed(was_at, was_at + quote.len() as u32).unwrap();
        let citation = Citation { document, hash: QuoteHash::of(quote), span };
        for known in [Some(quote), None, Some("other words")] {
            assert_eq!(find(text, &citation, known).map(Span::start), found, "{text} {known:?}");
        }
    }

    #[test]
    fn words_are_found_where_they_moved_to() {
        check("new first line\nrye doubles", "rye doubles", 0, Some(15));
        check("é rye doubles", "rye doubles", 0, Some(3));
        check("rye triples", "rye doubles", 0, None);
    }

    #[test]
    fn of_several_places_the_nearest_is_taken() {
        check("rye. rye. rye.", "rye.", 6, Some(5));
        check("rye. rye. rye.", "rye.", 99, Some(10));
    }
}
