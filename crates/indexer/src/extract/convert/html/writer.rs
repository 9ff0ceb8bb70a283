//! Tags and characters of HTML as they come, written to a [`Sheet`].

use html5ever::tokenizer::{Tag, TagKind, Token};

use super::super::sheet::{Place, Sheet};
use super::super::table::Table;
use super::super::writing;
use super::{Page, Relative};

/// The most elements that are open at once and mean something; what is deeper is read as plain text.
const MAX_OPEN: usize = 64;
/// The deepest tables in tables.
const MAX_TABLES: usize = 8;
/// The longest link target, in bytes; longer ones are images and programs.
const MAX_TARGET_BYTES: usize = 2048;
/// The longest title, in bytes.
const MAX_TITLE_BYTES: usize = 1024;

/// What the tokenizer has to know about what follows a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Markup,
    Title,
    Raw,
    Script,
    Plain,
}

/// An element that is open and means something at its end.
#[derive(Debug)]
enum Effect {
    Container,
    Heading(usize),
    Pre,
    Code(Place),
    Link(Place, String),
    Table,
    Cell,
}

#[derive(Debug)]
struct Open {
    name: String,
    effect: Effect,
}

/// An element that is left out, and how many of its name are open inside.
#[derive(Debug)]
struct Skipped {
    name: String,
    depth: usize,
}

/// Writes Markdown.
#[derive(Debug)]
pub(super) struct Writer {
    relative: Relative,
    page: Page,
    in_title: bool,
    skipped: Option<Skipped>,
    open: Vec<Open>,
    /// The page, and on it the cells that are open.
    sheets: Vec<Sheet>,
    tables: Vec<Table>,
    /// The code of a `<pre>` and its language.
    pre: Option<(String, String)>,
}

impl Writer {
    /// A writer of an empty page.
    pub(super) fn new(relative: Relative) -> Writer {
        Writer {
            relative,
            page: Page::default(),
            in_title: false,
            skipped: None,
            open: Vec::new(),
            sheets: vec![Sheet::default()],
            tables: Vec::new(),
            pre: None,
        }
    }

