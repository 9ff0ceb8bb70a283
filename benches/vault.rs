//! The notes that are measured on, and an index of them in a scratch folder. No benchmark itself.
#![allow(dead_code, reason = "each benchmark is a program of its own and uses a part of this")]

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ibid_core::id::{CollectionName, DocumentPath};
use ibid_embed::{BundledEmbedder, Embedder};
use ibid_index::store::Store;
use ibid_indexer::extract::{decode::decode, reads};
use ibid_indexer::{BuildOptions, Model, Report, Silent, SourceChoice, build};

/// The folder measured on.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/vault");
    std::env::var_os("IBID_BENCH_VAULT").map_or(own, PathBuf::from)
}

/// The files below [`root`] that are read, sorted.
pub(crate) fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be listed") {
            let path = entry.expect("the folder can be listed").path();
            match path.is_dir() {
                true => folders.push(path),
                false if relative(&path).is_some_and(|path| reads(&path)) => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    files
}

fn relative(path: &Path) -> Option<DocumentPath> {
    DocumentPath::new(&path.strip_prefix(root()).expect("it lies below").to_string_lossy())
}

/// Every note below [`root`] as text.
pub(crate) fn notes() -> Vec<(DocumentPath, String)> {
    let text = |path: &PathBuf| {
        let decoded = decode(fs::read(path).expect("the file can be read")).ok()?;
        Some((relative(path)?, decoded.text))
    };
    files().iter().filter_map(text).collect()
}

/// The bundled model.
pub(crate) fn model() -> Model {
    let embedder: Arc<dyn Embedder> = Arc::new(BundledEmbedder::load().expect("the model is bundled"));
    Model { embedder, folder: None, private: ibid_core::private::Private::nothing() }
}

/// The collection that [`index`] makes.
pub(crate) fn name() -> CollectionName {
    "bench".parse().expect("a plain name")
}

/// Indexes [`root`] into `store`.
pub(crate) fn index(store: &Store, model: Option<Model>, rebuild: bool) -> Report {
    let options = BuildOptions {
        root: root(),
        source: SourceChoice::Folder,
        name: name(),
        include: vec![],
        exclude: vec![],
        language: None,
        model,
        threads: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
        rebuild,
        may_change_model: false,
        now: u64::MAX,
        restate_after: std::time::Duration::ZERO,
        clock: std::time::Instant::now,
    };
    build(store, &options, &Silent).expect("the vault can be indexed")
}
