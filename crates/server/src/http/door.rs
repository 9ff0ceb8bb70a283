//! The way into MCP: a message is looked at before rmcp sees it, and rmcp's plain-text refusals are made JSON, so that
//! a client that got something wrong can read what.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use ibid_core::id::CollectionName;
use serde_json::{Map, Value};

use super::account::Account;
use super::guard::too_large;
use super::pages::not_found;
use super::refusal::{INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, rpc_refusal};
use super::schemes::Schemes;
use super::{App, MAX_BODY_BYTES};
use crate::viewer::Viewer;

/// Where a message says which revision it is written in.
const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// What rmcp wants to hear. We answer in JSON alone.
const BOTH_TYPES: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// The most bytes of a plain-text refusal that are passed on.
const MAX_REFUSAL_BYTES: usize = 4096;

pub(super) async fn mcp(
    State(app): State<App>,
    Extension(viewer): Extension<Viewer>,
    request: Request,
) -> Response {
    speak(&app, viewer, request, Road::Post).await
}

/// The same with one collection. One that is not there for the caller is a path that is not there.
pub(super) async fn mcp_of_collection(
    State(app): State<App>,
    Path(name): Path<String>,
    Extension(viewer): Extension<Viewer>,
    request: Request,
) -> Response {
    match of_collection(&app, &name, viewer).await {
        Some((_, viewer)) => speak(&app, viewer, request, Road::Post).await,
        None => not_found().await,
    }
}

/// The collection of that name, and a viewer of it alone; `None` where it is not there for this one.
pub(super) async fn of_collection(app: &App, name: &str, viewer: Viewer) -> Option<(CollectionName, Viewer)> {
    let name = name.parse::<CollectionName>().ok()?;
    let viewer = viewer.only(&name);
    let (asking, asked) = (viewer.clone(), name.clone());
    match app.library.run(move |library| library.is_there(&asking, &asked)).await {
        Ok(Ok(is_there)) => is_there.then_some((name, viewer)),
        Ok(Err(error)) => {
            tracing::error!(%error, "what a viewer sees cannot be told");
            None
        }
        // The log has the panic.
        Err(_) => None,
    }
}

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Road {
    /// By itself: the answer to the request is the answer to the message.
    Post,
    /// Beside a stream, which takes the answer.
    Stream,
}

/// Answers one message, wherever the answer goes.
pub(super) async fn speak(app: &App, viewer: Viewer, request: Request, road: Road) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return in_json((app.mcp)(app, viewer, Request::from_parts(parts, Body::empty())).await).await;
    }
    if !is_json(&parts) {
        let message = "the Content-Type must be application/json";
        return rpc_refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST, message, None);
    }
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else { return too_large() };
    let message = match look_at(&body) {
        Ok(message) => message,
        Err(NoMessage { status, code, message, id }) => return rpc_refusal(status, code, message, id),
    };
    let account = Account::of(&parts.extensions);
    if let Some(account) = &account {
        account.asks(&message);
    }
    if road == Road::Stream || accepts_json(&parts) {
        parts.headers.insert(header::ACCEPT, BOTH_TYPES);
    }
    if road == Road::Stream && is_modern(&message) {
        say_again(&mut parts.headers, &message);
    }
    let schemes = schemes(app).filter(|_| message.get("method").is_some_and(|method| method == "tools/list"));
    let answer = in_json((app.mcp)(app, viewer, Request::from_parts(parts, Body::from(body))).await).await;
    match account {
        Some(account) => told(&account, schemes, answer).await,
        None => answer,
    }
}

/// Says in headers what a message says, as MCP wants it of a request since 2026-07-28. Beside a stream, as on a pipe, the
/// message alone says it.
fn say_again(headers: &mut HeaderMap, message: &Map<String, Value>) {
    let params = message.get("params");
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let meta = params.and_then(|params| params.get("_meta"));
    let named = params.and_then(|params| params.get("name").or(params.get("uri")));
    for (name, said) in [
        ("mcp-protocol-version", text(meta.and_then(|meta| meta.get(PROTOCOL_VERSION)))),
        ("mcp-method", text(message.get("method"))),
        ("mcp-name", text(named)),
    ] {
        let name = HeaderName::from_static(name);
        headers.remove(&name);
        let Some(said) = said else { continue };
        let plain = said.bytes().all(|byte| byte.is_ascii_graphic()) && !said.starts_with("=?");
        let said = if plain { said } else { format!("=?base64?{}?=", STANDARD.encode(said)) };
        if let Ok(value) = HeaderValue::from_str(&said) {
            headers.insert(name, value);
        }
    }
}

