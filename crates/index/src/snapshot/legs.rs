//! Both legs of a query over one snapshot. A leg gives chunks and scores; which of them are shown is not decided here.

use ibid_core::id::DocumentPath;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Term};

use super::narrow::Statistics;
use super::{Allowed, ChunkAddress, LookedUp, Snapshot};
use crate::error::ReadError;

/// How many near chunks are looked at for each document alike that is wanted.
const CHUNKS_PER_ALIKE: usize = 8;

impl Snapshot {
    /// The best chunks for `words` by BM25, best first, at most `limit`.
    pub fn lexical(
        &self,
        words: &[LookedUp],
        allowed: Option<&Allowed>,
        limit: usize,
    ) -> Result<Vec<(ChunkAddress, f32)>, ReadError> {
        if words.iter().all(|word| word.terms.is_empty()) || limit == 0 {
            return Ok(Vec::new());
        }
        let mut query = self.words_query(words);
        // What a filter lets through is seen anyway.
        let seen = self.sight.as_ref().map(|sight| &sight.passing);
        if let Some(passing) = allowed.map(|allowed| &allowed.query).or(seen) {
            let passing = Box::new(passing.clone());
            query = Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::Must, passing)]));
        }
        let top = TopDocs::with_limit(limit).order_by_score();
        let found = self.searcher.search_with_statistics_provider(query.as_ref(), &top, &Statistics(self));
        let found = found.map_err(|error| self.read_error(error))?;
        Ok(found.into_iter().map(|(score, at)| (ChunkAddress(at), score)).collect())
    }

    /// The BM25 scores of given chunks for `words`; 0 for a chunk that holds none of them.
    ///
    /// `chunks` in any order; the answer is in the same.
    pub fn lexical_scores(&self, words: &[LookedUp], chunks: &[ChunkAddress]) -> Result<Vec<f32>, ReadError> {
        let mut scores = vec![0.0; chunks.len()];
        if words.iter().all(|word| word.terms.is_empty()) {
            return Ok(scores);
        }
        let mut order: Vec<usize> = (0..chunks.len()).collect();
        order.sort_by_key(|&at| chunks[at]);
        let statistics = Statistics(self);
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &self.searcher);
        // Word by word: one scorer of all of them would score whatever lies between the chunks asked for too.
        for clause in self.clauses(words) {
            let weight = clause.weight(scoring).map_err(|error| self.read_error(error))?;
            for group in order.chunk_by(|&a, &b| chunks[a].0.segment_ord == chunks[b].0.segment_ord) {
                let reader = self.searcher.segment_reader(chunks[group[0]].0.segment_ord);
                let mut scorer = weight.scorer(reader, 1.0).map_err(|error| self.read_error(error))?;
                for &at in group {
                    let doc = chunks[at].0.doc_id;
                    if scorer.doc() < doc {
                        scorer.seek(doc);
                    }
                    if scorer.doc() == doc {
                        scores[at] += scorer.score();
                    }
                }
            }
        }
        Ok(scores)
    }

    fn words_query(&self, words: &[LookedUp]) -> Box<dyn Query> {
        Box::new(BooleanQuery::new(self.clauses(words).map(|clause| (Occur::Should, clause)).collect()))
    }

    /// A query for each term of the words.
    fn clauses(&self, words: &[LookedUp]) -> impl Iterator<Item = Box<dyn Query>> {
        words.iter().flat_map(|word| &word.terms).map(|(term, weight)| {
            let term = Term::from_field_text(self.fields.words, term);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            Box::new(BoostQuery::new(Box::new(query), *weight)) as Box<dyn Query>
        })
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
            chunks.extend(self.chunks_of(row).iter().map(|&(_, at)| (ChunkAddress(at), cosine)));
        }
        if let Some(allowed) = allowed {
            // Equal words may stand in a document that passes and in one that does not.
            chunks.retain(|(at, _)| allowed.passes(at.0));
        }
        chunks
    }

    /// The cosine of each chunk to a vector; `None` for a chunk without vector.
    pub fn cosines(&self, vector: &[f32], chunks: &[ChunkAddress]) -> Vec<Option<f32>> {
        let cosine = |at: &ChunkAddress| Some(self.vectors.cosine(self.row_at(at.0)?, vector));
        chunks.iter().map(cosine).collect()
    }

    /// The chunks of other documents nearest to the mean of a document's vectors, best first; at least `documents`
    /// documents, where there are so many. Empty where the document has no vectors.
    pub fn alike(
        &self,
        path: &DocumentPath,
        documents: usize,
    ) -> Result<Vec<(ChunkAddress, f32)>, ReadError> {
        let own: Vec<DocAddress> = self.addresses_of(path.as_str())?.into_iter().map(|at| at.0).collect();
        let mut mean = vec![0.0; self.vectors.dimensions()];
        let mut rows = 0;
        for row in own.iter().filter_map(|&at| self.row_at(at)) {
            mean.iter_mut().zip(self.vectors.vector(row)).for_each(|(sum, number)| *sum += number);
            rows += 1;
        }
        let norm = mean.iter().map(|number| number * number).sum::<f32>().sqrt();
        if rows == 0 || norm == 0.0 {
            return Ok(Vec::new());
        }
        mean.iter_mut().for_each(|number| *number /= norm);
        // A few chunks of each document are near: enough of them are asked for that as many documents remain.
        let mut found = self.nearest(&mean, None, own.len() + documents * CHUNKS_PER_ALIKE);
        found.retain(|(at, _)| !own.contains(&at.0));
        Ok(found)
    }

    /// The chunks that share a vector.
    fn chunks_of(&self, row: u32) -> &[(u32, DocAddress)] {
        let from = self.by_row.partition_point(|&(other, _)| other < row);
        let length = self.by_row[from..].partition_point(|&(other, _)| other == row);
        &self.by_row[from..from + length]
    }
}
