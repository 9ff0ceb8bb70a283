//! What was measured, for people: a table for each part. Numbers keep three digits; the rest is noise.

use std::io::{self, Write};
use std::path::Path;

use ibid_core::amount::{bytes, grouped, many};
use ibid_indexer::Report;
use ibid_measure::cold_start::{ColdStart, Starts};
use ibid_measure::indexing::{Indexed, per_second};
use ibid_measure::latency::Latency;
use ibid_measure::load::Point;
use ibid_measure::memory::{CLIENTS, Memory, Resident};
use ibid_measure::questions::{Origin, Questions, WORDS};
use ibid_measure::recall::{FILTERS, Found, NEIGHBOURS, NOTES_PER_FILTERED, Recall};

use crate::command::bench::{Bench, InProcess, Measured, Parts};
use crate::failure::Failure;
use crate::output::{self, DIM, DOUBTFUL, STRONG};
use crate::print::table::{Align, Form, table};
use crate::text::safe_line;

/// The headings of [`times`].
const PERCENTILES: [&str; 3] = ["p50 ms", "p95 ms", "p99 ms"];

/// Prints every part that was measured, and where the plot is.
pub(crate) fn bench(bench: &Bench, plot: Option<&Path>) -> Result<(), Failure> {
    let mut out = output::out();
    write_bench(&mut out, bench)?;
    if let Some(plot) = plot {
        writeln!(out, "\n{DIM}plot{DIM:#}  {}", safe_line(&plot.to_string_lossy()))?;
    }
    Ok(out.flush()?)
}

fn write_bench(out: &mut impl Write, bench: &Bench) -> io::Result<()> {
    let (snapshot, cores) = (&bench.snapshot, many(bench.cores as u64, "core"));
    let (documents, chunks) = (many(snapshot.documents(), "document"), many(snapshot.chunks(), "chunk"));
    let model = snapshot.manifest().model.as_ref().map_or("no model", |model| model.name.as_str());
    let name = snapshot.name();
    writeln!(out, "{STRONG}{name}{STRONG:#}: {documents}, {chunks}, {}, {cores}", safe_line(model))?;
    writeln!(out, "{}", asked(&bench.questions))?;
    if cfg!(debug_assertions) {
        writeln!(out, "{DOUBTFUL}a debug build{DOUBTFUL:#}: our own code is slower than in a release build")?;
    }
    let Parts { latency, http, start, memory, index, recall } = &bench.parts;
    if let Some(latency) = latency {
        write_latency(out, bench, latency)?;
    }
    if let Some(points) = http {
        write_points(out, &format!("through HTTP on loopback, {}", bench.mode.name()), points)?;
    }
    if let Some(start) = start {
        write_start(out, start)?;
    }
    write_part(out, "memory of a server", memory.as_ref(), write_memory)?;
    write_part(out, "indexing again, into a temporary folder", index.as_ref(), write_index)?;
    let title = format!("nearest {NEIGHBOURS} of a question, against every float");
    write_part(out, &title, recall.as_ref(), write_recall)
}

fn write_part<T, W: Write>(
    out: &mut W,
    title: &str,
    part: Option<&Measured<T>>,
    write: fn(&mut W, &T) -> io::Result<()>,
) -> io::Result<()> {
    let Some(part) = part else { return Ok(()) };
    writeln!(out, "\n{STRONG}{title}{STRONG:#}")?;
    match part {
        Measured::Done(part) => write(out, part),
        Measured::Skipped(reason) => writeln!(out, "  {}", safe_line(reason)),
    }
}

fn asked(questions: &Questions) -> String {
    let count = many(questions.list.len() as u64, "cold question");
    match questions.origin {
        Origin::Given => format!("{count}, given"),
        Origin::Drawn { titles, headings, runs } => format!(
            "{count} of {} to {} words, drawn from the notes: {}, {}, {}",
            WORDS.0,
            WORDS.1,
            many(titles as u64, "title"),
            many(headings as u64, "heading"),
            if runs == 1 {
                "1 run of words".to_owned()
            } else {
                format!("{} runs of words", grouped(runs as u64))
            },
        ),
    }
}

fn write_latency(out: &mut impl Write, bench: &Bench, latency: &InProcess) -> io::Result<()> {
    let beside = &latency.side_by_side;
    writeln!(out, "\n{STRONG}in process, one at a time, in turn{STRONG:#}")?;
    let alone = beside.embedding.iter().map(|embedding| ("embedding alone", embedding));
    let modes = beside.modes.iter().map(|(mode, latency)| (mode.name(), latency));
    let rows: Vec<_> =
        alone.chain(modes).map(|(what, latency)| (what.to_owned(), times(latency).to_vec())).collect();
    table(out, numbers(""), &PERCENTILES, &rows)?;
    if let Some(ratio) = beside.hybrid_over_embedding {
        writeln!(out, "  hybrid is {ratio:.2} times embedding alone, by the medians")?;
    }
    write_points(out, &format!("in process, {}", bench.mode.name()), &latency.points)
}

fn write_points(out: &mut impl Write, title: &str, points: &[Point]) -> io::Result<()> {
    writeln!(out, "\n{STRONG}{title}{STRONG:#}")?;
    let row = |point: &Point| {
        let mut cells = times(&point.latency).to_vec();
        cells.extend([short(point.per_second), grouped(point.latency.count as u64)]);
        (point.concurrency.to_string(), cells)
    };
    let headings = [&PERCENTILES[..], &["questions/s", "asked"]].concat();
    table(out, numbers("at once"), &headings, &points.iter().map(row).collect::<Vec<_>>())
}

