//! The way to a token: challenge, metadata, registration, the page a person signs in on, code, token, renewal, return.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::http::StatusCode;
use url::Url;

use super::wire::{Opening, Wire};
use super::{Problem, Seen, Walker, ill};

/// What to do where the server says that there were too many requests.
const TOO_OFTEN: &str = "wait as long as it says, then try again. Behind a proxy on the server's machine everybody counts as \
                         one address until the server is started with `--trusted-proxy 127.0.0.1`";

/// How long a person may take to sign in.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(300);

/// How often the callback is looked for meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The client document of each walker, and where its vendor has people sent back to.
const CHATGPT: (&str, &str) =
    ("https://chatgpt.com/oauth/client.json", "https://chatgpt.com/connector_platform_oauth_redirect");
const CLAUDE: (&str, &str) =
    ("https://claude.ai/oauth/mcp-oauth-client-metadata", "https://claude.ai/api/mcp/auth_callback");

/// Where the resource's metadata is, by the challenge.
pub(super) fn challenge(opening: &Opening, url: &Url) -> Seen<String> {
    let Some(challenge) = opening.answer.header("www-authenticate") else {
        return ill(
            "401 without WWW-Authenticate",
            "clients then do not offer to sign in: does a proxy take the header away?",
        );
    };
    let metadata = parameter(challenge, "resource_metadata");
    match metadata {
        Some(metadata) => Ok((challenge.to_owned(), metadata)),
        None if challenge.to_ascii_lowercase().starts_with("bearer") => ill(
            "the server is opened by a token, not by signing in",
            "ChatGPT and claude.ai need sign-in: make a user with `ibid user add` and serve with it; for others give the \
             token with --token-env",
        ),
        None => ill(format!("{url} asks for {challenge}"), "does a proxy ask for a password of its own?"),
    }
}

/// A quoted parameter of a challenge.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// What is protected.
pub(super) struct Resource {
    /// Its own name, which tokens are asked for.
    pub(super) name: String,
    issuer: String,
}

pub(super) fn resource(wire: &Wire, url: &Url, metadata: &str) -> Seen<Resource> {
    let answer = wire.get(metadata)?;
    let document = match (answer.status, answer.json()) {
        (StatusCode::OK, Some(document)) => document,
        _ => {
            return ill(
                format!("{metadata}: {}", answer.shown()),
                "a proxy must pass /.well-known/ on to the server as well",
            );
        }
    };
    let name = document["resource"].as_str().unwrap_or_default();
    let asked = url.as_str().trim_end_matches('/');
    if !asked.eq_ignore_ascii_case(name) {
        return ill(
            format!("the server calls itself {name:?}, and {asked} was asked"),
            "start it with --public-url and the beginning of the address that clients use",
        );
    }
    match document["authorization_servers"][0].as_str() {
        Some(issuer) => Ok((
            format!("{name}, guarded by {issuer}"),
            Resource { name: name.to_owned(), issuer: issuer.to_owned() },
        )),
        None => ill("no authorization server is named", "is this ibid, and the newest?"),
    }
}

/// How one signs in.
pub(super) struct Server {
    issuer: String,
    authorize: String,
    token: String,
    register: Option<String>,
    revoke: Option<String>,
    takes_documents: bool,
    says_issuer: bool,
}

