//! What a hit's lexical score is made of: the points of each word of the question. The other parts of a score stand in
//! the hit anyway.

use ibid_core::hit::TermScore;
use ibid_index::ReadError;
use ibid_index::snapshot::{ChunkAddress, LookedUp, Snapshot, Wanted};

/// The points each word gives a chunk; they add up to the chunk's lexical score. Words without points are left out.
///
/// Costs a look at the postings of each word.
pub(crate) fn term_scores(
    snapshot: &Snapshot,
    wanted: &[Wanted],
    looked_up: &[LookedUp],
    chunk: ChunkAddress,
) -> Result<Vec<TermScore>, ReadError> {
    let mut scores = Vec::new();
    for (wanted, looked_up) in wanted.iter().zip(looked_up) {
        let typed = match wanted {
            Wanted::Word(word) => word.typed.clone(),
            Wanted::Prefix(beginning) => format!("{beginning}*"),
        };
        let score = snapshot.lexical_scores(std::slice::from_ref(looked_up), &[chunk])?[0];
        if score > 0.0 {
            scores.push(TermScore { typed, score });
        }
    }
    Ok(scores)
}
