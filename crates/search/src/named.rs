//! Notes that a question calls by name come first, however well other notes speak of them: people type names to go to
//! places. What a name is, the index knows; here is where those notes stand in the list.

use std::collections::HashSet;
use std::sync::Arc;

use ibid_core::fusion::Fused;
use ibid_core::query::{Piece, Query};
use ibid_core::ranking::Ranking;
use ibid_index::ReadError;
use ibid_index::snapshot::{Allowed, CalledDocument, ChunkAddress, Snapshot};

use crate::error::SearchError;
use crate::question::{Question, allow};
use crate::retrieve::Candidate;

/// A question of more words is a text, in which names are not looked for.
const MAX_WORDS_WITH_NAMES: usize = 32;
/// The longest name looked for inside a question, in words. One word alone promises nothing.
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=8;

/// What being called by name adds to a score. The points of both legs and of links are below it together.
const CALLED: f32 = 2.0;

/// Whether what a name adds to a score is that of a note which the question calls so.
pub(crate) fn is_called(points: f32) -> bool {
    points >= CALLED
}

/// The chunks of a document that is called by name; at least one.
struct Called {
    chunks: Vec<Candidate>,
    /// Whether by an alias alone.
    by_alias: bool,
}

/// The chunks of the documents that a question calls by name, in all snapshots.
#[derive(Default)]
pub(crate) struct Named {
    /// Where the question, or what it puts in quotation marks or `[[ ]]`, is a name: the document of that name.
    called: Vec<Called>,
    /// The chunks of documents whose name of several words stands inside the question.
    inside: HashSet<Candidate>,
}

impl Named {
    /// Looks the names up. Costs a lookup for each row of two to eight words of the question in each snapshot.
    pub(crate) fn of(
        query: &Query,
        question: &Question,
        snapshots: &[Arc<Snapshot>],
        allowed: &[Option<Allowed>],
    ) -> Result<Named, SearchError> {
        let mut named = Named::default();
        // A name that reads like a filter names its note all the same; what else the question demands must hold.
        let demanded = match question.parsed.filter.is_empty() {
            true => None,
            false => Some(allow(snapshots, &query.filter, query.today)?),
        };
        let typed = (query.words.clone(), demanded.as_deref().unwrap_or(allowed));
        let called = [question.plain.clone()].into_iter().chain(quoted(question)).map(|name| (name, allowed));
        let called: Vec<(String, &[Option<Allowed>])> = [typed].into_iter().chain(called).collect();
        for (number, snapshot) in snapshots.iter().enumerate() {
            let chunks_of = |first: ChunkAddress, allowed: &[Option<Allowed>]| {
                let may_answer = |chunk: &ChunkAddress| {
                    allowed[number].as_ref().is_none_or(|allowed| allowed.holds(*chunk))
                };
                let chunks = snapshot.chunks_beside(first)?.into_iter().filter(may_answer);
                Ok::<Vec<_>, ReadError>(chunks.map(|chunk| Candidate { snapshot: number, chunk }).collect())
            };
            for (name, allowed) in &called {
                for CalledDocument { first, by_alias } in snapshot.named(name)? {
                    let chunks = chunks_of(first, allowed)?;
                    match named.called.iter_mut().find(|called| called.chunks == chunks) {
                        Some(called) => called.by_alias &= by_alias,
                        None if chunks.is_empty() => {}
                        None => named.called.push(Called { chunks, by_alias }),
                    }
                }
            }
            for name in inside(&question.plain) {
                for called in snapshot.named(&name)? {
                    named.inside.extend(chunks_of(called.first, allowed)?);
                }
            }
        }
        Ok(named)
    }

    /// Lifts the notes that are named, and puts the list in order again; ties go by key. Of a note that is called by
    /// name the best chunk comes first, the first one where neither leg found any.
    pub(crate) fn lift(&self, ranking: &Ranking, fused: &mut Vec<Fused<Candidate>>) {
        for candidate in fused.iter_mut().filter(|candidate| self.inside.contains(&candidate.key)) {
            candidate.name = candidate.score * ranking.name_inside;
            candidate.score += candidate.name;
        }
        let has_alias = self.called.iter().any(|called| called.by_alias);
        for Called { chunks, by_alias } in &self.called {
            // A note's own name is before another's alias.
            let points = if has_alias && !by_alias { 2.0 * CALLED } else { CALLED };
            let best = fused
                .iter_mut()
                .filter(|candidate| chunks.contains(&candidate.key))
                .max_by(|a, b| a.score.total_cmp(&b.score).then(b.key.cmp(&a.key)));
            match best {
                Some(best) => {
                    best.name += points;
                    best.score += points;
                }
                None => {
                    let key = chunks[0];
                    fused.push(Fused { key, score: points, points: [0.0; 2], links: 0.0, name: points });
                }
            }
        }
        fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key)));
    }
}

/// What a question puts in quotation marks or in double brackets.
fn quoted(question: &Question) -> Vec<String> {
    let phrases = question.parsed.pieces.iter().filter_map(|piece| match piece {
        Piece::Phrase(phrase) => Some(phrase.clone()),
        _ => None,
    });
    let linked = question.plain.split("[[").skip(1).filter_map(|rest| rest.split_once("]]"));
    // Behind a bar stands what is shown, behind a hash a place in the note.
    let target = |inner: &str| inner.split(['|', '#']).next().unwrap_or_default().to_owned();
    phrases.chain(linked.map(|(inner, _)| target(inner))).collect()
}

/// The rows of words that stand inside a text and may be names.
fn inside(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > MAX_WORDS_WITH_NAMES {
        return Vec::new();
    }
    NAME_WORDS.flat_map(|length| words.windows(length)).map(|row| row.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use ibid_core::query::Query;

    use super::*;

    #[test]
    fn names_are_read_out_of_quotation_marks_and_brackets() {
        let check = |typed: &str, names: &[&str]| {
            assert_eq!(quoted(&Question::of(&Query::new(typed))), names, "{typed}")
        };
        check("see \"Rye bread\" and [[Levain|my starter]]", &["Rye bread", "Levain"]);
        check("[[Levain#Feeding]] again", &["Levain"]);
        check("[[not closed", &[]);
    }

    #[test]
    fn rows_of_several_words_may_be_names() {
        assert_eq!(inside("what is rye"), ["what is", "is rye", "what is rye"]);
        assert_eq!(inside("rye"), [""; 0]);
        assert_eq!(inside(&"word ".repeat(MAX_WORDS_WITH_NAMES + 1)), [""; 0]);
    }
}
