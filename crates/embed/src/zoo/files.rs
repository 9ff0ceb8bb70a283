//! Which files of a model's folder are its network and its tokenizer, and their checksum. No file is understood here.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::EmbedError;

/// Where a network may be, the one preferred first: whole numbers in place of floats are smaller and quicker, and how well
/// they were made differs from model to model, so they are taken where they are named or alone.
const PREFERRED: [&str; 6] =
    ["model", "model_fp32", "model_optimized", "model_quantized", "model_int8", "model_uint8"];

/// The folder for networks of a repository that has others too.
const NETWORKS: &str = "onnx";
const ENDING: &str = ".onnx";

pub(super) const TOKENIZER: &str = "tokenizer.json";

/// A model on disk.
pub(super) struct ModelFiles {
    pub(super) network: PathBuf,
    /// Weights too large for the network's file, which refers to them by name.
    weights: Vec<PathBuf>,
    pub(super) tokenizer: PathBuf,
}

impl ModelFiles {
    /// Finds the files in a folder; of several networks the one whose name is `stem`, where that is given.
    pub(super) fn find(dir: &Path, stem: Option<&str>) -> Result<Self, EmbedError> {
        let missing = |wanted| EmbedError::MissingModelFile { folder: dir.to_owned(), wanted };
        let (here, below) = (names(dir)?, names(&dir.join(NETWORKS))?);
        let below = below.into_iter().map(|name| format!("{NETWORKS}/{name}"));
        let all: Vec<String> = here.into_iter().chain(below).collect();
        let network = network(all.iter().map(String::as_str), stem).ok_or_else(|| {
            missing("network: model.onnx, onnx/model.onnx, or one of them with another name that `--model` has after a #")
        })?;
        let tokenizer = dir.join(TOKENIZER);
        if !tokenizer.is_file() {
            return Err(missing(TOKENIZER));
        }
        let weights = all.iter().filter(|name| are_weights_of(name, network)).map(|name| dir.join(name));
        Ok(Self { network: dir.join(network), weights: weights.collect(), tokenizer })
    }

    /// Hashes the network, its weights, its tokenizer, and what else decides a vector.
    pub(super) fn checksum(&self, others: &[PathBuf], recipe: &str) -> Result<String, EmbedError> {
        let mut hasher = blake3::Hasher::new();
        for path in [&self.network].into_iter().chain(&self.weights).chain([&self.tokenizer]).chain(others) {
            let hashed = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
            hashed.map_err(|source| EmbedError::ModelFile { path: path.clone(), source })?;
        }
        hasher.update(recipe.as_bytes());
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// The names of a folder's files, sorted; none where there is no folder.
fn names(dir: &Path) -> Result<Vec<String>, EmbedError> {
    let failed = |source| EmbedError::ModelFile { path: dir.to_owned(), source };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Chooses the network among the files of a folder, named from it on. Without a `stem` it is the one preferred, or the only
/// one there is.
pub(super) fn network<'a>(files: impl Iterator<Item = &'a str>, stem: Option<&str>) -> Option<&'a str> {
    let stem_of = |file: &'a str| {
        let name = file.strip_suffix(ENDING)?;
        let name = name.strip_prefix(NETWORKS).and_then(|name| name.strip_prefix('/')).unwrap_or(name);
        (!name.contains('/')).then_some(name)
    };
    // Those beside the tokenizer come before those of the folder for networks.
    let mut networks: Vec<(&str, &str)> = files.filter_map(|file| Some((stem_of(file)?, file))).collect();
    networks.sort_by_key(|(_, file)| (file.contains('/'), *file));
    let called = |wanted: &str| networks.iter().find(|(stem, _)| *stem == wanted).map(|(_, file)| *file);
    match (stem, &networks[..]) {
        (Some(stem), _) => called(stem),
        (None, [(_, only)]) => Some(only),
        (None, _) => PREFERRED.iter().find_map(|stem| called(stem)),
    }
}

/// Whether a file holds weights that a network refers to, by the two customary names and their numbered followers.
pub(super) fn are_weights_of(file: &str, network: &str) -> bool {
    let rest = file.strip_prefix(network).unwrap_or_default();
    ["_data", ".data"].iter().any(|end| {
        let number = rest.strip_prefix(end).map(|rest| rest.trim_start_matches('_'));
        number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], stem: Option<&str>, wanted: Option<&str>) {
        assert_eq!(network(files.iter().copied(), stem), wanted, "{files:?}");
    }

    #[test]
    fn the_network_in_floats_is_preferred_and_another_is_named() {
        let files = ["config.json", "onnx/model_quantized.onnx", "onnx/model.onnx", "onnx/model_int8.onnx"];
        check(&files, None, Some("onnx/model.onnx"));
        check(&files, Some("model_int8"), Some("onnx/model_int8.onnx"));
        check(&files, Some("model_q4"), None);
    }

    #[test]
    fn the_only_network_may_be_called_as_it_likes() {
        check(&["mine.onnx", "tokenizer.json"], None, Some("mine.onnx"));
        check(&["mine.onnx", "yours.onnx"], None, None);
        check(&["openvino/model.onnx"], None, None);
    }

    #[test]
    fn weights_beside_a_network_are_recognised() {
        for (file, wanted) in [
            ("onnx/model.onnx_data", true),
            ("onnx/model.onnx.data", true),
            ("onnx/model.onnx_data_1", true),
            ("onnx/model.onnx", false),
            ("onnx/model.onnx_database", false),
            ("model.onnx_data", false),
        ] {
            assert_eq!(are_weights_of(file, "onnx/model.onnx"), wanted, "{file}");
        }
    }
}
