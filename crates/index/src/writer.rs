//! Makes the next generation of a collection: documents in and out, vectors, one commit for all of it.
//!
//! It knows nothing of files being read or models being run; those hand it finished documents. It never waits for
//! readers, and readers never wait for it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ibid_core::chunk::Chunk;
use ibid_core::document::PropertyValue;
use ibid_core::hash::QuoteHash;
use ibid_core::id::{CollectionName, DocumentPath};
use ibid_core::language::Language;
use ibid_core::span::Span;
use tantivy::directory::{Directory as _, META_LOCK};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::{Index, IndexWriter, TantivyDocument, TantivyError, Term};

use crate::error::{OpenError, WriteError};
use crate::lexical::name::name_terms;
use crate::lexical::schema::{ChunkWords, Fields, schema, tokenizers};
use crate::lexical::sealed::{COMMIT_POINT, FILE_LIST, Refused, SealedDirectory};
use crate::lock::WriterLock;
use crate::manifest::{Manifest, ModelRecord};
use crate::owner;
use crate::record;
use crate::remake::{self, Remake};
use crate::settings;
use crate::snapshot::{Snapshot, StoredDocument, lexical_files, open_index};
use crate::store::{Layout, Store};
use crate::vector::{self, GraphRecord, VectorFileRecord, VectorKey, Vectors};

/// tantivy refuses a smaller buffer for a thread, and makes many tiny segments with one near it.
const BUFFER_BYTES_PER_THREAD: usize = 96 * 1024 * 1024;

/// When this share of a segment's chunks is dead, merging clears them out. tantivy's own default is never.
const DEAD_SHARE_BEFORE_MERGE: f32 = 0.25;

/// A segment of fewer chunks than this is merged as if it were as small as any. tantivy's own number is 10,000, which
/// writes thousands of chunks anew for every eighth note that is saved.
const SMALL_SEGMENT_CHUNKS: u32 = 1_000;

/// A collection is rewritten without its dead vectors when they are more than one in this many.
const DEAD_VECTORS_BEFORE_MERGE: u32 = 6;

/// A chunk ready to be written.
#[derive(Debug, Clone)]
pub struct FinishedChunk {
    /// Its span and headings.
    pub chunk: Chunk,
    /// The line of its first byte, from 1.
    pub line: u32,
    /// The bytes a citation of it names; within its span.
    pub cited: Span,
    /// Which vector belongs to it; `None` where it holds nothing to embed.
    pub vector_key: Option<VectorKey>,
    /// What it is found by besides its bytes and the names of its document.
    pub found_by: FoundBy,
}

/// What a chunk is found by where its bytes alone do not tell.
#[derive(Debug, Clone, Default)]
pub struct FoundBy {
    /// Its words, where they are not its bytes. Without any, nothing finds the chunk, not even its title.
    pub words: Option<String>,
    /// Words that stand elsewhere and count here too.
    pub asides: Vec<String>,
    /// What stands in its comments.
    pub comments: Vec<String>,
    /// What is known of it, as properties are of the document.
    pub facts: Vec<(String, PropertyValue)>,
    /// The targets of its links, as written, embeds among them.
    pub links: Vec<String>,
    /// The targets of its embeds, as written.
    pub embeds: Vec<String>,
}

impl FinishedChunk {
    /// A chunk of `text` that is found by its bytes and cited without the white space at its ends.
    ///
    /// `None` where the chunk is not of this text.
    pub fn plain(text: &str, chunk: Chunk, line: u32, vector_key: VectorKey) -> Option<FinishedChunk> {
        let cited = chunk.span.trimmed(chunk.span.quote(text)?);
        Some(FinishedChunk { chunk, line, cited, vector_key: Some(vector_key), found_by: FoundBy::default() })
    }
}

