//! The two legs, side by side over the same snapshots, and the scores each gives to what the other found.

use std::sync::Arc;

use globset::GlobBuilder;
use ibid_core::hit::{LegScore, Note};
use ibid_core::query::{Filter, Query};
use ibid_index::snapshot::{Allowed, ChunkAddress, Snapshot};

use crate::error::SearchError;
use crate::query_embedder::QueryEmbedder;

/// How deep each leg looks, in chunks of one collection. Fusion needs the best score and those near it; what one leg
/// has below this depth is scored all the same when the other leg finds it.
const LEG_DEPTH: usize = 100;

/// The most terms of a question that are looked up; every one costs a lookup in each field.
pub(crate) const MAX_TERMS: usize = 64;

/// Which chunk of which snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub(crate) snapshot: usize,
    pub(crate) chunk: ChunkAddress,
}

/// A question's vector, shared by the snapshots of one model.
type QuestionVector = Arc<[f32]>;

/// One leg's list, best first.
pub(crate) type Ranked = Vec<(Candidate, f32)>;

/// What both legs found, each scored by both.
pub(crate) struct Retrieved {
    pub(crate) lexical: Ranked,
    pub(crate) semantic: Ranked,
    pub(crate) notes: Vec<Note>,
}

/// A question taken apart for the legs.
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a Query,
    /// The terms to look up; empty when the lexical leg does not run.
    pub(crate) terms: Vec<String>,
    /// The model for each snapshot's semantic leg; `None` where it does not run.
    pub(crate) embedders: Vec<Option<&'a QueryEmbedder>>,
}

pub(crate) fn retrieve(snapshots: &[Arc<Snapshot>], asked: &Asked<'_>) -> Result<Retrieved, SearchError> {
    let allowed = snapshots
        .iter()
        .map(|snapshot| allow(snapshot, &asked.query.filter))
        .collect::<Result<Vec<_>, _>>()?;
    let mut notes = Vec::new();
    if !snapshots.is_empty()
        && allowed.iter().all(|allowed| allowed.as_ref().is_some_and(|a| a.chunks() == 0))
    {
        notes.push(Note::FilterMatchesNothing);
        return Ok(Retrieved { lexical: Vec::new(), semantic: Vec::new(), notes });
    }
    let (lexical, semantic) = rayon::join(
        || lexical_leg(snapshots, &allowed, &asked.terms),
        || semantic_leg(snapshots, &allowed, asked),
    );
    let (mut lexical, (mut semantic, vectors)) = (lexical?, semantic?);
    let only_semantic = missing_from(&lexical, &semantic);
    let only_lexical = missing_from(&semantic, &lexical);
    if !asked.terms.is_empty() {
        lexical.extend(lexical_scores(snapshots, &asked.terms, &only_semantic)?);
    }
    semantic.extend(cosines(snapshots, &vectors, &only_lexical));
    Ok(Retrieved { lexical: sorted(lexical), semantic: sorted(semantic), notes })
}

fn allow(snapshot: &Snapshot, filter: &Filter) -> Result<Option<Allowed>, SearchError> {
    if filter.is_empty() {
        return Ok(None);
    }
    let matcher = match &filter.path {
        Some(glob) => {
            let built = GlobBuilder::new(glob).literal_separator(true).build();
            let error = |error: globset::Error| SearchError::Glob {
                glob: glob.clone(),
                reason: error.kind().to_string(),
            };
            Some(built.map_err(error)?.compile_matcher())
        }
        None => None,
    };
    let matches = matcher.as_ref().map(|matcher| |path: &str| matcher.is_match(path));
    let matches = matches.as_ref().map(|matches| matches as &dyn Fn(&str) -> bool);
    let tag = filter.tag.as_deref().map(|tag| tag.trim_start_matches('#'));
    Ok(Some(snapshot.allow(matches, tag)?))
}

fn lexical_leg(
    snapshots: &[Arc<Snapshot>],
    allowed: &[Option<Allowed>],
    terms: &[String],
) -> Result<Ranked, SearchError> {
    let mut found = Vec::new();
    for (number, (snapshot, allowed)) in snapshots.iter().zip(allowed).enumerate() {
        let chunks = snapshot.lexical(terms, allowed.as_ref(), LEG_DEPTH)?;
        found.extend(chunks.into_iter().map(|(chunk, score)| (Candidate { snapshot: number, chunk }, score)));
    }
    Ok(found)
}

/// What is near the question in each snapshot, and the question's vector there.
fn semantic_leg(
    snapshots: &[Arc<Snapshot>],
    allowed: &[Option<Allowed>],
    asked: &Asked<'_>,
) -> Result<(Ranked, Vec<Option<QuestionVector>>), SearchError> {
    let vectors = vectors(asked)?;
    let mut found = Vec::new();
    for (number, (snapshot, allowed)) in snapshots.iter().zip(allowed).enumerate() {
        let Some(vector) = &vectors[number] else { continue };
        let chunks = snapshot.nearest(vector, allowed.as_ref(), LEG_DEPTH);
        found.extend(chunks.into_iter().map(|(chunk, score)| (Candidate { snapshot: number, chunk }, score)));
    }
    Ok((found, vectors))
}

/// The question's vector for each snapshot; a model that several share runs once.
fn vectors(asked: &Asked<'_>) -> Result<Vec<Option<QuestionVector>>, SearchError> {
    let mut made: Vec<(&QueryEmbedder, QuestionVector)> = Vec::new();
    let mut vectors = Vec::with_capacity(asked.embedders.len());
    for embedder in &asked.embedders {
        let Some(embedder) = *embedder else {
            vectors.push(None);
            continue;
        };
        let known =
            made.iter().find(|(other, _)| std::ptr::eq(*other, embedder)).map(|(_, vector)| vector.clone());
        let vector = match known {
            Some(vector) => vector,
            None => {
                let vector: QuestionVector = embedder.embed(&asked.query.words)?.into();
                made.push((embedder, vector.clone()));
                vector
            }
        };
        vectors.push(Some(vector));
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
    terms: &[String],
    candidates: &[Candidate],
) -> Result<Ranked, SearchError> {
    let mut scored = Vec::new();
    for group in candidates.chunk_by(|a, b| a.snapshot == b.snapshot) {
        let chunks: Vec<_> = group.iter().map(|candidate| candidate.chunk).collect();
        let scores = snapshots[group[0].snapshot].lexical_scores(terms, &chunks)?;
        // A score of 0 means that no word of the question is there: the leg did not find it.
        scored.extend(group.iter().copied().zip(scores).filter(|&(_, score)| score > 0.0));
    }
    Ok(scored)
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

/// What a leg said of each of its candidates, for `--explain`.
pub(crate) fn leg_score(ranked: &Ranked, candidate: Candidate) -> Option<LegScore> {
    let position = ranked.iter().position(|&(other, _)| other == candidate)?;
    Some(LegScore { score: ranked[position].1, rank: position + 1 })
}
