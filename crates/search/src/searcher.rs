//! Answers a question over one or several snapshots.

use std::borrow::Cow;
use std::panic::resume_unwind;
use std::sync::Arc;

use ibid_core::citation::Citation;
use ibid_core::fusion::Trust;
use ibid_core::hash::QuoteHash;
use ibid_core::hit::{
    Answer, Hit, MAX_ALSO_IN, MAX_EMBEDDED_IN, MAX_HITS_OF_NOTHING, Matches, NamedDocument, Searched,
};
use ibid_core::id::DocumentId;
use ibid_core::note::Note;
use ibid_core::query::{MAX_LIMIT, MAX_PHRASINGS, MAX_QUERY_BYTES, Mode, Order, Query, offers};
use ibid_embed::Reranker;
use ibid_index::ReadError;
use ibid_index::lexical::words_of_document;
use ibid_index::manifest::Origin;
use ibid_index::snapshot::{Allowed, EmbeddedIn, LookedUp, Snapshot, StoredChunk};
use tracing::Span;

use crate::error::SearchError;
use crate::explain::term_scores;
use crate::inquiry::{Inquiry, Ranking, by_order, one_list};
use crate::named::Named;
use crate::near::is_near_in_meaning;
use crate::neighbours::Neighbours;
use crate::passage::{Passage, Passages};
use crate::query_embedder::QueryEmbedder;
use crate::question::{Question, allow, days_taken, filters_near};
use crate::rank::{Admission, Diversity};
use crate::reranking::{Found, RERANKED, may_rerank, rerank};
use crate::retrieve::{
    Candidate, LEG_DEPTH, QuestionVector, Ranked, Retrieved, leg_score, lexical_leg, side_by_side, traced,
    vectors,
};
use crate::show::{Answering, Nearness, Shown};
use crate::tongue::Foreign;

/// What a question looks for in each snapshot, and what its words find.
struct Begun {
    /// Empty when the lexical leg does not run.
    words: Vec<Vec<LookedUp>>,
    /// The share of what the words weigh that is there; 1 when the lexical leg does not run.
    words_found: f32,
    /// `None` where the semantic leg does not run.
    vectors: Vec<Option<QuestionVector>>,
    lexical: Ranked,
}

/// Snapshots and the models that made their vectors. Cheap to make, so make one for every question.
pub struct Searcher<'a> {
    snapshots: &'a [Arc<Snapshot>],
    embedders: Vec<&'a QueryEmbedder>,
    reranker: Option<&'a Reranker>,
}

