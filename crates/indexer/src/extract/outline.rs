//! Headings and blocks as a format's reader comes upon them, in the text's order. What is a heading the reader decides.

use std::ops::Range;

use ibid_core::document::Heading;

use super::{Block, BlockKind, MAX_HEADINGS, lines, name_of, span_of};

/// The deepest level a heading may have.
const MAX_LEVEL: u8 = 6;

/// From this block on, those of a kind that are very short are taken together.
const MANY_BLOCKS: usize = 4_096;

/// From this block on, so are those of different kinds.
const TOO_MANY_BLOCKS: usize = 4 * MANY_BLOCKS;

/// How long a block is at least from then on.
const FEW_BYTES: usize = 128;

/// Whether what begins `after` bytes behind the `n`th block is none of its own: chunks are made of far more than such a
/// line, and each block costs many times its bytes. `is_alike` tells whether both are of a kind.
pub(super) fn is_crowded(n: usize, after: usize, is_alike: bool) -> bool {
    after < FEW_BYTES && n >= if is_alike { MANY_BLOCKS } else { TOO_MANY_BLOCKS }
}

/// The headings and the beginnings of blocks so far.
#[derive(Debug, Default)]
pub(super) struct Outline {
    headings: Vec<Heading>,
    /// The headings above the current place, as indexes.
    above: Vec<usize>,
    cuts: Vec<Cut>,
}

/// Where a block begins, before it is known where it ends.
#[derive(Debug)]
struct Cut {
    at: usize,
    kind: BlockKind,
    depth: usize,
    headings: Vec<usize>,
}

impl Outline {
    /// Begins a heading's block at `at`, a line's start; `span` is what is shown of it.
    ///
    /// Levels beyond 6 count as 6. After [`MAX_HEADINGS`] only the block begins.
    pub(super) fn heading(&mut self, at: usize, level: u8, text: &str, span: Range<usize>) {
        if self.headings.len() < MAX_HEADINGS {
            let level = level.clamp(1, MAX_LEVEL);
            self.rise(level);
            self.above.push(self.headings.len());
            self.headings.push(Heading { level, text: name_of(text), span: span_of(span) });
        }
        self.block(at, BlockKind::Heading);
    }

    /// Ends the headings of this level and deeper ones.
    pub(super) fn rise(&mut self, level: u8) {
        let kept = self.above.iter().take_while(|index| self.headings[**index].level < level).count();
        self.above.truncate(kept);
    }

    /// Begins a block at `at`, a line's start.
    pub(super) fn block(&mut self, at: usize, kind: BlockKind) {
        self.block_within(at, kind, 0);
    }

    /// Begins a block that `depth` lists or quotes stand around.
    ///
    /// It replaces one that begins at the same place, and is nothing where a block begins later already.
    pub(super) fn block_within(&mut self, at: usize, kind: BlockKind, depth: usize) {
        if self.cuts.last().is_some_and(|last| last.at > at) {
            return;
        }
        self.cuts.pop_if(|last| last.at == at);
        let goes_on = |last: &Cut| {
            let is_alike = (last.kind, last.depth) == (kind, depth) && last.headings == self.above;
            is_crowded(self.cuts.len(), at - last.at, is_alike)
        };
        if self.cuts.last().is_some_and(goes_on) {
            return;
        }
        self.cuts.push(Cut { at, kind, depth, headings: self.above.clone() });
    }

    /// Whether no block has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.cuts.is_empty()
    }

    /// The heading that is the text's title: it opens the text, and no other is of level 1.
    pub(super) fn title(&self) -> Option<&str> {
        let first = self.headings.first().filter(|heading| heading.level == 1)?;
        let opens =
            self.cuts.iter().find(|cut| cut.kind != BlockKind::FrontMatter)?.kind == BlockKind::Heading;
        let is_alone = self.headings.iter().skip(1).all(|heading| heading.level > 1);
        (opens && is_alone && !first.text.is_empty()).then_some(first.text.as_str())
    }

    /// The headings, and the whole of `text` as blocks.
    ///
    /// What stands before the first block belongs to it; a text in which none began is one of the kind `otherwise`.
    pub(super) fn over(mut self, text: &str, otherwise: BlockKind) -> (Vec<Heading>, Vec<Block>) {
        self.cuts.retain(|cut| cut.at < text.len());
        if self.cuts.is_empty() && !text.is_empty() {
            self.cuts.push(Cut { at: 0, kind: otherwise, depth: 0, headings: Vec::new() });
        }
        if let Some(first) = self.cuts.first_mut() {
            first.at = 0;
        }
        let ends: Vec<usize> = self.cuts.iter().skip(1).map(|cut| cut.at).chain([text.len()]).collect();
        let block = |(cut, end): (Cut, usize)| Block {
            span: span_of(cut.at..end),
            kind: cut.kind,
            depth: cut.depth,
            headings: cut.headings,
        };
        (self.headings, self.cuts.into_iter().zip(ends).map(block).collect())
    }
}

