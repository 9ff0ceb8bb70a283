//! One generation as a reader holds it: words, vectors and texts of one commit, whatever is committed meanwhile.
//!
//! It answers in chunks of one collection. What the legs' answers mean together is the search crate's business.

mod affinity;
mod allow;
mod columns;
mod embeds;
mod legs;
mod links;
mod narrow;
mod partly;
mod passing;
mod soundness;
mod spelling;
mod terms;
mod texts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ibid_core::id::CollectionName;
use ibid_core::language::Language;
use tantivy::index::{SegmentComponent, SegmentMeta};
use tantivy::query::{EnableScoring, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{
    DocAddress, DocSet, Index, ReloadPolicy, Searcher, SegmentReader, TERMINATED, TantivyError, Term,
};

use columns::SegmentColumns;
use narrow::Sight;

pub use affinity::Affinity;
pub use allow::{Allowed, Bounds, Rule};
pub use embeds::EmbeddedIn;
pub use links::LinkGraph;
pub use narrow::Narrowing;
pub use terms::{LookedUp, Wanted};
pub use texts::{CalledDocument, StoredChunk, StoredDocument};

use crate::error::{OpenError, ReadError};
use crate::lexical::schema::{Fields, schema, tokenizers};
use crate::lexical::sealed::SealedDirectory;
use crate::manifest::Manifest;
use crate::owner;
use crate::store::{Layout, Store, exists};
use crate::vector::{RowSet, VectorError, VectorKey, Vectors};
use crate::verified::{Verified, Verifying};
use crate::writer::FileMark;

/// How often opening is tried again when a commit slips in between its steps.
const OPEN_ATTEMPTS: usize = 5;

/// What every file of tantivy's ends with: the length of its footer and a magic number.
const FOOTER_MIN_BYTES: u64 = 8;

/// Names a chunk within one snapshot. It means nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkAddress(DocAddress);

impl ChunkAddress {
    /// The chunk that was written right after this one: the next of its document, where that has one more. It may as
    /// well be of another document, or not be there.
    pub fn next(self) -> Option<ChunkAddress> {
        let doc_id = self.0.doc_id.checked_add(1)?;
        Some(ChunkAddress(DocAddress { doc_id, ..self.0 }))
    }

    /// The chunk that was written right before this one, as [`ChunkAddress::next`].
    pub fn previous(self) -> Option<ChunkAddress> {
        let doc_id = self.0.doc_id.checked_sub(1)?;
        Some(ChunkAddress(DocAddress { doc_id, ..self.0 }))
    }
}

/// A document as the indexer needs to know it to tell whether its file changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDocument {
    /// Its path.
    pub path: String,
    /// What the file system said.
    pub file: FileMark,
}

/// One generation, open for reading. Cheap to share, never changes.
///
/// It may be narrowed to what one caller sees ([`Snapshot::narrowed`]): then nothing it gives or counts is of another
/// document.
pub struct Snapshot {
    name: CollectionName,
    layout: Layout,
    manifest: Manifest,
    fields: Fields,
    searcher: Searcher,
    columns: Arc<Vec<SegmentColumns>>,
    vectors: Arc<Vectors>,
    damage: Option<Arc<VectorError>>,
    /// The row of each chunk by segment and number; [`NO_ROW`] where it has none.
    rows: Arc<Vec<Vec<u32>>>,
    /// Every living chunk that has a vector, by its row; chunks of equal words share one.
    by_row: Vec<(u32, DocAddress)>,
    languages: Vec<Language>,
    alive: RowSet,
    without_vector: u64,
    withheld: u64,
    documents: u64,
    source_bytes: u64,
    links: OnceLock<LinkGraph>,
    affinity: OnceLock<Option<Affinity>>,
    /// Documents whose front matter cannot be read, by their numbers in `links`; see [`Snapshot::narrowed`].
    unreadable: OnceLock<Vec<u32>>,
    /// What is seen of it; `None` where all is.
    sight: Option<Sight>,
}

/// Stands for no row of a vector file.
const NO_ROW: u32 = u32::MAX;

