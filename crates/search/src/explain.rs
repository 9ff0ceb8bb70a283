//! What a hit's lexical score is made of: the points of each word of the question. The other parts of a score stand in
//! the hit anyway.

use ibid_core::hit::TermScore;
use ibid_index::ReadError;
use ibid_index::snapshot::{ChunkAddress, LookedUp, Snapshot, Wanted};

use crate::question::Question;

/// The points each word, and each pair of words that stand side by side, gives a chunk; they add up to the chunk's lexical score. Words without points are left out.
///
/// Costs a look at the postings of each word.
pub(crate) fn term_scores(
    snapshot: &Snapshot,
    question: &Question,
    looked_up: &[LookedUp],
    beside: f32,
    chunk: ChunkAddress,
) -> Result<Vec<TermScore>, ReadError> {
    let mut scores = Vec::new();
    let typed = |at: usize| match &question.wanted[at] {
        Wanted::Word(word) => word.typed.clone(),
        Wanted::Prefix(beginning) => format!("{beginning}*"),
    };
    for (at, looked_up) in looked_up.iter().enumerate() {
        let typed = typed(at);
        let score = snapshot.lexical_scores(std::slice::from_ref(looked_up), &[chunk])?[0];
        if score > 0.0 {
            scores.push(TermScore { typed, score });
        }
    }
    for &(first, second) in &question.pairs {
        let pair = (&looked_up[first], &looked_up[second]);
        let score = beside * snapshot.beside_scores(&[pair], &[chunk])?[0];
        if score > 0.0 {
            scores.push(TermScore { typed: format!("{} {}", typed(first), typed(second)), score });
        }
    }
    Ok(scores)
}
