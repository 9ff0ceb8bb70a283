//! Chooses the value of a constant of ranking and judges the choice on what did not take part in it: of the sets each in
//! turn is left out, the value is chosen on all others, and the left-out one says what the choice is worth. Pure: records
//! of runs in, figures out.

use std::collections::BTreeMap;

use crate::bootstrap::{Interval, interval};
use crate::metrics::mean;

/// One judged set: the score of each question, by question, for each value of the constant. Every value has the same
/// questions, and every set the same values.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// In the order of the values; the scores in one order of questions.
    pub scores: Vec<Vec<f64>>,
}

/// What the choice without one set is worth on it.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The set's name.
    pub name: String,
    /// Which value the other sets choose.
    pub chosen: usize,
    /// The set's mean with the value of today.
    pub today: f64,
    /// And with the chosen one.
    pub then: f64,
    /// The paired interval of the difference.
    pub interval: Interval,
}

impl LeftOut {
    /// What the choice brings.
    pub fn difference(&self) -> f64 {
        self.then - self.today
    }

    /// Whether the set falls by more than its interval.
    pub fn falls(&self) -> bool {
        self.interval.high < 0.0
    }
}

/// All sets left out in turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Which value all sets choose together.
    pub chosen: usize,
    /// In the order of the sets.
    pub sets: Vec<LeftOut>,
}

impl Judged {
    /// The mean of what the choices bring.
    pub fn mean(&self) -> f64 {
        mean(&self.sets.iter().map(LeftOut::difference).collect::<Vec<_>>())
    }

    /// The set that fares worst; `None` without sets.
    pub fn worst(&self) -> Option<&LeftOut> {
        self.sets.iter().min_by(|a, b| a.difference().total_cmp(&b.difference()))
    }

    /// Whether the constant is to be changed: the mean over the left-out sets rises and none falls by more than its interval.
    pub fn is_to_change(&self) -> bool {
        self.mean() > 0.0 && !self.sets.iter().any(LeftOut::falls)
    }
}

/// Judges the values of which the one at `today` holds now. Each set counts the same, however many questions it has; of
/// equal values the nearer to today's is chosen, then the earlier one.
///
/// `None` with fewer than two sets, or where a set lacks a value or a question.
pub fn judge(sets: &[Set], today: usize) -> Option<Judged> {
    let (values, first) = (sets.first()?.scores.len(), &sets[0]);
    let is_whole = |set: &Set| {
        set.scores.len() == values
            && set.scores.iter().all(|scores| !scores.is_empty() && scores.len() == set.scores[0].len())
    };
    if sets.len() < 2 || today >= first.scores.len() || !sets.iter().all(is_whole) {
        return None;
    }
    let of_value = |set: &Set, value: usize| mean(&set.scores[value]);
    let chosen_on = |sets: &[&Set]| {
        let mean_of = |value: usize| mean(&sets.iter().map(|set| of_value(set, value)).collect::<Vec<_>>());
        let order = |a: &usize, b: &usize| {
            let by_score = mean_of(*a).total_cmp(&mean_of(*b));
            by_score.then(b.abs_diff(today).cmp(&a.abs_diff(today))).then(b.cmp(a))
        };
        (0..values).max_by(order).unwrap_or(today)
    };
    let left_out = |(at, set): (usize, &Set)| {
        let others: Vec<&Set> =
            sets.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, set)| set).collect();
        let chosen = chosen_on(&others);
        let pairs = set.scores[chosen].iter().zip(&set.scores[today]);
        let differences: Vec<f64> = pairs.map(|(then, today)| then - today).collect();
        LeftOut {
            name: set.name.clone(),
            chosen,
            today: of_value(set, today),
            then: of_value(set, chosen),
            interval: interval(&differences),
        }
    };
    let chosen = chosen_on(&sets.iter().collect::<Vec<_>>());
    Some(Judged { chosen, sets: sets.iter().enumerate().map(left_out).collect() })
}

