//! `ibid index`: which folder becomes which collection, with which settings; then one run of the indexer for each.

mod job;
mod web;

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_embed::{EmbedError, ModelIdentity, RemoteError};
use ibid_index::{OpenError, WriteError};
use ibid_indexer::{BuildError, BuildOptions, Model, Report, Survey, build, build_choosing};

use crate::args::IndexArgs;
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::follow::{RESTATE_AFTER, WordsOnly};
use crate::json;
use crate::open::{ModelChoice, SharedModels};
use crate::output;
use crate::pace::Pace;
use crate::print;
use crate::progress::Shown;
use crate::stop::Stop;
use crate::text::safe_line;
pub(crate) use job::{Job, JobModel};

/// How long an index that another process writes is waited for.
const LOCKED_PATIENCE: Duration = Duration::from_secs(10);
const LOCKED_RETRY_AFTER: Duration = Duration::from_millis(100);

/// A run that is over.
pub(crate) struct Indexed {
    pub(crate) name: CollectionName,
    /// The folder, or the addresses.
    pub(crate) source: String,
    pub(crate) report: Report,
    /// Where the index lies.
    pub(crate) folder: PathBuf,
    pub(crate) bytes_on_disk: u64,
    /// The model, where the notes chose it.
    pub(crate) chosen: Option<ChosenModel>,
    /// The model, where texts leave this machine on their way to it.
    pub(crate) beyond: Option<ModelIdentity>,
}

/// A model that was chosen by the languages of the notes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChosenModel {
    pub(crate) name: String,
    /// What decided.
    pub(crate) survey: Survey,
}

pub(crate) fn run(args: &IndexArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let models = Models { environment, loaded: RefCell::default() };
    let stop = Stop::listen()?;
    if !args.paths.is_empty() || args.web.urls.is_some() || args.name.is_some() {
        index(&Job::of_one(args, environment)?, args, &models, &stop)?;
        if let Some(asked) = stop.asked() {
            return Ok(Outcome::Stopped(asked));
        }
        if !args.json && !environment.quiet {
            print::report::next_step()?;
        }
        return Ok(Outcome::Done);
    }
    let mut outcome = Outcome::Done;
    for job in Job::of_all(args, environment)? {
        match job.and_then(|job| index(&job, args, &models, &stop)) {
            Ok(()) => {}
            // Nobody reads what would be printed of the others.
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => {
                failure.print();
                outcome = Outcome::Partly;
            }
        }
        if let Some(asked) = stop.asked() {
            return Ok(Outcome::Stopped(asked));
        }
    }
    Ok(outcome)
}

fn index(job: &Job, args: &IndexArgs, models: &Models<'_>, stop: &Arc<Stop>) -> Result<(), Failure> {
    let environment = models.environment;
    let failed = |source: BuildError| Failure::Build { name: job.name.clone(), source: Box::new(source) };
    let pace = args.cpu.map(|percent| Pace::of(percent, environment::cores()));
    let threads = pace.map(|pace| pace.threads).or(args.threads).unwrap_or_else(environment::cores);
    let load = |choice: &ModelChoice| {
        let model = models.get(choice)?;
        Ok::<_, EmbedError>(pace.map_or_else(|| model.clone(), |pace| pace.hold_back(model.clone())))
    };
    let named = match &job.model {
        JobModel::Named(choice) => Some(known_again(load(choice)?)?),
        JobModel::WordsAlone | JobModel::ByLanguage => None,
    };
    let beyond = named.as_ref().map(|model| model.embedder.identity().clone());
    let beyond = beyond.filter(ModelIdentity::leaves_machine);
    let chosen = RefCell::new(None);
    let choose = |survey: &Survey| {
        let choice = ModelChoice::for_languages(survey);
        let model = load(&choice)?;
        chosen.replace(Some(ChosenModel { name: choice.name, survey: *survey }));
        Ok(model)
    };
    let options = job.options(named, threads, environment::now_ns());
    let options = BuildOptions { rebuild: args.rebuild, source: job.source.fetched(), ..options };
    let store = &environment.store;
    let shown = Arc::new(Shown::new(&job.name, environment.quiet, stop.clone()));
    stop.ends_with(last_words(shown.clone(), args.json));
    let run = || match job.model {
        JobModel::ByLanguage => build_choosing(store, &options, shown.as_ref(), &choose),
        JobModel::WordsAlone | JobModel::Named(_) => build(store, &options, shown.as_ref()),
    };
    let mut built = when_unlocked(run);
    let begins_anew = |error: &BuildError| match error_of_opening(error) {
        Some(error) if error.is_older_format() => true,
        _ => args.rebuild && is_ruin(error),
    };
    if let Some(error) = built.as_ref().err().filter(|error| begins_anew(error)) {
        if !environment.quiet {
            writeln!(output::err(), "{}: {}: it is made anew", job.name, safe_line(&error.to_string()))?;
        }
        store.clear(&job.name).map_err(|source| failed(source.into()))?;
        built = run();
    }
    shown.finish();
    stop.ends_with(|| ());
    if let Err(BuildError::Stopped) = built {
        // The thread that listens has said so, or is about to.
        stop.settle();
        return Ok(());
    }
    let indexed = Indexed {
        name: job.name.clone(),
        source: job.shown(),
        report: built.map_err(failed)?,
        folder: store.folder(&job.name),
        bytes_on_disk: store.bytes_on_disk(&job.name)?,
        chosen: chosen.into_inner(),
        beyond,
    };
    tell(&indexed, args.json, environment.quiet, stop.asked().is_some())
}

