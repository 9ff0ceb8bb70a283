//! Models of folders: the vectors of both engines against those that `data/shapes/build.py` kept, what decides an identity,
//! and the errors. What is read of a folder's files has tests of its own in `recipe`.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::fs;

use serde::Deserialize;

use super::*;
use crate::bundled::{BUNDLED_MODEL, BundledEmbedder, BundledModel};
use crate::error::OnnxRuntimeReason;

pub(super) const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
const NETWORK: &str = "all-MiniLM-L6-v2-int8.onnx";

/// The folders of `data/shapes`, with the names that tell their families.
const SHAPES: [(&str, &str); 3] =
    [("bert-dense", "bert-dense"), ("e5-shape", "tiny-e5-shape"), ("modernbert", "modernbert")];

pub(super) fn options(name: &str, model_dir: Option<&Path>, onnx_runtime: &[&Path]) -> ZooOptions {
    ZooOptions {
        name: name.to_owned(),
        model_dir: model_dir.map(Path::to_owned),
        cache_dir: PathBuf::from("no-such-folder"),
        onnx_runtime: onnx_runtime.iter().map(|&path| path.to_owned()).collect(),
        hub: "http://127.0.0.1:1".to_owned(),
        proxy: None,
        progress: None,
    }
}

fn load(name: &str, dir: &Path, onnx_runtime: &[&Path]) -> ZooEmbedder {
    ZooEmbedder::load(&options(name, Some(dir), onnx_runtime)).unwrap()
}

fn error(options: &ZooOptions) -> EmbedError {
    ZooEmbedder::load(options).err().expect("an error")
}

/// A folder with the bundled model under the names a user's folder has.
pub(super) fn folder(network: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let network = dir.path().join(network);
    fs::create_dir_all(network.parent().unwrap()).unwrap();
    let models = Path::new(DATA).join("models");
    fs::copy(models.join(NETWORK), network).unwrap();
    fs::copy(models.join("tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
    dir
}

/// A copy of one of the shapes, to be changed.
pub(super) fn copy_of(shape: &str) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            if from.is_dir() { copy(&from, &to) } else { fs::write(to, fs::read(from).unwrap()).unwrap() }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(DATA).join("shapes").join(shape), dir.path());
    dir
}

/// The library, if the machine that runs the tests has one.
pub(super) fn library() -> Option<PathBuf> {
    let path = std::env::var_os("IBID_TEST_ORT").map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: IBID_TEST_ORT names no ONNX Runtime library (tests/fetch_onnxruntime.sh)");
    }
    path
}

/// A vector that `build.py` made.
#[derive(Deserialize)]
struct Kept {
    role: String,
    text: String,
    vector: Vec<f32>,
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Every kept vector of a shape is what `embedder` makes.
fn check_kept(shape: &str, embedder: &ZooEmbedder) {
    let lines = fs::read_to_string(Path::new(DATA).join("shapes").join(shape).join("vectors.jsonl")).unwrap();
    let mut worker = embedder.worker().unwrap();
    let mut n = 0;
    for kept in lines.lines().map(|line| serde_json::from_str::<Kept>(line).unwrap()) {
        let vector = match kept.role.as_str() {
            "query" => worker.embed_query(&kept.text),
            _ => worker.embed_document(&kept.text),
        };
        let cosine = cosine(&vector.unwrap(), &kept.vector);
        let engine = &embedder.identity().engine;
        assert!(cosine > 0.9999, "{shape} by {engine}, {} {:?}: {cosine}", kept.role, kept.text);
        n += 1;
    }
    assert_eq!(n, 20);
}

#[test]
fn rten_gives_the_vectors_of_onnx_runtime_for_every_shape() {
    for (shape, name) in SHAPES {
        let embedder = load(name, &Path::new(DATA).join("shapes").join(shape), &[]);
        assert_eq!(embedder.identity().engine, RTEN);
        check_kept(shape, &embedder);
    }
}

#[test]
fn onnx_runtime_gives_the_same_vectors_where_it_is_there_and_the_identity_stays() {
    let Some(library) = library() else { return };
    for (shape, name) in SHAPES {
        let dir = Path::new(DATA).join("shapes").join(shape);
        let (zoo, rten) = (load(name, &dir, &[&library]), load(name, &dir, &[]));
        assert_eq!(zoo.identity().engine, ONNX_RUNTIME);
        assert_eq!(zoo.identity().checksum, rten.identity().checksum);
        assert!(zoo.passed_over().is_none() && rten.passed_over().is_some());
        check_kept(shape, &zoo);
    }
}

#[test]
fn workers_in_two_threads_give_identical_vectors() {
    let dir = Path::new(DATA).join("shapes/modernbert");
    let embedder = load("modernbert", &dir, &[]);
    let all = || {
        let mut worker = embedder.worker().unwrap();
        ["", "a", "how the router", &"long ".repeat(500)].map(|text| worker.embed_document(text).unwrap())
    };
    let (one, two) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(all), scope.spawn(all));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_eq!(one, two);
}

