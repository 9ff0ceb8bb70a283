//! The fields of the tantivy index. One tantivy document is one chunk; what belongs to the whole document rides on the
//! chunk that begins it.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

use super::analyzer::document_analyzer;

/// The name under which tantivy knows our analyzer.
const ANALYZER: &str = "ibid";

/// A field that words are looked up in, and how much a match there counts.
pub(crate) struct Searched {
    pub(crate) field: Field,
    pub(crate) weight: f32,
}

/// Every field, by what it is for.
pub(crate) struct Fields {
    /// The document's path, whole: the key by which a document is replaced and found.
    pub(crate) path: Field,
    pub(crate) title: Field,
    pub(crate) alias: Field,
    pub(crate) heading: Field,
    pub(crate) tag_words: Field,
    pub(crate) path_words: Field,
    /// The chunk's bytes, searched and stored.
    pub(crate) body: Field,
    /// Tags and the tags above them, whole and in lower case, for filters.
    pub(crate) tag: Field,
    /// The hash a citation of the chunk carries.
    pub(crate) quote_hash: Field,
    /// Which vector belongs to the chunk.
    pub(crate) vector_key: Field,
    /// The chunk's first byte in the document.
    pub(crate) start: Field,
    /// The line of that byte, from 1.
    pub(crate) line: Field,
    /// 1 on the chunk that begins a document.
    pub(crate) begins: Field,
    /// The file's time of change in nanoseconds, on the first chunk.
    pub(crate) modified: Field,
    /// The file's size in bytes, on the first chunk.
    pub(crate) size: Field,
    /// The first 64 bits of the hash of the file's bytes, on the first chunk.
    pub(crate) content: Field,
    /// The document's record, on the first chunk.
    pub(crate) record: Field,
}

pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(ANALYZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        path: builder.add_text_field("path", STRING | STORED | FAST),
        title: builder.add_text_field("title", words.clone() | STORED),
        alias: builder.add_text_field("alias", words.clone()),
        heading: builder.add_text_field("heading", words.clone() | STORED),
        tag_words: builder.add_text_field("tag_words", words.clone()),
        path_words: builder.add_text_field("path_words", words.clone()),
        body: builder.add_text_field("body", words | STORED),
        tag: builder.add_text_field("tag", STRING),
        quote_hash: builder.add_u64_field("quote_hash", INDEXED),
        vector_key: builder.add_u64_field("vector_key", FAST),
        start: builder.add_u64_field("start", FAST),
        line: builder.add_u64_field("line", FAST),
        begins: builder.add_u64_field("begins", INDEXED),
        modified: builder.add_u64_field("modified", FAST),
        size: builder.add_u64_field("size", FAST),
        content: builder.add_u64_field("content", FAST),
        record: builder.add_bytes_field("record", STORED),
    };
    (builder.build(), fields)
}

impl Fields {
    /// The fields a question's words are looked up in.
    ///
    /// The weights are first guesses that rank a note named by the question above one that mentions it.
    pub(crate) fn searched(&self) -> [Searched; 6] {
        let searched = |field, weight| Searched { field, weight };
        [
            searched(self.body, 1.0),
            searched(self.title, 1.0),
            searched(self.alias, 1.0),
            searched(self.heading, 0.5),
            searched(self.tag_words, 0.3),
            searched(self.path_words, 0.2),
        ]
    }
}

pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(ANALYZER, document_analyzer());
    manager
}
