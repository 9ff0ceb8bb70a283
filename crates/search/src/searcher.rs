//! Answers a question over one or several snapshots.

use std::sync::Arc;

use ibid_core::citation::Citation;
use ibid_core::fusion::fuse;
use ibid_core::hash::QuoteHash;
use ibid_core::hit::{Answer, Hit, Note, Searched};
use ibid_core::id::DocumentId;
use ibid_core::query::{MAX_LIMIT, MAX_QUERY_BYTES, Query};
use ibid_core::span::Span;
use ibid_index::ReadError;
use ibid_index::lexical::{Word, words_of_document, words_of_question};
use ibid_index::snapshot::{Snapshot, StoredChunk};

use crate::error::SearchError;
use crate::query_embedder::QueryEmbedder;
use crate::rank::Diversity;
use crate::retrieve::{Asked, Candidate, MAX_TERMS, Retrieved, leg_score, retrieve};
use crate::snippet::snippet;

/// Snapshots and the models that made their vectors. Cheap to make, so make one for every question.
pub struct Searcher<'a> {
    snapshots: &'a [Arc<Snapshot>],
    embedders: Vec<&'a QueryEmbedder>,
}

impl<'a> Searcher<'a> {
    /// Searches `snapshots`; `embedder` may be `None` where none of them has vectors or none are wanted.
    pub fn new(snapshots: &'a [Arc<Snapshot>], embedder: Option<&'a QueryEmbedder>) -> Searcher<'a> {
        Searcher::with_embedders(snapshots, embedder)
    }

    /// Searches `snapshots` that several models made; each is asked with the embedder of its own checksum.
    pub fn with_embedders(
        snapshots: &'a [Arc<Snapshot>],
        embedders: impl IntoIterator<Item = &'a QueryEmbedder>,
    ) -> Searcher<'a> {
        Searcher { snapshots, embedders: embedders.into_iter().collect() }
    }

    /// The embedder that made the vectors of a snapshot, if it is at hand.
    fn embedder_of(&self, snapshot: &Snapshot) -> Option<&'a QueryEmbedder> {
        let model = snapshot.manifest().model.as_ref()?;
        self.embedders.iter().copied().find(|embedder| embedder.identity().checksum == model.checksum)
    }

    /// Answers `query`. Both legs run side by side; the calling thread waits for both.
    ///
    /// Snapshots without vectors take part by words alone, and the answer says so.
    pub fn search(&self, query: &Query) -> Result<Answer, SearchError> {
        check(query)?;
        let mut notes = self.what_is_not_searched(query)?;
        let (terms, left_out) =
            if query.mode.has_lexical() { terms_of(&query.words) } else { Default::default() };
        if query.mode.has_lexical() && terms.is_empty() {
            notes.push(Note::NoWords);
        }
        if left_out {
            notes.push(Note::WordsLeftOut { kept: terms.len() });
        }
        let embedder =
            |snapshot: &Arc<Snapshot>| self.embedder_of(snapshot).filter(|_| query.mode.has_semantic());
        let asked = Asked { query, terms, embedders: self.snapshots.iter().map(embedder).collect() };
        let mut retrieved = retrieve(self.snapshots, &asked)?;
        notes.append(&mut retrieved.notes);
        let hits = self.hits(query, &asked.terms, &retrieved)?;
        if hits.is_empty() && !notes.contains(&Note::FilterMatchesNothing) {
            notes.push(Note::NothingFound);
        }
        let searched = self.snapshots.iter().map(|snapshot| searched(snapshot)).collect();
        Ok(Answer { hits, mode: query.mode, searched, notes })
    }

    fn what_is_not_searched(&self, query: &Query) -> Result<Vec<Note>, SearchError> {
        let mut notes = Vec::new();
        for snapshot in self.snapshots {
            let (collection, manifest) = (snapshot.name().clone(), snapshot.manifest());
            if snapshot.documents() == 0 {
                notes.push(Note::EmptyCollection { collection: collection.clone() });
            }
            if manifest.pending > 0 {
                notes.push(Note::Unfinished { collection: collection.clone(), pending: manifest.pending });
            }
            if !query.mode.has_semantic() {
                continue;
            }
            let Some(model) = &manifest.model else {
                if query.mode.has_lexical() {
                    notes.push(Note::NoVectors { collection });
                    continue;
                }
                return Err(SearchError::NoVectors { collection });
            };
            if self.embedder_of(snapshot).is_none() {
                let loaded: Vec<_> =
                    self.embedders.iter().map(|loaded| loaded.identity().name.as_str()).collect();
                let loaded = if loaded.is_empty() { "no model".to_owned() } else { loaded.join(", ") };
                return Err(SearchError::OtherModel { collection, wanted: model.name.clone(), loaded });
            }
            if snapshot.chunks_without_vector() > 0 {
                notes.push(Note::VectorsMissing { collection, chunks: snapshot.chunks_without_vector() });
            }
        }
        Ok(notes)
    }

    fn hits(&self, query: &Query, terms: &[String], retrieved: &Retrieved) -> Result<Vec<Hit>, ReadError> {
        let fused = fuse(query.fusion, &[&retrieved.lexical, &retrieved.semantic]);
        let mut diversity = Diversity::new(query.per_document);
        let mut hits = Vec::new();
        for tied in self.in_order(fused) {
            let (candidate, score, chunk) = tied?;
            if hits.len() == query.limit {
                break;
            }
            if !diversity.has_room(candidate.snapshot, &chunk) {
                continue;
            }
            let words = words_of_document(&chunk.text);
            if !diversity.admit(candidate.snapshot, &chunk, &words) {
                continue;
            }
            let mut hit = self.hit(candidate, &chunk, words, terms);
            hit.rank = hits.len() + 1;
            hit.score = score;
            hit.lexical = leg_score(&retrieved.lexical, candidate);
            hit.semantic = leg_score(&retrieved.semantic, candidate);
            hits.push(hit);
        }
        Ok(hits)
    }

    /// The fused list with its chunks read; equal scores go by collection, path and place, which are the same
    /// however the index lies on disk.
    fn in_order(
        &self,
        fused: Vec<(Candidate, f32)>,
    ) -> impl Iterator<Item = Result<(Candidate, f32, StoredChunk), ReadError>> {
        let groups: Vec<Vec<_>> = fused.chunk_by(|a, b| a.1 == b.1).map(<[_]>::to_vec).collect();
        groups.into_iter().flat_map(move |group| {
            let read: Result<Vec<_>, ReadError> = group
                .into_iter()
                .map(|(candidate, score)| {
                    Ok((candidate, score, self.snapshots[candidate.snapshot].chunk(candidate.chunk)?))
                })
                .collect();
            match read {
                Ok(mut tied) => {
                    let place = |(candidate, _, chunk): &(Candidate, f32, StoredChunk)| {
                        (candidate.snapshot, chunk.path.clone(), chunk.start)
                    };
                    tied.sort_by_cached_key(place);
                    tied.into_iter().map(Ok).collect::<Vec<_>>()
                }
                Err(error) => vec![Err(error)],
            }
        })
    }

    fn hit(&self, candidate: Candidate, chunk: &StoredChunk, words: Vec<Word>, terms: &[String]) -> Hit {
        let span = Span::claimed(chunk.start, chunk.start + chunk.text.len() as u32)
            .expect("its end is its start plus");
        let cited = span.trimmed(&chunk.text);
        let leading = (cited.start() - chunk.start) as usize;
        let quote = &chunk.text[leading..leading + cited.len() as usize];
        let document = DocumentId {
            collection: self.snapshots[candidate.snapshot].name().clone(),
            path: chunk.path.clone(),
        };
        Hit {
            rank: 0,
            citation: Citation { document, hash: QuoteHash::of(quote), span: cited },
            title: chunk.title.clone(),
            headings: chunk.headings.clone(),
            line: chunk.line + line_ends(&chunk.text[..leading]),
            snippet: snippet(quote, cited, shifted_back(words, leading), terms),
            score: 0.0,
            lexical: None,
            semantic: None,
        }
    }
}

