//! Attacks on sign-in, against the whole router. Each is named by its case in the list that the product is held to;
//! `Person` is a browser, `Server` what it meets.

mod authorize;
mod documents;
mod endpoints;
mod logout;
mod metadata;
mod resource;
mod secrecy;
mod streams;
mod transport;

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::oauth::fetcher::Fetcher;
use crate::oauth::scope::Scopes;
use crate::oauth::service::{Access, AccessConfig};
use crate::oauth::store::{AccessStore, NewToken};

const ORIGIN: &str = "https://notes.example";
const NAME: &str = "alice";
const PASSWORD: &str = "correct horse battery";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CHATGPT: &str = "https://chatgpt.com/oauth/client.json";
const CHATGPT_REDIRECT: &str = "https://chatgpt.com/connector_platform_oauth_redirect";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// A server with one person, and what it reads and writes.
pub(super) struct Server {
    app: App,
    router: Router,
    access: Arc<Access>,
    store: Arc<AccessStore>,
    folder: tempfile::TempDir,
    _garden: Garden,
}

fn encode(pairs: Pairs<'_>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// `base` with names replaced; an empty value takes one away.
fn changed<'a>(base: Pairs<'a>, changes: Pairs<'a>) -> Vec<(&'a str, &'a str)> {
    let mut pairs: Vec<_> =
        base.iter().copied().filter(|(name, _)| changes.iter().all(|(other, _)| other != name)).collect();
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    pairs
}

impl Server {
    pub(super) fn new() -> Server {
        Server::with(
            ServeConfig { public_url: Some(ORIGIN.to_owned()), ..ServeConfig::default() },
            |_| {},
            None,
        )
    }

    fn with(config: ServeConfig, change: impl FnOnce(&mut AccessConfig), fetcher: Option<Fetcher>) -> Server {
        let garden = testing::garden();
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(AccessStore::open(folder.path()).unwrap());
        store.add_user(NAME, PASSWORD, crate::time::now()).unwrap();
        let mut access = AccessConfig {
            store: store.clone(),
            sign_in: true,
            registration: true,
            client_hosts: Vec::new(),
        };
        change(&mut access);
        let config = ServeConfig { access: Some(access), ..config };
        let mut site = Site::new(HOST.parse().unwrap(), config).unwrap();
        if let Some(fetcher) = fetcher {
            Arc::get_mut(site.access.as_mut().unwrap()).unwrap().fetcher = Arc::new(fetcher);
        }
        let access = site.access.clone().unwrap();
        let app = app_of(garden.library.clone(), site);
        let router = routes(app.clone());
        Server { app, router, access, store, folder, _garden: garden }
    }

    async fn get(&self, path: &str, headers: Pairs<'_>) -> Answered {
        let headers = changed(&[("host", "notes.example"), ("content-type", "")], headers);
        send(&self.router, request(Method::GET, path, &headers, "")).await
    }

    async fn post(&self, path: &str, headers: Pairs<'_>, body: impl Into<Body>) -> Answered {
        let headers = changed(&[("host", "notes.example")], headers);
        send(&self.router, request(Method::POST, path, &headers, body)).await
    }

    pub(super) async fn call(&self, token: &str, body: impl Into<Body>) -> Answered {
        self.post("/mcp", &[("authorization", &format!("Bearer {token}"))], body).await
    }

    async fn opens(&self, token: &str) -> bool {
        self.call(token, legacy_call("search", json!({"query": "rye"}))).await.status == StatusCode::OK
    }

    async fn register(&self, redirects: &[&str]) -> String {
        let body = json!({"client_name": "App", "redirect_uris": redirects}).to_string();
        let answered = self.post("/register", &[], body).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
        answered.json()["client_id"].as_str().unwrap().to_owned()
    }

    /// What comes of exchanging at the token endpoint.
    async fn exchange(&self, pairs: Pairs<'_>) -> Answered {
        self.post("/token", &[FORM], encode(pairs)).await
    }

    async fn exchange_code(&self, code: &str, changes: Pairs<'_>) -> Answered {
        let base = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", CHATGPT),
            ("redirect_uri", CHATGPT_REDIRECT),
            ("code_verifier", VERIFIER),
            ("resource", "https://notes.example/mcp"),
        ];
        self.exchange(&changed(&base, changes)).await
    }

    async fn refresh(&self, token: &str, changes: Pairs<'_>) -> Answered {
        let base = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", CHATGPT)];
        self.exchange(&changed(&base, changes)).await
    }

    /// Access and refresh token of a new grant.
    async fn tokens(&self) -> (String, String) {
        let code = Person::new(self).code(&[], &[]).await;
        tokens_of(&self.exchange_code(&code, &[]).await)
    }

    pub(super) fn token(&self, name: &str, scopes: &str) -> String {
        let scopes = Scopes::parse(scopes).unwrap();
        let token = NewToken { name, scopes, rules: &[], expires: None };
        self.store.create_token(&token, crate::time::now()).unwrap().reveal().to_owned()
    }
}

