//! The overview: what the index holds, what it lacks, how the last day went, and what changed last. It shows what it is
//! given; what a visitor may see of that is decided before.

use ibid_core::amount::{bytes, grouped, many};
use maud::{Markup, html};

use super::chart::{Bar, Chart};
use super::frame::{Frame, Menu, Place};
use super::moment;
use crate::audit::day::{Day, Hour};
use crate::measured::Measured;

/// What the page shows.
pub(crate) struct Overview {
    pub(crate) collections: Vec<Held>,
    /// Collections and models that cannot be used, with the reason.
    pub(crate) missing: Vec<(String, &'static str)>,
    /// The notes that changed last, the newest first.
    pub(crate) changes: Vec<Change>,
    /// How the last day went; `None` for visitors whom it does not concern.
    pub(crate) day: Option<Day>,
    /// What was measured of the answers, likewise.
    pub(crate) measured: Vec<Measured>,
}

/// One collection.
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) documents: u64,
    pub(crate) passages: u64,
    /// The bytes of the notes.
    pub(crate) source_bytes: u64,
    /// The bytes of the index, where they may be told.
    pub(crate) disk_bytes: Option<u64>,
    /// Where the notes lie, where that may be told.
    pub(crate) source: Option<String>,
    pub(crate) meaning: Meaning,
    pub(crate) generation: u64,
    pub(crate) indexed_at: u64,
    /// How many files the last run had still to read.
    pub(crate) pending: u64,
    /// How many files cannot be read.
    pub(crate) skipped_count: u64,
    /// The first of them, with the reason.
    pub(crate) skipped: Vec<(String, String)>,
}

/// How much is found by meaning.
pub(crate) enum Meaning {
    /// There is no model: words alone.
    None,
    /// The vectors cannot be read.
    Damaged,
    /// So many passages have a vector, made by a model of this name.
    Of { model: String, ready: u64 },
}

/// A note that changed.
pub(crate) struct Change {
    pub(crate) title: String,
    /// The address of its page.
    pub(crate) address: String,
    pub(crate) path: String,
    /// When, in seconds since 1970.
    pub(crate) at: u64,
}

/// The page.
pub(crate) fn page(menu: &Menu, overview: &Overview, now: u64) -> Markup {
    let Overview { collections, missing, changes, day, measured } = overview;
    let main = html! {
        h1 { "Overview" }
        @for (name, why) in missing {
            p.notice role="note" { b { bdi { (name) } } ": " (why) "." }
        }
        section aria-labelledby="collections" {
            h2 #collections { "Collections" }
            @if collections.is_empty() {
                p { "There is none yet. " code { "ibid index FOLDER" } " makes one." }
            }
            div.cards { @for held in collections { (card(held, now)) } }
        }
        @if let Some(day) = day { (last_day(day)) }
        @if !measured.is_empty() { (quality(measured, now)) }
        @if !changes.is_empty() { (changed(changes, now)) }
    };
    Frame { here: Some(Place::Overview), is_narrow: false, ..Frame::new("Overview", menu) }.around(&main)
}

fn card(held: &Held, now: u64) -> Markup {
    html! {
        article.card {
            h3 { bdi { (held.name) } }
            @if let Some(source) = &held.source { p.soft.small { bdi { (source) } } }
            dl.facts {
                (fact("Notes", &html! { (grouped(held.documents)) }))
                (fact("Passages", &html! { (grouped(held.passages)) }))
                (fact("Text", &html! { (bytes(held.source_bytes)) }))
                @if let Some(disk) = held.disk_bytes { (fact("Index", &html! { (bytes(disk)) })) }
                (fact("By meaning", &meaning(held)))
                (fact("Indexed", &html! { (moment(held.indexed_at, now)) ", generation " (held.generation) }))
                @if held.pending > 0 { (fact("Still to read", &html! { (many(held.pending, "file")) })) }
            }
            @if held.skipped_count > 0 { (skipped(held)) }
        }
    }
}

fn fact(term: &str, said: &Markup) -> Markup {
    html! { div { dt { (term) } dd { (said) } } }
}

