//! A small index for the tests: a few notes in a temporary folder, words alone, no model.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ibid_core::chunk::Chunk;
use ibid_core::document::{Document, Heading, Link, LinkKind};
use ibid_core::hash::ContentHash;
use ibid_core::id::DocumentPath;
use ibid_core::language::Language;
use ibid_core::span::Span;
use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};
use ibid_index::manifest::{Manifest, ModelRecord, Origin, SourceRecord};
use ibid_index::snapshot::StoredDocument;
use ibid_index::store::Store;
use ibid_index::vector::VectorKey;
use ibid_index::writer::{CollectionWriter, FileMark, FinishedChunk, FinishedDocument};

use crate::library::Library;
use crate::mcp::Handler;
use crate::outgoing::{Nonce, Outgoing, SecretRules};
use crate::viewer::Viewer;

/// The moment every test index was made at.
pub(crate) const INDEXED_AT: u64 = 1_790_000_000;

/// The paths of [`garden`], sorted.
pub(crate) const PATHS: [&str; 4] =
    ["Bread/Levain.md", "Bread/Pain de campagne.md", "Long.txt", "日本/味噌.md"];

/// How many paragraphs the long note has. Together they fill several windows.
pub(crate) const LONG_PARAGRAPHS: usize = 2_000;

pub(crate) struct Note<'a> {
    pub(crate) path: &'a str,
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
}

/// An open library and the folder it lies in, which goes with it.
pub(crate) struct Garden {
    pub(crate) library: Arc<Library>,
    _folder: tempfile::TempDir,
}

/// The nonce of every answer in tests.
pub(crate) const NONCE: Nonce = Nonce(0x1b1d);

/// What goes out passes this: every rule there is.
pub(crate) fn outgoing() -> Arc<Outgoing> {
    Arc::new(Outgoing::new(&SecretRules::default(), || NONCE).unwrap())
}

/// What answers `viewer`.
pub(crate) fn handler(library: &Arc<Library>, viewer: Viewer) -> Handler {
    Handler::new(library.clone(), viewer, outgoing())
}

impl Garden {
    pub(crate) fn handler(&self, viewer: Viewer) -> Handler {
        handler(&self.library, viewer)
    }
}

/// One collection, `garden`, with the notes of [`PATHS`].
pub(crate) fn garden() -> Garden {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let long: String =
        (1..=LONG_PARAGRAPHS).map(|n| format!("Paragraph {n} speaks of turnips.\n\n")).collect();
    let notes = [
        Note {
            path: "Bread/Levain.md",
            title: "Levain \"<script>alert(1)</script>\" \u{202e}gnol",
            text: "# Levain\n\n## Feeding\nFeed the rye starter <b>twice</b> & wait.\n",
        },
        Note {
            path: "Bread/Pain de campagne.md",
            title: "Pain de campagne",
            text: "# Pain de campagne\r\n\r\nBake at 250 degrees.\r\n",
        },
        Note { path: "Long.txt", title: "Long", text: &long },
        Note { path: "日本/味噌.md", title: "味噌", text: "# 味噌\n\n米味噌を仕込む。\n" },
    ];
    index(&store, "garden", &notes);
    let library = Library::open(store, None, Box::new(|_| panic!("no collection has a model"))).unwrap();
    Garden { library, _folder: folder }
}

/// Adds notes to a collection and commits them.
pub(crate) fn index(store: &Store, collection: &str, notes: &[Note<'_>]) {
    index_with(store, collection, notes, None);
}

/// The model of collections that have one: every text has the same vector.
pub(crate) fn model() -> ModelRecord {
    ModelRecord {
        name: "constant".to_owned(),
        engine: "none".to_owned(),
        dimensions: 8,
        checksum: "c0".to_owned(),
        folder: None,
        remote: None,
    }
}

/// What [`model`] is loaded as.
pub(crate) struct Constant(ModelIdentity);

impl Constant {
    pub(crate) fn new(checksum: &str) -> Constant {
        let ModelRecord { name, engine, dimensions, .. } = model();
        Constant(ModelIdentity { name, engine, dimensions, checksum: checksum.to_owned(), remote: None })
    }
}

impl Embedder for Constant {
    fn identity(&self) -> &ModelIdentity {
        &self.0
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        struct Worker;
        impl EmbedWorker for Worker {
            fn embed_document(&mut self, _: &str) -> Result<Vec<f32>, EmbedError> {
                Ok(constant_vector())
            }

            fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
                self.embed_document(text)
            }
        }
        Ok(Box::new(Worker))
    }
}

fn constant_vector() -> Vec<f32> {
    let mut vector = vec![0.0; model().dimensions];
    vector[0] = 1.0;
    vector
}

