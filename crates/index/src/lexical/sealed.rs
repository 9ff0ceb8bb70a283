//! tantivy's folder, with a seal on the small files it replaces whole: the commit point and its list of files.
//!
//! tantivy puts checksums on the files of its segments and none on these two. Each gets a last line with the hash of
//! what stands above it, so that a flipped bit there is noticed like any other. What the files say is tantivy's.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

/// tantivy's commit point.
pub(crate) const COMMIT_POINT: &str = "meta.json";

/// tantivy's list of the files it made, by which it sweeps.
pub(crate) const FILE_LIST: &str = ".managed.json";

/// A hash in hexadecimal and a line end.
const SEAL_BYTES: usize = 65;

/// A folder of tantivy's whose small files are sealed.
#[derive(Debug, Clone)]
pub(crate) struct SealedDirectory(MmapDirectory);

impl SealedDirectory {
    pub(crate) fn open(folder: &Path) -> Result<SealedDirectory, OpenDirectoryError> {
        MmapDirectory::open(folder).map(SealedDirectory)
    }
}

/// `content` with its seal.
pub(crate) fn seal(content: &[u8]) -> Vec<u8> {
    let mut sealed = content.to_vec();
    sealed.extend_from_slice(format!("{}\n", blake3::hash(content)).as_bytes());
    sealed
}

/// What was sealed; `None` where it is not what was written.
pub(crate) fn unseal(sealed: &[u8]) -> Option<&[u8]> {
    let (content, seal) = sealed.split_at(sealed.len().checked_sub(SEAL_BYTES)?);
    (seal == format!("{}\n", blake3::hash(content)).as_bytes()).then_some(content)
}

/// Puts a sealed file in the place of the one at `path`, on the disk when this returns. A reader sees the one or the
/// other.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = tempfile::Builder::new().tempfile_in(folder)?;
    io::Write::write_all(&mut file, &seal(content))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync(folder)
}

/// What a sealed file holds; `None` where it is not what was written.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    Ok(unseal(&fs::read(path)?).map(<[u8]>::to_vec))
}

/// Waits until what was renamed in a folder is on the disk.
fn sync(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and renames are durable by themselves.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

impl Directory for SealedDirectory {
    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let sealed = self.0.atomic_read(path)?;
        match unseal(&sealed) {
            Some(content) => Ok(content.to_vec()),
            // It only serves sweeping, which then begins anew: no reason to answer nothing.
            None if path == Path::new(FILE_LIST) => Err(OpenReadError::FileDoesNotExist(path.to_owned())),
            None => {
                let error = io::Error::new(io::ErrorKind::InvalidData, "its checksum does not match");
                Err(OpenReadError::wrap_io_error(error, path.to_owned()))
            }
        }
    }

    fn atomic_write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.0.atomic_write(path, &seal(content))?;
        // tantivy leaves it to the system when a new commit point is durable; a commit waits for it.
        if path == Path::new(COMMIT_POINT) { self.0.sync_directory() } else { Ok(()) }
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.0.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.0.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.0.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.0.open_write(path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.0.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.0.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.0.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_breaks_the_seal() {
        for content in [&b""[..], b"{}\n", b"one line\nand another"] {
            let sealed = seal(content);
            assert_eq!(unseal(&sealed), Some(content));
            for bit in 0..sealed.len() * 8 {
                let mut damaged = sealed.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(unseal(&damaged), None, "bit {bit}");
            }
            (0..sealed.len()).for_each(|length| assert_eq!(unseal(&sealed[..length]), None));
        }
    }
}
