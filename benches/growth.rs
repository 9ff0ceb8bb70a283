//! How time, memory and disk grow with a collection: indexing and asking at 1,000, 10,000, 50,000 and 300,000 chunks.
//!
//! `IBID_BENCH_VAULT` names a folder that is large enough; sizes it cannot fill are left out. Prints a table; no criterion,
//! since each size is measured once.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

mod scale;
mod vault;

use std::fs;
use std::path::Path;

use scale::{ASK_HEAD, disk, megabytes_of, stage};

const SIZES: [usize; 4] = [1_000, 10_000, 50_000, 300_000];

/// What a stage is told of.
const INDEX: &str = "--index";
const ASK: &str = "--ask";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, INDEX, notes, data] => index(Path::new(notes), Path::new(data)),
        [_, ASK, data] => scale::ask(Path::new(data)),
        // `cargo bench` and `cargo test --benches` both start this; only the first wants to wait for it.
        _ if arguments.iter().any(|argument| argument == "--bench") => table(),
        _ => {}
    }
}

fn table() {
    let files = vault::files();
    let size_of = |path: &Path| fs::metadata(path).expect("the file is there").len();
    let bytes: u64 = files.iter().map(|file| size_of(file)).sum();
    println!(
        "{} files, {:.1} MB; times of a question are p50 in ms but for the last",
        files.len(),
        bytes as f64 / 1e6
    );
    println!("{INDEX_HEAD}  disk MB{ASK_HEAD}");
    // Mean bytes of a chunk in plain notes, corrected by what the size before gave.
    let mut bytes_a_chunk = 430.0;
    for size in SIZES {
        let step = (bytes as f64 / (size as f64 * bytes_a_chunk)).max(1.0);
        let places = (0..).map(|n| (n as f64 * step) as usize).take_while(|&at| at < files.len());
        let scratch = tempfile::tempdir().expect("there is a temporary folder");
        let (notes, data) = (scratch.path().join("notes"), scratch.path().join("data"));
        let mut copied = 0;
        for at in places {
            let to = notes.join(files[at].strip_prefix(vault::root()).expect("it lies below"));
            fs::create_dir_all(to.parent().expect("it has a folder")).expect("the folder can be made");
            copied += fs::copy(&files[at], to).expect("the file can be copied");
        }
        let indexed = stage(&[INDEX.as_ref(), notes.as_os_str(), data.as_os_str()]);
        let asked = stage(&[ASK.as_ref(), data.as_os_str()]);
        println!("{indexed} {:>8.1}{asked}", disk(&data) as f64 / 1e6);
        let chunks: f64 = indexed.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number");
        bytes_a_chunk = copied as f64 / chunks;
        if step == 1.0 {
            break;
        }
    }
}

const INDEX_HEAD: &str = "  chunks     MB  index s  peak MB";

fn index(notes: &Path, data: &Path) {
    let (report, seconds) = scale::index(notes, data, scale::hashed());
    let megabytes = report.bytes_read as f64 / 1e6;
    println!("{:>8} {megabytes:>6.1} {seconds:>8.1} {:>8.0}", report.chunks, megabytes_of("VmHWM:"));
}
