//! Walks the whole way into a server as one of its clients would, and names the first step that fails, why, and what to do.
//!
//! It is a client like any other: it knows nothing of the server but its address, and works on servers elsewhere. It
//! changes nothing there but what signing in does, and revokes what it was given.

mod mcp;
mod sign_in;
mod wire;

use std::fmt;
use std::path::Path;

use url::Url;

use crate::listen::CertificateError;

use sign_in::SignedIn;
use wire::Wire;

/// Whose way is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walker {
    /// ChatGPT: the era of MCP without a handshake, its own client document.
    ChatGpt,
    /// Claude and Claude Code: the handshake first.
    Claude,
}

/// A step of the way, in the order they are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The address is one that clients take.
    Address,
    /// Its host's name leads to a machine.
    Name,
    /// The machine answers, over TLS where the address says so.
    Connection,
    /// Who is not signed in is told how to.
    Challenge,
    /// What is protected, and by whom.
    ResourceMetadata,
    /// How one signs in there.
    ServerMetadata,
    /// The client is known to the server.
    Client,
    /// The person signs in and agrees.
    Authorization,
    /// The code is traded for a token.
    Token,
    /// The tools are there, in the form the client takes.
    Tools,
    /// A question is answered.
    Search,
    /// A result is fetched.
    Fetch,
    /// The token is renewed.
    Refresh,
    /// The token is given back, and opens nothing any more.
    Revocation,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Address => "address",
            Step::Name => "name",
            Step::Connection => "connection",
            Step::Challenge => "challenge",
            Step::ResourceMetadata => "resource metadata",
            Step::ServerMetadata => "server metadata",
            Step::Client => "client",
            Step::Authorization => "sign-in",
            Step::Token => "token",
            Step::Tools => "tools",
            Step::Search => "search",
            Step::Fetch => "fetch",
            Step::Refresh => "refresh",
            Step::Revocation => "revocation",
        })
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should; what was seen.
    Well(String),
    /// Not walked, and why that is no fault.
    Skipped(&'static str),
    /// The way ends here.
    Ill(Problem),
}

/// What is wrong at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What was found.
    pub why: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// Who watches the walk, and can sign in.
pub trait Attendant {
    /// Is told how a step ended, as soon as it did.
    fn found(&mut self, step: Step, finding: &Finding);
    /// Is given the page on which a person signs in; the walk goes on when the server sends them back. Gives whether
    /// there is a person at all.
    fn sign_in(&mut self, page: &str) -> bool;
    /// Whether the person who is waited for will not come any more. Asked again and again while they are.
    fn has_left(&self) -> bool {
        false
    }
}

/// Whom to visit.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The address as it is pasted into the client.
    pub address: String,
    /// Whose way is walked.
    pub walker: Walker,
    /// A token, for servers that are opened by one; signing in is skipped then.
    pub token: Option<String>,
    /// Who may vouch for the server's certificate; `None` for those that everybody knows.
    pub authorities: Option<Authorities>,
}

/// Authorities of the visitor's own, as those of a firm or a home.
#[derive(Debug, Clone)]
pub struct Authorities(wire::Roots);

impl Authorities {
    /// Reads them out of a file in PEM.
    pub fn read(path: &Path) -> Result<Authorities, CertificateError> {
        wire::roots(path).map(Authorities)
    }
}

/// Whether an address leads to another machine than this one, as far as it tells.
pub fn is_elsewhere(address: &str) -> bool {
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| !crate::config::is_loopback(host.trim_matches(['[', ']'])))
}

/// Walks until the end or the first step that fails, and gives whether the end was reached. Blocks, for minutes where a
/// person has to sign in.
pub fn visit(visit: &Visit, attendant: &mut dyn Attendant) -> bool {
    let mut walk = Walk { visit, attendant };
    walk.whole_way().is_ok()
}

/// The walk ends here; the attendant knows why.
struct Ended;

struct Walk<'a> {
    visit: &'a Visit,
    attendant: &'a mut dyn Attendant,
}

