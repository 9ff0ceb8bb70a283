//! An identity provider that signs, rotates its keys and goes away, and tokens of all kinds against the whole router. The keys
//! of elliptic curves are made for each test; the one of RSA lies beside this file and opens nothing anywhere.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::State;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use tokio::net::TcpListener;

use super::*;
use crate::oauth::clock::Clock;
use crate::oauth::external::{OidcConfig, Person};
use crate::oauth::scope::Scope;

const ORIGIN: &str = "https://notes.example";

/// The provider's private key for RSA.
const RSA_KEY: &[u8] = include_bytes!("oidc/rsa_key.der");

/// A key that signs.
enum Signer {
    Rsa(RsaKeyPair),
    Curve(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
}

impl Signer {
    fn rsa() -> Signer {
        Signer::Rsa(RsaKeyPair::from_pkcs8(RSA_KEY).unwrap())
    }

    fn curve() -> Signer {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random);
        Signer::Curve(key.unwrap())
    }

    fn edwards() -> Signer {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Signer::Edwards(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Signer::Rsa(_) => "RS256",
            Signer::Curve(_) => "ES256",
            Signer::Edwards(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Signer::Rsa(key) => {
                let mut signed = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signed).unwrap();
                signed
            }
            Signer::Curve(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Signer::Edwards(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// The public half as a provider publishes it.
    fn jwk(&self, id: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self {
            Signer::Rsa(key) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "n": text(&n), "e": text(&e)})
            }
            Signer::Curve(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)})
            }
            Signer::Edwards(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(key.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(id);
        jwk["use"] = json!("sig");
        jwk
    }

    /// A token whose parts are changed before it is signed.
    fn token(&self, id: &str, claims: &Value, header: &Value) -> String {
        let mut whole = json!({"alg": self.algorithm(), "kid": id, "typ": "at+jwt"});
        whole.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
        let message = unsigned(&whole, claims);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes())))
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// What a provider publishes now, and how often it was asked.
#[derive(Default)]
struct Published {
    issuer: Mutex<String>,
    keys: Mutex<Vec<Value>>,
    is_down: AtomicBool,
    asked: AtomicUsize,
}

async fn configuration(State(published): State<Arc<Published>>) -> axum::response::Response {
    use axum::response::IntoResponse as _;

    let issuer = published.issuer.lock().unwrap().clone();
    match published.is_down.load(Ordering::Relaxed) {
        true => StatusCode::BAD_GATEWAY.into_response(),
        false => json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}).to_string().into_response(),
    }
}

async fn keys(State(published): State<Arc<Published>>) -> String {
    published.asked.fetch_add(1, Ordering::Relaxed);
    json!({ "keys": *published.keys.lock().unwrap() }).to_string()
}

/// A provider, and a server that takes its tokens.
struct World {
    router: Router,
    published: Arc<Published>,
    issuer: String,
    clock: Clock,
    _garden: Garden,
}

fn person(rules: &[&str]) -> Person {
    Person { name: None, rules: rules.iter().map(|&rule| rule.to_owned()).collect() }
}

impl World {
    async fn new(keys_now: Vec<Value>) -> World {
        World::with(keys_now, |_| {}).await
    }

    async fn with(keys_now: Vec<Value>, change: impl FnOnce(&mut OidcConfig)) -> World {
        let published = Arc::new(Published { keys: Mutex::new(keys_now), ..Published::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/home", listener.local_addr().unwrap());
        *published.issuer.lock().unwrap() = issuer.clone();
        let provider = Router::new()
            .route("/realms/home/.well-known/openid-configuration", get(configuration))
            .route("/realms/home/keys", get(keys))
            .with_state(published.clone());
        tokio::spawn(axum::serve(listener, provider).into_future());
        let people = BTreeMap::from([("ada".to_owned(), person(&[]))]);
        let mut oidc = OidcConfig { issuer: issuer.clone(), people, ..OidcConfig::default() };
        change(&mut oidc);
        let config =
            ServeConfig { public_url: Some(ORIGIN.to_owned()), oidc: Some(oidc), ..ServeConfig::default() };
        let garden = testing::garden();
        let site = Site::new(HOST.parse().unwrap(), config).unwrap();
        let clock = site.external.as_ref().unwrap().clock.clone();
        let router = routes(app_of(garden.library.clone(), site));
        World { router, published, issuer, clock, _garden: garden }
    }

    /// What a good token of Ada's says.
    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "aud": format!("{ORIGIN}/mcp"), "sub": "ada", "azp": "app",
            "exp": self.clock.now() + 300, "scope": "openid notes:search notes:read",
        })
    }

    fn changed(&self, changes: &Value) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims
    }

    async fn call(&self, path: &str, token: &str, name: &str, arguments: Value) -> Answered {
        let bearer = format!("Bearer {token}");
        let headers = [("host", "notes.example"), ("authorization", bearer.as_str())];
        send(&self.router, request(Method::POST, path, &headers, legacy_call(name, arguments))).await
    }

    async fn status(&self, token: &str) -> u16 {
        self.call("/mcp", token, "search", json!({"query": "rye"})).await.status.as_u16()
    }

    fn asked(&self) -> usize {
        self.published.asked.load(Ordering::Relaxed)
    }

    async fn get(&self, path: &str) -> Answered {
        send(&self.router, request(Method::GET, path, &[("host", "notes.example"), ("content-type", "")], ""))
            .await
    }
}

