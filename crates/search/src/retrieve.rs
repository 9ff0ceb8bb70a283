//! The two legs over the same snapshots, and the scores each gives to what the other found. Words are looked for while
//! the question is embedded; see the searcher.

use std::sync::Arc;

use ibid_core::hit::LegScore;
use ibid_index::snapshot::{Allowed, ChunkAddress, LookedUp, Snapshot};
use tracing::Span;
use tracing::span::EnteredSpan;

use crate::error::SearchError;
use crate::query_embedder::QueryEmbedder;

/// How deep each leg looks, in chunks of one collection. Fusion needs the best score and those near it; what one leg
/// has below this depth is scored all the same when the other leg finds it.
pub(crate) const LEG_DEPTH: usize = 100;

/// Which chunk of which snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Candidate {
    pub(crate) snapshot: usize,
    pub(crate) chunk: ChunkAddress,
}

/// A question's vector, shared by the snapshots of one model.
pub(crate) type QuestionVector = Arc<[f32]>;

/// One leg's list, best first.
pub(crate) type Ranked = Vec<(Candidate, f32)>;

/// What both legs found, each scored by both.
#[derive(Default)]
pub(crate) struct Retrieved {
    pub(crate) lexical: Ranked,
    pub(crate) semantic: Ranked,
    /// Whether a leg has more than it was asked for.
    pub(crate) is_full: bool,
}

/// What the legs are asked.
pub(crate) struct Asked<'a> {
    /// What is looked up in each snapshot; empty when the lexical leg does not run.
    pub(crate) words: &'a [Vec<LookedUp>],
    /// Which of the words stand next to each other in the question, and what that counts.
    pub(crate) pairs: &'a [(usize, usize)],
    pub(crate) beside: f32,
    /// The question's vector for each snapshot; `None` where the semantic leg does not run.
    pub(crate) vectors: &'a [Option<QuestionVector>],
    /// Which chunks of each snapshot may answer.
    pub(crate) allowed: &'a [Option<Allowed>],
    /// How deep each leg looks, in chunks of one collection.
    pub(crate) depth: usize,
}

/// A span of what is traced, below `parent`: how long a leg takes, and nothing of what it looks for. Costs nothing where nobody
/// listens.
pub(crate) fn traced(leg: &'static str, parent: &Span) -> EnteredSpan {
    tracing::info_span!(target: "ibid::traced", parent: parent, "leg", leg).entered()
}

/// Runs `lexical` on rayon's pool and `semantic` on the calling thread.
///
/// The model is waited for on the calling thread, because a thread of rayon's pool would begin other questions while it
/// waits: those end first, and the one asked first comes last.
pub(crate) fn side_by_side<L: Send, S>(
    lexical: impl FnOnce() -> L + Send,
    semantic: impl FnOnce() -> S,
) -> (L, S) {
    let mut first = None;
    let second = rayon::in_place_scope(|scope| {
        scope.spawn(|_| first = Some(lexical()));
        semantic()
    });
    (first.expect("the scope waits for what was spawned in it"), second)
}

/// Joins what the words found, `lexical`, to what is near in meaning, and lets each leg score what only the other found.
pub(crate) fn retrieve(
    snapshots: &[Arc<Snapshot>],
    asked: &Asked<'_>,
    mut lexical: Ranked,
) -> Result<Retrieved, SearchError> {
    let _traced = traced("nearest", &Span::current());
    let mut semantic = semantic_leg(snapshots, asked);
    let is_full = lexical.len() >= asked.depth || semantic.len() >= asked.depth;
    let only_semantic = missing_from(&lexical, &semantic);
    let only_lexical = missing_from(&semantic, &lexical);
    lexical.extend(lexical_scores(snapshots, asked.words, &only_semantic)?);
    add_beside(snapshots, asked, &mut lexical)?;
    semantic.extend(cosines(snapshots, asked.vectors, &only_lexical));
    Ok(Retrieved { lexical: sorted(lexical), semantic: sorted(semantic), is_full })
}

/// What a question that looks for nothing and only demands is answered with: what passes, by path and place.
pub(crate) fn list(
    snapshots: &[Arc<Snapshot>],
    allowed: &[Option<Allowed>],
    limit: usize,
) -> Result<Retrieved, SearchError> {
    let mut found = Vec::new();
    for (number, (snapshot, allowed)) in snapshots.iter().zip(allowed).enumerate() {
        let Some(allowed) = allowed else { continue };
        let chunks = snapshot.list(allowed, limit)?;
        found.extend(chunks.into_iter().map(|chunk| (Candidate { snapshot: number, chunk }, 0.0)));
    }
    let is_full = found.len() >= limit;
    Ok(Retrieved { lexical: found, semantic: Vec::new(), is_full })
}

/// The best chunks for the words, at most `depth` of each snapshot; none where the leg does not run.
pub(crate) fn lexical_leg(
    snapshots: &[Arc<Snapshot>],
    words: &[Vec<LookedUp>],
    allowed: &[Option<Allowed>],
    depth: usize,
) -> Result<Ranked, SearchError> {
    let mut found = Vec::new();
    for (number, (words, allowed)) in words.iter().zip(allowed).enumerate() {
        let chunks = snapshots[number].lexical(words, allowed.as_ref(), depth)?;
        found.extend(chunks.into_iter().map(|(chunk, score)| (Candidate { snapshot: number, chunk }, score)));
    }
    Ok(found)
}

