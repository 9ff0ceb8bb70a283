//! Both legs of a query over one snapshot, and the filter inside them. A leg gives chunks and scores; which of them are
//! shown is not decided here.

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Term};

use super::{ChunkAddress, Snapshot};
use crate::error::ReadError;
use crate::vector::{RowSet, VectorKey};

/// Which chunks may answer; made from a filter by [`Snapshot::allow`].
pub struct Allowed {
    query: Box<dyn Query>,
    rows: RowSet,
    chunks: u64,
}

impl Allowed {
    /// How many chunks pass.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// The rows of [`Snapshot::vectors`] that a chunk that passes uses.
    pub fn rows(&self) -> &RowSet {
        &self.rows
    }
}

impl Snapshot {
    /// Which chunks pass: those of documents whose path `matches`, and which carry `tag` or one below it.
    ///
    /// Looks at every path once where there is a path rule.
    pub fn allow(
        &self,
        matches: Option<&dyn Fn(&str) -> bool>,
        tag: Option<&str>,
    ) -> Result<Allowed, ReadError> {
        let mut clauses: Vec<Box<dyn Query>> = Vec::new();
        if let Some(tag) = tag {
            let term = Term::from_field_text(self.fields.tag, &tag.to_lowercase());
            clauses.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
        }
        if let Some(matches) = matches {
            clauses.push(Box::new(TermSetQuery::new(self.paths_that(matches)?)));
        }
        let query: Box<dyn Query> = Box::new(BooleanQuery::intersection(clauses));
        let mut rows = RowSet::empty(self.vectors.rows());
        let mut chunks = 0;
        self.for_each_match(query.as_ref(), |segment, doc| {
            chunks += 1;
            let key = self.columns[segment as usize].vector_key.first(doc).map(VectorKey);
            if let Some(row) = key.and_then(|key| self.vectors.row_of(key)) {
                rows.insert(row);
            }
            Ok(())
        })?;
        Ok(Allowed { query, rows, chunks })
    }

    fn paths_that(&self, matches: &dyn Fn(&str) -> bool) -> Result<Vec<Term>, ReadError> {
        let mut terms = Vec::new();
        for reader in self.searcher.segment_readers() {
            let inverted = reader.inverted_index(self.fields.path).map_err(|error| self.read_error(error))?;
            let mut paths = inverted.terms().stream().map_err(|error| self.read_error(error.into()))?;
            while let Some((path, _)) = paths.next() {
                if let Ok(path) = std::str::from_utf8(path)
                    && matches(path)
                {
                    terms.push(Term::from_field_text(self.fields.path, path));
                }
            }
        }
        Ok(terms)
    }

