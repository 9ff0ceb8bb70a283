//! Ctrl-C and SIGTERM while something is embedded, and kill -9 while everything is made anew: what was embedded is there,
//! a person is told how far it is, and no text is embedded twice.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ibid, Ran, number, ran, vault, write};

/// Enough notes that embedding them takes seconds, on any machine.
const NOTES: usize = 300;

/// Of what is kept while everything is made anew: the file's header, and a row of the bundled model.
const HEADER_BYTES: u64 = 40;
const ROW_BYTES: u64 = 8 + 4 * 384 + 8;

fn notes(count: usize) -> TempDir {
    let folder = vault(&[]);
    for at in 0..count {
        let text = format!("# Note {at}\n\nword{at} {}\n", "nothing happened yesterday ".repeat(33));
        write(folder.path(), &format!("{at}.md"), text.as_bytes());
    }
    folder
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success(), "{signal} cannot be sent");
}

/// A run of one thread, whose words are for [`interrupt`].
fn start(ibid: &Ibid, args: &[&str]) -> Child {
    let mut command = ibid.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until a run says this on standard error, lets it run on for a while, and sends it a signal.
fn interrupt(mut child: Child, says: &str, pause: Duration, signal: &str) -> Ran {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(says) {
        assert!(lines.read_line(&mut said).unwrap() > 0, "it ended and did not say {says}: {said}");
    }
    thread::sleep(pause);
    send(signal, &child);
    std::io::Read::read_to_string(&mut lines, &mut said).unwrap();
    let mut ended = ran(child.wait_with_output().unwrap());
    ended.stderr = said;
    ended
}

fn status(ibid: &Ibid) -> Value {
    ibid.run(&["status", "--json"]).ends_with(0).json()["collections"][0].clone()
}

/// Stops runs again and again, each after a longer while, until one has embedded something and not all.
#[test]
fn a_run_that_is_interrupted_commits_what_is_embedded_and_says_how_to_go_on() {
    let (folder, ibid) = (notes(NOTES), Ibid::new());
    let path = folder.path().to_str().unwrap();
    let args = ["index", path, "--name", "n", "--threads", "1"];
    let mut missing = NOTES;
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let before = missing;
        let mut pause = Duration::from_millis(20);
        while missing == before {
            let ended = interrupt(start(&ibid, &args), "chunks to embed", pause, signal).ends_with(code);
            let of = status(&ibid);
            assert_eq!((number(&of["documents"]), number(&of["chunks"])), (NOTES, NOTES), "{of}");
            missing = number(&of["vectors_missing"]);
            assert!(missing > 0, "all was embedded before it could be stopped");
            let embedded = NOTES - missing;
            let wanted = format!(
                "n: stopped: {embedded} of {NOTES} chunks embedded; run `ibid {}` to go on\n",
                args.join(" ")
            );
            assert!(ended.stderr.ends_with(&wanted), "{wanted:?} is not the end of {:?}", ended.stderr);
            assert_eq!(ended.stdout, "", "there is nothing to report");
            pause *= 2;
        }
    }
    ibid.run(&["check"]).ends_with(0);
    let report = ibid.index(folder.path(), &["--name", "n"]);
    let counts = ["embedded", "vectors_missing", "unchanged"].map(|what| number(&report[what]));
    assert_eq!((counts, &report["stopped"]), ([missing, 0, NOTES], &Value::Bool(false)), "{report}");
}

#[test]
fn a_run_that_is_interrupted_tells_programs_too() {
    let (folder, ibid) = (notes(NOTES), Ibid::new());
    let path = folder.path().to_str().unwrap();
    let args = ["index", path, "--name", "n", "--threads", "1", "--json"];
    let ended = interrupt(start(&ibid, &args), "chunks to embed", Duration::ZERO, "-INT").ends_with(130);
    let (report, of) = (ended.json(), status(&ibid));
    assert_eq!(
        (&report["stopped"], &report["vectors_missing"]),
        (&Value::Bool(true), &of["vectors_missing"])
    );
    let anew = [&args[..], &["--rebuild"]].concat();
    let ended = interrupt(start(&ibid, &anew), "to read", Duration::ZERO, "-INT").ends_with(130);
    let report = ended.json();
    assert_eq!((&report["stopped"], &report["collection"]), (&Value::Bool(true), &"n".into()), "{report}");
    assert_eq!(status(&ibid)["vectors_missing"], of["vectors_missing"], "what stood stands");
}

/// How many vectors are kept of a run that makes everything anew.
fn kept(ibid: &Ibid) -> usize {
    let file = ibid.data.path().join("collections/n/vectors/remake-1.rows");
    let rows = fs::metadata(file).map_or(0, |file| file.len().saturating_sub(HEADER_BYTES) / ROW_BYTES);
    rows as usize
}

