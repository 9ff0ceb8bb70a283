//! `/logout`: a browser that was signed in is so no more. The form asks first, so that no other site can do it by a link.

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use super::pages::{logout_page, problem};
use super::{Browser, is_ours, read_form, redirect};
use crate::http::App;
use crate::http::cookie::{Cookie, read_cookie, set_cookie};
use crate::http::gate::internal;
use crate::oauth::service::{Access, Failed};

/// The purpose that the proof of this form is made for.
const PROOF: &str = "logout";

pub(super) async fn form(State(app): State<App>, request: Request) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let (browser, session) = both(request.headers(), access);
    let (Some(browser), Some(session)) = (browser, session) else { return nobody() };
    match access.session(Some(session.clone())).await {
        Ok(Some(user)) => logout_page(&user, &access.proof(PROOF, &[&browser.secret, &session])),
        Ok(None) => nobody(),
        Err(Failed) => internal(),
    }
}

pub(super) async fn submit(State(app): State<App>, request: Request) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let headers = request.headers().clone();
    let (browser, session) = both(&headers, access);
    let (Some(browser), Some(session), Some(form)) = (browser, session, read_form(request).await) else {
        return not_ours();
    };
    if !is_ours(&headers, &form, access, &access.proof(PROOF, &[&browser.secret, &session])) {
        return not_ours();
    }
    if access.run(move |store, _| store.end_session(&session)).await.is_err() {
        return internal();
    }
    let mut response = redirect("/login");
    if let Some(cookie) = set_cookie(Cookie::Session, "", 0, &access.issuer) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What a browser says of itself, and of who is signed in with it.
fn both(headers: &HeaderMap, access: &Access) -> (Option<Browser>, Option<String>) {
    (Browser::of(headers, access), read_cookie(headers, Cookie::Session, &access.issuer))
}

fn nobody() -> Response {
    problem(StatusCode::OK, "Signed out", "Nobody is signed in with this browser.")
}

fn not_ours() -> Response {
    let why =
        "The form did not come from a page of this server in this browser. Go back, and load the page again.";
    problem(StatusCode::FORBIDDEN, "Still signed in", why)
}
