//! A chunk: the span that is indexed, embedded, found and cited. Cutting documents into chunks is the indexer's work.

use crate::span::Span;

/// The most word pieces of the bundled tokenizer in one chunk.
///
/// Together with [`MAX_CONTEXT_TOKENS`] and the two marks every input carries it stays within the 256 that the
/// bundled model sees.
pub const MAX_CHUNK_TOKENS: usize = 200;

/// The most word pieces of title and heading path that are put before a chunk for the embedder.
pub const MAX_CONTEXT_TOKENS: usize = 48;

/// A span of a document and the headings it stands under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes. The chunks of a document follow each other without gap or overlap.
    pub span: Span,
    /// The headings above it, outermost first, as indexes into [`Document::headings`](crate::document::Document).
    pub headings: Vec<usize>,
}
