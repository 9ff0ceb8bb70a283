//! Ranked lists into one. Pure: no index, no text, only keys and scores.

use std::collections::BTreeMap;

use crate::ranking::Ranking;

/// How the legs of a query become one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fusion {
    /// Each leg's scores on the scale that it shows itself, weighed by how far the legs can be trusted.
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

/// What fusion is told of the legs beside their lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trust {
    /// The share of what the question's words weigh that stands in the notes, 0 to 1: the lexical leg counts as much.
    pub words_found: f32,
    /// The share of the chunks that have a vector, of those that should, 0 to 1: the semantic leg counts as its root.
    pub embedded: f32,
}

impl Trust {
    /// All words are there, all chunks have vectors.
    pub const FULL: Trust = Trust { words_found: 1.0, embedded: 1.0 };

    /// The weights of the legs, lexical and semantic; their sum is 1.
    fn weights(self, ranking: &Ranking) -> [f32; 2] {
        let lexical =
            (1.0 - ranking.meaning * self.embedded.clamp(0.0, 1.0).sqrt()) * self.words_found.clamp(0.0, 1.0);
        [lexical, 1.0 - lexical]
    }
}

/// A key after fusion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused<K> {
    /// Whose.
    pub key: K,
    /// The sum of the points and of what links and its name add.
    pub score: f32,
    /// What each leg gave.
    pub points: [f32; 2],
    /// What links between notes add.
    pub links: f32,
    /// What it adds that the question calls the note by its name.
    pub name: f32,
}

/// Fuses two legs, lexical and semantic, each a list of keys with scores, best first, into one list, best first; ties go
/// by key.
///
/// A leg that found nothing takes no part, so the other's scores are not halved. `has_vector` tells of a key whether
/// anything is known of its meaning: of a vector that is still to be made nothing is, nor of a note of properties alone.
/// Costs a map insertion for every candidate.
pub fn fuse<K: Ord + Copy>(
    method: Fusion,
    ranking: &Ranking,
    trust: Trust,
    legs: [&[(K, f32)]; 2],
    has_vector: impl Fn(K) -> bool,
) -> Vec<Fused<K>> {
    let [lexical, semantic] = legs;
    let weights = match (legs, method) {
        ([_, []], _) => [1.0, 0.0],
        ([[], _], _) => [0.0, 1.0],
        (_, Fusion::Adaptive) => trust.weights(ranking),
        (_, Fusion::MinMax | Fusion::Rrf) => [0.5, 0.5],
    };
    let mut points: BTreeMap<K, [f32; 2]> = BTreeMap::new();
    let shares = [shares(method, lexical, 0.0), shares(method, semantic, floor(method, semantic))];
    for (number, (leg, shares)) in legs.iter().zip(shares).enumerate() {
        for (&(key, _), share) in leg.iter().zip(shares) {
            points.entry(key).or_default()[number] = share * weights[number];
        }
    }
    if method == Fusion::Adaptive && weights[0] > 0.0 {
        // What has points for its meaning has a vector; only the others are looked up.
        for (_, points) in points.iter_mut().filter(|(key, points)| points[1] == 0.0 && !has_vector(**key)) {
            points[1] = points[0] / weights[0] * weights[1] * ranking.unknown_meaning;
        }
    }
    let sum = |(key, points): (K, [f32; 2])| Fused {
        key,
        score: points.iter().sum(),
        points,
        links: 0.0,
        name: 0.0,
    };
    let mut fused: Vec<_> = points.into_iter().map(sum).collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key)));
    fused
}

/// The score that counts nothing. Cosines of one model lie between .7 and 1, of another between -.1 and .7, so the
/// semantic leg shows it itself: its worst candidate, those that only the words found included.
fn floor<K>(method: Fusion, semantic: &[(K, f32)]) -> f32 {
    match method {
        Fusion::Adaptive => semantic.iter().map(|&(_, score)| score).fold(f32::INFINITY, f32::min),
        Fusion::MinMax | Fusion::Rrf => 0.0,
    }
}

