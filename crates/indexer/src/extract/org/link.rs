//! Links as Org writes them: `[[target][label]]`.

use std::ops::Range;

use ibid_core::document::{Link, LinkKind};

use crate::extract::{name_of, span_of};

/// The links of a line, in order. Linear in the line.
pub(super) fn read(text: &str, line: Range<usize>) -> Vec<Link> {
    let words = &text[line.clone()];
    let mut links = Vec::new();
    let mut at = 0;
    while let Some(open) = words[at..].find("[[") {
        let start = at + open;
        let Some(close) = words[start..].find("]]") else { break };
        let end = start + close + 2;
        // Of several openings the last one before the end counts.
        let start = words[..end].rfind("[[").unwrap_or(start).max(start);
        links.extend(link(&words[start + 2..end - 2], line.start + start..line.start + end));
        at = end;
    }
    links
}

/// A text with its links as the words they show.
pub(super) fn shown(words: &str) -> String {
    let mut shown = String::new();
    let mut at = 0;
    for link in read(words, 0..words.len()) {
        let range = link.span.range();
        shown.push_str(&words[at..range.start]);
        let anchor = link.anchor.as_deref().unwrap_or_default();
        shown.push_str(link.label.as_deref().unwrap_or(if link.target.is_empty() {
            anchor
        } else {
            &link.target
        }));
        at = range.end;
    }
    shown.push_str(&words[at..]);
    shown
}

fn link(inner: &str, range: Range<usize>) -> Option<Link> {
    let (place, label) = match inner.split_once("][") {
        Some((place, label)) => (place.trim(), name_of(label)),
        None => (inner.trim(), String::new()),
    };
    let is_address = place.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
    });
    let (kind, target, anchor) = match place.strip_prefix("file:") {
        Some(file) => file_target(file),
        None if place.starts_with(['.', '/']) => file_target(place),
        None if is_address => (LinkKind::Markdown, place, None),
        // A headline, a custom id or a target of the same file.
        None => (LinkKind::Wiki, "", Some(place.trim_start_matches(['*', '#']))),
    };
    let anchor = anchor.map(str::trim).filter(|anchor| !anchor.is_empty()).map(str::to_owned);
    (!target.is_empty() || anchor.is_some()).then(|| Link {
        kind,
        target: target.to_owned(),
        anchor,
        label: (!label.is_empty()).then_some(label),
        embed: false,
        span: span_of(range),
    })
}

/// A file's name, and what follows `::` in it.
fn file_target(place: &str) -> (LinkKind, &str, Option<&str>) {
    let (file, anchor) = place.split_once("::").map_or((place, None), |(file, anchor)| (file, Some(anchor)));
    (LinkKind::Markdown, file, anchor.map(|anchor| anchor.trim_start_matches(['*', '#'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_in_all_its_parts() {
        for (text, target, anchor, label) in [
            ("[[file:a/b.org::*Head][see]]", "a/b.org", Some("Head"), Some("see")),
            ("[[./a.png]]", "./a.png", None, None),
            ("[[https://x.org/a?b][x]]", "https://x.org/a?b", None, Some("x")),
            ("[[id:12-ab][a b]]", "id:12-ab", None, Some("a b")),
            ("[[*Some head]]", "", Some("Some head"), None),
            ("[[#custom]]", "", Some("custom"), None),
        ] {
            let line = format!("é [[ {text} ]] z");
            let links = read(&line, 0..line.len());
            assert_eq!(links.len(), 1, "{text}");
            assert_eq!(links[0].span.quote(&line), Some(text));
            let read = (links[0].target.as_str(), links[0].anchor.as_deref(), links[0].label.as_deref());
            assert_eq!(read, (target, anchor, label));
        }
        assert_eq!(read("[[]] [a] [[b]", 0..13), []);
        assert_eq!(shown("a [[x][b c]] [[*d]] e"), "a b c d e");
    }
}
