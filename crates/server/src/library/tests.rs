//! A library over small collections: what it answers, what it sees appear, what it does without a model.

use std::time::Instant;

use ibid_embed::EmbedError;

use super::*;
use crate::testing::{self, Note};
use crate::viewer::Viewer;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_question_is_answered_with_what_was_not_searched() {
    let garden = testing::garden();
    let found = garden.library.search(&Viewer::owner(), &Query::new("rye starter"), None).unwrap();
    assert_eq!(found.answer.hits[0].citation.document.path.as_str(), "Bread/Levain.md");
    assert!(found.also.is_empty() && !found.answer.notes.is_empty());
}

#[test]
fn a_collection_that_is_not_there_is_told_with_those_that_are() {
    let garden = testing::garden();
    let refused = garden.library.search(&Viewer::owner(), &Query::new("rye"), Some("attic")).unwrap_err();
    let AskError::UnknownCollection { known, .. } = refused else { panic!("{refused}") };
    assert_eq!(known, ["garden".parse().unwrap()]);
}

#[test]
fn new_generations_and_collections_appear_and_vanish_without_a_restart() {
    let garden = testing::garden();
    let library = &garden.library;
    let hits =
        |words: &str| library.search(&Viewer::owner(), &Query::new(words), None).unwrap().answer.hits.len();
    assert_eq!(hits("zebra"), 0);
    testing::index(library.store(), "garden", &[Note { path: "Zoo.md", title: "Zoo", text: "A zebra.\n" }]);
    library.refresh().unwrap();
    assert_eq!(hits("zebra"), 1);
    testing::index(library.store(), "attic", &[Note { path: "Box.md", title: "Box", text: "A box.\n" }]);
    library.refresh().unwrap();
    assert_eq!(library.collections(&Viewer::owner()).len(), 2);
    library.store().remove(&"attic".parse().unwrap()).unwrap();
    library.refresh().unwrap();
    assert_eq!(library.collections(&Viewer::owner()).len(), 1);
}

