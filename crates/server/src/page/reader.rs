//! The page a citation opens: a note, or the window of it around a quote, with the cited words marked; as Obsidian shows
//! it, or as source with its line numbers.

use std::ops::{Range, RangeInclusive};

use ibid_core::citation::{Citation, Reference};
use ibid_core::document::Heading;
use ibid_index::manifest::{Origin, SourceRecord};
use ibid_search::fetch::Fetched;
use maud::{Markup, PreEscaped, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::frame::{Frame, Menu};
use super::moment;
use super::render::around::Around;
use super::render::{Passage, rendered, source};
use crate::address::{CITED, page_path};

/// Longer quotes have no field of their own to be copied from: the text is there to be selected.
const MAX_QUOTE_BYTES: usize = 4 * 1024;

/// How a note is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum View {
    /// As Obsidian shows it.
    #[default]
    Rendered,
    /// As it stands in its file, with line numbers.
    Source,
}

impl View {
    /// What `view=` in an address means; anything but a name of a view is the first.
    pub(crate) fn named(name: &str) -> View {
        if name == "source" { View::Source } else { View::Rendered }
    }
}

/// A note to be shown.
pub(crate) struct Reading {
    /// The id in the address.
    pub(crate) asked: Reference,
    pub(crate) fetched: Fetched,
    pub(crate) view: View,
    /// The text as markup, as `view` has it.
    pub(crate) text: String,
    /// Where Obsidian on this machine opens it.
    pub(crate) obsidian: Option<String>,
}

impl Reading {
    /// Makes the markup of what was fetched. What is no Markdown is shown as source, whatever is asked for.
    pub(crate) fn new(asked: Reference, fetched: Fetched, view: View, around: &dyn Around) -> Reading {
        let view = if is_markdown(&fetched) { view } else { View::Source };
        let cited = cited_in_text(&asked, &fetched);
        let text = match view {
            View::Source => source(&fetched.text, cited, first_line(&fetched)),
            View::Rendered => {
                let passage = Passage {
                    id: &fetched.document,
                    document: &fetched.stored.document,
                    text: &fetched.text,
                    start: fetched.window.start() as usize,
                    cited,
                };
                rendered(&passage, around)
            }
        };
        Reading { asked, fetched, view, text, obsidian: None }
    }

    /// The whole page.
    pub(crate) fn page(&self, menu: &Menu, now: u64) -> Markup {
        let fetched = &self.fetched;
        let stored = &fetched.stored;
        let body = html! {
            header.note {
                p.path { bdi { (fetched.document.collection) " / " (fetched.document.path) } }
                h1 { bdi { (stored.document.title) } }
                @if let Some(address) = &stored.address {
                    p.path { bdi { (address) } }
                }
                @if self.has_quote() {
                    p.path {
                        a href={ "#" (CITED) } { (lines(fetched.line..=fetched.last_line)) }
                        @if !fetched.headings.is_empty() { " · " bdi { (fetched.headings.join(" › ")) } }
                    }
                }
                (self.ways())
            }
            (self.moved())
            (neighbours(fetched))
            article .text .is-source[self.view == View::Source] dir="auto" { (PreEscaped(&self.text)) }
            (neighbours(fetched))
            (self.cite())
            (self.about(now))
        };
        Frame::new(&stored.document.title, menu).around(&body)
    }

    /// Whether the page is about some of the words it shows.
    fn has_quote(&self) -> bool {
        !cited_in_text(&self.asked, &self.fetched).is_empty()
    }

    fn id(&self) -> String {
        if self.has_quote() { self.fetched.cited.to_string() } else { self.asked.to_string() }
    }

    /// The other view, and Obsidian.
    fn ways(&self) -> Markup {
        let path = page_path(&self.asked);
        let fragment = if self.has_quote() { format!("#{CITED}") } else { String::new() };
        let current = |view: View| (self.view == view).then_some("true");
        html! {
            div.ways {
                @if is_markdown(&self.fetched) {
                    a.button href={ (path) (fragment) } aria-current=[current(View::Rendered)] { "Note" }
                    a.button href={ (path) "?view=source" (fragment) } aria-current=[current(View::Source)] { "Source" }
                }
                @if let Some(address) = &self.obsidian { a.button href=(address) { "Open in Obsidian" } }
            }
        }
    }

