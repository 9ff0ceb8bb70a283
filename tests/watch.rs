//! `ibid watch` and `ibid serve` keep an index up to its folder: whatever a person, an editor or a disk does there is
//! found, and what is gone is not.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Ibid, PATIENCE, fingerprint, number, vault};

/// A process that follows; ends with the test.
struct Following(Child);

impl Following {
    fn start(ibid: &Ibid, args: &[&str]) -> Following {
        Following(ibid.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a search for these words finds exactly these notes.
#[track_caller]
pub(crate) fn until(ibid: &Ibid, words: &str, paths: &[&str]) {
    let began = Instant::now();
    loop {
        let mut found = ibid.paths(&[words, "--mode", "lexical"]);
        found.sort();
        if found == paths {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{words} finds {found:?}, not {paths:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn check(change: impl Fn(&Path), words: &str, paths: &[&str]) {
    for command in [&["watch"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let vault = vault(&[("Bread/Rye.md", "Rye absorbs water.\n"), ("Koji.md", "Steam the rice.\n")]);
        let ibid = Ibid::new();
        ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
        let _following = Following::start(&ibid, command);
        // When this is found the folder is followed: what comes next is an event, and no first look.
        fs::write(vault.path().join("marker.md"), "begun").unwrap();
        until(&ibid, "begun", &["marker.md"]);
        change(vault.path());
        until(&ibid, words, paths);
    }
}

#[test]
fn every_way_to_change_a_note_is_seen() {
    check(|root| fs::write(root.join("Bread/Rye.md"), "Spelt.").unwrap(), "spelt", &["Bread/Rye.md"]);
    check(|root| fs::remove_file(root.join("Koji.md")).unwrap(), "rice", &[]);
    check(|root| fs::rename(root.join("Bread"), root.join("Loaves")).unwrap(), "absorbs", &["Loaves/Rye.md"]);
    check(
        |root| {
            // As editors save: beside the note, then in its place.
            fs::write(root.join("Koji.md~tmp"), "Steam the barley.").unwrap();
            fs::rename(root.join("Koji.md~tmp"), root.join("Koji.md")).unwrap();
        },
        "barley",
        &["Koji.md"],
    );
}

#[test]
fn a_running_watch_sees_one_change_after_another_and_writes_nothing_into_the_vault() {
    let vault = vault(&[("a.md", "rye\n")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n"]);
    let mut child = ibid.command(&["watch"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    let _following = Following(child);
    for (number, word) in ["spelt", "emmer", "einkorn"].into_iter().enumerate() {
        fs::write(vault.path().join("a.md"), word).unwrap();
        until(&ibid, word, &["a.md"]);
        fs::write(vault.path().join(format!("{number}.md")), format!("more {number}")).unwrap();
    }
    until(&ibid, "more", &["0.md", "1.md", "2.md"]);
    until(&ibid, "rye", &[]);
    assert!(told.next().unwrap().unwrap().starts_with("n: 1 "), "the first line tells of one note");
    let before = fingerprint(vault.path());
    until(&ibid, "einkorn", &["a.md"]);
    assert_eq!(fingerprint(vault.path()), before);
}

#[test]
fn a_folder_that_vanishes_keeps_its_index_and_is_followed_again_when_it_is_back() {
    let vault = vault(&[("notes/a.md", "rye\n")]);
    let (root, away) = (vault.path().join("notes"), vault.path().join("away"));
    let ibid = Ibid::new();
    ibid.index(&root, &["--name", "n", "--model", "none"]);
    let mut child = ibid.command(&["watch"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let _following = Following(child);
    fs::write(root.join("b.md"), "spelt").unwrap();
    until(&ibid, "spelt", &["b.md"]);
    fs::rename(&root, &away).unwrap();
    // An empty mount point, as an unmounted disk leaves it.
    fs::create_dir(&root).unwrap();
    assert!(told.any(|line| line.starts_with("warning")), "it says that it was there and found nothing");
    until(&ibid, "rye", &["a.md"]);
    fs::remove_dir(&root).unwrap();
    fs::rename(&away, &root).unwrap();
    fs::write(root.join("c.md"), "emmer").unwrap();
    until(&ibid, "emmer", &["c.md"]);
}

#[test]
fn a_collection_that_is_removed_stays_removed_and_one_that_is_added_is_followed() {
    let (first, second) = (vault(&[("a.md", "rye\n")]), vault(&[("b.md", "oats\n")]));
    let third = vault(&[("f.md", "maize\n")]);
    let ibid = Ibid::new();
    ibid.index(first.path(), &["--name", "first", "--model", "none"]);
    let _following = Following::start(&ibid, &["watch"]);
    ibid.index(second.path(), &["--name", "second", "--model", "none"]);
    fs::write(second.path().join("c.md"), "millet").unwrap();
    until(&ibid, "millet", &["c.md"]);
    ibid.run(&["remove", "first", "--yes"]).ends_with(0);
    fs::write(first.path().join("d.md"), "sorghum").unwrap();
    fs::write(second.path().join("e.md"), "teff").unwrap();
    until(&ibid, "teff", &["e.md"]);
    // Once another new one is followed, it was looked for collections since the first was removed.
    ibid.index(third.path(), &["--name", "third", "--model", "none"]);
    fs::write(third.path().join("g.md"), "fonio").unwrap();
    until(&ibid, "fonio", &["g.md"]);
    until(&ibid, "sorghum", &[]);
    let status = ibid.run(&["status", "--json"]).ends_with(0).stdout;
    assert!(status.contains("second") && !status.contains("first"), "{status}");
}

#[test]
fn an_index_run_beside_a_watch_waits_its_turn() {
    let vault = vault(&[("a.md", "rye\n")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    let _following = Following::start(&ibid, &["watch"]);
    for round in 0..20 {
        fs::write(vault.path().join(format!("{round}.md")), "oats").unwrap();
        ibid.index(vault.path(), &["--name", "n"]);
    }
    assert_eq!(number(&ibid.index(vault.path(), &["--name", "n"])["documents"]), 21);
}

#[test]
fn nothing_indexed_is_nothing_to_watch() {
    let ran = Ibid::new().run(&["watch"]).ends_with(2);
    assert!(ran.stderr.contains("nothing is indexed yet"), "{}", ran.stderr);
}

#[test]
fn a_search_may_wait_for_what_was_saved_before_it() {
    let vault = vault(&[("a.md", "rye\n")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    fs::write(vault.path().join("b.md"), "spelt").unwrap();
    assert_eq!(ibid.paths(&["spelt"]), [""; 0], "nobody follows the folder");
    assert_eq!(ibid.paths(&["spelt", "--wait-fresh=60"]), ["b.md"]);
    // Beside a process that follows the same folder.
    let _following = Following::start(&ibid, &["watch"]);
    for round in 0..10 {
        fs::write(vault.path().join("b.md"), format!("emmer{round}")).unwrap();
        assert_eq!(ibid.paths(&[&format!("emmer{round}"), "--wait-fresh=60"]), ["b.md"]);
    }
    fs::rename(vault.path(), vault.path().with_extension("away")).unwrap();
    let ran = ibid.run(&["search", "rye", "--json", "--wait-fresh"]).ends_with(0);
    let notes = ran.json()["notes"].to_string();
    fs::rename(vault.path().with_extension("away"), vault.path()).unwrap();
    assert!(notes.contains("notes saved last may be missing") && ran.stderr.contains("warning"), "{notes}");
}

#[test]
fn a_note_saved_while_a_large_vault_is_embedded_is_found_before_that_is_done() {
    let long: String = (0..150).map(|n| format!("Paragraph {n} of many words about bread.\n\n")).collect();
    let vault = vault(&[("long.md", "rye")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n"]);
    for number in 0..12 {
        // No two alike, or they would be embedded once.
        fs::write(vault.path().join(format!("{number}.md")), long.replace("many", &format!("{number}")))
            .unwrap();
    }
    // A twelfth of one core, or the least there is: then it takes seconds however quick the machine is.
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let share = (8 / cores).max(1).to_string();
    let _following = Following::start(&ibid, &["watch", "--cpu", &share, "--on-battery"]);
    let pending =
        |ibid: &Ibid| number(&ibid.run(&["status", "--json"]).json()["collections"][0]["vectors_missing"]);
    let began = Instant::now();
    while pending(&ibid) == 0 {
        assert!(began.elapsed() < PATIENCE, "the words were never committed alone");
        thread::sleep(Duration::from_millis(20));
    }
    fs::write(vault.path().join("new.md"), "spelt").unwrap();
    until(&ibid, "spelt", &["new.md"]);
    assert!(pending(&ibid) > 0, "embedding was broken off for the note");
    let hits = ibid.run(&["search", "bread", "--json"]).ends_with(0).json();
    assert!(hits["notes"].to_string().contains("still reading "), "{}", hits["notes"]);
    drop(_following);
    ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!(pending(&ibid), 0, "the next run takes up what was left");
}
