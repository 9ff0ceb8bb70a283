//! Which web pages a run reads, decided from the flags and from what is recorded of an earlier run.

use std::fs;

use ibid_index::manifest::{Origin, WebRecord};
use ibid_index::settings::Settings;
use ibid_indexer::{BuildError, checked_url, domain_of};

use crate::args::{IndexArgs, WebArgs};
use crate::config::{Delay, WebConfig};
use crate::failure::Failure;

/// How many pages are asked for where nobody says.
const MAX_PAGES: usize = 500;
/// How far links are followed where nobody says.
const DEPTH: usize = 8;
/// How long to wait between two pages of a host where nobody says, in milliseconds.
const DELAY_MS: u64 = 1_000;

/// The addresses among what was typed and in the file; nothing where there is none, and a folder is meant.
pub(super) fn addresses(args: &IndexArgs) -> Result<Vec<String>, Failure> {
    let typed: Vec<&str> =
        args.paths.iter().filter_map(|path| path.to_str()).filter(|path| is_url(path)).collect();
    let mut addresses: Vec<String> = typed.into_iter().map(str::to_owned).collect();
    if let Some(path) = &args.web.urls {
        let read = |source| Failure::UrlsFile { path: path.clone(), source };
        let text = fs::read_to_string(path).map_err(read)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        addresses.extend(lines.map(str::to_owned));
        if addresses.is_empty() {
            return Err(Failure::NoUrls { path: path.clone() });
        }
    }
    match args.paths.as_slice() {
        [_] | [] if addresses.is_empty() => Ok(addresses),
        paths => match paths.iter().find(|path| !path.to_str().is_some_and(is_url)) {
            Some(path) => Err(Failure::FolderAmongUrls { path: path.clone() }),
            None => Ok(addresses),
        },
    }
}

fn is_url(typed: &str) -> bool {
    let begins =
        |scheme: &str| typed.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

/// The pages to read: those of `addresses`, or where there is none those of last time. How they are asked for the flags say
/// first, then what is set.
pub(super) fn record(
    args: &WebArgs,
    set: Option<&WebConfig>,
    addresses: &[String],
    recorded: Option<&Settings>,
) -> Result<WebRecord, BuildError> {
    let last = recorded.and_then(|recorded| match &recorded.source.origin {
        Origin::Web(record) => Some(record),
        _ => None,
    });
    let urls = match (addresses, last) {
        ([], Some(last)) => last.urls.clone(),
        (addresses, _) => {
            addresses.iter().map(|url| checked_url(url).map(String::from)).collect::<Result<_, _>>()?
        }
    };
    let same = last.filter(|last| last.urls == urls);
    let set_domains = set.map_or(&[][..], |set| &set.allow_domains);
    let mut domains = match (args.allow_domain.as_slice(), set_domains, same) {
        ([], [], Some(last)) => last.domains.clone(),
        ([], [], None) => {
            urls.iter().filter_map(|url| checked_url(url).ok()).map(|url| domain_of(&url)).collect()
        }
        ([], set, _) => set.to_vec(),
        (given, ..) => given.to_vec(),
    };
    domains.sort();
    domains.dedup();
    let depth = if args.urls.is_some() { 0 } else { DEPTH };
    let milliseconds = |delay: std::time::Duration| u64::try_from(delay.as_millis()).unwrap_or(DELAY_MS);
    let max_pages = args.max_pages.or_else(|| set?.max_pages);
    let said_depth = args.depth.or_else(|| set?.depth);
    let delay = args.delay.or_else(|| set?.delay.map(|Delay(delay)| delay));
    let allow_private = args.allow_private.then_some(true).or_else(|| set?.allow_private);
    Ok(WebRecord {
        max_pages: max_pages.map(Into::into).or(same.map(|last| last.max_pages)).unwrap_or(MAX_PAGES),
        depth: said_depth.or(same.map(|last| last.depth)).unwrap_or(depth),
        delay_ms: delay.map(milliseconds).or(same.map(|last| last.delay_ms)).unwrap_or(DELAY_MS),
        allow_private: allow_private.unwrap_or(same.is_some_and(|last| last.allow_private)),
        urls,
        domains,
    })
}

/// What the collection of these pages is called where nobody says: after the first host.
pub(super) fn name(record: &WebRecord) -> String {
    let host = record.urls.first().and_then(|url| checked_url(url).ok()).map(|url| domain_of(&url));
    host.unwrap_or_default()
}

/// Whether any flag about web pages was given.
pub(super) fn flag(args: &WebArgs) -> Option<&'static str> {
    let given = [
        ("--urls", args.urls.is_some()),
        ("--allow-domain", !args.allow_domain.is_empty()),
        ("--max-pages", args.max_pages.is_some()),
        ("--depth", args.depth.is_some()),
        ("--delay", args.delay.is_some()),
        ("--allow-private", args.allow_private),
    ];
    given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}