/// Where the lines of a text begin, to be asked in any order.
#[derive(Debug)]
pub(super) struct LineStarts {
    starts: Vec<usize>,
    end: usize,
}

impl LineStarts {
    /// Takes time linear in the text.
    pub(super) fn of(text: &str) -> LineStarts {
        LineStarts { starts: lines(text).map(|line| line.start).collect(), end: text.len() }
    }

    /// The line that holds the byte `at`, its end included; the last line for one beyond the text.
    pub(super) fn line(&self, at: usize) -> Range<usize> {
        let next = self.starts.partition_point(|start| *start <= at);
        let start = next.checked_sub(1).map_or(0, |index| self.starts[index]);
        start..self.starts.get(next).copied().unwrap_or(self.end)
    }
}

/// The range without the white space at its ends.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + (inner.len() - inner.trim_start().len());
    start..(range.start + inner.trim_end().len()).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_many_short_lines_are_not_a_block_each() {
        let text = "a\n".repeat(200_000);
        let mut outline = Outline::default();
        (0..200_000).for_each(|line| outline.block(2 * line, BlockKind::TableRow));
        let (_, blocks) = outline.over(&text, BlockKind::Paragraph);
        assert!(blocks.len() < 2 * MANY_BLOCKS, "{} blocks", blocks.len());
        assert!(blocks.iter().all(|block| block.span.len() as usize <= FEW_BYTES));
        assert_eq!(blocks.last().unwrap().span.range().end, text.len());
    }

    #[test]
    fn too_many_are_not_told_apart_by_their_kind() {
        let text = "a\n".repeat(200_000);
        let mut outline = Outline::default();
        (0..200_000).for_each(|line| outline.block_within(2 * line, BlockKind::Quote, line));
        let (_, blocks) = outline.over(&text, BlockKind::Paragraph);
        assert!(blocks.len() < 2 * TOO_MANY_BLOCKS, "{} blocks", blocks.len());
    }

    #[test]
    fn blocks_are_the_whole_text_under_their_headings() {
        let text = "\n# a\nb\n## c\n# d\n";
        let mut outline = Outline::default();
        outline.heading(1, 1, "a", 1..4);
        outline.block(5, BlockKind::Paragraph);
        outline.block(7, BlockKind::Code);
        outline.heading(7, 9, " c ", 7..11);
        outline.block(3, BlockKind::Code);
        outline.heading(12, 1, "d", 12..15);
        outline.block(text.len(), BlockKind::Code);
        let (headings, blocks) = outline.over(text, BlockKind::Paragraph);
        let blocks: Vec<_> = blocks
            .iter()
            .map(|block| (block.span.quote(text).unwrap(), block.kind, &block.headings[..]))
            .collect();
        assert_eq!(
            blocks,
            [
                ("\n# a\n", BlockKind::Heading, &[0][..]),
                ("b\n", BlockKind::Paragraph, &[0]),
                ("## c\n", BlockKind::Heading, &[0, 1]),
                ("# d\n", BlockKind::Heading, &[2]),
            ]
        );
        assert_eq!(
            headings.iter().map(|h| (h.level, h.text.as_str())).collect::<Vec<_>>(),
            [(1, "a"), (6, "c"), (1, "d")]
        );
    }

    #[test]
    fn every_byte_has_its_line() {
        let starts = LineStarts::of("ab\r\nc\rd");
        for (at, line) in [(0, 0..4), (3, 0..4), (4, 4..6), (6, 6..7), (9, 6..7)] {
            assert_eq!(starts.line(at), line);
        }
        assert_eq!(LineStarts::of("").line(0), 0..0);
    }
}
