//! One run of the indexer over one folder, from the walk to the last sweep.

mod options;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ibid_core::id::DocumentPath;
use ibid_core::language::Language;
use ibid_embed::EmbedError;
use ibid_index::OpenError;
use ibid_index::manifest::{MAX_SKIPPED_NAMED, Manifest, READING, SkippedRecord, SourceRecord};
use ibid_index::remake::Remake;
use ibid_index::snapshot::{KnownDocument, Snapshot};
use ibid_index::store::Store;
use ibid_index::vector::VectorKey;
use ibid_index::writer::{CollectionWriter, FileMark};

use crate::changes::{Changes, changes};
use crate::error::BuildError;
use crate::pipeline::{self, Done, Keeping, Spent, Stages};
use crate::prepare::{Context, History, Prepared};
use crate::report::{Plan, Progress, Report, SkipReason, Skipped};
use crate::source::{self, Asked, Listing, Source, SourceFile, Stamp};
use crate::survey::{Survey, survey};
pub use options::{BuildOptions, Model};

/// After this many new vectors a generation is committed, so that memory stays flat: 13 MB of vectors.
const VECTORS_PER_COMMIT: usize = 8_192;

/// After this long vectors are committed, however few, so that a run that is killed loses little.
const COMMIT_EVERY: Duration = Duration::from_secs(20);

/// A change of more bytes than this, or of more files, is committed by its words first and embedded afterwards; a smaller
/// one is embedded within the second in which its words are to be found. Each file is a chunk at least, and each chunk costs
/// the model ten to thirty milliseconds.
const AT_ONCE_BYTES: u64 = 32_000;
const AT_ONCE_FILES: usize = 16;

/// The mark of no file: a document that has it is read again.
const UNKNOWN: FileMark = FileMark { modified: 0, size: 0, content: 0 };

/// Brings a collection up to its folder. When this returns, the new generation is on disk.
///
/// Blocks for as long as it takes; embedding is nearly all of it.
///
/// # Errors
/// Where the run could not do its work; single files that could not be read are in the report.
pub fn build(store: &Store, options: &BuildOptions, progress: &dyn Progress) -> Result<Report, BuildError> {
    Listed::of(options, progress)?.build(store, options, progress)
}

/// As [`build`], with the model that `choose` has for the languages of the source. Looking at them costs a read of some
/// hundred files.
///
/// # Errors
/// As [`build`], and where `choose` fails.
pub fn build_choosing(
    store: &Store,
    options: &BuildOptions,
    progress: &dyn Progress,
    choose: &dyn Fn(&Survey) -> Result<Model, EmbedError>,
) -> Result<Report, BuildError> {
    let listed = Listed::of(options, progress)?;
    let model = choose(&survey(listed.source.as_ref(), &listed.listing.files))?;
    listed.build(store, &BuildOptions { model: Some(model), ..options.clone() }, progress)
}

/// A source and what is in it now.
struct Listed {
    source: Box<dyn Source>,
    root: PathBuf,
    listing: Listing,
    began: Instant,
    walk: Duration,
}

impl Listed {
    fn of(options: &BuildOptions, progress: &dyn Progress) -> Result<Listed, BuildError> {
        let began = Instant::now();
        let (source, root) = source::open(&Asked {
            root: &options.root,
            choice: &options.source,
            include: &options.include,
            exclude: &options.exclude,
            now: options.now / 1_000_000_000,
        })?;
        let listing = source.list(options.threads.get(), progress)?;
        Ok(Listed { source, root, listing, began, walk: began.elapsed() })
    }