/// A document ready to be written.
#[derive(Debug)]
pub struct FinishedDocument {
    /// Its facts.
    pub stored: StoredDocument,
    /// Its whole text.
    pub text: String,
    /// Its chunks, in order, covering the text.
    pub chunks: Vec<FinishedChunk>,
    /// The language its words are in.
    pub language: Language,
    /// Its date in seconds since 1970.
    pub date: i64,
    /// What the file system says of the file.
    pub file: FileMark,
}

/// What tells a file that changed from one that did not, without reading it, and a renamed one from a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMark {
    /// Time of change in nanoseconds since 1970; 0 where it is not to be trusted and the file must be read again.
    pub modified: u64,
    /// Size in bytes.
    pub size: u64,
    /// The first 64 bits of the hash of its bytes.
    pub content: u64,
}

impl FinishedDocument {
    /// Where the document lies.
    pub fn path(&self) -> &DocumentPath {
        &self.stored.document.path
    }
}

/// The one writer of a collection. Dropping it without a commit leaves the last commit as it was.
pub struct CollectionWriter {
    layout: Layout,
    name: CollectionName,
    fields: Fields,
    writer: IndexWriter,
    refused: Refused,
    base: Option<Arc<Snapshot>>,
    /// The last committed generation's number; 0 before the first.
    generation: u64,
    /// The number in the last vector or graph file's name. Names are never used twice.
    file_number: u64,
    vector_files: Vec<VectorFileRecord>,
    graph: Option<GraphRecord>,
    pending_vectors: Vec<(VectorKey, Vec<f32>)>,
    /// How often everything was made anew, as the last commit says it.
    remade: u64,
    /// Whether the next commit makes everything anew.
    remakes: bool,
    // Last, so that it is let go after everything else is closed.
    _lock: WriterLock,
}

