//! A citation back to its quote, with the text around it, as it was indexed. Whether the file on disk still says so is
//! the indexer's `verify`.

use std::sync::Arc;

use ibid_core::citation::{Citation, Reference};
use ibid_core::hash::QuoteHash;
use ibid_core::id::DocumentId;
use ibid_core::links;
use ibid_core::span::Span;
use ibid_index::snapshot::{Snapshot, StoredDocument};

use crate::error::FetchError;

/// The most bytes of text one fetch gives. A longer document is given in windows of this size.
pub const FETCH_WINDOW_BYTES: u32 = 40_000;

/// A document, or the window of it around a quote.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// The document's facts.
    pub stored: StoredDocument,
    /// Which document it is.
    pub document: DocumentId,
    /// The words asked for; for a whole document, everything that `text` holds.
    pub cited: Citation,
    /// The text, exactly as it was indexed.
    pub text: String,
    /// Where `text` stands in the document.
    pub window: Span,
    /// The line of the first cited byte, from 1.
    pub line: u32,
    /// The line of the last cited byte.
    pub last_line: u32,
    /// The headings above the first cited byte, outermost first.
    pub headings: Vec<String>,
    /// The anchor of the first block with an id that the cited bytes touch, with its `^`: what a link to them ends with.
    pub anchor: Option<String>,
    /// What stands right before the window; `None` where it begins the document.
    pub previous: Option<Citation>,
    /// What stands right after the window; `None` where it ends the document.
    pub next: Option<Citation>,
    /// The full id of the Git commit whose bytes were indexed, if they are those of one.
    pub commit: Option<String>,
    /// The generation it was read from.
    pub generation: u64,
    /// When that generation was committed, in seconds since 1970.
    pub indexed_at: u64,
}

/// Leads an id back to its words.
///
/// A quote whose place moved inside the index is found by its hash. One that is not there any more is
/// [`FetchError::Changed`]: nothing else is given in its stead.
pub fn fetch(snapshots: &[Arc<Snapshot>], reference: &Reference) -> Result<Fetched, FetchError> {
    let document = reference.document();
    let snapshot = snapshots
        .iter()
        .find(|snapshot| *snapshot.name() == document.collection)
        .ok_or_else(|| FetchError::UnknownCollection { collection: document.collection.clone() })?;
    let (document, cited) = match reference {
        Reference::Document(document) => (document.clone(), None),
        Reference::Quote(citation) => {
            let found = locate(snapshot, citation)?;
            (found.document, Some(found.span))
        }
        Reference::Part { document, anchor } => (document.clone(), Some(part(snapshot, document, anchor)?)),
    };
    let stored = snapshot
        .document(&document.path)?
        .ok_or_else(|| FetchError::UnknownDocument { document: document.clone() })?;
    let whole = Span::claimed(0, stored.text_bytes).expect("nothing ends before 0");
    let window = window_around(cited.unwrap_or(whole), stored.text_bytes);
    let (window, text) = read_window(snapshot, &document, window)?;
    // Asked for everything, it cites what it gives.
    let cited = cited.unwrap_or(window);
    let quote = read(snapshot, &document, cited)?;
    let (line, headings) = place(snapshot, &document, cited)?;
    let anchor = stored.document.block_at(cited).map(|block| format!("^{}", block.name));
    let neighbour = |span: Span| -> Result<Option<Citation>, FetchError> {
        if span.is_empty() {
            return Ok(None);
        }
        let (span, text) = read_window(snapshot, &document, span)?;
        Ok(Some(Citation { document: document.clone(), hash: QuoteHash::of(&text), span }))
    };
    let before = Span::claimed(window.start().saturating_sub(FETCH_WINDOW_BYTES), window.start());
    let after = Span::claimed(window.end(), stored.text_bytes.min(window.end() + FETCH_WINDOW_BYTES));
    Ok(Fetched {
        cited: Citation { document: document.clone(), hash: QuoteHash::of(&quote), span: cited },
        previous: before.map_or(Ok(None), neighbour)?,
        next: after.map_or(Ok(None), neighbour)?,
        commit: snapshot.manifest().source.origin.commit().map(str::to_owned),
        generation: snapshot.manifest().generation,
        indexed_at: snapshot.manifest().indexed_at,
        stored,
        document,
        text,
        window,
        line,
        last_line: line + line_ends(quote.trim_end()),
        anchor,
        headings,
    })
}

/// Where the section or the block of this anchor stands, without the white space at its ends.
fn part(snapshot: &Snapshot, document: &DocumentId, anchor: &str) -> Result<Span, FetchError> {
    let stored = snapshot.document(&document.path)?;
    let stored = stored.ok_or_else(|| FetchError::UnknownDocument { document: document.clone() })?;
    let span = links::part(&stored.document, stored.text_bytes, anchor)
        .ok_or_else(|| FetchError::UnknownPart { document: document.clone(), anchor: anchor.to_owned() })?;
    Ok(span.trimmed(&read(snapshot, document, span)?))
}

/// The line and the headings of a span's first byte.
fn place(snapshot: &Snapshot, document: &DocumentId, span: Span) -> Result<(u32, Vec<String>), FetchError> {
    let chunk = snapshot.chunk_at(&document.path, span.start())?;
    let chunk = chunk.ok_or_else(|| FetchError::UnknownDocument { document: document.clone() })?;
    let before = chunk.text.get(..(span.start().saturating_sub(chunk.start)) as usize).unwrap_or_default();
    Ok((chunk.line + line_ends(before), chunk.headings))
}

