//! Both legs of a query over one snapshot. A leg gives chunks and scores; which of them are shown is not decided here.

use ibid_core::id::DocumentPath;
use ibid_core::language::Language;
use tantivy::collector::TopDocs;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, EnableScoring, Occur, PhraseQuery, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Term};

use super::narrow::Statistics;
use super::{Allowed, ChunkAddress, LookedUp, Snapshot};
use crate::error::ReadError;

/// How many near chunks are looked at for each document alike that is wanted.
const CHUNKS_PER_ALIKE: usize = 8;

/// The most forms of each of two words that are looked for next to each other.
const MAX_FORMS: usize = 3;

impl Snapshot {
    /// The best chunks for `words` by BM25, best first, at most `limit`.
    pub fn lexical(
        &self,
        words: &[LookedUp],
        allowed: Option<&Allowed>,
        limit: usize,
    ) -> Result<Vec<(ChunkAddress, f32)>, ReadError> {
        let clauses = self.clauses(words);
        if clauses.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut query = any_of(clauses);
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
        self.scores_of(self.clauses(words), chunks)
    }

    /// The sums of what `clauses` give to given chunks.
    fn scores_of(
        &self,
        clauses: Vec<Box<dyn Query>>,
        chunks: &[ChunkAddress],
    ) -> Result<Vec<f32>, ReadError> {
        let mut scores = vec![0.0; chunks.len()];
        let mut order: Vec<usize> = (0..chunks.len()).collect();
        order.sort_by_key(|&at| chunks[at]);
        let statistics = Statistics(self);
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &self.searcher);
        // Word by word: one scorer of all of them would score whatever lies between the chunks asked for too.
        for clause in clauses {
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

    /// What it is worth to given chunks that two words stand in them next to each other, in their order: BM25 of the two
    /// as a phrase, for each pair; 0 for a chunk that holds none.
    ///
    /// `chunks` in any order; the answer is in the same. Costs a look at the places of both words in each chunk that
    /// holds both.
    pub fn beside_scores(
        &self,
        pairs: &[(&LookedUp, &LookedUp)],
        chunks: &[ChunkAddress],
    ) -> Result<Vec<f32>, ReadError> {
        let phrases = pairs.iter().flat_map(|(first, second)| {
            let typed = |word: &'_ LookedUp| -> Vec<Term> {
                let own = word.terms.iter().filter(|(term, _)| !word.respelt.contains(term));
                own.take(MAX_FORMS).map(|(term, _)| Term::from_field_text(self.fields.words, term)).collect()
            };
            let seconds = typed(second);
            let pair = move |first: Term| {
                let phrases = seconds.iter().map(|second| vec![first.clone(), second.clone()]);
                phrases.collect::<Vec<_>>()
            };
            typed(first).into_iter().flat_map(pair).collect::<Vec<_>>()
        });
        // Of one word twice tantivy makes no phrase.
        let phrases = phrases.filter(|pair| pair[0] != pair[1]);
        self.scores_of(
            phrases.map(|pair| Box::new(PhraseQuery::new(pair)) as Box<dyn Query>).collect(),
            chunks,
        )
    }

    /// A query for each term of the words, and one for each compound.
    fn clauses(&self, words: &[LookedUp]) -> Vec<Box<dyn Query>> {
        words.iter().flat_map(|word| self.clauses_of(word, 1.0)).collect()
    }

    /// What a word is found by, each with its weight; together they are its score.
    fn clauses_of(&self, word: &LookedUp, weight: f32) -> Vec<Box<dyn Query>> {
        let weight = weight * word.weight;
        if weight == 0.0 || self.languages().iter().all(|language| word.silent_in.contains(language)) {
            return Vec::new();
        }
        let own = word.terms.iter().map(|(term, own)| {
            let term = Term::from_field_text(self.fields.words, term);
            boosted(TermQuery::new(term, IndexRecordOption::WithFreqs), weight * own)
        });
        let mut clauses: Vec<Box<dyn Query>> = own.collect();
        let parts: Vec<_> = word.parts.iter().flat_map(|part| self.clauses_of(part, weight)).collect();
        if !parts.is_empty() {
            clauses = match clauses.is_empty() {
                true => parts,
                false => vec![Box::new(DisjunctionMaxQuery::new(vec![any_of(clauses), any_of(parts)]))],
            };
        }
        match word.silent_in.is_empty() || clauses.is_empty() {
            true => clauses,
            false => vec![self.outside(clauses, &word.silent_in)],
        }
    }

    /// The same, in documents of other languages alone.
    fn outside(&self, clauses: Vec<Box<dyn Query>>, languages: &[Language]) -> Box<dyn Query> {
        let of = |&language: &Language| -> (Occur, Box<dyn Query>) {
            let term = Term::from_field_u64(self.fields.language, language as u64);
            (Occur::MustNot, Box::new(TermQuery::new(term, IndexRecordOption::Basic)))
        };
        let all = languages.iter().map(of).chain([(Occur::Must, any_of(clauses))]);
        Box::new(BooleanQuery::new(all.collect()))
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
    pub(super) fn chunks_of(&self, row: u32) -> &[(u32, DocAddress)] {
        let from = self.by_row.partition_point(|&(other, _)| other < row);
        let length = self.by_row[from..].partition_point(|&(other, _)| other == row);
        &self.by_row[from..from + length]
    }
}

/// The sum of what its clauses say.
fn any_of(mut clauses: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match clauses.len() {
        1 => clauses.remove(0),
        _ => Box::new(BooleanQuery::new(clauses.into_iter().map(|clause| (Occur::Should, clause)).collect())),
    }
}

fn boosted(query: TermQuery, weight: f32) -> Box<dyn Query> {
    match weight == 1.0 {
        true => Box::new(query),
        false => Box::new(BoostQuery::new(Box::new(query), weight)),
    }
}
