//! A query taken apart for the legs: what to look up in each collection, what to embed, what to demand. It asks the
//! dictionaries; it retrieves nothing.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use ibid_core::id::CollectionName;
use ibid_core::language::Language;
use ibid_core::note::Note;
use ibid_core::query::{
    Comparison, Condition, Date, Day, Filter, Order, Parsed, Piece, Query, parse, period_of,
};
use ibid_core::ranking::Ranking;
use ibid_index::ReadError;
use ibid_index::lexical::{QuestionWord, words_of_question};
use ibid_index::snapshot::{Allowed, Bounds, LookedUp, Rule, Snapshot, Wanted};

use crate::absent::{Typed, absent, typed};
use crate::error::SearchError;
use crate::tongue::{Foreign, foreign, is_in_another_script, shown_language};

/// The most words that a question is asked by: the rarest of those it has.
pub(crate) const MAX_WORDS: usize = 64;

/// The most pairs of neighbouring words that are looked for as such.
const MAX_PAIRS: usize = 64;

/// The most different words of a question that are looked at for how rare they are: a long page of text.
const MAX_LOOKED_UP: usize = 1_024;

/// What a path condition that holds one of these is: a glob.
const GLOB_SIGNS: [char; 4] = ['*', '?', '[', '{'];

/// A question taken apart.
pub(crate) struct Question {
    pub(crate) parsed: Parsed,
    /// What is given to the embedder; empty where nothing is looked for.
    pub(crate) plain: String,
    pub(crate) wanted: Vec<Wanted>,
    /// How often each of them is typed.
    times: Vec<u32>,
    /// Which of them stand next to each other in the question, in its order.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// The same as it was typed, word by word.
    pub(crate) typed: Vec<Typed>,
    /// The language it is in, where its function words show one.
    language: Option<Language>,
    /// How much a word counts that is typed more than once.
    pub(crate) ranking: Ranking,
    /// In which order hits are given.
    pub(crate) order: Order,
    /// What is demanded of chunks: by the query, by the words typed, by phrases.
    pub(crate) filter: Filter,
}

impl Question {
    pub(crate) fn of(query: &Query) -> Question {
        let parsed = with_bad_globs_as_words(parse(&query.words));
        let Looked { wanted, times, pairs, typed } = looked_for(&parsed.pieces);
        let mut filter = query.filter.clone().and(parsed.filter.clone());
        filter.all.extend(parsed.phrases().map(|phrase| Condition::Words(phrase.to_owned())));
        let order = parsed.order.unwrap_or(query.order);
        Question {
            plain: parsed.plain(),
            language: shown_language(&words_of(&wanted)),
            wanted,
            times,
            pairs,
            typed,
            ranking: query.ranking,
            order,
            filter,
            parsed,
        }
    }

    /// Takes back what the phrases demand; their words are looked for all the same.
    pub(crate) fn without_phrases(&mut self, query: &Query) {
        self.filter = query.filter.clone().and(self.parsed.filter.clone());
    }

    /// What is looked up in each snapshot, and what of it is not what was typed.
    pub(crate) fn look_up(
        &self,
        snapshots: &[Arc<Snapshot>],
    ) -> Result<(Vec<Vec<LookedUp>>, Vec<Note>), ReadError> {
        let mut looked_up = Vec::with_capacity(snapshots.len());
        for snapshot in snapshots {
            let words = self.wanted.iter().map(|wanted| snapshot.look_up(wanted, &self.ranking));
            looked_up.push(words.collect::<Result<Vec<_>, _>>()?);
        }
        // Neighbours of hundreds of words would cost a second, and a long question does without.
        if self.wanted.len() <= MAX_WORDS {
            self.respell(snapshots, &mut looked_up)?;
        }
        let mut notes = Vec::new();
        for at in 0..self.wanted.len() {
            self.respelt(at, snapshots, &looked_up, &mut notes);
        }
        let words = absent(&self.typed, &looked_up, |word| self.is_function_word(word, snapshots));
        if !words.is_empty() {
            notes.push(Note::Absent { words });
        }
        if self.wanted.len() > MAX_WORDS {
            keep_rarest(&mut looked_up);
            notes.push(Note::WordsLeftOut { kept: MAX_WORDS });
        }
        for (snapshot, words) in snapshots.iter().zip(&mut looked_up) {
            self.hush_function_words(snapshot, words);
            self.weigh(words);
        }
        Ok((looked_up, notes))
    }

