//! The yardstick for the indexer: a bundled model in a bare loop, without disk, queue or index.
//!
//! `cargo run --release -p ibid-embed --example bare_loop -- CHUNKS [WORKERS [multilingual]]`, where CHUNKS is a
//! file with one chunk a line, plain or as a JSON string. Tokens are the model's own.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ibid_embed::{
    BundledEmbedder, EmbedError, Embedder, MULTILINGUAL_MODEL, MultilingualEmbedder, bundled_tokens,
};

/// Enough for a median of the time a question takes.
const N_QUERIES: usize = 300;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: bare_loop CHUNKS [WORKERS [multilingual]]")?;
    let n_workers = arguments.get(1).map_or(Ok(2), |number| number.parse())?;
    let text = std::fs::read_to_string(path)?;
    let chunks: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(chunk).collect();

    if arguments.get(2).is_some_and(|model| MULTILINGUAL_MODEL.starts_with(model.as_str())) {
        let start = Instant::now();
        let embedder = MultilingualEmbedder::load()?;
        println!("load {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        measure(&embedder, &chunks, n_workers, |chunk| embedder.token_ids(chunk).len())
    } else {
        let start = Instant::now();
        let embedder = BundledEmbedder::load()?;
        println!("load {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        let mut counter = bundled_tokens()?;
        measure(&embedder, &chunks, n_workers, |chunk| counter.count(chunk))
    }
}

fn measure(
    embedder: &dyn Embedder,
    chunks: &[String],
    n_workers: usize,
    tokens_of: impl FnMut(&String) -> usize,
) -> Result<(), Box<dyn Error>> {
    println!("query p50 {:.2} ms", query_ms(embedder)?);
    let start = Instant::now();
    embed_all(embedder, chunks, n_workers)?;
    let seconds = start.elapsed().as_secs_f64();
    let tokens: usize = chunks.iter().map(tokens_of).sum();
    println!(
        "{} chunks of {:.0} tokens in {seconds:.1} s with {n_workers} workers: {:.1} chunks/s, {:.0} tokens/s",
        chunks.len(),
        tokens as f64 / chunks.len() as f64,
        chunks.len() as f64 / seconds,
        tokens as f64 / seconds,
    );
    Ok(())
}

fn chunk(line: &str) -> String {
    serde_json::from_str(line).unwrap_or_else(|_| line.to_owned())
}

fn query_ms(embedder: &dyn Embedder) -> Result<f64, EmbedError> {
    let mut worker = embedder.worker()?;
    let mut times = Vec::with_capacity(N_QUERIES);
    for _ in 0..N_QUERIES {
        let start = Instant::now();
        worker.embed_query("how warm should the dough be")?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[N_QUERIES / 2])
}

/// Each worker takes the next chunk nobody has; the vectors are thrown away.
fn embed_all(embedder: &dyn Embedder, chunks: &[String], n_workers: usize) -> Result<(), EmbedError> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut worker = embedder.worker()?;
                    while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        worker.embed_document(chunk)?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a worker does not panic"))
    })
}
