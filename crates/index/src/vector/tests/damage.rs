//! Damage: whatever happens to the bytes, nothing panics, and the file is named.

use std::fs;

use super::*;

struct Small {
    dir: tempfile::TempDir,
    files: Vec<VectorFileRecord>,
    graph: GraphRecord,
}

impl Small {
    fn new(rows: usize) -> Small {
        let dir = tempfile::tempdir().unwrap();
        let files = vec![stored(dir.path(), 1, 0, &clustered(rows, 4, 0.5, 1))];
        let graph = build_graph(dir.path(), 2, &opened(dir.path(), &files, None), 1, 0).unwrap().unwrap();
        Small { dir, files, graph }
    }

    fn open(&self) -> Result<Vectors, VectorError> {
        Vectors::open(self.dir.path(), WIDE, &self.files, Some(&self.graph))
    }

    /// Replaces a file by other bytes, under a new inode as our own writer does, and uses all there is.
    fn try_with(&self, name: &str, bytes: &[u8]) -> Result<(), VectorError> {
        let path = self.dir.path().join(name);
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let vectors = self.open()?;
        let (rows, query) = (vectors.rows(), Random(3).vector());
        for allowed in [RowSet::full(rows), every(rows, 0, 20)] {
            let hits = vectors.nearest(&query, 3, &allowed);
            assert!(hits.iter().all(|(row, cosine)| allowed.contains(*row) && cosine.abs() <= 1.0));
        }
        for row in 0..rows {
            vectors.row_of(vectors.key(row));
        }
        vectors.verify()
    }
}

fn names(error: &VectorError, name: &str) -> bool {
    error.to_string().contains(name)
}

#[test]
fn every_truncation_is_an_error_that_names_the_file() {
    let small = Small::new(101);
    for name in files_of(&small.files, Some(&small.graph)) {
        let bytes = fs::read(small.dir.path().join(name)).unwrap();
        for length in 0..bytes.len() {
            let error = small.try_with(name, &bytes[..length]).unwrap_err();
            assert!(
                matches!(error, VectorError::Truncated { .. }) && names(&error, name),
                "{length}: {error}"
            );
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(matches!(small.try_with(name, &longer), Err(VectorError::Damaged { .. })));
        small.try_with(name, &bytes).unwrap();
    }
}

#[test]
fn every_flipped_byte_is_an_error_that_names_the_file() {
    // As many rows as the graph is walked for, not scanned instead.
    let small = Small::new(2_400);
    let mut random = Random(7);
    for name in files_of(&small.files, Some(&small.graph)) {
        let bytes = fs::read(small.dir.path().join(name)).unwrap();
        for turn in 0..1_000 {
            let mut flipped = bytes.clone();
            // A third within the header, where it could do most.
            let end = if turn % 3 == 0 { 128 } else { bytes.len() };
            flipped[random.below(end)] ^= 1 << random.below(8);
            let error = small.try_with(name, &flipped).unwrap_err();
            assert!(names(&error, name), "{error}");
        }
        small.try_with(name, &bytes).unwrap();
    }
}

/// Changes bytes of the vector file and checks the words of the error.
fn check(change: impl FnOnce(&mut Vec<u8>), expected: &str) {
    let small = Small::new(101);
    let mut bytes = fs::read(small.dir.path().join("vectors-1.vec")).unwrap();
    change(&mut bytes);
    let error = small.try_with("vectors-1.vec", &bytes).unwrap_err().to_string();
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn what_is_wrong_is_said() {
    check(|bytes| bytes[0] = b'x', "vectors-1.vec is not a vector file of ibid");
    check(|bytes| bytes[8] = 1, "vectors-1.vec has format 1, this program reads 2");
    check(|bytes| bytes[12] = 31, "vectors-1.vec holds vectors of 31 dimensions, wanted are 32");
    check(|bytes| bytes[16] = 102, "vectors-1.vec is damaged: its header contradicts itself");
    check(|bytes| bytes[128] = 1, "vectors-1.vec is damaged: its keys are not in order");
    check(|bytes| *bytes.last_mut().unwrap() ^= 1, "its checksum is not that of the manifest");
    check(|bytes| bytes.truncate(10), "vectors-1.vec has 10 bytes of 128");
}

#[test]
fn a_file_that_is_gone_is_missing() {
    for name in ["vectors-1.vec", "graph-2.hnsw"] {
        let small = Small::new(101);
        fs::remove_file(small.dir.path().join(name)).unwrap();
        assert!(matches!(small.open().err(), Some(VectorError::Missing { path }) if path.ends_with(name)));
    }
}
