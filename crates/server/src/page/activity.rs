//! Who asked for what, and who has access: the audit log in parts, with a form that narrows it, and every grant and token
//! with a button that ends it. Names, questions and addresses come from strangers: all of it is shown as text.

use ibid_core::amount::{bytes, grouped, many};
use ibid_core::citation::Reference;
use maud::{Markup, html};

use super::frame::{Frame, Menu, Place};
use super::moment;
use crate::address::page_path;
use crate::audit::newest::MAX_LOOKED_AT;
use crate::audit::{Entry, Given, Outcome};
use crate::oauth::store;

/// How many words that were given are named beside a call.
const GIVEN: usize = 8;

/// Longer questions and arguments are cut; `ibid audit` shows all of them.
const MAX_SHOWN_CHARS: usize = 300;

/// What the page shows.
pub(crate) struct Activity {
    /// What the form was filled with.
    pub(crate) asked: Asked,
    /// What was wrong with it.
    pub(crate) wrong: Option<&'static str>,
    /// The calls, the newest first.
    pub(crate) entries: Vec<Entry>,
    /// The path of the calls before these, if there may be any.
    pub(crate) older: Option<String>,
    /// The path of the newest calls, where these are not.
    pub(crate) newest: Option<String>,
    /// Whether looking broke off.
    pub(crate) broke_off: bool,
    /// Grants and tokens.
    pub(crate) access: Vec<store::Entry>,
    /// What the forms that end one must carry.
    pub(crate) proof: String,
    /// What was just done.
    pub(crate) done: Option<String>,
}

/// The fields of the form as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) who: String,
    pub(crate) client: String,
    pub(crate) call: String,
    pub(crate) outcome: String,
    pub(crate) since: String,
}

impl Asked {
    /// Every field with its name.
    pub(crate) fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("who", &self.who),
            ("client", &self.client),
            ("call", &self.call),
            ("outcome", &self.outcome),
            ("since", &self.since),
        ]
    }

    fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, value)| value.is_empty())
    }
}

/// The page.
pub(crate) fn page(menu: &Menu, activity: &Activity, now: u64) -> Markup {
    let main = html! {
        h1 { "Activity" }
        @if let Some(done) = &activity.done { p.notice role="status" { (done) } }
        section aria-labelledby="access" {
            h2 #access { "Who has access" }
            (access(activity, now))
        }
        section aria-labelledby="calls" {
            h2 #calls { "Calls" }
            (form(&activity.asked))
            @if let Some(wrong) = activity.wrong { p.notice role="alert" { (wrong) } }
            (calls(activity, now))
        }
    };
    Frame { here: Some(Place::Activity), is_narrow: false, ..Frame::new("Activity", menu) }.around(&main)
}

fn access(activity: &Activity, now: u64) -> Markup {
    html! {
        @if activity.access.is_empty() {
            p { "Nobody was granted anything, and there is no token." }
        }
        ul.plain.rows {
            @for entry in &activity.access {
                li {
                    div {
                        @match &entry.kind {
                            store::EntryKind::Grant { client, user } => { b { bdi { (client) } } " for " bdi { (user) } },
                            store::EntryKind::Token => { b { bdi { (entry.name) } } " (token)" },
                        }
                        p.soft.small { (terms(entry, now)) }
                    }
                    form method="post" action="/activity/revoke" {
                        input type="hidden" name="proof" value=(activity.proof);
                        input type="hidden" name="name" value=(entry.name);
                        button type="submit" aria-label=(format!("Revoke {}", called(entry))) { "Revoke" }
                    }
                }
            }
        }
    }
}

/// What something that has access is called.
pub(crate) fn called(entry: &store::Entry) -> String {
    match &entry.kind {
        store::EntryKind::Grant { client, user } => format!("{client} for {user}"),
        store::EntryKind::Token => entry.name.clone(),
    }
}

/// What it may, since when and until when, and when it last did.
fn terms(entry: &store::Entry, now: u64) -> Markup {
    html! {
        "May " (entry.scopes) ". "
        @if entry.rules.is_empty() { "Sees every collection. " } @else { "Sees by the rules " @for rule in &entry.rules { code { (rule) } " " } ". " }
        "Made " (moment(entry.created, now)) ". "
        @match entry.used {
            Some(used) => { "Last used " (moment(used, now)) ". " },
            None => "Never used. ",
        }
        @match entry.expires {
            Some(expires) if expires <= now => "Expired.",
            Some(expires) => { "Ends in " (many((expires - now).div_ceil(3_600), "hour")) "." },
            None => {},
        }
    }
}

