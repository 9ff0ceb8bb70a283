//! The fields of the tantivy index. One tantivy document is one chunk; what belongs to the whole document rides on the
//! chunk that begins it.

use ibid_core::language::Language;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

use super::analyzer::{document_analyzer, language_mark};

/// The name under which tantivy knows our analyzer.
const ANALYZER: &str = "ibid";

/// How many times a word of the title or an alias counts where one of the body counts once.
///
/// It hardly matters: with 1, 2, 3 nDCG@10 of words alone is .684, .683, .682 on SciFact's training questions, .703,
/// .706, .707 on `data/vault` and .515, .511, .515 on Cranfield; headings 0 to 2 times move none of them by more than
/// .002. A body that counts twice beside them costs Cranfield .03.
const TITLE_COUNTS: usize = 3;
/// The same for a heading above the chunk.
const HEADING_COUNTS: usize = 1;
/// The same for a tag and for a folder of the path.
const TAG_COUNTS: usize = 1;
const FOLDER_COUNTS: usize = 1;
/// The same for a word that stands elsewhere and counts here too.
const ASIDE_COUNTS: usize = 1;

/// Every field, by what it is for.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    /// The document's path, whole: the key by which a document is replaced and found.
    pub(crate) path: Field,
    /// Everything a question's words are looked up in: see [`Fields::add_words`].
    pub(crate) words: Field,
    /// The words of title and aliases, for filters.
    pub(crate) title_words: Field,
    /// What the document is called, whole, on the first chunk: see [`super::name`].
    pub(crate) name: Field,
    /// The title, stored.
    pub(crate) title: Field,
    /// The headings above the chunk, stored.
    pub(crate) heading: Field,
    /// The chunk's bytes, stored.
    pub(crate) body: Field,
    /// The number of the document's language.
    pub(crate) language: Field,
    /// The document's date in seconds since 1970, for filters.
    pub(crate) date: Field,
    /// The document's properties, and what is known of the chunk, as `key` and `key=value` in lower case, and in the
    /// order of numbers and dates, for filters.
    pub(crate) property: Field,
    /// Tags and the tags above them, whole and in lower case, for filters.
    pub(crate) tag: Field,
    /// The hash a citation of the chunk carries.
    pub(crate) quote_hash: Field,
    /// Which vector belongs to the chunk.
    pub(crate) vector_key: Field,
    /// The words of the chunk's comments, for filters.
    pub(crate) comment: Field,
    /// The targets of the chunk's links, as written.
    pub(crate) link: Field,
    /// The targets of its embeds, as written.
    pub(crate) embed: Field,
    /// The document's aliases, on the first chunk.
    pub(crate) alias: Field,
    /// The chunk's first byte in the document.
    pub(crate) start: Field,
    /// What a citation of the chunk names, where that is not the chunk without the white space at its ends.
    pub(crate) cited: Field,
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
        words: builder.add_text_field("words", words.clone()),
        title_words: builder.add_text_field("title_words", words.clone()),
        name: builder.add_text_field("name", STRING),
        title: builder.add_text_field("title", STORED),
        heading: builder.add_text_field("heading", STORED),
        body: builder.add_text_field("body", STORED),
        language: builder.add_u64_field("language", INDEXED | FAST),
        date: builder.add_i64_field("date", FAST),
        property: builder.add_text_field("property", STRING),
        tag: builder.add_text_field("tag", STRING),
        quote_hash: builder.add_u64_field("quote_hash", INDEXED),
        vector_key: builder.add_u64_field("vector_key", FAST),
        comment: builder.add_text_field("comment", words),
        link: builder.add_text_field("link", FAST),
        embed: builder.add_text_field("embed", FAST),
        alias: builder.add_text_field("alias", FAST),
        start: builder.add_u64_field("start", FAST),
        cited: builder.add_u64_field("cited", FAST),
        line: builder.add_u64_field("line", FAST),
        begins: builder.add_u64_field("begins", INDEXED),
        modified: builder.add_u64_field("modified", FAST),
        size: builder.add_u64_field("size", FAST),
        content: builder.add_u64_field("content", FAST),
        record: builder.add_bytes_field("record", STORED),
    };
    (builder.build(), fields)
}

/// What a chunk is found by.
pub(crate) struct ChunkWords<'a> {
    pub(crate) language: Language,
    pub(crate) title: &'a str,
    pub(crate) aliases: &'a [String],
    pub(crate) headings: Vec<&'a str>,
    pub(crate) tags: &'a [String],
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
    pub(crate) asides: &'a [String],
    pub(crate) comments: &'a [String],
}

impl Fields {
    /// Puts a chunk's words into `document`.
    ///
    /// All go into one field, names more often than once. That is BM25F (Robertson, Zaragoza and Taylor, CIKM 2004)
    /// with whole weights: one list of postings for each word of a question instead of one a field, and a word that
    /// stands in title and body is not paid twice over. Values are apart, so that no phrase reaches from one into the
    /// next.
    pub(crate) fn add_words(&self, document: &mut TantivyDocument, chunk: &ChunkWords<'_>) {
        let mark = language_mark(chunk.language);
        let mut add = |field, text: &str, count: usize| {
            for _ in 0..count {
                document.add_text(field, format!("{mark}{text}"));
            }
        };
        add(self.words, chunk.body, 1);
        chunk.asides.iter().for_each(|words| add(self.words, words, ASIDE_COUNTS));
        chunk.comments.iter().for_each(|words| add(self.comment, words, 1));
        for name in chunk.aliases.iter().map(String::as_str).chain([chunk.title]) {
            add(self.words, name, TITLE_COUNTS);
            add(self.title_words, name, 1);
        }
        // A note is called by its file's name too, whatever stands above its text.
        if let Some(stem) = Some(stem(chunk.path)).filter(|stem| *stem != chunk.title) {
            // A number or a date says little of it, and would count as so many words more.
            let counts = if stem.contains(char::is_alphabetic) { TITLE_COUNTS } else { 0 };
            add(self.words, stem, counts);
            add(self.title_words, stem, 1);
        }
        // A heading that repeats the title has been counted.
        for heading in chunk.headings.iter().filter(|heading| **heading != chunk.title) {
            add(self.words, heading, HEADING_COUNTS);
        }
        for tag in chunk.tags {
            add(self.words, &format!("#{tag}"), TAG_COUNTS);
        }
        for folder in folders(chunk.path) {
            add(self.words, folder, FOLDER_COUNTS);
        }
    }
}

/// The folders of a path, and the file's name without its extension.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').chain([stem(path)]).filter(|folder| !folder.is_empty())
}

/// A file's name without its extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(ANALYZER, document_analyzer());
    manager
}