/// What each candidate has of its leg's best, 0 to 1.
fn shares<K>(method: Fusion, leg: &[(K, f32)], floor: f32) -> Vec<f32> {
    let best = leg.first().map_or(0.0, |&(_, best)| best);
    let share = |(position, &(_, score)): (usize, &(K, f32))| match method {
        Fusion::Rrf => 1.0 / (RRF_K + 1.0 + position as f32),
        Fusion::Adaptive | Fusion::MinMax if best > floor => ((score - floor) / (best - floor)).max(0.0),
        // All alike: each is as good as the best.
        Fusion::Adaptive if best > 0.0 => 1.0,
        Fusion::Adaptive | Fusion::MinMax => 0.0,
    };
    leg.iter().enumerate().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Fusion, legs: [&[(u32, f32)]; 2], order: &[u32]) {
        let fused = fuse(method, &Ranking::default(), Trust::FULL, legs, |_| true);
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

    fn check_with(trust: Trust, legs: [&[(u32, f32)]; 2], order: &[u32]) {
        let keys: Vec<u32> = fuse(Fusion::Adaptive, &Ranking::default(), trust, legs, |_| true)
            .iter()
            .map(|fused| fused.key)
            .collect();
        assert_eq!(keys, order, "{trust:?} {legs:?}");
    }

    #[test]
    fn a_leg_is_measured_by_what_it_shows_itself() {
        let lexical: [(u32, f32); 3] = [(1, 10.0), (2, 9.0), (3, 1.0)];
        // The same order of meaning, from a model of high cosines and one of low ones.
        check_with(Trust::FULL, [&lexical, &[(3, 0.95), (2, 0.94), (1, 0.80)]], &[2, 3, 1]);
        check_with(Trust::FULL, [&lexical, &[(3, 0.65), (2, 0.60), (1, -0.10)]], &[2, 3, 1]);
    }

    #[test]
    fn a_leg_counts_as_far_as_it_can_be_trusted() {
        let legs: [&[(u32, f32)]; 2] = [&[(1, 10.0), (2, 1.0)], &[(2, 0.9), (1, 0.3)]];
        check_with(Trust { words_found: 1.0, embedded: 0.2 }, legs, &[1, 2]);
        check_with(Trust { words_found: 0.2, embedded: 1.0 }, legs, &[2, 1]);
    }

    #[test]
    fn a_candidate_of_unknown_meaning_is_not_pushed_down() {
        let legs: [&[(u32, f32)]; 2] = [&[(1, 10.0), (2, 5.0), (3, 4.0)], &[(2, 0.5), (3, 0.4)]];
        for trust in [Trust { words_found: 1.0, embedded: 0.9 }, Trust::FULL] {
            let first = |is_known: bool| {
                fuse(Fusion::Adaptive, &Ranking::default(), trust, legs, |key| is_known || key != 1)[0].key
            };
            assert_eq!((first(false), first(true)), (1, 2));
        }
    }

    #[test]
    fn weights_are_shares_of_one() {
        for (words_found, embedded) in [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (7.0, -7.0)] {
            let [lexical, semantic] = Trust { words_found, embedded }.weights(&Ranking::default());
            assert!((lexical + semantic - 1.0).abs() < 1e-6 && lexical >= 0.0 && semantic >= 0.0);
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
            fuse(Fusion::MinMax, &Ranking::default(), Trust::FULL, [&[(1, 4.0), (2, 2.0)], &[]], |_| true)
                .iter()
                .map(|fused| fused.score)
                .collect();
        assert_eq!(scores, [1.0, 0.5]);
        check(Fusion::MinMax, [&[], &[]], &[]);
        check(Fusion::Adaptive, [&[(2, 1.0)], &[]], &[2]);
    }
}
