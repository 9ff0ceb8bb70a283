//! What was measured, for people: a line for each mode, intervals where there is room, times, and what changed since an
//! earlier run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ibid_core::amount::{grouped, many};
use ibid_core::query::{DEFAULT_LIMIT, DEFAULT_PER_DOCUMENT, Mode};
use ibid_measure::bootstrap::{Interval, LEVEL_PER_MILLE, RESAMPLES};
use ibid_measure::compare::{Change, Comparison};
use ibid_measure::metrics::Measure;
use ibid_measure::record::{ModeRecord, Record, Reranked};

use crate::failure::Failure;
use crate::output::{self, DIM, STRONG};
use crate::print::table::{Align, Form, GAP, table};
use crate::text::safe_line;
use crate::text::wrap::wrap;

/// How many questions that changed are shown of each mode; `--json` has all of them.
const MAX_CHANGED_SHOWN: usize = 6;

/// Below so many columns the intervals are left out: they make the widest table this wide.
const WIDTH_WITH_INTERVALS: usize = 80;

/// Prints everything that was measured over an index of so many documents.
pub(crate) fn record(record: &Record, documents: u64) -> Result<(), Failure> {
    let mut out = output::out();
    write_record(&mut out, record, documents, output::width())?;
    Ok(out.flush()?)
}

fn write_record(out: &mut impl Write, record: &Record, documents: u64, width: usize) -> io::Result<()> {
    let modes = in_order(&record.modes);
    let questions = many(record.per_question.len() as u64, "question");
    let name = safe_line(&record.dataset);
    writeln!(out, "{STRONG}{name}{STRONG:#}: {questions} over {}\n", many(documents, "document"))?;
    let with_intervals = width >= WIDTH_WITH_INTERVALS;
    means(out, &modes, &Measure::OF_DOCUMENTS, with_intervals)?;
    let has_spans = modes.iter().any(|(_, mode)| mode.mean(Measure::AnswerBytes1).is_some());
    if has_spans {
        writeln!(out)?;
        means(out, &modes, &Measure::OF_SPANS, with_intervals)?;
    }
    writeln!(out)?;
    times(out, &modes)?;
    writeln!(out)?;
    if with_intervals {
        let (level, resamples) = (LEVEL_PER_MILLE / 10, grouped(RESAMPLES as u64));
        writeln!(
            out,
            "{DIM}± half the {level} % interval, over {resamples} resamples of the questions{DIM:#}"
        )?;
    }
    let also = if has_spans { " and answer bytes" } else { "" };
    writeln!(
        out,
        "{DIM}times{also} as everyone asks: {DEFAULT_LIMIT} hits, {DEFAULT_PER_DOCUMENT} in a note; in process, warm{DIM:#}"
    )?;
    for note in &record.notes {
        writeln!(out, "note: {}", safe_line(note))?;
    }
    if let Some(with) = &record.reranked {
        reranked(out, with, width)?;
    }
    match &record.against {
        Some(comparison) => against(out, "against the earlier run", comparison, width),
        None => Ok(()),
    }
}

/// What a reranker gains and what it costs.
fn reranked(out: &mut impl Write, with: &Reranked, width: usize) -> io::Result<()> {
    against(out, &format!("with {}", safe_line(&with.reranker)), &with.gain, width)?;
    writeln!(out)?;
    times(out, &in_order(&with.modes))
}

/// What there is of each mode, in the usual order.
fn in_order<T>(of: &BTreeMap<String, T>) -> Vec<(&'static str, &T)> {
    Mode::NAMES.iter().filter_map(|(name, _)| Some((*name, of.get(*name)?))).collect()
}

/// How people know a measure.
fn heading(measure: Measure) -> &'static str {
    match measure {
        Measure::Ndcg5 => "nDCG@5",
        Measure::Ndcg10 => "nDCG@10",
        Measure::Mrr10 => "MRR@10",
        Measure::AnswerPointed1 => "pointed@1",
        Measure::AnswerBytes1 => "answer bytes@1",
        Measure::AnswerBytes3 => "answer bytes@3",
        Measure::AnswerBytes5 => "answer bytes@5",
        Measure::AnswerShare5 => "share@5",
        Measure::Hit1 | Measure::Recall10 | Measure::Recall100 => measure.name(),
    }
}

