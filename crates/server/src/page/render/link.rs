//! What links become: a way to another page of ours where they lead to a note that may be seen, a way out where they name
//! an address, else words that say that they lead nowhere.

use std::ops::Range;

use ibid_core::document::Link;
use ibid_core::id::DocumentId;
use ibid_core::links::is_address;
use percent_encoding::percent_decode_str;

use super::walk::Walk;
use crate::address::page_path;
use crate::library::pictures::is_image;

/// The id of a heading, and of what links with this anchor lead to: letters and digits, in lower case.
pub(super) fn slug(heading: &str) -> String {
    let mut slug = String::from("h-");
    for character in heading.chars() {
        match character.is_alphanumeric() {
            true => slug.extend(character.to_lowercase()),
            false if slug.ends_with('-') => {}
            false => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches('-').len().max(1));
    slug
}

/// The fragment that an anchor leads to: a block's, or that of the last heading it names.
fn fragment(anchor: &str) -> String {
    let id = match anchor.strip_prefix('^') {
        Some(block) => format!("b-{}", block.to_lowercase()),
        None => slug(anchor.rsplit('#').next().unwrap_or(anchor)),
    };
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// The address of a note, or of a part of it. Of the note that the page is of, that is the fragment alone.
fn address(note: &DocumentId, is_here: bool, anchor: Option<&str>) -> String {
    let path = if is_here { String::new() } else { page_path(note) };
    match anchor {
        Some(anchor) => format!("{path}#{}", fragment(anchor)),
        None if path.is_empty() => "#main".to_owned(),
        None => path,
    }
}

impl Walk<'_> {
    /// Opens a link written as Markdown has it; gives what closes it.
    pub(super) fn open_link(&mut self, target: &str) -> &'static str {
        if is_address(target) {
            let scheme = target.split(':').next().unwrap_or_default().to_ascii_lowercase();
            if !matches!(scheme.as_str(), "http" | "https" | "mailto") {
                return self.open_dangling("this address is not followed from here");
            }
            self.writer.with("<a href=\"{}\" rel=\"noopener noreferrer nofollow\">", &[target]);
            return "</a>";
        }
        let target = percent_decode_str(target).decode_utf8_lossy();
        let (name, anchor) =
            target.split_once('#').map_or((&*target, None), |(name, anchor)| (name, Some(anchor)));
        self.open_to(name, anchor.filter(|anchor| !anchor.is_empty()))
    }

    /// Opens a way to a note; gives what closes it.
    fn open_to(&mut self, target: &str, anchor: Option<&str>) -> &'static str {
        let from = self.passage.id;
        let note = if target.is_empty() { Some(from.clone()) } else { self.page.around.note(from, target) };
        match note {
            Some(note) => {
                // Within an embed, a note's own parts stand on its own page.
                let is_here = note == *from && self.trail.notes.is_empty();
                self.writer.with("<a class=\"note\" href=\"{}\">", &[&address(&note, is_here, anchor)]);
                "</a>"
            }
            None => self.open_dangling("there is no such note here"),
        }
    }

    fn open_dangling(&mut self, why: &str) -> &'static str {
        self.writer.with("<span class=\"dangling\" title=\"{}\">", &[why]);
        "</span>"
    }

    /// A wikilink at `range`, or an embed.
    pub(super) fn wikilink(&mut self, link: &Link, range: Range<usize>) {
        let label = label(self.text(), &range);
        if link.embed && is_image(&link.target) {
            let words = label.as_ref().map(|label| self.text()[label.clone()].to_owned()).unwrap_or_default();
            return self.image_of_vault(&link.target, &words, range);
        }
        let anchor = link.anchor.as_deref();
        if link.embed && self.takes_block() && self.embed(&link.target, anchor) {
            return;
        }
        let end = self.open_to(&link.target, anchor);
        match label {
            Some(label) => self.writer.source(self.text(), label),
            None => self.named(&range),
        }
        self.writer.markup(end);
    }

    /// A link without a label, as what it names.
    fn named(&mut self, range: &Range<usize>) {
        let text = self.text();
        let inner = inner(text, range);
        let words = text[inner.clone()].trim_start_matches('#');
        match words.contains('#') {
            true => self.writer.shown(&words.replace('#', " > "), inner),
            false => self.writer.source(text, inner.end - words.len()..inner.end),
        }
    }
}

/// What stands between the brackets.
fn inner(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = range.start + usize::from(text[range.clone()].starts_with('!')) + 2;
    start..range.end.saturating_sub(2).max(start)
}

/// Where the label of a wikilink stands, if it has one.
fn label(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let inner = inner(text, range);
    let (_, label) = text.get(inner.clone())?.split_once('|')?;
    let start = inner.end - label.len() + (label.len() - label.trim_start().len());
    let length = label.trim().len();
    (length > 0).then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_leads_to_the_id_its_heading_has() {
        for (heading, anchor, id) in [
            ("Feeding the rye", "Feeding the rye", "h-feeding-the-rye"),
            ("What? Why!", "Top#What? Why!", "h-what-why"),
            ("味噌", "味噌", "h-味噌"),
            ("", "", "h"),
        ] {
            assert_eq!(slug(heading), id);
            let encoded: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            assert_eq!(fragment(anchor), encoded);
        }
        assert_eq!(fragment("^Block-1"), "b-block-1");
    }
}
