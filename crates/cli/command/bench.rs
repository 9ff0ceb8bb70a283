//! `ibid bench`: which parts are measured, with what, in which order. How each is measured is the crate `ibid-measure`'s
//! business; what is printed of it is [`print::bench`]'s and [`json::bench`]'s.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ibid_core::id::CollectionName;
use ibid_core::query::Mode;
use ibid_embed::Embedder;
use ibid_index::snapshot::Snapshot;
use ibid_measure::bench_error::BenchError;
use ibid_measure::cold_start::{ColdStart, Program, cold_start};
use ibid_measure::indexing::{Indexed, Indexing, index_again};
use ibid_measure::load::{CONCURRENCY, Load, Point, SideBySide};
use ibid_measure::memory::{Memory, memory};
use ibid_measure::plot::{Plot, Series, svg};
use ibid_measure::questions::{DRAWN_QUESTIONS, Questions, draw, given};
use ibid_measure::recall::{Recall, recall};
use ibid_search::QueryEmbedder;

use crate::args::{BenchArgs, Part};
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::open::{self, ModelChoice};
use crate::output::{self, DIM};
use crate::print;

/// What was measured.
pub(crate) struct Bench {
    pub(crate) snapshot: Arc<Snapshot>,
    /// How it was searched.
    pub(crate) mode: Mode,
    pub(crate) questions: Questions,
    /// How long each point was to take.
    pub(crate) seconds: f64,
    pub(crate) cores: usize,
    pub(crate) parts: Parts,
}

/// The parts; `None` where one was not asked for.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) latency: Option<InProcess>,
    pub(crate) http: Option<Vec<Point>>,
    pub(crate) start: Option<ColdStart>,
    pub(crate) memory: Option<Measured<Memory>>,
    pub(crate) index: Option<Measured<Indexed>>,
    pub(crate) recall: Option<Measured<Recall>>,
}

/// The latency of the searcher without anything around it.
pub(crate) struct InProcess {
    pub(crate) side_by_side: SideBySide,
    pub(crate) points: Vec<Point>,
}

/// What a part gave, or why it could not be measured here.
pub(crate) enum Measured<T> {
    Done(T),
    Skipped(String),
}

pub(crate) fn run(args: &BenchArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let has_latency = wants(args, Part::Latency) || wants(args, Part::Http);
    if args.plot.is_some() && !has_latency {
        return Err(Failure::NothingToPlot);
    }
    let name = collection(args, environment)?;
    let snapshot = open::snapshot(&environment.store, &name)?;
    // Drawn questions and texts to embed are of any note: nobody is sent them to measure speed.
    let is_beyond = snapshot.manifest().model_beyond().is_some();
    let record = snapshot.manifest().model.as_ref().filter(|_| !is_beyond);
    let embedder = record.map(|record| ModelChoice::recorded(record).load(environment)).transpose()?;
    let failed = |source: BenchError| Failure::Bench { name: name.clone(), source: Box::new(source) };
    let questions = match &args.questions {
        Some(path) => given(path).map_err(failed)?,
        None => draw(&snapshot, DRAWN_QUESTIONS).map_err(failed)?,
    };
    // Without vectors a hybrid question is one by words, and is called what it is.
    let by_words = is_beyond || embedder.is_none() && args.mode == Mode::Hybrid;
    let mode = if by_words { Mode::Lexical } else { args.mode };
    let measuring =
        Measuring { args, environment, snapshot: &snapshot, embedder, mode, questions: &questions };
    let parts = measuring.parts()?;
    let cores = environment::cores().get();
    let bench = Bench { snapshot, mode, questions, seconds: args.seconds, cores, parts };
    if let Some(path) = &args.plot {
        let written = fs::write(path, plot(&bench));
        written.map_err(|source| Failure::Plot { path: path.clone(), source })?;
    }
    match args.json {
        true => output::print_json(&json::bench::bench(&bench))?,
        false => print::bench::bench(&bench, args.plot.as_deref())?,
    }
    Ok(Outcome::Done)
}

/// The collection that is named, or the only one.
fn collection(args: &BenchArgs, environment: &Environment) -> Result<CollectionName, Failure> {
    let store = &environment.store;
    let mut names = match &args.collection {
        Some(name) => open::named(store, std::slice::from_ref(name))?,
        None => store.collections()?,
    };
    match names.len() {
        0 => Err(Failure::NoCollections { data_dir: store.data_dir().to_owned() }),
        1 => Ok(names.remove(0)),
        _ => Err(Failure::WhichCollection { known: names }),
    }
}

fn wants(args: &BenchArgs, part: Part) -> bool {
    args.only.is_empty() || args.only.contains(&part)
}

