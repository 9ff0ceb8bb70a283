//! What stands near a note, for people.

use std::io::{self, Write};

use ibid_search::related::{LinkedNote, Related};

use crate::failure::Failure;
use crate::output::{self, DIM, STRONG};
use crate::text::safe_line;

/// Prints each kind under its name; kinds with nothing are left out.
pub(crate) fn all(related: &Related) -> Result<(), Failure> {
    let mut out = output::out();
    write(&mut out, related)?;
    Ok(out.flush()?)
}

fn write(out: &mut impl Write, related: &Related) -> io::Result<()> {
    let nothing = related.links.is_empty()
        && related.backlinks.is_empty()
        && related.similar.is_empty()
        && related.dangling.is_empty();
    if nothing {
        return writeln!(out, "{}: no links, and nothing alike", safe_line(&related.title));
    }
    linked(out, "links to", &related.links)?;
    linked(out, "linked from", &related.backlinks)?;
    if !related.similar.is_empty() {
        writeln!(out, "{STRONG}alike{STRONG:#}")?;
    }
    for note in &related.similar {
        writeln!(out, "  {} ({:.2})", safe_line(&note.title), note.cosine)?;
        writeln!(out, "    {DIM}{}{DIM:#}", safe_line(&note.passage.to_string()))?;
    }
    if !related.dangling.is_empty() {
        writeln!(out, "{STRONG}leads nowhere{STRONG:#}")?;
    }
    for target in &related.dangling {
        writeln!(out, "  {}", safe_line(target))?;
    }
    Ok(())
}

fn linked(out: &mut impl Write, kind: &str, notes: &[LinkedNote]) -> io::Result<()> {
    if !notes.is_empty() {
        writeln!(out, "{STRONG}{kind}{STRONG:#}")?;
    }
    for note in notes {
        let embed = if note.embed { ", embedded" } else { "" };
        writeln!(out, "  {}{embed}", safe_line(&note.title))?;
        writeln!(out, "    {DIM}{}{DIM:#}", safe_line(&note.place.to_string()))?;
    }
    Ok(())
}