fn means(
    out: &mut impl Write,
    modes: &[(&str, &ModeRecord)],
    measures: &[Measure],
    with_intervals: bool,
) -> io::Result<()> {
    let cell = |mode: &ModeRecord, measure: Measure| match mode.mean(measure) {
        None => "–".to_owned(),
        Some((mean, interval)) if with_intervals => format!("{} ±{}", share(mean), half(interval)),
        Some((mean, _)) => share(mean),
    };
    let headings: Vec<_> = measures.iter().map(|measure| heading(*measure)).collect();
    let row = |(name, mode): &(&str, &ModeRecord)| {
        ((*name).to_owned(), measures.iter().map(|measure| cell(mode, *measure)).collect())
    };
    table(out, of_modes(Align::Left), &headings, &modes.iter().map(row).collect::<Vec<_>>())
}

fn times(out: &mut impl Write, modes: &[(&str, &ModeRecord)]) -> io::Result<()> {
    let cell = |mode: &ModeRecord, name: &str| format!("{:.1}", mode.measures.get(name).unwrap_or(&0.0));
    let row = |(name, mode): &(&str, &ModeRecord)| {
        ((*name).to_owned(), ["p50_ms", "p95_ms", "p99_ms"].map(|name| cell(mode, name)).to_vec())
    };
    let rows: Vec<_> = modes.iter().map(row).collect();
    table(out, of_modes(Align::Right), &["p50 ms", "p95 ms", "p99 ms"], &rows)
}

fn against(out: &mut impl Write, what: &str, comparison: &Comparison, width: usize) -> io::Result<()> {
    writeln!(out, "\n{STRONG}{what}{STRONG:#}, by nDCG@10\n")?;
    let in_order = || in_order(&comparison.modes).into_iter();
    let headings = ["before", "now", "difference", "p", "better", "worse", "equal"];
    let rows = in_order().map(|(name, mode)| {
        let [low, high] = mode.ci.map(signed);
        let counts = [mode.better, mode.worse, mode.equal].map(|count| grouped(count as u64));
        let mut cells = vec![share(mode.before), share(mode.now)];
        cells.push(format!("{} [{low}, {high}]", signed(mode.difference)));
        cells.push(if mode.p < 0.001 { "<.001".to_owned() } else { share(mode.p) });
        cells.extend(counts);
        (name.to_owned(), cells)
    });
    table(out, of_modes(Align::Left), &headings, &rows.collect::<Vec<_>>())?;
    for (name, mode) in in_order().filter(|(_, mode)| !mode.changed.is_empty()) {
        let shown = mode.changed.len().min(MAX_CHANGED_SHOWN);
        let of = if shown < mode.changed.len() {
            format!(", {shown} of {}", grouped(mode.changed.len() as u64))
        } else {
            String::new()
        };
        writeln!(out, "\nchanged most, {name}{of}")?;
        mode.changed.iter().take(shown).try_for_each(|change| changed(out, change, width))?;
    }
    Ok(())
}

fn changed(out: &mut impl Write, change: &Change, width: usize) -> io::Result<()> {
    let head = format!("{GAP}{:>4} → {:<4}{GAP}", share(change.before), share(change.now));
    let words = format!("{} {}", change.id, change.question);
    let mut lines = wrap(&words, &[], width.saturating_sub(head.chars().count() + " …".len())).into_iter();
    let first: String = lines.next().into_iter().flatten().map(|run| run.text).collect();
    let more = if lines.next().is_some() { " …" } else { "" };
    writeln!(out, "{head}{first}{more}")
}

/// How a table with a row for each mode looks.
fn of_modes(align: Align) -> Form {
    let min_width = Mode::NAMES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    Form { indent: "", corner: "", min_width, align }
}

/// A number from 0 to 1 in four columns: `.398`, `1.00`.
fn share(value: f64) -> String {
    let shown = format!("{value:.3}");
    shown.strip_prefix('0').map_or_else(|| format!("{value:.2}"), str::to_owned)
}

fn half(interval: Interval) -> String {
    share(interval.half_width())
}

/// A difference with its sign: `+.008`, `−.012`, `.000`.
fn signed(value: f64) -> String {
    let shown = share(value.abs());
    match shown.as_str() {
        ".000" => shown,
        _ if value < 0.0 => format!("−{shown}"),
        _ => format!("+{shown}"),
    }
}

#[cfg(test)]
mod tests {
    use ibid_measure::compare::ModeComparison;
    use ibid_measure::record::QuestionRecord;

    use super::*;

    fn mode(mean: f64, spans: bool) -> ModeRecord {
        let with_spans = if spans { &Measure::OF_SPANS[..] } else { &[] };
        let measures: Vec<Measure> = Measure::OF_DOCUMENTS.iter().chain(with_spans).copied().collect();
        let name = |measure: &Measure| measure.name().to_owned();
        let mut means: BTreeMap<_, _> = measures.iter().map(|measure| (name(measure), mean)).collect();
        for (name, time) in [("p50_ms", 3.21), ("p95_ms", 10.0), ("p99_ms", 120.04)] {
            means.insert(name.to_owned(), time);
        }
        let ci = measures.iter().map(|measure| (name(measure), [mean - 0.02, mean + 0.03])).collect();
        ModeRecord { measures: means, ci, questions: 1 }
    }

