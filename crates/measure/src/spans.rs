//! How many of the answer's bytes are in the hits, and whether the first hit points at them. Pure: ranges of bytes, each byte counted once.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::metrics::Measure;

/// Bytes of one text or several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes {
    /// By document; the ranges are sorted, apart from each other, and none is empty.
    ranges: BTreeMap<String, Vec<Range<u32>>>,
}

impl Bytes {
    /// The bytes in any of `ranges`, which may overlap; each comes with its document's path.
    pub fn of<'a>(ranges: impl IntoIterator<Item = (&'a str, Range<u32>)>) -> Bytes {
        let mut bytes = Bytes::default();
        for (path, range) in ranges.into_iter().filter(|(_, range)| !range.is_empty()) {
            bytes.ranges.entry(path.to_owned()).or_default().push(range);
        }
        bytes.ranges.values_mut().for_each(unite);
        bytes
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.ranges.values().flatten().map(|range| u64::from(range.end - range.start)).sum()
    }

    /// How many are in `other` too.
    pub fn shared_with(&self, other: &Bytes) -> u64 {
        let of_document = |(path, ranges): (&String, &Vec<Range<u32>>)| {
            other.ranges.get(path).map_or(0, |others| shared(ranges, others))
        };
        self.ranges.iter().map(of_document).sum()
    }
}

/// Sorts ranges and makes one of those that touch or overlap.
fn unite(ranges: &mut Vec<Range<u32>>) {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, before| {
        let touches = next.start <= before.end;
        if touches {
            before.end = before.end.max(next.end);
        }
        touches
    });
}

fn shared(ranges: &[Range<u32>], others: &[Range<u32>]) -> u64 {
    let overlap = |a: &Range<u32>, b: &Range<u32>| a.end.min(b.end).saturating_sub(a.start.max(b.start));
    ranges.iter().flat_map(|a| others.iter().map(move |b| u64::from(overlap(a, b)))).sum()
}

/// A hit as it is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited<'a> {
    /// The document's path.
    pub path: &'a str,
    /// The cited bytes.
    pub span: Range<u32>,
    /// Those of them that it shows as the answer; empty where none are.
    pub answer: Range<u32>,
}

/// Every measure of cited bytes for one question: `hits` best first; `answer` must hold a byte.
pub fn of_spans(hits: &[Cited<'_>], answer: &Bytes) -> [(Measure, f64); 5] {
    let first = |k: usize| Bytes::of(hits.iter().take(k).map(|hit| (hit.path, hit.span.clone())));
    let share = |part: u64, whole: u64| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
    let found = |k: usize| share(first(k).shared_with(answer), answer.count());
    let pointed = Bytes::of(hits.iter().take(1).map(|hit| (hit.path, hit.answer.clone())));
    [
        (Measure::AnswerPointed1, f64::from(u8::from(pointed.shared_with(answer) > 0))),
        (Measure::AnswerBytes1, found(1)),
        (Measure::AnswerBytes3, found(3)),
        (Measure::AnswerBytes5, found(5)),
        (Measure::AnswerShare5, share(first(5).shared_with(answer), first(5).count())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hits: &[(&'static str, Range<u32>)], answer: &[(&str, Range<u32>)], expected: [f64; 4]) {
        let cited =
            |(path, span): &(&'static str, Range<u32>)| Cited { path, span: span.clone(), answer: 0..0 };
        let hits: Vec<Cited<'_>> = hits.iter().map(cited).collect();
        let [pointed, shares @ ..] = of_spans(&hits, &Bytes::of(answer.iter().cloned()));
        assert_eq!((pointed.1, shares.map(|(_, value)| value)), (0.0, expected));
    }

    #[test]
    fn the_first_hit_points_at_the_answer_where_its_sentence_overlaps_it() {
        let answer = Bytes::of([("a", 10..20)]);
        let hit = |path: &'static str, answer: Range<u32>| Cited { path, span: 0..100, answer };
        for (hits, pointed) in [
            (vec![hit("a", 19..40)], 1.0),
            (vec![hit("a", 20..40)], 0.0),
            (vec![hit("a", 15..15)], 0.0),
            (vec![hit("b", 10..20), hit("a", 10..20)], 0.0),
            (vec![], 0.0),
        ] {
            assert_eq!(of_spans(&hits, &answer)[0], (Measure::AnswerPointed1, pointed), "{hits:?}");
        }
    }

    #[test]
    fn bytes_of_the_answer_count_from_the_first_hit_that_holds_them() {
        check(
            &[("a", 0..10), ("a", 90..100), ("b", 0..10), ("a", 20..30), ("a", 30..40)],
            &[("a", 5..10), ("a", 25..35)],
            [5.0 / 15.0, 5.0 / 15.0, 1.0, 15.0 / 50.0],
        );
    }

    #[test]
    fn a_byte_counts_once() {
        check(
            &[("a", 0..10), ("a", 0..10), ("a", 5..15)],
            &[("a", 0..4), ("a", 2..10)],
            [1.0, 1.0, 1.0, 10.0 / 15.0],
        );
    }

    #[test]
    fn equal_offsets_in_another_document_are_other_bytes() {
        check(&[("b", 0..10)], &[("a", 0..10)], [0.0; 4]);
        check(&[], &[("a", 0..10)], [0.0; 4]);
    }

    #[test]
    fn ranges_that_touch_are_one() {
        let bytes = Bytes::of([("a", 4..6), ("a", 0..2), ("a", 2..4), ("a", 9..9)]);
        assert_eq!(bytes, Bytes::of([("a", 0..6)]));
        assert_eq!(bytes.count(), 6);
    }
}
