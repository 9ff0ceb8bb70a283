//! `ibid watch`: keeps collections up to their folders until it is told to stop. `ibid serve` does the same beside its
//! serving. What is new in a folder is found by the indexer; when to look, by its follower.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_index::store::Store;
use ibid_indexer::{BuildError, BuildOptions, Follower, Model, Report, Silent, build};

use crate::args::{IndexArgs, WatchArgs};
use crate::command::index::{Job, is_locked};
use crate::command::serve;
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::open::{self, SharedModels};
use crate::output::{self, DIM, STRONG};
use crate::print;
use crate::text::safe_line;

/// How often a folder is looked at though nothing is said to have changed there: events get lost, and a disk that came
/// back tells of nothing.
const RECONCILE_EVERY: Duration = Duration::from_secs(300);

/// How long after a failure a folder is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long after another process was seen to write a collection.
const LOCKED_RETRY_AFTER: Duration = Duration::from_millis(500);

/// How often collections are looked for that were not there before.
const LOOK_FOR_NEW_EVERY: Duration = Duration::from_secs(2);

/// An unchanged collection is committed anew when its commit is older than this, so that answers say it still stands.
const RESTATE_AFTER: Duration = Duration::from_secs(600);

pub(crate) fn run(args: &WatchArgs, environment: Environment) -> Result<Outcome, Failure> {
    let names = open::named(&environment.store, &args.collection)?;
    if environment.store.collections()?.is_empty() {
        return Err(Failure::NoCollections { data_dir: environment.store.data_dir().to_owned() });
    }
    let quiet = environment.quiet;
    let models = Arc::new(SharedModels::new(environment));
    let runtime = serve::runtime()?;
    runtime.block_on(async {
        let stop = serve::stop()?;
        start(names, models, Arc::new(move |name, news| tell(name, &news, quiet)))?;
        if !quiet {
            writeln!(output::err(), "{DIM}watching; ctrl-c stops{DIM:#}")?;
        }
        stop.await;
        Ok(Outcome::Done)
    })
}

