//! No text is a question that fails. What questions find is tested with the whole program.

use std::path::PathBuf;

use ibid_core::chunk::Chunk;
use ibid_core::document::{Document, PropertyValue};
use ibid_core::grant::Grant;
use ibid_core::hash::ContentHash;
use ibid_core::id::DocumentPath;
use ibid_core::language::Language;
use ibid_core::query::{Condition, Date, Mode};
use ibid_core::span::Span;
use ibid_index::manifest::{Manifest, Origin, SourceRecord};
use ibid_index::snapshot::{Narrowing, StoredDocument};
use ibid_index::store::Store;
use ibid_index::vector::VectorKey;
use ibid_index::writer::{CollectionWriter, FileMark, FinishedChunk, FinishedDocument};
use proptest::prelude::*;

use super::*;

mod half_embedded;
mod phrasings;
mod reranked;
mod words;

/// Some notes of one chunk each, in two languages, without vectors.
fn snapshot() -> (Arc<Snapshot>, tempfile::TempDir) {
    collection(&[
        ("Bread/Rye.md", Language::English, "Rye bread sticks to the knife. snake_case v1.2.3 C++"),
        ("Bread/Brot.md", Language::German, "Das Brot in den Häusern 🍞"),
        ("味噌.md", Language::English, "味噌を仕込む ขนมปัง"),
        ("Empty.md", Language::English, ""),
    ])
}

/// These notes, by path, language and text.
fn collection(notes: &[(&str, Language, &str)]) -> (Arc<Snapshot>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let mut writer = CollectionWriter::open(&store, &"notes".parse().unwrap(), 1).unwrap();
    for &(path, language, text) in notes {
        writer.add(&document(path, language, text), Vec::new()).unwrap();
    }
    writer.commit(manifest()).unwrap();
    (Arc::new(writer.finish(&store, 1).unwrap()), folder)
}

fn manifest() -> Manifest {
    let source = SourceRecord {
        root: PathBuf::from("notes"),
        include: Vec::new(),
        exclude: Vec::new(),
        language: None,
        origin: Origin::Folder,
    };
    Manifest {
        generation: 0,
        indexed_at: 0,
        source,
        model: None,
        reading: 0,
        withheld: Vec::new(),
        vector_files: Vec::new(),
        graph: None,
        remade: 0,
        pending: 0,
        skipped_count: 0,
        skipped: Vec::new(),
    }
}

fn document(path: &str, language: Language, text: &str) -> FinishedDocument {
    let span = Span::within(text, 0..text.len()).unwrap();
    let stored = StoredDocument {
        document: Document {
            path: DocumentPath::new(path).unwrap(),
            title: path.to_owned(),
            aliases: vec!["Staff of life".to_owned()],
            tags: vec!["bread/dark".to_owned()],
            headings: Vec::new(),
            links: Vec::new(),
            properties: vec![("status".to_owned(), PropertyValue::Text("done".to_owned()))],
            block_ids: Vec::new(),
        },
        decoded_from: None,
        content_hash: ContentHash::of(text.as_bytes()).to_string(),
        text_bytes: text.len() as u32,
        address: None,
    };
    let chunk = Chunk { span, headings: Vec::new() };
    FinishedDocument {
        stored,
        text: text.to_owned(),
        chunks: vec![FinishedChunk::plain(text, chunk, 1, VectorKey(0)).unwrap()],
        language,
        date: 0,
        file: FileMark { modified: 1, size: 1, content: 1 },
    }
}

/// The notes about the words of a question, asked by words of a caller who sees all but what `denied` says.
fn check_told(words: &str, denied: &[&str], told: &[&str]) {
    let (snapshot, _folder) = snapshot();
    let rules: Vec<String> = denied.iter().map(|&rule| rule.to_owned()).collect();
    let grant = Grant::parse(&rules).unwrap();
    let narrowing = Narrowing { grant: &grant, marks: &[], keeps_unreadable: false, tells_of_unread: false };
    let seen = Arc::new(snapshot.narrowed(&narrowing).unwrap());
    let query = Query { mode: Mode::Lexical, ..Query::new(words) };
    let answer = Searcher::new(&[seen], None).search(&query).unwrap();
    let notes =
        answer.notes.iter().filter(|note| !matches!(note, Note::NothingFound | Note::NoVectors { .. }));
    assert_eq!(notes.map(ToString::to_string).collect::<Vec<_>>(), told, "{words} {denied:?}");
}

