//! Cuts a word into the likeliest pieces of a SentencePiece unigram vocabulary. It normalises nothing.

use std::ops::Range;

use super::in_place::{Cursor, Numbers, Strings};

/// The token of what no piece covers. XLM-RoBERTa's tokens up to 3 are `<s>`, `<pad>`, `</s>` and this one.
pub(super) const UNKNOWN: u32 = 3;

/// A piece found in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) id: u32,
    /// Where it ends in the word, in bytes; it starts where the one before it ends.
    pub(super) end: usize,
}

/// The pieces in the order of their bytes, so that all pieces with one beginning are neighbours. No control
/// token is among them: a text that says `<s>` means these three characters.
#[derive(Clone, Copy)]
pub(super) struct Pieces {
    texts: Strings,
    ids: Numbers,
    /// Natural logarithms of how likely each is.
    scores: Numbers,
    /// The score of a character that no piece covers.
    unknown: f32,
}

impl Pieces {
    /// Reads `count` pieces that have `bytes` bytes.
    pub(super) fn read(file: &mut Cursor, count: usize, bytes: usize, unknown: f32) -> Option<Self> {
        let (starts, ids, scores) = (file.numbers(count + 1)?, file.numbers(count)?, file.numbers(count)?);
        Some(Self { texts: Strings::new(starts, file.bytes(bytes)?), ids, scores, unknown })
    }

    /// Appends the tokens of `word` to `tokens`: of all ways to cut it, the one with the highest sum of scores
    /// (Kudo 2018, <https://arxiv.org/abs/1804.10959>). Characters without a piece that follow each other are
    /// one token.
    pub(super) fn cut(self, word: &str, best: &mut Vec<Step>, tokens: &mut Vec<Token>) {
        best.clear();
        best.resize(word.len() + 1, Step::UNREACHED);
        best[0].score = 0.0;
        for (at, character) in word.char_indices() {
            let before = best[at].score;
            self.each_beginning(&word[at..], |length, place| {
                let score = before + f64::from(self.scores.f32(place));
                best[at + length].improve(score, at, self.ids.u32(place));
            });
            let unknown = before + f64::from(self.unknown);
            best[at + character.len_utf8()].improve(unknown, at, UNKNOWN);
        }
        let first = tokens.len();
        let mut end = word.len();
        while end > 0 {
            let Step { start, id, .. } = best[end];
            // Read from behind, the last of a run of unknown characters comes first and has the run's end.
            let after = tokens[first..].last().map(|token| token.id);
            if id != UNKNOWN || after != Some(UNKNOWN) {
                tokens.push(Token { id, end });
            }
            end = start;
        }
        tokens[first..].reverse();
    }

    /// What a token stands for.
    #[cfg(test)]
    pub(super) fn text(self, id: u32) -> Option<&'static [u8]> {
        static PLACES: std::sync::OnceLock<std::collections::HashMap<u32, usize>> =
            std::sync::OnceLock::new();
        let places = PLACES.get_or_init(|| (0..self.ids.len()).map(|at| (self.ids.u32(at), at)).collect());
        places.get(&id).map(|&place| self.texts.get(place))
    }

    /// Calls `found` with the length and the place of every piece that `text` begins with.
    fn each_beginning(self, text: &str, mut found: impl FnMut(usize, usize)) {
        let (mut places, mut length) = (0..self.ids.len(), 0);
        for character in text.chars() {
            let end = length + character.len_utf8();
            places = self.narrowed(places, length, &text.as_bytes()[length..end]);
            if places.is_empty() {
                return;
            }
            length = end;
            // The shortest of those with one beginning stands first.
            if self.texts.get(places.start).len() == length {
                found(length, places.start);
            }
        }
    }

    /// Those of `places`, whose pieces agree in their first `length` bytes, that go on with `bytes`.
    fn narrowed(self, places: Range<usize>, length: usize, bytes: &[u8]) -> Range<usize> {
        let next = |place: usize| {
            let rest = &self.texts.get(place)[length..];
            &rest[..rest.len().min(bytes.len())]
        };
        let start = first_place(places.clone(), |place| next(place) >= bytes);
        start..first_place(start..places.end, |place| next(place) > bytes)
    }
}

/// The best way to a place in a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    score: f64,
    /// Where its last piece starts.
    start: usize,
    /// Its last piece.
    id: u32,
}

impl Step {
    const UNREACHED: Self = Self { score: f64::NEG_INFINITY, start: 0, id: UNKNOWN };

    fn improve(&mut self, score: f64, start: usize, id: u32) {
        if score > self.score {
            *self = Self { score, start, id };
        }
    }
}

/// The first of `places` where `holds` is true; from there on it has to stay true.
fn first_place(places: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut start, mut end) = (places.start, places.end);
    while start < end {
        let middle = start.midpoint(end);
        if holds(middle) {
            end = middle;
        } else {
            start = middle + 1;
        }
    }
    start
}
