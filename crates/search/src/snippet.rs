//! The window of a quote that shows most of what was asked, with the matched words marked. It is for the eye: the
//! citation stays the whole quote.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use ibid_core::hit::Snippet;
use ibid_core::span::Span;
use ibid_index::lexical::Word;

/// About how many bytes a snippet has.
const SNIPPET_BYTES: usize = 240;

/// How far a window's edge may move to fall between two words.
const EDGE_SLACK_BYTES: usize = 24;

/// The best window of `quote`, which stands at `span` in its document, for a question's `terms`; `words` are the
/// quote's.
///
/// Best is the window with the most different terms, then the most matches, then the earliest.
pub(crate) fn snippet(quote: &str, span: Span, words: Vec<Word>, terms: &HashSet<&str>) -> Snippet {
    let matches: Vec<Word> = words.into_iter().filter(|word| terms.contains(word.term.as_str())).collect();
    let window = trimmed(quote, edges(quote, best_window(quote.len(), &matches)));
    let inside =
        matches.iter().filter(|word| window.start <= word.bytes.start && word.bytes.end <= window.end);
    let marks = merged(inside.map(|word| word.bytes.start - window.start..word.bytes.end - window.start));
    let start = span.start() + window.start as u32;
    Snippet {
        text: quote[window.clone()].to_owned(),
        span: Span::claimed(start, start + window.len() as u32).expect("a window ends after it starts"),
        marks,
    }
}

/// The start and end of the best window, not yet on word boundaries.
fn best_window(length: usize, matches: &[Word]) -> Range<usize> {
    if length <= SNIPPET_BYTES || matches.is_empty() {
        return 0..length.min(SNIPPET_BYTES);
    }
    let mut best = (0, 0, 0..0);
    let mut inside: BTreeMap<&str, usize> = BTreeMap::new();
    let mut first = 0;
    for (last, word) in matches.iter().enumerate() {
        *inside.entry(&word.term).or_default() += 1;
        while word.bytes.end - matches[first].bytes.start > SNIPPET_BYTES && first < last {
            let gone = matches[first].term.as_str();
            if let Some(count) = inside.get_mut(gone) {
                *count -= 1;
                if *count == 0 {
                    inside.remove(gone);
                }
            }
            first += 1;
        }
        let found = (inside.len(), last - first + 1, matches[first].bytes.start..word.bytes.end);
        if (found.0, found.1) > (best.0, best.1) {
            best = found;
        }
    }
    // The matches sit a little before the middle: what follows a word explains it more often than what precedes it.
    let spare = SNIPPET_BYTES.saturating_sub(best.2.len());
    let start = best.2.start.saturating_sub(spare / 3).min(length - SNIPPET_BYTES);
    start..(start + SNIPPET_BYTES).max(best.2.end).min(length)
}

/// Moves both edges outwards, to a white space if one is near, else to the next character boundary.
fn edges(quote: &str, window: Range<usize>) -> Range<usize> {
    let start = quote.floor_char_boundary(window.start);
    let end = quote.ceil_char_boundary(window.end);
    let before = &quote[quote.floor_char_boundary(start.saturating_sub(EDGE_SLACK_BYTES))..start];
    let after = &quote[end..quote.ceil_char_boundary((end + EDGE_SLACK_BYTES).min(quote.len()))];
    let start = match before.rfind(char::is_whitespace) {
        Some(at) => start - (before.len() - at),
        None if start <= EDGE_SLACK_BYTES => 0,
        None => start,
    };
    let end = match after.find(char::is_whitespace) {
        Some(at) => end + at,
        None if end + EDGE_SLACK_BYTES >= quote.len() => quote.len(),
        None => end,
    };
    start..end
}

fn trimmed(quote: &str, window: Range<usize>) -> Range<usize> {
    let text = &quote[window.clone()];
    let start = window.start + (text.len() - text.trim_start().len());
    let end = window.start + text.trim_end().len();
    start..end.max(start)
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

#[cfg(test)]
mod tests {
    use ibid_core::language::Language;
    use ibid_index::lexical::words_of_document;

    use super::*;

    fn check(quote: &str, terms: &[&str]) -> Snippet {
        let terms: HashSet<&str> = terms.iter().copied().collect();
        let span = Span::within(&format!("##{quote}"), 2..quote.len() + 2).unwrap();
        let made = snippet(quote, span, words_of_document(quote, Language::English), &terms);
        let start = (made.span.start() - 2) as usize;
        assert_eq!(
            quote.get(start..start + made.text.len()),
            Some(made.text.as_str()),
            "the window is what stands there"
        );
        made
    }

    fn marked(snippet: &Snippet) -> Vec<&str> {
        snippet.marks.iter().map(|mark| &snippet.text[mark.clone()]).collect()
    }

    #[test]
    fn a_short_quote_is_shown_whole_with_its_matches_marked() {
        let made = check("Feed the rye starter twice. Feeding matters.", &["feed", "rye"]);
        assert_eq!(made.text, "Feed the rye starter twice. Feeding matters.");
        assert_eq!(marked(&made), ["Feed", "rye", "Feeding"]);
    }

    #[test]
    fn the_window_moves_to_where_the_words_are() {
        let quote =
            format!("{} the rye starter doubled by noon. {}", "water ".repeat(200), "flour ".repeat(200));
        let made = check(&quote, &["rye", "doubl"]);
        assert_eq!(marked(&made), ["rye", "doubled"]);
        assert!(made.text.len() <= SNIPPET_BYTES + 2 * EDGE_SLACK_BYTES + 4);
    }

    #[test]
    fn more_different_words_beat_more_of_one() {
        let quote = format!("rye rye rye rye {} rye doubled {}", "x ".repeat(300), "y ".repeat(300));
        assert_eq!(marked(&check(&quote, &["rye", "doubl"])), ["rye", "doubled"]);
    }

    #[test]
    fn neighbouring_pairs_of_one_word_are_one_mark() {
        assert_eq!(marked(&check("米味噌を仕込む", &["味噌", "仕込", "込む"])), ["味噌", "仕込む"]);
    }

    #[test]
    fn a_text_without_spaces_or_matches_still_gives_a_window() {
        let made = check(&"語".repeat(500), &["x"]);
        assert!(made.marks.is_empty() && !made.text.is_empty());
        assert_eq!(check("", &["x"]).text, "");
    }
}
