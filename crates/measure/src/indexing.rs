//! How fast a collection's source becomes an index, stage by stage, in a folder that is thrown away; and how much of
//! the model's own speed is left of it. The collection itself is not touched.

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ibid_core::id::DocumentPath;
use ibid_core::private::Private;
use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};
use ibid_index::ReadError;
use ibid_index::snapshot::{KnownDocument, Snapshot};
use ibid_index::store::Store;
use ibid_indexer::{BuildOptions, Model, Report, Silent, SourceChoice, build};

use crate::bench_error::BenchError;

/// How many chunks are embedded at most, about: enough that starting threads and committing hardly count.
pub const EMBEDDED_CHUNKS: usize = 500;

/// How many chunks are embedded first, to guess how many fit into the time.
const PROBE_CHUNKS: usize = 8;

/// A file that alone would be so large a part of what is to be embedded is left out: it would be all there is.
const LARGEST_SHARE: u64 = 4;

/// What is indexed, and how.
pub struct Indexing<'a> {
    /// The collection whose source it is.
    pub snapshot: &'a Snapshot,
    /// Its model; without one only words are indexed, as with one that texts leave this machine for: nobody is sent notes
    /// to measure them.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// How many threads embed.
    pub threads: NonZero<usize>,
    /// How long embedding may take, about: half through the indexer, half in a bare loop.
    pub time: Duration,
    /// Temporary indexes are made below this folder.
    pub scratch: &'a Path,
    /// The time, in nanoseconds since 1970.
    pub now: u64,
}

/// What indexing took.
#[derive(Debug, Clone, PartialEq)]
pub struct Indexed {
    /// The whole source, words alone.
    pub words: Report,
    /// A part of the source, words and vectors; `None` without a model.
    pub vectors: Option<WithVectors>,
}

/// What indexing with vectors took, and embedding alone.
#[derive(Debug, Clone, PartialEq)]
pub struct WithVectors {
    /// Files chosen, evenly over their paths.
    pub files: usize,
    /// Files there are.
    pub files_in_all: usize,
    /// The run of the indexer over them.
    pub report: Report,
    /// Chunks that the bare loop embedded: those of the run, with the same words.
    pub bare_chunks: usize,
    /// How long that took on as many threads: half of them before the run, half after it.
    pub bare_seconds: f64,
}

impl WithVectors {
    /// Chunks that the run embedded in a second of its whole time.
    pub fn chunks_per_second(&self) -> f64 {
        per_second(self.report.embedded, self.report.seconds.total)
    }

    /// Chunks that the bare loop embedded in a second.
    pub fn bare_chunks_per_second(&self) -> f64 {
        per_second(self.bare_chunks, self.bare_seconds)
    }
}

