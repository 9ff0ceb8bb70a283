//! One pass over the events of the parser of Markdown, writing markup. What a link or an embed becomes stands in
//! [`super::link`] and [`super::embed`].

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::front::Front;
use super::html::InlineTag;
use super::link::slug;
use super::syntax::{Placed, Placing, Sign, signs, tags};
use super::writer::Writer;
use super::{Page, Passage, Trail, callout, html};

/// What is read beyond CommonMark: what the indexer reads.
pub(super) const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_MATH);

/// Elements that lie deeper than this are shown without their markup.
const MAX_DEPTH: usize = 48;

/// What is to be done where an element ends.
#[derive(Debug)]
enum Open {
    /// Write this.
    Markup(&'static str),
    Paragraph,
    /// The paragraph that begins with a callout's title; what ends the title, and where its line ends.
    Title {
        end: &'static str,
        line_end: usize,
        is_ended: bool,
    },
    /// A fenced block of this language, whose lines are gathered.
    Code {
        language: String,
        lines: Vec<Range<usize>>,
    },
    /// Raw HTML, gathered.
    Html {
        range: Range<usize>,
        text: String,
    },
    /// An image, whose other text is gathered.
    Image {
        target: String,
        text: String,
    },
    /// A footnote, and how much was written before it.
    Footnote {
        name: String,
        from: usize,
    },
}

/// A rendering under way.
pub(super) struct Walk<'a> {
    pub(super) passage: &'a Passage<'a>,
    pub(super) page: &'a Page<'a>,
    pub(super) trail: &'a Trail,
    pub(super) writer: Writer,
    events: Vec<Placing<'a>>,
    signs: Vec<Placed<'a>>,
    /// What was shown already, or is not shown.
    passed: Range<usize>,
    open: Vec<Open>,
    /// How many elements are open of which nothing is shown.
    skipping: usize,
    /// Elements of raw HTML that are open in this line.
    raw: Vec<&'static str>,
    /// How often each heading's id is there.
    ids: HashMap<String, usize>,
    /// Footnotes by the order in which they are referred to.
    footnotes: Vec<String>,
    /// What footnotes say.
    notes: Vec<(String, String)>,
    columns: Vec<Alignment>,
    column: Option<usize>,
    is_head: bool,
    /// A callout whose first paragraph has not begun.
    title: Option<(&'static str, usize, String)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        passage: &'a Passage<'a>,
        page: &'a Page<'a>,
        trail: &'a Trail,
        body: usize,
    ) -> Walk<'a> {
        let text = passage.text;
        let parser = Parser::new_ext(&text[body..], OPTIONS).into_offset_iter();
        let events: Vec<Placing<'_>> =
            parser.map(|(event, range)| (event, body + range.start..body + range.end)).collect();
        Walk {
            signs: signs(text, passage.start, passage.document, &events),
            writer: Writer::new(passage.cited.clone(), passage.answer.clone()),
            passage,
            page,
            trail,
            events,
            passed: 0..0,
            open: Vec::new(),
            skipping: 0,
            raw: Vec::new(),
            ids: HashMap::new(),
            footnotes: Vec::new(),
            notes: Vec::new(),
            columns: Vec::new(),
            column: None,
            is_head: false,
            title: None,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.passage.text
    }

    /// The properties as a table, or as they are where they are none.
    pub(super) fn properties(&mut self, front: &Front) {
        let text = self.text();
        if front.rows.is_empty() {
            if !text[front.inner.clone()].trim().is_empty() {
                self.writer.markup("<pre class=\"properties\">");
                self.writer.source(text, front.inner.clone());
                self.writer.markup("</pre>");
            }
            return;
        }
        self.writer.markup("<div class=\"scroll\"><table class=\"properties\"><caption class=\"unseen\">Properties</caption>");
        for row in &front.rows {
            self.writer.markup("<tr><th scope=\"row\">");
            self.writer.source(text, row.name.clone());
            self.writer.markup("</th><td>");
            let are_tags = matches!(text[row.name.clone()].to_ascii_lowercase().as_str(), "tags" | "tag");
            for (at, value) in row.values.iter().enumerate() {
                self.writer.markup(if at > 0 { "<br>" } else { "" });
                match are_tags {
                    true => self.tag(value.clone(), text[value.clone()].trim_start_matches('#')),
                    false => self.prose(value.clone()),
                }
            }
            self.writer.markup("</td></tr>");
        }
        self.writer.markup("</table></div>");
        self.passed = 0..0;
    }

