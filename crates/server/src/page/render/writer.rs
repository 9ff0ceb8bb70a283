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
    /// Which of the cited bytes answer; empty where none are told from the others.
    answer: Range<usize>,
    /// Whether the place is there already to which the address leads.
    has_place: bool,
    /// Where the last mark was closed, as long as nothing follows it, and of which kind it was.
    mark_closed: Option<(usize, Mark)>,
}

/// How cited bytes are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Strongly: the answer, or all that is cited where nothing of it is told from the rest.
    Answer,
    /// Lightly: what is cited around the answer.
    Around,
}

const MARK_AROUND: &str = "<mark class=\"around\">";
const MARK_END: &str = "</mark>";

impl Writer {
    /// `answer` must lie within `cited`, or be empty.
    pub(super) fn new(cited: Range<usize>, answer: Range<usize>) -> Writer {
        Writer { cited, answer, ..Writer::default() }
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
        let at = |place: usize| place.clamp(range.start, range.end);
        let answer = match self.answer.is_empty() {
            true => self.cited.clone(),
            false => self.answer.clone(),
        };
        let ends = [
            range.start,
            at(self.cited.start),
            at(answer.start),
            at(answer.end),
            at(self.cited.end),
            range.end,
        ];
        let kinds = [None, Some(Mark::Around), Some(Mark::Answer), Some(Mark::Around), None];
        for (ends, kind) in ends.windows(2).zip(kinds) {
            let piece = text.get(ends[0]..ends[1]).unwrap_or_default();
            match kind {
                Some(kind) => self.marked(piece, kind),
                None => self.words(piece),
            }
        }
    }

    /// Words that stand for the bytes at `range` and are not the same: marked if all of those are cited.
    pub(super) fn shown(&mut self, words: &str, range: Range<usize>) {
        match self.mark_of(&range) {
            Some(kind) => self.marked(words, kind),
            None => self.words(words),
        }
    }

    /// Markup of ours that shows the bytes at `range`, as a whole.
    pub(super) fn shown_markup(&mut self, markup: &str, range: Range<usize>) {
        let kind = self.mark_of(&range);
        kind.inspect(|kind| self.open_mark(*kind));
        self.out.push_str(markup);
        kind.inspect(|kind| self.close_mark(*kind));
    }

    /// What the attributes of an element end with that shows the bytes at `range` in a form of its own: that some of them
    /// are cited, and the place to which the address leads, where it leads there.
    pub(super) fn attributes_of(&mut self, range: &Range<usize>) -> String {
        let touches =
            |other: &Range<usize>| !other.is_empty() && range.start < other.end && other.start < range.end;
        let is_cited = touches(&self.cited);
        let is_place = is_cited && (self.answer.is_empty() || touches(&self.answer)) && !self.has_place;
        self.has_place |= is_place;
        match (is_cited, is_place) {
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

    /// All of it. Where the answer is not shown, the place is the first of what is cited; where nothing of that is, it stands
    /// at the beginning.
    pub(super) fn finish(mut self) -> String {
        if !self.cited.is_empty() && !self.has_place {
            match self.out.find(MARK_AROUND) {
                Some(at) => self.out.insert_str(at + "<mark".len(), &format!(" id=\"{CITED}\"")),
                None => self.out.insert_str(0, &format!("<span id=\"{CITED}\"></span>")),
            }
        }
        self.out
    }

    /// How words are marked that stand for all the bytes at `range`.
    fn mark_of(&self, range: &Range<usize>) -> Option<Mark> {
        let holds = |other: &Range<usize>| other.start <= range.start && range.end <= other.end;
        match !range.is_empty() && holds(&self.cited) {
            true if self.answer.is_empty() || holds(&self.answer) => Some(Mark::Answer),
            true => Some(Mark::Around),
            false => None,
        }
    }

    fn marked(&mut self, words: &str, kind: Mark) {
        if words.is_empty() {
            return;
        }
        self.open_mark(kind);
        escape(&mut self.out, words);
        self.close_mark(kind);
    }

    /// One that follows another of its kind right away continues it.
    fn open_mark(&mut self, kind: Mark) {
        if self.mark_closed == Some((self.out.len(), kind)) {
            self.out.truncate(self.out.len() - MARK_END.len());
        } else if kind == Mark::Around {
            self.out.push_str(MARK_AROUND);
        } else if std::mem::replace(&mut self.has_place, true) {
            self.out.push_str("<mark>");
        } else {
            let _ = write!(self.out, "<mark id=\"{CITED}\">");
        }
    }

    fn close_mark(&mut self, kind: Mark) {
        self.out.push_str(MARK_END);
        self.mark_closed = Some((self.out.len(), kind));
    }
}

/// Adds `words` so that they are words, in a text and in the value of an attribute.
pub(super) fn escape(out: &mut String, words: &str) {
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
        let mut writer = Writer::new(2..7, 0..0);
        writer.source(text, 0..4);
        writer.source(text, 4..9);
        assert_eq!(writer.finish(), "a <mark id=\"cited\">&lt;b&gt; &amp;</mark> c");
    }

    #[test]
    fn marks_in_several_elements_are_several_marks() {
        let mut writer = Writer::new(0..2, 0..0);
        writer.source("ab", 0..1);
        writer.markup("<em>");
        writer.source("ab", 1..2);
        writer.markup("</em>");
        assert_eq!(writer.finish(), "<mark id=\"cited\">a</mark><em><mark>b</mark></em>");
    }

    #[test]
    fn the_answer_is_marked_strongly_and_what_is_around_it_lightly() {
        let mut writer = Writer::new(1..6, 3..4);
        writer.source("abcdefg", 0..7);
        assert_eq!(
            writer.finish(),
            "a<mark class=\"around\">bc</mark><mark id=\"cited\">d</mark><mark class=\"around\">ef</mark>g"
        );
        let mut writer = Writer::new(1..6, 3..5);
        writer.source("abcdefg", 0..2);
        writer.shown("x", 2..6);
        assert_eq!(
            writer.finish(),
            "a<mark id=\"cited\" class=\"around\">bx</mark>",
            "an answer that is not shown leaves the place to what is cited"
        );
    }

    #[test]
    fn what_is_not_shown_has_its_place_all_the_same() {
        assert_eq!(Writer::new(0..2, 0..0).finish(), "<span id=\"cited\"></span>");
        assert_eq!(Writer::new(0..0, 0..0).finish(), "");
    }

    #[test]
    fn an_element_is_not_the_place_of_an_empty_citation_within_it() {
        let mut writer = Writer::new(1..1, 0..0);
        assert_eq!(writer.attributes_of(&(0..3)), "");
        assert_eq!(writer.finish(), "");
    }

    #[test]
    fn words_for_several_bytes_are_marked_where_all_are_cited() {
        let mut writer = Writer::new(0..4, 0..0);
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
