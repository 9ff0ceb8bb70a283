//! Blocks cut into pieces that fit a chunk: whole where they fit, else at sentences and lines, then words, then
//! characters. How pieces go together is [`super::pack`]'s affair.

use std::ops::Range;

use ibid_core::chunk::MAX_CHUNK_TOKENS;
use unicode_segmentation::GraphemeCursor;

use super::pack::{NEVER, Piece};
use super::{MAX_CHUNK_BYTES, Measure};
use crate::extract::{Block, BlockKind, lines};

/// What a break costs, from the best to the worst place.
mod cost {
    pub(super) const RULE: u8 = 0;
    pub(super) const BLOCK: u8 = 1;
    pub(super) const ITEM: u8 = 2;
    pub(super) const ROW: u8 = 3;
    /// Each list or quote around a block makes a break worse, up to this many.
    pub(super) const MAX_DEPTH: usize = 3;
    /// Between words like "as follows:" or "**In bold**", alone on their line, and what follows.
    pub(super) const INTRODUCTION: u8 = 6;
    /// A table's first row names the columns of the second.
    pub(super) const AFTER_TABLE_HEAD: u8 = 6;
    pub(super) const SENTENCE: u8 = 6;
    pub(super) const BLANK_LINE: u8 = 6;
    pub(super) const LINE: u8 = 7;
    pub(super) const WORD: u8 = 8;
}

/// Shorter parts of a block are not counted alone: a million line ends are no million pieces.
const MIN_PART_BYTES: usize = 24;

/// The least room beside a heading that is worth a part of what follows it.
const MIN_ROOM_TOKENS: usize = 20;

/// Room for so many word pieces and bytes.
#[derive(Debug, Clone, Copy)]
struct Room {
    tokens: usize,
    bytes: usize,
}

const WHOLE: Room = Room { tokens: MAX_CHUNK_TOKENS, bytes: MAX_CHUNK_BYTES };

impl Room {
    fn less(self, piece: &Piece) -> Room {
        Room {
            tokens: self.tokens.saturating_sub(piece.tokens),
            bytes: self.bytes.saturating_sub(piece.range.len()),
        }
    }

    fn holds(self, piece: &Piece) -> bool {
        piece.tokens <= self.tokens && piece.range.len() <= self.bytes
    }
}

/// A text and what measures it.
pub(super) struct Cutter<'a> {
    pub(super) text: &'a str,
    pub(super) measure: &'a mut dyn Measure,
}

