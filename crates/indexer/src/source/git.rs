//! The files of a commit in a Git repository, read from its objects: nothing is checked out, no `git` is run, and nothing
//! outside the repository is asked. It follows no link and no submodule.

mod ignored;
pub(super) mod working_tree;

use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;
use ibid_core::id::DocumentPath;
use ibid_index::manifest::Origin;

use super::{Chosen, Listing, MAX_FILE_BYTES, Source, SourceFile, Stamp, first_64_bits};
use crate::error::BuildError;
use crate::extract;
use crate::report::{Progress, SkipReason, Skipped};
use ignored::Ignored;

/// The most entries that are looked at. Trees are shared, so a few of them can name more files than there are atoms.
const MAX_ENTRIES: usize = 5_000_000;

/// Longer paths are passed over, as systems have them no longer either.
const MAX_PATH_BYTES: usize = 4_096;

/// How much of the objects read last is kept, in bytes: the trees above a file are read for each file.
const OBJECT_CACHE_BYTES: usize = 4_000_000;

/// A folder as a commit has it.
pub(crate) struct Revision {
    repository: gix::ThreadSafeRepository,
    /// The folder given, for errors.
    root: PathBuf,
    /// As it was asked for: a branch, a tag, an id.
    revision: String,
    commit: ObjectId,
    /// The tree of the folder.
    tree: ObjectId,
    committed_at: i64,
    chosen: Chosen,
}

impl Revision {
    /// What `revision` means now, for the folder at `root`: a repository, bare or not, or a folder in its working tree.
    pub(crate) fn new(root: &Path, revision: &str, chosen: Chosen) -> Result<Revision, BuildError> {
        let (repository, folder) = repository_of(root)?;
        let unknown = |reason: String| BuildError::Revision {
            path: root.to_owned(),
            revision: revision.to_owned(),
            reason,
        };
        let commit = resolve(&repository, revision).map_err(unknown)?;
        let read = || {
            let commit = repository.find_commit(commit)?;
            Ok::<_, gix::Error>((commit.tree()?, commit.time()?.seconds))
        };
        let (whole, committed_at) = read().map_err(|error| broken(root, error))?;
        let tree = match folder.as_str() {
            "" => whole.id,
            folder => {
                let entry = whole.lookup_entry(parts(folder)).map_err(|error| broken(root, error))?;
                let entry = entry.filter(|entry| entry.mode().is_tree());
                entry.ok_or_else(|| unknown("it has no such folder".to_owned()))?.object_id()
            }
        };
        let (root, revision) = (root.to_owned(), revision.to_owned());
        drop(whole);
        let repository = repository.into_sync();
        Ok(Revision { repository, root, revision, commit, tree, committed_at, chosen })
    }

    /// A repository for this thread, which remembers the trees it read.
    fn repository(&self) -> gix::Repository {
        let mut repository = self.repository.to_thread_local();
        repository.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
        repository
    }

    fn look(
        &self,
        repository: &gix::Repository,
        path: &str,
        kind: EntryKind,
        id: ObjectId,
    ) -> Result<Seen, gix::Error> {
        let Some(path) = DocumentPath::new(path) else { return Ok(Seen::Nothing) };
        if !self.chosen.wants(path.as_str()) {
            return Ok(Seen::Nothing);
        }
        let skipped = |reason| Seen::Skipped(Skipped { path: path.as_str().to_owned(), reason });
        if kind == EntryKind::Commit {
            return Ok(skipped(SkipReason::Submodule));
        }
        if !extract::reads(&path) {
            return Ok(Seen::Other(path.extension().unwrap_or("").to_lowercase()));
        }
        if kind == EntryKind::Link {
            return Ok(skipped(SkipReason::SymbolicLink));
        }
        // The size alone; in a clone that lacks the file itself, not even that is there.
        let size = match repository.find_header(id) {
            Ok(header) => header.size(),
            Err(error) => return Ok(skipped(SkipReason::Unreadable(error.to_string()))),
        };
        if size > MAX_FILE_BYTES {
            return Ok(skipped(SkipReason::TooLarge(size)));
        }
        let stamp = Stamp::Content(first_64_bits(&id.to_string()).unwrap_or_default());
        Ok(Seen::File(SourceFile { path, stamp, changed_at: self.committed_at, size, address: None }))
    }
}

enum Seen {
    File(SourceFile),
    Skipped(Skipped),
    Other(String),
    Nothing,
}

