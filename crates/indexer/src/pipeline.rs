//! Threads and queues: files are prepared by a pool, chunks embedded by single-threaded workers, documents written by
//! the calling thread as their last vector comes in.
//!
//! Every queue is bounded, so a slow stage holds up the one before it and memory does not grow with the vault.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use ibid_embed::{EmbedWorker, Embedder, bundled_tokens};
use ibid_index::WriteError;
use ibid_index::remake::Remake;
use ibid_index::vector::VectorKey;
use rayon::prelude::*;

use crate::error::BuildError;
use crate::prepare::{Context, Outcome, Prepared};
use crate::report::{Progress, SkipReason};
use crate::source::SourceFile;

/// Prepared documents that wait for a place in the chunk queue; each may be as large as a file.
const DOCUMENT_QUEUE: usize = 8;

/// Chunks that wait for a worker: enough that none is ever idle, a few hundred kilobytes.
const CHUNK_QUEUE: usize = 64;

/// Why taking a lock cannot fail here: what is done under it is a push, a take, a lookup or an addition.
const UNPOISONED: &str = "nothing that is done under this lock can panic";

/// What comes out at the end, a file at a time, in no order.
pub(crate) enum Done {
    /// A document with its new vectors.
    Document { prepared: Box<Prepared>, vectors: Vec<(VectorKey, Vec<f32>)> },
    /// A vector for a document that is indexed already.
    Vector { key: VectorKey, vector: Vec<f32> },
    /// A file that was read and need not be written.
    SameBytes { bytes: u64 },
    /// A file that could not be indexed, and whether the last generation has it.
    Skipped { file: SourceFile, known: bool, reason: SkipReason },
}

/// Time spent by all threads of a stage together.
#[derive(Default)]
pub(crate) struct Spent {
    read: Mutex<Duration>,
    embed: Mutex<Duration>,
}

impl Spent {
    pub(crate) fn read_seconds(&self) -> f64 {
        self.read.lock().expect(UNPOISONED).as_secs_f64()
    }

    pub(crate) fn embed_seconds(&self) -> f64 {
        self.embed.lock().expect(UNPOISONED).as_secs_f64()
    }
}

/// Keeps what is embedded while everything is made anew, and has what earlier runs have kept.
pub(crate) struct Keeping<'a> {
    remake: &'a Remake,
    clock: fn() -> Instant,
    every: Duration,
    /// When what was kept was known to be on the disk.
    synced: Mutex<Instant>,
}

impl<'a> Keeping<'a> {
    /// What is kept is on the disk after this long, even if the machine dies.
    pub(crate) fn new(remake: &'a Remake, clock: fn() -> Instant, every: Duration) -> Keeping<'a> {
        Keeping { remake, clock, every, synced: Mutex::new(clock()) }
    }

    fn keep(&self, key: VectorKey, vector: &[f32]) -> Result<(), WriteError> {
        self.remake.keep(key, vector)?;
        {
            // Held for a look at the clock.
            let (mut synced, now) = (self.synced.lock().expect(UNPOISONED), (self.clock)());
            if now.saturating_duration_since(*synced) < self.every {
                return Ok(());
            }
            *synced = now;
        }
        self.remake.sync()
    }
}

/// How the stages work.
#[derive(Clone, Copy)]
pub(crate) struct Stages<'a> {
    pub(crate) context: &'a Context<'a>,
    /// `None` where documents get no vectors.
    pub(crate) embedder: Option<&'a dyn Embedder>,
    /// Where everything is made anew: what keeps vectors until that is committed.
    pub(crate) keeping: Option<&'a Keeping<'a>>,
    /// How many threads prepare; as many embed.
    pub(crate) threads: usize,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) spent: &'a Spent,
}

/// A document on its way through the workers.
struct InWork {
    prepared: Mutex<Option<Box<Prepared>>>,
    vectors: Mutex<Vec<(VectorKey, Vec<f32>)>>,
    remaining: AtomicUsize,
}

struct Job {
    document: Arc<InWork>,
    key: VectorKey,
    input: String,
}

/// What the threads of one run share.
struct Run<'a> {
    stages: Stages<'a>,
    /// Keys embedded in this run, so that text that stands in many notes is embedded once.
    embedded: Mutex<HashSet<VectorKey>>,
    /// Set when a stage failed; the others then drain their queues without working.
    stopped: AtomicBool,
}

