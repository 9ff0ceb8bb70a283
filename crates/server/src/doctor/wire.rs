//! The doctor's requests, and what is learned from how they fail. Redirects are not followed, as clients do not follow them.

use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::{HeaderMap, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};
use url::{Host, Url};

use super::{Problem, Seen, ill};
use crate::listen::CertificateError;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 8_000_000;

const USER_AGENT: &str = concat!("ibid-doctor/", env!("CARGO_PKG_VERSION"));

pub(super) struct Wire(Agent);

/// Certificates of authorities.
pub(super) type Roots = Arc<Vec<Certificate<'static>>>;

/// Reads those in a file; whatever else is in it is passed over.
pub(super) fn roots(path: &Path) -> Result<Roots, CertificateError> {
    let pem =
        fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })?;
    let items = parse_pem(&pem).filter_map(Result::ok);
    let found: Vec<_> = items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    match found.is_empty() {
        true => Err(CertificateError::NoCertificate { path: path.to_owned() }),
        false => Ok(Arc::new(found)),
    }
}

/// An answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// For people: the status and the beginning of the words.
    pub(super) fn shown(&self) -> String {
        let body: String = self.body.chars().take(200).collect();
        let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}{}{body}", self.status, if body.is_empty() { "" } else { ": " })
    }
}

