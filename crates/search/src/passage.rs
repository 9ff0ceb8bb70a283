//! Neighbouring chunks that answer nearly as well as each other become one passage: an answer does not end where a chunk
//! happens to. Which passages are shown is not decided here.

use std::collections::{HashMap, HashSet};

use ibid_core::fusion::Fused;
use ibid_core::span::Span;
use ibid_index::ReadError;
use ibid_index::snapshot::{Allowed, ChunkAddress, Snapshot, StoredChunk};

use crate::answer::front_matter_end;
use crate::retrieve::Candidate;

/// A neighbour joins a chunk when it has at least this share of its score.
///
/// On `judged/spans` (472 questions) the first passage then holds .65 of the answer's bytes, in 1.3 kB, where the best
/// chunk alone holds .55, in .8 kB.
const JOINING_SHARE: f32 = 0.75;

/// The longest passage that joining makes, in bytes: that of the longest chunk.
const MAX_PASSAGE_BYTES: usize = 2_048;

/// A passage, and the candidates it is made of.
pub(crate) struct Passage {
    /// All of it as one chunk.
    pub(crate) chunk: StoredChunk,
    /// Each candidate with its first byte in the document, in no order.
    pub(crate) pieces: Vec<(u32, Candidate)>,
}

/// Joins candidates of one answer; each is given out once.
pub(crate) struct Passages {
    scores: HashMap<Candidate, f32>,
    taken: HashSet<Candidate>,
}

impl Passages {
    pub(crate) fn new(fused: &[Fused<Candidate>]) -> Passages {
        // A name lifts one chunk of its note, and says nothing of those beside it.
        let scores = fused.iter().map(|fused| (fused.key, fused.score - fused.name)).collect();
        Passages { scores, taken: HashSet::new() }
    }

    /// Whether the candidate is part of a passage already.
    pub(crate) fn has_taken(&self, candidate: Candidate) -> bool {
        self.taken.contains(&candidate)
    }

    /// `chunk` and those beside it that belong to it, the better side first, as one chunk. Reads those alone.
    pub(crate) fn around(
        &mut self,
        snapshot: &Snapshot,
        candidate: Candidate,
        chunk: StoredChunk,
        allowed: Option<&Allowed>,
    ) -> Result<Passage, ReadError> {
        self.taken.insert(candidate);
        let mut pieces = vec![(chunk.start, candidate)];
        let least = JOINING_SHARE * self.scores.get(&candidate).copied().unwrap_or(0.0);
        let (mut first, mut last, mut passage) = (candidate.chunk, candidate.chunk, chunk);
        let (mut may_precede, mut may_follow) = (true, true);
        if let Some((longer, next)) = self.with_body(snapshot, candidate, &passage, allowed)? {
            pieces.push((passage.start + passage.text.len() as u32, Candidate { chunk: next, ..candidate }));
            (passage, last) = (longer, next);
        }
        loop {
            let before = self.score_of(candidate, first.previous()).filter(|&s| may_precede && s >= least);
            let after = self.score_of(candidate, last.next()).filter(|&s| may_follow && s >= least);
            let follows = match (before, after) {
                (None, None) => return Ok(Passage { chunk: passage, pieces }),
                (before, after) => after.is_some() && after >= before,
            };
            let beside = if follows { last.next() } else { first.previous() };
            let Some(address) = beside else { return Ok(Passage { chunk: passage, pieces }) };
            let chunk = snapshot.chunk(address)?;
            let start = chunk.start;
            match joined(&passage, chunk, follows) {
                Some(longer) => {
                    passage = longer;
                    let taken = Candidate { chunk: address, ..candidate };
                    self.taken.insert(taken);
                    pieces.push((start, taken));
                    *(if follows { &mut last } else { &mut first }) = address;
                }
                None if follows => may_follow = false,
                None => may_precede = false,
            }
        }
    }

    /// Front matter with the chunk that follows it, whatever that scored: how a note is filed is no passage of its own.
    /// `None` for any other chunk, and where the one that follows was given out or may not answer.
    fn with_body(
        &mut self,
        snapshot: &Snapshot,
        candidate: Candidate,
        passage: &StoredChunk,
        allowed: Option<&Allowed>,
    ) -> Result<Option<(StoredChunk, ChunkAddress)>, ReadError> {
        let Some(next) = candidate.chunk.next().filter(|_| is_front_matter(passage)) else { return Ok(None) };
        let beside = Candidate { chunk: next, ..candidate };
        if self.taken.contains(&beside) || allowed.is_some_and(|allowed| !allowed.holds(next)) {
            return Ok(None);
        }
        let body = snapshot.chunk_at(&passage.path, passage.start + passage.text.len() as u32)?;
        let longer = body.and_then(|body| joined(passage, body, true));
        if longer.is_some() {
            self.taken.insert(beside);
        }
        Ok(longer.map(|longer| (longer, next)))
    }

