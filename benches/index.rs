//! How long a folder takes to become an index: words alone, from nothing and with nothing to do; and with vectors.

mod vault;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ibid_index::store::Store;

fn index(criterion: &mut Criterion) {
    let bytes: usize = vault::notes().iter().map(|(_, text)| text.len()).sum();
    let scratch = tempfile::tempdir().expect("there is a temporary folder");
    let mut group = criterion.benchmark_group("index");
    group.throughput(Throughput::Bytes(bytes as u64)).sample_size(10);
    let words = Store::at(scratch.path().join("words"));
    group.bench_function("words from nothing", |bencher| bencher.iter(|| vault::index(&words, None, true)));
    group.bench_function("nothing to do", |bencher| bencher.iter(|| vault::index(&words, None, false)));
    let both = Store::at(scratch.path().join("both"));
    let model = vault::model();
    group.bench_function("words and vectors from nothing", |bencher| {
        bencher.iter(|| vault::index(&both, Some(model.clone()), true));
    });
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);
