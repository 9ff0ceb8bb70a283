//! What is indexed, for people.

use std::io::{self, Write};

use ibid_core::amount::{age, bytes, grouped, many};
use ibid_core::id::CollectionName;
use ibid_index::manifest::{Origin, SourceRecord};

use crate::command::status::{Contents, Status};
use crate::environment;
use crate::failure::Failure;
use crate::output::{self, DIM, STRONG};
use crate::text::safe_line;

/// How many skipped files are named; the report of the run named them all.
const MAX_SKIPPED_SHOWN: usize = 5;

/// Prints every collection, and where they lie.
pub(crate) fn collections(status: &Status) -> Result<(), Failure> {
    let mut out = output::out();
    for (name, contents) in &status.collections {
        writeln!(out, "{STRONG}{name}{STRONG:#}")?;
        match contents {
            Ok(contents) => collection(&mut out, name, contents)?,
            Err(Failure::NothingCommitted { .. }) => {
                let path = "`ibid index PATH`";
                writeln!(out, "  nothing yet: its first run is under way, or broke off and {path} goes on")?;
            }
            Err(failure) => {
                writeln!(out, "  cannot be opened")?;
                out.flush()?;
                failure.print();
            }
        }
        writeln!(out)?;
    }
    if status.collections.is_empty() {
        writeln!(out, "nothing is indexed yet; `ibid index PATH` indexes a folder of notes")?;
    }
    if let Some(server) = &status.server {
        writeln!(out, "{DIM}served at{DIM:#}  {}", safe_line(server))?;
    }
    writeln!(out, "{DIM}kept in{DIM:#}    {}", safe_line(&status.data_dir.to_string_lossy()))?;
    Ok(out.flush()?)
}

/// Where the documents come from, and which state of it was read.
fn source(line: &mut impl FnMut(&str, &str) -> io::Result<()>, source: &SourceRecord) -> io::Result<()> {
    let missing = if source.root.is_dir() { "" } else { " (not there now)" };
    let folder = format!("{}{missing}", source.root.display());
    match &source.origin {
        Origin::Folder => line("source", &folder),
        Origin::WorkingTree { commit, clean } => {
            line("source", &folder)?;
            let changes = if *clean { "" } else { ", with changes since" };
            line("commit", &format!("{commit}{changes}"))
        }
        Origin::Commit { revision, commit } => {
            line("source", &folder)?;
            line("commit", &format!("{commit}, which {revision} was"))
        }
        Origin::Web(web) => {
            line("source", &web.urls.join("  "))?;
            line("allowed", &web.domains.join("  "))?;
            line("pages", &format!("kept in {folder}, at most {}", web.max_pages))
        }
    }
}

fn collection(out: &mut impl Write, name: &CollectionName, contents: &Contents) -> io::Result<()> {
    let Contents { snapshot, bytes_on_disk, links, dangling_links } = contents;
    let manifest = snapshot.manifest();
    let mut line = |label: &str, words: &str| writeln!(out, "  {label:<8}  {}", safe_line(words));
    source(&mut line, &manifest.source)?;
    for (label, globs) in [("include", &manifest.source.include), ("exclude", &manifest.source.exclude)] {
        if !globs.is_empty() {
            line(label, &globs.join("  "))?;
        }
    }
    let (documents, chunks) = (many(snapshot.documents(), "document"), many(snapshot.chunks(), "chunk"));
    line("holds", &format!("{documents}, {}, {chunks}", bytes(snapshot.source_bytes())))?;
    if links + dangling_links > 0 {
        let (lead, nowhere) = (grouped(*links), grouped(*dangling_links));
        line("links", &format!("{lead} to documents, {nowhere} that lead nowhere"))?;
    }
    let age = age(manifest.indexed_at, environment::now());
    line(
        "index",
        &format!("{} on disk, generation {}, indexed {age}", bytes(*bytes_on_disk), manifest.generation),
    )?;
    match &manifest.model {
        Some(model) => {
            line("model", &format!("{}, {} dimensions, by {}", model.name, model.dimensions, model.engine))?
        }
        None => line("model", "none: searched by words alone")?,
    }
    if manifest.model_beyond().is_some() {
        line("", "texts leave this machine on their way to it")?;
        if !manifest.withheld.is_empty() {
            let (private, words) = ("private notes do not", "and are found by words alone");
            line("", &format!("{private} ({}), {words}", manifest.withheld.join(" ")))?;
        }
    }
    if let Some(damage) = snapshot.damage() {
        let (file, state) = (damage.file_name(), damage.state());
        line("vectors", &format!("{file} {state}: searched by words alone"))?;
        line("", &format!("`ibid index --name {name} --rebuild` makes them anew"))?;
    }
    if snapshot.chunks_without_vector() > 0 {
        line("vectors", &format!("{} have none", many(snapshot.chunks_without_vector(), "chunk")))?;
    }
    if manifest.pending > 0 {
        let pending = many(manifest.pending, "file");
        line("pending", &format!("{pending} not read yet; `ibid index --name {name}` goes on"))?;
    }
    if manifest.skipped_count > 0 {
        line("skipped", &many(manifest.skipped_count, "file"))?;
        let shown = manifest.skipped.iter().take(MAX_SKIPPED_SHOWN);
        shown.clone().try_for_each(|one| line("", &format!("{}: {}", one.path, one.reason)))?;
        let rest = manifest.skipped_count.saturating_sub(shown.len() as u64);
        if rest > 0 {
            line("", &format!("and {} more", grouped(rest)))?;
        }
    }
    Ok(())
}
