//! One run over the web: asks for the pages where reading begins, then for what they link to, then for what was kept
//! before and no page links to any more.
//!
//! A page that is gone is forgotten. One that could not be reached stays as it was, and the report says so.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use ibid_core::id::DocumentPath;
use ibid_index::manifest::WebRecord;
use url::Url;

use super::client::{Client, Got, Page};
use super::kept::{Fetched, Kept};
use super::links::links;
use super::manners::{Manners, May};
use super::page::{Kind, may_be_page, path_of};
use super::scope::Scope;
use crate::report::{Progress, SkipReason, Skipped};
use crate::source::Chosen;

/// How many redirects lead from one page to another before it is given up.
const MAX_REDIRECTS: usize = 5;

/// How many answers lie between two savings of the list: what a run that is stopped has fetched is not fetched again.
const SAVE_EVERY: usize = 20;

/// One run.
pub(super) struct Crawl<'a> {
    record: &'a WebRecord,
    chosen: &'a Chosen,
    client: &'a Client,
    now: u64,
    progress: &'a dyn Progress,
    scope: Scope,
    queue: VecDeque<Visit>,
    /// What was ever queued.
    seen: HashSet<String>,
    asked: usize,
    skipped: Vec<Skipped>,
}

struct Visit {
    url: Url,
    depth: usize,
    redirects: usize,
}

