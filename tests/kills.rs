//! kill -9 while a vault is indexed, at the n-th write, rename, sync, removal, opening and lock of every kind, and at
//! random moments: what was committed is there, whole, and found. `make kills` does it a thousand times.
//!
//! Of a large change the words are committed first: then they are there, and the next run embeds the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ibid_core::id::DocumentPath;
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ibid, PATIENCE, has_strace, number, vault, write};

/// How many runs are killed where `KILLS` does not say, if there is time.
const KILLS: u64 = 40;

/// How long that may take where `KILLS_WITHIN` does not say.
const WITHIN_SECONDS: u64 = 16;

/// How many notes the vault begins with.
const NOTES: u64 = 12;

/// After so many killed runs one is let through, so that there is always something new to lose.
const LET_THROUGH_EVERY: u64 = 9;

/// After so many kills another vault is begun.
const KILLS_PER_WORLD: u64 = 50;

/// Of a change of more files than this the words are committed first. Files that are as young as the last commit are read
/// again beside those that changed, so that any change of a larger vault may be such a one.
const AT_ONCE: usize = 16;

/// How many alike sections a note of a large vault has: one note is more than is embedded at once. What is alike is
/// embedded once.
const SECTIONS: usize = 17;

/// The calls of which a run is killed at the n-th. Each thread counts its own.
const CALLS: [&str; 6] = [
    "rename,renameat,renameat2",
    "fsync,fdatasync",
    "unlink,unlinkat",
    "write,pwrite64",
    "mkdir,flock,ftruncate",
    "openat",
];

/// Numbers from a seed, by splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The notes of a folder: path to text.
type Notes = BTreeMap<String, String>;

/// A vault that is edited, and what of it must be in the index.
struct World {
    vault: TempDir,
    ibid: Ibid,
    /// How it is indexed.
    flags: &'static [&'static str],
    /// How many sections a note has.
    sections: usize,
    now: Notes,
    /// What the last commit that is known holds; `None` before the first.
    committed: Option<Notes>,
    generation: u64,
    /// How many chunks that commit has without a vector.
    to_embed: u64,
    edits: u64,
}

