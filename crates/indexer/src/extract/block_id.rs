//! Block ids: `^name` at the end of a block, or on a line of its own after one. Links that name them lead to the block.

use ibid_core::document::BlockId;
use ibid_core::span::Span;

use super::{Block, BlockKind};

/// The most block ids kept of one document.
const MAX_BLOCK_IDS: usize = 10_000;

/// The blocks that bear a name, in order.
pub(super) fn find(text: &str, blocks: &[Block]) -> Vec<BlockId> {
    let mut found = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let bears = !matches!(block.kind, BlockKind::Code | BlockKind::FrontMatter | BlockKind::Html);
        let Some(quote) = block.span.quote(text).filter(|_| bears && found.len() < MAX_BLOCK_IDS) else {
            continue;
        };
        let quote = quote.trim_end();
        let Some(name) = name_at_end(quote) else { continue };
        let first = if quote.trim().len() == name.len() + 1 { before(blocks, at) } else { at };
        let end = match block.kind {
            BlockKind::ListItem => end_of_item(text, blocks, at),
            _ => block.span.start() + quote.len() as u32,
        };
        let span =
            Span::claimed(blocks[first].span.start(), end).expect("a block ends behind those before it");
        found.push(BlockId { name: name.to_owned(), span });
    }
    found
}

/// The name that ends a line, alone or after white space. Scripts without spaces between words need none here either.
fn name_at_end(line: &str) -> Option<&str> {
    let (before, name) = line.rsplit_once('^')?;
    let is_apart = before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || !c.is_ascii());
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (is_apart && is_name).then_some(name)
}

/// The first block of what a name on a line of its own names: the whole table, list or quote before it, or the one
/// block.
fn before(blocks: &[Block], at: usize) -> usize {
    let Some(mut first) = at.checked_sub(1) else { return at };
    let goes_on = |kind: BlockKind| match blocks[first].kind {
        BlockKind::TableRow | BlockKind::TableHead => {
            matches!(kind, BlockKind::TableRow | BlockKind::TableHead)
        }
        BlockKind::ListItem => kind == BlockKind::ListItem,
        BlockKind::Quote => kind == BlockKind::Quote,
        _ => false,
    };
    let length = blocks[..first].iter().rev().take_while(|block| goes_on(block.kind)).count();
    first -= length;
    first
}

/// Where a list item ends with all that is nested in it.
fn end_of_item(text: &str, blocks: &[Block], at: usize) -> u32 {
    let depth = blocks[at].depth;
    let nested = blocks[at + 1..].iter().take_while(|block| block.depth > depth);
    let last = nested.last().unwrap_or(&blocks[at]);
    last.span.quote(text).map_or(last.span.end(), |quote| last.span.trimmed(quote).end())
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;

    use crate::extract::extract;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let document = extract(&DocumentPath::new("a.md").unwrap(), text).document;
        let found: Vec<_> = document
            .block_ids
            .iter()
            .map(|id| (id.name.as_str(), id.span.quote(text).unwrap().trim()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_name_at_the_end_names_its_paragraph() {
        check(
            "One line. ^a1\n\nTwo\nlines ^b-2\n\nx^2 and ^not this",
            &[("a1", "One line. ^a1"), ("b-2", "Two\nlines ^b-2")],
        );
    }

    #[test]
    fn a_name_needs_no_space_after_a_script_that_has_none() {
        check("看看。^4f22e2\n\nmc^2", &[("4f22e2", "看看。^4f22e2")]);
    }

    #[test]
    fn a_named_item_includes_what_is_nested_in_it() {
        check("- a ^x\n  - b\n- c", &[("x", "- a ^x\n  - b")]);
        check("- a ^x\n\t- b ^y\n- c", &[("x", "- a ^x\n\t- b ^y"), ("y", "- b ^y")]);
    }

    #[test]
    fn a_name_of_its_own_line_names_what_stands_before_it() {
        check(
            "p\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n^t",
            &[("t", "| a | b |\n|---|---|\n| 1 | 2 |\n\n^t")],
        );
        check("> q\n> r\n\n^q", &[("q", "> q\n> r\n\n^q")]);
        check("- a\n- b\n\n^l", &[("l", "- a\n- b\n\n^l")]);
    }

    #[test]
    fn code_bears_no_name() {
        check("```\nx ^y\n```", &[]);
    }
}