pub(super) fn server(wire: &Wire, resource: &Resource) -> Seen<Server> {
    let place = format!("{}/.well-known/oauth-authorization-server", resource.issuer.trim_end_matches('/'));
    let answer = wire.get(&place)?;
    let document = match (answer.status, answer.json()) {
        (StatusCode::OK, Some(document)) => document,
        _ => {
            return ill(
                format!("{place}: {}", answer.shown()),
                "a proxy must pass /.well-known/ on to the server as well",
            );
        }
    };
    let text = |key: &str| document[key].as_str().map(str::to_owned);
    if text("issuer").as_deref() != Some(resource.issuer.as_str()) {
        return ill(
            format!("its issuer is {}, not {:?}", document["issuer"], resource.issuer),
            "is this ibid, and the newest?",
        );
    }
    let methods = document["code_challenge_methods_supported"].as_array();
    if !methods.is_some_and(|methods| methods.iter().any(|method| method == "S256")) {
        return ill(
            "PKCE with S256 is not offered",
            "clients refuse servers without it: is this ibid, and the newest?",
        );
    }
    let (Some(authorize), Some(token)) = (text("authorization_endpoint"), text("token_endpoint")) else {
        return ill("an endpoint is missing", "is this ibid, and the newest?");
    };
    let server = Server {
        issuer: resource.issuer.clone(),
        authorize,
        token,
        register: text("registration_endpoint"),
        revoke: text("revocation_endpoint"),
        takes_documents: document["client_id_metadata_document_supported"] == true,
        says_issuer: document["authorization_response_iss_parameter_supported"] == true,
    };
    Ok((format!("issuer {}, PKCE with S256", server.issuer), server))
}

/// Where the server sends the person back to: this machine.
pub(super) struct Callback {
    listener: TcpListener,
    redirect: String,
}

impl Callback {
    pub(super) fn listen() -> io::Result<Callback> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let redirect = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
        Ok(Callback { listener, redirect })
    }

    /// The parameters that the person came back with.
    fn wait(&self, has_left: &dyn Fn() -> bool) -> Option<Vec<(String, String)>> {
        let began = Instant::now();
        while began.elapsed() < SIGN_IN_WITHIN && !has_left() {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    if let Ok(Some(parameters)) = came_back(&stream) {
                        return Some(parameters);
                    }
                }
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
        }
        None
    }
}

/// Reads one request; `None` where it is not the one waited for, such as a browser's for an icon.
fn came_back(stream: &std::net::TcpStream) -> io::Result<Option<Vec<(String, String)>>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(io::Read::take(stream, 16_384)).read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default();
    let url = Url::parse("http://127.0.0.1").and_then(|base| base.join(target));
    let url = url.ok().filter(|url| url.path() == "/callback");
    let (status, words) = match url {
        Some(_) => ("200 OK", "You are signed in. This page can be closed."),
        None => ("404 Not Found", "Nothing is here."),
    };
    let mut writer = stream;
    write!(
        writer,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{words}",
        words.len()
    )?;
    Ok(url.map(|url| url.query_pairs().into_owned().collect()))
}

/// Who asks.
pub(super) struct Client {
    id: String,
}

/// Checks that the server knows the walker's own document, and registers the doctor, who can only be sent back to here.
pub(super) fn client(wire: &Wire, server: &Server, walker: Walker, callback: &Callback) -> Seen<Client> {
    let mut seen = Vec::new();
    if server.takes_documents {
        let (document, redirect) = match walker {
            Walker::ChatGpt => CHATGPT,
            Walker::Claude => CLAUDE,
        };
        let page = authorize_page(server, document, redirect, "", "S", &challenge_of("V"));
        let answer = wire.get(&page)?;
        if !(answer.status.is_success() || answer.status.is_redirection()) || leads_away(&answer, redirect) {
            return ill(
                format!("{document} is refused: {}", answer.shown()),
                "the server may fetch no client documents, or only some: look at its settings",
            );
        }
        seen.push(format!("{document} is known"));
    }
    let Some(register) = &server.register else {
        return ill(
            "the server takes no registrations, and the doctor has no document of its own",
            "start it with registration on for the visit",
        );
    };
    let about = json!({
        "client_name": "ibid doctor", "redirect_uris": [callback.redirect], "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    let answer = wire.post_json(register, &[], &about)?;
    let id = answer.json().and_then(|document| document["client_id"].as_str().map(str::to_owned));
    match (answer.status, id) {
        (StatusCode::CREATED, Some(id)) => {
            seen.push("the doctor is registered".to_owned());
            Ok((seen.join("; "), Client { id }))
        }
        (StatusCode::TOO_MANY_REQUESTS, _) => ill(answer.shown(), TOO_OFTEN),
        _ => ill(answer.shown(), "is this ibid, and the newest?"),
    }
}

/// Whether an answer sends the person back with an error before they saw a page.
fn leads_away(answer: &super::wire::Answer, redirect: &str) -> bool {
    answer.header("location").is_some_and(|location| location.starts_with(redirect))
}

fn challenge_of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn authorize_page(
    server: &Server,
    client: &str,
    redirect: &str,
    resource: &str,
    state: &str,
    challenge: &str,
) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", client)
        .append_pair("redirect_uri", redirect);
    query
        .append_pair("state", state)
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256");
    if !resource.is_empty() {
        query.append_pair("resource", resource);
    }
    format!("{}?{}", server.authorize, query.finish())
}

/// What is asked of the person.
pub(super) struct Request<'a> {
    server: &'a Server,
    client: &'a Client,
    resource: &'a Resource,
    redirect: String,
    verifier: String,
    state: String,
    /// The page to open.
    pub(super) page: String,
}

