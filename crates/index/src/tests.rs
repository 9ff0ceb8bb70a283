//! A collection's life through writer and snapshot together: what one cannot show without the other.

use std::fs;
use std::path::{Path, PathBuf};

use ibid_core::chunk::Chunk;
use ibid_core::document::{Document, Heading, PropertyValue};
use ibid_core::hash::{ContentHash, QuoteHash};
use ibid_core::id::{CollectionName, DocumentPath};
use ibid_core::language::Language;
use ibid_core::ranking::Ranking;
use ibid_core::span::Span;

use crate::check::check;
use crate::lexical::sealed::{self, COMMIT_POINT, FILE_LIST};
use crate::lexical::words_of_question;
use crate::manifest::{FORMAT, Manifest, ModelRecord, Origin, SourceRecord};
use crate::remake;
use crate::settings::{Settings, newest_settings};
use crate::snapshot::{LookedUp, Rule, Snapshot, StoredDocument, Wanted};
use crate::store::Store;
use crate::vector::{self, VectorKey, Vectors, build_graph};
use crate::writer::{CollectionWriter, FileMark, FinishedChunk, FinishedDocument};
use crate::{OpenError, WriteError};

pub(crate) const DIMENSIONS: usize = 8;

pub(crate) struct Collection {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) name: CollectionName,
}

impl Collection {
    pub(crate) fn new() -> Collection {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        Collection { folder, store, name: "garden".parse().unwrap() }
    }

    pub(crate) fn writer(&self) -> CollectionWriter {
        CollectionWriter::open(&self.store, &self.name, 1).unwrap()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::open(&self.store, &self.name).unwrap()
    }

    pub(crate) fn write(&self, notes: &[(&str, &str)]) -> Manifest {
        let mut writer = self.writer();
        for (path, text) in notes {
            add(&mut writer, path, text);
        }
        let manifest = writer.commit(manifest()).unwrap();
        writer.finish(&self.store, 1).unwrap();
        manifest
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let root = self.store.folder(&self.name);
        let list = |folder: &Path| {
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        };
        [list(&root.join("lexical")), list(&root.join("vectors"))].concat()
    }
}

/// The date of every document.
const DATE: i64 = 1_700_000_000;

pub(crate) fn manifest() -> Manifest {
    let model = ModelRecord {
        name: "test".into(),
        engine: "none".into(),
        dimensions: DIMENSIONS,
        checksum: "0".into(),
        folder: None,
        remote: None,
    };
    Manifest {
        generation: 0,
        indexed_at: 7,
        source: SourceRecord {
            root: "/notes".into(),
            include: vec![],
            exclude: vec![],
            language: None,
            origin: Origin::Folder,
        },
        model: Some(model),
        reading: 0,
        withheld: vec![],
        vector_files: vec![],
        graph: None,
        remade: 0,
        pending: 0,
        skipped_count: 0,
        skipped: vec![],
    }
}

/// One chunk a line, under the heading "Top"; a line's vector follows from its words.
pub(crate) fn finished(path: &str, text: &str) -> (FinishedDocument, Vec<(VectorKey, Vec<f32>)>) {
    let mut chunks = Vec::new();
    let mut at = 0;
    for (line, words) in text.split_inclusive('\n').enumerate() {
        let span = Span::within(text, at..at + words.len()).unwrap();
        at += words.len();
        let hash = ContentHash::of(words.as_bytes());
        let key = VectorKey(u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()));
        let chunk = Chunk { span, headings: vec![0] };
        chunks.push(FinishedChunk::plain(text, chunk, line as u32 + 1, key).unwrap());
    }
    let keys = chunks.iter().filter_map(|chunk: &FinishedChunk| chunk.vector_key);
    let vectors = keys.map(|key| (key, vector_of(key))).collect();
    let document = Document {
        path: DocumentPath::new(path).unwrap(),
        title: DocumentPath::new(path).unwrap().stem().to_owned(),
        aliases: vec!["Sponge".into()],
        tags: vec!["Bread/Rye".into()],
        headings: vec![Heading { level: 1, text: "Top".into(), span: Span::claimed(0, 0).unwrap() }],
        links: vec![],
        properties: vec![("Status".into(), PropertyValue::Text("Done".into()))],
        block_ids: vec![],
    };
    let stored = StoredDocument {
        document,
        decoded_from: None,
        content_hash: "x".into(),
        text_bytes: text.len() as u32,
        address: None,
    };
    let file = FileMark { modified: 5, size: text.len() as u64, content: 1 };
    let (language, date) = (Language::English, DATE);
    (FinishedDocument { stored, text: text.into(), chunks, language, date, file }, vectors)
}