impl World {
    fn new((flags, sections): (&'static [&'static str], usize)) -> World {
        let mut world = World {
            vault: vault(&[]),
            ibid: Ibid::new(),
            flags,
            sections,
            now: Notes::new(),
            committed: None,
            generation: 0,
            to_embed: 0,
            edits: 0,
        };
        (0..NOTES).for_each(|_| world.put(None));
        world
    }

    /// Writes a note, over an old one or at a path of its own.
    fn put(&mut self, path: Option<String>) {
        self.edits += 1;
        let edit = self.edits;
        let path = path.unwrap_or_else(|| format!("{}/note {edit}.md", ["a", "b/c", "d"][edit as usize % 3]));
        let words = "yesterday international measurement ".repeat(if self.sections > 1 { 55 } else { 5 });
        let section = format!("\n## More\n\nFlour {edit} and water, {words}\n");
        let text = format!(
            "# Note of edit{edit}x\n\nFeed the levain.\n{}[[Rye]] é{edit}x\n",
            section.repeat(self.sections)
        );
        write(self.vault.path(), &path, text.as_bytes());
        self.now.insert(path, text);
    }

    /// Edits, adds, removes and renames some notes.
    fn edit(&mut self, random: &mut Random) {
        for _ in 0..1 + random.below(4) {
            let at = random.below(self.now.len() as u64) as usize;
            let path = self.now.keys().nth(at).unwrap().clone();
            let file = self.vault.path().join(&path);
            match random.below(6) {
                0 if self.now.len() as u64 > NOTES / 2 => {
                    fs::remove_file(file).unwrap();
                    self.now.remove(&path);
                }
                1 => {
                    self.edits += 1;
                    let renamed = format!("renamed {}.md", self.edits);
                    fs::rename(file, self.vault.path().join(&renamed)).unwrap();
                    let text = self.now.remove(&path).unwrap();
                    self.now.insert(renamed, text);
                }
                2 | 3 => self.put(None),
                _ => self.put(Some(path)),
            }
        }
    }

    fn index_args(&self, rebuild: bool) -> Vec<&str> {
        let folder = self.vault.path().to_str().unwrap();
        let mut args = vec!["index", folder, "--name", "n", "--quiet"];
        args.extend(self.flags);
        if rebuild {
            args.push("--rebuild");
        }
        args
    }

    /// The newest generation, how many of its chunks have no vector, and every document it holds, put together; `None`
    /// where there is no generation.
    fn held(&self) -> Option<(u64, u64, Notes)> {
        let store = Store::at(self.ibid.data.path());
        let name = "n".parse().unwrap();
        store.commit_mark(&name).unwrap()?;
        let snapshot = match Snapshot::open(&store, &name) {
            Ok(snapshot) => snapshot,
            Err(ibid_index::OpenError::Missing { .. }) => return None,
            Err(error) => panic!("{error}"),
        };
        assert!(snapshot.damage().is_none());
        let text = |path: &str| {
            let (start, text) =
                snapshot.text(&DocumentPath::new(path).unwrap(), 0..u32::MAX).unwrap().unwrap();
            assert_eq!(start, 0);
            text
        };
        let known = snapshot.known_documents().unwrap();
        let notes = known.into_iter().map(|known| (known.path.clone(), text(&known.path))).collect();
        Some((snapshot.manifest().generation, snapshot.chunks_without_vector(), notes))
    }

    /// What there must be after a run that was killed, or not: the last commit or this one, whole in both legs; of a
    /// large one perhaps the words alone.
    #[track_caller]
    fn check(&mut self, was: &str, survived: bool, in_both_legs: bool) {
        let held = self.held();
        let Some((generation, to_embed, notes)) = held else {
            assert!(self.committed.is_none() && !survived, "{was}: what was committed is gone");
            return;
        };
        let checked = self.ibid.run(&["check", "--json", "--quiet"]);
        let report: Value = checked.json()["collections"][0].clone();
        assert_eq!(
            (checked.code, report["findings"].as_array().map(Vec::len)),
            (0, Some(0)),
            "{was}: {report}"
        );
        let is_old = self.committed.as_ref() == Some(&notes);
        let is_new = notes == self.now;
        if !is_old && !is_new {
            let others = self.others(&notes);
            panic!("{was}: generation {generation} holds neither the old nor the new:\n{others}");
        }
        assert!(generation >= self.generation, "{was}: generation {generation} after {}", self.generation);
        assert!(is_new || generation == self.generation, "{was}: generation {generation} says nothing new");
        assert!(is_new || !survived, "{was}: a run that ended well committed nothing");
        if survived {
            assert_eq!(number(&report["left_overs"]), 0, "{was}: {report}");
        }
        let may_lack = !survived && (self.sections > 1 || self.now.len() > AT_ONCE);
        assert!(to_embed == 0 || may_lack, "{was}: {to_embed} chunks have no vector");
        assert!(!is_old || to_embed <= self.to_embed, "{was}: vectors that were committed are gone");
        if let Some(chunks) = report["chunks_with_vector"].as_u64() {
            assert_eq!(chunks + to_embed, number(&report["chunks"]) as u64, "{was}: {report}");
        }
        (self.generation, self.to_embed, self.committed) = (generation, to_embed, Some(notes));
        self.search(was, in_both_legs && to_embed == 0);
    }

    /// Which notes are held that differ from the last commit or from the vault, and how each begins there.
    fn others(&self, held: &Notes) -> String {
        let old = self.committed.clone().unwrap_or_default();
        let paths: BTreeSet<_> = old.keys().chain(held.keys()).chain(self.now.keys()).collect();
        let begins =
            |notes: &Notes, path| notes.get(path).map_or("nothing".to_owned(), |text| text[..24].to_owned());
        let line = |path| {
            let [old, now, held] = [&old, &self.now, held].map(|notes| begins(notes, path));
            format!("{path}: was {old:?}, is {now:?}, held {held:?}\n")
        };
        paths.into_iter().map(line).collect()
    }

    /// A word of a note that is committed finds that note.
    #[track_caller]
    fn search(&self, was: &str, in_both_legs: bool) {
        let committed = self.committed.as_ref().unwrap();
        let (path, text) = committed.iter().nth(self.edits as usize % committed.len()).unwrap();
        let word = text.split_whitespace().find(|word| word.starts_with("edit")).unwrap();
        let modes: &[&str] = if in_both_legs { &["lexical", "semantic"] } else { &["lexical"] };
        // Large notes are so alike that any of them may come first.
        let limit = if self.sections > 1 { "50" } else { "3" };
        for mode in modes {
            let words = if *mode == "lexical" { word } else { &text[..text.len().min(300)] };
            let found = self.ibid.paths(&[words, "--mode", mode, "--limit", limit, "--quiet"]);
            assert!(found.contains(path), "{was}: {mode} finds {found:?} for {word} of {path}");
        }
    }
}