    fn record_of(modes: &[(&str, ModeRecord)]) -> Record {
        let question = QuestionRecord { question: "how wet is rye?".to_owned(), modes: BTreeMap::new() };
        Record {
            dataset: "kitchen".to_owned(),
            modes: modes.iter().map(|(name, mode)| ((*name).to_owned(), mode.clone())).collect(),
            per_question: BTreeMap::from([("q1".to_owned(), question)]),
            notes: vec!["2 questions\u{1b} without".to_owned()],
            reranked: None,
            against: None,
        }
    }

    #[track_caller]
    fn check(record: &Record, width: usize, shown: &str) {
        let mut out = Vec::new();
        write_record(&mut out, record, 1_400, width).unwrap();
        let made = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        assert_eq!(made, shown, "{made}");
        assert!(made.lines().all(|line| line.chars().count() <= width.max(80)), "{made}");
    }

    #[test]
    fn each_mode_has_a_line_and_intervals_where_there_is_room() {
        let record = record_of(&[("semantic", mode(1.0, true)), ("hybrid", mode(0.5, true))]);
        check(
            &record,
            80,
            "\
kitchen: 1 question over 1,400 documents

          nDCG@5      nDCG@10     MRR@10      hit@1       recall@10   recall@100
hybrid    .500 ±.025  .500 ±.025  .500 ±.025  .500 ±.025  .500 ±.025  .500 ±.025
semantic  1.00 ±.025  1.00 ±.025  1.00 ±.025  1.00 ±.025  1.00 ±.025  1.00 ±.025

          pointed@1   answer bytes@1  answer bytes@3  answer bytes@5  share@5
hybrid    .500 ±.025  .500 ±.025      .500 ±.025      .500 ±.025      .500 ±.025
semantic  1.00 ±.025  1.00 ±.025      1.00 ±.025      1.00 ±.025      1.00 ±.025

          p50 ms  p95 ms  p99 ms
hybrid       3.2    10.0   120.0
semantic     3.2    10.0   120.0

± half the 95 % interval, over 2,000 resamples of the questions
times and answer bytes as everyone asks: 10 hits, 2 in a note; in process, warm
note: 2 questions␛ without
",
        );
    }

    #[test]
    fn a_narrow_terminal_gets_no_intervals() {
        check(
            &record_of(&[("lexical", mode(0.0, false))]),
            70,
            "\
kitchen: 1 question over 1,400 documents

          nDCG@5  nDCG@10  MRR@10  hit@1  recall@10  recall@100
lexical   .000    .000     .000    .000   .000       .000

          p50 ms  p95 ms  p99 ms
lexical      3.2    10.0   120.0

times as everyone asks: 10 hits, 2 in a note; in process, warm
note: 2 questions␛ without
",
        );
    }

    #[test]
    fn a_comparison_names_the_questions_that_changed_most() {
        let change = |id: &str, before: f64, now: f64| Change {
            id: id.to_owned(),
            question: "how wet is the dough of rye bread when it has stood overnight in a cold kitchen?"
                .to_owned(),
            before,
            now,
        };
        let hybrid = ModeComparison {
            before: 0.39,
            now: 0.398,
            difference: 0.008,
            ci: [-0.002, 0.018],
            p: 0.1204,
            better: 1_031,
            worse: 28,
            equal: 166,
            changed: (0..7).map(|at| change(&format!("q{at}"), 0.0, 1.0)).collect(),
        };
        let mut out = Vec::new();
        let modes = BTreeMap::from([("hybrid".to_owned(), hybrid)]);
        let comparison = Comparison { dataset: "kitchen".to_owned(), modes, only_before: 0, only_now: 0 };
        against(&mut out, "against the earlier run", &comparison, 60).unwrap();
        let made = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        let (tables, changes) = made.split_once("changed most").unwrap();
        assert_eq!(
            tables,
            "
against the earlier run, by nDCG@10

          before  now   difference            p     better  worse  equal
hybrid    .390    .398  +.008 [−.002, +.018]  .120  1,031   28     166

"
        );
        assert!(
            changes.starts_with(", hybrid, 6 of 7\n  .000 → 1.00  q0 how wet is the dough of"),
            "{changes}"
        );
        assert!(changes.lines().skip(1).all(|line| line.ends_with(" …") && line.chars().count() <= 60));
    }
}
