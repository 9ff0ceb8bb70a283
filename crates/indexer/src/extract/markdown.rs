//! Markdown as CommonMark and Obsidian have it: blocks, headings, links, and the prose that is left to
//! [`super::obsidian`]. Front matter is cut off before the parser sees the text, for notes begin with it and nothing else.

use std::ops::Range;

use ibid_core::document::{Document, Heading, Link, LinkKind};
use ibid_core::id::DocumentPath;
use percent_encoding::percent_decode_str;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::obsidian::{self, Opens, Prose};
use super::{
    Block, BlockKind, Extracted, MAX_HEADINGS, MAX_LINKS, MAX_NAME_CHARS, frontmatter, name_of, span_of,
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
    let found = obsidian::scan(text, walk.prose, &frontmatter::tags(&properties), &properties);
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
    let document =
        Document { path: path.clone(), title, aliases, tags, headings: walk.headings, links, properties };
    Extracted { document, blocks }
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
    n_leaves: usize,
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
        };
        let parser = Parser::new_ext(&text[body..], OPTIONS);
        let definitions: Vec<usize> = parser
            .reference_definitions()
            .iter()
            .map(|(_, definition)| body + definition.span.start)
            .collect();
        for (event, range) in parser.into_offset_iter() {
            walk.event(event, body + range.start..body + range.end);
        }
        // They have no event, and the parser gives them in no order.
        walk.leaves.extend(definitions.into_iter().map(|at| Leaf {
            at,
            kind: BlockKind::Definition,
            depth: 0,
            headings: Vec::new(),
        }));
        walk
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
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => self.interrupt(),
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
                self.around.push(Container::Quote);
                self.leaf(range.start, BlockKind::Quote);
            }
            Tag::CodeBlock(_) => {
                self.leaf(range.start, BlockKind::Code);
                self.in_code = true;
            }
            Tag::HtmlBlock => self.leaf(range.start, BlockKind::Html),
            Tag::List(_) => self.around.push(Container::List),
            Tag::Item => self.leaf(range.start, BlockKind::ListItem),
            Tag::FootnoteDefinition(_) => {
                self.around.push(Container::Footnote);
                self.leaf(range.start, BlockKind::Definition);
            }
            Tag::TableHead => self.leaf(range.start, BlockKind::TableHead),
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
            let is_above = |index: &usize| self.headings.get(*index).is_some_and(|above| above.level < level);
            self.above.truncate(self.above.iter().take_while(|index| is_above(index)).count());
            self.above.push(self.headings.len());
            let span = span_of(range.clone());
            let span = span.quote(self.text).map_or(span, |quote| span.trimmed(quote));
            self.headings.push(Heading { level, text: String::new(), span });
            self.heading = Some(Words::default());
        }
        self.leaf(range.start, BlockKind::Heading);
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
            Some(last) if self.prose_grows && last.range.end <= range.start => last.range.end = range.end,
            _ => self.prose.push(Prose { range, opens: self.opens, leaf: self.n_leaves }),
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
        self.leaves.push(Leaf { at, kind, depth, headings: self.above.clone() });
    }
}

/// A Markdown link's target and anchor; a web address stays as it is written.
fn destination(destination: &str) -> (String, Option<String>) {
    let decoded =
        |part: &str| percent_decode_str(part).decode_utf8().map_or_else(|_| part.to_owned(), Into::into);
    if has_scheme(destination) {
        return (destination.to_owned(), None);
    }
    match destination.split_once('#') {
        Some((target, "")) => (decoded(target), None),
        Some((target, anchor)) => (decoded(target), Some(decoded(anchor))),
        None => (decoded(destination), None),
    }
}

/// Whether an address begins like `https:`, by the rule of URLs.
fn has_scheme(address: &str) -> bool {
    address.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

/// The leaves as blocks that are the whole text, each from its line's start to the next one's.
fn blocks(text: &str, front_matter_end: Option<usize>, mut leaves: Vec<Leaf>) -> Vec<Block> {
    leaves.sort_by_key(|leaf| leaf.at);
    let bytes = text.as_bytes();
    let mut starts: Vec<Leaf> = Vec::with_capacity(leaves.len() + 1);
    let whole = |kind| Leaf { at: 0, kind, depth: 0, headings: Vec::new() };
    starts.extend(front_matter_end.map(|_| whole(BlockKind::FrontMatter)));
    let (mut line, mut seen) = (front_matter_end.unwrap_or(0), front_matter_end.unwrap_or(0));
    for mut leaf in leaves {
        while seen < leaf.at {
            if bytes[seen] == b'\n' || (bytes[seen] == b'\r' && bytes.get(seen + 1) != Some(&b'\n')) {
                line = seen + 1;
            }
            seen += 1;
        }
        leaf.at = line;
        match starts.last_mut() {
            // A quote is what stands in it; else the outermost leaf on the line counts: an item, not its code.
            Some(last) if last.at == line && last.kind == BlockKind::Quote => *last = leaf,
            Some(last) if last.at == line && last.kind != BlockKind::FrontMatter => {}
            last => {
                if leaf.kind == BlockKind::Definition {
                    leaf.headings = last.map(|last| last.headings.clone()).unwrap_or_default();
                }
                starts.push(leaf);
            }
        }
    }
    if starts.is_empty() {
        starts.push(whole(BlockKind::Paragraph));
    }
    starts[0].at = 0;
    let ends: Vec<usize> = starts.iter().skip(1).map(|leaf| leaf.at).chain([text.len()]).collect();
    let spans = starts.into_iter().zip(ends).filter(|(leaf, end)| leaf.at < *end);
    spans
        .map(|(leaf, end)| Block {
            span: span_of(leaf.at..end),
            kind: leaf.kind,
            depth: leaf.depth,
            headings: leaf.headings,
        })
        .collect()
}
