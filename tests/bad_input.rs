//! Wrong input gets a message that says what to do, exit code 2, and loses nothing. Nothing found is exit code 1.

use std::fs;

use crate::harness::{Ibid, demonstration, text, vault};

/// Runs and expects exit code 2, `says` in the message, and a hint that holds `hint` (none where it is empty).
#[track_caller]
fn check(ibid: &Ibid, args: &[&str], says: &str, hint: &str) {
    let ran = ibid.run(args).ends_with(2);
    let mut lines =
        ran.stderr.lines().filter(|line| line.starts_with("error: ") || line.starts_with("hint: "));
    let error = lines.next().unwrap_or_default();
    assert!(error.starts_with("error: ") && error.contains(says), "{args:?} says {:?}", ran.stderr);
    let given = lines.next().unwrap_or_default();
    assert!(given.contains(hint) && given.is_empty() == hint.is_empty(), "{args:?} says {:?}", ran.stderr);
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("Error {"), "{}", ran.stderr);
}

#[test]
fn a_source_that_is_none() {
    let ibid = Ibid::new();
    let folder = vault(&[("a.md", "rye"), ("binary/b.bin", "")]);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    check(&ibid, &["index", &path("missing")], "there is no folder", "path");
    check(&ibid, &["index", &path("a.md")], "is a file, not a folder", "folder");
    check(
        &ibid,
        &["index", &path("binary")],
        "holds no file to index (1 files of other kinds)",
        "Markdown, plain text, PDF",
    );
    fs::create_dir(folder.path().join("empty")).unwrap();
    check(&ibid, &["index", &path("empty")], "holds no file to index", "Markdown, plain text, PDF");
    ibid.run(&["status"]).ends_with(1);
}

#[test]
fn a_certificate_that_is_not_there_is_told_before_an_address() {
    let ibid = Ibid::new();
    let folder = vault(&[("a.md", "rye")]);
    ibid.index(folder.path(), &["--name", "n", "--model", "none"]);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "/nope", "--tls-key", "/nope"];
    check(&ibid, &serve, "cannot read /nope", "check the path");
    assert_eq!(ibid.run(&serve).stdout, "");
}

#[test]
fn lists_that_are_empty_say_so_beside_the_output() {
    let ibid = Ibid::new();
    for (list, code, says) in [
        (&["user", "list"][..], 0, "there are no users"),
        (&["token", "list"], 0, "there are no tokens"),
        (&["audit"], 1, "no such call is written down"),
        (&["audit", "--json"], 1, "no such call is written down"),
    ] {
        let ran = ibid.run(list).ends_with(code);
        assert_eq!((ran.stdout.as_str(), ran.stderr.trim_end()), ("", says), "{list:?}");
        let quiet = ibid.run(&[list, &["--quiet"]].concat()).ends_with(code);
        assert_eq!((quiet.stdout + &quiet.stderr).as_str(), "", "{list:?}");
    }
}

#[test]
fn an_emptied_source_is_taken_for_an_unmounted_disk() {
    let ibid = Ibid::new();
    let folder = vault(&[("a.md", "rye")]);
    ibid.index(folder.path(), &["--name", "n", "--model", "none"]);
    fs::remove_file(folder.path().join("a.md")).unwrap();
    let path = folder.path().to_str().unwrap();
    check(&ibid, &["index", path, "--name", "n"], "holds no document any more", "is its disk mounted?");
    assert_eq!(ibid.hits(&["rye"]).len(), 1, "what was indexed is still served");
    fs::remove_dir_all(folder.path()).unwrap();
    check(&ibid, &["index", path, "--name", "n"], "there is no folder", "path");
    assert_eq!(ibid.hits(&["rye"]).len(), 1);
}

#[test]
fn asking_before_there_is_an_index() {
    let ibid = Ibid::new();
    check(&ibid, &["search", "rye"], "nothing is indexed yet", "ibid index PATH");
    check(&ibid, &["fetch", "garden:a.md"], "no collection garden", "ibid index PATH");
    check(&ibid, &["mcp", "--collection", "garden"], "no collection garden", "ibid index PATH");
}

