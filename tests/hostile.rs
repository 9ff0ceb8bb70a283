//! Notes written to break parsers, decoders and file systems. Each is indexed, none stops the run, and whatever is found
//! in them is cited to the byte.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::harness::{Ibid, number, text};

/// How often a pattern is repeated: enough that work which grows with the square of a note's length would be felt.
const MANY: usize = 20_000;

fn repeated(pattern: &str) -> Vec<u8> {
    pattern.repeat(MANY).into_bytes()
}

/// Markdown that has made parsers run for ever, and Obsidian's own marks left open, empty, or nested.
fn pathological() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("emphasis", repeated("*x **x ")),
        ("underscores", repeated("x_ _x ")),
        ("brackets", ["[".repeat(MANY), "x".into(), "]".repeat(MANY)].concat().into_bytes()),
        ("link openers", repeated("[x](")),
        ("images", repeated("![[](")),
        ("wikilinks", repeated("[[")),
        ("embeds", repeated("![[x|")),
        ("odd wikilinks", repeated("[[]] [[|]] [[#]] [[#^]] [[x#^y|z\\|w]] ")),
        ("backticks", (1..1_500).map(|n| "`".repeat(n) + " ").collect::<String>().into_bytes()),
        ("fences", (0..MANY).map(|n| "`".repeat(3 + n % 5) + "\n").collect::<String>().into_bytes()),
        ("open fence", ["```rust\n", &"let rye = 1;\n".repeat(MANY)].concat().into_bytes()),
        ("open math", repeated("$$ x_1 ")),
        ("open comment", repeated("%% <!-- ")),
        ("quotes", (1..400).map(|n| ">".repeat(n) + " [!note]- x\n").collect::<String>().into_bytes()),
        ("lists", (0..800).map(|n| "  ".repeat(n) + "- x\n").collect::<String>().into_bytes()),
        ("headings", (0..MANY).map(|n| "#".repeat(1 + n % 6) + " rye\n").collect::<String>().into_bytes()),
        ("table", ["|a|b|\n|-|-|\n", &"|x|y|\n".repeat(MANY)].concat().into_bytes()),
        ("tags", (0..MANY).map(|n| format!("#t{n} ")).collect::<String>().into_bytes()),
        ("footnotes", (0..MANY / 4).map(|n| format!("[^{n}] ")).collect::<String>().into_bytes()),
        ("entities", repeated("&amp;&#0;&#xD800;&nosuch;")),
        ("html", repeated("<div><p>")),
        ("blank", repeated("\n")),
        ("one word", "x".repeat(2_000_000).into_bytes()),
        ("one line", "rye and wheat ".repeat(100_000).into_bytes()),
        ("no spaces", "味噌を仕込む。".repeat(30_000).into_bytes()),
        ("joined emoji", "👩\u{200d}🌾".repeat(MANY).into_bytes()),
        ("combining", ["e".to_owned(), "\u{301}".repeat(MANY)].concat().into_bytes()),
        ("right to left", "\u{202e}שאור\u{202c} خبز ".repeat(MANY).into_bytes()),
        ("control", "rye bread, thirty slices \u{1b}[31mred\u{7} \u{85}\u{2028}".repeat(500).into_bytes()),
    ]
}

/// Front matter that is none, or too much.
fn front_matter() -> Vec<(&'static str, Vec<u8>)> {
    let bomb: String = (b'b'..=b'i')
        .map(|c| format!("{}: &{0} [{}]\n", char::from(c), format!("*{},", char::from(c - 1)).repeat(9)))
        .collect();
    let texts = [
        ("unclosed", "---\ntitle: rye\n".repeat(500)),
        ("only", "---\ntitle: rye\n---".to_owned()),
        ("empty", "---\n---\nrye".to_owned()),
        ("list", "---\n- rye\n---\nx".to_owned()),
        ("broken", "---\ntitle: \"rye\ntags: [a\n: :\n---\nx".to_owned()),
        ("bomb", format!("---\na: &a [x,x,x,x,x,x,x,x,x]\n{bomb}---\nrye")),
        ("deep", format!("---\na: {}{}\n---\nrye", "[".repeat(20_000), "]".repeat(20_000))),
        ("long", format!("---\na: {}\n---\nrye", "x".repeat(500_000))),
        ("types", "---\ntags: 1\naliases: null\ntitle: [a]\nx: .inf\ny: 0o17\n? [a]: b\n---\nrye".to_owned()),
    ];
    texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Bytes that are no UTF-8, or only nearly.
fn encodings() -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = |big: bool| -> Vec<u8> {
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        "rye bread, Äpfel\r\n".repeat(200).encode_utf16().flat_map(unit).collect()
    };
    vec![
        ("latin 1", b"caf\xe9 br\xfbl\xe9 na\xefve rye\n".repeat(200)),
        ("windows 1252", b"\x93rye\x94 \x96 and so on\x85\n".repeat(200)),
        ("shift jis", [&b"\x96\xa1\x91\x58\x82\xf0\x8e\x64\x8d\x9e\x82\xde\n"[..]; 200].concat()),
        ("utf 16 le", [b"\xff\xfe".to_vec(), utf16(false)].concat()),
        ("utf 16 be", [b"\xfe\xff".to_vec(), utf16(true)].concat()),
        ("utf 16 unmarked", utf16(true)),
        ("overlong", b"rye \xc0\xaf \xe0\x80\xaf\n".repeat(200)),
        ("cut short", "味噌".as_bytes()[..5].to_vec()),
        ("every byte", (0..=255).collect::<Vec<u8>>().repeat(50)),
        ("line ends", b"rye\r\nwheat\rspelt\n\rbarley".to_vec()),
        ("empty", Vec::new()),
        ("marked empty", b"\xef\xbb\xbf".to_vec()),
    ]
}

