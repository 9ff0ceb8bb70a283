//! `/consent`: a person sees who asks for what, takes away what they like, and says yes or no. What the form sends can
//! only narrow what the row in the store says.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use ibid_core::grant::Grant;
use ibid_core::id::CollectionName;

use super::authorize::answer;
use super::pages::{ALLOW_EMPTY, FOLDERS, HIDDEN, Question, SHOWN, Said, YES, consent_page, problem, shown};
use super::{Browser, is_ours, query_of, read_form, redirect};
use crate::http::App;
use crate::http::cookie::{Cookie, read_cookie};
use crate::http::gate::internal;
use crate::named::{Named, count_named};
use crate::oauth::request::{Asked, Form, collection_of};
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::service::{Access, Failed};
use crate::oauth::store::{NewGrant, Pending};
use crate::viewer::Viewer;

/// The purpose that the proof of this form is made for.
const PROOF: &str = "consent";

/// A request that waits, the browser that began it, and who is signed in there.
struct Waiting {
    request: String,
    browser: Browser,
    user: String,
    asked: Asked,
}

pub(super) async fn form(State(app): State<App>, request: Request) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let id = query_of(request.uri()).one("request").ok().flatten().unwrap_or_default().to_owned();
    let Ok(user) = signed_in(access, request.headers()).await else { return internal() };
    let Some(user) = user else {
        let request: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        return redirect(&format!("/login?request={request}"));
    };
    match waiting(access, request.headers(), id, user).await {
        Ok(Some(waiting)) => page(&app, access, &waiting, &Form::default(), Said::Nothing),
        Ok(None) => over(StatusCode::BAD_REQUEST),
        Err(Failed) => internal(),
    }
}

pub(super) async fn submit(State(app): State<App>, request: Request) -> Response {
    let Some(access) = app.site.sign_in() else { return internal() };
    let headers = request.headers().clone();
    let user = match signed_in(access, &headers).await {
        Ok(Some(user)) => user,
        Ok(None) => return over(StatusCode::FORBIDDEN),
        Err(Failed) => return internal(),
    };
    let Some(form) = read_form(request).await else { return over(StatusCode::FORBIDDEN) };
    let id = form.one("request").ok().flatten().unwrap_or_default().to_owned();
    let waiting = match waiting(access, &headers, id, user).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return over(StatusCode::FORBIDDEN),
        Err(Failed) => return internal(),
    };
    if !is_ours(&headers, &form, &access.issuer, &proof(access, &waiting)) {
        return over(StatusCode::FORBIDDEN);
    }
    match form.one("decision") {
        Ok(Some("allow")) => {}
        Ok(Some("deny")) => return decide(access, waiting, None).await,
        _ => return over(StatusCode::BAD_REQUEST),
    }
    let chosen = match chosen(&app, &waiting.asked, &form) {
        Ok(chosen) => chosen,
        Err(said) => return page(&app, access, &waiting, &form, Said::Wrong(said)),
    };
    match unseen(&app, &chosen, &form).await {
        Ok(None) => decide(access, waiting, Some(chosen)).await,
        Ok(Some(named)) => page(&app, access, &waiting, &form, Said::Named(&named)),
        Err(Failed) => internal(),
    }
}

/// What the written rules name, where the person has not been shown it yet, or where a rule that hides names nothing and
/// they did not say that it may.
async fn unseen(app: &App, chosen: &Chosen, form: &Form) -> Result<Option<Vec<Named>>, Failed> {
    let grant = Grant::parse(&chosen.rules).map_err(|error| Failed::because(&error))?;
    if grant.about_documents().next().is_none() {
        return Ok(None);
    }
    let library = Arc::clone(&app.library);
    let count = move || count_named(&grant, &library.snapshots(&Viewer::owner())?);
    let counted = tokio::task::spawn_blocking(count).await.map_err(|error| Failed::because(&error))?;
    let named = counted.map_err(|error| Failed::because(&error))?;
    let hides_nothing = named.iter().any(Named::hides_nothing);
    let may_be_empty = form.one(ALLOW_EMPTY) == Ok(Some(YES));
    let were_shown = form.one(SHOWN) == Ok(Some(shown(&named).as_str()));
    Ok((!were_shown || (hides_nothing && !may_be_empty)).then_some(named))
}

async fn signed_in(access: &Access, headers: &HeaderMap) -> Result<Option<String>, Failed> {
    access.session(read_cookie(headers, Cookie::Session, &access.issuer)).await
}

async fn waiting(
    access: &Access,
    headers: &HeaderMap,
    request: String,
    user: String,
) -> Result<Option<Waiting>, Failed> {
    let Some(browser) = Browser::of(headers, access) else { return Ok(None) };
    let (id, secret) = (request.clone(), browser.secret.clone());
    let asked =
        access.run(move |store, now| store.pending(Pending { request: &id, browser: &secret }, now)).await?;
    Ok(asked.map(|asked| Waiting { request, browser, user, asked }))
}

