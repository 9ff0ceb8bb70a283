//! The page a citation opens: a note, or the window of it around a quote, with the cited words marked.

use std::ops::RangeInclusive;

use ibid_core::citation::{Citation, Reference};
use ibid_search::fetch::Fetched;
use maud::{Markup, html};

use super::frame::{Frame, Menu};
use super::moment;
use crate::address::{CITED, page_path};

/// A note, or the window of it around a quote; `asked` is the id in the address.
pub(crate) fn note(menu: &Menu, asked: &Reference, fetched: &Fetched, now: u64) -> Markup {
    let (before, cited, after) = parts(asked, fetched);
    let moved = matches!(asked, Reference::Quote(citation) if *citation != fetched.cited);
    let stored = &fetched.stored;
    let body = html! {
        header.note {
            p.collection { (fetched.document.collection) }
            h1 { bdi { (stored.document.title) } }
            p.path { bdi { (fetched.document.path) } }
            @if let Some(address) = &stored.address {
                p.path { bdi { (address) } }
            }
            @if !cited.is_empty() {
                @if !fetched.headings.is_empty() {
                    p.headings { bdi { (fetched.headings.join(" › ")) } }
                }
                p.place { (lines(fetched.line..=fetched.last_line)) }
            }
        }
        @if moved {
            p.notice role="note" { "The note changed after it was cited. The same words were found again at this place." }
        }
        (neighbours(fetched))
        // No pre: a browser drops its first line end.
        div.text dir="auto" { (before) @if !cited.is_empty() { mark id=(CITED) { (cited) } } (after) }
        (neighbours(fetched))
        footer {
            @let id = if cited.is_empty() { asked.to_string() } else { fetched.cited.to_string() };
            p { "Citation: " code.id { (id) } }
            p {
                "Bytes " (fetched.window) " of " (stored.text_bytes) ". Indexed "
                (moment(fetched.indexed_at, now)) ", generation " (fetched.generation) "."
                @if let Some(commit) = &fetched.commit {
                    " As in commit " (commit) "."
                }
                @if let Some(encoding) = &stored.decoded_from {
                    " Decoded from " (encoding) "; bytes count in the decoded text."
                }
            }
        }
    };
    Frame::new(&stored.document.title, menu).around(&body)
}

/// What stands before the cited words, the words, and what stands after them. Nothing is marked where the whole window
/// is what was asked for.
fn parts<'a>(asked: &Reference, fetched: &'a Fetched) -> (&'a str, &'a str, &'a str) {
    let (cited, window, text) = (fetched.cited.span, fetched.window, fetched.text.as_str());
    let unmarked = ("", "", text);
    let is_whole = cited.start() <= window.start() && cited.end() >= window.end();
    if matches!(asked, Reference::Document(_))
        || (is_whole && fetched.window.len() < fetched.stored.text_bytes)
    {
        return ("", "", text);
    }
    let Some(start) = cited.start().checked_sub(window.start()) else { return unmarked };
    let end = cited.end().min(window.end()).saturating_sub(window.start());
    let (start, end) = (start as usize, end as usize);
    match (text.get(..start), text.get(start..end), text.get(end..)) {
        (Some(before), Some(cited), Some(after)) => (before, cited, after),
        _ => unmarked,
    }
}

fn lines(lines: RangeInclusive<u32>) -> String {
    match lines.start() == lines.end() {
        true => format!("Line {}", lines.start()),
        false => format!("Lines {} to {}", lines.start(), lines.end()),
    }
}

fn neighbours(fetched: &Fetched) -> Markup {
    let link = |citation: &Option<Citation>, words: &str| {
        html! { @if let Some(citation) = citation { a href=(page_path(citation)) { (words) } } }
    };
    html! {
        @if fetched.previous.is_some() || fetched.next.is_some() {
            nav aria-label="Parts of this note" {
                (link(&fetched.previous, "← what stands before"))
                (link(&fetched.next, "what follows →"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Garden};
    use crate::viewer::Viewer;

    fn page(garden: &Garden, id: &str) -> String {
        let asked: Reference = id.parse().unwrap();
        let fetched = garden.library.fetch(&Viewer::owner(), &asked).unwrap();
        note(&Menu::default(), &asked, &fetched, testing::INDEXED_AT + 120).into_string()
    }

    fn cite(garden: &Garden, words: &str) -> String {
        let found =
            garden.library.search(&Viewer::owner(), &ibid_core::query::Query::new(words), None).unwrap();
        found.answer.hits[0].citation.to_string()
    }

    #[test]
    fn nothing_a_note_says_becomes_markup() {
        let garden = testing::garden();
        let page = page(&garden, &cite(&garden, "rye starter"));
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("<bdi>Levain &quot;"));
        let title = &page[page.find("<title>").unwrap()..page.find("</title>").unwrap()];
        assert!(!title.contains('\u{202e}'), "{title}");
    }

    #[test]
    fn the_cited_bytes_are_marked_and_nothing_else_is() {
        let garden = testing::garden();
        let page = page(&garden, &cite(&garden, "rye starter"));
        let text = "# Levain\n\n<mark id=\"cited\">## Feeding\nFeed the rye starter &lt;b&gt;twice&lt;/b&gt; &amp; \
                    wait.</mark>\n</div>";
        assert!(page.contains(text), "{page}");
        assert!(page.contains("Lines 3 to 4") && page.contains("Levain › Feeding"));
        assert!(page.contains("2 minutes ago") && page.contains("generation 1"));
    }

    #[test]
    fn a_whole_note_is_shown_without_a_mark() {
        let garden = testing::garden();
        let page = page(&garden, "garden:Bread/Levain.md");
        assert!(!page.contains("<mark") && !page.contains("<nav") && page.contains("garden:Bread/Levain.md"));
    }

    #[test]
    fn a_long_note_links_to_its_other_parts() {
        let garden = testing::garden();
        let first = page(&garden, "garden:Long.txt");
        assert!(first.contains("what follows") && !first.contains("what stands before"));
        let at = first.find("href=\"/d/").unwrap() + "href=\"/d/".len();
        let next = &first[at..at + first[at..].find('"').unwrap()];
        let second = page(&garden, next);
        assert!(second.contains("what stands before") && !second.contains("<mark"));
        let middle = page(&garden, &cite(&garden, "paragraph 1000"));
        assert!(middle.contains("what follows") && middle.contains("what stands before"));
        assert!(
            middle.contains("<mark id=\"cited\">Paragraph 1000 speaks of turnips.</mark>"),
            "only the quote"
        );
    }
}