impl CollectionWriter {
    /// Takes the lock, creates the collection if it is not there, and sweeps what a dead writer left behind.
    ///
    /// `threads` index in parallel, each with about 100 MB of its own.
    pub fn open(
        store: &Store,
        name: &CollectionName,
        threads: usize,
    ) -> Result<CollectionWriter, WriteError> {
        let layout = store.layout(name);
        owner::create_folder(&layout.root).map_err(WriteError::io(&layout.root))?;
        owner::close_all(&layout.root);
        layout.root.parent().into_iter().for_each(owner::close);
        let lock = WriterLock::take(&layout.lock())?;
        create_if_new(&layout)?;
        layout.check_format()?;
        let base = Snapshot::open_if_committed(store, name)?.map(Arc::new);
        let (index, refused) = open_or_create(&layout)?;
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            .memory_budget_per_thread(BUFFER_BYTES_PER_THREAD)
            .build();
        let writer = index
            .writer_with_options(options)
            .map_err(|error| WriteError::from_tantivy(error, &layout.lexical(), &refused))?;
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DEAD_SHARE_BEFORE_MERGE);
        policy.set_min_layer_size(SMALL_SEGMENT_CHUNKS);
        writer.set_merge_policy(Box::new(policy));
        let (_, fields) = schema();
        let manifest = base.as_ref().map(|base| base.manifest().clone());
        let generation = manifest.as_ref().map_or(0, |manifest| manifest.generation);
        let remade = manifest.as_ref().map_or(0, |manifest| manifest.remade);
        let (vector_files, graph) = manifest.map_or_else(Default::default, |m| (m.vector_files, m.graph));
        let writer = CollectionWriter {
            layout,
            name: name.clone(),
            fields,
            writer,
            refused,
            base,
            generation,
            file_number: 0,
            vector_files,
            graph,
            pending_vectors: Vec::new(),
            remade,
            remakes: false,
            _lock: lock,
        };
        // tantivy gives the first thing that a writer does the number of the last commit. A merge that begins then, and
        // takes it for a part of that commit, loses it. So the first thing is nothing.
        writer.writer.run([]).map_err(|error| writer.lexical_error(error))?;
        sweep_segments(&writer.layout)?;
        let is_half_written = |name: &str| name.starts_with(".tmp") || name == "format.new";
        remove_files(&writer.layout.root, &is_half_written)?;
        let file_number = writer.sweep()?;
        Ok(CollectionWriter { file_number, ..writer })
    }

    /// The generation this writer started from; `None` in a new collection.
    pub fn base(&self) -> Option<Arc<Snapshot>> {
        self.base.clone()
    }

    /// How many vectors wait for the next commit.
    pub fn pending_vectors(&self) -> usize {
        self.pending_vectors.len()
    }

    /// Begins to make everything anew with `model`: forgets every document, visible with the next commit, like all else.
    ///
    /// Gives the place where vectors are kept until then, and those in it that this model made in runs which did not come
    /// to their commit; `None` where there is no model.
    pub fn make_anew(&mut self, model: Option<&ModelRecord>) -> Result<Option<Remake>, WriteError> {
        let kept = self.layout.remake(self.remade + 1);
        let remake = model.map(|model| Remake::open(kept, model)).transpose()?;
        self.base = None;
        self.vector_files.clear();
        self.graph = None;
        self.remakes = true;
        self.writer.delete_all_documents().map_err(|error| self.lexical_error(error))?;
        Ok(remake)
    }

    /// Forgets the vectors that a run which makes everything anew has kept, but for those of this model.
    pub fn choose_model(&self, model: Option<&ModelRecord>) -> Result<(), WriteError> {
        remake::remove_if_of_other(&self.layout.remake(self.remade + 1), model)
    }

    /// Forgets a document.
    pub fn remove(&self, path: &str) {
        self.writer.delete_term(Term::from_field_text(self.fields.path, path));
    }

    /// Puts a document in the place of the one at its path, with the vectors that are new.
    ///
    /// Blocks while tantivy's threads are behind.
    pub fn add(
        &mut self,
        document: &FinishedDocument,
        vectors: Vec<(VectorKey, Vec<f32>)>,
    ) -> Result<(), WriteError> {
        let path = document.stored.document.path.as_str();
        let mut operations = vec![UserOperation::Delete(Term::from_field_text(self.fields.path, path))];
        for position in 0..document.chunks.len() {
            operations.push(UserOperation::Add(self.tantivy_document(document, position)));
        }
        self.writer.run(operations).map_err(|error| self.lexical_error(error))?;
        self.pending_vectors.extend(vectors);
        Ok(())
    }

    /// Adds a vector for chunks that are there already; visible with the next commit.
    pub fn add_vector(&mut self, key: VectorKey, vector: Vec<f32>) {
        self.pending_vectors.push((key, vector));
    }

    fn tantivy_document(&self, document: &FinishedDocument, position: usize) -> TantivyDocument {
        let fields = &self.fields;
        let facts = &document.stored.document;
        let finished = &document.chunks[position];
        let text = finished.chunk.span.quote(&document.text).expect("the chunker cuts this very text");
        let quote = finished.cited.quote(&document.text).expect("what is cited of a chunk lies in it");
        let mut out = TantivyDocument::default();
        let path = facts.path.as_str();
        out.add_text(fields.path, path);
        let headings: Vec<&str> =
            finished.chunk.headings.iter().map(|&at| facts.headings[at].text.as_str()).collect();
        out.add_text(fields.title, &facts.title);
        headings.iter().for_each(|heading| out.add_text(fields.heading, heading));
        out.add_text(fields.body, text);
        let found_by = &finished.found_by;
        let body = found_by.words.as_deref().unwrap_or(text);
        if !body.is_empty() || text.is_empty() {
            let (language, title, aliases, tags) =
                (document.language, &facts.title, &facts.aliases, &facts.tags);
            let (asides, comments) = (&found_by.asides, &found_by.comments);
            fields.add_words(
                &mut out,
                &ChunkWords { language, title, aliases, headings, tags, path, body, asides, comments },
            );
        }
        for tag in &facts.tags {
            tags_above(tag).for_each(|tag| out.add_text(fields.tag, tag));
        }
        let properties = facts.properties.iter().map(|(key, value)| (key, value));
        for (key, value) in properties.chain(found_by.facts.iter().map(|(key, value)| (key, value))) {
            property_terms(key, value).into_iter().for_each(|term| out.add_text(fields.property, term));
        }
        found_by.links.iter().for_each(|target| out.add_text(fields.link, target));
        found_by.embeds.iter().for_each(|target| out.add_text(fields.embed, target));
        out.add_u64(fields.language, document.language as u64);
        out.add_i64(fields.date, document.date);
        out.add_u64(fields.quote_hash, QuoteHash::of(quote).as_u64());
        if let Some(key) = finished.vector_key {
            out.add_u64(fields.vector_key, key.0);
        }
        out.add_u64(fields.start, u64::from(finished.chunk.span.start()));
        if finished.cited != finished.chunk.span.trimmed(text) {
            out.add_u64(fields.cited, cited_within(finished));
        }
        out.add_u64(fields.line, u64::from(finished.line));
        if position == 0 {
            out.add_u64(fields.begins, 1);
            out.add_u64(fields.modified, document.file.modified);
            out.add_u64(fields.size, document.file.size);
            out.add_u64(fields.content, document.file.content);
            out.add_bytes(fields.record, &record::to_bytes(&document.stored));
            facts.aliases.iter().for_each(|alias| out.add_text(fields.alias, alias));
            let names = name_terms(&facts.title, facts.aliases.iter().map(String::as_str), path);
            names.iter().for_each(|name| out.add_text(fields.name, name));
        }
        out
    }

    /// Writes down how the collection was asked for, so that a first run that is killed can be gone on with.
    pub fn remember(&self, manifest: &Manifest) -> Result<(), WriteError> {
        settings::write(&self.layout, &manifest.into())
    }

    /// Makes everything added and removed since the last commit visible at once, under `manifest`.
    ///
    /// The caller fills in what it knows; the rest, such as generation and vector files, is set here. When this returns,
    /// the generation is on disk. Costs a sync of every new file, and where earlier commits of this run have left too many
    /// vector files, a merge of the newest.
    pub fn commit(&mut self, mut manifest: Manifest) -> Result<Manifest, WriteError> {
        let dimensions = manifest.model.as_ref().map_or(0, |model| model.dimensions);
        let merges = !self.remakes && self.merge_earlier(dimensions)?;
        self.write_vectors(dimensions)?;
        manifest.generation = self.generation + 1;
        manifest.remade = self.remade + u64::from(self.remakes);
        manifest.vector_files = self.vector_files.clone();
        manifest.graph = self.graph.clone();
        self.remember(&manifest)?;
        self.write_commit(&manifest)?;
        (self.remade, self.remakes) = (manifest.remade, false);
        if merges {
            self.sweep_vectors()?;
        }
        Ok(manifest)
    }

    /// Merges the newest vector files where they are too many, dead rows and all: a run that commits often leaves a file
    /// each time. Those of its last commit are for [`CollectionWriter::finish`], which knows what is dead.
    fn merge_earlier(&mut self, dimensions: usize) -> Result<bool, WriteError> {
        let first = vector::first_to_merge(&self.vector_files, self.graph.as_ref());
        let newest = self.vector_files.split_off(first);
        if newest.is_empty() {
            return Ok(false);
        }
        self.file_number += 1;
        let folder = self.layout.vectors();
        let sources = Vectors::open(&folder, dimensions, &newest, None)?;
        self.vector_files.push(vector::merge(&folder, self.file_number, &sources, &|_| true)?);
        Ok(true)
    }

    /// Commits a graph that is smaller than any that a run builds.
    #[cfg(test)]
    pub(crate) fn commit_with_graph(&mut self, manifest: Manifest) -> Result<Manifest, WriteError> {
        self.graph = manifest.graph.clone();
        self.commit(manifest)
    }

    /// Writes the vectors that wait to disk, without making anything visible. Keeps memory bounded in a run that
    /// replaces everything and so must not commit half of it.
    pub fn write_vectors(&mut self, dimensions: usize) -> Result<(), WriteError> {
        if self.pending_vectors.is_empty() {
            return Ok(());
        }
        let vectors = std::mem::take(&mut self.pending_vectors);
        self.file_number += 1;
        self.vector_files.push(vector::write(&self.layout.vectors(), self.file_number, dimensions, vectors)?);
        Ok(())
    }

    fn write_commit(&mut self, manifest: &Manifest) -> Result<(), WriteError> {
        let (lexical, refused) = (self.layout.lexical(), &self.refused);
        let failed = |error| WriteError::from_tantivy(error, &lexical, refused);
        let mut prepared = self.writer.prepare_commit().map_err(failed)?;
        prepared.set_payload(&manifest.to_payload());
        prepared.commit().map_err(failed)?;
        self.generation = manifest.generation;
        Ok(())
    }

    /// Ends the run: merges vector files when they are many or mostly dead, builds or renews the graph when there are
    /// enough vectors, waits for tantivy's merges, sweeps, and gives the generation as readers will see it.
    pub fn finish(mut self, store: &Store, threads: usize) -> Result<Snapshot, WriteError> {
        let snapshot = Snapshot::open(store, &self.name)?;
        let is_tidy = !self.tidy_vectors(&snapshot, threads)?;
        self.sweep()?;
        let (lexical, refused) = (self.layout.lexical(), self.refused);
        let merged = self.writer.wait_merging_threads();
        merged.map_err(|error| WriteError::from_tantivy(error, &lexical, &refused))?;
        // tantivy keeps what a merge has just replaced until its next sweep, which may be long away.
        sweep_segments(&self.layout)?;
        // To open one costs a look at every chunk, and merges change nothing of what it says.
        match is_tidy {
            true => Ok(snapshot),
            false => Ok(Snapshot::open(store, &self.name)?),
        }
    }

    /// Whether there was anything to do, and so a commit.
    fn tidy_vectors(&mut self, snapshot: &Snapshot, threads: usize) -> Result<bool, WriteError> {
        if snapshot.manifest().model.is_none() {
            return Ok(false);
        }
        let mut manifest = snapshot.manifest().clone();
        let folder = self.layout.vectors();
        let dimensions = manifest.model.as_ref().map_or(0, |model| model.dimensions);
        if let Some(damage) = snapshot.damage() {
            return Err(OpenError::from(damage.clone()).into());
        }
        let (rows, alive) = (snapshot.vectors().rows(), snapshot.alive_rows().len());
        let ages = |graph| vector::wants_rebuild(graph, rows, alive);
        // A graph that was built anew over the same dead rows would be as aged as it was.
        let aged = rows > alive && manifest.graph.as_ref().is_some_and(ages);
        let first = match aged || (rows - alive) > rows / DEAD_VECTORS_BEFORE_MERGE {
            true => 0,
            false => vector::first_to_merge(&manifest.vector_files, manifest.graph.as_ref()),
        };
        let newest = manifest.vector_files.split_off(first);
        if !newest.is_empty() {
            self.file_number += 1;
            let keep = |key| snapshot.is_alive(key);
            let sources = Vectors::open(&folder, dimensions, &newest, None)?;
            manifest.vector_files.push(vector::merge(&folder, self.file_number, &sources, &keep)?);
        }
        let vectors = Vectors::open(&folder, dimensions, &manifest.vector_files, None)?;
        let is_whole =
            |graph: &&GraphRecord| snapshot.vectors().has_graph() && graph.fits(&manifest.vector_files);
        let whole = manifest.graph.as_ref().filter(is_whole);
        if whole.is_none_or(|graph| vector::wants_rebuild(graph, vectors.rows(), alive)) {
            self.file_number += 1;
            manifest.graph =
                vector::build_graph(&folder, self.file_number, &vectors, threads, vector::GRAPH_MIN_ROWS)?;
        }
        if manifest == *snapshot.manifest() {
            return Ok(false);
        }
        manifest.generation += 1;
        self.write_commit(&manifest)?;
        (self.vector_files, self.graph) = (manifest.vector_files, manifest.graph);
        Ok(true)
    }

    /// Removes what no manifest names, and gives the highest number a file left here bears.
    ///
    /// A file that cannot be removed (open in a reader, on Windows) waits for the next sweep.
    fn sweep(&self) -> Result<u64, WriteError> {
        self.sweep_vectors()?;
        let swept = self.writer.garbage_collect_files().wait().map_err(|error| self.lexical_error(error))?;
        tracing::debug!(files = swept.deleted_files.len(), "swept the lexical index");
        highest_number(&self.layout.vectors())
    }

    /// Removes the files of vectors that no manifest names and no run will go on with.
    fn sweep_vectors(&self) -> Result<(), WriteError> {
        let named = vector::files_of(&self.vector_files, self.graph.as_ref());
        let kept = remake::file_name(self.remade + 1);
        remove_files(&self.layout.vectors(), &|name| !named.contains(&name) && name != kept)
    }

    fn lexical_error(&self, error: TantivyError) -> WriteError {
        WriteError::from_tantivy(error, &self.layout.lexical(), &self.refused)
    }
}

