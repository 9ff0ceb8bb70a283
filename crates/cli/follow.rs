//! Keeps collections up to their folders, beside whatever else the process does. What is new in a folder is found by the
//! indexer; when to look, by its follower; whose turn it is, by [`Turns`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_embed::EmbedError;
use ibid_index::store::Store;
use ibid_indexer::{BuildError, BuildOptions, Follower, Model, Plan, Progress, Report, build};

use crate::args::IndexArgs;
use crate::command::index::{Job, is_locked};
use crate::environment;
use crate::failure::Failure;
use crate::open::SharedModels;
use crate::pace::{self, Pace, Power};
use crate::stop::{Owed, Stop};
use crate::turn::{Errand, Turns};

/// How often a folder is looked at though nothing is said to have changed there: events get lost, and a disk that came
/// back tells of nothing.
const RECONCILE_EVERY: Duration = Duration::from_secs(300);

/// How long after a failure a folder is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long after another process was seen to write a collection.
const LOCKED_RETRY_AFTER: Duration = Duration::from_millis(500);

/// How long somebody who asked waits for another process that writes the collection: no server lets them wait longer.
const LOCKED_PATIENCE: Duration = Duration::from_secs(30);

/// How long after an engine was away it is asked again, unless something is saved before.
const ENGINE_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How often collections are looked for that were not there before.
const LOOK_FOR_NEW_EVERY: Duration = Duration::from_secs(2);

/// An unchanged collection is committed anew when its commit is older than this, so that answers say it still stands.
pub(crate) const RESTATE_AFTER: Duration = Duration::from_secs(600);

