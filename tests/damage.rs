//! An index that is not what was written: named, answered from as far as it is whole, checked and made anew. An index of
//! another format, and one whose model is changed.

use std::fs;
use std::path::{Path, PathBuf};

use ibid_index::manifest::FORMAT;
use serde_json::Value;

use crate::harness::{Ibid, Ran, number, text, vault};

const NOTES: &[(&str, &str)] = &[
    ("a.md", "# Rye\n\nRye absorbs more water.\n"),
    ("b.md", "Salt comes last.\n"),
    ("old.md", "Left out.\n"),
];

/// An index of [`NOTES`] that leaves one out, with vectors.
fn indexed() -> (tempfile::TempDir, Ibid) {
    let (folder, ibid) = (vault(NOTES), Ibid::new());
    ibid.index(folder.path(), &["--name", "n", "--exclude", "old.md"]);
    (folder, ibid)
}

fn root(ibid: &Ibid) -> PathBuf {
    ibid.data.path().join("collections/n")
}

/// The one file of a folder that ends so.
fn file(ibid: &Ibid, folder: &str, end: &str) -> PathBuf {
    let files = fs::read_dir(root(ibid).join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|e| e == end)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn flip_a_bit(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn name(file: &Path) -> &str {
    file.file_name().unwrap().to_str().unwrap()
}

/// Runs and expects exit code 2, and `says` and `hint` on standard error.
#[track_caller]
fn check(ibid: &Ibid, args: &[&str], says: &str, hint: &str) {
    let ran = ibid.run(args).ends_with(2);
    assert!(ran.stderr.contains(says), "{args:?} says {:?}", ran.stderr);
    let hints = ran.stderr.lines().filter(|line| line.starts_with("hint: "));
    assert!(hints.clone().any(|line| line.contains(hint)), "{args:?} says {:?}", ran.stderr);
}

/// What `ibid check` found, and its exit code.
fn checked(ibid: &Ibid, code: i32) -> Value {
    ibid.run(&["check", "--json"]).ends_with(code).json()["collections"][0].clone()
}

/// A run without a word about how, and then everything as it was asked for the first time.
#[track_caller]
fn check_made_anew(ibid: &Ibid, args: &[&str]) -> Ran {
    let ran = ibid.run(&[&["index"], args].concat()).ends_with(0);
    let whole = checked(ibid, 0);
    assert_eq!((number(&whole["documents"]), number(&whole["chunks_with_vector"])), (2, 2), "{whole}");
    assert_eq!(number(&whole["left_overs"]), 0, "{whole}");
    for mode in ["lexical", "semantic"] {
        assert_eq!(ibid.paths(&["rye absorbs water", "--mode", mode])[0], "a.md", "{mode}");
    }
    ran
}

#[test]
fn with_damaged_vectors_words_answer_and_every_answer_says_so() {
    let (folder, ibid) = indexed();
    let path = folder.path().to_str().unwrap();
    for missing in [false, true] {
        let vectors = file(&ibid, "vectors", "vec");
        match missing {
            true => fs::remove_file(&vectors).unwrap(),
            false => flip_a_bit(&vectors),
        }
        let state = if missing { "is missing" } else { "is damaged" };
        let says = format!("n was not searched by meaning: its file {} {state}", name(&vectors));
        for mode in ["hybrid", "lexical"] {
            let ran = ibid.run(&["search", "rye", "--mode", mode, "--json"]).ends_with(0).json();
            assert_eq!(ran["hits"][0]["path"], "a.md", "{ran}");
            assert_eq!(ran["notes"].to_string().contains(&says), mode == "hybrid", "{ran}");
        }
        let ran = ibid.run(&["search", "rye"]).ends_with(0);
        assert!(ran.stderr.contains(&says), "{}", ran.stderr);
        let id = text(&ibid.hits(&["rye", "--mode", "lexical"])[0]["id"]);
        ibid.run(&["fetch", &id]).ends_with(0);
        ibid.run(&["verify", &id]).ends_with(0);
        check(&ibid, &["search", "rye", "--mode", "semantic"], name(&vectors), "--mode lexical");
        check(&ibid, &["index", "--name", "n"], name(&vectors), "ibid index --name n --rebuild");
        check(&ibid, &["index", path], name(&vectors), "--rebuild");
        let status = ibid.run(&["status"]).ends_with(2);
        assert!(status.stdout.contains(name(&vectors)), "{}", status.stdout);
        let found = checked(&ibid, 2);
        assert_eq!(found["findings"][0]["file"], format!("vectors/{}", name(&vectors)), "{found}");
        assert_eq!(number(&found["documents"]), 2, "the words are looked at all the same: {found}");
        let shown = ibid.run(&["check"]).ends_with(2).stdout;
        assert!(shown.contains("n: damaged") && shown.contains("--rebuild"), "{shown}");
        check_made_anew(&ibid, &["--name", "n", "--rebuild"]);
    }
}

#[test]
fn a_damaged_lexical_file_is_named_and_made_anew_as_it_was_asked_for() {
    let (_folder, ibid) = indexed();
    for end in ["store", "term", "idx", "json"] {
        let damaged = match end {
            "json" => root(&ibid).join("lexical/meta.json"),
            end => file(&ibid, "lexical", end),
        };
        flip_a_bit(&damaged);
        for args in [&["search", "rye"][..], &["index", "--name", "n"]] {
            check(&ibid, args, name(&damaged), "ibid index --name n --rebuild");
        }
        ibid.run(&["status"]).ends_with(2);
        let found = checked(&ibid, 2);
        assert_eq!(found["findings"][0]["file"], format!("lexical/{}", name(&damaged)), "{found}");
        // Not even the folder need be named, nor what was left out of it.
        let ran = check_made_anew(&ibid, &["--name", "n", "--rebuild"]);
        assert!(ran.stderr.contains("it is made anew"), "{}", ran.stderr);
    }
}

#[test]
fn where_the_commit_point_is_gone_the_settings_are_not() {
    let (_folder, ibid) = indexed();
    fs::write(root(&ibid).join("lexical/meta.json"), "{").unwrap();
    check(&ibid, &["search", "rye"], "meta.json", "--rebuild");
    check_made_anew(&ibid, &["--rebuild"]);
    flip_a_bit(&root(&ibid).join("settings"));
    assert_eq!(checked(&ibid, 2)["findings"][0]["file"], "settings");
    // Nothing needs them now, and the next run writes them again.
    check_made_anew(&ibid, &["--rebuild"]);
}

/// Makes an index what an earlier version left: the commit point without its seal, no copy of the settings, and for the
/// first format a manifest that knows no language.
fn age(ibid: &Ibid, format: u32) {
    let (root, seal_bytes) = (root(ibid), 65);
    let file = root.join("lexical/meta.json");
    let sealed = fs::read(&file).unwrap();
    let mut point: Value = serde_json::from_slice(&sealed[..sealed.len() - seal_bytes]).unwrap();
    if format == 1 {
        let payload = text(&point["payload"]);
        let mut manifest: Value = serde_json::from_str(payload.split_once('\n').unwrap().1).unwrap();
        manifest["source"].as_object_mut().unwrap().remove("language");
        let json = manifest.to_string();
        point["payload"] = format!("{}\n{json}", blake3::hash(json.as_bytes())).into();
    }
    fs::write(&file, format!("{point:#}\n")).unwrap();
    fs::remove_file(root.join("settings")).unwrap();
    fs::write(root.join("format"), format!("{format}\n")).unwrap();
}

#[test]
fn an_index_of_an_earlier_format_says_what_to_do_and_that_does_it() {
    for format in 1..FORMAT {
        let (folder, ibid) = indexed();
        age(&ibid, format);
        let says = format!("has format {format}, this program reads {FORMAT}");
        check(&ibid, &["search", "rye"], &says, "`ibid index --name n` makes it anew");
        check(&ibid, &["check"], &says, "`ibid index --name n` makes it anew");
        ibid.run(&["status"]).ends_with(2);
        let ran = match format % 3 {
            0 => check_made_anew(&ibid, &[]),
            1 => check_made_anew(&ibid, &["--name", "n"]),
            _ => check_made_anew(&ibid, &[folder.path().to_str().unwrap()]),
        };
        assert!(ran.stderr.contains(&says), "{}", ran.stderr);
    }
}

#[test]
fn an_index_of_a_later_format_is_left_alone_until_a_rebuild_is_asked_for() {
    let (folder, ibid) = indexed();
    let (path, later) = (folder.path().to_str().unwrap(), FORMAT + 3);
    fs::write(root(&ibid).join("format"), format!("{later}\n")).unwrap();
    let says = format!("has format {later}, this program reads {FORMAT}");
    for args in [&["search", "rye"][..], &["index", path], &["index"], &["check"]] {
        check(&ibid, args, &says, "another ibid wrote it");
    }
    assert_eq!(fs::read_to_string(root(&ibid).join("format")).unwrap(), format!("{later}\n"));
    check_made_anew(&ibid, &["--name", "n", "--rebuild"]);
}

#[test]
fn a_model_that_is_named_takes_the_place_of_the_one_that_was() {
    let (_folder, ibid) = indexed();
    let json = ["index", "--name", "n", "--json", "--quiet"];
    let none = ibid.run(&[&json[..], &["--model", "none"]].concat()).ends_with(0).json();
    assert_eq!((number(&none["documents"]), number(&none["embedded"])), (2, 0), "{none}");
    assert_eq!(checked(&ibid, 0)["chunks_with_vector"], Value::Null);
    // Without a word about it, it stays.
    let again = ibid.run(&json).ends_with(0).json();
    assert_eq!(number(&again["unchanged"]), 2, "{again}");
    check_made_anew(&ibid, &["--name", "n", "--model", "all-MiniLM-L6-v2"]);
}

#[test]
fn a_check_needs_something_to_check() {
    let ibid = Ibid::new();
    check(&ibid, &["check"], "nothing is indexed yet", "ibid index PATH");
    check(&ibid, &["check", "-c", "n"], "there is no collection n", "ibid index PATH");
}