    /// Takes a token.
    pub(super) fn token(&mut self, token: Token) -> Content {
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.start(&tag),
            Token::TagToken(tag) => self.end(&tag.name),
            _ => {}
        }
        Content::Markup
    }

    /// Closes what is open, and gives the page.
    pub(super) fn finish(mut self) -> Page {
        while !self.open.is_empty() {
            self.close_last();
        }
        self.page.title = writing::one_line(&self.page.title);
        self.page.body = self.sheets.swap_remove(0).finish();
        self.page
    }

    fn sheet(&mut self) -> &mut Sheet {
        self.sheets.last_mut().expect("the page's own sheet is never taken before the end")
    }

    fn text(&mut self, text: &str) {
        if self.in_title {
            let room = MAX_TITLE_BYTES.saturating_sub(self.page.title.len());
            self.page.title.push_str(&text[..text.floor_char_boundary(room)]);
        } else if self.skipped.is_some() {
        } else if let Some((code, _)) = &mut self.pre {
            code.push_str(text);
        } else {
            self.sheet().words(text);
        }
    }

    fn start(&mut self, tag: &Tag) -> Content {
        let name: &str = &tag.name;
        let content = match name {
            _ if tag.self_closing => Content::Markup,
            "title" | "textarea" => Content::Title,
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => Content::Raw,
            "script" => Content::Script,
            "plaintext" => Content::Plain,
            _ => Content::Markup,
        };
        if let Some(skipped) = &mut self.skipped {
            if skipped.name != name {
                return content;
            }
            if !ends_unsaid(name) {
                skipped.depth += usize::from(!tag.self_closing);
                return content;
            }
            self.skipped = None;
        }
        if is_void(name) {
            self.void(name, tag);
        } else if name == "title" {
            self.in_title = self.page.title.is_empty() && !tag.self_closing;
            if !self.in_title && !tag.self_closing {
                self.skipped = Some(Skipped { name: name.to_owned(), depth: 0 });
            }
        } else if is_left_out(name) || is_hidden(name, tag) {
            if !tag.self_closing {
                self.skipped = Some(Skipped { name: name.to_owned(), depth: 0 });
            }
        } else if self.pre.is_some() {
            self.start_in_pre(name, tag);
        } else {
            self.start_shown(name, tag);
            if tag.self_closing {
                self.end(name);
            }
        }
        content
    }

    fn start_shown(&mut self, name: &str, tag: &Tag) {
        match name {
            "li" => {
                self.close_within("li", &["ul", "ol", "menu", "td", "th", "table"]);
                self.sheet().start_item();
                self.push(name, Effect::Container);
            }
            "ul" | "menu" => {
                self.sheet().start_list(None);
                self.push(name, Effect::Container);
            }
            "ol" => {
                let number = attribute(tag, "start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
                self.sheet().start_list(Some(number));
                self.push(name, Effect::Container);
            }
            "blockquote" => {
                self.sheet().start_quote();
                self.push(name, Effect::Container);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.sheet().end_paragraph();
                self.push(name, Effect::Heading(usize::from(name.as_bytes()[1] - b'0')));
            }
            "pre" | "listing" | "xmp" | "plaintext" => {
                self.sheet().end_paragraph();
                if self.push(name, Effect::Pre) {
                    self.pre = Some((String::new(), language(tag)));
                }
            }
            "code" | "kbd" | "samp" | "tt" if !self.is_open(|effect| matches!(effect, Effect::Code(_))) => {
                let place = self.sheet().place();
                self.push(name, Effect::Code(place));
            }
            "a" => {
                self.close_within("a", &["td", "th", "table"]);
                let target = attribute(tag, "href").unwrap_or_default().trim();
                if self.leads_somewhere(target) {
                    let place = self.sheet().place();
                    self.push(name, Effect::Link(place, target.to_owned()));
                }
            }
            "table" => self.start_table(),
            "tr" => self.start_row(),
            "td" | "th" => self.start_cell(name),
            _ if is_block(name) => self.sheet().end_paragraph(),
            _ => {}
        }
    }

    fn start_in_pre(&mut self, name: &str, tag: &Tag) {
        let Some((code, known)) = &mut self.pre else { return };
        if name == "code" && known.is_empty() {
            *known = language(tag);
        } else if is_block(name) && !code.is_empty() && !code.ends_with('\n') {
            code.push('\n');
        }
    }

    fn void(&mut self, name: &str, tag: &Tag) {
        match name {
            "br" => match &mut self.pre {
                Some((code, _)) => code.push('\n'),
                None => self.sheet().line_break(),
            },
            "hr" => self.sheet().end_paragraph(),
            "img" if self.pre.is_none() => self.image(tag),
            "input" if attribute(tag, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox")) => {
                let mark = if attribute(tag, "checked").is_some() { "[x] " } else { "[ ] " };
                self.sheet().markup(mark);
            }
            "meta" => self.meta(tag),
            _ => {}
        }
    }

    fn image(&mut self, tag: &Tag) {
        let alt = writing::one_line(attribute(tag, "alt").unwrap_or_default());
        let source = attribute(tag, "src").unwrap_or_default().trim();
        if alt.is_empty() || is_hidden("img", tag) {
            return;
        }
        if self.leads_somewhere(source) {
            let image = format!("![{}]({})", alt.replace(['[', ']'], " "), writing::target(source));
            self.sheet().markup(&image);
        } else {
            self.sheet().words(&alt);
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let Some(named) = attribute(tag, "name").or_else(|| attribute(tag, "property")) else { return };
        let content = || writing::one_line(attribute(tag, "content").unwrap_or_default());
        match named.to_ascii_lowercase().as_str() {
            "author" | "article:author" | "dc.creator" if self.page.author.is_empty() => {
                self.page.author = content()
            }
            "date" | "article:published_time" | "dc.date" | "dcterms.created"
                if self.page.date.is_empty() =>
            {
                self.page.date = content();
            }
            "keywords" => {
                let words = attribute(tag, "content").unwrap_or_default();
                self.page.keywords.extend(words.split([',', ';']).map(writing::one_line));
            }
            "private" if self.page.private.is_empty() => self.page.private = content(),
            _ => {}
        }
    }

    /// Whether a link's target says where to, in words that fit a note.
    fn leads_somewhere(&self, target: &str) -> bool {
        let scheme = target.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let outside = matches!(scheme.as_deref(), Some("http" | "https" | "mailto" | "ftp" | "tel"));
        let inside = !target.contains(':') && !target.starts_with('#') && self.relative == Relative::Kept;
        !target.is_empty() && target.len() <= MAX_TARGET_BYTES && (outside || inside)
    }

    fn start_table(&mut self) {
        self.sheet().end_paragraph();
        if self.tables.len() < MAX_TABLES && self.push("table", Effect::Table) {
            if let Some(around) = self.tables.last_mut() {
                around.nest();
            }
            self.tables.push(Table::default());
        }
    }

    fn start_row(&mut self) {
        if self.tables.is_empty() {
            return self.sheet().end_paragraph();
        }
        self.close_within("td", &["table"]);
        self.close_within("th", &["table"]);
        if let Some(table) = self.tables.last_mut() {
            table.end_row();
        }
    }

    fn start_cell(&mut self, name: &str) {
        self.close_within("td", &["table"]);
        self.close_within("th", &["table"]);
        // A cell outside a table, or in one that is too deep, is a paragraph.
        let in_table = matches!(self.open.last(), Some(Open { effect: Effect::Table, .. }));
        if in_table && self.push(name, Effect::Cell) {
            self.sheets.push(Sheet::default());
        } else {
            self.sheet().end_paragraph();
        }
    }

    /// Remembers an element, unless too many are open.
    fn push(&mut self, name: &str, effect: Effect) -> bool {
        let fits = self.open.len() < MAX_OPEN;
        if fits {
            self.open.push(Open { name: name.to_owned(), effect });
        } else if matches!(effect, Effect::Container) {
            self.sheet().end_container();
        }
        fits
    }

    fn is_open(&self, is: impl Fn(&Effect) -> bool) -> bool {
        self.open.iter().any(|open| is(&open.effect))
    }

    /// Closes the innermost `name`, and what is open in it, unless one of `walls` is between.
    fn close_within(&mut self, name: &str, walls: &[&str]) -> bool {
        let at = self.open.iter().rposition(|open| open.name == name || walls.contains(&open.name.as_str()));
        match at.filter(|at| self.open[*at].name == name) {
            Some(at) => {
                while self.open.len() > at {
                    self.close_last();
                }
                true
            }
            None => false,
        }
    }

    fn end(&mut self, name: &str) {
        if self.in_title {
            self.in_title = name != "title";
            return;
        }
        if let Some(skipped) = &mut self.skipped {
            let around = ends_unsaid(&skipped.name) && matches!(name, "ul" | "ol" | "dl" | "table" | "body");
            if skipped.name != name && !around {
                return;
            }
            if skipped.depth > 0 && !around {
                skipped.depth -= 1;
                return;
            }
            let itself = skipped.name == name;
            self.skipped = None;
            if itself {
                return;
            }
        }
        let walls: &[&str] = if name == "table" { &[] } else { &["td", "th", "table"] };
        let closed = self.close_within(name, walls);
        if !closed && self.pre.is_none() && (is_block(name) || name == "tr") {
            self.sheet().end_paragraph();
        }
        if name == "tr" && self.pre.is_none() {
            self.start_row();
        }
    }

    fn close_last(&mut self) {
        let Some(Open { effect, .. }) = self.open.pop() else { return };
        match effect {
            Effect::Container => self.sheet().end_container(),
            Effect::Heading(level) => {
                let says = self.sheet().end_heading(level);
                self.page.has_first_heading |= says && level == 1 && self.sheets.len() == 1;
            }
            Effect::Pre => {
                if let Some((code, language)) = self.pre.take() {
                    let mut block = String::new();
                    writing::fence(&mut block, &language, code.strip_prefix('\n').unwrap_or(&code));
                    self.sheet().block(if code.trim().is_empty() { "" } else { &block });
                }
            }
            Effect::Code(place) => self.close_code(place),
            Effect::Link(place, href) => self.close_link(place, &href),
            Effect::Cell => {
                if let Some(table) = self.tables.last_mut()
                    && let Some(cell) = self.sheets.pop()
                {
                    table.cell(cell.finish());
                }
            }
            Effect::Table => {
                if let Some(table) = self.tables.pop() {
                    let markdown = table.finish();
                    self.sheet().end_paragraph();
                    self.sheet().block(&markdown);
                }
            }
        }
    }

    fn close_code(&mut self, place: Place) {
        let sheet = self.sheet();
        let Some(code) = sheet.take_words_since(place).or_else(|| sheet.take_since(place)) else { return };
        let trimmed = code.trim();
        let ticks = "`".repeat(1 + trimmed.split(|c| c != '`').map(str::len).max().unwrap_or(0));
        let pad = if ticks.len() > 1 { " " } else { "" };
        let before = if code.starts_with(' ') { " " } else { "" };
        let after = if code.len() > before.len() && code.ends_with(' ') { " " } else { "" };
        match trimmed.is_empty() {
            true => sheet.markup(before),
            false => sheet.markup(&format!("{before}{ticks}{pad}{trimmed}{pad}{ticks}{after}")),
        }
    }

    fn close_link(&mut self, place: Place, href: &str) {
        let Some(label) = self.sheet().take_since(place) else { return };
        let link = writing::link(&label, href);
        self.sheet().markup(&link);
    }
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

/// The language that a class of `<pre>` or `<code>` names.
fn language(tag: &Tag) -> String {
    const MARKS: [&str; 4] = ["language-", "lang-", "highlight-source-", "brush:"];
    let classes = attribute(tag, "class").unwrap_or_default();
    let named =
        classes.split_whitespace().find_map(|class| MARKS.iter().find_map(|mark| class.strip_prefix(mark)));
    named.unwrap_or_default().to_ascii_lowercase()
}

/// Whether the page itself hides an element. A page that hides all of itself shows it by a script.
fn is_hidden(name: &str, tag: &Tag) -> bool {
    if matches!(name, "html" | "body") {
        return false;
    }
    tag.attrs.iter().any(|attribute| match &*attribute.name.local {
        "hidden" => &*attribute.value != "until-found",
        "aria-hidden" => &*attribute.value == "true",
        "style" => {
            let style: String = attribute.value.chars().take(512).filter(|c| !c.is_whitespace()).collect();
            let style = style.to_ascii_lowercase();
            style.contains("display:none") || style.contains("visibility:hidden")
        }
        _ => false,
    })
}

/// What says nothing a person reads, or what a person clicks.
fn is_left_out(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "svg"
            | "iframe"
            | "object"
            | "canvas"
            | "audio"
            | "video"
            | "nav"
            | "noscript"
            | "noembed"
            | "noframes"
            | "select"
            | "button"
            | "textarea"
            | "annotation"
            | "rt"
            | "rp"
            | "dialog"
    )
}

/// Elements whose end tag people leave out.
fn ends_unsaid(name: &str) -> bool {
    matches!(name, "p" | "li" | "td" | "th" | "tr" | "dt" | "dd" | "option" | "rt" | "rp")
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "main"
            | "header"
            | "footer"
            | "aside"
            | "figure"
            | "figcaption"
            | "address"
            | "center"
            | "dl"
            | "dt"
            | "dd"
            | "details"
            | "summary"
            | "form"
            | "fieldset"
            | "legend"
            | "caption"
            | "thead"
            | "tbody"
            | "tfoot"
            | "hgroup"
            | "body"
            | "html"
            | "head"
            | "ul"
            | "ol"
            | "li"
            | "blockquote"
            | "pre"
            | "tr"
            | "td"
            | "th"
            | "table"
            | "option"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
    )
}
