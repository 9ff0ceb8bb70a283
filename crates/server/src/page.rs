//! The pages a person looks at. Text in, markup out; everything is escaped, and nothing a note says can leave its place.
//! Which requests they answer is not here.

pub(crate) mod activity;
pub(crate) mod asset;
pub(crate) mod changed;
mod chart;
pub(crate) mod connect;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod overview;
pub(crate) mod reader;
pub(crate) mod render;
pub(crate) mod search;
pub(crate) mod vault;

use ibid_core::amount::{age, rfc3339};
use ibid_core::id::DocumentId;
use maud::{Markup, html};

use crate::address::page_path;
use frame::{Frame, Menu};

/// A word for what cannot be shown, and the note itself where it is still there.
pub(crate) fn problem(menu: &Menu, title: &str, why: &str, document: Option<&DocumentId>) -> Markup {
    let body = html! {
        h1 { (title) }
        p { (why) }
        @if let Some(document) = document {
            p { a href=(page_path(document)) { "Read the note as it is now" } }
        }
    };
    Frame::new(title, menu).around(&body)
}

/// A moment, as how long ago it was.
pub(crate) fn moment(then: u64, now: u64) -> Markup {
    html! { time datetime=(rfc3339(then)) { (age(then, now)) } }
}
