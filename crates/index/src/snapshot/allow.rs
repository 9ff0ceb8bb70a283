//! The filter of a question over one snapshot: which chunks may answer. Both legs obey it while they search.

use std::collections::BTreeSet;
use std::ops::Bound;

use tantivy::query::{
    AllQuery, BooleanQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, Term};

use super::passing::Passing;
use super::{ChunkAddress, Snapshot};
use crate::error::ReadError;
use crate::lexical::{QuestionWord, words_of_question};
use crate::vector::RowSet;
use crate::writer::{date_term, number_term, property_term};

/// What may be demanded of a chunk.
pub enum Rule<'a> {
    /// This holds of the document's path.
    Path(&'a (dyn Fn(&str) -> bool + Sync)),
    /// The document has this tag, or one below it; any case, without `#`.
    Tag(&'a str),
    /// The title or an alias holds these words in this order.
    Title(&'a str),
    /// The document has this property, with this value where one is given; any case.
    Property(&'a str, Option<&'a str>),
    /// The document, or the chunk, has this property with a number or a date in these bounds; any case.
    Between(&'a str, Bounds),
    /// A comment in the chunk holds these words in this order.
    Comment(&'a str),
    /// The chunk, or a name it is found by (title, alias, heading, tag, folder), holds these words in this order.
    Words(&'a str),
    /// The document's date is this or later, in seconds since 1970.
    From(i64),
    /// The document's date is earlier, in seconds since 1970.
    Before(i64),
}

/// The numbers, and the dates in seconds since 1970, that a property may have. `None`: none of that kind passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Numbers.
    pub numbers: Option<(Bound<f64>, Bound<f64>)>,
    /// Dates.
    pub dates: Option<(Bound<i64>, Bound<i64>)>,
}

impl Rule<'_> {
    /// Whether it is about whole documents; then what a document embeds passes with it.
    fn is_of_documents(&self) -> bool {
        !matches!(self, Rule::Words(_) | Rule::Comment(_))
    }
}

/// Which chunks may answer; made by [`Snapshot::allow`].
pub struct Allowed {
    pub(super) query: Passing,
    /// The rows of their vectors.
    pub(super) rows: RowSet,
    /// Their numbers in each segment.
    chunks: Vec<RowSet>,
}

impl Allowed {
    /// How many chunks pass.
    pub fn chunks(&self) -> u64 {
        self.chunks.iter().map(|chunks| u64::from(chunks.len())).sum()
    }

    /// The rows of [`Snapshot::vectors`] that a chunk that passes uses.
    pub fn rows(&self) -> &RowSet {
        &self.rows
    }

    /// Whether a chunk passes.
    pub fn holds(&self, chunk: ChunkAddress) -> bool {
        self.passes(chunk.0)
    }

    pub(super) fn passes(&self, at: DocAddress) -> bool {
        self.chunks[at.segment_ord as usize].contains(at.doc_id)
    }
}

impl Snapshot {
    /// Which chunks pass: those of which all of `all` and none of `none` holds.
    ///
    /// Looks at every path once where there is a path rule, and once at every chunk that passes.
    pub fn allow(&self, all: &[Rule<'_>], none: &[Rule<'_>]) -> Result<Allowed, ReadError> {
        let embeds = self.has_embeds() && all.iter().any(Rule::is_of_documents);
        let mut chunks = match embeds {
            true => self.with_embedded(all)?,
            false => self.demanded(all)?,
        };
        // Not by `Occur::MustNot`: it seeks backwards in a phrase, which tantivy 0.27 forbids itself.
        for rule in none {
            self.for_each_match(self.rule_query(rule)?.as_ref(), |segment, doc| {
                chunks[segment as usize].remove(doc);
                Ok(())
            })?;
        }
        let mut rows = RowSet::empty(self.vectors.rows());
        for (segment, chunks) in chunks.iter().enumerate() {
            for row in chunks.iter().filter_map(|doc| self.row_at(DocAddress::new(segment as u32, doc))) {
                rows.insert(row);
            }
        }
        Ok(Allowed { query: Passing::new(&self.searcher, &chunks), rows, chunks })
    }

    /// The chunks of which all of these hold.
    fn demanded(&self, all: &[Rule<'_>]) -> Result<Vec<RowSet>, ReadError> {
        let mut demanded: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for rule in all {
            demanded.push((Occur::Must, self.rule_query(rule)?));
        }
        if all.is_empty() {
            demanded.push((Occur::Must, Box::new(AllQuery)));
        }
        let segments = self.searcher.segment_readers().iter();
        let mut chunks: Vec<RowSet> = segments.map(|reader| RowSet::empty(reader.max_doc())).collect();
        self.for_each_match(&BooleanQuery::new(demanded), |segment, doc| {
            chunks[segment as usize].insert(doc);
            Ok(())
        })?;
        Ok(chunks)
    }

    /// As [`Snapshot::demanded`], and what the documents that pass a rule embed passes it too.
    fn with_embedded(&self, all: &[Rule<'_>]) -> Result<Vec<RowSet>, ReadError> {
        let mut passing: Option<Vec<RowSet>> = None;
        for rule in all {
            let mut chunks = self.demanded(std::slice::from_ref(rule))?;
            if rule.is_of_documents() {
                self.add_embedded(&mut chunks)?;
            }
            match &mut passing {
                Some(passing) => passing.iter_mut().zip(&chunks).for_each(|(all, one)| all.intersect(one)),
                None => passing = Some(chunks),
            }
        }
        match passing {
            Some(passing) => Ok(passing),
            None => self.demanded(&[]),
        }
    }

    /// The first `limit` of the chunks that pass, by path and place. Costs a look at each chunk that passes, and
    /// the first time what [`Snapshot::links`] does.
    pub fn list(&self, allowed: &Allowed, limit: usize) -> Result<Vec<ChunkAddress>, ReadError> {
        // Documents are numbers there in the order of their paths.
        let graph = self.links()?;
        let mut passing = Vec::new();
        for (segment, chunks) in allowed.chunks.iter().enumerate() {
            for doc in chunks.iter() {
                let at = ChunkAddress(DocAddress::new(segment as u32, doc));
                passing.push((graph.document_of(at), self.start_of(at), at));
            }
        }
        passing.sort_unstable();
        passing.truncate(limit);
        Ok(passing.into_iter().map(|(_, _, at)| at).collect())
    }

    fn rule_query(&self, rule: &Rule<'_>) -> Result<Box<dyn Query>, ReadError> {
        let exactly = |field, text: &str| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
        };
        let date = |seconds| Term::from_field_i64(self.fields.date, seconds);
        Ok(match rule {
            Rule::Path(matches) => Box::new(TermSetQuery::new(self.paths_that(matches)?)),
            Rule::Tag(tag) => exactly(self.fields.tag, &tag.to_lowercase()),
            Rule::Property(key, value) => exactly(self.fields.property, &property_term(key, *value)),
            Rule::Between(key, bounds) => self.between(key, bounds),
            Rule::Comment(words) => self.row_of_words(self.fields.comment, words),
            Rule::Title(words) => self.row_of_words(self.fields.title_words, words),
            Rule::Words(words) => self.row_of_words(self.fields.words, words),
            Rule::From(seconds) => {
                Box::new(RangeQuery::new(Bound::Included(date(*seconds)), Bound::Unbounded))
            }
            Rule::Before(seconds) => {
                Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(date(*seconds))))
            }
        })
    }

    /// Matches where a property has a number or a date within bounds.
    fn between(&self, key: &str, bounds: &Bounds) -> Box<dyn Query> {
        let term = |text: String| Term::from_field_text(self.fields.property, &text);
        let numbers = bounds.numbers.map(|(from, to)| {
            let [from, to] = [closed(from, f64::NEG_INFINITY), closed(to, f64::INFINITY)];
            [from, to].map(|bound| bound.map(|number| term(number_term(key, number))))
        });
        let dates = bounds.dates.map(|(from, to)| {
            let [from, to] = [closed(from, i64::MIN), closed(to, i64::MAX)];
            [from, to].map(|bound| bound.map(|second| term(date_term(key, second))))
        });
        let ranges = [numbers, dates].into_iter().flatten().map(|[from, to]| -> (Occur, Box<dyn Query>) {
            (Occur::Should, Box::new(RangeQuery::new(from, to)))
        });
        Box::new(BooleanQuery::new(ranges.collect()))
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

    /// Matches where the words of `text` follow each other in `field`, whatever the language; nothing where the text
    /// holds no word.
    fn row_of_words(&self, field: Field, text: &str) -> Box<dyn Query> {
        let words = words_of_question(text);
        let words: Vec<&QuestionWord> = words.iter().flat_map(QuestionWord::with_parts).collect();
        let mut rows: BTreeSet<Vec<(usize, String)>> = BTreeSet::new();
        for &language in self.languages() {
            let term = |word: &QuestionWord| Some((word.place as usize, word.terms(&[language]).pop()?));
            let compound = words.first().copied().filter(|word| word.is_compound() && covers(word, &words));
            if let Some(compound) = compound {
                rows.extend(term(compound).map(|term| vec![term]));
            }
            // `snake_case` is asked for as it stands; `e-mail` may be written apart.
            if compound.is_none_or(QuestionWord::may_be_apart) {
                let plain = words.iter().copied().filter(|word| !word.is_compound());
                rows.insert(plain.filter_map(term).collect());
            }
        }
        let queries = rows.into_iter().filter_map(|row| {
            let term = |text: &str| Term::from_field_text(field, text);
            let query: Box<dyn Query> = match row.as_slice() {
                [] => return None,
                [(_, only)] => Box::new(TermQuery::new(term(only), IndexRecordOption::Basic)),
                // The humps of a `CamelCase` word stand in its own place.
                several if several.windows(2).any(|pair| pair[0].0 == pair[1].0) => {
                    let first_of_place = several.chunk_by(|a, b| a.0 == b.0).map(|place| &place[0]);
                    phrase(first_of_place.map(|(place, text)| (*place, term(text))).collect())
                }
                several => phrase(several.iter().map(|(place, text)| (*place, term(text))).collect()),
            };
            Some((Occur::Should, query))
        });
        Box::new(BooleanQuery::new(queries.collect()))
    }
}

/// A bound that is one: terms of other keys lie beyond the last number and before the first.
fn closed<T>(bound: Bound<T>, last: T) -> Bound<T> {
    match bound {
        Bound::Unbounded => Bound::Included(last),
        bound => bound,
    }
}

fn phrase(terms: Vec<(usize, Term)>) -> Box<dyn Query> {
    match terms.as_slice() {
        [(_, only)] => Box::new(TermQuery::new(only.clone(), IndexRecordOption::Basic)),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}

/// Whether a compound is all there is.
fn covers(compound: &QuestionWord, words: &[&QuestionWord]) -> bool {
    let inside = |word: &&QuestionWord| {
        compound.bytes.start <= word.bytes.start && word.bytes.end <= compound.bytes.end
    };
    words.iter().all(inside)
}
