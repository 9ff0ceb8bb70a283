//! MCP: what the server says of itself, and which method goes where. The two protocol eras, sessions and transports
//! are rmcp's.

mod arguments;
mod prompts;
mod refusal;
mod resources;
mod schema;
mod tools;
pub(crate) mod wire;

pub(crate) use tools::{FETCH, SEARCH};

use std::sync::Arc;

use ibid_core::citation::Reference;
use ibid_core::id::DocumentId;
use ibid_core::query::Query;
use ibid_search::fetch::Fetched;
use ibid_search::related::Related;
use ibid_search::{FetchError, SearchError};
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
    CustomRequest, CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use tracing::Instrument as _;

use crate::audit::Outcome;
use crate::library::{AskError, Found, Library, WorkLost};
use crate::metrics::label;
use crate::outgoing::{Done, Outgoing};
use crate::presence::running_server;
use crate::traces::{TRACED, Traced};
use crate::viewer::Viewer;

/// What every model is told first. Clients may cut after 512 characters.
const INSTRUCTIONS: &str = "\
Searches the user's own notes. 1. search(query) finds passages; each result's id is a citation, \
collection:path@hash:start-end, that names the exact bytes. 2. fetch(id) gives the words with the note around them; \
fetch before you quote, and quote text exactly. 3. Cite every statement taken from a note by its id, as a link to \
its url where there is one. Read `notes` in each answer: it says what was not searched. search_notes adds filters. \
Say so when the notes do not answer.";

/// Where the kind of a failure stands in the `_meta` of a result that is an error.
pub(crate) const KIND: &str = "ibid/kind";

/// An error that says its kind, as every refusal does.
fn error(code: ErrorCode, kind: Outcome, message: impl Into<String>) -> ErrorData {
    ErrorData::new(code, message.into(), Some(json!({ "kind": kind.name() })))
}

/// The address under which the caller of a request sees this server. The HTTP layer leaves it in the request.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl(pub(crate) String);

/// Answers one caller's MCP requests from a library. Made anew for each request over HTTP, so it holds pointers only.
#[derive(Clone)]
pub(crate) struct Handler {
    library: Arc<Library>,
    viewer: Viewer,
    outgoing: Arc<Outgoing>,
}

/// Whether a tool goes by that name.
pub(crate) fn is_tool(name: &str) -> bool {
    tools::all().iter().any(|tool| tool.name == name)
}

/// What the tools go by.
pub(crate) fn tool_names() -> impl Iterator<Item = &'static str> {
    tools::all().iter().map(|tool| &*tool.name)
}

impl Handler {
    pub(crate) fn new(library: Arc<Library>, viewer: Viewer, outgoing: Arc<Outgoing>) -> Handler {
        Handler { library, viewer, outgoing }
    }

    /// Answers several phrasings of one question, fit to go out.
    async fn ask(&self, queries: Vec<Query>, collection: Option<String>) -> Result<(Found, Done), AskError> {
        let Handler { viewer, outgoing, .. } = self.clone();
        let work = move |library: &Library| {
            let (mut found, searched) = library.search_seen(&viewer, &queries, collection.as_deref())?;
            let done = outgoing.found(&searched, &mut found).map_err(SearchError::from)?;
            Ok((found, done))
        };
        self.library.run(work).await?
    }

    /// Fetches, fit to go out.
    async fn fetch(&self, asked: Reference) -> Result<Result<(Fetched, Done), FetchError>, WorkLost> {
        let Handler { viewer, outgoing, .. } = self.clone();
        self.library.run(move |library| library.fetch_out(&viewer, &asked, &outgoing)).await
    }

    /// What stands near a note, fit to go out.
    async fn related(
        &self,
        document: DocumentId,
        limit: usize,
    ) -> Result<Result<(Related, Done), FetchError>, WorkLost> {
        let Handler { viewer, outgoing, .. } = self.clone();
        let work = move |library: &Library| {
            let mut related = library.related(&viewer, &document, limit)?;
            let done = outgoing.related(&mut related);
            Ok((related, done))
        };
        self.library.run(work).await
    }

    /// Whether what can be fetched may be read and listed as resources too.
    fn may_read(&self) -> bool {
        self.viewer.may_use(tools::FETCH)
    }