impl<'a> Crawl<'a> {
    /// Queues the pages where reading begins.
    pub(super) fn new(
        record: &'a WebRecord,
        chosen: &'a Chosen,
        client: &'a Client,
        now: u64,
        progress: &'a dyn Progress,
    ) -> Crawl<'a> {
        let mut crawl = Crawl {
            record,
            chosen,
            client,
            now,
            progress,
            scope: Scope::new(&record.domains),
            queue: VecDeque::new(),
            seen: HashSet::new(),
            asked: 0,
            skipped: Vec::new(),
        };
        for url in record.urls.iter().filter_map(|url| super::checked_url(url).ok()) {
            crawl.queue(Visit { url, depth: 0, redirects: 0 });
        }
        crawl
    }

    /// Brings what is kept up to the web. Says what could not be had, or not renewed.
    pub(super) fn run(mut self, kept: &mut Kept) -> io::Result<Vec<Skipped>> {
        let scope = self.scope.clone();
        let delay = Duration::from_millis(self.record.delay_ms);
        let mut manners = Manners::new(self.client, &scope, delay);
        self.visit_all(kept, &mut manners)?;
        for (url, depth) in kept.pages().map(|(url, page)| (url.clone(), page.depth)).collect::<Vec<_>>() {
            let Ok(url) = Url::parse(&url) else { continue };
            match self.scope.allows(&url) {
                Ok(()) => self.queue(Visit { url, depth, redirects: 0 }),
                // The settings changed.
                Err(_) => kept.remove(&url),
            }
        }
        self.visit_all(kept, &mut manners)?;
        kept.save()?;
        kept.sweep()?;
        Ok(self.skipped)
    }

    fn queue(&mut self, visit: Visit) {
        if self.seen.insert(visit.url.to_string()) {
            self.queue.push_back(visit);
        }
    }

    fn visit_all(&mut self, kept: &mut Kept, manners: &mut Manners<'_>) -> io::Result<()> {
        while let Some(visit) = self.queue.pop_front() {
            if let Err(reason) = self.scope.allows(&visit.url) {
                self.refuse(kept, &visit.url, reason.to_owned());
                continue;
            }
            if self.asked >= self.record.max_pages {
                // Links beyond the limit are what a limit is for; a page that was there before is missed.
                if kept.page(&visit.url).is_some() || visit.depth == 0 {
                    let reason = format!("the limit is {} pages", self.record.max_pages);
                    self.refuse(kept, &visit.url, reason);
                }
                continue;
            }
            match manners.turn_of(&visit.url) {
                May::Ask => {}
                May::Never(reason) => {
                    self.refuse(kept, &visit.url, reason.to_owned());
                    continue;
                }
                May::NotNow(reason) => {
                    self.miss(kept, &visit, reason)?;
                    continue;
                }
            }
            self.asked += 1;
            self.ask(kept, manners, visit)?;
            self.progress.fetched(self.asked as u64);
            if self.asked.is_multiple_of(SAVE_EVERY) {
                kept.save()?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, kept: &mut Kept, manners: &mut Manners<'_>, visit: Visit) -> io::Result<()> {
        let known = kept.validators(&visit.url);
        let mut got = self.client.get(&visit.url, &known);
        if let Got::Failed { retry_after, .. } = &got
            && manners.wait_as_told(retry_after.as_deref(), self.now)
        {
            got = self.client.get(&visit.url, &known);
        }
        manners.heard(&visit.url, !matches!(got, Got::Failed { answered: false, .. }));
        match got {
            Got::Page(page) => return self.take(kept, &visit, page),
            Got::Same => {
                kept.confirm(&visit.url, visit.depth, self.now);
                self.follow(kept, &visit)?;
            }
            Got::Redirect(target) => self.redirect(kept, &visit, &target),
            // A link that leads nowhere is the site's affair; an address that was given is ours.
            Got::Gone if visit.depth == 0 => {
                self.refuse(kept, &visit.url, "there is no such page".to_owned())
            }
            Got::Gone => kept.remove(&visit.url),
            Got::Refused(reason) => self.refuse(kept, &visit.url, reason),
            Got::Failed { reason, .. } => self.miss(kept, &visit, reason)?,
        }
        Ok(())
    }

    fn take(&mut self, kept: &mut Kept, visit: &Visit, page: Page) -> io::Result<()> {
        let Page { bytes, content_type, validators } = page;
        let Some(kind) = Kind::of(content_type.as_deref(), &visit.url) else {
            let said = content_type.unwrap_or_default();
            self.refuse(kept, &visit.url, format!("it is {said}"));
            return Ok(());
        };
        let bytes = match kind {
            Kind::Pdf => bytes,
            Kind::Html | Kind::Markdown | Kind::Plain => in_utf8(bytes, content_type.as_deref()),
        };
        let fetched = Fetched { url: &visit.url, kind, bytes: &bytes, validators, depth: visit.depth };
        kept.put(&fetched, self.now)?;
        self.queue_links(kept, visit, &bytes);
        Ok(())
    }

    fn redirect(&mut self, kept: &mut Kept, visit: &Visit, target: &str) {
        let Ok(mut url) = visit.url.join(target) else {
            return self.refuse(kept, &visit.url, format!("it leads to {target}, which is no address"));
        };
        url.set_fragment(None);
        if let Err(reason) = self.scope.allows(&url) {
            return self.refuse(kept, &visit.url, format!("it leads to {url}: {reason}"));
        }
        if visit.redirects >= MAX_REDIRECTS {
            return self.refuse(kept, &visit.url, "it leads from one address to the next".to_owned());
        }
        // It lives elsewhere now.
        kept.remove(&visit.url);
        self.queue(Visit { url, depth: visit.depth, redirects: visit.redirects + 1 });
    }

    /// Follows the links of a page that is kept.
    fn follow(&mut self, kept: &Kept, visit: &Visit) -> io::Result<()> {
        let Some(path) = kept.page(&visit.url).and_then(|page| DocumentPath::new(&page.path)) else {
            return Ok(());
        };
        match kept.read(&path) {
            Ok(bytes) => self.queue_links(kept, visit, &bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn queue_links(&mut self, kept: &Kept, visit: &Visit, bytes: &[u8]) {
        let Some(page) = kept.page(&visit.url).filter(|_| visit.depth < self.record.depth) else { return };
        let Some(path) = DocumentPath::new(&page.path) else { return };
        for url in links(&visit.url, &path, page.kind, bytes) {
            let likely = path_of(&url, Kind::Html);
            if self.scope.allows(&url).is_ok() && may_be_page(&url) && self.chosen.wants(likely.as_str()) {
                self.queue(Visit { url, depth: visit.depth + 1, redirects: 0 });
            }
        }
    }

    /// A page that will not be had: forgotten, and said so.
    fn refuse(&mut self, kept: &mut Kept, url: &Url, reason: String) {
        kept.remove(url);
        self.skipped.push(Skipped { path: url.to_string(), reason: SkipReason::NotFetched(reason) });
    }

    /// A page that could not be had this time: what is kept of it stays, and so do the pages behind it.
    fn miss(&mut self, kept: &Kept, visit: &Visit, reason: String) -> io::Result<()> {
        let reason = match kept.page(&visit.url) {
            Some(_) => SkipReason::NotRenewed(reason),
            None => SkipReason::NotFetched(reason),
        };
        self.skipped.push(Skipped { path: visit.url.to_string(), reason });
        self.follow(kept, visit)
    }
}

/// The bytes of a text in UTF-8 where the answer says that they are in something else; the mark at their front then says
/// it to whoever reads them, whatever the page says itself.
fn in_utf8(bytes: Vec<u8>, content_type: Option<&str>) -> Vec<u8> {
    let parameters = content_type.unwrap_or_default().split(';').skip(1);
    let charset = parameters.filter_map(|one| one.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    match charset.and_then(|label| Encoding::for_label(label.as_bytes())) {
        Some(encoding) if encoding != UTF_8 => {
            let (text, _, _) = encoding.decode(&bytes);
            format!("\u{feff}{text}").into_bytes()
        }
        _ => bytes,
    }
}
