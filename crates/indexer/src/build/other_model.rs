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

    fn vector_files(&self) -> usize {
        fs::read_dir(self.data.path().join("collections/n/vectors")).unwrap().count()
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
    assert_eq!(changing.vector_files(), 1, "the old vectors are swept");
}

#[test]
fn a_change_that_breaks_off_leaves_the_old_model_serving_and_goes_on() {
    let changing = Changing::new();
    changing.run("old", "", usize::MAX).unwrap();
    for fails_at in [0, 3, 2] {
        assert!(matches!(changing.run("new", "old", fails_at), Err(BuildError::Embed(_))));
        check_serves(&changing.store, "old");
    }
    let report = changing.run("new", "old", usize::MAX).unwrap();
    assert_eq!((report.embedded, report.reused), (NOTES - 5, 5), "no text is embedded twice");
    check_serves(&changing.store, "new");
    assert_eq!(changing.vector_files(), 1, "what was kept is swept");
}

#[test]
fn what_is_kept_of_a_change_goes_when_another_model_is_chosen() {
    for other in ["old", "third"] {
        let changing = Changing::new();
        changing.run("old", "", usize::MAX).unwrap();
        assert!(changing.run("new", "old", 3).is_err());
        assert_eq!(changing.vector_files(), 2);
        assert_eq!(changing.run(other, "old", usize::MAX).unwrap().reused, 0);
        assert_eq!(changing.vector_files(), 1);
        assert_eq!(changing.run("new", other, usize::MAX).unwrap().embedded, NOTES);
    }
}

#[test]
fn a_rebuild_goes_on_from_what_it_kept_whatever_runs_meanwhile() {
    let changing = Changing::new();
    changing.run("old", "", usize::MAX).unwrap();
    let again = |fails_at: usize, rebuild: bool| {
        let look: super::watching::Look = Arc::new(|store: &Store| check_serves(store, "old"));
        let options =
            super::watching::options(changing.folder.path(), &changing.store, "old", fails_at, look);
        let options = BuildOptions { rebuild, may_change_model: false, ..options };
        build(&changing.store, &options, &crate::report::Silent)
    };
    assert!(again(3, true).is_err());
    assert_eq!(again(0, false).unwrap().embedded, 0);
    let report = again(usize::MAX, true).unwrap();
    assert_eq!((report.embedded, report.reused), (NOTES - 3, 3));
    assert_eq!(again(usize::MAX, true).unwrap().embedded, NOTES, "the next one begins anew");
    check_serves(&changing.store, "old");
}
