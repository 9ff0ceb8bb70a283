//! What comes back: hits, each cited.

use std::ops::Range;

use crate::citation::Citation;
use crate::id::{CollectionName, DocumentId};
use crate::note::Note;
use crate::query::{Mode, Offer};
use crate::span::Span;

/// A list of hits and everything a reader needs to trust it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// The mode asked for.
    pub mode: Mode,
    /// What the hits have to do with the question.
    pub matches: Matches,
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

/// What a passage, or a whole answer, has to do with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Matches {
    /// It holds a word of the question, function words aside: as typed, by its stem, or as a neighbour in spelling.
    Words,
    /// It is near in meaning.
    Meaning,
    /// Nothing: what is shown is only nearer than the rest.
    #[default]
    None,
}

impl Matches {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Matches::Words => "words",
            Matches::Meaning => "meaning",
            Matches::None => "none",
        }
    }
}

/// The most passages that are shown where nothing is near.
pub const MAX_HITS_OF_NOTHING: usize = 3;

/// One passage found: a chunk, or neighbouring ones that answer nearly as well. Its scores are those of the best of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What it has to do with the question.
    pub matches: Matches,
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
    /// Which of several phrasings have it among the first hits of their own, by their place in what was asked, from 0; empty
    /// where one was asked.
    pub found_by: Vec<usize>,
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
    /// What a reranker said of it, the larger the better: the first hits stand in its order and not in that of the score.
    /// `None` where none was asked.
    pub rerank: Option<f32>,
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