    /// The score of a chunk beside `candidate`, if it is a candidate that nobody took.
    fn score_of(&self, candidate: Candidate, chunk: Option<ChunkAddress>) -> Option<f32> {
        let beside = Candidate { chunk: chunk?, ..candidate };
        self.scores.get(&beside).copied().filter(|_| !self.taken.contains(&beside))
    }
}

/// Whether a chunk is front matter and nothing else.
fn is_front_matter(chunk: &StoredChunk) -> bool {
    let end = front_matter_end(&chunk.text);
    chunk.start == 0 && end > 0 && chunk.text[end..].trim().is_empty()
}

/// Both as one; `None` where they do not touch within one document, or are too long together.
fn joined(passage: &StoredChunk, beside: StoredChunk, follows: bool) -> Option<StoredChunk> {
    let (first, second) = if follows { (passage, &beside) } else { (&beside, passage) };
    let touch = first.path == second.path && first.start as usize + first.text.len() == second.start as usize;
    let is_filing = is_front_matter(first);
    if !touch || (!is_filing && first.text.len() + second.text.len() > MAX_PASSAGE_BYTES) {
        return None;
    }
    // What is cited in part, as a card of a canvas is, stands for itself.
    if !first.is_cited_whole() || !second.is_cited_whole() {
        return None;
    }
    let common = first.headings.iter().zip(&second.headings).take_while(|(a, b)| a == b);
    let common = common.map(|(heading, _)| heading.clone()).collect();
    Some(StoredChunk {
        headings: if is_filing { second.headings.clone() } else { common },
        cited: Span::claimed(first.cited.start(), second.cited.end())?,
        text: format!("{}{}", first.text, second.text),
        ..first.clone()
    })
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;
    use ibid_core::language::Language;

    use super::*;

    fn chunk(path: &str, start: u32, text: &str, headings: &[&str]) -> StoredChunk {
        StoredChunk {
            path: DocumentPath::new(path).unwrap(),
            title: String::new(),
            headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
            start,
            line: start + 1,
            cited: Span::claimed(0, text.len() as u32).unwrap().trimmed(text).shifted(start).unwrap(),
            language: Language::English,
            text: text.to_owned(),
        }
    }

    fn check(beside: StoredChunk, follows: bool, expected: Option<(u32, &str)>) {
        let passage = chunk("a", 10, "middle ", &["Top", "One"]);
        let made = joined(&passage, beside, follows);
        assert_eq!(made.as_ref().map(|chunk| (chunk.start, chunk.text.as_str())), expected);
    }

    #[test]
    fn chunks_that_touch_become_one() {
        check(chunk("a", 17, "after", &[]), true, Some((10, "middle after")));
        check(chunk("a", 3, "before ", &[]), false, Some((3, "before middle ")));
    }

    #[test]
    fn chunks_of_other_documents_or_other_places_do_not() {
        check(chunk("b", 17, "after", &[]), true, None);
        check(chunk("a", 18, "after", &[]), true, None);
        check(chunk("a", 2, "before ", &[]), false, None);
        check(chunk("a", 17, &"x".repeat(MAX_PASSAGE_BYTES), &[]), true, None);
    }

    #[test]
    fn front_matter_takes_its_place_before_any_chunk() {
        let filing = chunk("a", 0, "---\nrating: 4\n---\n", &[]);
        let body = chunk("a", 18, &"x".repeat(MAX_PASSAGE_BYTES), &["Top"]);
        let made = joined(&filing, body, true).unwrap();
        assert_eq!((made.start, made.headings), (0, vec!["Top".to_owned()]));
        assert!(is_front_matter(&filing) && !is_front_matter(&chunk("a", 0, "---\na: b\n---\nx", &[])));
        assert!(!is_front_matter(&chunk("a", 0, "", &[])));
    }

    #[test]
    fn a_passage_stands_under_the_headings_its_chunks_share() {
        let passage = chunk("a", 10, "middle ", &["Top", "One"]);
        let made = joined(&passage, chunk("a", 17, "after", &["Top", "Two"]), true).unwrap();
        assert_eq!(made.headings, ["Top"]);
    }
}
