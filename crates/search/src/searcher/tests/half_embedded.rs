//! While vectors are being made, names come first as always, and nothing is worse for it.

use ibid_embed::{BundledEmbedder, Embedder};
use ibid_index::manifest::ModelRecord;

use super::*;

/// Twenty notes of each kind that a name can be.
fn notes() -> Vec<(String, &'static str)> {
    let kinds: [(&str, &str); 10] = [
        ("2022-06-", "A day of bread."),
        ("Meeting notes ", "We spoke of the oven and of the price of rye."),
        ("消息队列 ", "消息队列丢失消息：先确认再删除。"),
        ("snake_case_", "An identifier of the program."),
        ("v1.2.", "What changed in this version."),
        ("What is it ", "A question that is a title."),
        ("status:done ", "It reads like a filter."),
        ("Übung", "Jeden Tag ein wenig."),
        ("Empty ", ""),
        ("C++ part ", "Templates and pointers."),
    ];
    let titled = |(kind, text): (&'static str, &'static str)| {
        (10..30).map(move |number| (format!("{kind}{number}"), text))
    };
    kinds.into_iter().flat_map(titled).collect()
}

/// These notes, of which those at every other place have their vectors already.
fn half_embedded(notes: &[(String, &str)], embedder: &BundledEmbedder) -> (Arc<Snapshot>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let mut writer = CollectionWriter::open(&store, &"notes".parse().unwrap(), 1).unwrap();
    let mut worker = embedder.worker().unwrap();
    for (at, (title, text)) in notes.iter().enumerate() {
        let mut document = document(&format!("{title}.md"), Language::English, text);
        let facts = &mut document.stored.document;
        (facts.title, facts.aliases) = (title.clone(), Vec::new());
        let key = VectorKey(at as u64);
        document.chunks[0].vector_key = Some(key).filter(|_| !text.is_empty());
        let vectors = match at % 2 == 0 && !text.is_empty() {
            true => vec![(key, worker.embed_document(&format!("{title}\n{text}")).unwrap())],
            false => Vec::new(),
        };
        writer.add(&document, vectors).unwrap();
    }
    let identity = embedder.identity();
    let model = ModelRecord {
        name: identity.name.clone(),
        engine: identity.engine.clone(),
        dimensions: identity.dimensions,
        checksum: identity.checksum.clone(),
        folder: None,
        remote: None,
    };
    writer.commit(Manifest { model: Some(model), ..manifest() }).unwrap();
    (Arc::new(writer.finish(&store, 1).unwrap()), folder)
}

#[test]
fn every_title_comes_first_while_vectors_are_half_there() {
    let (notes, embedder) = (notes(), Arc::new(BundledEmbedder::load().unwrap()));
    let (snapshot, _folder) = half_embedded(&notes, &embedder);
    assert_eq!((notes.len(), snapshot.chunks_without_vector()), (200, 90));
    let (snapshots, embedder) = ([snapshot], QueryEmbedder::new(embedder));
    let searcher = Searcher::new(&snapshots, Some(&embedder));
    for (title, _) in &notes {
        for typed in [title.clone(), title.to_lowercase(), format!("  {title}? ")] {
            let hits = searcher.search(&Query::new(typed.as_str())).unwrap().hits;
            let first = hits.first().map(|hit| hit.title.as_str());
            assert_eq!(first, Some(title.as_str()), "{typed}");
        }
        let linked = searcher.search(&Query::new(format!("about [[{title}]]"))).unwrap().hits;
        assert!(linked.iter().take(3).any(|hit| hit.title == *title), "[[{title}]]");
    }
}
