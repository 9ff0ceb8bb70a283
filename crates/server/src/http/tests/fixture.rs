//! The tools, resources and prompts that the official conformance suite asks for, behind the very stack of layers that
//! serves notes. What they say stands in `fixture/suite.json`; here is what they do. `tests/clients/run.sh` runs the suite
//! against it.

#![expect(deprecated, reason = "the suite still asks for what the newest revision deprecates")]

use std::io::Read;
use std::net::SocketAddr;

use axum::body::Body;
use ibid_core::hash::ContentHash;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, CompleteRequestParams,
    CompleteResult, ErrorCode, ErrorData, GetPromptRequestParams, GetPromptResponse, InputRequiredResult,
    InputResponses, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, ServerNotification, ServerRequest, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use tokio::sync::broadcast;

use super::*;

/// A red pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// A sound of no length.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/// How long is waited between two notifications.
const PAUSE: Duration = Duration::from_millis(50);

/// What the suite wants to be there, and who is told when a list changes: the name of the tool that changes it.
#[derive(Clone)]
struct Fixture(Arc<Value>, broadcast::Sender<&'static str>);

/// The tools that change a list.
const CHANGES: [&str; 2] = ["test_trigger_tool_change", "test_trigger_prompt_change"];

impl Fixture {
    fn new() -> Fixture {
        let text = include_str!("fixture/suite.json");
        let text = text.replace("\"PNG\"", &format!("{PNG:?}")).replace("\"WAV\"", &format!("{WAV:?}"));
        Fixture(Arc::new(serde_json::from_str(&text).unwrap()), broadcast::Sender::new(16))
    }

    fn list<T: DeserializeOwned>(&self, of: &str) -> Vec<T> {
        read(self.0[of].clone()).unwrap()
    }

    /// What more is asked of the client before `name` is done; `None` when nothing is. The state is a round's number with
    /// its seal, so nothing is kept between requests.
    fn next_round(
        &self,
        name: &str,
        answers: Option<&InputResponses>,
        state: Option<&str>,
        capabilities: &ClientCapabilities,
    ) -> Result<Option<InputRequiredResult>, ErrorData> {
        let Some(rounds) = self.0["rounds"][name].as_array() else { return Ok(None) };
        let round = match state {
            Some(state) => opened(name, state)?,
            None => 0,
        };
        let round = match answers {
            Some(answers) if self.is_answered(&rounds[round], answers) => round + 1,
            _ => round,
        };
        let Some(asked) = rounds.get(round).and_then(Value::as_object) else { return Ok(None) };
        let requests = asked.iter().map(|(key, input)| (key.clone(), self.input(input).clone()));
        let only_possible = name == "test_input_required_result_capabilities";
        let requests: Map<String, Value> =
            requests.filter(|(_, request)| !only_possible || is_possible(request, capabilities)).collect();
        let has_state = rounds.len() > 1 || asked.len() > 2 || name.ends_with("state");
        let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
        if has_state {
            result["requestState"] = sealed(name, round).into();
        }
        read(result).map(Some)
    }

    fn input(&self, name: &Value) -> &Value {
        &self.0["inputs"][name.as_str().unwrap_or_default()]
    }

    fn is_answered(&self, round: &Value, answers: &InputResponses) -> bool {
        let is_right = |(key, input): (&String, &Value)| {
            let field = match self.input(input)["method"].as_str() {
                Some("elicitation/create") => "action",
                Some("roots/list") => "roots",
                _ => "content",
            };
            answers.get(key).is_some_and(|answer| answer.get(field).is_some())
        };
        round.as_object().is_some_and(|round| round.iter().all(is_right))
    }

    /// Sends what a tool sends meanwhile: log messages where they are wanted, progress where somebody follows it.
    async fn notify(&self, name: &str, context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
        let Some(notifications) = self.0["notifications"][name].as_array() else { return Ok(()) };
        let is_wanted = name != "test_logging_tool" || context.meta.log_level().is_some();
        for notification in notifications {
            let mut notification = notification.clone();
            if name == "test_tool_with_progress" {
                let Some(token) = context.meta.get_progress_token() else { break };
                notification["params"]["progressToken"] = json!(token);
            }
            if is_wanted {
                let notification: ServerNotification = read(notification)?;
                context.peer.send_notification(notification).await.map_err(|error| failed(&error))?;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Asks the client, in the era in which a server may, and gives what it said.
    async fn ask(
        &self,
        request: &Value,
        argument: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value, ErrorData> {
        let mut request = request.clone();
        for place in ["/params/message", "/params/messages/0/content/text"] {
            if let Some(text) = request.pointer_mut(place).filter(|text| **text == "ARGUMENT") {
                *text = argument.into();
            }
        }
        let request: ServerRequest = read(request)?;
        let answer = context.peer.send_request(request).await.map_err(|error| failed(&error))?;
        Ok(json!(answer))
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| failed(&error))
}

/// A result of the newest revision says that it is one; rmcp takes that away for older ones.
fn whole<T: DeserializeOwned>(mut result: Value) -> Result<T, ErrorData> {
    result["resultType"] = "complete".into();
    read(result)
}

fn failed(error: &dyn std::error::Error) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

fn sealed(name: &str, round: usize) -> String {
    format!("{round}.{}", ContentHash::of(format!("the seal of {name} {round}").as_bytes()))
}

fn opened(name: &str, state: &str) -> Result<usize, ErrorData> {
    let round = state.split_once('.').and_then(|(round, _)| round.parse().ok());
    round
        .filter(|round| sealed(name, *round) == state)
        .ok_or(ErrorData::invalid_params("the state is not one of ours", None))
}

fn is_possible(request: &Value, capabilities: &ClientCapabilities) -> bool {
    match request["method"].as_str() {
        Some("sampling/createMessage") => json!(capabilities)["sampling"].is_object(),
        Some("elicitation/create") => json!(capabilities)["elicitation"].is_object(),
        _ => true,
    }
}

fn text(said: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": said }] })
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_completions()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.list::<Tool>("tools").into_iter().find(|tool| tool.name == name)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.list("tools")))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        if self.get_tool(name).is_none() {
            return Err(ErrorData::invalid_params(format!("no tool {name}"), None));
        }
        let capabilities = context.meta.client_capabilities().unwrap_or_default();
        if name == "test_missing_capability" && capabilities.sampling.is_none() {
            let required = json!({ "requiredCapabilities": { "sampling": {} } });
            let code = ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY;
            return Err(ErrorData::new(code, "this needs sampling", Some(required)));
        }
        let state = request.request_state.as_deref();
        if let Some(more) = self.next_round(name, request.input_responses.as_ref(), state, &capabilities)? {
            return Ok(more.into());
        }
        if let Some(change) = CHANGES.into_iter().find(|change| *change == name) {
            // Nobody may be listening.
            let _ = self.1.send(change);
        }
        self.notify(name, &context).await?;
        if let Some(result) = self.0["results"].get(name) {
            return Ok(whole::<CallToolResult>(result.clone())?.into());
        }
        let argument = request.arguments.iter().flat_map(|all| all.values()).find_map(Value::as_str);
        let said = match self.0["requests"].get(name) {
            Some(asked) => {
                let answer = self.ask(asked, argument.unwrap_or_default(), &context).await?;
                match &answer["content"]["text"] {
                    Value::String(text) => format!("LLM response: {text}"),
                    _ => format!("User response: action={}, content={}", answer["action"], answer["content"]),
                }
            }
            None => format!("state-ok: {}", json!(request.input_responses)),
        };
        Ok(whole::<CallToolResult>(text(&said))?.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(self.list("resources")))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(self.list("templates")))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri;
        let of_template = || {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let text =
                json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string();
            Some(json!({ "uri": uri, "mimeType": "application/json", "text": text }))
        };
        let content = self.0["contents"].get(&uri).cloned().or_else(of_template);
        let content = content
            .ok_or_else(|| ErrorData::resource_not_found("no such resource", Some(json!({ "uri": uri }))))?;
        Ok(whole::<rmcp::model::ReadResourceResult>(json!({ "contents": [content] }))?.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(self.list("prompts")))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let capabilities = context.meta.client_capabilities().unwrap_or_default();
        let (answers, state) = (request.input_responses.as_ref(), request.request_state.as_deref());
        if let Some(more) = self.next_round(&request.name, answers, state, &capabilities)? {
            return Ok(more.into());
        }
        let mut messages = match self.0["messages"].get(&request.name) {
            Some(messages) => messages.to_string(),
            None if answers.is_some() => {
                json!([{ "role": "user", "content": { "type": "text", "text": json!(answers).to_string() } }])
                    .to_string()
            }
            None => return Err(ErrorData::invalid_params(format!("no prompt {}", request.name), None)),
        };
        for (name, value) in request.arguments.iter().flatten() {
            let value = value.to_string();
            messages = messages.replace(&format!("{{{name}}}"), value.trim_matches('"'));
        }
        let messages: Value = serde_json::from_str(&messages).map_err(|error| failed(&error))?;
        Ok(whole::<rmcp::model::GetPromptResult>(json!({ "messages": messages }))?.into())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        whole(json!({ "completion": { "values": ["paris", "park"], "total": 2, "hasMore": false } }))
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.1.subscribe();
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = context.cancelled() => return Ok(()),
            };
            // One that was not asked for is refused by rmcp.
            let _ = match change {
                Ok(name) if name == CHANGES[0] => context.sink().notify_tool_list_changed().await,
                Ok(_) => context.sink().notify_prompt_list_changed().await,
                Err(error) => return Err(failed(&error)),
            };
        }
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }
}

