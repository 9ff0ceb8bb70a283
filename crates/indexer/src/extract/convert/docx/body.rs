//! The body of a document, and its notes.

use std::collections::HashMap;

use super::super::sheet::{Place, Sheet};
use super::super::table::Table;
use super::super::xml::{self, Element, Piece};
use super::super::{Kind, Unreadable};
use super::Parts;
use super::styles::{self, MAX_LEVELS, Role};

/// The deepest tables in tables; what is deeper is read as paragraphs.
const MAX_TABLES: usize = 8;

/// The deepest paragraphs in paragraphs (text boxes stand in some); what is deeper has no style of its own.
const MAX_PARAGRAPHS: usize = 64;

/// The most that targets of links may add to the text, in bytes: one may be named any number of times.
const MAX_LINK_BYTES: usize = 4 * 1024 * 1024;

/// A paragraph while it is read.
#[derive(Debug, Default)]
struct Paragraph {
    role: Option<Role>,
    list: Option<String>,
    level: Option<usize>,
    /// Whether words were written, and with them what the paragraph stands in.
    has_begun: bool,
}

/// Paragraphs one after the other: the body, a cell, a note.
#[derive(Debug, Default)]
struct Flow {
    sheet: Sheet,
    /// The lists that are open, outermost first.
    lists: Vec<String>,
}

struct Reader<'p> {
    parts: &'p Parts,
    flows: Vec<Flow>,
    tables: Vec<Table>,
    /// Tables that are open and too deep.
    too_deep: usize,
    paragraphs: Vec<Paragraph>,
    /// Paragraphs that are open and too deep.
    deeper: usize,
    links: Vec<Option<(Place, String)>>,
    link_bytes_left: usize,
    /// How many elements are open inside one that is left out, itself included.
    skipped: usize,
    in_words: bool,
    /// What was counted so far in each list and level.
    counts: HashMap<String, [u32; MAX_LEVELS]>,
    /// What tells notes at the end from those at the foot.
    mark: &'static str,
    note: Option<String>,
    notes: String,
}

/// The body as Markdown.
pub(super) fn body(file: &[u8], parts: &Parts) -> Result<String, Unreadable> {
    let mut reader = Reader::new(parts, "");
    xml::read(Kind::Docx, file, |piece| reader.piece(piece))?;
    Ok(reader.finish())
}

/// The notes as definitions of Markdown; `mark` stands before their numbers.
pub(super) fn notes(file: &[u8], parts: &Parts, mark: &'static str) -> Result<String, Unreadable> {
    let mut reader = Reader::new(parts, mark);
    xml::read(Kind::Docx, file, |piece| reader.piece(piece))?;
    Ok(reader.notes)
}