/// Runs every file in `files` through the stages and hands what comes out to `write`, on the calling thread.
///
/// Ends early, with that error, when the model or `write` fails.
pub(crate) fn run(
    files: &[(SourceFile, Option<u64>)],
    stages: &Stages<'_>,
    mut write: impl FnMut(Done) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let run = Run { stages: *stages, embedded: Mutex::default(), stopped: AtomicBool::new(false) };
    let threads = stages.threads;
    let (to_write, written) = bounded::<Done>(DOCUMENT_QUEUE);
    let (to_embed, jobs) = bounded::<Job>(CHUNK_QUEUE);
    std::thread::scope(|scope| {
        let run = &run;
        let mut started = Vec::new();
        for _ in 0..stages.embedder.map_or(0, |_| threads) {
            let (jobs, to_write) = (jobs.clone(), to_write.clone());
            started.push(scope.spawn(move || run.embed(&jobs, &to_write)));
        }
        started.push(scope.spawn(move || run.prepare(files, &to_embed, &to_write)));
        drop(jobs);
        let mut outcome = Ok(());
        for done in written {
            if outcome.is_ok() {
                outcome = write(done);
                run.stopped.fetch_or(outcome.is_err(), Ordering::Relaxed);
            }
        }
        for stage in started {
            let ended = stage.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            outcome = outcome.and(ended);
        }
        outcome
    })
}

