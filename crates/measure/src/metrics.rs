//! The measures of one question: formulas over grades in the order in which documents were found. Pure; what was asked,
//! and of whom, is not known here.

/// One number that says how good an answer is, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// [`ndcg`] of the first 5 documents.
    Ndcg5,
    /// [`ndcg`] of the first 10 documents.
    Ndcg10,
    /// [`reciprocal_rank`] within the first 10 documents.
    Mrr10,
    /// [`hit`] at the first document.
    Hit1,
    /// [`recall`] of the first 10 documents.
    Recall10,
    /// [`recall`] of the first 100 documents.
    Recall100,
    /// 1 where the answer's part of the first hit, its sentence, overlaps the answer; else 0.
    AnswerPointed1,
    /// The share of the answer's bytes inside the first hit.
    AnswerBytes1,
    /// The share of the answer's bytes inside the first 3 hits.
    AnswerBytes3,
    /// The share of the answer's bytes inside the first 5 hits.
    AnswerBytes5,
    /// The share of the bytes of the first 5 hits that are answer.
    AnswerShare5,
}

impl Measure {
    /// Those of ranked documents, in the order in which they are shown.
    pub const OF_DOCUMENTS: [Measure; 6] = [
        Measure::Ndcg5,
        Measure::Ndcg10,
        Measure::Mrr10,
        Measure::Hit1,
        Measure::Recall10,
        Measure::Recall100,
    ];

    /// Those of cited bytes, in the order in which they are shown; see [`crate::spans`].
    pub const OF_SPANS: [Measure; 5] = [
        Measure::AnswerPointed1,
        Measure::AnswerBytes1,
        Measure::AnswerBytes3,
        Measure::AnswerBytes5,
        Measure::AnswerShare5,
    ];

    /// Its name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Ndcg5 => "ndcg@5",
            Measure::Ndcg10 => "ndcg@10",
            Measure::Mrr10 => "mrr@10",
            Measure::Hit1 => "hit@1",
            Measure::Recall10 => "recall@10",
            Measure::Recall100 => "recall@100",
            Measure::AnswerPointed1 => "answer_pointed@1",
            Measure::AnswerBytes1 => "answer_bytes@1",
            Measure::AnswerBytes3 => "answer_bytes@3",
            Measure::AnswerBytes5 => "answer_bytes@5",
            Measure::AnswerShare5 => "answer_share@5",
        }
    }
}

/// Every measure of ranked documents for one question.
///
/// `found` holds the grade of each document found, best rank first, 0 for one that is not judged. `judged` holds the
/// grades of all documents judged for the question, found or not, in any order.
pub fn of_documents(found: &[u32], judged: &[u32]) -> [(Measure, f64); 6] {
    [
        (Measure::Ndcg5, ndcg(found, judged, 5)),
        (Measure::Ndcg10, ndcg(found, judged, 10)),
        (Measure::Mrr10, reciprocal_rank(found, 10)),
        (Measure::Hit1, hit(found, 1)),
        (Measure::Recall10, recall(found, judged, 10)),
        (Measure::Recall100, recall(found, judged, 100)),
    ]
}

/// Normalised discounted cumulative gain of the first `k` documents; 0 where no judged document is relevant.
///
/// The gain of a document is its grade, divided by log2(1 + rank); their sum is divided by the largest sum that any
/// order of all judged documents gives. After K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR
/// techniques", ACM TOIS 20(4), 2002, with the discount that `trec_eval` uses (theirs leaves rank 2 undiscounted).
pub fn ndcg(found: &[u32], judged: &[u32], k: usize) -> f64 {
    let mut ideal = judged.to_vec();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = discounted_gain(&ideal, k);
    if best > 0.0 { discounted_gain(found, k) / best } else { 0.0 }
}

fn discounted_gain(grades: &[u32], k: usize) -> f64 {
    let gain = |(at, &grade): (usize, &u32)| f64::from(grade) / (at as f64 + 2.0).log2();
    grades.iter().take(k).enumerate().map(gain).sum()
}

/// One divided by the rank of the first relevant document, 0 where it is not among the first `k`.
pub fn reciprocal_rank(found: &[u32], k: usize) -> f64 {
    let first = found.iter().take(k).position(|&grade| grade > 0);
    first.map_or(0.0, |at| 1.0 / (at + 1) as f64)
}