    /// Whether a word is a function word in the language of the question or of any note.
    fn is_function_word(&self, word: &QuestionWord, snapshots: &[Arc<Snapshot>]) -> bool {
        let of_notes = snapshots.iter().flat_map(|snapshot| snapshot.languages());
        of_notes.chain(&self.language).any(|&language| word.is_function_word(language))
    }

    /// Looks for the neighbours in spelling of each word, in the snapshots beside which no other holds it.
    fn respell(&self, snapshots: &[Arc<Snapshot>], looked_up: &mut [Vec<LookedUp>]) -> Result<(), ReadError> {
        for (at, wanted) in self.wanted.iter().enumerate() {
            let Wanted::Word(word) = wanted else { continue };
            if self.is_function_word(word, snapshots) {
                continue;
            }
            for (number, leaf) in word.leaves().into_iter().enumerate() {
                let chunks = |words: &Vec<LookedUp>| words[at].leaves()[number].chunks;
                let everywhere: u64 = looked_up.iter().map(chunks).sum();
                for (snapshot, words) in snapshots.iter().zip(looked_up.iter_mut()) {
                    let mut leaves = words[at].leaves_mut();
                    let looked_up = &mut *leaves[number];
                    if looked_up.chunks == everywhere {
                        snapshot.respell(leaf, looked_up)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The share of what the question's words weigh that is there, 0 to 1: a word weighs as much as it is rare, one that
    /// is nowhere as much as the rarest. 1 where there are only function words.
    ///
    /// A pair of characters that spans two words is in the notes by chance alone, so a pair that is nowhere says nothing
    /// where one beside it is there.
    pub(crate) fn words_found(&self, snapshots: &[Arc<Snapshot>], looked_up: &[Vec<LookedUp>]) -> f32 {
        let chunks = snapshots.iter().map(|snapshot| snapshot.chunks()).sum::<u64>() as f32;
        let weight = |there: f32| (1.0 + (chunks - there + 0.5).max(0.5) / (there + 0.5)).ln();
        let is_there =
            |at: &usize| looked_up.iter().filter_map(|words| words.get(*at)).any(LookedUp::is_there);
        let (mut found, mut all) = (0.0, 0.0);
        for (at, wanted) in self.wanted.iter().enumerate() {
            if matches!(wanted, Wanted::Word(word) if self.is_function_word(word, snapshots)) {
                continue;
            }
            let words = looked_up.iter().filter_map(|words| words.get(at));
            let there = words.map(|word| word.chunks).sum::<u64>() as f32;
            if is_there(&at) {
                found += weight(there);
            } else if self.pairs_beside(at).any(|beside| is_there(&beside)) {
                continue;
            }
            all += weight(there);
        }
        if all > 0.0 { found / all } else { 1.0 }
    }

    /// The pairs of characters beside the pair `at` in the same row: they share a character with it.
    fn pairs_beside(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let pair = move |at: usize| match self.wanted.get(at) {
            Some(Wanted::Word(word)) if !word.is_plain() && !word.is_compound() => Some(word.typed.as_str()),
            _ => None,
        };
        let follows = move |first: usize| {
            let both = pair(first).zip(pair(first + 1));
            both.is_some_and(|(first, second)| first.chars().next_back() == second.chars().next())
        };
        let before = at.checked_sub(1).filter(|&before| follows(before));
        before.into_iter().chain(follows(at).then_some(at + 1))
    }

    /// Whether it is in another script than these texts.
    pub(crate) fn is_in_another_script<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        is_in_another_script(&words_of(&self.wanted), texts)
    }

    /// What shows that the question is in a language none of `known`.
    pub(crate) fn foreign(&self, known: &[&str]) -> Option<Foreign> {
        foreign(&words_of(&self.wanted), known)
    }

    /// Function words say nothing in documents of their language, unless the question has no other word there.
    fn hush_function_words(&self, snapshot: &Snapshot, words: &mut [LookedUp]) {
        for &language in snapshot.languages() {
            let is_function = |wanted: &Wanted| match wanted {
                Wanted::Word(word) => word.is_function_word(language),
                Wanted::Prefix(_) => false,
            };
            let function: Vec<bool> = self.wanted.iter().map(is_function).collect();
            if function.iter().all(|is_function| *is_function) {
                continue;
            }
            let hushed = words.iter_mut().zip(function).filter(|(_, is_function)| *is_function);
            hushed.for_each(|(word, _)| word.silent_in.push(language));
        }
    }

    /// What is typed more than once counts for more, up to a bound: BM25's own weight of a word of the question
    /// (Robertson and Walker, TREC-3). Words of one stem are one word.
    fn weigh(&self, words: &mut [LookedUp]) {
        let mut first_of: HashMap<Vec<String>, usize> = HashMap::new();
        let mut times = self.times.clone();
        for at in 0..words.len() {
            if words[at].terms.is_empty() || !words[at].parts.is_empty() {
                continue;
            }
            let terms = words[at].terms.iter().map(|(term, _)| term.clone()).collect();
            let first = *first_of.entry(terms).or_insert(at);
            if first != at {
                times[first] += times[at];
                words[at].weight = 0.0;
            }
        }
        for (word, times) in words.iter_mut().zip(times) {
            word.weight *= self.ranking.weight_of_repeated(times);
        }
    }

    /// What was looked up besides the wanted word `at`, and in which of the snapshots.
    fn respelt(
        &self,
        at: usize,
        snapshots: &[Arc<Snapshot>],
        looked_up: &[Vec<LookedUp>],
        notes: &mut Vec<Note>,
    ) {
        let Wanted::Word(word) = &self.wanted[at] else { return };
        for (number, leaf) in word.leaves().into_iter().enumerate() {
            let there: Vec<(&CollectionName, &LookedUp)> = snapshots
                .iter()
                .zip(looked_up)
                .map(|(snapshot, words)| (snapshot.name(), words[at].leaves()[number]))
                .filter(|(_, word)| !word.respelt.is_empty())
                .collect();
            let mut nearby: Vec<String> = there.iter().flat_map(|(_, word)| word.respelt.clone()).collect();
            nearby.sort();
            nearby.dedup();
            if nearby.is_empty() {
                continue;
            }
            let found = there.iter().any(|(_, word)| word.found);
            let mut only_in: Vec<CollectionName> = there.iter().map(|(name, _)| (*name).clone()).collect();
            if only_in.len() == snapshots.len() {
                only_in.clear();
            }
            let typed = leaf.typed.clone();
            notes.push(Note::Respelt { typed, found, nearby, and_others: false, only_in });
        }
    }
}

/// The words that are looked up; a beginning is none.
fn words_of<'w>(wanted: &'w [Wanted]) -> Vec<&'w QuestionWord> {
    let word = |wanted: &'w Wanted| match wanted {
        Wanted::Word(word) => Some(word),
        Wanted::Prefix(_) => None,
    };
    wanted.iter().filter_map(word).collect()
}

/// Leaves the [`MAX_WORDS`] words that stand in the fewest chunks of all snapshots; equals by their order in the
/// question. A word that stands nowhere is not among them.
fn keep_rarest(looked_up: &mut [Vec<LookedUp>]) {
    let words = looked_up.first().map_or(0, Vec::len);
    let chunks = |at: &usize| looked_up.iter().map(|words| words[*at].chunks).sum::<u64>();
    let mut order: Vec<usize> = (0..words).filter(|at| chunks(at) > 0).collect();
    order.sort_by_key(|at| (chunks(at), *at));
    order.truncate(MAX_WORDS);
    for words in looked_up {
        let others = words.iter_mut().enumerate().filter(|(at, _)| !order.contains(at));
        others.for_each(|(_, word)| word.weight = 0.0);
    }
}

/// A typed `path:` whose pattern is none is just words, as everything is that makes no sense.
fn with_bad_globs_as_words(mut parsed: Parsed) -> Parsed {
    let typed = |condition: &Condition| match condition {
        Condition::Path(pattern) if path_rule(condition).is_err() => Some(format!("path:{pattern}")),
        _ => None,
    };
    parsed.pieces.extend(parsed.filter.all.iter().filter_map(typed).map(Piece::Words));
    parsed.filter.all.retain(|condition| typed(condition).is_none());
    for condition in &mut parsed.filter.none {
        if let Some(words) = typed(condition) {
            *condition = Condition::Words(words);
        }
    }
    parsed
}

/// What the pieces of a question look for.
#[derive(Default)]
struct Looked {
    wanted: Vec<Wanted>,
    times: Vec<u32>,
    pairs: Vec<(usize, usize)>,
    typed: Vec<Typed>,
}

/// What the pieces look for, each once, at most [`MAX_LOOKED_UP`].
fn looked_for(pieces: &[Piece]) -> Looked {
    let mut looked = Looked::default();
    let mut places_of: HashMap<(String, Vec<String>), usize> = HashMap::new();
    for piece in pieces {
        let of_piece: Vec<Wanted> = match piece {
            Piece::Words(text) | Piece::Phrase(text) => {
                words_of_question(text).into_iter().map(Wanted::Word).collect()
            }
            Piece::Prefix(beginning) => vec![Wanted::Prefix(beginning.clone())],
        };
        let mut places = Vec::with_capacity(of_piece.len());
        for one in &of_piece {
            // Equal words may be made of other parts: `v1.2` at the end of a quotation, and before a sign.
            let key = match one {
                Wanted::Word(word) => {
                    let leaves = word.leaves().into_iter().map(|leaf| leaf.folded().to_owned());
                    (word.folded().to_owned(), leaves.collect::<Vec<_>>())
                }
                Wanted::Prefix(beginning) => (format!("{beginning}*"), Vec::new()),
            };
            let next = looked.wanted.len();
            match places_of.get(&key) {
                Some(&known) => {
                    looked.times[known] += 1;
                    places.push(known);
                }
                None if next == MAX_LOOKED_UP => break,
                None => {
                    places_of.insert(key, next);
                    places.push(next);
                    looked.wanted.push(one.clone());
                    looked.times.push(1);
                }
            }
        }
        let placed: Vec<_> = of_piece.iter().zip(places.iter().copied()).collect();
        for pair in placed.windows(2) {
            let ((Wanted::Word(first), a), (Wanted::Word(second), b)) = (pair[0], pair[1]) else { continue };
            let follow = first.is_plain() && second.is_plain() && first.place + 1 == second.place;
            if follow && a != b && !looked.pairs.contains(&(a, b)) && looked.pairs.len() < MAX_PAIRS {
                looked.pairs.push((a, b));
            }
        }
        looked.typed.extend(typed(&of_piece, &places));
    }
    looked
}

/// Which chunks of each snapshot pass; `None` where all do.
pub(crate) fn allow(
    snapshots: &[Arc<Snapshot>],
    filter: &Filter,
    today: Option<Date>,
) -> Result<Vec<Option<Allowed>>, SearchError> {
    if filter.is_empty() {
        return Ok(snapshots.iter().map(|_| None).collect());
    }
    let conditions = || filter.all.iter().chain(&filter.none);
    let paths = conditions().map(path_rule).collect::<Result<Vec<_>, _>>()?;
    let rules = conditions().zip(&paths).map(|(one, path)| rule(one, path, today));
    let mut all = rules.collect::<Result<Vec<Rule<'_>>, _>>()?;
    let none = all.split_off(filter.all.len());
    snapshots.iter().map(|snapshot| Ok(Some(snapshot.allow(&all, &none)?))).collect()
}

/// The numbers and dates that stand so to `value`. A year is a number too: which of the two is meant, the note decides.
pub(crate) fn bounds(comparison: Comparison, value: &str) -> Bounds {
    let numbers = value.parse::<f64>().ok().map(|number| match comparison {
        Comparison::Less => (Bound::Unbounded, Bound::Excluded(number)),
        Comparison::LessOrEqual => (Bound::Unbounded, Bound::Included(number)),
        Comparison::Greater => (Bound::Excluded(number), Bound::Unbounded),
        Comparison::GreaterOrEqual => (Bound::Included(number), Bound::Unbounded),
    });
    let dates = period_of(value).map(|Range { start, end }| match comparison {
        Comparison::Less => (Bound::Unbounded, Bound::Excluded(start)),
        Comparison::LessOrEqual => (Bound::Unbounded, Bound::Excluded(end)),
        Comparison::Greater => (Bound::Included(end), Bound::Unbounded),
        Comparison::GreaterOrEqual => (Bound::Included(start), Bound::Unbounded),
    });
    Bounds { numbers, dates }
}

type PathRule = Box<dyn Fn(&str) -> bool + Sync>;

/// What a path condition demands; anything goes for other conditions.
fn path_rule(condition: &Condition) -> Result<PathRule, SearchError> {
    let Condition::Path(pattern) = condition else { return Ok(Box::new(|_| true)) };
    if !pattern.contains(GLOB_SIGNS) {
        let wanted = pattern.to_lowercase();
        return Ok(Box::new(move |path| path.to_lowercase().contains(&wanted)));
    }
    let built = GlobBuilder::new(pattern).literal_separator(true).build();
    let error =
        |error: globset::Error| SearchError::Glob { glob: pattern.clone(), reason: error.kind().to_string() };
    let matcher: GlobMatcher = built.map_err(error)?.compile_matcher();
    Ok(Box::new(move |path| matcher.is_match(path)))
}

fn rule<'a>(
    condition: &'a Condition,
    path: &'a PathRule,
    today: Option<Date>,
) -> Result<Rule<'a>, SearchError> {
    Ok(match condition {
        Condition::Path(_) => Rule::Path(path),
        Condition::Tag(tag) => Rule::Tag(tag.trim_start_matches('#')),
        Condition::Title(words) => Rule::Title(words),
        Condition::Property { key, value } => Rule::Property(key, value.as_deref()),
        Condition::Compared { key, comparison, value } => Rule::Between(key, bounds(*comparison, value)),
        Condition::Comment(words) => Rule::Comment(words),
        Condition::Words(words) => Rule::Words(words),
        Condition::From(day) => Rule::From(second_of(day, today)?),
        Condition::Before(day) => Rule::Before(second_of(day, today)?),
    })
}