/// What the form must carry: it is of this request, this browser and this person.
fn proof(access: &Access, waiting: &Waiting) -> String {
    access.proof(PROOF, &[&waiting.browser.secret, &waiting.request, &waiting.user])
}

/// What is granted: scopes and rules.
struct Chosen {
    scopes: Scopes,
    rules: Vec<String>,
}

/// What a person left of what was asked, or what they have still to say.
fn chosen(app: &App, asked: &Asked, form: &Form) -> Result<Chosen, &'static str> {
    let wanted = Scopes::parse(&asked.scopes).unwrap_or_default();
    let ticked: Scopes =
        Scope::ALL.into_iter().filter(|scope| form.all("scope").any(|name| name == scope.name())).collect();
    let scopes = wanted.and(ticked);
    if scopes.is_empty() {
        return Err("Tick what it may do, or say no.");
    }
    let mut rules = folders(form, FOLDERS, "path")?;
    rules.extend(folders(form, HIDDEN, "-path")?);
    let rule = |name: &CollectionName| format!("collection:{name}");
    if let Some(only) = collection_of(&asked.resource) {
        rules.push(rule(&only));
        return Ok(Chosen { scopes, rules });
    }
    if form.one("notes") == Ok(Some("all")) {
        return Ok(Chosen { scopes, rules });
    }
    let known = collections(app, asked);
    let ticked = known.iter().filter(|known| form.all("collection").any(|name| name == known.as_str()));
    let ticked: Vec<String> = ticked.map(rule).collect();
    if ticked.is_empty() {
        return Err("Tick the collections it may see, or let it see all.");
    }
    rules.extend(ticked);
    Ok(Chosen { scopes, rules })
}

/// A rule for each folder that was written down in a field, between commas; none where nothing was.
fn folders(form: &Form, field: &str, kind: &str) -> Result<Vec<String>, &'static str> {
    const UNREADABLE: &str = "Write the folders as in Projects/Garden, with commas between them. In a name, [ { and \\ \
                              have a \\ before them.";
    let written = form.one(field).map_err(|_| UNREADABLE)?.unwrap_or_default();
    let names = written.split(',').map(|name| name.trim().trim_matches('/')).filter(|name| !name.is_empty());
    let rules: Vec<String> = names.map(|name| format!("{kind}:{name}")).collect();
    // A comma alone is no folder, and must not become all of them.
    if rules.is_empty() && !written.trim().is_empty() {
        return Err(UNREADABLE);
    }
    Grant::parse(&rules).map_err(|_| UNREADABLE)?;
    Ok(rules)
}

fn collections(app: &App, asked: &Asked) -> Vec<CollectionName> {
    match collection_of(&asked.resource) {
        Some(only) => vec![only],
        // Whoever consents is the owner, who may give away what is served to nobody else.
        None => app.library.collections(&Viewer::owner()),
    }
}

/// How many notes a collection has; none where that cannot be told.
fn notes_in(app: &App, name: &CollectionName) -> Option<u64> {
    let snapshots = app.library.snapshots(&Viewer::owner()).ok()?;
    snapshots.iter().find(|snapshot| snapshot.name() == name).map(|snapshot| snapshot.documents())
}

async fn decide(access: &Access, waiting: Waiting, chosen: Option<Chosen>) -> Response {
    let Waiting { request, browser, user, .. } = waiting;
    let decided = access.run(move |store, now| {
        let grant =
            chosen.as_ref().map(|Chosen { scopes, rules }| NewGrant { user: &user, scopes: *scopes, rules });
        store.decide(Pending { request: &request, browser: &browser.secret }, grant, now)
    });
    match decided.await {
        Ok(Some((asked, Some(code)))) => {
            answer(access, &asked.redirect_uri, asked.state.as_deref(), &[("code", code.reveal())])
        }
        Ok(Some((asked, None))) => {
            answer(access, &asked.redirect_uri, asked.state.as_deref(), &[("error", "access_denied")])
        }
        Ok(None) => over(StatusCode::FORBIDDEN),
        Err(Failed) => internal(),
    }
}

fn page(app: &App, access: &Access, waiting: &Waiting, form: &Form, said: Said<'_>) -> Response {
    let names = collections(app, &waiting.asked).into_iter();
    let collections: Vec<_> = names.map(|name| (notes_in(app, &name), name)).collect();
    consent_page(&Question {
        asked: &waiting.asked,
        collections: &collections,
        user: &waiting.user,
        request: &waiting.request,
        proof: &proof(access, waiting),
        form,
        said,
    })
}

fn over(status: StatusCode) -> Response {
    let why = "This request does not wait here any more: it was decided, took longer than ten minutes, or was begun in \
               another browser. Go back to the client and let it ask again.";
    problem(status, "Nothing to decide", why)
}
