//! What clients call by themselves: `/token`, `/revoke`, `/register`. Answers are JSON in the words of OAuth.

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{read_body, read_form};
use crate::http::App;
use crate::http::gate::{Caller, internal, too_often};
use crate::http::refusal::json_response;
use crate::oauth::client::{Client, read_registration};
use crate::oauth::document::document_url;
use crate::oauth::grant::{ACCESS_SECONDS, Exchange, NotGranted, Renewal};
use crate::oauth::request::{Form, Repeated};
use crate::oauth::scope::Scopes;
use crate::oauth::service::{Access, Failed};
use crate::oauth::store::Issued;

/// Why a client is told no: status, word, sentence.
type Refused = (StatusCode, &'static str, &'static str);

const INVALID_REQUEST: Refused = (
    StatusCode::BAD_REQUEST,
    "invalid_request",
    "a parameter is missing, stands there twice, or is no form field",
);
const INVALID_CLIENT: Refused =
    (StatusCode::UNAUTHORIZED, "invalid_client", "the client is not known; register again");
const INVALID_TARGET: Refused =
    (StatusCode::BAD_REQUEST, "invalid_target", "resource is not the one that was granted");
const INVALID_SCOPE: Refused = (StatusCode::BAD_REQUEST, "invalid_scope", "scope is more than was granted");
const FAILED: Refused = (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal error");

impl From<Repeated> for RefusedAs {
    fn from(Repeated: Repeated) -> RefusedAs {
        RefusedAs(INVALID_REQUEST)
    }
}

impl From<Failed> for RefusedAs {
    fn from(Failed: Failed) -> RefusedAs {
        RefusedAs(FAILED)
    }
}

/// A refusal on its way through `?`.
struct RefusedAs(Refused);

pub(super) async fn token(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    request: Request,
) -> Response {
    let (access, form) = match form_of(&app, &caller, request).await {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    match exchange(access, form).await {
        Ok(Ok(issued)) => no_store(json_response(StatusCode::OK, &answer(&issued))),
        Ok(Err(not)) => refuse(of_not_granted(not)),
        Err(RefusedAs(refused)) => refuse(refused),
    }
}

/// The form of a client that exchanges something, as often as it may.
async fn form_of<'a>(
    app: &'a App,
    caller: &str,
    request: Request,
) -> Result<(&'a Access, Form), Box<Response>> {
    let access = app.site.sign_in().ok_or_else(|| Box::new(internal()))?;
    access.limits.exchanges.count(caller).map_err(|often| Box::new(too_often(often)))?;
    let form = read_form(request).await.ok_or_else(|| Box::new(refuse(INVALID_REQUEST)))?;
    Ok((access, form))
}

fn answer(issued: &Issued) -> Value {
    json!({
        "access_token": issued.access.reveal(),
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": issued.refresh.reveal(),
        "scope": issued.scopes.to_string(),
    })
}

fn of_not_granted(not: NotGranted) -> Refused {
    match not {
        NotGranted::Grant | NotGranted::Stolen => (
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "the code or token is unknown, used, expired or another's",
        ),
        NotGranted::Scope => INVALID_SCOPE,
        NotGranted::Target => INVALID_TARGET,
    }
}

async fn exchange(access: &Access, form: Form) -> Result<Result<Issued, NotGranted>, RefusedAs> {
    let grant = form.one("grant_type")?.ok_or(RefusedAs(INVALID_REQUEST))?.to_owned();
    if !matches!(grant.as_str(), "authorization_code" | "refresh_token") {
        let description = "grant_type is authorization_code or refresh_token";
        return Err(RefusedAs((StatusCode::BAD_REQUEST, "unsupported_grant_type", description)));
    }
    let client_id = form.one("client_id")?.unwrap_or_default().to_owned();
    if !is_known(access, &client_id).await? {
        return Err(RefusedAs(INVALID_CLIENT));
    }
    let resource = resource(access, &form)?;
    if grant == "authorization_code" {
        let needed = |name| form.one(name)?.map(str::to_owned).ok_or(RefusedAs(INVALID_REQUEST));
        let (code, verifier) = (needed("code")?, needed("code_verifier")?);
        let redirect = form.one("redirect_uri")?.map(str::to_owned);
        let work = access.run(move |store, now| {
            let (redirect_uri, resource) = (redirect.as_deref(), resource.as_deref());
            let shown = Exchange { client_id: &client_id, redirect_uri, verifier: &verifier, resource };
            store.exchange(&code, shown, now)
        });
        return Ok(work.await?);
    }
    let token = form.one("refresh_token")?.ok_or(RefusedAs(INVALID_REQUEST))?.to_owned();
    let scopes = match form.one("scope")?.map(Scopes::parse) {
        Some(Err(_)) => return Err(RefusedAs(INVALID_SCOPE)),
        Some(Ok(scopes)) => Some(scopes),
        None => None,
    };
    let key = access.key.clone();
    let work = access.run(move |store, now| {
        let shown = Renewal { client_id: &client_id, scopes, resource: resource.as_deref() };
        store.renew(&token, shown, &key, now)
    });
    Ok(work.await?)
}

/// Whether there is such a client. Of those with a document the code or token says the rest: it is bound to the id.
async fn is_known(access: &Access, id: &str) -> Result<bool, Failed> {
    if Client::built_in(id).is_some() || document_url(id).is_some() {
        return Ok(true);
    }
    let id = id.to_owned();
    access.run(move |store, now| store.registered(&id, now).map(|client| client.is_some())).await
}

/// The resource that is named, as a path of ours.
fn resource(access: &Access, form: &Form) -> Result<Option<String>, RefusedAs> {
    let mut found = None;
    for text in form.all("resource").filter(|text| !text.is_empty()) {
        let path = access.issuer.resource(text).ok_or(RefusedAs(INVALID_TARGET))?;
        if found.as_ref().is_some_and(|other| *other != path) {
            return Err(RefusedAs(INVALID_TARGET));
        }
        found = Some(path);
    }
    Ok(found)
}

/// Always 200 for what can be read: whether there was such a token is nobody's business (RFC 7009).
pub(super) async fn revoke(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    request: Request,
) -> Response {
    let (access, form) = match form_of(&app, &caller, request).await {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let (Ok(Some(token)), Ok(Some(client))) = (form.one("token"), form.one("client_id")) else {
        return refuse(INVALID_REQUEST);
    };
    let (token, client) = (token.to_owned(), client.to_owned());
    match access.run(move |store, now| store.give_back(&token, &client, now)).await {
        Ok(()) => no_store(json_response(StatusCode::OK, &json!({}))),
        Err(Failed) => refuse(FAILED),
    }
}

pub(super) async fn register(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    request: Request,
) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    if let Err(often) = access.limits.registrations.count(&caller) {
        return too_often(often);
    }
    let Some(body) = read_body(request).await else {
        return refuse((StatusCode::PAYLOAD_TOO_LARGE, "invalid_client_metadata", "the body is too long"));
    };
    let (name, redirects) = match read_registration(&body) {
        Ok(read) => read,
        Err(not) => return refuse((StatusCode::BAD_REQUEST, not.error, not.description)),
    };
    let now = access.clock.now();
    match access.run(move |store, now| store.register(name, redirects, now)).await {
        Ok(Some(client)) => {
            let answer = json!({
                "client_id": client.id,
                "client_id_issued_at": now,
                "client_name": client.name,
                "redirect_uris": client.redirects,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "scope": Scopes::all().to_string(),
            });
            no_store(json_response(StatusCode::CREATED, &answer))
        }
        Ok(None) => {
            let description = "too many clients are registered; unused ones go after a day";
            refuse((StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description))
        }
        Err(Failed) => refuse(FAILED),
    }
}

fn refuse((status, error, description): Refused) -> Response {
    let body = json!({ "error": error, "error_description": description });
    let mut response = no_store(json_response(status, &body));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"ibid\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
