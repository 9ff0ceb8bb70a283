//! One phrasing of what is asked with what both legs found for it, and the lists of several phrasings as one. How hits are
//! shown is the searcher's.

use std::collections::BTreeMap;
use std::sync::Arc;

use ibid_core::fusion::{Fused, Trust, fuse};
use ibid_core::note::Note;
use ibid_core::query::{Order, Query};
use ibid_index::ReadError;
use ibid_index::snapshot::{Allowed, LookedUp, Snapshot};

use crate::error::SearchError;
use crate::named::Named;
use crate::newest;
use crate::prominence::weigh_links;
use crate::question::Question;
use crate::retrieve::{Asked, Candidate, QuestionVector, Ranked, Retrieved, lexical_leg, list, retrieve};

/// A candidate with the points of both legs.
pub(crate) type Ranking = Fused<Candidate>;

/// How much deeper the legs look when what they gave was mostly the same thing over and over, and where that ends.
const DEEPER: usize = 4;
const MAX_LEG_DEPTH: usize = 1_600;

/// One phrasing, and what was found for it.
pub(crate) struct Inquiry {
    pub(crate) query: Query,
    pub(crate) question: Question,
    /// What is looked up in each snapshot; empty when the lexical leg does not run.
    pub(crate) words: Vec<Vec<LookedUp>>,
    /// The question's vector for each snapshot; `None` where the semantic leg does not run.
    pub(crate) vectors: Vec<Option<QuestionVector>>,
    /// Which chunks of each snapshot may answer.
    pub(crate) allowed: Vec<Option<Allowed>>,
    pub(crate) trust: Trust,
    /// The notes that the question calls by their names.
    pub(crate) named: Named,
    /// How deep each leg looks, in chunks of one collection.
    pub(crate) depth: usize,
    pub(crate) retrieved: Retrieved,
    /// Whether a word of the question is in the notes, or none was looked for.
    pub(crate) holds_words: bool,
    pub(crate) notes: Vec<Note>,
}

impl Inquiry {
    /// Lets both legs find what they may, `lexical` being what the words found.
    pub(crate) fn retrieve(
        &mut self,
        snapshots: &[Arc<Snapshot>],
        lexical: Ranked,
    ) -> Result<(), SearchError> {
        let asked = Asked {
            words: &self.words,
            pairs: &self.question.pairs,
            beside: self.query.ranking.beside,
            vectors: &self.vectors,
            allowed: &self.allowed,
            depth: self.depth,
        };
        self.retrieved = match (self.question.order, self.question.plain.is_empty()) {
            (Order::Newest, _) => newest::retrieve(snapshots, &self.question, &self.words, &self.allowed)?,
            (Order::Best, true) => list(snapshots, &self.allowed, self.depth)?,
            (Order::Best, false) => retrieve(snapshots, &asked, lexical)?,
        };
        Ok(())
    }

    /// Whether the legs may have more.
    pub(crate) fn may_look_deeper(&self) -> bool {
        self.retrieved.is_full && self.depth < MAX_LEG_DEPTH
    }

    /// Asks the legs again for more. Costs what a question costs, without its embedding.
    pub(crate) fn look_deeper(&mut self, snapshots: &[Arc<Snapshot>]) -> Result<(), SearchError> {
        self.depth *= DEEPER;
        let lexical = lexical_leg(snapshots, &self.words, &self.allowed, self.depth)?;
        self.retrieve(snapshots, lexical)
    }

    /// What was found as one list, best first.
    fn ranked(&self, snapshots: &[Arc<Snapshot>]) -> Result<Vec<Ranking>, ReadError> {
        let mut fused = fuse(
            self.query.fusion,
            &self.query.ranking,
            self.trust,
            [&self.retrieved.lexical[..], &self.retrieved.semantic[..]],
            |candidate: Candidate| snapshots[candidate.snapshot].has_vector(candidate.chunk),
        );
        weigh_links(snapshots, &self.query.ranking, &mut fused)?;
        self.named.lift(&self.query.ranking, &mut fused);
        Ok(fused)
    }
}

/// The lists of several phrasings as one, best first, and where each candidate stands in them.
///
/// One list is as it is. Of several, scores are means, those that a phrasing did not find counting 0: CombSUM (Fox and
/// Shaw, TREC-2) over scores that have one scale already.
pub(crate) fn one_list(
    inquiries: &[Inquiry],
    snapshots: &[Arc<Snapshot>],
) -> Result<(Vec<Ranking>, Places), ReadError> {
    let ranked = inquiries.iter().map(|inquiry| inquiry.ranked(snapshots));
    let mut lists = ranked.collect::<Result<Vec<_>, _>>()?;
    if lists.len() == 1 {
        return Ok((lists.swap_remove(0), Places::default()));
    }
    let share = 1.0 / lists.len() as f32;
    let mut sums: BTreeMap<Candidate, Ranking> = BTreeMap::new();
    let mut places = Places::default();
    for (phrasing, list) in lists.iter().enumerate() {
        for (place, found) in list.iter().enumerate() {
            let nothing = Fused { key: found.key, score: 0.0, points: [0.0; 2], links: 0.0, name: 0.0 };
            let sum = sums.entry(found.key).or_insert(nothing);
            sum.score += found.score * share;
            sum.points = [0, 1].map(|leg| sum.points[leg] + found.points[leg] * share);
            sum.links += found.links * share;
            sum.name += found.name * share;
            places.0.entry(found.key).or_default().push((place, phrasing));
        }
    }
    let mut ranked: Vec<Ranking> = sums.into_values().collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.key.cmp(&b.key)));
    Ok((ranked, places))
}

/// For each candidate its place in the lists that have it, from 0, and which phrasing's each list is. Empty where there is
/// one phrasing.
#[derive(Default)]
pub(crate) struct Places(BTreeMap<Candidate, Vec<(usize, usize)>>);

impl Places {
    /// The phrasing for which a candidate is shown: the one in whose list it stands best.
    pub(crate) fn best_phrasing(&self, candidate: Candidate) -> usize {
        let best = self.0.get(&candidate).and_then(|places| places.iter().min());
        best.map_or(0, |&(_, phrasing)| phrasing)
    }

    /// The phrasings that have any of a passage's candidates among their first `limit`, in their order; none where there is
    /// one phrasing.
    pub(crate) fn found_by(
        &self,
        candidates: impl IntoIterator<Item = Candidate>,
        limit: usize,
    ) -> Vec<usize> {
        let places = candidates.into_iter().filter_map(|candidate| self.0.get(&candidate)).flatten();
        let mut found_by: Vec<usize> =
            places.filter(|&&(place, _)| place < limit).map(|&(_, phrasing)| phrasing).collect();
        found_by.sort_unstable();
        found_by.dedup();
        found_by
    }
}

/// A list in groups of those that nothing but their place puts in order.
pub(crate) fn by_order(snapshots: &[Arc<Snapshot>], order: Order, ranked: Vec<Ranking>) -> Vec<Vec<Ranking>> {
    match order {
        Order::Best => ranked.chunk_by(|a, b| a.score == b.score).map(<[_]>::to_vec).collect(),
        Order::Newest => newest::groups(snapshots, ranked),
    }
}
