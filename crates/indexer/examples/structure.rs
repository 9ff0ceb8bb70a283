//! Writes what is read of each file of a folder as one JSON object a line, places as byte offsets: what
//! `benches/vaults.py` compares with a plain search of its own.
//!
//! Usage: structure FOLDER > LINES
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::path::Path;

use ibid_core::document::{Document, Link, LinkKind, PropertyValue};
use ibid_core::id::DocumentPath;
use ibid_core::links::{Names, is_address, part};
use ibid_indexer::extract::{BlockKind, Extracted, extract, is_media, reads, text_of};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args_os().nth(1).ok_or("usage: structure FOLDER")?;
    let files = files(Path::new(&root))?;
    let mut names = Names::default();
    files.iter().for_each(|(document, _)| names.add(document.path.as_str()));
    for (number, (document, _)) in files.iter().enumerate() {
        document.aliases.iter().for_each(|alias| names.add_alias(number as u32, alias));
    }
    for (document, structure) in &files {
        let led = |link: &Link| {
            let to = names.resolve(document.path.as_str(), &link.target);
            let to = to.map(|number| &files[number as usize].0);
            let has_part =
                to.zip(link.anchor.as_deref()).map(|(to, anchor)| part(to, u32::MAX, anchor).is_some());
            let is_wiki = link.kind == LinkKind::Wiki;
            let place = [link.span.start(), link.span.end()];
            json!({ "wiki": is_wiki, "embed": link.embed, "target": link.target, "anchor": link.anchor,
                "address": is_address(&link.target), "place": place,
                "to": to.map(|to| to.path.as_str()), "part": has_part })
        };
        let mut line = structure.clone();
        line["links"] = document.links.iter().map(led).collect();
        println!("{line}");
    }
    Ok(())
}

/// The files that a run of the indexer would read, in the order of their paths.
fn files(root: &Path) -> Result<Vec<(Document, Value)>, Box<dyn Error>> {
    let mut files = Vec::new();
    let walk = ignore::WalkBuilder::new(root).parents(false).git_global(false).git_exclude(false).build();
    for entry in walk {
        let entry = entry?;
        let path = DocumentPath::new(&entry.path().strip_prefix(root)?.to_string_lossy());
        let Some(path) = path.filter(reads) else { continue };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let bytes = if is_media(&path) { Vec::new() } else { std::fs::read(entry.path())? };
        let Ok(decoded) = text_of(&path, bytes) else { continue };
        let extracted = extract(&path, &decoded.text);
        let structure = structure(&extracted, decoded.decoded_from);
        files.push((extracted.document, structure));
    }
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    Ok(files)
}

fn structure(extracted: &Extracted, decoded_from: Option<&str>) -> Value {
    let Extracted { document, blocks, reading } = extracted;
    let starts = |kind: BlockKind| -> Vec<u32> {
        blocks.iter().filter(|block| block.kind == kind).map(|block| block.span.start()).collect()
    };
    let facts = |key: &str| -> Vec<(u32, &str)> {
        let told = reading.facts.iter().filter(|fact| fact.key == key);
        told.filter_map(|fact| match &fact.value {
            PropertyValue::Text(text) => Some((fact.span.start(), text.as_str())),
            _ => None,
        })
        .collect()
    };
    json!({
        "path": document.path.as_str(),
        "decoded_from": decoded_from,
        "title": document.title,
        "aliases": document.aliases,
        "tags": document.tags,
        "properties": document.properties.iter().map(|(key, _)| key).collect::<Vec<_>>(),
        "headings": document.headings.iter().map(|heading| heading.span.start()).collect::<Vec<_>>(),
        "block_ids": document.block_ids.iter().map(|id| (&id.name, id.span.start())).collect::<Vec<_>>(),
        "comments": reading.comments.iter().map(|span| (span.start(), span.end())).collect::<Vec<_>>(),
        "callouts": facts("callout"),
        "tasks": facts("task"),
        "tables": starts(BlockKind::TableHead),
        "code": starts(BlockKind::Code),
        "definitions": starts(BlockKind::Definition),
        "asides": reading.asides.iter().map(|aside| aside.counts_in.start()).collect::<Vec<_>>(),
    })
}
