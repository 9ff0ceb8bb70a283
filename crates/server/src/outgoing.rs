//! What a note's words pass on their way out: secrets are masked, characters nobody sees are told of, and all of it is
//! marked as material. Offsets stay what they are: no byte is added, taken out or moved.

mod marked;
mod rules;
mod secrets;
mod unseen;

use std::ops::Range;
use std::sync::Arc;

use ibid_core::id::DocumentId;
use ibid_index::ReadError;
use ibid_index::snapshot::Snapshot;
use ibid_search::fetch::Fetched;
use ibid_search::related::Related;

use crate::library::Found;
#[cfg(test)]
pub(crate) use marked::MATERIAL;
pub(crate) use marked::{Nonce, NonceSource, marked};
use secrets::Secrets;
pub use secrets::{SecretRuleError, SecretRules};
pub(crate) use unseen::Unseen;

/// How much of a note is read on both sides of what is shown of it, in bytes: a secret that is cut is still known by the
/// rest of it. The block of a private key of 8,192 bits has 6,500.
const AROUND_BYTES: u32 = 8 * 1024;

/// Masks and marks. Made once for a server; costs a compilation of its rules.
pub(crate) struct Outgoing {
    secrets: Secrets,
    pub(crate) nonces: NonceSource,
}

/// What was done to words on their way out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// How many secrets are masked.
    pub(crate) masked: usize,
    /// Whether one of them lies in what is cited: then its hash cannot be compared with what is shown.
    pub(crate) quote_is_masked: bool,
    /// What is there and not seen.
    pub(crate) unseen: Unseen,
}

impl Done {
    /// A note on each thing done, for whoever reads the answer.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.masked > 0 {
            let (count, plural) = (self.masked, if self.masked == 1 { "" } else { "s" });
            notes.push(format!("{count} secret{plural} masked with *: the bytes stay where they were"));
        }
        notes.extend(self.unseen.note());
        notes
    }
}

impl Outgoing {
    pub(crate) fn new(rules: &SecretRules, nonces: NonceSource) -> Result<Outgoing, SecretRuleError> {
        Ok(Outgoing { secrets: Secrets::new(rules)?, nonces })
    }

    /// Masks what hits show; `searched` is what they were found in.
    pub(crate) fn found(&self, searched: &[Arc<Snapshot>], found: &mut Found) -> Result<Done, ReadError> {
        let mut done = Done::default();
        for hit in &mut found.answer.hits {
            let span = hit.snippet.span.range();
            let shown = &mut hit.snippet.text;
            let ranges = self.within(searched, &hit.citation.document, span, shown)?;
            done.masked += ranges.len();
            done.unseen.look_at(shown);
            mask(shown, &ranges);
            if let Some(head) = &mut hit.snippet.table_head {
                let (span, text) = (head.span.range(), &mut head.text);
                let ranges = self.within(searched, &hit.citation.document, span, text)?;
                done.masked += ranges.len();
                done.unseen.look_at(text);
                mask(text, &ranges);
            }
            self.names(
                &mut done,
                [&mut hit.title].into_iter().chain(&mut hit.headings).chain(&mut hit.address),
            );
            for by in hit.embedded_in.iter_mut().chain(&mut hit.also_in) {
                self.names(&mut done, [&mut by.title]);
            }
        }
        Ok(done)
    }

    /// Masks what is fetched; `snapshots` is where it was fetched from.
    pub(crate) fn fetched(
        &self,
        snapshots: &[Arc<Snapshot>],
        fetched: &mut Fetched,
    ) -> Result<Done, ReadError> {
        let mut done = Done::default();
        let (window, cited) = (fetched.window, fetched.cited.span);
        let ranges = self.within(snapshots, &fetched.document, window.range(), &fetched.text)?;
        let quote = cited.range();
        let in_quote = |range: &Range<usize>| {
            let start = window.start() as usize;
            start + range.start < quote.end && quote.start < start + range.end
        };
        done.quote_is_masked = ranges.iter().any(in_quote);
        done.masked = ranges.len();
        done.unseen.look_at(&fetched.text);
        mask(&mut fetched.text, &ranges);
        let document = &mut fetched.stored.document;
        let names = [&mut document.title].into_iter().chain(&mut document.tags).chain(&mut fetched.headings);
        self.names(&mut done, names.chain(&mut fetched.stored.address));
        Ok(done)
    }

    /// Masks the names of what stands near a note.
    pub(crate) fn related(&self, related: &mut Related) -> Done {
        let mut done = Done::default();
        let linked = related.links.iter_mut().chain(&mut related.backlinks).map(|note| &mut note.title);
        let similar = related.similar.iter_mut().map(|note| &mut note.title);
        let names =
            [&mut related.title].into_iter().chain(linked).chain(similar).chain(&mut related.dangling);
        self.names(&mut done, names);
        done
    }

    /// Masks texts that stand for themselves. Paths and ids stay: they are how a note is asked for.
    pub(crate) fn names<'a>(&self, done: &mut Done, names: impl IntoIterator<Item = &'a mut String>) {
        for name in names {
            done.unseen.look_at(name);
            let ranges = self.secrets.find(name);
            done.masked += ranges.len();
            mask(name, &ranges);
        }
    }

    /// Where secrets lie in `shown`, which stands at `span` of a document.
    fn within(
        &self,
        snapshots: &[Arc<Snapshot>],
        document: &DocumentId,
        span: Range<usize>,
        shown: &str,
    ) -> Result<Vec<Range<usize>>, ReadError> {
        if self.secrets.is_off() {
            return Ok(Vec::new());
        }
        let snapshot = snapshots.iter().find(|snapshot| *snapshot.name() == document.collection);
        let around =
            (span.start as u32).saturating_sub(AROUND_BYTES)..(span.end as u32).saturating_add(AROUND_BYTES);
        let text = snapshot.map(|snapshot| snapshot.text(&document.path, around)).transpose()?.flatten();
        let (base, text) = text.unwrap_or((span.start as u32, shown.to_owned()));
        // It reads whole chunks, and a document may be one: only what is near counts.
        let start = span.start - base as usize;
        let from = text.floor_char_boundary(start.saturating_sub(AROUND_BYTES as usize));
        let to = text.ceil_char_boundary((start + shown.len() + AROUND_BYTES as usize).min(text.len()));
        let start = start - from;
        let clipped = self.secrets.find(&text[from..to]).into_iter().filter_map(|range| {
            let clipped = range.start.max(start)..range.end.min(start + shown.len());
            (clipped.start < clipped.end).then(|| clipped.start - start..clipped.end - start)
        });
        Ok(clipped.collect())
    }
}

/// Puts a `*` in the place of every byte of the ranges that is a character of its own. Secrets are ASCII, so that is all of
/// them, and no character is cut whatever the ranges are.
fn mask(text: &mut String, ranges: &[Range<usize>]) {
    if ranges.is_empty() {
        return;
    }
    let is_masked = |at: usize| ranges.iter().any(|range| range.contains(&at));
    let masked =
        text.char_indices().map(|(at, c)| if c.is_ascii_graphic() && is_masked(at) { '*' } else { c });
    *text = masked.collect();
}

#[cfg(test)]
mod tests;
