//! What a person meets beside a crash: a first run that was killed, a run under way, a disk that fills up. That nothing
//! committed is lost is tried in `kills`.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{Ibid, number, vault, write};

/// A sequence that looks random and is the same in every run (Knuth's MMIX generator).
fn scrambled(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33
}

fn note(number: u64, version: u64) -> String {
    format!("# Note {number}\n\nVersion v{version}x of note n{number}x. {}\n", "Feed the levain. ".repeat(20))
}

#[test]
fn killing_the_first_run_leaves_nothing_or_something_whole() {
    let vault = vault(&[]);
    for at in 0..40 {
        write(vault.path(), &format!("{at}.md"), note(at, 0).as_bytes());
    }
    let folder = vault.path().to_str().unwrap().to_owned();
    for round in 0..8 {
        let ibid = Ibid::new();
        let mut command = ibid.command(&["index", &folder, "--name", "n", "--quiet"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(scrambled(round + 7) % 700));
        child.kill().unwrap();
        child.wait().unwrap();
        let asked = ibid.run(&["search", "levain"]);
        assert!([0, 2].contains(&asked.code), "{}", asked.stderr);
        let says_so = ["nothing is indexed yet", "has no first commit yet"]
            .iter()
            .any(|why| asked.stderr.contains(why));
        assert!(asked.code == 0 || says_so, "{}", asked.stderr);
        // How it was asked for is known before anything is committed.
        let anywhere = ibid.run(&["index", "--quiet"]);
        let is_known = ibid.data.path().join("collections/n/settings").exists();
        assert!(anywhere.code == 0 || !is_known, "{}", anywhere.stderr);
        let report = ibid.index(vault.path(), &["--name", "n"]);
        assert_eq!(number(&report["documents"]), 40, "{report}");
    }
}

#[test]
fn a_second_indexer_is_told_and_harms_nothing() {
    let vault = vault(&[]);
    for at in 0..80 {
        write(vault.path(), &format!("{at}.md"), note(at, 0).as_bytes());
    }
    let ibid = Ibid::new();
    let folder = vault.path().to_str().unwrap().to_owned();
    let mut first =
        ibid.command(&["index", &folder, "--name", "n", "--quiet"]).stdout(Stdio::null()).spawn().unwrap();
    let lock = ibid.data.path().join("collections/n/lexical");
    while !lock.exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = ibid.run(&["index", &folder, "--name", "n"]);
    if second.code != 0 {
        assert!(second.stderr.contains("another process is indexing"), "{}", second.stderr);
    }
    assert!(first.wait().unwrap().success());
    assert_eq!(number(&ibid.index(vault.path(), &["--name", "n"])["documents"]), 80);
}

/// A real file system of two megabytes, mounted where no other process sees it.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_is_said_and_loses_nothing() {
    let vault = vault(&[("first.md", "The rye that was there before.\n")]);
    let outside = tempfile::tempdir().unwrap();
    let mount = outside.path().join("small");
    std::fs::create_dir(&mount).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=3m tmpfs {mount} || exit 77
         ibid() {{ {binary} --data-dir {mount} --quiet \"$@\"; }}
         ibid index {vault} --name n --model none >/dev/null || exit 70
         for i in $(seq 400); do head -c 40000 /dev/urandom | base64 | tr '/+' '  ' > {vault}/big$i.md; done
         ibid index {vault} --name n; code=$?
         [ $code = 2 ] || exit 71
         ibid search rye --mode lexical --json || exit 72",
        mount = mount.display(),
        binary = env!("CARGO_BIN_EXE_ibid"),
        vault = vault.path().display(),
    );
    let ran =
        Command::new("unshare").args(["--mount", "--map-root-user", "--user", "sh", "-c", &script]).output();
    let Ok(ran) = ran.map(crate::harness::ran) else {
        println!("skipped: there is no unshare here");
        return;
    };
    if ran.code == 77 || ran.stderr.contains("unshare failed") {
        println!("skipped: this system lets nobody mount: {}", ran.stderr);
        return;
    }
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("No space left on device") && ran.stderr.contains("hint: "),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("The rye that was there before."), "{}", ran.stdout);
}
