//! What an answer must not keep silent about, in words a person uses. The same sentences stand in the terminal, on the page
//! and in what a client gets.

use std::fmt;

use crate::amount::many;
use crate::id::CollectionName;
use crate::query::{Date, Offer};

/// The most words that are said one by one to be absent.
const MAX_ABSENT_NAMED: usize = 8;

/// Something an answer must not keep silent about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The collection was indexed by words alone.
    NoVectors {
        /// The collection.
        collection: CollectionName,
    },
    /// Some chunks have no vector, so the semantic leg could not see them.
    VectorsMissing {
        /// The collection.
        collection: CollectionName,
        /// How many chunks lack one.
        chunks: u64,
        /// Of how many.
        of: u64,
    },
    /// A file of the collection's vectors cannot be used, so the semantic leg saw nothing of it.
    VectorsDamaged {
        /// The collection.
        collection: CollectionName,
        /// The file's name.
        file: String,
        /// What is wrong with it: that it "is damaged", "is missing", "cannot be read".
        state: &'static str,
    },
    /// The texts of the collection leave this machine on their way to the model.
    LeavesMachine {
        /// The collection.
        collection: CollectionName,
        /// The model.
        model: String,
        /// Whether private notes are withheld from it.
        withholds: bool,
    },
    /// A model behind a url could not be asked, so the semantic leg saw nothing of its collections.
    ModelAway {
        /// The model.
        model: String,
    },
    /// The last run of the indexer did not reach the end.
    Unfinished {
        /// The collection.
        collection: CollectionName,
        /// How many files were still to be read at the last commit.
        pending: u64,
    },
    /// The collection holds no document.
    EmptyCollection {
        /// The collection.
        collection: CollectionName,
    },
    /// Nothing in the question is a word.
    NoWords,
    /// The question is in a language that the model is known not to know, so it was searched by words alone.
    WordsAlone,
    /// Only the rarest words of a long question were looked up.
    WordsLeftOut {
        /// How many were looked up.
        kept: usize,
    },
    /// A word as typed is rare or not there, so words that are nearly it were looked up too.
    Respelt {
        /// The word as typed.
        typed: String,
        /// Whether any chunk holds it, of the collections where others were looked up.
        found: bool,
        /// What was looked up besides, as hits write it.
        nearby: Vec<String>,
        /// Whether more was looked up that no hit holds. The dictionary has it without its ending, so it is not named.
        and_others: bool,
        /// The collections where others were looked up; empty where that is all that were searched.
        only_in: Vec<CollectionName>,
    },
    /// Words that stand in no document searched, and that nothing was looked up instead of.
    Absent {
        /// The words as typed.
        words: Vec<String>,
    },
    /// No chunk holds the phrases, so their words were looked for one by one.
    PhraseNotFound,
    /// A filter by date was given as people say it; this is the day it was taken for.
    DayTaken {
        /// Whether it was `before:`, not `after:`.
        is_before: bool,
        /// The period as it was said.
        said: String,
        /// Its first day.
        day: Date,
    },
    /// The newest come first, so nothing was searched by meaning.
    NewestFirst,
    /// What the question asks for in words that were looked for as words. It was not applied.
    Offered(Offer),
    /// No document passes the filter.
    FilterMatchesNothing,
    /// No note has what a filter demands, and some have what is spelt nearly so.
    FilterNear {
        /// What may be meant, as a filter, with how many notes have it; the most first.
        near: Vec<(String, u64)>,
    },
    /// No word of the question is in the notes, and nothing in them stands out by its meaning.
    NothingNear,
    /// The legs ran and found nothing.
    NothingFound,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::NoVectors { .. }
            | Note::VectorsMissing { .. }
            | Note::Unfinished { .. }
            | Note::LeavesMachine { .. } => f.write_str(&said_of_collections(std::slice::from_ref(self)).join("; ")),
            Note::ModelAway { model } => write!(f, "{model} could not be asked: nothing was searched by meaning"),
            Note::VectorsDamaged { collection, file, state } => write!(
                f,
                "{collection} was not searched by meaning: its file {file} {state}; `ibid check` says what to do"
            ),
            Note::EmptyCollection { collection } => write!(f, "{collection} holds no document"),
            Note::NoWords => f.write_str("the question holds no word: it was not searched by words"),
            Note::WordsAlone => f.write_str(
                "the model does not know the language of the question: it was searched by words alone; `ibid index \
                 --name NAME --model multilingual` gives the collection one that does",
            ),
            Note::WordsLeftOut { kept } => {
                write!(f, "the question is long: it was searched by its {kept} rarest words")
            }
            Note::Respelt { typed, found, nearby, and_others, only_in } => {
                let (how, there) = not_as_typed(*found, only_in);
                let besides = match (nearby.is_empty(), and_others) {
                    (true, _) => "words spelt nearly so".to_owned(),
                    (false, true) => format!("{} and others", nearby.join(", ")),
                    (false, false) => nearby.join(", "),
                };
                write!(f, "“{typed}” {how}: also looked{there} for {besides}")
            }
            Note::Absent { words } => {
                let named: Vec<String> =
                    words.iter().take(MAX_ABSENT_NAMED).map(|word| format!("“{word}”")).collect();
                let more = match words.len() - named.len() {
                    0 => String::new(),
                    1 => " and one more word".to_owned(),
                    more => format!(" and {more} more words"),
                };
                let verb = if words.len() == 1 { "stands" } else { "stand" };
                write!(f, "{}{more} {verb} in no note that was searched", named.join(", "))
            }
            Note::PhraseNotFound => {
                f.write_str("no passage holds the phrase: its words were searched one by one")
            }
            Note::DayTaken { is_before: true, said, day } => {
                write!(f, "before:“{said}” means before {} {day}", day.strftime("%A"))
            }
            Note::DayTaken { is_before: false, said, day } => {
                write!(f, "after:“{said}” means from {} {day} on", day.strftime("%A"))
            }
            Note::NewestFirst => f.write_str("newest first: notes that hold a word of the question"),
            Note::Offered(offer) => offer.fmt(f),
            Note::FilterMatchesNothing => f.write_str("no document passes the filter"),
            Note::FilterNear { near } => {
                let near = near.iter().map(|(filter, notes)| format!("{filter} ({})", many(*notes, "note")));
                write!(f, "did you mean {}?", near.collect::<Vec<_>>().join(" or "))
            }
            Note::NothingNear => f.write_str("nothing in your notes holds these words"),
            Note::NothingFound => f.write_str("nothing was found"),
        }
    }
}

