//! A file that is complete and on the disk when it has a checksum, and not before. Knows no format.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::VectorError;
use crate::owner;

const BUFFER_BYTES: usize = 1 << 17;

/// Writes a file once, from front to back, and its checksum with it.
pub(super) struct DurableFile {
    path: PathBuf,
    file: BufWriter<File>,
    hash: blake3::Hasher,
    written: u64,
}

impl DurableFile {
    /// Begins a file. One of that name, left by an attempt nobody remembers, is unlinked first: were it cut
    /// short instead, readers that still map it would stop.
    pub(super) fn create(dir: &Path, name: &str) -> Result<DurableFile, VectorError> {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(VectorError::io("replace", &path)(error));
            }
            _ => {}
        }
        let created = owner::options().create_new(true).read(true).write(true).open(&path);
        let file = created.map_err(VectorError::io("create", &path))?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(DurableFile { path, file, hash: blake3::Hasher::new(), written: 0 })
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), VectorError> {
        self.hash.update(bytes);
        self.written += bytes.len() as u64;
        self.file.write_all(bytes).map_err(VectorError::io("write", &self.path))
    }

    /// Fills with zeros up to an offset.
    pub(super) fn pad_to(&mut self, offset: u64) -> Result<(), VectorError> {
        const ZEROS: [u8; 64] = [0; 64];
        while self.written < offset {
            let gap = ZEROS.len().min(usize::try_from(offset - self.written).unwrap_or(usize::MAX));
            self.put(&ZEROS[..gap])?;
        }
        Ok(())
    }

    /// Waits until file and folder are on the disk; gives the checksum.
    pub(super) fn finish(mut self) -> Result<String, VectorError> {
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        synced.map_err(VectorError::io("write", &self.path))?;
        #[cfg(unix)] // Elsewhere a folder cannot be opened, and renames are durable by themselves.
        if let Some(dir) = self.path.parent() {
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(VectorError::io("sync", dir))?;
        }
        Ok(self.hash.finalize().to_hex().to_string())
    }
}

/// Compares a file with its checksum by reading it, so that nothing stays mapped.
pub(super) fn verify(path: &Path, checksum: &str) -> Result<(), VectorError> {
    let file = File::open(path).map_err(VectorError::io("open", path))?;
    let mut hash = blake3::Hasher::new();
    hash.update_reader(file).map_err(VectorError::io("read", path))?;
    if hash.finalize().to_hex().as_str() != checksum {
        return Err(VectorError::damaged(path, "its checksum is not that of the manifest"));
    }
    Ok(())
}
