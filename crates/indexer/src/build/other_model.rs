//! A change of model, seen by a reader: the old vectors answer until the new ones are whole, whatever becomes of the run.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use ibid_embed::{EmbedError, EmbedWorker, ModelIdentity};

use super::*;
use crate::report::Silent;

/// A model of two dimensions that looks at the collection each time it embeds, and fails at a text it is told of.
struct Watching {
    identity: ModelIdentity,
    store: Store,
    /// The checksum of the model that must be serving meanwhile; empty where nothing is.
    serving: String,
    fails_at: usize,
    embedded: Arc<AtomicUsize>,
}

impl Embedder for Watching {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        let (store, serving) = (self.store.clone(), self.serving.clone());
        let (fails_at, embedded) = (self.fails_at, self.embedded.clone());
        Ok(Box::new(Worker { store, serving, fails_at, embedded }))
    }
}

struct Worker {
    store: Store,
    serving: String,
    fails_at: usize,
    embedded: Arc<AtomicUsize>,
}

impl EmbedWorker for Worker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        if !self.serving.is_empty() {
            check_serves(&self.store, &self.serving);
        }
        if self.embedded.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            return Err(EmbedError::NotFinite { model: "broken".to_owned() });
        }
        self.embed_query(text)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let angle = text.len() as f32;
        Ok(vec![angle.cos(), angle.sin()])
    }
}

const NOTES: usize = 8;

fn name() -> CollectionName {
    "n".parse().unwrap()
}

/// A reader finds the whole collection, with the vectors of this model and nothing else.
#[track_caller]
fn check_serves(store: &Store, checksum: &str) {
    let snapshot = Snapshot::open(store, &name()).unwrap();
    assert_eq!(snapshot.manifest().model.as_ref().unwrap().checksum, checksum);
    assert_eq!((snapshot.documents() as usize, snapshot.manifest().pending), (NOTES, 0));
    assert_eq!((snapshot.alive_rows().len() as usize, snapshot.chunks_without_vector()), (NOTES, 0));
    assert!(!snapshot.nearest(&[1.0, 0.0], None, 3).is_empty());
}

struct Changing {
    folder: tempfile::TempDir,
    store: Store,
    data: tempfile::TempDir,
}

impl Changing {
    fn new() -> Changing {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for at in 0..NOTES {
            fs::write(folder.path().join(format!("{at}.md")), format!("note {}", "x".repeat(at))).unwrap();
        }
        Changing { folder, store: Store::at(data.path()), data }
    }

    /// Runs with the model `checksum` while `serving` must serve; it fails at the n-th text.
    fn run(&self, checksum: &str, serving: &str, fails_at: usize) -> Result<Report, BuildError> {
        let identity = ModelIdentity {
            name: checksum.to_owned(),
            engine: String::new(),
            dimensions: 2,
            checksum: checksum.to_owned(),
        };
        let (store, serving, embedded) = (self.store.clone(), serving.to_owned(), Arc::default());
        let embedder = Arc::new(Watching { identity, store, serving, fails_at, embedded });
        let options = BuildOptions {
            root: self.folder.path().to_owned(),
            name: name(),
            include: vec![],
            exclude: vec![],
            language: None,
            model: Some(Model { embedder, folder: None }),
            threads: NonZero::<usize>::MIN,
            rebuild: false,
            may_change_model: true,
            now: u64::MAX,
            restate_after: Duration::ZERO,
        };
        build(&self.store, &options, &Silent)
    }
}

#[test]
fn the_old_vectors_answer_until_the_new_ones_are_whole() {
    let changing = Changing::new();
    changing.run("old", "", usize::MAX).unwrap();
    let report = changing.run("new", "old", usize::MAX).unwrap();
    assert_eq!((report.embedded, report.reused), (NOTES, 0));
    check_serves(&changing.store, "new");
    let vectors = changing.data.path().join("collections/n/vectors");
    assert_eq!(fs::read_dir(vectors).unwrap().count(), 1, "the old vectors are swept");
}

#[test]
fn a_change_that_breaks_off_leaves_the_old_model_serving_and_begins_again() {
    let changing = Changing::new();
    changing.run("old", "", usize::MAX).unwrap();
    for fails_at in [0, NOTES / 2, NOTES - 1] {
        assert!(matches!(changing.run("new", "old", fails_at), Err(BuildError::Embed(_))));
        check_serves(&changing.store, "old");
    }
    // Without the wish for another, the old one goes on.
    fs::write(changing.folder.path().join("0.md"), "another note").unwrap();
    assert_eq!(changing.run("old", "old", usize::MAX).unwrap().embedded, 1);
    changing.run("new", "old", usize::MAX).unwrap();
    check_serves(&changing.store, "new");
}
