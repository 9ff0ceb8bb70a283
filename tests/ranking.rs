//! Ranking is a test: the judged questions of `data/`, one golden list each, and the statistics of all. A change of
//! ranking shows as a difference a person can read; `UPDATE=1` rewrites the goldens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ibid_measure::metrics::{hit, ndcg, reciprocal_rank};

use crate::harness::{Ibid, demonstration, demonstration_vault, number, questions, text};

const MODES: [&str; 3] = ["hybrid", "lexical", "semantic"];

/// How many hits a golden shows.
const SHOWN: usize = 5;

/// How far down the statistics look.
const DEPTH: usize = 10;

/// Where goldens are.
fn goldens_of_all() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ranking")
}

/// What is held fast on a processor that computes like this one: vectors of an int8 model depend on how it multiplies
/// bytes. With VNNI, and on other architectures, sums of products are exact. Elsewhere x86 adds two products in 16 bits,
/// which saturate, and near-equals change places. Both sets are rewritten by `UPDATE=1` on a processor of their kind.
pub(crate) fn goldens() -> PathBuf {
    let folder = goldens_of_all();
    #[cfg(target_arch = "x86_64")]
    if !std::arch::is_x86_feature_detected!("avx512vnni") {
        return folder.join("saturating");
    }
    folder.join("exact")
}

/// What is judged of a question: grades by path.
fn judgements() -> BTreeMap<String, BTreeMap<String, u32>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/judgements.tsv");
    let mut judged: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for row in fs::read_to_string(file).unwrap().lines().skip(1) {
        let [query, path, grade] = row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        judged.entry(query.into()).or_default().insert(path.into(), grade.parse().unwrap());
    }
    judged
}

/// The measures of one mode over all questions.
#[derive(Default)]
struct Statistics {
    questions: usize,
    first: usize,
    in_five: usize,
    reciprocal: f64,
    ndcg: f64,
    quoted: usize,
}

impl Statistics {
    fn add(&mut self, paths: &[String], grades: &BTreeMap<String, u32>, answer_is_quoted: bool) {
        let found: Vec<u32> = paths.iter().map(|path| grades.get(path).copied().unwrap_or(0)).collect();
        let judged: Vec<u32> = grades.values().copied().collect();
        // Only notes that answer the question itself count as found.
        let answers: Vec<u32> = found.iter().map(|&grade| u32::from(grade == 2)).collect();
        self.questions += 1;
        self.first += hit(&answers, 1) as usize;
        self.in_five += hit(&answers, 5) as usize;
        self.reciprocal += reciprocal_rank(&answers, DEPTH);
        self.ndcg += ndcg(&found, &judged, DEPTH);
        self.quoted += usize::from(answer_is_quoted);
    }

    fn line(&self, mode: &str) -> String {
        let n = self.questions;
        let share = |count: usize| format!("{count} ({}%)", count * 100 / n);
        format!(
            "{mode:<9} questions: {n}, hit@1: {}, hit@5: {}, mrr@10: {:.3}, ndcg@10: {:.3}, answer inside the first 5 chunks: {}",
            share(self.first),
            share(self.in_five),
            self.reciprocal / n as f64,
            self.ndcg / n as f64,
            share(self.quoted),
        )
    }
}

/// The first appearance of each path.
fn distinct(paths: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for path in paths {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    seen
}

fn check(file: &str, made: &str) {
    check_at(&goldens().join(file), made);
}

fn check_at(path: &Path, made: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, made).unwrap();
    }
    let golden = fs::read_to_string(path).unwrap_or_default();
    let file = path.display();
    assert_eq!(made, golden, "{file} differs; read the difference, then UPDATE=1 rewrites it");
}

#[test]
fn the_judged_questions_rank_as_they_did() {
    let (ibid, judged) = (demonstration(), judgements());
    let mut statistics: BTreeMap<&str, Statistics> = BTreeMap::new();
    for question in questions() {
        let (id, asked) = (text(&question["id"]), text(&question["question"]));
        let mut golden = format!("{asked}\n");
        for mode in MODES {
            let hits = ibid.hits(&[&asked, "--mode", mode, "--limit", "20"]);
            let quoted = hits.iter().take(5).any(|hit| holds_an_answer(&question, hit));
            let paths = distinct(hits.iter().map(|hit| text(&hit["path"])));
            statistics.entry(mode).or_default().add(&paths, &judged[&id], quoted);
            golden += &format!("\n{mode}\n");
            for path in paths.iter().take(SHOWN) {
                let grade = judged[&id].get(path).map_or("·", |&grade| if grade == 2 { "2" } else { "1" });
                golden += &format!("  {grade} {path}\n");
            }
        }
        check(&format!("{id}.txt"), &golden);
    }
    let lines: String = MODES.iter().map(|mode| statistics[mode].line(mode) + "\n").collect();
    check("rank_stats.txt", &lines);
}

/// One line a question: nDCG@10 by both legs and by meaning. One measurement, since this model takes its time to load. Its
/// sums saturate nowhere (its weights have seven bits), so every processor has the same golden.
#[test]
fn the_judged_questions_rank_as_they_did_by_the_multilingual_model() {
    let ibid = Ibid::new();
    ibid.index(&demonstration_vault(), &["--name", "demo", "--model", "multilingual"]);
    let questions = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/questions.jsonl");
    let asked = ["measure", &questions.display().to_string(), "--collection", "demo", "--json"];
    let measured = ibid.run(&asked).ends_with(0).json();
    let mut golden = String::from("question  hybrid  semantic\n");
    for (id, question) in measured["per_question"].as_object().unwrap() {
        let ndcg = |mode: &str| question["modes"][mode]["ndcg@10"].as_f64().unwrap();
        golden += &format!("{id:<8}  {:.3}   {:.3}\n", ndcg("hybrid"), ndcg("semantic"));
    }
    let mean = |mode: &str| measured["modes"][mode]["ndcg@10"].as_f64().unwrap();
    golden += &format!("mean      {:.3}   {:.3}\n", mean("hybrid"), mean("semantic"));
    check_at(&goldens_of_all().join("multilingual.txt"), &golden);
}

/// Whether the bytes of a hit hold one of the quotes that answer the question.
fn holds_an_answer(question: &serde_json::Value, hit: &serde_json::Value) -> bool {
    let path = text(&hit["path"]);
    let file = fs::read(demonstration_vault().join(&path)).unwrap();
    let Ok(file) = String::from_utf8(file) else { return false };
    let span = number(&hit["start"])..number(&hit["end"]);
    let answers = question["answers"].as_array().unwrap();
    answers
        .iter()
        .filter(|answer| answer["path"] == hit["path"])
        .filter_map(|answer| file.find(&text(&answer["quote"])))
        .any(|at| span.contains(&at))
}