impl<'a> Searcher<'a> {
    /// Searches `snapshots`; `embedder` may be `None` where none of them has vectors or none are wanted.
    pub fn new(snapshots: &'a [Arc<Snapshot>], embedder: Option<&'a QueryEmbedder>) -> Searcher<'a> {
        Searcher::with_embedders(snapshots, embedder)
    }

    /// Searches `snapshots` that several models made; each is asked with the embedder of its own checksum.
    pub fn with_embedders(
        snapshots: &'a [Arc<Snapshot>],
        embedders: impl IntoIterator<Item = &'a QueryEmbedder>,
    ) -> Searcher<'a> {
        Searcher { snapshots, embedders: embedders.into_iter().collect(), reranker: None }
    }

    /// Lets `reranker`, if there is one, read the first passages of an answer beside the question, and put them in order.
    #[must_use]
    pub fn with_reranker(self, reranker: Option<&'a Reranker>) -> Searcher<'a> {
        Searcher { reranker, ..self }
    }

    /// The embedder that made the vectors of a snapshot, if it is at hand.
    fn embedder_of(&self, snapshot: &Snapshot) -> Option<&'a QueryEmbedder> {
        let model = snapshot.manifest().model.as_ref().filter(|_| snapshot.damage().is_none())?;
        self.embedders.iter().copied().find(|embedder| embedder.identity().checksum == model.checksum)
    }

    /// Answers `query`. Words are looked for while the question is embedded; the calling thread waits for both.
    ///
    /// Snapshots without vectors, or with damaged ones, take part by words alone, and the answer says so. Where answers that say the same
    /// thing over and over leave the list short, the legs are asked again for more.
    pub fn search(&self, query: &Query) -> Result<Answer, SearchError> {
        let inquiry = self.inquire(query)?;
        self.answer(query, vec![inquiry])
    }

    /// Answers several phrasings of one question with one list: other words, other languages, parts of what is asked. Each
    /// hit says which of them found it, and is shown for the one in whose own list it stands best.
    ///
    /// They differ in their words alone: mode, filter and limit are those of the first. Costs the legs of each, side by
    /// side, and one list of hits.
    pub fn search_phrasings(&self, queries: &[Query]) -> Result<Answer, SearchError> {
        let query = queries.first().ok_or(SearchError::EmptyQuestion)?;
        if queries.len() > MAX_PHRASINGS {
            return Err(SearchError::TooManyPhrasings { phrasings: queries.len() });
        }
        let inquiries = self.inquire_side_by_side(queries)?;
        self.answer(query, inquiries)
    }

    /// What each phrasing finds, in their order. As many are asked at once as there are cores, each on a thread that may
    /// wait for the model; see `side_by_side`.
    fn inquire_side_by_side(&self, queries: &[Query]) -> Result<Vec<Inquiry>, SearchError> {
        let asked = Span::current();
        let on_one_thread = |queries: &[Query]| {
            asked.in_scope(|| queries.iter().map(|query| self.inquire(query)).collect::<Result<Vec<_>, _>>())
        };
        let on_each = queries.len().div_ceil(rayon::current_num_threads().max(1)).max(1);
        let (here, others) = queries.split_at(on_each.min(queries.len()));
        std::thread::scope(|scope| {
            let others: Vec<_> =
                others.chunks(on_each).map(|queries| scope.spawn(|| on_one_thread(queries))).collect();
            let mut inquiries = on_one_thread(here)?;
            for other in others {
                inquiries.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
            }
            Ok(inquiries)
        })
    }

    /// What one phrasing finds.
    fn inquire(&self, query: &Query) -> Result<Inquiry, SearchError> {
        check(query)?;
        let mut question = Question::of(query);
        let by_words = by_words_alone(&question, query)?;
        let mut notes = self.what_is_not_searched(by_words.as_ref().unwrap_or(query))?;
        notes.extend(by_words.is_some().then_some(Note::NewestFirst));
        let query = by_words.unwrap_or_else(|| query.clone());
        notes.extend(days_taken(&question.filter, query.today));
        let allowed = self.allowed(&mut question, &query, &mut notes)?;
        let Begun { words, words_found, vectors, lexical } =
            self.begin(&question, &query, &allowed, &mut notes)?;
        let holds_words = question.plain.is_empty() || !query.mode.has_lexical() || !lexical.is_empty();
        let mut inquiry = Inquiry {
            trust: Trust { words_found, embedded: self.share_embedded() },
            named: Named::of(&query, &question, self.snapshots, &allowed)?,
            depth: LEG_DEPTH,
            retrieved: Retrieved::default(),
            query,
            question,
            words,
            vectors,
            allowed,
            holds_words,
            notes,
        };
        inquiry.retrieve(self.snapshots, lexical)?;
        Ok(inquiry)
    }

    /// One list of what all phrasings found.
    fn answer(&self, query: &Query, mut inquiries: Vec<Inquiry>) -> Result<Answer, SearchError> {
        let mut neighbours: Vec<Neighbours> =
            inquiries.iter().map(|inquiry| Neighbours::of(&inquiry.words)).collect();
        let reranker = self.reranker.filter(|_| may_rerank(&inquiries));
        let listed = match reranker {
            Some(_) => Cow::Owned(Query { limit: query.limit.max(RERANKED), ..query.clone() }),
            None => Cow::Borrowed(query),
        };
        let most = self.most_hits(&listed);
        let mut found = loop {
            let found = self.found(&listed, &inquiries, &mut neighbours)?;
            if found.len() >= most || !inquiries.iter().any(Inquiry::may_look_deeper) {
                break found;
            }
            for inquiry in inquiries.iter_mut().filter(|inquiry| inquiry.may_look_deeper()) {
                inquiry.look_deeper(self.snapshots)?;
            }
        };
        if let Some(reranker) = reranker {
            let _traced = traced("reranking", &Span::current());
            rerank(reranker, &mut found, &inquiries)?;
        }
        let mut hits: Vec<Hit> = found.into_iter().map(|found| found.hit).take(query.limit).collect();
        hits.iter_mut().zip(1..).for_each(|(hit, rank)| hit.rank = rank);
        let mut is_near = false;
        let mut notes: Vec<Note> = Vec::new();
        for (inquiry, neighbours) in inquiries.iter_mut().zip(&neighbours) {
            is_near = is_near
                || inquiry.holds_words
                || is_near_in_meaning(self.snapshots, inquiry, |snapshot| self.embedder_of(snapshot))?;
            neighbours.name_in(&mut inquiry.notes);
            let told = inquiry.notes.drain(..).filter(|note| !notes.contains(note));
            notes.extend(told.collect::<Vec<_>>());
        }
        let matches = rests_on(&mut hits, &mut notes, is_near);
        if inquiries.len() > 1 && matches == Matches::Words {
            // Phrasings are tried so that one of them has the words of the notes: what another lacks is no news.
            notes.retain(|note| !matches!(note, Note::Absent { .. }));
        }
        if hits.is_empty() && !notes.contains(&Note::FilterMatchesNothing) {
            notes.push(Note::NothingFound);
        }
        for Inquiry { question, query, .. } in &inquiries {
            let offered =
                offers(&question.parsed, question.order, query.today).into_iter().map(Note::Offered);
            notes.extend(offered.filter(|note| !notes.contains(note)).collect::<Vec<_>>());
        }
        let searched = self.snapshots.iter().map(|snapshot| searched(snapshot)).collect();
        // Where the newest come first, that is by words, whatever mode was asked for.
        let mode = inquiries.first().map_or(query.mode, |inquiry| inquiry.query.mode);
        Ok(Answer { hits, mode, matches, searched, notes })
    }

    /// Which chunks may answer. Where a phrase stands nowhere, what it demands is taken back rather than answered with
    /// nothing.
    fn allowed(
        &self,
        question: &mut Question,
        query: &Query,
        notes: &mut Vec<Note>,
    ) -> Result<Vec<Option<Allowed>>, SearchError> {
        let nothing = |allowed: &[Option<Allowed>]| {
            !allowed.is_empty() && allowed.iter().all(|a| a.as_ref().is_some_and(|a| a.chunks() == 0))
        };
        let mut allowed = allow(self.snapshots, &question.filter, query.today)?;
        if nothing(&allowed) && question.parsed.phrases().next().is_some() {
            question.without_phrases(query);
            allowed = allow(self.snapshots, &question.filter, query.today)?;
            notes.push(Note::PhraseNotFound);
        }
        if nothing(&allowed) {
            notes.push(Note::FilterMatchesNothing);
            notes.extend(filters_near(self.snapshots, &question.filter, query.today)?);
        }
        Ok(allowed)
    }

    /// What needs no vector of the question, done while that is made: the words are looked up, and the lexical leg runs.
    fn begin(
        &self,
        question: &Question,
        query: &Query,
        allowed: &[Option<Allowed>],
        notes: &mut Vec<Note>,
    ) -> Result<Begun, SearchError> {
        let has_model = query.mode.has_semantic() && !question.plain.is_empty();
        let embedder = |snapshot: &Arc<Snapshot>| self.embedder_of(snapshot).filter(|_| has_model);
        let embedders: Vec<_> = self.snapshots.iter().map(embedder).collect();
        let asked = Span::current();
        let by_meaning = || {
            let _traced = traced("embedding", &asked);
            vectors(&question.plain, &embedders, query.mode.has_lexical())
        };
        if !query.mode.has_lexical() {
            let (words, vectors, lexical) = (Vec::new(), by_meaning()?, Vec::new());
            return Ok(Begun { words, words_found: 1.0, vectors, lexical });
        }
        let by_words = || {
            let _traced = traced("words", &asked);
            let (words, about_words) = question.look_up(self.snapshots)?;
            let lexical = lexical_leg(self.snapshots, &words, allowed, LEG_DEPTH)?;
            Ok::<_, SearchError>((words, about_words, lexical))
        };
        // One leg alone needs no other thread.
        let (by_words, vectors) = match embedders.iter().any(Option::is_some) {
            true => side_by_side(by_words, by_meaning),
            false => (by_words(), by_meaning()),
        };
        let (words, mut about_words, lexical) = by_words?;
        notes.append(&mut about_words);
        if question.wanted.is_empty() && !question.plain.is_empty() {
            notes.push(Note::NoWords);
        }
        let words_found = question.words_found(self.snapshots, &words);
        let mut vectors = vectors?;
        for (vector, embedder) in vectors.iter().zip(&embedders) {
            if let (None, Some(embedder)) = (vector, embedder) {
                let note = Note::ModelAway { model: embedder.identity().name.clone() };
                notes.extend((!notes.contains(&note)).then_some(note));
            }
        }
        let is_enough = |shown: Foreign| match shown {
            Foreign::Script => words_found > 0.0,
            Foreign::FunctionWords => words_found >= query.ranking.words_alone,
        };
        if leave_out_foreign(question, is_enough, &embedders, &mut vectors) {
            notes.push(Note::WordsAlone);
        }
        Ok(Begun { words, words_found, vectors, lexical })
    }

    /// The share of the chunks that have a vector, of those that should; 1 where none should.
    fn share_embedded(&self) -> f32 {
        let with_model = || self.snapshots.iter().filter(|snapshot| self.embedder_of(snapshot).is_some());
        let chunks: u64 = with_model().map(|snapshot| snapshot.chunks()).sum();
        let lacking =
            |snapshot: &Arc<Snapshot>| snapshot.chunks_without_vector() + snapshot.chunks_withheld();
        let lacking: u64 = with_model().map(lacking).sum();
        if chunks == 0 { 1.0 } else { 1.0 - lacking as f32 / chunks as f32 }
    }

    /// The most hits there can be, however deep the legs look.
    fn most_hits(&self, query: &Query) -> usize {
        let documents: usize = self.snapshots.iter().map(|snapshot| snapshot.documents() as usize).sum();
        query.limit.min(documents.saturating_mul(query.per_document))
    }

    fn what_is_not_searched(&self, query: &Query) -> Result<Vec<Note>, SearchError> {
        let mut notes = Vec::new();
        for snapshot in self.snapshots {
            let (collection, manifest) = (snapshot.name().clone(), snapshot.manifest());
            if snapshot.documents() == 0 {
                notes.push(Note::EmptyCollection { collection: collection.clone() });
            }
            if manifest.pending > 0 {
                notes.push(Note::Unfinished { collection: collection.clone(), pending: manifest.pending });
            }
            if let Some(model) = manifest.model_beyond() {
                let (collection, model) = (collection.clone(), model.name.clone());
                let withholds = !manifest.withheld.is_empty();
                notes.push(Note::LeavesMachine { collection, model, withholds });
            }
            if !query.mode.has_semantic() {
                continue;
            }
            let Some(model) = &manifest.model else {
                if query.mode.has_lexical() {
                    notes.push(Note::NoVectors { collection });
                    continue;
                }
                return Err(SearchError::NoVectors { collection });
            };
            if let Some(damage) = snapshot.damage() {
                let (file, state) = (damage.file_name(), damage.state());
                if query.mode.has_lexical() {
                    notes.push(Note::VectorsDamaged { collection, file, state });
                    continue;
                }
                return Err(SearchError::VectorsDamaged { collection, file, state });
            }
            if self.embedder_of(snapshot).is_none() {
                let loaded: Vec<_> =
                    self.embedders.iter().map(|loaded| loaded.identity().name.as_str()).collect();
                let loaded = if loaded.is_empty() { "no model".to_owned() } else { loaded.join(", ") };
                return Err(SearchError::OtherModel { collection, wanted: model.name.clone(), loaded });
            }
            if snapshot.chunks_without_vector() > 0 {
                let (chunks, of) = (snapshot.chunks_without_vector(), snapshot.chunks());
                notes.push(Note::VectorsMissing { collection, chunks, of });
            }
        }
        Ok(notes)
    }

    fn found(
        &self,
        query: &Query,
        inquiries: &[Inquiry],
        neighbours: &mut [Neighbours],
    ) -> Result<Vec<Found>, ReadError> {
        let (ranked, places) = one_list(inquiries, self.snapshots)?;
        let answering = inquiries
            .iter()
            .map(|inquiry| Answering::of(self.snapshots, &inquiry.question, &inquiry.words))
            .collect::<Result<Vec<_>, _>>()?;
        let is_newest = inquiries.iter().any(|inquiry| inquiry.question.order == Order::Newest);
        let order = if is_newest { Order::Newest } else { Order::Best };
        let mut passages = Passages::new(&ranked);
        let mut diversity = Diversity::new(query.per_document);
        let mut all: Vec<Found> = Vec::new();
        for tied in self.in_order(by_order(self.snapshots, order, ranked)) {
            let (ranking, chunk) = tied?;
            let candidate = ranking.key;
            if all.len() == query.limit {
                break;
            }
            if passages.has_taken(candidate) || !diversity.has_room(candidate.snapshot, &chunk) {
                continue;
            }
            let phrasing = places.best_phrasing(candidate);
            let inquiry = &inquiries[phrasing];
            let snapshot = &self.snapshots[candidate.snapshot];
            let allowed = inquiry.allowed[candidate.snapshot].as_ref();
            let Passage { chunk, pieces } = passages.around(snapshot, candidate, chunk, allowed)?;
            let held = words_of_document(&chunk.text, chunk.language);
            if let Admission::SameAs(shown) = diversity.admit(candidate.snapshot, &chunk, &held) {
                self.name_beside(&mut all[shown].hit, candidate.snapshot, &chunk);
                continue;
            }
            neighbours.iter_mut().for_each(|neighbours| neighbours.look_in(&chunk, &held));
            let near = Nearness::of(&pieces, &inquiry.retrieved.semantic);
            let shown = answering[phrasing].show((candidate.snapshot, snapshot), &chunk, held, &near)?;
            let mut hit = self.hit(candidate, &chunk, shown);
            let first = inquiry.query.limit;
            hit.found_by = places.found_by(pieces.iter().map(|&(_, piece)| piece), first);
            self.rate(&mut hit, &ranking, inquiry)?;
            all.push(Found { hit, passage: chunk, phrasing });
        }
        Ok(all)
    }

    /// Fills in what a hit scores, and what it is made known by.
    fn rate(&self, hit: &mut Hit, ranking: &Ranking, inquiry: &Inquiry) -> Result<(), ReadError> {
        let Inquiry { query, question, words, retrieved, .. } = inquiry;
        let candidate = ranking.key;
        hit.embedded_in = self.embedded_in(candidate.snapshot, &hit.citation)?;
        hit.address = self.address(candidate.snapshot, &hit.citation)?;
        hit.score = ranking.score;
        (hit.links, hit.name) = (ranking.links, ranking.name);
        hit.lexical = leg_score(&retrieved.lexical, candidate, ranking.points[0]);
        hit.semantic = leg_score(&retrieved.semantic, candidate, ranking.points[1]);
        hit.matches = matches_of(hit, question);
        if query.explain
            && let Some(words) = words.get(candidate.snapshot)
        {
            let snapshot = &self.snapshots[candidate.snapshot];
            hit.terms = term_scores(snapshot, question, words, query.ranking.beside, candidate.chunk)?;
        }
        Ok(())
    }

    /// The candidates with their chunks read; those of a group go by collection, path and place, which are the same
    /// however the index lies on disk.
    fn in_order(
        &self,
        groups: Vec<Vec<Ranking>>,
    ) -> impl Iterator<Item = Result<(Ranking, StoredChunk), ReadError>> {
        groups.into_iter().flat_map(move |group| {
            let read: Result<Vec<_>, ReadError> = group
                .into_iter()
                .map(|fused| Ok((fused, self.snapshots[fused.key.snapshot].chunk(fused.key.chunk)?)))
                .collect();
            match read {
                Ok(mut tied) => {
                    let place = |(fused, chunk): &(Ranking, StoredChunk)| {
                        (fused.key.snapshot, chunk.path.clone(), chunk.start)
                    };
                    tied.sort_by_cached_key(place);
                    tied.into_iter().map(Ok).collect::<Vec<_>>()
                }
                Err(error) => vec![Err(error)],
            }
        })
    }

    /// The documents that show what is cited by embedding it.
    fn embedded_in(&self, snapshot: usize, citation: &Citation) -> Result<Vec<NamedDocument>, ReadError> {
        let snapshot = &self.snapshots[snapshot];
        let found = snapshot.embedded_in(&citation.document.path, citation.span, MAX_EMBEDDED_IN)?;
        let embedding = |found: EmbeddedIn| NamedDocument {
            document: DocumentId { collection: snapshot.name().clone(), path: found.path },
            title: found.title,
        };
        Ok(found.into_iter().map(embedding).collect())
    }

    /// Where on the web a document is; only a collection of web pages is looked into.
    fn address(&self, snapshot: usize, citation: &Citation) -> Result<Option<String>, ReadError> {
        let snapshot = &self.snapshots[snapshot];
        match snapshot.manifest().source.origin {
            Origin::Web(_) => {
                Ok(snapshot.document(&citation.document.path)?.and_then(|stored| stored.address))
            }
            Origin::Folder | Origin::WorkingTree { .. } | Origin::Commit { .. } => Ok(None),
        }
    }

    fn hit(&self, candidate: Candidate, chunk: &StoredChunk, shown: Shown) -> Hit {
        let document = DocumentId {
            collection: self.snapshots[candidate.snapshot].name().clone(),
            path: chunk.path.clone(),
        };
        Hit {
            matches: Matches::None,
            rank: 0,
            citation: Citation { document, hash: QuoteHash::of(chunk.quote()), span: chunk.cited },
            commit: self.snapshots[candidate.snapshot].manifest().source.origin.commit().map(str::to_owned),
            address: None,
            title: chunk.title.clone(),
            headings: shown.headings,
            found_by: Vec::new(),
            embedded_in: Vec::new(),
            also_in: Vec::new(),
            answer: shown.answer,
            line: shown.line,
            snippet: shown.snippet,
            score: 0.0,
            lexical: None,
            semantic: None,
            links: 0.0,
            name: 0.0,
            rerank: None,
            terms: Vec::new(),
        }
    }

    /// Names the document of a chunk that is left out because `hit` says the same.
    fn name_beside(&self, hit: &mut Hit, snapshot: usize, chunk: &StoredChunk) {
        let document =
            DocumentId { collection: self.snapshots[snapshot].name().clone(), path: chunk.path.clone() };
        let is_named =
            hit.citation.document == document || hit.also_in.iter().any(|known| known.document == document);
        if !is_named && hit.also_in.len() < MAX_ALSO_IN {
            hit.also_in.push(NamedDocument { document, title: chunk.title.clone() });
        }
    }
}

