//! The closing report of a run of the indexer, for people.

use std::io::{self, Write};

use ibid_core::amount::{bytes, grouped, many};
use ibid_embed::BundledModel;
use ibid_indexer::{Report, StageSeconds};

use crate::command::index::{ChosenModel, Indexed};
use crate::failure::Failure;
use crate::output::{self, DIM, STRONG};
use crate::text::{duration, safe_line};

/// How many kinds of files that are not read are named.
const MAX_OTHER_KINDS: usize = 8;

/// Prints what a run did.
pub(crate) fn report(indexed: &Indexed) -> Result<(), Failure> {
    let mut out = output::out();
    write_report(&mut out, indexed)?;
    Ok(out.flush()?)
}

fn write_report(out: &mut impl Write, indexed: &Indexed) -> io::Result<()> {
    let Indexed { name, source, report, folder, bytes_on_disk, chosen, beyond } = indexed;
    let (documents, chunks) = (many(report.documents, "document"), many(report.chunks, "chunk"));
    let source = safe_line(source);
    writeln!(out, "{STRONG}{name}{STRONG:#}: {documents}, {chunks}, from {source}")?;
    writeln!(out, "  documents {}", changes(report))?;
    writeln!(
        out,
        "  chunks    {} embedded, {} reused",
        grouped(report.embedded as u64),
        grouped(report.reused as u64)
    )?;
    if let Some(chosen) = chosen {
        writeln!(out, "  model     {}", why(chosen))?;
    }
    if let Some(model) = beyond {
        let said = safe_line(&format!("{}, {}: texts leave this machine", model.name, model.engine));
        writeln!(out, "  model     {said}")?;
    }
    writeln!(out, "  time      {}", time(report))?;
    writeln!(out, "  stages    {}", stages(report))?;
    let others = others(report);
    if !others.is_empty() {
        writeln!(out, "  not read  {}", safe_line(&others))?;
    }
    if !report.skipped.is_empty() {
        writeln!(out, "  skipped   {}", many(report.skipped.len() as u64, "file"))?;
        for skipped in &report.skipped {
            writeln!(out, "    {}: {}", safe_line(&skipped.path), safe_line(&skipped.reason.to_string()))?;
        }
    }
    let folder = safe_line(&folder.to_string_lossy());
    writeln!(out, "  index     {folder}, {}, generation {}", bytes(*bytes_on_disk), report.generation)
}

/// Which model the notes chose, and by what.
fn why(ChosenModel { name, survey }: &ChosenModel) -> String {
    let other = BundledModel::ALL.into_iter().find(|model| model.name() != name);
    let other = other.map_or_else(String::new, |model| format!("; --model {} takes the other", model.word()));
    match survey.share_of_english() {
        Some(share) => {
            format!("{name}: {:.0} % of the text looked at is in English{other}", (100.0 * share).floor())
        }
        None => format!("{name}: the notes are too short to tell their language{other}"),
    }
}

/// How far a run is that was stopped, and that `command` goes on.
pub(crate) fn stopped(report: &Report, command: &str) -> String {
    let (all, missing) = (report.chunks, report.without_vector);
    match missing {
        0 => format!("stopped when all {} were embedded", many(all, "chunk")),
        _ => {
            let embedded = grouped(all.saturating_sub(missing));
            format!("stopped: {embedded} of {} embedded; run `{command}` to go on", many(all, "chunk"))
        }
    }
}

/// Prints the command to type next.
pub(crate) fn next_step() -> Result<(), Failure> {
    writeln!(output::out(), "{DIM}now ask:{DIM:#} ibid search 'your question'")?;
    Ok(())
}

