//! A disk that fails, fills up, is slow, or may not be written: the run says what is wrong and what to do, and the last
//! commit is served on. The failures are injected by `strace` where it may trace.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use crate::harness::{Ibid, PATIENCE, Ran, fingerprint, has_strace, number, ran, vault, write};
use crate::lifecycle::set_writable;

fn note(version: usize, at: usize) -> String {
    format!("# Note {at}\n\nversion{version} of rye and water, {}\n", "more of it ".repeat(at))
}

/// A vault of which version 1 is indexed and version 2 is not.
fn edited(model: &[&str]) -> (tempfile::TempDir, Ibid) {
    let (folder, ibid) = (vault(&[]), Ibid::new());
    (0..6).for_each(|at| write(folder.path(), &format!("{at}.md"), note(1, at).as_bytes()));
    ibid.index(folder.path(), &[&["--name", "n"], model].concat());
    (0..6).for_each(|at| write(folder.path(), &format!("{at}.md"), note(2, at).as_bytes()));
    (folder, ibid)
}

/// The index is whole, holds one version of every note and nothing of the other.
#[track_caller]
fn check_holds(ibid: &Ibid, version: usize, was: &str) {
    let checked = ibid.run(&["check", "--json"]);
    assert_eq!(checked.code, 0, "{was}: {}{}", checked.stdout, checked.stderr);
    let finds = |version: usize| ibid.hits(&[&format!("version{version}"), "--mode", "lexical"]).len();
    assert_eq!((finds(version) > 0, finds(3 - version)), (true, 0), "{was}");
}

/// The run that failed said so in our words, and what to do where `hint` is not empty.
#[track_caller]
fn check_said(failed: &Ran, says: &str, hint: &str, was: &str) {
    assert_eq!(failed.code, 2, "{was}: {}{}", failed.stdout, failed.stderr);
    let stderr = &failed.stderr;
    assert!(stderr.contains(says) && !stderr.contains("internal error"), "{was}: {stderr}");
    assert!(hint.is_empty() || stderr.contains(&format!("hint: {hint}")), "{was}: {stderr}");
}

/// Fails the n-th call of a kind, and all after it, for every n there is; each time what was committed is served on, and
/// the next run makes up for it.
fn check(calls: &str, error: &str, says: &str, hint: &str) {
    if !has_strace() {
        return;
    }
    for model in [&["--model", "none"][..], &[]] {
        for at in 1.. {
            let (folder, ibid) = edited(model);
            let path = folder.path().to_str().unwrap();
            let was = format!("{calls}:error={error}:when={at}+");
            let args = ["index", path, "--name", "n", "--quiet"];
            let failed = ran(ibid.traced(std::slice::from_ref(&was), &args).output().unwrap());
            if failed.code == 0 {
                // Only sweeping may fail without a word: what is left lies there until the next time.
                check_holds(&ibid, 2, &was);
                assert!(at > 1 || calls.starts_with("unlink"), "{was}: nothing failed");
                let again = ibid.index(folder.path(), &["--name", "n"]);
                assert_eq!(number(&again["unchanged"]), 6, "{was}: {again}");
                break;
            }
            check_said(&failed, says, hint, &was);
            let held = ibid.hits(&["version2", "--mode", "lexical"]).len();
            check_holds(&ibid, if held > 0 { 2 } else { 1 }, &was);
            ibid.index(folder.path(), &["--name", "n"]);
            check_holds(&ibid, 2, &was);
            assert!(at < 60, "{was}: there is no end to it");
        }
    }
}

#[test]
fn a_rename_that_is_not_allowed_loses_nothing() {
    check("rename,renameat,renameat2", "EACCES", "Permission denied", "check who owns it");
}

#[test]
fn a_disk_that_turns_read_only_loses_nothing() {
    check("fsync,fdatasync", "EROFS", "Read-only file system", "choose a folder that can be written");
}

