//! The promise: the span found is the span cited, to the byte, and can be verified later.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Ibid, demonstration, demonstration_vault, number, questions, text, vault, write};

const MODES: [&str; 3] = ["hybrid", "lexical", "semantic"];

/// What the file on disk holds at the hit's bytes; decoded first where the document says that it was.
#[track_caller]
fn bytes_on_disk(vault: &Path, hit: &Value) -> String {
    let bytes = fs::read(vault.join(text(&hit["path"]))).unwrap();
    let (start, end) = (number(&hit["start"]), number(&hit["end"]));
    match String::from_utf8(bytes) {
        Ok(file) => file.get(start..end).unwrap_or_else(|| panic!("{hit} splits a character")).to_owned(),
        Err(file) => {
            // The one such note of the demonstration vault is in Windows-1252.
            let decoded = decode_windows_1252(file.as_bytes());
            decoded[start..end].to_owned()
        }
    }
}

fn decode_windows_1252(bytes: &[u8]) -> String {
    let high = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    let character = |&byte: &u8| match byte {
        0x80..=0x9f => high.chars().nth(usize::from(byte) - 0x80).unwrap(),
        _ => char::from(byte),
    };
    bytes.iter().map(character).collect()
}

/// Everything a hit says of its place agrees with the file, with its own id, and with what `fetch` gives.
#[track_caller]
fn check(ibid: &Ibid, vault: &Path, hit: &Value) {
    let quote = bytes_on_disk(vault, hit);
    let id = text(&hit["id"]);
    let hash = &blake3::hash(quote.as_bytes()).to_hex()[..12];
    assert!(id.ends_with(&format!("@{hash}:{}-{}", hit["start"], hit["end"])), "{id} cites {quote:?}");
    assert_eq!(quote, quote.trim(), "{id}");
    assert!(quote.contains(&text(&hit["snippet"])), "the snippet is part of the quote: {hit}");
    let fetched = ibid.run(&["fetch", &id, "--json"]).ends_with(0).json();
    assert_eq!(
        (&fetched["id"], &fetched["start"], &fetched["end"]),
        (&hit["id"], &hit["start"], &hit["end"])
    );
    let text_start: usize = text(&fetched["metadata"]["text_start"]).parse().unwrap();
    let within = number(&hit["start"]) - text_start..number(&hit["end"]) - text_start;
    assert_eq!(text(&fetched["text"]).get(within), Some(quote.as_str()), "{id}");
}

#[test]
fn every_citation_of_every_question_leads_back_to_its_bytes() {
    let (ibid, vault) = (demonstration(), demonstration_vault());
    let mut checked = std::collections::BTreeSet::new();
    for question in questions() {
        for mode in MODES {
            let asked = text(&question["question"]);
            for hit in ibid.hits(&[&asked, "--mode", mode, "--limit", "30", "--per-document", "9"]) {
                if checked.insert(text(&hit["id"])) {
                    check(ibid, &vault, &hit);
                }
            }
        }
    }
    assert!(checked.len() > 150, "only {} citations were seen", checked.len());
    let ids: Vec<&str> = checked.iter().map(String::as_str).collect();
    for ids in ids.chunks(100) {
        let verified = ibid.run(&[&["verify"], ids].concat()).ends_with(0);
        assert!(verified.stdout.lines().all(|line| line.starts_with("unchanged ")), "{}", verified.stdout);
    }
}

#[test]
fn offsets_count_marks_and_carriage_returns() {
    let files =
        [("bom.md", "\u{feff}# Über\r\n\r\nzuerst\r\n"), ("crlf.md", "a\r\n\r\nÄpfel und Birnen\r\n")];
    let vault = vault(&files);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--model", "none"]);
    for words in ["zuerst", "Birnen"] {
        let hits = ibid.hits(&[words]);
        assert_eq!(hits.len(), 1);
        check(&ibid, vault.path(), &hits[0]);
    }
    let hit = &ibid.hits(&["Birnen"])[0];
    assert!(bytes_on_disk(vault.path(), hit).contains("Äpfel und Birnen"));
}

#[test]
fn a_text_that_is_not_utf8_says_so() {
    let (ibid, vault) = (demonstration(), demonstration_vault());
    let hits = ibid.hits(&["Kefirknollen", "--path", "Attic/**"]);
    let hit = hits.iter().find(|hit| hit["path"] == "Attic/Alte Kefirnotizen.md").expect("the note is found");
    check(ibid, &vault, hit);
    let fetched = ibid.run(&["fetch", &text(&hit["id"]), "--json"]).ends_with(0).json();
    assert_eq!(fetched["metadata"]["decoded_from"], "windows-1252");
}

