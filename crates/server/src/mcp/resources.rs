//! Documents as MCP resources: listed page by page, read by URI, found by the beginning of their path.

use ibid_core::citation::Reference;
use ibid_core::id::DocumentPath;
use ibid_index::ReadError;
use ibid_search::FetchError;
use ibid_search::fetch::Fetched;
use percent_encoding::percent_decode_str;
use rmcp::ErrorData;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ErrorCode, ListResourcesResult,
    ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::json;

use super::refusal::shortened;
use super::{Handler, error, internal_error};
use crate::address::{reference_of_resource, resource_path, resource_uri};
use crate::audit::Outcome;
use crate::library::ListedDocument;
use crate::outgoing::Done;

/// How many documents one page of the list has.
const PAGE: usize = 100;

/// The one template. The path is written as in an id: `%20` for a blank.
const TEMPLATE: &str = "ibid://{collection}/{+path}";

/// A page of the list. The cursor is the id of the last document given, so it stays good across generations.
pub(crate) async fn list(
    handler: &Handler,
    cursor: Option<String>,
) -> Result<ListResourcesResult, ErrorData> {
    let after = match cursor.as_deref().map(str::parse) {
        None => None,
        Some(Ok(Reference::Document(document))) => Some(document),
        Some(_) => {
            let message = "the cursor is not one that resources/list gave; leave it out to begin again";
            return Err(error(ErrorCode::INVALID_PARAMS, Outcome::Validation, message));
        }
    };
    if !handler.may_read() {
        return Ok(ListResourcesResult::with_all_items(Vec::new()));
    }
    let Handler { viewer, outgoing, .. } = handler.clone();
    let listed = handler.library.run(move |library| {
        let mut listed = library.documents_after(&viewer, after.as_ref(), PAGE + 1)?;
        // A list has no place for a note on what was masked.
        outgoing.names(&mut Done::default(), listed.iter_mut().map(|document| &mut document.title));
        Ok::<_, ReadError>(listed)
    });
    let listed = listed.await.map_err(|error| internal_error(&error))?;
    let mut listed = listed.map_err(|error| internal_error(&error))?;
    let more = listed.len() > PAGE;
    listed.truncate(PAGE);
    let next = listed.last().filter(|_| more).map(|last| last.id.to_string());
    let mut result = ListResourcesResult::with_all_items(listed.into_iter().map(resource).collect());
    result.next_cursor = next;
    Ok(result)
}

fn resource(listed: ListedDocument) -> Resource {
    let name = listed.id.path.as_str();
    Resource::new(resource_uri(&listed.id), name)
        .with_title(listed.title)
        .with_mime_type(mime_type(&listed.id.path))
        .with_size(u64::from(listed.text_bytes))
}

fn mime_type(path: &DocumentPath) -> &'static str {
    match path.extension().map(str::to_ascii_lowercase).as_deref() {
        Some("md" | "markdown") => "text/markdown",
        _ => "text/plain",
    }
}

pub(crate) fn template() -> ResourceTemplate {
    ResourceTemplate::new(TEMPLATE, "note")
        .with_title("A note, or a cited passage of one")
        .with_description(
            "The text of a note by its collection and path; with @hash:start-end of an id after the path, the text \
             around that passage.",
        )
        .with_mime_type("text/markdown")
}

/// The text of a document, or of a window around a quote.
pub(crate) async fn read(handler: &Handler, uri: String) -> Result<ReadResourceResult, ErrorData> {
    let not_found = |message: String| {
        let data = json!({ "uri": uri, "kind": Outcome::NotFound.name() });
        ErrorData::resource_not_found(shortened(message), Some(data))
    };
    let reference = reference_of_resource(&uri)
        .map_err(|error| not_found(format!("no resource has this uri: {error}; resources are {TEMPLATE}")))?;
    if !handler.may_read() {
        // As a note that is not there is refused.
        let error = FetchError::UnknownDocument { document: reference.document().clone() };
        return Err(not_found(error.to_string()));
    }
    match handler.fetch(reference).await.map_err(|error| internal_error(&error))? {
        Ok((fetched, done)) => Ok(ReadResourceResult::new(contents(&uri, fetched, &done))),
        Err(FetchError::Read(error)) => Err(internal_error(&error)),
        Err(error) => Err(not_found(error.to_string())),
    }
}

/// The text, and further parts that say what was left out and what was done to it, where something was.
fn contents(uri: &str, fetched: Fetched, done: &Done) -> Vec<ResourceContents> {
    let (window, whole) = (fetched.window, fetched.stored.text_bytes);
    let mime_type = mime_type(&fetched.document.path);
    let mut contents = vec![ResourceContents::text(fetched.text, uri).with_mime_type(mime_type)];
    if window.len() < whole {
        let mut left_out = format!("[bytes {window} of {whole} are given.");
        for (what, id) in [("Before", &fetched.previous), ("After", &fetched.next)] {
            if let Some(id) = id {
                left_out.push_str(&format!(" {what} them: fetch {id}"));
            }
        }
        contents.push(ResourceContents::text(left_out + "]", format!("{uri}#omitted")));
    }
    let notes = done.notes();
    if !notes.is_empty() {
        contents.push(ResourceContents::text(format!("[{}]", notes.join("; ")), format!("{uri}#notes")));
    }
    contents
}