fn vector_of(key: VectorKey) -> Vec<f32> {
    let bytes = key.0.to_le_bytes();
    let norm = bytes.iter().map(|&b| f32::from(b).powi(2)).sum::<f32>().sqrt();
    bytes.iter().map(|&b| f32::from(b) / norm).collect()
}

pub(crate) fn add(writer: &mut CollectionWriter, path: &str, text: &str) {
    let (document, vectors) = finished(path, text);
    writer.add(&document, vectors).unwrap();
}

/// What `words` are looked up by.
pub(crate) fn look_up(snapshot: &Snapshot, words: &str) -> Vec<LookedUp> {
    let wanted = words_of_question(words).into_iter().map(Wanted::Word);
    let looked_up = wanted.map(|wanted| {
        let mut looked_up = snapshot.look_up(&wanted, &Ranking::default()).unwrap();
        if let Wanted::Word(word) = &wanted {
            for (leaf, looked_up) in word.leaves().into_iter().zip(looked_up.leaves_mut()) {
                snapshot.respell(leaf, looked_up).unwrap();
            }
        }
        looked_up
    });
    looked_up.collect()
}

/// The paths found for words, and the texts of the chunks.
fn found(snapshot: &Snapshot, words: &str) -> Vec<(String, String)> {
    let chunks = snapshot.lexical(&look_up(snapshot, words), None, 10).unwrap();
    chunks
        .into_iter()
        .map(|(at, _)| snapshot.chunk(at).unwrap())
        .map(|chunk| (chunk.path.to_string(), chunk.text))
        .collect()
}

#[test]
fn what_was_written_is_read_back() {
    let collection = Collection::new();
    let text = "rye doubles\nwheat follows\n";
    let written = collection.write(&[("Bread/Levain.md", text)]);
    let snapshot = collection.snapshot();
    assert_eq!(
        (written.generation, snapshot.manifest().generation, snapshot.manifest().indexed_at),
        (1, 1, 7)
    );
    assert_eq!((snapshot.documents(), snapshot.chunks(), snapshot.source_bytes()), (1, 2, 26));
    assert_eq!(found(&snapshot, "Wheat?"), [("Bread/Levain.md".to_owned(), "wheat follows\n".to_owned())]);
    let path = DocumentPath::new("Bread/Levain.md").unwrap();
    assert_eq!(snapshot.document(&path).unwrap().unwrap(), finished("Bread/Levain.md", text).0.stored);
    assert_eq!(snapshot.text(&path, 0..26).unwrap(), Some((0, text.to_owned())));
    assert_eq!(snapshot.text(&path, 13..14).unwrap(), Some((12, "wheat follows\n".to_owned())));
    assert_eq!(snapshot.text(&DocumentPath::new("no.md").unwrap(), 0..1).unwrap(), None);
    let cited = snapshot.chunks_with_quote(QuoteHash::of("wheat follows")).unwrap();
    assert_eq!(
        (cited.len(), cited[0].line, cited[0].start, &cited[0].headings[..]),
        (1, 2, 12, &["Top".to_owned()][..])
    );
}

#[test]
fn titles_aliases_tags_and_folders_are_searched_too() {
    let collection = Collection::new();
    collection.write(&[("Bread/Levain.md", "x\n")]);
    let snapshot = collection.snapshot();
    for words in ["levain", "sponge", "rye", "bread", "top"] {
        assert_eq!(found(&snapshot, words).len(), 1, "{words}");
    }
}

