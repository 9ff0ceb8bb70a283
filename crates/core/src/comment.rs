//! Where Obsidian's `%%` comments stand. What is done with them, and what is prose at all, is their reader's business.

use std::ops::Range;

/// A stretch of prose within one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// Which leaf of the document it is in; equal for the lines of one paragraph.
    pub leaf: usize,
    /// Whether it begins a line of a paragraph, a list item, a heading.
    pub opens_line: bool,
}

/// Where `%%` begins a comment and `%%` ends it, both included, in order. One look at each byte of the prose.
///
/// Both stand in one paragraph, or the first opens its line, as a comment over several paragraphs does; so
/// "100%% sure" far from another such slip hides nothing.
pub fn comments(text: &str, prose: impl IntoIterator<Item = Stretch>) -> Vec<Range<usize>> {
    let mut comments = Vec::new();
    let mut open: Option<(usize, usize, bool)> = None;
    for Stretch { range, leaf, opens_line } in prose {
        for (at, _) in text[range.clone()].match_indices("%%") {
            let (at, opens_line) = (range.start + at, at == 0 && opens_line);
            open = match open {
                Some((start, its_leaf, opened_line)) if opened_line || its_leaf == leaf => {
                    comments.push(start..at + 2);
                    None
                }
                _ => Some((at, leaf, opens_line)),
            };
        }
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line of `text` is a stretch, and a leaf unless it follows another line directly.
    fn check(text: &str, hidden: &[&str]) {
        let (mut at, mut leaf, mut prose) = (0, 0, Vec::new());
        for line in text.split_inclusive('\n') {
            let range = at..at + line.trim_end().len();
            at += line.len();
            leaf += usize::from(range.is_empty());
            prose.push(Stretch { range, leaf, opens_line: true });
        }
        let found: Vec<&str> = comments(text, prose).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, hidden, "{text:?}");
    }

    #[test]
    fn a_comment_ends_in_its_paragraph_or_opened_its_line() {
        check("a %%b%% c %%d%%", &["%%b%%", "%%d%%"]);
        check("a %%b\nc%% d", &["%%b\nc%%"]);
        check("%%a\n\nb%% c", &["%%a\n\nb%%"]);
        check("100%% sure\n\n100%% so", &[]);
        check("100%% sure\n\n%%a%%", &["%%a%%"]);
        check("%%", &[]);
        check("%%%%", &["%%%%"]);
    }
}
