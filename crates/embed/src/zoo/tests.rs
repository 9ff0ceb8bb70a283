//! The zoo's errors, and the road through ONNX Runtime where a library is at hand.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::Path;

use super::*;
use crate::bundled::{BUNDLED_MODEL, BundledEmbedder};
use crate::error::OnnxRuntimeReason;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models");
const NETWORK: &str = "all-MiniLM-L6-v2-int8.onnx";

fn options(name: &str, onnx_runtime: &[&Path]) -> ZooOptions {
    ZooOptions {
        name: name.to_owned(),
        model_dir: None,
        cache_dir: PathBuf::from("no-such-folder"),
        onnx_runtime: onnx_runtime.iter().map(|&path| path.to_owned()).collect(),
        show_download_progress: false,
    }
}

fn error(options: &ZooOptions) -> EmbedError {
    ZooEmbedder::load(options).err().expect("an error")
}

/// A folder with the bundled model under the names a user's folder has.
fn folder(network: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let network = dir.path().join(network);
    std::fs::create_dir_all(network.parent().unwrap()).unwrap();
    std::fs::copy(Path::new(MODELS).join(NETWORK), network).unwrap();
    std::fs::copy(Path::new(MODELS).join("tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
    dir
}

/// The library, if the machine that runs the tests has one.
fn library() -> Option<PathBuf> {
    let path = std::env::var_os("IBID_TEST_ORT").map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: IBID_TEST_ORT names no ONNX Runtime library (tests/fetch_onnxruntime.sh)");
    }
    path
}

#[test]
fn an_unknown_model_is_named_before_any_library_is_opened() {
    assert!(matches!(error(&options("no-such-model", &[])), EmbedError::UnknownModel { .. }));
}

#[test]
fn a_missing_runtime_says_where_it_was_looked_for() {
    let places = [Path::new("here/libonnxruntime.so"), Path::new("there/libonnxruntime.so")];
    let error = error(&options("bge-small-en-v1.5", &places));
    assert!(matches!(&error, EmbedError::OnnxRuntime { reason: OnnxRuntimeReason::NotFound, .. }));
    places.iter().for_each(|place| assert!(error.to_string().contains(place.to_str().unwrap()), "{error}"));
}

#[test]
fn without_a_place_to_look_the_error_says_so() {
    let error = error(&options("bge-small-en-v1.5", &[]));
    assert!(matches!(&error, EmbedError::OnnxRuntime { reason: OnnxRuntimeReason::NoCandidate, .. }));
}

#[test]
fn a_file_that_is_no_library_is_refused() {
    check_refused(Some(Path::new(MODELS).join("tokenizer.json")), |error| {
        matches!(error, ort::LoadDynamicError::Dlopen { .. })
    });
}

#[test]
fn a_library_that_is_too_old_is_refused() {
    check_refused(std::env::var_os("IBID_TEST_OLD_ORT").map(PathBuf::from), |error| {
        matches!(error, ort::LoadDynamicError::BadVersion { .. })
    });
}

/// A process looks into no other file once it has a library, so this is for a run without `IBID_TEST_ORT`.
fn check_refused(file: Option<PathBuf>, expected: fn(&ort::LoadDynamicError) -> bool) {
    let Some(file) = file.filter(|_| std::env::var_os("IBID_TEST_ORT").is_none()) else {
        eprintln!("skipped: needs IBID_TEST_ORT unset, the old library also IBID_TEST_OLD_ORT set");
        return;
    };
    let error = error(&options("bge-small-en-v1.5", &[&file]));
    let EmbedError::OnnxRuntime { reason: OnnxRuntimeReason::Refused(refused), .. } = &error else {
        panic!("{error}")
    };
    assert!(matches!(&refused[..], [(_, refusal)] if expected(refusal)), "{error}");
}

#[test]
fn a_folder_without_a_network_or_a_tokenizer_is_refused() {
    let (empty, half) = (tempfile::tempdir().unwrap(), folder("model.onnx"));
    std::fs::remove_file(half.path().join("tokenizer.json")).unwrap();
    for dir in [&empty, &half] {
        let options = ZooOptions { model_dir: Some(dir.path().to_owned()), ..options("mine", &[]) };
        assert!(matches!(error(&options), EmbedError::MissingModelFile { .. }));
    }
}

#[test]
fn the_engine_is_the_one_in_the_lock_file() {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    let version = ENGINE.rsplit(' ').next().unwrap();
    assert!(lock.contains(&format!("name = \"fastembed\"\nversion = \"{version}.")), "{ENGINE}");
}

#[test]
fn both_engines_agree_on_the_same_network() {
    let Some(library) = library() else { return };
    let dir = folder("onnx/model.onnx");
    let options =
        ZooOptions { model_dir: Some(dir.path().to_owned()), ..options(BUNDLED_MODEL, &[&library]) };
    let (zoo, bundled) = (ZooEmbedder::load(&options).unwrap(), BundledEmbedder::load().unwrap());
    assert_eq!(zoo.identity().checksum, bundled.identity().checksum);
    assert_eq!(zoo.identity().dimensions, bundled.identity().dimensions);
    assert_ne!(zoo.identity(), bundled.identity());
    check_agreement(&zoo, &bundled);
}

#[test]
fn a_model_in_the_hubs_cache_needs_no_network() {
    let Some(library) = library() else { return };
    let cache = tempfile::tempdir().unwrap();
    let repository = cache.path().join("models--Xenova--all-MiniLM-L6-v2");
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::create_dir_all(repository.join("snapshots")).unwrap();
    std::fs::write(repository.join("refs/main"), "abc").unwrap();
    let dir = folder("onnx/model_quantized.onnx");
    for file in ["config.json", "special_tokens_map.json", "tokenizer_config.json"] {
        let all = r#"{"pad_token": "[PAD]", "pad_token_id": 0, "model_max_length": 512}"#;
        std::fs::write(dir.path().join(file), all).unwrap();
    }
    std::fs::rename(dir.path(), repository.join("snapshots/abc")).unwrap();
    let options = ZooOptions {
        cache_dir: cache.path().to_owned(),
        ..options("sentence-transformers/all-MiniLM-L6-v2", &[&library])
    };
    let zoo = ZooEmbedder::load(&options).unwrap();
    assert_eq!(zoo.identity().name, "Xenova/all-MiniLM-L6-v2");
    check_agreement(&zoo, &BundledEmbedder::load().unwrap());
}

fn check_agreement(one: &dyn Embedder, two: &dyn Embedder) {
    let (mut one, mut two) = (one.worker().unwrap(), two.worker().unwrap());
    let mut cosines = SENTENCES.map(|text| {
        let (a, b) = (one.embed_document(text).unwrap(), two.embed_document(text).unwrap());
        a.iter().zip(&b).map(|(x, y)| x * y).sum::<f32>()
    });
    cosines.sort_by(f32::total_cmp);
    eprintln!("cosine between the engines: lowest {}, median {}", cosines[0], cosines[10]);
    assert!(cosines[10] > 0.99 && cosines[0] > 0.97, "{cosines:?}");
}

const SENTENCES: [&str; 20] = [
    "",
    "The starter doubles in four hours at 26 degrees.",
    "Rye flour ferments faster than wheat.",
    "How do I reset the router?",
    "Minutes of the meeting on 3 March",
    "fn main() { println!(\"hello\"); }",
    "The mitochondrion is the powerhouse of the cell.",
    "Error 0x80070005: access is denied",
    "Ein Satz auf Deutsch über das Wetter.",
    "La vie est belle, mais courte.",
    "日本語の短い文です。",
    "Buy milk, eggs, and 2 kg of potatoes",
    "A theorem is a statement that has been proved.",
    "The train to Basel leaves from platform 7.",
    "Configure the firewall to allow port 443.",
    "Her second novel was better received than the first.",
    "Interest rates rose by a quarter of a point.",
    "Water boils at a lower temperature in the mountains.",
    "TODO: ask Haruka about the koji spores",
    "https://example.org/path?query=value",
];
