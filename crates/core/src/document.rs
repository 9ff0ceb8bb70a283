//! What is known of a document besides its text: title, aliases, tags, headings, links, properties.
//!
//! These are facts read off one file. What a link leads to depends on the other files, so it is not here.

use crate::id::DocumentPath;
use crate::query::moment_of;
use crate::span::Span;

/// One file, read and understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it lies.
    pub path: DocumentPath,
    /// Its title: the `title` property, else the first heading of level 1 that opens the text, else the file's stem.
    pub title: String,
    /// Other names it goes by, in the order given.
    pub aliases: Vec<String>,
    /// Tags without `#`, nested ones with `/`, each once, in order of appearance.
    pub tags: Vec<String>,
    /// Headings in order.
    pub headings: Vec<Heading>,
    /// Links and embeds in order.
    pub links: Vec<Link>,
    /// Properties in order, those of the front matter before the inline ones.
    pub properties: Vec<(String, PropertyValue)>,
    /// The blocks that bear a name (`^name` at their end), in order.
    pub block_ids: Vec<BlockId>,
}

impl Document {
    /// The headings above a byte of its text, outermost first; one that begins there is above it.
    pub fn headings_above(&self, byte: u32) -> Vec<&Heading> {
        let mut above: Vec<&Heading> = Vec::new();
        for heading in self.headings.iter().take_while(|heading| heading.span.start() <= byte) {
            above.retain(|outer| outer.level < heading.level);
            above.push(heading);
        }
        above
    }

    /// The first block with a name that a span of its text touches.
    pub fn block_at(&self, span: Span) -> Option<&BlockId> {
        self.block_ids.iter().find(|block| block.span.start() < span.end() && span.start() < block.span.end())
    }
}

/// A block that bears a name, so that links can lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockId {
    /// Its name, without `^`.
    pub name: String,
    /// The whole block in the document's text, the name included.
    pub span: Span,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its words, without markup.
    pub text: String,
    /// The whole heading in the document's text, marks included.
    pub span: Span,
}

/// A link from a document to somewhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How it is written.
    pub kind: LinkKind,
    /// What it names, without anchor; percent-decoded for Markdown links. Empty for a link within the same note.
    pub target: String,
    /// What follows `#`: a heading, or a block id with its `^`.
    pub anchor: Option<String>,
    /// The words shown instead of the target.
    pub label: Option<String>,
    /// Whether it stands for the other note's words (`![[…]]`) and does not only point at them.
    pub embed: bool,
    /// The whole link in the document's text.
    pub span: Span,
}

