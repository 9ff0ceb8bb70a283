//! Where collections lie in the data folder, which there are, and how one is opened or removed.
//!
//! ```text
//! DATA/collections/NAME/format          the format's number, read before anything else
//!                      /lock            held by the writer
//!                      /settings        how the collection was asked for, for when the manifest is lost
//!                      /lexical/        tantivy's files; meta.json is the commit point
//!                      /vectors/        vector files and the graph, immutable, named by the manifest
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use ibid_core::id::CollectionName;

use crate::error::{OpenError, WriteError};
use crate::lexical::sealed::COMMIT_POINT;
use crate::lock::WriterLock;
use crate::manifest::FORMAT;
use crate::owner;
use crate::settings::{self, newest_settings};
use crate::verified::Verified;

/// The data folder. Its clones know of each other which files were compared with their checksums.
#[derive(Debug, Clone)]
pub struct Store {
    data_dir: PathBuf,
    verified: Arc<Verified>,
}

/// Tells one commit of a collection from the next without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitMark {
    modified: SystemTime,
    bytes: u64,
}

/// The paths inside a collection's folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
}

impl Layout {
    pub(crate) fn format(&self) -> PathBuf {
        self.root.join("format")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings")
    }

    pub(crate) fn lexical(&self) -> PathBuf {
        self.root.join("lexical")
    }

    pub(crate) fn vectors(&self) -> PathBuf {
        self.root.join("vectors")
    }

    /// tantivy's commit point, replaced by rename at each commit.
    pub(crate) fn commit_point(&self) -> PathBuf {
        self.lexical().join(COMMIT_POINT)
    }

    /// Marks the collection as of this program's format, in one step.
    pub(crate) fn write_format(&self) -> Result<(), WriteError> {
        let (format, new) = (self.format(), self.format().with_extension("new"));
        let created = owner::options().create(true).truncate(true).write(true).open(&new);
        let written = created.and_then(|mut file| {
            file.write_all(format!("{FORMAT}\n").as_bytes())?;
            file.sync_all()
        });
        written.map_err(WriteError::io(&new))?;
        fs::rename(&new, &format).map_err(WriteError::io(&format))
    }

    /// Refuses a collection that another version wrote.
    pub(crate) fn check_format(&self) -> Result<(), OpenError> {
        let path = self.format();
        let found = fs::read_to_string(&path).map_err(OpenError::io(&path))?;
        match found.trim().parse::<u32>() {
            Ok(FORMAT) => Ok(()),
            Ok(_) => Err(OpenError::Format {
                path: self.root.clone(),
                found: found.trim().to_owned(),
                wanted: FORMAT,
            }),
            Err(_) => Err(OpenError::Damaged { path, reason: "it holds no format number".into() }),
        }
    }
}

impl Store {
    /// The store in `data_dir`, which need not exist yet.
    pub fn at(data_dir: impl Into<PathBuf>) -> Store {
        Store { data_dir: data_dir.into(), verified: Arc::default() }
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(crate) fn verified(&self) -> &Verified {
        &self.verified
    }

    pub(crate) fn layout(&self, name: &CollectionName) -> Layout {
        Layout { root: self.data_dir.join("collections").join(name.as_str()) }
    }

    /// The folder of a collection, whether it exists or not.
    pub fn folder(&self, name: &CollectionName) -> PathBuf {
        self.layout(name).root
    }

    /// The folder in which pages of the web are kept that the collection is of.
    pub fn pages(&self, name: &CollectionName) -> PathBuf {
        self.layout(name).root.join("pages")
    }

    /// The names of the collections that have a first commit, or the beginnings of one, sorted.
    pub fn collections(&self) -> Result<Vec<CollectionName>, OpenError> {
        let folder = self.data_dir.join("collections");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(OpenError::io(&folder)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(OpenError::io(&folder))?;
            let Some(name) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // One that may not be looked into is told of by whoever opens it.
            if exists(&self.layout(&name).format()).unwrap_or(true) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Which commit the collection is at; `None` where it has none, an error where that is not to be known. Costs one
    /// look at a file's metadata.
    pub fn commit_mark(&self, name: &CollectionName) -> Result<Option<CommitMark>, OpenError> {
        let file = self.layout(name).commit_point();
        let metadata = match fs::metadata(&file) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OpenError::io(&file)(error)),
        };
        let modified = metadata.modified().map_err(OpenError::io(&file))?;
        Ok(Some(CommitMark { modified, bytes: metadata.len() }))
    }

    /// The bytes a collection takes on disk.
    pub fn bytes_on_disk(&self, name: &CollectionName) -> Result<u64, OpenError> {
        let layout = self.layout(name);
        let mut total = 0;
        for folder in [layout.lexical(), layout.vectors(), self.pages(name)] {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(OpenError::io(&folder)(error)),
            };
            for entry in entries {
                // A file that a writer swept between the listing and the look counts nothing.
                total += entry.and_then(|entry| entry.metadata()).map_or(0, |metadata| metadata.len());
            }
        }
        Ok(total)
    }

    /// Removes everything of a collection but how it was asked for, whatever state it is in, so that a run of the
    /// indexer can begin anew. Of use where the index cannot even be opened; nothing is served until that run commits.
    ///
    /// A crash in here loses no settings. Refuses while another process writes the collection.
    pub fn clear(&self, name: &CollectionName) -> Result<(), WriteError> {
        let layout = self.layout(name);
        let _lock = WriterLock::take(&layout.lock())?;
        if let Ok(Some(settings)) = newest_settings(self, name) {
            settings::write(&layout, &settings)?;
        }
        // The commit point goes first: no reader may take what is left for a generation. The format goes last: a crash
        // before leaves a collection that is known to be of another one, or to have no commit.
        remove_if_there(&layout.commit_point())?;
        for folder in [layout.lexical(), layout.vectors()] {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WriteError::io(&folder)(error));
                }
                _ => {}
            }
        }
        layout.write_format()
    }

    /// Removes a collection's files, whatever state they are in. The source is not touched.
    ///
    /// Refuses while another process writes it.
    pub fn remove(&self, name: &CollectionName) -> Result<(), WriteError> {
        let layout = self.layout(name);
        if !layout.root.exists() {
            return Err(OpenError::Missing { name: name.clone(), data_dir: self.data_dir.clone() }.into());
        }
        let _lock = WriterLock::take(&layout.lock())?;
        // The format mark goes first: what is left after a crash in here is no collection any more.
        remove_if_there(&layout.format())?;
        fs::remove_dir_all(&layout.root).map_err(WriteError::io(&layout.root))
    }
}

/// Whether there is such a file; an error where that is not to be known.
pub(crate) fn exists(file: &Path) -> Result<bool, OpenError> {
    file.try_exists().map_err(OpenError::io(file))
}

fn remove_if_there(file: &Path) -> Result<(), WriteError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError::io(file)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_cannot_be_looked_at_is_not_one_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let (store, name) = (Store::at(folder.path()), "garden".parse().unwrap());
        assert_eq!(store.commit_mark(&name).unwrap(), None);
        let layout = store.layout(&name);
        fs::create_dir_all(layout.lexical()).unwrap();
        assert_eq!(store.commit_mark(&name).unwrap(), None);
        fs::write(layout.commit_point(), "{}").unwrap();
        assert_eq!(store.commit_mark(&name).unwrap().unwrap().bytes, 2);
        fs::remove_dir_all(layout.lexical()).unwrap();
        // A link to itself leads nowhere.
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(layout.lexical(), layout.lexical()).unwrap();
            assert!(matches!(store.commit_mark(&name), Err(OpenError::Io { .. })));
        }
    }
}