    fn build(
        self,
        store: &Store,
        options: &BuildOptions,
        progress: &dyn Progress,
    ) -> Result<Report, BuildError> {
        let Listed { source, root, listing, began, walk } = self;
        let threads = options.threads.get();
        if listing.files.is_empty() && !store.collections()?.contains(&options.name) {
            let others = listing.others.values().sum();
            return Err(BuildError::NothingToIndex { path: root, others });
        }
        // The lexical index is all there is to do without a model; with one it is a hundredth of the work.
        let writer_threads = if options.model.is_some() { 1 } else { threads };
        let mut writer = CollectionWriter::open(store, &options.name, writer_threads)?;
        let Start { base, known, replaces, remake } = start(&mut writer, options, &root, &listing)?;
        let changes = changes(&listing.files, if replaces { &[] } else { &known });
        let mut run = Run {
            options,
            source: source.as_ref(),
            record: options.record(root, &listing),
            reading: base.as_ref().map_or(READING, |base| base.manifest().reading),
            base,
            replaces,
            remake,
            progress,
            to_read: changes.read.len(),
            read: 0,
            unclaimed: changes.gone.iter().fold(HashMap::new(), |mut unclaimed, document| {
                *unclaimed.entry(document.file.content).or_default() += 1;
                unclaimed
            }),
            known: known.len(),
            failed_to_read: false,
            committed: (options.clock)(),
            report: Report {
                unchanged: changes.unchanged,
                removed: changes.gone.len(),
                skipped: listing.skipped.clone(),
                other_files: most_frequent(&listing),
                ..Report::default()
            },
            writing: Duration::ZERO,
        };
        run.end(writer, &changes, store)?;
        let mut report = run.report;
        report.seconds.walk = walk.as_secs_f64();
        report.seconds.total = began.elapsed().as_secs_f64();
        Ok(report)
    }
}

/// Where a run starts.
struct Start {
    /// The generation that it goes on from.
    base: Option<Arc<Snapshot>>,
    /// Every document of the last generation.
    known: Vec<KnownDocument>,
    /// Whether the last generation is replaced by one that shares nothing with it.
    replaces: bool,
    /// What is kept of that one until it is committed.
    remake: Option<Arc<Remake>>,
}

/// Looks at what stands, and has the writer forget it where everything is made anew.
fn start(
    writer: &mut CollectionWriter,
    options: &BuildOptions,
    root: &Path,
    listing: &Listing,
) -> Result<Start, BuildError> {
    let Some(base) = writer.base() else {
        return Ok(Start { base: None, known: Vec::new(), replaces: false, remake: None });
    };
    let mut known = known_documents(&base, options, root, listing)?;
    let other_language = base.manifest().source.language.as_deref() != options.language.map(Language::code);
    let withheld = base.manifest().withheld != options.withheld();
    if other_language || withheld || base.manifest().reading != READING {
        // Words are cut, facts read, or notes told from those that the model is not given, anew; vectors can stay.
        known.iter_mut().for_each(|document| document.file = UNKNOWN);
    }
    // Under another model every document must be read again. A first one fills in what the words lack.
    let other_model = base.manifest().model.is_some() && !is_made_by(&base, options.model.as_ref());
    let model = options.model.as_ref().map(Model::record);
    if options.rebuild || other_model {
        let remake = writer.make_anew(model.as_ref())?.map(Arc::new);
        return Ok(Start { base: None, known, replaces: true, remake });
    }
    if options.may_change_model {
        writer.choose_model(model.as_ref())?;
    }
    match base.damage() {
        Some(damage) => Err(OpenError::from(damage.clone()).into()),
        None => Ok(Start { base: Some(base), known, replaces: false, remake: None }),
    }
}

/// What the last generation holds, if this run may go on from it.
fn known_documents(
    base: &Snapshot,
    options: &BuildOptions,
    root: &Path,
    listing: &Listing,
) -> Result<Vec<KnownDocument>, BuildError> {
    check_base(base, options, root)?;
    let known = base.known_documents()?;
    if listing.files.is_empty() && !known.is_empty() && !options.rebuild {
        let (path, name, documents) = (root.to_owned(), options.name.clone(), known.len());
        return Err(BuildError::SourceEmptied { path, name, documents });
    }
    Ok(known)
}

