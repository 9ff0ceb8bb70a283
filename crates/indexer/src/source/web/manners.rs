//! How sites want to be read: what their `robots.txt` forbids, how fast they may be asked, and when to leave one alone.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use robotxt::{AccessResult, Robots};
use url::Url;

use super::client::{Client, Got, Validators};
use super::page::host_of;
use super::scope::Scope;

/// The name that `robots.txt` knows the reader by.
const ROBOT: &str = "ibid";

/// The longest that a site can make the reader wait between two pages, or before it asks again.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How many redirects of a `robots.txt` are followed, as RFC 9309 has it.
const MAX_REDIRECTS: usize = 5;

/// A host that did not answer so often in a row is not asked any more in this run.
const MAX_SILENCES: u32 = 3;

/// What is known of each host in one run.
pub(super) struct Manners<'a> {
    client: &'a Client,
    scope: &'a Scope,
    delay: Duration,
    sites: HashMap<String, Site>,
}

struct Site {
    rules: Rules,
    next: Instant,
    silences: u32,
}

enum Rules {
    Known(Robots),
    /// Not to be had now, for this reason: what it forbids is not known, so nothing is asked.
    Unknown(String),
}

/// Whether a page may be asked for.
pub(super) enum May {
    Ask,
    Never(&'static str),
    NotNow(String),
}

impl<'a> Manners<'a> {
    /// Knows no site yet.
    pub(super) fn new(client: &'a Client, scope: &'a Scope, delay: Duration) -> Manners<'a> {
        Manners { client, scope, delay, sites: HashMap::new() }
    }

    /// Whether a page may be asked for. Asks for the `robots.txt` of a site not seen before, and waits until it is the
    /// page's turn.
    pub(super) fn turn_of(&mut self, url: &Url) -> May {
        let key = site_of(url);
        if !self.sites.contains_key(&key) {
            let rules = self.rules(url);
            // The request for the rules counts.
            let next = Instant::now() + self.delay;
            self.sites.insert(key.clone(), Site { rules, next, silences: 0 });
        }
        let Some(site) = self.sites.get_mut(&key) else { return May::Ask };
        if site.silences >= MAX_SILENCES {
            return May::NotNow("its host does not answer".to_owned());
        }
        let delay = match &site.rules {
            Rules::Unknown(reason) => return May::NotNow(format!("robots.txt: {reason}")),
            Rules::Known(robots) if !robots.is_allowed(&url[url::Position::BeforePath..]) => {
                return May::Never("robots.txt forbids it");
            }
            Rules::Known(robots) => robots.crawl_delay().unwrap_or_default().max(self.delay).min(MAX_WAIT),
        };
        let now = Instant::now();
        thread::sleep(site.next.saturating_duration_since(now));
        site.next = Instant::now() + delay;
        May::Ask
    }

    /// Notes whether a host answered.
    pub(super) fn heard(&mut self, url: &Url, answered: bool) {
        if let Some(site) = self.sites.get_mut(&site_of(url)) {
            site.silences = if answered { 0 } else { site.silences + 1 };
        }
    }

    /// Waits as long as the server asked to be left alone, in seconds or until a moment; `false` where that is longer
    /// than anybody would wait.
    pub(super) fn wait_as_told(&self, retry_after: Option<&str>, now: u64) -> bool {
        let Some(told) = retry_after else { return false };
        let seconds = told
            .trim()
            .parse::<u64>()
            .ok()
            .or_else(|| Some(u64::try_from(super::moment_of(told)?).ok()?.saturating_sub(now)));
        match seconds.map(Duration::from_secs).filter(|wait| *wait <= MAX_WAIT) {
            Some(wait) => {
                thread::sleep(wait.max(self.delay));
                true
            }
            None => false,
        }
    }

    fn rules(&self, url: &Url) -> Rules {
        let Ok(mut at) = url.join("/robots.txt") else { return Rules::Known(Robots::allow_all()) };
        for _ in 0..=MAX_REDIRECTS {
            let access = match self.client.get(&at, &Validators::default()) {
                Got::Page(page) => return Rules::Known(Robots::parse(&page.bytes, ROBOT)),
                Got::Gone | Got::Refused(_) | Got::Same => AccessResult::Unavailable,
                Got::Failed { reason, .. } => return Rules::Unknown(reason),
                Got::Redirect(target) => match at.join(&target) {
                    Ok(target) if self.scope.allows(&target).is_ok() => {
                        at = target;
                        continue;
                    }
                    _ => return Rules::Unknown(format!("it leads to {target}, which is not allowed")),
                },
            };
            return Rules::Known(Robots::from_access(access, ROBOT));
        }
        Rules::Known(Robots::from_access(AccessResult::TooManyRedirects, ROBOT))
    }
}

fn site_of(url: &Url) -> String {
    format!("{}://{}", url.scheme(), host_of(url))
}
