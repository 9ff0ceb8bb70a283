//! How time, memory and disk grow with a collection: indexing and asking at 1,000, 10,000, 50,000 and 300,000 chunks.
//!
//! `IBID_BENCH_VAULT` names a folder that is large enough; sizes it cannot fill are left out. Vectors are made from the
//! words by a hash, because embedding 300,000 chunks takes hours and says nothing of growth; the scan, the files and the
//! memory are the real ones, and questions are embedded by the real model. Prints a table; no criterion, since each
//! size is measured once.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

mod vault;

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
use ibid_indexer::{BuildOptions, Model, Silent, SourceChoice, build};
use ibid_measure::latency::Latency;
use ibid_measure::questions::draw;
use ibid_search::{QueryEmbedder, Searcher};

const SIZES: [usize; 4] = [1_000, 10_000, 50_000, 300_000];

/// Questions asked of each size and mode.
const QUESTIONS: usize = 300;

/// Gives each text a vector of its own, with the name and the checksum of the bundled model.
struct Hashed(ModelIdentity);

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

/// What a stage is told of.
const INDEX: &str = "--index";
const ASK: &str = "--ask";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, INDEX, notes, data] => index(Path::new(notes), Path::new(data)),
        [_, ASK, data] => ask(Path::new(data)),
        // `cargo bench` and `cargo test --benches` both start this; only the first wants to wait for it.
        _ if arguments.iter().any(|argument| argument == "--bench") => table(),
        _ => {}
    }
}

fn table() {
    let files = vault::files();
    let size_of = |path: &Path| fs::metadata(path).expect("the file is there").len();
    let bytes: u64 = files.iter().map(|file| size_of(file)).sum();
    println!(
        "{} files, {:.1} MB; times of a question are p50 in ms but for the last",
        files.len(),
        bytes as f64 / 1e6
    );
    println!("{INDEX_HEAD}  disk MB{ASK_HEAD}");
    // Mean bytes of a chunk in plain notes, corrected by what the size before gave.
    let mut bytes_a_chunk = 430.0;
    for size in SIZES {
        let step = (bytes as f64 / (size as f64 * bytes_a_chunk)).max(1.0);
        let places = (0..).map(|n| (n as f64 * step) as usize).take_while(|&at| at < files.len());
        let scratch = tempfile::tempdir().expect("there is a temporary folder");
        let (notes, data) = (scratch.path().join("notes"), scratch.path().join("data"));
        let mut copied = 0;
        for at in places {
            let to = notes.join(files[at].strip_prefix(vault::root()).expect("it lies below"));
            fs::create_dir_all(to.parent().expect("it has a folder")).expect("the folder can be made");
            copied += fs::copy(&files[at], to).expect("the file can be copied");
        }
        let indexed = stage(&[INDEX.as_ref(), notes.as_os_str(), data.as_os_str()]);
        let asked = stage(&[ASK.as_ref(), data.as_os_str()]);
        println!("{indexed} {:>8.1}{asked}", disk(&data) as f64 / 1e6);
        let chunks: f64 = indexed.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number");
        bytes_a_chunk = copied as f64 / chunks;
        if step == 1.0 {
            break;
        }
    }
}

/// Runs a stage in a process of its own, so that its memory is its own, and gives the line it prints.
fn stage(arguments: &[&std::ffi::OsStr]) -> String {
    let program = std::env::current_exe().expect("the system knows what it runs");
    let ran = Command::new(program).args(arguments).output().expect("the program starts once more");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
}

const INDEX_HEAD: &str = "  chunks     MB  index s  peak MB";

fn index(notes: &Path, data: &Path) {
    let real = vault::model().embedder;
    let hashed: Arc<dyn Embedder> = Arc::new(Hashed(real.identity().clone()));
    let options = BuildOptions {
        root: notes.to_owned(),
        source: SourceChoice::Folder,
        name: vault::name(),
        include: vec![],
        exclude: vec![],
        language: None,
        model: Some(Model { embedder: hashed, folder: None }),
        threads: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
        rebuild: false,
        may_change_model: false,
        now: u64::MAX,
        restate_after: Duration::ZERO,
    };
    let began = Instant::now();
    let report = build(&Store::at(data), &options, &Silent).expect("the folder can be indexed");
    let seconds = began.elapsed().as_secs_f64();
    let megabytes = report.bytes_read as f64 / 1e6;
    println!("{:>8} {megabytes:>6.1} {seconds:>8.1} {:>8.0}", report.chunks, megabytes_of("VmHWM:"));
}

fn timed(run: impl FnOnce()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

const ASK_HEAD: &str = "  open ms  asked MB  embed  lexical  semantic  hybrid  hybrid p99";

fn ask(data: &Path) {
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
fn megabytes_of(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn disk(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let entry = entry.expect("the folder can be listed");
        let kind = entry.file_type().expect("the file has a kind");
        bytes += if kind.is_dir() { disk(&entry.path()) } else { entry.metadata().map_or(0, |m| m.len()) };
    }
    bytes
}
