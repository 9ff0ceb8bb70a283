//! What a model wants to be told about a text, and how it makes one vector of many: habits of model families,
//! looked up by name. No file is read.

use fastembed::Pooling;

/// What is put before a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Prefixes {
    pub(crate) query: &'static str,
    pub(crate) document: &'static str,
}

const RETRIEVE: &str = "Represent this sentence for searching relevant passages: ";

/// Part of a model's name, what it wants before a question, and before a document. The first match counts.
/// The sources are the model cards of the repositories named on the right.
const PREFIXES: &[(&str, &str, &str)] = &[
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

/// Finds what the model called `name` wants before its texts; nothing, for most.
pub(crate) fn prefixes_of(name: &str) -> Prefixes {
    let name = name.to_lowercase();
    let known = PREFIXES.iter().find(|(part, ..)| name.contains(part));
    known.map_or(Prefixes::default(), |&(_, query, document)| Prefixes { query, document })
}

/// Guesses how a model unknown to fastembed makes one vector of its tokens'. Most take the mean.
pub(super) fn pooling_of(name: &str) -> Pooling {
    let name = name.to_lowercase();
    let first_token = ["bge", "arctic", "mxbai"].iter().any(|part| name.contains(part));
    if first_token { Pooling::Cls } else { Pooling::Mean }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, query: &str, document: &str) {
        assert_eq!((prefixes_of(name).query, prefixes_of(name).document), (query, document), "{name}");
    }

    #[test]
    fn families_are_told_apart_by_name() {
        check("intfloat/multilingual-e5-small", "query: ", "passage: ");
        check("BAAI/bge-m3", "", "");
        check("Xenova/bge-small-en-v1.5", RETRIEVE, "");
        check("Snowflake/snowflake-arctic-embed-m", RETRIEVE, "");
        check("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", "");
        check("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: ");
        check("all-MiniLM-L6-v2", "", "");
    }

    #[test]
    fn pooling_follows_the_family() {
        assert_eq!(pooling_of("my-bge-small"), Pooling::Cls);
        for name in ["all-MiniLM-L6-v2", "e5-base-v2", "gte-small", "unheard-of"] {
            assert_eq!(pooling_of(name), Pooling::Mean, "{name}");
        }
    }
}
