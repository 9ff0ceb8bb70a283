//! The words of a question as the terms of one collection: in each of its languages, by their beginning, and, where a
//! word is misspelt, by the words that are nearly it.

use std::collections::BTreeMap;

use ibid_core::language::Language;
use ibid_core::ranking::Ranking;
use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use super::Snapshot;
use crate::error::ReadError;
use crate::lexical::QuestionWord;

/// The most words one beginning stands for: the most frequent ones.
const MAX_PREFIX_TERMS: usize = 32;

/// The most words looked up in the place of a misspelt one.
const MAX_NEIGHBOURS: usize = 3;
/// A word this short has neighbours that mean something else.
const MIN_MISSPELT_CHARS: usize = 4;
/// From this many characters on, two slips are forgiven.
const MIN_TWICE_MISSPELT_CHARS: usize = 8;
/// A word in no more chunks than this may be a slip of the one who wrote them.
const RARE_CHUNKS: u64 = 2;
/// A neighbour of a rare word must stand in this many times as many chunks.
const NEIGHBOUR_TIMES: u64 = 20;
/// How much a neighbour counts. Where the word as typed is there too, its chunks stay above.
const NEIGHBOUR_WEIGHT: f32 = 0.5;
const NEIGHBOUR_OF_RARE_WEIGHT: f32 = 0.2;

/// What a question looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A word.
    Word(QuestionWord),
    /// Any word that begins so.
    Prefix(String),
}

/// What is looked up for one thing wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookedUp {
    /// Terms and how much each counts; none where nothing like it is in the collection.
    pub terms: Vec<(String, f32)>,
    /// The terms among them that are not what was typed but nearly so.
    pub respelt: Vec<String>,
    /// Whether any chunk holds it as it was typed.
    pub found: bool,
    /// How many chunks hold it as it was typed, at most: one that holds two forms of it counts twice.
    pub chunks: u64,
    /// Of a compound its words. The compound and its words together are two readings of one word: of the two the better
    /// one counts.
    pub parts: Vec<LookedUp>,
    /// How much the word counts in the question.
    pub weight: f32,
    /// The languages in whose documents it says nothing.
    pub silent_in: Vec<Language>,
}

impl LookedUp {
    /// Whether anything is looked up: it, or a word that it is made of.
    pub fn is_there(&self) -> bool {
        !self.terms.is_empty() || self.parts.iter().any(LookedUp::is_there)
    }

    /// [`LookedUp::leaves`], to be changed.
    pub fn leaves_mut(&mut self) -> Vec<&mut LookedUp> {
        match self.parts.is_empty() {
            true => vec![self],
            false => self.parts.iter_mut().flat_map(LookedUp::leaves_mut).collect(),
        }
    }

    /// The words without parts that it is made of; itself where it has none.
    pub fn leaves(&self) -> Vec<&LookedUp> {
        match self.parts.is_empty() {
            true => vec![self],
            false => self.parts.iter().flat_map(LookedUp::leaves).collect(),
        }
    }

    /// It and everything it is made of.
    pub fn with_parts(&self) -> Vec<&LookedUp> {
        let parts = self.parts.iter().flat_map(LookedUp::with_parts);
        [self].into_iter().chain(parts).collect()
    }
}

impl Snapshot {
    /// The languages of the collection's documents, by how many chunks are in each, most first.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// How `wanted` is looked up here, as it is spelt. Costs a lookup for each language.
    pub fn look_up(&self, wanted: &Wanted, ranking: &Ranking) -> Result<LookedUp, ReadError> {
        match wanted {
            Wanted::Word(word) => self.look_up_word(word, ranking),
            Wanted::Prefix(beginning) => {
                let terms = self.terms_that_begin(beginning)?;
                let chunks = terms.iter().map(|(_, chunks)| chunks).sum();
                let (found, terms) = (!terms.is_empty(), self.weighted(&terms));
                Ok(LookedUp { terms, found, chunks, weight: 1.0, ..LookedUp::default() })
            }
        }
    }

