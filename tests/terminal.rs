//! `ibid search` as somebody sees it who looks at a terminal, and as a program sees it that reads its output.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::{Ibid, Server, vault};

/// More hits than a low terminal has lines for.
const NOTES: [(&str, &str); 3] = [
    ("Rye bread.md", "# Rye bread\n\nRye wants acid.\n"),
    ("Spelt.md", "# Spelt\n\nSpelt is not rye.\n"),
    ("Wheat.md", "# Wheat\n\nWheat is sweeter than rye.\n"),
];

/// A terminal, by the `script` that every Linux has, before which a pager stands that keeps what it was given.
struct Terminal {
    ibid: Ibid,
    notes: TempDir,
    folder: TempDir,
}

/// What a person saw.
struct Seen {
    /// All that came to the terminal.
    shown: String,
    /// What the pager was given, if it was begun, and what it was told in `LESS`.
    paged: Option<(String, String)>,
}

impl Terminal {
    /// `None` on a machine that cannot make one.
    fn new() -> Option<Terminal> {
        let has = |program| Command::new(program).arg("--version").output().is_ok();
        if !has("script") || !has("stty") {
            println!("skipped: there is no `script` or no `stty`");
            return None;
        }
        let (ibid, notes, folder) = (Ibid::new(), vault(&NOTES), tempfile::tempdir().unwrap());
        ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
        let pager = folder.path().join("less");
        fs::write(&pager, "#!/bin/sh\nprintf %s \"$LESS\" >\"$0.told\"\ncat >\"$0.given\"\n").unwrap();
        fs::set_permissions(&pager, fs::Permissions::from_mode(0o700)).unwrap();
        Some(Terminal { ibid, notes, folder })
    }

    fn pager(&self) -> PathBuf {
        self.folder.path().join("less")
    }

    /// Searches for rye in so many lines, with these flags and variables.
    fn search(&self, lines: u32, flags: &str, variables: &[(&str, &str)]) -> Seen {
        let kept = ["told", "given"].map(|name| self.pager().with_extension(name));
        kept.iter().for_each(|file| drop(fs::remove_file(file)));
        let line = format!("stty rows {lines} cols 70; \"$IBID\" search rye {flags}");
        let plain = self.ibid.command(&[]);
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env_clear().stdin(Stdio::null());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("IBID", env!("CARGO_BIN_EXE_ibid"));
        command.env("TERM", "xterm-256color").env("PAGER", self.pager()).envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let [told, given] = kept.map(|file| fs::read_to_string(file).ok());
        Seen { shown: String::from_utf8(output.stdout).unwrap(), paged: given.zip(told) }
    }
}

#[test]
fn a_long_answer_is_paged_and_a_short_one_is_not() {
    let Some(terminal) = Terminal::new() else { return };
    let seen = terminal.search(10, "", &[]);
    let (given, told) = seen.paged.expect("three hits do not fit into ten lines");
    assert_eq!(told, "FRX");
    assert!(given.contains("Rye bread") && given.contains("\u{1b}[1m"), "{given:?}");
    assert!(!seen.shown.contains("Rye bread") && seen.shown.contains("searched n"), "{}", seen.shown);
    for (lines, flags, variables) in
        [(200, "", vec![]), (10, "--no-pager", vec![]), (10, "", vec![("PAGER", "")]), (10, "--json", vec![])]
    {
        let seen = terminal.search(lines, flags, &variables);
        assert!(seen.paged.is_none(), "{lines} {flags} {variables:?}");
        assert!(seen.shown.contains("Rye bread"), "{}", seen.shown);
    }
}

#[test]
fn a_hit_links_to_its_file_and_to_the_page_of_a_server_that_runs() {
    let Some(terminal) = Terminal::new() else { return };
    let file = format!("file://{}/Rye%20bread.md", terminal.notes.path().canonicalize().unwrap().display());
    let link = |address: &str, words: &str| format!("\u{1b}]8;;{address}\u{1b}\\{words}\u{1b}]8;;\u{1b}\\");
    let seen = terminal.search(200, "", &[]);
    for words in ["Rye bread", "Rye bread.md:3"] {
        assert!(seen.shown.contains(&link(&file, words)), "{words} {:?}", seen.shown);
    }
    let server = Server::start(&terminal.ibid, &[]);
    let seen = terminal.search(200, "", &[]);
    let page = format!("{}/d/n:Rye%20bread.md@", server.base);
    assert!(seen.shown.contains(&format!("\u{1b}]8;;{page}")), "{:?}", seen.shown);
    assert!(
        seen.shown.contains("?at=13-28#cited\u{1b}\\Rye bread"),
        "it opens at the answer: {:?}",
        seen.shown
    );
    assert!(seen.shown.contains(&link(&file, "Rye bread.md:3")), "{:?}", seen.shown);
    fs::remove_file(terminal.notes.path().join("Rye bread.md")).unwrap();
    drop(server);
    let seen = terminal.search(200, "", &[]);
    assert!(seen.shown.contains("Rye bread") && !seen.shown.contains(&file), "a file that is gone");
}

#[test]
fn words_that_match_stand_out() {
    let Some(terminal) = Terminal::new() else { return };
    let seen = terminal.search(200, "", &[]);
    let marked = seen.shown.split("\u{1b}[").filter(|part| part.ends_with("rye") || part.ends_with("Rye"));
    assert!(marked.count() >= 3, "{:?}", seen.shown);
}

#[test]
fn nothing_but_words_goes_where_no_styles_are_wanted() {
    let Some(terminal) = Terminal::new() else { return };
    for (flags, variables) in [
        ("", vec![("NO_COLOR", "1")]),
        ("", vec![("TERM", "dumb")]),
        ("--color never", vec![]),
        ("--json", vec![]),
        ("2>&1 | cat", vec![]),
    ] {
        let seen = terminal.search(200, flags, &variables);
        assert!(seen.shown.contains("Rye bread"), "{:?}", seen.shown);
        assert!(!seen.shown.contains('\u{1b}'), "{flags} {variables:?} {:?}", seen.shown);
    }
    let seen = terminal.search(10, "", &[("NO_COLOR", "1")]);
    let (given, _) = seen.paged.expect("it is paged all the same");
    assert!(given.contains("Rye bread") && !given.contains('\u{1b}'), "{given:?}");
    let seen = terminal.search(10, "", &[("PAGER", &format!("{} ", "cat >\"$IBID_DATA_DIR/page\"; true"))]);
    assert!(!seen.shown.contains("Rye bread"), "{}", seen.shown);
    let page = fs::read_to_string(terminal.ibid.data.path().join("page"));
    assert!(page.is_ok_and(|page| page.contains("Rye bread") && !page.contains('\u{1b}')));
}
