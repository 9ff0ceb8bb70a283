//! rmcp's own client over a real port, in both eras.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, ClientConfig, GetPromptRequestParams, ProtocolVersion, ReadResourceRequestParams,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::{ServeConfig, Token};
use crate::presence::running_server;
use crate::testing::{self, Garden};
use crate::{ServeError, serve};

struct Running {
    garden: Garden,
    base: String,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Result<(), ServeError>>,
}

async fn start(config: ServeConfig) -> Running {
    let garden = testing::garden();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let library = Arc::clone(&garden.library);
    let served = tokio::spawn(serve(listener, library, config, async {
        let _ = stopped.await;
    }));
    Running { garden, base, stop, served }
}

async fn talk(running: &Running, lifecycle: ClientLifecycleMode, secret: Option<&str>) {
    let mut config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", running.base));
    if let Some(secret) = secret {
        config = config.auth_header(secret);
    }
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = ClientConfig::default().serve_with_lifecycle(transport, lifecycle).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert_eq!(
        tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(),
        ["search", "fetch", "search_notes", "related"]
    );
    let call = |name: &'static str, arguments: serde_json::Value| {
        let mut request = CallToolRequestParams::new(name);
        request.arguments = arguments.as_object().cloned();
        client.call_tool(request)
    };
    let found = call("search", json!({"query": "feed the rye starter"})).await.unwrap();
    let hit = &found.structured_content.unwrap()["results"][0];
    assert!(hit["url"].as_str().unwrap().starts_with(&running.base));
    let fetched = call("fetch", json!({"id": hit["id"]})).await.unwrap().structured_content.unwrap();
    assert!(fetched["text"].as_str().unwrap().contains("Feed the rye starter"));
    let refused = call("search_notes", json!({"query": "rye", "limit": 0})).await.unwrap();
    assert_eq!(refused.is_error, Some(true));
    let listed = client.list_all_resources().await.unwrap();
    assert_eq!(listed.len(), testing::PATHS.len());
    for resource in listed {
        client.read_resource(ReadResourceRequestParams::new(resource.uri)).await.unwrap();
    }
    let mut prompt = GetPromptRequestParams::new("answer_with_citations");
    prompt.arguments = json!({"question": "How often is a starter fed?"}).as_object().cloned();
    assert_eq!(client.get_prompt(prompt).await.unwrap().messages.len(), 1);
    client.cancel().await.unwrap();
}

async fn stop(running: Running) {
    running.stop.send(()).unwrap();
    let served = tokio::time::timeout(std::time::Duration::from_secs(60), running.served).await;
    served.expect("it stops when told").unwrap().unwrap();
}

fn modern() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_either_era_does_the_whole_way() {
    let running = start(ServeConfig::default()).await;
    talk(&running, ClientLifecycleMode::Initialize, None).await;
    talk(&running, modern(), None).await;
    assert_eq!(running_server(running.garden.library.store()).as_deref(), Some(running.base.as_str()));
    let store = running.garden.library.store().clone();
    stop(running).await;
    assert_eq!(running_server(&store), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_the_token_gets_in() {
    let secret = "correct-horse-battery";
    let config = ServeConfig { token: Some(Token::new(secret).unwrap()), ..ServeConfig::default() };
    let running = start(config).await;
    talk(&running, modern(), Some(secret)).await;
    assert_eq!(
        running_server(running.garden.library.store()),
        None,
        "its pages cannot be opened by clicking"
    );
    stop(running).await;
}

#[tokio::test]
async fn a_listener_open_to_others_needs_a_token() {
    let garden = testing::garden();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused =
        serve(listener, garden.library.clone(), ServeConfig::default(), std::future::pending()).await;
    assert!(matches!(refused, Err(ServeError::OpenToTheWorld { .. })));
}
