//! Narrowed snapshots against snapshots of collections in which the rest never was.

use ibid_core::document::PropertyValue;
use ibid_core::grant::Grant;
use ibid_core::hash::QuoteHash;
use ibid_core::id::DocumentPath;
use ibid_core::ranking::Ranking;

use super::*;
use crate::snapshot::{Rule, Wanted};
use crate::tests::{Collection, DIMENSIONS, finished, look_up, manifest};

/// Path, text, tags, properties.
type Note<'a> = (&'a str, &'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

const SEEN: [Note<'_>; 4] = [
    ("Work/plan.md", "Feed the rye starter.\nThe oven is hot.\n", &["open"], &[("status", "done")]),
    ("Work/oven.md", "The oven, the oven.\n", &[], &[]),
    ("Home.md", "A starter wants rye flour.\n", &["opening"], &[("private", "false")]),
    ("Brot.md", "Starter of spelt.\n", &[], &[]),
];

const HIDDEN: [Note<'_>; 4] = [
    ("Secret/diary.md", "The oven hides levain.\nFeed the rye starter.\n", &["Private"], &[]),
    ("Secret/keys.md", "Rye rye rye oven zanzibar.\n", &["private/keys"], &[]),
    ("Work/salary.md", "Oven money: levains.\n", &[], &[("Private", "true")]),
    ("Aside.md", "---\nprivate: [true\n---\nRye oven.\n", &[], &[]),
];

