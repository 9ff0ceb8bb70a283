//! How fast the token counter is: counts the files named, twice, with one counter.
//!
//! `find NOTES -name '*.md' | cargo run --release -p ibid-embed --example count_tokens`
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use ibid_embed::bundled_tokens;

fn main() -> Result<(), Box<dyn Error>> {
    let paths = std::io::stdin().lock().lines().collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<String> = paths
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into())
        .collect();
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    let start = Instant::now();
    let mut counter = bundled_tokens()?;
    println!("tokenizer ready in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    for pass in ["first pass", "second pass"] {
        let start = Instant::now();
        let tokens: usize = texts.iter().map(|text| counter.count(text)).sum();
        let seconds = start.elapsed().as_secs_f64();
        println!("{pass}: {tokens} tokens in {megabytes:.1} MB, {:.1} MB/s", megabytes / seconds);
    }
    Ok(())
}