/// So many in so many seconds; 0 where nothing was timed.
pub fn per_second(count: usize, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// Indexes the source by words alone, then as much of it with vectors as the time allows. Takes about
/// [`Indexing::time`], and as long as indexing all words does.
///
/// # Errors
/// Where the source is gone ([`BenchError::Build`]), or the model fails.
pub fn index_again(indexing: &Indexing<'_>) -> Result<Indexed, BenchError> {
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(indexing.scratch);
    let scratch = scratch.map_err(|source| BenchError::Scratch { source })?;
    let include = &indexing.snapshot.manifest().source.include;
    let words = indexing.run(&Store::at(scratch.path().join("words")), include, None)?;
    let embedder = indexing.embedder.as_ref().filter(|embedder| !embedder.identity().leaves_machine());
    let vectors = match embedder {
        Some(embedder) => Some(indexing.with_vectors(embedder, scratch.path())?),
        None => None,
    };
    Ok(Indexed { words, vectors })
}

impl Indexing<'_> {
    fn run(
        &self,
        store: &Store,
        include: &[String],
        embedder: Option<Arc<dyn Embedder>>,
    ) -> Result<Report, BenchError> {
        let source = &self.snapshot.manifest().source;
        let options = BuildOptions {
            root: source.root.clone(),
            source: SourceChoice::recorded(&source.origin),
            name: self.snapshot.name().clone(),
            include: include.to_vec(),
            exclude: source.exclude.clone(),
            language: source.language.as_deref().and_then(|code| code.parse().ok()),
            model: embedder.map(|embedder| Model { embedder, folder: None, private: Private::nothing() }),
            threads: self.threads,
            rebuild: false,
            may_change_model: false,
            now: self.now,
            restate_after: Duration::ZERO,
            clock: Instant::now,
        };
        Ok(build(store, &options, &Silent)?)
    }

    fn with_vectors(&self, embedder: &Arc<dyn Embedder>, scratch: &Path) -> Result<WithVectors, BenchError> {
        let known = self.snapshot.known_documents()?;
        let fit = self.chunks_that_fit(embedder.as_ref(), &known)?;
        let chosen = chosen(&known, self.snapshot.chunks() as usize, fit.clamp(1, EMBEDDED_CHUNKS));
        let include: Vec<String> = chosen.iter().map(|path| globset::escape(path)).collect();
        // A first run with a model that only listens tells the very inputs of the timed one.
        let listener = Arc::new(Listener::new(embedder.identity().clone()));
        self.run(&Store::at(scratch.join("inputs")), &include, Some(listener.clone()))?;
        let inputs = listener.heard();
        let half =
            |begin: usize| inputs.iter().skip(begin).step_by(2).map(String::as_str).collect::<Vec<_>>();
        let before = bare_loop(embedder.as_ref(), &half(0), self.threads)?;
        let report = self.run(&Store::at(scratch.join("vectors")), &include, Some(embedder.clone()))?;
        let after = bare_loop(embedder.as_ref(), &half(1), self.threads)?;
        Ok(WithVectors {
            files: chosen.len(),
            files_in_all: known.len(),
            report,
            bare_chunks: inputs.len(),
            bare_seconds: (before + after).as_secs_f64(),
        })
    }

    /// How many chunks can be embedded twice in the time, guessed from a few of them.
    fn chunks_that_fit(&self, embedder: &dyn Embedder, known: &[KnownDocument]) -> Result<usize, BenchError> {
        let texts = probe(self.snapshot, known)?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let one =
            bare_loop(embedder, &texts, NonZero::<usize>::MIN)?.as_secs_f64() / texts.len().max(1) as f64;
        let seconds = self.time.as_secs_f64() * self.threads.get() as f64 / 2.0;
        Ok((seconds / one.max(f64::MIN_POSITIVE)) as usize)
    }
}

/// The words of a few chunks, from the middles of notes that lie far apart.
fn probe(snapshot: &Snapshot, known: &[KnownDocument]) -> Result<Vec<String>, ReadError> {
    let step = known.len().div_ceil(PROBE_CHUNKS).max(1);
    let mut texts = Vec::new();
    for document in known.iter().step_by(step) {
        let Some(path) = DocumentPath::new(&document.path) else { continue };
        let middle = (document.file.size / 2) as u32;
        texts.extend(snapshot.chunk_at(&path, middle)?.map(|chunk| chunk.text));
    }
    Ok(texts)
}

/// Paths of files, evenly over all, that together have about `wanted` of all `chunks`.
fn chosen(known: &[KnownDocument], chunks: usize, wanted: usize) -> Vec<&str> {
    let bytes: u64 = known.iter().map(|document| document.file.size).sum();
    if wanted >= chunks {
        return known.iter().map(|document| document.path.as_str()).collect();
    }
    let budget = (bytes as f64 * wanted as f64 / chunks as f64) as u64;
    let fitting: Vec<_> = known
        .iter()
        // A file without bytes gives nothing to embed.
        .filter(|one| 0 < one.file.size && one.file.size <= budget / LARGEST_SHARE)
        .collect();
    let fitting_bytes: u64 = fitting.iter().map(|document| document.file.size).sum();
    let share = (budget as f64 / fitting_bytes.max(1) as f64).min(1.0);
    let count = ((fitting.len() as f64 * share).ceil() as usize).min(fitting.len());
    let evenly: Vec<&str> = (0..count).map(|at| fitting[at * fitting.len() / count].path.as_str()).collect();
    match evenly.is_empty() {
        false => evenly,
        // All are large: one of middle size it is, for the smallest may hold nothing to embed.
        true => {
            let mut by_size: Vec<_> =
                known.iter().map(|document| (document.file.size, &document.path)).collect();
            by_size.sort_unstable();
            by_size
                .get(by_size.len().saturating_sub(1) / 2)
                .map(|(_, path)| path.as_str())
                .into_iter()
                .collect()
        }
    }
}

