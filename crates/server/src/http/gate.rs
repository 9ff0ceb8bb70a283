//! Who calls, and whether that is enough: address, credentials, the resource they are for, how often, and the scope that
//! an MCP message needs. What comes through carries its [`Principal`].

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use ibid_core::grant::Grant;
use serde_json::{Value, json};

use super::App;
use super::MAX_BODY_BYTES;
use super::account::Account;
use super::cookie::{Cookie, read_cookie};
use super::guard::{busy, too_large};
use super::refusal::{json_response, refusal};
use super::sign_in::redirect;
use super::visit::{needed_for_page, takes_form};
use crate::audit::Outcome;
use crate::crowd::{Crowded, Place};
use crate::mcp::KIND;
use crate::oauth::external::Shown;
use crate::oauth::limits::{TooOften, caller, key_of};
use crate::oauth::metadata::resource_of;
use crate::oauth::principal::Principal;
use crate::oauth::scope::{Scopes, needed};
use crate::oauth::service::{Bearer, Failed};
use crate::page::asset::Asset;
use crate::viewer::Viewer;

/// What limits count a caller as. Left in the request.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) String);

/// Whether somebody came in as somebody. Left in the request for pages that show less to others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted(pub(super) bool);

/// What a request's credentials came to.
enum Who {
    Known(Principal),
    /// There were none.
    Nobody,
    /// There were some, and they are worth nothing here.
    Refused,
    /// They are good, and their holder was granted nothing.
    Stranger,
    /// Whoever could say what they are worth cannot be asked.
    Unclear,
}

/// Lets a request through, with what was learned of it and its place among others of its kind, or says why not.
pub(super) async fn admit(app: &App, request: Request) -> Result<(Request, Option<Place>), Box<Response>> {
    let (mut parts, body) = request.into_parts();
    let (peer, caller) = caller_of(app, &parts);
    let account = Account::of(&parts.extensions);
    if let Some(account) = &account {
        account.came_from(&caller);
    }
    // A person's own programs on their own machine are not counted where nothing is asked of them.
    if app.site.access.is_some() || app.site.external.is_some() || !peer.is_loopback() {
        app.limits.requests.count(&caller).map_err(|often| Box::new(too_often(often)))?;
    }
    let who = who(app, &parts).await.map_err(|Failed| Box::new(internal()))?;
    parts.extensions.insert(Caller(caller.clone()));
    parts.extensions.insert(Admitted(matches!(who, Who::Known(_))));
    let principal = match who {
        Who::Known(principal) => principal,
        _ if is_open_to_all(app, parts.uri.path()) => {
            parts.extensions.get_or_insert_with(|| app.site.viewer());
            let is_slow = is_way_in(parts.uri.path());
            let place = is_slow.then(|| app.strangers.enter(&caller)).transpose().map_err(crowded)?;
            return Ok((Request::from_parts(parts, body), place));
        }
        Who::Nobody => return Err(Box::new(nobody(app, &parts))),
        Who::Refused => return Err(Box::new(unauthorized(app, parts.uri.path(), Some("invalid_token")))),
        Who::Stranger => {
            let message = "you are signed in, and the owner of these notes has granted you nothing";
            return Err(Box::new(refusal(StatusCode::FORBIDDEN, "stranger", message)));
        }
        Who::Unclear => return Err(Box::new(unclear())),
    };
    if let Some(account) = &account {
        account.is_of(&principal);
    }
    let mut place = None;
    if app.site.is_guarded() {
        app.limits.calls.count(&principal.id).map_err(|often| Box::new(too_often(often)))?;
        place = Some(app.principals.enter(&principal.id).map_err(crowded)?);
    }
    if let Some(needed) =
        needed_for_page(parts.uri.path()).filter(|needed| !principal.scopes.contains(*needed))
    {
        let challenge = more_needed(app, parts.uri.path(), &principal, needed);
        return Err(Box::new(insufficient_scope(&parts.headers, &Value::Null, &challenge)));
    }
    let viewer = viewer(app, &principal)?;
    // What stands there already was put there within this process.
    parts.extensions.get_or_insert_with(|| viewer);
    let is_message = is_mcp(parts.uri.path()) && parts.method == Method::POST;
    let mut request = Request::from_parts(parts, body);
    if is_message {
        request = within_scopes(app, request, &principal).await?;
    }
    request.extensions_mut().insert(principal);
    Ok((request, place))
}

