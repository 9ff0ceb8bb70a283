//! Quotes that were given out while this server ran, so that one whose words are gone can still be shown beside what
//! stands there now. In memory alone: the words of notes lie on disk once, in the index.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use ibid_core::citation::Citation;
use ibid_core::hash::QuoteHash;
use ibid_index::ReadError;
use ibid_search::fetch::Fetched;
use lru::LruCache;

use super::Library;
use crate::page::changed::{Changed, nearest};
use crate::viewer::Viewer;

/// How many quotes are kept; the one longest not asked for makes room.
const MAX_QUOTES: NonZeroUsize = NonZeroUsize::new(2_048).expect("it is not 0");

/// A longer quote is not kept.
const MAX_QUOTE_BYTES: usize = 4 * 1024;

/// What was given out, by its citation.
// Held for a lookup, never across an await.
pub(super) struct Quotes(Mutex<LruCache<Citation, Arc<str>>>);

impl Default for Quotes {
    fn default() -> Quotes {
        Quotes(Mutex::new(LruCache::new(MAX_QUOTES)))
    }
}

impl Library {
    /// Remembers the cited words of what is about to be shown.
    pub(crate) fn remember(&self, fetched: &Fetched) {
        self.quotes.keep(fetched);
    }

    /// What a quote said that is gone, and what is most like it now. `None` where it was not given out, the note is gone
    /// too, or the viewer does not see everything: whether they might have seen those words is not known any more.
    ///
    /// Costs a read of the note.
    pub(crate) fn changed(&self, viewer: &Viewer, citation: &Citation) -> Result<Option<Changed>, ReadError> {
        let Some(was) = self.quotes.of(citation).filter(|_| viewer.sight().is_none()) else {
            return Ok(None);
        };
        let snapshots = self.snapshots(viewer)?;
        let document = &citation.document;
        let Some(snapshot) = snapshots.iter().find(|snapshot| *snapshot.name() == document.collection) else {
            return Ok(None);
        };
        let starts = snapshot.chunk_starts(&document.path)?;
        let chunks = starts.into_iter().map(|start| snapshot.chunk_at(&document.path, start));
        let chunks: Vec<_> = chunks.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        if chunks.is_empty() {
            return Ok(None);
        }
        let now = nearest(&was, chunks.iter().map(|chunk| (chunk, chunk.quote()))).map(|chunk| {
            let hash = QuoteHash::of(chunk.quote());
            (Citation { document: document.clone(), hash, span: chunk.cited }, chunk.quote().to_owned())
        });
        Ok(Some(Changed { was: was.to_string(), now }))
    }
}

impl Quotes {
    /// Keeps the cited words of what was fetched, before anything is masked in them.
    pub(super) fn keep(&self, fetched: &Fetched) {
        let start = fetched.cited.span.start().checked_sub(fetched.window.start());
        let range = start.map(|start| start as usize..start as usize + fetched.cited.span.len() as usize);
        let quote =
            range.and_then(|range| fetched.text.get(range)).filter(|quote| quote.len() <= MAX_QUOTE_BYTES);
        if let Some(quote) =
            quote.filter(|quote| !quote.is_empty() && QuoteHash::of(quote) == fetched.cited.hash)
        {
            self.kept().put(fetched.cited.clone(), Arc::from(quote));
        }
    }

    /// The words of a citation, if they were given out.
    fn of(&self, citation: &Citation) -> Option<Arc<str>> {
        self.kept().get(citation).cloned()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, LruCache<Citation, Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
