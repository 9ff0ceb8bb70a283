//! Ranked lists into one. Pure: no index, no text, only keys and scores.

use std::collections::BTreeMap;

/// How the legs of a query become one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fusion {
    /// Each leg's scores, divided by its best, times a weight that the question itself gives the leg: see `weights` below.
    #[default]
    Adaptive,
    /// The mean of the legs' scores, each divided by its leg's best, nothing below 0.
    MinMax,
    /// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) with `k` = [`RRF_K`].
    Rrf,
}

/// The `k` of reciprocal rank fusion: the larger, the less the first ranks count. 60 is the paper's.
pub const RRF_K: f32 = 60.0;

impl Fusion {
    /// Every method with the name people type.
    pub const NAMES: [(&'static str, Fusion); 3] =
        [("adaptive", Fusion::Adaptive), ("minmax", Fusion::MinMax), ("rrf", Fusion::Rrf)];
}

/// How deep a leg is looked into for how decided it is.
const DECIDED_DEPTH: usize = 100;

/// How much the decidedness of the semantic leg counts where the other's counts 1: cosines of all-MiniLM-L6-v2 lie closer
/// together than BM25 scores do, however sure they are. 2 was chosen with the square in [`weights`].
const SEMANTIC_DECIDEDNESS: f32 = 2.0;

/// No leg weighs less than this, nor more than what is left of 1.
const LEAST_WEIGHT: f32 = 0.1;

/// The weights of two legs, lexical and semantic, for one question; their sum is 1.
///
/// A leg is decided as far as its best stands above the mean of its first hundred, as a share of the best. One that
/// likes everything equally well (the meaning of a language the model does not know, words that stand everywhere) has
/// nothing to say; one that singles something out (a name, an identifier) has. Legs weigh as the squares of that.
///
/// nDCG@10 of the mean against this: SciFact training questions .733, .740; `data/vault` .800, .805; Cranfield .572,
/// .576. Exponent and factor were chosen on the first two and on XQuAD in German and Russian. The best fixed weight of
/// each collection, found by trying all: .738, .808, .572.
fn weights(legs: &[&[f32]; 2]) -> [f32; 2] {
    let candidates = legs.iter().map(|leg| leg.len()).max().unwrap_or(0).clamp(1, DECIDED_DEPTH);
    let decided = |leg: &[f32]| {
        let best = leg.first().copied().unwrap_or(0.0);
        let mean = leg.iter().take(candidates).map(|score| score.max(0.0)).sum::<f32>() / candidates as f32;
        if best > 0.0 { 1.0 - mean / best } else { 0.0 }
    };
    let [lexical, semantic] = [decided(legs[0]).powi(2), (SEMANTIC_DECIDEDNESS * decided(legs[1])).powi(2)];
    let sum = lexical + semantic;
    let semantic = if sum > 0.0 { semantic / sum } else { 0.5 };
    let semantic = semantic.clamp(LEAST_WEIGHT, 1.0 - LEAST_WEIGHT);
    [1.0 - semantic, semantic]
}

/// A key after fusion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused<K> {
    /// Whose.
    pub key: K,
    /// The sum of the points.
    pub score: f32,
    /// What each leg gave.
    pub points: [f32; 2],
}

/// Fuses two legs, lexical and semantic, each a list of keys with scores, best first, into one list, best first; ties go
/// by key.
///
/// A leg that found nothing takes no part, so the other's scores are not halved.
/// Costs a map insertion for every candidate.
pub fn fuse<K: Ord + Copy>(method: Fusion, legs: [&[(K, f32)]; 2]) -> Vec<Fused<K>> {
    let weights = match legs {
        [_, []] => [1.0, 0.0],
        [[], _] => [0.0, 1.0],
        _ if method == Fusion::Adaptive => {
            let [lexical, semantic] = legs.map(|leg| leg.iter().map(|&(_, score)| score).collect::<Vec<_>>());
            weights(&[&lexical, &semantic])
        }
        _ => [0.5, 0.5],
    };
    let mut points: BTreeMap<K, [f32; 2]> = BTreeMap::new();
    for (number, leg) in legs.iter().enumerate() {
        let best = leg.first().map_or(0.0, |&(_, best)| best);
        for (position, &(key, score)) in leg.iter().enumerate() {
            let share = match method {
                Fusion::Rrf => 1.0 / (RRF_K + 1.0 + position as f32),
                Fusion::Adaptive | Fusion::MinMax if best > 0.0 => (score / best).max(0.0),
                Fusion::Adaptive | Fusion::MinMax => 0.0,
            };
            points.entry(key).or_default()[number] = share * weights[number];
        }
    }
    let sum = |(key, points): (K, [f32; 2])| Fused { key, score: points.iter().sum(), points };
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
    fn a_leg_that_likes_everything_equally_well_weighs_little() {
        let flat: Vec<(u32, f32)> = (0..100).map(|key| (key, 0.7 - key as f32 * 0.0005)).collect();
        let steep: Vec<(u32, f32)> = (0..100).map(|key| (99 - key, 20.0 / (1 + key) as f32)).collect();
        check_first(&steep, &flat, 99);
        // The same the other way round.
        let cosines: Vec<(u32, f32)> = steep.iter().map(|&(key, score)| (key, score / 25.0)).collect();
        check_first(&flat, &cosines, 99);
    }

    fn check_first(lexical: &[(u32, f32)], semantic: &[(u32, f32)], first: u32) {
        let fused = fuse(Fusion::Adaptive, [lexical, semantic]);
        assert_eq!(fused[0].key, first);
    }

    #[test]
    fn weights_are_shares_of_one() {
        for legs in [[&[3.0, 1.0][..], &[0.5, 0.5][..]], [&[1.0], &[1.0]], [&[-1.0], &[0.0, 0.0]]] {
            let [lexical, semantic] = weights(&legs);
            assert!((lexical + semantic - 1.0).abs() < 1e-6 && lexical >= 0.1 && semantic >= 0.1, "{legs:?}");
        }
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
        check(Fusion::Adaptive, [&[(2, 1.0)], &[]], &[2]);
    }
}
