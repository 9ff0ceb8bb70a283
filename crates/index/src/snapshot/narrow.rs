//! A snapshot narrowed to what one caller sees. What is not seen is treated as what was deleted: it is in no list, no
//! count, no score, no graph of links and no dictionary, so nothing above this module has to remember it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use ibid_core::document::PropertyValue;
use ibid_core::front_matter::{FRONT_MATTER, UNREADABLE, claims, opens};
use ibid_core::grant::{Grant, PathPattern, Rule, RuleForm, What};
use ibid_core::mark::{marks, says_no};
use tantivy::postings::TermInfo;
use tantivy::query::{Bm25StatisticsProvider, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, InvertedIndexReader, SegmentReader, TERMINATED, Term};

use super::passing::Passing;
use super::{ChunkAddress, SegmentColumns, Snapshot};
use crate::error::ReadError;
use crate::vector::RowSet;
use crate::writer::{MAX_PROPERTY_TERM_BYTES, MAX_TAG_TERM_BYTES, property_term};

/// The most bytes of front matter that are looked at for its end.
const MAX_FRONT_MATTER_BYTES: u32 = 128 * 1024;

/// What a caller may see of a collection.
#[derive(Debug, Clone, Copy)]
pub struct Narrowing<'a> {
    /// The rules; those about whole collections and tools mean nothing here.
    pub grant: &'a Grant,
    /// Names of properties that keep a document back unless they [clearly say no](ibid_core::mark::marks).
    pub marks: &'a [String],
    /// Whether documents are kept back whose front matter cannot be read: nobody can tell whether it keeps them back.
    pub keeps_unreadable: bool,
    /// Whether the caller is told of files that were not read or skipped. They may be any files.
    pub tells_of_unread: bool,
}

/// What is seen of a snapshot.
#[derive(Debug)]
pub(super) struct Sight {
    /// The chunks, of each segment.
    chunks: Vec<RowSet>,
    pub(super) passing: Passing,
    count: u64,
    /// How many tokens they have, as exactly as the index keeps the length of each.
    tokens: u64,
}