    fn moved(&self) -> Markup {
        let Reference::Quote(citation) = &self.asked else { return html! {} };
        let fetched = &self.fetched;
        html! {
            @if *citation != fetched.cited {
                p.notice role="note" {
                    @if citation.document == fetched.document {
                        "The note changed after it was cited. The same words were found again at this place."
                    } @else {
                        "The note that was cited, " bdi { (citation.document.path) } ", does not hold these words any more. The "
                        "same words were found in this one."
                    }
                }
            }
        }
    }

    /// What to copy. Without a script the fields can be selected.
    fn cite(&self) -> Markup {
        let quote = self.quote().filter(|quote| !quote.is_empty() && quote.len() <= MAX_QUOTE_BYTES);
        html! {
            section.cite aria-label="Cite" {
                div {
                    label for="citation" { "Citation" }
                    input #citation readonly value=(self.id());
                    button type="button" data-copy-from="citation" data-scripted { "Copy citation" }
                }
                @if let Some(quote) = quote {
                    div {
                        label for="quote" { "Quote" }
                        // A browser drops the first line end of the field.
                        textarea #quote readonly rows="4" dir="auto" { "\n" (quote) }
                        button type="button" data-copy-from="quote" data-scripted { "Copy quote" }
                    }
                }
            }
        }
    }

    fn quote(&self) -> Option<&str> {
        self.fetched.text.get(cited_in_text(&self.asked, &self.fetched))
    }

