//! The page a citation opens: a note, or the window of it around a quote, with the cited words marked; as Obsidian shows
//! it, or as source with its line numbers.

use std::ops::{Range, RangeInclusive};

use ibid_core::citation::{Citation, Reference};
use ibid_core::span::Span;
use ibid_index::manifest::{Origin, SourceRecord};
use ibid_search::fetch::{Fetched, line_ends};
use maud::{Markup, PreEscaped, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::frame::{Frame, Menu};
use super::moment;
use super::render::around::Around;
use super::render::{Passage, rendered, source};
use crate::address::{AT, CITED, page_path};

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
    /// The part of the cited words at which the page opens; none of them where that is all of them.
    answer: Option<Span>,
    /// Where Obsidian on this machine opens it.
    pub(crate) obsidian: Option<String>,
}

impl Reading {
    /// Makes the markup of what was fetched. What is no Markdown is shown as source, whatever is asked for. `at` is where the
    /// address says that the answer stands.
    pub(crate) fn new(
        asked: Reference,
        fetched: Fetched,
        view: View,
        at: Option<Span>,
        around: &dyn Around,
    ) -> Reading {
        let view = if is_markdown(&fetched) { view } else { View::Source };
        let cited = cited_in_text(&asked, &fetched);
        let answer = at.and_then(|at| answer_at(&asked, &fetched, at)).filter(|_| !cited.is_empty());
        let in_text = answer.map_or(0..0, |answer| {
            let window = fetched.window.start();
            (answer.start() - window) as usize..(answer.end() - window) as usize
        });
        let text = match view {
            View::Source => source(&fetched.text, cited, in_text, first_line(&fetched)),
            View::Rendered => {
                let passage = Passage {
                    id: &fetched.document,
                    document: &fetched.stored.document,
                    text: &fetched.text,
                    start: fetched.window.start() as usize,
                    cited,
                    answer: in_text,
                };
                rendered(&passage, around)
            }
        };
        Reading { asked, fetched, view, text, answer, obsidian: None }
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
                        a href={ "#" (CITED) } { (lines(self.lines())) }
                        @let headings = self.headings();
                        @if !headings.is_empty() { " · " bdi { (headings.join(" › ")) } }
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

    /// The lines of the answer, else of all that is cited.
    fn lines(&self) -> RangeInclusive<u32> {
        let fetched = &self.fetched;
        let Some(answer) = self.answer else { return fetched.line..=fetched.last_line };
        let within = |start: u32, end: u32| {
            let window = fetched.window.start();
            fetched.text.get((start - window) as usize..(end - window) as usize).unwrap_or_default()
        };
        let first = fetched.line + line_ends(within(fetched.cited.span.start(), answer.start()));
        first..=first + line_ends(within(answer.start(), answer.end()))
    }

    /// The headings above the answer, else above what is cited.
    fn headings(&self) -> Vec<&str> {
        match self.answer {
            Some(answer) => {
                let above = self.fetched.stored.document.headings_above(answer.start());
                above.into_iter().map(|heading| heading.text.as_str()).collect()
            }
            None => self.fetched.headings.iter().map(String::as_str).collect(),
        }
    }

    /// What the page is opened at in Obsidian: a note of a folder at the block of the answer, or of what is cited, else at the
    /// last heading above it.
    pub(crate) fn obsidian_address(&self, source: &SourceRecord) -> Option<String> {
        let fetched = &self.fetched;
        let is_file = matches!(source.origin, Origin::Folder | Origin::WorkingTree { .. });
        let vault = source.root.file_name()?.to_str().filter(|_| is_file && is_markdown(fetched))?;
        let path = fetched.document.path.as_str();
        let path = path.strip_suffix(".md").unwrap_or(path);
        let (document, place) = (&fetched.stored.document, self.answer.unwrap_or(fetched.cited.span));
        let block = document.block_at(place).map(|block| format!("^{}", block.name));
        let heading = || document.headings_above(place.start()).last().map(|heading| heading.text.clone());
        let file =
            block.or_else(heading).map_or_else(|| path.to_owned(), |anchor| format!("{path}#{anchor}"));
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        Some(format!("obsidian://open?vault={}&file={}", encoded(vault), encoded(&file)))
    }

    fn id(&self) -> String {
        if self.has_quote() { self.fetched.cited.to_string() } else { self.asked.to_string() }
    }

    /// The other view, and Obsidian.
    fn ways(&self) -> Markup {
        let path = page_path(&self.asked);
        let fragment = if self.has_quote() { format!("#{CITED}") } else { String::new() };
        // As the address of this page has it.
        let at = self.answer.map(|answer| {
            let moved = i64::from(self.fetched.cited.span.start()) - i64::from(start_of(&self.asked));
            let as_asked = |byte: u32| i64::from(byte) - moved;
            format!("{AT}={}-{}", as_asked(answer.start()), as_asked(answer.end()))
        });
        let query = |view: Option<&str>| {
            let parts: Vec<&str> = at.as_deref().into_iter().chain(view).collect();
            if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
        };
        let current = |view: View| (self.view == view).then_some("true");
        html! {
            div.ways {
                @if is_markdown(&self.fetched) {
                    a.button href={ (path) (query(None)) (fragment) } aria-current=[current(View::Rendered)] { "Note" }
                    a.button href={ (path) (query(Some("view=source"))) (fragment) } aria-current=[current(View::Source)] { "Source" }
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

/// Where the answer stands that an address gives a place of: moved as its quote was moved. `None` where it is no part of the
/// quote, or not in the text that is shown.
fn answer_at(asked: &Reference, fetched: &Fetched, at: Span) -> Option<Span> {
    let Reference::Quote(citation) = asked else { return None };
    let (from, to) = (citation.span, fetched.cited.span);
    if at.is_empty() || at == from || !from.contains(at) {
        return None;
    }
    let answer = Span::claimed(at.start() - from.start(), at.end() - from.start())?.shifted(to.start())?;
    let window = fetched.window;
    let in_text = answer.start().checked_sub(window.start())? as usize
        ..answer.end().checked_sub(window.start())? as usize;
    fetched.text.get(in_text).map(|_| answer)
}

fn start_of(asked: &Reference) -> u32 {
    match asked {
        Reference::Quote(citation) => citation.span.start(),
        Reference::Part { .. } | Reference::Document(_) => 0,
    }
}

/// The number of the window's first line.
fn first_line(fetched: &Fetched) -> u32 {
    let before = fetched.cited.span.start().saturating_sub(fetched.window.start()) as usize;
    fetched.line.saturating_sub(line_ends(fetched.text.get(..before).unwrap_or_default())).max(1)
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

    fn reading(garden: &Garden, id: &str, view: View, at: Option<Span>) -> Reading {
        let asked: Reference = id.parse().unwrap();
        let snapshots = garden.library.snapshots(&Viewer::owner()).unwrap();
        let fetched = garden.library.fetch(&Viewer::owner(), &asked).unwrap();
        Reading::new(asked, fetched, view, at, &Vault::new(&snapshots, None))
    }

    fn page(garden: &Garden, id: &str, view: View) -> String {
        let reading = reading(garden, id, view, None);
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
    fn the_answer_is_marked_within_what_is_cited_and_has_the_place() {
        let garden = testing::garden();
        let id = cite(&garden, "rye starter");
        let words = "Feed the rye";
        let start = 21;
        let at = Span::claimed(start, start + words.len() as u32);
        let page_of = |view| {
            reading(&garden, &id, view, at).page(&Menu::default(), testing::INDEXED_AT + 120).into_string()
        };
        let rendered = page_of(View::Rendered);
        let text = "<h3 id=\"h-feeding\"><mark class=\"around\">Feeding</mark></h3><p><mark id=\"cited\">Feed the rye</mark>\
                    <mark class=\"around\"> starter </mark>";
        assert!(rendered.contains(text), "{rendered}");
        assert!(rendered.contains("Line 4") && rendered.contains("Levain › Feeding"), "{rendered}");
        assert!(rendered.contains("?at=21-33&amp;view=source#cited"), "{rendered}");
        let source = page_of(View::Source);
        assert!(source.contains("</li><li><mark id=\"cited\">Feed the rye</mark><mark class"), "{source}");
        for outside in [Span::claimed(0, 12), Span::claimed(21, 900), Span::claimed(21, 21), None] {
            assert_eq!(reading(&garden, &id, View::Rendered, outside).answer, None, "{outside:?}");
        }
    }

    #[test]
    fn obsidian_is_led_to_the_heading() {
        let garden = testing::garden();
        let reading = reading(&garden, &cite(&garden, "rye starter"), View::Rendered, None);
        let snapshots = garden.library.snapshots(&Viewer::owner()).unwrap();
        let address = reading.obsidian_address(&snapshots[0].manifest().source).unwrap();
        assert_eq!(address, "obsidian://open?vault=notes&file=Bread%2FLevain%23Feeding");
    }
}
