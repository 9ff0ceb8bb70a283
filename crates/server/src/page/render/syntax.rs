//! The signs of Obsidian that Markdown does not know, where they stand in a text: links and block names come from the
//! index, comments and `==marks==` are found here. Where something stands is all that is said of it.

use std::ops::Range;

use ibid_core::comment::{Stretch, comments};
use ibid_core::document::{Document, Link, LinkKind};
use pulldown_cmark::{Event, Tag};

/// What a stretch of text is besides words.
#[derive(Debug, Clone)]
pub(super) enum Sign<'a> {
    /// A wikilink, or an embed.
    Link(&'a Link),
    /// What is not shown.
    Hidden,
    /// The name of a block.
    Block(&'a str),
    /// `==` that begins what is marked.
    OpensMark,
    /// `==` that ends it.
    ClosesMark,
}

/// A sign and where it stands.
pub(super) type Placed<'a> = (Range<usize>, Sign<'a>);

/// What the parser of Markdown gives, with its place in the text.
pub(super) type Placing<'t> = (Event<'t>, Range<usize>);

/// The signs of a text in order, apart from each other. `start` is where the text stands in its document.
pub(super) fn signs<'a>(
    text: &str,
    start: usize,
    document: &'a Document,
    events: &[Placing<'_>],
) -> Vec<Placed<'a>> {
    let here = |range: Range<usize>| Some(range.start.checked_sub(start)?..range.end.checked_sub(start)?);
    let within = |range: &Range<usize>| text.get(range.clone()).is_some();
    let mut signs: Vec<Placed<'_>> = Vec::new();
    let wikilinks = document.links.iter().filter(|link| link.kind == LinkKind::Wiki);
    let wikilinks = wikilinks.filter_map(|link| Some((here(link.span.range())?, Sign::Link(link))));
    signs.extend(wikilinks.filter(|(range, _)| within(range)));
    let names = document.block_ids.iter().filter_map(|block| {
        let end = here(block.span.range())?.end;
        let range = end.checked_sub(block.name.len() + 1)?..end;
        let is_it = text.get(range.clone())?.strip_prefix('^') == Some(&block.name);
        is_it.then_some((range, Sign::Block(block.name.as_str())))
    });
    signs.extend(names);
    let prose = prose(text, events);
    let stretches = prose.iter().map(|prose| prose.stretch.clone());
    signs.extend(comments(text, stretches).into_iter().map(|range| (range, Sign::Hidden)));
    signs.extend(marks(text, &prose));
    // Of two at one place the longer counts: nothing within a comment is anything.
    signs.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    signs.retain(|(range, _)| {
        let is_apart = range.start >= end;
        end = if is_apart { range.end } else { end };
        is_apart
    });
    without_half_marks(signs)
}

/// A stretch of text as it stands, and where.
struct Prose {
    stretch: Stretch,
    /// Which element it stands in; equal for stretches with nothing opened or closed between that stays so.
    within: usize,
}

fn prose(text: &str, events: &[Placing<'_>]) -> Vec<Prose> {
    let (mut prose, mut open, mut leaf, mut in_code) = (Vec::new(), Vec::new(), 0, false);
    for (at, (event, range)) in events.iter().enumerate() {
        match event {
            Event::Start(tag) => {
                open.push(at);
                in_code |= matches!(tag, Tag::CodeBlock(_));
                leaf += usize::from(!is_inline(tag));
            }
            Event::End(_) => {
                open.pop();
                in_code = false;
            }
            Event::Text(_) if !in_code => {
                let opens_line = text[..range.start].ends_with(['\n', '\r']) || range.start == 0;
                let stretch = Stretch { range: range.clone(), leaf, opens_line };
                prose.push(Prose { stretch, within: open.last().copied().unwrap_or_default() });
            }
            _ => {}
        }
    }
    prose
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

/// Where `==` begins a mark and where one ends it: in the same element, with words between.
fn marks(text: &str, prose: &[Prose]) -> Vec<Placed<'static>> {
    let mut marks = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for Prose { stretch, within: here } in prose {
        for (at, _) in text[stretch.range.clone()].match_indices("==") {
            let at = stretch.range.start + at;
            let more = text[at + 2..].starts_with('=') || text[..at].ends_with('=');
            if more {
                continue;
            }
            open = match open {
                Some((start, within)) if within == *here && at > start + 2 => {
                    marks.extend([(start..start + 2, Sign::OpensMark), (at..at + 2, Sign::ClosesMark)]);
                    None
                }
                _ => Some((at, *here)),
            };
        }
    }
    marks
}

/// A mark of which one end lies in something else is none.
fn without_half_marks(signs: Vec<Placed<'_>>) -> Vec<Placed<'_>> {
    let mut kept: Vec<Placed<'_>> = Vec::with_capacity(signs.len());
    let mut open: Option<usize> = None;
    for sign in signs {
        match (&sign.1, open) {
            (Sign::OpensMark, Some(at)) => {
                kept.remove(at);
                open = Some(kept.len());
            }
            (Sign::OpensMark, None) => open = Some(kept.len()),
            (Sign::ClosesMark, None) => continue,
            (Sign::ClosesMark, Some(_)) => open = None,
            _ => {}
        }
        kept.push(sign);
    }
    if let Some(at) = open {
        kept.remove(at);
    }
    kept
}

/// The tags in a stretch of text that a note is known to have, and where they stand, the `#` included.
pub(super) fn tags<'a>(text: &'a str, range: Range<usize>, known: &[String]) -> Vec<(Range<usize>, &'a str)> {
    let mut tags = Vec::new();
    for (at, _) in text[range.clone()].match_indices('#') {
        let at = range.start + at;
        if !(at == 0 || text[..at].ends_with(char::is_whitespace)) {
            continue;
        }
        let rest = &text[at + 1..range.end];
        // Which of what follows belongs to it, the index knows: the longest of its tags that stands here.
        let here = known
            .iter()
            .filter_map(|tag| Some((tag.len(), rest.get(..tag.len())?)).filter(|(_, here)| same(here, tag)));
        if let Some((length, tag)) = here.max_by_key(|(length, _)| *length) {
            tags.push((at..at + 1 + length, tag));
        }
    }
    tags
}

fn same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}