#[tokio::test]
async fn a_token_of_each_kind_of_key_opens() {
    let signers = [Signer::rsa(), Signer::curve(), Signer::edwards()];
    let jwks = signers.iter().map(|signer| signer.jwk(signer.algorithm()));
    // Keys that nobody here knows do not spoil the others.
    let odd = [
        json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "x"}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
    ];
    let world = World::new(odd.into_iter().chain(jwks).collect()).await;
    for signer in &signers {
        let id = signer.algorithm();
        assert_eq!(world.status(&signer.token(id, &world.claims(), &json!({}))).await, 200, "{id}");
        let without_id = signer.token(id, &world.claims(), &json!({"kid": null, "typ": "JWT"}));
        assert_eq!(world.status(&without_id).await, 200, "{id} is the only one of its kind");
    }
    assert_eq!(world.asked(), 1);
    assert_eq!(world.call("/mcp", "no.such.token", "search", json!({"query": "rye"})).await.status, 401);
}

#[tokio::test]
async fn r06_forged_and_foreign_tokens_are_worth_nothing() {
    let (rsa, curve, own) = (Signer::rsa(), Signer::curve(), Signer::curve());
    let world = World::new(vec![rsa.jwk("r"), curve.jwk("c")]).await;
    let claims = world.claims();
    let none = |alg: &str| unsigned(&json!({"alg": alg, "kid": "r", "typ": "JWT"}), &claims);
    let jwk = rsa.jwk("r");
    let public_key = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let by_secret = |secret: &[u8]| {
        let message = unsigned(&json!({"alg": "HS256", "kid": "r", "typ": "JWT"}), &claims);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        let signed = ring::hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
    };
    let good = rsa.token("r", &claims, &json!({}));
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signed) = rest.split_once('.').unwrap();
    let others = URL_SAFE_NO_PAD.encode(world.changed(&json!({"sub": "eve"})).to_string());
    let with = |changes: Value| rsa.token("r", &world.changed(&changes), &json!({}));
    let headed = |header: Value| rsa.token("r", &claims, &header);
    for (what, token) in [
        ("none", format!("{}.", none("none"))),
        ("none with a signature", format!("{}.{signed}", none("none"))),
        ("none in other letters", format!("{}.", none("nOnE"))),
        ("the public key as a secret", by_secret(&public_key)),
        ("the published key as a secret", by_secret(jwk.to_string().as_bytes())),
        ("an empty secret", by_secret(b"")),
        ("a key of its own under a known name", own.token("c", &claims, &json!({}))),
        ("another key's name", curve.token("r", &claims, &json!({}))),
        ("another algorithm's name", headed(json!({"alg": "RS512"}))),
        ("words changed after signing", format!("{head}.{others}.{signed}")),
        ("no signature", format!("{head}.{}.", rest.split_once('.').unwrap().0)),
        ("another issuer", with(json!({"iss": "https://evil.example"}))),
        ("another audience", with(json!({"aud": "https://other.example/mcp"}))),
        ("no audience", with(json!({"aud": null}))),
        ("expired", with(json!({"exp": world.clock.now() - 61}))),
        ("without end", with(json!({"exp": null}))),
        ("not valid yet", with(json!({"nbf": world.clock.now() + 120}))),
        ("an ID token", with(json!({"nonce": "n"}))),
        ("bound to a key", with(json!({"cnf": {"jkt": "x"}}))),
        ("a logout token", headed(json!({"typ": "logout+jwt"}))),
        ("demands of its own", headed(json!({"crit": ["b64"], "b64": false}))),
        ("too long", format!("{good}{}", "A".repeat(20_000))),
        ("four parts", format!("{good}.x")),
        ("nothing in three parts", "..".to_owned()),
    ] {
        let answered = world.call("/mcp", &token, "search", json!({"query": "rye"})).await;
        assert_eq!(answered.status, 401, "{what}: {}", answered.body);
        assert!(answered.header(header::WWW_AUTHENTICATE).contains("error=\"invalid_token\""), "{what}");
    }
    assert_eq!(world.status(&good).await, 200);
}

