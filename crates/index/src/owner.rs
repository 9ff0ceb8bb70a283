//! Files and folders that their owner alone may read, whatever the umask says. A folder that others may enter is closed
//! when it is opened; where the file system has no permissions, or they are not ours to change, they stay as they are.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are not there, for their owner alone.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How a file is made for its owner alone; what it is opened for is still to be said.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes from everybody else what they may do with a file or folder.
pub(crate) fn close(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        const OTHERS: u32 = 0o077;
        // A link's own permissions mean nothing, and what it leads to is not ours.
        let found = fs::symlink_metadata(path).ok().filter(|found| !found.is_symlink());
        if let Some(mut permissions) = found.map(|found| found.permissions())
            && permissions.mode() & OTHERS != 0
        {
            permissions.set_mode(permissions.mode() & !OTHERS);
            // Whose it is not cannot close it, and may be meant to read it.
            let _ = fs::set_permissions(path, permissions);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Closes a folder and all within it, unless nobody else may enter it anyway.
pub(crate) fn close_if_open(folder: &Path) {
    if !is_closed(folder) {
        close_all(folder);
    }
}

/// Closes a folder and all within it. It is closed last, so that one who is killed meanwhile begins again.
pub(crate) fn close_all(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => close_all(&entry.path()),
            _ => close(&entry.path()),
        }
    }
    close(folder);
}

#[cfg(unix)]
fn is_closed(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_closed(_: &Path) -> bool {
    true
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use ibid_core::id::CollectionName;

    use super::*;
    use crate::snapshot::Snapshot;
    use crate::tests::{Collection, finished, manifest};

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    /// Every file and folder in a folder with what may be done with it, the folder itself first.
    fn modes(folder: &Path) -> Vec<(std::path::PathBuf, u32)> {
        let mut found = vec![(folder.to_owned(), mode(folder))];
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match fs::symlink_metadata(&path).unwrap().is_dir() {
                true => found.extend(modes(&path)),
                false => found.push((path.clone(), mode(&path))),
            }
        }
        found
    }

    fn check_closed(folder: &Path) {
        for (path, mode) in modes(folder) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{path:?} {mode:o}");
        }
    }

    fn indexed() -> (Collection, CollectionName) {
        let collection = Collection::new();
        let mut writer = collection.writer();
        let (document, vectors) = finished("a.md", "Rye.\n");
        writer.add(&document, vectors).unwrap();
        writer.commit(manifest()).unwrap();
        writer.finish(&collection.store, 1).unwrap();
        let name = collection.snapshot().name().clone();
        (collection, name)
    }

    #[test]
    fn an_index_is_its_owners_alone() {
        let (collection, name) = indexed();
        check_closed(&collection.store.folder(&name));
        check_closed(&collection.store.data_dir().join("collections"));
    }

    #[test]
    fn one_that_others_may_read_is_closed_when_it_is_opened() {
        let (collection, name) = indexed();
        let folder = collection.store.folder(&name);
        let open_up = || {
            for (path, _) in modes(&folder) {
                let mode = if path.is_dir() { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        open_up();
        Snapshot::open(&collection.store, &name).unwrap();
        check_closed(&folder);
        open_up();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        drop(collection.writer());
        check_closed(&folder);
    }

    #[test]
    fn what_a_link_leads_to_is_left_alone() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = elsewhere.path().join("a");
        fs::write(&file, "").unwrap();
        for (path, mode) in [(file.as_path(), 0o644), (elsewhere.path(), 0o755), (folder.path(), 0o755)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        std::os::unix::fs::symlink(&file, folder.path().join("a")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("b")).unwrap();
        close_all(folder.path());
        assert_eq!((mode(folder.path()), mode(elsewhere.path()), mode(&file)), (0o700, 0o755, 0o644));
    }
}