#[test]
fn the_nearest_chunk_is_the_one_whose_vector_was_asked_for() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye doubles\nwheat follows\n"), ("b.md", "salt last\n")]);
    let snapshot = collection.snapshot();
    let salt = finished("b.md", "salt last\n").1.remove(0);
    let nearest = snapshot.nearest(&salt.1, None, 3);
    assert_eq!(snapshot.chunk(nearest[0].0).unwrap().text, "salt last\n");
    assert!((nearest[0].1 - 1.0).abs() < 1e-5);
    assert_eq!(snapshot.cosines(&salt.1, &[nearest[0].0])[0], Some(nearest[0].1));
}

#[test]
fn a_filter_acts_on_both_legs() {
    let collection = Collection::new();
    collection.write(&[("a/x.md", "rye one\n"), ("b/y.md", "rye one\n"), ("b/z.md", "rye two\n")]);
    let snapshot = collection.snapshot();
    let only_b = |path: &str| path.starts_with("b/");
    let allowed = snapshot.allow(&[Rule::Path(&only_b), Rule::Tag("bread")], &[]).unwrap();
    assert_eq!(allowed.chunks(), 2);
    let paths = |chunks: Vec<(crate::snapshot::ChunkAddress, f32)>| {
        let mut paths: Vec<_> =
            chunks.iter().map(|(at, _)| snapshot.chunk(*at).unwrap().path.to_string()).collect();
        paths.sort();
        paths
    };
    let one = finished("a/x.md", "rye one\n").1.remove(0).1;
    assert_eq!(
        paths(snapshot.lexical(&look_up(&snapshot, "rye"), Some(&allowed), 10).unwrap()),
        ["b/y.md", "b/z.md"]
    );
    // x.md and y.md hold the same words and so share a vector; only y.md passes.
    assert_eq!(paths(snapshot.nearest(&one, Some(&allowed), 10)), ["b/y.md", "b/z.md"]);
    assert_eq!(snapshot.allow(&[Rule::Tag("wheat")], &[]).unwrap().chunks(), 0);
}

/// The texts of the chunks that pass.
fn check_rules(all: &[Rule<'_>], none: &[Rule<'_>], expected: &[&str]) {
    let collection = Collection::new();
    collection.write(&[
        ("a/x.md", "salt water boils\nwater with salt\n"),
        ("b/y.md", "uses snake_case\nan e-mail\n"),
        ("b/z.md", "snake case\nemail\n"),
    ]);
    let snapshot = collection.snapshot();
    let allowed = snapshot.allow(all, none).unwrap();
    let listed = snapshot.list(&allowed, 100).unwrap();
    let texts: Vec<_> = listed.iter().map(|at| snapshot.chunk(*at).unwrap().text.trim().to_owned()).collect();
    assert_eq!(texts, expected);
    assert_eq!(allowed.chunks() as usize, expected.len());
}

#[test]
fn words_demanded_must_follow_each_other() {
    check_rules(&[Rule::Words("salt water")], &[], &["salt water boils"]);
    check_rules(&[Rule::Words("Waters")], &[Rule::Words("boils")], &["water with salt"]);
    check_rules(&[Rule::Words("salt water"), Rule::Words("with")], &[], &[]);
    check_rules(&[Rule::Words("—")], &[], &[]);
}

#[test]
fn a_compound_is_demanded_as_it_stands() {
    check_rules(&[Rule::Words("snake_case")], &[], &["uses snake_case"]);
    check_rules(&[Rule::Words("snake case")], &[], &["uses snake_case", "snake case"]);
    check_rules(&[Rule::Words("e-mail")], &[], &["an e-mail", "email"]);
}

#[test]
fn documents_are_demanded_by_title_property_and_date() {
    let z = ["snake case", "email"];
    check_rules(&[Rule::Title("z")], &[], &z);
    check_rules(
        &[Rule::Title("sponge"), Rule::Property("status", Some("DONE"))],
        &[Rule::Title("x"), Rule::Title("y")],
        &z,
    );
    check_rules(&[Rule::Property("status", Some("open"))], &[], &[]);
    check_rules(
        &[Rule::Property("STATUS", None), Rule::From(DATE), Rule::Title("z")],
        &[Rule::Before(DATE)],
        &z,
    );
    check_rules(&[Rule::From(DATE + 1)], &[], &[]);
}

