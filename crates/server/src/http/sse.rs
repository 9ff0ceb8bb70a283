//! The HTTP transport that MCP had first (2024-11-05), for clients that know no other: answers come on a stream which the
//! client opened with `GET /sse`, and messages go to the address that is told there. It is no second road to the tools:
//! every message comes through the gate with its own token, is answered as at `/mcp`, and what comes of it is put on the
//! stream. [`super::streams`] keeps count of them.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ibid_core::id::CollectionName;
use serde_json::Value;
use url::Url;

use super::App;
use super::account::Account;
use super::door::{Road, is_json_type, of_collection, rpc_internal, speak};
use super::gate::internal;
use super::pages::not_found;
use super::refusal::refusal;
use super::streams::{NoPlace, NotOpened, Outlet, Owner};
use crate::mcp::BaseUrl;
use crate::oauth::principal::Principal;
use crate::oauth::request::Form;
use crate::viewer::Viewer;

/// How often a stream on which nothing is said shows that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The name of a stream's id in the address of its messages.
const SESSION: &str = "sessionId";

pub(super) async fn open(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Extension(base): Extension<BaseUrl>,
    headers: HeaderMap,
) -> Response {
    begin(&app, principal, None, &base, &headers)
}

/// The same for one collection. One that is not there for the caller is a path that is not there.
pub(super) async fn open_of_collection(
    State(app): State<App>,
    Path(name): Path<String>,
    Extension(principal): Extension<Principal>,
    Extension(viewer): Extension<Viewer>,
    Extension(base): Extension<BaseUrl>,
    headers: HeaderMap,
) -> Response {
    match of_collection(&app, &name, viewer).await {
        Some((name, _)) => begin(&app, principal, Some(name), &base, &headers),
        None => not_found().await,
    }
}

pub(super) async fn message(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Extension(viewer): Extension<Viewer>,
    request: Request,
) -> Response {
    answer(&app, Owner { principal: principal.id, only: None }, viewer, request).await
}

/// The same for one collection.
pub(super) async fn message_of_collection(
    State(app): State<App>,
    Path(name): Path<String>,
    Extension(principal): Extension<Principal>,
    Extension(viewer): Extension<Viewer>,
    request: Request,
) -> Response {
    match of_collection(&app, &name, viewer).await {
        Some((name, viewer)) => {
            answer(&app, Owner { principal: principal.id, only: Some(name) }, viewer, request).await
        }
        None => not_found().await,
    }
}

fn begin(
    app: &App,
    principal: Principal,
    only: Option<CollectionName>,
    BaseUrl(base): &BaseUrl,
    headers: &HeaderMap,
) -> Response {
    if is_of_another_site(headers) {
        let message = "pages of other sites may not open a stream";
        return refusal(StatusCode::FORBIDDEN, "origin", message);
    }
    let below = only.as_ref().map_or_else(String::new, |name| format!("/c/{name}"));
    let outlet = match app.streams.open(Owner { principal: principal.id.clone(), only }, Instant::now()) {
        Ok(outlet) => outlet,
        Err(NotOpened::TooMany) => {
            let message = "as many streams are open as one caller may have; close one";
            return later(StatusCode::TOO_MANY_REQUESTS, "too_often", message);
        }
        Err(NotOpened::NoRoom) => {
            let message = "no more streams can be opened now; /mcp needs none";
            return later(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
        }
        Err(NotOpened::NoRandomness) => return internal(),
    };
    tokio::spawn(look_after(app.clone(), outlet.id.clone(), principal));
    // Without host: clients take an address at the one they called alone.
    let prefix =
        Url::parse(base).map_or_else(|_| String::new(), |url| url.path().trim_end_matches('/').to_owned());
    let address = format!("{prefix}{below}/message?{SESSION}={}", outlet.id);
    let mut response = Sse::new(unfold((Some(address), outlet), next_event))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// First the address of messages, then answers.
async fn next_event(
    (address, mut outlet): (Option<String>, Outlet),
) -> Option<(Result<Event, Infallible>, (Option<String>, Outlet))> {
    let event = match address {
        Some(address) => Event::default().event("endpoint").data(address),
        None => Event::default().event("message").data(outlet.next().await?),
    };
    Some((Ok(event), (None, outlet)))
}

/// Whether a page of another site asks without saying where it is from, as pictures and scripts do. One that says its
/// origin was judged by that.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    !headers.contains_key(header::ORIGIN)
        && site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
}

/// Ends a stream that nobody uses, or whose owner has lost what was granted to them.
async fn look_after(app: App, id: String, principal: Principal) {
    loop {
        tokio::time::sleep(app.streams.pace.look).await;
        let holds = match &app.site.access {
            // What cannot be looked up opens nothing either.
            Some(access) => access.holds(&principal).await.unwrap_or(false),
            None => true,
        };
        if !holds || !app.streams.is_used(&id, Instant::now()) {
            return app.streams.end(&id);
        }
    }
}

/// Answers a message on the stream it names. Whoever has not opened that stream is told what everybody is who names none.
async fn answer(app: &App, owner: Owner, viewer: Viewer, request: Request) -> Response {
    let query = Form::parse(request.uri().query().unwrap_or_default().as_bytes());
    let id = query.one(SESSION).ok().flatten().unwrap_or_default();
    // Before anything is done: what cannot be answered is not begun.
    let place = match app.streams.place(id, &owner, Instant::now()) {
        Ok(place) => place,
        Err(NoPlace::Unknown) => {
            let message = "no such stream is open; open one with GET /sse";
            return refusal(StatusCode::NOT_FOUND, "session", message);
        }
        Err(NoPlace::Full) => {
            let message = "answers on the stream are not read; read them first";
            return later(StatusCode::TOO_MANY_REQUESTS, "too_often", message);
        }
    };
    let account = Account::of(request.extensions());
    let response = speak(app, viewer, request, Road::Stream).await;
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return rpc_internal() };
    let is_json = is_json_type(&parts.headers);
    match String::from_utf8(body.into()) {
        Ok(said) if is_json && (parts.status.is_success() || is_answer(&said)) => {
            if let Some(account) = account {
                account.sends(said.len());
            }
            place.send(said);
            StatusCode::ACCEPTED.into_response()
        }
        // No answer to a call: a notification was taken, or this was no message at all.
        Ok(said) => Response::from_parts(parts, Body::from(said)),
        Err(_) => rpc_internal(),
    }
}

/// Whether a refusal answers a call: it names which.
fn is_answer(said: &str) -> bool {
    let said: Option<Value> = serde_json::from_str(said).ok();
    said.is_some_and(|said| said["jsonrpc"] == "2.0" && !said["id"].is_null())
}

fn later(status: StatusCode, kind: &'static str, message: &str) -> Response {
    let mut response = refusal(status, kind, message);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
