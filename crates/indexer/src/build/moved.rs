//! What a run counts as renamed, and that it does not take a folder that vanished under it for an empty one.

use std::fs;

use super::watching::{name, run};
use super::*;

/// Runs once over each state of a folder, given as paths and texts, and compares what the second run counted.
fn check(before: &[(&str, &str)], after: &[(&str, &str)], [added, renamed, removed]: [usize; 3]) {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::at(data.path());
    let index = || run(folder.path(), &store, "a", usize::MAX, Arc::new(|_| {})).unwrap();
    let write = |files: &[(&str, &str)]| {
        files.iter().for_each(|(path, text)| fs::write(folder.path().join(path), text).unwrap());
    };
    write(before);
    index();
    before.iter().for_each(|(path, _)| fs::remove_file(folder.path().join(path)).unwrap());
    write(after);
    let report = index();
    let counted = [report.added, report.renamed, report.removed];
    assert_eq!((counted, report.documents), ([added, renamed, removed], after.len() as u64), "{after:?}");
    assert_eq!(report.without_vector, 0, "{after:?}");
}

#[test]
fn one_file_that_is_gone_was_renamed_once() {
    let rye = "rye";
    check(&[("a.md", rye)], &[("b.md", rye)], [0, 1, 0]);
    check(&[("a.md", rye)], &[("b.md", rye), ("c.md", rye)], [1, 1, 0]);
    check(&[("a.md", rye), ("b.md", rye)], &[("c.md", rye)], [0, 1, 1]);
}

#[test]
fn what_holds_no_text_is_not_the_same_as_something_else_that_holds_none() {
    check(&[("a.png", "1")], &[("b.png", "2"), ("c.png", "3")], [2, 0, 1]);
    check(&[("a.png", "1")], &[("b.md", "")], [1, 0, 1]);
}

#[test]
fn a_file_whose_time_stamp_can_be_trusted_later_did_not_change() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::at(data.path());
    fs::write(folder.path().join("a.md"), "rye").unwrap();
    let written = fs::metadata(folder.path().join("a.md")).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap();
    let index = |later: Duration| {
        let mut options = super::watching::options(folder.path(), &store, "a", usize::MAX, Arc::new(|_| {}));
        options.now = (written + later).as_nanos() as u64;
        build(&store, &options, &crate::report::Silent).unwrap()
    };
    assert_eq!(index(Duration::ZERO).added, 1);
    let report = index(Duration::from_secs(3_600));
    assert_eq!((report.changed, report.unchanged), (0, 1));
}

#[test]
fn a_folder_that_vanishes_while_it_is_read_leaves_the_generation_as_it_was() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::at(data.path());
    let notes = folder.path().join("notes");
    fs::create_dir(&notes).unwrap();
    for at in 0..2_000 {
        fs::write(notes.join(format!("{at}.md")), format!("note {at}")).unwrap();
    }
    let before = run(&notes, &store, "a", usize::MAX, Arc::new(|_| {})).unwrap();
    let (here, once) = (notes.clone(), std::sync::Once::new());
    let unmount = move |_: &Store| once.call_once(|| fs::rename(&here, here.with_extension("away")).unwrap());
    let ended = run(&notes, &store, "b", usize::MAX, Arc::new(unmount));
    assert!(matches!(ended, Err(BuildError::SourceEmptied { documents: 2_000, .. })), "{ended:?}");
    let snapshot = Snapshot::open(&store, &name()).unwrap();
    let manifest = snapshot.manifest();
    assert_eq!((snapshot.documents(), manifest.generation), (2_000, before.generation));
}
