//! What every request passes before it is answered: room, time, host, origin, length, and then the gate, which asks who
//! it is, in this order.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::account::{self, Account, Closed};
use super::gate::admit;
use super::refusal::{Refused, refusal};
use super::visit::takes_form;
use super::{App, MAX_BODY_BYTES};
use crate::config::Site;
use crate::mcp::BaseUrl;
use crate::metrics::label;
use crate::time::now_ms;
use crate::traces::{TRACED, Traced};

pub(super) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (method, whole) = (request.method().clone(), request.uri().path().to_owned());
    let account = Account::new((app.audit_ids)());
    request.extensions_mut().insert(account.clone());
    let span = tracing::info_span!(
        target: TRACED, "request", otel.kind = "server", http.request.method = known_method(&method),
        http.response.status_code = Empty, call = Empty, outcome = Empty, audit_id = %account.id,
    );
    request.extensions_mut().insert(Traced(span.clone()));
    let mut response = within_bounds(&app, request, next).instrument(span.clone()).await;
    let took = begun.elapsed();
    let Closed { call, outcome, entry } = account.close(&whole, &mut response, took, now_ms());
    let refused = response.extensions().get().map(|Refused(word)| *word);
    app.metrics.count(&call, outcome, took, refused);
    span.record("http.response.status_code", response.status().as_u16());
    span.record("call", label(&call)).record("outcome", outcome.name());
    if let (Some(log), Some(entry)) = (&app.site.audit, entry) {
        account::write(log, entry);
    }
    let path = first_part(&whole);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The rest of a path names notes, which are nobody's business but their owner's.
    tracing::debug!(%method, path, status = response.status().as_u16(), ms = begun.elapsed().as_millis(), "request");
    response
}

/// A method, in no words of the caller's own.
fn known_method(method: &Method) -> &'static str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.iter().position(|known| known == method).map_or("_OTHER", |at| names[at])
}

fn first_part(path: &str) -> &str {
    path.get(1..).and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

async fn within_bounds(app: &App, mut request: Request, next: Next) -> Response {
    let ends_connection = request.version() < Version::HTTP_2 && !request.body().is_end_stream();
    let unread = |refused| if ends_connection { last_on_its_connection(refused) } else { refused };
    let Ok(_place) = app.in_flight.try_acquire() else {
        return unread(busy());
    };
    let answer = async {
        if let Err(refused) = check(&app.site, &mut request) {
            return unread(*refused);
        }
        match admit(app, request).await {
            Ok((request, _place)) => next.run(request).await,
            Err(refused) => unread(*refused),
        }
    };
    tokio::time::timeout(app.request_timeout, answer).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} seconds", app.request_timeout.as_secs());
        unread(refusal(StatusCode::GATEWAY_TIMEOUT, "timeout", &message))
    })
}

/// Tells the caller that the connection ends with this answer, as it does when a request's body was not read: who asked on
/// it again would find it closed, and could not know whether they were heard.
fn last_on_its_connection(mut refused: Response) -> Response {
    refused.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    refused
}

/// There is no room for anybody.
pub(super) fn busy() -> Response {
    let message = "too many requests at once; try again in a second";
    let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
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
        if !allowed && !is_own_form(request) {
            let message = "pages of this origin may not call this server";
            return Err(Box::new(refusal(StatusCode::FORBIDDEN, "origin", message)));
        }
    }
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > MAX_BODY_BYTES as u64) {
        return Err(Box::new(too_large()));
    }
    let base = BaseUrl(site.base(&host));
    request.extensions_mut().insert(base);
    Ok(())
}

/// Whether a form may come from a page of ours that sends no referrer: browsers then leave its origin out as well. The
/// form itself, and what else the browser says of where it comes from, is looked at where it is read.
fn is_own_form(request: &Request) -> bool {
    let path = request.uri().path();
    (matches!(path, "/login" | "/logout" | "/consent") || takes_form(path))
        && request.headers().get(header::ORIGIN).is_some_and(|origin| origin == "null")
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

pub(super) fn too_large() -> Response {
    let message = format!("the body has more than {MAX_BODY_BYTES} bytes");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message)
}
