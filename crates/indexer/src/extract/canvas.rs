//! Canvases and raw drawings: JSON whose strings are cards on a board. A card is cited by the bytes of its string; all
//! the rest of the file is noise. Notes that hold a drawing are [`super::drawing`]'s.

use std::ops::Range;

use ibid_core::document::{Heading, Link, LinkKind};
use ibid_core::id::DocumentPath;
use ibid_core::links::is_address;
use jsonc_parser::ast::{Object, StringLit, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::obsidian::Tags;
use super::{
    Block, BlockKind, Extracted, Fact, MAX_HEADINGS, MAX_LINKS, Reading, escapes, lines, markdown, merged,
    name_of, plain, span_of,
};

/// A string of the file that people wrote.
struct Card {
    /// Its bytes, without the quotation marks.
    range: Range<usize>,
    /// What it says.
    words: String,
    /// The group it lies in, as an index into the headings.
    group: Option<usize>,
}

/// What a file holds, in no order.
#[derive(Default)]
struct Board {
    cards: Vec<Card>,
    groups: Vec<Heading>,
    links: Vec<Link>,
}

/// Reads a `.canvas`: text cards, labels of groups and edges, and links for the cards that show files and pages.
pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let board = parsed(text, canvas);
    extracted(path, text, board)
}

/// Reads a raw `.excalidraw` drawing: its text elements.
pub(super) fn extract_drawing(path: &DocumentPath, text: &str) -> Extracted {
    let board = parsed(text, |root| {
        let mut board = Board::default();
        for element in objects(root, "elements") {
            let is_text = element.get_string("type").is_some_and(|kind| kind.value == "text");
            let texts = element.get_string("originalText").or_else(|| element.get_string("text"));
            board.cards.extend(texts.filter(|_| is_text).map(|string| card(string, None)));
            let link = element.get_string("link").filter(|link| !link.value.is_empty());
            board.links.extend(link.map(|link| Link {
                target: link.value.trim_start_matches("[[").trim_end_matches("]]").to_owned(),
                ..file_link(link)
            }));
        }
        board
    });
    extracted(path, text, board)
}

