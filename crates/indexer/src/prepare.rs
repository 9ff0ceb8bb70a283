//! One file to one document ready for the model: read, decode, understand, cut, and find out which of its chunks have
//! vectors already.

use std::collections::HashMap;
use std::io;

use ibid_core::hash::ContentHash;
use ibid_core::id::{CollectionName, DocumentPath};
use ibid_core::language::Language;
use ibid_core::private::Private;
use ibid_core::span::Span;
use ibid_embed::TokenCounter;
use ibid_index::snapshot::{Snapshot, StoredDocument};
use ibid_index::vector::VectorKey;
use ibid_index::writer::{FileMark, FinishedChunk, FinishedDocument};

use crate::chunk::{self, Measure};
use crate::extract::{self, Block, BlockKind, Extracted, NoText};
use crate::findable;
use crate::report::SkipReason;
use crate::source::{Source, SourceFile};

/// A document and what the model has still to do for it.
pub(crate) struct Prepared {
    pub(crate) document: FinishedDocument,
    /// The vectors that are missing, and the texts the model makes them of.
    pub(crate) to_embed: Vec<(VectorKey, String)>,
    /// How many those are.
    pub(crate) lacking: usize,
    /// Vectors that earlier runs have kept, which are not in the generation that this run goes on from.
    pub(crate) kept: Vec<(VectorKey, Vec<f32>)>,
    pub(crate) history: History,
}

/// What a document was in the last generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// Not there.
    New,
    /// There, with other bytes.
    Changed,
    /// There, with the same bytes. It is written again because its time stamp can be trusted now.
    Same,
    /// There, under another path that is gone now. Several can claim the same one.
    Renamed,
}

/// What a file turned out to be.
pub(crate) enum Outcome {
    Prepared(Box<Prepared>),
    /// Its time stamp changed, its bytes did not, and the next run may trust the stamp just as little.
    SameBytes,
    Skipped(SkipReason),
}

/// What preparing needs to know of the run.
pub(crate) struct Context<'a> {
    pub(crate) source: &'a dyn Source,
    /// The generation whose vectors may be used again.
    pub(crate) base: Option<&'a Snapshot>,
    /// Paths of documents whose files are gone, by the hash of their content.
    pub(crate) gone: HashMap<u64, Vec<String>>,
    pub(crate) has_model: bool,
    /// Which notes of which collection the model is not given; `None` where it is given all.
    pub(crate) withheld: Option<(&'a CollectionName, &'a Private)>,
    /// Whether documents that are in `base` are read again only for the vectors they lack.
    pub(crate) fills: bool,
    /// The language of every text; `None` where each tells by its words.
    pub(crate) language: Option<Language>,
    /// Nanoseconds since 1970.
    pub(crate) now: u64,
}

impl Measure for TokenCounter {
    fn tokens(&mut self, text: &str) -> usize {
        self.count(text)
    }

    fn prefix_within(&mut self, text: &str, max: usize) -> usize {
        self.split_at_tokens(text, max)
    }
}