/// Refuses to mix folders or models in one collection.
fn check_base(base: &Snapshot, options: &BuildOptions, root: &Path) -> Result<(), BuildError> {
    let manifest = base.manifest();
    if manifest.source.root != root {
        let (name, indexed) = (options.name.clone(), manifest.source.root.clone());
        return Err(BuildError::NameTaken { name, indexed, path: root.to_owned() });
    }
    let Some(indexed) = &manifest.model else { return Ok(()) };
    let wanted = options.model.as_ref();
    match options.rebuild || options.may_change_model || is_made_by(base, wanted) {
        true => Ok(()),
        false => Err(BuildError::OtherModel {
            name: options.name.clone(),
            indexed: indexed.name.clone(),
            wanted: wanted.map_or_else(|| "none".to_owned(), |wanted| wanted.record().name),
        }),
    }
}

/// Whether this model made a generation's vectors, or neither is there.
fn is_made_by(base: &Snapshot, model: Option<&Model>) -> bool {
    let indexed = base.manifest().model.as_ref().map(|model| &model.checksum);
    indexed == model.map(|model| &model.embedder.identity().checksum)
}

struct Run<'a> {
    options: &'a BuildOptions,
    source: &'a dyn Source,
    /// What the manifest says of it.
    record: SourceRecord,
    /// The generation that is continued.
    base: Option<Arc<Snapshot>>,
    /// How the facts of the documents that stand were read.
    reading: u32,
    /// Whether another generation stands that shares nothing with this one: half of this one must not take its place.
    replaces: bool,
    /// What keeps the vectors of this one until then.
    remake: Option<Arc<Remake>>,
    progress: &'a dyn Progress,
    to_read: usize,
    read: usize,
    /// How many documents with these bytes are gone and were not found under another path, by the hash of the bytes.
    unclaimed: HashMap<u64, usize>,
    /// How many documents the last generation has.
    known: usize,
    /// Whether a file that was listed could not be read.
    failed_to_read: bool,
    /// When the last commit was, or else when the run began.
    committed: Instant,
    report: Report,
    writing: Duration,
}