impl Snapshot {
    /// Opens the newest generation, after comparing every file with its checksum: each once for a `store` and its clones,
    /// and again where its size or its time is another one.
    ///
    /// Where a file of the vectors is damaged or missing, it is opened all the same, without vectors: see
    /// [`Snapshot::damage`]. Damage anywhere else is an error: the words are also the texts.
    ///
    /// Costs a read of the whole collection the first time, and of what is new from then on.
    pub fn open(store: &Store, name: &CollectionName) -> Result<Snapshot, OpenError> {
        let missing = || OpenError::Missing { name: name.clone(), data_dir: store.data_dir().to_owned() };
        Snapshot::open_if_committed(store, name)?.ok_or_else(missing)
    }

    /// As [`Snapshot::open`]; `None` where nothing was ever committed.
    pub(crate) fn open_if_committed(
        store: &Store,
        name: &CollectionName,
    ) -> Result<Option<Snapshot>, OpenError> {
        let layout = store.layout(name);
        if !exists(&layout.format())? {
            return Ok(None);
        }
        layout.check_format()?;
        owner::close_if_open(&layout.root);
        if !exists(&layout.commit_point())? {
            return Ok(None);
        }
        let mut attempt = 1;
        loop {
            match Snapshot::try_open(name, &layout, store.verified()) {
                // A commit moved the files away between two steps.
                Err(OpenError::Damaged { .. } | OpenError::Io { .. }) if attempt < OPEN_ATTEMPTS => {
                    attempt += 1
                }
                Ok(Opened::Overtaken) => attempt += 1,
                Ok(Opened::Nothing) => return Ok(None),
                Ok(Opened::Snapshot(snapshot)) => return Ok(Some(*snapshot)),
                Err(error) => return Err(error),
            }
        }
    }

    fn try_open(name: &CollectionName, layout: &Layout, verified: &Verified) -> Result<Opened, OpenError> {
        let lexical = layout.lexical();
        let from_tantivy = |error: TantivyError| OpenError::from_tantivy(error, &lexical);
        let (index, fields) = open_index(layout)?;
        let Some((manifest, opstamp)) = read_manifest(&index, layout)? else { return Ok(Opened::Nothing) };
        let mut verifying = verified.look_at(&layout.root, &layout.commit_point());
        verify_lexical(&index, layout, &mut verifying)?;
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(from_tantivy)?;
        let reader: tantivy::IndexReader = reader;
        let (vectors, damage) = open_vectors(layout, &manifest, &mut verifying)?;
        verifying.end();
        // The reader and the manifest are of one commit only if none came between the two.
        if read_manifest(&index, layout)?.is_none_or(|(_, now)| now != opstamp) {
            return Ok(Opened::Overtaken);
        }
        let searcher = reader.searcher();
        let columns = searcher
            .segment_readers()
            .iter()
            .map(SegmentColumns::open)
            .collect::<Result<Vec<_>, _>>()
            .map_err(from_tantivy)?;
        let mut snapshot = Snapshot {
            name: name.clone(),
            layout: layout.clone(),
            manifest,
            fields,
            searcher,
            columns: Arc::new(columns),
            alive: RowSet::empty(vectors.rows()),
            vectors: Arc::new(vectors),
            damage: damage.map(Arc::new),
            rows: Arc::default(),
            by_row: Vec::new(),
            languages: Vec::new(),
            without_vector: 0,
            withheld: 0,
            documents: 0,
            source_bytes: 0,
            links: OnceLock::new(),
            affinity: OnceLock::new(),
            unreadable: OnceLock::new(),
            sight: None,
        };
        snapshot.join_vectors();
        let damaged = |error: ReadError| OpenError::Damaged { path: error.path, reason: error.reason };
        snapshot.count().map_err(damaged)?;
        snapshot.count_languages().map_err(damaged)?;
        Ok(Opened::Snapshot(Box::new(snapshot)))
    }

