//! What the bundled multilingual model makes of texts, for `data/models/multilingual-e5-small/check.py` to
//! compare. It judges nothing.
//!
//! `cargo run --release --workspace --example multilingual_outputs -- TEXTS VECTORS`, where TEXTS is a file with
//! one JSON string a line. Prints a JSON object a line: `ids`, the tokens of the text after `passage: `, and for
//! the first VECTORS texts `vector`.

use std::error::Error;
use std::io::Write;

use ibid_embed::{Embedder, MultilingualEmbedder};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, n_vectors] = &arguments[..] else {
        return Err("usage: multilingual_outputs TEXTS VECTORS".into());
    };
    let (texts, n_vectors) = (std::fs::read_to_string(path)?, n_vectors.parse()?);
    let embedder = MultilingualEmbedder::load()?;
    let mut worker = embedder.worker()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in texts.lines().enumerate() {
        let text: String = serde_json::from_str(line)?;
        let ids = embedder.token_ids(&format!("passage: {text}"));
        let vector = if number < n_vectors { Some(worker.embed_document(&text)?) } else { None };
        writeln!(out, "{}", serde_json::json!({ "ids": ids, "vector": vector }))?;
    }
    Ok(out.flush()?)
}
