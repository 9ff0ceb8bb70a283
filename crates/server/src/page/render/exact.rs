//! What is shown letter by letter: code, in colours where its language is known, and formulas.

use std::ops::Range;

use super::walk::Walk;
use super::{code, math};

impl Walk<'_> {
    pub(super) fn code_span(&mut self, words: &str, range: Range<usize>) {
        if let Some(text) = self.image_text() {
            return text.push_str(words);
        }
        let text = self.text();
        let inner = &text[range.clone()];
        let marks = inner.bytes().take_while(|byte| *byte == b'`').count();
        let inner = inner.get(marks..inner.len().saturating_sub(marks)).unwrap_or_default();
        let blank = inner.len().saturating_sub(words.len()) / 2;
        let start = range.start + marks + blank;
        self.writer.markup("<code>");
        match text.get(start..start + words.len()) == Some(words) {
            true => self.writer.source(text, start..start + words.len()),
            false => self.writer.shown(words, range),
        }
        self.writer.markup("</code>");
    }

    pub(super) fn code_block(&mut self, language: &str, lines: &[Range<usize>]) {
        let text = self.text();
        let whole: String = lines.iter().map(|line| &text[line.clone()]).collect();
        let class = if language.eq_ignore_ascii_case("mermaid") { "mermaid" } else { "code" };
        self.writer.with("<pre class=\"{}\" tabindex=\"0\"><code>", &[class]);
        match code::stretches(language, &whole) {
            None => lines.iter().for_each(|line| self.writer.source(text, line.clone())),
            Some(stretches) => {
                // Where each line begins in the code as a whole.
                let begins: Vec<usize> = lines
                    .iter()
                    .scan(0, |at, line| {
                        *at += line.len();
                        Some(*at - line.len())
                    })
                    .collect();
                for (stretch, class) in stretches {
                    self.colour(lines, &begins, stretch, class);
                }
            }
        }
        self.writer.markup("</code></pre>");
    }

    fn colour(&mut self, lines: &[Range<usize>], begins: &[usize], stretch: Range<usize>, class: &str) {
        if !class.is_empty() {
            self.writer.with("<span class=\"{}\">", &[class]);
        }
        let mut at = stretch.start;
        while at < stretch.end {
            let line = begins.partition_point(|begin| *begin <= at).saturating_sub(1);
            let (within, here) = (at - begins[line], &lines[line]);
            let length = (here.len() - within).min(stretch.end - at);
            if length == 0 {
                break;
            }
            let start = here.start + within;
            self.writer.source(self.text(), start..start + length);
            at += length;
        }
        if !class.is_empty() {
            self.writer.markup("</span>");
        }
    }

    pub(super) fn formula(&mut self, formula: &str, range: Range<usize>, is_block: bool) {
        if let Some(text) = self.image_text() {
            return text.push_str(formula);
        }
        match math::mathml(formula, is_block) {
            Some(set) => self.writer.shown_markup(&set, range),
            None => {
                self.writer.markup("<code class=\"formula\">");
                self.writer.source(self.text(), range);
                self.writer.markup("</code>");
            }
        }
    }
}
