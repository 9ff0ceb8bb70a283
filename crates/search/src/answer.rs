//! The part of a passage that answers a question: one sentence, list item, table row, line of code or property. Pure: it
//! sees a text, its words, and how much each word of the question says. No text is embedded here, and none is found.

mod filter;
mod parts;
mod sentences;

use std::ops::Range;

use ibid_core::hit::SnippetKind;
use ibid_core::language::Language;
use ibid_core::ranking::Ranking;
use ibid_index::lexical::Word;

use crate::sought::Sought;
pub(crate) use filter::Tests;
use parts::{Kind, Part, parts};
pub(crate) use parts::{Layout, front_matter_end};

/// The longest answer in bytes; a longer sentence is cut around the words of the question.
pub(crate) const MAX_ANSWER_BYTES: usize = 400;

/// What is asked of a passage.
pub(crate) struct Asked<'a> {
    pub(crate) sought: &'a Sought,
    pub(crate) tests: &'a Tests,
    pub(crate) ranking: &'a Ranking,
    /// The language of the passage.
    pub(crate) language: Language,
    /// How near in meaning the chunk is that holds a byte of the passage, from 0 to 1.
    pub(crate) nearness: &'a dyn Fn(usize) -> f32,
}

/// A word of the question in a passage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) bytes: Range<usize>,
    /// Which word of the question it is.
    pub(crate) word: usize,
    /// How much that says.
    pub(crate) points: f32,
    /// Whether the word says enough to be marked.
    pub(crate) is_marked: bool,
}

/// A passage taken apart, and which part of it answers.
pub(crate) struct Reading<'a> {
    pub(crate) text: &'a str,
    parts: Vec<Part>,
    pub(crate) matches: Vec<Match>,
    /// Which part answers; none does where a passage has no words, or front matter alone that does not hold the question's.
    chosen: Option<usize>,
    /// That part, or what of it is shown where it is too long. Empty, at the beginning, where none answers.
    pub(crate) answer: Range<usize>,
}