#[tokio::test]
async fn keys_are_taken_from_the_provider_alone_whatever_a_token_says() {
    let (known, own) = (Signer::curve(), Signer::curve());
    let world = World::new(vec![known.jwk("c")]).await;
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = format!("http://{}/keys", trap.local_addr().unwrap());
    for header in [
        json!({ "jku": address }),
        json!({ "x5u": address }),
        json!({ "jwk": own.jwk("c") }),
        json!({ "x5c": ["MIIB"] }),
        json!({ "kid": address }),
        json!({ "kid": "../../keys" }),
    ] {
        assert_eq!(world.status(&own.token("c", &world.claims(), &header)).await, 401, "{header}");
    }
    // A caller who came before the answers waits to be let in.
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_the_provider_once_a_minute() {
    let signer = Signer::edwards();
    let world = World::new(vec![signer.jwk("a")]).await;
    let good = signer.token("a", &world.claims(), &json!({}));
    assert_eq!((world.status(&good).await, world.asked()), (200, 1));
    for n in 0..50 {
        assert_eq!(world.status(&signer.token(&n.to_string(), &world.claims(), &json!({}))).await, 401);
    }
    assert_eq!((world.status(&good).await, world.asked()), (200, 1));
    world.clock.advance(61);
    for n in 0..50 {
        assert_eq!(world.status(&signer.token(&n.to_string(), &world.claims(), &json!({}))).await, 401);
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn keys_rotate_and_old_ones_end() {
    let (old, renewed) = (Signer::curve(), Signer::curve());
    let world = World::new(vec![old.jwk("old")]).await;
    let by = |signer: &Signer, id: &str| signer.token(id, &world.claims(), &json!({}));
    assert_eq!(world.status(&by(&old, "old")).await, 200);
    *world.published.keys.lock().unwrap() = vec![renewed.jwk("renewed")];
    world.clock.advance(61);
    assert_eq!(world.status(&by(&renewed, "renewed")).await, 200);
    assert_eq!(world.status(&by(&old, "old")).await, 401);

    // A key that is taken back without another one in its place ends within the hour.
    *world.published.keys.lock().unwrap() = vec![old.jwk("old")];
    assert_eq!(world.status(&by(&renewed, "renewed")).await, 200);
    world.clock.advance(60 * 60);
    assert_eq!(world.status(&by(&renewed, "renewed")).await, 401);
}

#[tokio::test]
async fn a_provider_that_is_away_locks_nobody_out_for_a_day() {
    let signer = Signer::curve();
    let world = World::new(vec![signer.jwk("c")]).await;
    let token = || signer.token("c", &world.claims(), &json!({}));
    world.published.is_down.store(true, Ordering::Relaxed);
    let answered = world.call("/mcp", &token(), "search", json!({"query": "rye"})).await;
    assert_eq!(
        (answered.status.as_u16(), answered.header(header::RETRY_AFTER)),
        (502, "10"),
        "{}",
        answered.body
    );
    world.published.is_down.store(false, Ordering::Relaxed);
    assert_eq!(world.status(&token()).await, 502, "it is not asked again at once");
    world.clock.advance(11);
    assert_eq!(world.status(&token()).await, 200);
    world.published.is_down.store(true, Ordering::Relaxed);
    world.clock.advance(20 * 60 * 60);
    assert_eq!(world.status(&token()).await, 200);
    world.clock.advance(4 * 60 * 60);
    assert_eq!(world.status(&token()).await, 502);
    world.published.is_down.store(false, Ordering::Relaxed);
    *world.published.issuer.lock().unwrap() = "https://evil.example".to_owned();
    world.clock.advance(11);
    assert_eq!(world.status(&token()).await, 502, "metadata of another issuer is none");
}

#[tokio::test]
async fn people_see_what_the_settings_grant_them_and_nobody_else_comes_in() {
    let signer = Signer::curve();
    let world = World::with(vec![signer.jwk("c")], |oidc| {
        oidc.people.insert("bob".to_owned(), person(&["path:日本/**"]));
    })
    .await;
    let of = |sub: &str| signer.token("c", &world.changed(&json!({ "sub": sub })), &json!({}));
    let fetch = async |sub: &str, id: &str| {
        let answered = world.call("/mcp", &of(sub), "fetch", json!({ "id": id })).await;
        (answered.status.as_u16(), answered.json()["result"]["isError"] == true)
    };
    assert_eq!(fetch("ada", "garden:Bread/Levain.md").await, (200, false));
    assert_eq!(fetch("bob", "garden:Bread/Levain.md").await, (200, true));
    assert_eq!(fetch("bob", "garden:日本/味噌.md").await, (200, false));
    for stranger in ["eve", "ADA", "*"] {
        let answered = world.call("/mcp", &of(stranger), "search", json!({"query": "rye"})).await;
        assert_eq!((answered.status.as_u16(), answered.json()["error"].as_str()), (403, Some("stranger")));
    }
    let open = World::with(vec![signer.jwk("c")], |oidc| {
        oidc.people = BTreeMap::from([("*".to_owned(), person(&["path:日本/**"]))]);
    })
    .await;
    let token = signer.token("c", &open.changed(&json!({"sub": "eve"})), &json!({}));
    assert_eq!(open.status(&token).await, 200);
}

#[tokio::test]
async fn scopes_have_the_providers_names_and_are_asked_for_by_them() {
    let signer = Signer::curve();
    let world = World::with(vec![signer.jwk("c")], |oidc| {
        oidc.scopes = vec![(Scope::Read, "api.read".to_owned())];
    })
    .await;
    let with = |scope: &str| signer.token("c", &world.changed(&json!({ "scope": scope })), &json!({}));
    let fetch =
        async |scope: &str| world.call("/mcp", &with(scope), "fetch", json!({"id": "garden:Long.txt"})).await;
    assert_eq!(fetch("notes:search api.read").await.status, 200);
    for too_little in ["notes:search", "notes:search notes:read", ""] {
        let answered = fetch(too_little).await;
        assert_eq!(answered.status, 403, "{too_little}");
        let challenge = answered.header(header::WWW_AUTHENTICATE);
        assert!(challenge.contains("insufficient_scope") && challenge.contains("api.read\""), "{challenge}");
    }
}

#[tokio::test]
async fn clients_are_sent_to_the_provider_and_nothing_is_issued_here() {
    let world = World::new(vec![Signer::curve().jwk("c")]).await;
    let answered = world.call("/mcp", "", "search", json!({})).await;
    let challenge = answered.header(header::WWW_AUTHENTICATE);
    assert!(challenge.contains(&format!("{ORIGIN}/.well-known/oauth-protected-resource/mcp")), "{challenge}");
    let metadata = world.get("/.well-known/oauth-protected-resource/mcp").await.json();
    assert_eq!(metadata["authorization_servers"], json!([world.issuer]));
    assert_eq!(metadata["resource"], format!("{ORIGIN}/mcp"));
    let none = world.get("/.well-known/oauth-authorization-server").await;
    assert_eq!((none.status.as_u16(), none.json()["error"].as_str()), (404, Some("not_found")));
    for path in ["/authorize", "/login", "/consent", "/token", "/register", "/revoke"] {
        assert!(matches!(world.get(path).await.status.as_u16(), 401 | 404), "{path}");
    }
}

#[tokio::test]
async fn a_token_for_one_collection_opens_that_alone() {
    let signer = Signer::curve();
    let world = World::new(vec![signer.jwk("c")]).await;
    let token =
        signer.token("c", &world.changed(&json!({"aud": format!("{ORIGIN}/c/garden/mcp")})), &json!({}));
    let call = async |path: &str| world.call(path, &token, "search", json!({"query": "rye"})).await.status;
    assert_eq!((call("/c/garden/mcp").await, call("/mcp").await), (StatusCode::OK, StatusCode::UNAUTHORIZED));
}
