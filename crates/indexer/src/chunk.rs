//! Documents cut into chunks, and what the embedder is told before each. Pure: it sees a text, its blocks, a measure.
//!
//! The chunks of a text are the whole text. Structure decides where they are cut, sizes only where it leaves no
//! choice: front matter is alone, a heading begins a chunk and stays with what follows it, and between headings as
//! many blocks go together as fit. Nothing here parses Markdown.

mod cut;
mod pack;

use std::ops::Range;

use ibid_core::chunk::{Chunk, MAX_CHUNK_TOKENS, MAX_CONTEXT_TOKENS};
use ibid_core::span::Span;

use crate::extract::{Block, BlockKind};
use cut::Cutter;
use pack::Piece;

/// The longest chunk in bytes. Only odd text reaches it before [`MAX_CHUNK_TOKENS`]: white space, words of a kilobyte.
pub const MAX_CHUNK_BYTES: usize = 2048;

/// A chunk of fewer word pieces is tiny: it says little alone.
const TINY_TOKENS: usize = 40;

/// What stands between the parts of a context.
const CONTEXT_MARK: &str = " > ";

/// Counts word pieces.
///
/// It may count a text joined from two at white space or after punctuation as less than both together, never as more;
/// white space itself counts nothing. Chunks stay within their limit by that.
pub trait Measure {
    /// The word pieces of `text`.
    fn tokens(&mut self, text: &str) -> usize;

    /// The bytes of the longest prefix of `text` within `max` word pieces.
    ///
    /// It ends on a character boundary, at a word's end where possible, and is empty only if `text` is.
    fn prefix_within(&mut self, text: &str, max: usize) -> usize;
}

/// Cuts `text` into chunks; an empty text is one empty chunk.
///
/// `blocks` must be those that [`crate::extract::extract`] gave for this text. Each byte is counted at most three
/// times, so the cost is linear.
pub fn chunk(text: &str, blocks: &[Block], measure: &mut dyn Measure) -> Vec<Chunk> {
    let mut cutter = Cutter { text, measure };
    let mut parts: Vec<Part> = Vec::new();
    for unit in units(blocks) {
        for part in section(&mut cutter, &blocks[unit]) {
            match parts.last_mut() {
                Some(last) if joins(last, &part) => last.join(part),
                _ => parts.push(part),
            }
        }
    }
    let chunks = parts
        .into_iter()
        .filter_map(|part| Some(Chunk { span: Span::within(text, part.range)?, headings: part.headings }));
    let chunks: Vec<Chunk> = chunks.collect();
    match chunks.is_empty() {
        true => {
            Span::within(text, 0..0).map(|span| Chunk { span, headings: Vec::new() }).into_iter().collect()
        }
        false => chunks,
    }
}

/// What the embedder is told before a chunk: `Title > Heading > Sub`, within [`MAX_CONTEXT_TOKENS`].
///
/// A first heading that repeats the title is told once. Where it grows too long the outer headings go first, then
/// the ends of the title and of the innermost heading.
pub fn context<'h>(
    title: &'h str,
    headings: impl Iterator<Item = &'h str>,
    measure: &mut dyn Measure,
) -> String {
    let mut parts = vec![title.trim()];
    parts.extend(headings.map(str::trim).filter(|heading| !heading.is_empty()));
    if parts.get(1) == parts.first() || parts[0].is_empty() {
        parts.remove(0);
    }
    let mut context = parts.join(CONTEXT_MARK);
    while measure.tokens(&context) > MAX_CONTEXT_TOKENS && parts.len() > 2 {
        parts.remove(1);
        context = parts.join(CONTEXT_MARK);
    }
    if measure.tokens(&context) <= MAX_CONTEXT_TOKENS {
        return context;
    }
    if let [title, heading] = parts[..]
        && measure.tokens(title) > MAX_CONTEXT_TOKENS / 2
    {
        let kept = measure.prefix_within(title, MAX_CONTEXT_TOKENS / 2);
        context = [title[..kept].trim_end(), heading].join(CONTEXT_MARK);
    }
    let kept = measure.prefix_within(&context, MAX_CONTEXT_TOKENS);
    context.truncate(kept);
    context.truncate(context.trim_end().len());
    context
}

