//! `/login`: name and password, for a request that waits or a page that somebody wants to read.

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, header};

use super::pages::{busy, login_page, problem};
use super::{Browser, is_ours, query_of, read_form, redirect};
use crate::http::App;
use crate::http::cookie::{Cookie, read_cookie, set_cookie};
use crate::http::gate::{Caller, internal};
use crate::http::visit::needed_for_page;
use crate::oauth::grant::{DEVICE_SECONDS, SESSION_SECONDS};
use crate::oauth::request::Form;
use crate::oauth::secret::Secret;
use crate::oauth::service::{Access, Failed};

/// The purpose that the proof of this form is made for.
const PROOF: &str = "login";

pub(super) async fn form(State(app): State<App>, request: Request) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let Some(browser) = Browser::of_or_new(request.headers(), access) else { return internal() };
    let form = query_of(request.uri());
    let page = page(StatusCode::OK, access, &browser, &form, None);
    browser.remember(page, access)
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    request: Request,
) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let headers = request.headers().clone();
    let (Some(browser), Some(form)) = (Browser::of(&headers, access), read_form(request).await) else {
        return not_ours();
    };
    if !is_ours(&headers, &form, &access.issuer, &access.proof(PROOF, &[&browser.secret])) {
        return not_ours();
    }
    let field = |name| form.one(name).ok().flatten().unwrap_or_default().to_owned();
    let (name, password) = (field("name"), field("password"));
    let device = read_cookie(&headers, Cookie::Device, &access.issuer);
    let Ok(known) = access.device(device.clone()).await else { return internal() };
    let device = device.filter(|_| known.as_ref() == Some(&name));
    let counted = match &device {
        Some(device) => access.limits.devices.count(device),
        None => {
            let by_name = || access.limits.names.count(&name.chars().take(64).collect::<String>());
            access.limits.logins.count(&caller).and_then(|()| by_name())
        }
    };
    if let Err(often) = counted {
        return busy(often);
    }
    match access.sign_in(name.clone(), password).await {
        Ok(Some(session)) => match signed_in(access, &form, &session, device.is_some(), name).await {
            Ok(response) => response,
            Err(Failed) => internal(),
        },
        Ok(None) => {
            tracing::warn!(%caller, "somebody could not sign in");
            let said = Some("Name and password do not belong together.");
            page(StatusCode::FORBIDDEN, access, &browser, &form, said)
        }
        Err(_) => internal(),
    }
}

/// Sends a person on whose browser is signed in from now on, and known for longer.
async fn signed_in(
    access: &Access,
    form: &Form,
    session: &Secret,
    is_known: bool,
    name: String,
) -> Result<Response, Failed> {
    let mut response = redirect(&destination(form));
    let mut give = |cookie, secret: &Secret, seconds| {
        if let Some(cookie) = set_cookie(cookie, secret.reveal(), seconds, &access.issuer) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    };
    give(Cookie::Session, session, SESSION_SECONDS);
    if !is_known {
        let device = access.run(move |store, now| store.remember_device(&name, now)).await?;
        give(Cookie::Device, &device, DEVICE_SECONDS);
    }
    Ok(response)
}

fn page(status: StatusCode, access: &Access, browser: &Browser, form: &Form, said: Option<&str>) -> Response {
    let kept: Vec<_> =
        ["request", "next"].into_iter().filter_map(|name| Some((name, form.one(name).ok()??))).collect();
    login_page(status, &access.proof(PROOF, &[&browser.secret]), &kept, said)
}

/// Where a person goes who has signed in: to the request that waits, or to a page of ours.
fn destination(form: &Form) -> String {
    if let Ok(Some(request)) = form.one("request")
        && request.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    {
        return format!("/consent?request={request}");
    }
    let next = form.one("next").ok().flatten().unwrap_or("/");
    let path = next.split('?').next().unwrap_or_default();
    let is_own =
        needed_for_page(path).is_some() && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { next.to_owned() } else { "/".to_owned() }
}

fn not_ours() -> Response {
    let why = "The form did not come from a page of this server in this browser, or it was open for too long. Go back, \
               load the page again, and allow cookies.";
    problem(StatusCode::FORBIDDEN, "Not signed in", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for (form, to) in [
            ("request=abc-_9", "/consent?request=abc-_9"),
            ("request=a%2Fb", "/"),
            ("request=a%0d%0aSet-Cookie:x", "/"),
            ("next=/d/garden:a.md", "/d/garden:a.md"),
            ("next=/?q=rye", "/?q=rye"),
            ("next=//evil.example", "/"),
            ("next=/%5Cevil.example", "/"),
            ("next=/d/%5C..%5C", "/"),
            ("next=https://evil.example", "/"),
            ("next=/authorize?x", "/"),
            ("", "/"),
        ] {
            assert_eq!(destination(&Form::parse(form.as_bytes())), to, "{form}");
        }
    }
}
