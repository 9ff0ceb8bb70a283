//! What becomes of a request in the audit log. Whoever learns something of it while it is answered notes it here; the guard
//! writes it down when the answer goes out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::Response;
use http::{Extensions, HeaderValue, StatusCode};
use http_body::Body as _;
use serde_json::{Map, Value};

use super::refusal::{INTERNAL_ERROR, METHOD_NOT_FOUND};
use crate::audit::{AuditId, AuditLog, Entry, Given, Outcome};
use crate::mcp::KIND;
use crate::oauth::principal::Principal;
use crate::time::rfc3339_millis;

/// The header of every answer that names its entry.
const AUDIT_ID: &str = "x-audit-id";

/// Longer texts in arguments are cut.
const MAX_TEXT_CHARS: usize = 1_000;

/// A request's account. Clones are the same one.
#[derive(Clone)]
pub(super) struct Account {
    /// The name of its entry.
    pub(super) id: AuditId,
    // Held for a copy, never across an await.
    facts: Arc<Mutex<Facts>>,
}

#[derive(Default)]
struct Facts {
    who: Option<String>,
    client: Option<String>,
    address: Option<String>,
    call: Option<String>,
    arguments: Value,
    returned: Vec<Given>,
    masked: usize,
    outcome: Option<Outcome>,
}

/// A request that was answered.
pub(super) struct Closed {
    /// What it was, in words that may be the caller's.
    pub(super) call: String,
    pub(super) outcome: Outcome,
    /// What is to be written.
    pub(super) entry: Option<Entry>,
}

impl Account {
    pub(super) fn new(id: AuditId) -> Account {
        Account { id, facts: Arc::default() }
    }

    /// That of a request which the guard has let in.
    pub(super) fn of(extensions: &Extensions) -> Option<Account> {
        extensions.get::<Account>().cloned()
    }