impl Cutter<'_> {
    /// The blocks of a section as pieces that each fit a chunk; `block` in them counts from the first of `blocks`.
    pub(super) fn pieces(&mut self, blocks: &[Block]) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(blocks.len());
        // What the headings before the block leave of their chunk.
        let mut room = WHOLE;
        for (index, block) in blocks.iter().enumerate() {
            let cost = match index.checked_sub(1) {
                Some(before) => self.cost_between(&blocks[before], block),
                None => cost::RULE,
            };
            let first = pieces.len();
            self.cut(
                block,
                room,
                Piece { range: block.span.range(), tokens: 0, cost, block: index },
                &mut pieces,
            );
            room = match block.kind {
                BlockKind::Heading => pieces[first..].iter().fold(room, |room, piece| room.less(piece)),
                _ => WHOLE,
            };
            if room.tokens < MIN_ROOM_TOKENS || room.bytes < MIN_ROOM_TOKENS {
                room = WHOLE;
            }
        }
        pieces
    }

    /// Adds a block whole if `room` holds it, else in parts of which `room` holds the first.
    ///
    /// A heading is not cut to stay with the headings before it.
    fn cut(&mut self, block: &Block, room: Room, whole: Piece, into: &mut Vec<Piece>) {
        let room = if block.kind == BlockKind::Heading { WHOLE } else { room };
        if whole.range.len() <= room.bytes {
            let counted =
                Piece { tokens: self.measure.tokens(&self.text[whole.range.clone()]), ..whole.clone() };
            if room.holds(&counted) {
                into.push(counted);
                return;
            }
        }
        let parts = match block.kind {
            BlockKind::Code | BlockKind::FrontMatter | BlockKind::Html => {
                line_parts(self.text, whole.range.clone())
            }
            _ => sentence_parts(self.text, whole.range.clone()),
        };
        let mut room = room;
        for (range, cost) in parts {
            let cost = if range.start == whole.range.start { whole.cost } else { cost };
            let part = Piece { range, cost, ..whole.clone() };
            match is_drawn(&self.text[part.range.clone()]) {
                true => self.cut_drawn(part, into),
                false => self.cut_part(part, room, into),
            }
            room = WHOLE;
        }
    }

    /// Adds a drawn line in small pieces, so that it fills chunks of words and makes none of its own.
    fn cut_drawn(&mut self, part: Piece, into: &mut Vec<Piece>) {
        let Range { mut start, end } = part.range;
        let ink = start + self.text[start..end].trim_end().len();
        let mut cost = part.cost;
        while start < end {
            // The white space at the end stays in one piece, as far as a chunk holds it.
            let length = if start < ink { (ink - start).min(MIN_PART_BYTES) } else { MAX_CHUNK_BYTES };
            let next = if start + length == ink {
                end.min(start + MAX_CHUNK_BYTES)
            } else {
                end.min(start + length)
            };
            let tokens = self.measure.tokens(&self.text[start..next]);
            into.push(Piece { range: start..next, tokens, cost, block: part.block });
            (start, cost) = (next, cost::WORD);
        }
    }

    /// Adds a sentence or line whole if `room` holds it, else cut between words.
    fn cut_part(&mut self, part: Piece, mut room: Room, into: &mut Vec<Piece>) {
        let Range { mut start, end } = part.range.clone();
        let mut cost = part.cost;
        while start < end {
            if end - start <= MAX_CHUNK_BYTES {
                // The rest of a word that was cut may count nothing, yet must not be joined to its full other half.
                let least = usize::from(start > part.range.start);
                let tokens = self.measure.tokens(&self.text[start..end]).max(least);
                let rest = Piece { range: start..end, tokens, cost, block: part.block };
                if room.holds(&rest) {
                    into.push(rest);
                    return;
                }
            }
            let length = self.prefix(start..end, room);
            into.push(Piece { range: start..start + length, tokens: room.tokens, cost, block: part.block });
            start += length;
            cost = cost::WORD;
            room = WHOLE;
        }
    }

    /// The bytes of a prefix of the range within `room`, the white space after it included; at least one character.
    fn prefix(&mut self, range: Range<usize>, room: Room) -> usize {
        let rest = &self.text[range];
        let window = &rest[..rest.floor_char_boundary(room.bytes)];
        let kept = self.measure.prefix_within(window, room.tokens).min(window.len());
        let kept = window.floor_char_boundary(kept);
        let kept = self.between_graphemes(rest, kept, room);
        let spaces = window[kept..].len() - window[kept..].trim_start().len();
        let mut kept = kept + spaces;
        if rest[..kept].ends_with('\r') && rest[kept..].starts_with('\n') {
            kept -= 1;
        }
        match (kept, rest.chars().next()) {
            (0, Some('\r')) if rest.starts_with("\r\n") => 2,
            (0, Some(first)) => first.len_utf8(),
            _ => kept,
        }
    }

    /// The last place up to `at` that does not split what a reader sees as one character, if there is one.
    fn between_graphemes(&mut self, rest: &str, at: usize, room: Room) -> usize {
        // Enough to see whether the characters around `at` belong together.
        let seen = &rest[..rest.ceil_char_boundary((at + 16).min(rest.len()))];
        let mut cursor = GraphemeCursor::new(at, seen.len(), true);
        if at == 0 || cursor.is_boundary(seen, 0).unwrap_or(true) {
            return at;
        }
        match cursor.prev_boundary(seen, 0) {
            // A prefix of a word may have more pieces than the word.
            Ok(Some(before)) if before > 0 && self.measure.tokens(&rest[..before]) <= room.tokens => before,
            _ => at,
        }
    }

    /// What it costs to break between two blocks of a section.
    fn cost_between(&self, before: &Block, block: &Block) -> u8 {
        let deeper = block.depth.min(cost::MAX_DEPTH) as u8;
        let introduced = || introduces(before.span.quote(self.text).unwrap_or_default());
        match (before.kind, block.kind) {
            (BlockKind::Heading, _) => NEVER,
            (_, BlockKind::Heading) | (BlockKind::Rule, _) => cost::RULE,
            (BlockKind::TableHead, _) => cost::AFTER_TABLE_HEAD,
            _ if introduced() => cost::INTRODUCTION,
            (BlockKind::TableRow, BlockKind::TableRow) => cost::ROW + deeper,
            // A rule closes what is before it.
            (_, BlockKind::Rule) => cost::ROW,
            (BlockKind::Quote, BlockKind::Quote) => cost::ITEM + deeper,
            (BlockKind::ListItem, BlockKind::ListItem) => cost::ITEM + deeper,
            _ => cost::BLOCK + deeper,
        }
    }
}

/// Parts of a block in order, each with what a break before it costs.
type Parts = Vec<(Range<usize>, u8)>;

/// The lines of a range, each with what a break before it costs; white space goes with the line before it.
fn line_parts(text: &str, range: Range<usize>) -> Parts {
    let mut parts: Parts = Vec::new();
    let mut after_blank = false;
    for line in lines(&text[range.clone()]) {
        let line = range.start + line.start..range.start + line.end;
        let blank = text[line.clone()].trim().is_empty();
        match parts.last_mut() {
            Some((last, _)) if blank || (last.len() < MIN_PART_BYTES && !after_blank) => last.end = line.end,
            _ => parts.push((line, if after_blank { cost::BLANK_LINE } else { cost::LINE })),
        }
        after_blank = blank;
    }
    parts
}

