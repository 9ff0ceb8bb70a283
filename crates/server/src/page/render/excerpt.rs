//! A snippet as the search page shows it: inline Markdown, links as their words, code as code, table rows below their
//! head. Nothing in it leads anywhere and nothing is loaded: the note itself is one press away.

use std::ops::Range;

use ibid_core::hit::{Snippet, SnippetKind};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::walk::OPTIONS;
use super::writer::escape;

/// The snippet as markup. Linear in its length.
pub(crate) fn excerpt(snippet: &Snippet) -> String {
    let Snippet { text, marks, .. } = snippet;
    let (cut_before, cut_after) = snippet.dots();
    match snippet.kind {
        SnippetKind::Prose => {
            let mut out = Out::new(text, marks, true);
            out.before = if cut_before { "… " } else { "" };
            out.markdown();
            out.finish(if cut_after { " …" } else { "" })
        }
        SnippetKind::Rows => table(snippet),
        SnippetKind::Code | SnippetKind::Property => {
            let mut out = Out::new(text, marks, false);
            out.markup.push_str(if cut_before { "<pre><code>…\n" } else { "<pre><code>" });
            out.exactly(0..text.len());
            out.markup.push_str(if cut_after { "\n…</code></pre>" } else { "</code></pre>" });
            out.markup
        }
    }
}

fn table(snippet: &Snippet) -> String {
    const CUT: &str = "<tr><td>…</td></tr>";
    let (cut_before, cut_after) = snippet.dots();
    let mut markup = String::from("<table>");
    if let Some(head) = &snippet.table_head {
        markup.push_str("<thead><tr>");
        for cell in cells(&head.text, 0..head.text.len()) {
            cell_into(&mut markup, "th", &head.text[cell], &[]);
        }
        markup.push_str("</tr></thead>");
    }
    markup.push_str("<tbody>");
    markup.push_str(if cut_before { CUT } else { "" });
    let mut at = 0;
    for line in snippet.text.split_inclusive('\n') {
        markup.push_str("<tr>");
        for cell in cells(&snippet.text, at..at + line.len()) {
            let within = |mark: &Range<usize>| {
                let (start, end) = (mark.start.max(cell.start), mark.end.min(cell.end));
                (start < end).then(|| start - cell.start..end - cell.start)
            };
            let marks: Vec<Range<usize>> = snippet.marks.iter().filter_map(within).collect();
            cell_into(&mut markup, "td", &snippet.text[cell.clone()], &marks);
        }
        markup.push_str("</tr>");
        at += line.len();
    }
    markup.push_str(if cut_after { CUT } else { "" });
    markup.push_str("</tbody></table>");
    markup
}

fn cell_into(markup: &mut String, element: &str, words: &str, marks: &[Range<usize>]) {
    let mut out = Out::new(words, marks, false);
    out.markdown();
    markup.push_str(&format!("<{element}>{}</{element}>", out.markup));
}

/// The cells of a row: what stands between the bars that are not escaped.
fn cells(text: &str, row: Range<usize>) -> Vec<Range<usize>> {
    let line = &text[row.clone()];
    let line = line.trim_start_matches(['>', ' ', '\t']);
    let start = row.end - line.len();
    let inner = line.strip_prefix('|').unwrap_or(line);
    let start = start + line.len() - inner.len();
    let inner = inner.trim_end();
    let inner = inner.strip_suffix('|').filter(|inner| !inner.ends_with('\\')).unwrap_or(inner);
    let mut cells = Vec::new();
    let mut from = 0;
    for (at, _) in inner.match_indices('|').filter(|(at, _)| !inner[..*at].ends_with('\\')) {
        cells.push(from..at);
        from = at + 1;
    }
    cells.push(from..inner.len());
    let trimmed = |cell: Range<usize>| {
        let words = &inner[cell.clone()];
        let begins = start + cell.start + (words.len() - words.trim_start().len());
        begins..begins + words.trim().len()
    };
    cells.into_iter().map(trimmed).collect()
}

/// Markup of one text being written.
struct Out<'a> {
    text: &'a str,
    marks: &'a [Range<usize>],
    markup: String,
    /// Bytes that are signs and not words, in order.
    signs: Vec<Range<usize>>,
    /// Whether paragraphs are told apart.
    has_paragraphs: bool,
    is_in_paragraph: bool,
    /// What the first paragraph begins with.
    before: &'static str,
    /// Whether code is being written, in which signs are words.
    is_in_code: bool,
}

