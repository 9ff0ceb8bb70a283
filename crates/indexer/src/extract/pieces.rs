//! A very large text of little but signs, cut into pieces that are parsed one after another. Every other text is one
//! piece: cutting costs the structure that goes over a cut.

use std::ops::Range;

/// A text of at most as many bytes is never cut: its tree is a few megabytes at worst.
const WHOLE_BYTES: usize = 128 * 1024;

/// How long a piece is at most.
const PIECE_BYTES: usize = 64 * 1024;

/// A text with as many bytes for each node of its tree is never cut. A node takes 48; notes have ten bytes to one and more.
const BYTES_A_NODE: usize = 4;

/// What the parser makes a node of, wherever it stands.
const SIGNS: &[u8] = b"*_[]<&`$~!\\|";

/// How well a text may be cut where a line begins, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Within code: what follows is read as prose.
    Code,
    /// Within a table, a paragraph or a list: what follows is a paragraph or a list of its own.
    Line,
    /// Before an item of a list that stands in nothing.
    Item,
    /// Between blocks that stand in nothing.
    Block,
}

/// The pieces of `body`, in order and without gaps; at least one.
///
/// Reads each byte a fixed number of times. Links to a definition and footnotes do not reach from one piece into another.
pub(super) fn pieces(text: &str, body: Range<usize>) -> Vec<Range<usize>> {
    let inner = &text[body.clone()];
    if inner.len() <= WHOLE_BYTES || nodes(inner) * BYTES_A_NODE <= inner.len() {
        return vec![body];
    }
    let mut pieces = Vec::new();
    let mut piece = body.start;
    let mut best: Option<(Place, usize)> = None;
    for (at, place) in places(inner).chain([(inner.len(), Place::Block)]) {
        let at = body.start + at;
        while at - piece > PIECE_BYTES {
            let cut = match best.take() {
                Some((_, cut)) => cut,
                // A line longer than a piece.
                None => text.ceil_char_boundary(piece + PIECE_BYTES / 2),
            };
            pieces.push(piece..cut);
            piece = cut;
        }
        // Of a piece's first half none is taken: pieces would be as small as their text is well made.
        if at - piece > PIECE_BYTES / 2 && best.is_none_or(|(other, _)| other <= place) {
            best = Some((place, at));
        }
    }
    pieces.push(piece..body.end);
    pieces
}

/// About how many nodes the parser makes of a text.
fn nodes(text: &str) -> usize {
    let mut fence = Fence::default();
    text.lines()
        .map(|line| 2 + if fence.holds(line) { 0 } else { 2 * (signs(line) + containers(line)) })
        .sum()
}

fn signs(line: &str) -> usize {
    line.bytes().filter(|byte| SIGNS.contains(byte)).count()
}

/// The quotes and items that a line may open.
fn containers(line: &str) -> usize {
    let opens = line.bytes().take_while(|byte| b" \t>-+*.)0123456789".contains(byte));
    opens.filter(|byte| b">-+.)".contains(byte)).count()
}

/// Where lines begin, but for the first, and how well the text may be cut there.
fn places(text: &str) -> impl Iterator<Item = (usize, Place)> {
    let mut fence = Fence::default();
    let mut at = 0;
    let mut after_blank = false;
    text.split_inclusive(['\n', '\r']).filter_map(move |line| {
        let began = at;
        at += line.len();
        let was_open = fence.0.is_some();
        let in_code = fence.holds(line) && was_open;
        let stands_in_nothing = !line.starts_with([' ', '\t', '>', '\n', '\r']);
        let place = match () {
            () if in_code => Place::Code,
            () if stands_in_nothing && (after_blank || line.starts_with("# ")) => Place::Block,
            () if line.starts_with(['-', '*', '+']) && line[1..].starts_with(' ') => Place::Item,
            () => Place::Line,
        };
        after_blank = line.trim().is_empty();
        (began > 0).then_some((began, place))
    })
}

/// The fence that is open around a line, if any: its sign and how many there are.
#[derive(Debug, Default)]
struct Fence(Option<(u8, usize)>);

impl Fence {
    /// Takes the next line. Gives whether it is code, or opens or closes it.
    fn holds(&mut self, line: &str) -> bool {
        let line = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']).as_bytes();
        let sign = line.first().copied().filter(|sign| matches!(sign, b'`' | b'~'));
        let n = sign.map_or(0, |sign| line.iter().take_while(|byte| **byte == sign).count());
        match self.0 {
            Some((open, least)) => {
                if sign == Some(open) && n >= least && line[n..].trim_ascii().is_empty() {
                    self.0 = None;
                }
                true
            }
            None => {
                let opens = n >= 3 && !(sign == Some(b'`') && line[n..].contains(&b'`'));
                self.0 = sign.filter(|_| opens).map(|sign| (sign, n));
                opens
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_of_words_is_one_piece_however_long() {
        let line = "A sentence with a [[link]] and **strong** words, as people write them in notes.\n";
        let text = line.repeat(20_000);
        assert_eq!(pieces(&text, 5..text.len()), vec![5..text.len()]);
        let code = "```\n".to_owned() + &"a[i] = *b[i] & !c[i] | *d;\n".repeat(20_000) + "```\n";
        assert_eq!(pieces(&code, 0..code.len()).len(), 1);
        let short = "[".repeat(WHOLE_BYTES);
        assert_eq!(pieces(&short, 0..short.len()).len(), 1);
    }

    #[test]
    fn a_text_of_signs_is_cut_where_it_hurts_least() {
        let check = |text: &str, n: usize, begins: &[&str]| {
            let pieces = pieces(text, 0..text.len());
            assert!(pieces.len() >= n, "{}", pieces.len());
            for piece in &pieces[1..] {
                let rest = &text[piece.start..];
                assert!(begins.iter().any(|begins| rest.starts_with(begins)), "{:?}", &rest[..10]);
            }
        };
        check(&"- [[a]]\n  - [[b]]\n".repeat(10_000), 2, &["- [[a]]"]);
        check(&"|a|b|\n|c|d|\n\n".repeat(20_000), 3, &["|a|b|\n|c|"]);
        check(&"[[a]]\n```\n*b*\n```\n".repeat(10_000), 2, &["[[a]]", "```\n*b*"]);
        let fenced = "[[a]]\n\n```\n\n*b*\n\n```\n\n".repeat(20_000);
        check(&fenced, 4, &["[[a]]\n\n", "```\n\n*b*"]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole_text_and_none_is_long(signs in "([\\[*味\n\r >-]|\n\n|```){1,40}", n in 1..20_000usize) {
            let text = signs.repeat(n);
            let pieces = pieces(&text, 0..text.len());
            let mut at = 0;
            for piece in &pieces {
                prop_assert_eq!(piece.start, at);
                prop_assert!(text.is_char_boundary(piece.end) && piece.end > piece.start);
                at = piece.end;
            }
            prop_assert_eq!(at, text.len());
            prop_assert!(pieces.len() == 1 || pieces.iter().all(|piece| piece.len() <= PIECE_BYTES + 4));
        }
    }
}
