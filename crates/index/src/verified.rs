//! Which files were compared with their checksums already, so that a process that opens one generation after another
//! reads what is new and no more. It lasts as long as the process, and knows no format.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A file that was written this long before the commit point shows by its time whether it was written again since: the
/// coarsest file systems tell times that far apart.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// What is known of the files of each collection, by the collection's folder.
#[derive(Debug, Default)]
pub(crate) struct Verified(Mutex<HashMap<PathBuf, Arc<Files>>>);

type Files = HashMap<PathBuf, Stamp>;

/// Tells a file from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: SystemTime,
}

/// One look at the files of a collection.
pub(crate) struct Verifying<'a> {
    verified: &'a Verified,
    folder: &'a Path,
    before: Arc<Files>,
    after: Files,
    /// When the commit point was written; now is later.
    committed: Option<SystemTime>,
}

impl Verified {
    /// Begins a look at the collection in `folder`, whose commit point is this file.
    pub(crate) fn look_at<'a>(&'a self, folder: &'a Path, commit_point: &Path) -> Verifying<'a> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        let committed = stamp_of(commit_point).map(|stamp| stamp.modified);
        Verifying {
            verified: self,
            folder,
            before: known.unwrap_or_default(),
            after: Files::new(),
            committed,
        }
    }
}

impl Verifying<'_> {
    /// Runs `verify`, unless it went well before and the file has the size and the time it had then.
    pub(crate) fn once<E>(&mut self, file: &Path, verify: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        // Before it is read: what is written meanwhile gives it another stamp.
        let stamp = stamp_of(file);
        if stamp.is_none() || self.before.get(file) != stamp.as_ref() {
            verify()?;
        }
        let settled = |stamp: &Stamp| {
            let settled = stamp.modified.checked_add(SETTLED_AFTER);
            settled.is_some_and(|settled| self.committed.is_some_and(|committed| settled <= committed))
        };
        if let Some(stamp) = stamp.filter(settled) {
            self.after.insert(file.to_owned(), stamp);
        }
        Ok(())
    }

    /// Remembers what was looked at, and forgets all other files of the collection.
    pub(crate) fn end(self) {
        let mut known = self.verified.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(self.folder.to_owned(), Arc::new(self.after));
    }
}

fn stamp_of(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp { bytes: metadata.len(), modified: metadata.modified().ok()? })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Looks twice at a file written `seconds` before the commit point, with something done to it in between, and says how
    /// often it was read.
    fn check(seconds: u64, sound: bool, between: impl FnOnce(&Path), reads: u32) {
        let folder = tempfile::tempdir().unwrap();
        let (file, commit_point) = (folder.path().join("a"), folder.path().join("commit"));
        fs::write(&file, "rye").unwrap();
        fs::write(&commit_point, "").unwrap();
        let committed = fs::metadata(&commit_point).unwrap().modified().unwrap();
        set_modified(&file, committed - Duration::from_secs(seconds));
        let (verified, read) = (Verified::default(), Cell::new(0));
        let look = || {
            let mut looking = verified.look_at(folder.path(), &commit_point);
            let done = looking.once(&file, || {
                read.set(read.get() + 1);
                if sound { Ok(()) } else { Err(()) }
            });
            looking.end();
            assert_eq!(done.is_ok(), sound);
        };
        look();
        between(&file);
        look();
        assert_eq!(read.get(), reads, "{seconds} s");
    }

    fn set_modified(file: &Path, time: SystemTime) {
        fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn a_file_that_is_as_it_was_is_read_once() {
        check(60, true, |_| {}, 1);
        check(2, true, |_| {}, 1);
    }

    #[test]
    fn a_file_that_is_written_again_is_read_again() {
        check(60, true, |file| fs::write(file, "oat").unwrap(), 2);
        check(60, true, |file| set_modified(file, SystemTime::UNIX_EPOCH), 2);
    }

    #[test]
    fn a_file_whose_time_may_not_tell_is_read_again() {
        check(1, true, |_| {}, 2);
        check(0, true, |_| {}, 2);
    }

    #[test]
    fn a_damaged_file_is_read_each_time() {
        check(60, false, |_| {}, 2);
    }

    #[test]
    fn what_a_look_passes_over_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (file, commit_point) = (folder.path().join("a"), folder.path().join("commit"));
        fs::write(&file, "rye").unwrap();
        set_modified(&file, SystemTime::UNIX_EPOCH);
        fs::write(&commit_point, "").unwrap();
        let verified = Verified::default();
        let mut looking = verified.look_at(folder.path(), &commit_point);
        looking.once(&file, || Ok::<_, ()>(())).unwrap();
        looking.end();
        assert_eq!(verified.0.lock().unwrap()[folder.path()].len(), 1);
        verified.look_at(folder.path(), &commit_point).end();
        assert!(verified.0.lock().unwrap()[folder.path()].is_empty());
    }
}