#[test]
fn the_watch_finds_a_commit_by_itself() {
    let garden = testing::garden();
    testing::index(
        garden.library.store(),
        "attic",
        &[Note { path: "Box.md", title: "Box", text: "A box.\n" }],
    );
    let begun = Instant::now();
    while garden.library.collections(&Viewer::owner()).len() < 2 {
        assert!(begun.elapsed() < PATIENCE, "no commit was seen");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn who_knows_of_a_commit_need_not_wait_for_the_next_look() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let no_model = Box::new(|_: &_| Err(EmbedError::NotFinite { model: "none".to_owned() }));
    let hour = Duration::from_secs(3600);
    let library = Library::open_and_watch(store.clone(), None, no_model, hour).unwrap();
    let there = || library.collections(&Viewer::owner()).len();
    for (count, name) in [(1, "attic"), (2, "loft")] {
        testing::index(&store, name, &[Note { path: "Box.md", title: "Box", text: "A box.\n" }]);
        library.look_soon();
        let begun = Instant::now();
        while there() < count {
            assert!(begun.elapsed() < PATIENCE, "no commit was seen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_generation_that_cannot_be_opened_leaves_the_old_one_serving() {
    let garden = testing::garden();
    let library = &garden.library;
    let folder = library.store().folder(&"garden".parse().unwrap());
    let meta = folder.join("lexical").join("meta.json");
    let format = std::fs::read_to_string(folder.join("format")).unwrap();
    let text = std::fs::read_to_string(&meta).unwrap();
    testing::break_collection(library.store(), "garden");
    library.refresh().unwrap();
    assert!(library.refresh().unwrap().is_empty(), "one generation is tried, and told of, once");
    assert_eq!(library.search(&Viewer::owner(), &Query::new("rye"), None).unwrap().answer.hits.len(), 1);
    assert_eq!(library.missing(&Viewer::owner()).unwrap().collections.len(), 1);
    std::fs::write(folder.join("format"), format).unwrap();
    std::fs::write(&meta, text).unwrap();
    library.refresh().unwrap();
    assert!(library.missing(&Viewer::owner()).unwrap().is_empty());
}

#[test]
fn documents_are_listed_page_by_page() {
    let garden = testing::garden();
    let first = garden.library.documents_after(&Viewer::owner(), None, 2).unwrap();
    assert_eq!(first.len(), 2);
    let rest = garden.library.documents_after(&Viewer::owner(), Some(&first[1].id), 100).unwrap();
    let all: Vec<_> = first.iter().chain(&rest).map(|listed| listed.id.path.as_str()).collect();
    assert_eq!(all, testing::PATHS);
    assert!(
        garden
            .library
            .documents_after(&Viewer::owner(), rest.last().map(|listed| &listed.id), 100)
            .unwrap()
            .is_empty()
    );
    let (found, total) =
        garden.library.documents_by_prefix(&Viewer::owner(), Some("garden"), "bread/", 1).unwrap();
    assert_eq!((found[0].path.as_str(), total), ("Bread/Levain.md", 2));
}

/// A library of one note with a model that is loaded by `load`.
fn with_model(load: LoadModel) -> (tempfile::TempDir, Arc<Library>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let note = Note { path: "Zoo.md", title: "Zoo", text: "A zebra.\n" };
    testing::index_with(&store, "zoo", &[note], Some(testing::model()));
    let library = Library::open(store, None, load).unwrap();
    (folder, library)
}

fn ask(library: &Library, mode: Mode) -> Result<Found, AskError> {
    library.search(&Viewer::owner(), &Query { mode, ..Query::new("zebra") }, None)
}

#[test]
fn a_model_is_loaded_once_and_then_the_library_is_ready() {
    let loads = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = loads.clone();
    let (_folder, library) = with_model(Box::new(move |record| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(Arc::new(testing::Constant::new(&record.checksum)))
    }));
    let found = ask(&library, Mode::Semantic).unwrap();
    assert_eq!((found.answer.hits.len(), found.also.len()), (1, 0));
    assert_eq!(ask(&library, Mode::Hybrid).unwrap().answer.mode, Mode::Hybrid);
    assert!(library.missing(&Viewer::owner()).unwrap().is_empty());
    assert_eq!(loads.load(std::sync::atomic::Ordering::SeqCst), 1);
    testing::break_collection(library.store(), "zoo");
    library.refresh().unwrap();
    let found = ask(&library, Mode::Hybrid).unwrap();
    assert_eq!((found.answer.mode, found.also.len()), (Mode::Hybrid, 1), "trouble takes no leg away");
}

#[test]
fn without_its_model_a_collection_answers_by_words_and_says_so() {
    let not_there = |_: &_| Err(ibid_embed::EmbedError::NotFinite { model: "constant".to_owned() });
    let other = |_: &_| Ok(Arc::new(testing::Constant::new("another")) as Arc<dyn ibid_embed::Embedder>);
    for load in [Box::new(not_there) as LoadModel, Box::new(other)] {
        let (_folder, library) = with_model(load);
        let found = ask(&library, Mode::Hybrid).unwrap();
        assert_eq!((found.answer.hits.len(), found.answer.mode), (1, Mode::Lexical));
        assert_eq!(found.also, ["the model constant could not be loaded: nothing was searched by meaning"]);
        assert!(matches!(ask(&library, Mode::Semantic), Err(AskError::NoModel { .. })));
        assert_eq!(library.missing(&Viewer::owner()).unwrap().models.len(), 1);
    }
}

#[test]
fn collections_asked_for_by_name_must_be_there() {
    let garden = testing::garden();
    let open = |only: &str| {
        let only = vec![only.parse().unwrap()];
        Library::open(garden.library.store().clone(), Some(only), Box::new(|_| unreachable!("no model")))
    };
    assert!(matches!(open("attic"), Err(OpenError::Missing { .. })));
    assert_eq!(open("garden").unwrap().collections(&Viewer::owner()).len(), 1);
}

#[test]
fn a_folder_without_collections_is_served_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let library =
        Library::open(Store::at(folder.path()), None, Box::new(|_| unreachable!("no model"))).unwrap();
    let found = library.search(&Viewer::owner(), &Query::new("zebra"), None).unwrap();
    assert_eq!(found.also, ["there is no collection yet; `ibid index FOLDER` makes one"]);
}

#[test]
fn what_a_viewer_sees_is_worked_out_once_for_a_generation() {
    let garden = testing::garden();
    let viewer = |rule: &str| {
        let grant = ibid_core::grant::Grant::parse([rule]).unwrap();
        Viewer::remote(grant, &ibid_core::private::Private::default()).unwrap()
    };
    let seen = |viewer: &Viewer| garden.library.snapshots(viewer).unwrap().remove(0);
    let (first, again) = (seen(&viewer("path:Bread")), seen(&viewer("path:Bread")));
    assert!(Arc::ptr_eq(&first, &again), "equal grants share what they see");
    assert_eq!((first.documents(), seen(&viewer("-path:Bread")).documents()), (2, 2));
    assert_eq!(seen(&Viewer::owner()).documents(), 4);
    assert!(garden.library.snapshots(&viewer("path:Nowhere")).unwrap().is_empty());
}