/// What became of the documents.
pub(crate) fn changes(report: &Report) -> String {
    let counts = [
        (report.added, "added"),
        (report.changed, "changed"),
        (report.renamed, "renamed"),
        (report.removed, "removed"),
        (report.unchanged, "unchanged"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, what)| format!("{} {what}", grouped(*count as u64))).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn time(report: &Report) -> String {
    let seconds = report.seconds.total;
    let total = if seconds < 60.0 { format!("{seconds:.1} s") } else { duration(seconds as u64) };
    match report.bytes_read {
        0 => total,
        read => format!("{total} for {}, {}/s", bytes(read), bytes((read as f64 / seconds) as u64)),
    }
}

fn stages(report: &Report) -> String {
    let StageSeconds { walk, read, embed, write, tidy, .. } = report.seconds;
    format!(
        "walk {walk:.1} s, read {read:.1} s, embed {embed:.1} s, write {write:.1} s, tidy {tidy:.1} s (read and embed \
         summed over threads)"
    )
}

fn others(report: &Report) -> String {
    let name = |extension: &str| match extension {
        "" => "without extension".to_owned(),
        extension => format!(".{extension}"),
    };
    let first = report.other_files.iter().take(MAX_OTHER_KINDS);
    let mut kinds: Vec<String> =
        first.map(|(extension, count)| format!("{} {}", grouped(*count as u64), name(extension))).collect();
    let rest: usize = report.other_files.iter().skip(MAX_OTHER_KINDS).map(|(_, count)| count).sum();
    if rest > 0 {
        kinds.push(format!("{} of other kinds", grouped(rest as u64)));
    }
    kinds.join(", ")
}

#[cfg(test)]
mod tests {
    use ibid_indexer::{SkipReason, Skipped, Survey};

    use super::*;

    #[test]
    fn a_run_that_was_stopped_says_how_far_it_is() {
        let said = |chunks, without_vector| {
            stopped(&Report { chunks, without_vector, ..Report::default() }, "ibid index")
        };
        assert_eq!(said(2_012, 1_161), "stopped: 851 of 2,012 chunks embedded; run `ibid index` to go on");
        assert_eq!(said(2_012, 0), "stopped when all 2,012 chunks were embedded");
    }

    #[test]
    fn a_report_names_every_file_that_was_skipped() {
        let skipped = |path: &str| Skipped { path: path.to_owned(), reason: SkipReason::NotText };
        let report = Report {
            generation: 2,
            added: 3,
            unchanged: 1_200,
            documents: 1_203,
            chunks: 9_000,
            embedded: 12,
            reused: 1,
            bytes_read: 2_000_000,
            skipped: vec![skipped("a.md"), skipped("b\u{1b}.md")],
            other_files: (0..10).map(|at| (format!("x{at}"), 10 - at)).collect(),
            seconds: StageSeconds { total: 4.0, ..StageSeconds::default() },
            ..Report::default()
        };
        let indexed = Indexed {
            name: "garden".parse().unwrap(),
            source: "/notes".into(),
            report,
            folder: "/data/collections/garden".into(),
            bytes_on_disk: 3_400_000,
            chosen: Some(ChosenModel {
                name: "multilingual-e5-small".to_owned(),
                survey: Survey { english: 849, told: 1_000 },
            }),
            beyond: None,
        };
        let mut out = Vec::new();
        write_report(&mut out, &indexed).unwrap();
        let shown = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        let wanted = "\
garden: 1,203 documents, 9,000 chunks, from /notes
  documents 3 added, 1,200 unchanged
  chunks    12 embedded, 1 reused
  model     multilingual-e5-small: 84 % of the text looked at is in English; --model english takes the other
  time      4.0 s for 2.0 MB, 500.0 kB/s
  stages    walk 0.0 s, read 0.0 s, embed 0.0 s, write 0.0 s, tidy 0.0 s (read and embed summed over threads)
  not read  10 .x0, 9 .x1, 8 .x2, 7 .x3, 6 .x4, 5 .x5, 4 .x6, 3 .x7, 3 of other kinds
  skipped   2 files
    a.md: not a text
    b␛.md: not a text
  index     /data/collections/garden, 3.4 MB, generation 2
";
        assert_eq!(shown, wanted);
    }
}
