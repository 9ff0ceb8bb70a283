//! Questions somebody has judged, read from their files: judged collections, questions with the spans that answer them,
//! and question files over a collection that is indexed already. Nothing is indexed or asked here.

mod error;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::Path;

use ibid_core::hash::ContentHash;
use serde::Deserialize;

pub use error::DatasetError;

use crate::lines::{At, Lines, judgements, read};
use crate::written::Written;

/// The documents of a judged collection, one JSON object a line: `_id`, `title`, `text`.
const CORPUS: &str = "corpus.jsonl";
/// Its questions: `_id`, `text`.
const QUERIES: &str = "queries.jsonl";
/// Its judgements unless another file is named: a header, then question, document and grade between tabs.
const QRELS: &str = "qrels.tsv";
/// Questions with the spans that answer them: `_id`, `text`, `corpus`, `spans`.
const SPAN_QUERIES: &str = "queries_spans.jsonl";
/// The folder of the Markdown files they are about.
const SPAN_CORPORA: &str = "corpora";

/// How many hexadecimal digits of the documents' hash name the folder they are written to.
const HASH_DIGITS: usize = 12;

/// Questions, what is judged of them, and the documents they are about.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The name of its folder, or of its file without extension.
    pub name: String,
    /// The documents to be indexed; none where the questions are about a collection that is indexed already.
    pub documents: Vec<Written>,
    /// The questions that have a relevant document, in the file's order. There is at least one.
    pub questions: Vec<Question>,
    /// How many questions have none, and are not asked.
    pub left_out: usize,
}

/// A question and what is judged of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// Its id, unique in the dataset.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// The grades of the relevant documents by path, all above 0. A document that is not here has grade 0.
    pub grades: BTreeMap<String, u32>,
    /// The passages that answer it, where the dataset names any.
    pub answers: Vec<Passage>,
}

/// Words in a document that answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The document's path in the collection.
    pub path: String,
    /// Which of its words.
    pub place: Place,
}

/// Where in a document's text a passage stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// These bytes of it.
    Bytes(Range<u32>),
    /// Where these words stand first in the text as it is indexed.
    Quote(String),
}

impl Dataset {
    /// Reads a folder: one with `queries_spans.jsonl` as spans, any other as a judged collection.
    ///
    /// `qrels` names another file of judgements. All documents are held in memory.
    pub fn read_folder(folder: &Path, qrels: Option<&Path>) -> Result<Dataset, DatasetError> {
        if !folder.is_dir() {
            let path = folder.to_owned();
            return Err(match folder.exists() {
                true => DatasetError::NotAFolder { path },
                false => DatasetError::Missing { path },
            });
        }
        let (documents, questions) = match folder.join(SPAN_QUERIES).exists() {
            true => spans(folder, qrels)?,
            false => judged(folder, qrels)?,
        };
        Dataset::new(folder, documents, questions)
    }

    /// Reads a question file: one JSON object a line with `id`, `question` and `answers`, each answer a `path` and, if it
    /// is known, a `quote`. Answers have grade 1, unless `qrels` names a file of judgements by path.
    pub fn read_questions(file: &Path, qrels: Option<&Path>) -> Result<Dataset, DatasetError> {
        if file.is_dir() {
            return Err(DatasetError::NotAFile { path: file.to_owned() });
        }
        let mut questions = Questions::default();
        for line in Lines::of(file, &read(file)?).objects::<AskedLine>() {
            let (at, line) = line?;
            let grades = line.answers.iter().map(|answer| (answer.path.clone(), 1)).collect();
            let quoted = |answer: AnswerLine| {
                Some(Passage {
                    path: answer.path,
                    place: Place::Quote(answer.quote.filter(|q| !q.is_empty())?),
                })
            };
            let answers = line.answers.into_iter().filter_map(quoted).collect();
            questions.push(&at, Question { id: line.id, text: line.question, grades, answers })?;
        }
        if let Some(qrels) = qrels {
            questions.judge(qrels, |path| path.to_owned())?;
        }
        Dataset::new(file, Vec::new(), questions)
    }

    fn new(path: &Path, documents: Vec<Written>, read: Questions) -> Result<Dataset, DatasetError> {
        let all = read.list.len();
        let mut questions = read.list;
        questions.retain(|question| !question.grades.is_empty());
        if questions.is_empty() {
            return Err(DatasetError::NothingJudged { path: path.to_owned(), questions: all });
        }
        let named = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = if named.is_dir() { named.file_name() } else { named.file_stem() };
        let name = name.unwrap_or_default().to_string_lossy().into_owned();
        Ok(Dataset { name, left_out: all - questions.len(), documents, questions })
    }

    /// A few digits that differ where any document differs.
    pub fn documents_hash(&self) -> String {
        let mut all = Vec::new();
        for document in &self.documents {
            let (path, text) = (document.path.as_bytes(), document.text.as_bytes());
            all.extend_from_slice(ContentHash::of(path).as_bytes());
            all.extend_from_slice(ContentHash::of(text).as_bytes());
        }
        let mut digits = ContentHash::of(&all).to_string();
        digits.truncate(HASH_DIGITS);
        digits
    }
}

/// Questions as they are read, each id once.
#[derive(Default)]
struct Questions {
    list: Vec<Question>,
    places: HashMap<String, usize>,
}