/// What became of a collection.
pub(super) enum News<'a> {
    /// It is up to its folder, and this was new.
    Changed(&'a Report),
    /// It is as it was, for this reason.
    Failed(&'a Failure),
    /// The system does not tell of changes there, for this reason; it is asked every few seconds.
    Polled(&'a (dyn std::error::Error + Send + Sync)),
}

/// Who is told. It is called by several threads.
pub(super) type Tell = Arc<dyn Fn(&CollectionName, News<'_>) + Send + Sync>;

fn tell(name: &CollectionName, news: &News<'_>, quiet: bool) {
    match news {
        News::Changed(_) if quiet => {}
        News::Changed(report) => {
            let (what, seconds) = (print::report::changes(report), report.seconds.total);
            // Where nobody reads it, nobody misses it.
            let _ = writeln!(output::out(), "{STRONG}{name}{STRONG:#}: {what} in {seconds:.1} s");
        }
        News::Failed(failure) => failure.print_as_warning(),
        News::Polled(reason) => {
            let reason = safe_line(&reason.to_string());
            let _ = writeln!(output::err(), "{name}: looked at every few seconds, since {reason}");
        }
    }
}

/// Begins to keep the collections of these names, or all there are and all that come, up to their folders. Each has a
/// thread of its own, which ends when the collection is gone; the process may end at any time.
pub(super) fn start(
    names: Vec<CollectionName>,
    models: Arc<SharedModels>,
    tell: Tell,
) -> Result<(), Failure> {
    let shared = Arc::new(Shared { models, tell, one_at_a_time: Mutex::default() });
    let look = move || {
        let mut followed: BTreeMap<CollectionName, JoinHandle<()>> = BTreeMap::new();
        loop {
            // Also one that panicked is begun anew.
            followed.retain(|_, thread| !thread.is_finished());
            // What cannot be listed now is listed the next time.
            let mut found = shared.store().collections().unwrap_or_default();
            found.retain(|name| (names.is_empty() || names.contains(name)) && !followed.contains_key(name));
            for name in found {
                let (shared, followed_name) = (shared.clone(), name.clone());
                let follow = move || shared.follow(&followed_name);
                match thread::Builder::new().name("ibid-follow".to_owned()).spawn(follow) {
                    Ok(thread) => drop(followed.insert(name, thread)),
                    Err(error) => tracing::error!(%error, "a collection is not followed yet"),
                }
            }
            thread::sleep(LOOK_FOR_NEW_EVERY);
        }
    };
    thread::Builder::new().name("ibid-follow".to_owned()).spawn(look).map_err(Failure::Start)?;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shared {
    models: Arc<SharedModels>,
    tell: Tell,
    /// Held by the one that indexes: together they would only take each other's cores.
    one_at_a_time: Mutex<()>,
}

impl Shared {
    fn store(&self) -> &Store {
        &self.models.environment().store
    }

    /// Follows a collection until it is no more.
    fn follow(&self, name: &CollectionName) {
        let mut last_told = String::new();
        while self.exists(name) {
            match self.follow_as_it_is(name, &mut last_told) {
                Ok(()) => {}
                Err(_) if !self.exists(name) => return,
                Err(failure) => {
                    let message = failure.to_string();
                    // The same trouble every few seconds is told once.
                    if message != last_told {
                        (self.tell)(name, News::Failed(&failure));
                        last_told = message;
                    }
                    thread::sleep(RETRY_AFTER);
                }
            }
        }
    }

    /// Follows a collection's folder for as long as its settings stay, and no longer than [`RECONCILE_EVERY`]: a
    /// folder that was replaced by another one of the same name is followed anew.
    fn follow_as_it_is(&self, name: &CollectionName, last_told: &mut String) -> Result<(), Failure> {
        let job = self.job(name)?;
        let model = job.model.as_ref().map(|choice| {
            Ok::<_, Failure>(Model { embedder: self.models.get(choice)?, folder: choice.folder.clone() })
        });
        let model = model.transpose()?;
        // Before the first run, so that nothing happens between the two.
        let follower = Follower::new(&job.root);
        if let Some(reason) = follower.trouble() {
            let message = reason.to_string();
            if message != *last_told {
                (self.tell)(name, News::Polled(reason));
                *last_told = message;
            }
        }
        let began = Instant::now();
        // A run would make a collection that was removed meanwhile again.
        while self.exists(name) {
            match self.bring_up_to_date(&job, model.clone()) {
                Ok(report) if report.added + report.changed + report.renamed + report.removed > 0 => {
                    (self.tell)(name, News::Changed(&report));
                    last_told.clear();
                }
                Ok(_) => {}
                Err(error) if is_locked(&error) => {
                    thread::sleep(LOCKED_RETRY_AFTER);
                    continue;
                }
                Err(source) => return Err(Failure::Build { name: name.clone(), source: Box::new(source) }),
            }
            let changed = follower.wait(RECONCILE_EVERY.saturating_sub(began.elapsed()));
            if !changed || (self.exists(name) && self.job(name)? != job) {
                break;
            }
        }
        Ok(())
    }

    fn exists(&self, name: &CollectionName) -> bool {
        self.store().collections().is_ok_and(|names| names.contains(name))
    }

    fn job(&self, name: &CollectionName) -> Result<Job, Failure> {
        Job::recorded(&IndexArgs::default(), self.store(), name.clone())
    }

    fn bring_up_to_date(&self, job: &Job, model: Option<Model>) -> Result<Report, BuildError> {
        let _alone = lock(&self.one_at_a_time);
        let options = job.options(model, threads(), environment::now_ns());
        build(self.store(), &BuildOptions { restate_after: RESTATE_AFTER, ..options }, &Silent)
    }
}

/// Half of the cores: the others answer questions.
fn threads() -> NonZero<usize> {
    NonZero::new(environment::cores().get() / 2).unwrap_or(NonZero::<usize>::MIN)
}
