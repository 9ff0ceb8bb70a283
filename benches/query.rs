//! How long a question takes, by mode, beside embedding the question alone. Warm, one at a time, in process.

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
    let store = Store::at(scratch.path());
    let model = vault::model();
    let report = vault::index(&store, Some(model.clone()), false);
    eprintln!("{} chunks", report.chunks);
    let snapshots = [Arc::new(Snapshot::open(&store, &vault::name()).expect("it was just written"))];
    let embedder = QueryEmbedder::new(model.embedder);
    let searcher = Searcher::new(&snapshots, Some(&embedder));
    let mut group = criterion.benchmark_group("query");
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
