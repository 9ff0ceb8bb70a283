//! Measures the nearest vectors: time and recall of the scan and of the graph, and what building one costs.
//!
//! `cargo run --release -p ibid-index --example nearest -- 1000 10000 100000 [graph]`
//!
//! The vectors are made, 384 wide: clusters of 48 latent dimensions, turned into 384 and given noise. The
//! figures beside `GRAPH_MIN_ROWS` come from here.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::time::Instant;

use ibid_index::vector::{RowSet, VectorKey, Vectors, build_graph, write};

const WIDE: usize = 384;
const LATENT: usize = 48;
const QUESTIONS: usize = 200;

/// Normal numbers from a seed: splitmix64, and the sum of four uniform ones.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn normal(&mut self) -> f32 {
        let word = self.next();
        let sum: f32 = (0..4).map(|at| (word >> (16 * at) & 0xffff) as f32 / 65_536.0).sum();
        (sum - 2.0) * 1.732
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }
}

/// Vectors of one world of clusters: the first `rows` to be stored, the others to ask with.
fn vectors(rows: usize) -> Vec<Vec<f32>> {
    let mut random = Random(rows as u64);
    let centres: Vec<Vec<f32>> = (0..(rows / 200).max(50)).map(|_| random.many(LATENT)).collect();
    let turn: Vec<Vec<f32>> = (0..WIDE).map(|_| random.many(LATENT)).collect();
    let one = |_| {
        let centre = &centres[random.next() as usize % centres.len()];
        let latent: Vec<f32> = centre.iter().map(|at| at + 0.5 * random.normal()).collect();
        let turned = turn.iter().map(|row| row.iter().zip(&latent).map(|(a, b)| a * b).sum::<f32>() / 7.0);
        turned.collect::<Vec<f32>>().iter().map(|value| value + 0.15 * random.normal()).collect()
    };
    (0..rows + QUESTIONS).map(one).collect()
}

/// The true nearest, by floats.
fn truth(vectors: &Vectors, question: &[f32], k: usize) -> Vec<u32> {
    let length = question.iter().map(|value| value * value).sum::<f32>().sqrt();
    let cosine = |row| vectors.vector(row).iter().zip(question).map(|(a, b)| a * b).sum::<f32>() / length;
    let mut all: Vec<(u32, f32)> = (0..vectors.rows()).map(|row| (row, cosine(row))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.iter().take(k).map(|(row, _)| *row).collect()
}

fn measure(name: &str, vectors: &Vectors, questions: &[Vec<f32>], truths: &[Vec<u32>]) {
    let all = RowSet::full(vectors.rows());
    for k in [10, 100] {
        let (mut times, mut found) = (Vec::new(), 0);
        for (question, truth) in questions.iter().zip(truths) {
            let begin = Instant::now();
            let hits = vectors.nearest(question, k, &all);
            times.push(begin.elapsed().as_micros());
            found += hits.iter().filter(|(row, _)| truth[..k].contains(row)).count();
        }
        times.sort_unstable();
        let [best, p50, p95] = [0, QUESTIONS / 2, QUESTIONS * 95 / 100].map(|at| times[at]);
        let recall = found as f32 / (k * QUESTIONS) as f32;
        let rows = vectors.rows();
        println!(
            "{rows:>8} {name:<9} k={k:<4} best {best:>6}  p50 {p50:>6}  p95 {p95:>6} µs  recall {recall:.4}"
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let wants_graph = std::env::args().any(|argument| argument == "graph");
    for rows in std::env::args().filter_map(|argument| argument.parse::<usize>().ok()) {
        let dir = tempfile::tempdir()?;
        let mut made = vectors(rows);
        let questions = made.split_off(rows);
        let keyed = made.into_iter().zip(0..).map(|(vector, key)| (VectorKey(key), vector)).collect();
        let begin = Instant::now();
        let record = write(dir.path(), 1, WIDE, keyed)?;
        let written = begin.elapsed();
        let begin = Instant::now();
        let vectors = Vectors::open(dir.path(), WIDE, std::slice::from_ref(&record), None)?;
        println!("{rows:>8} written in {written:.2?}, opened in {:.2?}", begin.elapsed());
        let truths: Vec<Vec<u32>> = questions.iter().map(|asked| truth(&vectors, asked, 100)).collect();

        measure("scan", &vectors, &questions, &truths);
        if wants_graph {
            let begin = Instant::now();
            let graph = build_graph(dir.path(), 2, &vectors, 1, 0)?;
            let lost = graph.as_ref().map_or(0, |graph| graph.unreachable);
            println!("{rows:>8} graph built in {:.2?}, unreachable {lost}", begin.elapsed());
            let walked = Vectors::open(dir.path(), WIDE, &[record], graph.as_ref())?;
            measure("graph", &walked, &questions, &truths);
        }
    }
    Ok(())
}