    fn about(&self, now: u64) -> Markup {
        let (fetched, stored) = (&self.fetched, &self.fetched.stored);
        html! {
            footer.about {
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
        }
    }
}

fn is_markdown(fetched: &Fetched) -> bool {
    let extension = fetched.document.path.extension().map(str::to_ascii_lowercase);
    matches!(extension.as_deref(), Some("md" | "markdown" | "mdx" | "mdown" | "mkd"))
}

/// Which bytes of the text are cited. None are where the whole window is what was asked for.
fn cited_in_text(asked: &Reference, fetched: &Fetched) -> Range<usize> {
    let (cited, window) = (fetched.cited.span, fetched.window);
    let is_whole = cited.start() <= window.start() && cited.end() >= window.end();
    if matches!(asked, Reference::Document(_))
        || (is_whole && fetched.window.len() < fetched.stored.text_bytes)
    {
        return 0..0;
    }
    let Some(start) = cited.start().checked_sub(window.start()) else { return 0..0 };
    let end = cited.end().min(window.end()).saturating_sub(window.start());
    let range = start as usize..end as usize;
    if fetched.text.get(range.clone()).is_some() { range } else { 0..0 }
}

/// The number of the window's first line.
fn first_line(fetched: &Fetched) -> u32 {
    let before = fetched.cited.span.start().saturating_sub(fetched.window.start()) as usize;
    let before = fetched.text.get(..before).unwrap_or_default().as_bytes();
    let is_end = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => before.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    fetched.line.saturating_sub(before.iter().enumerate().filter(|line| is_end(*line)).count() as u32).max(1)
}

/// Where Obsidian opens a note of a folder: at the block that is cited, else at the last heading above it.
pub(crate) fn obsidian_address(source: &SourceRecord, fetched: &Fetched) -> Option<String> {
    let is_file = matches!(source.origin, Origin::Folder | Origin::WorkingTree { .. });
    let vault = source.root.file_name()?.to_str().filter(|_| is_file && is_markdown(fetched))?;
    let path = fetched.document.path.as_str();
    let path = path.strip_suffix(".md").unwrap_or(path);
    let above = |heading: &&Heading| heading.span.start() <= fetched.cited.span.start();
    let heading =
        || fetched.stored.document.headings.iter().rev().find(above).map(|heading| heading.text.clone());
    let anchor = fetched.anchor.clone().or_else(heading);
    let file = anchor.map_or_else(|| path.to_owned(), |anchor| format!("{path}#{anchor}"));
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    Some(format!("obsidian://open?vault={}&file={}", encoded(vault), encoded(&file)))
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
            nav.parts aria-label="Parts of this note" {
                (link(&fetched.previous, "← what stands before"))
                (link(&fetched.next, "what follows →"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::vault::Vault;
    use crate::testing::{self, Garden};
    use crate::viewer::Viewer;

    fn page(garden: &Garden, id: &str, view: View) -> String {
        let asked: Reference = id.parse().unwrap();
        let snapshots = garden.library.snapshots(&Viewer::owner()).unwrap();
        let fetched = garden.library.fetch(&Viewer::owner(), &asked).unwrap();
        let reading = Reading::new(asked, fetched, view, &Vault::new(&snapshots, None));
        reading.page(&Menu::default(), testing::INDEXED_AT + 120).into_string()
    }

    fn cite(garden: &Garden, words: &str) -> String {
        let found =
            garden.library.search(&Viewer::owner(), &ibid_core::query::Query::new(words), None).unwrap();
        found.answer.hits[0].citation.to_string()
    }

    #[test]
    fn nothing_a_note_says_becomes_markup_of_ours() {
        let garden = testing::garden();
        let id = cite(&garden, "rye starter");
        let page_of = |view| page(&garden, &id, view).replace("<script src=\"/script.js", "");
        let source = page_of(View::Source);
        assert!(!source.contains("<script") && !source.contains("<b>"), "{source}");
        assert!(!page_of(View::Rendered).contains("<script"));
        assert!(source.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(source.contains("<bdi>Levain &quot;"));
        let title = &source[source.find("<title>").unwrap()..source.find("</title>").unwrap()];
        assert!(!title.contains('\u{202e}'), "{title}");
    }

    #[test]
    fn the_cited_bytes_are_marked_and_nothing_else_is() {
        let garden = testing::garden();
        let id = cite(&garden, "rye starter");
        let source = page(&garden, &id, View::Source);
        let text = "<ol class=\"source\" start=\"1\"><li># Levain\n</li><li>\n</li><li><mark id=\"cited\">## Feeding\n\
                    </mark></li><li><mark>Feed the rye starter &lt;b&gt;twice&lt;/b&gt; &amp; wait.</mark>\n</li></ol>";
        assert!(source.contains(text), "{source}");
        assert!(source.contains("Lines 3 to 4") && source.contains("Levain › Feeding"));
        assert!(source.contains("2 minutes ago") && source.contains("generation 1"));
        let rendered = page(&garden, &id, View::Rendered);
        let text = "<h3 id=\"h-feeding\"><mark id=\"cited\">Feeding</mark></h3><p><mark>Feed the rye starter </mark><b>\
                    <mark>twice</mark></b><mark> &amp; wait.</mark></p>";
        assert!(rendered.contains(text), "{rendered}");
    }

    #[test]
    fn a_whole_note_is_shown_without_a_mark() {
        let garden = testing::garden();
        for view in [View::Rendered, View::Source] {
            let page = page(&garden, "garden:Bread/Levain.md", view);
            assert!(!page.contains("<mark") && !page.contains("class=\"parts\""), "{page}");
            assert!(page.contains("value=\"garden:Bread/Levain.md\""));
        }
    }

    #[test]
    fn a_long_note_links_to_its_other_parts() {
        let garden = testing::garden();
        let first = page(&garden, "garden:Long.txt", View::Rendered);
        assert!(first.contains("what follows") && !first.contains("what stands before"));
        let at = first.find("href=\"/d/").unwrap() + "href=\"/d/".len();
        let next = &first[at..at + first[at..].find('"').unwrap()];
        let second = page(&garden, next, View::Rendered);
        assert!(second.contains("what stands before") && !second.contains("<mark"));
        let middle = page(&garden, &cite(&garden, "paragraph 1000"), View::Rendered);
        assert!(middle.contains("what follows") && middle.contains("what stands before"));
        let mark = "<mark id=\"cited\">Paragraph 1000 speaks of turnips.</mark>";
        assert!(middle.contains(mark), "only the quote");
        // The line number of the quote is that of its line in the list.
        let from =
            middle.find("<ol class=\"source\" start=\"").unwrap() + "<ol class=\"source\" start=\"".len();
        let start: usize = middle[from..from + middle[from..].find('"').unwrap()].parse().unwrap();
        let before = middle[from..middle.find(mark).unwrap()].matches("<li>").count();
        assert_eq!(start + before - 1, 1_999);
    }

    #[test]
    fn obsidian_is_led_to_the_heading() {
        let garden = testing::garden();
        let asked: Reference = cite(&garden, "rye starter").parse().unwrap();
        let fetched = garden.library.fetch(&Viewer::owner(), &asked).unwrap();
        let snapshots = garden.library.snapshots(&Viewer::owner()).unwrap();
        let address = obsidian_address(&snapshots[0].manifest().source, &fetched).unwrap();
        assert_eq!(address, "obsidian://open?vault=notes&file=Bread%2FLevain%23Feeding");
    }
}