impl Run<'_> {
    /// The last generation, where another one would say nothing new.
    fn standing(&mut self, changes: &Changes) -> Option<Arc<Snapshot>> {
        let base = self.base.clone()?;
        let (last, next) = (base.manifest(), self.manifest());
        let age = Duration::from_nanos(self.options.now).saturating_sub(Duration::from_secs(last.indexed_at));
        let stands = changes.read.is_empty()
            && changes.gone.is_empty()
            && age < self.options.restate_after
            && (&last.source, &last.model, last.pending) == (&next.source, &next.model, 0)
            && base.chunks_without_vector() == 0
            && (last.skipped_count, &last.skipped) == (next.skipped_count, &next.skipped);
        stands.then_some(base)
    }

    /// Writes what changed and tidies up, or leaves the last generation where it still stands.
    fn end(
        &mut self,
        mut writer: CollectionWriter,
        changes: &Changes,
        store: &Store,
    ) -> Result<(), BuildError> {
        let snapshot = match self.standing(changes) {
            Some(standing) => standing,
            None => {
                self.write(&mut writer, changes, store)?;
                let tidying = Instant::now();
                let finished = match self.progress.is_stopped() {
                    false => writer.finish(store, self.options.threads.get())?,
                    // The next run tidies up.
                    true => {
                        drop(writer);
                        Snapshot::open(store, &self.options.name)?
                    }
                };
                self.report.seconds.tidy = tidying.elapsed().as_secs_f64();
                Arc::new(finished)
            }
        };
        self.report.generation = snapshot.manifest().generation;
        self.report.documents = snapshot.documents();
        self.report.chunks = snapshot.chunks();
        self.report.without_vector = snapshot.chunks_without_vector();
        self.report.seconds.write = self.writing.as_secs_f64();
        Ok(())
    }

    fn write(
        &mut self,
        writer: &mut CollectionWriter,
        changes: &Changes,
        store: &Store,
    ) -> Result<(), BuildError> {
        let bytes = changes.read.iter().map(|(file, _)| file.size).sum();
        let (unchanged, gone) = (changes.unchanged, changes.gone.len());
        let kept = self.replaces.then(|| self.remake.as_ref().map_or(0, |remake| remake.len() as u64));
        self.progress.planned(&Plan { files: self.to_read, bytes, unchanged, gone, kept });
        changes.gone.iter().for_each(|document| writer.remove(&document.path));
        let base = self.base.clone();
        if base.is_none() && !self.replaces {
            let manifest = self.manifest();
            writer.remember(&manifest)?;
        }
        let context = Context {
            source: self.source,
            base: base.as_deref(),
            gone: by_content(&changes.gone),
            has_model: self.options.model.is_some(),
            withheld: self.options.withheld_from_model(),
            fills: false,
            language: self.options.language,
            now: self.options.now,
        };
        let is_small = bytes <= AT_ONCE_BYTES && changes.read.len() <= AT_ONCE_FILES;
        // What runs behind a url may be away: nothing saved waits for it to be found by its words.
        let at_once = |model: &Model| is_small && model.embedder.identity().remote.is_none();
        let model = self.options.model.clone().filter(|model| self.replaces || at_once(model));
        self.progress.owes_commit(model.is_some() && !self.replaces);
        self.pass(&context, model.as_ref(), &changes.read, |run, done| run.take(writer, done))?;
        self.check_source()?;
        if self.replaces && self.progress.is_stopped() {
            return Err(BuildError::Stopped);
        }
        self.commit(writer)?;
        self.progress.owes_commit(false);
        let lacked_none = |base: &Arc<Snapshot>| {
            is_made_by(base, self.options.model.as_ref()) && base.chunks_without_vector() == 0
        };
        match model.is_some() && base.as_ref().is_none_or(lacked_none) {
            true => Ok(()),
            false => self.fill(writer, store),
        }
    }

    /// Refuses to take a source that went away while it was read for one whose files are gone.
    fn check_source(&self) -> Result<(), BuildError> {
        if !self.failed_to_read || self.source.is_there() {
            return Ok(());
        }
        let (path, name) = (self.record.root.clone(), self.options.name.clone());
        Err(BuildError::SourceEmptied { path, name, documents: self.known })
    }

    /// Runs files through the stages, with the model or without.
    fn pass(
        &mut self,
        context: &Context<'_>,
        model: Option<&Model>,
        files: &[(SourceFile, Option<u64>)],
        mut take: impl FnMut(&mut Self, Done) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let (progress, spent) = (self.progress, Spent::default());
        let remake = self.remake.clone();
        let keeping = remake.as_ref().map(|remake| Keeping::new(remake, self.options.clock, COMMIT_EVERY));
        let stages = Stages {
            context,
            embedder: model.map(|model| model.embedder.as_ref()),
            keeping: keeping.as_ref(),
            threads: self.options.threads.get(),
            progress,
            spent: &spent,
        };
        pipeline::run(files, &stages, |done| {
            let began = Instant::now();
            take(self, done)?;
            self.writing += began.elapsed();
            Ok(())
        })?;
        self.report.seconds.read += spent.read_seconds();
        self.report.seconds.embed += spent.embed_seconds();
        Ok(())
    }

    /// Embeds the chunks that have no vector: those of a large change whose words were committed first, and what an
    /// earlier run did not come to. The documents changed last come first.
    fn fill(&mut self, writer: &mut CollectionWriter, store: &Store) -> Result<(), BuildError> {
        let Some(model) = self.options.model.clone().filter(|_| !self.progress.is_stopped()) else {
            return Ok(());
        };
        let snapshot = Snapshot::open(store, &self.options.name)?;
        if snapshot.chunks_without_vector() == 0 {
            return Ok(());
        }
        let file = |known: KnownDocument| {
            let path = DocumentPath::new(&known.path)?;
            let FileMark { modified, size, content } = known.file;
            // Its date is indexed already, and is not asked for again.
            let (stamp, changed_at) = (Stamp::Time(modified), 0);
            Some((SourceFile { path, stamp, changed_at, size, address: None }, Some(content)))
        };
        let files: Vec<_> = snapshot.documents_without_vectors()?.into_iter().filter_map(file).collect();
        self.progress.owes_commit(true);
        self.progress.filling(snapshot.chunks_without_vector());
        let context = Context {
            source: self.source,
            base: Some(&snapshot),
            gone: HashMap::new(),
            has_model: true,
            withheld: self.options.withheld_from_model(),
            fills: true,
            language: self.options.language,
            now: self.options.now,
        };
        self.pass(&context, Some(&model), &files, |run, done| {
            // What changed meanwhile, or cannot be read any more, is the next run's to see.
            let Done::Vector { key, vector } = done else { return Ok(()) };
            run.report.embedded += 1;
            writer.add_vector(key, vector);
            match run.is_due(writer) {
                true => run.commit(writer),
                false => Ok(()),
            }
        })?;
        if writer.pending_vectors() > 0 {
            self.commit(writer)?;
        }
        self.progress.owes_commit(false);
        Ok(())
    }

    /// Whether vectors have waited for a commit for long enough.
    fn is_due(&self, writer: &CollectionWriter) -> bool {
        let waited = || (self.options.clock)().saturating_duration_since(self.committed);
        writer.pending_vectors() >= VECTORS_PER_COMMIT || waited() >= COMMIT_EVERY
    }

    /// Counts and writes what came out of the stages.
    fn take(&mut self, writer: &mut CollectionWriter, done: Done) -> Result<(), BuildError> {
        self.read += 1;
        match done {
            Done::SameBytes { bytes } => {
                self.report.bytes_read += bytes;
                self.report.unchanged += 1;
                self.progress.document(bytes, 0);
            }
            Done::Skipped { file, known, reason } => {
                self.failed_to_read |= matches!(reason, SkipReason::Unreadable(_));
                if known {
                    // What stood there before can no longer be checked against the file.
                    writer.remove(file.path.as_str());
                    self.report.removed += 1;
                }
                self.report.skipped.push(Skipped { path: file.path.as_str().to_owned(), reason });
                self.progress.document(file.size, 0);
            }
            Done::Vector { key, vector } => writer.add_vector(key, vector),
            Done::Document { prepared, vectors } => self.take_document(writer, *prepared, vectors)?,
        }
        Ok(())
    }

    fn take_document(
        &mut self,
        writer: &mut CollectionWriter,
        prepared: Prepared,
        mut vectors: Vec<(VectorKey, Vec<f32>)>,
    ) -> Result<(), BuildError> {
        let (report, document) = (&mut self.report, &prepared.document);
        match prepared.history {
            History::New => report.added += 1,
            History::Changed => report.changed += 1,
            History::Same => report.unchanged += 1,
            History::Renamed => match self.unclaimed.get_mut(&document.file.content) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    report.renamed += 1;
                    report.removed -= 1;
                }
                // One file was, and two are now.
                _ => report.added += 1,
            },
        }
        if self.options.model.is_some() {
            report.reused += document.chunks.len() - prepared.lacking;
        }
        report.embedded += vectors.len();
        report.bytes_read += document.file.size;
        self.progress.document(document.file.size, vectors.len());
        vectors.extend(prepared.kept);
        writer.add(document, vectors)?;
        if writer.pending_vectors() < VECTORS_PER_COMMIT {
            return Ok(());
        }
        match self.replaces {
            true => Ok(writer.write_vectors(self.dimensions())?),
            false => self.commit(writer),
        }
    }

    fn dimensions(&self) -> usize {
        self.options.model.as_ref().map_or(0, |model| model.embedder.identity().dimensions)
    }

    fn commit(&mut self, writer: &mut CollectionWriter) -> Result<(), BuildError> {
        let began = Instant::now();
        let manifest = writer.commit(self.manifest())?;
        self.committed = (self.options.clock)();
        self.progress.committed(manifest.generation);
        self.writing += began.elapsed();
        Ok(())
    }

    /// What a commit would say now; the writer adds what it knows better.
    fn manifest(&mut self) -> Manifest {
        self.report.skipped.sort();
        let skipped = &self.report.skipped;
        let named = skipped.iter().take(MAX_SKIPPED_NAMED);
        // As facts that were read otherwise, what was given to the model stands until the last document is read.
        let withheld = match &self.base {
            Some(base) if self.to_read != self.read => base.manifest().withheld.clone(),
            _ => self.options.withheld(),
        };
        Manifest {
            withheld,
            generation: 0,
            indexed_at: self.options.now / 1_000_000_000,
            source: self.record.clone(),
            model: self.options.model.as_ref().map(Model::record),
            // Facts that were read otherwise stand there until the last document is read.
            reading: if self.to_read == self.read { READING } else { self.reading },
            vector_files: Vec::new(),
            graph: None,
            remade: 0,
            pending: (self.to_read - self.read) as u64,
            skipped_count: skipped.len() as u64,
            skipped: named
                .map(|skipped| SkippedRecord {
                    path: skipped.path.clone(),
                    reason: skipped.reason.to_string(),
                })
                .collect(),
        }
    }
}

