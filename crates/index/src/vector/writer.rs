//! Vector files: written once from rows, or merged from other files, and which of them are to be merged. Never changed,
//! never removed here.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use bytemuck::cast_slice;

use super::durable::DurableFile;
use super::error::VectorError;
use super::format::{Layout, check_dimensions, sign_words};
use super::quantised::{quantise, signs, unit};
use super::table::VectorFile;
use super::{GraphRecord, VectorFileRecord, VectorKey, Vectors};

/// More vector files than this, those under a graph not counted, are too many: the newest of them are merged.
pub(crate) const MAX_VECTOR_FILES: usize = 8;

/// A file of so many times the rows of all newer ones is left alone when these are merged: each row is then copied a few
/// times in all, not at each merge.
const MUCH_LARGER: u64 = 4;

fn file_name(number: u64) -> String {
    format!("vectors-{number}.vec")
}

/// Writes rows into a new file `vectors-{number}.vec`, on the disk when this returns.
///
/// Rows are brought to length one, ordered by key, and of equal keys the first is kept. Holds all rows and
/// blocks for the disk; what does not fit into memory is written in parts and merged.
pub fn write(
    dir: &Path,
    number: u64,
    dimensions: usize,
    mut rows: Vec<(VectorKey, Vec<f32>)>,
) -> Result<VectorFileRecord, VectorError> {
    let wide = check_dimensions(dimensions)?;
    for (VectorKey(key), vector) in &mut rows {
        if vector.len() != dimensions {
            return Err(VectorError::VectorLength { key: *key, found: vector.len(), wanted: dimensions });
        }
        *vector = unit(vector).ok_or(VectorError::NotFinite { key: *key })?;
    }
    rows.sort_by_key(|(key, _)| *key);
    rows.dedup_by_key(|(key, _)| *key);
    let count = u32::try_from(rows.len()).map_err(|_| VectorError::TooMany { dir: dir.into() })?;
    let layout = Layout::of(wide, count);

    let name = file_name(number);
    let mut file = DurableFile::create(dir, &name)?;
    file.put(&layout.header())?;
    for (VectorKey(key), _) in &rows {
        file.put(&key.to_le_bytes())?;
    }
    file.pad_to(layout.signs)?;
    for (_, vector) in &rows {
        file.put(cast_slice(&signs(vector)))?;
    }
    file.pad_to(layout.scales)?;
    let mut bytes = Vec::with_capacity(dimensions);
    for (_, vector) in &rows {
        file.put(&quantise(vector, &mut bytes).to_le_bytes())?;
    }
    file.pad_to(layout.bytes)?;
    for (_, vector) in &rows {
        quantise(vector, &mut bytes);
        file.put(cast_slice(&bytes))?;
    }
    file.pad_to(layout.floats)?;
    for (_, vector) in &rows {
        file.put(cast_slice(vector))?;
    }
    Ok(VectorFileRecord { name, rows: count, checksum: file.finish()? })
}

/// The first of the files that are merged with all newer ones, where there are too many: those before it are each much
/// larger than all newer ones together, or a graph is over them. Their number where none is merged.
pub(crate) fn first_to_merge(files: &[VectorFileRecord], graph: Option<&GraphRecord>) -> usize {
    let covered = graph.map_or(0, |graph| graph.files as usize);
    // Those under a graph stay until it is built anew.
    if files.len() - covered <= MAX_VECTOR_FILES {
        return files.len();
    }
    let is_much_larger = |at: &usize| {
        let newer: u64 = files[at + 1..].iter().map(|file| u64::from(file.rows)).sum();
        u64::from(files[*at].rows) > newer * MUCH_LARGER
    };
    // Two at least are merged, or there would be no fewer.
    let last = files.len() - 2;
    (covered..last).find(|at| !is_much_larger(at)).unwrap_or(last)
}

/// One row that goes over into a merged file.
struct Kept {
    key: u64,
    file: usize,
    row: u32,
}

/// Merges all files of `sources` into one new file, with the rows whose key `keep` wants.
///
/// Of equal keys the first file's is kept. Rows go over bit by bit. Holds 24 bytes per row, reads and
/// writes each file from front to back, and blocks for the disk.
pub fn merge(
    dir: &Path,
    number: u64,
    sources: &Vectors,
    keep: &dyn Fn(VectorKey) -> bool,
) -> Result<VectorFileRecord, VectorError> {
    let wide = check_dimensions(sources.dimensions())?;
    let files = &sources.table().files;
    let mut kept: Vec<Kept> = Vec::new();
    for (place, file) in files.iter().enumerate() {
        let rows = file.keys().iter().zip(0..).filter(|&(&key, _)| keep(VectorKey(key)));
        kept.extend(rows.map(|(&key, row)| Kept { key, file: place, row }));
    }
    kept.sort_unstable_by_key(|row| (row.key, row.file));
    kept.dedup_by_key(|row| row.key);
    let count = u32::try_from(kept.len()).map_err(|_| VectorError::TooMany { dir: dir.into() })?;
    let layout = Layout::of(wide, count);

    let name = file_name(number);
    let mut file = DurableFile::create(dir, &name)?;
    file.put(&layout.header())?;
    for row in &kept {
        file.put(&row.key.to_le_bytes())?;
    }
    file.pad_to(layout.signs)?;
    copy(sources, &kept, 8 * sign_words(wide), |layout| layout.signs, &mut file)?;
    file.pad_to(layout.scales)?;
    copy(sources, &kept, 4, |layout| layout.scales, &mut file)?;
    file.pad_to(layout.bytes)?;
    copy(sources, &kept, wide as usize, |layout| layout.bytes, &mut file)?;
    file.pad_to(layout.floats)?;
    copy(sources, &kept, 4 * wide as usize, |layout| layout.floats, &mut file)?;
    Ok(VectorFileRecord { name, rows: count, checksum: file.finish()? })
}

/// Copies one section. Keys ascend in the sources too, so each of them is read forwards only; and by reads,
/// not through the map, whose pages would count as ours.
fn copy(
    sources: &Vectors,
    kept: &[Kept],
    stride: usize,
    section: impl Fn(&Layout) -> u64,
    target: &mut DurableFile,
) -> Result<(), VectorError> {
    let mut readers: Vec<Option<(BufReader<File>, u64)>> =
        sources.table().files.iter().map(|_| None).collect();
    let mut row = vec![0; stride];
    for Kept { file, row: from, .. } in kept {
        let source: &VectorFile = &sources.table().files[*file];
        let path = sources.dir().join(&source.record.name);
        let failed = |error| VectorError::io("read", &path)(error);
        let (reader, at) = match &mut readers[*file] {
            Some(reader) => reader,
            unopened => unopened.insert((BufReader::new(File::open(&path).map_err(failed)?), 0)),
        };
        let wanted = section(&source.layout) + u64::from(*from) * stride as u64;
        reader.seek_relative((wanted - *at) as i64).map_err(failed)?;
        reader.read_exact(&mut row).map_err(failed)?;
        *at = wanted + stride as u64;
        target.put(&row)?;
    }
    Ok(())
}