impl<'a> Request<'a> {
    pub(super) fn new(
        server: &'a Server,
        client: &'a Client,
        resource: &'a Resource,
        callback: &Callback,
    ) -> Request<'a> {
        let (verifier, state) = (secret(), secret());
        let page = authorize_page(
            server,
            &client.id,
            &callback.redirect,
            &resource.name,
            &state,
            &challenge_of(&verifier),
        );
        Request { server, client, resource, redirect: callback.redirect.clone(), verifier, state, page }
    }

    /// That there is a page, before a person is sent to it.
    pub(super) fn check_page(&self, wire: &Wire) -> Result<(), Problem> {
        let answer = wire.get(&self.page)?;
        match answer.status.is_success()
            || (answer.status.is_redirection() && !leads_away(&answer, &self.redirect))
        {
            true => Ok(()),
            false => ill(answer.shown(), "is this ibid, and the newest?"),
        }
    }

    /// Waits for the person to come back, and checks what they bring.
    pub(super) fn wait(
        &self,
        callback: &Callback,
        has_person: bool,
        has_left: &dyn Fn() -> bool,
    ) -> Seen<String> {
        if !has_person {
            return ill(
                "nobody is there to sign in",
                "run it on a terminal, or give a token with --token-env",
            );
        }
        let Some(parameters) = callback.wait(has_left) else {
            if has_left() {
                return ill("nobody signed in before it was called off", "walk again, sign in, agree");
            }
            return ill(
                "nobody came back within 5 minutes",
                "open the page, sign in, agree; is the doctor on the browser's own machine?",
            );
        };
        let one = |name: &str| {
            let mut values =
                parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
            values.next().filter(|_| values.next().is_none())
        };
        if let Some(error) = one("error") {
            return ill(
                format!("the server says {error}"),
                "agree on the page; `ibid audit` on the server says more",
            );
        }
        if one("state") != Some(&self.state) {
            return ill("the state is not the one that was sent", "does a proxy change the address?");
        }
        if self.server.says_issuer && one("iss") != Some(&self.server.issuer) {
            return ill(
                "iss is missing or another",
                "ChatGPT then refuses: start the server with --public-url",
            );
        }
        match one("code") {
            Some(code) => Ok(("a person agreed".to_owned(), code.to_owned())),
            None => ill("there is no code", "is this ibid, and the newest?"),
        }
    }

    /// Trades the code for tokens.
    pub(super) fn trade(&self, wire: &Wire, code: &str) -> Seen<SignedIn> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("client_id", &self.client.id),
            ("code_verifier", &self.verifier),
            ("resource", &self.resource.name),
        ];
        let document = tokens(wire, &self.server.token, &form)?;
        SignedIn::of(&document, self.server, self.client)
    }
}

