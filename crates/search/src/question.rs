//! A query taken apart for the legs: what to look up in each collection, what to embed, what to demand. It asks the
//! dictionaries; it retrieves nothing.

use std::ops::{Bound, Range};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use ibid_core::hit::Note;
use ibid_core::id::CollectionName;
use ibid_core::query::{
    Comparison, Condition, Date, Day, Filter, Order, Parsed, Piece, Query, parse, period_of,
};
use ibid_index::ReadError;
use ibid_index::lexical::words_of_question;
use ibid_index::snapshot::{Allowed, Bounds, LookedUp, Rule, Snapshot, Wanted};

use crate::absent::{Typed, absent, typed};
use crate::error::SearchError;

/// The most words of a question that are looked up.
pub(crate) const MAX_WORDS: usize = 64;

/// What a path condition that holds one of these is: a glob.
const GLOB_SIGNS: [char; 4] = ['*', '?', '[', '{'];

/// A question taken apart.
pub(crate) struct Question {
    pub(crate) parsed: Parsed,
    /// What is given to the embedder; empty where nothing is looked for.
    pub(crate) plain: String,
    pub(crate) wanted: Vec<Wanted>,
    /// The same as it was typed, word by word.
    pub(crate) typed: Vec<Typed>,
    /// Whether it has more words than are looked up.
    pub(crate) is_cut: bool,
    /// In which order hits are given.
    pub(crate) order: Order,
    /// What is demanded of chunks: by the query, by the words typed, by phrases.
    pub(crate) filter: Filter,
}

impl Question {
    pub(crate) fn of(query: &Query) -> Question {
        let parsed = with_bad_globs_as_words(parse(&query.words));
        let Looked { wanted, typed, is_cut } = looked_for(&parsed.pieces);
        let mut filter = query.filter.clone().and(parsed.filter.clone());
        filter.all.extend(parsed.phrases().map(|phrase| Condition::Words(phrase.to_owned())));
        let order = parsed.order.unwrap_or(query.order);
        Question { plain: parsed.plain(), wanted, typed, is_cut, order, filter, parsed }
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
            let words = self.wanted.iter().map(|wanted| snapshot.look_up(wanted));
            looked_up.push(words.collect::<Result<Vec<_>, _>>()?);
        }
        let mut notes: Vec<Note> =
            (0..self.wanted.len()).filter_map(|at| self.respelt(at, snapshots, &looked_up)).collect();
        let words = absent(&self.typed, &looked_up);
        if !words.is_empty() {
            notes.push(Note::Absent { words });
        }
        Ok((looked_up, notes))
    }

    /// What was looked up besides the wanted word `at`, and in which of the snapshots.
    fn respelt(&self, at: usize, snapshots: &[Arc<Snapshot>], looked_up: &[Vec<LookedUp>]) -> Option<Note> {
        let Wanted::Word(word) = &self.wanted[at] else { return None };
        let there = || snapshots.iter().zip(looked_up).filter(|(_, words)| !words[at].respelt.is_empty());
        let mut nearby: Vec<String> = there().flat_map(|(_, words)| words[at].respelt.clone()).collect();
        nearby.sort();
        nearby.dedup();
        if nearby.is_empty() {
            return None;
        }
        let found = there().any(|(_, words)| words[at].found);
        let mut only_in: Vec<CollectionName> = there().map(|(snapshot, _)| snapshot.name().clone()).collect();
        if only_in.len() == snapshots.len() {
            only_in.clear();
        }
        Some(Note::Respelt { typed: word.typed.clone(), found, nearby, and_others: false, only_in })
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
    typed: Vec<Typed>,
    is_cut: bool,
}

/// What the pieces look for, each once, at most [`MAX_WORDS`].
fn looked_for(pieces: &[Piece]) -> Looked {
    let mut looked = Looked::default();
    let mut seen: Vec<(bool, String)> = Vec::new();
    for piece in pieces {
        let of_piece: Vec<Wanted> = match piece {
            Piece::Words(text) | Piece::Phrase(text) => {
                words_of_question(text).into_iter().map(Wanted::Word).collect()
            }
            Piece::Prefix(beginning) => vec![Wanted::Prefix(beginning.clone())],
        };
        let mut places = Vec::with_capacity(of_piece.len());
        for one in &of_piece {
            let key = match one {
                Wanted::Word(word) => (word.is_compound(), word.folded()),
                Wanted::Prefix(beginning) => (false, format!("{beginning}*")),
            };
            match seen.iter().position(|known| *known == key) {
                Some(known) => places.push(known),
                None if seen.len() == MAX_WORDS => {
                    looked.is_cut = true;
                    break;
                }
                None => {
                    places.push(seen.len());
                    seen.push(key);
                    looked.wanted.push(one.clone());
                }
            }
        }
        looked.typed.extend(typed(&of_piece, &places));
        if looked.is_cut {
            break;
        }
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
fn bounds(comparison: Comparison, value: &str) -> Bounds {
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