#[test]
fn words_that_stand_nowhere_are_told() {
    check_told("xyzzyqwv bread", &[], &["“xyzzyqwv” stands in no note that was searched"]);
    check_told("bread -xyzzyqwv -tag:qwv", &[], &[]);
    check_told("how does the bread stick", &[], &[]);
    check_told("xyz* sti* C++", &[], &["“xyz*” stands in no note that was searched"]);
    check_told("味噌汁", &[], &[]);
    check_told("麹菌", &[], &["“麹菌” stands in no note that was searched"]);
}

#[test]
fn equal_words_of_other_parts_are_told_apart() {
    for words in ["v1.2#\"v1.2\"", "\"v1.2\" v1.2#", "C++ \"c++\" c", "snake_case# \"snake_case\""] {
        let (snapshot, _folder) = snapshot();
        let query = Query { mode: Mode::Lexical, ..Query::new(words) };
        Searcher::new(&[snapshot], None).search(&query).unwrap();
    }
}

#[test]
fn words_that_a_caller_may_not_see_stand_nowhere() {
    check_told("knife", &[], &[]);
    check_told("knife", &["-path:Bread/Rye.md"], &["“knife” stands in no note that was searched"]);
    check_told("kni*", &["-path:Bread/Rye.md"], &["“kni*” stands in no note that was searched"]);
}

#[test]
fn a_filter_that_nothing_passes_says_what_was_meant_among_what_is_seen() {
    let nothing = "no document passes the filter";
    for (filter, meant) in [
        ("tag:braed", "did you mean tag:bread (4 notes)?"),
        ("tag:bread/drak", "did you mean tag:bread/dark (4 notes)?"),
        ("[staus:done]", "did you mean [status:done] (4 notes)?"),
        ("[statuss]", "did you mean [status] (4 notes)?"),
    ] {
        check_told(filter, &[], &[nothing, meant]);
    }
    check_told("tag:braed tag:braed", &[], &[nothing, "did you mean tag:bread (4 notes)?"]);
    check_told(&format!("tag:{}", "bread".repeat(800)), &[], &[nothing]);
    check_told("tag:cheese", &[], &[nothing]);
    check_told("tag:bread path:Nowhere", &[], &[nothing]);
    check_told("tag:braed", &["-path:Bread"], &[nothing, "did you mean tag:bread (2 notes)?"]);
}

#[test]
fn a_word_that_another_collection_holds_is_not_respelt() {
    let (crumb, _folder) = collection(&[("a.md", Language::English, "a crumb")]);
    let (crump, _other) = collection(&[("b.md", Language::English, "a crump")]);
    let told = |snapshots: &[Arc<Snapshot>]| {
        let query = Query { mode: Mode::Lexical, ..Query::new("crumb") };
        let notes = Searcher::new(snapshots, None).search(&query).unwrap().notes;
        notes.iter().any(|note| matches!(note, Note::Respelt { .. }))
    };
    assert!(told(std::slice::from_ref(&crump)), "it is in none that is asked");
    assert!(!told(&[crumb, crump]));
}

/// Signs of the query language and words of the notes, in any order.
fn signs() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "\"",
        " ",
        " ",
        "-",
        "*",
        ":",
        "[",
        "]",
        "{",
        "}",
        "(",
        "#",
        "/",
        "**",
        "tag:",
        "path:",
        "title:",
        "before:",
        "after:",
        "1970",
        "2024-06-15",
        "status",
        "done",
        "rye",
        "bread",
        "raye",
        "brot",
        "Häuser",
        "snake_case",
        "v1.2",
        "C++",
        "味噌",
        "噌",
        "ขน",
        "🍞",
        "“",
        "”",
        "\\",
        "\n",
        "\u{1}",
        "\u{f0000}",
        "é",
        "e\u{301}",
    ]);
    prop::collection::vec(sign, 0..24).prop_map(|signs| signs.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    // One index serves many questions: making it costs more than all of them.
    #[test]
    fn any_text_is_answered_within_the_limit(
        questions in prop::collection::vec(prop_oneof![any::<String>(), signs()], 64),
        limit in 1..4_usize,
    ) {
        let (snapshot, _folder) = snapshot();
        for words in questions.into_iter().filter(|words| !words.trim().is_empty()) {
            // Who asks says what day it is: `before:1970-` is a period as people say it.
            let today = Date::new(2026, 11, 30).ok();
            let query = Query { mode: Mode::Lexical, limit, explain: true, today, ..Query::new(words.clone()) };
            let answer = Searcher::new(&[Arc::clone(&snapshot)], None).search(&query);
            let answer = answer.map_err(|error| TestCaseError::fail(format!("{words:?}: {error}")))?;
            prop_assert!(answer.hits.len() <= limit, "{:?}", words);
            prop_assert!(!answer.hits.is_empty() || !answer.notes.is_empty(), "{:?}", words);
        }
    }
}
