//! Markdown as CommonMark and Obsidian have it: blocks, headings, links, and the prose that is left to
//! [`super::obsidian`]. Front matter is cut off before the parser sees the text, for notes begin with it and nothing else.

use std::collections::HashMap;
use std::ops::Range;

use ibid_core::document::{Document, Heading, Link, LinkKind, PropertyValue};
use ibid_core::front_matter::claims;
use ibid_core::id::DocumentPath;
use ibid_core::links::is_address;
use ibid_core::span::Span;
use percent_encoding::percent_decode_str;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::callout::{self, Callout};
use super::frontmatter::FrontMatter;
use super::obsidian::{self, Opens, Prose};
use super::outline::is_crowded;
use super::pieces::pieces;
use super::{
    Aside, Block, BlockKind, Extracted, Fact, MAX_HEADINGS, MAX_LINKS, MAX_NAME_CHARS, Reading, block_id,
    drawing, frontmatter, merged, name_of, span_of, task, unreadable_front_matter,
};

/// What is read beyond CommonMark. Wikilinks are ours, because the parser's know neither `\|` nor where a tag may be.
const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_MATH);

/// The longest piece of a heading or label that is gathered before it is cut to [`MAX_NAME_CHARS`], in bytes.
///
/// It leaves room for comments and link targets that will not be shown.
const MAX_GATHERED_BYTES: usize = 16 * MAX_NAME_CHARS;

pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let front = frontmatter::read(text);
    let is_unreadable = match &front {
        Some(front) => !front.is_readable,
        None => claims(text, false),
    };
    extract_with(path, text, front, is_unreadable)
}

/// The same for what was made of another kind of file, whose front matter is our own.
pub(super) fn extract_converted(path: &DocumentPath, text: &str) -> Extracted {
    let front = frontmatter::read_yaml(text);
    // There may be more of it than is read.
    let is_unreadable = front.as_ref().is_some_and(|front| !front.is_readable);
    extract_with(path, text, front, is_unreadable)
}

fn extract_with(
    path: &DocumentPath,
    text: &str,
    front: Option<FrontMatter>,
    is_unreadable: bool,
) -> Extracted {
    let body = match &front {
        Some(front) => front.end,
        None if text.starts_with('\u{feff}') => '\u{feff}'.len_utf8(),
        None => 0,
    };
    let front_end = front.as_ref().map(|front| front.end);
    let walk = Walk::over(text, body);
    let blocks = blocks(text, front_end, walk.leaves);
    let mut properties = front.map(|front| front.properties).unwrap_or_default();
    let title = frontmatter::title(&properties)
        .or_else(|| {
            walk.headings.first().filter(|_| walk.opens_with_title).map(|heading| heading.text.clone())
        })
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| name_of(path.stem()));
    let is_drawing = drawing::is_one(&properties);
    // The text of a drawing stands between comment marks, and is what there is to find in it.
    let hides = if is_drawing { obsidian::Comments::Shown } else { obsidian::Comments::Hidden };
    let found = obsidian::scan(text, walk.prose, hides, &frontmatter::tags(&properties), &properties);
    let mut links = visible(walk.links, &found.comments);
    links.extend(found.links);
    // Obsidian follows links in properties too.
    links.extend(front_end.map(|end| obsidian::wikilinks(text, 0..end)).unwrap_or_default());
    links.sort_by_key(|link| link.span);
    links.truncate(MAX_LINKS);
    let aliases = frontmatter::aliases(&properties);
    properties.extend(found.fields);
    properties.truncate(super::MAX_PROPERTIES);
    let tags = found.tags.into_list();
    let block_ids = block_id::find(text, &blocks);
    let front_matter = is_unreadable.then(|| unreadable_front_matter(text));
    let reading = Reading {
        comments: merged(found.comments.into_iter().map(span_of).chain(walk.html_comments).collect()),
        noise: if is_drawing { drawing::noise(text, &walk.headings) } else { Vec::new() },
        asides: asides(walk.tables, walk.callouts, walk.footnotes),
        facts: facts(front_matter, walk.facts, found.facts, task::find(text, &blocks)),
        ..Reading::default()
    };
    let (path, headings) = (path.clone(), walk.headings);
    let document = Document { path, title, aliases, tags, headings, links, properties, block_ids };
    Extracted { document, blocks, reading }
}

