//! What the whole note says of a question: a passage gains a little where other passages of its note answer too. It never
//! brings in what neither leg found, and changes no order within a note.

use std::collections::HashMap;
use std::sync::Arc;

use ibid_core::fusion::Fused;
use ibid_core::ranking::Ranking;
use ibid_index::ReadError;
use ibid_index::snapshot::Snapshot;

use crate::retrieve::Candidate;

/// How many passages of a note count beside its best one.
const OTHERS: usize = 2;

/// Adds to each score what the next best passages of its note have, and puts the list in order again; ties go by key.
/// `fused` comes best first.
///
/// Costs a lookup for each candidate.
pub(crate) fn weigh_notes(
    snapshots: &[Arc<Snapshot>],
    ranking: &Ranking,
    fused: &mut [Fused<Candidate>],
) -> Result<(), ReadError> {
    if ranking.note == 0.0 {
        return Ok(());
    }
    let graphs = snapshots.iter().map(|snapshot| snapshot.links()).collect::<Result<Vec<_>, _>>()?;
    let note_of = |key: Candidate| Some((key.snapshot, graphs.get(key.snapshot)?.document_of(key.chunk)?));
    let mut scores: HashMap<(usize, u32), Vec<f32>> = HashMap::new();
    for candidate in fused.iter() {
        let Some(note) = note_of(candidate.key) else { continue };
        let of_note = scores.entry(note).or_default();
        if of_note.len() <= OTHERS {
            of_note.push(candidate.score);
        }
    }
    for candidate in fused.iter_mut() {
        let others = note_of(candidate.key).and_then(|note| scores.get(&note)).map_or(&[][..], |of| &of[1..]);
        candidate.note = ranking.note * others.iter().sum::<f32>() / OTHERS as f32;
        candidate.score += candidate.note;
    }
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key)));
    Ok(())
}