/// Takes the question's vectors from models that are known not to know its language, where its words are enough; says
/// whether there was any.
fn leave_out_foreign(
    question: &Question,
    is_enough: impl Fn(Foreign) -> bool,
    embedders: &[Option<&QueryEmbedder>],
    vectors: &mut [Option<QuestionVector>],
) -> bool {
    let goes_by_words = |embedder: &QueryEmbedder| {
        embedder.languages().and_then(|known| question.foreign(known)).is_some_and(&is_enough)
    };
    let mut is_any = false;
    for (vector, embedder) in vectors.iter_mut().zip(embedders) {
        if vector.is_some() && embedder.is_some_and(goes_by_words) {
            *vector = None;
            is_any = true;
        }
    }
    is_any
}

/// What a hit rests on. What is listed holds what was asked for.
fn matches_of(hit: &Hit, question: &Question) -> Matches {
    let holds_words = hit.lexical.is_some_and(|leg| leg.score > 0.0) || hit.name > 0.0;
    let is_listed = question.plain.is_empty() || question.order == Order::Newest;
    if holds_words || is_listed { Matches::Words } else { Matches::Meaning }
}

/// What an answer rests on. Where no hit holds a word of the question and nothing `is_near`, a few hits stay and a note says
/// so first.
fn rests_on(hits: &mut Vec<Hit>, notes: &mut Vec<Note>, is_near: bool) -> Matches {
    if hits.iter().any(|hit| hit.matches == Matches::Words) {
        return Matches::Words;
    }
    if hits.is_empty() {
        return Matches::None;
    }
    if is_near {
        return Matches::Meaning;
    }
    hits.truncate(MAX_HITS_OF_NOTHING);
    hits.iter_mut().for_each(|hit| hit.matches = Matches::None);
    notes.retain(|note| !matches!(note, Note::Absent { .. }));
    notes.insert(0, Note::NothingNear);
    Matches::None
}