/// What counts elsewhere than where it stands, by place.
fn asides(tables: Vec<Aside>, callouts: Vec<Aside>, footnotes: Footnotes) -> Vec<Aside> {
    let references = footnotes
        .references
        .into_iter()
        .filter_map(|(name, counts_in)| Some(Aside { counts_in, words: *footnotes.definitions.get(&name)? }));
    let mut asides: Vec<Aside> = tables.into_iter().chain(callouts).chain(references).collect();
    asides.sort_by_key(|aside| (aside.counts_in, aside.words));
    asides.dedup();
    asides
}

/// All that is known of parts of the text, by place.
fn facts(
    of_front_matter: Option<Fact>,
    of_structure: Vec<Fact>,
    of_fields: Vec<Fact>,
    of_tasks: Vec<Fact>,
) -> Vec<Fact> {
    let mut facts: Vec<Fact> =
        of_front_matter.into_iter().chain(of_structure).chain(of_fields).chain(of_tasks).collect();
    facts.sort_by_key(|fact| fact.span);
    facts
}

/// The links outside comments; both are in order.
fn visible(links: Vec<Link>, comments: &[Range<usize>]) -> Vec<Link> {
    let hidden = |link: &Link| {
        let start = link.span.range().start;
        let next = comments.partition_point(|comment| comment.end <= start);
        comments.get(next).is_some_and(|comment| comment.start <= start)
    };
    links.into_iter().filter(|link| !hidden(link)).collect()
}

/// The level of the heading that a turn of a chat is: below every heading but the deepest.
const TURN_LEVEL: u8 = 6;

/// The longest name of a programming language, in bytes; what is longer names something else.
const MAX_CODE_LANGUAGE_BYTES: usize = 32;

/// Where a leaf begins, before it is known where it ends.
#[derive(Debug, Clone)]
struct Leaf {
    at: usize,
    kind: BlockKind,
    depth: usize,
    headings: Vec<usize>,
}

/// Words being gathered for a name: a heading or a label.
#[derive(Debug, Default)]
struct Words(String);

