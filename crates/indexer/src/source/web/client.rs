//! One request and what came of it. Redirects are told, not followed: where they lead is looked at like any address.
//! There are no cookies, no credentials and no proxy.

use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Duration;

use ibid_embed::reach::{Manners, OutOfReach, Reach};
use ureq::http::{HeaderMap, StatusCode};
use ureq::{Agent, Error};
use url::Url;

/// How the reader calls itself to the sites it reads.
const USER_AGENT: &str =
    concat!("ibid/", env!("CARGO_PKG_VERSION"), " (personal search; reads pages for one person)");

/// What is asked for, the best first.
const ACCEPT: &str =
    "text/html, text/markdown, application/xhtml+xml, text/plain;q=0.9, application/pdf;q=0.8";

/// How long a connection may take to come about, and a whole answer to come in.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The largest page that is read, in bytes, unpacked.
pub(super) const MAX_PAGE_BYTES: u64 = 10_000_000;

/// Asks for pages.
pub(super) struct Client {
    agent: Agent,
}

/// What an earlier answer said, by which a later one can say that nothing changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Got {
    Page(Page),
    /// What is kept still holds.
    Same,
    /// Another address, as the answer wrote it.
    Redirect(String),
    /// There is no such page, or no longer.
    Gone,
    /// There is one, and it will not be had: forbidden, too large, at a private address.
    Refused(String),
    /// It may be had another time.
    Failed {
        reason: String,
        retry_after: Option<String>,
        answered: bool,
    },
}

/// A page as it came.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    /// What the answer says it is, with what follows `;`.
    pub(super) content_type: Option<String>,
    pub(super) validators: Validators,
}

impl Client {
    /// One that connects only to addresses that may be reached.
    pub(super) fn new(may_reach: fn(IpAddr) -> bool) -> Client {
        let manners = Manners {
            user_agent: USER_AGENT,
            accept: ACCEPT,
            connect_within: CONNECT_WITHIN,
            answer_within: ANSWER_WITHIN,
        };
        Client { agent: Reach { may_reach }.agent(manners) }
    }

    /// Asks once. Blocks for at most [`ANSWER_WITHIN`].
    pub(super) fn get(&self, url: &Url, known: &Validators) -> Got {
        let mut request = self.agent.get(url.as_str());
        let conditions = [("If-None-Match", &known.etag), ("If-Modified-Since", &known.last_modified)];
        for (name, value) in conditions {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let mut response = match request.call() {
            Ok(response) => response,
            Err(error) => return of_error(&error),
        };
        let header = |name: &str| header_of(response.headers(), name);
        let status = response.status();
        match status {
            StatusCode::NOT_MODIFIED => return Got::Same,
            StatusCode::NOT_FOUND | StatusCode::GONE => return Got::Gone,
            status if status.is_redirection() => {
                return match header("location") {
                    Some(target) => Got::Redirect(target),
                    None => Got::Refused(format!("the server says {status} and not where to")),
                };
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {}
            status if status.is_client_error() => return Got::Refused(format!("the server says {status}")),
            _ => {}
        }
        if status != StatusCode::OK {
            let (reason, retry_after) = (format!("the server says {status}"), header("retry-after"));
            return Got::Failed { reason, retry_after, answered: true };
        }
        let validators = Validators { etag: header("etag"), last_modified: header("last-modified") };
        let content_type = header("content-type");
        match read(response.body_mut().as_reader()) {
            Ok(Some(bytes)) => Got::Page(Page { bytes, content_type, validators }),
            Ok(None) => Got::Refused(format!("it is larger than {} MB", MAX_PAGE_BYTES / 1_000_000)),
            Err(error) => Got::Failed { reason: error.to_string(), retry_after: None, answered: false },
        }
    }
}

/// All of it; `None` where it is too long.
fn read(body: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    body.take(MAX_PAGE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_PAGE_BYTES).then_some(bytes))
}

fn header_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn of_error(error: &Error) -> Got {
    match error {
        Error::Other(other) if let Some(OutOfReach { address }) = other.downcast_ref() => {
            Got::Refused(format!("{address} is no address of the public Internet"))
        }
        Error::Http(_) | Error::BadUri(_) => Got::Refused(error.to_string()),
        _ => Got::Failed { reason: error.to_string(), retry_after: None, answered: false },
    }
}