/// The query by words alone, where the newest are to come first of what is looked for.
fn by_words_alone(question: &Question, query: &Query) -> Result<Option<Query>, SearchError> {
    match question.order {
        Order::Newest if question.plain.is_empty() => Ok(None),
        Order::Newest if !query.mode.has_lexical() => Err(SearchError::NewestByMeaning),
        Order::Newest => Ok(Some(Query { mode: Mode::Lexical, ..query.clone() })),
        Order::Best => Ok(None),
    }
}

fn check(query: &Query) -> Result<(), SearchError> {
    if query.words.trim().is_empty() {
        return Err(SearchError::EmptyQuestion);
    }
    if query.words.len() > MAX_QUERY_BYTES {
        return Err(SearchError::QuestionTooLong { bytes: query.words.len() });
    }
    if !(1..=MAX_LIMIT).contains(&query.limit) {
        return Err(SearchError::Limit { limit: query.limit });
    }
    Ok(())
}

fn searched(snapshot: &Snapshot) -> Searched {
    let manifest = snapshot.manifest();
    Searched {
        collection: snapshot.name().clone(),
        generation: manifest.generation,
        indexed_at: manifest.indexed_at,
        documents: snapshot.documents(),
        chunks: snapshot.chunks(),
    }
}

#[cfg(test)]
mod tests;
