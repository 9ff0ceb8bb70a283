//! An index whose facts were read otherwise: the next run reads its documents again, and their vectors stay.

use std::fs;

use ibid_core::id::DocumentPath;

use super::watching::{name, run};
use super::*;

#[test]
fn documents_whose_facts_were_read_otherwise_are_read_again_and_keep_their_vectors() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::at(data.path());
    let text = "+++\nprivate = true\n+++\nRye.\n";
    fs::write(folder.path().join("a.md"), text).unwrap();
    fs::write(folder.path().join("b.md"), "---\nbroken: [\n---\nOats.\n").unwrap();
    let index = |fails_at| run(folder.path(), &store, "a", fails_at, Arc::new(|_| {}));
    index(usize::MAX).unwrap();
    let reading = || Snapshot::open(&store, &name()).unwrap().manifest().reading;
    assert_eq!(reading(), READING);
    let private = || {
        let snapshot = Snapshot::open(&store, &name()).unwrap();
        let stored = snapshot.document(&DocumentPath::new("a.md").unwrap()).unwrap().unwrap();
        stored.document.properties.len()
    };
    assert_eq!(private(), 1);
    // As an earlier version left it: the same documents, without what it did not read.
    let mut writer = CollectionWriter::open(&store, &name(), 1).unwrap();
    let manifest = Snapshot::open(&store, &name()).unwrap().manifest().clone();
    writer.commit(Manifest { reading: 0, ..manifest }).unwrap();
    writer.finish(&store, 1).unwrap();
    assert_eq!(reading(), 0);
    let report = index(0).unwrap();
    assert_eq!((report.unchanged, report.embedded), (0, 0), "all are read, and no text is embedded");
    assert_eq!((reading(), private()), (READING, 1));
}