/// Adds notes that are said to be of the folder `root`, and commits them.
pub(crate) fn index_at(store: &Store, collection: &str, root: &Path, notes: &[Note<'_>]) {
    index_of(store, collection, root, notes, None);
}

/// Adds notes to a collection that a model made, and commits them.
pub(crate) fn index_with(store: &Store, collection: &str, notes: &[Note<'_>], model: Option<ModelRecord>) {
    index_of(store, collection, Path::new("notes"), notes, model);
}

fn index_of(store: &Store, collection: &str, root: &Path, notes: &[Note<'_>], model: Option<ModelRecord>) {
    let mut writer = CollectionWriter::open(store, &collection.parse().unwrap(), 1).unwrap();
    for note in notes {
        // All chunks have key 0, and so this one vector.
        let vectors = if model.is_some() { vec![(VectorKey(0), constant_vector())] } else { Vec::new() };
        writer.add(&finished(note), vectors).unwrap();
    }
    writer
        .commit(Manifest {
            generation: 0,
            indexed_at: INDEXED_AT,
            source: SourceRecord {
                root: root.to_owned(),
                include: Vec::new(),
                exclude: Vec::new(),
                language: None,
                origin: Origin::Folder,
            },
            model,
            reading: 0,
            withheld: Vec::new(),
            vector_files: Vec::new(),
            graph: None,
            remade: 0,
            pending: 0,
            skipped_count: 0,
            skipped: Vec::new(),
        })
        .unwrap();
    writer.finish(store, 1).unwrap();
}

/// Makes a collection one that this program does not read, as if by a new commit.
pub(crate) fn break_collection(store: &Store, collection: &str) {
    let folder = store.folder(&collection.parse().unwrap());
    fs::write(folder.join("format"), "99\n").unwrap();
    // The mark of the commit changes when its file does.
    let commit_point = folder.join("lexical").join("meta.json");
    let text = fs::read_to_string(&commit_point).unwrap();
    fs::write(&commit_point, format!("{text} ")).unwrap();
}

/// `[[target]]` and `![[target]]`, as much of links as the tests need.
fn links_of(text: &str) -> Vec<Link> {
    let link = |(at, _): (usize, &str)| {
        let embed = text[..at].ends_with('!');
        let target = text[at + 2..].split_once("]]")?.0.to_owned();
        let end = at + 4 + target.len();
        let span = Span::within(text, at - usize::from(embed)..end)?;
        Some(Link { kind: LinkKind::Wiki, target, anchor: None, label: None, embed, span })
    };
    text.match_indices("[[").filter_map(link).collect()
}

/// `kitchen`, and every `#word`.
fn tags_of(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter_map(|word| word.strip_prefix('#'));
    let tags = words.filter(|tag| tag.starts_with(char::is_alphabetic)).map(str::to_owned);
    ["kitchen".to_owned()].into_iter().chain(tags).collect()
}

/// A note cut at blank lines.
fn finished(note: &Note<'_>) -> FinishedDocument {
    let text = note.text.to_owned();
    let (mut headings, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let level = line.bytes().take_while(|&byte| byte == b'#').count();
        if level > 0 {
            let span = Span::within(&text, start..start + line.len()).unwrap();
            headings.push(Heading { level: level as u8, text: line[level..].trim().to_owned(), span });
        }
        start += line.len();
    }
    let (mut chunks, mut start) = (Vec::new(), 0);
    for part in text.split_inclusive("\n\n") {
        let span = Span::within(&text, start..start + part.len()).unwrap();
        let above = (0..headings.len()).filter(|&at| headings[at].span.start() < span.end()).collect();
        let line = text[..start].matches('\n').count() as u32 + 1;
        let chunk = Chunk { span, headings: above };
        let mut chunk = FinishedChunk::plain(&text, chunk, line, VectorKey(0)).unwrap();
        for link in links_of(&text).into_iter().filter(|link| span.range().contains(&link.span.range().start))
        {
            chunk.found_by.embeds.extend(link.embed.then(|| link.target.clone()));
            chunk.found_by.links.push(link.target);
        }
        chunks.push(chunk);
        start += part.len();
    }
    let document = Document {
        path: DocumentPath::new(note.path).unwrap(),
        title: note.title.to_owned(),
        aliases: Vec::new(),
        tags: tags_of(&text),
        headings,
        links: links_of(&text),
        properties: Vec::new(),
        block_ids: Vec::new(),
    };
    let stored = StoredDocument {
        document,
        decoded_from: None,
        content_hash: ContentHash::of(text.as_bytes()).to_string(),
        text_bytes: text.len() as u32,
        address: None,
    };
    let file = FileMark { modified: 1, size: 1, content: 1 };
    FinishedDocument { stored, text, chunks, language: Language::English, date: 0, file }
}
