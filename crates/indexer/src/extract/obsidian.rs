//! What Obsidian and Dataview read in prose beyond Markdown: `[[links]]`, `#tags`, `%%comments%%`, `key:: value`.
//!
//! It looks only at the prose that [`super::markdown`] hands it, so code, math and HTML never reach it, and at each
//! byte a bounded number of times.

use std::collections::HashSet;
use std::ops::Range;

use ibid_core::comment::{Stretch, comments};
use ibid_core::document::{Link, LinkKind, PropertyValue};
use ibid_core::span::Span;

use super::{Fact, MAX_LINKS, MAX_PROPERTIES, MAX_TAGS, name_of, span_of};

/// The longest key of an inline field, in bytes. It bounds the search for `::` behind every bracket.
const MAX_KEY_BYTES: usize = 80;
/// The longest value of an inline field, in bytes. It bounds the search for the closing bracket.
const MAX_VALUE_BYTES: usize = 1000;

/// A stretch of prose within one line, free of code, math, HTML and Markdown links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prose {
    /// Its bytes in the text, emphasis marks and backslashes included. There may be one for every other byte, so it is
    /// kept small.
    span: Span,
    /// What it begins.
    opens: Opens,
    /// Which leaf of the document it is in; equal for the lines of one paragraph.
    leaf: u32,
}

impl Prose {
    pub(super) fn new(range: Range<usize>, opens: Opens, leaf: u32) -> Prose {
        Prose { span: span_of(range), opens, leaf }
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.span.range()
    }

    fn stretch(&self) -> Stretch {
        Stretch { range: self.range(), leaf: self.leaf as usize, opens_line: self.opens == Opens::Line }
    }

    /// Moves its end.
    pub(super) fn end_at(&mut self, end: usize) {
        self.span = span_of(self.range().start..end);
    }
}

/// What a stretch of prose begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// A line of a paragraph, a list item, a heading.
    Line,
    /// A table's cell.
    Cell,
    /// Nothing: code or a link stands before it on the line.
    Nothing,
}

/// What prose holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Wikilinks and embeds in order.
    pub(super) links: Vec<Link>,
    /// Tags in order, each once.
    pub(super) tags: Tags,
    /// Inline fields in order, the first of each key.
    pub(super) fields: Vec<(String, PropertyValue)>,
    /// Every inline field where it stands, in order.
    pub(super) facts: Vec<Fact>,
    /// Where the comments are, in order.
    pub(super) comments: Vec<Range<usize>>,
}

impl Found {
    /// Adds the inline fields of a stretch; `keys` are those that have their first value already.
    fn add_fields(&mut self, text: &str, stretch: &Prose, keys: &mut HashSet<String>) {
        for (key, value) in fields(text, stretch) {
            if self.facts.len() < MAX_PROPERTIES {
                let (span, key, value) = (stretch.span, key.clone().into(), value.clone());
                self.facts.push(Fact { span, key, value });
            }
            if self.fields.len() < MAX_PROPERTIES && keys.insert(key.to_lowercase()) {
                self.fields.push((key, value));
            }
        }
    }
}

/// What becomes of what stands between `%%` and `%%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// It is a comment.
    Hidden,
    /// It is like any other text.
    Shown,
}

/// Tags, each once without regard to case, in order of appearance and as first written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tags {
    list: Vec<String>,
    known: HashSet<String>,
}