#[test]
fn a_misspelt_word_is_looked_up_by_its_neighbours_below_the_word_itself() {
    let collection = Collection::new();
    let common = "the fermentation goes on\nfermentation\n".repeat(30);
    collection.write(&[("a.md", &common), ("b.md", "one fermnet slip\n")]);
    let snapshot = collection.snapshot();
    let [absent] = &look_up(&snapshot, "fermentatino")[..] else { panic!() };
    assert!(!absent.found && absent.respelt == ["ferment"], "{absent:?}");
    let [rare] = &look_up(&snapshot, "fermnet")[..] else { panic!() };
    assert!(rare.found && rare.respelt == ["ferment"], "{rare:?}");
    let ranked = found(&snapshot, "fermnet");
    assert_eq!(ranked[0].0, "b.md");
    assert!(ranked.len() > 1);
    let [known] = &look_up(&snapshot, "fermentation")[..] else { panic!() };
    assert!(known.found && known.respelt.is_empty());
    for short_or_numbered in ["th", "tho", "ferment4tion"] {
        assert!(look_up(&snapshot, short_or_numbered).iter().all(|word| word.respelt.is_empty()));
    }
}

#[test]
fn what_cosines_mean_is_told_by_the_notes_and_not_by_the_order_they_came_in() {
    let notes: Vec<(String, String)> =
        (0..90).map(|at| (format!("{at}.md"), format!("note {at}\nand more of {at}\n"))).collect();
    let notes: Vec<(&str, &str)> = notes.iter().map(|(path, text)| (&**path, &**text)).collect();
    let affinity = |notes: &[&[(&str, &str)]]| {
        let collection = Collection::new();
        notes.iter().for_each(|notes| drop(collection.write(notes)));
        collection.snapshot().affinity().unwrap()
    };
    let (first, rest) = notes.split_at(30);
    let all = affinity(&[&notes]).unwrap();
    assert_eq!(affinity(&[rest, first]), Some(all));
    assert!(all.apart < all.near, "{all:?}");
    assert!(all.stands_out(all.near) && !all.stands_out(all.apart));
    assert_eq!(affinity(&[&[("one.md", "one\nnote\n")]]), None);
}

#[test]
fn a_beginning_stands_for_the_words_that_begin_so() {
    let collection = Collection::new();
    collection.write(&[("a.md", "ferment\nfern\nFerry\nbread\n")]);
    let snapshot = collection.snapshot();
    let wanted = Wanted::Prefix("Fer".into());
    let terms: Vec<_> = snapshot
        .look_up(&wanted, &Ranking::default())
        .unwrap()
        .terms
        .into_iter()
        .map(|(term, _)| term)
        .collect();
    assert_eq!(terms, ["ferment", "fern", "ferri"]);
    // The dictionary has it without its ending.
    let longer = snapshot.look_up(&Wanted::Prefix("fermenti".into()), &Ranking::default()).unwrap();
    assert!(longer.terms.is_empty() || longer.terms[0].0 == "ferment");
}

#[test]
fn scores_asked_for_are_the_scores_found() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye doubles\nrye rye and more\n"), ("b.md", "salt\n")]);
    let snapshot = collection.snapshot();
    let ranked = snapshot.lexical(&look_up(&snapshot, "rye doubles"), None, 10).unwrap();
    let mut chunks: Vec<_> = ranked.iter().map(|(at, _)| *at).collect();
    chunks.reverse();
    let mut expected: Vec<_> = ranked.iter().map(|(_, score)| *score).collect();
    expected.reverse();
    assert_eq!(snapshot.lexical_scores(&look_up(&snapshot, "rye doubles"), &chunks).unwrap(), expected);
}

#[test]
fn a_snapshot_stays_what_it_was_while_commits_go_on() {
    let collection = Collection::new();
    collection.write(&[("a.md", "spelt\n")]);
    let before = collection.snapshot();
    collection.write(&[("a.md", "wheat\n")]);
    assert_eq!(found(&before, "spelt").len(), 1);
    assert_eq!(found(&before, "wheat").len(), 0);
    let after = collection.snapshot();
    assert_eq!((found(&after, "spelt").len(), found(&after, "wheat").len()), (0, 1));
    assert!(after.manifest().generation > before.manifest().generation && after.documents() == 1);
}

