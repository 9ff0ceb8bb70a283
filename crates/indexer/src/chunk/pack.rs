//! Pieces packed into chunks: greedily, breaking where it costs least. It knows sizes and costs, no text.

use std::ops::Range;

use ibid_core::chunk::MAX_CHUNK_TOKENS;

use super::{MAX_CHUNK_BYTES, TINY_TOKENS};

/// The cost of a break that only a lack of any other justifies.
pub(super) const NEVER: u8 = u8::MAX;

/// A chunk that has these many word pieces may be closed early for a better break.
const MIN_FILL_TOKENS: usize = 80;
/// The same for odd text that is long in bytes only.
const MIN_FILL_BYTES: usize = MAX_CHUNK_BYTES / 2;

/// A block, or a part of one, that fits a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Its word pieces.
    pub(super) tokens: usize,
    /// What it costs to break before it.
    pub(super) cost: u8,
    /// The block it is of.
    pub(super) block: usize,
}

/// The pieces as runs that each fit a chunk.
///
/// When a chunk is full, the break that costs least in its later part is taken; at most a chunk's worth of pieces is
/// looked at again, so the cost is linear. A tiny last run takes from the one before it where there is a break.
pub(super) fn pack(pieces: &[Piece]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    while start < pieces.len() {
        let (mut end, mut tokens) = (start, 0);
        while let Some(piece) = pieces.get(end) {
            tokens += piece.tokens;
            // A lone piece goes through even if it breaks the limit: the loop must end.
            if end > start && !fits(tokens, pieces[start].range.start..piece.range.end) {
                break;
            }
            end += 1;
        }
        let cut = if end == pieces.len() { end } else { best_break(pieces, start, end) };
        runs.push(start..cut);
        start = cut;
    }
    balance(pieces, &mut runs);
    runs
}

fn fits(tokens: usize, bytes: Range<usize>) -> bool {
    tokens <= MAX_CHUNK_TOKENS && bytes.len() <= MAX_CHUNK_BYTES
}

/// The break in `start + 1..=end` that costs least: the last such one that leaves the chunk filled enough.
fn best_break(pieces: &[Piece], start: usize, end: usize) -> usize {
    let mut tokens = 0;
    let (mut best, mut best_cost) = (end, NEVER);
    let (mut poor, mut poor_cost) = (end, NEVER);
    for at in start + 1..=end {
        tokens += pieces[at - 1].tokens;
        let cost = pieces[at].cost;
        let bytes = pieces[at - 1].range.end - pieces[start].range.start;
        if cost < NEVER && cost <= poor_cost {
            (poor, poor_cost) = (at, cost);
        }
        let filled = tokens >= MIN_FILL_TOKENS || bytes >= MIN_FILL_BYTES || at == end;
        if filled && cost < NEVER && cost <= best_cost {
            (best, best_cost) = (at, cost);
        }
    }
    if best_cost < NEVER { best } else { poor }
}

/// Moves the break before a tiny last run backwards so that neither is tiny, where the pieces allow it.
fn balance(pieces: &[Piece], runs: &mut [Range<usize>]) {
    let [.., before, last] = runs else { return };
    let count = |run: Range<usize>| pieces[run].iter().map(|piece| piece.tokens).sum::<usize>();
    let tail = count(last.clone());
    if tail >= TINY_TOKENS {
        return;
    }
    let total = tail + count(before.clone());
    let (mut left, mut best) = (0, None);
    for at in before.start + 1..before.end {
        left += pieces[at - 1].tokens;
        let right = total - left;
        let bytes = pieces[at].range.start..pieces[last.end - 1].range.end;
        if left >= TINY_TOKENS && right >= TINY_TOKENS && fits(right, bytes) && pieces[at].cost < NEVER {
            let candidate = (pieces[at].cost, left.abs_diff(right), at);
            if best.is_none_or(|best| candidate < best) {
                best = Some(candidate);
            }
        }
    }
    if let Some((_, _, at)) = best {
        before.end = at;
        last.start = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of one byte a token; each is `(tokens, cost)`.
    fn check(pieces: &[(usize, u8)], expected: &[usize]) {
        let mut at = 0;
        let pieces: Vec<Piece> = pieces
            .iter()
            .enumerate()
            .map(|(block, &(tokens, cost))| {
                at += tokens;
                Piece { range: at - tokens..at, tokens, cost, block }
            })
            .collect();
        assert_eq!(pack(&pieces).iter().map(Range::len).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_fits_stays_together() {
        check(&[], &[]);
        check(&[(100, 1), (100, 1)], &[2]);
    }

    #[test]
    fn a_full_chunk_breaks_where_it_costs_least() {
        check(&[(90, 1), (50, 1), (50, 5), (90, 5)], &[1, 3]);
        check(&[(50, 1), (50, 1), (90, 1), (90, 1)], &[3, 1]);
    }

    #[test]
    fn a_heading_goes_with_what_follows_it() {
        check(&[(90, 0), (100, 1), (5, 0), (100, NEVER)], &[2, 2]);
        check(&[(90, NEVER), (5, 1), (150, NEVER)], &[1, 2]);
    }

    #[test]
    fn a_tiny_tail_takes_from_what_is_before_it() {
        check(&[(60, 1), (60, 1), (60, 1), (30, 1)], &[2, 2]);
        check(&[(190, 1), (30, 1)], &[1, 1]);
    }
}
