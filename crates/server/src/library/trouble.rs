//! Collections whose newest generation could not be opened, and who may be told so. Whether to try again is [`super::watch`]'s.

use std::time::Instant;

use ibid_core::id::CollectionName;
use ibid_index::OpenError;
use ibid_index::store::CommitMark;

use super::{Seen, Shelf};
use crate::viewer::Viewer;

/// A generation that could not be opened.
#[derive(Clone)]
pub(crate) struct Trouble {
    /// The commit that was tried; `None` where not even that could be looked at.
    pub(super) mark: Option<CommitMark>,
    pub(super) since: Instant,
    /// What is wrong, without a path of this machine.
    pub(crate) kind: &'static str,
}

impl Trouble {
    pub(super) fn new(mark: Option<CommitMark>, error: &OpenError) -> Trouble {
        Trouble { mark, since: Instant::now(), kind: kind_of(error) }
    }

    /// What an answer says of it. An older generation is searched where one `is_held`.
    pub(super) fn note(&self, name: &CollectionName, is_held: bool) -> String {
        let kind = self.kind;
        match is_held {
            true => format!("{name} was searched as it could be opened last: {kind}"),
            false => format!("{name} was not searched: {kind}"),
        }
    }
}

impl Shelf {
    /// What `viewer` may know of the troubles, sorted by name; `seen` is what they see of this shelf.
    pub(super) fn troubles_for<'a>(
        &'a self,
        viewer: &'a Viewer,
        seen: &'a [Seen],
    ) -> impl Iterator<Item = (&'a CollectionName, &'a Trouble)> {
        self.troubled.iter().filter(move |(name, _)| may_know(viewer, name, seen))
    }

    /// Whether a generation of the collection is open.
    pub(super) fn holds(&self, name: &CollectionName) -> bool {
        self.open.iter().any(|open| open.whole.snapshot.name() == name)
    }
}

/// Whether `viewer` may know that something is wrong with a collection; `seen` is what they see.
///
/// Whoever is granted a part of the notes only is told of a collection that shows them something, and of no other: what
/// cannot be opened may hold nothing that is theirs.
pub(super) fn may_know(viewer: &Viewer, name: &CollectionName, seen: &[Seen]) -> bool {
    let shows_something = || seen.iter().any(|seen| seen.snapshot.name() == name);
    let is_granted_all = viewer.sight().is_none_or(|sight| sight.tells_of_unread);
    viewer.may_see(name) && (is_granted_all || shows_something())
}