/// Whether a block only leads to the next: it ends in a colon, or is a line in bold, as those write who avoid headings.
fn introduces(quote: &str) -> bool {
    let words = quote.trim();
    let is_bold = |marks: &str| {
        let inner = words.strip_prefix(marks).and_then(|words| words.strip_suffix(marks));
        inner
            .is_some_and(|inner| !inner.is_empty() && !inner.contains(marks) && !inner.contains(['\n', '\r']))
    };
    words.trim_end_matches(['*', '_']).ends_with([':', '：']) || is_bold("**") || is_bold("__")
}

/// Whether a line is drawn, not written: the dashes under a table's head, a row of signs.
///
/// Each of its marks counts as a word piece, so one such line can be a chunk's worth and say nothing.
fn is_drawn(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_punctuation() || b == b' ' || b == b'\n')
        && text.bytes().any(|b| b.is_ascii_punctuation())
}

/// How the sentence so far ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Not,
    /// With a mark that white space must follow, for it stands in numbers and names too.
    Spaced,
    /// With a mark of a script that writes no spaces.
    Full,
}

/// The white space since the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    Nothing,
    Space,
    Line,
}

/// The sentences of a range, each with what a break before it costs; a line's end ends one too, though a worse one.
fn sentence_parts(text: &str, range: Range<usize>) -> Parts {
    let mut parts: Parts = Vec::new();
    let (mut start, mut cost) = (range.start, cost::SENTENCE);
    let (mut stop, mut gap) = (Stop::Not, Gap::Nothing);
    for (at, character) in text[range.clone()].char_indices() {
        let at = range.start + at;
        if character.is_whitespace() {
            gap = gap.max(if matches!(character, '\n' | '\r') { Gap::Line } else { Gap::Space });
            continue;
        }
        if let Some(next_cost) = cost_of_sentence(stop, gap, character)
            && at - start >= MIN_PART_BYTES
        {
            parts.push((start..at, cost));
            (start, cost) = (at, next_cost);
        }
        stop = match character {
            '.' | '!' | '?' | '…' => Stop::Spaced,
            '。' | '！' | '？' | '｡' => Stop::Full,
            _ if is_closing(character) && gap == Gap::Nothing => stop,
            _ => Stop::Not,
        };
        gap = Gap::Nothing;
    }
    if start < range.end {
        parts.push((start..range.end, cost));
    }
    parts
}

/// What a break before `next` costs; `None` where there is no place for one.
fn cost_of_sentence(stop: Stop, gap: Gap, next: char) -> Option<u8> {
    match (stop, gap) {
        (Stop::Full, Gap::Nothing) if is_closing(next) || matches!(next, '。' | '！' | '？') => None,
        (Stop::Full, _) => Some(cost::SENTENCE),
        // "e.g. this" goes on.
        (Stop::Spaced, Gap::Space | Gap::Line) if !next.is_lowercase() => Some(cost::SENTENCE),
        (_, Gap::Line) => Some(cost::LINE),
        _ => None,
    }
}

/// Whether a character may stand between a sentence's mark and its end.
fn is_closing(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | ')' | ']' | '*' | '_' | '”' | '’' | '»' | '」' | '』' | '）' | '】' | '》'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: fn(&str, Range<usize>) -> Parts, text: &str, expected: &[(&str, u8)]) {
        let found: Vec<_> =
            parts(text, 0..text.len()).into_iter().map(|(range, cost)| (&text[range], cost)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_sentence_ends_where_a_reader_would_stop() {
        check(
            sentence_parts,
            "The dough rests for an hour, e.g. in a bowl. \"Then it is folded three times.\" It takes 1.5 hours\nand more, no less than that.\n\nThe end of it all is near.",
            &[
                ("The dough rests for an hour, e.g. in a bowl. ", cost::SENTENCE),
                ("\"Then it is folded three times.\" ", cost::SENTENCE),
                ("It takes 1.5 hours\nand more, no less than that.\n\n", cost::SENTENCE),
                ("The end of it all is near.", cost::SENTENCE),
            ],
        );
        check(
            sentence_parts,
            "検索エンジンの評価用の文章。「短い文です。」次の文章はここで始まります！終わり",
            &[
                ("検索エンジンの評価用の文章。", cost::SENTENCE),
                ("「短い文です。」", cost::SENTENCE),
                ("次の文章はここで始まります！", cost::SENTENCE),
                ("終わり", cost::SENTENCE),
            ],
        );
        check(
            sentence_parts,
            "a line without any mark at all\r\nand another such line\r\n",
            &[
                ("a line without any mark at all\r\n", cost::SENTENCE),
                ("and another such line\r\n", cost::LINE),
            ],
        );
    }

    #[test]
    fn code_breaks_at_blank_lines_first() {
        check(
            line_parts,
            "fn first() { body(); more() }\n\nfn second() { body(); more() }\nfn third() {}\n",
            &[
                ("fn first() { body(); more() }\n\n", cost::LINE),
                ("fn second() { body(); more() }\n", cost::BLANK_LINE),
                ("fn third() {}\n", cost::LINE),
            ],
        );
    }
}
