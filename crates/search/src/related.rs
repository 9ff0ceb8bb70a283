//! What stands near a note: what it links to, what links to it, what says something alike. No question is asked here.

use std::collections::HashSet;
use std::sync::Arc;

use ibid_core::citation::Citation;
use ibid_core::document::Link;
use ibid_core::hash::QuoteHash;
use ibid_core::id::{DocumentId, DocumentPath};
use ibid_core::links::is_address;
use ibid_index::ReadError;
use ibid_index::snapshot::{LinkGraph, Snapshot, StoredDocument};

use crate::error::FetchError;

/// The most notes each list names.
pub const MAX_RELATED: usize = 50;

/// What stands near a note.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// The note.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// The notes it links to, each once, in the order of its links.
    pub links: Vec<LinkedNote>,
    /// The notes that link to it, by path.
    pub backlinks: Vec<LinkedNote>,
    /// Links that lead to no note of the collection, as written, each once.
    pub dangling: Vec<String>,
    /// Notes whose words mean something alike, best first; empty where the collection has no vectors.
    pub similar: Vec<SimilarNote>,
}

/// A note at the other end of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedNote {
    /// Which note.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// The passage in which the link stands, in the note that bears it.
    pub place: Citation,
    /// The line of the link's passage, from 1.
    pub line: u32,
    /// Whether the link shows the other note's words.
    pub embed: bool,
}

/// A note that says something alike.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarNote {
    /// Which note.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// The passage that is most alike.
    pub passage: Citation,
    /// The cosine of that passage to the mean of the note's passages.
    pub cosine: f32,
}

/// What stands near `document`, at most `limit` of each kind.
///
/// Costs a record for each note named, and a scan of the vectors.
pub fn related(
    snapshots: &[Arc<Snapshot>],
    document: &DocumentId,
    limit: usize,
) -> Result<Related, FetchError> {
    let snapshot = snapshots
        .iter()
        .find(|snapshot| *snapshot.name() == document.collection)
        .ok_or_else(|| FetchError::UnknownCollection { collection: document.collection.clone() })?;
    let unknown = || FetchError::UnknownDocument { document: document.clone() };
    let stored = snapshot.document(&document.path)?.ok_or_else(unknown)?;
    let graph = snapshot.links()?;
    let number = graph.number_of(document.path.as_str()).ok_or_else(unknown)?;
    let limit = limit.min(MAX_RELATED);
    let near = Near { snapshot, graph, limit };
    Ok(Related {
        document: document.clone(),
        links: near.links(&document.path, &stored)?,
        backlinks: near.backlinks(number)?,
        dangling: near.dangling(&document.path, &stored),
        similar: near.similar(&document.path)?,
        title: stored.document.title,
    })
}

struct Near<'a> {
    snapshot: &'a Snapshot,
    graph: &'a LinkGraph,
    limit: usize,
}

impl Near<'_> {
    fn links(&self, path: &DocumentPath, stored: &StoredDocument) -> Result<Vec<LinkedNote>, ReadError> {
        let mut seen = HashSet::from([self.graph.number_of(path.as_str())]);
        let mut linked = Vec::new();
        for link in &stored.document.links {
            let to = self.graph.resolve(path.as_str(), &link.target);
            if linked.len() == self.limit || to.is_none() || !seen.insert(to) {
                continue;
            }
            let other = to.and_then(|to| DocumentPath::new(self.graph.path(to)));
            linked.extend(other.map(|other| self.linked(&other, path, link)).transpose()?.flatten());
        }
        Ok(linked)
    }

    fn backlinks(&self, number: u32) -> Result<Vec<LinkedNote>, ReadError> {
        let mut linked = Vec::new();
        for &from in self.graph.backlinks(number).iter().take(self.limit) {
            let Some(path) = DocumentPath::new(self.graph.path(from)) else { continue };
            let Some(stored) = self.snapshot.document(&path)? else { continue };
            let leads_here = |link: &&Link| self.graph.resolve(path.as_str(), &link.target) == Some(number);
            let Some(link) = stored.document.links.iter().find(leads_here) else { continue };
            linked.extend(self.linked(&path, &path, link)?);
        }
        Ok(linked)
    }

    /// `other` as the far end of a link that stands in the note at `bearer`.
    fn linked(
        &self,
        other: &DocumentPath,
        bearer: &DocumentPath,
        link: &Link,
    ) -> Result<Option<LinkedNote>, ReadError> {
        let Some(title) = self.snapshot.document(other)?.map(|stored| stored.document.title) else {
            return Ok(None);
        };
        let Some(chunk) = self.snapshot.chunk_at(bearer, link.span.start())? else { return Ok(None) };
        let place =
            Citation { document: self.id(bearer), hash: QuoteHash::of(chunk.quote()), span: chunk.cited };
        Ok(Some(LinkedNote { document: self.id(other), title, place, line: chunk.line, embed: link.embed }))
    }

    fn dangling(&self, path: &DocumentPath, stored: &StoredDocument) -> Vec<String> {
        let mut dangling: Vec<String> = Vec::new();
        for link in &stored.document.links {
            let leads_nowhere =
                !is_address(&link.target) && self.graph.resolve(path.as_str(), &link.target).is_none();
            if leads_nowhere && dangling.len() < self.limit && !dangling.contains(&link.target) {
                dangling.push(link.target.clone());
            }
        }
        dangling
    }

    fn similar(&self, path: &DocumentPath) -> Result<Vec<SimilarNote>, ReadError> {
        let mut similar: Vec<SimilarNote> = Vec::new();
        for (chunk, cosine) in self.snapshot.alike(path, self.limit)? {
            let chunk = self.snapshot.chunk(chunk)?;
            let document = self.id(&chunk.path);
            if similar.len() == self.limit || similar.iter().any(|known| known.document == document) {
                continue;
            }
            let hash = QuoteHash::of(chunk.quote());
            let passage = Citation { document: document.clone(), hash, span: chunk.cited };
            similar.push(SimilarNote { document, title: chunk.title, passage, cosine });
        }
        Ok(similar)
    }

    fn id(&self, path: &DocumentPath) -> DocumentId {
        DocumentId { collection: self.snapshot.name().clone(), path: path.clone() }
    }
}
