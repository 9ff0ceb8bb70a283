//! The chunks that pass a filter, as a query of tantivy's that only demands and adds nothing to a score. The filter is
//! worked out before; this hands out numbers.

use std::sync::Arc;

use tantivy::index::SegmentId;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED};

use crate::vector::RowSet;

/// The numbers of the chunks that pass, ascending, of each segment.
#[derive(Debug, Clone)]
pub(super) struct Passing(Arc<Vec<(SegmentId, Arc<[DocId]>)>>);

impl Passing {
    /// Those of `chunks`, a set for each of the searcher's segments.
    pub(super) fn new(searcher: &Searcher, chunks: &[RowSet]) -> Passing {
        let segments = searcher.segment_readers().iter().zip(chunks);
        Passing(Arc::new(segments.map(|(reader, set)| (reader.segment_id(), set.iter().collect())).collect()))
    }
}

impl Query for Passing {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Passing {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let segment = reader.segment_id();
        let known = self.0.iter().find(|(other, _)| *other == segment);
        let chunks = known.map_or_else(|| Arc::from([]), |(_, chunks)| Arc::clone(chunks));
        Ok(Box::new(PassingChunks { chunks, at: 0 }))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("passes the filter", 0.0))
    }
}

struct PassingChunks {
    chunks: Arc<[DocId]>,
    at: usize,
}

impl DocSet for PassingChunks {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let left = self.chunks.get(self.at..).unwrap_or_default();
        self.at += left.partition_point(|&doc| doc < target);
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.chunks.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        self.chunks.len() as u32
    }
}

impl Scorer for PassingChunks {
    fn score(&mut self) -> Score {
        0.0
    }
}