/// Our layers around the fixture. The era of sessions asks the client things, so here it has some.
fn around_fixture(garden: &Garden) -> App {
    let sessions = Arc::new(LocalSessionManager::default());
    let config = mcp_config().with_legacy_session_mode(true);
    let fixture = Fixture::new();
    let service = StreamableHttpService::new(move || Ok(fixture.clone()), sessions, config);
    let mcp: Mcp = Arc::new(move |_, _, request| {
        let service = service.clone();
        Box::pin(async move { service.handle(request).await.map(Body::new) })
    });
    App { mcp, ..unrouted(garden, ServeConfig::default()) }
}

#[tokio::test]
async fn the_fixture_is_reached_through_our_layers() {
    let garden = testing::garden();
    let app = routes(around_fixture(&garden));
    let answered =
        send_modern(&app, "tools/call", json!({ "name": "test_simple_text", "arguments": {} })).await;
    let said = answered.json();
    assert_eq!(said["result"]["content"][0]["text"], "This is a simple text response for testing.");
    assert!(answered.headers.contains_key("x-audit-id"));
    let asked = json!({ "name": "test_input_required_result_multi_round", "arguments": {} });
    let asked = send_modern(&app, "tools/call", asked).await.json();
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let headers = [("host", "evil.example")];
    let refused = send(&app, request(Method::POST, "/mcp", &headers, "{}")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the script reads where it listens")]
#[ignore = "serves the conformance suite until its input ends: see tests/clients/run.sh"]
async fn serve_the_conformance_suite() {
    let garden = testing::garden();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}/mcp", listener.local_addr().unwrap());
    let router = routes(around_fixture(&garden)).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, router).into_future());
    let wait = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
}
