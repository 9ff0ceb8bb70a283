//! The words that are shown of a passage: its answer, and of what stands around it as much as fits, cut at the ends of
//! sentences and lines. It is for the eye: the citation stays the whole passage.

use std::ops::Range;

use ibid_core::hit::Snippet;
use ibid_core::span::Span;

use crate::answer::Reading;

/// About how many bytes a snippet has. A longer answer is a snippet alone.
pub(crate) const SNIPPET_BYTES: usize = 240;

/// The snippet of a passage that stands at `cited`. Its table's head is not looked for here.
pub(crate) fn snippet(reading: &Reading<'_>, cited: Span) -> Snippet {
    let shown = reading.around(SNIPPET_BYTES);
    let inside = reading
        .matches
        .iter()
        .filter(|found| found.is_marked && shown.start <= found.bytes.start && found.bytes.end <= shown.end);
    let marks = merged(inside.map(|found| found.bytes.start - shown.start..found.bytes.end - shown.start));
    let span = Span::within(reading.text, shown.clone()).and_then(|span| span.shifted(cited.start()));
    Snippet {
        text: reading.text[shown.clone()].to_owned(),
        span: span.expect("parts lie within the passage, on boundaries"),
        kind: reading.kind(),
        marks,
        cut_before: reading.says_something_in(0..shown.start),
        cut_after: reading.says_something_in(shown.end..reading.text.len()),
        table_head: None,
    }
}

/// Ranges that touch or overlap become one.
fn merged(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> = ranges.collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}