/// The scores of the questions that every value has, in one order; `None` where there are none.
pub fn set(name: &str, values: &[BTreeMap<String, f64>]) -> Option<Set> {
    let in_all = |id: &&String| values.iter().all(|scores| scores.contains_key(*id));
    let ids: Vec<&String> = values.first()?.keys().filter(in_all).collect();
    let scores = values.iter().map(|scores| ids.iter().map(|id| scores[*id]).collect()).collect();
    (!ids.is_empty()).then(|| Set { name: name.to_owned(), scores })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set of ten questions that all have the score given for each value.
    fn flat(name: &str, values: &[f64]) -> Set {
        Set { name: name.to_owned(), scores: values.iter().map(|score| vec![*score; 10]).collect() }
    }

    fn check(sets: &[Set], today: usize, chosen: usize, left_out: &[usize], changes: bool) {
        let judged = judge(sets, today).unwrap();
        let each: Vec<usize> = judged.sets.iter().map(|set| set.chosen).collect();
        assert_eq!((judged.chosen, &*each, judged.is_to_change()), (chosen, left_out, changes), "{judged:?}");
    }

    #[test]
    fn a_value_that_is_better_everywhere_is_chosen() {
        let sets = [flat("a", &[0.1, 0.2]), flat("b", &[0.3, 0.4]), flat("c", &[0.5, 0.6])];
        check(&sets, 0, 1, &[1, 1, 1], true);
        assert!((judge(&sets, 0).unwrap().mean() - 0.1).abs() < 1e-9);
        check(&sets, 1, 1, &[1, 1, 1], false);
    }

    #[test]
    fn what_one_set_alone_gains_from_is_not_changed() {
        let sets = [flat("a", &[0.1, 0.9]), flat("b", &[0.4, 0.39]), flat("c", &[0.5, 0.49])];
        check(&sets, 0, 1, &[0, 1, 1], false);
        assert_eq!(judge(&sets, 0).unwrap().worst().unwrap().name, "b");
    }

    #[test]
    fn a_fall_within_its_interval_forbids_nothing() {
        let mut noisy = flat("noisy", &[0.5, 0.5]);
        noisy.scores[1] = [0.0, 1.0].repeat(5);
        noisy.scores[1][1] = 0.9;
        let sets = [flat("a", &[0.1, 0.2]), flat("b", &[0.1, 0.2]), noisy];
        check(&sets, 0, 1, &[1, 1, 1], true);
    }

    #[test]
    fn of_equals_the_one_nearer_to_today_is_chosen() {
        let sets = [flat("a", &[0.2, 0.2, 0.2]), flat("b", &[0.3, 0.3, 0.3])];
        check(&sets, 2, 2, &[2, 2], false);
    }

    #[test]
    fn what_is_not_whole_is_not_judged() {
        let short = Set { name: "short".to_owned(), scores: vec![vec![0.1], vec![]] };
        for (sets, today) in [
            (vec![], 0),
            (vec![flat("a", &[0.1])], 0),
            (vec![flat("a", &[0.1, 0.2]), flat("b", &[0.1])], 0),
            (vec![flat("a", &[0.1, 0.2]), short], 0),
            (vec![flat("a", &[0.1]), flat("b", &[0.1])], 1),
        ] {
            assert_eq!(judge(&sets, today), None);
        }
    }

    #[test]
    fn only_questions_that_every_value_has_are_compared() {
        let scores = |ids: &[(&str, f64)]| ids.iter().map(|(id, score)| ((*id).to_owned(), *score)).collect();
        let values = [scores(&[("a", 0.1), ("b", 0.2)]), scores(&[("b", 0.4), ("c", 0.5)])];
        assert_eq!(set("x", &values).unwrap().scores, [[0.2], [0.4]]);
        assert_eq!(set("x", &[scores(&[("a", 0.1)]), scores(&[])]), None);
    }
}
