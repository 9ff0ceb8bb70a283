//! What a tool says when it cannot do what was asked: what is wrong, and what would be right. No path of this machine
//! and no word of a library gets out here; those are in the log.

use std::fmt::Write as _;

use ibid_core::citation::CitationError;
use ibid_core::id::CollectionName;
use ibid_core::query::{DATE_FORMS, MAX_QUERY_BYTES};
use ibid_search::{FetchError, SearchError};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::Value;

use super::KIND;
use super::arguments::BadArgument;
use crate::audit::Outcome;
use crate::library::{AskError, WorkLost};

/// The form of an id, for whoever got it wrong.
const ID_FORM: &str = "an id reads collection:path@hash:start-end for a passage, such as \
                       garden:Bread/Levain.md@3fa94c1b2d3e:1024-1380, or collection:path for a whole note; \
                       copy it unchanged from a result of search";

/// The longest message. Ids and patterns can be as long as a request.
const MAX_MESSAGE_CHARACTERS: usize = 2_000;

/// Why a tool call got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// An argument is wrong.
    #[error(transparent)]
    Argument(#[from] BadArgument),
    /// The id cannot be read.
    #[error("this is no id: {0}")]
    Id(#[from] CitationError),
    /// The question could not be answered.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The id leads nowhere.
    #[error("{error}")]
    Fetch {
        /// Why.
        error: FetchError,
        /// The collections there are.
        known: Vec<CollectionName>,
    },
    /// The work broke off.
    #[error(transparent)]
    Lost(#[from] WorkLost),
}

impl Refusal {
    /// The words for the caller.
    pub(crate) fn message(&self) -> String {
        shortened(self.whole_message())
    }

    fn whole_message(&self) -> String {
        match self {
            Refusal::Argument(error) => error.to_string(),
            Refusal::Id(error) => format!("this is no id: {error}; {ID_FORM}"),
            Refusal::Ask(error) => ask_message(error),
            Refusal::Fetch { error, known } => fetch_message(error, known),
            Refusal::Lost(error) => error.to_string(),
        }
    }

    /// What kind of failure it is.
    pub(crate) fn kind(&self) -> Outcome {
        match self {
            Refusal::Argument(_) | Refusal::Id(_) => Outcome::Validation,
            Refusal::Ask(error) => ask_kind(error),
            Refusal::Fetch { error: FetchError::Read(_), .. } | Refusal::Lost(_) => Outcome::Internal,
            Refusal::Fetch { .. } => Outcome::NotFound,
        }
    }

    /// The result that carries the words, and their kind for programs.
    pub(crate) fn into_result(self) -> CallToolResult {
        let mut result = CallToolResult::error(vec![ContentBlock::text(self.message())]);
        let kind = Value::from(self.kind().name());
        result.meta.get_or_insert_default().insert(KIND.to_owned(), kind);
        result
    }
}

fn ask_kind(error: &AskError) -> Outcome {
    match error {
        AskError::UnknownCollection { .. } => Outcome::NotFound,
        AskError::Search(
            SearchError::Embed(_) | SearchError::Read(_) | SearchError::VectorsDamaged { .. },
        )
        | AskError::Lost(_) => Outcome::Internal,
        AskError::NoModel { .. } | AskError::Search(_) => Outcome::Validation,
    }
}

fn ask_message(error: &AskError) -> String {
    match error {
        AskError::UnknownCollection { collection, known } => unknown_collection(collection, known),
        AskError::NoModel { .. } => format!("{error}; use mode lexical, or leave mode out"),
        AskError::Search(SearchError::EmptyQuestion) => {
            "query is empty: give a question or a few words to look for".to_owned()
        }
        AskError::Search(SearchError::QuestionTooLong { bytes }) => {
            format!("query has {bytes} bytes, at most {MAX_QUERY_BYTES} are read: ask in fewer words")
        }
        AskError::Search(SearchError::Glob { glob, reason }) => format!(
            "path {glob:?} is no pattern: {reason}; write it like Bread/** for a folder and all below it, \
             or **/*.md for every note of a kind"
        ),
        AskError::Search(
            SearchError::NoVectors { .. }
            | SearchError::VectorsDamaged { .. }
            | SearchError::OtherModel { .. },
        ) => format!("{error}; use mode lexical"),
        AskError::Search(SearchError::NewestByMeaning) => {
            format!("{error}; use mode hybrid or lexical, or leave sort out")
        }
        AskError::Search(SearchError::UnknownDay { .. }) => {
            format!("{error}; give {DATE_FORMS}")
        }
        AskError::Search(SearchError::Limit { .. } | SearchError::TooManyPhrasings { .. }) => {
            error.to_string()
        }
        AskError::Search(SearchError::Embed(_) | SearchError::Read(_)) => internal(error),
        AskError::Lost(error) => error.to_string(),
    }
}

fn fetch_message(error: &FetchError, known: &[CollectionName]) -> String {
    match error {
        FetchError::UnknownCollection { collection } => unknown_collection(collection.as_str(), known),
        FetchError::UnknownDocument { document } => format!(
            "no document {document}: paths are written exactly as the file's, upper and lower case included; \
             search finds the ids there are"
        ),
        FetchError::UnknownPart { document, anchor } => {
            format!("{document} has no heading or block {anchor:?}; fetch {document} shows those it has")
        }
        FetchError::Changed { reference } => format!(
            "the words of {reference} are not in the index any more, because the note changed after it was cited; \
             search again, or fetch {} for the note as it is now",
            reference.document()
        ),
        FetchError::Read(_) => internal(error),
    }
}

/// A message that repeats what it was given, without repeating all of it.
pub(crate) fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARACTERS) {
        message.truncate(end);
        message.push('…');
    }
    message
}

fn unknown_collection(wanted: &str, known: &[CollectionName]) -> String {
    let wanted: String = wanted.chars().take(64).collect();
    let mut message = format!("no collection {wanted:?}");
    match known {
        [] => message.push_str(": there is none yet"),
        known => {
            let known: Vec<_> = known.iter().map(CollectionName::as_str).collect();
            // Writing to a String cannot fail.
            let _ = write!(
                message,
                ": there {} {}",
                if known.len() == 1 { "is" } else { "are" },
                known.join(", ")
            );
        }
    }
    message
}

fn internal(error: &dyn std::error::Error) -> String {
    tracing::error!(%error, "a tool call failed");
    "internal error: the index could not be read; the server's log says more".to_owned()
}
