//! Asks every question of a dataset and scores the answers. It asks the searcher that everyone asks, one question at a
//! time, and knows nothing of how it ranks.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use ibid_core::hit::{Answer, Hit};
use ibid_core::id::DocumentPath;
use ibid_core::note::Note;
use ibid_core::query::{MAX_LIMIT, Mode, Query};
use ibid_core::ranking::Ranking;
use ibid_embed::{Embedder, Reranker};
use ibid_index::ReadError;
use ibid_index::snapshot::Snapshot;
use ibid_search::{QueryEmbedder, SearchError, Searcher};

use crate::dataset::{Passage, Place, Question};
use crate::latency::Latency;
use crate::metrics::{self, Measure};
use crate::spans::{self, Bytes, Cited};

/// The measures of one question.
pub type Scores = BTreeMap<Measure, f64>;

/// Why a dataset could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A question could not be answered.
    #[error("the question \"{id}\" could not be asked: {source}")]
    Ask {
        /// The question's id.
        id: String,
        /// Why.
        source: Box<SearchError>,
    },
    /// The model could not be asked, and words alone would be measured in its place.
    #[error("the question \"{id}\" could not be asked: {model} is away")]
    ModelAway {
        /// The question's id.
        id: String,
        /// The model.
        model: String,
    },
    /// The index could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The questions and the index they are asked of.
pub struct Asked<'a> {
    questions: &'a [Question],
    snapshots: [Arc<Snapshot>; 1],
    ranking: Ranking,
    /// It keeps no vector: every question is asked twice, and what is timed must not be a memory.
    embedder: Option<QueryEmbedder>,
    /// The bytes that answer each question, where any are known.
    answers: Vec<Option<Bytes>>,
    /// How many relevant documents the index does not hold.
    pub absent: usize,
    /// How many quotes stand nowhere in their documents as these are indexed.
    pub lost_quotes: usize,
}

/// What came of all questions in one mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The mode.
    pub mode: Mode,
    /// The scores of each question, in the order of the questions.
    pub scores: Vec<Scores>,
    /// How long answers took: within this process, after each question had been asked before, with the limits that
    /// everyone gets who does not ask for others.
    pub latency: Latency,
    /// What the answers said was not searched, each once.
    pub notes: Vec<Note>,
}