/// The places of a kind of call, one after the other, and then those of the next kind.
struct Places {
    kind: usize,
    at: u64,
    /// How many calls of each kind a thread is thought to make.
    calls: [u64; CALLS.len()],
    /// The longest step from one place to the next.
    stride: u64,
}

impl Places {
    fn inject(&self) -> String {
        format!("{}:signal=KILL:when={}", CALLS[self.kind], self.at)
    }

    fn step(&mut self, survived: bool, random: &mut Random) {
        let calls = &mut self.calls[self.kind];
        *calls = if survived { self.at - 1 } else { (*calls).max(self.at + 1) };
        // Most that is opened is only read.
        let stride = if CALLS[self.kind] == "openat" { self.stride + 4 } else { self.stride };
        self.at += 1 + random.below(stride);
        if survived || self.at > *calls {
            (self.kind, self.at) = ((self.kind + 1) % CALLS.len(), 1);
            self.at += random.below(self.stride.min(self.calls[self.kind].max(1)));
        }
    }
}

/// How runs ended that were to be killed.
#[derive(Default)]
struct Ended {
    /// As they were to.
    killed: u64,
    /// Well: let through, or too quick.
    through: u64,
    /// With words that were committed and chunks still to embed.
    halfway: u64,
}

/// Kills runs over one world until `kills` were, or time is up.
fn kill(world: &mut World, kills: u64, until: Instant, places: &mut Places, random: &mut Random) -> Ended {
    let (mut ended, mut longest) = (Ended::default(), Duration::from_millis(50));
    while ended.killed < kills && Instant::now() < until {
        world.edit(random);
        let rebuild = random.below(8) == 0;
        let let_through = (ended.killed + ended.through) % LET_THROUGH_EVERY == 0;
        let args = world.index_args(rebuild);
        let began = Instant::now();
        let (was, survived) = if let_through {
            ("a run let through".to_owned(), world.ibid.run(&args).ends_with(0).code == 0)
        } else if has_strace() && random.below(4) > 0 {
            let inject = places.inject();
            let survived =
                world.ibid.traced(std::slice::from_ref(&inject), &args).output().unwrap().status.success();
            places.step(survived, random);
            (inject, survived)
        } else {
            let after = Duration::from_micros(random.below(longest.as_micros() as u64));
            let mut command = world.ibid.command(&args);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(after);
            child.kill().unwrap();
            (format!("killed after {after:?}"), child.wait().unwrap().success())
        };
        if let_through && !rebuild {
            longest = began.elapsed();
        }
        match survived {
            true => ended.through += 1,
            false => ended.killed += 1,
        }
        let has_model = !world.flags.contains(&"none");
        let was = format!("{was}, rebuild {rebuild}, {} edits", world.edits);
        world.check(&was, survived, has_model && (let_through || ended.killed % 10 == 0));
        ended.halfway += u64::from(world.to_embed > 0);
    }
    ended
}