impl Context<'_> {
    /// Reads and prepares a file. Anything wrong with it ends in [`Outcome::Skipped`].
    pub(crate) fn prepare(
        &self,
        file: &SourceFile,
        before: Option<u64>,
        tokens: &mut TokenCounter,
    ) -> Outcome {
        self.prepared(file, before, tokens).unwrap_or_else(Outcome::Skipped)
    }

    fn prepared(
        &self,
        file: &SourceFile,
        before: Option<u64>,
        tokens: &mut TokenCounter,
    ) -> Result<Outcome, SkipReason> {
        let bytes = self.read(&file.path).map_err(|error| SkipReason::Unreadable(error.to_string()))?;
        // What holds nothing is like any other that does not.
        let may_be_renamed = before.is_none() && !bytes.is_empty();
        let size = if extract::is_media(&file.path) { file.size } else { bytes.len() as u64 };
        let hash = ContentHash::of(&bytes);
        let content = first_64_bits(&hash);
        let trusted = file.stamp.is_trusted(self.now);
        let is_same = before == Some(content);
        if (is_same && !trusted && !self.fills) || (!is_same && self.fills) {
            return Ok(Outcome::SameBytes);
        }
        let mark = FileMark { modified: if trusted { file.stamp.number() } else { 0 }, size, content };
        let decoded = extract::text_of(&file.path, bytes).map_err(|error| match error {
            NoText::NotText(_) => SkipReason::NotText,
            NoText::Unreadable(why) => SkipReason::NotConvertible(why.to_string()),
        })?;
        let text_bytes =
            u32::try_from(decoded.text.len()).map_err(|_| SkipReason::TooLarge(decoded.text.len() as u64))?;
        let extracted = extract::extract(&file.path, &decoded.text);
        let chunks = chunk::chunk(&decoded.text, &extracted.blocks, tokens);
        let mut finished = findable::finish(&decoded.text, &extracted, chunks);
        let inputs = self.inputs(&decoded.text, &extracted, &finished, tokens);
        for (chunk, input) in finished.iter_mut().zip(&inputs) {
            chunk.vector_key = key_of(input.as_deref());
        }
        let history = match before {
            None if may_be_renamed && self.keep_vectors_of_renamed(content, &mut finished) => {
                History::Renamed
            }
            None => History::New,
            Some(_) if is_same && !self.fills => History::Same,
            Some(_) => History::Changed,
        };
        if self.fills {
            self.take_known_keys(&file.path, &mut finished);
        }
        let to_embed = self.without_vector(&finished, inputs);
        let stored = StoredDocument {
            document: extracted.document,
            decoded_from: decoded.decoded_from.map(str::to_owned),
            content_hash: hash.to_string(),
            text_bytes,
            address: file.address.as_deref().map(str::to_owned),
        };
        let document = FinishedDocument {
            language: self.language.unwrap_or_else(|| extract::language::of(&decoded.text)),
            date: extract::date::of(&stored.document).unwrap_or(file.changed_at),
            stored,
            text: decoded.text,
            chunks: finished,
            file: mark,
        };
        let (lacking, kept) = (to_embed.len(), Vec::new());
        Ok(Outcome::Prepared(Box::new(Prepared { document, lacking, to_embed, kept, history })))
    }

    /// The bytes of a file; none of a picture, whose name is all that is known of it.
    fn read(&self, path: &DocumentPath) -> io::Result<Vec<u8>> {
        match extract::is_media(path) {
            true => Ok(Vec::new()),
            false => self.source.read(path),
        }
    }

    /// What the model is given for each chunk: title and headings, then the words, then those that count here too.
    /// `None` for a chunk without words, and for all of a note that the model is not given.
    fn inputs(
        &self,
        text: &str,
        Extracted { document, blocks, reading }: &Extracted,
        chunks: &[FinishedChunk],
        tokens: &mut TokenCounter,
    ) -> Vec<Option<String>> {
        let facts = || reading.facts.iter().map(|fact| (fact.key.as_ref(), &fact.value));
        if self.withheld.is_some_and(|(name, private)| private.keeps_back(name, document, facts())) {
            return vec![None; chunks.len()];
        }
        let mut under: (Vec<usize>, String) = (vec![usize::MAX], String::new());
        let mut inputs = Vec::with_capacity(chunks.len());
        let mut is_ahead = false;
        let is_listed_only = extract::is_media(&document.path);
        let mut hidden = [&reading.comments[..], &reading.noise].concat();
        hidden.sort_by_key(|span| (span.start(), span.end()));
        for FinishedChunk { chunk, found_by, .. } in chunks {
            if is_listed_only || !says_something(text, chunk.span, blocks, &hidden) {
                inputs.push(None);
                is_ahead = chunk.span.start() == 0;
                continue;
            }
            if under.0 != chunk.headings {
                let headings = chunk.headings.iter().map(|&at| document.headings[at].text.as_str());
                under = (chunk.headings.clone(), chunk::context(&document.title, headings, tokens));
            }
            let bytes = chunk.span.quote(text).unwrap_or_default();
            let words = found_by.words.as_deref().unwrap_or(bytes).trim();
            let mut input = format!("{}\n{words}", under.1);
            for aside in &found_by.asides {
                input.push('\n');
                input.push_str(aside.trim());
            }
            // Front matter is no passage of its own: what it says counts with the passage after it.
            if std::mem::take(&mut is_ahead) {
                let front_matter = Span::claimed(0, chunk.span.start()).and_then(|span| span.quote(text));
                input.push('\n');
                input.push_str(
                    front_matter.unwrap_or_default().trim_matches(|c: char| c == '-' || c.is_whitespace()),
                );
            }
            inputs.push(Some(input));
        }
        inputs
    }

    /// Gives the chunks the keys they were indexed with, which may be those of another name.
    fn take_known_keys(&self, path: &DocumentPath, chunks: &mut [FinishedChunk]) {
        let keys = self.base.and_then(|base| base.vector_keys_of(path.as_str()).ok()).unwrap_or_default();
        if keys.len() == chunks.len() {
            chunks.iter_mut().zip(keys).for_each(|(chunk, key)| chunk.vector_key = key);
        }
    }

    /// Gives the chunks of a renamed document the vectors it had under its old name, although the title they were made
    /// with may have been the old file's name. Whether there was such a document.
    fn keep_vectors_of_renamed(&self, content: u64, chunks: &mut [FinishedChunk]) -> bool {
        let (Some(base), Some(paths)) = (self.base, self.gone.get(&content)) else { return false };
        let kept = paths.iter().find_map(|path| {
            let keys = base.vector_keys_of(path).ok()?;
            (keys.len() == chunks.len()).then_some(keys)
        });
        for (chunk, key) in chunks.iter_mut().zip(kept.unwrap_or_default()) {
            // Its new place may withhold it, and its old one may have: then it has a key only under one of them.
            if chunk.vector_key.is_some() && key.is_some() {
                chunk.vector_key = key;
            }
        }
        true
    }

    fn without_vector(
        &self,
        chunks: &[FinishedChunk],
        inputs: Vec<Option<String>>,
    ) -> Vec<(VectorKey, String)> {
        if !self.has_model {
            return Vec::new();
        }
        let has_vector = |key| self.base.is_some_and(|base| base.vectors().row_of(key).is_some());
        let wanted = chunks.iter().zip(inputs).filter_map(|(chunk, input)| Some((chunk.vector_key?, input?)));
        wanted.filter(|(key, _)| !has_vector(*key)).collect()
    }
}

