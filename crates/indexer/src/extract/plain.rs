//! Plain text: paragraphs between blank lines, and nothing else. No tag, link or heading is guessed.

use ibid_core::document::Document;
use ibid_core::id::DocumentPath;

use super::{Block, BlockKind, Extracted, Reading, lines, name_of, span_of};

pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let mut starts = vec![0];
    let (mut seen_words, mut after_blank) = (false, false);
    for line in lines(text) {
        let blank = text[line.clone()].trim_start_matches('\u{feff}').trim().is_empty();
        if !blank && after_blank && seen_words {
            starts.push(line.start);
        }
        seen_words |= !blank;
        after_blank = blank;
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let blocks = starts
        .iter()
        .zip(ends)
        .filter(|(start, end)| **start < *end)
        .map(|(&start, end)| Block {
            span: span_of(start..end),
            kind: BlockKind::Paragraph,
            depth: 0,
            headings: Vec::new(),
        })
        .collect();
    Extracted { document: titled(path), blocks, reading: Reading::default() }
}

/// A document of which nothing is known but its path.
pub(super) fn titled(path: &DocumentPath) -> Document {
    Document {
        path: path.clone(),
        title: name_of(path.stem()),
        aliases: Vec::new(),
        tags: Vec::new(),
        headings: Vec::new(),
        links: Vec::new(),
        properties: Vec::new(),
        block_ids: Vec::new(),
    }
}
