//! How long a folder takes to become an index: words alone, from nothing and with nothing to do; with vectors; and, as a
//! measure for the first, how long tantivy alone takes to read the same files into one field.

mod vault;

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ibid_index::store::Store;
use rayon::prelude::*;
use tantivy::schema::{STORED, Schema, TEXT};
use tantivy::{Index, TantivyDocument};

fn index(criterion: &mut Criterion) {
    let bytes: usize = vault::notes().iter().map(|(_, text)| text.len()).sum();
    let scratch = tempfile::tempdir().expect("there is a temporary folder");
    let mut group = criterion.benchmark_group("index");
    group.throughput(Throughput::Bytes(bytes as u64)).sample_size(10);
    let words = Store::at(scratch.path().join("words"));
    group.bench_function("words from nothing", |bencher| bencher.iter(|| vault::index(&words, None, true)));
    group.bench_function("nothing to do", |bencher| bencher.iter(|| vault::index(&words, None, false)));
    group.bench_function("tantivy alone", |bencher| {
        bencher.iter(|| tantivy_alone(&scratch.path().join("tantivy")));
    });
    if std::env::var_os("IBID_BENCH_WORDS_ALONE").is_some() {
        return group.finish();
    }
    let both = Store::at(scratch.path().join("both"));
    let model = vault::model();
    group.bench_function("words and vectors from nothing", |bencher| {
        bencher.iter(|| vault::index(&both, Some(model.clone()), true));
    });
    group.finish();
}

/// Every file of the folder as one document of one field, searched and stored, on as many threads as ibid uses.
fn tantivy_alone(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a scratch folder can be made");
    let mut schema = Schema::builder();
    let body = schema.add_text_field("body", TEXT | STORED);
    let index = Index::create_in_dir(folder, schema.build()).expect("the scratch folder is empty");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut writer = index
        .writer_with_num_threads::<TantivyDocument>(threads, threads * 96 * 1024 * 1024)
        .expect("the budget is large enough");
    vault::files().par_iter().for_each(|path| {
        let text = String::from_utf8_lossy(&std::fs::read(path).expect("the file can be read")).into_owned();
        let mut document = TantivyDocument::default();
        document.add_text(body, text);
        writer.add_document(document).expect("tantivy takes documents");
    });
    writer.commit().expect("tantivy commits");
    writer.wait_merging_threads().expect("tantivy merges");
}

criterion_group!(benches, index);
criterion_main!(benches);
