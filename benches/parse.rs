//! How fast files become structure, and structure becomes chunks, on one core: MB/s over the demonstration vault, or over
//! the folder that `IBID_BENCH_VAULT` names.

mod vault;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ibid_embed::bundled_tokens;
use ibid_indexer::chunk::chunk;
use ibid_indexer::extract::extract;

fn parse(criterion: &mut Criterion) {
    let notes = vault::notes();
    let bytes: usize = notes.iter().map(|(_, text)| text.len()).sum();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(bytes as u64)).sample_size(20);
    group.bench_function("extract", |bencher| {
        bencher.iter(|| notes.iter().map(|(path, text)| extract(path, text).blocks.len()).sum::<usize>());
    });
    let blocks: Vec<_> = notes.iter().map(|(path, text)| extract(path, text).blocks).collect();
    let warm = || bundled_tokens().expect("the tokenizer is bundled");
    group.bench_function("chunk", |bencher| {
        bencher.iter_batched_ref(
            warm,
            |measure| {
                notes
                    .iter()
                    .zip(&blocks)
                    .map(|((_, text), blocks)| chunk(text, blocks, measure).len())
                    .sum::<usize>()
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
