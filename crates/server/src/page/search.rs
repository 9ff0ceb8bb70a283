//! The search page: the box for a question, what was found, why, and by what it can be narrowed. Everything is in its
//! address, so it can be kept and passed on; the script only saves the Enter key.

pub(crate) mod facets;
mod why;

use std::sync::Arc;

use ibid_core::hit::{Hit, Matches, by_document};
use ibid_core::note::Note;
use ibid_core::query::{MAX_LIMIT, Offer};
use ibid_index::snapshot::Snapshot;
use maud::{Markup, PreEscaped, html};

use super::frame::{Frame, Menu, Place, QUESTION};
use super::home;
use super::render::excerpt::excerpt;
use crate::address::{answer_path, page_path};
use facets::Facet;

/// How many passages one page shows.
pub(crate) const PAGE_HITS: usize = 10;

/// How many pages there are at most.
const MAX_PAGES: usize = MAX_LIMIT / PAGE_HITS;

/// The id of what changes while a question is typed.
const RESULTS: &str = "results";

/// What a visitor asks, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The words, with the signs that narrow them.
    pub(crate) question: String,
    /// The one collection to search.
    pub(crate) collection: Option<String>,
    /// From 1.
    pub(crate) page: usize,
}

impl Asked {
    /// Its address. What is as it is anyway is left out.
    pub(crate) fn address(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.question);
        if let Some(collection) = &self.collection {
            query.append_pair("in", collection);
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        format!("/search?{}", query.finish())
    }
}

/// What was found, fit to be shown to whoever asked.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// Best first; those of all pages.
    pub(crate) hits: Vec<Hit>,
    /// Whether there may be more than these.
    pub(crate) is_full: bool,
    /// What they have to do with the question.
    pub(crate) matches: Matches,
    /// What was not searched, and why nothing was found.
    pub(crate) notes: Vec<String>,
    /// What may be added to the question.
    pub(crate) offers: Vec<Offer>,
    pub(crate) facets: Vec<Facet>,
}

impl Results {
    /// How many pages there are.
    fn pages(&self) -> usize {
        self.hits.len().div_ceil(PAGE_HITS).clamp(1, MAX_PAGES)
    }

    /// The page that is shown: the last one where what was asked for lies behind it.
    fn page(&self, asked: &Asked) -> usize {
        asked.page.clamp(1, self.pages())
    }

    /// The hits of the page that is shown, and the place of the first of them.
    pub(crate) fn shown(&self, asked: &Asked) -> (usize, &[Hit]) {
        let first = (self.page(asked) - 1) * PAGE_HITS;
        (first + 1, &self.hits[first.min(self.hits.len())..(first + PAGE_HITS).min(self.hits.len())])
    }
}

/// The whole page; `found` is the markup of [`results`], or of [`refused`].
pub(crate) fn page(menu: &Menu, asked: &Asked, found: &Markup) -> Markup {
    let title = if asked.question.is_empty() {
        "Search".to_owned()
    } else {
        format!("{} – search", asked.question)
    };
    let body = html! {
        h1.unseen { "Search" }
        (search_box(asked))
        div id=(RESULTS) { (found) }
    };
    Frame { here: Some(Place::Search), is_narrow: false, ..Frame::new(&title, menu) }.around(&body)
}

/// The page without a question: the box, and what there is to ask.
pub(crate) fn front(menu: &Menu, snapshots: &[Arc<Snapshot>], base: &str, now: u64) -> Markup {
    let body = html! {
        h1 { "Search your notes" }
        @if menu.0.contains(&Place::Search) { (search_box(&Asked::default())) }
        div id=(RESULTS) {}
        (home::collections(snapshots, base, now))
    };
    Frame { here: Some(Place::Search), is_narrow: false, ..Frame::new("ibid", menu) }.around(&body)
}