/// Runs, and again while another process writes the index: one that follows the folder holds it for moments only.
fn when_unlocked(run: impl Fn() -> Result<Report, BuildError>) -> Result<Report, BuildError> {
    let began = Instant::now();
    let mut built = run();
    while built.as_ref().is_err_and(is_locked) && began.elapsed() < LOCKED_PATIENCE {
        thread::sleep(LOCKED_RETRY_AFTER);
        built = run();
    }
    built
}

/// Prints what a run did.
fn tell(indexed: &Indexed, in_json: bool, is_quiet: bool, is_stopped: bool) -> Result<(), Failure> {
    if is_stopped && !is_quiet {
        let (name, said) =
            (&indexed.name, print::report::stopped(&indexed.report, &environment::command_line()));
        writeln!(output::err(), "{name}: {}", safe_line(&said))?;
    }
    match (in_json, is_quiet || is_stopped) {
        (true, _) => output::print_json(&json::report(indexed, is_stopped)),
        (_, true) => Ok(()),
        (_, false) => print::report::report(indexed),
    }
}

/// Refuses a model behind a url that is not the one that made the vectors, also where nothing is to be embedded. One that
/// is away is missed when it is needed: words do without.
fn known_again(model: Model) -> Result<Model, EmbedError> {
    if model.embedder.identity().remote.is_none() {
        return Ok(model);
    }
    match model.embedder.worker() {
        Err(error @ EmbedError::Remote(RemoteError::Changed { .. })) => Err(error),
        _ => Ok(model),
    }
}

/// What is said where a run is cut off.
fn last_words(shown: Arc<Shown>, in_json: bool) -> impl Fn() + Send + 'static {
    move || {
        shown.break_off(&safe_line(&environment::command_line()));
        if in_json {
            // Nobody is left to be told when this fails.
            let _ = output::print_json(&json::cut_off(shown.name(), shown.chunks()));
        }
    }
}

/// Brings a collection up to its folder as it was indexed the last time, by its words: what is long to embed is left to
/// a run that nobody waits for. Waits for whoever writes it now.
pub(super) fn words_of(name: CollectionName, models: &SharedModels) -> Result<(), Failure> {
    let store = &models.environment().store;
    let job = Job::named(&IndexArgs::default(), models.environment(), name)?;
    if job.is_web() {
        // Another commit would only make it look newer than its pages are.
        return Ok(());
    }
    let model = match job.model.of_existing() {
        Some(choice) => {
            let private = models.environment().config.serving.private();
            Some(Model { embedder: models.get(&choice)?, folder: choice.folder, private })
        }
        None => None,
    };
    loop {
        let options = job.options(model.clone(), environment::cores(), environment::now_ns());
        let options = BuildOptions { restate_after: RESTATE_AFTER, ..options };
        match build(store, &options, &WordsOnly) {
            Ok(_) => return Ok(()),
            Err(error) if is_locked(&error) => thread::sleep(LOCKED_RETRY_AFTER),
            Err(source) => return Err(Failure::Build { name: job.name.clone(), source: Box::new(source) }),
        }
    }
}

/// Whether another process writes the collection now.
pub(crate) fn is_locked(error: &BuildError) -> bool {
    matches!(error_of_opening(error), Some(OpenError::Locked { .. }))
}

/// The error of opening the collection, where the run ended with one.
fn error_of_opening(error: &BuildError) -> Option<&OpenError> {
    match error {
        BuildError::Open(error) | BuildError::Write(WriteError::Open(error)) => Some(error),
        _ => None,
    }
}

/// Whether the index that stands there cannot even be read to be replaced.
fn is_ruin(error: &BuildError) -> bool {
    match error_of_opening(error) {
        Some(error) => matches!(error, OpenError::Format { .. } | OpenError::Damaged { .. }),
        None => matches!(error, BuildError::Read(_)),
    }
}

/// Models, each loaded for the first collection that wants it.
struct Models<'a> {
    environment: &'a Environment,
    loaded: RefCell<Vec<(ModelChoice, Model)>>,
}

impl Models<'_> {
    fn get(&self, choice: &ModelChoice) -> Result<Model, EmbedError> {
        if let Some((_, model)) = self.loaded.borrow().iter().find(|(loaded, _)| loaded == choice) {
            return Ok(model.clone());
        }
        let model = Model {
            embedder: choice.load(self.environment)?,
            folder: choice.folder.clone(),
            private: self.environment.config.serving.private(),
        };
        self.loaded.borrow_mut().push((choice.clone(), model.clone()));
        Ok(model)
    }
}