impl Tags {
    /// Adds a tag unless it is there or there are [`MAX_TAGS`].
    pub(super) fn add(&mut self, tag: &str) {
        if self.list.len() < MAX_TAGS && self.known.insert(tag.to_lowercase()) {
            self.list.push(tag.to_owned());
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}

/// Reads all prose of a text. `tags` are those the front matter gave, `given` its properties.
pub(super) fn scan(
    text: &str,
    prose: Vec<Prose>,
    between_marks: Comments,
    tags: &[String],
    given: &[(String, PropertyValue)],
) -> Found {
    let comments = match between_marks {
        Comments::Hidden => comments(text, prose.iter().map(Prose::stretch)),
        Comments::Shown => Vec::new(),
    };
    let mut found = Found::default();
    tags.iter().for_each(|tag| found.tags.add(tag));
    let mut keys: HashSet<String> = given.iter().map(|(key, _)| key.to_lowercase()).collect();
    for line in uncommented(prose, &comments).chunk_by(|a, b| only_code_between(text, a, b)) {
        let links = wikilinks_in(text, line.iter().map(Prose::range));
        for stretch in line {
            let here = links.partition_point(|link| link.span.range().end <= stretch.range().start);
            for_tags(text, stretch, &links[here..], |tag| found.tags.add(tag));
            found.add_fields(text, stretch, &mut keys);
        }
        let room = MAX_LINKS - found.links.len();
        found.links.extend(links.into_iter().take(room));
    }
    found.comments = comments;
    found
}

/// What is shown of a text with wikilinks in it: labels, else targets; comments and a block id at its end are not.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut at = 0;
    for link in wikilinks(text, 0..text.len()) {
        shown.push_str(&text[at..link.span.range().start]);
        match (&link.label, &link.anchor) {
            (Some(label), _) => shown.push_str(label),
            (None, Some(anchor)) if link.target.is_empty() => shown.push_str(anchor),
            (None, Some(anchor)) => shown.extend([link.target.as_str(), " > ", anchor.as_str()]),
            (None, None) => shown.push_str(&link.target),
        }
        at = link.span.range().end;
    }
    shown.push_str(&text[at..]);
    while let Some((before, rest)) = shown.split_once("%%")
        && let Some((_, after)) = rest.split_once("%%")
    {
        shown = format!("{before}{after}");
    }
    shown.truncate(without_block_id(&shown).len());
    shown
}

/// The text before a block id (`^name`) that ends it.
fn without_block_id(text: &str) -> &str {
    let trimmed = text.trim_end();
    match trimmed.rsplit_once('^') {
        Some((before, id))
            if (before.is_empty() || before.ends_with(char::is_whitespace))
                && !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') =>
        {
            before.trim_end()
        }
        _ => trimmed,
    }
}

/// The prose outside `comments`; both are in order.
fn uncommented(prose: Vec<Prose>, comments: &[Range<usize>]) -> Vec<Prose> {
    if comments.is_empty() {
        return prose;
    }
    let mut visible = Vec::with_capacity(prose.len());
    let mut next = 0;
    for mut stretch in prose {
        while let Some(comment) = comments.get(next).filter(|comment| comment.start < stretch.range().end) {
            if comment.start > stretch.range().start {
                let span = span_of(stretch.range().start..comment.start);
                visible.push(Prose { span, ..stretch.clone() });
            }
            if comment.end > stretch.range().start {
                let end = stretch.range().end;
                stretch.span = span_of(comment.end.min(end)..end);
                stretch.opens = Opens::Nothing;
            }
            if comment.end > stretch.range().end {
                break;
            }
            next += 1;
        }
        if !stretch.span.is_empty() {
            visible.push(stretch);
        }
    }
    visible
}

/// Whether two stretches stand on one line with nothing but code between them: a link's label may hold some, and so may
/// the heading it names.
fn only_code_between(text: &str, a: &Prose, b: &Prose) -> bool {
    let between = text.get(a.range().end..b.range().start).unwrap_or_default();
    a.leaf == b.leaf && between.starts_with('`') && !between.contains(['[', ']', '\n', '\r'])
}

/// The wikilinks and embeds in a range of the text, in order, apart from each other; none goes over a line's end.
pub(super) fn wikilinks(text: &str, range: Range<usize>) -> Vec<Link> {
    wikilinks_in(text, std::iter::once(range))
}

/// The same for several ranges in order, as if nothing stood between them.
fn wikilinks_in(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<Link> {
    let mut links = Vec::new();
    // Where a link opened, and where the range begins in which it did.
    let mut open: Option<(usize, usize)> = None;
    for range in ranges {
        let bytes = &text.as_bytes()[..range.end];
        let mut at = range.start;
        while at < range.end {
            let pair = bytes.get(at + 1) == Some(&bytes[at]);
            match bytes[at] {
                b'\\' => at += 1,
                b'[' if pair => {
                    open = Some((at, range.start));
                    // Of three brackets the last two open the link.
                    at += usize::from(bytes.get(at + 2) != Some(&b'['));
                }
                b']' if pair => {
                    links.extend(open.take().and_then(|(start, floor)| wikilink(text, floor, start..at + 2)));
                    at += 1;
                }
                b'[' | b']' | b'\n' | b'\r' => open = None,
                _ => {}
            }
            at += 1;
        }
    }
    links
}

/// Reads `[[target#anchor|label]]`, and the `!` before it unless that lies before `floor`; `None` if it names nothing.
fn wikilink(text: &str, floor: usize, range: Range<usize>) -> Option<Link> {
    let inner = &text[range.start + 2..range.end - 2];
    // Inside a table the bar is escaped.
    let (place, label) = match inner.split_once('|') {
        Some((place, label)) => (place.strip_suffix('\\').unwrap_or(place), name_of(label)),
        None => (inner, String::new()),
    };
    // A name holds no `^`, so what follows one is a block even where the `#` was left out.
    let anchor_at = place.find(['#', '^']).unwrap_or(place.len());
    let (target, anchor) = place.split_at(anchor_at);
    let anchor = anchor.strip_prefix('#').unwrap_or(anchor);
    let (target, anchor) = (target.trim(), anchor.trim());
    if target.is_empty() && anchor.is_empty() {
        return None;
    }
    let before = &text[floor..range.start];
    let embed = before.ends_with('!') && !before.ends_with("\\!");
    Some(Link {
        kind: LinkKind::Wiki,
        target: target.to_owned(),
        anchor: (!anchor.is_empty()).then(|| anchor.to_owned()),
        label: (!label.is_empty()).then_some(label),
        embed,
        span: span_of(range.start - usize::from(embed)..range.end),
    })
}

/// Gives every tag of a stretch outside its links.
fn for_tags(text: &str, stretch: &Prose, links: &[Link], mut give: impl FnMut(&str)) {
    let mut links = links.iter().map(|link| link.span.range()).peekable();
    for (at, _) in text[stretch.range()].match_indices('#') {
        let at = stretch.range().start + at;
        while links.next_if(|link| link.end <= at).is_some() {}
        let in_link = links.peek().is_some_and(|link| link.start <= at);
        let opens = at == stretch.range().start && stretch.opens != Opens::Nothing;
        if in_link || !(opens || text[..at].ends_with(char::is_whitespace)) {
            continue;
        }
        let rest = &text[at + 1..stretch.range().end];
        let length = rest.find(|c| !is_tag_character(c)).unwrap_or(rest.len());
        let tag = rest[..length].trim_matches('/');
        let is_named = tag.chars().any(|c| !c.is_ascii() || c.is_ascii_alphanumeric());
        if is_named && tag.chars().any(|c| !c.is_ascii_digit()) {
            give(tag);
        }
    }
}

/// Whether Obsidian takes a character into a tag: letters, digits, emoji, `_`, `-`, `/`; no punctuation of any script.
fn is_tag_character(character: char) -> bool {
    const JOINER: char = '\u{200d}';
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '/' | JOINER => true,
        '\0'..='\u{7f}' => false,
        _ if character.is_alphanumeric() => true,
        '\u{80}'..='\u{bf}' | '×' | '÷' => false,
        '\u{60c}' | '\u{61b}' | '\u{61f}' | '\u{66a}'..='\u{66d}' | '\u{6d4}' | '\u{964}' | '\u{965}' => {
            false
        }
        '\u{2000}'..='\u{206f}' | '\u{2e00}'..='\u{2e7f}' | '\u{3000}'..='\u{303f}' => false,
        '\u{fe10}'..='\u{fe1f}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff65}' => false,
        '\u{feff}' | '\u{fff0}'..='\u{ffff}' => false,
        _ => !character.is_whitespace() && !character.is_control(),
    }
}

/// The inline fields of a stretch: one that is its whole line, or those in brackets.
fn fields(text: &str, stretch: &Prose) -> Vec<(String, PropertyValue)> {
    let body = &text[stretch.range()];
    if !body.contains("::") {
        return Vec::new();
    }
    if stretch.opens == Opens::Line
        && let Some((key, rest)) = key(text, stretch.range().start)
    {
        let line = &text[rest..];
        let end = line.find(['\n', '\r']).unwrap_or(line.len());
        return vec![(key, value(&line[..line.floor_char_boundary(end.min(MAX_VALUE_BYTES))]))];
    }
    let mut fields = Vec::new();
    let mut next = 0;
    for (at, open) in body.match_indices(['[', '(']) {
        if at < next {
            continue;
        }
        let Some((key, rest)) = key(text, stretch.range().start + at + 1) else { continue };
        let Some(length) = closing(&text[rest..], if open == "[" { (b'[', b']') } else { (b'(', b')') })
        else {
            continue;
        };
        fields.push((key, value(&text[rest..rest + length])));
        next = rest + length - stretch.range().start;
    }
    fields
}

/// A field's key that begins at `start`, and where its value begins: after `::` and before white space.
fn key(text: &str, start: usize) -> Option<(String, usize)> {
    let rest = &text[start..text.floor_char_boundary(start + MAX_KEY_BYTES + 3)];
    let is_key_character = |c: char| c == ' ' || c == '*' || c == '~' || is_tag_character(c);
    let length = rest.find(|c| !is_key_character(c))?;
    let after = rest[length..].strip_prefix("::")?;
    let key =
        name_of(rest[..length].trim_matches(|c: char| matches!(c, '*' | '_' | '~') || c.is_whitespace()));
    let is_named = key.starts_with(|c: char| c.is_alphanumeric() || !c.is_ascii());
    let is_apart = after.is_empty() || after.trim_start_matches(['*', '_']).starts_with(char::is_whitespace);
    (is_named && is_apart && !key.contains('*')).then_some((key, start + length + 2))
}

/// How far the bracket opened before `text` stays open, within its line and [`MAX_VALUE_BYTES`].
fn closing(text: &str, (open, close): (u8, u8)) -> Option<usize> {
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate().take(MAX_VALUE_BYTES) {
        match byte {
            b'\n' | b'\r' => return None,
            _ if byte == open => depth += 1,
            _ if byte == close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// A field's value; Dataview's other kinds (durations, lists) are texts here.
fn value(text: &str) -> PropertyValue {
    match text.trim_start_matches(['*', '_']).trim() {
        "" => PropertyValue::Null,
        "true" => PropertyValue::Checkbox(true),
        "false" => PropertyValue::Checkbox(false),
        text if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => match text.parse() {
            Ok(number) => PropertyValue::Number(number),
            Err(_) => PropertyValue::of_text(text),
        },
        text => PropertyValue::of_text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of `text` as one line of prose.
    fn scanned(text: &str) -> Found {
        let prose = Prose::new(0..text.len(), Opens::Line, 0);
        scan(text, vec![prose], Comments::Hidden, &[], &[])
    }

    fn check_link(text: &str, (target, anchor, label, embed): (&str, Option<&str>, Option<&str>, bool)) {
        let links = scanned(text).links;
        let [link] = &links[..] else { panic!("{text:?} has {} links", links.len()) };
        let read = (link.target.as_str(), link.anchor.as_deref(), link.label.as_deref(), link.embed);
        assert_eq!(read, (target, anchor, label, embed), "{text:?}");
        let quote = link.span.quote(text).unwrap();
        assert!(quote.trim_start_matches('!').starts_with("[[") && quote.ends_with("]]"), "{quote:?}");
    }

    fn check_tags(text: &str, expected: &[&str]) {
        assert_eq!(scanned(text).tags.into_list(), expected, "{text:?}");
    }

    fn check_fields(text: &str, expected: &[(&str, &str)]) {
        let found = scanned(text).fields;
        let found: Vec<_> = found
            .iter()
            .map(|(key, value)| match value {
                PropertyValue::Text(text) | PropertyValue::Link(text) | PropertyValue::Date(text, _) => {
                    (key.as_str(), text.clone())
                }
                other => (key.as_str(), format!("{other:?}")),
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn a_wikilink_is_read_in_all_its_parts() {
        for (text, parts) in [
            ("see [[Levain]].", ("Levain", None, None, false)),
            ("[[a b|c | d]]", ("a b", None, Some("c | d"), false)),
            ("[[ a#h#i | l ]]", ("a", Some("h#i"), Some("l"), false)),
            ("[[a#^id]]", ("a", Some("^id"), None, false)),
            ("![[a^id]]", ("a", Some("^id"), None, true)),
            ("[[#h]]", ("", Some("h"), None, false)),
            ("[[a\\|b]]", ("a", None, Some("b"), false)),
            ("![[a.png|300]]", ("a.png", None, Some("300"), true)),
            ("\\![[a]]", ("a", None, None, false)),
            ("[[[a]]]", ("a", None, None, false)),
            ("[[a [[b]]", ("b", None, None, false)),
            ("[[a|]]", ("a", None, None, false)),
        ] {
            check_link(text, parts);
        }
    }

    #[test]
    fn brackets_that_name_nothing_are_no_link() {
        for text in
            ["[[]]", "[[|b]]", "[[#]]", "[[ ]]", "[a]", "[[a]", "[[a\nb]]", "\\[[a]]", "[[1, 2], [3, 4]]"]
        {
            assert_eq!(scanned(text).links, [], "{text:?}");
        }
    }

    #[test]
    fn a_tag_is_what_obsidian_takes_for_one() {
        check_tags("#a b #c/d #e_f-g", &["a", "c/d", "e_f-g"]);
        check_tags("#Bread #bread #BREAD/rye", &["Bread", "BREAD/rye"]);
        check_tags("#1 #1a #2024-01 #- #_ #/ #a/ #a.b ##c \\#d x#e (#f)", &["1a", "2024-01", "a"]);
        check_tags(
            "#日本語、#a #é #🎉 #👩\u{200d}🚀 #हिन्दी।",
            &["日本語", "é", "🎉", "👩\u{200d}🚀", "हिन्दी"],
        );
        check_tags("[[a #b]] #c [[d#e]]", &["c"]);
        check_tags("%% #a %% #b %%#c%% 100%% #d", &["b", "d"]);
    }

    #[test]
    fn an_inline_field_is_a_line_or_stands_in_brackets() {
        check_fields("key:: some [[value]]", &[("key", "some [[value]]")]);
        check_fields("**Two Words**:: 3", &[("Two Words", "Number(3.0)")]);
        check_fields("- not at the start:: v", &[]);
        check_fields(
            "see [due:: 2024-01-01] and (hidden key:: [[a]] (b)) here",
            &[("due", "2024-01-01"), ("hidden key", "[[a]] (b)")],
        );
        check_fields("done:: true", &[("done", "Checkbox(true)")]);
        check_fields("empty::", &[("empty", "Null")]);
        check_fields("std::vec is no field, [nor:this] [open:: x", &[]);
        check_fields("日付:: 今日", &[("日付", "今日")]);
        check_fields("[a:: 1] [A:: 2]", &[("a", "Number(1.0)")]);
    }

    #[test]
    fn a_heading_shows_its_links_as_words() {
        for (text, shown_as) in [
            ("On [[Levain|sourdough]] and ![[b#c]]", "On sourdough and b > c"),
            ("[[#Here]] ^id-1", "Here"),
            ("a %%hidden%% b", "a  b"),
            ("x^2", "x^2"),
        ] {
            assert_eq!(shown(text), shown_as);
        }
    }

    #[test]
    fn a_comment_may_span_paragraphs_if_it_opens_its_line() {
        let text = "%% #a\n\n#b %% #c\n\n100%% #d\n\n100%% #e";
        let prose: Vec<Prose> = text
            .match_indices(|c: char| c != '\n')
            .map(|(at, _)| at)
            .filter(|at| *at == 0 || text[..*at].ends_with('\n'))
            .map(|at| at..at + text[at..].find('\n').unwrap_or(text.len() - at))
            .enumerate()
            .map(|(leaf, range)| Prose::new(range, Opens::Line, leaf as u32))
            .collect();
        assert_eq!(scan(text, prose, Comments::Hidden, &[], &[]).tags.into_list(), ["c", "d", "e"]);
    }
}
