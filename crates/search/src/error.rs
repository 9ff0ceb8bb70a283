//! Why a question or a citation could not be answered. "Nothing found" is not among these: that is an answer.

use ibid_core::citation::Reference;
use ibid_core::id::{CollectionName, DocumentId};
use ibid_core::query::{MAX_LIMIT, MAX_PHRASINGS, MAX_QUERY_BYTES};
use ibid_embed::EmbedError;
use ibid_index::ReadError;

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The question holds nothing but white space.
    #[error("the question is empty")]
    EmptyQuestion,
    /// The question is longer than anybody types.
    #[error("the question has {bytes} bytes, at most {MAX_QUERY_BYTES} are read")]
    QuestionTooLong {
        /// Its length.
        bytes: usize,
    },
    /// More phrasings than are answered with one list.
    #[error("{phrasings} phrasings of one question, at most {MAX_PHRASINGS} are asked")]
    TooManyPhrasings {
        /// How many.
        phrasings: usize,
    },
    /// The limit is 0 or too large.
    #[error("the limit is {limit}, it takes 1 to {MAX_LIMIT}")]
    Limit {
        /// What was asked.
        limit: usize,
    },
    /// The path filter is no glob.
    #[error("{glob:?} is no path pattern: {reason}")]
    Glob {
        /// What was asked.
        glob: String,
        /// Why it is none.
        reason: String,
    },
    /// A period such as "yesterday" was given, and what day it is was not, or the calendar has no such day.
    #[error("“{said}” cannot be told as a day")]
    UnknownDay {
        /// The period as it was said.
        said: String,
    },
    /// The newest first was asked for, of what is near in meaning.
    #[error("what is only near in meaning is not sorted by date")]
    NewestByMeaning,
    /// Only meaning was asked for, and the collection has no vectors.
    #[error("{collection} was indexed by words alone: it cannot be searched by meaning")]
    NoVectors {
        /// The collection.
        collection: CollectionName,
    },
    /// Only meaning was asked for, and a file of the vectors cannot be used.
    #[error("{collection} cannot be searched by meaning: its file {file} {state}")]
    VectorsDamaged {
        /// The collection.
        collection: CollectionName,
        /// The file's name.
        file: String,
        /// What is wrong with it.
        state: &'static str,
    },
    /// The model is not the one that made the vectors.
    #[error("the vectors of {collection} were made by {wanted}, not by {loaded}")]
    OtherModel {
        /// The collection.
        collection: CollectionName,
        /// The model in the manifest.
        wanted: String,
        /// The model at hand.
        loaded: String,
    },
    /// The question could not be embedded.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why a citation leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No collection of that name is open.
    #[error("no collection {collection}")]
    UnknownCollection {
        /// The name in the id.
        collection: CollectionName,
    },
    /// The collection does not hold the document.
    #[error("no document {document}")]
    UnknownDocument {
        /// The document asked for.
        document: DocumentId,
    },
    /// The document has no such heading or block.
    #[error("{document} has no heading or block {anchor:?}")]
    UnknownPart {
        /// The document asked for.
        document: DocumentId,
        /// The anchor asked for.
        anchor: String,
    },
    /// The document is there, the words are not: it was indexed again after the citation was made.
    #[error("the words of {reference} are not in the index any more")]
    Changed {
        /// The id asked for.
        reference: Box<Reference>,
    },
    /// The index could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}