#[test]
fn a_text_of_a_megabyte_has_a_vector() {
    for (shape, name) in SHAPES {
        let embedder = load(name, &Path::new(DATA).join("shapes").join(shape), &[]);
        let vector = embedder.worker().unwrap().embed_query(&"é the ".repeat(150_000)).unwrap();
        assert_eq!(vector.len(), embedder.identity().dimensions);
    }
}

#[test]
fn a_folder_with_nothing_but_a_network_and_a_tokenizer_is_run_by_rten() {
    let (dir, bundled) = (folder("model.onnx"), BundledEmbedder::load().unwrap());
    let zoo = load(BUNDLED_MODEL, dir.path(), &[]);
    assert_eq!((zoo.identity().dimensions, zoo.identity().engine.as_str()), (384, RTEN));
    assert_eq!(zoo.recipe().pooling_origin, Origin::Graph);
    let [lowest, _] = check_agreement(&zoo, &bundled, &SENTENCES);
    assert!(lowest > 0.999_99, "{lowest}");
}

#[test]
fn both_engines_agree_on_minilm_with_whole_numbers() {
    let Some(library) = library() else { return };
    let dir = folder("onnx/model.onnx");
    let (zoo, rten) = (load("minilm", dir.path(), &[&library]), load("minilm", dir.path(), &[]));
    assert_eq!(zoo.identity().checksum, rten.identity().checksum);
    assert_ne!(zoo.identity().engine, rten.identity().engine);
    let [lowest, median] = check_agreement(&zoo, &rten, &SENTENCES);
    eprintln!("cosine between the engines: lowest {lowest}, median {median}");
}

/// The models of this repository in folders as on the hub, which `data/shapes/real.py` makes where somebody wants them.
#[test]
fn real_models_in_folders_give_the_vectors_of_the_program() {
    let Some(folders) = std::env::var_os("IBID_TEST_MODELS").map(PathBuf::from) else {
        eprintln!("skipped: IBID_TEST_MODELS names no folder that data/shapes/real.py filled");
        return;
    };
    let library = library();
    for (folder, in_program) in [
        ("minilm-int8", BundledModel::English),
        ("minilm-floats", BundledModel::English),
        ("multilingual-e5-small", BundledModel::Multilingual),
    ] {
        let (dir, bundled) = (folders.join(folder), in_program.load().unwrap());
        let rten = load(folder, &dir, &[]);
        assert_eq!(rten.identity().engine, RTEN);
        // Of an empty text the program keeps the space behind the prefix, which sentence-transformers cuts off.
        let [lowest, median] = check_agreement(&rten, &*bundled, &SENTENCES[1..]);
        eprintln!("{folder} by rten and in the program: lowest {lowest}, median {median}");
        if let Some(library) = &library {
            let other = load(folder, &dir, &[library]);
            assert_eq!(other.identity().checksum, rten.identity().checksum);
            let [lowest, median] = check_agreement(&rten, &other, &SENTENCES);
            eprintln!("{folder} by rten and ONNX Runtime: lowest {lowest}, median {median}");
        }
    }
}

/// The lowest cosine between the vectors of two embedders, and the median; they are to be nearly the same model's.
fn check_agreement(one: &dyn Embedder, two: &dyn Embedder, texts: &[&str]) -> [f32; 2] {
    let (mut one, mut two) = (one.worker().unwrap(), two.worker().unwrap());
    let mut of_both =
        |text: &&str| cosine(&one.embed_document(text).unwrap(), &two.embed_document(text).unwrap());
    let mut cosines: Vec<f32> = texts.iter().map(&mut of_both).collect();
    cosines.sort_by(f32::total_cmp);
    let found = [cosines[0], cosines[cosines.len() / 2]];
    assert!(found[0] > 0.97 && found[1] > 0.99, "{cosines:?}");
    found
}

