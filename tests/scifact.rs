//! Ranking on questions that other people wrote and judged: nDCG@10 over `data/scifact`, in every mode, against a golden.
//! Which document stands where is not held fast, as it is in `ranking`; only how good the answers are in all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Ibid;
use crate::ranking::goldens;

const MEASURE: &str = "ndcg@10";

/// How far a mean may lie from its golden.
///
/// Even among processors that multiply bytes alike, instructions round and add up in an order of their own, and two
/// documents that are about as good change places. Over 60 questions such a change moves the mean by .002
/// between the second place and the third, and by less below; losing the first place of one question, .006, is told.
const TOLERANCE: f64 = 0.005;

/// Means by mode.
type Means = BTreeMap<String, f64>;

fn golden_file() -> PathBuf {
    goldens().join("scifact.json")
}

/// Measures with the bundled model in a data folder of its own.
fn measured() -> Means {
    let dataset = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/scifact");
    let record = Ibid::new().run(&["measure", dataset.to_str().unwrap(), "--json", "--quiet"]);
    let record = record.ends_with(0).json();
    // Every question is judged and every document indexed.
    assert_eq!(record.get("notes"), None);
    let modes = record["modes"].as_object().unwrap();
    modes.iter().map(|(mode, means)| (mode.clone(), thousandths(means[MEASURE].as_f64().unwrap()))).collect()
}

/// As the golden keeps it.
fn thousandths(mean: f64) -> f64 {
    (mean * 1000.0).round() / 1000.0
}

/// What is wrong with each mean that does not hold.
fn complaints(golden: &Means, made: &Means) -> Vec<String> {
    let mut complaints = Vec::new();
    for mode in golden.keys().chain(made.keys().filter(|mode| !golden.contains_key(*mode))) {
        let complaint = match (golden.get(mode), made.get(mode)) {
            (Some(golden), Some(made)) if thousandths(made - golden) < -TOLERANCE => {
                format!("{mode} fell from {golden:.3} to {made:.3}")
            }
            (Some(golden), Some(made)) if thousandths(made - golden) > TOLERANCE => {
                format!(
                    "{mode} rose from {golden:.3} to {made:.3}; raise the golden: UPDATE=1 cargo test scifact"
                )
            }
            (Some(_), Some(_)) => continue,
            (Some(_), None) => format!("{mode} was not measured"),
            (None, _) => format!("{mode} has no golden; UPDATE=1 cargo test scifact writes it"),
        };
        complaints.push(complaint);
    }
    complaints
}

#[test]
fn scifact_ranks_as_well_as_it_did() {
    let made = measured();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(golden_file(), serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let golden = fs::read_to_string(golden_file()).unwrap_or_else(|_| "{}".to_owned());
    let complaints = complaints(&serde_json::from_str(&golden).unwrap(), &made);
    assert!(complaints.is_empty(), "{MEASURE}: {}", complaints.join("; "));
}

#[test]
fn a_mean_may_neither_fall_nor_rise_unnoticed() {
    let means = |mean: f64| Means::from([("hybrid".to_owned(), mean)]);
    for (made, words) in [
        (means(0.795), None),
        (means(0.805), None),
        (means(0.794), Some("hybrid fell from 0.800 to 0.794")),
        (means(0.806), Some("raise the golden")),
        (Means::new(), Some("hybrid was not measured")),
    ] {
        let complaints = complaints(&means(0.8), &made).join("; ");
        assert!(words.map_or(complaints.is_empty(), |words| complaints.contains(words)), "{complaints}");
    }
    assert!(complaints(&Means::new(), &means(0.8)).join("; ").contains("no golden"));
}
