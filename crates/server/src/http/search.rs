//! The search page and what the script asks of it: the same address, the results alone.

use std::slice;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use ibid_core::note::{Note, sentences};
use ibid_core::query::{MAX_LIMIT, Query};
use ibid_index::ReadError;
use ibid_search::SearchError;
use maud::Markup;

use super::App;
use super::account::Account;
use super::answer;
use super::pages::{internal, not_found, snapshots};
use super::visit::Visit;
use crate::library::{AskError, Library};
use crate::oauth::request::Form;
use crate::outgoing::{Done, Outgoing};
use crate::page::search::{self, Asked, Results, facets};
use crate::time::now;
use crate::viewer::Viewer;

/// The header by which the script asks for the results without the page around them.
const PART: &str = "x-ibid-part";

/// What was found, or why it was not looked for.
enum Answered {
    Found(Results),
    /// What was asked cannot be answered so; the sentence says why.
    Refused(String),
}

/// The front page, and the answer to a question.
pub(super) async fn search(
    State(app): State<App>,
    visit: Visit,
    account: Option<Extension<Account>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let is_part = headers.contains_key(PART);
    let asked = asked(&uri);
    let is_front = uri.path() == "/";
    if !visit.may_search() && !is_front {
        return not_found().await;
    }
    if asked.question.trim().is_empty() || is_front && !visit.may_search() {
        let open = snapshots(&app, visit.viewer).await;
        return match is_part {
            true => part(&maud::html! {}),
            false => answer::page(StatusCode::OK, &search::front(&visit.menu, &open, &visit.base, now())),
        };
    }
    let (viewer, outgoing, wanted) = (visit.viewer.clone(), app.outgoing.clone(), asked.clone());
    let answered = app.library.run(move |library| find(library, &viewer, &outgoing, &wanted)).await;
    let (status, found) = match answered {
        Ok(Ok(Answered::Found(results))) => {
            if let Some(Extension(account)) = account {
                let (_, shown) = results.shown(&asked);
                account.searched(&asked.question, asked.collection.as_deref(), shown);
            }
            (StatusCode::OK, search::results(&asked, &results))
        }
        Ok(Ok(Answered::Refused(why))) => (StatusCode::BAD_REQUEST, search::refused(&why)),
        Ok(Err(error)) => {
            tracing::error!(%error, "a search cannot be answered");
            return internal(&visit.menu);
        }
        Err(_) => return internal(&visit.menu),
    };
    match is_part {
        true => part(&found),
        false => answer::page(status, &search::page(&visit.menu, &asked, &found)),
    }
}

fn asked(uri: &Uri) -> Asked {
    let form = Form::parse(uri.query().unwrap_or_default().as_bytes());
    let of = |name: &str| form.one(name).ok().flatten();
    Asked {
        question: of("q").unwrap_or_default().to_owned(),
        collection: of("in").map(str::to_owned),
        page: of("page").and_then(|page| page.parse().ok()).unwrap_or(1),
    }
}

/// Asks for the hits of all pages at once: they are what the numbers beside the filters count.
fn find(
    library: &Library,
    viewer: &Viewer,
    outgoing: &Outgoing,
    asked: &Asked,
) -> Result<Answered, SearchError> {
    let query = Query { limit: MAX_LIMIT, explain: true, ..Query::new(asked.question.as_str()) };
    let (mut found, searched) =
        match library.search_seen(viewer, slice::from_ref(&query), asked.collection.as_deref()) {
            Ok(found) => found,
            Err(AskError::Search(error @ (SearchError::Read(_) | SearchError::Embed(_)))) => {
                return Err(error);
            }
            Err(error) => return Ok(Answered::Refused(format!("This cannot be searched: {error}."))),
        };
    let offers = found.answer.offers().cloned().collect();
    // Offers are links.
    found.answer.notes.retain(|note| !matches!(note, Note::Offered(_) | Note::NothingNear));
    let mut notes = sentences(&found.answer.notes);
    notes.append(&mut found.also);
    if viewer.is_remote() {
        notes.extend(outgoing.found(&searched, &mut found).map_err(SearchError::from)?.notes());
    }
    let may_tell = |text: &str| !viewer.is_remote() || holds_no_secret(outgoing, text);
    let facets = facets::count(&searched, &found.answer.hits, &may_tell)
        .map_err(|error: ReadError| SearchError::from(error))?;
    let (hits, matches) = (found.answer.hits, found.answer.matches);
    Ok(Answered::Found(Results { is_full: hits.len() >= MAX_LIMIT, hits, matches, notes, offers, facets }))
}

fn holds_no_secret(outgoing: &Outgoing, text: &str) -> bool {
    let mut done = Done::default();
    outgoing.names(&mut done, [&mut text.to_owned()]);
    done.masked == 0
}

fn part(found: &Markup) -> Response {
    let mut response = answer::page(StatusCode::OK, found);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(PART));
    response
}