fn tokens_of(answered: &Answered) -> (String, String) {
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    let of = |name: &str| answered.json()[name].as_str().unwrap().to_owned();
    (of("access_token"), of("refresh_token"))
}

fn error_of(answered: &Answered) -> (u16, String) {
    (answered.status.as_u16(), answered.json()["error"].as_str().unwrap_or_default().to_owned())
}

/// Where a redirect leads, and what it carries.
fn location(answered: &Answered) -> (String, BTreeMap<String, Vec<String>>) {
    assert!(
        matches!(answered.status, StatusCode::SEE_OTHER | StatusCode::FOUND),
        "{} {}",
        answered.status,
        answered.body
    );
    let location = answered.header(header::LOCATION).to_owned();
    let (to, query) = location.split_once('?').unwrap_or((&location, ""));
    let mut carried: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        carried.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    (to.to_owned(), carried)
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    let rest = &page[at + name.len() + "name=\"\" value=\"".len()..];
    rest[..rest.find('"').unwrap()].to_owned()
}

/// A browser with its cookies.
struct Person<'a> {
    server: &'a Server,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Person<'a> {
    fn new(server: &'a Server) -> Person<'a> {
        Person { server, cookies: RefCell::default() }
    }

    fn cookie(&self) -> String {
        let cookies = self.cookies.borrow();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, answered: Answered) -> Answered {
        for cookie in answered.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        answered
    }

    async fn get(&self, path: &str) -> Answered {
        let cookie = self.cookie();
        self.keep(self.server.get(path, &[("cookie", &cookie), ("accept", "text/html")]).await)
    }

    async fn post(&self, path: &str, headers: Pairs<'_>, form: Pairs<'_>) -> Answered {
        let cookie = self.cookie();
        // As browsers do for a page with `no-referrer`.
        let base = [FORM, ("cookie", cookie.as_str()), ("origin", "null"), ("sec-fetch-site", "same-origin")];
        self.keep(self.server.post(path, &changed(&base, headers), encode(form)).await)
    }

    async fn authorize(&self, changes: Pairs<'_>) -> Answered {
        let base = [
            ("response_type", "code"),
            ("client_id", CHATGPT),
            ("redirect_uri", CHATGPT_REDIRECT),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "s t&te"),
            ("resource", "https://notes.example/mcp"),
        ];
        self.get(&format!("/authorize?{}", encode(&changed(&base, changes)))).await
    }

    /// Signs in; for a request that waits, gives its secret.
    async fn sign_in(&self, request: &str) -> Answered {
        let page = self.get(&format!("/login?request={request}")).await;
        let proof = field(&page.body, "proof");
        let form = [("proof", proof.as_str()), ("request", request), ("name", NAME), ("password", PASSWORD)];
        self.post("/login", &[], &form).await
    }

    /// Begins a request and signs in where needed; gives its secret.
    async fn request(&self, changes: Pairs<'_>) -> String {
        let (to, carried) = location(&self.authorize(changes).await);
        let request = carried["request"][0].clone();
        if to == "/login" {
            let (to, carried) = location(&self.sign_in(&request).await);
            assert_eq!((to.as_str(), &carried["request"][0]), ("/consent", &request));
        }
        request
    }

    /// The consent page of a request, and its proof.
    async fn question(&self, request: &str) -> (String, String) {
        let page = self.get(&format!("/consent?request={request}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let proof = field(&page.body, "proof");
        (page.body, proof)
    }

    async fn decide(&self, request: &str, changes: Pairs<'_>) -> Answered {
        let (_, proof) = self.question(request).await;
        let base = [("proof", proof.as_str()), ("request", request), ("decision", "allow"), ("notes", "all")];
        let mut form = changed(&base, changes);
        if changes.iter().all(|(name, _)| *name != "scope") {
            form.extend([("scope", "notes:search"), ("scope", "notes:read")]);
        }
        self.post("/consent", &[], &form).await
    }

    /// A code for what `asked` and `decided` change of the usual request and answer.
    async fn code(&self, asked: Pairs<'_>, decided: Pairs<'_>) -> String {
        let request = self.request(asked).await;
        let (_, carried) = location(&self.decide(&request, decided).await);
        carried.get("code").unwrap_or_else(|| panic!("{carried:?}"))[0].clone()
    }
}