/// What `read` finds in a JSON text; `None` where it is none, or nests too deep.
fn parsed(text: &str, read: impl FnOnce(&Object<'_>) -> Board) -> Option<Board> {
    let root = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?.value?;
    root.as_object().map(read)
}

fn canvas(root: &Object<'_>) -> Board {
    let mut board = Board::default();
    let nodes: Vec<&Object<'_>> = objects(root, "nodes").collect();
    let labelled = |node: &&&Object<'_>| kind(node) == "group" && node.get_string("label").is_some();
    let mut groups: Vec<&Object<'_>> = nodes.iter().filter(labelled).copied().collect();
    groups.sort_by_key(|group| group.range.start);
    groups.truncate(MAX_HEADINGS);
    for group in &groups {
        let Some(label) = group.get_string("label") else { continue };
        board.groups.push(Heading { level: 1, text: name_of(&label.value), span: span_of(inside(label)) });
    }
    let frames: Vec<Frame> = groups.iter().map(|group| Frame::of(group)).collect();
    for node in &nodes {
        let frame = Frame::of(node);
        let group = frames
            .iter()
            .enumerate()
            .filter(|(_, group)| group.holds(frame))
            .min_by(|a, b| a.1.area().total_cmp(&b.1.area()).then(a.0.cmp(&b.0)));
        let group = group.map(|(at, _)| at);
        match kind(node) {
            "text" => board.cards.extend(node.get_string("text").map(|text| card(text, group))),
            "group" => board.cards.extend(node.get_string("label").map(|label| card(label, None))),
            "file" => board.links.extend(node.get_string("file").map(|file| Link {
                anchor: node.get_string("subpath").map(|path| path.value.trim_start_matches('#').to_owned()),
                ..file_link(file)
            })),
            "link" => {
                board.links.extend(node.get_string("url").map(|url| Link { embed: false, ..file_link(url) }))
            }
            _ => {}
        }
    }
    for edge in objects(root, "edges") {
        board.cards.extend(edge.get_string("label").map(|label| card(label, None)));
    }
    board
}

fn kind<'a>(node: &'a Object<'_>) -> &'a str {
    node.get_string("type").map_or("", |kind| kind.value.as_ref())
}

/// The objects in an array of the root.
fn objects<'a, 'b>(root: &'a Object<'b>, name: &str) -> impl Iterator<Item = &'a Object<'b>> {
    root.get_array(name).into_iter().flat_map(|array| array.elements.iter().filter_map(Value::as_object))
}

/// The bytes of a string without its quotation marks.
fn inside(string: &StringLit<'_>) -> Range<usize> {
    string.range.start + 1..string.range.end.saturating_sub(1).max(string.range.start + 1)
}

fn card(string: &StringLit<'_>, group: Option<usize>) -> Card {
    Card { range: inside(string), words: string.value.to_string(), group }
}

/// The link that a string which names a file is; shown where it stands, as cards show files.
fn file_link(string: &StringLit<'_>) -> Link {
    let target = string.value.to_string();
    Link {
        kind: LinkKind::Wiki,
        embed: !is_address(&target),
        target,
        anchor: None,
        label: None,
        span: span_of(inside(string)),
    }
}

/// Where a node lies on the board.
#[derive(Debug, Clone, Copy)]
struct Frame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Frame {
    fn of(node: &Object<'_>) -> Frame {
        let number = |name| node.get_number(name).and_then(|number| number.value.parse().ok()).unwrap_or(0.0);
        Frame { x: number("x"), y: number("y"), width: number("width"), height: number("height") }
    }

    /// Whether the middle of another frame lies in this one.
    fn holds(&self, other: Frame) -> bool {
        let (x, y) = (other.x + other.width / 2.0, other.y + other.height / 2.0);
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    fn area(&self) -> f64 {
        self.width * self.height
    }
}

/// The document: a block for each card, with the bytes before it; without any card one block that is noise.
fn extracted(path: &DocumentPath, text: &str, board: Option<Board>) -> Extracted {
    // A file that cannot be read is still text.
    let Some(mut board) = board else { return plain::extract(path, text) };
    board.cards.retain(|card| !card.words.trim().is_empty() && text.get(card.range.clone()).is_some());
    board.cards.sort_by_key(|card| card.range.start);
    board.cards.dedup_by_key(|card| card.range.start);
    let mut document = plain::titled(path);
    let mut reading = Reading::default();
    let mut blocks = Vec::new();
    let (mut tags, mut end) = (Tags::default(), 0);
    for (at, card) in board.cards.iter().enumerate() {
        let last = at + 1 == board.cards.len();
        let block_end = if last { text.len() } else { card.range.end };
        let headings = card.group.into_iter().collect();
        blocks.push(Block { span: span_of(end..block_end), kind: BlockKind::Card, depth: 0, headings });
        reading.noise.push(span_of(end..card.range.start));
        escapes::read(text, card.range.clone(), &mut reading.meant);
        end = card.range.end;
        let span = span_of(card.range.clone());
        let inner = markdown::extract(path, &card.words);
        inner.document.tags.iter().for_each(|tag| tags.add(tag));
        board.links.extend(inner.document.links.into_iter().map(|link| Link { span, ..link }));
        reading.facts.extend(inner.reading.facts.into_iter().map(|fact| Fact { span, ..fact }));
    }
    if blocks.is_empty() && !text.is_empty() {
        let (span, headings) = (span_of(0..text.len()), Vec::new());
        blocks.push(Block { span, kind: BlockKind::Card, depth: 0, headings });
    }
    reading.noise.push(span_of(end..text.len()));
    reading.noise = merged(reading.noise.into_iter().filter(|span| !span.is_empty()).collect());
    board.links.sort_by_key(|link| link.span);
    board.links.truncate(MAX_LINKS);
    (document.tags, document.links, document.headings) = (tags.into_list(), board.links, board.groups);
    Extracted { document, blocks, reading }
}

/// Reads a `.base`: YAML that names filters, formulas and views; searched line by line as it is written.
pub(super) fn extract_base(path: &DocumentPath, text: &str) -> Extracted {
    let blocks = match lines(text).next() {
        Some(_) => {
            let (span, headings) = (span_of(0..text.len()), Vec::new());
            vec![Block { span, kind: BlockKind::Code, depth: 0, headings }]
        }
        None => Vec::new(),
    };
    Extracted { document: plain::titled(path), blocks, reading: Reading::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Extracted {
        crate::extract::extract(&DocumentPath::new(name).unwrap(), text)
    }

    /// The bytes of a block that are no noise.
    fn card_texts<'t>(extracted: &Extracted, text: &'t str) -> Vec<&'t str> {
        let noise = &extracted.reading.noise;
        let ends = noise.iter().skip(1).map(|span| span.range().start).chain([text.len()]);
        noise
            .iter()
            .zip(ends)
            .map(|(span, end)| &text[span.range().end..end])
            .filter(|t| !t.is_empty())
            .collect()
    }

    const CANVAS: &str = r##"{
 "nodes":[
  {"id":"g","type":"group","x":0,"y":0,"width":500,"height":500,"label":"Bread"},
  {"id":"a","type":"text","x":10,"y":10,"width":100,"height":100,"text":"# Dough\nrest #slow \"well\" [[Rye]]\n- [ ] fold"},
  {"id":"f","type":"file","x":10,"y":300,"width":100,"height":100,"file":"Bread/Rye.md","subpath":"#Water"},
  {"id":"u","type":"link","url":"https://example.com","x":600,"y":0,"width":1,"height":1},
  {"id":"b","type":"text","x":900,"y":10,"width":100,"height":100,"text":"alone"}
 ],
 "edges":[{"id":"e","fromNode":"a","toNode":"b","label":"then"}]
}"##;

    #[test]
    fn cards_and_labels_are_the_words_of_a_canvas() {
        let extracted = read("a.canvas", CANVAS);
        let card = r##"# Dough\nrest #slow \"well\" [[Rye]]\n- [ ] fold"##;
        assert_eq!(card_texts(&extracted, CANVAS), ["Bread", card, "alone", "then"]);
        assert_eq!(extracted.document.tags, ["slow"]);
        let headings: Vec<_> = extracted.blocks.iter().map(|block| block.headings.clone()).collect();
        assert_eq!(headings, [vec![], vec![0], vec![], vec![]]);
        assert_eq!(extracted.document.headings[0].text, "Bread");
        assert_eq!(extracted.reading.facts[0].key, "task");
    }

    #[test]
    fn file_cards_are_embeds_and_pages_are_links() {
        let links = read("a.canvas", CANVAS).document.links;
        let links: Vec<_> = links.iter().map(|l| (l.target.as_str(), l.anchor.as_deref(), l.embed)).collect();
        assert_eq!(
            links,
            [
                ("Rye", None, false),
                ("Bread/Rye.md", Some("Water"), true),
                ("https://example.com", None, false)
            ]
        );
    }

    #[test]
    fn the_text_of_a_raw_drawing_is_found() {
        let text = r#"{"type":"excalidraw","elements":[{"type":"rectangle"},{"type":"text","text":"wrapped\nline","originalText":"wrapped line"}],"files":{}}"#;
        assert_eq!(card_texts(&read("a.excalidraw", text), text), ["wrapped line"]);
    }

    #[test]
    fn a_canvas_that_cannot_be_read_is_text() {
        for text in
            ["", "{", "[]", "no json", "{\"nodes\":3}", "{\"nodes\":[{\"type\":\"text\",\"text\":\"\"}]}"]
        {
            let extracted = read("a.canvas", text);
            let covered: usize = extracted.blocks.iter().map(|block| block.span.len() as usize).sum();
            assert_eq!(covered, text.len(), "{text}");
        }
    }

    #[test]
    fn a_base_is_text_as_it_is_written() {
        let extracted = read("Books.base", "filters:\n  and:\n    - 'rating > 4'\n");
        assert_eq!(extracted.blocks.len(), 1);
        assert_eq!(extracted.document.title, "Books");
    }
}
