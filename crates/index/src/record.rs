//! A document's facts as bytes and back: the record stored on its first chunk. These mirrors exist so that the types of
//! `ibid-core` stay free of any format.

use ibid_core::document::{BlockId, Document, Heading, Link, LinkKind, PropertyValue};
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
    block_ids: Vec<BlockIdRecord>,
    decoded_from: Option<String>,
    content_hash: String,
    text_bytes: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct HeadingRecord(u8, String, u32, u32);

#[derive(Serialize, Deserialize)]
struct BlockIdRecord(String, u32, u32);

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
        block_ids: document
            .block_ids
            .iter()
            .map(|block| BlockIdRecord(block.name.clone(), block.span.start(), block.span.end()))
            .collect(),
        decoded_from: stored.decoded_from.clone(),
        content_hash: stored.content_hash.clone(),
        text_bytes: stored.text_bytes,
        address: stored.address.clone(),
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
    let block_ids = record
        .block_ids
        .into_iter()
        .map(|BlockIdRecord(name, start, end)| Some(BlockId { name, span: Span::claimed(start, end)? }))
        .collect::<Option<_>>()?;
    let document = Document {
        path: DocumentPath::new(&record.path)?,
        title: record.title,
        aliases: record.aliases,
        tags: record.tags,
        headings,
        links: record.links.into_iter().map(link_from_record).collect::<Option<_>>()?,
        properties: record.properties.into_iter().map(|(key, value)| (key, value_from_json(value))).collect(),
        block_ids,
    };
    Some(StoredDocument {
        document,
        decoded_from: record.decoded_from,
        content_hash: record.content_hash,
        text_bytes: record.text_bytes,
        address: record.address,
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
        PropertyValue::Date(text, second) => serde_json::json!({ "date": [text, second] }),
        PropertyValue::DateTime(text, second) => serde_json::json!({ "moment": [text, second] }),
        PropertyValue::Link(link) => serde_json::json!({ "link": link }),
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
        Value::Object(map) => marked_value_from_json(map),
    }
}

/// A value of a kind that JSON does not have, by the mark it was written with.
fn marked_value_from_json(mut map: serde_json::Map<String, serde_json::Value>) -> PropertyValue {
    let mut marked = |mark: &str| map.remove(mark);
    let dated = |value| serde_json::from_value::<(String, i64)>(value).ok();
    if let Some((text, second)) = marked("date").and_then(dated) {
        return PropertyValue::Date(text, second);
    }
    if let Some((text, second)) = marked("moment").and_then(dated) {
        return PropertyValue::DateTime(text, second);
    }
    if let Some(serde_json::Value::String(link)) = marked("link") {
        return PropertyValue::Link(link);
    }
    let pairs = marked("map")
        .and_then(|pairs| serde_json::from_value::<Vec<(String, serde_json::Value)>>(pairs).ok())
        .unwrap_or_default();
    PropertyValue::Map(pairs.into_iter().map(|(key, value)| (key, value_from_json(value))).collect())
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
                    ("day".into(), PropertyValue::Date("1970-01-02".into(), 86_400)),
                    ("at".into(), PropertyValue::DateTime("1970-01-01T00:01".into(), 60)),
                    ("up".into(), PropertyValue::Link("[[Rye]]".into())),
                    ("list".into(), PropertyValue::List(vec![text("a"), PropertyValue::Null])),
                    (
                        "map".into(),
                        PropertyValue::Map(vec![("z".into(), text("1")), ("a".into(), text("2"))]),
                    ),
                ],
                block_ids: vec![BlockId { name: "b1".into(), span }],
            },
            decoded_from: Some("windows-1252".into()),
            content_hash: "ab".into(),
            text_bytes: 12,
            address: Some("https://site.test/a".into()),
        };
        assert_eq!(from_bytes(&to_bytes(&stored)), Some(stored));
        assert_eq!(from_bytes(b"{}"), None);
    }
}
