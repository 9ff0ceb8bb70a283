//! Whether the documents of a snapshot are what was written: each put together from its chunks and compared with its
//! record. The files are whole when this is asked.

use ibid_core::hash::QuoteHash;
use ibid_core::id::DocumentPath;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

use super::{ChunkAddress, Snapshot};
use crate::check::{Fault, Finding};
use crate::error::ReadError;

/// The hash by which each chunk is found, by segment and number.
type QuoteHashes = Vec<Vec<Option<QuoteHash>>>;

impl Snapshot {
    /// What is wrong with documents, in the order of their paths, then chunks of none. Calls `progress` with the number
    /// of documents that are done. Reads every chunk.
    pub(crate) fn faults(&self, progress: &mut dyn FnMut(u64)) -> Result<Vec<Finding>, ReadError> {
        let hashes = self.quote_hashes()?;
        let (mut findings, mut seen) = (Vec::new(), 0);
        for (done, known) in self.known_documents()?.into_iter().enumerate() {
            let chunks = self.addresses_of(&known.path)?;
            seen += chunks.len() as u64;
            let looked_at = self.look_at(&known.path, &chunks, &hashes);
            let unreadable = |error: ReadError| Fault::Unreadable { reason: error.reason };
            if let Err(fault) = looked_at.map_err(unreadable).and_then(|fault| fault.map_or(Ok(()), Err)) {
                findings.push(Finding::Document { path: known.path, fault });
            }
            progress(done as u64 + 1);
        }
        let orphans = self.chunks().saturating_sub(seen);
        if orphans > 0 {
            findings.push(Finding::Orphans { chunks: orphans });
        }
        Ok(findings)
    }

    /// The first thing that is wrong with a document.
    fn look_at(
        &self,
        path: &str,
        chunks: &[ChunkAddress],
        hashes: &QuoteHashes,
    ) -> Result<Option<Fault>, ReadError> {
        let stored = DocumentPath::new(path).map(|path| self.document(&path)).transpose()?.flatten();
        let Some(stored) = stored.filter(|stored| stored.document.path.as_str() == path) else {
            return Ok(Some(Fault::Record));
        };
        let mut text = String::new();
        for &at in chunks {
            let chunk = self.chunk(at)?;
            let wanted = text.len() as u32;
            if chunk.start != wanted {
                return Ok(Some(Fault::Gap { found: chunk.start, wanted }));
            }
            text.push_str(&chunk.text);
            let hash = chunk.cited.quote(&text).map(QuoteHash::of);
            if hash.is_none() || hashes[at.0.segment_ord as usize][at.0.doc_id as usize] != hash {
                return Ok(Some(Fault::Quote { start: wanted }));
            }
        }
        if text.len() != stored.text_bytes as usize {
            let (found, wanted) = (text.len() as u64, stored.text_bytes);
            return Ok(Some(Fault::Length { found, wanted }));
        }
        let headings = stored.document.headings.iter().map(|heading| ("a heading", heading.span));
        let links = stored.document.links.iter().map(|link| ("a link", link.span));
        let outside = headings.chain(links).find(|(_, span)| span.quote(&text).is_none());
        Ok(outside.map(|(what, span)| Fault::Span { what, start: span.start(), end: span.end() }))
    }

    /// Reads the dictionary backwards: not which chunks a hash finds, but which hash finds a chunk.
    fn quote_hashes(&self) -> Result<QuoteHashes, ReadError> {
        let read = || -> tantivy::Result<QuoteHashes> {
            let mut all = Vec::new();
            for reader in self.searcher.segment_readers() {
                let mut hashes = vec![None; reader.max_doc() as usize];
                let index = reader.inverted_index(self.fields.quote_hash)?;
                let mut terms = index.terms().stream()?;
                while terms.advance() {
                    let Ok(bytes) = <[u8; 8]>::try_from(terms.key()) else { continue };
                    let hash = QuoteHash::from_u64(u64::from_be_bytes(bytes));
                    let term = terms.value();
                    let mut chunks = index.read_postings_from_terminfo(term, IndexRecordOption::Basic)?;
                    while chunks.doc() != TERMINATED {
                        hashes[chunks.doc() as usize] = Some(hash);
                        chunks.advance();
                    }
                }
                all.push(hashes);
            }
            Ok(all)
        };
        read().map_err(|error| self.read_error(error))
    }
}
