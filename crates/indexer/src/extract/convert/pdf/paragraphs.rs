//! Lines to paragraphs, by where they stand: what is as far apart as the lines before, and of their size, goes on.

use std::collections::HashSet;

use super::glyphs::Line;

/// Lines further apart than this are never of one paragraph, in ems.
const MAX_LEADING_EMS: f64 = 2.2;
/// How much wider than the paragraph's own lines a gap may be.
const LEADING_SLACK: f64 = 1.25;
/// What lines of the first gap of a page are taken to be apart, in ems.
const USUAL_LEADING_EMS: f64 = 1.5;
/// How much sizes may differ in one paragraph.
const SIZE_SLACK: f64 = 1.15;
/// A line that begins so much further in begins a paragraph, in ems.
const INDENT_EMS: f64 = 0.9;
/// How far out a line may begin and still go on, in ems.
const OUTDENT_EMS: f64 = 4.0;
/// A line that ends a sentence and leaves this share of the width blank ends a paragraph.
const BLANK_SHARE: f64 = 0.2;

/// The words of a whole file: they tell whether a hyphen at the end of a line belongs to the word.
#[derive(Debug)]
pub(super) struct Words<'l>(HashSet<&'l str>);

impl<'l> Words<'l> {
    /// The words inside lines that have a hyphen.
    pub(super) fn of(pages: &'l [Vec<Line>]) -> Words<'l> {
        let words = pages.iter().flatten().flat_map(|line| line.text.split_whitespace());
        let inner = |word: &&str| word.trim_end_matches('-').contains('-');
        Words(words.map(bare).filter(inner).collect())
    }
}

/// A word without the marks around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-')
}

/// The paragraphs of a page; rows of tables stay lines.
pub(super) fn of_page(lines: &[Line], words: &Words<'_>) -> Vec<String> {
    let width = lines.iter().map(|line| line.right - line.left).fold(0.0, f64::max);
    let mut paragraphs: Vec<String> = Vec::new();
    let mut begins = 0;
    let mut leading = None;
    for (n, line) in lines.iter().enumerate() {
        let goes_on = n > 0 && goes_on(&lines[begins..n], line, leading, width);
        match paragraphs.last_mut().filter(|_| goes_on) {
            Some(paragraph) => {
                leading = Some(line.across - lines[n - 1].across);
                match lines[n - 1].n_gaps > 0 {
                    true => {
                        paragraph.push('\n');
                        paragraph.push_str(&line.text);
                    }
                    false => join(paragraph, &line.text, words),
                }
            }
            None => {
                begins = n;
                leading = None;
                paragraphs.push(line.text.clone());
            }
        }
    }
    paragraphs
}

/// Whether `line` belongs to the paragraph whose lines so far are given.
fn goes_on(paragraph: &[Line], line: &Line, leading: Option<f64>, width: f64) -> bool {
    let (Some(first), Some(last)) = (paragraph.first(), paragraph.last()) else { return false };
    let size = last.size.max(line.size).max(f64::MIN_POSITIVE);
    let apart = line.across - last.across;
    let rows = last.n_gaps > 0 && line.n_gaps > 0;
    let most = leading.map_or(USUAL_LEADING_EMS * size, |leading| LEADING_SLACK * leading);
    let same_way = last.direction.0 * line.direction.0 + last.direction.1 * line.direction.1 > 0.99;
    let most = if rows { MAX_LEADING_EMS * size } else { most.min(MAX_LEADING_EMS * size) };
    let near = apart > 0.3 * size && apart <= most;
    let same_size = size <= SIZE_SLACK * last.size.min(line.size);
    if !same_way || !near || !same_size || (last.n_gaps > 0) != (line.n_gaps > 0) {
        return false;
    }
    if rows {
        return true;
    }
    let indent = (line.left - last.left) / size;
    // The text of a list's item hangs.
    let hangs = paragraph.len() == 1 && is_item(&first.text);
    let indented = indent > INDENT_EMS && !(hangs && indent < OUTDENT_EMS);
    let ends = last.text.ends_with(['.', '!', '?', ':', '”', '"', '»'])
        && last.right - last.left < (1.0 - BLANK_SHARE) * width.max(line.right - line.left);
    !indented && indent >= -OUTDENT_EMS && !ends && !is_item(&line.text)
}