/// What is cited of a chunk, counted from the chunk's first byte: the start above, the end in the lower 32 bits.
fn cited_within(finished: &FinishedChunk) -> u64 {
    let start = finished.chunk.span.start();
    u64::from(finished.cited.start() - start) << 32 | u64::from(finished.cited.end() - start)
}

/// The longest tag that is filtered by, in bytes; of a longer one those above it are. A tag of thousands of levels would
/// otherwise stand with all of them at every chunk.
pub(crate) const MAX_TAG_TERM_BYTES: usize = 256;

/// `bread/rye` gives `bread/rye` and `bread`, in lower case.
fn tags_above(tag: &str) -> impl Iterator<Item = String> {
    let tag = tag.to_lowercase();
    let ends: Vec<usize> = tag.match_indices('/').map(|(at, _)| at).chain([tag.len()]).collect();
    ends.into_iter().take_while(|end| *end <= MAX_TAG_TERM_BYTES).map(move |end| tag[..end].to_owned())
}

/// The longest property term, in bytes. Longer values can be found by their words, not filtered by.
pub(crate) const MAX_PROPERTY_TERM_BYTES: usize = 256;

/// `status: Done` gives `status` and `status=done`; of a list each value. Nested values are not filtered by.
fn property_terms(key: &str, value: &PropertyValue) -> Vec<String> {
    let mut terms = vec![property_term(key, None)];
    terms.extend(value.texts().iter().map(|text| property_term(key, Some(text))));
    let values = match value {
        PropertyValue::List(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    terms.extend(values.iter().filter_map(|value| match value {
        PropertyValue::Number(number) => Some(number_term(key, *number)),
        PropertyValue::Date(_, second) | PropertyValue::DateTime(_, second) => Some(date_term(key, *second)),
        _ => None,
    }));
    terms.retain(|term| term.len() <= MAX_PROPERTY_TERM_BYTES);
    terms
}

/// The term by which a number is compared: terms of one key are in the order of their numbers.
pub(crate) fn number_term(key: &str, number: f64) -> String {
    format!("{}{NUMBER_MARK}{:016x}", key.trim().to_lowercase(), f64_to_u64(number))
}

/// The term by which a date is compared, in seconds since 1970.
pub(crate) fn date_term(key: &str, second: i64) -> String {
    format!("{}{DATE_MARK}{:016x}", key.trim().to_lowercase(), i64_to_u64(second))
}

/// A number that is ordered as `number` is; the sign turned so that negative ones come first.
fn f64_to_u64(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 { bits ^ (1 << 63) } else { !bits }
}

fn i64_to_u64(second: i64) -> u64 {
    (second as u64) ^ (1 << 63)
}

/// Stand between a key and what it is compared by; no typed value begins so.
const NUMBER_MARK: &str = "\u{1}n";
const DATE_MARK: &str = "\u{1}d";

/// The term a property is filtered by.
pub(crate) fn property_term(key: &str, value: Option<&str>) -> String {
    let key = key.trim().to_lowercase();
    match value {
        Some(value) => format!("{key}={}", value.trim().to_lowercase()),
        None => key,
    }
}

fn create_if_new(layout: &Layout) -> Result<(), WriteError> {
    for folder in [layout.lexical(), layout.vectors()] {
        owner::create_folder(&folder).map_err(WriteError::io(&folder))?;
    }
    if layout.format().exists() { Ok(()) } else { layout.write_format() }
}

fn open_or_create(layout: &Layout) -> Result<(Index, Refused), WriteError> {
    let folder = layout.lexical();
    let directory =
        SealedDirectory::open(&folder).map_err(|error| OpenError::from_tantivy(error.into(), &folder))?;
    let refused = directory.refused();
    let (schema, _) = schema();
    let mut index = Index::open_or_create(directory, schema).map_err(|error| match refused.take() {
        Some((path, source)) => WriteError::Io { path, source },
        None => OpenError::from_tantivy(error, &folder).into(),
    })?;
    index.set_tokenizers(tokenizers());
    Ok((index, refused))
}

/// Removes the files of segments that the newest commit does not name, whether tantivy remembers them or not, and what a
/// writer that died left half-written.
///
/// Only where nothing is being written: a thread of tantivy's that merges has files of its own under way.
fn sweep_segments(layout: &Layout) -> Result<(), WriteError> {
    let lexical = layout.lexical();
    let (index, _) = open_index(layout)?;
    let segments = {
        // A reader that has read an earlier list is let open its files first.
        let lock = index.directory().acquire_lock(&META_LOCK);
        let from_lock = |error| OpenError::from_tantivy(TantivyError::LockFailure(error, None), &lexical);
        let _lock = lock.map_err(from_lock)?;
        lexical_files(&index, layout)?
    };
    remove_files(&lexical, &|name| !is_kept(name) && !segments.iter().any(|file| file.as_os_str() == name))
}

/// Whether tantivy keeps a file of this name whatever segments there are: its commit point, its list, its locks.
pub(crate) fn is_kept(name: &str) -> bool {
    matches!(name, COMMIT_POINT | FILE_LIST | ".tantivy-meta.lock" | ".tantivy-writer.lock")
}

fn remove_files(folder: &Path, is_left_over: &dyn Fn(&str) -> bool) -> Result<(), WriteError> {
    for entry in fs::read_dir(folder).map_err(WriteError::io(folder))? {
        let entry = entry.map_err(WriteError::io(folder))?;
        let name = entry.file_name();
        if name.to_str().is_some_and(is_left_over)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::warn!(file = %entry.path().display(), %error, "left for the next sweep");
        }
    }
    Ok(())
}

/// The highest number that follows a `-` in a file's name; 0 where there is none.
fn highest_number(folder: &Path) -> Result<u64, WriteError> {
    let mut highest = 0;
    for entry in fs::read_dir(folder).map_err(WriteError::io(folder))? {
        let name = entry.map_err(WriteError::io(folder))?.file_name();
        let number = name.to_str().and_then(|name| name.split(['-', '.']).find_map(|part| part.parse().ok()));
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(highest)
}

#[cfg(test)]
mod tests;