/// What became of a collection.
pub(crate) enum News<'a> {
    /// A generation is on disk; the run goes on.
    Committed,
    /// It is up to its folder, and this was new.
    Changed(&'a Report),
    /// The process ends, and this far it has come.
    Stopped(&'a Report),
    /// It is as it was, for this reason.
    Failed(&'a Failure),
    /// The system does not tell of changes there, for this reason; it is asked every few seconds.
    Polled(&'a (dyn std::error::Error + Send + Sync)),
}

/// Who is told. It is called by several threads.
pub(crate) type Tell = Arc<dyn Fn(&CollectionName, News<'_>) + Send + Sync>;

/// How collections are followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// How much of the machine embedding may take.
    pub(crate) pace: Pace,
    /// Whether a battery is spared: then what is saved is indexed all the same, and large amounts of text get their
    /// vectors when the mains are back.
    pub(crate) spares_battery: bool,
}

/// Follows collections until the process ends.
pub(crate) struct Following {
    models: Arc<SharedModels>,
    manners: Manners,
    tell: Tell,
    stop: Arc<Stop>,
    turns: Turns,
    power: Power,
}

impl Following {
    /// Begins to keep the collections of these names, or all there are and all that come, up to their folders. Each has
    /// a thread of its own, which ends when the collection is gone. The process may end at any time; where it waits until
    /// `stop` is settled, what was embedded is committed.
    pub(crate) fn start(
        names: Vec<CollectionName>,
        models: Arc<SharedModels>,
        manners: Manners,
        tell: Tell,
        stop: Arc<Stop>,
    ) -> Result<Arc<Following>, Failure> {
        let (turns, power) = (Turns::default(), Power::default());
        let following = Arc::new(Following { models, manners, tell, stop, turns, power });
        let looking = following.clone();
        let look = move || looking.look_for_collections(&names);
        thread::Builder::new().name("ibid-follow".to_owned()).spawn(look).map_err(Failure::Start)?;
        Ok(following)
    }

    /// Brings a collection up to its folder now, if it is of one, by its words; what is long to embed is left to the
    /// thread that follows. Fails where another process writes it for longer than [`LOCKED_PATIENCE`].
    pub(crate) fn freshen(&self, name: &CollectionName) -> Result<(), Failure> {
        self.freshen_within(LOCKED_PATIENCE, name)
    }

    fn freshen_within(&self, patience: Duration, name: &CollectionName) -> Result<(), Failure> {
        let job = self.job(name)?;
        if job.is_web() {
            return Ok(());
        }
        let model = self.model(&job)?;
        let began = Instant::now();
        loop {
            match self.in_turn(name, Errand::Save, || self.index(&job, model.clone(), &WordsOnly)) {
                Ok(_) => return Ok(()),
                Err(error) if is_locked(&error) && began.elapsed() < patience => {
                    thread::sleep(LOCKED_RETRY_AFTER);
                }
                Err(source) => return Err(Failure::Build { name: name.clone(), source: Box::new(source) }),
            }
        }
    }

    fn look_for_collections(self: &Arc<Self>, names: &[CollectionName]) {
        let mut followed: BTreeMap<CollectionName, JoinHandle<()>> = BTreeMap::new();
        loop {
            // Also one that panicked is begun anew.
            followed.retain(|_, thread| !thread.is_finished());
            // What cannot be listed now is listed the next time.
            let mut found = self.store().collections().unwrap_or_default();
            found.retain(|name| (names.is_empty() || names.contains(name)) && !followed.contains_key(name));
            for name in found {
                let (following, followed_name) = (self.clone(), name.clone());
                let follow = move || {
                    pace::let_others_go_first();
                    following.follow(&followed_name);
                };
                match thread::Builder::new().name("ibid-follow".to_owned()).spawn(follow) {
                    Ok(thread) => drop(followed.insert(name, thread)),
                    Err(error) => tracing::error!(%error, "a collection is not followed yet"),
                }
            }
            thread::sleep(LOOK_FOR_NEW_EVERY);
        }
    }

    fn store(&self) -> &Store {
        &self.models.environment().store
    }

    /// Follows a collection until it is no more.
    fn follow(&self, name: &CollectionName) {
        let mut last_told = String::new();
        while self.exists(name) && self.stop.asked().is_none() {
            match self.follow_as_it_is(name, &mut last_told) {
                Ok(()) => {}
                Err(_) if !self.exists(name) => return,
                Err(failure) => {
                    self.tell_once(name, &failure, &mut last_told);
                    thread::sleep(RETRY_AFTER);
                }
            }
        }
    }

    /// The same trouble every few seconds is told once.
    fn tell_once(&self, name: &CollectionName, failure: &Failure, last_told: &mut String) {
        let message = failure.to_string();
        if message != *last_told {
            (self.tell)(name, News::Failed(failure));
            *last_told = message;
        }
    }

    /// Follows a collection's folder for as long as its settings stay, and no longer than [`RECONCILE_EVERY`]: a
    /// folder that was replaced by another one of the same name is followed anew.
    fn follow_as_it_is(&self, name: &CollectionName, last_told: &mut String) -> Result<(), Failure> {
        let job = self.job(name)?;
        if job.is_web() {
            // What runs by itself asks nothing of the network, and another commit would make it look newer than it is.
            thread::sleep(RETRY_AFTER);
            return Ok(());
        }
        let model = self.model(&job)?;
        // Before the first run, so that nothing happens between the two.
        let follower = job.follower();
        if let Some(reason) = follower.trouble() {
            let message = reason.to_string();
            if message != *last_told {
                (self.tell)(name, News::Polled(reason));
                *last_told = message;
            }
        }
        let began = Instant::now();
        let mut errand = Errand::Save;
        loop {
            let gave_way = AtomicBool::new(false);
            let watched =
                Watched { following: self, name, follower: &follower, gave_way, owed: Mutex::new(None) };
            match self.in_turn(name, errand, || self.index(&job, model.clone(), &watched)) {
                Ok(None) | Err(BuildError::Stopped) => break,
                Ok(Some(report)) if self.stop.asked().is_some() => {
                    if report.without_vector > 0 {
                        (self.tell)(name, News::Stopped(&report));
                    }
                    break;
                }
                Ok(Some(report)) if report.added + report.changed + report.renamed + report.removed > 0 => {
                    (self.tell)(name, News::Changed(&report));
                    last_told.clear();
                }
                Ok(Some(_)) => {}
                Err(error) if is_locked(&error) => {
                    thread::sleep(LOCKED_RETRY_AFTER);
                    continue;
                }
                Err(error) => {
                    self.miss_the_engine(name, error, last_told)?;
                    if !follower.wait(ENGINE_RETRY_AFTER) || began.elapsed() >= RECONCILE_EVERY {
                        break;
                    }
                    errand = Errand::Save;
                    continue;
                }
            }
            errand = Errand::Save;
            if watched.gave_way.into_inner() && !follower.has_news() {
                errand = Errand::Fill;
                continue;
            }
            let changed = follower.wait(RECONCILE_EVERY.saturating_sub(began.elapsed()));
            if !changed || (self.exists(name) && self.job(name)? != job) {
                break;
            }
        }
        Ok(())
    }

    /// Tells that the engine which embeds is away: the words are committed, so there is nothing to be done before something
    /// else is saved. Any other error is one.
    fn miss_the_engine(
        &self,
        name: &CollectionName,
        error: BuildError,
        last_told: &mut String,
    ) -> Result<(), Failure> {
        let is_away = matches!(error, BuildError::Embed(EmbedError::Remote(_)));
        let failure = Failure::Build { name: name.clone(), source: Box::new(error) };
        if !is_away {
            return Err(failure);
        }
        self.tell_once(name, &failure, last_told);
        Ok(())
    }

    /// Runs when the turn has come; `None` where the collection is no more by then. A run would make one that was removed
    /// while others had the turn again.
    fn in_turn(
        &self,
        name: &CollectionName,
        errand: Errand,
        run: impl FnOnce() -> Result<Report, BuildError>,
    ) -> Result<Option<Report>, BuildError> {
        let _turn = self.turns.take(errand);
        match self.store().collections()?.contains(name) {
            true => run().map(Some),
            false => Ok(None),
        }
    }

    fn exists(&self, name: &CollectionName) -> bool {
        self.store().collections().is_ok_and(|names| names.contains(name))
    }

    fn job(&self, name: &CollectionName) -> Result<Job, Failure> {
        Job::named(&IndexArgs::default(), self.models.environment(), name.clone())
    }

    fn model(&self, job: &Job) -> Result<Option<Model>, Failure> {
        let Some(choice) = job.model.of_existing() else { return Ok(None) };
        let private = self.models.environment().config.serving.private();
        let model = Model { embedder: self.models.get(&choice)?, folder: choice.folder, private };
        Ok(Some(self.manners.pace.hold_back(model)))
    }

    fn index(&self, job: &Job, model: Option<Model>, progress: &dyn Progress) -> Result<Report, BuildError> {
        let options = job.options(model, self.manners.pace.threads, environment::now_ns());
        build(self.store(), &BuildOptions { restate_after: RESTATE_AFTER, ..options }, progress)
    }
}

/// A run in the background: it embeds for as long as nobody needs the machine for more.
struct Watched<'a> {
    following: &'a Following,
    name: &'a CollectionName,
    follower: &'a Follower,
    /// Whether it broke off because something saved in another collection waits.
    gave_way: AtomicBool,
    /// Held for a look.
    owed: Mutex<Option<Owed>>,
}

impl Progress for Watched<'_> {
    fn planned(&self, _: &Plan) {}
    fn document(&self, _: u64, _: usize) {}
    fn embedded(&self) {}
    fn filling(&self, _: u64) {}

    fn committed(&self, _: u64) {
        (self.following.tell)(self.name, News::Committed);
    }

    fn goes_on(&self) -> bool {
        let gives_way = self.following.turns.save_is_waiting();
        self.gave_way.fetch_or(gives_way, Ordering::Relaxed);
        let spares = self.following.manners.spares_battery && self.following.power.is_on_battery();
        !gives_way && !spares && !self.follower.has_news()
    }

    fn is_stopped(&self) -> bool {
        self.following.stop.asked().is_some()
    }

    fn owes_commit(&self, owes: bool) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        match owes {
            true => *owed = Some(self.following.stop.owe()),
            // Where the process is about to end, what is told of the run comes first.
            false if self.is_stopped() => {}
            false => *owed = None,
        }
    }
}

