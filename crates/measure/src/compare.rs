//! Two runs over the same questions, question by question, by nDCG@10. Pure; which of the two is better is for the
//! reader to say.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bootstrap::{interval, randomised_p};
use crate::metrics::{Measure, mean};
use crate::record::{Record, rounded};

/// Numbers that differ by less are equal; records keep six digits.
const EQUAL: f64 = 1e-6;

/// Digits kept of means and of p.
const DIGITS: i32 = 6;

/// How a run differs from an earlier one. Field names are those of the JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The earlier run's dataset.
    pub dataset: String,
    /// The modes that both were run in.
    pub modes: BTreeMap<String, ModeComparison>,
    /// How many questions only the earlier run has.
    pub only_before: usize,
    /// How many questions only this run has.
    pub only_now: usize,
}

/// One mode over the questions that both runs have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModeComparison {
    /// The earlier mean.
    pub before: f64,
    /// The mean now.
    pub now: f64,
    /// The mean of the differences, now less before.
    pub difference: f64,
    /// The ends of its interval, a paired bootstrap.
    pub ci: [f64; 2],
    /// How probable a difference this large is by chance: two-sided, by paired randomisation.
    pub p: f64,
    /// How many questions got better.
    pub better: usize,
    /// How many got worse.
    pub worse: usize,
    /// How many did not change.
    pub equal: usize,
    /// The questions that changed, the most changed first.
    pub changed: Vec<Change>,
}

/// A question that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// Its words.
    pub question: String,
    /// Its earlier nDCG@10.
    pub before: f64,
    /// Its nDCG@10 now.
    pub now: f64,
}

impl Change {
    fn difference(&self) -> f64 {
        self.now - self.before
    }
}

/// Compares; `None` where the two have no question and mode in common.
pub fn compare(before: &Record, now: &Record) -> Option<Comparison> {
    let of_mode = |mode: &String| Some((mode.clone(), compare_mode(before, now, mode)?));
    let modes: BTreeMap<_, _> = now.modes.keys().filter_map(of_mode).collect();
    let only = |one: &Record, other: &Record| {
        one.per_question.keys().filter(|id| !other.per_question.contains_key(*id)).count()
    };
    (!modes.is_empty()).then(|| Comparison {
        dataset: before.dataset.clone(),
        modes,
        only_before: only(before, now),
        only_now: only(now, before),
    })
}

fn compare_mode(before: &Record, now: &Record, mode: &str) -> Option<ModeComparison> {
    let value = |record: &Record, id: &String| {
        record.per_question.get(id)?.modes.get(mode)?.get(Measure::Ndcg10.name()).copied()
    };
    let pair = |(id, question): (&String, &crate::record::QuestionRecord)| {
        let (before, now) = (value(before, id)?, value(now, id)?);
        // A number read back may differ in its last bit.
        let now = if (now - before).abs() < EQUAL { before } else { now };
        Some(Change { id: id.clone(), question: question.question.clone(), before, now })
    };
    let pairs: Vec<Change> = now.per_question.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return None;
    }
    let means =
        |value: fn(&Change) -> f64| rounded(mean(&pairs.iter().map(value).collect::<Vec<_>>()), DIGITS);
    let differences: Vec<f64> = pairs.iter().map(Change::difference).collect();
    let of_sign = |sign: f64| differences.iter().filter(|difference| **difference * sign > 0.0).count();
    let (better, worse) = (of_sign(1.0), of_sign(-1.0));
    let interval = interval(&differences);
    let mut comparison = ModeComparison {
        before: means(|change| change.before),
        now: means(|change| change.now),
        difference: means(Change::difference),
        ci: [rounded(interval.low, DIGITS), rounded(interval.high, DIGITS)],
        p: rounded(randomised_p(&differences), DIGITS),
        better,
        worse,
        equal: pairs.len() - better - worse,
        changed: Vec::new(),
    };
    comparison.changed = pairs.into_iter().filter(|change| change.difference() != 0.0).collect();
    comparison
        .changed
        .sort_by(|a, b| b.difference().abs().total_cmp(&a.difference().abs()).then_with(|| a.id.cmp(&b.id)));
    Some(comparison)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::QuestionRecord;

    fn record(mode: &str, scores: &[(&str, f64)]) -> Record {
        let question = |(id, ndcg): &(&str, f64)| {
            let scores = BTreeMap::from([("ndcg@10".to_owned(), *ndcg)]);
            let modes = BTreeMap::from([(mode.to_owned(), scores)]);
            ((*id).to_owned(), QuestionRecord { question: format!("{id}?"), modes })
        };
        let empty = crate::record::ModeRecord {
            measures: BTreeMap::new(),
            ci: BTreeMap::new(),
            questions: scores.len(),
        };
        Record {
            dataset: "small".to_owned(),
            modes: BTreeMap::from([(mode.to_owned(), empty)]),
            per_question: scores.iter().map(question).collect(),
            notes: Vec::new(),
            reranked: None,
            against: None,
        }
    }

    #[track_caller]
    fn check(before: &[(&str, f64)], now: &[(&str, f64)], counts: (usize, usize, usize), changed: &[&str]) {
        let made = compare(&record("hybrid", before), &record("hybrid", now)).unwrap();
        let mode = &made.modes["hybrid"];
        assert_eq!((mode.better, mode.worse, mode.equal), counts);
        assert_eq!(mode.changed.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), changed);
        assert!((mode.now - mode.before - mode.difference).abs() < 1e-5);
    }

    #[test]
    fn the_most_changed_question_comes_first() {
        check(
            &[("a", 0.5), ("b", 0.0), ("c", 1.0), ("d", 0.2)],
            &[("a", 0.4), ("b", 1.0), ("c", 0.9), ("d", 0.2 + 1e-12)],
            (1, 2, 1),
            &["b", "a", "c"],
        );
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        check(&[("a", 0.5), ("b", 0.3)], &[("a", 0.5), ("b", 0.3)], (0, 0, 2), &[]);
        let run = record("hybrid", &[("a", 0.5), ("b", 0.3)]);
        let made = &compare(&run, &run).unwrap().modes["hybrid"];
        assert_eq!((made.difference, made.ci, made.p), (0.0, [0.0, 0.0], 1.0));
    }

    #[test]
    fn only_questions_of_both_runs_are_compared() {
        let (before, now) = (&[("a", 0.5), ("gone", 0.3)], &[("a", 0.7), ("fresh", 0.1), ("more", 0.1)]);
        check(before, now, (1, 0, 0), &["a"]);
        let made = compare(&record("hybrid", before), &record("hybrid", now)).unwrap();
        assert_eq!((made.only_before, made.only_now), (1, 2));
    }

    #[test]
    fn runs_without_a_common_question_or_mode_are_not_compared() {
        assert_eq!(compare(&record("hybrid", &[("a", 0.5)]), &record("hybrid", &[("b", 0.5)])), None);
        assert_eq!(compare(&record("lexical", &[("a", 0.5)]), &record("hybrid", &[("a", 0.5)])), None);
    }

    #[test]
    fn a_steady_difference_is_not_chance() {
        let before: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|id| (id, 0.2)).to_vec();
        let now: Vec<_> = before.iter().map(|(id, ndcg)| (*id, ndcg + 0.1)).collect();
        let made = &compare(&record("hybrid", &before), &record("hybrid", &now)).unwrap().modes["hybrid"];
        assert!(made.p < 0.02 && made.ci[0] > 0.09, "{made:?}");
    }
}
