//! One caller among many: a program with an address of its own on loopback, and the person who signs in for it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::{Value, json};

/// What the notes of every collection are about, each note one.
pub(super) const SUBJECTS: [&str; 10] =
    ["anvil", "birch", "candle", "dormouse", "easel", "ferry", "gasket", "harrow", "inkwell", "juniper"];

/// The longest that anything may take, waiting in a crowd included.
const PATIENCE: Duration = Duration::from_secs(300);

/// Claude Code, which the server knows: it lives on loopback, on any port.
const CLIENT: &str = "https://claude.ai/oauth/claude-code-client-metadata";
const CALLBACK: &str = "http://localhost:9/callback";

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

type Cookies = BTreeMap<String, String>;

/// An address on loopback for the `n`th caller.
pub(super) fn address(n: usize) -> Ipv4Addr {
    let n = n as u32 + 2;
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 0).to_bits() + n)
}

/// What is signed in for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Resource {
    /// The one collection, at its own address.
    Collection,
    /// The same over the older transport.
    Stream,
}

#[derive(Clone)]
pub(super) struct Asker {
    http: Client,
    base: String,
    pub(super) collection: usize,
    pub(super) token: Option<String>,
    /// Where it asks.
    path: String,
    /// The next message's id, which nobody else's has.
    next: Arc<AtomicUsize>,
}

