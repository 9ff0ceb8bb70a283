//! Structured data that people write by hand: JSON, YAML, TOML, cut between the values that stand in it.
//!
//! No tree of values is built and none is checked: a broken file is cut wherever it still looks like one.

mod json;
mod toml;
mod yaml;

use std::ops::Range;

use ibid_core::document::PropertyValue;
use ibid_core::id::DocumentPath;

use super::code::LANGUAGE_KEY;
use super::outline::{LineStarts, Outline, is_crowded, trimmed};
use super::plain::titled;
use super::{BlockKind, Extracted, Fact, Meant, Reading, span_of};

/// A value of more bytes is cut between those in it: about a chunk's worth.
const MAX_WHOLE_BYTES: usize = 1024;

/// A value at the top of a file, or one in such a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    /// Where it begins, its key included.
    at: usize,
    /// Whether it stands in another.
    nested: bool,
    /// Its key without quotation marks; none for an element of a list.
    key: Option<Range<usize>>,
}

/// What a format's reader finds.
#[derive(Debug, Default)]
struct Found {
    /// In order.
    members: Vec<Member>,
    /// What the escapes of its strings mean, in order.
    meant: Vec<Meant>,
}

impl Found {
    /// Adds a member, unless it is a short one among very many: they are cut together anyway.
    fn add(&mut self, member: Member) {
        let is_crowded =
            |last: &Member| is_crowded(self.members.len(), member.at - last.at, member.nested == last.nested);
        if !self.members.last().is_some_and(is_crowded) {
            self.members.push(member);
        }
    }
}

/// Reads each byte a fixed number of times.
pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let (language, found) = match path.extension().unwrap_or_default().to_ascii_lowercase().as_str() {
        "toml" => ("toml", toml::read(text)),
        "yaml" | "yml" => ("yaml", yaml::read(text)),
        _ => ("json", json::read(text)),
    };
    let mut document = titled(path);
    let (headings, blocks) = outline(text, &found.members).over(text, BlockKind::Code);
    document.headings = headings;
    let fact = (!text.is_empty()).then(|| Fact {
        span: span_of(0..text.len()),
        key: LANGUAGE_KEY.into(),
        value: PropertyValue::Text(language.to_owned()),
    });
    let reading = Reading { meant: found.meant, facts: fact.into_iter().collect(), ..Reading::default() };
    Extracted { document, blocks, reading }
}

/// A block for each member; a heading for a key whose value has lines of its own.
///
/// What fits one line needs no heading: the key stands beside the value, and those next to each other are one block.
fn outline(text: &str, members: &[Member]) -> Outline {
    let starts = LineStarts::of(text);
    let mut outline = Outline::default();
    let ends = ends(members, text.len());
    let mut is_large = false;
    let (mut last_line, mut row) = (None, None);
    for (member, end) in members.iter().zip(ends) {
        if !member.nested {
            is_large = end - member.at > MAX_WHOLE_BYTES;
        } else if !is_large {
            continue;
        }
        let line = starts.line(member.at);
        // Two on one line: the first one begins the block.
        if last_line.is_some_and(|last| last >= line.start) {
            continue;
        }
        last_line = Some(line.start);
        let level = 1 + u8::from(member.nested);
        // The value's last line may be the next one's first.
        let has_lines = line.end < end && text[line.end..end].contains(char::is_alphanumeric);
        match &member.key {
            Some(key) if has_lines => {
                outline.heading(line.start, level, &text[key.clone()], trimmed(text, line.clone()));
                outline.block(line.end, BlockKind::Code);
                row = None;
            }
            Some(_) if row == Some(level) => {}
            key => {
                outline.rise(level);
                outline.block(line.start, BlockKind::Code);
                row = key.as_ref().filter(|_| !has_lines).map(|_| level);
            }
        }
    }
    outline
}

/// Where each member ends: where the next one begins that does not stand in it.
fn ends(members: &[Member], end: usize) -> Vec<usize> {
    let (mut next_outer, mut next) = (end, end);
    let mut ends: Vec<usize> = members
        .iter()
        .rev()
        .map(|member| {
            let end = if member.nested { next } else { next_outer };
            next = member.at;
            if !member.nested {
                next_outer = member.at;
            }
            end
        })
        .collect();
    ends.reverse();
    ends
}

#[cfg(test)]
mod tests;
