//! `/activity`, for owners: what was asked of the server, and what has access to it. The form below `/activity/revoke` ends
//! a grant or a token at once. How it looks is told in [`crate::page::activity`].

use std::path::PathBuf;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, Uri};

use super::App;
use super::answer::page;
use super::owner::Owner;
use super::pages::internal;
use super::sign_in::{query_of, read_form, redirect};
use super::visit::Visit;
use crate::audit::newest::{Newest, newest};
use crate::audit::{AuditId, AuditLog, Filter, Outcome};
use crate::oauth::request::Form;
use crate::oauth::service::Failed;
use crate::oauth::store::{self, AccessError, AccessStore};
use crate::page::activity::{self, Activity, Asked};
use crate::page::problem;
use crate::time::now;

/// How many calls a part of the log has: as many as a page of 100 kB holds.
const CALLS: usize = 25;

/// The purpose of the proof in the forms that revoke.
const PROOF: &str = "revoke";

/// The longest text of a field that is looked for.
const MAX_FIELD_CHARS: usize = 200;

pub(super) async fn show(State(app): State<App>, owner: Owner, visit: Visit, uri: Uri) -> Response {
    let form = query_of(&uri);
    let asked = asked(&form);
    let (filter, wrong) = match filter(&asked) {
        Ok(filter) => (filter, None),
        Err(wrong) => (Filter::default(), Some(wrong)),
    };
    let before = form.one("before").ok().flatten().and_then(|id| id.parse::<AuditId>().ok());
    let from = before.clone();
    let log = app.site.audit.clone();
    let read = app.library.run(move |_| read(log.as_ref(), &filter, from.as_ref())).await;
    let (found, access) = match (read, entries(&app).await) {
        (Ok(Some(found)), Ok(access)) => (found, access),
        _ => return internal(&visit.menu),
    };
    let last = found.entries.last().filter(|_| found.more).map(|entry| entry.id.to_string());
    let ended = form.one("ended").ok().flatten();
    let shown = Activity {
        older: last.map(|id| address(&asked, Some(&id))),
        newest: before.map(|_| address(&asked, None)),
        asked,
        wrong,
        entries: found.entries,
        broke_off: found.broke_off,
        proof: owner.proof(PROOF),
        // Only what is over is said to be: an address can say anything.
        done: ended
            .filter(|name| access.iter().all(|entry| entry.name != **name))
            .map(|_| "That has no access any more.".to_owned()),
        access,
    };
    page(StatusCode::OK, &activity::page(&visit.menu, &shown, now()))
}

/// Ends what the form names, and leads back to what is left.
pub(super) async fn revoke(State(app): State<App>, owner: Owner, visit: Visit, request: Request) -> Response {
    let Some(form) = read_form(request).await.filter(|form| owner.sent(form, PROOF)) else {
        let why = "The form did not come from a page of this server in this browser, or the server was started anew since. \
                   Load the page again.";
        return page(StatusCode::FORBIDDEN, &problem(&visit.menu, "Nothing was revoked", why, None));
    };
    let name = form.one("name").ok().flatten().unwrap_or_default().to_owned();
    let ended = {
        let name = name.clone();
        with_store(&app, move |store, now| match store.revoke(&name, now) {
            // It was over already.
            Err(AccessError::Unknown { .. }) => Ok(()),
            ended => ended,
        })
        .await
    };
    match ended {
        Ok(_) => {
            let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            redirect(&format!("/activity?ended={name}"))
        }
        Err(Failed) => internal(&visit.menu),
    }
}

/// What has access; nothing where nobody was ever given any.
async fn entries(app: &App) -> Result<Vec<store::Entry>, Failed> {
    Ok(with_store(app, |store, _| store.entries()).await?.unwrap_or_default())
}

