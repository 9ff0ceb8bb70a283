//! The raw HTML of notes. A block is cleaned as a whole; within a line some elements stay, without any attribute, and
//! the rest is left out. Nothing of it runs, loads, looks like a part of the page, or leads to a path of this server.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// Elements that may stand within a line.
const INLINE: [&str; 17] = [
    "abbr", "b", "cite", "del", "dfn", "em", "i", "ins", "kbd", "q", "s", "small", "strong", "sub", "sup",
    "u", "var",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        // Images are shown by the notes' own syntax, and `mark` is what is cited.
        .rm_tags(["img", "area", "map", "mark", "nav", "header", "footer", "aside", "article"])
        .clean_content_tags(HashSet::from(["script", "style", "iframe", "object", "svg", "math", "noscript"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .generic_attributes(HashSet::from(["lang", "title", "dir"]))
        .link_rel(Some("noopener noreferrer nofollow"));
    cleaner
});

/// A block of HTML, cleaned. What it opens it closes.
pub(super) fn block(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

/// What a tag within a line is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InlineTag {
    Opens(&'static str),
    Closes(&'static str),
    LineBreak,
    /// Nothing that is shown.
    Nothing,
}

/// Reads one tag, as the parser of Markdown gives it.
pub(super) fn inline(tag: &str) -> InlineTag {
    let inner = tag.strip_prefix('<').unwrap_or_default();
    let (inner, closes) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
    let length = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let name = inner[..length].to_ascii_lowercase();
    if name == "br" || name == "wbr" {
        return InlineTag::LineBreak;
    }
    match INLINE.into_iter().find(|known| *known == name) {
        Some(known) if closes => InlineTag::Closes(known),
        Some(known) => InlineTag::Opens(known),
        None => InlineTag::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_what_is_harmless() {
        for (html, clean) in [
            ("<b>x</b> & y", "<b>x</b> &amp; y"),
            ("<details><summary>s</summary>t</details>", "<details><summary>s</summary>t</details>"),
            ("<p>open", "<p>open</p>"),
            ("<div id=cited class=notice style='x'>x</div>", "<div>x</div>"),
            ("<mark id=cited>x</mark>", "x"),
        ] {
            assert_eq!(block(html), clean);
        }
    }

    #[test]
    fn a_block_runs_and_loads_nothing() {
        for html in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src=https://tracker.example/x.png>",
            "<svg><script>alert(1)</script></svg>",
            "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href=' java\nscript:alert(1)'>x</a>",
            "<a href=/activity>x</a>",
            "<a href=//evil.example>x</a>",
            "<form action=/login><input name=password></form>",
            "<iframe src=https://evil.example></iframe>",
            "<object data=x></object><embed src=x>",
            "<base href=https://evil.example>",
            "<meta http-equiv=refresh content='0;url=https://evil.example'>",
            "<link rel=stylesheet href=https://evil.example>",
            "<style>@import 'https://evil.example'</style>",
            "<b onmouseover=alert(1) style='background:url(https://evil.example)'>x</b>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        ] {
            let clean = block(html);
            for forbidden in [
                "script",
                "onerror",
                "onmouseover",
                "evil.example",
                "style",
                "<img",
                "<form",
                "<input",
                "href",
            ] {
                assert!(!clean.contains(forbidden), "{html} → {clean}");
            }
        }
    }

    #[test]
    fn within_a_line_names_stay_and_attributes_go() {
        for (tag, meaning) in [
            ("<b>", InlineTag::Opens("b")),
            ("<SUP class=x>", InlineTag::Opens("sup")),
            ("</b >", InlineTag::Closes("b")),
            ("<br/>", InlineTag::LineBreak),
            ("<script>", InlineTag::Nothing),
            ("<img src=x onerror=alert(1)>", InlineTag::Nothing),
            ("<!-- x -->", InlineTag::Nothing),
            ("<bx>", InlineTag::Nothing),
        ] {
            assert_eq!(inline(tag), meaning, "{tag}");
        }
    }
}
