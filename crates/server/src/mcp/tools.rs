//! The tools: `search(query)` and `fetch(id)` with these parameters and no others, as ChatGPT's deep research and company
//! knowledge demand, `search_notes` for every other wish, and `related` for what stands near a note.

use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ibid_core::citation::Reference;
use ibid_core::query::{
    Condition, DATE_FORMS, DEFAULT_LIMIT, Day, Filter, MAX_LIMIT, MAX_PHRASINGS, Mode, Order, PROPERTY_FORMS,
    Query,
};
use ibid_search::FetchError;
use ibid_search::related::MAX_RELATED;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ContentBlock, ErrorCode, JsonObject, Tool, ToolAnnotations,
};
use serde::Serialize;

use super::arguments::{Arguments, BadArgument};
use super::refusal::Refusal;
use super::wire::{FetchOut, RelatedOut, SearchOut};
use super::{Handler, error, internal_error, schema};
use crate::audit::Outcome;
use crate::outgoing::{Nonce, marked};

pub(crate) const SEARCH: &str = "search";
pub(crate) const FETCH: &str = "fetch";
const SEARCH_NOTES: &str = "search_notes";

const RELATED: &str = "related";

const SEARCH_ABOUT: &str = "\
Search the user's own notes, by words and by meaning. Use it first for any question their notes may answer: what they \
wrote, read, planned, decided or know. Gives the best passages, each with its citation as `id`, a snippet as `text`, \
and the note's title, path, headings, line and byte range. `notes` says what was not searched or why nothing was \
found. Call fetch with an id before quoting a passage. The query takes \"exact phrases\", -not, prefix*, tag:, path:, \
title:, before: and after: a date or a period such as last-week, sort:newest, task:open, comment:, [property:value] and property:>=4; everything else is just \
words.";

const FETCH_ABOUT: &str = "\
Fetch the exact words of a citation together with the note around them. Use it before quoting or relying on a passage \
that search found, or with collection:path to read a note from its beginning. A long note comes in windows: \
metadata.previous and metadata.next are the ids that continue it. metadata.byte_start to byte_end is where the cited \
words stand in the note, text_start to text_end where the given text stands.";

const SEARCH_NOTES_ABOUT: &str = "\
Search the user's notes with filters. Use it instead of search when the question names a collection, a folder, a \
file name, a title, a tag, a property or a time, when exact words matter (mode lexical), or when more or fewer passages \
are wanted, or when one question is best asked in several ways (queries: other words, other languages, its parts), \
which costs less than a search each. A query takes the same signs as that of search; filters given beside it must hold \
too. Answers as search does.";

const RELATED_ABOUT: &str = "\
Show what stands near a note: the notes it links to, the notes that link to it, and notes that say something alike. Use \
it to follow a trail from a note that search found.";

/// What a request for a passage must say, for whoever did not say it.
const WANTED_QUERY: &str = "a question or a few words as a string";
const WANTED_ID: &str = "an id from a result of search as a string";

/// The tools as they are listed, always in this order.
pub(crate) fn all() -> &'static [Tool] {
    static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
        vec![
            tool(SEARCH, "Search notes", SEARCH_ABOUT, schema::search_input(), schema::search_output()),
            tool(FETCH, "Fetch cited words", FETCH_ABOUT, schema::fetch_input(), schema::fetch_output()),
            tool(
                SEARCH_NOTES,
                "Search notes with filters",
                SEARCH_NOTES_ABOUT,
                schema::search_notes_input(),
                schema::search_output(),
            ),
            tool(
                RELATED,
                "Notes near a note",
                RELATED_ABOUT,
                schema::related_input(),
                schema::related_output(),
            ),
        ]
    });
    &TOOLS
}

fn tool(
    name: &'static str,
    title: &str,
    about: &'static str,
    input: Arc<JsonObject>,
    output: Arc<JsonObject>,
) -> Tool {
    let hints = ToolAnnotations::with_title(title).read_only(true).destructive(false).idempotent(true);
    Tool::new(name, about, input)
        .with_title(title)
        .with_raw_output_schema(output)
        .with_annotations(hints.open_world(false))
}

/// Runs a tool. What its caller can mend is a result that says how; what nobody can is an error. A tool that the caller
/// may not use is one that there is not.
pub(crate) async fn call(
    handler: &Handler,
    request: CallToolRequestParams,
    base: String,
    nonce: Nonce,
) -> Result<CallToolResult, ErrorData> {
    let given = request.arguments;
    let name = request.name.as_ref();
    let may_use = handler.viewer.may_use(name);
    let done = match name {
        SEARCH if may_use => {
            search(handler, Arguments::new(SEARCH, given), base).await.map(|out| structured(&out))
        }
        FETCH if may_use => {
            fetch(handler, Arguments::new(FETCH, given), base).await.map(|out| structured(&out))
        }
        SEARCH_NOTES if may_use => {
            let out = search_notes(handler, Arguments::new(SEARCH_NOTES, given), base).await;
            out.map(|out| structured_and_marked(&out, nonce))
        }
        RELATED if may_use => {
            let out = related(handler, Arguments::new(RELATED, given), base).await;
            out.map(|out| structured_and_marked(&out, nonce))
        }
        other => return Err(no_tool(handler, other)),
    };
    match done {
        Ok(result) => result,
        Err(refusal) => Ok(refusal.into_result()),
    }
}