#[test]
fn kills_at_every_place_lose_nothing_that_was_committed() {
    let kills = from_environment("KILLS", KILLS);
    let seconds = from_environment("KILLS_WITHIN", WITHIN_SECONDS);
    let seed = from_environment("SEED", 1);
    let (mut random, began) = (Random(seed), Instant::now());
    println!("{kills} kills from seed {seed}, in {seconds} s at most");
    let worlds: [(&'static [&'static str], usize); 4] =
        [(&["--model", "none"], 1), (&[], 1), (&["--threads", "1"], 1), (&[], SECTIONS)];
    let (mut done, mut through, mut halfway) = (0, 0, 0);
    for (at, like) in (1..).zip(worlds) {
        // A thousand kills come by every place; a few are spread over them.
        let of_all = kills * at / worlds.len() as u64;
        let stride = (400 / (of_all - done).max(1)).clamp(1, 12);
        let mut places =
            Places { kind: 2 * (at as usize - 1) % CALLS.len(), at: 1, calls: [6, 14, 5, 40, 5, 60], stride };
        let until = began + Duration::from_secs(seconds) * at as u32 / worlds.len() as u32;
        while done < of_all && Instant::now() < until {
            // A collection is begun anew now and then, and its first runs are killed too.
            let of_this = (of_all - done).min(KILLS_PER_WORLD);
            let mut world = World::new(like);
            first_runs(&mut world, &mut random);
            let ended = kill(&mut world, of_this, until, &mut places, &mut random);
            (through, halfway) = (through + ended.through, halfway + ended.halfway);
            done += ended.killed;
            println!("{done} kills, {} {like:?}, {:.0} s", places.inject(), began.elapsed().as_secs_f64());
        }
    }
    println!(
        "{done} killed, {halfway} times with words committed and vectors missing; {through} ended well; {:.0} s",
        began.elapsed().as_secs_f64()
    );
}

/// Kills runs before there is any commit.
fn first_runs(world: &mut World, random: &mut Random) {
    for _ in 0..3 {
        let mut command = world.ibid.command(&world.index_args(false));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.below(80)));
        child.kill().unwrap();
        let survived = child.wait().unwrap().success();
        world.check("a first run", survived, false);
    }
    world.ibid.run(&world.index_args(false)).ends_with(0);
    world.check("a first run that ended", true, false);
}

#[test]
fn a_run_killed_while_it_embeds_is_searched_by_words_and_gone_on_with() {
    let (folder, ibid) = (vault(&[]), Ibid::new());
    for at in 0..40 {
        let text = format!("# Note {at}\n\nword{at} {}\n", "nothing happened yesterday ".repeat(33));
        write(folder.path(), &format!("{at}.md"), text.as_bytes());
    }
    let path = folder.path().to_str().unwrap();
    // With the least of the cores, so that it embeds for longer than it takes to be killed.
    let mut command = ibid.command(&["index", path, "--name", "n", "--cpu", "1", "--quiet"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (store, name, began) = (Store::at(ibid.data.path()), "n".parse().unwrap(), Instant::now());
    while Snapshot::open(&store, &name).is_err() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it was embedded before it could be killed");
    let status = ibid.run(&["status", "--json"]).ends_with(0).json()["collections"][0].clone();
    let chunks = number(&status["chunks"]);
    assert_eq!((number(&status["documents"]), number(&status["vectors_missing"])), (40, chunks), "{status}");
    ibid.run(&["check"]).ends_with(0);
    let found = ibid.run(&["search", "word7", "--json"]).ends_with(0).json();
    assert_eq!(found["hits"][0]["path"], "7.md", "{found}");
    assert_eq!(found["notes"], serde_json::json!(["still reading n: 0 %"]), "{found}");
    let report = ibid.index(folder.path(), &["--name", "n"]);
    let counts = ["added", "changed", "unchanged"].map(|what| number(&report[what]));
    assert_eq!((counts, &report["embedded"]), ([0, 0, 40], &report["chunks"]), "{report}");
    let found = ibid.run(&["search", "word7", "--json"]).ends_with(0).json();
    assert_eq!(found["notes"], serde_json::json!([]), "{found}");
}