#[test]
fn what_was_not_committed_is_not_there_and_is_swept() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye\n")]);
    let mut writer = collection.writer();
    add(&mut writer, "b.md", "wheat\n");
    writer.write_vectors(DIMENSIONS).unwrap();
    let with_left_overs = collection.files().len();
    drop(writer);
    assert_eq!(found(&collection.snapshot(), "wheat").len(), 0);
    drop(collection.writer());
    assert!(collection.files().len() < with_left_overs, "{:?}", collection.files());
    assert_eq!(found(&collection.snapshot(), "rye").len(), 1);
}

#[test]
fn vectors_of_texts_that_are_gone_are_merged_away() {
    let collection = Collection::new();
    collection.write(&[("a.md", "one\ntwo\nthree\n")]);
    collection.write(&[("a.md", "one\n")]);
    let snapshot = collection.snapshot();
    assert_eq!(
        (snapshot.chunks(), snapshot.vectors().rows(), snapshot.manifest().vector_files.len()),
        (1, 1, 1)
    );
    assert_eq!(snapshot.chunks_without_vector(), 0);
}

#[test]
fn many_small_runs_leave_few_vector_files() {
    let collection = Collection::new();
    for number in 0..20 {
        collection.write(&[(&format!("{number}.md"), &format!("note {number}\n"))]);
    }
    let snapshot = collection.snapshot();
    assert!(snapshot.manifest().vector_files.len() <= 9, "{:?}", snapshot.manifest().vector_files);
    assert_eq!((snapshot.documents(), snapshot.chunks_without_vector()), (20, 0));
}

#[test]
fn starting_over_shows_nothing_before_the_commit() {
    let collection = Collection::new();
    collection.write(&[("a.md", "spelt\n")]);
    let mut writer = collection.writer();
    writer.make_anew(None).unwrap();
    add(&mut writer, "b.md", "wheat\n");
    writer.write_vectors(DIMENSIONS).unwrap();
    assert_eq!(found(&collection.snapshot(), "spelt").len(), 1);
    writer.commit(manifest()).unwrap();
    writer.finish(&collection.store, 1).unwrap();
    let snapshot = collection.snapshot();
    assert_eq!(
        (found(&snapshot, "spelt").len(), found(&snapshot, "wheat").len(), snapshot.vectors().rows()),
        (0, 1, 1)
    );
}

#[test]
fn a_run_that_commits_often_leaves_few_vector_files_and_nothing_else() {
    let collection = Collection::new();
    let mut writer = collection.writer();
    for number in 0..40 {
        add(&mut writer, &format!("{number}.md"), &format!("note {number}\n"));
        writer.commit(manifest()).unwrap();
        let snapshot = collection.snapshot();
        let named = snapshot.manifest().vector_files.len();
        assert!(named <= vector::MAX_VECTOR_FILES + 1, "{named} files");
        assert_eq!(
            fs::read_dir(collection.store.folder(&collection.name).join("vectors")).unwrap().count(),
            named
        );
        assert_eq!((snapshot.documents(), snapshot.chunks_without_vector()), (number + 1, 0));
    }
}

#[test]
fn what_is_kept_while_everything_is_made_anew_lasts_until_the_commit() {
    let collection = Collection::new();
    let written = collection.write(&[("a.md", "spelt\n")]);
    let model = written.model.as_ref();
    let kept = |n: u64| collection.store.folder(&collection.name).join("vectors").join(remake::file_name(n));
    let key = VectorKey(1);
    collection.writer().make_anew(model).unwrap().unwrap().keep(key, &[1.0; DIMENSIONS]).unwrap();
    collection.write(&[("b.md", "wheat\n")]);
    assert!(kept(1).exists(), "another run leaves it");
    let checked = check(&collection.store, &collection.name, &mut |_| {}).unwrap();
    assert_eq!((checked.left_overs, checked.findings), (0, vec![]));
    let mut writer = collection.writer();
    let remake = writer.make_anew(model).unwrap().unwrap();
    assert_eq!(remake.vector(key), Some(vec![1.0; DIMENSIONS]));
    add(&mut writer, "c.md", "rye\n");
    let committed = writer.commit(manifest()).unwrap();
    assert_eq!(committed.remade, 1);
    // As if it was killed here.
    drop(writer);
    let checked = check(&collection.store, &collection.name, &mut |_| {}).unwrap();
    assert_eq!((checked.left_overs, checked.findings), (3, vec![]), "two old vector files too");
    let writer = collection.writer();
    assert!(!kept(1).exists(), "it is part of a generation now");
    writer.finish(&collection.store, 1).unwrap();
    let mut writer = collection.writer();
    assert!(writer.make_anew(model).unwrap().unwrap().is_empty());
    assert!(kept(2).exists());
    writer.choose_model(model).unwrap();
    assert!(kept(2).exists());
    writer.choose_model(None).unwrap();
    assert!(!kept(2).exists());
}

