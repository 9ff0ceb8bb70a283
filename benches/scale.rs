//! Collections too large to embed, made and asked in processes of their own, so that memory is theirs alone. No benchmark
//! itself.
//!
//! Vectors are made from the words by a hash, because embedding 300,000 chunks takes hours and says nothing of growth;
//! the scan, the files and the memory are the real ones, and questions are embedded by the real model.
#![allow(dead_code, reason = "each benchmark is a program of its own and uses a part of this")]

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ibid_core::query::{Mode, Query};
use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_indexer::{BuildOptions, Model, Report, Silent, SourceChoice, build};
use ibid_measure::latency::Latency;
use ibid_measure::questions::draw;
use ibid_search::{QueryEmbedder, Searcher};

use crate::vault;

/// Questions asked in each mode.
const QUESTIONS: usize = 300;

/// Gives each text a vector of its own, with the name and the checksum of the bundled model.
pub(crate) struct Hashed(ModelIdentity);

impl Embedder for Hashed {
    fn identity(&self) -> &ModelIdentity {
        &self.0
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        Ok(Box::new(Worker { dimensions: self.0.dimensions }))
    }
}

struct Worker {
    dimensions: usize,
}

impl EmbedWorker for Worker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let mut bytes = vec![0; self.dimensions];
        blake3::Hasher::new().update(text.as_bytes()).finalize_xof().fill(&mut bytes);
        let mut vector: Vec<f32> = bytes.into_iter().map(|byte| f32::from(byte) - 127.5).collect();
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
        Ok(vector)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.embed_document(text)
    }
}

/// Runs a stage in a process of its own, so that its memory is its own, and gives the line it prints.
pub(crate) fn stage(arguments: &[&std::ffi::OsStr]) -> String {
    let program = std::env::current_exe().expect("the system knows what it runs");
    let ran = Command::new(program).args(arguments).output().expect("the program starts once more");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
}

/// What gives each text a vector of its own.
pub(crate) fn hashed() -> Model {
    let real = vault::model().embedder;
    Model {
        embedder: Arc::new(Hashed(real.identity().clone())),
        folder: None,
        private: ibid_core::private::Private::nothing(),
    }
}

/// How a folder of notes is indexed.
pub(crate) fn options(notes: &Path, model: Model) -> BuildOptions {
    BuildOptions {
        root: notes.to_owned(),
        source: SourceChoice::Folder,
        name: vault::name(),
        include: vec![],
        exclude: vec![],
        language: None,
        model: Some(model),
        threads: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
        rebuild: false,
        may_change_model: false,
        now: u64::MAX,
        restate_after: Duration::ZERO,
        clock: Instant::now,
    }
}

/// Indexes, and gives what there is to say of it with the seconds it took.
pub(crate) fn index(notes: &Path, data: &Path, model: Model) -> (Report, f64) {
    let options = options(notes, model);
    let began = Instant::now();
    let report = build(&Store::at(data), &options, &Silent).expect("the folder can be indexed");
    (report, began.elapsed().as_secs_f64())
}

fn timed(run: impl FnOnce()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

/// What stands above what [`ask`] prints.
pub(crate) const ASK_HEAD: &str = "  open ms  asked MB  embed  lexical  semantic  hybrid  hybrid p99";

/// Asks questions drawn from the notes and prints their times, p50 in ms but for the last.
pub(crate) fn ask(data: &Path) {
    let began = Instant::now();
    let snapshot = Snapshot::open(&Store::at(data), &vault::name()).expect("the collection can be opened");
    let opened = began.elapsed().as_secs_f64() * 1e3;
    let embedder = QueryEmbedder::without_cache(vault::model().embedder);
    let questions = draw(&snapshot, QUESTIONS).expect("the notes can be read").list;
    let snapshots = [Arc::new(snapshot)];
    let searcher = Searcher::new(&snapshots, Some(&embedder));
    let search = |words: &str, mode| {
        searcher.search(&Query { mode, ..Query::new(words) }).expect("the question is answered");
    };
    search(&questions[0], Mode::Hybrid);
    let [mut embed, mut lexical, mut semantic, mut hybrid] = [(); 4].map(|()| Vec::new());
    // In turn, so that whatever else the machine does falls on all alike.
    for words in &questions {
        embed.push(timed(|| drop(embedder.embed(words).expect("the question can be embedded"))));
        lexical.push(timed(|| search(words, Mode::Lexical)));
        semantic.push(timed(|| search(words, Mode::Semantic)));
        hybrid.push(timed(|| search(words, Mode::Hybrid)));
    }
    let [embed, lexical, semantic, hybrid] = [embed, lexical, semantic, hybrid].map(Latency::of);
    println!(
        " {opened:>8.0} {:>9.0} {:>6.2} {:>8.2} {:>9.2} {:>7.2} {:>11.2}",
        megabytes_of("VmRSS:"),
        embed.p50,
        lexical.p50,
        semantic.p50,
        hybrid.p50,
        hybrid.p99,
    );
}

/// Memory of this process as Linux tells it; 0 elsewhere.
pub(crate) fn megabytes_of(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The bytes of all files below a folder.
pub(crate) fn disk(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let entry = entry.expect("the folder can be listed");
        let kind = entry.file_type().expect("the file has a kind");
        bytes += if kind.is_dir() { disk(&entry.path()) } else { entry.metadata().map_or(0, |m| m.len()) };
    }
    bytes
}