impl<'a> Out<'a> {
    fn new(text: &'a str, marks: &'a [Range<usize>], has_paragraphs: bool) -> Out<'a> {
        let (signs, markup) = (signs(text), String::new());
        Out {
            text,
            marks,
            markup,
            signs,
            has_paragraphs,
            is_in_paragraph: false,
            before: "",
            is_in_code: false,
        }
    }

    fn markdown(&mut self) {
        let mut numbers: Vec<Option<u64>> = Vec::new();
        for (event, range) in Parser::new_ext(self.text, OPTIONS).into_offset_iter() {
            match event {
                Event::Start(Tag::List(first)) => {
                    self.close();
                    numbers.push(first);
                }
                Event::End(TagEnd::List(_)) => drop(numbers.pop()),
                Event::Start(Tag::Item) => {
                    self.close();
                    self.open();
                    match numbers.last_mut() {
                        Some(Some(number)) => {
                            self.markup.push_str(&format!("{number}. "));
                            *number += 1;
                        }
                        _ => self.markup.push_str("• "),
                    }
                }
                Event::Start(Tag::CodeBlock(_)) => {
                    self.open();
                    self.markup.push_str("<code>");
                    self.is_in_code = true;
                }
                Event::End(TagEnd::CodeBlock) => {
                    self.markup.push_str("</code>");
                    self.is_in_code = false;
                    self.close();
                }
                Event::Start(tag) => {
                    // Else the paragraph would begin within what it holds.
                    let begin = inline(&tag.to_end()).map(|(begin, _)| begin).inspect(|_| self.open());
                    self.markup.push_str(begin.unwrap_or_default());
                }
                Event::End(tag) => match inline(&tag) {
                    Some((_, end)) => self.markup.push_str(end),
                    None if is_block(&tag) => self.close(),
                    None => {}
                },
                Event::TaskListMarker(is_done) => self.markup.push_str(if is_done { "☑ " } else { "☐ " }),
                Event::Text(words) => {
                    self.open();
                    self.words(&words, range);
                }
                Event::Code(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {
                    self.open();
                    let bare = self.text[range.clone()].trim_matches(['`', '$']);
                    let start = range.start + self.text[range.clone()].find(bare).unwrap_or_default();
                    self.markup.push_str("<code>");
                    self.exactly(start..start + bare.len());
                    self.markup.push_str("</code>");
                }
                Event::SoftBreak | Event::HardBreak => self.markup.push_str("<br>"),
                Event::Html(_) => {
                    self.open();
                    self.exactly(range);
                }
                Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::Rule => {}
            }
        }
    }

    fn finish(mut self, after: &str) -> String {
        if !after.is_empty() {
            if self.markup.ends_with("</p>") {
                self.markup.truncate(self.markup.len() - "</p>".len());
                self.is_in_paragraph = true;
            }
            self.markup.push_str(after);
        }
        self.close();
        self.markup
    }

    fn open(&mut self) {
        if self.has_paragraphs && !self.is_in_paragraph {
            self.is_in_paragraph = true;
            self.markup.push_str("<p>");
            self.markup.push_str(std::mem::take(&mut self.before));
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_in_paragraph) {
            self.markup.push_str("</p>");
        }
    }

    fn words(&mut self, words: &str, range: Range<usize>) {
        if self.text.get(range.clone()) != Some(words) {
            // An escaped sign or an entity.
            escape(&mut self.markup, words);
        } else if self.is_in_code {
            self.exactly(range);
        } else {
            let mut at = range.start;
            for sign in self.signs.clone() {
                let (start, end) = (sign.start.clamp(at, range.end), sign.end.clamp(at, range.end));
                self.exactly(at..start);
                at = end;
            }
            self.exactly(at..range.end);
        }
    }

    /// The bytes as they are, with the words of the question marked.
    fn exactly(&mut self, range: Range<usize>) {
        let mut at = range.start;
        for mark in self.marks {
            let (start, end) = (mark.start.clamp(at, range.end), mark.end.clamp(at, range.end));
            if start < end {
                escape(&mut self.markup, &self.text[at..start]);
                self.markup.push_str("<mark>");
                escape(&mut self.markup, &self.text[start..end]);
                self.markup.push_str("</mark>");
                at = end;
            }
        }
        escape(&mut self.markup, &self.text[at..range.end.max(at)]);
    }
}

/// What an inline element is shown as.
fn inline(tag: &TagEnd) -> Option<(&'static str, &'static str)> {
    match tag {
        TagEnd::Emphasis => Some(("<em>", "</em>")),
        TagEnd::Strong => Some(("<strong>", "</strong>")),
        TagEnd::Strikethrough => Some(("<del>", "</del>")),
        _ => None,
    }
}

fn is_block(tag: &TagEnd) -> bool {
    !matches!(tag, TagEnd::Link | TagEnd::Image | TagEnd::BlockQuote(_))
}

/// The signs of Obsidian in a text, in order: what is around the words of a link, marks, comments, names of footnotes, the
/// kind of a callout.
fn signs(text: &str) -> Vec<Range<usize>> {
    let mut signs: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['[', '!', '=', '%']) {
        let start = at + found;
        let rest = &text[start..];
        let link = rest.strip_prefix('!').unwrap_or(rest);
        let closes = |open: &str, close: &str| {
            let inner = rest.strip_prefix(open)?;
            let line = &inner[..inner.find('\n').unwrap_or(inner.len())];
            line.find(close).filter(|end| *end > 0).map(|end| start + open.len() + end)
        };
        let end = if let Some(inner) = link.strip_prefix("[[")
            && let Some(end) = inner.find("]]").filter(|end| !inner[..*end].contains('\n'))
        {
            let label = inner[..end].rfind('|').map_or(0, |bar| bar + 1);
            let inner_start = start + rest.len() - inner.len();
            signs.push(start..inner_start + label);
            signs.push(inner_start + end..inner_start + end + 2);
            inner_start + end + 2
        } else if let Some(end) = closes("[^", "]") {
            signs.push(start..end + 1);
            end + 1
        } else if let Some(end) = closes("[!", "]").filter(|_| begins_line(text, start)) {
            let fold = text[end + 1..].starts_with(['+', '-']);
            signs.push(start..end + 1 + usize::from(fold));
            end + 1
        } else if let Some(end) = closes("%%", "%%") {
            signs.push(start..end + 2);
            end + 2
        } else if let Some(end) = closes("==", "==") {
            signs.extend([start..start + 2, end..end + 2]);
            end + 2
        } else {
            start + 1
        };
        at = end;
    }
    signs
}

