//! Whether a collection is what its writer left: every file against its checksum, every document against its chunks,
//! every chunk against its vector. It only reads, takes no lock, and works beside a running writer; it mends nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use ibid_core::id::CollectionName;

use crate::error::OpenError;
use crate::lexical::sealed::{self, FILE_LIST};
use crate::manifest::Manifest;
use crate::remake;
use crate::snapshot::{Snapshot, lexical_files, open_index, read_manifest, verify_lexical_file};
use crate::store::{Layout, Store, exists};
use crate::vector::{self, VectorError, VectorFileRecord, Vectors};
use crate::writer::is_kept;

/// How often a look at the files begins again when a commit came while it was under way.
const ATTEMPTS: usize = 5;

/// What lies in a collection's folder besides the two folders of files.
const OWN_FILES: [&str; 3] = ["format", "lock", "settings"];

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// The generation that was looked at; `None` where the commit point itself cannot be read.
    pub generation: Option<u64>,
    /// How many files were compared with a checksum.
    pub files: u64,
    /// How many bytes these hold.
    pub bytes: u64,
    /// How many documents were put together and looked at; 0 where the lexical files are damaged.
    pub documents: u64,
    /// Their chunks.
    pub chunks: u64,
    /// How many chunks have their vector; `None` where the collection has no model. Fewer than `chunks` where words were
    /// committed first and the rest is still to be embedded, or where a file with vectors is damaged.
    pub chunks_with_vector: Option<u64>,
    /// Files that no manifest names: written at this moment, or left by a run that was killed. The next run sweeps them.
    pub left_overs: u64,
    /// What is not as it should be, in the order of files, documents, rest. Empty where the collection is whole.
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A file is missing, or not what was written.
    #[error("{file}: {reason}")]
    File {
        /// Its path inside the collection's folder.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that nobody of ours wrote, and that no sweep will take.
    #[error("{file}: it is none of ibid's")]
    Stranger {
        /// Its path inside the collection's folder.
        file: String,
    },
    /// A document contradicts its chunks.
    #[error("{path}: {fault}")]
    Document {
        /// The document's path.
        path: String,
        /// The first thing that is wrong with it.
        fault: Fault,
    },
    /// Chunks that no document begins.
    #[error("{chunks} chunks belong to no document")]
    Orphans {
        /// How many.
        chunks: u64,
    },
}

/// How a document contradicts its chunks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// The index's reason.
        reason: String,
    },
    /// Its record is missing or of another document.
    #[error("its record is not its own")]
    Record,
    /// A chunk does not begin where the one before it ends.
    #[error("a chunk begins at byte {found}, the text before it ends at {wanted}")]
    Gap {
        /// Where the chunk begins.
        found: u32,
        /// Where it should.
        wanted: u32,
    },
    /// Its chunks together are not as long as its text was.
    #[error("its chunks hold {found} bytes, its text had {wanted}")]
    Length {
        /// What its chunks hold.
        found: u64,
        /// What its record says.
        wanted: u32,
    },
    /// A chunk is not found by the hash that its citation carries.
    #[error("the chunk at byte {start} has the hash of other words")]
    Quote {
        /// Where the chunk begins.
        start: u32,
    },
    /// A heading or a link stands outside the text, or splits a character.
    #[error("{what} at bytes {start}-{end} is not in its text")]
    Span {
        /// What stands there.
        what: &'static str,
        /// Its first byte.
        start: u32,
        /// One past its last byte.
        end: u32,
    },
}

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many of so many files were compared with their checksums.
    Files(u64, u64),
    /// So many of so many documents were put together.
    Documents(u64, u64),
}

/// Looks at everything in a collection's folder. Costs two reads of all of it, and holds a few bytes a chunk.
///
/// # Errors
/// Where there is no such collection, it has another format, or the disk says no. Damage is no error but a finding.
pub fn check(
    store: &Store,
    name: &CollectionName,
    progress: &mut dyn FnMut(Step),
) -> Result<Checked, OpenError> {
    let layout = store.layout(name);
    let missing = || OpenError::Missing { name: name.clone(), data_dir: store.data_dir().to_owned() };
    if !exists(&layout.format())? {
        return Err(missing());
    }
    layout.check_format()?;
    let mut attempt = 1;
    loop {
        let before = commit_point(&layout)?.ok_or_else(missing)?;
        let checked = Check { layout: &layout, checked: Checked::nothing(), progress }.run(store, name)?;
        // A commit moves files away; what is missing then is not lost.
        let moved = commit_point(&layout)?.is_none_or(|now| now != before);
        if !moved || attempt == ATTEMPTS {
            return Ok(checked);
        }
        if checked.findings.is_empty() {
            return Ok(checked);
        }
        attempt += 1;
    }
}