fn check(query: &Query) -> Result<(), SearchError> {
    if query.words.trim().is_empty() {
        return Err(SearchError::EmptyQuestion);
    }
    if query.words.len() > MAX_QUERY_BYTES {
        return Err(SearchError::QuestionTooLong { bytes: query.words.len() });
    }
    if !(1..=MAX_LIMIT).contains(&query.limit) {
        return Err(SearchError::Limit { limit: query.limit });
    }
    Ok(())
}

/// The different terms of a question in order, at most [`MAX_TERMS`], and whether there were more.
fn terms_of(words: &str) -> (Vec<String>, bool) {
    let mut terms: Vec<String> = Vec::new();
    for word in words_of_question(words) {
        if terms.contains(&word.term) {
            continue;
        }
        if terms.len() == MAX_TERMS {
            return (terms, true);
        }
        terms.push(word.term);
    }
    (terms, false)
}

/// A chunk's words as those of its quote, which begins `leading` bytes of white space later.
fn shifted_back(mut words: Vec<Word>, leading: usize) -> Vec<Word> {
    for word in &mut words {
        word.bytes = word.bytes.start - leading..word.bytes.end - leading;
    }
    words
}

fn searched(snapshot: &Snapshot) -> Searched {
    let manifest = snapshot.manifest();
    Searched {
        collection: snapshot.name().clone(),
        generation: manifest.generation,
        indexed_at: manifest.indexed_at,
        documents: snapshot.documents(),
        chunks: snapshot.chunks(),
    }
}

/// How many line ends a text holds; `\r\n` counts as one, a lone `\r` too.
pub(crate) fn line_ends(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|&(at, &byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u32
}