/// Does `work` with what the data folder holds of access; `None` where it holds nothing. A server that asks for nothing
/// has not opened it.
async fn with_store<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&AccessStore, u64) -> Result<T, AccessError> + Send + 'static,
) -> Result<Option<T>, Failed> {
    if let Some(access) = &app.site.access {
        return access.run(work).await.map(Some);
    }
    let folder: PathBuf = app.library.store().data_dir().to_owned();
    let open = move || match AccessStore::is_in(&folder) {
        true => work(&AccessStore::open(&folder)?, now()).map(Some),
        false => Ok(None),
    };
    let done = tokio::task::spawn_blocking(open).await.map_err(|error| Failed::because(&error))?;
    done.map_err(|error| Failed::because(&error))
}

fn read(log: Option<&AuditLog>, filter: &Filter, before: Option<&AuditId>) -> Option<Newest> {
    let Some(log) = log else { return Some(Newest::default()) };
    newest(log, filter, before, CALLS)
        .map_err(|error| tracing::error!(%error, "the audit log cannot be read"))
        .ok()
}

fn asked(form: &Form) -> Asked {
    let field = |name| -> String {
        form.one(name).ok().flatten().unwrap_or_default().trim().chars().take(MAX_FIELD_CHARS).collect()
    };
    Asked {
        who: field("who"),
        client: field("client"),
        call: field("call"),
        outcome: field("outcome"),
        since: field("since"),
    }
}

/// The filter that the fields mean, or what is wrong with them.
fn filter(asked: &Asked) -> Result<Filter, &'static str> {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let outcome = match asked.outcome.as_str() {
        "" => None,
        name => {
            let known = Outcome::NAMES.into_iter().find(|(known, _)| *known == name);
            Some(known.ok_or("No call ends like that.")?.1)
        }
    };
    let since = given(&asked.since);
    if since.as_ref().is_some_and(|since| !is_moment(since)) {
        return Err("Since takes a day or a moment in UTC, as 2026-11-21 or 2026-11-21T10:00.");
    }
    let (who, client, call) = (given(&asked.who), given(&asked.client), given(&asked.call));
    Ok(Filter { id: None, who, client, call, outcome, since })
}

/// Whether a text is a moment as the log writes them, or the beginning of one.
fn is_moment(text: &str) -> bool {
    const FORM: &str = "0000-00-00T00:00:00.000Z";
    let fits = |(is, form): (char, char)| if form == '0' { is.is_ascii_digit() } else { is == form };
    text.len() >= "0000".len()
        && text.chars().count() <= FORM.len()
        && text.chars().zip(FORM.chars()).all(fits)
}

/// The path of a part of the log.
fn address(asked: &Asked, before: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.fields().into_iter().filter(|(_, value)| !value.is_empty()));
    query.extend_pairs(before.map(|before| ("before", before)));
    match query.finish() {
        query if query.is_empty() => "/activity#calls".to_owned(),
        query => format!("/activity?{query}#calls"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_a_filter_or_told_to_be_none() {
        for (outcome, since, fine) in [
            ("", "", true),
            ("rate_limit", "2026", true),
            ("ok", "2026-11-21T10:00:00.123Z", true),
            ("well", "", false),
            ("", "yesterday", false),
            ("", "2026-11-21 10:00", false),
            ("", "2026-11-21T10:00:00.123Z0", false),
            ("", "21", false),
        ] {
            let asked = Asked { outcome: outcome.to_owned(), since: since.to_owned(), ..Asked::default() };
            assert_eq!(filter(&asked).is_ok(), fine, "{outcome} {since}");
        }
    }

    #[test]
    fn an_address_says_the_same_as_the_form() {
        let asked = Asked { who: "a&b=c".to_owned(), since: "2026".to_owned(), ..Asked::default() };
        assert_eq!(address(&asked, Some("abc")), "/activity?who=a%26b%3Dc&since=2026&before=abc#calls");
        assert_eq!(address(&Asked::default(), None), "/activity#calls");
        let read = super::asked(&Form::parse(b"who=a%26b%3Dc&since=2026"));
        assert_eq!(read, asked);
    }
}
