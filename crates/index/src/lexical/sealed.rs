//! tantivy's folder, with a seal on the small files it replaces whole: the commit point and its list of files.
//!
//! tantivy puts checksums on the files of its segments and none on these two. Each gets a last line with the hash of
//! what stands above it, so that a flipped bit there is noticed like any other. What the files say is tantivy's.
//!
//! It also remembers what the system said last when it refused a write: tantivy's threads keep that to themselves.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, META_LOCK, MmapDirectory, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

use crate::owner;

/// tantivy's commit point.
pub(crate) const COMMIT_POINT: &str = "meta.json";

/// tantivy's list of the files it made, by which it sweeps.
pub(crate) const FILE_LIST: &str = ".managed.json";

/// A hash in hexadecimal and a line end.
const SEAL_BYTES: usize = 65;

/// A folder of tantivy's whose small files are sealed.
#[derive(Debug, Clone)]
pub(crate) struct SealedDirectory {
    files: MmapDirectory,
    refused: Refused,
}

impl SealedDirectory {
    pub(crate) fn open(folder: &Path) -> Result<SealedDirectory, OpenDirectoryError> {
        let refused = Refused { folder: folder.to_owned(), last: Arc::default() };
        Ok(SealedDirectory { files: MmapDirectory::open(folder)?, refused })
    }

    /// tantivy makes its files as the umask has it.
    fn close(&self, path: &Path) {
        owner::close(&self.refused.folder.join(path));
    }

    /// What is remembered of refused writes, by this directory and all its clones.
    pub(crate) fn refused(&self) -> Refused {
        self.refused.clone()
    }
}

/// The last write that the system refused.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    folder: PathBuf,
    // Held to store or take an error.
    last: Arc<Mutex<Option<(PathBuf, io::Error)>>>,
}

impl Refused {
    /// The file that could not be written, and why; forgets it.
    pub(crate) fn take(&self) -> Option<(PathBuf, io::Error)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note<T>(&self, path: &Path, done: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &done {
            let refused = (self.folder.join(path), from_shared(error));
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
        }
        done
    }
}

/// A file that is being written, of which a refusal is remembered.
struct Written {
    file: Box<dyn TerminatingWrite + Send + Sync>,
    path: PathBuf,
    refused: Refused,
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.refused.note(&self.path, self.file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.refused.note(&self.path, self.file.flush())
    }
}

impl TerminatingWrite for Written {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.refused.note(&self.path, self.file.terminate_ref(token))
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
    file.write_all(&seal(content))?;
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

fn from_shared(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

impl Directory for SealedDirectory {
    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let sealed = self.files.atomic_read(path)?;
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
        self.refused.note(path, self.files.atomic_write(path, &seal(content)))?;
        self.close(path);
        // tantivy leaves it to the system when a new commit point is durable; a commit waits for it.
        if path == Path::new(COMMIT_POINT) { self.sync_directory() } else { Ok(()) }
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.files.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.files.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = self.files.open_write(path);
        if let Err(OpenWriteError::IoError { io_error, .. }) = &file {
            let _ = self.refused.note::<()>(path, Err(from_shared(io_error)));
        }
        // Nothing has been written, so nothing is lost with the buffer.
        let unbuffered = file?.into_inner().map_err(|error| error.into_error());
        let file = unbuffered.map_err(|error| OpenWriteError::wrap_io_error(error, path.to_owned()))?;
        self.close(path);
        Ok(BufWriter::new(Box::new(Written { file, path: path.to_owned(), refused: self.refused() })))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.refused.note(Path::new(""), self.files.sync_directory())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let is_denied = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
        };
        match self.files.acquire_lock(lock) {
            // Readers keep sweepers away while they open files. Where nobody may write nobody sweeps.
            Err(LockError::IoError(error)) if lock.filepath == META_LOCK.filepath && is_denied(&error) => {
                Ok(DirectoryLock::from(Box::new(())))
            }
            taken => {
                self.close(&lock.filepath);
                taken
            }
        }
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.files.watch(callback)
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
