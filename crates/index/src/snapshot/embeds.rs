//! Words that a document shows by embedding another: where they really stand, and which documents show them. Links that
//! only point elsewhere are not followed.

use std::collections::HashSet;

use ibid_core::document::Link;
use ibid_core::id::DocumentPath;
use ibid_core::links;
use ibid_core::span::Span;
use tantivy::DocAddress;

use super::{ChunkAddress, Snapshot, StoredDocument};
use crate::error::ReadError;
use crate::vector::RowSet;

/// How many documents within documents are followed upwards; more is a circle or a joke.
const MAX_NESTING: usize = 16;

/// A document that shows a passage by embedding it, itself or through others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedIn {
    /// Where it lies.
    pub path: DocumentPath,
    /// Its title.
    pub title: String,
    /// Where the embed stands in its text.
    pub span: Span,
}

impl Snapshot {
    /// The documents that show a part of a document by embedding it, the nearest first, then by path; at most `limit`.
    ///
    /// Costs a record for each document that embeds this one, and nothing where none does.
    pub fn embedded_in(
        &self,
        path: &DocumentPath,
        part: Span,
        limit: usize,
    ) -> Result<Vec<EmbeddedIn>, ReadError> {
        let mut found: Vec<EmbeddedIn> = Vec::new();
        let mut seen: HashSet<DocumentPath> = HashSet::from([path.clone()]);
        let mut level = vec![(path.clone(), part)];
        for _ in 0..MAX_NESTING {
            let mut next = Vec::new();
            for (path, part) in level {
                for embedding in self.embedding(&path, part)? {
                    if found.len() == limit {
                        return Ok(found);
                    }
                    if seen.insert(embedding.path.clone()) {
                        next.push((embedding.path.clone(), embedding.span));
                        found.push(embedding);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        Ok(found)
    }

    /// The embeds of other documents that show a part of this one.
    fn embedding(&self, path: &DocumentPath, part: Span) -> Result<Vec<EmbeddedIn>, ReadError> {
        let graph = self.links()?;
        let Some(number) = graph.number_of(path.as_str()) else { return Ok(Vec::new()) };
        if graph.embedded_by(number).is_empty() {
            return Ok(Vec::new());
        }
        let Some(shown) = self.document(path)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for &other in graph.embedded_by(number) {
            let Some(other) = DocumentPath::new(graph.path(other)) else { continue };
            let Some(stored) = self.document(&other)? else { continue };
            for link in stored.document.links.iter().filter(|link| link.embed) {
                let leads_here = graph.resolve(other.as_str(), &link.target) == Some(number);
                if leads_here && shown_part(&shown, link).is_some_and(|shown| overlap(shown, part)) {
                    let (path, title) = (other.clone(), stored.document.title.clone());
                    found.push(EmbeddedIn { path, title, span: link.span });
                }
            }
        }
        Ok(found)
    }

    /// Adds to `chunks`, a set for each segment, those that its members show by embedding them, nested ones too.
    pub(super) fn add_embedded(&self, chunks: &mut [RowSet]) -> Result<(), ReadError> {
        let graph = self.links()?;
        let mut waiting: Vec<DocAddress> = Vec::new();
        // A note may embed the same thing very often.
        let mut followed: HashSet<(u32, Option<String>)> = HashSet::new();
        for (segment, set) in chunks.iter().enumerate() {
            let Some(column) = &self.columns[segment].embed else { continue };
            let embeds = |doc: &u32| column.ords().values_for_doc(*doc).next().is_some();
            waiting.extend(set.iter().filter(embeds).map(|doc| DocAddress::new(segment as u32, doc)));
        }
        while let Some(at) = waiting.pop() {
            let chunk = self.chunk(ChunkAddress(at))?;
            let bytes = Span::claimed(chunk.start, chunk.start + chunk.text.len() as u32)
                .expect("its end is its start plus");
            let Some(stored) = self.document(&chunk.path)? else { continue };
            let embeds = stored.document.links.iter().filter(|link| link.embed && overlap(link.span, bytes));
            for link in embeds {
                let Some(target) = graph.resolve(chunk.path.as_str(), &link.target) else { continue };
                if !followed.insert((target, link.anchor.clone())) {
                    continue;
                }
                for shown in self.chunks_shown(graph.path(target), link)? {
                    let column = self.columns[shown.segment_ord as usize].embed.as_ref();
                    let is_new = chunks[shown.segment_ord as usize].insert(shown.doc_id);
                    if is_new
                        && column.is_some_and(|c| c.ords().values_for_doc(shown.doc_id).next().is_some())
                    {
                        waiting.push(shown);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether any chunk embeds anything.
    pub(super) fn has_embeds(&self) -> bool {
        self.columns.iter().any(|columns| columns.embed.as_ref().is_some_and(|column| column.num_terms() > 0))
    }

    /// The chunks that a link to the document at `path` shows.
    fn chunks_shown(&self, path: &str, link: &Link) -> Result<Vec<DocAddress>, ReadError> {
        let Some(path) = DocumentPath::new(path) else { return Ok(Vec::new()) };
        let Some(stored) = self.document(&path)? else { return Ok(Vec::new()) };
        let Some(part) = shown_part(&stored, link) else { return Ok(Vec::new()) };
        let chunks = self.addresses_of(path.as_str())?;
        let ends = chunks.iter().skip(1).map(|&at| self.start_of(at)).chain([u32::MAX]);
        let shown = chunks.iter().zip(ends).filter(|(at, end)| {
            self.start_of(**at) < part.end().max(part.start() + 1) && part.start() < *end
        });
        Ok(shown.map(|(at, _)| at.0).collect())
    }
}

/// The part of a document that a link to it shows; `None` where the document has no such part.
fn shown_part(stored: &StoredDocument, link: &Link) -> Option<Span> {
    match &link.anchor {
        Some(anchor) => links::part(&stored.document, stored.text_bytes, anchor),
        None => Span::claimed(0, stored.text_bytes),
    }
}

fn overlap(a: Span, b: Span) -> bool {
    a.start() < b.end() && b.start() < a.end()
}
