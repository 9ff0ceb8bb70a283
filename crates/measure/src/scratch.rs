//! A few notes and their index in a temporary folder, for the tests. Words alone, no model.

use std::fs;
use std::num::NonZero;
use std::path::PathBuf;

use ibid_core::id::CollectionName;
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_indexer::{BuildOptions, Silent, SourceChoice, build};
use tempfile::TempDir;

/// Goes when it is dropped.
pub(crate) struct Vault {
    folder: TempDir,
}

impl Vault {
    /// Writes these notes and indexes them.
    pub(crate) fn new(notes: &[(&str, &str)]) -> Vault {
        let vault = Vault { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(vault.notes()).unwrap();
        for (path, words) in notes {
            fs::write(vault.notes().join(path), words).unwrap();
        }
        let options = BuildOptions {
            root: vault.notes(),
            source: SourceChoice::Folder,
            name: name(),
            include: vec![],
            exclude: vec![],
            language: None,
            model: None,
            threads: NonZero::<usize>::MIN,
            rebuild: false,
            may_change_model: false,
            now: u64::MAX,
            restate_after: std::time::Duration::ZERO,
            clock: std::time::Instant::now,
        };
        build(&Store::at(vault.data()), &options, &Silent).unwrap();
        vault
    }

    /// The folder of notes.
    pub(crate) fn notes(&self) -> PathBuf {
        self.folder.path().join("notes")
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The collection, open.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::open(&Store::at(self.data()), &name()).unwrap()
    }
}

fn name() -> CollectionName {
    "scratch".parse().unwrap()
}
