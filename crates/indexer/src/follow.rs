//! Says when a source may have changed, so that somebody runs [`build()`](crate::build()).
//!
//! What changed, and whether anything did, only a run knows: the events of file systems are lost, doubled and out of
//! order, and every editor saves in its own way. So events wake, and tell nothing more.

use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TrySendError, bounded};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::source::commit_of;

/// How long nothing must change before a change counts as over: editors write, rename and touch within less.
const QUIET: Duration = Duration::from_millis(100);

/// The longest a change is waited for to be over: whoever writes without end is read all the same.
const LONGEST: Duration = Duration::from_secs(1);

/// How often a folder is looked at whose changes the system does not tell.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// Follows one source for as long as it lives.
pub struct Follower(Followed);

enum Followed {
    Folder {
        changes: Receiver<()>,
        /// Or why the system tells nothing, and the clock wakes instead.
        watcher: notify::Result<RecommendedWatcher>,
    },
    Revision {
        root: PathBuf,
        revision: String,
        /// Where it stood when it was looked at last.
        commit: Mutex<Option<String>>,
    },
}

impl Follower {
    /// Begins to follow the files below `root`, hidden ones aside. Costs a system call for each folder.
    ///
    /// Where the system cannot tell of changes (it has too few watches for so many folders, or knows none on this disk),
    /// [`Follower::wait`] says every few seconds that something may have changed.
    pub fn new(root: &Path) -> Follower {
        // One change that waits says as much as a thousand.
        let (sender, changes) = bounded(1);
        // Events name files below the folder as it is called without links.
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let below = root.clone();
        let told = move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, |event| matters(event, &below)) {
                match sender.try_send(()) {
                    Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
                }
            }
        };
        let watcher = notify::recommended_watcher(told).and_then(|mut watcher| {
            watcher.watch(&root, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        Follower(Followed::Folder { changes, watcher })
    }

    /// Begins to follow a revision of the repository of `root`. Where it stands is looked at every few seconds, by
    /// reading a file or two.
    pub fn of_revision(root: &Path, revision: &str) -> Follower {
        let commit = Mutex::new(commit_of(root, revision));
        Follower(Followed::Revision { root: root.to_owned(), revision: revision.to_owned(), commit })
    }

    /// Why the system does not tell of changes, if it does not.
    pub fn trouble(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        match &self.0 {
            Followed::Folder { watcher, .. } => watcher.as_ref().err().map(|error| error as _),
            Followed::Revision { .. } => None,
        }
    }

    /// Whether something may have changed that [`Follower::wait`] would tell of at once.
    pub fn has_news(&self) -> bool {
        match &self.0 {
            Followed::Folder { changes, .. } => !changes.is_empty(),
            Followed::Revision { .. } => false,
        }
    }

    /// Waits until something may have changed, and then until it is over; at most `at_most`. Says whether something may
    /// have changed.
    pub fn wait(&self, at_most: Duration) -> bool {
        let (changes, watcher) = match &self.0 {
            Followed::Folder { changes, watcher } => (changes, watcher),
            Followed::Revision { root, revision, commit } => {
                return has_moved(root, revision, commit, at_most);
            }
        };
        if watcher.is_err() {
            std::thread::sleep(POLL_EVERY.min(at_most));
            return POLL_EVERY <= at_most;
        }
        match changes.recv_timeout(at_most) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return false,
            // The watcher lives as long as its sender does.
            Err(RecvTimeoutError::Disconnected) => return true,
        }
        let first = Instant::now();
        while first.elapsed() < LONGEST && changes.recv_timeout(QUIET).is_ok() {}
        true
    }
}

/// Waits until a revision means another commit than before, at most `at_most`.
fn has_moved(root: &Path, revision: &str, commit: &Mutex<Option<String>>, at_most: Duration) -> bool {
    let began = Instant::now();
    loop {
        let now = commit_of(root, revision);
        // Held to compare and to replace; who follows is one.
        let mut before = commit.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != now {
            *before = now;
            return true;
        }
        drop(before);
        let rest = at_most.saturating_sub(began.elapsed());
        if rest.is_zero() {
            return false;
        }
        std::thread::sleep(POLL_EVERY.min(rest));
    }
}