fn semantic_leg(snapshots: &[Arc<Snapshot>], asked: &Asked<'_>) -> Ranked {
    let mut found = Vec::new();
    for (number, (vector, allowed)) in asked.vectors.iter().zip(asked.allowed).enumerate() {
        let Some(vector) = vector else { continue };
        let chunks = snapshots[number].nearest(vector, allowed.as_ref(), asked.depth);
        found.extend(chunks.into_iter().map(|(chunk, score)| (Candidate { snapshot: number, chunk }, score)));
    }
    found
}

/// The question's vector for each snapshot; a model that several share runs once. Where `words_do`, a model behind a url
/// that fails gives none: it may be back for the next question.
pub(crate) fn vectors(
    plain: &str,
    embedders: &[Option<&QueryEmbedder>],
    words_do: bool,
) -> Result<Vec<Option<QuestionVector>>, SearchError> {
    let mut made: Vec<(&QueryEmbedder, Option<QuestionVector>)> = Vec::new();
    let mut vectors = Vec::with_capacity(embedders.len());
    for embedder in embedders {
        let Some(embedder) = *embedder else {
            vectors.push(None);
            continue;
        };
        let known =
            made.iter().find(|(other, _)| std::ptr::eq(*other, embedder)).map(|(_, vector)| vector.clone());
        let vector = match known {
            Some(vector) => vector,
            None => {
                let vector = match embedder.embed(plain) {
                    Ok(vector) => Some(vector),
                    Err(error) if words_do && embedder.identity().remote.is_some() => {
                        let model = &embedder.identity().name;
                        tracing::warn!(%model, %error, "a question was searched by words alone");
                        None
                    }
                    Err(error) => return Err(error.into()),
                };
                made.push((embedder, vector.clone()));
                vector
            }
        };
        vectors.push(vector);
    }
    Ok(vectors)
}

/// Those of `there` that are not in `here`, grouped by snapshot.
fn missing_from(here: &Ranked, there: &Ranked) -> Vec<Candidate> {
    let mut known: Vec<_> = here.iter().map(|&(candidate, _)| candidate).collect();
    known.sort_unstable();
    let mut missing: Vec<_> =
        there.iter().map(|&(candidate, _)| candidate).filter(|c| known.binary_search(c).is_err()).collect();
    missing.sort_unstable();
    missing
}

fn lexical_scores(
    snapshots: &[Arc<Snapshot>],
    words: &[Vec<LookedUp>],
    candidates: &[Candidate],
) -> Result<Ranked, SearchError> {
    let mut scored = Vec::new();
    for group in candidates.chunk_by(|a, b| a.snapshot == b.snapshot) {
        let Some(words) = words.get(group[0].snapshot) else { continue };
        let chunks: Vec<_> = group.iter().map(|candidate| candidate.chunk).collect();
        let scores = snapshots[group[0].snapshot].lexical_scores(words, &chunks)?;
        // A score of 0 means that no word of the question is there: the leg did not find it.
        scored.extend(group.iter().copied().zip(scores).filter(|&(_, score)| score > 0.0));
    }
    Ok(scored)
}

/// Adds what it is worth that words stand next to each other as they do in the question. Only what a leg found is looked
/// at: the places of words cost ten times the words.
fn add_beside(
    snapshots: &[Arc<Snapshot>],
    asked: &Asked<'_>,
    lexical: &mut Ranked,
) -> Result<(), SearchError> {
    if asked.pairs.is_empty() || asked.beside == 0.0 {
        return Ok(());
    }
    lexical.sort_by_key(|&(candidate, _)| candidate);
    for group in lexical.chunk_by_mut(|a, b| a.0.snapshot == b.0.snapshot) {
        let number = group[0].0.snapshot;
        let Some(words) = asked.words.get(number) else { continue };
        let pairs: Vec<_> =
            asked.pairs.iter().map(|&(first, second)| (&words[first], &words[second])).collect();
        let chunks: Vec<_> = group.iter().map(|(candidate, _)| candidate.chunk).collect();
        let scores = snapshots[number].beside_scores(&pairs, &chunks)?;
        group.iter_mut().zip(scores).for_each(|((_, score), beside)| *score += asked.beside * beside);
    }
    Ok(())
}

fn cosines(
    snapshots: &[Arc<Snapshot>],
    vectors: &[Option<QuestionVector>],
    candidates: &[Candidate],
) -> Ranked {
    let mut scored = Vec::new();
    for group in candidates.chunk_by(|a, b| a.snapshot == b.snapshot) {
        let Some(vector) = &vectors[group[0].snapshot] else { continue };
        let chunks: Vec<_> = group.iter().map(|candidate| candidate.chunk).collect();
        let scores = snapshots[group[0].snapshot].cosines(vector, &chunks);
        scored.extend(group.iter().copied().zip(scores).filter_map(|(c, score)| Some((c, score?))));
    }
    scored
}

fn sorted(mut ranked: Ranked) -> Ranked {
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// What a leg said of a candidate, and the points that gave it.
pub(crate) fn leg_score(ranked: &Ranked, candidate: Candidate, points: f32) -> Option<LegScore> {
    let position = ranked.iter().position(|&(other, _)| other == candidate)?;
    Some(LegScore { score: ranked[position].1, rank: position + 1, points })
}
