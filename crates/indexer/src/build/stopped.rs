//! A run that is told to stop commits what it has embedded, and the next one embeds the rest.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::watching::{name, no_time_passes, options};
use super::*;

/// Stops a run after so many texts, and notes what a reader finds after each commit: how many chunks have no vector.
struct Stopping<'a> {
    store: &'a Store,
    after: usize,
    embedded: AtomicUsize,
    owed: AtomicUsize,
    missing: Mutex<Vec<u64>>,
}

impl Progress for Stopping<'_> {
    fn planned(&self, _: &Plan) {}
    fn document(&self, _: u64, _: usize) {}
    fn filling(&self, _: u64) {}

    fn embedded(&self) {
        self.embedded.fetch_add(1, Ordering::Relaxed);
    }

    fn committed(&self, _: u64) {
        let snapshot = Snapshot::open(self.store, &name()).unwrap();
        self.missing.lock().unwrap().push(snapshot.chunks_without_vector());
    }

    fn is_stopped(&self) -> bool {
        self.embedded.load(Ordering::Relaxed) >= self.after
    }

    fn owes_commit(&self, owes: bool) {
        self.owed.store(usize::from(owes), Ordering::Relaxed);
    }
}

struct Notes {
    folder: tempfile::TempDir,
    store: Store,
    _data: tempfile::TempDir,
}

impl Notes {
    fn new(notes: usize) -> Notes {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for at in 0..notes {
            fs::write(folder.path().join(format!("{at}.md")), format!("note {at}\n")).unwrap();
        }
        Notes { folder, store: Store::at(data.path()), _data: data }
    }

    /// One run that stops after so many texts; what it came to, and what was missing after each of its commits.
    fn run(
        &self,
        after: usize,
        rebuild: bool,
        clock: fn() -> Instant,
    ) -> (Result<Report, BuildError>, Vec<u64>) {
        let (store, embedded, owed) = (&self.store, AtomicUsize::new(0), AtomicUsize::new(0));
        let stopping = Stopping { store, after, embedded, owed, missing: Mutex::default() };
        let options = options(self.folder.path(), &self.store, "a", usize::MAX, Arc::new(|_| {}));
        let ended = build(&self.store, &BuildOptions { rebuild, clock, ..options }, &stopping);
        assert_eq!(stopping.owed.into_inner(), 0, "a commit that was owed is made");
        (ended, stopping.missing.into_inner().unwrap())
    }
}

/// Stops a first run over so many notes after some texts, and goes on.
fn check(notes: usize, after: usize) {
    let folder = Notes::new(notes);
    let (stopped, _) = folder.run(after, false, no_time_passes);
    let stopped = stopped.unwrap();
    let missing = notes - after;
    assert_eq!((stopped.documents, stopped.embedded), (notes as u64, after), "the words are all there");
    assert_eq!(stopped.without_vector, missing as u64);
    let (ended, _) = folder.run(usize::MAX, false, no_time_passes);
    let ended = ended.unwrap();
    assert_eq!((ended.added, ended.changed, ended.embedded, ended.without_vector), (0, 0, missing, 0));
}

#[test]
fn what_a_large_change_has_embedded_when_it_is_stopped_is_committed() {
    check(AT_ONCE_FILES + 20, 5);
    check(AT_ONCE_FILES + 20, 0);
}

#[test]
fn of_a_small_change_the_words_are_committed_when_it_is_stopped() {
    check(4, 2);
    check(4, 0);
}

#[test]
fn a_rebuild_that_is_stopped_commits_nothing_and_goes_on() {
    let notes = Notes::new(8);
    let generation = notes.run(usize::MAX, false, no_time_passes).0.unwrap().generation;
    for _ in 0..2 {
        let (stopped, commits) = notes.run(3, true, no_time_passes);
        assert!(matches!(stopped, Err(BuildError::Stopped)), "{stopped:?}");
        assert_eq!(commits, [0; 0]);
        let snapshot = Snapshot::open(&notes.store, &name()).unwrap();
        let held = (snapshot.manifest().generation, snapshot.documents(), snapshot.chunks_without_vector());
        assert_eq!(held, (generation, 8, 0));
    }
    assert_eq!(notes.run(usize::MAX, true, no_time_passes).0.unwrap().embedded, 2);
}

#[test]
fn vectors_are_committed_every_twenty_seconds() {
    /// Seven seconds pass between two looks at it.
    fn clock() -> Instant {
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        let looks = LOOKS.fetch_add(1, Ordering::Relaxed);
        no_time_passes() + Duration::from_secs(7 * looks)
    }
    let all = AT_ONCE_FILES as u64 + 25;
    let (ended, missing) = Notes::new(all as usize).run(usize::MAX, false, clock);
    // After the words, with each third vector, and with the last ones.
    let wanted: Vec<u64> = (0..=all / 3).map(|commits| all - 3 * commits).chain([0]).collect();
    assert_eq!(missing, wanted);
    assert_eq!(ended.unwrap().without_vector, 0);
}