/// Whether a chunk holds a word outside headings, front matter and what is `hidden`. What holds none (an empty note, a
/// template) would be near to any question. `blocks` and `hidden` come in order.
fn says_something(text: &str, chunk: Span, blocks: &[Block], hidden: &[Span]) -> bool {
    let first = blocks.partition_point(|block| block.span.end() <= chunk.start());
    let within = blocks[first..].iter().take_while(|block| block.span.start() < chunk.end());
    let mut content =
        within.filter(|block| !matches!(block.kind, BlockKind::FrontMatter | BlockKind::Heading));
    content.any(|block| {
        let end = block.span.end().min(chunk.end());
        let mut at = block.span.start().max(chunk.start());
        let first = hidden.partition_point(|span| span.end() <= at);
        let hidden = hidden[first..].iter().take_while(|span| span.start() < end);
        let holds_word = |at: u32, to: u32| {
            let quote = Span::claimed(at, to.max(at)).and_then(|span| span.quote(text)).unwrap_or_default();
            quote.lines().any(|line| without_callout(line).contains(char::is_alphanumeric))
        };
        for span in hidden {
            if holds_word(at, span.start()) {
                return true;
            }
            at = at.max(span.end());
        }
        holds_word(at, end)
    })
}

/// A line without the kind of the callout that begins there: `> [!note] Title` is its title.
fn without_callout(line: &str) -> &str {
    let line = line.trim_start_matches(['>', ' ', '\t']);
    line.strip_prefix("[!").and_then(|rest| rest.split_once(']')).map_or(line, |(_, title)| title)
}

/// The key of the vector of what the model is given.
fn key_of(input: Option<&str>) -> Option<VectorKey> {
    input.map(|input| VectorKey(first_64_bits(&ContentHash::of(input.as_bytes()))))
}

pub(crate) fn first_64_bits(hash: &ContentHash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