/// What is said of a word that is rare or not there, and of where else was looked.
fn not_as_typed(is_rare: bool, only_in: &[CollectionName]) -> (String, &'static str) {
    let names: Vec<&str> = only_in.iter().map(CollectionName::as_str).collect();
    match (is_rare, names.is_empty()) {
        (true, true) => ("is rare".to_owned(), ""),
        (false, true) => ("is not there".to_owned(), ""),
        (true, false) => (format!("is rare in {}", names.join(", ")), " there"),
        (false, false) => (format!("is not in {}", names.join(", ")), " there"),
    }
}

/// The sentences of an answer's notes: first of the question, then of the collections, those of several in one.
pub fn sentences(notes: &[Note]) -> Vec<String> {
    let is_of_collections = |note: &&Note| {
        matches!(
            note,
            Note::NoVectors { .. }
                | Note::VectorsMissing { .. }
                | Note::Unfinished { .. }
                | Note::LeavesMachine { .. }
        )
    };
    let of_question = notes.iter().filter(|note| !is_of_collections(note)).map(ToString::to_string);
    of_question.chain(said_of_collections(notes)).collect()
}

fn said_of_collections(notes: &[Note]) -> Vec<String> {
    let is_unfinished = |name: &CollectionName| {
        notes.iter().any(|note| matches!(note, Note::Unfinished { collection, .. } if collection == name))
    };
    let reading = notes.iter().filter_map(|note| match note {
        Note::Unfinished { collection, pending } => {
            Some(format!("{collection}: {} to go", many(*pending, "file")))
        }
        Note::VectorsMissing { collection, chunks, of } if !is_unfinished(collection) => {
            let percent = of.saturating_sub(*chunks) * 100 / (*of).max(1);
            Some(format!("{collection}: {percent} %"))
        }
        _ => None,
    });
    let reading: Vec<String> = reading.collect();
    let by_words = notes.iter().filter_map(|note| match note {
        Note::NoVectors { collection } => Some(collection.as_str()),
        _ => None,
    });
    let by_words: Vec<&str> = by_words.collect();
    let mut said = Vec::new();
    if !reading.is_empty() {
        said.push(format!("still reading {}", reading.join(", ")));
    }
    if !by_words.is_empty() {
        said.push(format!("searched by words alone: {}", by_words.join(", ")));
    }
    said.extend(said_of_models_beyond(notes));
    said
}

