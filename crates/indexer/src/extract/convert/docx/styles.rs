//! What a paragraph's style and numbering make of it.

use std::collections::HashMap;

use super::super::xml::{self, Piece};
use super::super::{Kind, Unreadable};

/// How far a style is followed to the one it is based on.
const MAX_BASES: usize = 16;
/// The levels of a list.
pub(super) const MAX_LEVELS: usize = 9;

/// What a paragraph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A heading; the level is 1 to 6.
    Heading(usize),
    /// A quote.
    Quote,
    /// A line of the table of contents.
    Contents,
}

#[derive(Debug, Default)]
struct Style {
    role: Option<Role>,
    numbering: Option<(String, usize)>,
    base: Option<String>,
}

/// The styles and lists of a document.
#[derive(Debug, Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
    /// By the list's own id, and that of what it follows.
    lists: HashMap<String, String>,
    /// Which levels have numbers, by the id of what lists follow.
    numbered: HashMap<String, [bool; MAX_LEVELS]>,
}

impl Styles {
    /// Reads `styles.xml`.
    pub(super) fn read_styles(&mut self, file: &[u8]) -> Result<(), Unreadable> {
        let mut id = None;
        let mut style = Style::default();
        xml::read(Kind::Docx, file, |piece| match piece {
            Piece::Start(element) => {
                let value = || element.attribute("val").unwrap_or_default();
                match element.name() {
                    "style" => {
                        id = element.attribute("styleId");
                        style = Style::default();
                    }
                    "name" => style.role = role(&value()).or(style.role),
                    "outlineLvl" => style.role = style.role.or_else(|| outline(&value())),
                    "basedOn" => style.base = Some(value()),
                    "numId" => style.numbering.get_or_insert_default().0 = value(),
                    "ilvl" => style.numbering.get_or_insert_default().1 = level(&value()),
                    _ => {}
                }
            }
            Piece::End("style") => {
                if let Some(id) = id.take() {
                    self.styles.insert(id, std::mem::take(&mut style));
                }
            }
            _ => {}
        })
    }

    /// Reads `numbering.xml`.
    pub(super) fn read_numbering(&mut self, file: &[u8]) -> Result<(), Unreadable> {
        let mut of = String::new();
        let mut at = 0;
        let mut list = String::new();
        xml::read(Kind::Docx, file, |piece| {
            let Piece::Start(element) = piece else { return };
            match element.name() {
                "abstractNum" => of = element.attribute("abstractNumId").unwrap_or_default(),
                "lvl" => at = level(&element.attribute("ilvl").unwrap_or_default()),
                "numFmt" => {
                    let format = element.attribute("val").unwrap_or_default();
                    let levels = self.numbered.entry(of.clone()).or_insert([false; MAX_LEVELS]);
                    levels[at] = !matches!(format.as_str(), "bullet" | "none");
                }
                "num" => list = element.attribute("numId").unwrap_or_default(),
                "abstractNumId" => {
                    self.lists.insert(list.clone(), element.attribute("val").unwrap_or_default());
                }
                _ => {}
            }
        })
    }

    /// What the style of this id makes of a paragraph.
    pub(super) fn role(&self, id: &str) -> Option<Role> {
        self.bases(id).find_map(|style| style.role)
    }

    /// The list and level that the style of this id puts a paragraph in.
    pub(super) fn numbering(&self, id: &str) -> Option<(String, usize)> {
        self.bases(id).find_map(|style| style.numbering.clone())
    }

    fn bases<'s>(&'s self, id: &str) -> impl Iterator<Item = &'s Style> {
        let next = |style: &&'s Style| self.styles.get(style.base.as_deref()?);
        std::iter::successors(self.styles.get(id), next).take(MAX_BASES)
    }

    /// Whether this level of a list has numbers.
    pub(super) fn is_numbered(&self, list: &str, level: usize) -> bool {
        let levels = self.lists.get(list).and_then(|of| self.numbered.get(of));
        levels.is_some_and(|levels| levels[level])
    }
}

/// The role of a style by its name, which is English in every language's Word.
fn role(name: &str) -> Option<Role> {
    let name = name.to_ascii_lowercase();
    if let Some(level) = name.strip_prefix("heading ") {
        return level
            .trim()
            .parse()
            .ok()
            .filter(|level| *level >= 1)
            .map(|level: usize| Role::Heading(level.min(6)));
    }
    match name.as_str() {
        "title" => Some(Role::Heading(1)),
        "quote" | "intense quote" => Some(Role::Quote),
        _ if name.starts_with("toc ") => Some(Role::Contents),
        _ => None,
    }
}

/// The heading an outline level makes; the level after the last is that of the body.
pub(super) fn outline(level: &str) -> Option<Role> {
    level
        .parse()
        .ok()
        .filter(|level| *level < MAX_LEVELS)
        .map(|level: usize| Role::Heading((level + 1).min(6)))
}

/// A list's level, from zero.
pub(super) fn level(level: &str) -> usize {
    level.parse::<usize>().unwrap_or(0).min(MAX_LEVELS - 1)
}