    /// Adds to a word that was looked up, and that is rare or nowhere here, its neighbours in spelling.
    ///
    /// Costs some milliseconds for a word that is not in a large collection.
    pub fn respell(&self, word: &QuestionWord, looked_up: &mut LookedUp) -> Result<(), ReadError> {
        let is_function = self.languages.iter().any(|&language| word.is_function_word(language));
        let may_be_misspelt = !is_function && word.is_plain() && word.typed.chars().all(char::is_alphabetic);
        if looked_up.chunks > RARE_CHUNKS || !may_be_misspelt {
            return Ok(());
        }
        let (weight, at_least) = match looked_up.chunks {
            0 => (NEIGHBOUR_WEIGHT, 1),
            chunks => (NEIGHBOUR_OF_RARE_WEIGHT, NEIGHBOUR_TIMES * chunks),
        };
        for neighbour in self.neighbours(word, &self.counted(word)?, at_least)? {
            looked_up.terms.push((neighbour.clone(), weight));
            looked_up.respelt.push(neighbour);
        }
        Ok(())
    }

    /// The terms of a word that are there, with the chunks of each.
    fn counted(&self, word: &QuestionWord) -> Result<Vec<(String, u64)>, ReadError> {
        let mut counted = Vec::new();
        for term in word.terms(&self.languages) {
            let chunks = self.chunks_with(&term)?;
            if chunks > 0 {
                counted.push((term, chunks));
            }
        }
        Ok(counted)
    }

    fn look_up_word(&self, word: &QuestionWord, ranking: &Ranking) -> Result<LookedUp, ReadError> {
        let counted = self.counted(word)?;
        let total: u64 = counted.iter().map(|(_, chunks)| chunks).sum();
        let mut parts = Vec::with_capacity(word.parts.len());
        for part in &word.parts {
            let looked_up = self.look_up_word(part, ranking)?;
            // A single letter out of a compound says nothing alone.
            let weight = if part.is_single() { 0.0 } else { 1.0 };
            parts.push(LookedUp { weight, ..looked_up });
        }
        let whole = self.weight_of_whole(total, &parts, ranking);
        let terms = self.weighted(&counted).into_iter().map(|(term, weight)| (term, weight * whole));
        Ok(LookedUp {
            terms: terms.collect(),
            found: total > 0,
            chunks: total,
            parts,
            weight: 1.0,
            ..LookedUp::default()
        })
    }

    /// How much a compound as it is written counts: a little more than its words together, for they say no more.
    fn weight_of_whole(&self, chunks: u64, parts: &[LookedUp], ranking: &Ranking) -> f32 {
        let parts: f32 =
            parts.iter().filter(|part| part.weight > 0.0).map(|part| self.idf(part.chunks)).sum();
        (ranking.whole * parts / self.idf(chunks)).max(1.0)
    }

    /// How rare what so many chunks hold is, as tantivy's BM25 has it.
    pub fn idf(&self, count: u64) -> f32 {
        let chunks = self.chunks().max(1) as f32;
        let count = (count as f32).min(chunks);
        (1.0 + (chunks - count + 0.5) / (count + 0.5)).ln()
    }

    fn chunks_with(&self, term: &str) -> Result<u64, ReadError> {
        let term = Term::from_field_text(self.fields.words, term);
        self.chunks_with_term(&term).map_err(|error| self.read_error(error))
    }

    /// Gives each of several terms that mean one word the weight of that word: else a form that is rare because few
    /// texts are in its language would count for more than the word itself.
    fn weighted(&self, counted: &[(String, u64)]) -> Vec<(String, f32)> {
        let together = self.idf(counted.iter().map(|(_, chunks)| chunks).sum());
        let weight = |count: u64| if counted.len() == 1 { 1.0 } else { together / self.idf(count) };
        counted.iter().map(|(term, count)| (term.clone(), weight(*count))).collect()
    }

