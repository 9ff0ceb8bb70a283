//! The models that can be called by a short name, and what is known of them before they are had: for choosing alone. How a
//! model is run is read from its files. Any other repository of the hub can be named whole.

use crate::error::EmbedError;

/// How many names are put forward for one that is unknown.
const N_NEAREST: usize = 3;

/// A model that can be named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZooModel {
    /// Its repository on the hub, such as `intfloat/multilingual-e5-small`.
    pub name: &'static str,
    /// Millions of parameters, those of the table of words included. In floats each is four bytes.
    pub n_million: u32,
    /// The length of its vectors.
    pub dimensions: usize,
    /// Whether it knows English alone; the others know a hundred languages.
    pub is_english: bool,
    /// How well it finds, as published.
    pub quality: Option<Quality>,
    /// What it is for, in a few words.
    pub purpose: &'static str,
}

/// A published figure. Those of different benchmarks are not to be compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// What was measured.
    pub benchmark: &'static str,
    /// The mean nDCG@10, between 0 and 1.
    pub ndcg: f32,
}

impl ZooModel {
    /// The languages it knows, by their ISO 639-1 codes; `None` where they are many.
    #[must_use]
    pub fn languages(&self) -> Option<&'static [&'static str]> {
        self.is_english.then_some(&["en"])
    }

    /// Its name without the owner's.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        tail(self.name)
    }
}

const fn english(
    name: &'static str,
    n_million: u32,
    dimensions: usize,
    beir: Option<f32>,
    purpose: &'static str,
) -> ZooModel {
    let quality = match beir {
        Some(ndcg) => Some(Quality { benchmark: "BEIR", ndcg }),
        None => None,
    };
    ZooModel { name, n_million, dimensions, is_english: true, quality, purpose }
}

const fn multilingual(
    name: &'static str,
    n_million: u32,
    dimensions: usize,
    (benchmark, ndcg): (&'static str, f32),
    purpose: &'static str,
) -> ZooModel {
    let quality = Some(Quality { benchmark, ndcg });
    ZooModel { name, n_million, dimensions, is_english: false, quality, purpose }
}

/// The models, the smallest first. Sources of the figures: BEIR of leaf-ir is of its card; of arctic-embed of theirs
/// (first and second series); of bge and mxbai of the table of retrieval in their cards, which is MTEB's of 15 sets, the
/// same as BEIR's; of MiniLM of MTEB; of modernbert-embed of its card. MIRACL of multilingual-e5 is of its report
/// (arXiv:2402.05672); MTEB of EmbeddingGemma of its own (arXiv:2509.20354), the English tasks of retrieval, version 2.
pub const CATALOGUE: &[ZooModel] = &[
    english("Snowflake/snowflake-arctic-embed-xs", 22, 384, Some(0.5015), "as small as MiniLM, finds more"),
    english(
        "sentence-transformers/all-MiniLM-L6-v2",
        23,
        384,
        Some(0.4195),
        "the one in the program, in floats",
    ),
    english("MongoDB/mdbr-leaf-ir", 23, 768, Some(0.5355), "the best of its size; vectors twice as long"),
    english("BAAI/bge-small-en-v1.5", 33, 384, Some(0.5168), "short vectors, half as fast as MiniLM"),
    english(
        "Snowflake/snowflake-arctic-embed-s",
        33,
        384,
        Some(0.5198),
        "short vectors, half as fast as MiniLM",
    ),
    english("BAAI/bge-base-en-v1.5", 109, 768, Some(0.5325), "a larger bge, eight times MiniLM's work"),
    english("Snowflake/snowflake-arctic-embed-m", 109, 768, Some(0.5490), "finds most for its size"),
    multilingual(
        "intfloat/multilingual-e5-small",
        118,
        384,
        ("MIRACL", 0.608),
        "the multilingual one in the program, in floats",
    ),
    english("nomic-ai/nomic-embed-text-v1.5", 137, 768, None, "long passages"),
    english("nomic-ai/modernbert-embed-base", 149, 768, Some(0.5289), "a newer architecture, long passages"),
    multilingual(
        "intfloat/multilingual-e5-base",
        278,
        768,
        ("MIRACL", 0.623),
        "a hundred languages, four times the small one's work",
    ),
    multilingual(
        "Snowflake/snowflake-arctic-embed-m-v2.0",
        305,
        768,
        ("BEIR", 0.554),
        "many languages, and English as well as the English ones",
    ),
    multilingual(
        "onnx-community/embeddinggemma-300m-ONNX",
        308,
        768,
        ("MTEB English v2", 0.5569),
        "a hundred languages; a decoder's shape, so whether it runs is for `ibid models check` to say",
    ),
    english("BAAI/bge-large-en-v1.5", 335, 1024, Some(0.5429), "slow: a server's model"),
    english("mixedbread-ai/mxbai-embed-large-v1", 335, 1024, Some(0.5439), "slow: a server's model"),
    english("Snowflake/snowflake-arctic-embed-l", 335, 1024, Some(0.5598), "slow: a server's model"),
    multilingual(
        "intfloat/multilingual-e5-large",
        560,
        1024,
        ("MIRACL", 0.665),
        "a hundred languages; slow: a server's model",
    ),
    multilingual(
        "Snowflake/snowflake-arctic-embed-l-v2.0",
        568,
        1024,
        ("BEIR", 0.556),
        "many languages; slow: a server's model",
    ),
];

/// Finds a model by its whole name or its short one, in any case.
pub(super) fn find(name: &str) -> Option<&'static ZooModel> {
    CATALOGUE.iter().find(|model| {
        let own = if name.contains('/') { model.name } else { model.short_name() };
        own.eq_ignore_ascii_case(name)
    })
}