/// How many line ends a text holds; `\r\n` counts as one, a lone `\r` too.
pub fn line_ends(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|&(at, &byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u32
}

/// A span longer than this is no quote but a window asked for by its own id, and is given as it is.
const LONGEST_QUOTE_BYTES: u32 = 4_096;

/// Where the words of a citation stand in the index now.
fn locate(snapshot: &Snapshot, citation: &Citation) -> Result<Citation, FetchError> {
    let path = &citation.document.path;
    let stored = snapshot.document(path)?;
    if let Some(stored) = &stored
        && citation.span.end() <= stored.text_bytes
        && let Some(quote) = read_exactly(snapshot, &citation.document, citation.span)?
        && QuoteHash::of(&quote) == citation.hash
    {
        return Ok(citation.clone());
    }
    if let Some(stored) = &stored
        && let Some(span) = moved_passage(snapshot, citation, stored.text_bytes)?
    {
        return Ok(Citation { span, ..citation.clone() });
    }
    let chunks = snapshot.chunks_with_quote(citation.hash)?;
    // The same document first: a renamed note's words are looked for elsewhere only when it does not hold them.
    let moved = chunks.iter().find(|chunk| chunk.path == *path).or(chunks.first());
    if let Some(chunk) = moved {
        let document =
            DocumentId { collection: citation.document.collection.clone(), path: chunk.path.clone() };
        return Ok(Citation { document, hash: citation.hash, span: chunk.cited });
    }
    match stored {
        Some(_) => Err(FetchError::Changed { reference: Box::new(Reference::Quote(citation.clone())) }),
        None => Err(FetchError::UnknownDocument { document: citation.document.clone() }),
    }
}

/// Where a passage of several chunks stands in its document now: it begins where a chunk does, if it is there at all.
/// Costs a read of the document and a hash for each of its chunks.
fn moved_passage(
    snapshot: &Snapshot,
    citation: &Citation,
    text_bytes: u32,
) -> Result<Option<Span>, FetchError> {
    let path = &citation.document.path;
    let length = citation.span.len() as usize;
    let Some((_, text)) = snapshot.text(path, 0..text_bytes)?.filter(|_| length > 0) else { return Ok(None) };
    let span_at = |start: u32| {
        let rest = text.get(start as usize..)?;
        let begins = start as usize + (rest.len() - rest.trim_start().len());
        let quote = text.get(begins..begins + length)?;
        (QuoteHash::of(quote) == citation.hash).then(|| Span::within(&text, begins..begins + length))?
    };
    Ok(snapshot.chunk_starts(path)?.into_iter().find_map(span_at))
}

/// The window that is given for a span: a long one as it is, up to the limit; a quote with as much on both sides as
/// fits.
fn window_around(cited: Span, text_bytes: u32) -> Span {
    let start = match cited.len() > LONGEST_QUOTE_BYTES {
        true => cited.start(),
        false => {
            let before = (FETCH_WINDOW_BYTES - cited.len()) / 2;
            cited.start().saturating_sub(before).min(text_bytes.saturating_sub(FETCH_WINDOW_BYTES))
        }
    };
    let end = if cited.len() > LONGEST_QUOTE_BYTES { cited.end() } else { text_bytes };
    Span::claimed(start, end.min(start + FETCH_WINDOW_BYTES)).unwrap_or(cited)
}

/// The window's text with its edges moved inwards to character boundaries.
fn read_window(
    snapshot: &Snapshot,
    document: &DocumentId,
    window: Span,
) -> Result<(Span, String), FetchError> {
    let (base, text) = read_around(snapshot, document, window)?;
    let start = text.ceil_char_boundary((window.start().saturating_sub(base)) as usize);
    let end = text.floor_char_boundary((window.end().saturating_sub(base)) as usize).max(start);
    let span = Span::within(&text, start..end).and_then(|span| span.shifted(base));
    Ok((span.expect("both edges were just put on boundaries"), text[start..end].to_owned()))
}

fn read(snapshot: &Snapshot, document: &DocumentId, span: Span) -> Result<String, FetchError> {
    Ok(read_exactly(snapshot, document, span)?.unwrap_or_default())
}

/// The quote of a span; `None` where it splits a character or leaves the text.
fn read_exactly(
    snapshot: &Snapshot,
    document: &DocumentId,
    span: Span,
) -> Result<Option<String>, FetchError> {
    let (base, text) = read_around(snapshot, document, span)?;
    let within = (span.start().saturating_sub(base)) as usize..(span.end().saturating_sub(base)) as usize;
    Ok(text.get(within).map(str::to_owned))
}

fn read_around(snapshot: &Snapshot, document: &DocumentId, span: Span) -> Result<(u32, String), FetchError> {
    let text = snapshot.text(&document.path, span.start()..span.end())?;
    text.ok_or_else(|| FetchError::UnknownDocument { document: document.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cited: (u32, u32), text_bytes: u32, window: (u32, u32)) {
        let cited = Span::claimed(cited.0, cited.1).unwrap();
        let made = window_around(cited, text_bytes);
        assert_eq!((made.start(), made.end()), window);
    }

    #[test]
    fn a_short_document_is_given_whole() {
        check((10, 20), 1_000, (0, 1_000));
        check((0, 0), 0, (0, 0));
    }

    #[test]
    fn a_long_document_is_given_around_the_quote() {
        check((50_000, 50_400), 100_000, (30_200, 70_200));
        check((10, 20), 100_000, (0, 40_000));
        check((99_900, 99_950), 100_000, (60_000, 100_000));
    }

    #[test]
    fn a_window_asked_for_by_its_own_citation_is_given_as_it_is() {
        check((40_000, 80_000), 100_000, (40_000, 80_000));
        check((80_000, 100_000), 100_000, (80_000, 100_000));
        check((0, 100_000), 100_000, (0, 40_000));
    }
}
