//! Documents of Word: headings by style, paragraphs, lists, tables, links and notes. No headers, footers, comments or
//! deleted text.
//!
//! Read from the XML as it comes, so that a hostile file costs no more memory than a plain one and its unpacking can
//! be bounded.

mod body;
mod styles;

use std::collections::HashMap;

use super::archive::{Archive, resolve};
use super::writing::{self, Front};
use super::xml::{self, Piece};
use super::{Kind, Unreadable};

/// Where the body is, unless the file says otherwise.
const BODY: &str = "word/document.xml";

/// What the body refers to by id.
#[derive(Debug, Default)]
struct Parts {
    styles: styles::Styles,
    /// Targets of links by id.
    links: HashMap<String, String>,
}

/// A document as Markdown.
pub(super) fn to_markdown(bytes: &[u8]) -> Result<String, Unreadable> {
    let kind = Kind::Docx;
    let mut archive = Archive::open(kind, bytes)?;
    let body_name = body_name(&mut archive)?;
    let body = archive
        .read(&body_name)?
        .ok_or_else(|| Unreadable::broken(kind, format_args!("it has no {body_name}")))?;
    let beside = |name: &str| resolve(&body_name, name);

    let mut parts = Parts::default();
    if let Some(file) = archive.read(&beside("styles.xml"))? {
        parts.styles.read_styles(&file)?;
    }
    if let Some(file) = archive.read(&beside("numbering.xml"))? {
        parts.styles.read_numbering(&file)?;
    }
    let links = body_name.rsplit_once('/').map_or(("", body_name.as_str()), |parts| parts);
    if let Some(file) = archive.read(&format!("{}/_rels/{}.rels", links.0, links.1))? {
        xml::read(kind, &file, |piece| {
            if let Piece::Start(element) = piece
                && element.attribute("TargetMode").is_some_and(|mode| mode == "External")
                && let (Some(id), Some(target)) = (element.attribute("Id"), element.attribute("Target"))
            {
                parts.links.insert(id, target);
            }
        })?;
    }

    let mut text = front(&mut archive)?;
    text.push_str(&body::body(&body, &parts)?);
    text.truncate(text.trim_end().len());
    text.push('\n');
    for (name, mark) in [("footnotes.xml", ""), ("endnotes.xml", "e")] {
        if let Some(file) = archive.read(&beside(name))? {
            text.push_str(&body::notes(&file, &parts, mark)?);
        }
    }
    Ok(text)
}

/// Where the package says the body is.
fn body_name(archive: &mut Archive<'_>) -> Result<String, Unreadable> {
    let mut name = None;
    if let Some(file) = archive.read("_rels/.rels")? {
        xml::read(Kind::Docx, &file, |piece| {
            if let Piece::Start(element) = piece
                && element.attribute("Type").is_some_and(|of| of.ends_with("/officeDocument"))
            {
                name = element.attribute("Target").map(|target| resolve("", &target));
            }
        })?;
    }
    Ok(name.unwrap_or_else(|| BODY.to_owned()))
}

/// What the document says of itself.
fn front(archive: &mut Archive<'_>) -> Result<String, Unreadable> {
    let mut said: Vec<(&str, String)> = Vec::new();
    if let Some(file) = archive.read("docProps/core.xml")? {
        let mut words = String::new();
        xml::read(Kind::Docx, &file, |piece| match piece {
            Piece::Start(_) => words.clear(),
            Piece::Words(more) => words.push_str(more),
            Piece::End(name) => {
                let key = match name {
                    "title" => "title",
                    "creator" => "author",
                    "created" => "created",
                    "subject" => "subject",
                    "keywords" => "keywords",
                    _ => return,
                };
                said.push((key, writing::one_line(&words)));
            }
        })?;
    }
    let mut front = Front::default();
    for key in ["title", "author", "created", "subject", "keywords"] {
        if let Some((_, value)) = said.iter().find(|(name, _)| *name == key) {
            match key {
                "keywords" => front.add_list(key, value.split([',', ';'])),
                _ => front.add(key, value),
            }
        }
    }
    Ok(front.finish())
}