#[test]
fn names_that_do_not_fit() {
    let ibid = Ibid::new();
    let (one, other) = (vault(&[("a.md", "rye")]), vault(&[("b.md", "salt")]));
    let paths = [one.path().to_str().unwrap(), other.path().to_str().unwrap()];
    check(&ibid, &["index", paths[0], "--name", "Not Good"], "is no collection name", "not-good");
    ibid.index(one.path(), &["--name", "n", "--model", "none"]);
    check(&ibid, &["index", paths[1], "--name", "n"], "the collection n is of", "--name");
    check(&ibid, &["search", "rye", "--collection", "m"], "no collection m", "n");
    check(&ibid, &["index", paths[0], "--name", "n", "--exclude", "["], "is no path pattern", "Projects/**");
    check(&ibid, &["search", "rye", "--path", "["], "is no path pattern", "Projects/**");
    check(
        &ibid,
        &["index", paths[1], "--name", "o", "--model", "no-such-model"],
        "no-such-model",
        "ibid models",
    );
}

#[test]
fn questions_that_are_none() {
    let ibid = demonstration();
    check(ibid, &["search", ""], "the question is empty", "ibid search");
    check(ibid, &["search", "  \t"], "the question is empty", "ibid search");
    let long = "rye ".repeat(25_000);
    check(
        ibid,
        &["search", &long],
        "the question has 100000 bytes, at most 16384 are read",
        "the sentence that matters",
    );
    check(ibid, &["search", "rye", "--limit", "0"], "the limit is 0", "");
    check(ibid, &["search", "rye", "--limit", "101"], "the limit is 101", "");
}

#[test]
fn questions_that_find_nothing_say_why() {
    let ibid = demonstration();
    for (args, note) in [
        (&["zymurgle", "--mode", "lexical"][..], "nothing was found"),
        (&["?!…", "--mode", "lexical"], "holds no word"),
        (&["rye", "--path", "Nowhere/**"], "no document passes the filter"),
        (&["rye", "--tag", "no-such-tag"], "no document passes the filter"),
    ] {
        let ran = ibid.run(&[&["search", "--json"], args].concat()).ends_with(1);
        let notes = ran.json()["notes"].to_string();
        assert!(notes.contains(note), "{args:?}: {notes}");
    }
}

#[test]
fn stop_words_alone_and_very_many_words_are_answered() {
    let ibid = demonstration();
    ibid.run(&["search", "the of and to"]).ends_with(0);
    let many: Vec<String> = (0..200).map(|number| format!("rye{number}")).collect();
    let ran = ibid.run(&["search", "--json", &many.join(" ")]).json();
    assert!(ran["notes"].to_string().contains("searched by its 64 rarest words"), "{ran}");
}

#[test]
fn ids_that_lead_nowhere() {
    let ibid = demonstration();
    let id = text(&ibid.hits(&["rye"])[0]["id"]);
    check(ibid, &["fetch", "rubbish"], "an id reads collection:path@hash:start-end", "ibid search");
    let mangled = format!("{}_{}", &id[..id.len() - 4], &id[id.len() - 3..]);
    check(ibid, &["fetch", &mangled], "is no id", "ibid search");
    check(ibid, &["fetch", "demo:No%20such%20note.md"], "no document demo:No%20such%20note.md", "ibid");
    check(ibid, &["fetch", "other:a.md"], "no collection other", "demo");
    check(ibid, &["verify", "demo:Home.md"], "names a whole note", "a hash and a byte range");
    let (head, place) = id.split_once('@').unwrap();
    let forged = format!("{head}@000000000000{}", &place[12..]);
    let ran = ibid.run(&["fetch", &forged]).ends_with(1);
    assert!(ran.stderr.contains("not in the index any more"), "{}", ran.stderr);
}
