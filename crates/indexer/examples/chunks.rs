//! Writes what the model is given for each chunk of a folder's notes, one JSON string a line: the input of ibid-embed's
//! `bare_loop`, the yardstick for the indexer's speed.
//!
//! Usage: chunks FOLDER > CHUNKS
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::path::Path;

use ibid_core::id::DocumentPath;
use ibid_embed::bundled_tokens;
use ibid_indexer::chunk::{chunk, context};
use ibid_indexer::extract::{decode::decode, extract, reads};

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args_os().nth(1).ok_or("usage: chunks FOLDER")?;
    let root = Path::new(&root);
    let mut measure = bundled_tokens()?;
    for entry in ignore::Walk::new(root) {
        let entry = entry?;
        let path = DocumentPath::new(&entry.path().strip_prefix(root)?.to_string_lossy());
        let Some(path) = path.filter(|path| reads(path) && entry.path().is_file()) else { continue };
        let Ok(decoded) = decode(std::fs::read(entry.path())?) else { continue };
        let extracted = extract(&path, &decoded.text);
        for chunk in chunk(&decoded.text, &extracted.blocks, &mut measure) {
            let headings = chunk.headings.iter().map(|&at| extracted.document.headings[at].text.as_str());
            let context = context(&extracted.document.title, headings, &mut measure);
            let words = chunk.span.quote(&decoded.text).unwrap_or_default().trim();
            println!("{}", serde_json::to_string(&format!("{context}\n{words}"))?);
        }
    }
    Ok(())
}