    /// The most frequent terms that begin so; besides, what the beginning is without its ending, since that may be how
    /// the dictionary has it.
    fn terms_that_begin(&self, beginning: &str) -> Result<Vec<(String, u64)>, ReadError> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let words = crate::lexical::words_of_question(beginning);
        let Some(word) = words.first() else { return Ok(Vec::new()) };
        let plain = word.folded();
        self.for_each_term(|segment, inverted| {
            let mut terms = inverted.terms().range().ge(plain.as_bytes()).into_stream()?;
            while let Some((term, known)) = terms.next() {
                if !term.starts_with(plain.as_bytes()) {
                    break;
                }
                if let Ok(term) = std::str::from_utf8(term) {
                    *counts.entry(term.to_owned()).or_default() +=
                        self.chunks_of_term(segment, inverted, known)?;
                }
            }
            Ok(())
        })?;
        for stem in word.terms(&self.languages).into_iter().filter(|stem| plain.starts_with(stem.as_str())) {
            let chunks = self.chunks_with(&stem)?;
            if chunks > 0 {
                counts.insert(stem, chunks);
            }
        }
        Ok(most_frequent(counts, MAX_PREFIX_TERMS))
    }

    /// The words of the collection that `word` may have been meant to be, most frequent first: one slip away, or two in
    /// a long word that is nowhere and has none one slip away. The first character is taken to be right.
    ///
    /// The dictionary has words without their endings, and a slip in an ending keeps it from being cut. So for a word
    /// that is nowhere, words one slip away are made and looked up before the dictionary is searched for what is like
    /// the word as it is. For a rare one that would cost more than the question: most words of a small collection are
    /// rare, and few of them are slips.
    fn neighbours(
        &self,
        word: &QuestionWord,
        known: &[(String, u64)],
        at_least: u64,
    ) -> Result<Vec<String>, ReadError> {
        let Some(stem) = word.terms(&self.languages).into_iter().next() else { return Ok(Vec::new()) };
        let is_rare = !known.is_empty();
        let slips = match stem.chars().count() {
            MIN_TWICE_MISSPELT_CHARS.. if !is_rare => 2,
            MIN_MISSPELT_CHARS.. => 1,
            _ => return Ok(Vec::new()),
        };
        let is_neighbour = |term: &str, chunks: u64| {
            chunks >= at_least
                && term.chars().next() == stem.chars().next()
                && term.chars().all(char::is_alphabetic)
                && known.iter().all(|(known, _)| known != term)
        };
        if !is_rare {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for term in word.one_slip_away(&self.languages) {
                let chunks = self.chunks_with(&term)?;
                if chunks > 0 && is_neighbour(&term, chunks) {
                    counts.insert(term, chunks);
                }
            }
            if !counts.is_empty() {
                return Ok(terms_of(most_frequent(counts, MAX_NEIGHBOURS)));
            }
        }
        for slips in 1..=slips {
            let mut counts = self.terms_like(&stem, slips)?;
            counts.retain(|term, chunks| is_neighbour(term, *chunks));
            if !counts.is_empty() {
                return Ok(terms_of(most_frequent(counts, MAX_NEIGHBOURS)));
            }
        }
        Ok(Vec::new())
    }

    /// The terms of the dictionary that so many slips at most part from `stem`, and that begin with the same byte: only
    /// that part of the dictionary is walked.
    fn terms_like(&self, stem: &str, slips: u8) -> Result<BTreeMap<String, u64>, ReadError> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let query = FuzzyTermQuery::new(Term::from_field_text(self.fields.words, stem), slips, true);
        let automaton = query.automaton().map_err(|error| self.read_error(error))?;
        // No byte of UTF-8 is 255, so there is always one above.
        let first = stem.as_bytes()[0];
        self.for_each_term(|segment, inverted| {
            let terms = inverted.terms().search(&automaton).ge([first]).lt([first + 1]);
            let mut terms = terms.into_stream()?;
            while let Some((term, known)) = terms.next() {
                if let Ok(term) = std::str::from_utf8(term) {
                    *counts.entry(term.to_owned()).or_default() +=
                        self.chunks_of_term(segment, inverted, known)?;
                }
            }
            Ok(())
        })?;
        Ok(counts)
    }

    fn for_each_term(
        &self,
        mut visit: impl FnMut(u32, &tantivy::InvertedIndexReader) -> std::io::Result<()>,
    ) -> Result<(), ReadError> {
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            let inverted =
                reader.inverted_index(self.fields.words).map_err(|error| self.read_error(error))?;
            visit(segment as u32, &inverted).map_err(|error| self.read_error(error.into()))?;
        }
        Ok(())
    }
}

fn terms_of(counted: Vec<(String, u64)>) -> Vec<String> {
    counted.into_iter().map(|(term, _)| term).collect()
}

/// The `limit` most frequent of those that are there, equals by term.
fn most_frequent(counts: BTreeMap<String, u64>, limit: usize) -> Vec<(String, u64)> {
    let mut counted: Vec<_> = counts.into_iter().filter(|&(_, chunks)| chunks > 0).collect();
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counted.truncate(limit);
    counted
}
