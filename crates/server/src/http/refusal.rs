//! How HTTP says no: JSON with a stable kind and word for programs, and a sentence for people.

use std::any::Any;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::account::outcome_of;

/// JSON-RPC: the text is no JSON.
pub(crate) const PARSE_ERROR: i32 = -32700;
/// JSON-RPC: the JSON is no message.
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC: there is no such method.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC: it is our fault.
pub(crate) const INTERNAL_ERROR: i32 = -32603;

/// The word of a refusal, left in the response for whoever counts them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(pub(crate) &'static str);

/// A refusal outside MCP: its `kind` is one of five, `error` says which of that kind.
pub(crate) fn refusal(status: StatusCode, error: &'static str, message: &str) -> Response {
    let kind = outcome_of(status).name();
    let mut response = json_response(status, &json!({ "error": error, "kind": kind, "message": message }));
    response.extensions_mut().insert(Refused(error));
    response
}

/// A refusal as a JSON-RPC error. An id that could not be read is left out, as MCP has it.
pub(crate) fn rpc_refusal(status: StatusCode, code: i32, message: &str, id: Option<Value>) -> Response {
    let data = json!({ "kind": outcome_of(status).name() });
    let mut body = json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message, "data": data } });
    if let Some(id) = id {
        body["id"] = id;
    }
    let mut response = json_response(status, &body);
    response.extensions_mut().insert(Refused("message"));
    response
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    let mut response = (status, Body::from(body.to_string())).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// What is said when a handler panicked. The panic hook has written the rest.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request's handler panicked");
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error")
}
