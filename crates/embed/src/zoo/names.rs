//! The names of fastembed's text models, and the search among them. Nothing is loaded.

use fastembed::{EmbeddingModel, ModelInfo, TextEmbedding};

use super::ZooModel;
use crate::error::EmbedError;

/// How many names are put forward for one that is unknown.
const N_NEAREST: usize = 3;

/// All models with the name each is known by here, ordered by it: the repository's, which two files of one
/// repository share; then the fp32 file has it alone and the other gets `#` and its file's stem behind it.
pub(super) fn listed() -> Vec<(String, ModelInfo<EmbeddingModel>)> {
    let mut infos = TextEmbedding::list_supported_models();
    infos.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut listed: Vec<(String, ModelInfo<EmbeddingModel>)> = Vec::with_capacity(infos.len());
    for info in infos {
        let taken = listed.iter().any(|(name, _)| name.eq_ignore_ascii_case(&info.model_code));
        let file = info.model_file.rsplit('/').next().unwrap_or_default();
        let stem = file.strip_suffix(".onnx").unwrap_or(file);
        let name = if taken { format!("{}#{stem}", info.model_code) } else { info.model_code.clone() };
        listed.push((name, info));
    }
    listed
}

/// Repository, then the shortest file name: `model.onnx` before `model_quantized.onnx`.
fn key(info: &ModelInfo<EmbeddingModel>) -> (String, usize, &str) {
    (info.model_code.to_lowercase(), info.model_file.len(), &info.model_file)
}

/// Lists every model that can be named.
#[must_use]
pub fn models() -> Vec<ZooModel> {
    let model = |(name, info): (String, ModelInfo<EmbeddingModel>)| ZooModel {
        name,
        dimensions: info.dim,
        description: info.description,
    };
    listed().into_iter().map(model).collect()
}

/// Finds a model by its name or by the part after the `/`, in any case.
pub(super) fn find(name: &str) -> Result<(String, ModelInfo<EmbeddingModel>), EmbedError> {
    let wanted = name.trim().to_lowercase();
    let mut all = listed();
    let exact = all.iter().position(|(known, _)| known.to_lowercase() == wanted);
    let by_tail = || all.iter().position(|(known, _)| tail(&known.to_lowercase()) == tail(&wanted));
    if let Some(place) = exact.or_else(by_tail) {
        return Ok(all.swap_remove(place));
    }
    let distance = |known: &str| edits(tail(&known.to_lowercase()), tail(&wanted));
    all.sort_by_cached_key(|(known, _)| (distance(known), known.clone()));
    let nearest = all.into_iter().take(N_NEAREST).map(|(known, _)| known).collect();
    Err(EmbedError::UnknownModel { name: name.to_owned(), nearest })
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
        match find(name) {
            Ok((found, _)) => assert_eq!(Ok(found.as_str()), wanted),
            Err(EmbedError::UnknownModel { name: named, nearest }) => {
                assert_eq!((named.as_str(), Err(nearest[0].as_str())), (name, wanted));
                assert_eq!(nearest.len(), N_NEAREST);
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_model_is_found_by_its_repository_or_the_part_after_the_slash() {
        check("Xenova/bge-small-en-v1.5", Ok("Xenova/bge-small-en-v1.5"));
        check("xenova/BGE-small-EN-v1.5", Ok("Xenova/bge-small-en-v1.5"));
        check("BAAI/bge-small-en-v1.5", Ok("Xenova/bge-small-en-v1.5"));
        check("multilingual-e5-small", Ok("intfloat/multilingual-e5-small"));
    }

    #[test]
    fn the_quantised_twin_has_a_name_of_its_own() {
        check("nomic-ai/nomic-embed-text-v1.5", Ok("nomic-ai/nomic-embed-text-v1.5"));
        let twin = "nomic-ai/nomic-embed-text-v1.5#model_quantized";
        check(twin, Ok(twin));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        check("bge-smal-en-v1.5", Err("Xenova/bge-small-en-v1.5"));
        check("intfloat/multilingual-e5-smal", Err("intfloat/multilingual-e5-small"));
    }

    #[test]
    fn every_listed_name_is_different_and_leads_to_its_model() {
        let names: HashSet<String> = models().into_iter().map(|model| model.name).collect();
        assert_eq!(names.len(), TextEmbedding::list_supported_models().len());
        names.iter().for_each(|name| check(name, Ok(name)));
    }
}