impl Run<'_> {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Reads and cuts the files, about in their order, on a pool of its own.
    fn prepare(
        &self,
        files: &[(SourceFile, Option<u64>)],
        to_embed: &Sender<Job>,
        to_write: &Sender<Done>,
    ) -> Result<(), BuildError> {
        // The tokenizer is loaded before the pool starts, so that a failure has one place to go.
        bundled_tokens()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.stages.threads)
            .thread_name(|number| format!("prepare-{number}"))
            .build()
            .expect("the system has room for a few threads");
        pool.install(|| {
            // One file at a time: files differ in size by a factor of a million.
            files.par_iter().with_max_len(1).for_each_init(
                || bundled_tokens().expect("the tokenizer was loaded before the pool started"),
                |tokens, (file, before)| {
                    if self.is_stopped() {
                        return;
                    }
                    let began = Instant::now();
                    let outcome = self.stages.context.prepare(file, *before, tokens);
                    add(&self.stages.spent.read, began.elapsed());
                    self.pass_on(file, before.is_some(), outcome, to_embed, to_write);
                },
            );
        });
        Ok(())
    }

    fn pass_on(
        &self,
        file: &SourceFile,
        known: bool,
        outcome: Outcome,
        to_embed: &Sender<Job>,
        to_write: &Sender<Done>,
    ) {
        // A closed queue means that the run has failed elsewhere; the failure is reported there.
        let _ = match outcome {
            Outcome::Skipped(reason) => to_write.send(Done::Skipped { file: file.clone(), known, reason }),
            Outcome::SameBytes => to_write.send(Done::SameBytes { bytes: file.size }),
            Outcome::Prepared(prepared) => {
                self.queue_chunks(prepared, to_embed, to_write);
                Ok(())
            }
        };
    }

    fn queue_chunks(&self, mut prepared: Box<Prepared>, to_embed: &Sender<Job>, to_write: &Sender<Done>) {
        let mut inputs = std::mem::take(&mut prepared.to_embed);
        {
            // Held for lookups; dropped before anything is sent.
            let embedded = self.embedded.lock().expect(UNPOISONED);
            let mut own = HashSet::new();
            inputs.retain(|(key, _)| !embedded.contains(key) && own.insert(*key));
        }
        if let Some(keeping) = self.stages.keeping {
            inputs.retain(|(key, _)| match keeping.remake.vector(*key) {
                Some(vector) => {
                    prepared.kept.push((*key, vector));
                    false
                }
                None => true,
            });
            self.embedded.lock().expect(UNPOISONED).extend(prepared.kept.iter().map(|(key, _)| *key));
        }
        prepared.lacking = inputs.len();
        if inputs.is_empty() || self.stages.embedder.is_none() {
            let _ = to_write.send(Done::Document { prepared, vectors: Vec::new() });
            return;
        }
        let document = Arc::new(InWork {
            prepared: Mutex::new(Some(prepared)),
            vectors: Mutex::new(Vec::with_capacity(inputs.len())),
            remaining: AtomicUsize::new(inputs.len()),
        });
        for (key, input) in inputs {
            let _ = to_embed.send(Job { document: Arc::clone(&document), key, input });
        }
    }

    /// One worker on one thread: as many chunks at a time as its model likes, and as are there.
    fn embed(&self, jobs: &Receiver<Job>, to_write: &Sender<Done>) -> Result<(), BuildError> {
        let embedder = self.stages.embedder.expect("workers are started only where there is a model");
        // Made when there is something to embed: a model behind a url may be away, and words do without.
        let mut made = None;
        let mut outcome = Ok(());
        let mut spent = Duration::ZERO;
        for job in jobs {
            let ends = self.stages.progress.is_stopped();
            self.stopped.fetch_or(self.breaks_off(ends), Ordering::Relaxed);
            if outcome.is_err() || self.is_stopped() {
                continue;
            }
            if ends {
                // The words of a small change are committed all the same, and its vectors are the next run's to make.
                self.settle(&job, None, to_write);
                continue;
            }
            let began = Instant::now();
            outcome = match made.take().map_or_else(|| embedder.worker(), Ok) {
                Ok(worker) => {
                    let worker = made.insert(worker);
                    let more = jobs.try_iter().take(worker.batch().saturating_sub(1));
                    let batch: Vec<Job> = std::iter::once(job).chain(more).collect();
                    self.embed_batch(worker.as_mut(), &batch, to_write)
                }
                Err(error) => Err(error.into()),
            };
            spent += began.elapsed();
            self.stopped.fetch_or(outcome.is_err(), Ordering::Relaxed);
        }
        add(&self.stages.spent.embed, spent);
        outcome
    }

    /// Whether nothing more is done, because the process `ends` or somebody else goes first: only where what is left can be
    /// taken up again from where it is.
    fn breaks_off(&self, ends: bool) -> bool {
        let can_be_taken_up = self.stages.context.fills || self.stages.keeping.is_some();
        can_be_taken_up && ends || self.stages.context.fills && !self.stages.progress.goes_on()
    }

    fn embed_batch(
        &self,
        worker: &mut dyn EmbedWorker,
        batch: &[Job],
        to_write: &Sender<Done>,
    ) -> Result<(), BuildError> {
        let texts: Vec<&str> = batch.iter().map(|job| job.input.as_str()).collect();
        let vectors = worker.embed_documents(&texts)?;
        assert_eq!(vectors.len(), batch.len(), "a worker gives a vector for each text");
        batch.iter().zip(vectors).try_for_each(|(job, vector)| self.embedded(job, vector, to_write))
    }

    /// Keeps a vector, and hands it on.
    fn embedded(&self, job: &Job, vector: Vec<f32>, to_write: &Sender<Done>) -> Result<(), BuildError> {
        if let Some(keeping) = self.stages.keeping {
            keeping.keep(job.key, &vector)?;
        }
        self.stages.progress.embedded();
        self.embedded.lock().expect(UNPOISONED).insert(job.key);
        if self.stages.context.fills {
            // The document is there already; what is done of it is not lost when the rest is broken off.
            let _ = to_write.send(Done::Vector { key: job.key, vector });
            return Ok(());
        }
        self.settle(job, Some(vector), to_write);
        Ok(())
    }

    /// Adds the chunk's vector to those of its document, and hands that on where it was the last chunk.
    fn settle(&self, job: &Job, vector: Option<Vec<f32>>, to_write: &Sender<Done>) {
        // Each lock below is held for one push or take.
        let document = &job.document;
        document.vectors.lock().expect(UNPOISONED).extend(vector.map(|vector| (job.key, vector)));
        if document.remaining.fetch_sub(1, Ordering::AcqRel) == 1 {
            let prepared = document.prepared.lock().expect(UNPOISONED).take();
            let vectors = std::mem::take(&mut *document.vectors.lock().expect(UNPOISONED));
            if let Some(prepared) = prepared {
                let _ = to_write.send(Done::Document { prepared, vectors });
            }
        }
    }
}

fn add(total: &Mutex<Duration>, spent: Duration) {
    *total.lock().expect(UNPOISONED) += spent;
}