/// Names that shells, URLs and other systems stumble over.
const NAMES: &[&str] = &[
    "sp ace",
    " leading",
    "trailing ",
    "--help",
    "emoji 👩\u{200d}🌾",
    "味噌",
    "cafe\u{301}",
    "caf\u{e9}",
    "a#b^c|d",
    "[x](y)",
    "per%20cent",
    "quote\"'`",
    "back\\slash",
    "new\nline",
    "tab\t",
    "rtl\u{202e}gnp",
    "a@b:1-2",
    "_under_",
    "dots..",
    "x.md",
];

fn write_all(folder: &Path) -> usize {
    let mut written = 0;
    for (group, notes) in [("p", pathological()), ("f", front_matter()), ("e", encodings())] {
        fs::create_dir_all(folder.join(group)).unwrap();
        for (name, bytes) in notes {
            fs::write(folder.join(group).join(name).with_extension("md"), bytes).unwrap();
            written += 1;
        }
    }
    fs::create_dir_all(folder.join("n")).unwrap();
    for (number, name) in NAMES.iter().enumerate() {
        // A file system that refuses a name has done our work.
        let note = format!("# A note\n\nThe oddword{number} under an odd name.\n");
        written += usize::from(fs::write(folder.join("n").join(format!("{name}.md")), note).is_ok());
    }
    written
}

#[test]
fn hostile_notes_are_indexed_or_reported_and_cited_to_the_byte() {
    let vault = tempfile::tempdir().unwrap();
    let written = write_all(vault.path());
    let ibid = Ibid::new();
    let began = Instant::now();
    let report = ibid.index(vault.path(), &["--name", "h", "--model", "none"]);
    println!("{written} hostile notes in {:?}", began.elapsed());
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(number(&report["documents"]) + skipped.len(), written, "{report}");
    for skipped in skipped {
        assert!(text(&skipped["path"]).starts_with("e/"), "only undecodable bytes are left out: {skipped}");
    }
    for words in ["rye", "x", "味噌", "rye wheat", "t17", "Äpfel", "café"] {
        let hits = ibid.hits(&[words, "--limit", "40", "--per-document", "40"]);
        assert!(!hits.is_empty(), "{words}");
        let ids: Vec<String> = hits.iter().map(|hit| text(&hit["id"])).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        ibid.run(&[&["verify"], &ids[..]].concat()).ends_with(0);
    }
}

#[test]
fn a_note_of_any_name_is_found_fetched_and_verified_by_its_id() {
    let vault = tempfile::tempdir().unwrap();
    write_all(vault.path());
    fs::remove_dir_all(vault.path().join("p")).unwrap();
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "h", "--model", "none"]);
    for (at, name) in NAMES.iter().enumerate() {
        let hits = ibid.hits(&[&format!("oddword{at}")]);
        if !vault.path().join("n").join(format!("{name}.md")).exists() {
            continue;
        }
        assert_eq!(text(&hits[0]["path"]), format!("n/{name}.md"));
        let id = text(&hits[0]["id"]);
        assert!(!id.contains(char::is_whitespace), "{id}");
        ibid.run(&["verify", &id]).ends_with(0);
        let shown = ibid.run(&["search", &format!("oddword{at}"), "--color", "always"]).ends_with(0).stdout;
        assert!(!shown.contains(['\u{202e}', '\t', '\u{7}']), "{shown:?}");
    }
}

#[test]
fn control_characters_of_a_note_never_reach_the_terminal() {
    let vault = tempfile::tempdir().unwrap();
    fs::write(vault.path().join("a.md"), "# t\u{1b}]0;x\u{7}\n\nrye \u{1b}[31mred\u{9b}1m \u{202e}gnp\n")
        .unwrap();
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "h", "--model", "none"]);
    let shown = ibid.run(&["search", "rye"]).ends_with(0).stdout;
    assert!(shown.contains("red"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{shown:?}");
}

/// What is no regular file is passed over with its reason, and never opened: opening a pipe would wait for ever.
#[cfg(unix)]
#[test]
fn pipes_and_links_are_reported_and_not_followed() {
    let vault = tempfile::tempdir().unwrap();
    fs::write(vault.path().join("a.md"), "rye").unwrap();
    let made = std::process::Command::new("mkfifo").arg(vault.path().join("pipe.md")).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink("/etc", vault.path().join("outside")).unwrap();
    std::os::unix::fs::symlink("a.md", vault.path().join("link.md")).unwrap();
    std::os::unix::fs::symlink("loop.md", vault.path().join("loop.md")).unwrap();
    let report = Ibid::new().index(vault.path(), &["--name", "h", "--model", "none"]);
    let skipped: Vec<String> =
        report["skipped"].as_array().unwrap().iter().map(|s| text(&s["path"])).collect();
    assert_eq!(
        (number(&report["documents"]), skipped),
        (1, ["link.md", "loop.md", "outside", "pipe.md"].map(String::from).into())
    );
}
