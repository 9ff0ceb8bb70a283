//! Habits of model families that the files of some of their models do not state, looked up by name: the exceptions. A
//! value that a file states counts before them. No file is read.

use super::pooling::Pooling;

/// What is put before a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefixes {
    /// Before a question.
    pub query: String,
    /// Before a text to be found.
    pub document: String,
}

const RETRIEVE: &str = "Represent this sentence for searching relevant passages: ";

/// Part of a model's name, what it wants before a question, and before a document. The first match counts.
/// The sources are the model cards of the repositories named on the right.
const PREFIXES: &[(&str, &str, &str)] = &[
    (
        "e5-large-instruct", // intfloat/multilingual-e5-large-instruct
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
        "",
    ),
    ("e5-", "query: ", "passage: "), // intfloat/multilingual-e5-*, e5-*-v2
    ("bge-m3", "", ""),              // BAAI/bge-m3: "no instruction needed"
    ("bge-small-zh", "为这个句子生成表示以用于检索相关文章：", ""), // BAAI/bge-*-zh-v1.5
    ("bge-base-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    ("bge-large-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    ("bge-", RETRIEVE, ""),                                      // BAAI/bge-*-en-v1.5
    ("arctic-embed-l-v2", "query: ", ""),                        // Snowflake/snowflake-arctic-embed-l-v2.0
    ("arctic-embed-m-v2", "query: ", ""),                        // Snowflake/snowflake-arctic-embed-m-v2.0
    ("arctic-embed", RETRIEVE, ""),                              // Snowflake/snowflake-arctic-embed-*
    ("mxbai-embed-large", RETRIEVE, ""),                         // mixedbread-ai/mxbai-embed-large-v1
    ("nomic-embed", "search_query: ", "search_document: "),      // nomic-ai/nomic-embed-text-v1.5
    ("modernbert-embed", "search_query: ", "search_document: "), // lightonai/modernbert-embed-large
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "), // google/embeddinggemma-300m
];

/// Finds what the model called `name` wants before its texts, where its family is known.
pub(crate) fn prefixes_of(name: &str) -> Option<Prefixes> {
    let name = name.to_lowercase();
    let (_, query, document) = PREFIXES.iter().find(|(part, ..)| name.contains(part))?;
    Some(Prefixes { query: (*query).to_owned(), document: (*document).to_owned() })
}

/// The families that take the first token's vector. Some of their repositories hold a graph and no word of it.
const FIRST_TOKEN: [&str; 3] = ["bge", "arctic", "mxbai"];

/// Finds how the model called `name` pools, where its family is known.
pub(super) fn pooling_of(name: &str) -> Option<Pooling> {
    let name = name.to_lowercase();
    FIRST_TOKEN.iter().any(|part| name.contains(part)).then_some(Pooling::FirstToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, wanted: Option<(&str, &str)>) {
        let found = prefixes_of(name);
        assert_eq!(
            found.as_ref().map(|found| (found.query.as_str(), found.document.as_str())),
            wanted,
            "{name}"
        );
    }

    #[test]
    fn families_are_told_apart_by_name() {
        check("intfloat/multilingual-e5-small", Some(("query: ", "passage: ")));
        check("BAAI/bge-m3", Some(("", "")));
        check("Xenova/bge-small-en-v1.5", Some((RETRIEVE, "")));
        check("Snowflake/snowflake-arctic-embed-m", Some((RETRIEVE, "")));
        check("Snowflake/snowflake-arctic-embed-l-v2.0", Some(("query: ", "")));
        check("nomic-ai/nomic-embed-text-v1.5", Some(("search_query: ", "search_document: ")));
        check("all-MiniLM-L6-v2", None);
    }

    #[test]
    fn the_model_that_takes_instructions_is_not_asked_as_its_sisters() {
        assert!(
            prefixes_of("intfloat/multilingual-e5-large-instruct").unwrap().query.starts_with("Instruct: ")
        );
    }

    #[test]
    fn pooling_follows_the_family() {
        assert_eq!(pooling_of("my-bge-small"), Some(Pooling::FirstToken));
        for name in ["all-MiniLM-L6-v2", "e5-base-v2", "gte-small", "unheard-of"] {
            assert_eq!(pooling_of(name), None, "{name}");
        }
    }
}