/// Everything that the parts have in common.
struct Measuring<'a> {
    args: &'a BenchArgs,
    environment: &'a Environment,
    snapshot: &'a Arc<Snapshot>,
    embedder: Option<Arc<dyn Embedder>>,
    mode: Mode,
    questions: &'a Questions,
}

impl Measuring<'_> {
    fn parts(&self) -> Result<Parts, Failure> {
        let mut parts = Parts::default();
        let executable = std::env::current_exe().map_err(Failure::Start)?;
        let program = Program {
            executable: &executable,
            data_dir: self.environment.store.data_dir(),
            collection: self.snapshot.name(),
            mode: self.mode,
        };
        for (name, part) in Part::NAMES.into_iter().filter(|(_, part)| wants(self.args, *part)) {
            self.tell(name)?;
            let measured = match part {
                Part::Latency => self.latency().map(|latency| parts.latency = Some(latency)),
                Part::Http => self.http().map(|points| parts.http = Some(points)),
                Part::Start => {
                    cold_start(&program, &self.questions.list).map(|start| parts.start = Some(start))
                }
                Part::Memory => self.memory(&program).map(|memory| parts.memory = Some(memory)),
                Part::Index => self.index().map(|index| parts.index = Some(index)),
                Part::Recall => self.recall().map(|recall| parts.recall = Some(recall)),
            };
            measured.map_err(|source| Failure::Bench {
                name: self.snapshot.name().clone(),
                source: Box::new(source),
            })?;
        }
        Ok(parts)
    }

    /// Says on standard error what takes the time.
    fn tell(&self, part: &str) -> Result<(), Failure> {
        if !self.environment.quiet {
            writeln!(output::err(), "{DIM}measuring {part}{DIM:#}")?;
        }
        Ok(())
    }

    fn load(&self) -> Load<'_> {
        Load {
            store: &self.environment.store,
            snapshot: self.snapshot,
            embedder: self.embedder.clone(),
            mode: self.mode,
            questions: &self.questions.list,
            time: self.time(),
        }
    }

    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.args.seconds)
    }

    fn latency(&self) -> Result<InProcess, BenchError> {
        let load = self.load();
        load.warm_up()?;
        let side_by_side = load.side_by_side()?;
        let points = CONCURRENCY.iter().map(|&at_once| load.in_process(at_once)).collect::<Result<_, _>>()?;
        Ok(InProcess { side_by_side, points })
    }

    fn http(&self) -> Result<Vec<Point>, BenchError> {
        let load = self.load();
        load.warm_up()?;
        CONCURRENCY.iter().map(|&at_once| load.over_http(at_once)).collect()
    }

    fn memory(&self, program: &Program<'_>) -> Result<Measured<Memory>, BenchError> {
        Ok(match memory(program, &self.questions.list)? {
            Some(memory) => Measured::Done(memory),
            None => Measured::Skipped("not measured on this system: only Linux is asked".to_owned()),
        })
    }

    fn index(&self) -> Result<Measured<Indexed>, BenchError> {
        let indexing = Indexing {
            snapshot: self.snapshot,
            embedder: self.embedder.clone(),
            threads: environment::cores(),
            time: Duration::from_secs_f64(self.args.index_seconds),
            scratch: self.environment.store.data_dir(),
            now: environment::now_ns(),
        };
        match index_again(&indexing) {
            Ok(indexed) => Ok(Measured::Done(indexed)),
            // The source may be gone, and the index is as good as before.
            Err(BenchError::Build(error)) => Ok(Measured::Skipped(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn recall(&self) -> Result<Measured<Recall>, BenchError> {
        let Some(embedder) = &self.embedder else {
            let why = match self.snapshot.manifest().model_beyond() {
                Some(_) => "the model is beyond this machine, and is sent nothing to measure it",
                None => "the collection has no vectors",
            };
            return Ok(Measured::Skipped(why.to_owned()));
        };
        let embedder = QueryEmbedder::new(embedder.clone());
        recall(self.snapshot, &embedder, &self.questions.list, self.time()).map(Measured::Done)
    }
}

/// Latency against load, both ways, as an SVG.
fn plot(bench: &Bench) -> String {
    let (snapshot, parts) = (&bench.snapshot, &bench.parts);
    let title = format!("How long a question takes: {}, {}", snapshot.name(), bench.mode.name());
    let subtitle = format!(
        "{} chunks, {} cores, cold questions, each asker waits for its answer{}",
        snapshot.chunks(),
        bench.cores,
        if cfg!(debug_assertions) { "; a debug build" } else { "" }
    );
    let mut series = Vec::new();
    if let Some(latency) = &parts.latency {
        series.push(Series { name: "in process", points: &latency.points });
    }
    if let Some(points) = &parts.http {
        series.push(Series { name: "HTTP", points });
    }
    svg(&Plot { title: &title, subtitle: &subtitle, series: &series })
}