fn crowded(crowded: Crowded) -> Box<Response> {
    Box::new(match crowded {
        Crowded::Each => too_often(TooOften { retry_after: 1 }),
        Crowded::All => busy(),
    })
}

/// What a caller sees. Rules that cannot be read show nothing.
fn viewer(app: &App, principal: &Principal) -> Result<Viewer, Box<Response>> {
    if principal.rules.is_empty() {
        return Ok(app.site.viewer());
    }
    let refused = |reason: String| {
        tracing::error!(principal = %principal.id, reason, "a grant cannot be read");
        Box::new(refusal(StatusCode::FORBIDDEN, "grant", "what was granted cannot be read; ask for it anew"))
    };
    let grant = Grant::parse(&principal.rules).map_err(|error| refused(error.to_string()))?;
    Viewer::remote(grant, app.site.private()).map_err(|error| refused(error.to_string()))
}

/// The connection's other end, and what the caller counts as.
fn caller_of(app: &App, parts: &Parts) -> (IpAddr, String) {
    let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    // Where nobody says who is connected, all are one stranger.
    let peer = connected.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    let forwarded = parts.headers.get_all("x-forwarded-for").iter();
    let forwarded: Vec<&str> = forwarded.filter_map(|value| value.to_str().ok()).collect();
    let caller = caller(peer, &forwarded, &app.site.trusted_proxies);
    (peer.to_canonical(), key_of(caller))
}

async fn who(app: &App, parts: &Parts) -> Result<Who, Failed> {
    if !app.site.is_guarded() {
        return Ok(Who::Known(Principal::local()));
    }
    let secret = match bearer(&parts.headers) {
        Ok(Some(secret)) => secret,
        Ok(None) => return browser(app, parts).await,
        Err(NoBearer) => return Ok(Who::Refused),
    };
    if app.site.is_token(secret) {
        return Ok(Who::Known(Principal::secret()));
    }
    if let Some(external) = &app.site.external
        && is_signed(secret)
    {
        return Ok(match external.bearer(secret, &resource_of(parts.uri.path())).await {
            Shown::Of(principal) => Who::Known(principal),
            Shown::Refused => Who::Refused,
            Shown::Stranger => Who::Stranger,
            Shown::Unclear => Who::Unclear,
        });
    }
    let Some(access) = &app.site.access else { return Ok(Who::Refused) };
    Ok(match access.bearer(secret, &resource_of(parts.uri.path())).await? {
        Bearer::Of(principal) => Who::Known(principal),
        Bearer::Elsewhere | Bearer::Unknown => Who::Refused,
    })
}

/// Whether a token has the three parts of a signed one. Those that were made here have one.
fn is_signed(secret: &str) -> bool {
    secret.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// An `Authorization` that is no bearer token.
struct NoBearer;

/// The token of a request; no other place than this header is looked at.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, NoBearer> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let (scheme, secret) =
        value.to_str().ok().and_then(|value| value.trim().split_once(' ')).ok_or(NoBearer)?;
    let alone = values.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    if alone { Ok(Some(secret.trim())) } else { Err(NoBearer) }
}

/// A person who reads pages; a cookie opens nothing else.
async fn browser(app: &App, parts: &Parts) -> Result<Who, Failed> {
    let Some(access) = app.site.sign_in() else { return Ok(Who::Nobody) };
    if !is_page(parts) {
        return Ok(Who::Nobody);
    }
    let session = read_cookie(&parts.headers, Cookie::Session, &access.issuer);
    Ok(match access.session(session).await? {
        Some(user) => Who::Known(Principal::browser(&user)),
        None => Who::Nobody,
    })
}

/// Whether a person would look at it in a browser.
fn is_page(parts: &Parts) -> bool {
    let path = parts.uri.path();
    match parts.method {
        Method::GET | Method::HEAD => needed_for_page(path).is_some(),
        Method::POST => takes_form(path),
        _ => false,
    }
}

/// What a watchdog may see, what says nothing of the notes, and the way in.
fn is_open_to_all(app: &App, path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
        || Asset::is_path(path)
        || path.starts_with("/.well-known/")
        || (is_way_in(path) && app.site.sign_in().is_some())
}

fn is_way_in(path: &str) -> bool {
    matches!(path, "/authorize" | "/login" | "/logout" | "/consent" | "/token" | "/register" | "/revoke")
}

fn is_mcp(path: &str) -> bool {
    !resource_of(path).is_empty()
}

