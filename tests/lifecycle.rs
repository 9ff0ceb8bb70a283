//! A vault changes; the second run does only what changed, and the vault is never written to.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::harness::{Ibid, demonstration_vault, fingerprint, number, questions, vault, write};
use crate::watch::until;

const NOTES: &[(&str, &str)] = &[
    (
        "Bread/Levain.md",
        "---\naliases: [Starter]\ntags: [bread/wild]\n---\n# Levain\n\nFeed it twice a day.\n",
    ),
    ("Bread/Rye.md", "Rye absorbs more water than wheat.\n\nSee [[Levain]].\n"),
    ("Koji.txt", "Steam the rice for an hour.\n"),
];

#[test]
fn the_second_run_reads_nothing_and_embeds_nothing() {
    let vault = vault(NOTES);
    let ibid = Ibid::new();
    let first = ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!((number(&first["added"]), number(&first["documents"])), (3, 3), "{first}");
    let front_matter = 1;
    assert_eq!(number(&first["embedded"]) + front_matter, number(&first["chunks"]), "{first}");
    let second = ibid.index(vault.path(), &["--name", "n"]);
    for (what, count) in [("added", 0), ("changed", 0), ("embedded", 0), ("bytes_read", 0), ("unchanged", 3)]
    {
        assert_eq!(number(&second[what]), count, "{what}: {second}");
    }
    // Not even a file that can no longer be opened is touched.
    #[cfg(unix)]
    {
        fs::remove_file(vault.path().join("Koji.txt")).unwrap();
        let third = ibid.index(vault.path(), &["--name", "n"]);
        assert_eq!((number(&third["removed"]), number(&third["bytes_read"])), (1, 0), "{third}");
    }
}

#[test]
fn an_edit_embeds_only_the_chunks_that_changed() {
    let sections: String =
        (0..8).map(|n| format!("## Part {n}\n\n{}\n\n", format!("word{n} ").repeat(60))).collect();
    let vault = vault(&[("long.md", &sections), ("b.md", "Untouched.\n")]);
    let ibid = Ibid::new();
    let first = ibid.index(vault.path(), &["--name", "n"]);
    assert!(number(&first["chunks"]) >= 9, "{first}");
    write(vault.path(), "long.md", sections.replace("word3 word3", "changed here").as_bytes());
    let second = ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!((number(&second["changed"]), number(&second["embedded"])), (1, 1), "{second}");
    assert_eq!(ibid.paths(&["changed here"])[0], "long.md");
}

#[test]
fn a_renamed_note_keeps_its_vectors_and_is_found_under_its_new_name() {
    let vault = vault(NOTES);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n"]);
    fs::create_dir(vault.path().join("Old")).unwrap();
    fs::rename(vault.path().join("Bread/Rye.md"), vault.path().join("Old/Secale.md")).unwrap();
    let second = ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!(
        (
            number(&second["renamed"]),
            number(&second["added"]),
            number(&second["removed"]),
            number(&second["embedded"])
        ),
        (1, 0, 0, 0),
        "{second}"
    );
    for mode in ["lexical", "semantic"] {
        let paths = ibid.paths(&["water that rye absorbs", "--mode", mode]);
        assert_eq!(paths[0], "Old/Secale.md", "{mode}");
        assert!(!paths.contains(&"Bread/Rye.md".to_owned()), "{mode}");
    }
}

#[test]
fn a_deleted_note_disappears_from_both_legs() {
    let vault = vault(NOTES);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n"]);
    fs::remove_file(vault.path().join("Koji.txt")).unwrap();
    let second = ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!((number(&second["removed"]), number(&second["documents"])), (1, 2), "{second}");
    for mode in ["lexical", "semantic", "hybrid"] {
        assert!(!ibid.paths(&["steam the rice", "--mode", mode]).contains(&"Koji.txt".to_owned()), "{mode}");
    }
}

#[test]
fn a_file_that_turns_unreadable_is_reported_and_no_longer_found() {
    let vault = vault(NOTES);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    write(vault.path(), "Koji.txt", &[0, 1, 2, 3, 0, 255, 254, 7].repeat(500));
    let second = ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!(second["skipped"][0]["path"], "Koji.txt", "{second}");
    assert!(!ibid.paths(&["steam the rice"]).contains(&"Koji.txt".to_owned()));
}

#[test]
fn words_first_and_meaning_later() {
    let vault = vault(NOTES);
    let ibid = Ibid::new();
    let first = ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    assert_eq!(number(&first["embedded"]), 0);
    let hybrid = ibid.run(&["search", "rye", "--json"]).ends_with(0).json();
    assert_eq!(hybrid["notes"], serde_json::json!(["searched by words alone: n"]), "{hybrid}");
    ibid.run(&["search", "rye", "--mode", "semantic"]).ends_with(2);
    let second = ibid.index(vault.path(), &["--name", "n", "--model", "all-MiniLM-L6-v2"]);
    let front_matter = 1;
    assert_eq!(number(&second["embedded"]) + front_matter, number(&second["chunks"]), "{second}");
    let hybrid = ibid.run(&["search", "rye", "--json"]).ends_with(0).json();
    assert_eq!(hybrid["notes"].as_array().unwrap().len(), 0, "{hybrid}");
}

#[test]
fn include_and_exclude_choose_and_are_remembered() {
    let vault = vault(NOTES);
    let ibid = Ibid::new();
    let name = ["--name", "n", "--model", "none"];
    let first = ibid.index(vault.path(), &[&name[..], &["--exclude", "Bread/**"]].concat());
    assert_eq!(number(&first["documents"]), 1, "{first}");
    let second = ibid.index(vault.path(), &["--name", "n"]);
    assert_eq!((number(&second["documents"]), number(&second["unchanged"])), (1, 1), "{second}");
    let third =
        ibid.index(vault.path(), &["--name", "n", "--rebuild", "--include", "**/*.md", "--exclude", "Koji*"]);
    assert_eq!(number(&third["documents"]), 2, "{third}");
}