impl Asker {
    /// The `n`th caller, who knows of one collection.
    pub(super) fn new(base: &str, n: usize, collection: usize) -> Asker {
        let http = Client::builder()
            .local_address(std::net::IpAddr::V4(address(n)))
            .redirect(Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(PATIENCE)
            .build()
            .unwrap();
        let next = Arc::new(AtomicUsize::new(n * 1_000_000));
        Asker {
            http,
            base: base.to_owned(),
            collection,
            token: None,
            path: format!("/c/c{collection}/mcp"),
            next,
        }
    }

    fn with_token(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn question(&self, turn: usize) -> (usize, String) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let arguments = json!({ "query": SUBJECTS[turn % SUBJECTS.len()] });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call",
                           "params": { "name": "search", "arguments": arguments } });
        (id, call.to_string())
    }

    fn post(&self, path: &str, body: String) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json");
        self.with_token(request.header("accept", "application/json, text/event-stream")).body(body)
    }

    /// Searches until there is an answer, and looks at all of it. Gives how often it was told to come again.
    pub(super) async fn search(&self, turn: usize) -> usize {
        let (id, body) = self.question(turn);
        for turned_away in 0.. {
            let answered = self.post(&self.path, body.clone()).send().await.unwrap();
            let status = answered.status();
            if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
                assert!(turned_away < 1_000, "never let in");
                let after: u64 = answered.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
                // Not all at the same moment.
                tokio::time::sleep(Duration::from_millis(after * 1000 + id as u64 % 500)).await;
                continue;
            }
            let said = answered.text().await.unwrap();
            assert_eq!(status, StatusCode::OK, "{said}");
            self.check(id, turn, &said);
            return turned_away;
        }
        unreachable!("the loop ends by an answer")
    }

    /// That an answer is to this question, is right, and has nothing of anybody else's.
    fn check(&self, id: usize, turn: usize, said: &str) {
        let answer: Value = serde_json::from_str(said).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(answer["id"], id, "an answer to another question: {said}");
        let results =
            answer["result"]["structuredContent"]["results"].as_array().unwrap_or_else(|| panic!("{said}"));
        let own = format!("c{}:{}.md@", self.collection, SUBJECTS[turn % SUBJECTS.len()]);
        assert!(results[0]["id"].as_str().unwrap().starts_with(&own), "{own}: {said}");
        let collection = format!("c{}:", self.collection);
        assert!(results.iter().all(|hit| hit["id"].as_str().unwrap().starts_with(&collection)), "{said}");
        let mark = format!("mark{}x", self.collection);
        assert!(
            said.contains(&mark) && said.matches("of mark").count() == said.matches(&mark).count(),
            "{said}"
        );
    }

    /// Opens a stream, searches on it, and leaves.
    pub(super) async fn search_on_a_stream(&self, turn: usize) {
        let below = self.path.trim_end_matches("/mcp");
        let stream = self.with_token(self.http.get(format!("{}{below}/sse", self.base)));
        let mut stream = stream.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        let told = event(&mut stream).await;
        let (id, body) = self.question(turn);
        let taken = self.post(&told, body).send().await.unwrap();
        assert_eq!(taken.status(), StatusCode::ACCEPTED);
        self.check(id, turn, &event(&mut stream).await);
    }

    async fn page(&self, path: &str, cookies: &mut Cookies) -> Response {
        let request = self.http.get(format!("{}{path}", self.base)).header("accept", "text/html");
        keep(request.header(COOKIE, written(cookies)).send().await.unwrap(), cookies)
    }

    async fn form(&self, path: &str, cookies: &mut Cookies, fields: &[(&str, &str)]) -> Response {
        let request = self.http.post(format!("{}{path}", self.base)).header(COOKIE, written(cookies));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(encoded(fields));
        keep(request.send().await.unwrap(), cookies)
    }

    /// Tries to sign in, in a browser of its own; gives the status.
    pub(super) async fn log_in(&self, name: &str, password: &str) -> u16 {
        let mut cookies = Cookies::new();
        let proof = hidden(&self.page("/login", &mut cookies).await.text().await.unwrap());
        let fields = [("proof", proof.as_str()), ("name", name), ("password", password)];
        self.form("/login", &mut cookies, &fields).await.status().as_u16()
    }

    /// A person signs in and allows everything; gives the refresh token. What is opened is the caller's one collection.
    pub(super) async fn sign_in(&mut self, name: &str, password: &str, resource: Resource) -> String {
        let mut cookies = Cookies::new();
        let end = match resource {
            Resource::Collection => "mcp",
            Resource::Stream => "sse",
        };
        let resource = format!("{}/c/c{}/{end}", self.base, self.collection);
        let asked = encoded(&[
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "s"),
            ("resource", &resource),
        ]);
        let at = redirect(&self.page(&format!("/authorize?{asked}"), &mut cookies).await);
        let request = one(&at, "request");
        let proof = hidden(
            &self.page(&format!("/login?request={request}"), &mut cookies).await.text().await.unwrap(),
        );
        let fields = [("proof", &*proof), ("request", &request), ("name", name), ("password", password)];
        redirect(&self.form("/login", &mut cookies, &fields).await);
        let page =
            self.page(&format!("/consent?request={request}"), &mut cookies).await.text().await.unwrap();
        let proof = hidden(&page);
        let fields = [
            ("proof", &*proof),
            ("request", &request),
            ("decision", "allow"),
            ("notes", "all"),
            ("scope", "notes:search"),
            ("scope", "notes:read"),
        ];
        let back = redirect(&self.form("/consent", &mut cookies, &fields).await);
        let code = one(&back, "code");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("client_id", CLIENT),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("resource", &resource),
        ];
        let issued = self.form("/token", &mut cookies, &fields).await.text().await.unwrap();
        let issued: Value = serde_json::from_str(&issued).unwrap();
        self.token = Some(issued["access_token"].as_str().unwrap_or_else(|| panic!("{issued}")).to_owned());
        issued["refresh_token"].as_str().unwrap().to_owned()
    }

    /// Takes the grant of a refresh token back; the access token opens nothing after it.
    pub(super) async fn revoke(&self, refresh: &str) {
        let fields = [("token", refresh), ("client_id", CLIENT)];
        let revoked = self.form("/revoke", &mut Cookies::new(), &fields).await;
        assert_eq!(revoked.status(), StatusCode::OK);
        let refused = self.post(&self.path, self.question(0).1).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
}

/// The data of the next event of a stream.
async fn event(stream: &mut Response) -> String {
    let mut read = String::new();
    while !read.contains("\n\n") {
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        read.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    read.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_else(|| panic!("{read}")).to_owned()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://x/", fields).unwrap();
    url.query().unwrap_or_default().to_owned()
}

fn written(cookies: &Cookies) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn keep(answered: Response, cookies: &mut Cookies) -> Response {
    for cookie in answered.headers().get_all(SET_COOKIE) {
        let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
        cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
    }
    answered
}

/// Where a redirect leads.
fn redirect(answered: &Response) -> Url {
    assert_eq!(answered.status(), StatusCode::SEE_OTHER);
    let to = answered.headers()[LOCATION].to_str().unwrap();
    Url::parse("http://x/").unwrap().join(to).unwrap()
}

fn one(at: &Url, name: &str) -> String {
    let found = at.query_pairs().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("{name} in {at}")).1.into_owned()
}

/// The proof that a form carries.
fn hidden(page: &str) -> String {
    let rest = page.split_once("name=\"proof\" value=\"").unwrap_or_else(|| panic!("{page}")).1;
    rest[..rest.find('"').unwrap()].to_owned()
}