    /// Finds out which vector rows living chunks use, and which chunks have none.
    fn join_vectors(&mut self) {
        if self.manifest.model.is_none() || self.damage.is_some() {
            return;
        }
        let mut all_rows = Vec::new();
        for (segment, (reader, columns)) in
            self.searcher.segment_readers().iter().zip(self.columns.iter()).enumerate()
        {
            let mut rows = vec![NO_ROW; reader.max_doc() as usize];
            for doc in reader.doc_ids_alive() {
                let Some(key) = columns.vector_key_of(doc) else {
                    self.withheld += u64::from(!self.manifest.withheld.is_empty());
                    continue;
                };
                match self.vectors.row_of(key) {
                    Some(row) => {
                        self.alive.insert(row);
                        rows[doc as usize] = row;
                        self.by_row.push((row, DocAddress::new(segment as u32, doc)));
                    }
                    None => self.without_vector += 1,
                }
            }
            all_rows.push(rows);
        }
        self.rows = Arc::new(all_rows);
        self.by_row.sort_unstable();
    }

    /// The row of a chunk's vector.
    fn row_at(&self, at: DocAddress) -> Option<u32> {
        let rows = self.rows.get(at.segment_ord as usize)?;
        rows.get(at.doc_id as usize).copied().filter(|&row| row != NO_ROW)
    }

    fn count_languages(&mut self) -> Result<(), ReadError> {
        let mut counted = Vec::new();
        for (_, language) in Language::ALL {
            let term = Term::from_field_u64(self.fields.language, language as u64);
            let chunks = self.chunks_with_term(&term).map_err(|error| self.read_error(error))?;
            if chunks > 0 {
                counted.push((chunks, language));
            }
        }
        counted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.languages = counted.into_iter().map(|(_, language)| language).collect();
        Ok(())
    }

    fn count(&mut self) -> Result<(), ReadError> {
        let (mut documents, mut bytes) = (0, 0);
        self.for_each_match(&self.begins(), |segment, doc| {
            documents += 1;
            bytes += self.columns[segment as usize].size.first(doc).unwrap_or(0);
            Ok(())
        })?;
        (self.documents, self.source_bytes) = (documents, bytes);
        Ok(())
    }

    /// Matches the chunk that begins each document.
    fn begins(&self) -> TermQuery {
        TermQuery::new(Term::from_field_u64(self.fields.begins, 1), IndexRecordOption::Basic)
    }

    /// The collection's name.
    pub fn name(&self) -> &CollectionName {
        &self.name
    }

    /// What this generation is made of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many documents it holds.
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// How many chunks it holds.
    pub fn chunks(&self) -> u64 {
        self.sight.as_ref().map_or_else(|| self.searcher.num_docs(), Sight::count)
    }

    /// How many bytes of source files it covers.
    pub fn source_bytes(&self) -> u64 {
        self.source_bytes
    }

    /// Why it was opened without its vectors, where it was: it is then searched by words alone.
    pub fn damage(&self) -> Option<&Arc<VectorError>> {
        self.damage.as_ref()
    }

    /// How many chunks have no vector although the collection has a model, and its vectors could be opened.
    pub fn chunks_without_vector(&self) -> u64 {
        self.without_vector
    }

    /// How many chunks will have no vector, where notes are withheld from the model: those of such notes, and those with
    /// nothing to embed. 0 where no note is withheld.
    pub fn chunks_withheld(&self) -> u64 {
        self.withheld
    }

    /// The vectors of this generation, dead ones among them.
    pub fn vectors(&self) -> &Vectors {
        &self.vectors
    }

    /// The rows of [`Snapshot::vectors`] that a living chunk uses.
    pub fn alive_rows(&self) -> &RowSet {
        &self.alive
    }

    /// Whether a living chunk uses the vector of `key`.
    pub(crate) fn is_alive(&self, key: VectorKey) -> bool {
        self.vectors.row_of(key).is_some_and(|row| self.alive.contains(row))
    }

    /// Whether a chunk has a vector: not before it is made, and never where it holds no words, such as properties alone.
    pub fn has_vector(&self, chunk: ChunkAddress) -> bool {
        self.row_at(chunk.0).is_some()
    }

