//! What is shown of other files within a note: notes unfolded, images. Both only as far as whoever looks may see them,
//! and notes no deeper, longer or rounder than a page bears.

use std::ops::Range;

use ibid_core::links::is_address;
use percent_encoding::percent_decode_str;

use super::around::image_address;
use super::walk::Walk;
use super::{MAX_EMBED_DEPTH, Passage, Trail, rendered_in};
use crate::address::page_path;
use crate::library::pictures::is_image;

/// The widest image a note may ask for, in pixels.
const MAX_WIDTH: u32 = 2_000;

impl Walk<'_> {
    /// Shows another note, or a part of one, within this; gives whether it does.
    pub(super) fn embed(&mut self, target: &str, anchor: Option<&str>) -> bool {
        let from = self.passage.id;
        let note = if target.is_empty() { Some(from.clone()) } else { self.page.around.note(from, target) };
        let Some(note) = note else { return false };
        let key = (note.clone(), anchor.map(str::to_lowercase));
        let whole = (note.clone(), None);
        // A note shown as a whole shows all its parts already.
        let is_round = self.trail.notes.iter().any(|shown| *shown == key || *shown == whole)
            || note == *from && anchor.is_none();
        let room = self.page.room.get();
        if is_round || room == 0 || self.trail.notes.len() >= MAX_EMBED_DEPTH {
            return false;
        }
        let Some(embedded) = self.page.around.words(&note, anchor, room) else { return false };
        self.page.room.set(room.saturating_sub(embedded.text.len().max(1)));
        self.page.embeds.set(self.page.embeds.get() + 1);
        let trail = Trail {
            notes: self.trail.notes.iter().cloned().chain([key]).collect(),
            prefix: format!("e{}-", self.page.embeds.get()),
        };
        let passage = Passage {
            id: &note,
            document: &embedded.document,
            text: &embedded.text,
            start: embedded.start,
            cited: 0..0,
            answer: 0..0,
        };
        let shown = rendered_in(&passage, self.page, &trail);
        let mut block = super::Writer::default();
        let name = match anchor {
            Some(anchor) => format!("{} > {}", embedded.document.title, anchor.trim_start_matches('^')),
            None => embedded.document.title.clone(),
        };
        block.markup("<div class=\"embed\"><p class=\"from\">");
        block.with("<a class=\"note\" href=\"{}\">{}</a></p>", &[&page_path(&note), &name]);
        block.markup(&shown);
        block.markup(if embedded.is_cut {
            "<p class=\"soft\">There is more on the note's own page.</p></div>"
        } else {
            "</div>"
        });
        self.block(&block.finish());
        true
    }

    /// An image written as Markdown has it.
    pub(super) fn image(&mut self, target: &str, words: &str, range: Range<usize>) {
        if is_address(target) {
            let host = url::Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let Some(host) = host.and_then(|url| url.host_str().map(str::to_owned)) else {
                return self.unshown(words, range);
            };
            let label = if words.is_empty() { "image" } else { words };
            self.writer
                .with("<a class=\"remote\" href=\"{}\" rel=\"noopener noreferrer nofollow\">", &[target]);
            self.writer.shown(label, range);
            return self
                .writer
                .with("</a> <span class=\"soft\">(an image at {}, not loaded)</span>", &[&host]);
        }
        let target = percent_decode_str(target).decode_utf8_lossy().into_owned();
        match is_image(&target) {
            true => self.image_of_vault(&target, words, range),
            false => {
                let end = self.open_link(&target);
                self.writer.shown(if words.is_empty() { &target } else { words }, range);
                self.writer.markup(end);
            }
        }
    }

    /// An image of the vault. Whether it is there, and may be seen, is told where it is served.
    pub(super) fn image_of_vault(&mut self, target: &str, words: &str, range: Range<usize>) {
        // The label of an embedded image may be its size, or end with it.
        let (label, size) = words.rsplit_once('|').unwrap_or((words, words));
        let width = size.split('x').next().and_then(|width| width.trim().parse::<u32>().ok());
        let label = if width.is_some() && !words.contains('|') { "" } else { label };
        let label = if label.is_empty() { target.rsplit('/').next().unwrap_or(target) } else { label };
        let attributes = self.writer.attributes_of(&range);
        let address = image_address(self.passage.id, target);
        self.writer.with("<img src=\"{}\" alt=\"{}\" loading=\"lazy\"", &[&address, label]);
        if let Some(width) = width {
            self.writer.with(" width=\"{}\"", &[&width.clamp(1, MAX_WIDTH).to_string()]);
        }
        self.writer.markup(&attributes);
        self.writer.markup(">");
    }

    fn unshown(&mut self, words: &str, range: Range<usize>) {
        self.writer.markup("<span class=\"dangling\" title=\"this image is not loaded\">");
        self.writer.shown(if words.is_empty() { "image" } else { words }, range);
        self.writer.markup("</span>");
    }
}