impl<'a> Asked<'a> {
    /// Finds in the index what the questions are about. Reads every document that is quoted.
    pub fn new(
        questions: &'a [Question],
        snapshot: Arc<Snapshot>,
        embedder: Option<Arc<dyn Embedder>>,
        ranking: Ranking,
    ) -> Result<Asked<'a>, ReadError> {
        let known: HashSet<String> =
            snapshot.known_documents()?.into_iter().map(|document| document.path).collect();
        let relevant: HashSet<&String> =
            questions.iter().flat_map(|question| question.grades.keys()).collect();
        let absent = relevant.iter().filter(|path| !known.contains(**path)).count();
        let mut answers = Vec::with_capacity(questions.len());
        let mut lost_quotes = 0;
        for question in questions {
            let mut found = Vec::new();
            for passage in &question.answers {
                match locate(&snapshot, passage)? {
                    Some(range) => found.push((passage.path.as_str(), range)),
                    None => lost_quotes += 1,
                }
            }
            answers.push(Some(Bytes::of(found)).filter(|bytes| bytes.count() > 0));
        }
        let embedder = embedder.map(QueryEmbedder::without_cache);
        Ok(Asked { questions, snapshots: [snapshot], ranking, embedder, answers, absent, lost_quotes })
    }

    /// Whether any question has bytes that answer it.
    pub fn has_spans(&self) -> bool {
        self.answers.iter().any(Option::is_some)
    }

    /// Asks every question twice: for as many documents as an answer can hold, which gives the measures of documents;
    /// then as everyone asks, which gives the times and the measures of bytes. Calls `asked` after each question. With a
    /// reranker, that puts the first passages in order each time.
    ///
    /// Blocks for as long as that takes; no two questions are asked at once, so the times are those of an idle machine.
    pub fn run(&self, mode: Mode, reranker: Option<&Reranker>, asked: &dyn Fn()) -> Result<Run, RunError> {
        let mut scores = Vec::with_capacity(self.questions.len());
        let mut notes = Vec::new();
        for question in self.questions {
            let deep = Query { limit: MAX_LIMIT, per_document: 1, ..self.query(question, mode) };
            let answer = self.ask(question, &deep, reranker)?;
            scores.push(Scores::from(of_documents(question, &answer)));
            for note in answer.notes {
                if is_of_the_index(&note) && !notes.contains(&note) {
                    notes.push(note);
                }
            }
            asked();
        }
        let mut times = Vec::with_capacity(self.questions.len());
        for (at, question) in self.questions.iter().enumerate() {
            let query = self.query(question, mode);
            let began = Instant::now();
            let answer = self.ask(question, &query, reranker)?;
            times.push(began.elapsed());
            if let Some(bytes) = &self.answers[at] {
                scores[at].extend(of_spans(&answer, bytes));
            }
            asked();
        }
        Ok(Run { mode, scores, latency: Latency::of(times), notes })
    }

    fn query(&self, question: &Question, mode: Mode) -> Query {
        Query { mode, ranking: self.ranking, ..Query::new(question.text.as_str()) }
    }

    fn ask(
        &self,
        question: &Question,
        query: &Query,
        reranker: Option<&Reranker>,
    ) -> Result<Answer, RunError> {
        let searcher = Searcher::new(&self.snapshots, self.embedder.as_ref()).with_reranker(reranker);
        let answer = searcher.search(query);
        let answer =
            answer.map_err(|source| RunError::Ask { id: question.id.clone(), source: Box::new(source) })?;
        let away = answer.notes.iter().find_map(|note| match note {
            Note::ModelAway { model } => Some(model.clone()),
            _ => None,
        });
        match away {
            Some(model) => Err(RunError::ModelAway { id: question.id.clone(), model }),
            None => Ok(answer),
        }
    }
}

/// Whether a note is about what was searched; others are about one question.
fn is_of_the_index(note: &Note) -> bool {
    matches!(
        note,
        Note::NoVectors { .. }
            | Note::VectorsMissing { .. }
            | Note::VectorsDamaged { .. }
            | Note::Unfinished { .. }
            | Note::LeavesMachine { .. }
            | Note::EmptyCollection { .. }
    )
}

/// A document stands at the rank of its first hit.
fn of_documents(question: &Question, answer: &Answer) -> [(Measure, f64); 6] {
    let mut seen = HashSet::new();
    let paths = answer.hits.iter().map(|hit| hit.citation.document.path.as_str());
    let grade = |path: &str| question.grades.get(path).copied().unwrap_or(0);
    let found: Vec<u32> = paths.filter(|path| seen.insert(*path)).map(grade).collect();
    let judged: Vec<u32> = question.grades.values().copied().collect();
    metrics::of_documents(&found, &judged)
}

fn of_spans<'a>(found: &'a Answer, bytes: &Bytes) -> [(Measure, f64); 5] {
    let cited = |hit: &'a Hit| {
        let Hit { citation, answer, .. } = hit;
        let path = citation.document.path.as_str();
        let span = citation.span.start()..citation.span.end();
        Cited { path, span, answer: answer.start()..answer.end() }
    };
    spans::of_spans(&found.hits.iter().map(cited).collect::<Vec<_>>(), bytes)
}

/// Where a passage stands in its document's text as it is indexed.
fn locate(snapshot: &Snapshot, passage: &Passage) -> Result<Option<std::ops::Range<u32>>, ReadError> {
    let quote = match &passage.place {
        Place::Bytes(bytes) => return Ok(Some(bytes.clone())),
        Place::Quote(quote) => quote,
    };
    let Some(path) = DocumentPath::new(&passage.path) else { return Ok(None) };
    let Some((base, text)) = snapshot.text(&path, 0..u32::MAX)? else { return Ok(None) };
    Ok(text.find(quote.as_str()).map(|at| {
        let start = base + at as u32;
        start..start + quote.len() as u32
    }))
}