/// What is wrong with a generation, without the path that the error names.
fn kind_of(error: &OpenError) -> &'static str {
    match error {
        OpenError::Missing { .. } => "it has no commit",
        OpenError::Format { .. } => "its index has a format that this program does not read",
        OpenError::Damaged { .. } | OpenError::Vectors(_) => "its index is damaged",
        OpenError::Locked { .. } => "another process holds it",
        OpenError::Io { .. } => "its index cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use ibid_core::grant::Grant;
    use ibid_core::query::Query;
    use ibid_embed::EmbedError;
    use ibid_index::store::Store;

    use super::*;
    use crate::library::{AskError, Library};
    use crate::testing::{self, Note, break_collection};
    use ibid_core::private::Private;

    const NOTHING_THERE: &str = "there is no collection yet; `ibid index FOLDER` makes one";
    const NOT_SEARCHED: &str =
        "diary was not searched: its index has a format that this program does not read";
    const AS_BEFORE: &str = "work was searched as it could be opened last: its index has a format that this program does not read";

    /// `work`, by words alone, and `diary`, with a model that cannot be loaded.
    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let work = Note { path: "Work/Plan.md", title: "Plan", text: "Rye.\n" };
        let diary = Note { path: "Home/Day.md", title: "Day", text: "Rye at home.\n" };
        testing::index(&store, "work", &[work]);
        testing::index_with(&store, "diary", &[diary], Some(testing::model()));
        (folder, store)
    }

    fn open(store: &Store) -> Arc<Library> {
        let load = |_: &_| Err(EmbedError::NotFinite { model: "constant".to_owned() });
        Library::open(store.clone(), None, Box::new(load)).unwrap()
    }

    fn elsewhere(rules: &[&str]) -> Viewer {
        Viewer::remote(Grant::parse(rules).unwrap(), &Private::default()).unwrap()
    }

    /// How many hits, and what the library has to add.
    fn check(
        (library, viewer): (&Library, &Viewer),
        collection: Option<&str>,
        expected: Option<(usize, &[&str])>,
    ) {
        let found = match library.search(viewer, &Query::new("rye"), collection) {
            Err(AskError::UnknownCollection { .. }) => None,
            found => Some(found.unwrap()),
        };
        let found = found.as_ref().map(|found| {
            (found.answer.hits.len(), found.also.iter().map(String::as_str).collect::<Vec<_>>())
        });
        assert_eq!(found, expected.map(|(hits, also)| (hits, also.to_vec())), "{viewer:?} {collection:?}");
    }

    #[test]
    fn an_answer_says_which_collections_could_not_be_opened_to_those_who_may_know() {
        let (_folder, store) = store();
        break_collection(&store, "diary");
        let library = open(&store);
        let (owner, local) = (Viewer::owner(), Viewer::local(Grant::parse(["collection:work"]).unwrap()));
        let local = local.unwrap();
        check((&library, &owner), None, Some((1, &[NOT_SEARCHED])));
        check((&library, &owner), Some("work"), Some((1, &[])));
        check((&library, &owner), Some("diary"), Some((0, &[NOT_SEARCHED])));
        check((&library, &owner), Some("attic"), None);
        for viewer in [elsewhere(&["path:Work"]), elsewhere(&["path:Home"]), local] {
            check((&library, &viewer), Some("diary"), None);
        }
        check((&library, &elsewhere(&[])), None, Some((1, &[NOT_SEARCHED])));
        check((&library, &elsewhere(&[])), Some("diary"), Some((0, &[NOT_SEARCHED])));
        assert!(!library.missing(&elsewhere(&[])).unwrap().is_empty());
        check((&library, &elsewhere(&["path:Work"])), None, Some((1, &[])));
        check((&library, &elsewhere(&["path:Home"])), None, Some((0, &[NOTHING_THERE])));
        store.remove(&"work".parse().unwrap()).unwrap();
        library.refresh().unwrap();
        check((&library, &owner), None, Some((0, &[NOT_SEARCHED])));
    }

    #[test]
    fn an_answer_out_of_an_older_generation_says_so() {
        let (_folder, store) = store();
        store.remove(&"diary".parse().unwrap()).unwrap();
        let library = open(&store);
        break_collection(&store, "work");
        library.refresh().unwrap();
        for viewer in [Viewer::owner(), elsewhere(&["path:Work"])] {
            check((&library, &viewer), None, Some((1, &[AS_BEFORE])));
        }
        check((&library, &elsewhere(&["path:Home"])), None, Some((0, &[NOTHING_THERE])));
    }

    #[test]
    fn what_is_missing_is_told_to_those_who_see_some_of_it() {
        let (_folder, store) = store();
        let library = open(&store);
        let missing = |viewer: &Viewer| {
            let missing = library.missing(viewer).unwrap();
            (missing.collections.len(), missing.models.len())
        };
        let work = elsewhere(&["path:Work"]);
        let others = [Viewer::owner(), elsewhere(&[]), elsewhere(&["path:Home"])];
        for viewer in &others {
            assert_eq!(missing(viewer), (0, 1), "{viewer:?}");
        }
        assert_eq!(missing(&work), (0, 0));
        break_collection(&store, "diary");
        library.refresh().unwrap();
        for viewer in &others {
            assert_eq!(missing(viewer), (1, 1), "{viewer:?}");
        }
        assert_eq!(missing(&work), (0, 0));
    }

    #[cfg(unix)]
    #[test]
    fn a_collection_whose_commit_cannot_be_looked_at_is_in_trouble_and_served_on() {
        let (_folder, store) = store();
        store.remove(&"diary".parse().unwrap()).unwrap();
        let library = open(&store);
        let commit_point = store.folder(&"work".parse().unwrap()).join("lexical").join("meta.json");
        let (link, aside) = (commit_point.with_extension("link"), commit_point.with_extension("aside"));
        fs::hard_link(&commit_point, &aside).unwrap();
        // A link to itself leads nowhere; put in place by rename, so that no look finds nothing there.
        std::os::unix::fs::symlink(&commit_point, &link).unwrap();
        fs::rename(&link, &commit_point).unwrap();
        library.refresh().unwrap();
        let trouble = "its index cannot be read";
        assert_eq!(library.missing(&Viewer::owner()).unwrap().collections["work"], trouble);
        let note = format!("work was searched as it could be opened last: {trouble}");
        check((&library, &Viewer::owner()), None, Some((1, &[&note])));
        fs::rename(&aside, &commit_point).unwrap();
        library.refresh().unwrap();
        assert!(library.missing(&Viewer::owner()).unwrap().is_empty());
        check((&library, &Viewer::owner()), None, Some((1, &[])));
    }
}