/// How a link is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// `[[target]]`.
    Wiki,
    /// `[label](target)`.
    Markdown,
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertyValue {
    /// No value.
    Null,
    /// A checkbox.
    Checkbox(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A day, as it is written, and its first second since 1970, UTC.
    Date(String, i64),
    /// A moment, as it is written, and its second since 1970; UTC unless it says otherwise.
    DateTime(String, i64),
    /// A link to a note, or to somewhere else, as it is written.
    Link(String),
    /// Several values.
    List(Vec<PropertyValue>),
    /// Named values within a value.
    Map(Vec<(String, PropertyValue)>),
}

impl PropertyValue {
    /// What a text says: a link where it is one as a whole, a date or a moment where it is written as one
    /// (`2024-06-15`, `2024-06-15T10:00`), else just the text.
    pub fn of_text(text: &str) -> PropertyValue {
        let bare = text.trim();
        if is_link(bare) {
            return PropertyValue::Link(bare.to_owned());
        }
        match (bare.len(), moment_of(bare)) {
            (10, Some(second)) => PropertyValue::Date(bare.to_owned(), second),
            (length, Some(second)) if length > 10 => PropertyValue::DateTime(bare.to_owned(), second),
            _ => PropertyValue::Text(text.to_owned()),
        }
    }

    /// The texts that it is asked for by: of a list those of each value, of a link its target and the words it shows
    /// too. Nested values are not asked for.
    pub fn texts(&self) -> Vec<String> {
        let values = match self {
            PropertyValue::List(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        let mut texts = Vec::new();
        for value in values {
            match value {
                PropertyValue::Text(text)
                | PropertyValue::Date(text, _)
                | PropertyValue::DateTime(text, _) => texts.push(text.clone()),
                PropertyValue::Link(link) => {
                    texts.push(link.clone());
                    texts.extend(link_names(link).into_iter().map(str::to_owned));
                }
                PropertyValue::Number(number) => texts.push(number.to_string()),
                PropertyValue::Checkbox(on) => texts.push(on.to_string()),
                PropertyValue::Null | PropertyValue::List(_) | PropertyValue::Map(_) => {}
            }
        }
        texts
    }
}

/// What a link in a property is asked for by: its target, and the words it shows instead.
fn link_names(link: &str) -> Vec<&str> {
    let wiki = link.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
    let (target, label) = match wiki {
        Some(inner) => inner.split_once('|').map_or((inner, None), |(target, label)| (target, Some(label))),
        None => {
            let inner = link.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
            inner.split_once("](").map_or((inner, None), |(label, target)| (target, Some(label)))
        }
    };
    let target = target.split('#').next().unwrap_or_default();
    [Some(target), label].into_iter().flatten().map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Whether a text is one wikilink, or one Markdown link, and nothing else.
fn is_link(text: &str) -> bool {
    let wiki = text.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
    let inner_is_plain = |inner: &str| !inner.is_empty() && !inner.contains(['[', ']', '\n']);
    if let Some(inner) = wiki {
        return inner_is_plain(inner);
    }
    let markdown = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(')'));
    markdown.and_then(|rest| rest.split_once("](")).is_some_and(|(label, target)| {
        !label.contains(['[', ']']) && !target.is_empty() && !target.contains(['(', ')', ' '])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_stands_under_the_headings_of_its_branch() {
        let heading = |level, text: &str, start| Heading {
            level,
            text: text.to_owned(),
            span: Span::claimed(start, start + 5).unwrap(),
        };
        let document = Document {
            path: DocumentPath::new("a.md").unwrap(),
            title: String::new(),
            aliases: Vec::new(),
            tags: Vec::new(),
            headings: vec![heading(1, "A", 0), heading(3, "B", 10), heading(2, "C", 20)],
            links: Vec::new(),
            properties: Vec::new(),
            block_ids: Vec::new(),
        };
        for (byte, above) in [(0, "A"), (9, "A"), (10, "A B"), (25, "A C")] {
            let found: Vec<&str> = document.headings_above(byte).iter().map(|h| h.text.as_str()).collect();
            assert_eq!(found.join(" "), above, "{byte}");
        }
    }

    #[test]
    fn a_text_that_is_a_date_or_a_link_is_kept_as_one() {
        let (text, link) = (|t: &str| PropertyValue::Text(t.into()), |t: &str| PropertyValue::Link(t.into()));
        for (written, meant) in [
            ("1970-01-02", PropertyValue::Date("1970-01-02".into(), 86_400)),
            ("1970-01-01T00:01", PropertyValue::DateTime("1970-01-01T00:01".into(), 60)),
            ("1970-01-01 01:00:00+01:00", PropertyValue::DateTime("1970-01-01 01:00:00+01:00".into(), 0)),
            ("1970-13-01", text("1970-13-01")),
            ("1970", text("1970")),
            ("[[Rye|bread]]", link("[[Rye|bread]]")),
            ("[Rye](Rye.md)", link("[Rye](Rye.md)")),
            ("[[a]] and [[b]]", text("[[a]] and [[b]]")),
            ("see [[a]]", text("see [[a]]")),
        ] {
            assert_eq!(PropertyValue::of_text(written), meant, "{written}");
        }
    }
}