/// Embeds `texts` on so many threads without disk, queue or index: each takes the next that nobody has. Vectors are
/// thrown away.
fn bare_loop(
    embedder: &dyn Embedder,
    texts: &[&str],
    threads: NonZero<usize>,
) -> Result<Duration, EmbedError> {
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        let work = || {
            let mut worker = embedder.worker()?;
            while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                worker.embed_document(text)?;
            }
            Ok::<(), EmbedError>(())
        };
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(began.elapsed())
}

/// A model that only listens: it keeps what it is to embed, and gives everything the same vector.
struct Listener {
    identity: ModelIdentity,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    fn new(identity: ModelIdentity) -> Listener {
        Listener { identity, heard: Arc::default() }
    }

    /// What it heard, in the order of the texts: threads bring them in any.
    fn heard(&self) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        heard.sort_unstable();
        heard
    }
}

impl Embedder for Listener {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        Ok(Box::new(Ear { dimensions: self.identity.dimensions, heard: self.heard.clone() }))
    }
}

struct Ear {
    dimensions: usize,
    heard: Arc<Mutex<Vec<String>>>,
}

impl EmbedWorker for Ear {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        // Held for a push.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        let mut vector = vec![0.0; self.dimensions];
        vector.iter_mut().take(1).for_each(|first| *first = 1.0);
        Ok(vector)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.embed_document(text)
    }
}

#[cfg(test)]
mod tests {
    use ibid_index::writer::FileMark;

    use super::*;
    use crate::scratch::Vault;

    #[test]
    fn words_are_indexed_again_and_nothing_stays_behind() {
        let vault = Vault::new(&[("Rye.md", "# Rye\n\nWet.\n")]);
        let snapshot = vault.snapshot();
        let before: Vec<_> =
            std::fs::read_dir(vault.data()).unwrap().map(|e| e.unwrap().file_name()).collect();
        let index = |scratch: &Path| {
            index_again(&Indexing {
                snapshot: &snapshot,
                embedder: None,
                threads: NonZero::<usize>::MIN,
                time: Duration::from_millis(1),
                scratch,
                now: u64::MAX,
            })
        };
        let indexed = index(&vault.data()).unwrap();
        assert_eq!((indexed.words.documents, indexed.words.chunks), (1, snapshot.chunks()));
        assert_eq!(indexed.vectors, None);
        let after: Vec<_> =
            std::fs::read_dir(vault.data()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(after, before);
        std::fs::remove_dir_all(vault.notes()).unwrap();
        assert!(matches!(index(&vault.data()), Err(BenchError::Build(_))));
    }

    fn check(sizes: &[u64], chunks: usize, wanted: usize, expected: &[&str]) {
        let known: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(at, &size)| KnownDocument {
                path: format!("{at}"),
                file: FileMark { modified: 0, size, content: 0 },
            })
            .collect();
        assert_eq!(chosen(&known, chunks, wanted), expected);
    }

    #[test]
    fn files_are_chosen_evenly_over_all() {
        check(&[10; 12], 120, 40, &["0", "3", "6", "9"]);
        check(&[10; 3], 30, 500, &["0", "1", "2"]);
        check(&[], 0, 500, &[]);
    }

    #[test]
    fn one_huge_file_does_not_stand_for_all() {
        check(&[10, 10, 10_000, 10, 10], 1_004, 8, &["0", "1", "3", "4"]);
        check(&[10_000, 9_000], 2_000, 8, &["1"]);
    }

    #[test]
    fn a_listener_hears_what_would_be_embedded() {
        let identity = ModelIdentity {
            name: "m".to_owned(),
            engine: "none".to_owned(),
            dimensions: 3,
            checksum: String::new(),
            remote: None,
        };
        let listener = Listener::new(identity);
        let took = bare_loop(&listener, &["b", "a", "c"], NonZero::new(2).unwrap());
        assert!(took.is_ok());
        assert_eq!(listener.heard(), ["a", "b", "c"]);
    }
}