/// 1 where a relevant document is among the first `k`, else 0.
pub fn hit(found: &[u32], k: usize) -> f64 {
    f64::from(u8::from(found.iter().take(k).any(|&grade| grade > 0)))
}

/// The share of all relevant documents that are among the first `k`; 0 where none is relevant.
pub fn recall(found: &[u32], judged: &[u32], k: usize) -> f64 {
    let relevant = |grades: &[u32]| grades.iter().filter(|&&grade| grade > 0).count() as f64;
    let all = relevant(judged);
    if all > 0.0 { relevant(&found[..found.len().min(k)]) / all } else { 0.0 }
}

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(found: &[u32], judged: &[u32], expected: &[(Measure, f64)]) {
        let made = of_documents(found, judged);
        for (measure, value) in expected {
            let (_, is) = made.iter().find(|(made, _)| made == measure).unwrap();
            assert!((is - value).abs() < 1e-5, "{}: {is}, not {value}", measure.name());
        }
    }

    #[test]
    fn the_measures_are_those_computed_by_hand() {
        // 3/1 + 2/log2(3) + 3/2 + 0 + 1/log2(6) + 2/log2(7) = 6.861127, and the best order gives 7.140995.
        check(&[3, 2, 3, 0, 1, 2], &[3, 2, 3, 0, 1, 2], &[(Measure::Ndcg10, 0.960808)]);
        // 1/log2(3) against 1 + 1/log2(3).
        check(
            &[0, 1, 0],
            &[1, 1],
            &[
                (Measure::Ndcg5, 0.386853),
                (Measure::Ndcg10, 0.386853),
                (Measure::Mrr10, 0.5),
                (Measure::Hit1, 0.0),
                (Measure::Recall10, 0.5),
                (Measure::Recall100, 0.5),
            ],
        );
    }

    #[test]
    fn what_stands_below_the_cut_does_not_count() {
        let mut found = [0; 120];
        found[5] = 1;
        found[10] = 1;
        found[99] = 1;
        found[100] = 1;
        check(
            &found,
            &[1, 1, 1, 1],
            &[
                (Measure::Ndcg5, 0.0),
                (Measure::Mrr10, 1.0 / 6.0),
                (Measure::Recall10, 0.25),
                (Measure::Recall100, 0.75),
            ],
        );
    }

    #[test]
    fn nothing_found_or_nothing_relevant_is_nought() {
        for (found, judged) in [(&[][..], &[1][..]), (&[0, 0], &[2]), (&[], &[]), (&[0], &[0])] {
            assert!(of_documents(found, judged).iter().all(|(_, value)| *value == 0.0), "{found:?}");
        }
    }

    #[test]
    fn documents_judged_but_not_found_make_the_ideal() {
        check(&[1], &[1, 2], &[(Measure::Ndcg10, 1.0 / (2.0 + 1.0 / 3f64.log2())), (Measure::Recall10, 0.5)]);
    }

    #[test]
    fn documents_of_one_grade_may_change_places() {
        assert_eq!(ndcg(&[1, 1, 0], &[1, 1], 10), 1.0);
        assert_eq!(ndcg(&[2, 1, 1], &[1, 2, 1], 10), 1.0);
        assert!(ndcg(&[1, 2], &[1, 2], 10) < 1.0);
    }

    proptest! {
        #[test]
        fn every_measure_is_from_0_to_1(judged in prop::collection::vec(0u32..5, 0..30), seed in any::<u64>()) {
            let mut found = judged.clone();
            crate::random::Random::seeded(seed).shuffle(&mut found);
            for (measure, value) in of_documents(&found, &judged) {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&value), "{}: {value}", measure.name());
            }
        }

        #[test]
        fn the_best_order_is_perfect(mut judged in prop::collection::vec(0u32..5, 1..30)) {
            judged.sort_unstable_by(|a, b| b.cmp(a));
            prop_assume!(judged[0] > 0);
            for k in [1, 5, 10] {
                prop_assert_eq!(ndcg(&judged, &judged, k), 1.0);
            }
        }
    }
}