/// Whether a line begins as an item of a list.
fn is_item(text: &str) -> bool {
    let Some((mark, _)) = text.split_once(' ') else { return false };
    let number = mark.trim_end_matches(['.', ')']);
    matches!(mark, "•" | "◦" | "▪" | "‣" | "–" | "-" | "*" | "·" | "●" | "○" | "■")
        || number.len() < mark.len() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Appends a line to a paragraph: with a space, without one in Chinese and Japanese, or to the other half of a word.
fn join(paragraph: &mut String, line: &str, words: &Words<'_>) {
    let is_wide =
        |c: char| matches!(u32::from(c), 0x2e80..=0x9fff | 0xf900..=0xfaff | 0xff00..=0xffef | 0x2_0000..);
    let last = paragraph.chars().next_back();
    let next = line.chars().next();
    if last == Some('\u{ad}') {
        paragraph.pop();
    } else if matches!(last, Some('-' | '‐'))
        && paragraph.chars().rev().nth(1).is_some_and(char::is_alphanumeric)
    {
        let half = paragraph.rsplit(char::is_whitespace).next().unwrap_or_default();
        let is_half = half.chars().rev().nth(1).is_some_and(char::is_lowercase);
        let other = line.split_whitespace().next().unwrap_or_default();
        let whole = format!("{half}{other}");
        let has_own = !is_half
            || !next.is_some_and(char::is_lowercase)
            || words.0.contains(bare(&whole))
            || half.trim_end_matches('-').contains('-');
        if !has_own {
            paragraph.pop();
        }
    } else if !(last.is_some_and(is_wide) && next.is_some_and(is_wide)) {
        paragraph.push(' ');
    }
    paragraph.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of ten points by `(left, across, text)`; a character is five points wide.
    fn check(lines: &[(f64, f64, &str)], expected: &[&str]) {
        let line = |&(left, across, text): &(f64, f64, &str)| Line {
            text: text.to_owned(),
            left,
            right: left + 5.0 * text.len() as f64,
            across,
            size: 10.0,
            n_gaps: 0,
            direction: (1.0, 0.0),
        };
        let pages = vec![lines.iter().map(line).collect::<Vec<_>>()];
        assert_eq!(of_page(&pages[0], &Words::of(&pages)), expected);
    }

    #[test]
    fn lines_that_follow_closely_are_a_paragraph() {
        check(
            &[
                (0.0, 0.0, "one line and"),
                (0.0, 12.0, "another"),
                (0.0, 40.0, "far below"),
                (0.0, 52.0, "goes on"),
            ],
            &["one line and another", "far below goes on"],
        );
        check(
            &[(20.0, 0.0, "indented first line"), (0.0, 12.0, "and not"), (20.0, 24.0, "then a new one")],
            &["indented first line and not", "then a new one"],
        );
        check(
            &[(0.0, 0.0, "- an item that"), (12.0, 12.0, "hangs"), (0.0, 24.0, "- another")],
            &["- an item that hangs", "- another"],
        );
        check(
            &[
                (0.0, 0.0, "a long line of many words"),
                (0.0, 12.0, "Short."),
                (0.0, 24.0, "Another paragraph"),
            ],
            &["a long line of many words Short.", "Another paragraph"],
        );
    }

    #[test]
    fn a_hyphen_goes_unless_it_is_the_words_own() {
        for (lines, expected) in [
            (["a hyphen-", "ated word"], "a hyphenated word"),
            (["a soft\u{ad}", "ware"], "a software"),
            (["pages 10-", "20 of it"], "pages 10-20 of it"),
            (["state-of-the-", "art"], "state-of-the-art"),
            (["Jean-", "Paul"], "Jean-Paul"),
            (["日本", "語"], "日本語"),
        ] {
            check(&[(0.0, 0.0, lines[0]), (0.0, 12.0, lines[1])], &[expected]);
        }
        check(
            &[(0.0, 0.0, "it is well-known that"), (0.0, 12.0, "some are well-"), (0.0, 24.0, "known")],
            &["it is well-known that some are well-known"],
        );
    }
}
