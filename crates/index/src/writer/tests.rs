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

fn check_first_to_merge(rows: &[u32], covered: u32, first: usize) {
    let record = |rows: &u32| VectorFileRecord { name: String::new(), rows: *rows, checksum: String::new() };
    let files: Vec<_> = rows.iter().map(record).collect();
    let (name, over, checksum) = (String::new(), String::new(), String::new());
    let graph = GraphRecord { name, rows: 0, files: covered, over, unreachable: 0, checksum };
    assert_eq!(
        first_to_merge(&files, (covered > 0).then_some(&graph)),
        first,
        "{rows:?}, {covered} in a graph"
    );
}

#[test]
fn of_too_many_vector_files_the_newest_are_merged_and_much_larger_ones_left_alone() {
    check_first_to_merge(&[], 0, 0);
    check_first_to_merge(&[9; 8], 0, 8);
    check_first_to_merge(&[9; 9], 0, 0);
    check_first_to_merge(&[40_000, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1);
    check_first_to_merge(&[40_000, 8, 1, 1, 1, 1, 1, 1, 1], 0, 1);
    check_first_to_merge(&[40_000, 100, 1, 1, 1, 1, 1, 1, 1], 0, 2);
    check_first_to_merge(&[40_000, 100, 1, 1, 1, 1, 1, 1, 9_900], 0, 0);
    check_first_to_merge(&[8_192, 8_192, 8_192, 8_192, 6_000, 1, 1, 1, 1], 0, 0);
    // Each is much larger than all after it together: the two last are merged all the same.
    check_first_to_merge(&[600_000, 90_000, 17_000, 3_300, 650, 130, 26, 5, 1], 0, 7);
    check_first_to_merge(&[9; 9], 3, 9);
    check_first_to_merge(&[9; 12], 3, 3);
    check_first_to_merge(&[9; 12], 12, 12);
    check_first_to_merge(&[9, 9, 9, 9, 9, 9, 9, 9, 60_000, 1], 8, 10);
    check_first_to_merge(&[u32::MAX; 9], 0, 0);
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
        assert!(files.len() <= MAX_VECTOR_FILES, "{}", files.len());
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