/// How the tools are opened; `None` where a token was given by hand, of which clients cannot be told.
fn schemes(app: &App) -> Option<Schemes<'_>> {
    match app.site.way_in() {
        Some(way_in) => Some(Schemes::SignIn(way_in)),
        None => (!app.site.is_guarded()).then_some(Schemes::Open),
    }
}

/// Notes what an answer gives; one that is an error is given the name of its entry, a list of tools how they are opened.
async fn told(account: &Account, schemes: Option<Schemes<'_>>, answer: Response) -> Response {
    if !is_json_type(answer.headers()) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return rpc_internal() };
    let Ok(mut message) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    let is_changed = account.gives(&mut message) | schemes.is_some_and(|all| all.write_into(&mut message));
    let body = match is_changed {
        true => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Body::from(message.to_string())
        }
        false => Body::from(body),
    };
    Response::from_parts(parts, body)
}

pub(super) fn rpc_internal() -> Response {
    rpc_refusal(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL_ERROR, "internal error", None)
}

pub(super) fn is_json_type(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

fn is_json(parts: &Parts) -> bool {
    let value = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

/// Whether JSON is welcome: it is named, or everything is, or nothing is said.
fn accepts_json(parts: &Parts) -> bool {
    let mut values = parts.headers.get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut essences =
        ranges.map(|range| range.split(';').next().unwrap_or(range).trim().to_ascii_lowercase());
    essences.any(|essence| matches!(essence.as_str(), "application/json" | "application/*" | "*/*" | ""))
}

/// Why a body is no message.
struct NoMessage {
    status: StatusCode,
    code: i32,
    message: &'static str,
    id: Option<Value>,
}

/// Refuses what is not one JSON-RPC message, and the one method that rmcp answers in an era that has removed it. What
/// the others mean is rmcp's business.
fn look_at(body: &[u8]) -> Result<Map<String, Value>, NoMessage> {
    let status = StatusCode::BAD_REQUEST;
    let refused = |code, message, id| Err(NoMessage { status, code, message, id });
    if body.trim_ascii().is_empty() {
        return refused(INVALID_REQUEST, "the body is empty: send one JSON-RPC message", None);
    }
    let message = match serde_json::from_slice(body) {
        Ok(Value::Object(message)) => message,
        Ok(Value::Array(_)) => {
            return refused(INVALID_REQUEST, "MCP has no batches: send one JSON-RPC message", None);
        }
        Ok(_) => return refused(INVALID_REQUEST, "a JSON-RPC message is an object", None),
        Err(_) => return refused(PARSE_ERROR, "the body is not JSON", None),
    };
    let id = message.get("id");
    if id.is_some_and(|id| !id.is_string() && !id.is_number()) {
        return refused(INVALID_REQUEST, "the id of a message is a string or a number", None);
    }
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refused(INVALID_REQUEST, "a message has \"jsonrpc\": \"2.0\"", id.cloned());
    }
    let is_call = message.get("method").is_some_and(Value::is_string);
    let is_answer = message.contains_key("result") || message.contains_key("error");
    if !is_call && !is_answer {
        return refused(INVALID_REQUEST, "a message has a \"method\"", id.cloned());
    }
    if message.get("method").and_then(Value::as_str) == Some("initialize") && is_modern(&message) {
        let (status, message) = (StatusCode::NOT_FOUND, "this revision of MCP has no initialize");
        return Err(NoMessage { status, code: METHOD_NOT_FOUND, message, id: id.cloned() });
    }
    Ok(message)
}

/// Whether a message says, as every one does since 2026-07-28, which revision it is written in.
fn is_modern(message: &Map<String, Value>) -> bool {
    let meta = message.get("params").and_then(|params| params.get("_meta"));
    meta.is_some_and(|meta| meta.get(PROTOCOL_VERSION).is_some())
}

/// An error answer that is not JSON becomes a JSON-RPC error with the same words; words about our own failures stay
/// here.
async fn in_json(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !is_error || kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = to_bytes(body, MAX_REFUSAL_BYTES).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let mut response = match status {
        status if status.is_server_error() => {
            tracing::error!(%said, "rmcp failed");
            rpc_refusal(status, INTERNAL_ERROR, "internal error", None)
        }
        // Only a body that rmcp cannot read is left of what it says with this status.
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            rpc_refusal(StatusCode::BAD_REQUEST, INVALID_REQUEST, "the message cannot be read", None)
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            rpc_refusal(status, INVALID_REQUEST, "MCP is spoken by POST here: there are no sessions", None)
        }
        status => rpc_refusal(status, INVALID_REQUEST, &said, None),
    };
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}
