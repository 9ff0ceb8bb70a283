//! What is shown of a passage that was found: its answer, the snippet around it, and where the answer stands. What is cited
//! stays the passage.

use std::sync::Arc;

use ibid_core::hit::{Snippet, TableHead};
use ibid_core::ranking::Ranking;
use ibid_core::span::Span;
use ibid_index::ReadError;
use ibid_index::lexical::Word;
use ibid_index::snapshot::{LookedUp, Snapshot, StoredChunk};

use crate::answer::{Asked, Layout, Reading, Tests};
use crate::fetch::line_ends;
use crate::question::Question;
use crate::retrieve::{Candidate, Ranked};
use crate::snippet::snippet;
use crate::sought::Sought;

/// How far before a passage the head of its table is looked for, in bytes.
const TABLE_HEAD_WITHIN: u32 = 8 * 1024;

/// What one question looks for in the passages of each snapshot.
pub(crate) struct Answering {
    sought: Vec<Sought>,
    tests: Tests,
    ranking: Ranking,
}

/// Which of the chunks a passage is made of is nearest to the question: all that the index knows of what its sentences mean.
#[derive(Default)]
pub(crate) struct Nearness {
    /// The first byte of each chunk and its cosine, scaled from 0 to 1 over the passage; in order.
    pieces: Vec<(u32, f32)>,
}

impl Nearness {
    /// `semantic` is what the leg said of each candidate.
    pub(crate) fn of(pieces: &[(u32, Candidate)], semantic: &Ranked) -> Nearness {
        if pieces.len() < 2 {
            return Nearness::default();
        }
        let cosine =
            |of: &Candidate| semantic.iter().find(|(other, _)| other == of).map(|&(_, cosine)| cosine);
        let known: Vec<(u32, Option<f32>)> = pieces.iter().map(|(start, of)| (*start, cosine(of))).collect();
        let cosines = || known.iter().filter_map(|&(_, cosine)| cosine);
        let (least, most) = (cosines().fold(f32::MAX, f32::min), cosines().fold(f32::MIN, f32::max));
        if least >= most {
            return Nearness::default();
        }
        let scaled = |cosine: Option<f32>| cosine.map_or(0.0, |cosine| (cosine - least) / (most - least));
        let mut pieces: Vec<(u32, f32)> = known.into_iter().map(|(start, c)| (start, scaled(c))).collect();
        pieces.sort_by_key(|(start, _)| *start);
        Nearness { pieces }
    }

    /// How near the chunk is that holds a byte of the document, from 0 to 1; 0 where nothing tells chunks apart.
    fn at(&self, byte: u32) -> f32 {
        let past = self.pieces.partition_point(|(start, _)| *start <= byte);
        past.checked_sub(1).map_or(0.0, |piece| self.pieces[piece].1)
    }
}

/// What is shown of a passage.
pub(crate) struct Shown {
    pub(crate) answer: Span,
    /// The line of its first byte.
    pub(crate) line: u32,
    /// The headings above it.
    pub(crate) headings: Vec<String>,
    pub(crate) snippet: Snippet,
}

impl Answering {
    /// `words` is how the question's words were looked up in each snapshot; empty where they were not.
    pub(crate) fn of(
        snapshots: &[Arc<Snapshot>],
        question: &Question,
        words: &[Vec<LookedUp>],
    ) -> Result<Answering, ReadError> {
        let sought = snapshots
            .iter()
            .enumerate()
            .map(|(number, snapshot)| Sought::of(snapshot, question, words.get(number).map(Vec::as_slice)));
        Ok(Answering {
            sought: sought.collect::<Result<_, _>>()?,
            tests: Tests::of(&question.filter),
            ranking: question.ranking,
        })
    }

    /// What is shown of `chunk`, whose words are `words`, of the snapshot with this number.
    ///
    /// Linear in the passage; reads the document's facts where headings stand inside it, and what stands before it where it
    /// begins in the middle of a table.
    pub(crate) fn show(
        &self,
        (number, snapshot): (usize, &Snapshot),
        chunk: &StoredChunk,
        words: Vec<Word>,
        near: &Nearness,
    ) -> Result<Shown, ReadError> {
        let (cited, quote) = (chunk.cited, chunk.quote());
        let leading = (cited.start() - chunk.start) as usize;
        let words = within_quote(words, leading, quote.len());
        let layout = Layout::of(cited.start(), chunk.path.extension());
        let nearness = |at: usize| near.at(cited.start() + at as u32);
        let asked = Asked {
            sought: &self.sought[number],
            tests: &self.tests,
            ranking: &self.ranking,
            language: chunk.language,
            nearness: &nearness,
        };
        let reading = Reading::of(quote, layout, &words, &asked);
        let place = |bytes: &std::ops::Range<usize>| {
            let span = Span::within(quote, bytes.clone()).and_then(|span| span.shifted(cited.start()));
            span.expect("what was chosen lies within the quote, on boundaries")
        };
        let answer = place(&reading.answer);
        let mut snippet = snippet(&reading, cited);
        if let Some(head) = reading.table_head() {
            snippet.table_head = Some(TableHead { text: quote[head.clone()].to_owned(), span: place(&head) });
        } else if reading.begins_inside_table() {
            snippet.table_head = table_head_before(snapshot, chunk)?;
        }
        Ok(Shown {
            answer,
            line: chunk.line + line_ends(&chunk.text[..leading + reading.answer.start]),
            headings: match reading.has_headings_inside() {
                true => headings_above(snapshot, chunk, answer)?,
                false => chunk.headings.clone(),
            },
            snippet,
        })
    }
}

/// A chunk's words as those of its quote, which begins `leading` bytes later and is `length` long.
fn within_quote(mut words: Vec<Word>, leading: usize, length: usize) -> Vec<Word> {
    words.retain(|word| leading <= word.bytes.start && word.bytes.end <= leading + length);
    for word in &mut words {
        word.bytes = word.bytes.start - leading..word.bytes.end - leading;
    }
    words
}

/// The headings above a place in a chunk's document, outermost first.
fn headings_above(snapshot: &Snapshot, chunk: &StoredChunk, place: Span) -> Result<Vec<String>, ReadError> {
    let Some(stored) = snapshot.document(&chunk.path)? else { return Ok(chunk.headings.clone()) };
    let above = stored.document.headings_above(place.start());
    Ok(above.into_iter().map(|heading| heading.text.clone()).collect())
}

/// The head of the table in whose middle a chunk begins.
fn table_head_before(snapshot: &Snapshot, chunk: &StoredChunk) -> Result<Option<TableHead>, ReadError> {
    let from = chunk.start.saturating_sub(TABLE_HEAD_WITHIN);
    let Some((base, text)) = snapshot.text(&chunk.path, from..chunk.start)? else { return Ok(None) };
    let before = text.get(..(chunk.start - base) as usize).unwrap_or_default();
    let layout = Layout::of(base, chunk.path.extension());
    let head = crate::answer::table_head_at_end(before, layout);
    let span = |head: std::ops::Range<usize>| Span::within(before, head)?.shifted(base);
    Ok(head.and_then(|head| {
        let text = before[head.clone()].to_owned();
        Some(TableHead { text, span: span(head)? })
    }))
}
