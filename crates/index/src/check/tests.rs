//! What a check says of a whole collection, of every damaged file, and of documents that were written wrong.

use std::fs;

use super::*;
use crate::tests::{Collection, DIMENSIONS, add, finished, manifest};
use crate::writer::FinishedDocument;

fn looked_at(collection: &Collection) -> Checked {
    check(&collection.store, &collection.name, &mut |_| {}).unwrap()
}

#[test]
fn a_whole_collection_has_nothing_to_find() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye doubles\n wheat follows \n"), ("b.md", "\n"), ("c.md", "é\n")]);
    collection.write(&[("a.md", "rye\n")]);
    let mut steps = Vec::new();
    let checked = check(&collection.store, &collection.name, &mut |step| steps.push(step)).unwrap();
    assert_eq!(checked.findings, []);
    assert_eq!((checked.documents, checked.chunks, checked.chunks_with_vector), (3, 3, Some(3)));
    assert_eq!(checked.left_overs, 0);
    assert!(checked.files >= 10 && checked.bytes > 1_000, "{checked:?}");
    assert_eq!(steps.last(), Some(&Step::Documents(3, 3)));
}

#[test]
fn every_damaged_file_is_found_with_the_others() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye doubles\nwheat follows\n")]);
    let root = collection.folder.path().join("collections/garden");
    let named = |file: &Path| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    let mut files = collection.files();
    files.retain(|file| file.extension().is_none_or(|end| end != "lock"));
    files.push(root.join("settings"));
    for file in &files {
        let whole = fs::read(file).unwrap();
        let mut damaged = whole.clone();
        damaged[whole.len() / 3] ^= 1;
        for bytes in [Some(damaged), None] {
            match bytes {
                Some(bytes) => fs::write(file, bytes).unwrap(),
                None => fs::remove_file(file).unwrap(),
            }
            let checked = check(&collection.store, &collection.name, &mut |_| {});
            // Without a commit point there is nothing to check.
            if let Err(OpenError::Missing { .. }) = checked {
                assert!(file.ends_with("meta.json"));
                continue;
            }
            let found = checked.unwrap().findings;
            let says =
                |finding: &Finding| matches!(finding, Finding::File { file: at, .. } if *at == named(file));
            assert!(found.iter().any(says), "{}: {found:?}", file.display());
        }
        fs::write(file, whole).unwrap();
    }
    let [first, second] = ["store", "vec"].map(|end| {
        let is_such = |file: &&std::path::PathBuf| file.extension().is_some_and(|e| e == end);
        let file = files.iter().find(is_such).unwrap();
        fs::write(file, "torn").unwrap();
        named(file)
    });
    let found: Vec<_> = looked_at(&collection).findings.iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|finding| finding.starts_with(&first)), "{found:?}");
    assert!(found.iter().any(|finding| finding.starts_with(&second)), "{found:?}");
}

#[test]
fn what_a_killed_run_left_is_counted_and_what_is_not_ours_is_named() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye\n")]);
    let mut writer = collection.writer();
    add(&mut writer, "b.md", "wheat\n");
    writer.write_vectors(DIMENSIONS).unwrap();
    drop(writer);
    let root = collection.folder.path().join("collections/garden");
    fs::write(root.join("lexical/.tmpQ"), "half").unwrap();
    fs::write(root.join("format.new"), "").unwrap();
    fs::write(root.join("diary.txt"), "mine").unwrap();
    fs::create_dir(root.join("vectors/old")).unwrap();
    let checked = looked_at(&collection);
    let strangers = ["diary.txt", "vectors/old"].map(|file| Finding::Stranger { file: file.to_owned() });
    assert_eq!(checked.findings, strangers);
    assert!(checked.left_overs >= 3, "{checked:?}");
    drop(collection.writer());
    let checked = looked_at(&collection);
    assert_eq!((checked.findings, checked.left_overs), (strangers.to_vec(), 0));
    assert!(root.join("diary.txt").exists());
}

/// Writes a document after spoiling it.
#[track_caller]
fn check_fault(spoil: impl Fn(&mut FinishedDocument), fault: Fault) {
    let collection = Collection::new();
    let (mut document, vectors) = finished("a.md", "rye doubles\nwheat follows\n");
    spoil(&mut document);
    let mut writer = collection.writer();
    writer.add(&document, vectors).unwrap();
    writer.commit(manifest()).unwrap();
    writer.finish(&collection.store, 1).unwrap();
    let path = "a.md".to_owned();
    assert_eq!(looked_at(&collection).findings, [Finding::Document { path, fault }]);
}

#[test]
fn a_document_that_contradicts_its_chunks_is_named() {
    check_fault(|document| document.stored.text_bytes = 99, Fault::Length { found: 26, wanted: 99 });
    check_fault(
        |document| {
            document.chunks.truncate(2);
            document.chunks[1].chunk.span = ibid_core::span::Span::claimed(13, 26).unwrap();
            document.chunks[1].cited = ibid_core::span::Span::claimed(13, 25).unwrap();
        },
        Fault::Gap { found: 13, wanted: 12 },
    );
    check_fault(
        |document| {
            document.stored.document.headings[0].span = ibid_core::span::Span::claimed(20, 27).unwrap();
        },
        Fault::Span { what: "a heading", start: 20, end: 27 },
    );
}

#[test]
fn a_chunk_that_is_still_to_be_embedded_is_counted_and_no_damage() {
    let collection = Collection::new();
    let (document, mut vectors) = finished("a.md", "rye doubles\nwheat follows\n");
    vectors.pop();
    let mut writer = collection.writer();
    writer.add(&document, vectors).unwrap();
    writer.commit(manifest()).unwrap();
    writer.finish(&collection.store, 1).unwrap();
    let checked = looked_at(&collection);
    assert_eq!(checked.findings, []);
    assert_eq!((checked.chunks, checked.chunks_with_vector), (2, Some(1)));
}