impl Source for Revision {
    /// Lists the files as the walk of a folder would find them: hidden ones, and what `.gitignore`, `.ignore` or
    /// `.ibidignore` in the commit name, are passed over. One thread is enough.
    fn list(&self, _threads: usize, _: &dyn Progress) -> Result<Listing, BuildError> {
        let repository = self.repository();
        let origin = Origin::Commit { revision: self.revision.clone(), commit: self.commit.to_string() };
        let mut listing = Listing { origin, ..Listing::default() };
        walk(&repository, self.tree, &mut |found| {
            let (path, kind, id) = match found {
                Found::Entry { path, kind, id } => (path, kind, id),
                Found::NotUtf8 { shown } => {
                    listing.skipped.push(Skipped { path: shown, reason: SkipReason::NameNotUtf8 });
                    return Ok(());
                }
            };
            match self.look(&repository, path, kind, id)? {
                Seen::File(file) => listing.files.push(file),
                Seen::Skipped(skipped) => listing.skipped.push(skipped),
                Seen::Other(extension) => *listing.others.entry(extension).or_default() += 1,
                Seen::Nothing => {}
            }
            Ok(())
        })
        .map_err(|error| broken(&self.root, error))?;
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort();
        Ok(listing)
    }

    fn read(&self, path: &DocumentPath) -> io::Result<Vec<u8>> {
        let repository = self.repository();
        let tree = repository.find_tree(self.tree).map_err(io::Error::other)?;
        let entry = tree.lookup_entry(parts(path.as_str())).map_err(io::Error::other)?;
        let Some(entry) = entry.filter(|entry| entry.mode().is_blob()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let size = repository.find_header(entry.object_id()).map_err(io::Error::other)?.size();
        if size > MAX_FILE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(entry.object().map_err(io::Error::other)?.detach().data)
    }
}

/// The full id of the commit that `revision` means now. Costs a few reads; for who asks often whether it moved.
pub(crate) fn commit_of(root: &Path, revision: &str) -> Option<String> {
    let (repository, _) = repository_of(root).ok()?;
    resolve(&repository, revision).ok().map(|commit| commit.to_string())
}

fn resolve(repository: &gix::Repository, revision: &str) -> Result<ObjectId, String> {
    let resolve = || repository.rev_parse_single(revision)?.object()?.peel_to_commit();
    resolve().map(|commit| commit.id).map_err(|error: gix::Error| error.to_string())
}

/// The repository that `root` is in, and where in its tree: empty for all of it. Nothing is read but the repository: no
/// settings of the person or the machine, no environment.
fn repository_of(root: &Path) -> Result<(gix::Repository, String), BuildError> {
    for above in root.ancestors() {
        let git_dir = above.join(".git");
        let (found, inside) = match () {
            () if gix::discover::is_git(&git_dir).is_ok() => (git_dir, root.strip_prefix(above)),
            () if gix::discover::is_git(above).is_ok() => (above.to_owned(), root.strip_prefix(above)),
            () => continue,
        };
        let repository = gix::open_opts(&found, gix::open::Options::isolated().open_path_as_is(true))
            .map_err(|error| broken(root, error))?;
        let inside = inside.unwrap_or(Path::new("")).to_string_lossy();
        return Ok((repository, inside.replace(std::path::MAIN_SEPARATOR, "/")));
    }
    Err(BuildError::NoRepository { path: root.to_owned() })
}

fn broken(root: &Path, error: gix::Error) -> BuildError {
    BuildError::Repository { path: root.to_owned(), reason: error.to_string() }
}

fn parts(path: &str) -> impl Iterator<Item = &[u8]> {
    path.split('/').map(str::as_bytes)
}

/// What a walk comes across.
enum Found<'a> {
    Entry { path: &'a str, kind: EntryKind, id: ObjectId },
    NotUtf8 { shown: String },
}

/// Visits every file, link and submodule below a tree that is not hidden and not to be left out.
fn walk(
    repository: &gix::Repository,
    tree: ObjectId,
    visit: &mut dyn FnMut(Found<'_>) -> Result<(), gix::Error>,
) -> Result<(), gix::Error> {
    let mut folders = vec![(tree, String::new(), Ignored::default())];
    let mut entries = 0;
    while let Some((tree, folder, ignored)) = folders.pop() {
        let tree = repository.find_tree(tree)?;
        let ignored = ignored.below(&folder, &tree);
        for entry in tree.iter() {
            let entry = entry?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(gix::Error::from_error(TooManyEntries));
            }
            let name = entry.filename();
            if name.starts_with(b".") || folder.len() + name.len() > MAX_PATH_BYTES {
                continue;
            }
            let Ok(name) = name.to_str() else {
                visit(Found::NotUtf8 { shown: format!("{folder}{}", name.to_str_lossy()) })?;
                continue;
            };
            let (path, kind, id) = (format!("{folder}{name}"), entry.kind(), entry.object_id());
            match ignored.names(&path, kind == EntryKind::Tree) {
                true => {}
                false if kind == EntryKind::Tree => folders.push((id, format!("{path}/"), ignored.clone())),
                false => visit(Found::Entry { path: &path, kind, id })?,
            }
        }
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("it has more than {MAX_ENTRIES} entries")]
struct TooManyEntries;

#[cfg(test)]
mod tests;
