//! Chunks and documents read back: their words and facts, exactly as they were indexed.

use std::ops::Range;

use ibid_core::document::Document;
use ibid_core::hash::QuoteHash;
use ibid_core::id::DocumentPath;
use ibid_core::language::Language;
use ibid_core::span::Span;
use tantivy::query::TermQuery;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{DocAddress, TantivyDocument, Term};

use super::{ChunkAddress, Snapshot};
use crate::error::ReadError;
use crate::lexical::name::{name_terms, terms_asked};
use crate::record;

/// What the field `cited` holds, as a span counted from the chunk's first byte.
fn within_chunk(cited: u64) -> Option<Span> {
    Span::claimed((cited >> 32) as u32, cited as u32)
}

/// A document's facts as they were indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    /// What the extractor understood.
    pub document: Document,
    /// The encoding the text was decoded from; `None` where the text is the file's bytes.
    pub decoded_from: Option<String>,
    /// The BLAKE3 hash of the file's bytes, in hexadecimal.
    pub content_hash: String,
    /// The length of the text in bytes.
    pub text_bytes: u32,
    /// Where people find it, if that is not its path: a page's address on the web.
    pub address: Option<String>,
}

/// A chunk as it was indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// The document it belongs to.
    pub path: DocumentPath,
    /// That document's title.
    pub title: String,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its first byte in the document's text.
    pub start: u32,
    /// The line of that byte, from 1.
    pub line: u32,
    /// The language its words are in.
    pub language: Language,
    /// What a citation of it names; within its bytes.
    pub cited: Span,
    /// Its bytes.
    pub text: String,
}

/// A document that goes by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledDocument {
    /// The chunk it begins with.
    pub first: ChunkAddress,
    /// Whether the name is only an alias of it: neither its title nor the name of its file.
    pub by_alias: bool,
}

impl StoredChunk {
    /// The bytes a citation of it names.
    pub fn quote(&self) -> &str {
        let within =
            self.cited.range().start - self.start as usize..self.cited.range().end - self.start as usize;
        self.text.get(within).unwrap_or_default()
    }

    /// Whether nothing but white space is left out of its citation.
    pub fn is_cited_whole(&self) -> bool {
        self.quote().trim() == self.text.trim()
    }
}

impl Snapshot {
    /// A chunk's words and where they stand. Costs a block of the text store, some 10 µs.
    pub fn chunk(&self, at: ChunkAddress) -> Result<StoredChunk, ReadError> {
        if !self.is_seen(at.0) {
            return Err(self.nonsense("a chunk was asked for that is not seen"));
        }
        let stored: TantivyDocument = self.searcher.doc(at.0).map_err(|error| self.read_error(error))?;
        let columns = &self.columns[at.0.segment_ord as usize];
        let text = |field| stored.get_first(field).and_then(|value| value.as_str()).unwrap_or_default();
        let headings =
            stored.get_all(self.fields.heading).filter_map(|value| value.as_str().map(str::to_owned));
        let start = columns.start.first(at.0.doc_id).unwrap_or(0) as u32;
        let body = text(self.fields.body);
        let whole = Span::within(body, 0..body.len()).map(|span| span.trimmed(body));
        let cited = columns.cited.as_ref().and_then(|cited| cited.first(at.0.doc_id)).map(within_chunk);
        let cited = cited.unwrap_or(whole).filter(|span| span.quote(body).is_some());
        Ok(StoredChunk {
            cited: cited
                .and_then(|span| span.shifted(start))
                .ok_or_else(|| self.nonsense("a chunk's citation lies outside it"))?,
            path: DocumentPath::new(text(self.fields.path))
                .ok_or_else(|| self.nonsense("a chunk has no path"))?,
            title: text(self.fields.title).to_owned(),
            headings: headings.collect(),
            start,
            line: columns.line.first(at.0.doc_id).unwrap_or(1) as u32,
            language: columns.language_of(at.0.doc_id),
            text: body.to_owned(),
        })
    }

    /// A document's facts; `None` where the collection does not hold it.
    pub fn document(&self, path: &DocumentPath) -> Result<Option<StoredDocument>, ReadError> {
        let Some(first) = self.addresses_of(path.as_str())?.first().copied() else { return Ok(None) };
        let stored: TantivyDocument = self.searcher.doc(first.0).map_err(|error| self.read_error(error))?;
        let bytes = stored.get_first(self.fields.record).and_then(|value| value.as_bytes());
        let document =
            bytes.and_then(record::from_bytes).ok_or_else(|| self.nonsense("a document has no record"))?;
        Ok(Some(document))
    }

    /// A document's date, in seconds since 1970; `None` where the collection does not hold it, or it has none.
    pub fn date_of(&self, path: &DocumentPath) -> Result<Option<i64>, ReadError> {
        let first = self.addresses_of(path.as_str())?.first().copied();
        Ok(first.and_then(|at| self.date_at(at)))
    }