#[test]
fn a_disk_that_fills_up_at_any_sync_loses_nothing() {
    check("fsync,fdatasync", "ENOSPC", "No space left on device", "make room on the disk");
}

#[test]
fn a_disk_that_breaks_loses_nothing() {
    check("fsync,fdatasync", "EIO", "Input/output error", "");
}

#[test]
fn what_cannot_be_removed_waits_for_the_next_sweep() {
    check("unlink,unlinkat", "EACCES", "Permission denied", "check who owns it");
}

#[test]
fn a_slow_disk_is_only_slow() {
    if !has_strace() {
        return;
    }
    let (folder, ibid) = edited(&["--model", "none"]);
    let path = folder.path().to_str().unwrap();
    let slow = "fsync,fdatasync:delay_exit=60000".to_owned();
    let began = Instant::now();
    let args = ["index", path, "--name", "n", "--quiet"];
    let mut run = ibid.traced(&[slow], &args).spawn().unwrap();
    while run.try_wait().unwrap().is_none() {
        // Whoever asks meanwhile gets one version or the other, at once.
        let [old, new] =
            ["version1", "version2"].map(|word| ibid.hits(&[word, "--mode", "lexical", "--quiet"]).len());
        assert!(old + new > 0);
        assert!(began.elapsed() < PATIENCE);
    }
    assert!(run.wait().unwrap().success());
    check_holds(&ibid, 2, "a slow disk");
}

/// The command as somebody who is not root, for whom permissions hold; `None` where that cannot be had.
fn unprivileged(ibid: &Ibid, args: &[&str]) -> Option<Ran> {
    let plain = ibid.command(args);
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Some(ran(ibid.command(args).output().unwrap()));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = command.output().ok().map(ran).filter(|ran| !ran.stderr.contains("setpriv:"));
    if ran.is_none() {
        println!("skipped: nobody is there for whom permissions hold");
    }
    ran
}

#[test]
fn a_data_folder_that_may_not_be_written_is_searched_all_the_same() {
    let (folder, ibid) = edited(&[]);
    set_writable(folder.path(), true);
    set_writable(ibid.data.path(), false);
    let before = fingerprint(ibid.data.path());
    let path = folder.path().to_str().unwrap();
    let Some(failed) = unprivileged(&ibid, &["index", path, "--name", "n"]) else {
        return set_writable(ibid.data.path(), true);
    };
    check_said(&failed, "Permission denied", "check who owns it", "a read-only data folder");
    for mode in ["hybrid", "lexical", "semantic"] {
        let found = unprivileged(&ibid, &["search", "version1 rye", "--mode", mode]).unwrap();
        assert_eq!(found.code, 0, "{mode}: {}", found.stderr);
    }
    for args in [&["check"][..], &["status"]] {
        let ran = unprivileged(&ibid, args).unwrap();
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.stdout, ran.stderr);
    }
    assert!(before == fingerprint(ibid.data.path()), "reading changed the data folder");
    set_writable(ibid.data.path(), true);
    check_holds(&ibid, 1, "a read-only data folder");
}

#[test]
fn a_data_folder_that_may_not_be_read_is_said() {
    let (folder, ibid) = edited(&["--model", "none"]);
    let lexical = ibid.data.path().join("collections/n/lexical");
    set_writable(ibid.data.path(), true);
    set_writable(folder.path(), true);
    fs::set_permissions(&lexical, fs::Permissions::from_mode(0o000)).unwrap();
    for args in [&["search", "rye"][..], &["check"], &["status"], &["index", "--name", "n"]] {
        let Some(failed) = unprivileged(&ibid, args) else { break };
        check_said(&failed, "Permission denied", "check who owns it", &format!("{args:?}"));
    }
    fs::set_permissions(&lexical, fs::Permissions::from_mode(0o755)).unwrap();
    check_holds(&ibid, 1, "a folder that could not be read");
}
