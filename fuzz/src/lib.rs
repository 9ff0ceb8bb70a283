//! What must hold of any text, however hostile: blocks and chunks are the whole of it, every place lies within it on
//! character boundaries, every citation reads back as itself and quotes its words, and equal input gives equal output.

use std::cell::RefCell;

use ibid_core::citation::Citation;
use ibid_core::hash::QuoteHash;
use ibid_core::id::{DocumentId, DocumentPath};
use ibid_core::links;
use ibid_core::span::Span;
use ibid_embed::{TokenCounter, bundled_tokens};
use ibid_indexer::chunk::{MAX_CHUNK_BYTES, chunk};
use ibid_indexer::extract::{BlockKind, Extracted, extract, text_of};

thread_local! {
    static TOKENS: RefCell<TokenCounter> = RefCell::new(bundled_tokens().expect("the model is bundled"));
}

/// Reads the bytes as a file of this name; what is no text is refused and nothing else.
pub fn check_file(name: &str, bytes: &[u8]) {
    let path = DocumentPath::new(name).expect("targets name files as the indexer does");
    let Ok(decoded) = text_of(&path, bytes.to_vec()) else { return };
    assert_eq!(text_of(&path, bytes.to_vec()).as_ref(), Ok(&decoded), "equal bytes, equal text");
    check_text(&path, &decoded.text);
}

/// Reads a text as a file of this name.
pub fn check_text(path: &DocumentPath, text: &str) {
    let extracted = extract(path, text);
    assert_eq!(extract(path, text), extracted, "equal text, equal structure");
    check_blocks(text, &extracted);
    check_places(text, &extracted);
    check_chunks(path, text, &extracted);
}

fn check_blocks(text: &str, extracted: &Extracted) {
    let mut at = 0;
    for block in &extracted.blocks {
        let range = block.span.range();
        assert!(range.start == at && range.end > at, "{block:?} follows {at}");
        // Cards of a canvas stand within the lines of its JSON.
        let begins = at == 0 || text[..at].ends_with(['\n', '\r']) || block.kind == BlockKind::Card;
        assert!(begins, "{block:?} begins a line");
        assert!(block.headings.iter().all(|heading| *heading < extracted.document.headings.len()));
        at = range.end;
    }
    // A picture has no text and no blocks.
    assert!(at == text.len(), "the blocks end at {at}, the text at {}", text.len());
}

fn check_places(text: &str, extracted: &Extracted) {
    let Extracted { document, reading, .. } = extracted;
    let holds = |span: Span| assert!(span.quote(text).is_some(), "{span:?} lies within the text");
    document.headings.iter().for_each(|heading| holds(heading.span));
    document.links.iter().for_each(|link| holds(link.span));
    document.block_ids.iter().for_each(|id| holds(id.span));
    reading.facts.iter().for_each(|fact| holds(fact.span));
    for aside in &reading.asides {
        holds(aside.counts_in);
        holds(aside.words);
    }
    let meant: Vec<Span> = reading.meant.iter().map(|meant| meant.span).collect();
    for apart in [&reading.comments, &reading.noise, &meant] {
        apart.iter().copied().for_each(holds);
        assert!(apart.windows(2).all(|pair| pair[0].end() <= pair[1].start()), "apart and in order");
    }
    for link in &document.links {
        let anchor = link.anchor.as_deref().unwrap_or_default();
        links::part(document, text.len() as u32, anchor).into_iter().for_each(holds);
    }
}

fn check_chunks(path: &DocumentPath, text: &str, extracted: &Extracted) {
    let chunks = TOKENS.with_borrow_mut(|tokens| chunk(text, &extracted.blocks, tokens));
    let mut at = 0;
    for chunk in &chunks {
        let span = chunk.span;
        assert!(span.range().start == at && span.range().len() <= MAX_CHUNK_BYTES, "{span:?} follows {at}");
        assert!(!span.is_empty() || text.is_empty(), "{span:?} holds something");
        assert!(chunk.headings.iter().all(|heading| *heading < extracted.document.headings.len()));
        at = span.range().end;
        let cited = span.trimmed(span.quote(text).expect("a chunk lies within its text"));
        let quote = cited.quote(text).expect("a citation lies within its text");
        check_citation(&Citation {
            document: DocumentId { collection: "notes".parse().expect("a plain name"), path: path.clone() },
            hash: QuoteHash::of(quote),
            span: cited,
        });
    }
    assert_eq!(at, text.len(), "the chunks are the whole text");
}

/// A citation reads back as itself from its own words, and within an address.
pub fn check_citation(citation: &Citation) {
    let written = citation.to_string();
    assert_eq!(written.parse::<Citation>().as_ref(), Ok(citation), "{written}");
    assert!(!written.contains(char::is_whitespace), "{written}");
    let page = format!("http://localhost/d/{written}#here");
    assert_eq!(page.parse::<Citation>().as_ref(), Ok(citation), "{page}");
}