impl<'a> Reading<'a> {
    /// Reads the passage `text`, whose words are `words`. Linear in its length.
    pub(crate) fn of(text: &'a str, layout: Layout, words: &[Word], asked: &Asked<'_>) -> Reading<'a> {
        let parts = parts(text, layout);
        let matches = asked.sought.matches(words, asked.language);
        let mut reading = Reading { text, parts, matches, chosen: None, answer: 0..0 };
        reading.chosen = reading.choose(asked);
        if let Some(chosen) = reading.chosen {
            reading.answer = fitted(text, reading.parts[chosen].bytes.clone(), &reading.matches);
        }
        reading
    }

    /// Whether a heading stands after the passage's first words: then those above the passage are not all that stand above
    /// the answer.
    pub(crate) fn has_headings_inside(&self) -> bool {
        let is_heading = |part: &Part| matches!(part.kind, Kind::Heading(_));
        let words = self.parts.iter().position(|part| !is_heading(part) && part.kind != Kind::Property);
        words.is_some_and(|first| self.parts[first..].iter().any(is_heading))
    }

    /// What the answer is.
    pub(crate) fn kind(&self) -> SnippetKind {
        match self.chosen.map(|chosen| self.parts[chosen].kind) {
            Some(Kind::Property) => SnippetKind::Property,
            Some(Kind::Code) => SnippetKind::Code,
            Some(Kind::TableRow | Kind::TableHead) => SnippetKind::Rows,
            _ => SnippetKind::Prose,
        }
    }

    /// The answer and whole parts of its kind around it, about so many bytes together. A property stands alone, rows and
    /// lines of code stay within their block. Of two neighbours the one with more of what is asked for comes first, then
    /// the one on the side of which less is shown, then the later one.
    pub(crate) fn around(&self, bytes: usize) -> Range<usize> {
        let Some(chosen) = self.chosen else { return 0..0 };
        let mut shown = self.answer.clone();
        if shown != self.parts[chosen].bytes || self.kind() == SnippetKind::Property {
            return shown;
        }
        let (mut first, mut last) = (chosen, chosen);
        let belongs = |other: &usize| {
            let (part, other) = (&self.parts[chosen], &self.parts[*other]);
            match part.kind {
                Kind::Item | Kind::Sentence => matches!(other.kind, Kind::Item | Kind::Sentence),
                kind => kind == other.kind && part.block == other.block,
            }
        };
        loop {
            let fits = |range: &Range<usize>| range.len() <= bytes;
            let before = first.checked_sub(1).filter(belongs);
            let before =
                before.map(|at| (at, self.parts[at].bytes.start..shown.end)).filter(|(_, range)| fits(range));
            let after = Some(last + 1).filter(|at| *at < self.parts.len()).filter(belongs);
            let after =
                after.map(|at| (at, shown.start..self.parts[at].bytes.end)).filter(|(_, range)| fits(range));
            let says =
                |at: usize| self.matches_in(&self.parts[at].bytes).map(|found| found.points).sum::<f32>();
            shown = match (before, after) {
                (Some((at, range)), None) => {
                    first = at;
                    range
                }
                (Some((at, range)), Some((next, _)))
                    if (says(at), self.answer.start - shown.start < shown.end - self.answer.end)
                        > (says(next), false) =>
                {
                    first = at;
                    range
                }
                (_, Some((at, range))) => {
                    last = at;
                    range
                }
                (None, None) => return shown,
            };
        }
    }

    /// Whether words of the note lie there, besides headings and front matter.
    pub(crate) fn says_something_in(&self, bytes: Range<usize>) -> bool {
        self.parts
            .iter()
            .any(|part| is_words(part.kind) && part.bytes.start < bytes.end && bytes.start < part.bytes.end)
    }

    /// Where the row stands that names the columns of the answer, which is a row.
    pub(crate) fn table_head(&self) -> Option<Range<usize>> {
        Some(self.parts[self.head_of(self.chosen?)?].bytes.clone())
    }

    /// Whether the answer is a row of a table that begins before the passage, or has no head.
    pub(crate) fn begins_inside_table(&self) -> bool {
        let first_of_block = |row: usize| self.parts[row].block == self.parts[0].block;
        self.chosen.is_some_and(|row| self.parts[row].kind == Kind::TableRow && first_of_block(row))
            && self.table_head().is_none()
    }

    fn choose(&self, Asked { sought, tests, ranking, nearness, .. }: &Asked<'_>) -> Option<usize> {
        let own: Vec<Vec<f32>> = self.parts.iter().map(|part| self.points_in(part, sought)).collect();
        let mut headings: Vec<(usize, usize)> = Vec::new();
        let mut best: Option<(usize, (bool, f32))> = None;
        for (at, part) in self.parts.iter().enumerate() {
            if let Kind::Heading(level) = part.kind {
                headings.retain(|(above, _)| *above < level);
                headings.push((level, at));
                continue;
            }
            if part.kind == Kind::TableHead {
                continue;
            }
            let passes = tests.pass(&self.text[part.bytes.clone()], part.kind, sought.is_empty());
            let mut points = own[at].clone();
            let mut also = |other: usize, share: f32| {
                for (points, other) in points.iter_mut().zip(&own[other]) {
                    *points = points.max(share * other);
                }
            };
            if part.kind != Kind::Property {
                headings.iter().for_each(|(_, heading)| also(*heading, ranking.answer_heading));
                for beside in [at.wrapping_sub(1), at + 1] {
                    if self.parts.get(beside).is_some_and(|other| is_words(other.kind)) {
                        also(beside, ranking.answer_beside);
                    }
                }
                if let Some(head) = self.head_of(at) {
                    also(head, ranking.answer_heading);
                }
            }
            let meaning = ranking.answer_meaning * nearness(part.bytes.start) * sought.most().max(1.0);
            let mut score: f32 = points.iter().sum();
            if part.kind == Kind::Property {
                score *= ranking.answer_property;
                if score == 0.0 && !passes {
                    continue;
                }
            } else {
                score += meaning;
            }
            if best.is_none_or(|(_, best)| (passes, score) > best) {
                best = Some((at, (passes, score)));
            }
        }
        best.map(|(at, _)| at).or_else(|| {
            let names = |part: &Part| matches!(part.kind, Kind::Heading(_) | Kind::TableHead);
            self.parts.iter().position(names)
        })
    }

    /// The points of each word of the question in a part.
    fn points_in(&self, part: &Part, sought: &Sought) -> Vec<f32> {
        let mut points = vec![0.0; sought.words()];
        for found in self.matches_in(&part.bytes) {
            points[found.word] = found.points.max(points[found.word]);
        }
        points
    }

    fn matches_in(&self, bytes: &Range<usize>) -> impl Iterator<Item = &Match> {
        let first = self.matches.partition_point(|found| found.bytes.start < bytes.start);
        let end = bytes.end;
        self.matches[first..]
            .iter()
            .take_while(move |found| found.bytes.start < end)
            .filter(move |found| found.bytes.end <= end)
    }

    /// The part that names the columns of a row's table.
    fn head_of(&self, row: usize) -> Option<usize> {
        let Part { kind: Kind::TableRow, block, .. } = self.parts[row] else { return None };
        let before = self.parts[..row].iter().rposition(|part| part.kind == Kind::TableHead)?;
        (self.parts[before].block == block).then_some(before)
    }
}