fn by_content(gone: &[KnownDocument]) -> HashMap<u64, Vec<String>> {
    let mut by_content: HashMap<u64, Vec<String>> = HashMap::new();
    for document in gone {
        by_content.entry(document.file.content).or_default().push(document.path.clone());
    }
    by_content
}

/// Extensions with how many files bear them, most first, then by name.
fn most_frequent(listing: &Listing) -> Vec<(String, usize)> {
    let mut others: Vec<_> = listing.others.clone().into_iter().collect();
    others.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    others
}

#[cfg(test)]
mod moved;

#[cfg(test)]
mod other_model;

#[cfg(test)]
mod stopped;

#[cfg(test)]
mod read_anew;

#[cfg(test)]
mod watching;

#[cfg(test)]
mod words_first;

#[cfg(test)]
mod wordless;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::num::NonZero;

    use super::*;
    use crate::SourceChoice;
    use crate::report::Silent;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_unchanged_folder_is_committed_anew_only_to_say_that_it_still_stands() {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::at(data.path());
        let note = folder.path().join("a.md");
        fs::write(&note, "rye").unwrap();
        let written = fs::metadata(&note).unwrap().modified().unwrap();
        let written = written.duration_since(std::time::UNIX_EPOCH).unwrap();
        let run = |after: Duration, exclude: &[&str]| {
            let options = BuildOptions {
                root: folder.path().to_owned(),
                source: SourceChoice::Folder,
                name: "n".parse().unwrap(),
                include: vec![],
                exclude: exclude.iter().map(|&glob| glob.to_owned()).collect(),
                language: None,
                model: None,
                threads: NonZero::<usize>::MIN,
                rebuild: false,
                may_change_model: false,
                now: (written + after).as_nanos() as u64,
                restate_after: 10 * MINUTE,
                clock: Instant::now,
            };
            build(&store, &options, &Silent).unwrap().generation
        };
        assert_eq!(run(MINUTE, &[]), 1);
        assert_eq!(run(2 * MINUTE, &[]), 1, "nothing changed");
        assert_eq!(run(10 * MINUTE, &[]), 1, "nothing changed, and the commit is young");
        assert_eq!(run(12 * MINUTE, &[]), 2, "nothing changed, and the commit is old");
        assert_eq!(run(13 * MINUTE, &["b.md"]), 3, "the settings changed");
        fs::write(folder.path().join("c.md"), "oats").unwrap();
        assert_eq!(run(14 * MINUTE, &["b.md"]), 4, "a note is new");
        fs::remove_file(note).unwrap();
        assert_eq!(run(15 * MINUTE, &["b.md"]), 5, "a note is gone");
        assert_eq!(run(16 * MINUTE, &["b.md"]), 5);
    }
}