fn write_start(out: &mut impl Write, start: &ColdStart) -> io::Result<()> {
    writeln!(out, "\n{STRONG}cold start, {} times each{STRONG:#}", grouped(start.search.count as u64))?;
    let row = |what: &str, starts: &Starts| {
        (what.to_owned(), [starts.best, starts.median, starts.worst].map(short).to_vec())
    };
    let rows = [
        row("server, first HTTP response", &start.first_response),
        row("server, first answered question", &start.first_answer),
        row("ibid search, start to end", &start.search),
    ];
    table(out, numbers(""), &["best ms", "median ms", "worst ms"], &rows)
}

fn write_memory(out: &mut impl Write, memory: &Memory) -> io::Result<()> {
    let mut line = |what: &str, resident: &Resident| {
        let (total, own, peak) = (bytes(resident.total), bytes(resident.own), bytes(resident.peak));
        writeln!(out, "  {what:<24}{total:>10} resident, of it {own} its own; peak {peak}")
    };
    line("idle, model loaded", &memory.idle)?;
    line(&format!("after {}", many(memory.questions as u64, "question")), &memory.asked)?;
    writeln!(out, "  {DIM}asked by {}{DIM:#}", many(CLIENTS as u64, "client"))
}

fn write_index(out: &mut impl Write, indexed: &Indexed) -> io::Result<()> {
    let words = &indexed.words;
    let seconds = words.seconds.total.max(f64::MIN_POSITIVE);
    writeln!(
        out,
        "  words alone       {} in {}: {}/s, {} chunks/s",
        bytes(words.bytes_read),
        spent(words.seconds.total),
        bytes((words.bytes_read as f64 / seconds) as u64),
        short(per_second(words.chunks as usize, seconds))
    )?;
    writeln!(out, "                    {}", stages(words))?;
    let Some(vectors) = &indexed.vectors else { return Ok(()) };
    let (speed, bare) = (vectors.chunks_per_second(), vectors.bare_chunks_per_second());
    writeln!(
        out,
        "  words and vectors {} of {} files, {} in {}: {} chunks/s",
        grouped(vectors.files as u64),
        grouped(vectors.files_in_all as u64),
        many(vectors.report.embedded as u64, "chunk"),
        spent(vectors.report.seconds.total),
        short(speed)
    )?;
    writeln!(out, "                    {}", stages(&vectors.report))?;
    let share = if bare > 0.0 { 100.0 * speed / bare } else { 0.0 };
    writeln!(
        out,
        "  the model alone   {} chunks/s over the same words; indexing keeps {share:.0} % of it",
        short(bare)
    )
}

fn stages(report: &Report) -> String {
    let seconds = &report.seconds;
    let [walk, read, embed, write, tidy] =
        [seconds.walk, seconds.read, seconds.embed, seconds.write, seconds.tidy].map(spent);
    format!("walk {walk}, read {read}, embed {embed}, write {write}, tidy {tidy}")
}

fn write_recall(out: &mut impl Write, recall: &Recall) -> io::Result<()> {
    let row = |what: String, found: &Found| {
        let mut cells = vec![format!("{:.4}", found.recall), format!("{:.2}", found.worst)];
        cells.push(grouped(found.rows.round() as u64));
        cells.extend([found.index.p50, found.every_float.p50].map(short));
        (what, cells)
    };
    let rows = [
        row("all notes".to_owned(), &recall.all),
        row(format!("1 note in {NOTES_PER_FILTERED}"), &recall.filtered),
    ];
    table(out, numbers(""), &["recall", "worst", "vectors", "index ms", "every float ms"], &rows)?;
    let by = if recall.has_graph { "by a graph" } else { "by a scan" };
    let (all, filtered) = (recall.all.questions, recall.filtered.questions);
    let asked = many(all as u64, "question");
    writeln!(out, "  {DIM}{by}; {asked}, and {filtered} over {FILTERS} filters in turn{DIM:#}")
}

/// How a table of numbers looks.
fn numbers(corner: &'static str) -> Form {
    Form { indent: "  ", corner, min_width: 16, align: Align::Right }
}

/// The three percentiles.
fn times(latency: &Latency) -> [String; 3] {
    [latency.p50, latency.p95, latency.p99].map(short)
}

/// Three digits of a number.
fn short(number: f64) -> String {
    match number {
        1000.0.. => grouped(number.round() as u64),
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        1.0.. => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// A time that passed, in the unit that suits it.
fn spent(seconds: f64) -> String {
    match seconds {
        1.0.. => format!("{} s", short(seconds)),
        _ => format!("{} ms", short(seconds * 1000.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        for (number, shown) in [
            (0.0, "0.000"),
            (0.0213, "0.021"),
            (3.456, "3.46"),
            (34.56, "34.6"),
            (345.6, "346"),
            (3_456.0, "3,456"),
        ] {
            assert_eq!(short(number), shown);
        }
        for (seconds, shown) in [(0.0021, "2.10 ms"), (0.5, "500 ms"), (12.34, "12.3 s")] {
            assert_eq!(spent(seconds), shown);
        }
    }

    #[test]
    fn the_questions_are_told_with_their_origin() {
        let questions =
            |list: &[&str], origin| Questions { list: list.iter().map(|&q| q.to_owned()).collect(), origin };
        assert_eq!(asked(&questions(&["a b"], Origin::Given)), "1 cold question, given");
        assert_eq!(
            asked(&questions(&["a b", "c d"], Origin::Drawn { titles: 1, headings: 0, runs: 1 })),
            "2 cold questions of 2 to 8 words, drawn from the notes: 1 title, 0 headings, 1 run of words"
        );
    }
}