#[test]
fn there_is_one_writer_at_a_time() {
    let collection = Collection::new();
    let _first = collection.writer();
    let second = CollectionWriter::open(&collection.store, &collection.name, 1);
    assert!(matches!(second, Err(WriteError::Open(OpenError::Locked { .. }))));
}

/// Opens a collection one of whose files is not what was written: it must be noticed. Without its vectors a collection is
/// opened, and says so.
#[track_caller]
fn check_noticed(collection: &Collection, file: &Path, what: &str) {
    let name = file.file_name().unwrap().to_str().unwrap();
    match Snapshot::open(&collection.store, &collection.name) {
        Ok(snapshot) => {
            let damage = snapshot.damage().unwrap_or_else(|| panic!("{what} of {name} goes unnoticed"));
            assert_eq!(damage.file_name(), name, "{what}");
            assert_eq!((found(&snapshot, "doubles").len(), snapshot.alive_rows().len()), (1, 0), "{what}");
        }
        Err(OpenError::Damaged { path, .. }) => {
            assert!(!name.ends_with(".vec"), "{what} of {name} costs the words too");
            assert_eq!(path.file_name().unwrap(), name, "{what}");
        }
        Err(error) => panic!("{what} of {name}: {error}"),
    }
}

#[test]
fn every_damaged_file_is_noticed_and_named() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye doubles\nwheat follows\n"), ("b.md", "salt last\n")]);
    for file in collection.files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        // Locks are empty. The list of files serves tantivy's own sweeping only.
        if name.ends_with(".lock") || name == FILE_LIST {
            continue;
        }
        let whole = fs::read(&file).unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&file, damaged).unwrap();
            check_noticed(&collection, &file, &format!("byte {at}"));
        }
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        check_noticed(&collection, &file, "half");
        if name != COMMIT_POINT {
            fs::remove_file(&file).unwrap();
            check_noticed(&collection, &file, "the absence");
        }
        fs::write(&file, &whole).unwrap();
    }
    collection.snapshot();
}

#[test]
fn a_damaged_list_of_files_vouches_for_nothing_and_is_made_anew() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye doubles\n")]);
    let lexical = collection.folder.path().join("collections/garden/lexical");
    let list = lexical.join(FILE_LIST);
    // A name is changed and the seal made right again: tantivy's own check would skip the file.
    let content = sealed::read(&list).unwrap().unwrap();
    fs::write(
        &list,
        sealed::seal(String::from_utf8(content).unwrap().replace(".store", ".stork").as_bytes()),
    )
    .unwrap();
    let store = collection.files().into_iter().find(|file| file.extension().is_some_and(|e| e == "store"));
    let store = store.unwrap();
    let whole = fs::read(&store).unwrap();
    let mut damaged = whole.clone();
    damaged[10] ^= 1;
    fs::write(&store, damaged).unwrap();
    check_noticed(&collection, &store, "byte 10");
    fs::write(&store, whole).unwrap();
    fs::write(&list, "rubbish").unwrap();
    assert_eq!(found(&collection.snapshot(), "rye").len(), 1);
    collection.write(&[("a.md", "wheat\n")]);
    collection.write(&[("a.md", "oats\n")]);
    assert!(sealed::read(&list).unwrap().is_some());
    assert!(!store.exists(), "what the list had forgotten is swept");
}

