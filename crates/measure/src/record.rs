//! What was measured as it is written with `--json` and read again by `--against`; writer and reader of that format.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Interval, interval};
use crate::compare::{Comparison, compare};
use crate::dataset::Question;
use crate::metrics::{Measure, mean};
use crate::run::Run;

/// Digits kept after the point: more than any difference that matters, few enough to read.
const DIGITS: i32 = 6;

/// Digits kept of a time in milliseconds.
const TIME_DIGITS: i32 = 3;

/// Everything that was measured of one dataset. Field names are those of the JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The dataset's name.
    pub dataset: String,
    /// The means, by mode.
    pub modes: BTreeMap<String, ModeRecord>,
    /// The questions, by id.
    pub per_question: BTreeMap<String, QuestionRecord>,
    /// What was not measured, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What a reranker made of it, if there was one: the same modes, and what changed.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub reranked: Option<Reranked>,
    /// The comparison with an earlier run, if there is one.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub against: Option<Comparison>,
}

/// The same questions with a reranker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reranked {
    /// Which one.
    pub reranker: String,
    /// The means with it, by mode.
    pub modes: BTreeMap<String, ModeRecord>,
    /// Without it and with it, by nDCG@10.
    pub gain: Comparison,
}

/// One mode over all questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeRecord {
    /// Means by the names of [`Measure`], and percentiles of the query time in milliseconds: `p50_ms`, `p95_ms`,
    /// `p99_ms`.
    #[serde(flatten)]
    pub measures: BTreeMap<String, f64>,
    /// The ends of the interval of each mean.
    pub ci: BTreeMap<String, [f64; 2]>,
    /// How many questions were asked.
    pub questions: usize,
}

/// One question in every mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionRecord {
    /// Its words.
    pub question: String,
    /// Its measures, by mode and name.
    pub modes: BTreeMap<String, BTreeMap<String, f64>>,
}

/// Why an earlier run's record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file is missing, cannot be read, or is not UTF-8.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} is no record of an earlier measurement: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No question was measured then in a mode in which it is measured now.
    #[error("{path} and this run have no question and mode in common")]
    NothingInCommon {
        /// The file.
        path: PathBuf,
    },
}

impl Record {
    /// Sums up runs of the same questions.
    pub fn new(dataset: &str, questions: &[Question], runs: &[Run]) -> Record {
        let record_of = |(at, question): (usize, &Question)| {
            let scores_of = |run: &Run| {
                let scores = run.scores[at].iter();
                let scores =
                    scores.map(|(measure, value)| (measure.name().to_owned(), rounded(*value, DIGITS)));
                (run.mode.name().to_owned(), scores.collect())
            };
            let modes = runs.iter().map(scores_of).collect();
            (question.id.clone(), QuestionRecord { question: question.text.clone(), modes })
        };
        Record {
            dataset: dataset.to_owned(),
            modes: runs.iter().map(|run| (run.mode.name().to_owned(), ModeRecord::of(run))).collect(),
            per_question: questions.iter().enumerate().map(record_of).collect(),
            notes: Vec::new(),
            reranked: None,
            against: None,
        }
    }

    /// Adds what the same questions gave with a reranker of this name; nothing where that is no mode of this record.
    pub fn add_reranked(&mut self, reranker: &str, with: Record) {
        let gain = compare(self, &with);
        let reranker = reranker.to_owned();
        self.reranked = gain.map(|gain| Reranked { reranker, modes: with.modes, gain });
    }

    /// Reads what an earlier run printed.
    pub fn read(path: &Path) -> Result<Record, RecordError> {
        let text =
            fs::read_to_string(path).map_err(|source| RecordError::Read { path: path.to_owned(), source })?;
        serde_json::from_str(&text)
            .map_err(|error| RecordError::Format { path: path.to_owned(), reason: error.to_string() })
    }

    /// As JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("its keys are texts and its numbers are finite")
    }
}

impl ModeRecord {
    fn of(run: &Run) -> ModeRecord {
        let (mut measures, mut ci) = (BTreeMap::new(), BTreeMap::new());
        for measure in Measure::OF_DOCUMENTS.into_iter().chain(Measure::OF_SPANS) {
            let values: Vec<f64> =
                run.scores.iter().filter_map(|scores| scores.get(&measure)).copied().collect();
            if values.is_empty() {
                continue;
            }
            let Interval { low, high } = interval(&values);
            measures.insert(measure.name().to_owned(), rounded(mean(&values), DIGITS));
            ci.insert(measure.name().to_owned(), [rounded(low, DIGITS), rounded(high, DIGITS)]);
        }
        let latency = run.latency;
        for (name, time) in [("p50_ms", latency.p50), ("p95_ms", latency.p95), ("p99_ms", latency.p99)] {
            measures.insert(name.to_owned(), rounded(time, TIME_DIGITS));
        }
        ModeRecord { measures, ci, questions: run.scores.len() }
    }

    /// The mean of a measure and its interval; `None` where no question has it.
    pub fn mean(&self, measure: Measure) -> Option<(f64, Interval)> {
        let [low, high] = *self.ci.get(measure.name())?;
        Some((*self.measures.get(measure.name())?, Interval { low, high }))
    }
}

/// A number with so many digits after the point.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use ibid_core::query::Mode;

    use super::*;
    use crate::latency::Latency;
    use crate::run::Scores;

    fn record() -> Record {
        let question =
            |id: &str| Question { id: id.to_owned(), text: format!("{id}?"), ..Question::default() };
        let scores = |ndcg: f64| Scores::from([(Measure::Ndcg10, ndcg), (Measure::Hit1, 1.0)]);
        let run = Run {
            mode: Mode::Lexical,
            scores: vec![scores(1.0 / 3.0), scores(1.0)],
            latency: Latency { count: 2, p50: 1.23456, p95: 2.0, p99: 2.0 },
            notes: Vec::new(),
        };
        Record::new("small", &[question("a"), question("b")], &[run])
    }

    #[test]
    fn the_json_has_the_names_it_promises() {
        let json = record().to_json();
        let mode = &json["modes"]["lexical"];
        assert_eq!(json["dataset"], "small");
        assert_eq!((&mode["ndcg@10"], &mode["hit@1"]), (&0.666667.into(), &1.0.into()));
        assert_eq!((&mode["p50_ms"], &mode["questions"]), (&1.235.into(), &2.into()));
        assert_eq!(mode["ci"]["ndcg@10"], serde_json::json!([0.333333, 1.0]));
        assert_eq!(json["per_question"]["a"]["question"], "a?");
        assert_eq!(json["per_question"]["a"]["modes"]["lexical"]["ndcg@10"], 0.333333);
        assert_eq!(mode.get("recall@10"), None);
    }

    #[test]
    fn a_record_reads_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        let record = record();
        fs::write(&path, record.to_json().to_string()).unwrap();
        assert_eq!(Record::read(&path).unwrap(), record);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        assert!(matches!(Record::read(&path), Err(RecordError::Read { .. })));
        fs::write(&path, "{\"hits\": []}").unwrap();
        assert!(matches!(Record::read(&path), Err(RecordError::Format { .. })));
    }
}
