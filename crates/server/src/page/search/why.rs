//! Why a passage is among the results, in a line for each thing that speaks for it.

use ibid_core::hit::{Hit, LegScore};
use maud::{Markup, html};

/// What each leg said, what each word adds, what links add.
pub(super) fn shown(hit: &Hit) -> Markup {
    html! {
        details.why {
            summary { "Why this?" }
            ul {
                @if let Some(leg) = &hit.lexical {
                    li {
                        (leg_of("By words", leg, "BM25"))
                        @if !hit.terms.is_empty() {
                            ": "
                            @for (at, term) in hit.terms.iter().enumerate() {
                                @if at > 0 { ", " }
                                bdi { "“" (term.typed) "” " (rounded(term.score)) }
                            }
                        }
                    }
                }
                @if let Some(leg) = &hit.semantic { li { (leg_of("By meaning", leg, "cosine")) } }
                @if hit.lexical.is_none() && hit.semantic.is_none() && hit.name == 0.0 { li { "It passes the filter; nothing else was asked." } }
                @if hit.links > 0.0 { li { "Other notes link to it: " (points(hit.links)) } }
                @if hit.name > 0.0 { li { "The question calls it by its name: " (points(hit.name)) } }
                @if let Some(score) = hit.rerank { li { "The reranker, which decides the place, gives it " (rounded(score)) } }
                li { "Score " (points(hit.score)) ", comparable within this list alone" }
            }
        }
    }
}

fn leg_of(name: &str, leg: &LegScore, unit: &str) -> String {
    format!("{name}: place {}, {unit} {}, {}", leg.rank, rounded(leg.score), points(leg.points))
}

fn rounded(score: f32) -> String {
    format!("{score:.2}")
}

fn points(points: f32) -> String {
    format!("{points:.4} points")
}
