//! What the links between notes say about a list of candidates: what many notes point to, and what the best of the list
//! point to, moves up a little. Links never bring in what neither leg found.

use std::collections::HashMap;
use std::sync::Arc;

use ibid_core::fusion::Fused;
use ibid_core::ranking::Ranking;
use ibid_index::ReadError;
use ibid_index::snapshot::{LinkGraph, Snapshot};

use crate::retrieve::Candidate;

/// How many documents from the top of the list are the best ones.
const BEST_DOCUMENTS: usize = 5;

/// Adds to each score what the links say, and puts the list in order again; ties go by key.
///
/// Costs a lookup for each candidate, and nothing where a collection has no links.
pub(crate) fn weigh_links(
    snapshots: &[Arc<Snapshot>],
    ranking: &Ranking,
    fused: &mut [Fused<Candidate>],
) -> Result<(), ReadError> {
    let graphs = snapshots.iter().map(|snapshot| snapshot.links()).collect::<Result<Vec<_>, _>>()?;
    if graphs.iter().all(|graph| graph.most_backlinks() == 0) {
        return Ok(());
    }
    let endorsed = endorsed(&graphs, fused);
    for candidate in fused.iter_mut() {
        let Some((graph, number)) = document_of(&graphs, candidate.key) else { continue };
        let backlinks = graph.backlinks(number).len();
        let popular = match graph.most_backlinks() {
            0 => 0.0,
            most => (1.0 + backlinks as f32).ln() / (1.0 + most as f32).ln(),
        };
        let near = endorsed.get(&(candidate.key.snapshot, number)).copied().unwrap_or(0.0);
        candidate.links = candidate.score * (ranking.most_linked * popular + ranking.linked_by_best * near);
        candidate.score += candidate.links;
    }
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key)));
    Ok(())
}

/// The documents that the best documents of the list link to, each with the share of them that do.
fn endorsed(graphs: &[&LinkGraph], fused: &[Fused<Candidate>]) -> HashMap<(usize, u32), f32> {
    let mut best: Vec<(usize, u32)> = Vec::with_capacity(BEST_DOCUMENTS);
    for candidate in fused {
        let Some((_, number)) = document_of(graphs, candidate.key) else { continue };
        let document = (candidate.key.snapshot, number);
        if !best.contains(&document) {
            best.push(document);
        }
        if best.len() == BEST_DOCUMENTS {
            break;
        }
    }
    let mut endorsed: HashMap<(usize, u32), f32> = HashMap::new();
    for &(snapshot, number) in &best {
        for &linked in graphs[snapshot].links(number) {
            *endorsed.entry((snapshot, linked)).or_default() += 1.0 / BEST_DOCUMENTS as f32;
        }
    }
    endorsed
}

fn document_of<'g>(graphs: &[&'g LinkGraph], key: Candidate) -> Option<(&'g LinkGraph, u32)> {
    let graph = *graphs.get(key.snapshot)?;
    Some((graph, graph.document_of(key.chunk)?))
}