impl Words {
    fn add(&mut self, text: &str) {
        let room = MAX_GATHERED_BYTES.saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

/// A link that has begun.
#[derive(Debug)]
struct OpenLink {
    destination: String,
    label: Words,
    embed: bool,
    labelled: bool,
}

/// Where footnotes are referred to, and where they stand.
#[derive(Debug, Default)]
struct Footnotes {
    references: Vec<(String, Span)>,
    definitions: HashMap<String, Span>,
}

/// One pass over the parser's events.
#[derive(Debug)]
struct Walk<'t> {
    text: &'t str,
    leaves: Vec<Leaf>,
    headings: Vec<Heading>,
    links: Vec<Link>,
    prose: Vec<Prose>,
    /// Whether a heading of level 1 is the first thing in the body.
    opens_with_title: bool,
    /// The headings above the current place.
    above: Vec<usize>,
    /// Quotes, lists and footnotes around the current place.
    around: Vec<Container>,
    heading: Option<Words>,
    open_links: Vec<OpenLink>,
    /// Links and images now open, the ones past [`MAX_LINKS`] included.
    link_depth: usize,
    in_code: bool,
    /// Whether the last stretch of prose may grow.
    prose_grows: bool,
    opens: Opens,
    n_leaves: u32,
    html_comments: Vec<Span>,
    /// The table now open.
    table: Range<usize>,
    tables: Vec<Aside>,
    callouts: Vec<Aside>,
    footnotes: Footnotes,
    facts: Vec<Fact>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Quote,
    List,
    Footnote,
}

impl<'t> Walk<'t> {
    /// Reads the text from byte `body` on.
    fn over(text: &'t str, body: usize) -> Walk<'t> {
        let mut walk = Walk {
            text,
            leaves: Vec::new(),
            headings: Vec::new(),
            links: Vec::new(),
            prose: Vec::new(),
            opens_with_title: false,
            above: Vec::new(),
            around: Vec::new(),
            heading: None,
            open_links: Vec::new(),
            link_depth: 0,
            in_code: false,
            prose_grows: false,
            opens: Opens::Line,
            n_leaves: 0,
            html_comments: Vec::new(),
            table: 0..0,
            tables: Vec::new(),
            callouts: Vec::new(),
            footnotes: Footnotes::default(),
            facts: Vec::new(),
        };
        for piece in pieces(text, body..text.len()) {
            walk.piece(piece);
        }
        walk
    }

    fn piece(&mut self, piece: Range<usize>) {
        let from = piece.start;
        let parser = Parser::new_ext(&self.text[piece], OPTIONS);
        let definitions: Vec<usize> = parser
            .reference_definitions()
            .iter()
            .map(|(_, definition)| from + definition.span.start)
            .collect();
        for (event, range) in parser.into_offset_iter() {
            self.event(event, from + range.start..from + range.end);
        }
        // They have no event, and the parser gives them in no order.
        self.leaves.extend(definitions.into_iter().map(|at| Leaf {
            at,
            kind: BlockKind::Definition,
            depth: 0,
            headings: Vec::new(),
        }));
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(words) => {
                self.gather(&words);
                if self.link_depth == 0 && !self.in_code {
                    self.prose(range);
                }
            }
            Event::Code(words) | Event::InlineMath(words) | Event::DisplayMath(words) => {
                self.gather(&words);
                self.interrupt();
            }
            Event::SoftBreak | Event::HardBreak => {
                self.gather(" ");
                self.begin(Opens::Line);
            }
            Event::Rule => self.leaf(range.start, BlockKind::Rule),
            Event::InlineHtml(_) => {
                self.hide_html_comments(range);
                self.interrupt();
            }
            Event::FootnoteReference(name) => {
                self.footnotes.references.push((name.into_string(), span_of(range)));
                self.interrupt();
            }
            Event::Html(_) => self.interrupt(),
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Paragraph => {
                self.leaf(range.start, BlockKind::Paragraph);
                self.n_leaves += 1;
            }
            Tag::Heading { level, .. } => self.start_heading(level as u8, range),
            Tag::BlockQuote(_) => {
                if let Some(callout) = callout::read(self.text, range.clone()) {
                    self.callout(callout, range.clone());
                }
                self.around.push(Container::Quote);
                self.leaf(range.start, BlockKind::Quote);
            }
            Tag::CodeBlock(kind) => {
                if let CodeBlockKind::Fenced(info) = kind {
                    self.code(&info, range.clone());
                }
                self.leaf(range.start, BlockKind::Code);
                self.in_code = true;
            }
            Tag::HtmlBlock => {
                self.hide_html_comments(range.clone());
                self.leaf(range.start, BlockKind::Html);
            }
            Tag::List(_) => self.around.push(Container::List),
            Tag::Item => self.leaf(self.item_start(range.start), BlockKind::ListItem),
            Tag::FootnoteDefinition(name) => {
                self.footnotes.definitions.entry(name.into_string()).or_insert(span_of(range.clone()));
                self.around.push(Container::Footnote);
                self.leaf(range.start, BlockKind::Definition);
            }
            Tag::Table(_) => self.table = range,
            Tag::TableHead => {
                let (words, counts_in) = (span_of(range.clone()), span_of(range.end..self.table.end));
                self.tables.push(Aside { counts_in, words });
                self.leaf(range.start, BlockKind::TableHead);
            }
            Tag::TableRow => self.leaf(range.start, BlockKind::TableRow),
            Tag::TableCell => {
                self.begin(Opens::Cell);
                self.n_leaves += 1;
            }
            Tag::Link { link_type, dest_url, .. } => self.start_link(&dest_url, link_type, false),
            Tag::Image { link_type, dest_url, .. } => self.start_link(&dest_url, link_type, true),
            _ => {}
        }
    }

