//! Years of daily edits: single-note changes, each committed by a run of its own as a followed vault commits them, and what
//! they leave of size, memory and speed beside a fresh index of the same notes.
//!
//! `IBID_BENCH_VAULT` names the notes, `IBID_EDITS` how many changes are made (200,000), `IBID_EDITED_NOTES` of how many notes
//! (1,000). Nine changes of ten put another sentence somewhere into a note; the rest remove one, put one back, or rename
//! one. Vectors are hashed unless `IBID_VECTORS` is `real`: a renamed note keeps those that were made with its old title,
//! which a hash takes for wholly different ones, so only real vectors say how much of a fresh index's answers remain by
//! meaning. Prints a table; the notes lie in the folder for temporary files, so `TMPDIR` chooses the disk.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

mod scale;
mod vault;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ibid_core::query::{Mode, Query};
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_indexer::{Model, Silent, build};
use ibid_measure::questions::draw;
use ibid_search::{QueryEmbedder, Searcher};
use scale::{ASK_HEAD, disk, megabytes_of, stage};

/// Questions whose answers are compared in each mode.
const QUESTIONS: usize = 300;

const MODES: [Mode; 3] = [Mode::Lexical, Mode::Semantic, Mode::Hybrid];

const INDEX: &str = "--index";
const EDIT: &str = "--edit";
const ASK: &str = "--ask";
const ANSWERS: &str = "--answers";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, INDEX, notes, data] => {
            let (report, seconds) = scale::index(Path::new(notes), Path::new(data), model());
            println!("{} chunks in {seconds:.1} s", report.chunks);
        }
        [_, EDIT, notes, data] => edit(Path::new(notes), Path::new(data)),
        [_, ASK, data] => scale::ask(Path::new(data)),
        [_, ANSWERS, data, questions] => answers(Path::new(data), Path::new(questions)),
        // `cargo bench` and `cargo test --benches` both start this; only the first wants to wait for it.
        _ if arguments.iter().any(|argument| argument == "--bench") => table(),
        _ => {}
    }
}

fn from_environment(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect("it is a number"))
}

fn model() -> Model {
    match std::env::var("IBID_VECTORS").as_deref() {
        Ok("real") => vault::model(),
        Ok(other) if other != "hashed" => panic!("IBID_VECTORS is {other}; there are real and hashed ones"),
        _ => scale::hashed(),
    }
}

fn table() {
    let scratch = tempfile::tempdir().expect("there is a temporary folder");
    let [notes, edited, fresh] = ["notes", "edited", "fresh"].map(|name| scratch.path().join(name));
    fs::create_dir(&notes).expect("the folder can be made");
    let files = vault::files();
    let wanted = from_environment("IBID_EDITED_NOTES", 1_000).min(files.len());
    for at in 0..wanted {
        fs::copy(&files[at * files.len() / wanted], notes.join(format!("{at}.md")))
            .expect("the file can be copied");
    }
    println!("{wanted} notes: {}", stage(&[INDEX.as_ref(), notes.as_os_str(), edited.as_os_str()]));
    println!("{}", stage(&[EDIT.as_ref(), notes.as_os_str(), edited.as_os_str()]));
    println!("fresh: {}", stage(&[INDEX.as_ref(), notes.as_os_str(), fresh.as_os_str()]));
    println!("         disk MB{ASK_HEAD}");
    // In turn, so that whatever else the machine does falls on both.
    for _ in 0..3 {
        for (name, data) in [("edited", &edited), ("fresh", &fresh)] {
            println!(
                "{name:<8} {:>7.1}{}",
                disk(data) as f64 / 1e6,
                stage(&[ASK.as_ref(), data.as_os_str()])
            );
        }
    }
    let [ours, theirs] =
        [&edited, &fresh].map(|data| stage(&[ANSWERS.as_ref(), data.as_os_str(), fresh.as_os_str()]));
    let pairs: Vec<_> = ours.lines().zip(theirs.lines()).collect();
    for (at, mode) in MODES.iter().enumerate() {
        let of_mode = || pairs.iter().skip(at).step_by(MODES.len());
        let equal = of_mode().filter(|(ours, theirs)| ours == theirs).count();
        let (mut shared, mut all) = (0, 0);
        for (ours, theirs) in of_mode() {
            all += theirs.split(' ').count();
            shared += theirs.split(' ').filter(|hit| ours.split(' ').any(|own| own == *hit)).count();
        }
        println!(
            "{:<9} {equal} of {} answers are those of the fresh index in the same order; {:.2} % of its hits are found",
            mode.name(),
            of_mode().count(),
            100.0 * shared as f64 / all as f64
        );
    }
}

/// Numbers from a seed, by splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// A note as it was, and where it is now.
struct Note {
    text: String,
    path: PathBuf,
}

fn edit(notes: &Path, data: &Path) {
    let edits = from_environment("IBID_EDITS", 200_000);
    let (store, options) = (Store::at(data), scale::options(notes, model()));
    let count = fs::read_dir(notes).expect("the folder can be listed").count();
    let mut list: Vec<Note> = (0..count)
        .map(|at| notes.join(format!("{at}.md")))
        .map(|path| Note {
            text: String::from_utf8_lossy(&fs::read(&path).expect("it is there")).into_owned(),
            path,
        })
        .collect();
    let (mut random, mut largest) = (Random(1), 0);
    let began = Instant::now();
    for edit in 0..edits {
        let at = random.below(list.len());
        change(&mut list[at], edit, &mut random);
        build(&store, &options, &Silent).expect("the folder can be indexed");
        if edit % 1_000 == 0 {
            largest = largest.max(disk(data));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{edits} changes in {seconds:.0} s, {:.1} ms each; at most {:.1} MB on disk; resident {:.0} MB at the end",
        seconds * 1e3 / edits as f64,
        largest as f64 / 1e6,
        megabytes_of("VmRSS:"),
    );
}

fn change(note: &mut Note, edit: usize, random: &mut Random) {
    match random.below(20) {
        0 if note.path.exists() => fs::remove_file(&note.path).expect("it is there"),
        1 if note.path.exists() => {
            let to = note.path.with_file_name(format!("renamed {edit}.md"));
            fs::rename(&note.path, &to).expect("it is there");
            note.path = to;
        }
        _ => {
            // After a line end, so that structure stays what it is.
            let ends: Vec<usize> = note.text.match_indices('\n').map(|(at, _)| at + 1).collect();
            let at = if ends.is_empty() { 0 } else { ends[random.below(ends.len())] };
            let (before, after) = note.text.split_at(at);
            let text = format!("{before}Edit {edit} says something that was not said before.\n{after}");
            fs::write(&note.path, text).expect("it can be written");
        }
    }
}

/// Prints the hits of each question in each mode, a line each. Questions are drawn from another index, so that two are asked
/// the same.
fn answers(data: &Path, questions: &Path) {
    let others = Snapshot::open(&Store::at(questions), &vault::name()).expect("the collection can be opened");
    let questions = draw(&others, QUESTIONS).expect("the notes can be read").list;
    let snapshot = Snapshot::open(&Store::at(data), &vault::name()).expect("the collection can be opened");
    let embedder = QueryEmbedder::without_cache(vault::model().embedder);
    let snapshots = [std::sync::Arc::new(snapshot)];
    let searcher = Searcher::new(&snapshots, Some(&embedder));
    for words in &questions {
        for mode in MODES {
            let answer =
                searcher.search(&Query { mode, ..Query::new(words) }).expect("the question is answered");
            let ids: Vec<String> = answer.hits.iter().map(|hit| hit.citation.to_string()).collect();
            println!("{}", ids.join(" "));
        }
    }
}
