//! Markup being written. What comes from a note's text comes with the bytes it stands at, so that the cited ones among
//! them are marked, exactly, however many elements they lie in.

use std::fmt::Write as _;
use std::ops::Range;

use crate::address::CITED;

/// Markup, and where in the text the cited bytes are. Everything that is not markup of ours is escaped.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    /// In the text that is shown; empty where nothing is cited.
    cited: Range<usize>,
    /// Whether the place is there already to which the address leads.
    has_place: bool,
    /// Where the last mark was closed, as long as nothing follows it.
    mark_closed: Option<usize>,
}

const MARK_END: &str = "</mark>";

impl Writer {
    pub(super) fn new(cited: Range<usize>) -> Writer {
        Writer { cited, ..Writer::default() }
    }

    /// Markup of ours.
    pub(super) fn markup(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// A text that stands for itself: a label, the value of an attribute.
    pub(super) fn words(&mut self, words: &str) {
        escape(&mut self.out, words);
    }

    /// Markup with the values of attributes in the places of `{}`, each escaped.
    pub(super) fn with(&mut self, markup: &str, values: &[&str]) {
        let mut values = values.iter();
        for (at, part) in markup.split("{}").enumerate() {
            if at > 0 {
                self.words(values.next().copied().unwrap_or_default());
            }
            self.out.push_str(part);
        }
    }

    /// The bytes of the text at `range`, as they are.
    pub(super) fn source(&mut self, text: &str, range: Range<usize>) {
        let (from, to) =
            (self.cited.start.clamp(range.start, range.end), self.cited.end.clamp(range.start, range.end));
        let piece = |range: Range<usize>| text.get(range).unwrap_or_default();
        if from >= to {
            self.words(piece(range));
            return;
        }
        self.words(piece(range.start..from));
        self.marked(piece(from..to));
        self.words(piece(to..range.end));
    }

    /// Words that stand for the bytes at `range` and are not the same: marked if all of those are cited.
    pub(super) fn shown(&mut self, words: &str, range: Range<usize>) {
        match self.is_cited(&range) {
            true => self.marked(words),
            false => self.words(words),
        }
    }

    /// Markup of ours that shows the bytes at `range`, as a whole.
    pub(super) fn shown_markup(&mut self, markup: &str, range: Range<usize>) {
        if self.is_cited(&range) {
            self.open_mark();
            self.out.push_str(markup);
            self.close_mark();
        } else {
            self.out.push_str(markup);
        }
    }

    /// What the attributes of an element end with that shows the bytes at `range` in a form of its own: a class, and the
    /// place to which the address leads, where some of them are cited.
    pub(super) fn attributes_of(&mut self, range: &Range<usize>) -> String {
        let touches = range.start < self.cited.end && self.cited.start < range.end;
        let is_first = touches && !self.has_place;
        self.has_place |= touches;
        match (touches, is_first) {
            (false, _) => String::new(),
            (true, false) => " data-cited".to_owned(),
            (true, true) => format!(" data-cited id=\"{CITED}\""),
        }
    }

    /// Takes away the markup that it ends with, if it does.
    pub(super) fn take_end(&mut self, markup: &str) -> bool {
        let ends = self.out.ends_with(markup);
        if ends {
            self.out.truncate(self.out.len() - markup.len());
        }
        ends
    }

    /// How much there is.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// What was written from `from` on, taken out again.
    pub(super) fn split_off(&mut self, from: usize) -> String {
        self.mark_closed = None;
        self.out.split_off(from)
    }

    /// All of it. Where something is cited and nothing of it is shown, the place stands at the beginning.
    pub(super) fn finish(mut self) -> String {
        if !self.cited.is_empty() && !self.has_place {
            self.out.insert_str(0, &format!("<span id=\"{CITED}\"></span>"));
        }
        self.out
    }

    fn is_cited(&self, range: &Range<usize>) -> bool {
        !range.is_empty() && self.cited.start <= range.start && range.end <= self.cited.end
    }

    fn marked(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        self.open_mark();
        escape(&mut self.out, words);
        self.close_mark();
    }

    /// One that follows another right away continues it.
    fn open_mark(&mut self) {
        if self.mark_closed == Some(self.out.len()) {
            self.out.truncate(self.out.len() - MARK_END.len());
        } else if std::mem::replace(&mut self.has_place, true) {
            self.out.push_str("<mark>");
        } else {
            let _ = write!(self.out, "<mark id=\"{CITED}\">");
        }
    }

    fn close_mark(&mut self) {
        self.out.push_str(MARK_END);
        self.mark_closed = Some(self.out.len());
    }
}

/// Adds `words` so that they are words, in a text and in the value of an attribute.
fn escape(out: &mut String, words: &str) {
    let mut rest = words;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_begin_and_end_where_the_cited_bytes_do() {
        let text = "a <b> & c";
        let mut writer = Writer::new(2..7);
        writer.source(text, 0..4);
        writer.source(text, 4..9);
        assert_eq!(writer.finish(), "a <mark id=\"cited\">&lt;b&gt; &amp;</mark> c");
    }

    #[test]
    fn marks_in_several_elements_are_several_marks() {
        let mut writer = Writer::new(0..2);
        writer.source("ab", 0..1);
        writer.markup("<em>");
        writer.source("ab", 1..2);
        writer.markup("</em>");
        assert_eq!(writer.finish(), "<mark id=\"cited\">a</mark><em><mark>b</mark></em>");
    }

    #[test]
    fn what_is_not_shown_has_its_place_all_the_same() {
        assert_eq!(Writer::new(0..2).finish(), "<span id=\"cited\"></span>");
        assert_eq!(Writer::new(0..0).finish(), "");
    }

    #[test]
    fn words_for_several_bytes_are_marked_where_all_are_cited() {
        let mut writer = Writer::new(0..4);
        writer.shown("x", 0..4);
        writer.shown("y", 3..6);
        assert_eq!(writer.finish(), "<mark id=\"cited\">x</mark>y");
    }

    #[test]
    fn a_value_never_ends_its_attribute() {
        let mut writer = Writer::default();
        writer.with("<a href=\"{}\">", &["\"><script>'"]);
        assert_eq!(writer.finish(), "<a href=\"&quot;&gt;&lt;script&gt;&#39;\">");
    }
}
