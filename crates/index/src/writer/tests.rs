//! What a writer makes of tags, and of removals beside a merge.

use tantivy::indexer::NoMergePolicy;

use super::*;
use crate::tests::{Collection, add, manifest};

#[test]
fn a_nested_tag_stands_for_the_tags_above_it() {
    for (tag, all) in [("Bread", vec!["bread"]), ("A/b/C", vec!["a", "a/b", "a/b/c"])] {
        assert_eq!(tags_above(tag).collect::<Vec<_>>(), all);
    }
    let deep = "a/".repeat(8_000);
    let last = tags_above(&deep).last().unwrap();
    assert_eq!((tags_above(&deep).count(), last.len()), (128, 255), "the levels above stay, up to a length");
}

#[test]
fn runs_of_one_note_leave_the_large_vector_file_as_it_is() {
    let collection = Collection::new();
    let many: String = (0..100).map(|at| format!("rye {at}\n")).collect();
    let large = collection.write(&[("many.md", &many)]).vector_files.remove(0);
    for at in 0..20 {
        collection.write(&[(&format!("{at}.md"), &format!("wheat {at}\n"))]);
        let snapshot = collection.snapshot();
        let files = &snapshot.manifest().vector_files;
        assert_eq!(files[0], large);
        assert!(files.len() <= vector::MAX_VECTOR_FILES, "{}", files.len());
        assert_eq!((snapshot.alive_rows().len(), snapshot.chunks_without_vector()), (101 + at, 0));
    }
}

/// A writer that leaves its merges undone, as one that is killed.
fn killed_before_merging(collection: &Collection) -> CollectionWriter {
    let writer = collection.writer();
    writer.writer.set_merge_policy(Box::new(NoMergePolicy));
    writer
}

#[test]
fn what_a_writer_removes_first_stays_removed_when_it_merges_what_a_killed_one_left() {
    let collection = Collection::new();
    let mut writer = killed_before_merging(&collection);
    for at in 0..8 {
        add(&mut writer, &format!("{at}.md"), &format!("rye {at}\nwheat {at}\noats {at}\nsalt {at}\n"));
        writer.commit(manifest()).unwrap();
    }
    for (path, text) in [("old.md", "barley\n"), ("gone.md", "spelt\n"), ("kept.md", "millet\n")] {
        add(&mut writer, path, text);
    }
    writer.commit(manifest()).unwrap();
    // Its segment now has a list of the dead that is as old as the last commit.
    writer.remove("old.md");
    writer.commit(manifest()).unwrap();
    drop(writer);
    let mut writer = collection.writer();
    writer.remove("gone.md");
    add(&mut writer, "new.md", "emmer\n");
    writer.commit(manifest()).unwrap();
    let snapshot = writer.finish(&collection.store, 1).unwrap();
    let paths: Vec<_> = snapshot.known_documents().unwrap().into_iter().map(|known| known.path).collect();
    assert_eq!(paths, ["0.md", "1.md", "2.md", "3.md", "4.md", "5.md", "6.md", "7.md", "kept.md", "new.md"]);
}