#[test]
fn the_same_state_gives_the_same_answer_every_time_and_however_it_was_made() {
    let vault = vault(NOTES);
    let (ibid, twin) = (Ibid::new(), Ibid::new());
    ibid.index(vault.path(), &["--name", "n"]);
    twin.index(vault.path(), &["--name", "n", "--threads", "1"]);
    for words in ["bread", "how much water", "Levain", "feeding a starter"] {
        let answers: Vec<_> = [&ibid, &ibid, &twin]
            .iter()
            .map(|ibid| ibid.hits(&[words, "--explain", "--limit", "20"]))
            .collect();
        assert_eq!(answers[0], answers[1], "{words}");
        assert_eq!(answers[0], answers[2], "{words}");
    }
}

#[test]
fn several_collections_are_searched_together_or_alone() {
    let (bread, rice) = (vault(&NOTES[..2]), vault(&NOTES[2..]));
    let ibid = Ibid::new();
    ibid.index(bread.path(), &["--name", "bread"]);
    ibid.index(rice.path(), &["--name", "rice"]);
    let paths = ibid.paths(&["steam rice for the levain"]);
    assert!(
        paths.contains(&"Koji.txt".to_owned()) && paths.contains(&"Bread/Levain.md".to_owned()),
        "{paths:?}"
    );
    let alone = ibid.run(&["search", "levain", "--json", "--collection", "rice"]).json();
    assert_eq!(alone["collection"], "rice");
    assert!(alone["hits"].as_array().unwrap().iter().all(|hit| hit["path"] == "Koji.txt"), "{alone}");
    ibid.run(&["remove", "rice", "--yes"]).ends_with(0);
    assert!(rice.path().join("Koji.txt").exists(), "the notes stay");
    ibid.run(&["search", "levain", "--collection", "rice"]).ends_with(2);
}

/// Every command there is, over a vault in which nothing may be written. Where that does not hold (root may write
/// anywhere), names, bytes and times of change tell.
#[test]
fn nothing_is_ever_written_into_a_vault() {
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("vault");
    copy_folder(&demonstration_vault(), &copy);
    set_writable(&copy, false);
    let before = fingerprint(scratch.path());
    let ibid = Ibid::new();
    ibid.index(&copy, &["--name", "n", "--model", "none"]);
    let id = ibid.hits(&["rye"])[0]["id"].as_str().unwrap().to_owned();
    ibid.run(&["fetch", &id]).ends_with(0);
    ibid.run(&["verify", &id]).ends_with(0);
    ibid.run(&["status"]).ends_with(0);
    ibid.run(&["check"]).ends_with(0);
    ibid.run(&["models"]).ends_with(0);
    ibid.index(&copy, &["--name", "n", "--rebuild", "--model", "all-MiniLM-L6-v2"]);
    let questions = scratch_questions();
    let file = questions.path().join("questions.jsonl");
    ibid.run(&["measure", file.to_str().unwrap(), "--collection", "n", "--quiet"]).ends_with(0);
    // A server, a search from nothing and indexing again are among what is measured.
    let quick = ["--only", "latency,http,start,index,recall", "--seconds", "0.05", "--index-seconds", "0.05"];
    ibid.run(&[&["bench", "--quiet"][..], &quick].concat()).ends_with(0);
    // A folder beside it that is followed by the same process, and may be written: what is found there shows that it began.
    let beside = vault(&[("marker.md", "rye\n")]);
    ibid.index(beside.path(), &["--name", "beside", "--model", "none"]);
    for follows in [&["watch"][..], &["serve", "--listen", "127.0.0.1:0"], &["mcp"]] {
        let mut command = ibid.command(follows);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let word = format!("by{}", follows[0]);
        fs::write(beside.path().join("marker.md"), &word).unwrap();
        until(&ibid, &word, &["marker.md"]);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    ibid.run(&["remove", "n", "--yes"]).ends_with(0);
    assert!(before == fingerprint(scratch.path()), "something in the vault changed");
    set_writable(&copy, true);
}

/// One judged question about the demonstration vault.
fn scratch_questions() -> tempfile::TempDir {
    let first = questions().remove(0);
    vault(&[("questions.jsonl", &first.to_string())])
}

/// Takes away the right to write, or gives it back, of a folder and all below.
pub(crate) fn set_writable(folder: &Path, writable: bool) {
    let folders_and_files = fingerprint(folder).into_iter().map(|(path, _, _)| path);
    for path in folders_and_files.chain([folder.to_owned()]) {
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let read = if path.is_dir() { 0o555 } else { 0o444 };
            permissions.set_mode(if writable { read | 0o222 } else { read });
        }
        #[cfg(not(unix))]
        permissions.set_readonly(!writable && path.is_file());
        fs::set_permissions(path, permissions).unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn status_counts_the_links_and_those_that_lead_nowhere() {
    let vault = vault(&[("a.md", "[[b]] [[b]] [[nobody]] [site](https://example.org)"), ("b.md", "![[a]]")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--model", "none"]);
    let status = ibid.run(&["status", "--json"]).ends_with(0).json();
    let of = &status["collections"][0];
    assert_eq!((number(&of["links"]), number(&of["dangling_links"])), (3, 1), "each place counts: {of}");
    let said = ibid.run(&["status"]).ends_with(0).stdout;
    assert!(said.contains("3 to documents, 1 that lead nowhere"), "{said}");
}
