//! Tables drawn with signs: grids, and simple ones between rows of `=`. Cells are not taken apart.

use super::super::outline::trimmed;
use super::super::{Aside, BlockKind, span_of};
use super::Reader;

/// The most lines in which a simple table's head is looked for.
const MAX_HEAD_LINES: usize = 16;

/// Whether a table begins with this line.
pub(super) fn begins(reader: &Reader<'_>, line: usize) -> bool {
    let words = reader.words(line).trim_start();
    is_border(words) || (is_grid_rule(words) && reader.words(line + 1).trim_start().starts_with('|'))
}

/// Reads the table that begins with the next line.
pub(super) fn read(reader: &mut Reader<'_>) {
    let is_grid = reader.words(reader.next).trim_start().starts_with('+');
    let end = if is_grid { grid_end(reader) } else { simple_end(reader) };
    let head_end = if is_grid { grid_head(reader, end) } else { simple_head(reader) };
    let depth = reader.lists.len();
    let first = reader.next;
    let start = reader.lines[first].start;
    let kind = if head_end.is_some() { BlockKind::TableHead } else { BlockKind::TableRow };
    reader.outline.block_within(start, kind, depth);
    let rows = head_end.unwrap_or(first + 1);
    for line in rows..end {
        let begins_row = match is_grid {
            true => line == rows || is_grid_rule(reader.words(line - 1).trim_start()),
            false => !reader.words(line).starts_with([' ', '\t']) || line == rows,
        };
        // The line that closes the table belongs to its last row; one without a head has its first row begun.
        let goes_on = (line + 1 == end && line > rows) || (head_end.is_none() && line == rows);
        if begins_row && !goes_on && !reader.words(line).is_empty() {
            reader.outline.block_within(reader.lines[line].start, BlockKind::TableRow, depth);
        }
    }
    if let Some(head_end) = head_end.filter(|head_end| *head_end < end) {
        let words = span_of(trimmed(reader.text, start..reader.lines[head_end - 1].end));
        let counts_in = span_of(reader.lines[head_end].start..reader.lines[end - 1].end);
        reader.reading.asides.push(Aside { counts_in, words });
    }
    reader.next = end;
    reader.after_blank = true;
}

/// Whether a line is the border of a simple table: `=====  ===`.
fn is_border(words: &str) -> bool {
    words.starts_with("==") && words.contains(' ') && words.bytes().all(|byte| matches!(byte, b'=' | b' '))
}

/// Whether a line divides the rows of a grid.
fn is_grid_rule(words: &str) -> bool {
    words.len() > 2
        && words.starts_with('+')
        && words.ends_with('+')
        && words.bytes().all(|b| matches!(b, b'+' | b'-' | b'='))
}

/// One past the last line of a grid.
fn grid_end(reader: &Reader<'_>) -> usize {
    let is_row = |line: &usize| reader.words(*line).trim_start().starts_with(['|', '+']);
    (reader.next..reader.lines.len()).take_while(is_row).last().map_or(reader.next + 1, |last| last + 1)
}

/// One past the line of `=` under a grid's head.
fn grid_head(reader: &Reader<'_>, end: usize) -> Option<usize> {
    let is_head_rule = |line: &usize| {
        let words = reader.words(*line).trim_start();
        is_grid_rule(words) && words.contains('=')
    };
    (reader.next + 1..end).find(is_head_rule).map(|line| line + 1).filter(|head_end| *head_end < end)
}

/// One past the last line of a simple table: a border before a blank line, or where the text ends.
fn simple_end(reader: &Reader<'_>) -> usize {
    for line in reader.next + 1..reader.lines.len() {
        if is_border(reader.words(line).trim_start()) && reader.words(line + 1).is_empty() {
            return line + 1;
        }
        // Two blank lines are in no table: its last border is missing.
        if reader.words(line).is_empty() && reader.words(line + 1).is_empty() {
            return line;
        }
    }
    reader.lines.len()
}

/// One past the border under a simple table's head, if one is near.
fn simple_head(reader: &Reader<'_>) -> Option<usize> {
    let first = reader.next + 1;
    let border = (first..first + MAX_HEAD_LINES).find(|line| is_border(reader.words(*line).trim_start()))?;
    (!reader.words(border + 1).is_empty()).then_some(border + 1)
}
