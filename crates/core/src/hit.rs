//! What comes back: hits, each cited, and what the answer does not cover.

use std::fmt;
use std::ops::Range;

use crate::citation::Citation;
use crate::id::{CollectionName, DocumentId};
use crate::query::{Date, Mode, Offer};
use crate::span::Span;

/// A list of hits and everything a reader needs to trust it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// The mode asked for.
    pub mode: Mode,
    /// What was searched.
    pub searched: Vec<Searched>,
    /// What was not searched, or why nothing was found. Empty when there is nothing to say.
    pub notes: Vec<Note>,
}

impl Answer {
    /// What may be added to the question.
    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        self.notes.iter().filter_map(|note| match note {
            Note::Offered(offer) => Some(offer),
            _ => None,
        })
    }
}

/// One passage found: a chunk, or neighbouring ones that answer nearly as well. Its scores are those of the best of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// 1 for the best.
    pub rank: usize,
    /// Where the words stand.
    pub citation: Citation,
    /// The full id of the Git commit whose bytes were indexed, if they are those of one.
    pub commit: Option<String>,
    /// The document's address on the web, if it has one.
    pub address: Option<String>,
    /// The document's title.
    pub title: String,
    /// The headings above the answer, outermost first.
    pub headings: Vec<String>,
    /// Documents that show the passage by embedding it, the nearest first; at most [`MAX_EMBEDDED_IN`].
    pub embedded_in: Vec<NamedDocument>,
    /// Other documents that say nearly the same and were left out for it, best first; at most [`MAX_ALSO_IN`].
    pub also_in: Vec<NamedDocument>,
    /// The part of the cited words that answers: a sentence, a list item, a table row, a line of code or a property, at
    /// most 400 bytes. Empty where nothing in them does.
    pub answer: Span,
    /// The line of the answer's first byte, from 1; of the first cited byte where there is no answer.
    pub line: u32,
    /// The part to show.
    pub snippet: Snippet,
    /// Comparable within this answer only.
    pub score: f32,
    /// What the lexical leg said, if it found this chunk.
    pub lexical: Option<LegScore>,
    /// What the semantic leg said, if it found this chunk.
    pub semantic: Option<LegScore>,
    /// What the links between notes add to the score.
    pub links: f32,
    /// What it adds to the score that the question calls the note by its name.
    pub name: f32,
    /// What each word of the question adds to the lexical leg's score; empty unless the question asked for it.
    pub terms: Vec<TermScore>,
}

/// Hits by document, as people are shown them: documents in the order of their best hits, hits of one in the order
/// of rank.
pub fn by_document<'a>(hits: impl IntoIterator<Item = &'a Hit>) -> Vec<Vec<&'a Hit>> {
    let mut groups: Vec<Vec<&Hit>> = Vec::new();
    for hit in hits {
        match groups.iter_mut().find(|group| group[0].citation.document == hit.citation.document) {
            Some(group) => group.push(hit),
            None => groups.push(vec![hit]),
        }
    }
    groups
}

/// The most embedding documents a hit names.
pub const MAX_EMBEDDED_IN: usize = 3;

/// The most documents a hit names that say nearly the same.
pub const MAX_ALSO_IN: usize = 3;

/// A document that is named beside a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDocument {
    /// Which document.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
}

/// What one leg said of a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LegScore {
    /// BM25, or cosine.
    pub score: f32,
    /// 1 for the leg's best.
    pub rank: usize,
    /// What it adds to the hit's score: the points of the legs and what links add are the score.
    pub points: f32,
}

/// What one word of a question adds to a chunk's BM25.
#[derive(Debug, Clone, PartialEq)]
pub struct TermScore {
    /// The word as typed.
    pub typed: String,
    /// Its part of the lexical leg's score.
    pub score: f32,
}

/// The answer and what fits around it, cut at the ends of sentences and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The words, exactly as they stand; none where nothing in the passage answers.
    pub text: String,
    /// Where they stand in the document's text; within the cited span.
    pub span: Span,
    /// What the words are, so that they can be shown as that.
    pub kind: SnippetKind,
    /// The rare words of the question as byte ranges of `text`, ascending, apart from each other.
    pub marks: Vec<Range<usize>>,
    /// Whether the passage says something before them.
    pub cut_before: bool,
    /// Whether the passage says something after them.
    pub cut_after: bool,
    /// The row that names the columns, where table rows are shown without it.
    pub table_head: Option<TableHead>,
}

impl Snippet {
    /// Whether dots are drawn before and after the words. A property stands for itself: what follows it is not its end.
    pub fn dots(&self) -> (bool, bool) {
        match self.kind {
            SnippetKind::Property => (false, false),
            SnippetKind::Prose | SnippetKind::Rows | SnippetKind::Code => (self.cut_before, self.cut_after),
        }
    }
}

/// What the words of a snippet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnippetKind {
    /// Sentences and list items.
    Prose,
    /// Whole rows of one table.
    Rows,
    /// Lines of code.
    Code,
    /// One property of the front matter.
    Property,
}

/// The first row of a table, exactly as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableHead {
    /// Its words.
    pub text: String,
    /// Where they stand in the document's text; it need not be within the cited span.
    pub span: Span,
}

/// One collection as it was when it was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// Its name.
    pub collection: CollectionName,
    /// The number of the generation.
    pub generation: u64,
    /// When that generation was committed, in seconds since 1970.
    pub indexed_at: u64,
    /// How many documents it holds.
    pub documents: u64,
    /// How many chunks it holds.
    pub chunks: u64,
}

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
    /// The legs ran and found nothing.
    NothingFound,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::NoVectors { collection } => {
                write!(f, "{collection} was indexed by words alone: it was not searched by meaning")
            }
            Note::VectorsMissing { collection, chunks } => {
                write!(f, "{chunks} chunks of {collection} have no vector: they were not searched by meaning")
            }
            Note::VectorsDamaged { collection, file, state } => write!(
                f,
                "{collection} was not searched by meaning: its file {file} {state}; `ibid check` says what to do"
            ),
            Note::Unfinished { collection, pending } => write!(
                f,
                "indexing of {collection} did not finish: {pending} files were not searched; run `ibid index` again"
            ),
            Note::EmptyCollection { collection } => write!(f, "{collection} holds no document"),
            Note::NoWords => f.write_str("the question holds no word: it was not searched by words"),
            Note::WordsAlone => f.write_str(
                "the model does not know the language of the question: it was searched by words alone",
            ),
            Note::WordsLeftOut { kept } => {
                write!(f, "the question is long: it was searched by its {kept} rarest words")
            }
            Note::Respelt { typed, found, nearby, and_others, only_in } => {
                let only_in: Vec<&str> = only_in.iter().map(CollectionName::as_str).collect();
                let how = match (found, only_in.is_empty()) {
                    (true, true) => "is rare".to_owned(),
                    (false, true) => "is not there".to_owned(),
                    (true, false) => format!("is rare in {}", only_in.join(", ")),
                    (false, false) => format!("is not in {}", only_in.join(", ")),
                };
                let besides = match (nearby.is_empty(), and_others) {
                    (true, _) => "words spelt nearly so".to_owned(),
                    (false, true) => format!("{} and others", nearby.join(", ")),
                    (false, false) => nearby.join(", "),
                };
                let there = if only_in.is_empty() { "" } else { " there" };
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
            Note::NothingFound => f.write_str("nothing was found"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(note: &Note, said: &str) {
        assert_eq!(note.to_string(), said);
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
