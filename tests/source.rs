//! Sources other than folders, from the first run to a citation that is checked: a commit of a Git repository, and pages
//! of a server on loopback.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use crate::harness::{Ibid, fingerprint, number, text, vault};

/// Runs git with nobody's settings; whether it is there and did it.
fn git(folder: &Path, arguments: &[&str]) -> bool {
    let own = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(own).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn commit(folder: &Path) -> bool {
    git(folder, &["add", "--all"]) && git(folder, &["commit", "--quiet", "--message", "m"])
}

fn head(folder: &Path) -> String {
    let output = Command::new("git").current_dir(folder).args(["rev-parse", "HEAD"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_commit_is_searched_cited_and_verified_while_the_folder_goes_on() {
    let notes = vault(&[("a.md", "# Rye\n\nRye absorbs more water.\n"), ("b.md", "Oats.\n")]);
    let (folder, ibid) = (notes.path(), Ibid::new());
    if !(git(folder, &["init", "--quiet", "--initial-branch=main"]) && commit(folder)) {
        println!("skipped: there is no git");
        return;
    }
    let first = head(folder);
    fs::write(folder.join("a.md"), "wheat, and nothing else\n").unwrap();
    let before = fingerprint(folder);
    ibid.index(folder, &["--name", "n", "--model", "none", "--revision", "main"]);
    assert_eq!(fingerprint(folder), before, "nothing is written to the repository");

    let hit = &ibid.hits(&["water"])[0];
    assert_eq!((text(&hit["path"]), text(&hit["commit"])), ("a.md".to_owned(), first.clone()));
    let shown = ibid.run(&["search", "water"]).ends_with(0).stdout;
    assert!(shown.contains(&format!("commit {}", &first[..12])), "{shown}");
    let id = text(&hit["id"]);
    let fetched = ibid.run(&["fetch", &id, "--json"]).ends_with(0).json();
    assert_eq!(text(&fetched["metadata"]["commit"]), first);
    let status = ibid.run(&["status", "--json"]).ends_with(0).json();
    assert_eq!(text(&status["collections"][0]["commit"]), first);
    assert!(ibid.run(&["status"]).ends_with(0).stdout.contains(&first));
    ibid.run(&["verify", &id]).ends_with(0);

    fs::write(folder.join("a.md"), "A line before.\n\n# Rye\n\nRye absorbs more water.\n").unwrap();
    assert!(commit(folder));
    let moved = ibid.run(&["verify", &id, "--json"]).ends_with(1).json();
    assert_eq!(text(&moved["results"][0]["verdict"]), "moved");
    let second = ibid.run(&["index", "--name", "n", "--json", "--quiet"]).ends_with(0).json();
    assert_eq!((number(&second["changed"]), number(&second["unchanged"])), (1, 1), "{second}");
    assert_eq!(text(&ibid.hits(&["water"])[0]["commit"]), head(folder));
    fs::remove_file(folder.join("a.md")).unwrap();
    assert!(commit(folder));
    let gone = ibid.run(&["verify", &id, "--json"]).ends_with(1).json();
    assert_eq!(text(&gone["results"][0]["verdict"]), "gone");

    let named = ibid.index(folder, &["--model", "none", "--revision", &first]);
    assert_ne!(text(&named["collection"]), "n", "another revision is another collection");
    let none = ibid.run(&["index", folder.to_str().unwrap(), "--name", "x", "--revision", "nowhere"]);
    assert!(none.ends_with(2).stderr.contains("has no revision nowhere"));
}

#[test]
fn a_working_tree_names_its_commit_while_it_is_clean() {
    let notes = vault(&[("a.md", "Rye absorbs more water.\n")]);
    let (folder, ibid) = (notes.path(), Ibid::new());
    if !(git(folder, &["init", "--quiet"]) && commit(folder)) {
        println!("skipped: there is no git");
        return;
    }
    ibid.index(folder, &["--name", "n", "--model", "none"]);
    assert_eq!(text(&ibid.hits(&["water"])[0]["commit"]), head(folder));
    fs::write(folder.join("a.md"), "Rye absorbs much more water.\n").unwrap();
    ibid.index(folder, &["--name", "n", "--model", "none"]);
    assert!(ibid.hits(&["water"])[0]["commit"].is_null());
    assert!(ibid.run(&["status"]).ends_with(0).stdout.contains("with changes since"));
}

type Pages = Arc<Mutex<HashMap<String, (u16, String)>>>;

/// A server of these pages on loopback; gives its address.
fn serve(pages: Pages) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let path = first.split(' ').nth(1).unwrap_or_default();
            let (status, body) = pages.lock().unwrap().get(path).cloned().unwrap_or((404, String::new()));
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    address
}

#[test]
fn web_pages_are_searched_cited_and_verified_as_they_were_fetched() {
    let pages = Pages::default();
    let says = |path: &str, status: u16, body: &str| {
        pages.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    };
    says("/", 200, "<h1>Start</h1><a href='/rye'>rye</a>");
    says("/rye", 200, "<h1>Rye</h1><p>Rye absorbs more water.</p>");
    let (site, ibid) = (serve(pages.clone()), Ibid::new());
    let start = format!("{site}/");
    let index = |more: &[&str]| ibid.run(&[&["index", "--json", "--quiet", "--name", "w"], more].concat());
    let refused = index(&[&start, "--model", "none"]).ends_with(2);
    assert!(refused.stderr.contains("no address of the public Internet"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--allow-private"), "{}", refused.stderr);

    let flags = ["--model", "none", "--allow-private", "--delay", "0"];
    let first = index(&[&[start.as_str()], flags.as_slice()].concat()).ends_with(0).json();
    assert_eq!(number(&first["added"]), 2, "{first}");
    let hit = &ibid.hits(&["water"])[0];
    assert_eq!(text(&hit["address"]), format!("{site}/rye"));
    let id = text(&hit["id"]);
    ibid.run(&["verify", &id]).ends_with(0);
    let fetched = ibid.run(&["fetch", &id, "--json"]).ends_with(0).json();
    assert_eq!(text(&fetched["metadata"]["address"]), format!("{site}/rye"));
    assert!(ibid.run(&["status"]).ends_with(0).stdout.contains(&start));

    says("/rye", 500, "");
    let kept = index(&[]).ends_with(0).json();
    assert_eq!((number(&kept["unchanged"]), number(&kept["removed"])), (2, 0), "{kept}");
    assert!(text(&kept["skipped"][0]["reason"]).contains("kept as it was fetched before"), "{kept}");
    ibid.run(&["verify", &id]).ends_with(0);
    says("/rye", 410, "");
    assert_eq!(number(&index(&[]).ends_with(0).json()["removed"]), 1);
    ibid.run(&["verify", &id]).ends_with(1);
    ibid.run(&["remove", "w", "--yes"]).ends_with(0);
}

#[test]
fn revisions_and_web_pages_stand_in_the_settings_too() {
    let pages = Pages::default();
    pages.lock().unwrap().insert("/".to_owned(), (200, "<p>Rye absorbs more water.</p>".to_owned()));
    let (site, ibid) = (serve(pages), Ibid::new());
    let notes = vault(&[("a.md", "Oats need less of it.\n")]);
    let web = format!(
        "[collections.w]\nmodel = \"none\"\nweb = {{ urls = [\"{site}/\"], delay = 0, allow_private = true }}\n"
    );
    let of_git = git(notes.path(), &["init", "--quiet", "--initial-branch=main"]) && commit(notes.path());
    let commit = format!(
        "[collections.n]\nmodel = \"none\"\npath = {:?}\nrevision = \"main\"\n",
        notes.path().to_str().unwrap()
    );
    fs::write(ibid.config(), if of_git { web + &commit } else { web }).unwrap();
    ibid.run(&["index", "--quiet"]).ends_with(0);
    assert_eq!(text(&ibid.hits(&["water"])[0]["address"]), format!("{site}/"));
    let shown = ibid.run(&["config", "--json"]).ends_with(0).json();
    let sections = shown["collections"].as_array().unwrap();
    let w = sections.last().unwrap();
    assert_eq!(w["urls"], json!({"value": [format!("{site}/")], "from": "file"}));
    assert_eq!(w["delay"], json!({"value": 0.0, "from": "file"}));
    assert_eq!(w["depth"], json!({"value": 8, "from": "last run"}));
    ibid.run(&["index", "--quiet", "--name", "w", "--revision", "main"]).ends_with(2);
    // A collection of pages that the settings give a folder is refused before anything is written there.
    let folder_of_w = format!("[collections.w]\npath = {:?}\n", notes.path().to_str().unwrap());
    let before = (fingerprint(notes.path()), fs::read_to_string(ibid.config()).unwrap());
    fs::write(ibid.config(), folder_of_w).unwrap();
    let refused = ibid.run(&["index", "--quiet"]).ends_with(2);
    assert!(refused.stderr.contains("w"), "{}", refused.stderr);
    assert_eq!(fingerprint(notes.path()), before.0);
    // What is private is asked no more where the settings say so.
    fs::write(ibid.config(), before.1.replace("allow_private = true", "allow_private = false")).unwrap();
    let shown = ibid.run(&["config", "--json"]).ends_with(0).json();
    let w = shown["collections"].as_array().unwrap().last().unwrap();
    assert_eq!(w["allow_private"], json!({"value": false, "from": "file"}));
    fs::write(ibid.config(), before.1).unwrap();
    if !of_git {
        println!("skipped in part: there is no git");
        return;
    }
    assert_eq!(sections[0]["revision"], json!({"value": "main", "from": "file"}));
    assert_eq!(text(&ibid.hits(&["oats"])[0]["commit"]), head(notes.path()));
    // The folder as it lies is another collection.
    let folder = notes.path().to_str().unwrap();
    let other = ibid.run(&["index", folder, "--json", "--quiet", "--model", "none"]).ends_with(0).json();
    assert_ne!(text(&other["collection"]), "n");
}

#[test]
fn flags_of_one_kind_of_source_are_not_taken_for_another() {
    let (notes, ibid) = (vault(&[("a.md", "rye")]), Ibid::new());
    let folder = notes.path().to_str().unwrap();
    for (arguments, says) in [
        (vec!["index", folder, "--delay", "1"], "--delay is about web pages"),
        (vec!["index", "https://site.test/", "--revision", "main"], "--revision is about a folder"),
        (vec!["index", "https://site.test/", folder], "is no address of a web page"),
        (vec!["index", "https://me:secret@site.test/"], "a name or a password"),
        (vec!["index", folder, "--revision", "main"], "is in no Git repository"),
        (vec!["index", "--urls", "/nowhere/at/all"], "cannot read the addresses"),
    ] {
        let ran = ibid.run(&arguments).ends_with(2);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: ") || says.contains("cannot read"), "{}", ran.stderr);
    }
}