#[test]
fn a_damaged_commit_point_never_gives_another_manifest() {
    let collection = Collection::new();
    let written = collection.write(&[("a.md", "rye doubles\n")]);
    let file = collection.folder.path().join("collections/garden/lexical/meta.json");
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x04;
        fs::write(&file, damaged).unwrap();
        check_noticed(&collection, &file, &format!("byte {at}"));
        // How it was asked for is known all the same.
        let settings = newest_settings(&collection.store, &collection.name).unwrap().unwrap();
        assert_eq!(settings, Settings::from(&written), "byte {at}");
    }
}

#[test]
fn another_format_is_refused_with_both_numbers() {
    let collection = Collection::new();
    collection.write(&[("a.md", "rye\n")]);
    fs::write(collection.folder.path().join("collections/garden/format"), "99\n").unwrap();
    let opened = Snapshot::open(&collection.store, &collection.name).map(|_| ());
    assert!(matches!(opened, Err(OpenError::Format { found, wanted: FORMAT, .. }) if found == "99"));
    let writer = CollectionWriter::open(&collection.store, &collection.name, 1).map(|_| ());
    assert!(matches!(writer, Err(WriteError::Open(OpenError::Format { .. }))));
}

#[test]
fn a_collection_that_is_not_there_is_missing_and_one_removed_is_again() {
    let collection = Collection::new();
    let open = || Snapshot::open(&collection.store, &collection.name).map(|_| ());
    assert!(matches!(open(), Err(OpenError::Missing { .. })));
    drop(collection.writer());
    assert!(matches!(open(), Err(OpenError::Missing { .. })), "begun, never committed");
    collection.write(&[("a.md", "rye\n")]);
    assert_eq!(collection.store.collections().unwrap(), std::slice::from_ref(&collection.name));
    collection.store.remove(&collection.name).unwrap();
    assert!(matches!(open(), Err(OpenError::Missing { .. })));
    assert_eq!(collection.store.collections().unwrap(), []);
}

#[test]
fn what_is_cleared_still_says_how_it_was_asked_for() {
    let collection = Collection::new();
    let written = collection.write(&[("a.md", "rye\n")]);
    let root = collection.folder.path().join("collections/garden");
    // As a version wrote it that kept no copy.
    fs::remove_file(root.join("settings")).unwrap();
    fs::write(root.join("format"), "1\n").unwrap();
    collection.store.clear(&collection.name).unwrap();
    let settings = newest_settings(&collection.store, &collection.name).unwrap().unwrap();
    assert_eq!(settings, Settings::from(&written));
    assert!(matches!(
        Snapshot::open(&collection.store, &collection.name).map(|_| ()),
        Err(OpenError::Missing { .. })
    ));
    collection.write(&[("a.md", "wheat\n")]);
    assert_eq!(found(&collection.snapshot(), "wheat").len(), 1);
}

#[test]
fn without_its_graph_a_collection_is_whole_but_for_speed() {
    let collection = Collection::new();
    let mut manifest = collection.write(&[("a.md", "rye doubles\nwheat follows\n")]);
    let folder = collection.folder.path().join("collections/garden/vectors");
    let vectors = Vectors::open(&folder, DIMENSIONS, &manifest.vector_files, None).unwrap();
    let graph = build_graph(&folder, 9, &vectors, 1, 1).unwrap();
    assert!(graph.is_some());
    let mut writer = collection.writer();
    assert!(!folder.join("graph-9.hnsw").exists(), "a graph that nobody committed is swept");
    manifest.graph = build_graph(&folder, 9, &vectors, 1, 1).unwrap();
    writer.commit_with_graph(manifest.clone()).unwrap();
    drop(writer);
    assert!(collection.snapshot().vectors().has_graph());
    let file = folder.join(&manifest.graph.as_ref().unwrap().name);
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let snapshot = collection.snapshot();
    assert!(snapshot.damage().is_none() && !snapshot.vectors().has_graph());
    assert_eq!(snapshot.alive_rows().len(), 2);
    // The next run does without it, or builds another.
    collection.write(&[("b.md", "salt\n")]);
    assert!(collection.snapshot().manifest().graph.is_none());
}
