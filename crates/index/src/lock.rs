//! One writer of a folder at a time. The lock is the operating system's, so a process that dies lets go of it.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::OpenError;
use crate::owner;

/// Held as long as a writer lives.
#[derive(Debug)]
pub struct WriterLock {
    // Closing the file gives the lock back.
    _file: File,
}

impl WriterLock {
    /// Takes the lock at `path`, a file that is made where there is none. Never waits.
    ///
    /// # Errors
    /// [`OpenError::Locked`] where another writer has it.
    pub fn take(path: &Path) -> Result<WriterLock, OpenError> {
        let opened = owner::options().create(true).truncate(false).write(true).open(path);
        let file = opened.map_err(OpenError::io(path))?;
        match file.try_lock() {
            Ok(()) => Ok(WriterLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(OpenError::Io { path: path.to_owned(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_and_a_third_gets_in_after_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = WriterLock::take(&path).unwrap();
        assert!(matches!(WriterLock::take(&path), Err(OpenError::Locked { .. })));
        drop(first);
        WriterLock::take(&path).unwrap();
    }
}