fn meaning(held: &Held) -> Markup {
    match &held.meaning {
        Meaning::None => html! { "not at all: words alone" },
        Meaning::Damaged => html! { span.ill { "its vectors are damaged" } ": words alone" },
        Meaning::Of { model, ready } if *ready == held.passages => {
            html! { "every passage, with " bdi { (model) } }
        }
        Meaning::Of { model, ready } => html! {
            meter min="0" max=(held.passages) value=(ready) aria-label="Passages that are found by meaning" {}
            " " (grouped(*ready)) " of " (grouped(held.passages)) " passages, with " bdi { (model) }
        },
    }
}

fn skipped(held: &Held) -> Markup {
    let unnamed = held.skipped_count.saturating_sub(held.skipped.len() as u64);
    html! {
        details {
            summary { (many(held.skipped_count, "file")) " could not be read" }
            ul.small {
                @for (path, reason) in &held.skipped {
                    li { code { bdi { (path) } } ": " (reason) }
                }
                @if unnamed > 0 { li { "and " (many(unnamed, "other")) } }
            }
        }
    }
}

fn changed(changes: &[Change], now: u64) -> Markup {
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "Changed last" }
            ul.plain {
                @for change in changes {
                    li {
                        a href=(change.address) { bdi { (change.title) } } " "
                        span.soft.small { bdi { (change.path) } ", " (moment(change.at, now)) }
                    }
                }
            }
        }
    }
}

fn last_day(day: &Day) -> Markup {
    let (searches, times) = day.searches();
    let refused = match day.refused() {
        0 => String::new(),
        refused => format!(", {} of them refused or failed", grouped(refused as u64)),
    };
    let load = format!("{}{refused}.", many(day.calls() as u64, "call"));
    let took = match (searches, times) {
        (1, Some([took, _])) => format!("1 search, which took {took} ms."),
        (searches, Some([half, most])) => format!(
            "{} searches: half took {half} ms at most, 95 of 100 took {most} ms at most.",
            grouped(searches as u64)
        ),
        _ => "Nothing was searched.".to_owned(),
    };
    let bars = |values: &dyn Fn(&Hour) -> Option<[u64; 2]>| -> Vec<Bar> {
        day.hours.iter().map(|hour| Bar { label: hour_of(hour.begins), values: values(hour) }).collect()
    };
    let ends = ["24 hours ago", "now"];
    let calls = Chart {
        title: "Calls an hour",
        columns: ["Calls", "Refused or failed"],
        ends,
        unit: "",
        bars: bars(&|hour| (hour.calls > 0).then_some([hour.calls as u64, hour.refused as u64])),
    };
    let latency = Chart {
        title: "How long searches took",
        columns: ["95 of 100 within", "Half within"],
        ends,
        unit: " ms",
        bars: bars(&|hour| hour.search_times().map(|[half, most]| [most, half])),
    };
    html! {
        section aria-labelledby="day" {
            h2 #day { "The last 24 hours" }
            @if day.broke_off { p.soft { "There were more calls than are counted: these are the newest." } }
            div.charts { (calls.figure(&load)) (latency.figure(&took)) }
        }
    }
}

/// The hour of the day, UTC, that a moment is in.
fn hour_of(seconds: u64) -> String {
    format!("{:02}:00", seconds / 3_600 % 24)
}

fn quality(measured: &[Measured], now: u64) -> Markup {
    html! {
        section aria-labelledby="quality" {
            h2 #quality { "How good the answers are" }
            @for of in measured {
                h3 { bdi { (of.collection) } }
                p.soft.small {
                    (many(of.questions as u64, "judged question")) ", asked of generation " (of.generation) " "
                    (moment(of.measured_at, now)) "."
                }
                div.scroll tabindex="0" role="region" aria-label=(format!("Figures of {}", of.collection)) {
                    table {
                        thead { tr { th scope="col" { "Asked" } @for name in &of.names { th scope="col" { (name) } } } }
                        tbody {
                            @for (mode, values) in &of.modes {
                                tr {
                                    th scope="row" { (mode) }
                                    @for value in values { td { @if let Some(value) = value { (format!("{value:.3}")) } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