/// Looks whether what was granted covers an MCP message. What is passed on is what was looked at.
async fn within_scopes(app: &App, request: Request, principal: &Principal) -> Result<Request, Box<Response>> {
    if principal.scopes == Scopes::all() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Box::new(too_large()))?;
    let Ok(message @ Value::Object(_)) = serde_json::from_slice::<Value>(&body) else {
        // No message: it is refused where messages are read.
        return Ok(Request::from_parts(parts, Body::from(body)));
    };
    let needed = needed(&message);
    if principal.scopes.contains(needed) {
        // Written anew, so that no second reader can find another method in the same bytes.
        return Ok(Request::from_parts(parts, Body::from(message.to_string())));
    }
    let challenge = more_needed(app, parts.uri.path(), principal, needed);
    if let Some(account) = Account::of(&parts.extensions) {
        // ChatGPT is told so in an answer that looks well.
        account.ends(Outcome::Permission);
    }
    Err(Box::new(insufficient_scope(&parts.headers, &message, &challenge)))
}

/// The challenge that names all that must be granted.
fn more_needed(app: &App, path: &str, principal: &Principal, needed: Scopes) -> String {
    let wanted = principal.scopes.or(needed);
    match app.site.way_in() {
        Some(way_in) => way_in.challenge(path, wanted, Some("insufficient_scope")),
        None => format!("Bearer realm=\"ibid\", error=\"insufficient_scope\", scope=\"{wanted}\""),
    }
}

/// Says that more must be granted: with status 403 to whom MCP is spoken, and as the result of the call to ChatGPT,
/// which shows its button for that alone.
fn insufficient_scope(headers: &HeaderMap, message: &Value, challenge: &str) -> Response {
    const SENTENCE: &str = "this needs more than was granted; sign in again and allow it";
    let params = message.get("params");
    let meta = params.and_then(|params| params.get("_meta")).and_then(Value::as_object);
    let by_header = headers.contains_key("x-openai-session")
        || headers.get(header::USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"openai-mcp"));
    let is_openai = by_header || meta.is_some_and(|meta| meta.keys().any(|key| key.starts_with("openai/")));
    let id = message.get("id").cloned().unwrap_or(Value::Null);
    if is_openai && message.get("method").is_some_and(|method| method == "tools/call") {
        let mut result = json!({
            "content": [{ "type": "text", "text": SENTENCE }],
            "isError": true,
            "_meta": { "mcp/www_authenticate": [challenge], KIND: Outcome::Permission.name() },
        });
        if meta.is_some_and(|meta| meta.contains_key("io.modelcontextprotocol/protocolVersion")) {
            result["resultType"] = json!("complete");
        }
        return json_response(StatusCode::OK, &json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }
    let mut response = refusal(StatusCode::FORBIDDEN, "insufficient_scope", SENTENCE);
    authenticate(&mut response, challenge);
    response
}

/// To a browser that wants a page, the way to sign in; to all else the challenge.
fn nobody(app: &App, parts: &Parts) -> Response {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if app.site.sign_in().is_some()
        && is_page(parts)
        && accept.is_some_and(|accept| accept.contains("text/html"))
    {
        let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let next = url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
        return redirect(&format!("/login?next={next}"));
    }
    unauthorized(app, parts.uri.path(), None)
}

fn unauthorized(app: &App, path: &str, error: Option<&str>) -> Response {
    let message = "this server asks for a token: send the header `Authorization: Bearer TOKEN`";
    let mut response = refusal(StatusCode::UNAUTHORIZED, "unauthorized", message);
    let challenge = match app.site.way_in() {
        Some(way_in) => way_in.challenge(path, Scopes::all(), error),
        None => "Bearer realm=\"ibid\"".to_owned(),
    };
    authenticate(&mut response, &challenge);
    response
}

fn authenticate(response: &mut Response, challenge: &str) {
    if let Ok(challenge) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
}

/// Says that the identity provider is not there.
fn unclear() -> Response {
    let message = "the identity provider cannot be asked for its keys; try again in a while";
    let mut response = refusal(StatusCode::BAD_GATEWAY, "provider", message);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

/// Says when to come again.
pub(super) fn too_often(TooOften { retry_after }: TooOften) -> Response {
    let message = format!("too many requests; try again in {retry_after} s");
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too_often", &message);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

pub(crate) fn internal() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error").into_response()
}
