//! A change of model, seen by a reader: the old vectors answer until the new ones are whole, whatever becomes of the run.

use std::fs;

use super::watching::{name, run};
use super::*;

const NOTES: usize = 8;

/// A reader finds the whole collection, with the vectors of this model and nothing else.
#[track_caller]
fn check_serves(store: &Store, checksum: &str) {
    let snapshot = Snapshot::open(store, &name()).unwrap();
    assert_eq!(snapshot.manifest().model.as_ref().unwrap().checksum, checksum);
    assert_eq!((snapshot.documents() as usize, snapshot.manifest().pending), (NOTES, 0));
    assert_eq!((snapshot.alive_rows().len() as usize, snapshot.chunks_without_vector()), (NOTES, 0));
    assert!(!snapshot.nearest(&[1.0, 0.0], None, 3).is_empty());
}

struct Changing {
    folder: tempfile::TempDir,
    store: Store,
    data: tempfile::TempDir,
}

impl Changing {
    fn new() -> Changing {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for at in 0..NOTES {
            fs::write(folder.path().join(format!("{at}.md")), format!("note {}", "x".repeat(at))).unwrap();
        }
        Changing { folder, store: Store::at(data.path()), data }
    }

    /// Runs with the model `checksum` while the model `serving`, where it is named, must serve.
    fn run(&self, checksum: &str, serving: &str, fails_at: usize) -> Result<Report, BuildError> {
        let serving = serving.to_owned();
        let look = move |store: &Store| {
            if !serving.is_empty() {
                check_serves(store, &serving);
            }
        };
        run(self.folder.path(), &self.store, checksum, fails_at, Arc::new(look))
    }
}

#[test]
fn the_old_vectors_answer_until_the_new_ones_are_whole() {
    let changing = Changing::new();
    changing.run("old", "", usize::MAX).unwrap();
    let report = changing.run("new", "old", usize::MAX).unwrap();
    assert_eq!((report.embedded, report.reused), (NOTES, 0));
    check_serves(&changing.store, "new");
    let vectors = changing.data.path().join("collections/n/vectors");
    assert_eq!(fs::read_dir(vectors).unwrap().count(), 1, "the old vectors are swept");
}

#[test]
fn a_change_that_breaks_off_leaves_the_old_model_serving_and_begins_again() {
    let changing = Changing::new();
    changing.run("old", "", usize::MAX).unwrap();
    for fails_at in [0, NOTES / 2, NOTES - 1] {
        assert!(matches!(changing.run("new", "old", fails_at), Err(BuildError::Embed(_))));
        check_serves(&changing.store, "old");
    }
    // Without the wish for another, the old one goes on.
    fs::write(changing.folder.path().join("0.md"), "another note").unwrap();
    assert_eq!(changing.run("old", "old", usize::MAX).unwrap().embedded, 1);
    changing.run("new", "old", usize::MAX).unwrap();
    check_serves(&changing.store, "new");
}
