//! What is shown of a passage that was found: its answer, the snippet around it, and where the answer stands. What is cited
//! stays the passage.

use std::sync::Arc;

use ibid_core::hit::{Snippet, TableHead};
use ibid_core::span::Span;
use ibid_index::ReadError;
use ibid_index::lexical::Word;
use ibid_index::snapshot::{LookedUp, Snapshot, StoredChunk};

use crate::answer::{Layout, Reading, Tests};
use crate::fetch::line_ends;
use crate::question::Question;
use crate::snippet::snippet;
use crate::sought::Sought;

/// How far before a passage the head of its table is looked for, in bytes.
const TABLE_HEAD_WITHIN: u32 = 8 * 1024;

/// What one question looks for in the passages of each snapshot.
pub(crate) struct Answering {
    sought: Vec<Sought>,
    tests: Tests,
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
        Ok(Answering { sought: sought.collect::<Result<_, _>>()?, tests: Tests::of(&question.filter) })
    }

    /// What is shown of `chunk`, whose words are `words`, of the snapshot with this number.
    ///
    /// Linear in the passage; reads the document's facts where headings stand inside it, and what stands before it where it
    /// begins in the middle of a table.
    pub(crate) fn show(
        &self,
        number: usize,
        snapshot: &Snapshot,
        chunk: &StoredChunk,
        words: Vec<Word>,
    ) -> Result<Shown, ReadError> {
        let (cited, quote) = (chunk.cited, chunk.quote());
        let leading = (cited.start() - chunk.start) as usize;
        let words = within_quote(words, leading, quote.len());
        let layout = Layout::of(cited.start(), chunk.path.extension());
        let reading = Reading::of(quote, layout, &words, &self.sought[number], &self.tests);
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