fn written(notes: &[Note<'_>]) -> (Collection, Snapshot) {
    let collection = Collection::new();
    let mut writer = collection.writer();
    for (path, text, tags, properties) in notes {
        let (mut document, vectors) = finished(path, text);
        let facts = &mut document.stored.document;
        facts.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        let pair = |&(key, value): &(&str, &str)| {
            (key.to_owned(), value.parse().map_or(PropertyValue::Text(value.into()), PropertyValue::Checkbox))
        };
        facts.properties = properties.iter().map(pair).collect();
        writer.add(&document, vectors).unwrap();
    }
    writer.commit(manifest()).unwrap();
    writer.finish(&collection.store, 1).unwrap();
    let snapshot = collection.snapshot();
    (collection, snapshot)
}

fn narrowed(snapshot: &Snapshot, rules: &[&str], keeps_unreadable: bool) -> Snapshot {
    let grant = Grant::parse(rules).unwrap();
    let narrowing = Narrowing { grant: &grant, marks: &[], keeps_unreadable, tells_of_unread: false };
    snapshot.narrowed(&narrowing).unwrap()
}

/// A note with one property, as front matter gives it.
fn check_marked(value: &PropertyValue, is_marked: bool) {
    let collection = Collection::new();
    let mut writer = collection.writer();
    for (path, key, value) in
        [("marked.md", "Private", value.clone()), ("other.md", "public", PropertyValue::Checkbox(true))]
    {
        let (mut document, vectors) = finished(path, "Words.\n");
        document.stored.document.properties = vec![(key.to_owned(), value)];
        writer.add(&document, vectors).unwrap();
    }
    writer.commit(manifest()).unwrap();
    let snapshot = writer.finish(&collection.store, 1).unwrap();
    let (grant, marks) = (Grant::everything(), ["private".to_owned()]);
    let narrowing =
        Narrowing { grant: &grant, marks: &marks, keeps_unreadable: true, tells_of_unread: false };
    let seen = paths(&snapshot.narrowed(&narrowing).unwrap());
    assert_eq!(seen == ["other.md"], is_marked, "{value:?} {seen:?}");
    assert_eq!(snapshot.count_marked("private").unwrap(), u64::from(is_marked), "{value:?}");
}

#[test]
fn a_property_marks_its_note_unless_it_clearly_says_no() {
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    for yes in ["y", "x", "1", "true", "YES", "on", "wahr", "oui", "ja", "perhaps", "since=2024"] {
        check_marked(&text(yes), true);
    }
    for no in ["", "no", "False", "off", "0", "nein"] {
        check_marked(&text(no), false);
    }
    for (value, is_marked) in [
        (PropertyValue::Null, false),
        (PropertyValue::Checkbox(false), false),
        (PropertyValue::Number(0.0), false),
        (PropertyValue::Number(1.0), true),
        (PropertyValue::Date("2024-01-01".to_owned(), 0), true),
        (PropertyValue::List(vec![text("no"), text("yes")]), true),
        (PropertyValue::List(vec![PropertyValue::List(vec![text("yes")])]), true),
        (PropertyValue::Map(vec![("from".to_owned(), text("all"))]), true),
        // Too long to be a term.
        (text(&"really ".repeat(100)), true),
    ] {
        check_marked(&value, is_marked);
    }
}

fn paths(snapshot: &Snapshot) -> Vec<String> {
    snapshot.known_documents().unwrap().into_iter().map(|known| known.path).collect()
}

fn check(rules: &[&str], keeps_unreadable: bool, expected: &[&str]) {
    let all: Vec<Note<'_>> = SEEN.iter().chain(&HIDDEN).copied().collect();
    let (_collection, snapshot) = written(&all);
    assert_eq!(paths(&narrowed(&snapshot, rules, keeps_unreadable)), expected, "{rules:?}");
}

#[test]
fn rules_choose_the_documents_they_name() {
    check(&["path:Work"], false, &["Work/oven.md", "Work/plan.md", "Work/salary.md"]);
    check(&["path:Work", "-path:work/SALARY.md"], false, &["Work/oven.md", "Work/plan.md"]);
    check(&["tag:open"], false, &["Work/plan.md"]);
    check(&["tag:private"], false, &["Secret/diary.md", "Secret/keys.md"]);
    check(&["tag:private", "-tag:private/keys"], false, &["Secret/diary.md"]);
    check(&["property:Status=DONE"], false, &["Work/plan.md"]);
    check(&["path:Work", "property:private=true"], false, &["Work/salary.md"]);
    check(&["collection:other", "path:Nowhere"], false, &[]);
}

#[test]
fn a_rule_that_allows_means_the_folder_of_that_name_where_there_is_one() {
    let check = |paths: &[&str], rules: &[&str], seen: &[&str]| {
        let notes: Vec<Note<'_>> = paths.iter().map(|&path| (path, "Words.\n", &[][..], &[][..])).collect();
        let (_collection, snapshot) = written(&notes);
        assert_eq!(self::paths(&narrowed(&snapshot, rules, false)), seen, "{rules:?}");
        let named: u64 =
            Grant::parse(rules).unwrap().rules().iter().map(|rule| snapshot.count_named(rule).unwrap()).sum();
        let expected = if rules[0].starts_with('-') { paths.len() - seen.len() } else { seen.len() };
        assert_eq!(named, expected as u64, "{rules:?}");
    };
    let both = ["[ab]/x.md", "a/x.md", "c/x.md"];
    check(&both, &["path:[ab]"], &both[..1]);
    check(&both[1..], &["path:[ab]"], &both[1..2]);
    check(&both, &["-path:[AB]"], &both[2..]);
    check(&both[1..], &["-path:[ab]"], &both[2..]);
    check(&["[Private] Diary/x.md", "y.md"], &["-path:[Private] Diary"], &["y.md"]);
}

#[test]
fn a_rule_about_what_is_too_long_to_be_indexed_shows_nothing() {
    // In lower case it is longer.
    let tag = format!("tag:{}", "Ⱥ".repeat(120));
    check(&[&tag], false, &[]);
    check(&[&format!("-{tag}")], false, &[]);
}

#[test]
fn a_note_whose_front_matter_cannot_be_read_may_be_kept_back() {
    let without = ["Brot.md", "Home.md", "Secret/diary.md", "Secret/keys.md"];
    check(&["-path:Work"], true, &without);
    let with: Vec<&str> = ["Aside.md"].into_iter().chain(without).collect();
    check(&["-path:Work"], false, &with);
}

const PRIVATE: [&str; 2] = ["-tag:private", "-property:private=true"];

#[test]
fn what_is_not_seen_was_never_there() {
    let all: Vec<Note<'_>> = HIDDEN[..2].iter().chain(&SEEN).chain(&HIDDEN[2..]).copied().collect();
    let (_whole, whole) = written(&all);
    let (_without, without) = written(&SEEN);
    let [a, b] = [&whole, &without].map(|snapshot| narrowed(snapshot, &PRIVATE, true));
    assert_eq!(paths(&a), paths(&without));
    for (a, b) in [(&a, &b), (&a, &without)] {
        assert_eq!(
            (a.documents(), a.chunks(), a.source_bytes()),
            (b.documents(), b.chunks(), b.source_bytes())
        );
        assert_eq!((a.chunks_without_vector(), a.languages()), (b.chunks_without_vector(), b.languages()));
        assert_eq!(a.alive_rows().len(), b.alive_rows().len());
        assert_eq!((a.links().unwrap().orphans, a.links().unwrap().documents()), (4, 4));
        assert_eq!(a.links().unwrap().orphans, b.links().unwrap().orphans);
    }
    for words in ["rye starter", "oven", "levain", "zanzibar", "ovem", "the", "leavin", "diary"] {
        assert_eq!(scores(&a, words), scores(&b, words), "{words}");
        let looked_up = |snapshot: &Snapshot| look_up(snapshot, words);
        assert_eq!(looked_up(&a), looked_up(&b), "{words}");
        assert_eq!(
            looked_up(&a),
            looked_up(&without),
            "a dictionary is told by nothing but what is seen: {words}"
        );
    }
    for beginning in ["lev", "z", "s", "o"] {
        let begins = |snapshot: &Snapshot| {
            snapshot.look_up(&Wanted::Prefix(beginning.to_owned()), &Ranking::default()).unwrap()
        };
        assert_eq!(begins(&a), begins(&without), "{beginning}");
    }
    for rule in [Rule::Tag("privat"), Rule::Tag("oepn"), Rule::Property("privat", Some("true"))] {
        assert_eq!(a.spelt_nearly(&rule).unwrap(), without.spelt_nearly(&rule).unwrap());
    }
    assert_eq!(a.affinity().unwrap(), without.affinity().unwrap());
    for axis in 0..DIMENSIONS {
        let vector: Vec<f32> = (0..DIMENSIONS).map(|at| f32::from(u8::from(at == axis))).collect();
        assert_eq!(near(&a, &vector), near(&without, &vector));
    }
}

#[test]
fn what_is_not_seen_cannot_be_read() {
    let all: Vec<Note<'_>> = SEEN.iter().chain(&HIDDEN).copied().collect();
    let (_collection, whole) = written(&all);
    let seen = narrowed(&whole, &PRIVATE, true);
    let path = DocumentPath::new("Secret/diary.md").unwrap();
    assert!(whole.document(&path).unwrap().is_some());
    assert_eq!(seen.document(&path).unwrap(), None);
    assert_eq!(seen.text(&path, 0..10).unwrap(), None);
    assert_eq!(seen.chunk_at(&path, 0).unwrap(), None);
    assert!(
        seen.chunk_starts(&path).unwrap().is_empty()
            && seen.vector_keys_of(path.as_str()).unwrap().is_empty()
    );
    let quotes = |text: &str| seen.chunks_with_quote(QuoteHash::of(text)).unwrap().len();
    assert_eq!((quotes("The oven hides levain."), quotes("Feed the rye starter.")), (0, 1));
    let hidden = whole.addresses_of(path.as_str()).unwrap()[0];
    assert!(whole.chunk(hidden).is_ok() && seen.chunk(hidden).is_err());
    assert!(seen.allow(&[], &[]).unwrap().chunks() == seen.chunks());
    let everywhere = Rule::Path(&|_| true);
    assert_eq!(seen.allow(&[everywhere], &[]).unwrap().chunks(), seen.chunks());
}

fn scores(snapshot: &Snapshot, words: &str) -> Vec<(String, u32, f32)> {
    let looked_up = look_up(snapshot, words);
    let found = snapshot.lexical(&looked_up, None, 100).unwrap();
    let addresses: Vec<_> = found.iter().map(|&(at, _)| at).collect();
    let again = snapshot.lexical_scores(&looked_up, &addresses).unwrap();
    assert!(found.iter().zip(again).all(|((_, score), again)| (score - again).abs() < 1e-4));
    named(snapshot, found)
}

fn near(snapshot: &Snapshot, vector: &[f32]) -> Vec<(String, u32, f32)> {
    named(snapshot, snapshot.nearest(vector, None, 100))
}

fn named(snapshot: &Snapshot, found: Vec<(ChunkAddress, f32)>) -> Vec<(String, u32, f32)> {
    let named = found.into_iter().map(|(at, score)| {
        let chunk = snapshot.chunk(at).unwrap();
        (chunk.path.to_string(), chunk.start, score)
    });
    let mut named: Vec<_> = named.collect();
    named.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(&b.0)).then(a.1.cmp(&b.1)));
    named
}