impl Walk<'_> {
    fn whole_way(&mut self) -> Result<(), Ended> {
        let url = self.step(Step::Address, |walk| wire::address(&walk.visit.address))?;
        self.step(Step::Name, |_| wire::resolve(&url).map(|seen| (seen, ())))?;
        let wire = Wire::new(self.visit.authorities.as_ref().map(|Authorities(roots)| roots));
        let opening = self.step(Step::Connection, |_| wire::open(&wire, &url))?;
        let signed_in = self.way_in(&wire, &url, &opening)?;
        let token =
            signed_in.as_ref().map(|signed_in| signed_in.access.clone()).or_else(|| self.visit.token.clone());
        let session = mcp::Session { wire: &wire, url: &url, token, walker: self.visit.walker };
        self.step(Step::Tools, |_| session.tools())?;
        let found = self.step(Step::Search, |_| session.search())?;
        match found {
            None => self.skip(Step::Fetch, "nothing was found that could be fetched"),
            Some(id) => self.step(Step::Fetch, |_| session.fetch(&id))?,
        }
        match signed_in {
            None => {
                self.skip(Step::Refresh, "there was no sign-in");
                self.skip(Step::Revocation, "there was no sign-in");
                Ok(())
            }
            Some(signed_in) => {
                let renewed = self.step(Step::Refresh, |_| signed_in.refresh(&wire))?;
                self.step(Step::Revocation, |_| renewed.revoke(&wire, &url))
            }
        }
    }

    fn way_in(&mut self, wire: &Wire, url: &Url, opening: &wire::Opening) -> Result<Option<SignedIn>, Ended> {
        let steps = [
            Step::Challenge,
            Step::ResourceMetadata,
            Step::ServerMetadata,
            Step::Client,
            Step::Authorization,
            Step::Token,
        ];
        let without = match () {
            () if self.visit.token.is_some() => Some("a token was given"),
            () if opening.is_open => Some("the server lets everybody in who reaches it"),
            () => None,
        };
        if let Some(why) = without {
            steps.into_iter().for_each(|step| self.skip(step, why));
            return Ok(None);
        }
        let metadata = self.step(Step::Challenge, |_| sign_in::challenge(opening, url))?;
        let resource = self.step(Step::ResourceMetadata, |_| sign_in::resource(wire, url, &metadata))?;
        let server = self.step(Step::ServerMetadata, |_| sign_in::server(wire, &resource))?;
        let listener = sign_in::Callback::listen();
        let client = self.step(Step::Client, |walk| {
            let listener = listener.as_ref().map_err(wire::no_listener)?;
            sign_in::client(wire, &server, walk.visit.walker, listener)
        })?;
        let callback = listener.map_err(|_| Ended)?;
        let request = sign_in::Request::new(&server, &client, &resource, &callback);
        let code = self.step(Step::Authorization, |walk| {
            request.check_page(wire)?;
            let has_person = walk.attendant.sign_in(&request.page);
            let attendant = &*walk.attendant;
            request.wait(&callback, has_person, &|| attendant.has_left())
        })?;
        self.step(Step::Token, |_| request.trade(wire, &code)).map(Some)
    }

    /// Walks one step and tells of it.
    fn step<T>(
        &mut self,
        step: Step,
        walk: impl FnOnce(&mut Self) -> Result<(String, T), Problem>,
    ) -> Result<T, Ended> {
        match walk(self) {
            Ok((seen, value)) => {
                self.attendant.found(step, &Finding::Well(seen));
                Ok(value)
            }
            Err(problem) => {
                self.attendant.found(step, &Finding::Ill(problem));
                Err(Ended)
            }
        }
    }

    fn skip(&mut self, step: Step, why: &'static str) {
        self.attendant.found(step, &Finding::Skipped(why));
    }
}

/// A step that ended well: what was seen, and what the next ones need.
type Seen<T> = Result<(String, T), Problem>;

fn ill<T>(why: impl Into<String>, advice: &'static str) -> Result<T, Problem> {
    Err(Problem { why: why.into(), advice })
}
