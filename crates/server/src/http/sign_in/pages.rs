//! The pages of sign-in. Everything is escaped, nothing is loaded but our stylesheet, and forms lead only where they
//! must.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use ibid_core::hash::ContentHash;
use ibid_core::id::CollectionName;
use maud::{Markup, html};

use crate::http::answer;
use crate::named::Named;
use crate::oauth::client::place_of;
use crate::oauth::limits::TooOften;
use crate::oauth::request::{Asked, Form, collection_of};
use crate::oauth::scope::{Scope, Scopes};
use crate::page::frame::Frame;

/// What a person is asked.
pub(super) struct Question<'a> {
    pub(super) asked: &'a Asked,
    /// Those that it may be given, with how many notes they have.
    pub(super) collections: &'a [(Option<u64>, CollectionName)],
    pub(super) user: &'a str,
    pub(super) request: &'a str,
    pub(super) proof: &'a str,
    /// What they answered the last time, if they did: it is filled in again.
    pub(super) form: &'a Form,
    pub(super) said: Said<'a>,
}

/// What a person is told of their last answer.
pub(super) enum Said<'a> {
    Nothing,
    Wrong(&'a str),
    /// What the rules that they wrote name.
    Named(&'a [Named]),
}

/// The field with the folders that alone may be seen.
pub(super) const FOLDERS: &str = "folders";
/// The field with the folders that may not be seen.
pub(super) const HIDDEN: &str = "hidden";
/// The box that lets a rule hide nothing.
pub(super) const ALLOW_EMPTY: &str = "allow-empty";
/// The value of that box.
pub(super) const YES: &str = "yes";
/// The field that says which rules and numbers the page showed.
pub(super) const SHOWN: &str = "shown";

/// What the page showed, in short.
pub(super) fn shown(named: &[Named]) -> String {
    let lines: Vec<String> = named.iter().map(Named::to_string).collect();
    ContentHash::of(lines.join("\n").as_bytes()).to_string()
}

/// A word about what cannot go on.
pub(super) fn problem(status: StatusCode, title: &str, why: &str) -> Response {
    respond(status, title, &html! { h1 { (title) } p { (why) } }, "'none'")
}

/// Says when to come again.
pub(super) fn busy(TooOften { retry_after }: TooOften) -> Response {
    let why = format!("There were too many attempts. Try again in {retry_after} seconds.");
    let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "Wait a little", &why);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

/// The form for name and password; `kept` goes along unchanged.
pub(super) fn login_page(
    status: StatusCode,
    proof: &str,
    kept: &[(&str, &str)],
    said: Option<&str>,
) -> Response {
    let body = html! {
        h1 { "Sign in" }
        @if let Some(said) = said { p.notice role="alert" { (said) } }
        form.sign-in method="post" action="/login" {
            input type="hidden" name="proof" value=(proof);
            @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
            label { "Name" input name="name" autocomplete="username" autocapitalize="none" required autofocus; }
            label { "Password" input name="password" type="password" autocomplete="current-password" required; }
            button.first type="submit" { "Sign in" }
        }
    };
    respond(status, "Sign in", &body, "'self'")
}

/// The form that signs a browser out.
pub(super) fn logout_page(user: &str, proof: &str) -> Response {
    let body = html! {
        main {
            h1 { "Sign out" }
            p { "You are signed in as " b { (user) } ". What clients were granted stays; `ibid token list` shows it." }
            form.sign-in method="post" action="/logout" {
                input type="hidden" name="proof" value=(proof);
                button.first type="submit" { "Sign out" }
            }
        }
    };
    respond(StatusCode::OK, "Sign out", &body, "'self'")
}

/// The form on which access is granted or not.
pub(super) fn consent_page(question: &Question<'_>) -> Response {
    let Question { asked, user, request, proof, form, said, .. } = question;
    let place = place_of(&asked.redirect_uri);
    let body = html! {
        h1 { bdi { (asked.client_name) } " asks for access to your notes" }
        @if let Said::Wrong(said) = said { p.notice role="alert" { (said) } }
        @if let Said::Named(named) = said { (counts(named)) }
        p { "You are signed in as " b { (user) } ". If you allow it, you go back to " code { (place) } "." }
        (standing(asked))
        form.consent method="post" action="/consent" {
            input type="hidden" name="proof" value=(proof);
            input type="hidden" name="request" value=(request);
            @if let Said::Named(named) = said { input type="hidden" name=(SHOWN) value=(shown(named)); }
            (scopes(asked, form))
            (notes(question))
            p {
                button.first type="submit" name="decision" value="allow" { "Allow" }
                " "
                button type="submit" name="decision" value="deny" { "Deny" }
            }
        }
        p { "You can end it at any time: " code { "ibid token list" } " and " code { "ibid token revoke" } "." }
    };
    let is_refused = match said {
        Said::Nothing => false,
        Said::Wrong(_) => true,
        Said::Named(named) => named.iter().any(Named::hides_nothing),
    };
    let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    // The browser holds the redirect after the form to this as well. It has no way to write an IPv6 address.
    let leads_to = if place.contains('[') { "http:" } else { &place };
    respond(status, "Allow access", &body, &format!("'self' {leads_to}"))
}

/// How much is known of the client, and what to be wary of.
fn standing(asked: &Asked) -> Markup {
    html! {
        @if asked.unverified {
            p.notice role="note" {
                "This client is " b { "unverified" } ": it gave its name itself. Allow it only if you began this, and if "
                "the address above is the one you expect."
            }
        } @else {
            p { "The client is known by " code { (asked.client_id) } " (verified)." }
        }
        @if asked.local {
            p.notice role="note" {
                "It runs on the computer whose browser this is. Any program there could pretend to be it: allow it only "
                "if you have just started it."
            }
        }
    }
}

/// What each rule names, and what to do about one that hides nothing.
fn counts(named: &[Named]) -> Markup {
    let hides_nothing = named.iter().any(Named::hides_nothing);
    html! {
        div.notice role=(if hides_nothing { "alert" } else { "status" }) {
            p {
                @if hides_nothing {
                    "A folder that may never be seen is not there. Write it as the list of notes has it, or tick the box "
                    "below if it is still to come."
                } @else { "Look at what you chose, and allow it again if it is right:" }
            }
            ul { @for rule in named { li { bdi { (rule) } } } }
        }
    }
}

fn scopes(asked: &Asked, form: &Form) -> Markup {
    // An empty form is one that nobody has answered.
    let is_ticked = |scope: Scope| form.is_empty() || form.all("scope").any(|name| name == scope.name());
    html! {
        fieldset {
            legend { "It may" }
            @for scope in Scopes::parse(&asked.scopes).unwrap_or_default().iter() {
                label {
                    input type="checkbox" name="scope" value=(scope.name()) checked[is_ticked(scope)];
                    " " (scope.meaning()) " (" code { (scope.name()) } ")"
                }
            }
        }
    }
}

fn notes(question: &Question<'_>) -> Markup {
    let form = question.form;
    let is = |name: &str, value: &str| form.all(name).any(|known| known == value);
    let written = |name: &str| form.one(name).ok().flatten();
    let number = |notes: &Option<u64>| notes.map(|notes| format!(" ({notes} notes)"));
    html! {
        fieldset {
            legend { "In" }
            @if let Some(only) = collection_of(&question.asked.resource) {
                p {
                    "the collection " b { (only) } " alone"
                    @for (notes, _) in question.collections { (number(notes).unwrap_or_default()) }
                }
            } @else {
                label {
                    input type="radio" name="notes" value="all" checked[!is("notes", "chosen")];
                    " all collections, later ones too"
                }
                label {
                    input type="radio" name="notes" value="chosen" checked[is("notes", "chosen")];
                    " these alone:"
                }
                @for (notes, name) in question.collections {
                    label.inner {
                        input type="checkbox" name="collection" value=(name) checked[is("collection", name.as_str())];
                        " " (name) (number(notes).unwrap_or_default())
                    }
                }
            }
            label.folders {
                "Only these folders (none: all of them) "
                input type="text" name=(FOLDERS) value=[written(FOLDERS)] placeholder="Projects/Garden, Daily"
                    autocomplete="off";
            }
            label.folders {
                "Never these folders "
                input type="text" name=(HIDDEN) value=[written(HIDDEN)] placeholder="Diary" autocomplete="off";
            }
            label {
                input type="checkbox" name=(ALLOW_EMPTY) value=(YES) checked[is(ALLOW_EMPTY, YES)];
                " also folders that are not there yet"
            }
        }
    }
}

/// A page that nobody may keep; `form_action` is where its forms may lead.
fn respond(status: StatusCode, title: &str, main: &Markup, form_action: &str) -> Response {
    let mut response = answer::form_page(status, &Frame::bare(title).around(main), form_action);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
