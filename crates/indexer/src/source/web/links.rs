//! Where a page links to, as far as a reader follows: the `href` of `<a>` and `<area>`, resolved against `<base>`.
//!
//! One look at each byte and no tree, because a page may be hostile. A link in a comment or a script is taken for one:
//! then a page more is asked for, no more.

use std::collections::HashSet;

use ibid_core::document::LinkKind;
use ibid_core::id::DocumentPath;
use url::Url;

use super::page::Kind;
use crate::extract;

/// The most links that are taken from one page.
const MAX_LINKS: usize = 5_000;

/// The addresses a page links to, each once, in order, without what follows `#`.
pub(super) fn links(url: &Url, path: &DocumentPath, kind: Kind, bytes: &[u8]) -> Vec<Url> {
    let text = String::from_utf8_lossy(bytes);
    let (base, written) = match kind {
        Kind::Html => of_html(&text),
        Kind::Markdown => (None, of_markdown(path, &text)),
        Kind::Plain | Kind::Pdf => return Vec::new(),
    };
    let base = base.and_then(|base| url.join(&base).ok()).unwrap_or_else(|| url.clone());
    let mut seen = HashSet::new();
    let resolved = written.iter().filter_map(|written| {
        let mut link = base.join(written).ok()?;
        link.set_fragment(None);
        (matches!(link.scheme(), "http" | "https") && seen.insert(link.to_string())).then_some(link)
    });
    resolved.take(MAX_LINKS).collect()
}

fn of_markdown(path: &DocumentPath, text: &str) -> Vec<String> {
    let links = extract::extract(path, text).document.links;
    links.into_iter().filter(|link| link.kind == LinkKind::Markdown).map(|link| link.target).collect()
}

/// What `<base>` says, if one is there, and the links as they are written.
fn of_html(text: &str) -> (Option<String>, Vec<String>) {
    let (mut base, mut links) = (None, Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name_ends = rest.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_ends);
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if !(is("a") || is("area") || is("base")) || !after.starts_with(|c: char| c.is_ascii_whitespace()) {
            continue;
        }
        let (href, after) = href_of(after);
        rest = after;
        match href {
            Some(href) if is("base") => base = base.or(Some(href)),
            Some(href) => links.push(href),
            None => {}
        }
    }
    (base, links)
}

/// The value of the attribute `href` of a tag, given from behind its name, and what follows the tag.
fn href_of(tag: &str) -> (Option<String>, &str) {
    let mut rest = tag;
    let mut href = None;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (href, rest);
        }
        let (name, after) = split(rest, |c| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'));
        // A name that begins with `=` is broken, and still goes on.
        let after = if name.is_empty() { &rest[1..] } else { after };
        let Some(value) = after.trim_start().strip_prefix('=') else {
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => {
                let (value, after) = split(&value[1..], |c| c == quote);
                (value, after.get(1..).unwrap_or_default())
            }
            None => split(value, |c| c.is_ascii_whitespace() || c == '>'),
        };
        rest = after;
        if name.eq_ignore_ascii_case("href") && href.is_none() {
            href = Some(value.trim().replace("&amp;", "&").replace("&#38;", "&"));
        }
    }
}

fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, wanted: &[&str]) {
        let url = Url::parse("https://site.test/docs/a.html").unwrap();
        let path = DocumentPath::new("site.test/docs/a.html").unwrap();
        let found = links(&url, &path, Kind::Html, html.as_bytes());
        assert_eq!(found.iter().map(Url::as_str).collect::<Vec<_>>(), wanted, "{html}");
    }

    #[test]
    fn links_are_found_however_they_are_written() {
        check("<a href=b.html>b</a>", &["https://site.test/docs/b.html"]);
        check("<A class='x' HREF = '/b?x=1&amp;y=2' >b</A>", &["https://site.test/b?x=1&y=2"]);
        check(
            "<a\nhref=\"../c/#part\">c</a><area href=c/>",
            &["https://site.test/c/", "https://site.test/docs/c/"],
        );
        check("<base href='/v2/'><a href=b>b</a>", &["https://site.test/v2/b"]);
        check("<a href=b>1</a><a href=b#x>2</a>", &["https://site.test/docs/b"]);
    }

    #[test]
    fn what_is_no_link_to_a_page_is_passed_over() {
        check("<a href='mailto:a@b'>m</a><a href='javascript:x()'>j</a><a name=x>n</a><abbr href=b>", &[]);
        check("<link href=style.css><img src=a.png>", &[]);
    }

    #[test]
    fn broken_markup_ends() {
        for html in
            ["<a href", "<a href=", "<a href='", "<a ====>", "<", "<a / / /", "<a \"\">", "<a href='é"]
        {
            let _ = of_html(html);
        }
        let long = "<a ".repeat(100_000);
        assert!(of_html(&long).1.is_empty());
    }
}
