//! Text broken into lines that fit a terminal, with the words that stand out kept marked.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::push_safe;

/// A piece of a line, and whether it is to stand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) marked: bool,
}

/// One character as it is shown.
struct Cell {
    shown: String,
    width: usize,
    marked: bool,
    space: bool,
    /// Whether a line may end before it although no space stands there.
    breaks: bool,
}

/// Breaks `text` into lines of at most `width` columns, `marks` being byte ranges of it that stand out.
///
/// Line ends of the text stay, blank lines go, other white space becomes one space. Lines break at spaces and between
/// the characters of scripts that have none; a word too long for a line is cut.
pub(crate) fn wrap(text: &str, marks: &[Range<usize>], width: usize) -> Vec<Vec<Run>> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let cells = cells(line, start, marks);
        start += line.len();
        let mut rest = &cells[..];
        while !rest.is_empty() {
            let (line, after) = rest.split_at(end_of_line(rest, width));
            lines.push(runs(line));
            rest = &after[after.iter().take_while(|cell| cell.space).count()..];
        }
    }
    lines
}

/// The cells of one line of text that begins at byte `start`, without white space at its end.
fn cells(line: &str, start: usize, marks: &[Range<usize>]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        let space = character.is_whitespace();
        // Indentation tells lists apart, so it is kept at the start of a line.
        let repeated = cells.last().is_some_and(|cell| cell.space) && cells.iter().any(|cell| !cell.space);
        if !(space && repeated) {
            let mut shown = String::new();
            if !space {
                push_safe(&mut shown, character);
            }
            let own = character.width().unwrap_or(0);
            let width = if space { 1 } else { shown.chars().filter_map(char::width).sum() };
            // Wide characters may begin a line, unless they are joined to the one before into one picture.
            let breaks = own == 2 && before != '\u{200d}';
            let marked = marks.iter().any(|mark| mark.contains(&(start + at)));
            let shown = if space { " ".to_owned() } else { shown };
            cells.push(Cell { shown, width, marked, space, breaks });
        }
        before = character;
    }
    while cells.last().is_some_and(|cell| cell.space) {
        cells.pop();
    }
    cells
}

/// How many cells the first line takes.
fn end_of_line(cells: &[Cell], width: usize) -> usize {
    let (mut taken, mut last_break) = (0, None);
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 && (cell.space || cell.breaks) && cells[..at].iter().any(|cell| !cell.space) {
            last_break = Some(at);
        }
        taken += cell.width;
        if taken > width && at > 0 && !cell.space {
            // A combining mark stays with its letter.
            return last_break.unwrap_or(if cell.width == 0 { at + 1 } else { at });
        }
    }
    cells.len()
}

fn runs(cells: &[Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for cell in cells {
        match runs.last_mut() {
            Some(run) if run.marked == cell.marked => run.text.push_str(&cell.shown),
            _ => runs.push(Run { text: cell.shown.clone(), marked: cell.marked }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wraps with the words in `marked` standing out; marks are shown as [ ].
    fn check(text: &str, marked: &str, width: usize, lines: &[&str]) {
        let marks: Vec<_> = text
            .match_indices(marked)
            .filter(|_| !marked.is_empty())
            .map(|(at, _)| at..at + marked.len())
            .collect();
        let shown: Vec<String> = wrap(text, &marks, width)
            .iter()
            .map(|line| {
                let run = |run: &Run| if run.marked { format!("[{}]", run.text) } else { run.text.clone() };
                line.iter().map(run).collect()
            })
            .collect();
        assert_eq!(shown, lines, "{text:?} at {width}");
    }

    #[test]
    fn lines_break_at_spaces() {
        check("the crumb of rye", "", 9, &["the crumb", "of rye"]);
        check("the  crumb\tof rye", "crumb", 9, &["the [crumb]", "of rye"]);
        check("a\n\n  b\r\nc ", "", 9, &["a", "  b", "c"]);
        check("", "", 9, &[]);
        check(" \n ", "", 9, &[]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_cut() {
        check("see https://a.example/b now", "", 10, &["see", "https://a.", "example/b", "now"]);
        check("see https://a.example/b", "example", 10, &["see", "https://a.", "[example]/b"]);
    }

    #[test]
    fn scripts_without_spaces_break_anywhere_and_count_two_columns() {
        check("味噌汁の作り方", "", 7, &["味噌汁", "の作り", "方"]);
        check("味噌汁の作り方", "噌汁の", 7, &["味[噌汁]", "[の]作り", "方"]);
    }

    #[test]
    fn a_combined_character_is_not_torn() {
        check("cafe\u{301}s", "", 4, &["cafe\u{301}", "s"]);
        check("👩\u{200d}🍳👩\u{200d}🍳", "", 4, &["👩\u{200d}🍳", "👩\u{200d}🍳"]);
    }

    #[test]
    fn a_mark_across_a_line_end_stands_out_on_both() {
        check("rye bread here", "rye bread", 5, &["[rye]", "[bread]", "here"]);
        check("x\u{1b}[0m", "", 80, &["x␛[0m"]);
    }
}
