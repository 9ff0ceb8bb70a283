//! The paths of sign-in: metadata, the way of a person from `/authorize` over `/login` to `/consent`, out by
//! `/logout`, and what clients
//! call themselves: `/token`, `/register`, `/revoke`. What is decided is decided in [`crate::oauth`].

mod authorize;
mod consent;
mod endpoints;
mod login;
mod logout;
mod pages;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::Value;

use super::App;
use super::cookie::{Cookie, read_cookie, set_cookie};
use super::pages::not_found;
use super::refusal::json_response;
use crate::oauth::metadata::{RESOURCE_METADATA, authorization_server, protected_resource};
use crate::oauth::request::{Form, Issuer, is_resource};
use crate::oauth::scope::Scopes;
use crate::oauth::secret::{Secret, same};
use crate::oauth::service::Access;

/// The most bytes of a form, or of a registration.
const MAX_FORM_BYTES: usize = 32 * 1024;

/// How long a browser is told from others, in seconds: as long as it may stay signed in, and a request may wait.
const BROWSER_SECONDS: u64 = 24 * 60 * 60;

/// Adds the paths where people can sign in.
pub(super) fn add_routes(router: Router<App>, app: &App) -> Router<App> {
    if app.site.way_in().is_none() {
        return router;
    }
    let router = router
        .route(RESOURCE_METADATA, get(resource_metadata))
        .route(&format!("{RESOURCE_METADATA}/{{*path}}"), get(resource_metadata));
    // Where people sign in elsewhere there is nothing more here.
    let Some(access) = app.site.sign_in() else { return router };
    let router = router
        .route("/.well-known/oauth-authorization-server", get(server_metadata))
        .route("/authorize", get(authorize::authorize))
        .route("/login", get(login::form).post(login::submit))
        .route("/logout", get(logout::form).post(logout::submit))
        .route("/consent", get(consent::form).post(consent::submit))
        .route("/token", post(endpoints::token))
        .route("/revoke", post(endpoints::revoke));
    match access.registration {
        true => router.route("/register", post(endpoints::register)),
        false => router,
    }
}

async fn server_metadata(State(app): State<App>) -> Response {
    match app.site.sign_in() {
        Some(access) => metadata(&authorization_server(&access.issuer, access.registration)),
        None => not_found().await,
    }
}

async fn resource_metadata(State(app): State<App>, uri: Uri) -> Response {
    let path = uri.path().strip_prefix(RESOURCE_METADATA).unwrap_or_default();
    match app.site.way_in() {
        Some(way_in) if is_resource(path) => {
            let scopes = way_in.names(Scopes::all());
            metadata(&protected_resource(way_in.server, &scopes, way_in.own, path))
        }
        _ => not_found().await,
    }
}

fn metadata(document: &Value) -> Response {
    let mut response = json_response(StatusCode::OK, document);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
    response
}

/// Sends a browser on by GET, whatever it came with.
pub(super) fn redirect(to: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else { return super::gate::internal() };
    let mut response = (StatusCode::SEE_OTHER, Body::empty()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Reads a form out of a body; `None` where it is none, or too long.
pub(super) async fn read_form(request: Request) -> Option<Form> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
        return None;
    }
    Some(Form::parse(&read_body(request).await?))
}

async fn read_body(request: Request) -> Option<Bytes> {
    to_bytes(request.into_body(), MAX_FORM_BYTES).await.ok()
}

pub(super) fn query_of(uri: &Uri) -> Form {
    Form::parse(uri.query().unwrap_or_default().as_bytes())
}

/// A browser as its cookie tells it; a new one gets its cookie with the answer.
struct Browser {
    secret: String,
    is_new: bool,
}

impl Browser {
    fn of(headers: &HeaderMap, access: &Access) -> Option<Browser> {
        read_cookie(headers, Cookie::Browser, &access.issuer).map(|secret| Browser { secret, is_new: false })
    }

    fn of_or_new(headers: &HeaderMap, access: &Access) -> Option<Browser> {
        Browser::of(headers, access).or_else(|| {
            let secret = Secret::draw().ok()?.reveal().to_owned();
            Some(Browser { secret, is_new: true })
        })
    }

    fn remember(&self, mut response: Response, access: &Access) -> Response {
        let cookie = set_cookie(Cookie::Browser, &self.secret, BROWSER_SECONDS, &access.issuer);
        if let Some(cookie) = cookie.filter(|_| self.is_new) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Whether a form was sent by a page of ours: what the browser says of its origin, and the value that only our page
/// could know.
pub(super) fn is_ours(headers: &HeaderMap, form: &Form, own: &Issuer, proof: &str) -> bool {
    let of = |name: &str| {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect::<Vec<_>>()
    };
    let site = of("sec-fetch-site");
    let site_fits = matches!(site[..], [] | ["same-origin"]);
    let origin_fits = match of("origin")[..] {
        [] => true,
        // Our pages send no referrer, and so no origin either. The browser says all the same that they are ours; on
        // plain loopback not every one does, and the proof alone must do.
        ["null"] => site == ["same-origin"] || (site.is_empty() && own.0.starts_with("http:")),
        [origin] => origin.eq_ignore_ascii_case(&own.0),
        _ => false,
    };
    site_fits && origin_fits && form.one("proof").ok().flatten().is_some_and(|shown| same(shown, proof))
}