/// The head of the table whose row ends `text`.
pub(crate) fn table_head_at_end(text: &str, layout: Layout) -> Option<Range<usize>> {
    let mut parts = parts(text, layout);
    let last = parts.pop()?;
    let is_head = |part: &Part| part.kind == Kind::TableHead && part.block == last.block;
    match last.kind {
        Kind::TableHead => Some(last.bytes),
        Kind::TableRow => parts.into_iter().rfind(is_head).map(|part| part.bytes),
        _ => None,
    }
}

/// Whether a part is of the words of a note, not of what names or files them.
fn is_words(kind: Kind) -> bool {
    matches!(kind, Kind::Item | Kind::Sentence | Kind::TableRow | Kind::Code)
}

/// What of `part` is shown: all of it, or, where it is too long, the piece with most of what is asked for. It is cut
/// behind the mark of a clause, else between words, else between characters.
fn fitted(text: &str, part: Range<usize>, matches: &[Match]) -> Range<usize> {
    if part.len() <= MAX_ANSWER_BYTES {
        return part;
    }
    let dense = densest(&part, matches);
    let spare = MAX_ANSWER_BYTES - dense.len().min(MAX_ANSWER_BYTES);
    let earliest = text.ceil_char_boundary(part.start.max(dense.start.saturating_sub(spare / 2)));
    let start = match earliest <= part.start {
        true => part.start,
        false => first_cut(text, earliest..dense.start),
    };
    let latest = text.floor_char_boundary(part.end.min(start + MAX_ANSWER_BYTES));
    let end = match latest == part.end {
        true => part.end,
        false => last_cut(text, dense.end.clamp(start, latest)..latest),
    };
    start..start + text[start..end].trim_end().len()
}

/// The piece of `part`, no longer than an answer, whose words of the question say most; empty at its start where it holds
/// none.
fn densest(part: &Range<usize>, matches: &[Match]) -> Range<usize> {
    let inside: Vec<&Match> = matches
        .iter()
        .filter(|found| part.start <= found.bytes.start && found.bytes.end <= part.end)
        .filter(|found| found.bytes.len() <= MAX_ANSWER_BYTES)
        .collect();
    let mut best = (0.0, part.start..part.start);
    for (at, first) in inside.iter().enumerate() {
        let (mut seen, mut points, mut end) = (Vec::new(), 0.0, first.bytes.end);
        for found in &inside[at..] {
            if found.bytes.end > first.bytes.start + MAX_ANSWER_BYTES {
                break;
            }
            if !seen.contains(&found.word) {
                seen.push(found.word);
                points += found.points;
                end = end.max(found.bytes.end);
            }
        }
        if points > best.0 {
            best = (points, first.bytes.start..end);
        }
    }
    best.1
}

/// Where a piece may begin within `range`: behind the first clause, else before the first word, else at once.
fn first_cut(text: &str, range: Range<usize>) -> usize {
    let words = &text[range.clone()];
    let after = |at: usize| {
        let rest = &words[at..];
        let mark = rest.chars().next().map_or(0, char::len_utf8);
        range.start + at + mark + (rest[mark..].len() - rest[mark..].trim_start().len())
    };
    let clause = words.char_indices().find(|&(at, c)| ends_clause(words, at, c));
    let word = || words.char_indices().find(|(_, c)| c.is_whitespace());
    clause.or_else(word).map_or(range.start, |(at, _)| after(at)).min(range.end)
}

/// Where a piece may end within `range`: behind the last clause, else behind the last word, else at its end.
fn last_cut(text: &str, range: Range<usize>) -> usize {
    let words = &text[range.clone()];
    let clause = words.char_indices().rev().find(|&(at, c)| ends_clause(words, at, c));
    let word = || words.char_indices().rev().find(|(_, c)| c.is_whitespace());
    match clause {
        Some((at, mark)) => range.start + at + mark.len_utf8(),
        None => word().map_or(range.end, |(at, _)| range.start + at),
    }
}

/// Whether a clause ends with the character `c` at `at`.
fn ends_clause(words: &str, at: usize, c: char) -> bool {
    match c {
        '，' | '、' | '；' | '：' | '،' | '؛' | '\n' => true,
        ',' | ';' | ':' | '–' | '—' => words[at + c.len_utf8()..].starts_with(char::is_whitespace),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
