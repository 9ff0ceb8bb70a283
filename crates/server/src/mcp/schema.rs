//! The tools' schemas, written by hand: plain objects of plain types. Derived ones bring `$ref`, formats and unions
//! with null, on which some clients stumble.

use std::sync::Arc;

use ibid_core::query::{
    DATE_FORMS, DEFAULT_LIMIT, DEFAULT_PER_DOCUMENT, MAX_LIMIT, MAX_PHRASINGS, Mode, Order, PROPERTY_FORMS,
};
use ibid_search::related::MAX_RELATED;
use rmcp::model::JsonObject;
use serde_json::{Value, json};

/// The most passages of one note that can be asked for: as many as an answer has at all.
pub(crate) const MAX_PER_DOCUMENT: usize = MAX_LIMIT;

/// The longest that a question waits for what was just saved, in seconds; clients give up after a minute.
pub(crate) const MAX_WAIT_SECONDS: usize = 30;

pub(crate) fn search_input() -> Arc<JsonObject> {
    input(json!({ "query": query() }), &["query"])
}

pub(crate) fn fetch_input() -> Arc<JsonObject> {
    let id = json!({
        "type": "string",
        "description": "An id from a search result, unchanged: collection:path@hash:start-end for a passage, \
                        collection:path for a whole note.",
    });
    input(json!({ "id": id }), &["id"])
}

pub(crate) fn search_notes_input() -> Arc<JsonObject> {
    let modes: Vec<_> = Mode::NAMES.iter().map(|(name, _)| *name).collect();
    let orders: Vec<_> = Order::NAMES.iter().map(|(name, _)| *name).collect();
    let properties = json!({
        "query": query(),
        "queries": {
            "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": MAX_PHRASINGS,
            "description": "Other ways to ask the same: synonyms, another language, the parts of the question. All are \
                            asked at once and answered with one list; query may be left out then.",
        },
        "mode": {
            "type": "string",
            "enum": modes,
            "default": Mode::default().name(),
            "description": "hybrid: by words and by meaning; lexical: exact words, names, codes; \
                            semantic: by meaning alone.",
        },
        "limit": {
            "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT,
            "description": "How many passages at most.",
        },
        "collection": {
            "type": "string",
            "description": "Only this collection; all of them if left out.",
        },
        "path": {
            "type": "string",
            "description": "Only notes whose whole path matches this glob: Bread/** for a folder and all below it, \
                            Daily/2026-*.md, **/Index.md; without any of * ? [ {, whose path contains it.",
        },
        "tag": text("Only notes with this tag or one nested below it; with or without #."),
        "title": text("Only notes with these words, in this order, in the title or an alias."),
        "property": text(&format!("Only notes with this property: {PROPERTY_FORMS}.")),
        "after": text(&format!("Only notes of this date or later, of a period from its first day on: {DATE_FORMS}.")),
        "before": text(&format!("Only notes from before this date, or before the first day of a period: {DATE_FORMS}.")),
        "sort": {
            "type": "string",
            "enum": orders,
            "default": Order::default().name(),
            "description": "best: the best first; newest: the newest note first, of those that hold a word of the \
                            query.",
        },
        "per_document": {
            "type": "integer", "minimum": 1, "maximum": MAX_PER_DOCUMENT, "default": DEFAULT_PER_DOCUMENT,
            "description": "How many passages of one note at most.",
        },
        "wait_fresh": {
            "type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0,
            "description": "Wait at most so many seconds until notes saved just now can be found.",
        },
    });
    input(properties, &[])
}

const MATCH: &str = "words where words of the query stand there, meaning where it is near in meaning, none where nothing is near.";

