//! A document's facts as bytes and back: the record stored on its first chunk. These mirrors exist so that the types of
//! `ibid-core` stay free of any format.

use ibid_core::document::{Document, Heading, Link, LinkKind, PropertyValue};
use ibid_core::id::DocumentPath;
use ibid_core::span::Span;
use serde::{Deserialize, Serialize};

use crate::snapshot::StoredDocument;

#[derive(Serialize, Deserialize)]
struct Record {
    path: String,
    title: String,
    aliases: Vec<String>,
    tags: Vec<String>,
    headings: Vec<HeadingRecord>,
    links: Vec<LinkRecord>,
    properties: Vec<(String, serde_json::Value)>,
    decoded_from: Option<String>,
    content_hash: String,
    text_bytes: u32,
}

#[derive(Serialize, Deserialize)]
struct HeadingRecord(u8, String, u32, u32);

#[derive(Serialize, Deserialize)]
struct LinkRecord {
    wiki: bool,
    target: String,
    anchor: Option<String>,
    label: Option<String>,
    embed: bool,
    start: u32,
    end: u32,
}

pub(crate) fn to_bytes(stored: &StoredDocument) -> Vec<u8> {
    let document = &stored.document;
    let record = Record {
        path: document.path.as_str().to_owned(),
        title: document.title.clone(),
        aliases: document.aliases.clone(),
        tags: document.tags.clone(),
        headings: document
            .headings
            .iter()
            .map(|h| HeadingRecord(h.level, h.text.clone(), h.span.start(), h.span.end()))
            .collect(),
        links: document.links.iter().map(link_to_record).collect(),
        properties: document
            .properties
            .iter()
            .map(|(key, value)| (key.clone(), value_to_json(value)))
            .collect(),
        decoded_from: stored.decoded_from.clone(),
        content_hash: stored.content_hash.clone(),
        text_bytes: stored.text_bytes,
    };
    serde_json::to_vec(&record).expect("a record holds only texts, numbers and lists")
}

/// `None` where the bytes are no record.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<StoredDocument> {
    let record: Record = serde_json::from_slice(bytes).ok()?;
    let headings = record
        .headings
        .into_iter()
        .map(|HeadingRecord(level, text, start, end)| {
            Some(Heading { level, text, span: Span::claimed(start, end)? })
        })
        .collect::<Option<_>>()?;
    let document = Document {
        path: DocumentPath::new(&record.path)?,
        title: record.title,
        aliases: record.aliases,
        tags: record.tags,
        headings,
        links: record.links.into_iter().map(link_from_record).collect::<Option<_>>()?,
        properties: record.properties.into_iter().map(|(key, value)| (key, value_from_json(value))).collect(),
    };
    Some(StoredDocument {
        document,
        decoded_from: record.decoded_from,
        content_hash: record.content_hash,
        text_bytes: record.text_bytes,
    })
}

fn link_to_record(link: &Link) -> LinkRecord {
    LinkRecord {
        wiki: link.kind == LinkKind::Wiki,
        target: link.target.clone(),
        anchor: link.anchor.clone(),
        label: link.label.clone(),
        embed: link.embed,
        start: link.span.start(),
        end: link.span.end(),
    }
}

fn link_from_record(record: LinkRecord) -> Option<Link> {
    Some(Link {
        kind: if record.wiki { LinkKind::Wiki } else { LinkKind::Markdown },
        target: record.target,
        anchor: record.anchor,
        label: record.label,
        embed: record.embed,
        span: Span::claimed(record.start, record.end)?,
    })
}

fn value_to_json(value: &PropertyValue) -> serde_json::Value {
    use serde_json::Value;
    match value {
        PropertyValue::Null => Value::Null,
        PropertyValue::Checkbox(on) => Value::Bool(*on),
        // JSON has no infinity; what YAML calls `.inf` is kept as its text.
        PropertyValue::Number(number) => serde_json::Number::from_f64(*number)
            .map_or_else(|| Value::String(number.to_string()), Value::Number),
        PropertyValue::Text(text) => Value::String(text.clone()),
        PropertyValue::List(values) => Value::Array(values.iter().map(value_to_json).collect()),
        PropertyValue::Map(entries) => {
            // As a list of pairs inside an object, so that the order survives.
            let pairs =
                entries.iter().map(|(key, value)| serde_json::json!([key, value_to_json(value)])).collect();
            serde_json::json!({ "map": Value::Array(pairs) })
        }
    }
}

fn value_from_json(value: serde_json::Value) -> PropertyValue {
    use serde_json::Value;
    match value {
        Value::Null => PropertyValue::Null,
        Value::Bool(on) => PropertyValue::Checkbox(on),
        Value::Number(number) => PropertyValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => PropertyValue::Text(text),
        Value::Array(values) => PropertyValue::List(values.into_iter().map(value_from_json).collect()),
        Value::Object(mut map) => {
            let pairs = map
                .remove("map")
                .and_then(|pairs| serde_json::from_value::<Vec<(String, Value)>>(pairs).ok());
            let entries =
                pairs.unwrap_or_default().into_iter().map(|(key, value)| (key, value_from_json(value)));
            PropertyValue::Map(entries.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_as_it_was() {
        let span = Span::claimed(3, 9).unwrap();
        let text = |text: &str| PropertyValue::Text(text.to_owned());
        let stored = StoredDocument {
            document: Document {
                path: DocumentPath::new("Bread/Levain.md").unwrap(),
                title: "Levain".into(),
                aliases: vec!["Starter".into()],
                tags: vec!["ferment/wild".into()],
                headings: vec![Heading { level: 2, text: "Feeding".into(), span }],
                links: vec![Link {
                    kind: LinkKind::Wiki,
                    target: "Rye".into(),
                    anchor: Some("^b1".into()),
                    label: None,
                    embed: true,
                    span,
                }],
                properties: vec![
                    ("done".into(), PropertyValue::Checkbox(true)),
                    ("n".into(), PropertyValue::Number(1.5)),
                    ("list".into(), PropertyValue::List(vec![text("a"), PropertyValue::Null])),
                    (
                        "map".into(),
                        PropertyValue::Map(vec![("z".into(), text("1")), ("a".into(), text("2"))]),
                    ),
                ],
            },
            decoded_from: Some("windows-1252".into()),
            content_hash: "ab".into(),
            text_bytes: 12,
        };
        assert_eq!(from_bytes(&to_bytes(&stored)), Some(stored));
        assert_eq!(from_bytes(b"{}"), None);
    }
}
