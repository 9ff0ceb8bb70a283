//! What is known of a document besides its text: title, aliases, tags, headings, links, properties.
//!
//! These are facts read off one file. What a link leads to depends on the other files, so it is not here.

use crate::id::DocumentPath;
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
    /// Properties in order, as YAML understood them.
    pub properties: Vec<(String, PropertyValue)>,
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
    /// A text; dates too are texts here.
    Text(String),
    /// Several values.
    List(Vec<PropertyValue>),
    /// Named values within a value.
    Map(Vec<(String, PropertyValue)>),
}
