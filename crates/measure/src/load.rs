//! How long questions take while so many are asked at once, in process and through the server. The load is closed: a
//! client asks its next question when it has the answer to the one before. In process is the server less the wire: the
//! same library answers, and lets as many questions run at once.
//!
//! Every question is cold. Within a round none is asked twice, and each round has a library of its own, so that vectors
//! kept from earlier questions would not help.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use ibid_core::query::{Mode, Query};
use ibid_embed::{EmbedError, Embedder};
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_search::{QueryEmbedder, Searcher};
use ibid_server::{Library, LoadModel, ServeConfig, ServeError, Viewer, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::bench_error::BenchError;
use crate::client::Client;
use crate::latency::Latency;

/// How many ask at once: one person, a few programs, more than there are cores.
pub const CONCURRENCY: [usize; 3] = [1, 4, 16];

/// The most rounds of one point: each begins with a library that has to be opened.
const MAX_ROUNDS: usize = 16;

/// Questions asked once before anything is timed, so that files are in memory and processors awake.
const WARM_UP_QUESTIONS: usize = 48;

/// Questions that each client asks before its round begins, so that connections and workers are there.
const WARM_UP_EACH: usize = 2;

/// How long a server may take to end.
const STOPPING: Duration = Duration::from_secs(2);

/// What is asked, and how long.
pub struct Load<'a> {
    /// Where the collection lies.
    pub store: &'a Store,
    /// The collection, open. The library opens it once more.
    pub snapshot: &'a Arc<Snapshot>,
    /// The model of the collection, if it has one.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// How it is searched.
    pub mode: Mode,
    /// What is asked, no two alike.
    pub questions: &'a [String],
    /// How long each point is measured, about.
    pub time: Duration,
}

/// One measured load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// How many asked at once.
    pub concurrency: usize,
    /// How long each waited.
    pub latency: Latency,
    /// Questions answered in a second, by all together.
    pub per_second: f64,
    /// How often the list of questions was begun anew.
    pub rounds: usize,
}

/// The ways to the same question, asked one at a time in turn, so that all see the same machine.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// The embedding alone; `None` without a model.
    pub embedding: Option<Latency>,
    /// Every mode that the collection can be asked in.
    pub modes: Vec<(Mode, Latency)>,
    /// The median of hybrid as a multiple of the median of embedding alone.
    pub hybrid_over_embedding: Option<f64>,
}

/// A client: asks one question and gives how long it took.
type Ask<'a> = Box<dyn FnMut(&str) -> Result<Duration, BenchError> + Send + 'a>;

/// What clients ask.
trait Target: Sync {
    /// Makes one client.
    fn client(&self) -> Ask<'_>;
}