    /// Every document's file as it was when it was read, sorted by path.
    pub fn known_documents(&self) -> Result<Vec<KnownDocument>, ReadError> {
        let paths = self.columns.iter().map(SegmentColumns::paths).collect::<tantivy::Result<Vec<_>>>();
        let paths = paths.map_err(|error| self.read_error(error))?;
        let mut known = Vec::new();
        self.for_each_match(&self.begins(), |segment, doc| {
            let columns = &self.columns[segment as usize];
            let path = paths[segment as usize].of(doc).to_owned();
            let file = FileMark {
                modified: columns.modified.first(doc).unwrap_or(0),
                size: columns.size.first(doc).unwrap_or(0),
                content: columns.content.first(doc).unwrap_or(0),
            };
            known.push(KnownDocument { path, file });
            Ok(())
        })?;
        known.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(known)
    }

    /// The documents with a chunk that has no vector although it should, the last changed first, then by path.
    pub fn documents_without_vectors(&self) -> Result<Vec<KnownDocument>, ReadError> {
        let mut lacking: BTreeSet<String> = BTreeSet::new();
        for (segment, columns) in self.columns.iter().enumerate() {
            let paths = columns.paths().map_err(|error| self.read_error(error))?;
            for doc in self.docs_alive(segment) {
                let at = DocAddress::new(segment as u32, doc);
                if columns.vector_key_of(doc).is_some() && self.row_at(at).is_none() {
                    lacking.insert(paths.of(doc).to_owned());
                }
            }
        }
        let mut known = self.known_documents()?;
        known.retain(|document| lacking.contains(&document.path));
        known.sort_by(|a, b| b.file.modified.cmp(&a.file.modified).then_with(|| a.path.cmp(&b.path)));
        Ok(known)
    }

    /// The vector keys of a document's chunks, in order; `None` for one that has nothing to embed; empty where there is no such document.
    pub fn vector_keys_of(&self, path: &str) -> Result<Vec<Option<VectorKey>>, ReadError> {
        let chunks = self.addresses_of(path)?;
        let key = |at: &ChunkAddress| self.columns[at.0.segment_ord as usize].vector_key_of(at.0.doc_id);
        Ok(chunks.iter().map(key).collect())
    }

    /// Calls `visit` with segment and number of every living chunk that matches and is seen.
    fn for_each_match(
        &self,
        query: &dyn Query,
        mut visit: impl FnMut(u32, u32) -> tantivy::Result<()>,
    ) -> Result<(), ReadError> {
        let mut run = || -> tantivy::Result<()> {
            let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
            for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
                let mut docs = weight.scorer(reader, 1.0)?;
                while docs.doc() != TERMINATED {
                    if self.is_there(segment, reader, docs.doc()) {
                        visit(segment as u32, docs.doc())?;
                    }
                    docs.advance();
                }
            }
            Ok(())
        };
        run().map_err(|error| self.read_error(error))
    }

    /// Whether a chunk is alive and seen.
    fn is_there(&self, segment: usize, reader: &SegmentReader, doc: u32) -> bool {
        match &self.sight {
            Some(sight) => sight.sees(DocAddress::new(segment as u32, doc)),
            None => reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc)),
        }
    }

    /// The chunks of a segment that are alive and seen, ascending.
    fn docs_alive(&self, segment: usize) -> impl Iterator<Item = u32> {
        let reader = self.searcher.segment_reader(segment as u32);
        reader.doc_ids_alive().filter(move |&doc| self.is_there(segment, reader, doc))
    }

    fn read_error(&self, error: TantivyError) -> ReadError {
        ReadError { path: self.layout.lexical(), reason: error.to_string() }
    }

    fn nonsense(&self, reason: &str) -> ReadError {
        ReadError { path: self.layout.lexical(), reason: reason.to_owned() }
    }
}

enum Opened {
    Snapshot(Box<Snapshot>),
    /// A commit came between two steps; try again.
    Overtaken,
    /// Nothing was ever committed.
    Nothing,
}

/// Opens tantivy's index, whose files are not looked at yet.
pub(crate) fn open_index(layout: &Layout) -> Result<(Index, Fields), OpenError> {
    let lexical = layout.lexical();
    let from_tantivy = |error: TantivyError| OpenError::from_tantivy(error, &lexical);
    let directory = SealedDirectory::open(&lexical).map_err(|error| from_tantivy(error.into()))?;
    let mut index = Index::open(directory).map_err(from_tantivy)?;
    index.set_tokenizers(tokenizers());
    let (wanted, fields) = schema();
    if index.schema() != wanted {
        let reason = "its fields are not the ones of this format".to_owned();
        return Err(OpenError::Damaged { path: layout.commit_point(), reason });
    }
    Ok((index, fields))
}

