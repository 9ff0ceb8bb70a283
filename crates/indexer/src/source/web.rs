//! Pages of the web: those of a static site, or a list of addresses. Each run asks for them again, politely and with what
//! was said of them last time, and keeps what came; everything else is read from what is kept.
//!
//! It is no browser and no crawler of the open web: no scripts, no cookies, no hosts but those allowed, no addresses
//! but those of the public Internet.

mod client;
mod crawl;
mod kept;
mod links;
mod manners;
mod page;
mod scope;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ibid_core::address::is_public;
use ibid_core::id::DocumentPath;
use ibid_index::lock::WriterLock;
use ibid_index::manifest::{Origin, WebRecord};
use ibid_index::owner;
use url::Url;

use super::{Chosen, Listing, Source, SourceFile, Stamp, first_64_bits};
use crate::error::BuildError;
use crate::report::Progress;
use client::Client;
use crawl::Crawl;
use kept::{Kept, KeptPage};

/// Pages of the web, and the folder in which they are kept.
pub(crate) struct Web {
    folder: PathBuf,
    record: WebRecord,
    chosen: Chosen,
    /// The moment of the run in seconds since 1970; `None` where nothing is asked of the network.
    fetches_at: Option<u64>,
    kept: OnceLock<Kept>,
    /// Until this run has read its pages no other may change what is kept.
    lock: OnceLock<WriterLock>,
}

/// In the folder of the pages.
const LOCK: &str = "lock";

impl Web {
    /// The pages of `record`, kept in `folder`.
    pub(crate) fn new(
        folder: &Path,
        record: &WebRecord,
        chosen: Chosen,
        fetches_at: Option<u64>,
    ) -> Result<Web, BuildError> {
        record.urls.iter().try_for_each(|url| checked_url(url).map(drop))?;
        let (folder, record) = (folder.to_owned(), record.clone());
        Ok(Web { folder, record, chosen, fetches_at, kept: OnceLock::new(), lock: OnceLock::new() })
    }

    fn lock(&self) -> Result<(), BuildError> {
        owner::create_folder(&self.folder).map_err(self.unkept())?;
        // Listed once, so that there is no lock before.
        let _ = self.lock.set(WriterLock::take(&self.folder.join(LOCK))?);
        Ok(())
    }

    fn unkept(&self) -> impl FnOnce(io::Error) -> BuildError {
        let path = self.folder.clone();
        move |source| BuildError::PagesFolder { path, source }
    }

    fn file(&self, url: &str, page: &KeptPage) -> Option<SourceFile> {
        let path = DocumentPath::new(&page.path)?;
        if !self.chosen.wants(path.as_str()) {
            return None;
        }
        let hash = first_64_bits(&page.hash)?;
        let said = page.validators.last_modified.as_deref().and_then(moment_of);
        let changed_at = said.unwrap_or(i64::try_from(page.fetched_at).unwrap_or_default());
        let (stamp, address) = (Stamp::Content(hash), Some(url.into()));
        Some(SourceFile { path, stamp, changed_at, size: page.size, address })
    }
}

impl Source for Web {
    /// Asks for the pages, unless nothing is to be asked, and lists what is kept then. Blocks for as long as the sites
    /// want it: about a second a page. Another run that asks at the same time is told that this one does.
    fn list(&self, _threads: usize, progress: &dyn Progress) -> Result<Listing, BuildError> {
        if self.fetches_at.is_some() {
            self.lock()?;
        }
        let mut kept = Kept::open(&self.folder).map_err(self.unkept())?;
        let mut listing = Listing { origin: Origin::Web(self.record.clone()), ..Listing::default() };
        if let Some(now) = self.fetches_at {
            let may_reach = if self.record.allow_private { |_| true } else { is_public };
            let client = Client::new(may_reach);
            let crawl = Crawl::new(&self.record, &self.chosen, &client, now, progress);
            listing.skipped = crawl.run(&mut kept).map_err(self.unkept())?;
        }
        listing.files = kept.pages().filter_map(|(url, page)| self.file(url, page)).collect();
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort();
        if let ([], [first, ..]) = (listing.files.as_slice(), listing.skipped.as_slice()) {
            let (url, reason) = (first.path.clone(), first.reason.to_string());
            return Err(BuildError::NoPage { url, reason });
        }
        // Listed once, by the run that opened it.
        let _ = self.kept.set(kept);
        Ok(listing)
    }

    fn read(&self, path: &DocumentPath) -> io::Result<Vec<u8>> {
        if self.kept.get().is_none() {
            let _ = self.kept.set(Kept::open(&self.folder)?);
        }
        self.kept.get().ok_or(io::ErrorKind::NotFound)?.read(path)
    }
}

/// An address as a person gives it, without what follows `#`.
///
/// # Errors
/// Where it is none of the web, or holds a name or a password.
pub fn checked_url(typed: &str) -> Result<Url, BuildError> {
    let error = |reason: String| BuildError::Url { url: typed.to_owned(), reason };
    let mut url = Url::parse(typed.trim()).map_err(|why| error(why.to_string()))?;
    url.set_fragment(None);
    let own = scope::Scope::new(&[page::host_of(&url)]);
    own.allows(&url).map_err(|why| error(why.to_owned()))?;
    Ok(url)
}

/// The host of an address as the allow-list has it.
pub fn domain_of(url: &Url) -> String {
    page::host_of(url)
}

/// The second since 1970 that a header of HTTP says.
fn moment_of(written: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(written.trim()).ok()?;
    Some(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests;
