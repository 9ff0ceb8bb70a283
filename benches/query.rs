//! How long a question takes, by mode, beside embedding the question alone. Warm, one at a time, in process.
//!
//! Over the demonstration vault, or over an index that is there already: `IBID_BENCH_DATA` names the data folder,
//! `IBID_BENCH_COLLECTION` the collection.

mod vault;

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use ibid_core::query::{Mode, Query};
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_search::{QueryEmbedder, Searcher};

/// Asked in turn, so that no answer profits from the one before it.
const QUESTIONS: [&str; 6] = [
    "why does rye bread stick to the knife",
    "memory safety without a garbage collector",
    "how salty must the brine be",
    "error handling with question mark",
    "笔记 如何 整理",
    "what is a good evening routine",
];

fn query(criterion: &mut Criterion) {
    let scratch = tempfile::tempdir().expect("there is a temporary folder");
    let model = vault::model();
    let (store, name) = match std::env::var("IBID_BENCH_COLLECTION") {
        Ok(name) => {
            let data = std::env::var_os("IBID_BENCH_DATA").expect("IBID_BENCH_DATA names the data folder");
            (Store::at(data), name.parse().expect("a collection's name"))
        }
        Err(_) => {
            let store = Store::at(scratch.path());
            vault::index(&store, Some(model.clone()), false);
            (store, vault::name())
        }
    };
    let snapshots = [Arc::new(Snapshot::open(&store, &name).expect("the collection can be opened"))];
    let embedder = QueryEmbedder::without_cache(model.embedder);
    let searcher = Searcher::new(&snapshots, Some(&embedder));
    let mut group = criterion.benchmark_group(format!("query over {} chunks", snapshots[0].chunks()));
    let mut asked = QUESTIONS.iter().cycle();
    group.bench_function("embed alone", |bencher| {
        bencher.iter(|| embedder.embed(asked.next().expect("it goes round")));
    });
    for (name, mode) in Mode::NAMES {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let words = *asked.next().expect("it goes round");
                searcher.search(&Query { mode, ..Query::new(words) }).expect("the question is answered")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, query);
criterion_main!(benches);