/// Opens the vectors and compares them with their checksums; none, and what is wrong, where one is damaged. Without its
/// graph a scan finds the same.
fn open_vectors(
    layout: &Layout,
    manifest: &Manifest,
    verifying: &mut Verifying<'_>,
) -> Result<(Vectors, Option<VectorError>), OpenError> {
    let dimensions = manifest.model.as_ref().map_or(0, |model| model.dimensions).max(1);
    let mut open = |files: &[_], graph| {
        let vectors = Vectors::open(&layout.vectors(), dimensions, files, graph)?;
        vectors.verify_each(|file, verify| verifying.once(file, verify))?;
        Ok::<_, VectorError>(vectors)
    };
    let files = &manifest.vector_files;
    let damage = match open(files, manifest.graph.as_ref()) {
        Ok(vectors) => return Ok((vectors, None)),
        Err(error) => error,
    };
    if manifest.graph.is_some()
        && let Ok(vectors) = open(files, None)
    {
        tracing::warn!(error = %damage, "questions are answered without the graph");
        return Ok((vectors, None));
    }
    let none = open(&[], None).map_err(Arc::new)?;
    Ok((none, Some(damage)))
}

/// Compares tantivy's files with their checksums and names the first that is damaged.
///
/// It comes before any of them is read: what reads them trusts them, and would panic.
fn verify_lexical(index: &Index, layout: &Layout, verifying: &mut Verifying<'_>) -> Result<(), OpenError> {
    let lexical = layout.lexical();
    for file in lexical_files(index, layout)? {
        verifying.once(&lexical.join(&file), || verify_lexical_file(index, layout, &file))?;
    }
    Ok(())
}

/// The files of the newest commit's segments, by name.
pub(crate) fn lexical_files(index: &Index, layout: &Layout) -> Result<Vec<PathBuf>, OpenError> {
    let metas = index.load_metas().map_err(|error| OpenError::from_tantivy(error, &layout.lexical()))?;
    // tantivy's own check asks only after files that its list names too, and nobody vouches for the list.
    let deletes = |segment: &SegmentMeta| segment.relative_path(SegmentComponent::Delete);
    let never_written: Vec<_> = metas.segments.iter().filter(|one| !one.has_deletes()).map(deletes).collect();
    let named = metas.list_segment_files().into_iter().filter(|file| !never_written.contains(file));
    // A segment's documents lie in such a file only until they are in order, and its name is in the list ever after.
    let mut files: Vec<_> = named.filter(|file| file.extension().is_none_or(|end| end != "temp")).collect();
    files.sort();
    Ok(files)
}

pub(crate) fn verify_lexical_file(index: &Index, layout: &Layout, file: &Path) -> Result<(), OpenError> {
    let lexical = layout.lexical();
    // tantivy looks for this much at a file's end without asking whether it is there.
    let path = lexical.join(file);
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() < FOOTER_MIN_BYTES) {
        return Err(OpenError::Damaged { path, reason: "it is cut short".to_owned() });
    }
    let checked = index.directory().validate_checksum(file);
    match checked.map_err(|error| OpenError::from_tantivy(error.into(), &lexical))? {
        true => Ok(()),
        false => {
            let reason = "its checksum does not match".to_owned();
            Err(OpenError::Damaged { path, reason })
        }
    }
}

/// The manifest of the newest commit and the commit's number; `None` where nothing was committed.
pub(crate) fn read_manifest(index: &Index, layout: &Layout) -> Result<Option<(Manifest, u64)>, OpenError> {
    let metas = index.load_metas().map_err(|error| OpenError::from_tantivy(error, &layout.lexical()))?;
    let Some(payload) = metas.payload else { return Ok(None) };
    let manifest = Manifest::from_payload(&payload);
    let reason = "its manifest is not what was written".to_owned();
    let damaged = || OpenError::Damaged { path: layout.commit_point(), reason };
    Ok(Some((manifest.ok_or_else(damaged)?, metas.opstamp)))
}