impl Wire {
    /// Believes certificates that `roots` vouch for; without them, those that everybody knows.
    pub(super) fn new(roots: Option<&Roots>) -> Wire {
        let roots = roots.map_or(RootCerts::WebPki, |roots| RootCerts::Specific(roots.clone()));
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(USER_AGENT)
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(ANSWER_WITHIN))
            .build();
        Wire(Agent::new_with_config(config))
    }

    pub(super) fn get(&self, url: &str) -> Result<Answer, Problem> {
        self.0.get(url).call().map_err(|error| of_error(&error)).and_then(answer)
    }

    pub(super) fn post_json(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, Problem> {
        let mut request = self.0.post(url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body.to_string()).map_err(|error| of_error(&error)).and_then(answer)
    }

    pub(super) fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer, Problem> {
        let request = self.0.post(url).header("accept", "application/json");
        request.send_form(form.iter().copied()).map_err(|error| of_error(&error)).and_then(answer)
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, Problem> {
    let mut body = Vec::new();
    let read = response.body_mut().as_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut body);
    if let Err(error) = read {
        return ill(
            format!("the answer broke off: {error}"),
            "look at the proxy or the tunnel between here and the server",
        );
    }
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn of_error(error: &Error) -> Problem {
    let advice = match error {
        Error::HostNotFound => "check the name, and that its DNS record is there",
        Error::Rustls(error) => of_handshake(error),
        Error::Tls(_) | Error::Pem(_) => CERTIFICATE,
        Error::Io(error) if handshake_error(error).is_some() => {
            handshake_error(error).map_or(CERTIFICATE, of_handshake)
        }
        Error::Timeout(_) => "is a firewall in between, and does the tunnel or the proxy lead to the server?",
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "nothing listens there: start `ibid serve`, or check the port"
        }
        Error::Io(_) | Error::ConnectionFailed => {
            "check that the server, and the proxy or tunnel before it, are running"
        }
        _ => "look at what answers at this address: it may not be ibid",
    };
    Problem { why: error.to_string(), advice }
}

/// What clients ask of a certificate.
const CERTIFICATE: &str = "the certificate must be valid for this name and issued by an authority that clients know; a \
                           proxy such as Caddy gets one by itself";

/// What a handshake failed of, where the network itself did not.
fn handshake_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn of_handshake(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as Of;

    match error {
        rustls::Error::InvalidCertificate(Of::UnknownIssuer) => {
            "nobody whom clients know vouches for the certificate: ChatGPT and Claude on the web take none of a private \
             authority; for clients that were told of it, walk again with `--ca FILE`"
        }
        rustls::Error::InvalidCertificate(Of::Expired | Of::ExpiredContext { .. }) => {
            "the certificate ran out: renew it; `ibid serve` reads the files again by itself"
        }
        rustls::Error::InvalidCertificate(Of::NotValidYet | Of::NotValidYetContext { .. }) => {
            "the certificate is not valid yet: is the clock right, here and there?"
        }
        rustls::Error::InvalidCertificate(Of::NotValidForName | Of::NotValidForNameContext { .. }) => {
            "the certificate is for another name: use the name that is in it, or get one for this name"
        }
        rustls::Error::InvalidMessage(_) => "what answers there speaks no TLS: is it http:// on this port?",
        _ => CERTIFICATE,
    }
}

pub(super) fn no_listener(error: &io::Error) -> Problem {
    Problem {
        why: format!("cannot listen on loopback: {error}"),
        advice: "free a port, or give a token instead",
    }
}

/// The address as clients use it.
pub(super) fn address(typed: &str) -> Seen<Url> {
    let Ok(url) = Url::parse(typed.trim()) else {
        return ill(format!("{typed:?} is no address"), "it reads https://notes.example.org/mcp");
    };
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return ill("it holds a fragment or a name", "leave out what stands before @ and behind #");
    }
    let is_local = is_loopback(&url);
    match url.scheme() {
        "https" => Ok((url.to_string(), url)),
        "http" if is_local => Ok((format!("{url}, on this machine only"), url)),
        "http" => ill(
            "it begins with http://",
            "clients elsewhere only take https: put a proxy with a certificate before the server",
        ),
        _ => ill(format!("it begins with {}:", url.scheme()), "it begins with https://"),
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Asks the system where the host is.
pub(super) fn resolve(url: &Url) -> Result<String, Problem> {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found = (host, port).to_socket_addrs();
    let ips: Vec<IpAddr> = found.map(|found| found.map(|address| address.ip()).collect()).unwrap_or_default();
    match ips.first() {
        None => ill(format!("{host} leads nowhere"), "check the name, and that its DNS record is there"),
        Some(first) => Ok(format!("{host} is {first}{}", if ips.len() > 1 { " and others" } else { "" })),
    }
}

/// What the server says to somebody who is not signed in.
pub(super) struct Opening {
    pub(super) is_open: bool,
    pub(super) answer: Answer,
}

/// Knocks without a token.
pub(super) fn open(wire: &Wire, url: &Url) -> Seen<Opening> {
    let hello = json!({"jsonrpc": "2.0", "id": "knock", "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "ibid-doctor", "version": "1"}}});
    let accept = ("accept", "application/json, text/event-stream");
    let answer = wire.post_json(url.as_str(), &[accept], &hello)?;
    let over =
        if url.scheme() == "https" { "over TLS, with a certificate that holds" } else { "without TLS" };
    match answer.status {
        StatusCode::UNAUTHORIZED => Ok((over.to_owned(), Opening { is_open: false, answer })),
        status if status.is_success() => Ok((over.to_owned(), Opening { is_open: true, answer })),
        status if status.is_redirection() => ill(
            format!("it leads on to {}", answer.header("location").unwrap_or("nowhere")),
            "clients do not follow redirects: paste the address it leads to",
        ),
        StatusCode::NOT_FOUND => ill(answer.shown(), "the address ends in /mcp: is it all there?"),
        StatusCode::FORBIDDEN => ill(
            answer.shown(),
            "start the server with --public-url and this address's beginning, so that it knows its name",
        ),
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => ill(
            answer.shown(),
            "the proxy or the tunnel answers, the server behind it does not: is it running?",
        ),
        _ => ill(answer.shown(), "look at what answers at this address: it may not be ibid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_clients_take_it() {
        for (typed, is_well) in [
            ("https://n.example/mcp", true),
            (" http://127.0.0.1:7117/mcp ", true),
            ("http://localhost:7117/mcp", true),
            ("http://n.example/mcp", false),
            ("n.example/mcp", false),
            ("ftp://n.example/mcp", false),
            ("https://me@n.example/mcp", false),
            ("https://n.example/mcp#x", false),
        ] {
            assert_eq!(address(typed).is_ok(), is_well, "{typed}");
        }
    }
}
