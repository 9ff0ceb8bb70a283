//! `/authorize`: a client sends a person here. Until client and redirect are known to belong together the person gets a
//! page; after that the client gets an answer, a wrong request too.

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::pages::{busy, problem};
use super::{Browser, query_of, redirect};
use crate::http::App;
use crate::http::cookie::{Cookie, read_cookie};
use crate::http::gate::{Caller, internal};
use crate::oauth::client::{Client, Standing, redirect_with};
use crate::oauth::request::{Asked, Form, Prompt, Wanted, state_of};
use crate::oauth::service::{Access, NoClient};

pub(super) async fn authorize(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    request: Request,
) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let device = read_cookie(request.headers(), Cookie::Device, &access.issuer);
    let Ok(known) = access.device(device.clone()).await else { return internal() };
    let counts_as = device.filter(|_| known.is_some()).unwrap_or_else(|| caller.clone());
    if let Err(often) = access.limits.authorizations.count(&counts_as) {
        return busy(often);
    }
    let form = query_of(request.uri());
    let client = match client(access, &form, &caller).await {
        Ok(client) => client,
        Err(response) => return *response,
    };
    let (redirect_uri, redirect_given) = match redirect_of(&client, &form) {
        Some(found) => found,
        None => {
            let why = "The address to go back to is not one of this client's. Nothing was sent there.";
            return problem(StatusCode::BAD_REQUEST, "Wrong address", why);
        }
    };
    let state = state_of(&form);
    let refuse =
        |error, description| answer_error(access, &redirect_uri, state.as_deref(), error, description);
    let wanted = match Wanted::read(&form, &access.issuer) {
        Ok(wanted) => wanted,
        Err(refused) => return refuse(refused.error, refused.description),
    };
    let session = read_cookie(request.headers(), Cookie::Session, &access.issuer);
    let Ok(user) = access.session(session).await else { return internal() };
    if wanted.prompt == Prompt::Never {
        // Consent is never remembered: each request is decided by a person.
        return match user {
            Some(_) => refuse("consent_required", "a person must decide"),
            None => refuse("login_required", "a person must sign in"),
        };
    }
    let Some(browser) = Browser::of_or_new(request.headers(), access) else { return internal() };
    let asked = Asked {
        client_id: client.id.clone(),
        client_name: client.name.clone(),
        redirect_given,
        challenge: wanted.challenge,
        scopes: wanted.scopes.to_string(),
        resource: wanted.resource,
        unverified: client.standing == Standing::Registered,
        local: client.is_local(),
        redirect_uri: redirect_uri.clone(),
        state: state.clone(),
    };
    let secret = browser.secret.clone();
    let Ok(begun) = access.run(move |store, now| store.begin(&asked, &secret, now)).await else {
        return internal();
    };
    let page = if user.is_some() { "consent" } else { "login" };
    browser.remember(redirect(&format!("/{page}?request={}", begun.reveal())), access)
}

async fn client(access: &Access, form: &Form, caller: &str) -> Result<Client, Box<Response>> {
    let page = |why: &str| Box::new(problem(StatusCode::BAD_REQUEST, "Unknown client", why));
    let Ok(Some(id)) = form.one("client_id") else {
        return Err(page("The request does not say which client it comes from."));
    };
    access.client(id, caller).await.map_err(|error| match error {
        NoClient::Unknown => {
            page("This client is not known here. Let it register again: remove it and add it anew.")
        }
        NoClient::Document(error) => page(&format!("The client's own description cannot be used: {error}.")),
        NoClient::TooOften(often) => Box::new(busy(often)),
        NoClient::Failed => Box::new(internal()),
    })
}

/// Where to go back to, and whether the client said so.
fn redirect_of(client: &Client, form: &Form) -> Option<(String, bool)> {
    match (form.one("redirect_uri").ok()?, &client.redirects[..]) {
        (Some(uri), _) => client.may_redirect_to(uri).then(|| (uri.to_owned(), true)),
        (None, [only]) => Some((only.clone(), false)),
        (None, _) => None,
    }
}

/// Sends a person back to the client with what it is to learn. The issuer goes with every answer (RFC 9207).
pub(super) fn answer(
    access: &Access,
    to: &str,
    state: Option<&str>,
    parameters: &[(&str, &str)],
) -> Response {
    let mut parameters = parameters.to_vec();
    if let Some(state) = state {
        parameters.push(("state", state));
    }
    parameters.push(("iss", &access.issuer.0));
    redirect(&redirect_with(to, &parameters))
}

fn answer_error(access: &Access, to: &str, state: Option<&str>, error: &str, description: &str) -> Response {
    answer(access, to, state, &[("error", error), ("error_description", description)])
}
