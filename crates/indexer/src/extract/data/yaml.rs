//! YAML by its indentation: keys and elements at the first column, and those a step further in.

use std::ops::Range;

use super::{Found, Member};
use crate::extract::lines;

/// A longer first word is no key.
const MAX_KEY_BYTES: usize = 256;

pub(super) fn read(text: &str) -> Found {
    let mut found = Found::default();
    // How far the values under the current key are indented; none before the first of them.
    let mut step: Option<usize> = None;
    for line in lines(text) {
        let words = text[line.clone()].trim_end();
        let inner = words.trim_start_matches(['\u{feff}', ' ']);
        let indent = words.trim_start_matches('\u{feff}').len() - inner.len();
        let start = line.start + (words.len() - inner.len());
        if inner.is_empty() || inner.starts_with('#') || is_document_mark(inner) {
            if indent == 0 && is_document_mark(inner) {
                found.add(Member { at: line.start, nested: false, key: None });
            }
            continue;
        }
        let is_element = inner == "-" || inner.starts_with("- ");
        let key = key(inner).filter(|_| !is_element).map(|key| start + key.start..start + key.end);
        let under_key = found.members.last().is_some_and(|last| last.nested || last.key.is_some());
        if indent == 0 && !(is_element && under_key && step.is_none_or(|step| step == 0)) {
            if key.is_some() || is_element {
                found.add(Member { at: line.start, nested: false, key });
                step = None;
            }
            continue;
        }
        let first = *step.get_or_insert(indent);
        if indent == first && (key.is_some() || is_element) && !found.members.is_empty() {
            found.add(Member { at: line.start, nested: true, key });
        }
    }
    found
}

/// Whether a line begins or ends a document.
fn is_document_mark(line: &str) -> bool {
    line == "---" || line == "..." || line.starts_with("--- ")
}

/// The key that a line begins with, without its quotation marks.
fn key(line: &str) -> Option<Range<usize>> {
    let bounded = &line[..line.floor_char_boundary(MAX_KEY_BYTES)];
    if let Some(mark) = bounded.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = 1 + bounded[1..].find(mark)?;
        let after = bounded[end + 1..].trim_start();
        return (end > 1 && after.starts_with(':')).then_some(1..end);
    }
    let ends = |at: &usize| matches!(line.as_bytes().get(at + 1), None | Some(b' ' | b'\t'));
    let end = bounded.match_indices(':').map(|(at, _)| at).find(ends)?;
    let is_plain =
        !bounded.starts_with(['[', '{', '&', '*', '!', '|', '>', '%', '@', '`', ':', ']', '}', ',']);
    (is_plain && end > 0).then_some(0..end)
}