/// Collections and paths that begin with what was typed.
pub(crate) async fn complete(
    handler: &Handler,
    request: CompleteRequestParams,
) -> Result<CompleteResult, ErrorData> {
    if request.r#ref.as_resource_uri() != Some(TEMPLATE) || !handler.may_read() {
        return Ok(CompleteResult::default());
    }
    let typed = request.argument.value;
    let (values, total) = match request.argument.name.as_str() {
        "collection" => {
            let viewer = handler.viewer.clone();
            let names = handler.library.run(move |library| library.collections(&viewer)).await;
            let names = names.map_err(|error| internal_error(&error))?;
            let names = names.into_iter().map(|name| name.to_string());
            let values: Vec<_> =
                names.filter(|name| name.starts_with(&typed)).take(CompletionInfo::MAX_VALUES).collect();
            let total = values.len();
            (values, total)
        }
        "path" => {
            let collection = request.context.and_then(|context| context.get_argument("collection").cloned());
            // Typed as a person writes it, or as an id does.
            let prefix = percent_decode_str(&typed).decode_utf8_lossy().into_owned();
            let viewer = handler.viewer.clone();
            let found = handler.library.run(move |library| {
                let limit = CompletionInfo::MAX_VALUES;
                library.documents_by_prefix(&viewer, collection.as_deref(), &prefix, limit)
            });
            let found = found.await.map_err(|error| internal_error(&error))?;
            let (documents, total) = found.map_err(|error| internal_error(&error))?;
            (documents.iter().map(resource_path).collect(), total)
        }
        _ => return Ok(CompleteResult::default()),
    };
    let more = total > values.len();
    let info = CompletionInfo::with_pagination(values, u32::try_from(total).ok(), more);
    Ok(CompleteResult::new(info.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ArgumentInfo, ErrorCode, Reference as CompletionReference};

    use super::*;
    use crate::testing::{self, Note};
    use crate::viewer::Viewer;

    #[tokio::test]
    async fn every_listed_resource_can_be_read() {
        let garden = testing::garden();
        let listed = list(&garden.handler(Viewer::owner()), None).await.unwrap();
        assert_eq!(
            listed.resources.iter().map(|resource| resource.name.as_str()).collect::<Vec<_>>(),
            testing::PATHS
        );
        assert_eq!(listed.next_cursor, None);
        for resource in listed.resources {
            let read = read(&garden.handler(Viewer::owner()), resource.uri.clone()).await.unwrap();
            let ResourceContents::TextResourceContents { uri, mime_type, text, .. } = &read.contents[0]
            else {
                panic!("a note is text")
            };
            assert_eq!((uri, mime_type), (&resource.uri, &resource.mime_type));
            let whole = text.len() as u64 == resource.size.unwrap();
            let is_omission = |part: &ResourceContents| matches!(part, ResourceContents::TextResourceContents { uri, .. } if uri.ends_with("#omitted"));
            assert_eq!(whole, !read.contents.iter().any(is_omission), "what was left out is told");
        }
    }

    #[tokio::test]
    async fn the_list_goes_on_where_its_cursor_stands() {
        let garden = testing::garden();
        let paths: Vec<String> = (0..PAGE).map(|number| format!("Box {number:03}.md")).collect();
        let notes: Vec<_> = paths.iter().map(|path| Note { path, title: path, text: "A box.\n" }).collect();
        testing::index(garden.library.store(), "attic", &notes);
        while garden.library.collections(&Viewer::owner()).len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let first = list(&garden.handler(Viewer::owner()), None).await.unwrap();
        assert_eq!(first.resources.len(), PAGE);
        let second = list(&garden.handler(Viewer::owner()), first.next_cursor).await.unwrap();
        assert_eq!(second.resources.len(), testing::PATHS.len());
        assert_eq!(second.next_cursor, None);
        let refused = list(&garden.handler(Viewer::owner()), Some("garbage".to_owned())).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::INVALID_PARAMS);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let garden = testing::garden();
        for uri in ["ibid://garden/None.md", "ibid://attic/a.md", "test://nothing", "", "ibid://garden/../x"]
        {
            let error = read(&garden.handler(Viewer::owner()), uri.to_owned()).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::RESOURCE_NOT_FOUND, "{uri}");
            assert_eq!(error.data, Some(json!({ "uri": uri, "kind": "not_found" })));
        }
    }

    #[tokio::test]
    async fn a_path_is_completed_from_its_beginning() {
        let garden = testing::garden();
        for (name, typed, values) in [
            ("path", "bread/p", vec!["Bread/Pain%20de%20campagne.md"]),
            ("path", "Bread/Pain%20", vec!["Bread/Pain%20de%20campagne.md"]),
            ("path", "zzz", vec![]),
            ("collection", "ga", vec!["garden"]),
            ("other", "", vec![]),
        ] {
            let request = CompleteRequestParams::new(
                CompletionReference::for_resource(TEMPLATE),
                ArgumentInfo::new(name, typed),
            );
            assert_eq!(
                complete(&garden.handler(Viewer::owner()), request).await.unwrap().completion.values,
                values,
                "{name} {typed}"
            );
        }
    }
}