pub(crate) fn search_output() -> Arc<JsonObject> {
    let result = output(
        json!({
            "id": text("The citation; give it to fetch, and cite it."),
            "match": text(MATCH),
            "title": text("The note's title."),
            "url": text("The page that shows the words; empty when no server runs."),
            "text": text("The sentence that answers best and what stands around it, exactly as in the note."),
            "start": number("First byte of the passage in the note."),
            "end": number("One past the last byte of the passage."),
            "answer_start": number("First byte of the sentence, row or item that answers best; within the passage."),
            "answer_end": number("One past its last byte; equal to answer_start where the passage has no such part."),
            "line": number("Line of the answer's first byte, from 1."),
            "cut_before": boolean("Whether the passage says something before text."),
            "cut_after": boolean("Whether the passage says something after text."),
            "table_head": text("The row that names the columns, where text is rows of a table without it."),
            "collection": text("The note's collection."),
            "path": text("The note's path in its collection."),
            "headings": { "type": "array", "items": { "type": "string" }, "description": "Headings above the answer, outermost first." },
            "embedded_in": { "type": "array", "items": { "type": "string" }, "description": "Ids of notes that show the passage by embedding it." },
            "also_in": { "type": "array", "items": { "type": "string" }, "description": "Ids of notes that say nearly the same and were left out for it." },
            "found_by": { "type": "array", "items": { "type": "integer" }, "description": "Which of several queries have it among the first of their own, from 0: query if it was given, then queries." },
            "commit": text("The Git commit whose bytes were indexed, if they are those of one."),
            "address": text("Where the note is on the web, if it is from there."),
        }),
        &["id", "title", "url"],
    );
    let searched = output(
        json!({
            "collection": text("Its name."),
            "generation": number("Which commit of it was searched."),
            "indexed_at": text("When that was made."),
            "documents": number("How many notes it holds."),
        }),
        &["collection"],
    );
    let offer = output(
        json!({
            "said": text("The words of the query."),
            "adds": text("What to add to the query for it."),
        }),
        &["said", "adds"],
    );
    let whole = output(
        json!({
            "results": { "type": "array", "items": result, "description": "Passages, best first." },
            "notes": {
                "type": "array", "items": { "type": "string" },
                "description": "What was not searched, or why nothing was found. Empty when there is nothing to say.",
            },
            "offers": { "type": "array", "items": offer, "description": "Filters that the query asks for in words; they were not applied." },
            "mode": text("How it was searched: hybrid, lexical or semantic."),
            "match": text(MATCH),
            "indexed_at": text("When the oldest of the collections searched was indexed."),
            "generation": number("Which commit was searched, where it was one collection."),
            "searched": { "type": "array", "items": searched, "description": "The collections searched." },
            "masked_secrets": number("How many secrets are masked in what is shown, if any are."),
        }),
        &["results", "notes"],
    );
    object(whole)
}

pub(crate) fn fetch_output() -> Arc<JsonObject> {
    object(output(
        json!({
            "id": text("The citation, or the note asked for."),
            "title": text("The note's title."),
            "text": text("The note's text, exactly as indexed; of a long note, a window around the cited words."),
            "url": text("The page that shows the words; empty when no server runs."),
            "start": number("First cited byte in the note."),
            "end": number("One past the last cited byte."),
            "metadata": {
                "type": "object",
                "additionalProperties": { "type": "string" },
                "description": "path, collection, line, byte_start and byte_end of the cited words, text_start and \
                                text_end of the text given, hashes, and previous and next: ids that continue it.",
            },
        }),
        &["id", "title", "text", "url"],
    ))
}

pub(crate) fn related_input() -> Arc<JsonObject> {
    let properties = json!({
        "id": text("The id of a note (collection:path), or of a passage of it that a search gave."),
        "limit": {
            "type": "integer", "minimum": 1, "maximum": MAX_RELATED, "default": DEFAULT_LIMIT,
            "description": "How many notes of each kind at most.",
        },
    });
    input(properties, &["id"])
}

pub(crate) fn related_output() -> Arc<JsonObject> {
    let note = |of_its_own: (&str, &str)| {
        let mut properties = json!({
            "id": text("The other note; give it to fetch."),
            "title": text("Its title."),
            "url": text("Its page; empty when no server runs."),
        });
        properties[of_its_own.0] = text(of_its_own.1);
        let note = output(properties, &["id", "title"]);
        json!({ "type": "array", "items": note })
    };
    let link = ("place", "The citation of the passage in which the link stands.");
    object(output(
        json!({
            "id": text("The note."),
            "title": text("Its title."),
            "links": note(link),
            "backlinks": note(link),
            "similar": note(("passage", "The citation of the passage most alike.")),
            "dangling": {
                "type": "array", "items": { "type": "string" },
                "description": "Links that lead to no note, as written.",
            },
        }),
        &["id", "title", "links", "backlinks", "similar", "dangling"],
    ))
}

fn query() -> Value {
    json!({
        "type": "string",
        "description": "A question or a few words, in any language.",
    })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "integer", "description": description })
}

fn boolean(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

fn input(properties: Value, required: &[&str]) -> Arc<JsonObject> {
    object(json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    }))
}

/// More fields may come later, so nothing says that there are no others.
fn output(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(schema) => Arc::new(schema),
        _ => unreachable!("every schema here is written as an object"),
    }
}
