//! What is shown of a quote whose words are gone: beside what stands there now where it is still known what they were, and
//! the plain word that it is not where it is not known.

use std::collections::HashMap;

use ibid_core::citation::Citation;
use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};

use super::frame::{Frame, Menu};
use crate::address::page_path;

/// The words of a quote, and the passage of the note that is most like them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The words that were cited.
    pub(crate) was: String,
    /// What is most like them, and its citation; `None` where nothing has half of their words.
    pub(crate) now: Option<(Citation, String)>,
}

/// Which of the passages is most like `was`: the first of those that share most words with it, if they are half of all.
pub(crate) fn nearest<'a, T>(was: &str, passages: impl Iterator<Item = (T, &'a str)>) -> Option<T> {
    let wanted = words(was);
    let all: usize = wanted.values().sum();
    let mut best: Option<(usize, T)> = None;
    for (key, passage) in passages {
        let here = words(passage);
        let shared =
            wanted.iter().map(|(word, count)| here.get(word).map_or(0, |other| *count.min(other))).sum();
        if shared * 2 >= all && shared > best.as_ref().map_or(0, |(most, _)| *most) {
            best = Some((shared, key));
        }
    }
    best.map(|(_, key)| key)
}

fn words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *words.entry(word.to_lowercase()).or_default() += 1;
    }
    words
}

/// The page of a quote that is gone.
pub(crate) fn page(menu: &Menu, cited: &Citation, changed: Option<&Changed>) -> Markup {
    let body = html! {
        h1 { "The note changed" }
        p.path { bdi { (cited.document.collection) " / " (cited.document.path) } }
        p.notice role="note" {
            "These words are not in the index any more: the note changed after it was cited."
            @if changed.is_none() { " What they were is not known here." }
        }
        @if let Some(changed) = changed { (difference(changed)) }
        p { a href=(page_path(&cited.document)) { "Read the note as it is now" } }
    };
    Frame::new("The note changed", menu).around(&body)
}

fn difference(changed: &Changed) -> Markup {
    html! {
        @match &changed.now {
            Some((citation, now)) => {
                h2 { "What was cited, and what stands there now" }
                p.difference dir="auto" { (compared(&changed.was, now)) }
                p { a href={ (page_path(citation)) "#" (crate::address::CITED) } { "Read this passage in the note" } }
            }
            None => {
                h2 { "What was cited" }
                p.difference dir="auto" { del { (changed.was) } }
                p { "Nothing in the note is like it any more." }
            }
        }
    }
}

/// Both texts as one, word by word.
fn compared(was: &str, now: &str) -> Markup {
    let difference = TextDiff::from_words(was, now);
    html! {
        @for change in difference.iter_all_changes() {
            @match change.tag() {
                ChangeTag::Equal => { (change.value()) }
                ChangeTag::Delete => { del { (change.value()) } }
                ChangeTag::Insert => { ins { (change.value()) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_are_shown_as_one() {
        let shown = compared("Feed it twice a day.", "Feed it <b>once a day.").into_string();
        assert_eq!(shown, "Feed it <del>twice</del><ins>&lt;b&gt;once</ins> a day.");
    }

    #[test]
    fn the_passage_that_shares_most_words_is_the_nearest() {
        let passages = ["Bake the bread.", "Feed the rye starter once.", "feed the RYE starter daily"];
        for (was, expected) in [
            ("Feed the rye starter twice.", Some(1)),
            ("Rye starter, daily", Some(2)),
            ("Something else entirely here", None),
            ("", None),
        ] {
            assert_eq!(nearest(was, passages.iter().copied().enumerate()), expected, "{was}");
        }
    }
}
