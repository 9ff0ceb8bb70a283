//! Vectors of a run that makes everything anew: each is kept as it is made, in a file beside the generation, so that a
//! run that is killed is gone on with. They become visible when that run commits, and the file goes then.
//!
//! The file is no part of any generation, and no reader opens it. Rows are appended one by one, each with a checksum of
//! its own: a row that was cut short, or is not what was written, is as good as not there.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::WriteError;
use crate::manifest::ModelRecord;
use crate::owner;
use crate::vector::VectorKey;

/// What the file begins with; the last byte counts its formats.
const MAGIC: [u8; 8] = *b"ibidrem\x01";

/// The magic number, and the hash of the model's identity.
const HEADER_BYTES: u64 = 40;

/// Of a row: the key before the numbers, the checksum after them.
const KEY_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 8;

/// The name of the file of the `n`-th time that everything of a collection is made anew.
pub(crate) fn file_name(n: u64) -> String {
    format!("remake-{n}.rows")
}

/// The vectors kept by runs that make everything anew with one model. Shared by the threads that embed.
#[derive(Debug)]
pub struct Remake {
    path: PathBuf,
    dimensions: usize,
    /// Where the rows lie that earlier runs have left.
    places: HashMap<VectorKey, u64>,
    /// Held for one row that is read or appended.
    file: Mutex<File>,
}

impl Remake {
    /// Goes on with the file at `path` where it is of this model, and begins it anew where it is not. Reads all of it.
    pub(crate) fn open(path: PathBuf, model: &ModelRecord) -> Result<Remake, WriteError> {
        if !is_of(&path, model)? {
            begin(&path, model).map_err(WriteError::io(&path))?;
        }
        let opened = OpenOptions::new().read(true).append(true).open(&path);
        let mut file = opened.map_err(WriteError::io(&path))?;
        let places = scan(&mut file, model.dimensions).map_err(WriteError::io(&path))?;
        Ok(Remake { path, dimensions: model.dimensions, places, file: Mutex::new(file) })
    }

    /// How many different vectors earlier runs have left.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether earlier runs have left nothing.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The vector of `key` that an earlier run has left, as the model made it. `None` also where it cannot be read any
    /// more: it is then made again.
    pub fn vector(&self, key: VectorKey) -> Option<Vec<f32>> {
        let place = *self.places.get(&key)?;
        let mut row = vec![0; row_bytes(self.dimensions)];
        let read = {
            let mut file = self.file();
            file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut row))
        };
        if let Err(error) = read {
            tracing::warn!(file = %self.path.display(), %error, "a vector that was kept is made again");
            return None;
        }
        let (_, numbers) = checked(&row).filter(|(found, _)| *found == key)?;
        Some(numbers.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)).collect())
    }

    /// Keeps a vector. When this returns, the death of the process does not lose it; that of the machine may, until
    /// [`Remake::sync`].
    ///
    /// # Panics
    /// When the vector is not as long as the model's.
    pub fn keep(&self, key: VectorKey, vector: &[f32]) -> Result<(), WriteError> {
        assert_eq!(vector.len(), self.dimensions, "every vector is as long as the model's");
        let mut row = Vec::with_capacity(row_bytes(self.dimensions));
        row.extend(key.0.to_le_bytes());
        row.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
        row.extend(checksum(&row));
        // In one write, so that a kill comes before it or after it.
        self.file().write_all(&row).map_err(WriteError::io(&self.path))
    }

    /// Waits until all that was kept is on the disk.
    pub fn sync(&self) -> Result<(), WriteError> {
        self.file().sync_data().map_err(WriteError::io(&self.path))
    }

    fn file(&self) -> MutexGuard<'_, File> {
        // A panic leaves no row half read or half written: each begins at a place of its own.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the file at `path` where it is there and of another model, or of none.
pub(crate) fn remove_if_of_other(path: &Path, model: Option<&ModelRecord>) -> Result<(), WriteError> {
    match model {
        Some(model) if is_of(path, model)? => Ok(()),
        _ => remove_if_there(path).map_err(WriteError::io(path)),
    }
}

/// Whether there is a file, and this model made what is in it.
fn is_of(path: &Path, model: &ModelRecord) -> Result<bool, WriteError> {
    let mut header = [0; HEADER_BYTES as usize];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => Ok(header == header_of(model)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
            Ok(false)
        }
        Err(error) => Err(WriteError::io(path)(error)),
    }
}

/// Its folder and its name do not count: the same weights may lie elsewhere.
fn header_of(model: &ModelRecord) -> [u8; HEADER_BYTES as usize] {
    let ModelRecord { engine, dimensions, checksum, .. } = model;
    let identity = blake3::hash(format!("{checksum}\n{dimensions}\n{engine}").as_bytes());
    let mut header = [0; HEADER_BYTES as usize];
    header[..MAGIC.len()].copy_from_slice(&MAGIC);
    header[MAGIC.len()..].copy_from_slice(identity.as_bytes());
    header
}