fn tokens(wire: &Wire, endpoint: &str, form: &[(&str, &str)]) -> Result<Value, Problem> {
    let answer = wire.post_form(endpoint, form)?;
    match (answer.status, answer.json()) {
        (StatusCode::OK, Some(document)) => Ok(document),
        (StatusCode::TOO_MANY_REQUESTS, _) => ill(answer.shown(), TOO_OFTEN),
        _ => ill(answer.shown(), "do the clocks of server and proxy agree? a code lives for a minute"),
    }
}

/// Somebody with tokens.
pub(super) struct SignedIn {
    pub(super) access: String,
    refresh: Option<String>,
    token_endpoint: String,
    revoke: Option<String>,
    client: String,
}

impl SignedIn {
    fn of(document: &Value, server: &Server, client: &Client) -> Seen<SignedIn> {
        let text = |key: &str| document[key].as_str().map(str::to_owned);
        let Some(access) = text("access_token") else {
            return ill("there is no access token in the answer", "is this ibid, and the newest?");
        };
        let seen = format!("for {} s, scope {}", document["expires_in"], document["scope"]);
        let (refresh, revoke) = (text("refresh_token"), server.revoke.clone());
        let signed_in = SignedIn {
            access,
            refresh,
            token_endpoint: server.token.clone(),
            revoke,
            client: client.id.clone(),
        };
        Ok((seen, signed_in))
    }

    /// Renews as Claude does: without scope and without resource.
    pub(super) fn refresh(self, wire: &Wire) -> Seen<SignedIn> {
        let Some(refresh) = &self.refresh else {
            return ill(
                "there was no refresh token",
                "people would have to sign in every half hour: is this ibid, and the newest?",
            );
        };
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
            ("client_id", self.client.as_str()),
        ];
        let document = tokens(wire, &self.token_endpoint, &form)?;
        let text = |key: &str| document[key].as_str().map(str::to_owned);
        let Some(access) = text("access_token") else {
            return ill("there is no access token in the answer", "is this ibid, and the newest?");
        };
        let renewed = text("refresh_token");
        if renewed.is_none() || renewed == self.refresh {
            return ill("the refresh token was not replaced", "is this ibid, and the newest?");
        }
        Ok(("a new pair of tokens".to_owned(), SignedIn { access, refresh: renewed, ..self }))
    }

    /// Gives the tokens back, and knocks once more to see that they open nothing.
    pub(super) fn revoke(self, wire: &Wire, url: &Url) -> Seen<()> {
        let Some(revoke) = &self.revoke else {
            return ill("there is no revocation endpoint", "is this ibid, and the newest?");
        };
        let token = self.refresh.as_deref().unwrap_or(&self.access);
        let answer = wire.post_form(revoke, &[("token", token), ("client_id", &self.client)])?;
        if answer.status != StatusCode::OK {
            return ill(answer.shown(), "is this ibid, and the newest?");
        }
        let authorization = format!("Bearer {}", self.access);
        let headers =
            [("accept", "application/json, text/event-stream"), ("authorization", authorization.as_str())];
        let knock = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
        let answer = wire.post_json(url.as_str(), &headers, &knock)?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Ok(("the tokens open nothing any more".to_owned(), ())),
            _ => ill(
                format!("the token still opens: {}", answer.shown()),
                "does a proxy keep answers? /mcp must not be cached",
            ),
        }
    }
}

/// 256 bits that nobody guesses.
fn secret() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers, as every sign-in needs them");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_its_metadata() {
        let challenge = "Bearer resource_metadata=\"https://n.example/x\", scope=\"a b\"";
        assert_eq!(parameter(challenge, "resource_metadata").as_deref(), Some("https://n.example/x"));
        assert_eq!(parameter("Bearer realm=\"ibid\"", "resource_metadata"), None);
    }

    #[test]
    fn only_this_machine_is_plain_http() {
        let callback = Callback::listen().unwrap();
        assert!(super::super::wire::is_loopback(&Url::parse(&callback.redirect).unwrap()));
    }
}