/// Makes everything anew, and kills that once some vectors are there, with the signal.
fn break_off(ibid: &Ibid, folder: &Path, threads: &str, signal: &str) -> Ran {
    let before = kept(ibid);
    let args = ["index", folder.to_str().unwrap(), "--name", "n", "--threads", threads, "--rebuild"];
    let mut child = start(ibid, &args);
    while kept(ibid) < before + 5 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        thread::sleep(Duration::from_millis(2));
    }
    send(signal, &child);
    ran(child.wait_with_output().unwrap())
}

#[test]
fn a_rebuild_that_is_killed_goes_on_and_embeds_nothing_twice() {
    const FEW: usize = 200;
    let (folder, ibid) = (notes(FEW), Ibid::new());
    ibid.index(folder.path(), &["--name", "n"]);
    let (mut generation, mut embedded) = (status(&ibid)["generation"].clone(), 0);
    for (threads, signal, code) in
        [("1", "-KILL", -1), ("2", "-KILL", -1), ("1", "-INT", 130), ("2", "-TERM", 143)]
    {
        let ended = break_off(&ibid, folder.path(), threads, signal).ends_with(code);
        assert!(kept(&ibid) >= embedded + 5, "what was kept stays");
        embedded = kept(&ibid);
        if code > 0 {
            let command = format!("; run `ibid index {} --name n --threads", folder.path().display());
            let (_, says) = ended.stderr.split_once("n: stopped: ").expect(&ended.stderr);
            let (said, _) = says.split_once(" chunks embedded and kept, ").expect(&ended.stderr);
            // A text may be under way while this is said.
            assert!(
                said.parse::<usize>().unwrap() <= embedded && says.contains(&command),
                "{}",
                ended.stderr
            );
        }
        // What stood answers, and another run leaves alone what is kept.
        let of = status(&ibid);
        assert_eq!((&of["generation"], number(&of["vectors_missing"])), (&generation, 0), "{of}");
        ibid.run(&["check"]).ends_with(0);
        assert_eq!(ibid.paths(&["word7", "--limit", "1"]), ["7.md"]);
        assert_eq!(number(&ibid.index(folder.path(), &["--name", "n", "--exclude", "x"])["embedded"]), 0);
        assert_eq!(kept(&ibid), embedded);
        generation = status(&ibid)["generation"].clone();
    }
    let report = ibid.index(folder.path(), &["--name", "n", "--rebuild"]);
    assert_eq!(number(&report["embedded"]), FEW - embedded, "{report}");
    assert_eq!((number(&report["reused"]), number(&report["vectors_missing"])), (embedded, 0), "{report}");
    let files = fs::read_dir(ibid.data.path().join("collections/n/vectors")).unwrap();
    assert_eq!(files.count(), 1, "what was kept is swept");
    let checked = ibid.run(&["check", "--json"]).ends_with(0).json();
    assert_eq!(number(&checked["collections"][0]["left_overs"]), 0, "{checked}");
}

#[test]
fn a_rebuild_that_went_on_answers_as_one_that_was_let_through() {
    const FEW: usize = 30;
    let (folder, ibid, twin) = (notes(FEW), Ibid::new(), Ibid::new());
    for ibid in [&ibid, &twin] {
        ibid.index(folder.path(), &["--name", "n"]);
    }
    break_off(&ibid, folder.path(), "1", "-KILL");
    for ibid in [&ibid, &twin] {
        ibid.index(folder.path(), &["--name", "n", "--rebuild", "--threads", "1"]);
    }
    for words in ["word7 yesterday", "nothing happened", "note 12"] {
        let [resumed, whole] = [&ibid, &twin].map(|ibid| ibid.hits(&[words, "--explain", "--limit", "20"]));
        assert_eq!(resumed, whole, "{words}");
    }
}

#[test]
fn watch_commits_what_it_has_embedded_when_it_is_told_to_stop() {
    let (folder, ibid) = (notes(NOTES), Ibid::new());
    let path = folder.path().to_str().unwrap();
    let first = ["index", path, "--name", "n", "--threads", "1"];
    interrupt(start(&ibid, &first), "chunks to embed", Duration::ZERO, "-INT").ends_with(130);
    let mut missing = number(&status(&ibid)["vectors_missing"]);
    let (before, mut pause) = (missing, Duration::from_millis(100));
    while missing == before {
        let ended = interrupt(start(&ibid, &["watch"]), "watching", pause, "-INT").ends_with(0);
        missing = number(&status(&ibid)["vectors_missing"]);
        assert!(missing > 0, "all was embedded before it could be stopped");
        if missing < before {
            let wanted = format!(
                "n: stopped: {} of {NOTES} chunks embedded; run `ibid index --name n` to go on\n",
                NOTES - missing
            );
            assert!(ended.stderr.ends_with(&wanted), "{}", ended.stderr);
        }
        pause *= 2;
    }
    ibid.run(&["check"]).ends_with(0);
}