impl Sight {
    pub(super) fn sees(&self, at: DocAddress) -> bool {
        self.chunks.get(at.segment_ord as usize).is_some_and(|chunks| chunks.contains(at.doc_id))
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

impl Snapshot {
    /// This generation with the documents alone that a caller may see, of a snapshot that is not narrowed itself.
    ///
    /// A rule that allows holds of a document where it does of all its chunks, one that denies where it does of any.
    /// Words count as often as they stand in what is seen, so that neither a score nor an order tells of the rest.
    ///
    /// Costs a look at every chunk, and in a generation whose [reading](crate::manifest::READING) is 0 with
    /// [`Narrowing::keeps_unreadable`] the first time a read of each document's first chunk, some 10 µs each. Questions then cost a look at the postings of their words.
    pub fn narrowed(&self, narrowing: &Narrowing<'_>) -> Result<Snapshot, ReadError> {
        let chunks = self.chunks_of_documents(&self.documents_seen(narrowing)?)?;
        let tokens = self.tokens_of(&chunks).map_err(|error| self.read_error(error))?;
        let count = chunks.iter().map(|chunks| u64::from(chunks.len())).sum();
        let passing = Passing::new(&self.searcher, &chunks);
        let sight = Sight { chunks, passing, count, tokens };
        let by_row: Vec<_> = self.by_row.iter().copied().filter(|&(_, at)| sight.sees(at)).collect();
        let mut alive = RowSet::empty(self.vectors.rows());
        for &(row, _) in &by_row {
            alive.insert(row);
        }
        let mut manifest = self.manifest.clone();
        if !narrowing.tells_of_unread {
            (manifest.pending, manifest.skipped_count) = (0, 0);
            manifest.skipped.clear();
        }
        let mut narrowed = Snapshot {
            name: self.name.clone(),
            layout: self.layout.clone(),
            manifest,
            fields: self.fields,
            searcher: self.searcher.clone(),
            columns: Arc::clone(&self.columns),
            vectors: Arc::clone(&self.vectors),
            damage: self.damage.clone(),
            rows: Arc::clone(&self.rows),
            by_row,
            languages: Vec::new(),
            alive,
            without_vector: 0,
            withheld: 0,
            documents: 0,
            source_bytes: 0,
            links: OnceLock::new(),
            affinity: OnceLock::new(),
            unreadable: OnceLock::new(),
            sight: Some(sight),
        };
        narrowed.without_vector = narrowed.count_without_vector();
        narrowed.withheld = narrowed.count_withheld();
        narrowed.count()?;
        narrowed.count_languages()?;
        Ok(narrowed)
    }

    /// Whether a chunk may be read.
    pub(super) fn is_seen(&self, at: DocAddress) -> bool {
        self.sight.as_ref().is_none_or(|sight| sight.sees(at))
    }

    pub(super) fn count_without_vector(&self) -> u64 {
        if self.manifest.model.is_none() || self.damage.is_some() {
            return 0;
        }
        let mut without = 0;
        for (segment, columns) in self.columns.iter().enumerate() {
            let lacks = |&doc: &u32| {
                columns.vector_key_of(doc).is_some()
                    && self.row_at(DocAddress::new(segment as u32, doc)).is_none()
            };
            without += self.docs_alive(segment).filter(lacks).count() as u64;
        }
        without
    }

    fn count_withheld(&self) -> u64 {
        if self.manifest.withheld.is_empty() || self.manifest.model.is_none() || self.damage.is_some() {
            return 0;
        }
        let of_segment = |(segment, columns): (usize, &SegmentColumns)| {
            self.docs_alive(segment).filter(|&doc| columns.vector_key_of(doc).is_none()).count() as u64
        };
        self.columns.iter().enumerate().map(of_segment).sum()
    }

    /// Which documents are seen, by their numbers in the graph of links.
    fn documents_seen(&self, narrowing: &Narrowing<'_>) -> Result<RowSet, ReadError> {
        let mut seen = RowSet::full(self.links()?.documents() as u32);
        for form in [RuleForm::Path, RuleForm::Tag, RuleForm::Property] {
            let rules = || narrowing.grant.rules().iter().filter(|rule| rule.form() == form);
            let mut allowing = rules().filter(|rule| !rule.deny).peekable();
            if allowing.peek().is_some() {
                let mut allowed = RowSet::empty(seen.capacity());
                for rule in allowing {
                    for number in self.documents_named(rule)?.iter() {
                        allowed.insert(number);
                    }
                }
                seen.intersect(&allowed);
            }
            for rule in rules().filter(|rule| rule.deny) {
                for number in self.documents_named(rule)?.iter() {
                    seen.remove(number);
                }
            }
        }
        for mark in narrowing.marks {
            for number in self.documents_marked(mark)?.iter() {
                seen.remove(number);
            }
        }
        if narrowing.keeps_unreadable {
            for &number in self.unreadable()? {
                seen.remove(number);
            }
        }
        Ok(seen)
    }

    /// Whether a document lies where a pattern says literally.
    pub fn holds(&self, pattern: &PathPattern) -> Result<bool, ReadError> {
        let graph = self.links()?;
        Ok((0..graph.documents() as u32).any(|number| pattern.is_literally(graph.path(number))))
    }

    /// How many documents a rule names, of a snapshot that is not narrowed. One about tools names none.
    ///
    /// Costs a look at every path, or at the chunks with a tag or property.
    pub fn count_named(&self, rule: &Rule) -> Result<u64, ReadError> {
        match &rule.what {
            What::Collection(name) => Ok(if *name == self.name { self.documents } else { 0 }),
            _ => Ok(u64::from(self.documents_named(rule)?.len())),
        }
    }

    /// How many documents a property [marks], of a snapshot that is not narrowed.
    ///
    /// Costs a look at its values, and a read of each document with one that is not a text.
    pub fn count_marked(&self, property: &str) -> Result<u64, ReadError> {
        Ok(u64::from(self.documents_marked(property)?.len()))
    }

    /// The documents that a property marks.
    fn documents_marked(&self, property: &str) -> Result<RowSet, ReadError> {
        let mut marked = RowSet::empty(self.links()?.documents() as u32);
        for value in self.values_of(property)?.iter().filter(|value| !says_no(value)) {
            let term = Term::from_field_text(self.fields.property, &property_term(property, Some(value)));
            for (number, _) in self.documents_with(term)? {
                marked.insert(number);
            }
        }
        // Values that are no terms: nested ones, and long texts.
        let name = property_term(property, None);
        for (number, at) in self.documents_with(Term::from_field_text(self.fields.property, &name))? {
            if !marked.contains(number) {
                let path = self.chunk(at)?.path;
                let stored = self.document(&path)?;
                let properties = stored.map(|stored| stored.document.properties);
                let says =
                    |(key, value): &(String, PropertyValue)| property_term(key, None) == name && marks(value);
                if properties.is_none_or(|properties| properties.iter().any(says)) {
                    marked.insert(number);
                }
            }
        }
        Ok(marked)
    }

    /// Every value of a property that is a text, once, in lower case.
    fn values_of(&self, property: &str) -> Result<BTreeSet<String>, ReadError> {
        let before = property_term(property, Some(""));
        let mut values = BTreeSet::new();
        let mut collect = |reader: &SegmentReader| -> tantivy::Result<()> {
            let inverted = reader.inverted_index(self.fields.property)?;
            let mut terms = inverted.terms().range().ge(before.as_bytes()).into_stream()?;
            while let Some((term, _)) = terms.next() {
                let Some(value) = term.strip_prefix(before.as_bytes()) else { break };
                values.insert(String::from_utf8_lossy(value).into_owned());
            }
            Ok(())
        };
        for reader in self.searcher.segment_readers() {
            collect(reader).map_err(|error| self.read_error(error))?;
        }
        Ok(values)
    }

    /// The documents with a term, each once with a chunk that has it.
    pub(super) fn documents_with(&self, term: Term) -> Result<Vec<(u32, ChunkAddress)>, ReadError> {
        let graph = self.links()?;
        let mut documents = BTreeMap::new();
        self.for_each_match(&TermQuery::new(term, IndexRecordOption::Basic), |segment, doc| {
            let at = ChunkAddress(DocAddress::new(segment, doc));
            if let Some(number) = graph.document_of(at) {
                documents.entry(number).or_insert(at);
            }
            Ok(())
        })?;
        Ok(documents.into_iter().collect())
    }

    /// The documents a rule names.
    fn documents_named(&self, rule: &Rule) -> Result<RowSet, ReadError> {
        let graph = self.links()?;
        let mut named = RowSet::empty(graph.documents() as u32);
        let documents = named.capacity();
        // What is this long is not indexed, so which documents have it is not known.
        let cannot_be_told = || if rule.deny { RowSet::full(documents) } else { RowSet::empty(documents) };
        let term = match &rule.what {
            What::Collection(_) | What::Tool(_) => return Ok(named),
            What::Path(pattern) => {
                let literally = !rule.deny && self.holds(pattern)?;
                let is_named = |path: &str| match rule.deny {
                    true => pattern.hides(path),
                    false => pattern.shows(path, literally),
                };
                for number in (0..documents).filter(|&number| is_named(graph.path(number))) {
                    named.insert(number);
                }
                return Ok(named);
            }
            What::Tag(tag) => {
                let term = tag.to_lowercase();
                if term.len() > MAX_TAG_TERM_BYTES {
                    return Ok(cannot_be_told());
                }
                Term::from_field_text(self.fields.tag, &term)
            }
            What::Property(key, value) => {
                let term = property_term(key, Some(value));
                if term.len() > MAX_PROPERTY_TERM_BYTES {
                    return Ok(cannot_be_told());
                }
                Term::from_field_text(self.fields.property, &term)
            }
        };
        let mut left =
            if rule.deny { vec![0; named.capacity() as usize] } else { self.chunks_by_document()? };
        self.for_each_match(&TermQuery::new(term, IndexRecordOption::Basic), |segment, doc| {
            if let Some(number) = graph.document_of(ChunkAddress(DocAddress::new(segment, doc))) {
                let left = &mut left[number as usize];
                *left = u32::saturating_sub(*left, 1);
                if *left == 0 {
                    named.insert(number);
                }
            }
            Ok(())
        })?;
        Ok(named)
    }

    /// How many chunks each document has.
    fn chunks_by_document(&self) -> Result<Vec<u32>, ReadError> {
        let graph = self.links()?;
        let mut counts = vec![0; graph.documents()];
        for segment in 0..self.columns.len() {
            for doc in self.docs_alive(segment) {
                let at = ChunkAddress(DocAddress::new(segment as u32, doc));
                if let Some(number) = graph.document_of(at) {
                    counts[number as usize] += 1;
                }
            }
        }
        Ok(counts)
    }

    fn chunks_of_documents(&self, documents: &RowSet) -> Result<Vec<RowSet>, ReadError> {
        let graph = self.links()?;
        let mut chunks = Vec::new();
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            let mut of_segment = RowSet::empty(reader.max_doc());
            for doc in self.docs_alive(segment) {
                let number = graph.document_of(ChunkAddress(DocAddress::new(segment as u32, doc)));
                if number.is_some_and(|number| documents.contains(number)) {
                    of_segment.insert(doc);
                }
            }
            chunks.push(of_segment);
        }
        Ok(chunks)
    }

    /// The documents that begin with front matter which could not be read, and those that cannot be read at all.
    fn unreadable(&self) -> Result<&[u32], ReadError> {
        if let Some(unreadable) = self.unreadable.get() {
            return Ok(unreadable);
        }
        if self.manifest.reading > 0 {
            let term = property_term(FRONT_MATTER, Some(UNREADABLE));
            let documents = self.documents_with(Term::from_field_text(self.fields.property, &term))?;
            let found = documents.into_iter().map(|(number, _)| number).collect();
            return Ok(self.unreadable.get_or_init(|| found));
        }
        // Their facts do not tell yet, so their texts must.
        let graph = self.links()?;
        let mut found = Vec::new();
        self.for_each_match(&self.begins(), |segment, doc| {
            let at = ChunkAddress(DocAddress::new(segment, doc));
            if self.is_unreadable(at).unwrap_or(true) {
                found.extend(graph.document_of(at));
            }
            Ok(())
        })?;
        Ok(self.unreadable.get_or_init(|| found))
    }

    fn is_unreadable(&self, first: ChunkAddress) -> Result<bool, ReadError> {
        let chunk = self.chunk(first)?;
        if !opens(&chunk.text) {
            return Ok(false);
        }
        let Some(stored) = self.document(&chunk.path)? else { return Ok(true) };
        if !stored.document.properties.is_empty() {
            return Ok(false);
        }
        let text = self.text(&chunk.path, 0..MAX_FRONT_MATTER_BYTES.min(stored.text_bytes))?;
        let text = text.map(|(_, text)| text).unwrap_or_default();
        Ok(claims(&text, stored.text_bytes as usize > text.len()))
    }

    fn tokens_of(&self, chunks: &[RowSet]) -> tantivy::Result<u64> {
        let mut tokens = 0;
        for (reader, chunks) in self.searcher.segment_readers().iter().zip(chunks) {
            let lengths = reader.get_fieldnorms_reader(self.fields.words)?;
            tokens += chunks.iter().map(|doc| u64::from(lengths.fieldnorm(doc))).sum::<u64>();
        }
        Ok(tokens)
    }

    /// How many chunks hold a term; in a narrowed snapshot, how many of those that are seen.
    pub(super) fn chunks_with_term(&self, term: &Term) -> tantivy::Result<u64> {
        if self.sight.is_none() {
            return self.searcher.doc_freq(term);
        }
        let mut count = 0;
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            let inverted = reader.inverted_index(term.field())?;
            if let Some(known) = inverted.get_term_info(term)? {
                count += self.chunks_of_term(segment as u32, &inverted, &known)?;
            }
        }
        Ok(count)
    }

    /// As [`Snapshot::chunks_with_term`], of one segment.
    pub(super) fn chunks_of_term(
        &self,
        segment: u32,
        inverted: &InvertedIndexReader,
        known: &TermInfo,
    ) -> std::io::Result<u64> {
        let Some(sight) = &self.sight else { return Ok(u64::from(known.doc_freq)) };
        let mut postings = inverted.read_postings_from_terminfo(known, IndexRecordOption::Basic)?;
        let mut count = 0;
        while postings.doc() != TERMINATED {
            count += u64::from(sight.sees(DocAddress::new(segment, postings.doc())));
            postings.advance();
        }
        Ok(count)
    }
}

/// What BM25 counts: everything, or what is seen.
pub(super) struct Statistics<'a>(pub(super) &'a Snapshot);

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        match &self.0.sight {
            Some(sight) => Ok(sight.tokens),
            None => self.0.searcher.total_num_tokens(field),
        }
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        match &self.0.sight {
            Some(sight) => Ok(sight.count),
            None => self.0.searcher.total_num_docs(),
        }
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.0.chunks_with_term(term)
    }
}

#[cfg(test)]
mod tests;
