//! Which commit the files of a working tree are those of.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::BStr;
use ibid_index::manifest::Origin;

use super::{Found, OBJECT_CACHE_BYTES, repository_of, walk};
use crate::source::{SourceFile, Stamp};

/// What is recorded of the folder at `root` with these files: the commit at HEAD, if it is in a working tree, and
/// whether each of the files is as it is there.
///
/// Costs a read of the commit's trees and of the index; a file is read only where the index cannot tell. A repository
/// that cannot be read is no reason not to index the folder: then it is a folder and no more.
pub(in crate::source) fn origin(root: &Path, files: &[SourceFile]) -> Origin {
    let Ok((mut repository, folder)) = repository_of(root) else { return Origin::Folder };
    repository.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
    if repository.workdir().is_none() {
        return Origin::Folder;
    }
    let Ok(head) = repository.head_commit() else { return Origin::Folder };
    let folder = if folder.is_empty() { folder } else { format!("{folder}/") };
    match is_clean(&repository, &head, root, &folder, files) {
        Ok(Some(clean)) => Origin::WorkingTree { commit: head.id.to_string(), clean },
        // A folder of notes in somebody's repository of something else.
        Ok(None) | Err(_) => Origin::Folder,
    }
}

/// Whether every file is as the commit has it; `None` where the commit has none of them.
fn is_clean(
    repository: &gix::Repository,
    head: &gix::Commit<'_>,
    root: &Path,
    folder: &str,
    files: &[SourceFile],
) -> Result<Option<bool>, gix::Error> {
    let mut committed: HashMap<String, ObjectId> = HashMap::new();
    walk(repository, head.tree_id()?.detach(), &mut |found| {
        if let Found::Entry { path, id, .. } = found {
            committed.insert(path.to_owned(), id);
        }
        Ok(())
    })?;
    let index = repository.index_or_empty()?;
    let written = index.timestamp();
    let index_is_after = |entry: &gix::index::entry::Stat| {
        (i64::from(entry.mtime.secs), entry.mtime.nsecs) < (written.unix_seconds(), written.nanoseconds())
    };
    let path_of = |file: &SourceFile| format!("{folder}{}", file.path);
    if !files.iter().any(|file| committed.contains_key(&path_of(file))) {
        return Ok(None);
    }
    Ok(Some(files.iter().all(|file| {
        let path = path_of(file);
        let Some(id) = committed.get(&path) else { return false };
        let entry = index.entry_by_path(BStr::new(&path));
        let known = entry.filter(|entry| index_is_after(&entry.stat) && is_as_indexed(&entry.stat, file));
        match known {
            Some(entry) => entry.id == *id,
            None => hash_of(&root.join(file.path.as_str()), id.kind()).is_some_and(|now| now == *id),
        }
    })))
}

fn is_as_indexed(stat: &gix::index::entry::Stat, file: &SourceFile) -> bool {
    let Stamp::Time(nanoseconds) = file.stamp else { return false };
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let same_time = u64::from(stat.mtime.secs) == seconds
        && (stat.mtime.nsecs == 0 || u64::from(stat.mtime.nsecs) == rest);
    same_time && u64::from(stat.size) == file.size
}

fn hash_of(path: &Path, kind: gix::hash::Kind) -> Option<ObjectId> {
    let bytes = fs::read(path).ok()?;
    gix::objs::compute_hash(kind, gix::objs::Kind::Blob, &bytes).ok()
}