/// The repository that a name means: that of a known model, or any that is named whole.
pub(super) fn repository(name: &str) -> Result<String, EmbedError> {
    if let Some(model) = find(name) {
        return Ok(model.name.to_owned());
    }
    let is_plain = |part: &str| {
        let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(of_names)
    };
    match name.split_once('/') {
        Some((owner, model)) if is_plain(owner) && is_plain(model) => Ok(name.to_owned()),
        _ => Err(EmbedError::UnknownModel { name: name.to_owned(), nearest: nearest(name) }),
    }
}

/// The known models whose names are most like `name`.
pub(super) fn nearest(name: &str) -> Vec<String> {
    let wanted = tail(name).to_lowercase();
    let mut all: Vec<&ZooModel> = CATALOGUE.iter().collect();
    all.sort_by_cached_key(|model| (edits(&model.short_name().to_lowercase(), &wanted), model.name));
    all.into_iter().take(N_NEAREST).map(|model| model.name.to_owned()).collect()
}

fn tail(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The edit distance of two names, in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn check(name: &str, wanted: Result<&str, &str>) {
        match repository(name) {
            Ok(found) => assert_eq!(Ok(found.as_str()), wanted),
            Err(EmbedError::UnknownModel { name: named, nearest }) => {
                assert_eq!((named.as_str(), Err(nearest[0].as_str())), (name, wanted));
                assert_eq!(nearest.len(), N_NEAREST);
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_model_is_found_by_its_repository_or_the_part_after_the_slash() {
        check("BAAI/bge-small-en-v1.5", Ok("BAAI/bge-small-en-v1.5"));
        check("baai/BGE-small-EN-v1.5", Ok("BAAI/bge-small-en-v1.5"));
        check("multilingual-e5-small", Ok("intfloat/multilingual-e5-small"));
        check("mdbr-leaf-ir", Ok("MongoDB/mdbr-leaf-ir"));
    }

    #[test]
    fn any_other_repository_is_named_whole() {
        check("Xenova/bge-small-en-v1.5", Ok("Xenova/bge-small-en-v1.5"));
        check("somebody/a_model.v2", Ok("somebody/a_model.v2"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        check("bge-smal-en-v1.5", Err("BAAI/bge-small-en-v1.5"));
        check("multilingual-e5-smal", Err("intfloat/multilingual-e5-small"));
    }

    #[test]
    fn what_is_no_repository_is_no_address_either() {
        for name in ["../x/y", "a/b/c", "a/", "/b", "a/..", "a b/c", "a/b?c", ""] {
            assert!(matches!(repository(name), Err(EmbedError::UnknownModel { .. })), "{name}");
        }
    }

    #[test]
    fn every_listed_name_is_different_and_leads_to_its_model() {
        let names: HashSet<&str> = CATALOGUE.iter().map(ZooModel::short_name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        CATALOGUE.iter().for_each(|model| check(model.short_name(), Ok(model.name)));
        assert!(CATALOGUE.is_sorted_by_key(|model| model.n_million));
    }
}