fn no_tool(handler: &Handler, name: &str) -> ErrorData {
    let name: String = name.chars().take(64).collect();
    let known: Vec<&str> = handler.tools().map(|tool| tool.name.as_ref()).collect();
    let known = match known.split_last() {
        None => "there is none".to_owned(),
        Some((only, [])) => format!("there is {only}"),
        Some((last, others)) => format!("there are {} and {last}", others.join(", ")),
    };
    error(ErrorCode::INVALID_PARAMS, Outcome::NotFound, format!("no tool {name:?}: {known}"))
}

/// The value as structured content and as one text item that holds the same JSON: so ChatGPT wants `search` and `fetch`.
fn structured(out: &impl Serialize) -> Result<CallToolResult, ErrorData> {
    serde_json::to_value(out).map(CallToolResult::structured).map_err(|error| internal_error(&error))
}

/// The same, with marks around the JSON of the text item for models that read it.
fn structured_and_marked(out: &impl Serialize, nonce: Nonce) -> Result<CallToolResult, ErrorData> {
    let value = serde_json::to_value(out).map_err(|error| internal_error(&error))?;
    let text = marked(&value.to_string(), nonce);
    let mut result = CallToolResult::structured(value);
    result.content = vec![ContentBlock::text(text)];
    Ok(result)
}

async fn search(handler: &Handler, mut given: Arguments, base: String) -> Result<SearchOut, Refusal> {
    let words = given.text("query", WANTED_QUERY)?;
    given.finish()?;
    let (found, done) = handler.ask(vec![Query::new(words)], None).await?;
    Ok(SearchOut::new(found, &done, &base))
}

async fn search_notes(handler: &Handler, mut given: Arguments, base: String) -> Result<SearchOut, Refusal> {
    let phrasings = phrasings(&mut given)?;
    let mut query = Query::new("");
    if let Some(mode) = given.word("mode", &Mode::NAMES)? {
        query.mode = mode;
    }
    if let Some(order) = given.word("sort", &Order::NAMES)? {
        query.order = order;
    }
    if let Some(limit) = given.number("limit", 1..=MAX_LIMIT)? {
        query.limit = limit;
    }
    let collection = given.name("collection")?;
    query.filter = filter(&mut given)?;
    if let Some(per_document) = given.number("per_document", 1..=schema::MAX_PER_DOCUMENT)? {
        query.per_document = per_document;
    }
    let wait = given.number("wait_fresh", 0..=schema::MAX_WAIT_SECONDS)?;
    given.finish()?;
    let not_fresh = match wait {
        None | Some(0) => None,
        Some(seconds) => {
            let limit = Duration::from_secs(seconds as u64);
            handler.library.wait_fresh(&handler.viewer, limit).await
        }
    };
    let queries = phrasings.into_iter().map(|words| Query { words, ..query.clone() }).collect();
    let (mut found, done) = handler.ask(queries, collection).await?;
    found.also.extend(not_fresh);
    Ok(SearchOut::new(found, &done, &base))
}

/// What is asked: `query`, and `queries` after it, of which either may be left out.
fn phrasings(given: &mut Arguments) -> Result<Vec<String>, BadArgument> {
    let others = given.texts("queries", 1..=MAX_PHRASINGS)?;
    match others {
        None => Ok(vec![given.text("query", WANTED_QUERY)?]),
        Some(others) => Ok(given.text_if_given("query")?.into_iter().chain(others).collect()),
    }
}

fn filter(given: &mut Arguments) -> Result<Filter, BadArgument> {
    let conditions = [
        given.name("path")?.map(Condition::Path),
        given.name("tag")?.map(Condition::Tag),
        given.name("title")?.map(Condition::Title),
        given.form("property", PROPERTY_FORMS, Condition::property_of)?,
        given.form("after", DATE_FORMS, Day::read)?.map(Condition::From),
        given.form("before", DATE_FORMS, Day::read)?.map(Condition::Before),
    ];
    Ok(Filter { all: conditions.into_iter().flatten().collect(), none: Vec::new() })
}

async fn fetch(handler: &Handler, mut given: Arguments, base: String) -> Result<FetchOut, Refusal> {
    let id = given.text("id", WANTED_ID)?;
    given.finish()?;
    let asked = Reference::from_str(&id)?;
    let (fetched, done) = handler.fetch(asked.clone()).await?.map_err(|error| refused(handler, error))?;
    Ok(FetchOut::new(&asked, fetched, &done, &base))
}

async fn related(handler: &Handler, mut given: Arguments, base: String) -> Result<RelatedOut, Refusal> {
    let id = given.text("id", WANTED_ID)?;
    let limit = given.number("limit", 1..=MAX_RELATED)?.unwrap_or(DEFAULT_LIMIT);
    given.finish()?;
    let document = Reference::from_str(&id)?.document().clone();
    let (found, done) = handler.related(document, limit).await?.map_err(|error| refused(handler, error))?;
    Ok(RelatedOut::new(found, &done, &base))
}

fn refused(handler: &Handler, error: FetchError) -> Refusal {
    Refusal::Fetch { error, known: handler.library.collections(&handler.viewer) }
}

#[cfg(test)]
mod tests;
