//! What every request passes before it is answered: room, time, host, origin, length, token, in this order.
//!
//! Sign-in and grants will stand where the token stands now.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::refusal::refusal;
use super::{App, MAX_BODY_BYTES};
use crate::config::Site;
use crate::mcp::BaseUrl;
use crate::viewer::Viewer;

/// Whether the caller presented what the server asks for. Left in the request for pages that show less to others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted(pub(super) bool);

pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), first_part(request.uri().path()).to_owned());
    let mut response = within_bounds(&app, request, next).await;
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The rest of a path names notes, which are nobody's business but their owner's.
    tracing::debug!(%method, path, status = response.status().as_u16(), ms = begun.elapsed().as_millis(), "request");
    response
}

fn first_part(path: &str) -> &str {
    path.get(1..).and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

async fn within_bounds(app: &App, mut request: Request, next: Next) -> Response {
    let Ok(_place) = app.in_flight.try_acquire() else {
        let mut response = refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many requests at once; try again in a second",
        );
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    let answer = async {
        match check(&app.site, &mut request) {
            Ok(()) => next.run(request).await,
            Err(refused) => *refused,
        }
    };
    tokio::time::timeout(app.request_timeout, answer).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} seconds", app.request_timeout.as_secs());
        refusal(StatusCode::GATEWAY_TIMEOUT, "timeout", &message)
    })
}

/// Lets a request through, with what was learned of it, or says why not.
fn check(site: &Site, request: &mut Request<Body>) -> Result<(), Box<Response>> {
    let host = host_of(request).filter(|host| site.allows_host(host)).ok_or_else(|| {
        Box::new(refusal(
            StatusCode::FORBIDDEN,
            "host",
            "this server does not go by that name; start it with --public-url to give it one",
        ))
    })?;
    let headers = request.headers();
    if let Some(origin) = headers.get(header::ORIGIN) {
        let allowed = origin.to_str().is_ok_and(|origin| site.allows_origin(origin, &host));
        if !allowed {
            let message = "pages of this origin may not call this server";
            return Err(Box::new(refusal(StatusCode::FORBIDDEN, "origin", message)));
        }
    }
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > MAX_BODY_BYTES as u64) {
        return Err(Box::new(too_large()));
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let admitted = site.admits(authorization);
    if !admitted && !is_open_to_all(request.uri().path()) {
        return Err(Box::new(unauthorized()));
    }
    let base = BaseUrl(site.base(&host));
    let extensions = request.extensions_mut();
    extensions.get_or_insert_with(|| site.viewer());
    extensions.insert(Admitted(admitted));
    extensions.insert(base);
    Ok(())
}

/// Who asks; the owner where nobody was told of.
pub(super) fn viewer_of(extensions: &http::Extensions) -> Viewer {
    extensions.get::<Viewer>().cloned().unwrap_or_else(Viewer::owner)
}

/// The name the request was sent to; `None` where there is none, or more than one.
fn host_of(request: &Request) -> Option<String> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().map(str::to_owned),
        (None, None) => request.uri().authority().map(ToString::to_string),
        _ => None,
    }
}

/// What a watchdog may see, and what says nothing of the notes.
fn is_open_to_all(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/style.css")
}

pub(super) fn too_large() -> Response {
    let message = format!("the body has more than {MAX_BODY_BYTES} bytes");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message)
}

fn unauthorized() -> Response {
    let message = "this server asks for its token: send the header `Authorization: Bearer TOKEN`";
    let mut response = refusal(StatusCode::UNAUTHORIZED, "unauthorized", message);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ibid\""));
    response
}