    /// The best chunks for `terms` (as the analyzer makes them) by BM25 over all fields, best first, at most `limit`.
    pub fn lexical(
        &self,
        terms: &[String],
        allowed: Option<&Allowed>,
        limit: usize,
    ) -> Result<Vec<(ChunkAddress, f32)>, ReadError> {
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut query = self.words_query(terms);
        if let Some(allowed) = allowed {
            let must = BoostQuery::new(allowed.query.box_clone(), 0.0);
            query = Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::Must, Box::new(must))]));
        }
        let top = TopDocs::with_limit(limit).order_by_score();
        let found = self.searcher.search(query.as_ref(), &top).map_err(|error| self.read_error(error))?;
        Ok(found.into_iter().map(|(score, at)| (ChunkAddress(at), score)).collect())
    }

    /// The BM25 scores of given chunks for `terms`; 0 for a chunk that holds none of them.
    ///
    /// `chunks` in any order; the answer is in the same.
    pub fn lexical_scores(&self, terms: &[String], chunks: &[ChunkAddress]) -> Result<Vec<f32>, ReadError> {
        let mut scores = vec![0.0; chunks.len()];
        if terms.is_empty() {
            return Ok(scores);
        }
        let mut order: Vec<usize> = (0..chunks.len()).collect();
        order.sort_by_key(|&at| chunks[at]);
        let query = self.words_query(terms);
        let weight = query
            .weight(EnableScoring::enabled_from_searcher(&self.searcher))
            .map_err(|error| self.read_error(error))?;
        for group in order.chunk_by(|&a, &b| chunks[a].0.segment_ord == chunks[b].0.segment_ord) {
            let reader = self.searcher.segment_reader(chunks[group[0]].0.segment_ord);
            let mut scorer = weight.scorer(reader, 1.0).map_err(|error| self.read_error(error))?;
            for &at in group {
                let doc = chunks[at].0.doc_id;
                if scorer.doc() < doc {
                    scorer.seek(doc);
                }
                if scorer.doc() == doc {
                    scores[at] = scorer.score();
                }
            }
        }
        Ok(scores)
    }

    fn words_query(&self, terms: &[String]) -> Box<dyn Query> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for term in terms {
            for searched in self.fields.searched() {
                let term = Term::from_field_text(searched.field, term);
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), searched.weight))));
            }
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// The chunks nearest to a vector by cosine, best first; about `limit`, more where chunks share a vector.
    pub fn nearest(
        &self,
        vector: &[f32],
        allowed: Option<&Allowed>,
        limit: usize,
    ) -> Vec<(ChunkAddress, f32)> {
        let found = match allowed {
            Some(allowed) => self.vectors.nearest(vector, limit, &allowed.rows),
            None => self.vectors.nearest(vector, limit, &self.alive),
        };
        let mut chunks = Vec::with_capacity(found.len());
        for (row, cosine) in found {
            let sharing = self.chunks_of(self.vectors.key(row));
            chunks.extend(sharing.iter().map(|&(_, at)| (ChunkAddress(at), cosine)));
        }
        if let Some(allowed) = allowed {
            // Equal words may stand in a document that passes and in one that does not.
            let passes = self.passing(allowed, chunks.iter().map(|&(at, _)| at));
            chunks.retain(|(at, _)| passes.binary_search(at).is_ok());
        }
        chunks
    }

    /// The cosine of each chunk to a vector; `None` for a chunk without vector.
    pub fn cosines(&self, vector: &[f32], chunks: &[ChunkAddress]) -> Vec<Option<f32>> {
        let cosine = |at: &ChunkAddress| {
            let key = self.columns[at.0.segment_ord as usize].vector_key.first(at.0.doc_id)?;
            Some(self.vectors.cosine(self.vectors.row_of(VectorKey(key))?, vector))
        };
        chunks.iter().map(cosine).collect()
    }

    fn chunks_of(&self, key: VectorKey) -> &[(VectorKey, DocAddress)] {
        let from = self.by_key.partition_point(|&(other, _)| other < key);
        let length = self.by_key[from..].partition_point(|&(other, _)| other == key);
        &self.by_key[from..from + length]
    }

    /// Those of `chunks` that pass, sorted.
    fn passing(&self, allowed: &Allowed, chunks: impl Iterator<Item = ChunkAddress>) -> Vec<ChunkAddress> {
        let mut wanted: Vec<_> = chunks.collect();
        wanted.sort_unstable();
        wanted.dedup();
        let Ok(weight) = allowed.query.weight(EnableScoring::disabled_from_searcher(&self.searcher)) else {
            return Vec::new();
        };
        let mut passing = Vec::new();
        for group in wanted.chunk_by(|a, b| a.0.segment_ord == b.0.segment_ord) {
            let Ok(mut docs) = weight.scorer(self.searcher.segment_reader(group[0].0.segment_ord), 1.0)
            else {
                continue;
            };
            for &at in group {
                if docs.doc() < at.0.doc_id {
                    docs.seek(at.0.doc_id);
                }
                if docs.doc() == at.0.doc_id {
                    passing.push(at);
                }
            }
        }
        passing
    }
}