fn search_box(asked: &Asked) -> Markup {
    html! {
        form.question role="search" action="/search" data-live=(RESULTS) {
            label.unseen for=(QUESTION) { "Search your notes" }
            input id=(QUESTION) type="search" name="q" value=(asked.question) placeholder="Words, \"a phrase\", -not, tag:, path:, after:"
                autocomplete="off" autocapitalize="none" spellcheck="false" autofocus;
            @if let Some(collection) = &asked.collection { input type="hidden" name="in" value=(collection); }
            button.first type="submit" { "Search" }
        }
    }
}

/// What was found.
pub(crate) fn results(asked: &Asked, found: &Results) -> Markup {
    let (first, hits) = found.shown(asked);
    html! {
        @if found.matches == Matches::None && !hits.is_empty() {
            p.count { (Note::NothingNear) }
            h2 { "Near in meaning" }
        } @else {
            p.soft.count { (count(found)) }
        }
        @if !found.notes.is_empty() { p.soft.said role="note" { bdi { (found.notes.join(" · ")) } } }
        @for offer in &found.offers { p.notice role="note" { a href=(with(asked, offer)) { bdi { (offer) } } } }
        div.found {
            div {
                ol.hits start=(first) { @for hits in by_document(hits) { (note(&hits)) } }
                (pages(asked, found))
            }
            @if !found.facets.is_empty() { (facets::shown(asked, &found.facets)) }
        }
    }
}

/// The address of the question with what is offered.
fn with(asked: &Asked, offer: &Offer) -> String {
    let question = format!("{} {}", asked.question.trim(), offer.adds());
    Asked { question, page: 1, ..asked.clone() }.address()
}

/// Why a question was not answered.
pub(crate) fn refused(why: &str) -> Markup {
    html! { p.notice role="alert" { bdi { (why) } } }
}

fn count(found: &Results) -> String {
    let mut notes: Vec<_> = found.hits.iter().map(|hit| &hit.citation.document).collect();
    notes.sort();
    notes.dedup();
    let of = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let passages = of(found.hits.len(), "passage");
    let first = if found.is_full { "The best " } else { "" };
    format!("{first}{passages} in {}", of(notes.len(), "note"))
}

/// A note with its passages, the best one first.
fn note(hits: &[&Hit]) -> Markup {
    let (first, document) = (hits[0], &hits[0].citation.document);
    html! {
        li.hit {
            h2 { a href=(answer_path(&first.citation, first.answer)) { bdi { (first.title) } } }
            p.path { bdi { (document.collection) " / " (document.path) } " · " (place(first)) }
            (passage(first))
            @for hit in &hits[1..] {
                p.path.place { a href=(answer_path(&hit.citation, hit.answer)) { (place(hit)) } }
                (passage(hit))
            }
        }
    }
}

/// Where an answer stands in its note.
fn place(hit: &Hit) -> Markup {
    html! {
        @if !hit.headings.is_empty() { bdi { (hit.headings.join(" › ")) } " · " }
        "line " (hit.line)
    }
}

fn passage(hit: &Hit) -> Markup {
    html! {
        @if !hit.snippet.text.is_empty() {
            div.snippet dir="auto" { (PreEscaped(excerpt(&hit.snippet))) }
        }
        @for (how, others) in [("Also shown in ", &hit.embedded_in), ("Nearly the same in ", &hit.also_in)] {
            @if !others.is_empty() {
                p.path {
                    (how)
                    @for (at, other) in others.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href=(page_path(&other.document)) { bdi { (other.title) } }
                    }
                }
            }
        }
        (why::shown(hit))
    }
}

fn pages(asked: &Asked, found: &Results) -> Markup {
    let (here, last) = (found.page(asked), found.pages());
    let to = |page: usize| Asked { page, ..asked.clone() }.address();
    html! {
        @if last > 1 {
            nav.pages aria-label="Pages of results" {
                @if here > 1 { a href=(to(here - 1)) rel="prev" { "← before" } }
                @for page in 1..=last {
                    a href=(to(page)) aria-current=[(page == here).then_some("page")] aria-label={ "Page " (page) } { (page) }
                }
                @if here < last { a href=(to(here + 1)) rel="next" { "after →" } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
