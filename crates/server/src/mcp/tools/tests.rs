//! What the tools answer and refuse, without a transport.

use serde_json::{Value, json};

use super::*;
use crate::library::Library;
use crate::outgoing::MATERIAL;
use crate::testing;
use crate::viewer::Viewer;

const BASE: &str = "http://127.0.0.1:7117";

/// Calls a tool and gives its JSON, having checked that the one text item says the same.
async fn answer(library: &Arc<Library>, name: &'static str, arguments: Value) -> Value {
    let result = result(library, name, arguments).await;
    assert_eq!(result.is_error, Some(false), "{result:?}");
    let structured = result.structured_content.expect("an answer is structured");
    assert_eq!(result.content.len(), 1);
    let text = result.content[0].as_text().expect("the item is text");
    let json = match name {
        SEARCH | FETCH => text.text.as_str(),
        _ => unmarked(&text.text),
    };
    assert_eq!(serde_json::from_str::<Value>(json).unwrap(), structured);
    structured
}

/// What stands between the marks.
fn unmarked(text: &str) -> &str {
    let nonce = testing::NONCE;
    assert!(text.starts_with(MATERIAL), "{text}");
    let rest = text.split_once(&format!("<notes {nonce}>\n")).expect("a mark begins it").1;
    rest.strip_suffix(&format!("\n</notes {nonce}>")).expect("a mark ends it")
}

async fn result(library: &Arc<Library>, name: &'static str, arguments: Value) -> CallToolResult {
    let mut request = CallToolRequestParams::new(name);
    request.arguments = arguments.as_object().cloned();
    let handler = testing::handler(library, Viewer::owner());
    call(&handler, request, BASE.to_owned(), testing::NONCE).await.unwrap()
}

/// Calls a tool that must refuse, and gives its words.
async fn refusal(library: &Arc<Library>, name: &'static str, arguments: Value) -> String {
    let result = result(library, name, arguments).await;
    assert_eq!((result.is_error, &result.structured_content), (Some(true), &None), "{result:?}");
    result.content[0].as_text().expect("the item is text").text.clone()
}

#[test]
fn search_and_fetch_take_one_string_and_nothing_else() {
    for (name, parameter) in [(SEARCH, "query"), (FETCH, "id")] {
        let tool = all().iter().find(|tool| tool.name == name).unwrap();
        let schema = Value::Object((*tool.input_schema).clone());
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.keys().collect::<Vec<_>>(), [parameter]);
        assert_eq!(properties[parameter]["type"], "string");
        assert_eq!(schema["required"], json!([parameter]));
    }
    assert_eq!(
        all().iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(),
        [SEARCH, FETCH, SEARCH_NOTES, RELATED]
    );
}