fn begin(path: &Path, model: &ModelRecord) -> io::Result<()> {
    remove_if_there(path)?;
    let mut file = owner::options().create_new(true).write(true).open(path)?;
    file.write_all(&header_of(model))?;
    file.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Finds the rows that are what was written, and cuts off what is left of one whose writer was killed.
fn scan(file: &mut File, dimensions: usize) -> io::Result<HashMap<VectorKey, u64>> {
    let stride = row_bytes(dimensions);
    let rows = file.metadata()?.len().saturating_sub(HEADER_BYTES) / stride as u64;
    file.set_len(HEADER_BYTES + rows * stride as u64)?;
    let mut reader = BufReader::with_capacity(1 << 17, &mut *file);
    reader.seek(SeekFrom::Start(HEADER_BYTES))?;
    let (mut places, mut row) = (HashMap::new(), vec![0; stride]);
    for at in 0..rows {
        reader.read_exact(&mut row)?;
        if let Some((key, _)) = checked(&row) {
            places.insert(key, HEADER_BYTES + at * stride as u64);
        }
    }
    Ok(places)
}

fn row_bytes(dimensions: usize) -> usize {
    KEY_BYTES + 4 * dimensions + CHECKSUM_BYTES
}

/// The key of a row and the bytes of its numbers; `None` where they are not what was written.
fn checked(row: &[u8]) -> Option<(VectorKey, &[u8])> {
    let (body, found) = row.split_at(row.len() - CHECKSUM_BYTES);
    let (key, numbers) = body.split_first_chunk::<KEY_BYTES>()?;
    (found == checksum(body)).then_some((VectorKey(u64::from_le_bytes(*key)), numbers))
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(body).as_bytes();
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: [(VectorKey, [f32; 3]); 3] = [
        (VectorKey(7), [1.0, 0.0, -0.5]),
        (VectorKey(0), [0.25, f32::MIN_POSITIVE, 3.0]),
        (VectorKey(u64::MAX), [0.0, 1.0, 0.0]),
    ];

    fn model(checksum: &str) -> ModelRecord {
        ModelRecord {
            name: "m".to_owned(),
            engine: "e".to_owned(),
            dimensions: 3,
            checksum: checksum.to_owned(),
            folder: None,
            remote: None,
        }
    }

    /// Keeps three vectors, changes the file's bytes, and compares which of them the next run finds.
    fn check(change: impl Fn(&mut Vec<u8>), found: [bool; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(1));
        let remake = Remake::open(path.clone(), &model("a")).unwrap();
        for (key, vector) in &KEPT {
            remake.keep(*key, vector).unwrap();
            assert_eq!(remake.vector(*key), None, "what this run made is at hand");
        }
        remake.sync().unwrap();
        drop(remake);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let remake = Remake::open(path, &model("a")).unwrap();
        for ((key, vector), found) in KEPT.iter().zip(found) {
            assert_eq!(remake.vector(*key).as_deref(), found.then_some(vector.as_slice()), "{key:?}");
        }
        assert_eq!(remake.len(), found.iter().filter(|found| **found).count());
        // What it lacks is made again, and is there the time after.
        KEPT.iter().for_each(|(key, vector)| remake.keep(*key, vector).unwrap());
        let again = Remake::open(remake.path.clone(), &model("a")).unwrap();
        KEPT.iter()
            .for_each(|(key, vector)| assert_eq!(again.vector(*key).as_deref(), Some(vector.as_slice())));
    }

    #[test]
    fn what_was_kept_is_found_again_bit_by_bit() {
        check(|_| {}, [true; 3]);
    }

    #[test]
    fn a_row_that_was_cut_short_or_damaged_is_not_there() {
        let row = row_bytes(3);
        for cut in 1..row {
            check(|bytes| bytes.truncate(bytes.len() - cut), [true, true, false]);
        }
        for at in [0, 8, row - 1] {
            check(|bytes| bytes[HEADER_BYTES as usize + row + at] ^= 4, [true, false, true]);
        }
        check(|bytes| bytes.extend([0; 100]), [true; 3]);
        check(|bytes| bytes[20] ^= 1, [false; 3]);
        check(|bytes| bytes.truncate(9), [false; 3]);
        check(Vec::clear, [false; 3]);
    }

    #[test]
    fn the_vectors_of_another_model_are_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(1));
        let keep = |model: &ModelRecord| {
            Remake::open(path.clone(), model).unwrap().keep(VectorKey(1), &[1.0, 0.0, 0.0]).unwrap();
        };
        let others = [
            model("b"),
            ModelRecord { engine: "f".to_owned(), ..model("a") },
            ModelRecord { dimensions: 4, ..model("a") },
        ];
        for other in others {
            keep(&model("a"));
            let moved = ModelRecord { folder: Some("/elsewhere".into()), name: "n".to_owned(), ..model("a") };
            assert_eq!(Remake::open(path.clone(), &moved).unwrap().len(), 1);
            remove_if_of_other(&path, Some(&moved)).unwrap();
            assert!(path.exists());
            assert!(Remake::open(path.clone(), &other).unwrap().is_empty());
            remove_if_of_other(&path, Some(&model("a"))).unwrap();
            assert!(!path.exists());
        }
        keep(&model("a"));
        remove_if_of_other(&path, None).unwrap();
        assert!(!path.exists());
        remove_if_of_other(&path, None).unwrap();
    }
}