impl Load<'_> {
    /// An embedder that knows no question yet.
    fn cold_embedder(&self) -> Option<QueryEmbedder> {
        self.embedder.clone().map(QueryEmbedder::without_cache)
    }

    /// A library that knows no question yet.
    fn cold_library(&self) -> Result<Arc<Library>, BenchError> {
        let (model, missing) = (self.embedder.clone(), self.snapshot.name().to_string());
        let no_model = move || EmbedError::UnknownModel { name: missing.clone(), nearest: Vec::new() };
        let give: LoadModel = Box::new(move |_| model.clone().ok_or_else(&no_model));
        Ok(Library::open(self.store.clone(), Some(vec![self.snapshot.name().clone()]), give)?)
    }

    /// Asks some questions untimed: done once, before the first point.
    ///
    /// # Errors
    /// Where one cannot be answered.
    pub fn warm_up(&self) -> Result<(), BenchError> {
        let target = InProcess::new(self)?;
        let mut ask = target.client();
        let step = self.questions.len().div_ceil(WARM_UP_QUESTIONS).max(1);
        self.questions.iter().step_by(step).try_for_each(|question| ask(question).map(drop))
    }

    /// Threads of this process that ask the library and wait their turn, as requests of the server do. Takes about
    /// [`Load::time`], and the opening of the collection for each round.
    ///
    /// # Errors
    /// Where a question cannot be answered.
    pub fn in_process(&self, concurrency: usize) -> Result<Point, BenchError> {
        self.point(concurrency, || InProcess::new(self))
    }

    /// Clients with one connection each, to a server in this process on loopback. Takes about [`Load::time`], and the
    /// opening of the collection for each round.
    ///
    /// # Errors
    /// Where the server does not start or does not answer.
    pub fn over_http(&self, concurrency: usize) -> Result<Point, BenchError> {
        self.point(concurrency, || Running::start(self))
    }

    fn point<T: Target>(
        &self,
        concurrency: usize,
        target: impl Fn() -> Result<T, BenchError>,
    ) -> Result<Point, BenchError> {
        let (mut times, mut spent, mut rounds) = (Vec::new(), Duration::ZERO, 0);
        while rounds == 0 || (spent < self.time && rounds < MAX_ROUNDS) {
            let round = round(&target()?, self.questions, concurrency, self.time - spent)?;
            times.extend(round.times);
            spent += round.wall;
            rounds += 1;
        }
        let per_second = times.len() as f64 / spent.as_secs_f64().max(f64::MIN_POSITIVE);
        Ok(Point { concurrency, latency: Latency::of(times), per_second, rounds })
    }

    /// Asks each question in every way, one after another, for about [`Load::time`]; the order of the ways turns with
    /// every question.
    ///
    /// # Errors
    /// Where a question cannot be answered.
    pub fn side_by_side(&self) -> Result<SideBySide, BenchError> {
        let modes: &[Mode] = match self.embedder {
            Some(_) => &[Mode::Hybrid, Mode::Lexical, Mode::Semantic],
            None => &[Mode::Lexical],
        };
        // An embedder each: what one way has embedded must not help another.
        let embedders: Vec<_> = modes.iter().map(|_| self.cold_embedder()).collect();
        let snapshots = std::slice::from_ref(self.snapshot);
        let mut ways: Vec<Ask<'_>> = Vec::new();
        for (&mode, embedder) in modes.iter().zip(&embedders) {
            ways.push(Box::new(move |words| {
                let query = Query { mode, ..Query::new(words) };
                let began = Instant::now();
                Searcher::new(snapshots, embedder.as_ref()).search(&query)?;
                Ok(began.elapsed())
            }));
        }
        if let Some(alone) = self.cold_embedder() {
            ways.push(Box::new(move |words| {
                let began = Instant::now();
                alone.embed(words)?;
                Ok(began.elapsed())
            }));
        }
        let mut times = self.in_turn(&mut ways)?.into_iter();
        let modes: Vec<_> = modes.iter().copied().zip(&mut times).collect();
        let embedding = times.next();
        let hybrid = modes.iter().find(|(mode, _)| *mode == Mode::Hybrid);
        let hybrid_over_embedding = hybrid
            .zip(embedding)
            .map(|((_, hybrid), embedding)| hybrid.p50 / embedding.p50.max(f64::MIN_POSITIVE));
        Ok(SideBySide { embedding, modes, hybrid_over_embedding })
    }

    fn in_turn(&self, ways: &mut [Ask<'_>]) -> Result<Vec<Latency>, BenchError> {
        for way in ways.iter_mut() {
            (0..WARM_UP_EACH).try_for_each(|at| way(&warm_up_words(at)).map(drop))?;
        }
        let mut times = vec![Vec::new(); ways.len()];
        let began = Instant::now();
        for (turn, question) in self.questions.iter().enumerate() {
            for step in 0..ways.len() {
                let way = (turn + step) % ways.len();
                times[way].push(ways[way](question)?);
            }
            if began.elapsed() >= self.time {
                break;
            }
        }
        Ok(times.into_iter().map(Latency::of).collect())
    }
}

/// What came out of one pass over the questions.
struct Round {
    times: Vec<Duration>,
    wall: Duration,
}

