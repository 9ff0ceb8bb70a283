//! Requests to an engine, and how often they are made again. It connects to the address that was judged, follows no
//! redirect and uses no proxy.

use std::io::{self, Read};
use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body, Error};
use url::Url;

use super::error::RemoteError;
use super::{QUESTION_WITHIN, RemoteOptions, answer};
use crate::reach::{Manners, OutOfReach, Reach};

/// How we call ourselves.
const USER_AGENT: &str = concat!("ibid/", env!("CARGO_PKG_VERSION"));

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How much is read, and told, of what an engine says beside an error.
const MAX_SAID_BYTES: u64 = 4_096;
const MAX_SAID_CHARS: usize = 200;

/// How often a request is made again where the engine is busy, failing or away for a moment, and after which pauses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pauses: &'static [Duration],
    /// The longest pause that an engine may ask for; where it asks for more, it is not asked again.
    longest_pause: Duration,
    /// The longest that one request may take, where that is less than the options say.
    within: Duration,
}

impl Patience {
    /// Indexing: an engine that is started anew, or is asked too much by others, is back within a minute.
    pub(super) const NOBODY_WAITS: Patience = Patience {
        pauses: &[
            Duration::from_millis(250),
            Duration::from_millis(1_000),
            Duration::from_millis(3_000),
            Duration::from_millis(9_000),
            Duration::from_millis(27_000),
        ],
        longest_pause: Duration::from_secs(60),
        within: Duration::MAX,
    };

    /// Opening the model: it may have to be read into memory there.
    pub(super) const SOMEBODY_WAITS: Patience = Patience {
        pauses: &[Duration::from_millis(100), Duration::from_millis(300)],
        longest_pause: Duration::from_secs(2),
        within: Duration::MAX,
    };

    /// A question.
    pub(super) const SOMEBODY_ASKS: Patience = Patience {
        pauses: &[Duration::from_millis(100)],
        longest_pause: Duration::from_secs(1),
        within: QUESTION_WITHIN,
    };
}

/// Asks one engine.
pub(super) struct Client {
    agent: Agent,
    url: Url,
    key: Option<String>,
    timeout: Duration,
}

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    input: &'a [String],
}

/// What came of one request.
enum Failed {
    /// It may be made again, after as long as the engine asks for.
    ForNow(RemoteError, Option<Duration>),
    /// Another would come to the same.
    ForGood(RemoteError),
}

impl Client {
    pub(super) fn new(url: Url, options: &RemoteOptions) -> Client {
        let manners = Manners {
            user_agent: USER_AGENT,
            accept: "application/json",
            connect_within: CONNECT_WITHIN,
            answer_within: options.timeout,
        };
        let may_reach = if options.allow_remote { |_| true } else { is_this_machine };
        let agent = Reach { may_reach }.agent(manners);
        Client { agent, url, key: options.key.clone(), timeout: options.timeout }
    }

    /// A vector for each text, in their order. Blocks for the requests and the pauses between them.
    pub(super) fn vectors(
        &self,
        model: &str,
        texts: &[String],
        dimensions: usize,
        patience: Patience,
    ) -> Result<Vec<Vec<f32>>, RemoteError> {
        let question = serde_json::to_vec(&Question { model, input: texts });
        let question = question.expect("a name and texts can be written as JSON");
        let max_bytes = answer::max_bytes(texts.len(), dimensions);
        let mut pauses = patience.pauses.iter();
        loop {
            match self.ask(&question, max_bytes, self.timeout.min(patience.within)) {
                Ok(bytes) => return answer::read(&bytes, texts.len(), self.url.as_str()),
                Err(Failed::ForGood(error)) => return Err(error),
                Err(Failed::ForNow(error, asked)) => {
                    let asked = asked.unwrap_or_default();
                    match pauses.next().filter(|_| asked <= patience.longest_pause) {
                        Some(pause) => thread::sleep(asked.max(*pause)),
                        None => return Err(error),
                    }
                }
            }
        }
    }

    /// Asks once.
    fn ask(&self, question: &[u8], max_bytes: usize, within: Duration) -> Result<Vec<u8>, Failed> {
        let mut request = self.agent.post(self.url.as_str()).content_type("application/json");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let request = request.config().timeout_global(Some(within)).build();
        let mut response = request.send(question).map_err(|error| self.failed(error, within))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(self.refused(status, &mut response));
        }
        let broke_off = |source: io::Error| Failed::ForGood(self.broke_off(source, within));
        let mut bytes = Vec::new();
        let body = response.body_mut().as_reader();
        body.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(broke_off)?;
        match bytes.len() > max_bytes {
            true => Err(Failed::ForGood(RemoteError::TooLong { url: self.address(), max_bytes })),
            false => Ok(bytes),
        }
    }

    fn address(&self) -> String {
        self.url.to_string()
    }

    fn failed(&self, error: Error, within: Duration) -> Failed {
        let url = self.address();
        match error {
            Error::Other(other) if other.is::<OutOfReach>() => {
                let address = other.downcast::<OutOfReach>().expect("it was looked at").address;
                Failed::ForGood(RemoteError::Beyond { url, address })
            }
            Error::Timeout(_) => Failed::ForGood(RemoteError::Silent { url, seconds: within.as_secs() }),
            error @ (Error::Io(_) | Error::ConnectionFailed | Error::Protocol(_)) => {
                Failed::ForNow(RemoteError::Away { url, source: Box::new(error) }, None)
            }
            error => Failed::ForGood(RemoteError::Away { url, source: Box::new(error) }),
        }
    }

    fn refused(&self, status: StatusCode, response: &mut Response<Body>) -> Failed {
        let (url, code) = (self.address(), status.as_u16());
        if status.is_redirection() {
            return Failed::ForGood(RemoteError::Redirect { url, status: code });
        }
        let pause = pause_asked_for(response.headers());
        let error = RemoteError::Status { url, status: code, said: said(response) };
        let may_pass = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        match may_pass || status.is_server_error() {
            true => Failed::ForNow(error, pause),
            false => Failed::ForGood(error),
        }
    }

    fn broke_off(&self, source: io::Error, within: Duration) -> RemoteError {
        let url = self.address();
        let is_timeout = |error: &Error| matches!(error, Error::Timeout(_));
        let by_client = source.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match source.kind() == io::ErrorKind::TimedOut || by_client.is_some_and(is_timeout) {
            true => RemoteError::Silent { url, seconds: within.as_secs() },
            false => RemoteError::Cut { url, source },
        }
    }
}

/// Whether an address is this machine's own, for itself alone.
fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn pause_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What an engine says beside an error, after a colon: `{"error": {"message": "…"}}`, `{"error": "…"}`, or plain text.
fn said(response: &mut Response<Body>) -> String {
    let mut bytes = Vec::new();
    // What cannot be read is not told; the status is.
    let _ = response.body_mut().as_reader().take(MAX_SAID_BYTES).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let message = json.as_ref().and_then(|json| {
        let error = json.get("error").unwrap_or(json);
        error.get("message").unwrap_or(error).as_str()
    });
    let words = message.unwrap_or(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    match words.chars().take(MAX_SAID_CHARS).collect::<String>() {
        words if words.is_empty() => words,
        words => format!(": {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_its_loopback() {
        for (address, is_own) in [
            ("127.0.0.1", true),
            ("127.8.8.8", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("10.0.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("fe80::1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(is_this_machine(address.parse().unwrap()), is_own, "{address}");
        }
    }
}