fn commit_point(layout: &Layout) -> Result<Option<Vec<u8>>, OpenError> {
    match fs::read(layout.commit_point()) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::io(&layout.commit_point())(error)),
    }
}

impl Checked {
    fn nothing() -> Checked {
        Checked {
            generation: None,
            files: 0,
            bytes: 0,
            documents: 0,
            chunks: 0,
            chunks_with_vector: None,
            left_overs: 0,
            findings: Vec::new(),
        }
    }
}

struct Check<'a> {
    layout: &'a Layout,
    checked: Checked,
    progress: &'a mut dyn FnMut(Step),
}

impl Check<'_> {
    fn run(mut self, store: &Store, name: &CollectionName) -> Result<Checked, OpenError> {
        self.sealed_files()?;
        let index = match open_index(self.layout) {
            Ok((index, _)) => index,
            Err(error) => return self.ends_with(error),
        };
        let manifest = match read_manifest(&index, self.layout) {
            Ok(Some((manifest, _))) => manifest,
            Ok(None) => {
                let data_dir = store.data_dir().to_owned();
                return Err(OpenError::Missing { name: name.clone(), data_dir });
            }
            Err(error) => return self.ends_with(error),
        };
        self.checked.generation = Some(manifest.generation);
        let lexical = match lexical_files(&index, self.layout) {
            Ok(files) => files,
            Err(error) => return self.ends_with(error),
        };
        let total = (lexical.len() + manifest.vector_files.len()) as u64;
        let mut is_whole = true;
        for file in &lexical {
            is_whole &= match verify_lexical_file(&index, self.layout, file) {
                Ok(()) => self.count(&self.layout.lexical().join(file), total),
                Err(error) => self.damaged(error)?,
            };
        }
        self.vector_files(&manifest, total)?;
        let names: Vec<_> = lexical.iter().filter_map(|file| file.to_str()).collect();
        self.unnamed(&names, &manifest)?;
        if is_whole {
            self.documents(store, name)?;
        }
        Ok(self.checked)
    }

    /// What is found where nothing further can be looked at.
    fn ends_with(mut self, error: OpenError) -> Result<Checked, OpenError> {
        self.damaged(error)?;
        Ok(self.checked)
    }

    /// Notes a damaged file; says that it is not whole. What is no damage goes on as an error.
    fn damaged(&mut self, error: OpenError) -> Result<bool, OpenError> {
        match error {
            OpenError::Damaged { path, reason } => {
                let inside = path.strip_prefix(&self.layout.root).unwrap_or(&path);
                let file = inside.to_string_lossy().replace('\\', "/");
                self.find(Finding::File { file, reason });
                Ok(false)
            }
            other => Err(other),
        }
    }

    fn damaged_vectors(&mut self, error: VectorError) -> Result<(), OpenError> {
        let file = format!("vectors/{}", error.file_name());
        let reason = match &error {
            VectorError::Missing { .. } => "it is missing".to_owned(),
            VectorError::Damaged { what, .. } => (*what).to_owned(),
            VectorError::Truncated { found, wanted, .. } => format!("it has {found} bytes of {wanted}"),
            VectorError::Io { .. } => return Err(Arc::new(error).into()),
            _ => error.to_string(),
        };
        self.find(Finding::File { file, reason });
        Ok(())
    }

    fn find(&mut self, finding: Finding) {
        if !self.checked.findings.contains(&finding) {
            self.checked.findings.push(finding);
        }
    }

    /// Counts a file as compared; says that it is whole.
    fn count(&mut self, file: &Path, total: u64) -> bool {
        self.checked.files += 1;
        self.checked.bytes += fs::metadata(file).map_or(0, |metadata| metadata.len());
        (self.progress)(Step::Files(self.checked.files, total.max(self.checked.files)));
        true
    }

    fn sealed_files(&mut self) -> Result<(), OpenError> {
        let (commit_point, list) = (self.layout.commit_point(), self.layout.lexical().join(FILE_LIST));
        for path in [self.layout.settings(), commit_point, list] {
            let reason = match sealed::read(&path) {
                Ok(Some(_)) => {
                    self.count(&path, 0);
                    continue;
                }
                Ok(None) => "its checksum does not match",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "it is missing",
                Err(error) => return Err(OpenError::io(&path)(error)),
            };
            self.damaged(OpenError::Damaged { path, reason: reason.to_owned() })?;
        }
        Ok(())
    }

    fn vector_files(&mut self, manifest: &Manifest, total: u64) -> Result<(), OpenError> {
        let dimensions = manifest.model.as_ref().map_or(1, |model| model.dimensions);
        let folder = self.layout.vectors();
        let mut are_whole = true;
        for record in &manifest.vector_files {
            match vector_file(&folder, dimensions, record) {
                Ok(()) => {
                    self.count(&folder.join(&record.name), total);
                }
                Err(error) => {
                    are_whole = false;
                    self.damaged_vectors(error)?;
                }
            }
        }
        let Some(graph) = manifest.graph.as_ref().filter(|_| are_whole) else { return Ok(()) };
        let opened = Vectors::open(&folder, dimensions, &manifest.vector_files, Some(graph));
        match opened.and_then(|vectors| vectors.verify()) {
            Ok(()) => {
                self.count(&folder.join(&graph.name), total);
            }
            Err(error) => self.damaged_vectors(error)?,
        }
        Ok(())
    }

    /// Looks for files that no manifest names. `lexical` are the names of the segments' files.
    fn unnamed(&mut self, lexical: &[&str], manifest: &Manifest) -> Result<(), OpenError> {
        let vectors = vector::files_of(&manifest.vector_files, manifest.graph.as_ref());
        let is_ours = |name: &str| OWN_FILES.contains(&name) || ["lexical", "vectors"].contains(&name);
        let is_half_written = |name: &str| name.starts_with(".tmp") || name == "format.new";
        let layout = self.layout;
        for (name, _) in entries(&layout.root)?.into_iter().filter(|(name, _)| !is_ours(name)) {
            match is_half_written(&name) {
                true => self.checked.left_overs += 1,
                false => self.find(Finding::Stranger { file: name }),
            }
        }
        self.unnamed_in("lexical", &layout.lexical(), &|name| is_kept(name) || lexical.contains(&name))?;
        // What a run that makes everything anew keeps, until it commits.
        let kept = remake::file_name(manifest.remade + 1);
        self.unnamed_in("vectors", &layout.vectors(), &|name| vectors.contains(&name) || name == kept)
    }

    fn unnamed_in(
        &mut self,
        folder: &str,
        path: &Path,
        is_named: &dyn Fn(&str) -> bool,
    ) -> Result<(), OpenError> {
        for (name, is_folder) in entries(path)?.into_iter().filter(|(name, _)| !is_named(name)) {
            match is_folder {
                // A sweep takes files alone.
                true => self.find(Finding::Stranger { file: format!("{folder}/{name}") }),
                false => self.checked.left_overs += 1,
            }
        }
        Ok(())
    }

    /// Puts every document together from its chunks.
    fn documents(&mut self, store: &Store, name: &CollectionName) -> Result<(), OpenError> {
        let snapshot = match Snapshot::open(store, name) {
            Ok(snapshot) => snapshot,
            Err(error) => return self.damaged(error).map(drop),
        };
        let total = snapshot.documents();
        let progress = &mut self.progress;
        let faults = snapshot.faults(&mut |done| progress(Step::Documents(done, total)));
        let faults = faults.map_err(|error| OpenError::Damaged { path: error.path, reason: error.reason });
        match faults {
            Ok(faults) => faults.into_iter().for_each(|finding| self.find(finding)),
            Err(error) => return self.damaged(error).map(drop),
        }
        (self.checked.documents, self.checked.chunks) = (total, snapshot.chunks());
        if snapshot.manifest().model.is_some() {
            let missing = match snapshot.damage() {
                Some(_) => snapshot.chunks(),
                None => snapshot.chunks_without_vector(),
            };
            self.checked.chunks_with_vector = Some(snapshot.chunks() - missing);
        }
        Ok(())
    }
}

/// A vector file by itself: its checksum, its header, its keys, its numbers.
fn vector_file(folder: &Path, dimensions: usize, record: &VectorFileRecord) -> Result<(), VectorError> {
    let vectors = Vectors::open(folder, dimensions, std::slice::from_ref(record), None)?;
    vectors.verify()?;
    let is_finite = |row| vectors.vector(row).iter().all(|number: &f32| number.is_finite());
    match (0..vectors.rows()).all(is_finite) {
        true => Ok(()),
        false => {
            Err(VectorError::Damaged { path: folder.join(&record.name), what: "a vector of it is no vector" })
        }
    }
}

/// The names in a folder, sorted, and which of them are folders; none where there is no such folder.
fn entries(folder: &Path) -> Result<BTreeSet<(String, bool)>, OpenError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(OpenError::io(folder)(error)),
    };
    let mut names = BTreeSet::new();
    for entry in listed {
        let entry = entry.map_err(OpenError::io(folder))?;
        // A file that a writer moved away meanwhile is not there.
        let Ok(kind) = entry.file_type() else { continue };
        names.insert((entry.file_name().to_string_lossy().into_owned(), kind.is_dir()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