    fn note(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.facts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How it ends, where the status of the answer does not say.
    pub(super) fn ends(&self, outcome: Outcome) {
        self.note(|facts| facts.outcome = Some(outcome));
    }

    /// Where it came from.
    pub(super) fn came_from(&self, address: &str) {
        self.note(|facts| facts.address = Some(address.to_owned()));
    }

    /// Whose it is.
    pub(super) fn is_of(&self, principal: &Principal) {
        self.note(|facts| {
            facts.who = Some(principal.name.clone());
            facts.client = principal.client.clone();
        });
    }

    /// What an MCP message asks for.
    pub(super) fn asks(&self, message: &Map<String, Value>) {
        let method = message.get("method").and_then(Value::as_str).unwrap_or("answer");
        let params = message.get("params");
        let of = |key: &str| params.and_then(|params| params.get(key));
        let tool = of("name").and_then(Value::as_str).filter(|_| method == "tools/call");
        let arguments = match tool {
            Some(_) => of("arguments").cloned().unwrap_or_default(),
            // A resource, or what is completed; what clients say of themselves is not of interest.
            None => of("uri").or(of("argument")).cloned().unwrap_or_default(),
        };
        self.note(|facts| {
            facts.call = Some(tool.unwrap_or(method).chars().take(100).collect());
            facts.arguments = cut(arguments);
        });
    }

    /// What an MCP answer gives. An error is given the name of its entry; gives whether there was one.
    pub(super) fn gives(&self, answer: &mut Value) -> bool {
        if let Some(error) = answer.get_mut("error") {
            let named = error["data"]["kind"].as_str().and_then(Outcome::named);
            let outcome = named.unwrap_or_else(|| outcome_of_code(error["code"].as_i64()));
            self.ends(outcome);
            if error["data"].is_null() {
                error["data"] = Value::Object(Map::new());
            }
            if let Some(data) = error["data"].as_object_mut() {
                data.insert("kind".to_owned(), outcome.name().into());
                data.insert("auditId".to_owned(), self.id.to_string().into());
            }
            return true;
        }
        let Some(result) = answer.get_mut("result") else { return false };
        if result["isError"] == true {
            let named = result["_meta"][KIND].as_str().and_then(Outcome::named);
            self.ends(named.unwrap_or(Outcome::Validation));
            if result["_meta"].is_null() {
                result["_meta"] = Value::Object(Map::new());
            }
            result["_meta"]["ibid/auditId"] = self.id.to_string().into();
            return true;
        }
        let content = &result["structuredContent"];
        let (returned, masked) = (given(result), content["masked_secrets"].as_u64().or(in_metadata(content)));
        self.note(|facts| {
            facts.returned = returned;
            facts.masked = masked.and_then(|masked| masked.try_into().ok()).unwrap_or(0);
        });
        false
    }

    /// Names the entry in the answer, and gives what is to be written: nothing of what says nothing of anybody, and nothing
    /// of a stranger who was held up, or a flood would push everybody else's entries out.
    pub(super) fn close(&self, path: &str, response: &mut Response, took: Duration, now_ms: u64) -> Closed {
        if let Ok(id) = HeaderValue::from_str(&self.id.to_string()) {
            response.headers_mut().insert(AUDIT_ID, id);
        }
        let first = path.get(1..).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let is_well = response.status().is_success();
        let mut facts = std::mem::take(&mut *self.facts.lock().unwrap_or_else(PoisonError::into_inner));
        let outcome = facts.outcome.unwrap_or_else(|| outcome_of(response.status()));
        let call = facts.call.take().unwrap_or_else(|| call_of(first).to_owned());
        let says_nothing =
            matches!(first, "healthz" | "readyz" | "style.css") || (first == ".well-known" && is_well);
        if says_nothing || (facts.who.is_none() && outcome == Outcome::RateLimit) {
            return Closed { call, outcome, entry: None };
        }
        let mut returned = facts.returned;
        if first == "d" && is_well {
            let id = path.trim_start_matches("/d/").chars().take(MAX_TEXT_CHARS).collect();
            returned.push(Given { id, bytes: None });
        }
        let entry = Entry {
            time: rfc3339_millis(now_ms),
            id: self.id.clone(),
            who: facts.who.unwrap_or_else(|| "nobody".to_owned()),
            client: facts.client,
            address: facts.address,
            call: call.clone(),
            arguments: facts.arguments,
            returned,
            masked: facts.masked,
            bytes: response.body().size_hint().exact().and_then(|bytes| bytes.try_into().ok()).unwrap_or(0),
            ms: took.as_millis().try_into().unwrap_or(u64::MAX),
            outcome,
        };
        Closed { call, outcome, entry: Some(entry) }
    }
}

/// What the result of a tool, or of reading a resource, gives.
fn given(result: &Value) -> Vec<Given> {
    let content = &result["structuredContent"];
    let id = |of: &Value, key: &str| of[key].as_str().map(str::to_owned);
    let named = |of: &Value, key: &str| Some(Given { id: id(of, key)?, bytes: None });
    let all = |of: &Value, key: &str| of[key].as_array().cloned().unwrap_or_default();
    let hits = all(content, "results").into_iter().filter_map(|hit| {
        let bytes = hit["start"].as_u64().zip(hit["end"].as_u64());
        Some(Given { id: id(&hit, "id")?, bytes })
    });
    let number = |key: &str| content["metadata"][key].as_str()?.parse::<u64>().ok();
    // More than the cited words is given: all that stands in the window.
    let fetched = Given {
        id: id(content, "id").unwrap_or_default(),
        bytes: number("text_start").zip(number("text_end")),
    };
    let near = ["links", "backlinks", "similar"].into_iter().flat_map(|key| all(content, key));
    let near = near.filter_map(|note| named(&note, "id"));
    // What is said of a document stands beside it, under its address with a fragment.
    let read = all(result, "contents").into_iter().filter_map(|resource| named(&resource, "uri"));
    let read = read.filter(|given| !given.id.contains('#'));
    hits.chain(Some(fetched).filter(|fetched| !fetched.id.is_empty())).chain(near).chain(read).collect()
}

/// How many secrets were masked in what was fetched.
fn in_metadata(content: &Value) -> Option<u64> {
    content["metadata"]["masked_secrets"].as_str()?.parse().ok()
}

/// What a path is for, where no message said more. A path that is not ours is not repeated.
fn call_of(first: &str) -> &'static str {
    match first {
        "" => "home",
        "d" => "page",
        "mcp" | "c" => "mcp",
        "authorize" => "authorize",
        "login" => "login",
        "logout" => "logout",
        "consent" => "consent",
        "token" => "token",
        "register" => "register",
        "revoke" => "revoke",
        ".well-known" => "metadata",
        "healthz" | "readyz" => "health",
        _ => "other",
    }
}

/// What a JSON-RPC error comes to that does not say it itself.
fn outcome_of_code(code: Option<i64>) -> Outcome {
    match code.and_then(|code| i32::try_from(code).ok()) {
        Some(INTERNAL_ERROR) => Outcome::Internal,
        Some(METHOD_NOT_FOUND) => Outcome::NotFound,
        _ => Outcome::Validation,
    }
}

/// What a status says of how a request ended.
pub(super) fn outcome_of(status: StatusCode) -> Outcome {
    match status {
        status if status.is_success() || status.is_redirection() => Outcome::Ok,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Permission,
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::NotFound,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Outcome::RateLimit,
        status if status.is_server_error() => Outcome::Internal,
        _ => Outcome::Validation,
    }
}

/// The same value with no text longer than a person reads.
fn cut(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(MAX_TEXT_CHARS).is_some() => {
            let text: String = text.chars().take(MAX_TEXT_CHARS).collect();
            Value::String(text + "…")
        }
        Value::Array(items) => items.into_iter().map(cut).collect(),
        Value::Object(object) => object.into_iter().map(|(key, value)| (key, cut(value))).collect(),
        other => other,
    }
}

/// Writes an entry without holding up the answer. One that cannot be written is told in the log of the server.
pub(super) fn write(log: &AuditLog, entry: Entry) {
    let log = log.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = log.append(&entry) {
            tracing::error!(%error, id = %entry.id, "the audit log cannot be written");
        }
    });
}
