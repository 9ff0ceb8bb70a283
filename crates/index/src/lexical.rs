//! The lexical leg's part of the index: which fields there are, how text becomes terms. Asking it is in
//! [`snapshot`](crate::snapshot), filling it in [`writer`](crate::writer).

mod analyzer;
pub(crate) mod schema;
pub(crate) mod sealed;

pub use analyzer::{QuestionWord, Word, words_of_document, words_of_question};