impl<'p> Reader<'p> {
    fn new(parts: &'p Parts, mark: &'static str) -> Reader<'p> {
        Reader {
            parts,
            flows: vec![Flow::default()],
            tables: Vec::new(),
            too_deep: 0,
            paragraphs: Vec::new(),
            deeper: 0,
            links: Vec::new(),
            link_bytes_left: MAX_LINK_BYTES,
            skipped: 0,
            in_words: false,
            counts: HashMap::new(),
            mark,
            note: None,
            notes: String::new(),
        }
    }

    fn finish(mut self) -> String {
        while self.flows.len() > 1 {
            self.end_cell();
        }
        self.end_lists(0);
        self.flows.swap_remove(0).sheet.finish()
    }

    fn flow(&mut self) -> &mut Flow {
        self.flows.last_mut().expect("the body's own flow is never taken before the end")
    }

    fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Start(_) if self.skipped > 0 => self.skipped += 1,
            Piece::End(_) if self.skipped > 0 => self.skipped -= 1,
            Piece::Start(element) => self.start(&element),
            Piece::End(name) => self.end(name),
            Piece::Words(words) if self.in_words && self.skipped == 0 => {
                self.begin();
                self.flow().sheet.words(words);
            }
            Piece::Words(_) => {}
        }
    }

    fn start(&mut self, element: &Element<'_>) {
        let value = || element.attribute("val").unwrap_or_default();
        match element.name() {
            // What was moved away, and what stands in for a picture that another element holds.
            "moveFrom" | "Fallback" | "instrText" | "sectPr" => self.skipped = 1,
            "p" => {
                self.flow().sheet.end_paragraph();
                match self.paragraphs.len() < MAX_PARAGRAPHS {
                    true => self.paragraphs.push(Paragraph::default()),
                    false => self.deeper += 1,
                }
            }
            "t" => self.in_words = true,
            "tab" if !self.in_properties() => self.words(" "),
            "br" | "cr" => {
                self.begin();
                self.flow().sheet.line_break();
            }
            "noBreakHyphen" => self.words("-"),
            "footnoteReference" => self.reference("", element),
            "endnoteReference" => self.reference("e", element),
            "hyperlink" => {
                self.begin();
                let target = element.attribute("id").and_then(|id| self.parts.links.get(&id).cloned());
                let place = self.flow().sheet.place();
                self.links.push(target.map(|target| (place, target)));
            }
            "tbl" => self.start_table(),
            "tc" if self.too_deep == 0 && !self.tables.is_empty() => self.flows.push(Flow::default()),
            "footnote" | "endnote" => self.start_note(element),
            name => self.property(name, value),
        }
    }

    /// Takes what a paragraph says of itself before its words.
    fn property(&mut self, name: &str, value: impl Fn() -> String) {
        let Some(paragraph) = self.paragraphs.last_mut().filter(|paragraph| !paragraph.has_begun) else {
            return;
        };
        match name {
            "pStyle" => {
                let id = value();
                paragraph.role = self.parts.styles.role(&id);
                if let Some((list, level)) = self.parts.styles.numbering(&id) {
                    paragraph.list.get_or_insert(list);
                    paragraph.level.get_or_insert(level);
                }
            }
            "outlineLvl" => paragraph.role = styles::outline(&value()).or(paragraph.role),
            "numId" => paragraph.list = Some(value()),
            "ilvl" => paragraph.level = Some(styles::level(&value())),
            _ => {}
        }
    }

    /// Whether tabs are stops that are set, and not tabs.
    fn in_properties(&self) -> bool {
        self.paragraphs.last().is_none_or(|paragraph| !paragraph.has_begun)
    }

    fn words(&mut self, words: &str) {
        self.begin();
        self.flow().sheet.words(words);
    }

    fn reference(&mut self, mark: &str, element: &Element<'_>) {
        let id: String =
            element.attribute("id").unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        if !id.is_empty() {
            self.begin();
            self.flow().sheet.markup(&format!("[^{mark}{id}]"));
        }
    }

    /// Opens what a paragraph stands in, once its first words come.
    fn begin(&mut self) {
        let Some(paragraph) = self.paragraphs.last_mut().filter(|paragraph| !paragraph.has_begun) else {
            return;
        };
        paragraph.has_begun = true;
        let list = paragraph.list.clone().filter(|list| list != "0" && !list.is_empty());
        match (paragraph.role, list) {
            (None, Some(list)) => {
                let level = paragraph.level.unwrap_or(0);
                self.begin_item(list, level);
            }
            (role, _) => {
                self.end_lists(0);
                if role == Some(Role::Quote) {
                    self.flow().sheet.start_quote();
                }
            }
        }
    }

    fn begin_item(&mut self, list: String, level: usize) {
        let depth = level.min(self.flow().lists.len());
        self.end_lists(depth + 1);
        if self.flow().lists.get(depth).is_some_and(|open| *open != list) {
            self.end_lists(depth);
        }
        let counts = self.counts.entry(list.clone()).or_insert([0; MAX_LEVELS]);
        counts[level] = counts[level].saturating_add(1);
        counts[level + 1..].fill(0);
        let number = counts[level];
        let number = self.parts.styles.is_numbered(&list, level).then_some(number);
        let flow = self.flow();
        if flow.lists.len() > depth {
            flow.sheet.end_container();
        } else {
            flow.lists.push(list);
            flow.sheet.start_list(number);
        }
        flow.sheet.start_item();
    }

    /// Ends lists until so many are open.
    fn end_lists(&mut self, open: usize) {
        let flow = self.flow();
        while flow.lists.len() > open {
            flow.lists.pop();
            flow.sheet.end_container();
            flow.sheet.end_container();
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_words = false,
            "p" => self.end_paragraph(),
            "hyperlink" => self.end_link(),
            "tc" if self.too_deep == 0 => self.end_cell(),
            "tr" if self.too_deep == 0 => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_row();
                }
            }
            "tbl" => self.end_table(),
            "footnote" | "endnote" => self.end_note(),
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return self.flow().sheet.end_paragraph();
        }
        let Some(paragraph) = self.paragraphs.pop() else { return };
        let sheet = &mut self.flow().sheet;
        match paragraph.role.filter(|_| paragraph.has_begun) {
            Some(Role::Heading(level)) => {
                sheet.end_heading(level);
            }
            Some(Role::Quote) => sheet.end_container(),
            Some(Role::Contents) => sheet.drop_paragraph(),
            None => sheet.end_paragraph(),
        }
    }

    fn end_link(&mut self) {
        let Some(Some((place, target))) = self.links.pop() else { return };
        let Some(left) = self.link_bytes_left.checked_sub(target.len()) else { return };
        self.link_bytes_left = left;
        let Some(label) = self.flow().sheet.take_since(place) else { return };
        let label = super::super::writing::link(&label, &target);
        self.flow().sheet.markup(&label);
    }

    fn start_table(&mut self) {
        if self.tables.len() == MAX_TABLES {
            self.too_deep += 1;
            return;
        }
        self.flow().sheet.end_paragraph();
        self.end_lists(0);
        if let Some(around) = self.tables.last_mut() {
            around.nest();
        }
        self.tables.push(Table::default());
    }

    fn end_cell(&mut self) {
        if self.flows.len() > 1
            && let Some(flow) = self.flows.pop()
            && let Some(table) = self.tables.last_mut()
        {
            table.cell(flow.sheet.finish());
        }
    }

    fn end_table(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if let Some(table) = self.tables.pop() {
            let markdown = table.finish();
            let sheet = &mut self.flow().sheet;
            sheet.end_paragraph();
            sheet.block(&markdown);
        }
    }

    fn start_note(&mut self, element: &Element<'_>) {
        // The lines that part notes from the text are notes too.
        let is_line = element.attribute("type").is_some_and(|of| of != "normal");
        self.note =
            element.attribute("id").filter(|id| !is_line && id.bytes().all(|byte| byte.is_ascii_digit()));
        self.flows = vec![Flow::default()];
    }

    fn end_note(&mut self) {
        let flow = std::mem::replace(&mut self.flows, vec![Flow::default()]).swap_remove(0);
        let words = flow.sheet.finish().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(id) = self.note.take().filter(|_| !words.is_empty()) {
            self.notes.push_str(&format!("\n[^{}{id}]: {words}\n", self.mark));
        }
    }
}
