//! Judges a constant of ranking from the records of runs with its values: `tune FOLDER MODE MEASURE NAME VALUE…`, where
//! `FOLDER/SET/VALUE.json` is what `ibid measure --with NAME=VALUE --json` printed of each set. `make tune` makes them.
//! Without arguments it lists the constants with today's values.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use ibid_core::ranking::Constant;
use ibid_measure::metrics::mean;
use ibid_measure::record::Record;
use ibid_measure::tune::{Judged, Set, judge, set};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.is_empty() {
        Constant::ALL.iter().for_each(|constant| println!("{} {}", constant.name, constant.default_value()));
        return Ok(());
    }
    let [folder, mode, measure, name, values @ ..] = &args[..] else {
        return Err("usage: tune FOLDER MODE MEASURE NAME VALUE…".into());
    };
    let constant = Constant::named(name).ok_or("there is no such constant")?;
    let is_today = |value: &String| value.parse() == Ok(constant.default_value());
    let today = values.iter().position(is_today).ok_or("today's value is not among them")?;
    let mut folders: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    let mut sets: Vec<Set> = Vec::new();
    for of_set in folders {
        let read = |value: &String| scores(&of_set.path(), value, mode, measure);
        let scores: Vec<_> = values.iter().map(read).collect::<Result<_, _>>()?;
        sets.extend(set(&of_set.file_name().to_string_lossy(), &scores));
    }
    let judged = judge(&sets, today).ok_or("there are fewer than two sets with this measure")?;
    println!("{name}: {measure}, {mode}; * is today's value\n");
    print(&sets, values, today, &judged);
    let verdict = if judged.is_to_change() { &*values[judged.chosen] } else { "stays" };
    println!("{name}: {verdict}");
    Ok(())
}

fn print(sets: &[Set], values: &[String], today: usize, judged: &Judged) {
    let head = |(at, value): (usize, &String)| format!("{value}{}", if at == today { "*" } else { "" });
    let line = |name: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>9}")).collect();
        format!("{name:<24}{cells}")
    };
    println!("{}   without it the others choose", line("", values.iter().enumerate().map(head).collect()));
    for (set, left_out) in sets.iter().zip(&judged.sets) {
        let means = set.scores.iter().map(|scores| format!("{:.4}", mean(scores)));
        println!(
            "{}   {:<6} {:+.4} [{:+.4}, {:+.4}]{}",
            line(&set.name, means.collect()),
            values[left_out.chosen],
            left_out.difference(),
            left_out.interval.low,
            left_out.interval.high,
            if left_out.falls() { " falls" } else { "" }
        );
    }
    let of_value = |value: usize| mean(&sets.iter().map(|set| mean(&set.scores[value])).collect::<Vec<_>>());
    let means = (0..values.len()).map(|value| format!("{:.4}", of_value(value)));
    let all = line("mean of the sets", means.collect());
    println!("{all}   {:<6} {:+.4} over the left-out sets", values[judged.chosen], judged.mean());
    if let Some(worst) = judged.worst() {
        println!("worst: {} {:+.4}", worst.name, worst.difference());
    }
}

/// The measure of each question in one record; empty where the set does not have it.
fn scores(
    folder: &Path,
    value: &str,
    mode: &str,
    measure: &str,
) -> Result<BTreeMap<String, f64>, Box<dyn Error>> {
    let record = Record::read(&folder.join(format!("{value}.json")))?;
    let score = |(id, question): (String, ibid_measure::record::QuestionRecord)| {
        Some((id, *question.modes.get(mode)?.get(measure)?))
    };
    Ok(record.per_question.into_iter().filter_map(score).collect())
}