/// Lets so many clients ask until the questions or the time run out.
fn round(
    target: &impl Target,
    questions: &[String],
    concurrency: usize,
    time: Duration,
) -> Result<Round, BenchError> {
    let (next, together) = (AtomicUsize::new(0), Barrier::new(concurrency + 1));
    let client = || {
        let mut ask = target.client();
        let warm = (0..WARM_UP_EACH).try_for_each(|at| ask(&warm_up_words(at)).map(drop));
        // Waited for even when the warm-up failed: the others would wait for ever.
        together.wait();
        warm?;
        let (mut times, began) = (Vec::new(), Instant::now());
        while began.elapsed() < time
            && let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed))
        {
            times.push(ask(question)?);
        }
        Ok::<_, BenchError>(times)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..concurrency).map(|_| scope.spawn(client)).collect();
        together.wait();
        let began = Instant::now();
        let mut times = Vec::new();
        let mut failed = None;
        for client in clients {
            match client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                Ok(own) => times.extend(own),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let wall = began.elapsed();
        failed.map_or(Ok(Round { times, wall }), Err)
    })
}

/// Words that no list of questions holds.
fn warm_up_words(at: usize) -> String {
    format!("ibid bench wakes up {at}")
}

/// The library that a server would ask, with threads of its own.
struct InProcess {
    library: Arc<Library>,
    mode: Mode,
    runtime: Runtime,
}

impl InProcess {
    fn new(load: &Load<'_>) -> Result<InProcess, BenchError> {
        let runtime = Runtime::new().map_err(ServeError::from)?;
        Ok(InProcess { library: load.cold_library()?, mode: load.mode, runtime })
    }
}

impl Target for InProcess {
    fn client(&self) -> Ask<'_> {
        Box::new(|words| {
            let query = Query { mode: self.mode, ..Query::new(words) };
            let began = Instant::now();
            self.runtime.block_on(self.library.ask(&Viewer::owner(), query, None))?;
            Ok(began.elapsed())
        })
    }
}

/// The server in this process, with threads of its own.
struct Running {
    base: String,
    mode: Mode,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

impl Running {
    fn start(load: &Load<'_>) -> Result<Running, BenchError> {
        let library = load.cold_library()?;
        let runtime = Runtime::new().map_err(ServeError::from)?;
        let listener =
            runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).map_err(ServeError::from)?;
        let address = listener.local_addr().map_err(ServeError::from)?;
        let (stop, stopped) = oneshot::channel::<()>();
        // Where it fails the clients' requests fail, and that is what is told.
        runtime.spawn(serve(listener, library, ServeConfig::default(), async {
            let _ = stopped.await;
        }));
        let base = format!("http://{address}");
        Ok(Running { base, mode: load.mode, stop: Some(stop), runtime: Some(runtime) })
    }
}

impl Target for Running {
    fn client(&self) -> Ask<'_> {
        let client = Client::new(&self.base, self.mode);
        Box::new(move |words| client.ask(words))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails only where the server has ended by itself.
            let _ = stop.send(());
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(STOPPING);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Answers at once and remembers; every question that holds "bad" is an error.
    struct Memory(Mutex<Vec<String>>);

    impl Target for Memory {
        fn client(&self) -> Ask<'_> {
            Box::new(|words| {
                self.0.lock().unwrap().push(words.to_owned());
                match words.contains("bad") {
                    true => Err(BenchError::NoQuestions),
                    false => Ok(Duration::from_millis(3)),
                }
            })
        }
    }

    fn check(questions: &[&str], concurrency: usize, expected: Option<usize>) {
        let questions: Vec<String> = questions.iter().map(|&question| question.to_owned()).collect();
        let memory = Memory(Mutex::default());
        let round = round(&memory, &questions, concurrency, Duration::from_secs(5)).ok();
        assert_eq!(round.map(|round| round.times.len()), expected);
        let mut asked = memory.0.into_inner().unwrap();
        asked.retain(|words| questions.contains(words));
        asked.sort();
        assert!(asked.windows(2).all(|pair| pair[0] != pair[1]), "asked twice: {asked:?}");
    }

    #[test]
    fn each_question_of_a_round_is_asked_once_however_many_ask() {
        check(&["a", "b", "c"], 1, Some(3));
        check(&["a", "b", "c", "d", "e"], 4, Some(5));
        check(&["a"], 16, Some(1));
    }

    #[test]
    fn one_failure_is_a_failure_and_keeps_nobody_waiting() {
        check(&["a", "bad", "c"], 4, None);
    }
}