/// Whether an event can change what is indexed: our own reading cannot, nor what happens in hidden folders, where
/// Obsidian writes down each click.
fn matters(event: &Event, root: &Path) -> bool {
    let changes = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let is_hidden = |path: &PathBuf| {
        path.strip_prefix(root).is_ok_and(|path| path.components().any(|component| is_hidden(&component)))
    };
    // An event without a path says that events were lost.
    changes && (event.paths.is_empty() || !event.paths.iter().all(is_hidden))
}

/// Hidden as the walk has it, but for the files that say what to leave out.
fn is_hidden(component: &Component<'_>) -> bool {
    let name = component.as_os_str();
    let says_what_to_leave_out = [".ibidignore", ".gitignore", ".ignore"].iter().any(|file| name == *file);
    name.as_encoded_bytes().starts_with(b".") && !says_what_to_leave_out
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);
    /// Long enough for an event that comes, short enough to wait for one that must not.
    const SHORT: Duration = Duration::from_millis(300);

    fn check(change: impl FnOnce(&Path), wakes: bool) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("deep/er")).unwrap();
        fs::create_dir_all(root.join(".obsidian")).unwrap();
        fs::write(root.join("deep/er/a.md"), "rye").unwrap();
        let follower = Follower::new(root);
        assert!(follower.trouble().is_none());
        // What was done before may be told of still.
        while follower.wait(SHORT) {}
        change(root);
        assert_eq!(follower.wait(if wakes { PATIENCE } else { SHORT }), wakes);
    }

    #[test]
    fn every_way_to_save_wakes() {
        check(|root| fs::write(root.join("deep/er/a.md"), "wheat").unwrap(), true);
        check(|root| fs::write(root.join("new.md"), "").unwrap(), true);
        check(|root| fs::remove_file(root.join("deep/er/a.md")).unwrap(), true);
        check(|root| fs::rename(root.join("deep/er"), root.join("else")).unwrap(), true);
        check(
            |root| {
                fs::write(root.join(".a.md.swp"), "wheat").unwrap();
                fs::rename(root.join(".a.md.swp"), root.join("deep/er/a.md")).unwrap();
            },
            true,
        );
        check(|root| fs::write(root.join(".ibidignore"), "deep").unwrap(), true);
    }

    #[test]
    fn reading_and_what_is_hidden_do_not_wake() {
        check(|root| drop(fs::read(root.join("deep/er/a.md")).unwrap()), false);
        check(|root| fs::write(root.join(".obsidian/workspace.json"), "{}").unwrap(), false);
        check(|_| {}, false);
    }

    #[test]
    fn a_folder_made_later_is_followed_too() {
        let folder = tempfile::tempdir().unwrap();
        let follower = Follower::new(folder.path());
        fs::create_dir_all(folder.path().join("later/on")).unwrap();
        assert!(follower.wait(PATIENCE));
        while follower.wait(SHORT) {}
        fs::write(folder.path().join("later/on/a.md"), "rye").unwrap();
        assert!(follower.wait(PATIENCE));
    }

    #[test]
    fn a_burst_wakes_seldom() {
        let folder = tempfile::tempdir().unwrap();
        let follower = Follower::new(folder.path());
        for number in 0..500 {
            fs::write(folder.path().join(format!("{number}.md")), "rye").unwrap();
        }
        assert!(follower.wait(PATIENCE));
        // Where the machine is busy the events come with pauses.
        let mut woken = 1;
        while follower.wait(SHORT) {
            woken += 1;
        }
        assert!(woken < 50 && !follower.has_news(), "{woken}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_asked_for_by_the_clock() {
        let follower = Follower::new(Path::new("/nowhere/at/all"));
        assert!(follower.trouble().is_some());
        assert!(!follower.wait(Duration::from_millis(10)));
    }
}
