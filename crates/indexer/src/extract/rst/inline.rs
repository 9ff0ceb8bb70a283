//! What stands between backquotes: links, and the words of roles.

use std::ops::Range;

use ibid_core::document::{Link, LinkKind};

use crate::extract::{name_of, span_of};

/// A longer stretch between two backquotes is no link; a quote is missing.
const MAX_LINK_BYTES: usize = 1024;

/// The links in a range: `` `label <target>`_ ``, and those of the roles `:doc:` and `:ref:`.
///
/// Reads each byte at most twice.
pub(super) fn links(text: &str, range: Range<usize>) -> Vec<Link> {
    let mut found = Vec::new();
    quoted(&text[..range.end], range.start, |role, inner, after, whole| {
        let role_is_link = matches!(role, "doc" | "ref" | "download");
        let (label, target) =
            match inner.trim_end().strip_suffix('>').and_then(|inner| inner.rsplit_once('<')) {
                Some((label, target)) => (name_of(label), target.trim()),
                None if role_is_link => (String::new(), inner.trim()),
                None => return,
            };
        if target.is_empty()
            || target.contains(char::is_whitespace)
            || !(role_is_link || after.starts_with('_'))
        {
            return;
        }
        let n_underscores = if role_is_link { 0 } else { 1 + usize::from(after.starts_with("__")) };
        let (target, anchor) = match role {
            "ref" => ("", Some(target.to_owned())),
            _ => match target.split_once('#') {
                Some((target, anchor)) => {
                    (target, Some(anchor.to_owned()).filter(|anchor| !anchor.is_empty()))
                }
                None => (target, None),
            },
        };
        found.push(Link {
            kind: LinkKind::Markdown,
            target: target.to_owned(),
            anchor,
            label: (!label.is_empty()).then_some(label),
            embed: false,
            span: span_of(whole.start..whole.end + n_underscores),
        });
    });
    found
}

/// A title's words without roles, quotes and targets.
pub(super) fn shown(words: &str) -> String {
    let mut shown = String::new();
    let mut at = 0;
    quoted(words, 0, |_, inner, _, whole| {
        shown.push_str(&words[at..whole.start]);
        let label = inner.split_once(" <").filter(|_| inner.ends_with('>')).map_or(inner, |(label, _)| label);
        shown.push_str(label);
        at = whole.end;
    });
    shown.push_str(&words[at..]);
    shown.replace(['`', '*'], "")
}

/// Gives each stretch between single backquotes: its role, its words, what follows it, and its bytes.
fn quoted<'t>(text: &'t str, from: usize, mut give: impl FnMut(&'t str, &'t str, &'t str, Range<usize>)) {
    let mut at = from;
    let mut floor = from;
    while let Some(open) = text[at..].find('`') {
        let open = at + open;
        let marks = text[open..].bytes().take_while(|byte| *byte == b'`').count();
        at = open + marks;
        if marks > 1 {
            // Literal words, up to the next two.
            let window = &text[at..text.floor_char_boundary(at + MAX_LINK_BYTES)];
            at += window.find("``").map_or(0, |end| end + 2);
            floor = at;
            continue;
        }
        let window = &text[at..text.floor_char_boundary(at + MAX_LINK_BYTES)];
        let Some(length) = window.find('`') else { continue };
        let (inner, end) = (&window[..length], at + length + 1);
        let role = role(&text[floor..open]);
        let start = if role.is_empty() { open } else { open - role.len() - 2 };
        give(role, inner, &text[end..], start..end);
        (at, floor) = (end, end);
    }
}

/// The name of the role that stands at the end of a text: `:doc:`.
fn role(before: &str) -> &str {
    let Some(inner) = before.strip_suffix(':') else { return "" };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let start = inner.trim_end_matches(is_name).len();
    if inner[..start].ends_with(':') { &inner[start..] } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_in_all_its_parts() {
        for (text, target, anchor, label) in [
            ("`a b <https://x.org/#y>`_", "https://x.org/", Some("y"), Some("a b")),
            ("`a\nb <c.html>`__", "c.html", None, Some("a b")),
            (":doc:`/guide/start`", "/guide/start", None, None),
            (":ref:`Words <some-label>`", "", Some("some-label"), Some("Words")),
        ] {
            let all = format!("é ``no <x>`_`` {text} `x` z");
            let links = links(&all, 0..all.len());
            assert_eq!(links.len(), 1, "{text}");
            assert_eq!(links[0].span.quote(&all), Some(text));
            let read = (links[0].target.as_str(), links[0].anchor.as_deref(), links[0].label.as_deref());
            assert_eq!(read, (target, anchor, label));
        }
    }

    #[test]
    fn a_title_is_shown_without_marks() {
        assert_eq!(shown("The :func:`a.b` *of* ``c`` and `d <e>`_"), "The a.b of c and d_");
    }
}