#[test]
fn each_part_that_decides_a_vector_decides_the_identity() {
    let checksum = |name: &str, change: &dyn Fn(&Path)| {
        let dir = copy_of("bert-dense");
        change(dir.path());
        load(name, dir.path(), &[]).identity().checksum.clone()
    };
    let replaced = |file: &'static str, from: &'static str, to: &'static str| {
        move |dir: &Path| {
            let text = fs::read_to_string(dir.join(file)).unwrap();
            assert!(text.contains(from), "{file}");
            fs::write(dir.join(file), text.replace(from, to)).unwrap();
        }
    };
    let plain = checksum("a", &|_| {});
    assert_eq!(plain, checksum("another name", &|dir| fs::remove_file(dir.join("vectors.jsonl")).unwrap()));
    let weights = |dir: &Path| {
        let path = dir.join("2_Dense/model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let pooling = replaced(
        "1_Pooling/config.json",
        "\"pooling_mode_mean_tokens\": true",
        "\"pooling_mode_mean_tokens\": false, \"pooling_mode_lasttoken\": true",
    );
    let changes: [&dyn Fn(&Path); 7] = [
        &weights,
        &replaced("2_Dense/config.json", "activation.Tanh", "linear.Identity"),
        &replaced("tokenizer.json", "\"lowercase\": true", "\"lowercase\": false"),
        &pooling,
        &replaced("sentence_bert_config.json", "24", "23"),
        &replaced("config_sentence_transformers.json", "how: ", "how? "),
        &replaced("sentence_bert_config.json", "false", "true"),
    ];
    let mut all: Vec<String> = changes.iter().map(|change| checksum("a", change)).collect();
    all.push(plain);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), changes.len() + 1);
}

#[test]
fn a_network_behind_a_sign_is_taken() {
    let dir = copy_of("modernbert");
    fs::rename(dir.path().join("onnx/model.onnx"), dir.path().join("onnx/model_int8.onnx")).unwrap();
    fs::write(dir.path().join("onnx/model.onnx"), "no network").unwrap();
    let embedder = load("x#model_int8", dir.path(), &[]);
    assert!(embedder.network_file().ends_with("onnx/model_int8.onnx"));
    check_kept("modernbert", &embedder);
}

#[test]
fn an_unknown_model_is_named_before_anything_is_asked_of_the_network() {
    let error = error(&options("no-such-model", None, &[]));
    assert!(matches!(error, EmbedError::UnknownModel { .. }), "{error}");
}

#[test]
fn a_folder_without_a_network_or_a_tokenizer_is_refused() {
    let (empty, half) = (tempfile::tempdir().unwrap(), folder("model.onnx"));
    fs::remove_file(half.path().join("tokenizer.json")).unwrap();
    for dir in [&empty, &half] {
        let error = error(&options("mine", Some(dir.path()), &[]));
        assert!(matches!(error, EmbedError::MissingModelFile { .. }), "{error}");
    }
}

#[test]
fn files_that_are_damaged_are_errors() {
    for (file, is_it) in [
        ("model.onnx", (|error| matches!(error, EmbedError::Weights { .. })) as fn(&EmbedError) -> bool),
        ("tokenizer.json", |error| matches!(error, EmbedError::Tokenizer { .. })),
        ("2_Dense/model.safetensors", |error| matches!(error, EmbedError::Weights { .. })),
        ("modules.json", |error| matches!(error, EmbedError::ModelConfig { .. })),
    ] {
        let dir = copy_of("bert-dense");
        fs::write(dir.path().join(file), "{ no").unwrap();
        let error = error(&options("mine", Some(dir.path()), &[]));
        assert!(is_it(&error), "{file}: {error}");
    }
}

#[test]
fn without_a_library_rten_says_where_one_was_looked_for() {
    let dir = Path::new(DATA).join("shapes/modernbert");
    let places = [Path::new("here/libonnxruntime.so"), Path::new("there/libonnxruntime.so")];
    let embedder = load("m", &dir, &places);
    let passed_over = embedder.passed_over().unwrap();
    assert!(matches!(passed_over, EmbedError::OnnxRuntime { reason: OnnxRuntimeReason::NotFound, .. }));
    places.iter().for_each(|place| assert!(passed_over.to_string().contains(place.to_str().unwrap())));
    let embedder = load("m", &dir, &[]);
    let reason = embedder.passed_over().unwrap();
    assert!(matches!(reason, EmbedError::OnnxRuntime { reason: OnnxRuntimeReason::NoCandidate, .. }));
}

#[test]
fn a_file_that_is_no_library_is_passed_over() {
    check_refused(Some(Path::new(DATA).join("models/tokenizer.json")), |error| {
        matches!(error, ort::LoadDynamicError::Dlopen { .. })
    });
}

#[test]
fn a_library_that_is_too_old_is_passed_over() {
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
    let embedder = load("m", &Path::new(DATA).join("shapes/modernbert"), &[&file]);
    assert_eq!(embedder.identity().engine, RTEN);
    let reason = embedder.passed_over().unwrap();
    let EmbedError::OnnxRuntime { reason: OnnxRuntimeReason::Refused(refused), .. } = reason else {
        panic!("{reason}")
    };
    assert!(matches!(&refused[..], [(_, refusal)] if expected(refusal)), "{reason}");
}

#[test]
fn the_engine_is_the_one_in_the_lock_file() {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    let version = ONNX_RUNTIME.rsplit(' ').next().unwrap();
    assert!(lock.contains(&format!("name = \"ort\"\nversion = \"{version}\"\n")), "{ONNX_RUNTIME}");
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
