//! What `ibid bench --json` prints. Times are in the unit that a name ends in; a part that was not asked for is null, one
//! that could not be measured says why in `skipped`.

use ibid_core::query::Mode;
use ibid_indexer::Report;
use ibid_measure::cold_start::{ColdStart, Starts};
use ibid_measure::indexing::{Indexed, WithVectors, per_second};
use ibid_measure::latency::Latency;
use ibid_measure::load::{Point, SideBySide};
use ibid_measure::memory::{Memory, Resident};
use ibid_measure::questions::{Origin, Questions, WORDS};
use ibid_measure::random::SEED;
use ibid_measure::recall::{Found, NEIGHBOURS, Recall};
use ibid_measure::record;
use serde_json::{Map, Value, json};

use super::{megabytes_per_second, stages};
use crate::command::bench::{Bench, InProcess, Measured, Parts};

/// Everything that was measured.
pub(crate) fn bench(bench: &Bench) -> Value {
    let Parts { latency, http, start, memory, index, recall } = &bench.parts;
    let manifest = bench.snapshot.manifest();
    json!({
        "collection": bench.snapshot.name().as_str(),
        "generation": manifest.generation,
        "documents": bench.snapshot.documents(),
        "chunks": bench.snapshot.chunks(),
        "model": manifest.model.as_ref().map(|model| &model.name),
        "mode": bench.mode.name(),
        "cores": bench.cores,
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "seconds_per_point": bench.seconds,
        "questions": questions(&bench.questions),
        "latency": latency.as_ref().map(in_process),
        "http": http.as_ref().map(|points| points.iter().map(point).collect::<Vec<_>>()),
        "start": start.as_ref().map(cold_start),
        "memory": memory.as_ref().map(|part| measured(part, memory_of)),
        "index": index.as_ref().map(|part| measured(part, indexed)),
        "recall": recall.as_ref().map(|part| measured(part, recall_of)),
    })
}

fn measured<T>(part: &Measured<T>, of: fn(&T) -> Value) -> Value {
    match part {
        Measured::Done(part) => of(part),
        Measured::Skipped(reason) => json!({ "skipped": reason }),
    }
}

fn questions(questions: &Questions) -> Value {
    let count = questions.list.len();
    match questions.origin {
        Origin::Given => json!({ "count": count, "origin": "given", "cold": true }),
        Origin::Drawn { titles, headings, runs } => json!({
            "count": count,
            "origin": "drawn",
            "cold": true,
            "seed": SEED,
            "min_words": WORDS.0,
            "max_words": WORDS.1,
            "titles": titles,
            "headings": headings,
            "runs": runs,
        }),
    }
}

fn latency(latency: &Latency) -> Value {
    json!({
        "count": latency.count,
        "p50_ms": rounded(latency.p50),
        "p95_ms": rounded(latency.p95),
        "p99_ms": rounded(latency.p99),
    })
}

fn in_process(part: &InProcess) -> Value {
    let SideBySide { embedding, modes, hybrid_over_embedding } = &part.side_by_side;
    let of_mode = |(mode, times): &(Mode, Latency)| (mode.name().to_owned(), latency(times));
    json!({
        "one_at_a_time": {
            "embedding": embedding.as_ref().map(latency),
            "modes": modes.iter().map(of_mode).collect::<Map<_, _>>(),
            "hybrid_over_embedding": hybrid_over_embedding.map(rounded),
        },
        "in_process": part.points.iter().map(point).collect::<Vec<_>>(),
    })
}

fn point(point: &Point) -> Value {
    let mut object = latency(&point.latency);
    object["concurrency"] = json!(point.concurrency);
    object["per_second"] = json!(rounded(point.per_second));
    object["rounds"] = json!(point.rounds);
    object
}

fn cold_start(start: &ColdStart) -> Value {
    let starts = |starts: &Starts| {
        json!({
            "count": starts.count,
            "best_ms": rounded(starts.best),
            "median_ms": rounded(starts.median),
            "worst_ms": rounded(starts.worst),
        })
    };
    json!({
        "server_first_response": starts(&start.first_response),
        "server_first_answer": starts(&start.first_answer),
        "search": starts(&start.search),
    })
}

fn memory_of(memory: &Memory) -> Value {
    let resident = |resident: &Resident| json!({ "resident_bytes": resident.total, "own_bytes": resident.own, "peak_bytes": resident.peak });
    json!({ "idle": resident(&memory.idle), "asked": resident(&memory.asked), "questions": memory.questions })
}

fn indexed(indexed: &Indexed) -> Value {
    json!({ "words": report(&indexed.words), "vectors": indexed.vectors.as_ref().map(with_vectors) })
}

fn report(report: &Report) -> Value {
    let seconds = &report.seconds;
    json!({
        "documents": report.documents,
        "chunks": report.chunks,
        "embedded": report.embedded,
        "bytes_read": report.bytes_read,
        "seconds": stages(seconds),
        "megabytes_per_second": megabytes_per_second(report),
        "chunks_per_second": per_second(report.chunks as usize, seconds.total),
    })
}

fn with_vectors(vectors: &WithVectors) -> Value {
    let mut object = report(&vectors.report);
    let (speed, bare) = (vectors.chunks_per_second(), vectors.bare_chunks_per_second());
    object["files"] = json!(vectors.files);
    object["files_in_all"] = json!(vectors.files_in_all);
    object["embedded_per_second"] = json!(rounded(speed));
    object["bare_loop"] = json!({
        "chunks": vectors.bare_chunks,
        "seconds": vectors.bare_seconds,
        "chunks_per_second": rounded(bare),
    });
    object["share_of_bare_loop"] = json!(if bare > 0.0 { Some(rounded(speed / bare)) } else { None });
    object
}

fn recall_of(recall: &Recall) -> Value {
    let found = |found: &Found| {
        json!({
            "questions": found.questions,
            "rows": found.rows,
            "recall": found.recall,
            "worst": found.worst,
            "index": latency(&found.index),
            "every_float": latency(&found.every_float),
        })
    };
    json!({
        "neighbours": NEIGHBOURS,
        "graph": recall.has_graph,
        "all": found(&recall.all),
        "filtered": found(&recall.filtered),
    })
}

/// To a thousandth: the rest is noise.
fn rounded(number: f64) -> f64 {
    record::rounded(number, 3)
}