/// A run that somebody waits for: what a large change needs to be found by meaning is left out.
pub(crate) struct WordsOnly;

impl Progress for WordsOnly {
    fn planned(&self, _: &Plan) {}
    fn document(&self, _: u64, _: usize) {}
    fn embedded(&self) {}
    fn committed(&self, _: u64) {}
    fn filling(&self, _: u64) {}

    fn goes_on(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;
    use std::sync::mpsc;

    use ibid_index::lock::WriterLock;
    use ibid_indexer::SourceChoice;

    use super::*;
    use crate::config::Config;
    use crate::environment::Environment;

    const PATIENCE: Duration = Duration::from_secs(60);

    struct Kept {
        following: Following,
        name: CollectionName,
        _notes: tempfile::TempDir,
        _data: tempfile::TempDir,
    }

    /// A collection of one note, without a model, and who keeps it; nothing is followed yet.
    fn kept() -> Kept {
        let (notes, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(notes.path().join("a.md"), "rye").unwrap();
        let store = Store::at(data.path());
        let name: CollectionName = "notes".parse().unwrap();
        let options = BuildOptions {
            root: notes.path().canonicalize().unwrap(),
            source: SourceChoice::Folder,
            name: name.clone(),
            include: Vec::new(),
            exclude: Vec::new(),
            language: None,
            model: None,
            threads: NonZero::<usize>::MIN,
            rebuild: false,
            may_change_model: false,
            now: 1,
            restate_after: Duration::ZERO,
            clock: Instant::now,
        };
        build(&store, &options, &WordsOnly).unwrap();
        let config_file = data.path().join("config.toml");
        let environment = Environment { store, config: Config::default(), config_file, quiet: true };
        let following = Following {
            models: Arc::new(SharedModels::new(environment)),
            manners: Manners { pace: Pace::of(100, NonZero::<usize>::MIN), spares_battery: false },
            tell: Arc::new(|_, _| {}),
            stop: Arc::default(),
            turns: Turns::default(),
            power: Power::default(),
        };
        Kept { following, name, _notes: notes, _data: data }
    }

    impl Kept {
        /// Waits until somebody who wants to index has come as far as waiting for the turn.
        fn wait_for_a_save<T>(&self, asking: &thread::ScopedJoinHandle<'_, T>) {
            while !self.following.turns.save_is_waiting() && !asking.is_finished() {
                thread::yield_now();
            }
        }
    }

    #[test]
    fn a_collection_removed_while_its_turn_is_waited_for_stays_removed() {
        type Run = fn(&Kept) -> Result<(), Failure>;
        let freshen: Run = |kept| kept.following.freshen(&kept.name);
        let follow: Run = |kept| kept.following.follow_as_it_is(&kept.name, &mut String::new());
        for run in [freshen, follow] {
            let kept = kept();
            let store = kept.following.store();
            thread::scope(|scope| {
                let turn = kept.following.turns.take(Errand::Save);
                let asking = scope.spawn(|| run(&kept));
                kept.wait_for_a_save(&asking);
                store.remove(&kept.name).unwrap();
                drop(turn);
                asking.join().unwrap().unwrap();
            });
            assert!(!store.folder(&kept.name).exists());
        }
    }

    #[test]
    fn who_follows_tells_of_a_commit_at_once() {
        let mut kept = kept();
        let (sender, committed) = mpsc::channel();
        kept.following.tell = Arc::new(move |name, news| {
            if let News::Committed = news {
                sender.send(name.clone()).unwrap();
            }
        });
        std::fs::write(kept._notes.path().join("b.md"), "oats").unwrap();
        let Kept { following, name, _notes, .. } = &kept;
        thread::scope(|scope| {
            let followed = scope.spawn(|| following.follow_as_it_is(name, &mut String::new()));
            assert_eq!(committed.recv_timeout(PATIENCE).as_ref(), Ok(name));
            // It holds the lock until the run is over, and ends when it wants its turn for the next change.
            let began = Instant::now();
            while let Err(error) = following.store().remove(name) {
                assert!(began.elapsed() < PATIENCE, "{error}");
                thread::yield_now();
            }
            std::fs::write(_notes.path().join("c.md"), "rye").unwrap();
            followed.join().unwrap().unwrap();
        });
    }

    #[test]
    fn while_another_process_writes_a_collection_others_have_their_turn() {
        let kept = kept();
        let Kept { following, name, .. } = &kept;
        let lock = WriterLock::take(&following.store().folder(name).join("lock")).unwrap();
        let had_a_turn = thread::scope(|scope| {
            let turn = following.turns.take(Errand::Save);
            let asking = scope.spawn(|| following.freshen(name));
            kept.wait_for_a_save(&asking);
            let (sender, had) = mpsc::channel();
            scope.spawn(move || {
                let _turn = following.turns.take(Errand::Fill);
                sender.send(()).unwrap();
            });
            drop(turn);
            let had_a_turn = had.recv_timeout(PATIENCE).is_ok();
            drop(lock);
            asking.join().unwrap().unwrap();
            had_a_turn
        });
        assert!(had_a_turn);
    }

    #[test]
    fn another_process_is_not_waited_for_without_end() {
        let Kept { following, name, _notes, _data } = kept();
        let _lock = WriterLock::take(&following.store().folder(&name).join("lock")).unwrap();
        let failure = following.freshen_within(Duration::ZERO, &name).unwrap_err();
        assert!(matches!(&failure, Failure::Build { source, .. } if is_locked(source)), "{failure}");
    }
}
