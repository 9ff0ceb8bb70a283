//! A large change, seen by a reader: its words are there before anything of it is embedded, and a run that breaks off
//! loses no vector that was committed.

use std::fs;

use super::watching::{name, run};
use super::*;

/// More than are embedded between two commits.
const NOTES: usize = VECTORS_PER_COMMIT + 40;

/// How many documents a reader finds, and how many of their chunks have no vector yet.
fn held(store: &Store) -> (u64, u64) {
    let snapshot = Snapshot::open(store, &name()).unwrap();
    assert_eq!((snapshot.chunks(), snapshot.manifest().pending), (snapshot.documents(), 0));
    (snapshot.documents(), snapshot.chunks_without_vector())
}

#[test]
fn what_was_embedded_before_a_run_broke_off_is_not_embedded_again() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::at(data.path());
    for at in 0..NOTES {
        fs::write(folder.path().join(format!("{at}.md")), format!("note {at}\n")).unwrap();
    }
    let all = NOTES as u64;
    let embedded = |fails_at: usize, has: u64, lacks: u64| {
        // A reader at each text would take minutes; the first is told what is there before any vector is.
        let first = std::sync::Once::new();
        let look = move |store: &Store| first.call_once(|| assert_eq!(held(store), (has, lacks)));
        run(folder.path(), &store, "a", fails_at, Arc::new(look))
    };
    assert!(matches!(embedded(10, all, all), Err(BuildError::Embed(_))));
    assert_eq!(held(&store), (all, all), "the words are there");
    assert!(matches!(embedded(VECTORS_PER_COMMIT + 10, all, all), Err(BuildError::Embed(_))));
    assert_eq!(held(&store), (all, 40), "the first commit of vectors is there too");
    let report = embedded(usize::MAX, all, 40).unwrap();
    let counts = (report.added, report.changed, report.unchanged, report.embedded, report.without_vector);
    assert_eq!(counts, (0, 0, NOTES, 40, 0));
    assert_eq!(held(&store), (all, 0));
}

#[test]
fn many_small_notes_are_found_by_their_words_before_any_of_them_is_embedded() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::at(data.path());
    let write = |range: std::ops::Range<usize>| {
        range.for_each(|at| {
            fs::write(folder.path().join(format!("{at}.md")), format!("note {at}\n")).unwrap()
        });
    };
    // What a reader sees while the first text is embedded.
    let seen_first = || {
        let seen = Arc::new(std::sync::OnceLock::new());
        let sees = seen.clone();
        let look = move |store: &Store| {
            sees.get_or_init(|| held(store));
        };
        run(folder.path(), &store, "a", usize::MAX, Arc::new(look)).unwrap();
        seen.get().copied()
    };
    write(0..1);
    run(folder.path(), &store, "a", usize::MAX, Arc::new(|_| {})).unwrap();
    write(1..4);
    assert_eq!(seen_first(), Some((1, 0)), "a few are embedded at once");
    write(4..4 + 2 * AT_ONCE_FILES);
    let all = 4 + 2 * AT_ONCE_FILES as u64;
    assert_eq!(seen_first(), Some((all, all - 4)));
}
