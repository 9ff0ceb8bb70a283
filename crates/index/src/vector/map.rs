//! A file as memory. The only unsafe lines of this crate; what the bytes mean is nobody's business here.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use super::error::VectorError;

/// Maps a whole file for reading; costs no reading by itself.
#[allow(unsafe_code, reason = "a map is only as sound as the promise that nobody changes the file")]
pub(super) fn map(path: &Path) -> Result<Mmap, VectorError> {
    let file = File::open(path).map_err(VectorError::io("open", path))?;
    // SAFETY: our files are written once, under a number of their own, and never again: a number that is
    // used anew unlinks the old file, which lives on for those who map it. Who truncates a file of a
    // folder that belongs to us from outside stops the process, as with every mapped database.
    unsafe { Mmap::map(&file) }.map_err(VectorError::io("map", path))
}