    /// The tools of this caller, in the order in which they are listed.
    fn tools(&self) -> impl Iterator<Item = &'static Tool> {
        tools::all().iter().filter(|tool| self.viewer.may_use(&tool.name))
    }

    /// Where pages are: this very server over HTTP, else one that runs beside it, else nowhere.
    fn base(&self, context: &RequestContext<RoleServer>) -> String {
        let parts = context.extensions.get::<http::request::Parts>();
        match parts.and_then(|parts| parts.extensions.get::<BaseUrl>()) {
            Some(BaseUrl(base)) => base.clone(),
            None => running_server(self.library.store()).unwrap_or_default(),
        }
    }

    fn instructions(&self) -> String {
        let mut text = format!("{INSTRUCTIONS}\n\nCollections:");
        let snapshots = self.library.snapshots(&self.viewer).unwrap_or_else(|error| {
            tracing::error!(%error, "the collections cannot be told");
            Vec::new()
        });
        for snapshot in &snapshots {
            let plural = if snapshot.documents() == 1 { "" } else { "s" };
            text.push_str(&format!("\n- {}: {} document{plural}", snapshot.name(), snapshot.documents()));
        }
        if snapshots.is_empty() {
            text.push_str(" none yet; the user makes one with `ibid index FOLDER`.");
        }
        text
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .enable_completions()
            .build();
        let about = Implementation::new("ibid", env!("CARGO_PKG_VERSION"))
            .with_title("ibid: your notes, cited")
            .with_description(
                "Searches a person's own notes; every answer is a citation that can be checked.",
            );
        ServerConfig::new(capabilities).with_server_info(about).with_instructions(self.instructions())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.tools().cloned().collect();
        Ok(ListToolsResult::with_all_items(tools).with_cache_scope(CacheScope::Private))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let base = self.base(&context);
        let nonce = (self.outgoing.nonces)();
        let parts = context.extensions.get::<http::request::Parts>();
        let request_span = parts.and_then(|parts| parts.extensions.get::<Traced>());
        let parent = request_span.and_then(|Traced(span)| span.id());
        let span = tracing::info_span!(target: TRACED, parent: parent, "tool", tool = label(&request.name));
        tools::call(self, request, base, nonce).instrument(span).await.map(CallToolResponse::from)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        resources::list(self, request.and_then(|page| page.cursor)).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(vec![resources::template()]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(self, request.uri).await.map(ReadResourceResponse::from)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        resources::complete(self, request).await
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(vec![prompts::answer_with_citations()]))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(request).map(GetPromptResponse::from)
    }

    /// Where rmcp puts every request it cannot read, also those of methods it knows.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        const SERVED: [&str; 6] = [
            "tools/call",
            "resources/read",
            "prompts/get",
            "completion/complete",
            "initialize",
            "server/discover",
        ];
        let method = request.method;
        if SERVED.contains(&method.as_str()) {
            let message = format!("the params of {method} cannot be read");
            return Err(error(ErrorCode::INVALID_PARAMS, Outcome::Validation, message));
        }
        Err(error(ErrorCode::METHOD_NOT_FOUND, Outcome::NotFound, format!("no method {method}")))
    }
}

/// What a client is told of a failure that is ours. The log has the rest.
fn internal_error(why: &dyn std::error::Error) -> ErrorData {
    tracing::error!(error = %why, "a request failed");
    error(ErrorCode::INTERNAL_ERROR, Outcome::Internal, "internal error")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_first_words_fit_where_clients_cut() {
        assert!(INSTRUCTIONS.chars().count() <= 512, "{}", INSTRUCTIONS.chars().count());
    }

    #[test]
    fn the_server_says_its_own_name_and_its_collections() {
        let garden = testing::garden();
        let info = garden.handler(Viewer::owner()).get_info();
        assert_eq!(info.server_info.name, "ibid");
        assert_eq!(info.server_info.version, env!("CARGO_PKG_VERSION"));
        let instructions = info.instructions.unwrap();
        assert!(instructions.starts_with(INSTRUCTIONS) && instructions.ends_with("- garden: 4 documents"));
        let declared = info.capabilities;
        assert!(declared.tools.is_some() && declared.resources.is_some());
        assert!(declared.prompts.is_some() && declared.completions.is_some());
    }

    #[tokio::test]
    async fn both_eras_are_spoken_over_a_pipe() {
        use rmcp::model::{ClientConfig, ProtocolVersion};
        use rmcp::{ClientLifecycleMode, ClientServiceExt};

        let garden = testing::garden();
        let modern =
            ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        for lifecycle in [ClientLifecycleMode::Initialize, modern] {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let handler = garden.handler(Viewer::owner());
            let served =
                tokio::spawn(async move { rmcp::serve_server(handler, ours).await.unwrap().waiting().await });
            let client = ClientConfig::default().serve_with_lifecycle(theirs, lifecycle).await.unwrap();
            let mut request = CallToolRequestParams::new("search");
            request.arguments = serde_json::json!({"query": "rye"}).as_object().cloned();
            let found = client.call_tool(request).await.unwrap().structured_content.unwrap();
            assert_eq!(found["results"][0]["url"], "", "no server runs beside it");
            client.cancel().await.unwrap();
            served.await.unwrap().unwrap();
        }
    }
}