/// A chunk in the making.
#[derive(Debug)]
struct Part {
    range: Range<usize>,
    tokens: usize,
    headings: Vec<usize>,
    /// Whether it is front matter or a card, which nothing joins.
    alone: bool,
    /// Whether it is a whole section, or several.
    whole: bool,
    /// Whether it holds nothing but headings.
    bare: bool,
}

impl Part {
    /// Takes in the part that follows.
    fn join(&mut self, next: Part) {
        self.range.end = next.range.end;
        self.tokens += next.tokens;
        if !next.bare {
            let common = self.headings.iter().zip(&next.headings).take_while(|(a, b)| a == b).count();
            self.headings.truncate(common);
        }
    }
}

/// Whether a section's first part goes into the chunk before it.
///
/// Either both are tiny sections, siblings or parent and child: the chunk then stands under the headings above both.
/// Or nothing stands under the heading: it goes to what is before it under the same parent, for a chunk that is only
/// a heading says nothing, yet would answer every question that names it.
fn joins(last: &Part, next: &Part) -> bool {
    let fits =
        last.tokens + next.tokens <= MAX_CHUNK_TOKENS && next.range.end - last.range.start <= MAX_CHUNK_BYTES;
    let Some((_, parent)) = next.headings.split_last() else { return false };
    if !fits || last.alone || next.alone || !next.whole {
        return false;
    }
    let related =
        last.headings == parent || last.headings.split_last().is_some_and(|(_, above)| above == parent);
    let both_tiny = last.whole && related && last.tokens < TINY_TOKENS && next.tokens < TINY_TOKENS;
    both_tiny || (next.bare && last.headings.starts_with(parent))
}

/// The sections of a text as ranges of its blocks: headings and what follows them up to the next heading.
///
/// Headings that follow each other directly share a section, unless the later one stands above the earlier: then
/// nothing will follow the earlier one.
fn units(blocks: &[Block]) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let begins = match (block.kind, index.checked_sub(1).map(|before| &blocks[before])) {
            (_, None) | (_, Some(Block { kind: BlockKind::FrontMatter, .. })) | (BlockKind::Card, _) => true,
            (BlockKind::Heading, Some(before)) => {
                let parent = before.headings.split_last().map_or(&[][..], |(_, parent)| parent);
                before.kind != BlockKind::Heading || !block.headings.starts_with(parent)
            }
            _ => false,
        };
        if begins {
            starts.push(index);
        }
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([blocks.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| start..end).collect()
}

/// A section in as few parts as its size allows.
fn section(cutter: &mut Cutter<'_>, blocks: &[Block]) -> Vec<Part> {
    let pieces = cutter.pieces(blocks);
    let packed = pack::pack(&pieces);
    let whole = packed.len() == 1;
    let part = |run: Range<usize>| {
        let run = &pieces[run];
        let (first, last) = (run.first()?, run.last()?);
        let content = run.iter().find(|piece| !is_heading(blocks, piece));
        Some(Part {
            range: first.range.start..last.range.end,
            tokens: run.iter().map(|piece| piece.tokens).sum(),
            headings: blocks[content.unwrap_or(first).block].headings.clone(),
            alone: matches!(blocks[first.block].kind, BlockKind::FrontMatter | BlockKind::Card),
            whole,
            bare: content.is_none(),
        })
    };
    packed.into_iter().filter_map(part).collect()
}

fn is_heading(blocks: &[Block], piece: &Piece) -> bool {
    blocks[piece.block].kind == BlockKind::Heading
}

#[cfg(test)]
mod tests;