fn form(asked: &Asked) -> Markup {
    let text = |name: &str, label: &str, hint: &str, value: &str| {
        html! { label { (label) input type="search" name=(name) value=(value) placeholder=(hint) autocomplete="off"; } }
    };
    html! {
        form.filter role="search" aria-label="Calls" action="/activity" {
            (text("who", "Who", "person or token", &asked.who))
            (text("client", "Client", "a part of its name", &asked.client))
            (text("call", "Call", "search, fetch, …", &asked.call))
            label {
                "Outcome"
                select name="outcome" {
                    option value="" { "any" }
                    @for (name, _) in Outcome::NAMES {
                        option value=(name) selected[asked.outcome == name] { (name.replace('_', " ")) }
                    }
                }
            }
            (text("since", "Since (UTC)", "2026-11-21T10:00", &asked.since))
            button type="submit" { "Show" }
            @if !asked.is_empty() { a href="/activity#calls" { "Show all" } }
        }
    }
}

fn calls(activity: &Activity, now: u64) -> Markup {
    html! {
        @if activity.entries.is_empty() {
            p {
                @if activity.asked.is_empty() { "There is no call yet." } @else { "No call is like that." }
            }
        }
        ol.plain.calls {
            @for entry in &activity.entries { li { (call(entry, now)) } }
        }
        @if activity.broke_off {
            p.soft { "Looked at the newest " (grouped(MAX_LOOKED_AT as u64)) " calls; `ibid audit` looks at all." }
        }
        @if activity.older.is_some() || activity.newest.is_some() {
            nav.log aria-label="Parts of the log" {
                @if let Some(newest) = &activity.newest { a href=(newest) rel="first" { "Newest calls" } }
                @if let Some(older) = &activity.older { a href=(older) rel="next" { "Older calls" } }
            }
        }
    }
}

fn call(entry: &Entry, now: u64) -> Markup {
    let is_ok = entry.outcome == Outcome::Ok;
    html! {
        details {
            summary {
                span.call { (entry.call) }
                @if let Some(query) = asked_for(entry) { " " q { bdi { (cut(query)) } } }
                span.soft.small {
                    " by " bdi { (entry.who) }
                    @if let Some(client) = &entry.client { " with " bdi { (client) } }
                    ", " (ago(&entry.time, now)) ", " (grouped(entry.ms)) " ms"
                }
                @if !is_ok { " " span.ill { (entry.outcome.name().replace('_', " ")) } }
            }
            dl.facts.small {
                div { dt { "When" } dd { (entry.time) } }
                @if let Some(address) = &entry.address { div { dt { "From" } dd { (address) } } }
                @if !entry.arguments.is_null() { div { dt { "Asked" } dd { code { bdi { (cut(&entry.arguments.to_string())) } } } } }
                div { dt { "Outcome" } dd { (entry.outcome.name()) } }
                div { dt { "Given" } dd { (bytes(entry.bytes as u64)) @if entry.masked > 0 { ", " (many(entry.masked as u64, "secret")) " masked" } } }
                div { dt { "Audit id" } dd { code.id { (entry.id) } } }
            }
            @if !entry.returned.is_empty() { (given(&entry.returned)) }
        }
    }
}

/// A text no longer than a person reads in a list.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The words of a question, or the id of what was fetched.
fn asked_for(entry: &Entry) -> Option<&str> {
    ["query", "id"].into_iter().find_map(|key| entry.arguments[key].as_str())
}

fn ago(time: &str, now: u64) -> Markup {
    let moment_of = |time: jiff::Timestamp| u64::try_from(time.as_second()).ok();
    match time.parse().ok().and_then(moment_of) {
        Some(then) => moment(then, now),
        None => html! { (time) },
    }
}

fn given(given: &[Given]) -> Markup {
    let unnamed = given.len().saturating_sub(GIVEN);
    html! {
        ul.small {
            @for Given { id, bytes } in given.iter().take(GIVEN) {
                li {
                    @match id.parse::<Reference>() {
                        Ok(reference) => a href=(page_path(&reference)) { bdi { (id) } },
                        Err(_) => bdi { (id) },
                    }
                    @if let Some((start, end)) = bytes { span.soft { " bytes " (start) "-" (end) } }
                }
            }
            @if unnamed > 0 { li { "and " (many(unnamed as u64, "other")) } }
        }
    }
}