    pub(super) fn over_all(&mut self) {
        for (event, range) in std::mem::take(&mut self.events) {
            self.event(event, range);
        }
    }

    pub(super) fn finish(mut self) -> String {
        if !self.footnotes.is_empty() {
            let prefix = &self.trail.prefix;
            self.writer.markup("<section class=\"footnotes\" aria-label=\"Footnotes\"><ol>");
            for (at, name) in self.footnotes.iter().enumerate() {
                let number = (at + 1).to_string();
                self.writer.with("<li id=\"{}fn-{}\">", &[prefix, &number]);
                if let Some((_, said)) = self.notes.iter().find(|(known, _)| known == name) {
                    self.writer.markup(said);
                }
                let back = format!("Back to reference {number}");
                self.writer
                    .with(" <a href=\"#{}fnref-{}\" aria-label=\"{}\">↩</a></li>", &[prefix, &number, &back]);
            }
            self.writer.markup("</ol></section>");
        }
        self.writer.finish()
    }

    fn event(&mut self, event: Event<'a>, range: Range<usize>) {
        match event {
            Event::Start(_) if self.skipping > 0 || self.is_passed(&range) => self.skipping += 1,
            Event::End(_) if self.skipping > 0 => self.skipping -= 1,
            _ if self.skipping > 0 => {}
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(words) => self.words(&words, range),
            _ if self.is_passed(&range) => {}
            Event::Code(words) => self.code_span(&words, range),
            Event::InlineMath(formula) => self.formula(&formula, range, false),
            Event::DisplayMath(formula) => self.formula(&formula, range, true),
            Event::Html(words) => match self.open.last_mut() {
                Some(Open::Html { text, .. }) => text.push_str(&words),
                _ => self.writer.markup(&html::block(&words)),
            },
            Event::InlineHtml(tag) => self.inline_html(&tag),
            Event::FootnoteReference(name) => self.footnote(name.into_string(), range),
            Event::SoftBreak | Event::HardBreak => self.line_break(range),
            Event::Rule => self.writer.markup("<hr>"),
            Event::TaskListMarker(is_done) => {
                let label = if is_done { "checked aria-label=\"done\"" } else { "aria-label=\"to do\"" };
                self.writer.markup(&format!("<input type=\"checkbox\" disabled {label}> "));
            }
        }
    }

    /// Whether bytes were shown already, or are within a comment.
    fn is_passed(&self, range: &Range<usize>) -> bool {
        let end = range.start + self.text()[range.clone()].trim_end().len();
        let holds =
            |other: &Range<usize>| other.start <= range.start && end <= other.end && end > range.start;
        if holds(&self.passed) {
            return true;
        }
        let next = self.signs.partition_point(|(sign, _)| sign.end <= range.start);
        self.signs.get(next).is_some_and(|(sign, what)| matches!(what, Sign::Hidden) && holds(sign))
    }