#[tokio::test]
async fn dates_are_taken_as_people_say_them_and_the_answer_names_them() {
    let garden = testing::garden();
    let asked = json!({"query": "bake rye", "before": "this-week", "sort": "newest"});
    let out = answer(&garden.library, SEARCH_NOTES, asked).await;
    let notes = out["notes"].to_string();
    assert!(notes.contains("before:“this-week” means before Monday 2") && notes.contains("newest first"));
    assert_eq!(out["results"].as_array().map(Vec::len), Some(2), "{out}");
    let out = answer(&garden.library, SEARCH, json!({"query": "what did I write last week of rye"})).await;
    assert_eq!(out["offers"][0]["said"], "last week");
    let adds = out["offers"][0]["adds"].as_str().unwrap().to_owned();
    assert!(out["notes"].to_string().contains(&adds) && out["results"] != json!([]), "{out}");
    let out = answer(&garden.library, SEARCH, json!({"query": format!("rye {adds}")})).await;
    assert_eq!((&out["results"], &out["offers"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn several_queries_are_answered_with_one_list() {
    let garden = testing::garden();
    let one = answer(&garden.library, SEARCH_NOTES, json!({"query": "rye starter"})).await;
    assert_eq!(one["results"][0].get("found_by"), None, "{one}");
    let alone = answer(&garden.library, SEARCH_NOTES, json!({"queries": ["rye starter"]})).await;
    assert_eq!(alone["results"], one["results"]);
    let several = json!({"query": "rye starter", "queries": ["xyzzyqwv", "levain"]});
    let out = answer(&garden.library, SEARCH_NOTES, several).await;
    let levain =
        out["results"].as_array().unwrap().iter().find(|hit| hit["path"] == "Bread/Levain.md").unwrap();
    assert_eq!(levain["found_by"], json!([0, 2]), "{out}");
    for (given, said) in [
        (json!({}), "query is missing: give a question or a few words as a string"),
        (json!({"queries": []}), "queries takes 1 to 8 strings, got 0"),
        (json!({"queries": vec!["rye"; 9]}), "queries takes 1 to 8 strings, got 9"),
        (json!({"queries": "rye"}), "queries must be a list of strings, got \"rye\""),
        (json!({"queries": ["rye", 7]}), "queries must be a list of strings, got [\"rye\",7]"),
        (json!({"queries": ["rye", ""]}), "query is empty: give a question or a few words to look for"),
        (
            json!({"query": "rye", "queries": vec!["rye"; 8]}),
            "9 phrasings of one question, at most 8 are asked",
        ),
    ] {
        assert_eq!(refusal(&garden.library, SEARCH_NOTES, given).await, said);
    }
}

#[test]
fn schemas_are_plain_and_hints_say_read_only() {
    for tool in all() {
        let output = Value::Object((**tool.output_schema.as_ref().unwrap()).clone());
        assert_eq!(output["type"], "object");
        let written = format!("{output}{}", Value::Object((*tool.input_schema).clone()));
        for stumbling in ["$ref", "$defs", "\"format\"", "\"null\"", "anyOf", "oneOf"] {
            assert!(!written.contains(stumbling), "{} has {stumbling}", tool.name);
        }
        assert!(!output.to_string().contains("\"additionalProperties\":false"));
        let hints = tool.annotations.as_ref().unwrap();
        let said =
            (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint);
        assert_eq!(said, (Some(true), Some(false), Some(true), Some(false)));
        assert!(tool.title.is_some() && tool.description.is_some());
    }
}

#[tokio::test]
async fn a_result_is_a_citation_that_fetch_leads_back_to_its_words() {
    let garden = testing::garden();
    let found = answer(&garden.library, SEARCH, json!({"query": "feed the rye starter"})).await;
    let hit = &found["results"][0];
    assert_eq!(hit["path"], "Bread/Levain.md");
    // The line of the sentence that answers, below its heading.
    assert_eq!((&hit["collection"], &hit["line"]), (&json!("garden"), &json!(4)));
    assert_eq!(hit["headings"], json!(["Levain", "Feeding"]));
    assert!(hit["url"].as_str().unwrap().starts_with("http://127.0.0.1:7117/d/garden:Bread/Levain.md@"));
    assert_eq!((&found["generation"], &found["indexed_at"]), (&json!(1), &json!("2026-09-21T14:13:20Z")));
    assert_eq!(found["searched"][0]["documents"], json!(4));
    assert_eq!(found["notes"][0], "searched by words alone: garden");
    assert_eq!((&found["match"], &hit["match"]), (&json!("words"), &json!("words")));
    for id in [&hit["id"], &hit["url"]] {
        let fetched = answer(&garden.library, FETCH, json!({ "id": id })).await;
        assert_eq!(fetched["id"], hit["id"]);
        // The place of the sentence is the question's, and `fetch` knows none.
        let (passage, _) = hit["url"].as_str().unwrap().split_once('?').unwrap();
        assert_eq!(fetched["url"], format!("{passage}#cited"));
        let text = fetched["text"].as_str().unwrap();
        let (start, end) = (fetched["start"].as_u64().unwrap(), fetched["end"].as_u64().unwrap());
        let quote = &text[start as usize..end as usize];
        assert_eq!(quote, "## Feeding\nFeed the rye starter <b>twice</b> & wait.");
        let metadata = fetched["metadata"].as_object().unwrap();
        assert!(metadata.values().all(Value::is_string));
        assert_eq!(metadata["byte_start"], json!(start.to_string()));
        assert_eq!(metadata["quote_blake3"], json!(ContentHashText(quote).to_string()));
        assert_eq!((&metadata["omitted_before"], &metadata["omitted_after"]), (&json!("0"), &json!("0")));
        assert_eq!((metadata.get("next"), metadata.get("previous")), (None, None));
    }
}

struct ContentHashText<'a>(&'a str);

impl std::fmt::Display for ContentHashText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        ibid_core::hash::ContentHash::of(self.0.as_bytes()).fmt(f)
    }
}

#[tokio::test]
async fn a_long_note_is_read_window_by_window_to_its_last_byte() {
    let garden = testing::garden();
    let mut id = json!("garden:Long.txt");
    let (mut whole, mut windows) = (String::new(), 0);
    loop {
        let fetched = answer(&garden.library, FETCH, json!({ "id": id })).await;
        let metadata = &fetched["metadata"];
        assert_eq!(metadata["text_start"], json!(whole.len().to_string()));
        assert_eq!(metadata["omitted_before"], json!(whole.len().to_string()));
        if windows > 0 {
            assert_eq!(fetched["id"], id, "the id of a window stays its id");
            assert!(metadata["previous"].is_string());
        }
        whole.push_str(fetched["text"].as_str().unwrap());
        assert_eq!(metadata["text_end"], json!(whole.len().to_string()));
        windows += 1;
        let Some(next) = metadata.get("next") else { break };
        id = next.clone();
    }
    assert!(windows > 1, "the note is longer than a window");
    assert!(whole.ends_with(&format!("Paragraph {} speaks of turnips.\n\n", testing::LONG_PARAGRAPHS)));
}

#[tokio::test]
async fn filters_choose_the_notes_that_answer() {
    let garden = testing::garden();
    for (arguments, count) in [
        (json!({"query": "paragraph turnips", "limit": 7, "per_document": 100}), 7),
        (json!({"query": "paragraph turnips"}), 2),
        (json!({"query": "bake rye", "path": "Bread/*.md", "mode": "lexical"}), 2),
        (json!({"query": "bake rye", "tag": "#Kitchen", "collection": "garden"}), 2),
        (json!({"query": "bake rye", "tag": "tools"}), 0),
        (json!({"query": "bake rye", "title": "campagne"}), 1),
        (json!({"query": "bake rye", "property": "status=done"}), 0),
        (json!({"query": "bake rye", "after": "1970", "before": "1970-01-02"}), 2),
        (json!({"query": "bake rye", "after": "1971"}), 0),
        (json!({"query": "bake rye -title:campagne"}), 1),
    ] {
        let found = answer(&garden.library, SEARCH_NOTES, arguments.clone()).await;
        assert_eq!(found["results"].as_array().unwrap().len(), count, "{arguments}");
        assert!(count > 0 || !found["notes"].as_array().unwrap().is_empty(), "nothing found is told why");
    }
}

#[tokio::test]
async fn a_bad_argument_is_told_with_what_would_be_right() {
    let garden = testing::garden();
    for (name, arguments, said) in [
        (SEARCH, json!({}), "query is missing: give a question or a few words as a string"),
        (SEARCH, json!({"query": 7}), "query must be a string, got 7"),
        (SEARCH, json!({"query": "rye", "limit": 3}), "search takes no limit: it takes query"),
        (SEARCH, json!({"query": " \n"}), "query is empty: give a question or a few words to look for"),
        (
            SEARCH,
            json!({"query": "x".repeat(100_000)}),
            "query has 100000 bytes, at most 16384 are read: ask in fewer words",
        ),
        (SEARCH_NOTES, json!({"query": "rye", "limit": 0}), "limit must be 1 to 100, got 0"),
        (SEARCH_NOTES, json!({"query": "rye", "limit": 101}), "limit must be 1 to 100, got 101"),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "mode": "fuzzy"}),
            "mode must be one of hybrid, lexical, semantic, got \"fuzzy\"",
        ),
        (SEARCH_NOTES, json!({"query": "rye", "per_document": 0}), "per_document must be 1 to 100, got 0"),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "collection": "attic"}),
            "no collection \"attic\": there is garden",
        ),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "tag": "x".repeat(5000)}),
            "tag has 5000 bytes, it takes at most 4096",
        ),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "after": "lunch"}),
            "after must be a day, a month, a year or a period, such as 2024-06-15, 2024-06, 2024, yesterday, last-week or in-march; got \"lunch\"",
        ),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "sort": "oldest"}),
            "sort must be one of best, newest, got \"oldest\"",
        ),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "sort": "newest", "mode": "semantic"}),
            "what is only near in meaning is not sorted by date; use mode hybrid or lexical, or leave sort out",
        ),
        (SEARCH_NOTES, json!({"query": "rye", "before": 2024}), "before must be a string, got 2024"),
        (
            SEARCH_NOTES,
            json!({"query": "rye", "property": "status="}),
            "property must be the name of a property, or name and value, such as status=done, rating>=4 or due<2024-06; got \"status=\"",
        ),
        (FETCH, json!({}), "id is missing: give an id from a result of search as a string"),
        (FETCH, json!({"id": "attic:a.md"}), "no collection \"attic\": there is garden"),
    ] {
        assert_eq!(refusal(&garden.library, name, arguments).await, said);
    }
    for (name, arguments, part) in [
        (SEARCH_NOTES, json!({"query": "rye", "path": "a[b"}), "path \"a[b\" is no pattern"),
        (SEARCH_NOTES, json!({"query": "rye", "mode": "semantic"}), "use mode lexical"),
        (FETCH, json!({"id": "the note on rye"}), "an id reads collection:path@hash:start-end"),
        (FETCH, json!({"id": "garden:../../etc/passwd"}), "this is no id: the path"),
        (FETCH, json!({"id": "garden:a.md@xyz:1-2"}), "12 hexadecimal digits"),
        (FETCH, json!({"id": "garden:None.md"}), "no document garden:None.md"),
        (
            FETCH,
            json!({"id": "garden:Bread/Levain.md@000000000000:0-5"}),
            "fetch garden:Bread/Levain.md for the note as it is now",
        ),
    ] {
        let said = refusal(&garden.library, name, arguments).await;
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test]
async fn damage_under_a_request_names_no_path() {
    let garden = testing::garden();
    let folder = garden.library.store().data_dir().display().to_string();
    let read = ibid_index::ReadError { path: folder.clone().into(), reason: format!("{folder} is gone") };
    let said = Refusal::Fetch { error: read.into(), known: Vec::new() }.message();
    assert!(said.starts_with("internal error") && !said.contains(&folder), "{said}");
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_an_error_of_the_protocol() {
    let garden = testing::garden();
    let error = call(
        &garden.handler(Viewer::owner()),
        CallToolRequestParams::new("delete"),
        String::new(),
        testing::NONCE,
    )
    .await
    .unwrap_err();
    assert_eq!(error.code, rmcp::model::ErrorCode::INVALID_PARAMS);
    assert!(error.message.contains("search, fetch, search_notes and related"));
}

#[tokio::test]
async fn without_a_server_there_is_no_url() {
    let garden = testing::garden();
    let mut request = CallToolRequestParams::new(SEARCH);
    request.arguments = json!({"query": "rye"}).as_object().cloned();
    let result =
        call(&garden.handler(Viewer::owner()), request, String::new(), testing::NONCE).await.unwrap();
    assert_eq!(result.structured_content.unwrap()["results"][0]["url"], "");
}