/// Indexes `before`, cites the one hit for `words`, changes the vault by `change`, and verifies.
fn check_verdict(before: &[(&str, &str)], words: &str, change: impl Fn(&Path), verdict: &str, reindex: bool) {
    let vault = vault(before);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    let cited = ibid.hits(&[words])[0].clone();
    let id = text(&cited["id"]);
    let quote = bytes_on_disk(vault.path(), &cited);
    change(vault.path());
    if reindex {
        ibid.index(vault.path(), &["--name", "n"]);
    }
    let ran = ibid.run(&["verify", &id, "--json"]);
    assert_eq!(ran.code, i32::from(verdict != "unchanged"), "{}{}", ran.stdout, ran.stderr);
    let answer = ran.json()["results"][0].clone();
    assert_eq!(answer["verdict"], verdict, "reindexed: {reindex}");
    if verdict == "moved" {
        let moved = text(&answer["to"]);
        let place = moved.rsplit_once(':').unwrap().1.split_once('-').unwrap();
        let path = moved.split_once(':').unwrap().1.split_once('@').unwrap().0;
        let file = fs::read_to_string(vault.path().join(path)).unwrap();
        assert_eq!(&file[place.0.parse().unwrap()..place.1.parse().unwrap()], quote);
    }
}

#[test]
fn verify_tells_what_became_of_the_words() {
    let note = [("a.md", "# Rye\n\nThe levain doubles by noon.\n"), ("b.md", "Salt comes last.\n")];
    for reindex in [false, true] {
        check_verdict(&note, "levain", |_| (), "unchanged", reindex);
        let longer = |vault: &Path| {
            write(vault, "a.md", "New words first.\n\n# Rye\n\nThe levain doubles by noon.\n".as_bytes())
        };
        check_verdict(&note, "levain", longer, "moved", reindex);
        let other = |vault: &Path| write(vault, "a.md", b"# Rye\n\nThe levain collapsed by noon.\n");
        check_verdict(&note, "levain", other, "changed", reindex);
        let gone = |vault: &Path| fs::remove_file(vault.join("a.md")).unwrap();
        check_verdict(&note, "levain", gone, "gone", reindex);
    }
    let renamed = |vault: &Path| fs::rename(vault.join("a.md"), vault.join("c.md")).unwrap();
    check_verdict(&note, "levain", renamed, "moved", true);
    #[cfg(unix)]
    {
        let linked = |vault: &Path| {
            fs::rename(vault.join("a.md"), vault.join("c.md")).unwrap();
            std::os::unix::fs::symlink("c.md", vault.join("a.md")).unwrap();
        };
        check_verdict(&note, "levain", linked, "moved", true);
        check_verdict(&note, "levain", linked, "gone", false);
    }
}

#[test]
fn words_that_moved_are_fetched_where_they_are_now() {
    let vault = vault(&[("a.md", "The levain doubles.\n")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    let id = text(&ibid.hits(&["levain"])[0]["id"]);
    write(
        vault.path(),
        "a.md",
        "# New\n\nOther words, rather many of them.\n\n# Old\n\nThe levain doubles.\n".as_bytes(),
    );
    ibid.index(vault.path(), &["--name", "n"]);
    let ran = ibid.run(&["fetch", &id, "--json"]);
    if ran.code == 0 {
        let fetched = ran.json();
        let text = text(&fetched["text"]);
        assert_eq!(&text[number(&fetched["start"])..number(&fetched["end"])], "The levain doubles.");
    } else {
        // Cut into another chunk, the words are no citable whole any more; then nothing else is given instead.
        assert!(ran.stderr.contains("not in the index any more"), "{}", ran.stderr);
    }
}

#[test]
fn the_answers_the_readme_shows_can_be_checked() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let ids: Vec<&str> = readme
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("demo:") && line.contains('@'))
        .collect();
    assert!(ids.len() >= 2, "{ids:?}");
    demonstration().run(&[&["verify"], &ids[..]].concat()).ends_with(0);
}

#[test]
fn a_heading_or_a_block_is_fetched_by_the_name_that_links_give_it() {
    let note = "# Bread\n\n## Rye\n\nRye absorbs water. ^water\n\n## Oats\n\nOats too.\n";
    let (notes, ibid) = (vault(&[("a.md", note)]), Ibid::new());
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    for (anchor, quote, block) in [
        ("^water", "Rye absorbs water. ^water", Some("^water")),
        ("Rye", "## Rye\n\nRye absorbs water. ^water", Some("^water")),
        ("Bread#Oats", "## Oats\n\nOats too.", None),
    ] {
        let fetched = ibid.run(&["fetch", &format!("n:a.md#{anchor}"), "--json"]).ends_with(0).json();
        assert_eq!(&note[number(&fetched["start"])..number(&fetched["end"])], quote);
        assert_eq!(fetched["metadata"]["anchor"].as_str(), block);
        ibid.run(&["verify", &text(&fetched["id"])]).ends_with(0);
    }
    let gone = ibid.run(&["fetch", "n:a.md#^nowhere"]).ends_with(2);
    assert!(gone.stderr.contains("has no heading or block"), "{}", gone.stderr);
}