/// How many filters are named that may have been meant.
const MAX_FILTERS_NAMED: usize = 3;

/// Of so many tags and properties it is asked what was meant; each costs a walk of all there are.
const MAX_FILTERS_ASKED: usize = 4;

/// What the tags and properties that a filter demands may have meant, those that no note has.
pub(crate) fn filters_near(
    snapshots: &[Arc<Snapshot>],
    filter: &Filter,
    today: Option<Date>,
) -> Result<Vec<Note>, SearchError> {
    let mut notes = Vec::new();
    let is_spelt = |one: &&Condition| matches!(one, Condition::Tag(_) | Condition::Property { .. });
    for condition in filter.all.iter().filter(is_spelt).take(MAX_FILTERS_ASKED) {
        let path = path_rule(condition)?;
        let rule = rule(condition, &path, today)?;
        let passes =
            |snapshot: &Arc<Snapshot>| Ok(snapshot.allow(std::slice::from_ref(&rule), &[])?.chunks() > 0);
        if snapshots.iter().map(passes).collect::<Result<Vec<bool>, ReadError>>()?.contains(&true) {
            continue;
        }
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for snapshot in snapshots {
            for (term, notes) in snapshot.spelt_nearly(&rule)? {
                *counts.entry(term).or_default() += notes;
            }
        }
        let mut near: Vec<(String, u64)> =
            counts.into_iter().map(|(term, notes)| (as_filter(condition, &term), notes)).collect();
        near.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        near.truncate(MAX_FILTERS_NAMED);
        if near.is_empty() {
            continue;
        }
        let note = Note::FilterNear { near };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok(notes)
}

/// A tag or property as it is typed to filter by it, the kind of `condition`.
fn as_filter(condition: &Condition, term: &str) -> String {
    match condition {
        Condition::Property { .. } => format!("[{}]", term.replacen('=', ":", 1)),
        _ => format!("tag:{term}"),
    }
}

fn second_of(day: &Day, today: Option<Date>) -> Result<i64, SearchError> {
    let unknown = || match day {
        Day::Exact(second) => SearchError::UnknownDay { said: second.to_string() },
        Day::Said(period) => SearchError::UnknownDay { said: period.said().to_owned() },
    };
    day.second(today).ok_or_else(unknown)
}

/// The days that a filter's periods were taken for, each told once.
pub(crate) fn days_taken(filter: &Filter, today: Option<Date>) -> Vec<Note> {
    let taken = |condition: &Condition| {
        let (Condition::From(Day::Said(period)) | Condition::Before(Day::Said(period))) = condition else {
            return None;
        };
        let is_before = matches!(condition, Condition::Before(_));
        Some(Note::DayTaken { is_before, said: period.said().to_owned(), day: period.days(today?)?.start })
    };
    let mut notes = Vec::new();
    for note in filter.all.iter().chain(&filter.none).filter_map(taken) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}