/// A sentence for each model beyond this machine.
fn said_of_models_beyond(notes: &[Note]) -> Vec<String> {
    let mut by_model: Vec<((&str, bool), Vec<&str>)> = Vec::new();
    for note in notes {
        let Note::LeavesMachine { collection, model, withholds } = note else { continue };
        let model = (model.as_str(), *withholds);
        match by_model.iter_mut().find(|(known, _)| *known == model) {
            Some((_, collections)) => collections.push(collection.as_str()),
            None => by_model.push((model, vec![collection.as_str()])),
        }
    }
    let sentence = |((model, withholds), collections): ((&str, bool), Vec<&str>)| {
        let of = collections.join(", ");
        let but = if withholds { "; private notes do not, and are found by words alone" } else { "" };
        format!("texts of {of} and questions leave this machine for {model}{but}")
    };
    by_model.into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(note: &Note, said: &str) {
        assert_eq!(note.to_string(), said);
    }

    #[test]
    fn a_note_says_what_a_filter_may_have_meant() {
        let near = vec![("tag:recipe".to_owned(), 14), ("tag:recite".to_owned(), 1)];
        check(&Note::FilterNear { near }, "did you mean tag:recipe (14 notes) or tag:recite (1 note)?");
    }

    #[test]
    fn what_is_true_of_several_collections_is_said_once() {
        let name = |name: &str| name.parse::<CollectionName>().unwrap();
        let missing = |of: &str, chunks| Note::VectorsMissing { collection: name(of), chunks, of: 200 };
        let notes = [
            missing("a", 196),
            Note::NoVectors { collection: name("w") },
            Note::Unfinished { collection: name("b"), pending: 1 },
            missing("b", 3),
            Note::NoWords,
            missing("c", 1),
            Note::NoVectors { collection: name("x") },
        ];
        assert_eq!(
            sentences(&notes),
            [
                "the question holds no word: it was not searched by words",
                "still reading a: 2 %, b: 1 file to go, c: 99 %",
                "searched by words alone: w, x",
            ]
        );
        check(&missing("oldwinter", 196), "still reading oldwinter: 2 %");
        assert_eq!(sentences(&[]), [""; 0]);
    }

    #[test]
    fn where_texts_leave_the_machine_is_said_once_for_each_model() {
        let beyond = |collection: &str, model: &str| Note::LeavesMachine {
            collection: collection.parse().unwrap(),
            model: model.to_owned(),
            withholds: model != "n",
        };
        let end = "private notes do not, and are found by words alone";
        assert_eq!(
            sentences(&[beyond("a", "m"), beyond("b", "n"), Note::NoWords, beyond("c", "m")]),
            [
                "the question holds no word: it was not searched by words".to_owned(),
                format!("texts of a, c and questions leave this machine for m; {end}"),
                "texts of b and questions leave this machine for n".to_owned(),
            ]
        );
        check(
            &Note::ModelAway { model: "m".to_owned() },
            "m could not be asked: nothing was searched by meaning",
        );
    }

    #[test]
    fn a_note_says_what_was_looked_for_instead_and_where() {
        let respelt = |found, nearby: &[&str], and_others, only_in: &[&str]| Note::Respelt {
            typed: "bread".to_owned(),
            found,
            nearby: nearby.iter().map(|&word| word.to_owned()).collect(),
            and_others,
            only_in: only_in.iter().map(|name| name.parse().unwrap()).collect(),
        };
        check(&respelt(true, &["break"], false, &[]), "“bread” is rare: also looked for break");
        check(
            &respelt(false, &["a", "b"], true, &[]),
            "“bread” is not there: also looked for a, b and others",
        );
        check(&respelt(true, &[], true, &[]), "“bread” is rare: also looked for words spelt nearly so");
        check(
            &respelt(true, &["break"], false, &["work"]),
            "“bread” is rare in work: also looked there for break",
        );
        check(
            &respelt(false, &[], true, &["a", "b"]),
            "“bread” is not in a, b: also looked there for words spelt nearly so",
        );
    }

    #[test]
    fn a_note_names_the_days_taken_and_those_offered() {
        let day = Date::new(2026, 11, 23).unwrap();
        let taken = |is_before| Note::DayTaken { is_before, said: "last week".to_owned(), day };
        check(&taken(false), "after:“last week” means from Monday 2026-11-23 on");
        check(&taken(true), "before:“last week” means before Monday 2026-11-23");
        let offer =
            Offer::Days { said: "last week".to_owned(), from: day, before: Date::new(2026, 11, 30).ok() };
        check(
            &Note::Offered(offer),
            "for notes of “last week” alone, add after:2026-11-23 before:2026-11-30 to the question",
        );
        check(
            &Note::Offered(Offer::Newest { said: "latest".to_owned() }),
            "“latest” does not change the order: add sort:newest for the newest first",
        );
    }

    #[test]
    fn a_note_names_the_words_that_are_absent_and_counts_the_rest() {
        let absent = |n: usize| Note::Absent { words: (0..n).map(|n| format!("w{n}")).collect() };
        check(&absent(1), "“w0” stands in no note that was searched");
        check(&absent(2), "“w0”, “w1” stand in no note that was searched");
        let eight = "“w0”, “w1”, “w2”, “w3”, “w4”, “w5”, “w6”, “w7”";
        check(&absent(9), &format!("{eight} and one more word stand in no note that was searched"));
        check(&absent(12), &format!("{eight} and 4 more words stand in no note that was searched"));
    }
}