    fn start(&mut self, tag: Tag<'a>, range: Range<usize>) {
        if !is_inline(&tag) {
            self.close_raw();
            if tag != Tag::Paragraph {
                self.end_title();
            }
        }
        let is_deep = self.open.len() > MAX_DEPTH;
        let open = match tag {
            Tag::Paragraph => self.start_paragraph(),
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '{']).next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                Open::Code { language, lines: Vec::new() }
            }
            Tag::HtmlBlock => Open::Html { range, text: String::new() },
            Tag::Image { dest_url, .. } => {
                Open::Image { target: dest_url.into_string(), text: String::new() }
            }
            Tag::FootnoteDefinition(name) => {
                Open::Footnote { name: name.into_string(), from: self.writer.len() }
            }
            Tag::Link { dest_url, link_type, .. } => {
                let target = if link_type == LinkType::Email {
                    format!("mailto:{dest_url}")
                } else {
                    dest_url.into_string()
                };
                Open::Markup(self.open_link(&target))
            }
            _ if is_deep => Open::Markup(""),
            Tag::Heading { level, .. } => self.start_heading(level as usize, &range),
            Tag::BlockQuote(_) => self.start_quote(range),
            tag => Open::Markup(self.start_plain(tag)),
        };
        self.open.push(open);
    }

    /// An element that is only wrapped around what it holds; gives what ends it.
    fn start_plain(&mut self, tag: Tag<'_>) -> &'static str {
        let (begin, end) = match tag {
            Tag::List(Some(first)) => {
                self.writer.with("<ol start=\"{}\">", &[&first.to_string()]);
                ("", "</ol>")
            }
            Tag::List(None) => ("<ul>", "</ul>"),
            Tag::Item => ("<li>", "</li>"),
            Tag::Emphasis => ("<em>", "</em>"),
            Tag::Strong => ("<strong>", "</strong>"),
            Tag::Strikethrough => ("<del>", "</del>"),
            Tag::Table(columns) => {
                self.columns = columns;
                let begin =
                    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table\"><table>";
                (begin, "</tbody></table></div>")
            }
            Tag::TableHead => {
                (self.column, self.is_head) = (Some(0), true);
                ("<thead><tr>", "</tr></thead><tbody>")
            }
            Tag::TableRow => {
                (self.column, self.is_head) = (Some(0), false);
                ("<tr>", "</tr>")
            }
            Tag::TableCell => {
                let class = match self.column.and_then(|column| self.columns.get(column)) {
                    Some(Alignment::Right) => " class=\"end\"",
                    Some(Alignment::Center) => " class=\"center\"",
                    _ => "",
                };
                self.column = self.column.map(|column| column + 1);
                let (begin, end) =
                    if self.is_head { ("<th scope=\"col\"", "</th>") } else { ("<td", "</td>") };
                self.writer.markup(&format!("{begin}{class}>"));
                ("", end)
            }
            _ => ("", ""),
        };
        self.writer.markup(begin);
        end
    }

    fn start_paragraph(&mut self) -> Open {
        match self.title.take() {
            Some((end, line_end, name)) => {
                self.writer.words(&name);
                Open::Title { end, line_end, is_ended: false }
            }
            None => {
                self.writer.markup("<p>");
                Open::Paragraph
            }
        }
    }

    fn start_heading(&mut self, level: usize, range: &Range<usize>) -> Open {
        const BEGIN: [&str; 6] = ["<h2", "<h3", "<h4", "<h5", "<h6", "<h6"];
        const END: [&str; 6] = ["</h2>", "</h3>", "</h4>", "</h5>", "</h6>", "</h6>"];
        let at = (level - 1).min(BEGIN.len() - 1);
        let start = self.passage.start + range.start;
        let known =
            self.passage.document.headings.iter().find(|heading| heading.span.start() as usize == start);
        self.writer.markup(BEGIN[at]);
        if let Some(heading) = known {
            let id = slug(&heading.text);
            let count = self.ids.entry(id.clone()).or_default();
            *count += 1;
            let number = if *count > 1 { format!("-{count}") } else { String::new() };
            self.writer.with(" id=\"{}{}{}\"", &[&self.trail.prefix, &id, &number]);
        }
        self.writer.markup(">");
        Open::Markup(END[at])
    }

    fn start_quote(&mut self, range: Range<usize>) -> Open {
        let Some(callout) = callout::read(self.text(), range) else {
            self.writer.markup("<blockquote>");
            return Open::Markup("</blockquote>");
        };
        let class = callout::class(&callout.kind);
        let name = if callout.is_titled { String::new() } else { callout::name(&callout.kind) };
        let sign_end = callout.sign.end;
        let line_end =
            self.text()[sign_end..].find(['\n', '\r']).map_or(self.text().len(), |at| sign_end + at);
        self.passed = callout.sign;
        let (title_end, end) = match callout.fold {
            Some(is_open) => {
                let open = if is_open { " open" } else { "" };
                self.writer.with(&format!("<details{open} class=\"callout {{}}\"><summary>"), &[class]);
                ("</summary>", "</details>")
            }
            None => {
                self.writer.with("<div class=\"callout {}\"><p class=\"title\">", &[class]);
                ("</p>", "</div>")
            }
        };
        self.title = Some((title_end, line_end, name));
        Open::Markup(end)
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        if !matches!(
            tag,
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
        ) {
            self.close_raw();
        }
        // A callout that holds no paragraph has its title all the same.
        if tag == TagEnd::BlockQuote(None) {
            self.end_title();
        }
        match self.open.pop() {
            None => {}
            Some(Open::Markup(end)) => self.writer.markup(end),
            Some(Open::Paragraph) => self.end_paragraph(),
            Some(Open::Title { is_ended: true, .. }) => self.end_paragraph(),
            Some(Open::Title { end, .. }) => self.writer.markup(end),
            Some(Open::Code { language, lines }) => self.code_block(&language, &lines),
            Some(Open::Html { range, text }) => {
                let attributes = self.writer.attributes_of(&range);
                self.writer.markup(&format!("<div class=\"raw\"{attributes}>{}</div>", html::block(&text)));
            }
            Some(Open::Image { target, text }) => self.image(&target, &text, range),
            Some(Open::Footnote { name, from }) => {
                let said = self.writer.split_off(from);
                self.notes.push((name, said));
            }
        }
    }

    /// Ends the title of a callout whose first paragraph has not begun, where anything else begins in its place.
    fn end_title(&mut self) {
        if let Some((end, _, name)) = self.title.take() {
            self.writer.words(&name);
            self.writer.markup(end);
        }
    }

    /// Of a paragraph that shows nothing, as one that holds a comment alone, nothing is left.
    fn end_paragraph(&mut self) {
        if !self.writer.take_end("<p>") {
            self.writer.markup("</p>");
        }
    }

    fn words(&mut self, words: &str, range: Range<usize>) {
        match self.open.last_mut() {
            Some(Open::Code { lines, .. }) => return lines.push(range),
            Some(Open::Html { text, .. } | Open::Image { text, .. }) => return text.push_str(words),
            _ => {}
        }
        if self.text().get(range.clone()) == Some(words) {
            self.prose(range);
        } else if !self.is_passed(&range) {
            self.writer.shown(words, range);
        }
    }

    /// Text as it stands, with the signs in it.
    pub(super) fn prose(&mut self, range: Range<usize>) {
        let mut at =
            if self.passed.contains(&range.start) { self.passed.end.min(range.end) } else { range.start };
        while at < range.end {
            let next = self.signs.partition_point(|(sign, _)| sign.end <= at);
            let Some((sign, what)) = self.signs.get(next).cloned().filter(|(sign, _)| sign.start < range.end)
            else {
                return self.plain(at..range.end);
            };
            if sign.start >= at {
                self.plain(at..sign.start);
                self.sign(&what, sign.clone());
            }
            at = sign.end;
            self.passed = sign;
        }
    }

    fn sign(&mut self, sign: &Sign<'a>, range: Range<usize>) {
        match sign {
            Sign::Link(link) => self.wikilink(link, range),
            Sign::Hidden => {}
            Sign::Block(name) => {
                let prefix = self.trail.prefix.clone();
                self.writer.with("<span id=\"{}b-{}\"></span>", &[&prefix, &name.to_lowercase()]);
            }
            Sign::OpensMark => self.writer.markup("<mark class=\"own\">"),
            Sign::ClosesMark => self.writer.markup("</mark>"),
        }
    }

    /// Text with nothing in it but tags.
    fn plain(&mut self, range: Range<usize>) {
        let text = self.text();
        let mut at = range.start;
        for (place, tag) in tags(text, range.clone(), &self.passage.document.tags) {
            self.writer.source(text, at..place.start);
            self.tag(place.clone(), tag);
            at = place.end;
        }
        self.writer.source(text, at..range.end);
    }

    /// A tag, which leads to the notes that have it.
    fn tag(&mut self, range: Range<usize>, tag: &str) {
        let question: String =
            url::form_urlencoded::byte_serialize(format!("tag:{tag}").as_bytes()).collect();
        self.writer.with("<a class=\"tag\" href=\"/search?q={}\">", &[&question]);
        self.writer.source(self.text(), range);
        self.writer.markup("</a>");
    }

    /// The words for an image, while they are gathered.
    pub(super) fn image_text(&mut self) -> Option<&mut String> {
        match self.open.last_mut() {
            Some(Open::Image { text, .. }) => Some(text),
            _ => None,
        }
    }

    fn inline_html(&mut self, tag: &str) {
        match html::inline(tag) {
            InlineTag::Opens(name) => {
                self.raw.push(name);
                self.writer.markup(&format!("<{name}>"));
            }
            // What was opened within it is closed with it.
            InlineTag::Closes(name) if self.raw.contains(&name) => {
                while let Some(open) = self.raw.pop() {
                    self.writer.markup(&format!("</{open}>"));
                    if open == name {
                        break;
                    }
                }
            }
            InlineTag::LineBreak => self.writer.markup("<br>"),
            InlineTag::Closes(_) | InlineTag::Nothing => {}
        }
    }

    fn close_raw(&mut self) {
        while let Some(name) = self.raw.pop() {
            self.writer.markup(&format!("</{name}>"));
        }
    }

    fn footnote(&mut self, name: String, range: Range<usize>) {
        let at = self.footnotes.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.footnotes.push(name);
            self.footnotes.len() - 1
        });
        let (prefix, number) = (self.trail.prefix.clone(), (at + 1).to_string());
        self.writer
            .with("<sup id=\"{}fnref-{}\"><a href=\"#{}fn-{}\">", &[&prefix, &number, &prefix, &number]);
        self.writer.shown(&number, range);
        self.writer.markup("</a></sup>");
    }

    /// A line's end is one, as in Obsidian; that of a callout's title ends the title.
    fn line_break(&mut self, range: Range<usize>) {
        match self.open.last_mut() {
            Some(Open::Title { end, line_end, is_ended }) if !*is_ended && range.start >= *line_end => {
                *is_ended = true;
                let end = *end;
                self.close_raw();
                self.writer.markup(end);
                self.writer.markup("<p>");
            }
            Some(Open::Image { text, .. }) => text.push(' '),
            _ => self.writer.markup("<br>"),
        }
    }

    /// Whether a block can stand here: in a paragraph, which is ended for it, or among the words of an item.
    pub(super) fn takes_block(&self) -> bool {
        let is_place = match self.open.last() {
            None | Some(Open::Paragraph) => true,
            Some(Open::Title { is_ended, .. }) => *is_ended,
            Some(Open::Markup(end)) => *end == "</li>",
            _ => false,
        };
        is_place && self.raw.is_empty()
    }

    /// Writes a block where [`Walk::takes_block`].
    pub(super) fn block(&mut self, markup: &str) {
        let in_paragraph = matches!(self.open.last(), Some(Open::Paragraph | Open::Title { .. }));
        if in_paragraph {
            self.end_paragraph();
        }
        self.writer.markup(markup);
        if in_paragraph {
            self.writer.markup("<p>");
        }
    }
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}