    /// Where an item begins. The parser takes columns off for bytes: of an item behind a tab it gives the end of the
    /// line before.
    fn item_start(&self, at: usize) -> usize {
        let ahead = &self.text.as_bytes()[at..];
        at + ahead.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Heading(_) => {
                if let (Some(words), Some(heading)) = (self.heading.take(), self.headings.last_mut()) {
                    heading.text = name_of(&obsidian::shown(&words.0));
                }
                self.begin(Opens::Line);
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::FootnoteDefinition => {
                self.around.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(range),
            TagEnd::CodeBlock => self.in_code = false,
            // What follows a nested item is on another line.
            TagEnd::Item => self.begin(Opens::Line),
            _ => {}
        }
    }

    fn start_heading(&mut self, level: u8, range: Range<usize>) {
        self.n_leaves += 1;
        if !self.around.is_empty() {
            return self.leaf(range.start, BlockKind::Paragraph);
        }
        if self.headings.len() < MAX_HEADINGS {
            self.opens_with_title |= self.leaves.is_empty() && level == 1;
            self.add_heading(level, String::new(), range.clone());
            self.heading = Some(Words::default());
        }
        self.leaf(range.start, BlockKind::Heading);
    }

    fn add_heading(&mut self, level: u8, text: String, range: Range<usize>) {
        let is_above = |index: &usize| self.headings.get(*index).is_some_and(|above| above.level < level);
        self.above.truncate(self.above.iter().take_while(|index| is_above(index)).count());
        self.above.push(self.headings.len());
        let span = span_of(range);
        let span = span.quote(self.text).map_or(span, |quote| span.trimmed(quote));
        self.headings.push(Heading { level, text, span });
    }

    /// A callout's title counts in all of it; one that is a turn of a chat is a heading for its words.
    fn callout(&mut self, callout: Callout, range: Range<usize>) {
        let kind = PropertyValue::Text(callout.kind);
        self.facts.push(Fact { span: span_of(range.clone()), key: "callout".into(), value: kind });
        if callout.is_turn && self.around.is_empty() && self.headings.len() < MAX_HEADINGS {
            self.leaf(range.start, BlockKind::Heading);
            self.add_heading(TURN_LEVEL, callout.title, callout.line.clone());
        } else {
            let words = span_of(callout.line.clone());
            self.callouts.push(Aside { counts_in: span_of(callout.line.end..range.end), words });
        }
    }

    /// The language of a fenced block, as its first word names it.
    fn code(&mut self, info: &CowStr<'_>, range: Range<usize>) {
        let named = info.split([' ', ',', '{', '}', '\t']).find(|word| !word.is_empty());
        if let Some(language) = named.filter(|language| language.len() <= MAX_CODE_LANGUAGE_BYTES) {
            let value = PropertyValue::Text(language.to_lowercase());
            self.facts.push(Fact { span: span_of(range), key: "code".into(), value });
        }
    }

    fn hide_html_comments(&mut self, range: Range<usize>) {
        let html = &self.text[range.clone()];
        let mut at = 0;
        while let Some(open) = html[at..].find("<!--").map(|open| at + open) {
            let end = html[open..].find("-->").map_or(html.len(), |end| open + end + "-->".len());
            self.html_comments.push(span_of(range.start + open..range.start + end));
            at = end;
        }
    }

    fn start_link(&mut self, destination: &str, kind: LinkType, embed: bool) {
        self.interrupt();
        self.link_depth += 1;
        // Deeper ones are images inside images, which nobody means.
        if self.link_depth <= 2 && self.links.len() < MAX_LINKS {
            let labelled = !matches!(kind, LinkType::Autolink | LinkType::Email);
            let destination = match kind {
                LinkType::Email => format!("mailto:{destination}"),
                _ => destination.to_owned(),
            };
            self.open_links.push(OpenLink { destination, label: Words::default(), embed, labelled });
        }
    }

    fn end_link(&mut self, range: Range<usize>) {
        self.interrupt();
        if self.link_depth == self.open_links.len()
            && let Some(open) = self.open_links.pop()
        {
            let label = name_of(&open.label.0);
            let (target, anchor) = destination(&open.destination);
            self.links.push(Link {
                kind: LinkKind::Markdown,
                target,
                anchor,
                label: (open.labelled && !label.is_empty()).then_some(label),
                embed: open.embed,
                span: span_of(range),
            });
        }
        self.link_depth = self.link_depth.saturating_sub(1);
    }

    /// Adds words to the heading and the innermost label they stand in.
    fn gather(&mut self, words: &str) {
        if let Some(heading) = &mut self.heading {
            heading.add(words);
        }
        if let Some(link) = self.open_links.last_mut() {
            link.label.add(words);
        }
    }

    fn prose(&mut self, range: Range<usize>) {
        match self.prose.last_mut() {
            Some(last) if self.prose_grows && last.range().end <= range.start => last.end_at(range.end),
            _ => self.prose.push(Prose::new(range, self.opens, self.n_leaves)),
        }
        self.prose_grows = true;
        self.opens = Opens::Nothing;
    }

    /// Ends the stretch of prose; the next one begins nothing.
    fn interrupt(&mut self) {
        self.begin(Opens::Nothing);
    }

    fn begin(&mut self, opens: Opens) {
        self.prose_grows = false;
        self.opens = opens;
    }

    fn leaf(&mut self, at: usize, kind: BlockKind) {
        self.begin(Opens::Line);
        let innermost = self.around.last();
        let kind = match kind {
            BlockKind::Paragraph if innermost == Some(&Container::Quote) => BlockKind::Quote,
            kind => kind,
        };
        // An item is inside its own list, a quote's words inside their own quote: that is what they are, not where.
        let own = match kind {
            BlockKind::ListItem | BlockKind::Quote => 1,
            BlockKind::Definition => self.around.len(),
            _ => 0,
        };
        if kind == BlockKind::ListItem {
            self.n_leaves += 1;
        }
        let depth = self.around.len().saturating_sub(own);
        let goes_on = |last: &Leaf| {
            let is_alike = (last.kind, last.depth) == (kind, depth) && last.headings == self.above;
            is_crowded(self.leaves.len(), at.saturating_sub(last.at), is_alike)
        };
        if !self.leaves.last().is_some_and(goes_on) {
            self.leaves.push(Leaf { at, kind, depth, headings: self.above.clone() });
        }
    }
}

/// A Markdown link's target and anchor; a web address stays as it is written.
fn destination(destination: &str) -> (String, Option<String>) {
    let decoded =
        |part: &str| percent_decode_str(part).decode_utf8().map_or_else(|_| part.to_owned(), Into::into);
    if is_address(destination) {
        return (destination.to_owned(), None);
    }
    match destination.split_once('#') {
        Some((target, "")) => (decoded(target), None),
        Some((target, anchor)) => (decoded(target), Some(decoded(anchor))),
        None => (decoded(destination), None),
    }
}

/// The leaves as blocks that are the whole text, each from its line's start to the next one's.
fn blocks(text: &str, front_matter_end: Option<usize>, mut leaves: Vec<Leaf>) -> Vec<Block> {
    leaves.sort_by_key(|leaf| leaf.at);
    let body = front_matter_end.unwrap_or(0);
    begin_at_lines(text, body, &mut leaves);
    let whole = |kind| Leaf { at: 0, kind, depth: 0, headings: Vec::new() };
    if front_matter_end.is_some() {
        leaves.insert(0, whole(BlockKind::FrontMatter));
    }
    leaves.dedup_by(|leaf, last| {
        let is_same_line = last.at == leaf.at && last.kind != BlockKind::FrontMatter;
        if is_same_line && last.kind == BlockKind::Quote {
            // A quote is what stands in it; else the outermost leaf on the line counts: an item, not its code.
            std::mem::swap(last, leaf);
        } else if leaf.kind == BlockKind::Definition {
            leaf.headings.clone_from(&last.headings);
        }
        is_same_line
    });
    if leaves.is_empty() {
        leaves.push(whole(BlockKind::Paragraph));
    }
    leaves[0].at = 0;
    let mut blocks = Vec::with_capacity(leaves.len());
    let mut leaves = leaves.into_iter().peekable();
    while let Some(Leaf { at, kind, depth, headings }) = leaves.next() {
        let end = leaves.peek().map_or(text.len(), |next| next.at);
        if at < end {
            blocks.push(Block { span: span_of(at..end), kind, depth, headings });
        }
    }
    blocks
}

/// Moves leaves, which are in order, to the beginnings of their lines; `body` begins the first line.
fn begin_at_lines(text: &str, body: usize, leaves: &mut [Leaf]) {
    let bytes = text.as_bytes();
    let (mut line, mut seen) = (body, body);
    for leaf in leaves {
        while seen < leaf.at {
            if bytes[seen] == b'\n' || (bytes[seen] == b'\r' && bytes.get(seen + 1) != Some(&b'\n')) {
                line = seen + 1;
            }
            seen += 1;
        }
        leaf.at = line;
    }
}