impl Questions {
    fn push(&mut self, at: &At<'_>, question: Question) -> Result<(), DatasetError> {
        if question.text.trim().is_empty() {
            return Err(at.broken("the question is empty"));
        }
        if self.places.insert(question.id.clone(), self.list.len()).is_some() {
            return Err(at.twice(&question.id));
        }
        self.list.push(question);
        Ok(())
    }

    /// Takes the grades of a file of judgements in place of those there are; `path_of` says which path a document of that
    /// id has. Of a document that is judged twice for a question the higher grade counts.
    fn judge(&mut self, file: &Path, path_of: impl Fn(&str) -> String) -> Result<(), DatasetError> {
        self.list.iter_mut().for_each(|question| question.grades.clear());
        for judgement in judgements(file, &read(file)?) {
            let (at, judgement) = judgement?;
            let place = *self.places.get(judgement.question).ok_or_else(|| at.unknown(judgement.question))?;
            // Grades below 0 mark spam in some collections: not relevant, like 0.
            let Ok(grade @ 1..) = u32::try_from(judgement.grade) else { continue };
            let kept = self.list[place].grades.entry(path_of(judgement.document)).or_default();
            *kept = grade.max(*kept);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct DocumentLine {
    _id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct QueryLine {
    _id: String,
    text: String,
}

fn judged(folder: &Path, qrels: Option<&Path>) -> Result<(Vec<Written>, Questions), DatasetError> {
    let corpus = folder.join(CORPUS);
    let (mut documents, mut paths) = (Vec::new(), HashMap::new());
    for line in Lines::of(&corpus, &read(&corpus)?).objects::<DocumentLine>() {
        let (at, line) = line?;
        let written = Written::new(&line._id, &line.title, &line.text);
        let path = written.path.clone();
        documents.push(written);
        if paths.insert(line._id.clone(), path).is_some() {
            return Err(at.twice(&line._id));
        }
    }
    if documents.is_empty() {
        return Err(DatasetError::NoDocuments { path: corpus });
    }
    let file = folder.join(QUERIES);
    let mut questions = Questions::default();
    for line in Lines::of(&file, &read(&file)?).objects::<QueryLine>() {
        let (at, line) = line?;
        questions.push(&at, Question { id: line._id, text: line.text, ..Question::default() })?;
    }
    let qrels = qrels.map_or_else(|| folder.join(QRELS), Path::to_owned);
    // A document that is not in the corpus has a path that no document has.
    questions.judge(&qrels, |id| paths.get(id).cloned().unwrap_or_else(|| Written::new(id, "", "").path))?;
    Ok((documents, questions))
}

#[derive(Deserialize)]
struct SpanLine {
    _id: String,
    text: String,
    corpus: String,
    spans: Vec<SpanOfLine>,
}

/// `start` and `end` count characters.
#[derive(Deserialize)]
struct SpanOfLine {
    start: usize,
    end: usize,
    text: String,
}

fn spans(folder: &Path, qrels: Option<&Path>) -> Result<(Vec<Written>, Questions), DatasetError> {
    let documents = corpora(&folder.join(SPAN_CORPORA))?;
    let texts: HashMap<&str, (&Written, Vec<usize>)> = documents
        .iter()
        .map(|document| (document.path.as_str(), (document, character_starts(&document.text))))
        .collect();
    let file = folder.join(SPAN_QUERIES);
    let mut questions = Questions::default();
    for line in Lines::of(&file, &read(&file)?).objects::<SpanLine>() {
        let (at, line) = line?;
        let path = file_of(&line.corpus);
        let unknown = || at.broken(&format!("there is no {SPAN_CORPORA}/{path}"));
        let (document, starts) = texts.get(path.as_str()).ok_or_else(unknown)?;
        let mut answers = Vec::new();
        for span in &line.spans {
            let byte = |character: usize| starts.get(character).copied();
            let bytes = byte(span.start).zip(byte(span.end)).map(|(start, end)| start..end);
            let bytes = bytes.filter(|bytes| document.text.get(bytes.clone()) == Some(&span.text));
            let elsewhere =
                || at.broken(&format!("characters {}-{} of {path} are other words", span.start, span.end));
            let bytes = bytes.ok_or_else(elsewhere)?;
            // Files that large are not indexed.
            let place = Place::Bytes(bytes.start as u32..bytes.end as u32);
            answers.push(Passage { path: path.clone(), place });
        }
        let grades = BTreeMap::from([(path, 1)]);
        questions.push(&at, Question { id: line._id, text: line.text, grades, answers })?;
    }
    if let Some(qrels) = qrels {
        questions.judge(qrels, file_of)?;
    }
    Ok((documents, questions))
}

fn file_of(corpus: &str) -> String {
    format!("{corpus}.md")
}

/// The Markdown files of a folder as they are, sorted by name.
fn corpora(folder: &Path) -> Result<Vec<Written>, DatasetError> {
    let unreadable = |source| DatasetError::Read { path: folder.to_owned(), source };
    let mut documents = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(Written { path: name, text: read(&path)? });
        }
    }
    if documents.is_empty() {
        return Err(DatasetError::NoDocuments { path: folder.to_owned() });
    }
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(documents)
}

/// The byte at which each character begins, and the byte after the last.
fn character_starts(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

#[derive(Deserialize)]
struct AskedLine {
    id: String,
    question: String,
    answers: Vec<AnswerLine>,
}

#[derive(Deserialize)]
struct AnswerLine {
    path: String,
    quote: Option<String>,
}

#[cfg(test)]
mod tests;
