//! The tools: `search(query)` and `fetch(id)` with these parameters and no others, as ChatGPT's deep research and company
//! knowledge demand, `search_notes` for every other wish, and `related` for what stands near a note.

use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ibid_core::citation::Reference;
use ibid_core::query::{
    Condition, DATE_FORMS, DEFAULT_LIMIT, Filter, MAX_LIMIT, Mode, PROPERTY_FORMS, Query, day_of,
};
use ibid_search::related::MAX_RELATED;
use rmcp::ErrorData;
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::Serialize;

use super::arguments::{Arguments, BadArgument};
use super::refusal::Refusal;
use super::wire::{FetchOut, RelatedOut, SearchOut};
use super::{internal_error, schema};
use crate::library::Library;

const SEARCH: &str = "search";
const FETCH: &str = "fetch";
const SEARCH_NOTES: &str = "search_notes";

const RELATED: &str = "related";

const SEARCH_ABOUT: &str = "\
Search the user's own notes, by words and by meaning. Use it first for any question their notes may answer: what they \
wrote, read, planned, decided or know. Gives the best passages, each with its citation as `id`, a snippet as `text`, \
and the note's title, path, headings, line and byte range. `notes` says what was not searched or why nothing was \
found. Call fetch with an id before quoting a passage. The query takes \"exact phrases\", -not, prefix*, tag:, path:, \
title:, before: and after: a date, task:open, comment:, [property:value] and property:>=4; everything else is just \
words.";

const FETCH_ABOUT: &str = "\
Fetch the exact words of a citation together with the note around them. Use it before quoting or relying on a passage \
that search found, or with collection:path to read a note from its beginning. A long note comes in windows: \
metadata.previous and metadata.next are the ids that continue it. metadata.byte_start to byte_end is where the cited \
words stand in the note, text_start to text_end where the given text stands.";

const SEARCH_NOTES_ABOUT: &str = "\
Search the user's notes with filters. Use it instead of search when the question names a collection, a folder, a \
file name, a title, a tag, a property or a time, when exact words matter (mode lexical), or when more or fewer passages \
are wanted. The query takes the same signs as that of search; filters given beside it must hold too. Answers as search \
does.";

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

/// Runs a tool. What its caller can mend is a result that says how; what nobody can is an error.
pub(crate) async fn call(
    library: &Arc<Library>,
    request: CallToolRequestParams,
    base: String,
) -> Result<CallToolResult, ErrorData> {
    let given = request.arguments;
    let done = match request.name.as_ref() {
        SEARCH => search(library, Arguments::new(SEARCH, given), base).await.map(|out| structured(&out)),
        FETCH => fetch(library, Arguments::new(FETCH, given), base).await.map(|out| structured(&out)),
        SEARCH_NOTES => {
            search_notes(library, Arguments::new(SEARCH_NOTES, given), base).await.map(|out| structured(&out))
        }
        RELATED => related(library, Arguments::new(RELATED, given), base).await.map(|out| structured(&out)),
        other => {
            let other: String = other.chars().take(64).collect();
            let message =
                format!("no tool {other:?}: there are {SEARCH}, {FETCH}, {SEARCH_NOTES} and {RELATED}");
            return Err(ErrorData::invalid_params(message, None));
        }
    };
    match done {
        Ok(result) => result,
        Err(refusal) => Ok(refusal.into_result()),
    }
}

/// The value as structured content and as one text item that holds the same JSON.
fn structured(out: &impl Serialize) -> Result<CallToolResult, ErrorData> {
    serde_json::to_value(out).map(CallToolResult::structured).map_err(|error| internal_error(&error))
}

async fn search(library: &Arc<Library>, mut given: Arguments, base: String) -> Result<SearchOut, Refusal> {
    let words = given.text("query", WANTED_QUERY)?;
    given.finish()?;
    Ok(SearchOut::new(library.ask(Query::new(words), None).await?, &base))
}

async fn search_notes(
    library: &Arc<Library>,
    mut given: Arguments,
    base: String,
) -> Result<SearchOut, Refusal> {
    let mut query = Query::new(given.text("query", WANTED_QUERY)?);
    if let Some(mode) = given.word("mode", &Mode::NAMES)? {
        query.mode = mode;
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
        Some(seconds) => library.wait_fresh(Duration::from_secs(seconds as u64)).await,
    };
    let mut found = library.ask(query, collection).await?;
    found.also.extend(not_fresh);
    Ok(SearchOut::new(found, &base))
}

fn filter(given: &mut Arguments) -> Result<Filter, BadArgument> {
    let conditions = [
        given.name("path")?.map(Condition::Path),
        given.name("tag")?.map(Condition::Tag),
        given.name("title")?.map(Condition::Title),
        given.form("property", PROPERTY_FORMS, Condition::property_of)?,
        given.form("after", DATE_FORMS, day_of)?.map(Condition::From),
        given.form("before", DATE_FORMS, day_of)?.map(Condition::Before),
    ];
    Ok(Filter { all: conditions.into_iter().flatten().collect(), none: Vec::new() })
}

async fn fetch(library: &Arc<Library>, mut given: Arguments, base: String) -> Result<FetchOut, Refusal> {
    let id = given.text("id", WANTED_ID)?;
    given.finish()?;
    let asked = Reference::from_str(&id)?;
    let fetched = {
        let asked = asked.clone();
        library.run(move |library| library.fetch(&asked)).await?
    };
    let fetched = fetched.map_err(|error| Refusal::Fetch { error, known: library.collections() })?;
    Ok(FetchOut::new(&asked, fetched, &base))
}

async fn related(library: &Arc<Library>, mut given: Arguments, base: String) -> Result<RelatedOut, Refusal> {
    let id = given.text("id", WANTED_ID)?;
    let limit = given.number("limit", 1..=MAX_RELATED)?.unwrap_or(DEFAULT_LIMIT);
    given.finish()?;
    let document = Reference::from_str(&id)?.document().clone();
    let found = library.run(move |library| library.related(&document, limit)).await?;
    let found = found.map_err(|error| Refusal::Fetch { error, known: library.collections() })?;
    Ok(RelatedOut::new(found, &base))
}

#[cfg(test)]
mod tests;