/// Whether nothing but the marks of quotes stands before a place in its line.
fn begins_line(text: &str, at: usize) -> bool {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    line.chars().all(|c| matches!(c, '>' | ' ' | '\t'))
}

#[cfg(test)]
mod tests {
    use ibid_core::hit::TableHead;
    use ibid_core::span::Span;
    use proptest::prelude::*;

    use super::*;

    fn snippet(kind: SnippetKind, text: &str, marked: &str) -> Snippet {
        let marks = text.match_indices(marked).filter(|_| !marked.is_empty());
        Snippet {
            text: text.to_owned(),
            span: Span::within(text, 0..text.len()).unwrap(),
            kind,
            marks: marks.map(|(at, _)| at..at + marked.len()).collect(),
            cut_before: false,
            cut_after: false,
            table_head: None,
        }
    }

    #[track_caller]
    fn check(kind: SnippetKind, text: &str, marked: &str, shown: &str) {
        assert_eq!(excerpt(&snippet(kind, text, marked)), shown, "{text}");
    }

    #[test]
    fn prose_is_rendered_with_links_as_their_words() {
        let check = |text, shown| check(SnippetKind::Prose, text, "rye", shown);
        check(
            "**Feed** the rye & `rye`",
            "<p><strong>Feed</strong> the <mark>rye</mark> &amp; <code><mark>rye</mark></code></p>",
        );
        check(
            "See [[Bread/Rye|the rye]], [[Oats]] and [rye](x.md)",
            "<p>See the <mark>rye</mark>, Oats and <mark>rye</mark></p>",
        );
        check("- salt\n- [x] rye\n3. b", "<p>• salt</p><p>• ☑ <mark>rye</mark></p><p>3. b</p>");
        check("[!tip]- Warm rye\n> ==Not hot==[^a] %%no%%", "<p> Warm <mark>rye</mark></p><p>Not hot </p>");
        check("<b>rye</b> <script>x</script>", "<p><mark>rye</mark> x</p>");
        check("a\nb ![[c.png]]", "<p>a<br>b c.png</p>");
    }

    #[test]
    fn what_is_cut_is_told() {
        let mut cut = snippet(SnippetKind::Prose, "One.\n\nTwo.", "");
        (cut.cut_before, cut.cut_after) = (true, true);
        assert_eq!(excerpt(&cut), "<p>… One.</p><p>Two. …</p>");
        cut.kind = SnippetKind::Code;
        assert_eq!(excerpt(&cut), "<pre><code>…\nOne.\n\nTwo.\n…</code></pre>");
    }

    #[test]
    fn code_and_properties_are_shown_as_they_stand() {
        check(SnippetKind::Code, "a < *b*\n  c", "b", "<pre><code>a &lt; *<mark>b</mark>*\n  c</code></pre>");
        check(SnippetKind::Property, "a:\n  - b", "b", "<pre><code>a:\n  - <mark>b</mark></code></pre>");
    }

    #[test]
    fn rows_stand_below_their_head() {
        let mut rows =
            snippet(SnippetKind::Rows, "| Standard | 10 [[GB\\|giga]] |\n| Plus | *50* |", "Standard");
        let text = "| Plan | a \\| b |".to_owned();
        rows.table_head = Some(TableHead { span: Span::within(&text, 0..text.len()).unwrap(), text });
        assert_eq!(
            excerpt(&rows),
            "<table><thead><tr><th>Plan</th><th>a | b</th></tr></thead><tbody><tr><td><mark>Standard</mark></td>\
             <td>10 giga</td></tr><tr><td>Plus</td><td><em>50</em></td></tr></tbody></table>"
        );
    }

    proptest! {
        #[test]
        fn nothing_becomes_markup_and_elements_are_closed(
            text in "([a-c <>&\"'*_`|=%!\\[\\]\n#$~^-]|rye|script){0,60}",
            kind in prop::sample::select(vec![SnippetKind::Prose, SnippetKind::Rows, SnippetKind::Code]),
        ) {
            let made = excerpt(&snippet(kind, &text, "rye"));
            for name in ["p", "em", "strong", "del", "code", "mark", "td", "tr", "pre", "table"] {
                let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
                prop_assert_eq!(made.matches(&begin).count(), made.matches(&end).count(), "{}", made);
            }
            prop_assert!(!made.contains("<script"), "{}", made);
        }
    }
}
