//! `sort:newest`: all that holds a word of the question, the newest document first. What is only near in meaning takes no
//! part: everything is near to some degree, so the newest notes would come first whatever was asked.

use std::cmp::Reverse;
use std::sync::Arc;

use ibid_core::fusion::Fused;
use ibid_index::snapshot::{Allowed, LookedUp, Snapshot};

use crate::error::SearchError;
use crate::question::Question;
use crate::retrieve::{Candidate, Retrieved, lexical_leg};

/// Every chunk that holds a word of the question; where it looks for nothing, every chunk that passes, by path and place.
///
/// Costs what scoring all of them does.
pub(crate) fn retrieve(
    snapshots: &[Arc<Snapshot>],
    question: &Question,
    words: &[Vec<LookedUp>],
    allowed: &[Option<Allowed>],
) -> Result<Retrieved, SearchError> {
    let mut lexical = Vec::new();
    if question.plain.is_empty() {
        for (number, (snapshot, allowed)) in snapshots.iter().zip(allowed).enumerate() {
            let chunks = match allowed {
                Some(allowed) => snapshot.list(allowed, usize::MAX)?,
                None => snapshot.list(&snapshot.allow(&[], &[])?, usize::MAX)?,
            };
            lexical.extend(chunks.into_iter().map(|chunk| (Candidate { snapshot: number, chunk }, 0.0)));
        }
    } else {
        let all = snapshots.iter().map(|snapshot| snapshot.chunks() as usize).max().unwrap_or(0);
        lexical = lexical_leg(snapshots, words, allowed, all)?;
        lexical.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    Ok(Retrieved { lexical, semantic: Vec::new(), is_full: false })
}

/// The candidates by the dates of their documents, newest first, and of one date the best first; those of a group are of
/// equal date and score.
pub(crate) fn groups(
    snapshots: &[Arc<Snapshot>],
    fused: Vec<Fused<Candidate>>,
) -> Vec<Vec<Fused<Candidate>>> {
    let dated = |fused: Fused<Candidate>| (snapshots[fused.key.snapshot].date_at(fused.key.chunk), fused);
    let mut dated: Vec<(Option<i64>, Fused<Candidate>)> = fused.into_iter().map(dated).collect();
    dated.sort_by_key(|&(date, _)| Reverse(date));
    let groups = dated.chunk_by(|a, b| a.0 == b.0 && a.1.score == b.1.score);
    groups.map(|group| group.iter().map(|&(_, fused)| fused).collect()).collect()
}