    /// The date of a chunk's document, in seconds since 1970; `None` where it has none.
    pub fn date_at(&self, at: ChunkAddress) -> Option<i64> {
        self.columns[at.0.segment_ord as usize].date.first(at.0.doc_id)
    }

    /// The text of a document from `bytes.start` to `bytes.end`, widened to whole chunks, and where it begins;
    /// `None` where the collection does not hold the document.
    ///
    /// Reads only the chunks in question.
    pub fn text(&self, path: &DocumentPath, bytes: Range<u32>) -> Result<Option<(u32, String)>, ReadError> {
        let chunks = self.addresses_of(path.as_str())?;
        if chunks.is_empty() {
            return Ok(None);
        }
        let start = |at: &ChunkAddress| self.start_of(*at);
        let from = chunks.partition_point(|at| start(at) <= bytes.start).saturating_sub(1);
        let to = chunks.partition_point(|at| start(at) < bytes.end).max(from + 1).min(chunks.len());
        let mut text = String::new();
        for &at in &chunks[from..to] {
            text.push_str(&self.chunk(at)?.text);
        }
        Ok(Some((self.start_of(chunks[from]), text)))
    }

    /// The chunk that holds a byte of a document; the last one for a byte past the end, `None` where the collection
    /// does not hold the document.
    pub fn chunk_at(&self, path: &DocumentPath, byte: u32) -> Result<Option<StoredChunk>, ReadError> {
        let chunks = self.addresses_of(path.as_str())?;
        let past = chunks.partition_point(|&at| self.start_of(at) <= byte);
        chunks.get(past.saturating_sub(1)).map(|&at| self.chunk(at)).transpose()
    }

    /// The first byte of each chunk of a document, ascending; empty where the collection does not hold the document.
    pub fn chunk_starts(&self, path: &DocumentPath) -> Result<Vec<u32>, ReadError> {
        Ok(self.addresses_of(path.as_str())?.into_iter().map(|at| self.start_of(at)).collect())
    }

    /// The documents called `name`: by title, alias or file name, whatever its case, accents and spaces. Where none is
    /// called so with its outer marks, those that are called so without them. By address.
    ///
    /// Costs two lookups, and a record for each document.
    pub fn named(&self, name: &str) -> Result<Vec<CalledDocument>, ReadError> {
        for term in terms_asked(name).into_iter().flatten() {
            let mut found = Vec::new();
            let query =
                TermQuery::new(Term::from_field_text(self.fields.name, &term), IndexRecordOption::Basic);
            self.for_each_match(&query, |segment, doc| {
                found.push(ChunkAddress(DocAddress::new(segment, doc)));
                Ok(())
            })?;
            if !found.is_empty() {
                let called = |first| {
                    let StoredChunk { path, title, .. } = self.chunk(first)?;
                    let by_alias = !name_terms(&title, [], path.as_str()).contains(&term);
                    Ok(CalledDocument { first, by_alias })
                };
                return found.into_iter().map(called).collect();
            }
        }
        Ok(Vec::new())
    }

    /// The chunks of the document that a chunk belongs to, in order.
    pub fn chunks_beside(&self, chunk: ChunkAddress) -> Result<Vec<ChunkAddress>, ReadError> {
        let path = self.chunk(chunk)?.path;
        self.addresses_of(path.as_str())
    }

    /// The chunks whose citation carries `hash`, sorted by path and place.
    pub fn chunks_with_quote(&self, hash: QuoteHash) -> Result<Vec<StoredChunk>, ReadError> {
        let term = Term::from_field_u64(self.fields.quote_hash, hash.as_u64());
        let mut found = Vec::new();
        self.for_each_match(&TermQuery::new(term, IndexRecordOption::Basic), |segment, doc| {
            found.push(ChunkAddress(DocAddress::new(segment, doc)));
            Ok(())
        })?;
        let mut chunks = found.into_iter().map(|at| self.chunk(at)).collect::<Result<Vec<_>, _>>()?;
        chunks.sort_by(|a, b| a.path.cmp(&b.path).then(a.start.cmp(&b.start)));
        Ok(chunks)
    }

    pub(super) fn start_of(&self, at: ChunkAddress) -> u32 {
        self.columns[at.0.segment_ord as usize].start.first(at.0.doc_id).unwrap_or(0) as u32
    }

    /// A document's chunks in order.
    pub(super) fn addresses_of(&self, path: &str) -> Result<Vec<ChunkAddress>, ReadError> {
        let term = Term::from_field_text(self.fields.path, path);
        let mut chunks = Vec::new();
        self.for_each_match(&TermQuery::new(term, IndexRecordOption::Basic), |segment, doc| {
            chunks.push(ChunkAddress(DocAddress::new(segment, doc)));
            Ok(())
        })?;
        chunks.sort_by_key(|&at| (self.start_of(at), at));
        Ok(chunks)
    }
}
