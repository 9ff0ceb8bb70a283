//! The lexical leg's part of the index: which fields there are, how text becomes terms. Asking it is in
//! [`snapshot`](crate::snapshot), filling it in [`writer`](crate::writer).

mod analyzer;
mod function_words;
pub(crate) mod name;
pub(crate) mod schema;
pub(crate) mod sealed;

pub use analyzer::{QuestionWord, Word, words_of_document, words_of_question};
pub use function_words::is_function_word;
