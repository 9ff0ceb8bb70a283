//! The real binary as an MCP server: rmcp's own client over stdio and HTTP, in both protocol eras, and what a running
//! server must do by itself.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};

use crate::harness::{Ibid, PATIENCE, demonstration, number, questions, text, vault, write};

type Client = RunningService<RoleClient, ClientConfig>;

fn eras() -> [ClientLifecycleMode; 2] {
    let modern = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    [ClientLifecycleMode::Initialize, modern]
}

/// `ibid serve` on a port of its own; ends with the test.
struct Server {
    child: Child,
    base: String,
    // Kept open: a server whose output nobody can take any more is not what is tested here.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(ibid: &Ibid, more: &[&str]) -> Server {
        let args = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = ibid.command(&args).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            let at = line.find("http://127.0.0.1:")?;
            Some(line[at..].split("/mcp").next()?.split_whitespace().next()?.to_owned())
        });
        Server { base: address.expect("it says where it listens"), child, _output: lines }
    }

    async fn client(&self, era: ClientLifecycleMode) -> Client {
        let transport = StreamableHttpClientTransport::from_uri(format!("{}/mcp", self.base));
        ClientConfig::default().serve_with_lifecycle(transport, era).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn call(client: &Client, name: &'static str, arguments: Value) -> CallToolResult {
    let mut request = CallToolRequestParams::new(name);
    request.arguments = arguments.as_object().cloned();
    client.call_tool(request).await.unwrap()
}

/// The structured content of a good result, which its one text item must repeat.
async fn answer(client: &Client, name: &'static str, arguments: Value) -> Value {
    let result = call(client, name, arguments).await;
    assert_ne!(result.is_error, Some(true), "{result:?}");
    let structured = result.structured_content.unwrap();
    let [item] = &result.content[..] else { panic!("one item, not {:?}", result.content) };
    let said: Value = serde_json::from_str(&item.as_text().unwrap().text).unwrap();
    assert_eq!(said, structured);
    structured
}

/// Every citation of some questions, searched and fetched over the wire, is what the command line cites.
async fn check(client: &Client, urls_begin_with: &str) {
    for question in questions().iter().step_by(9) {
        let found = answer(client, "search", json!({ "query": question["question"] })).await;
        for hit in found["results"].as_array().unwrap() {
            assert!(text(&hit["url"]).starts_with(urls_begin_with), "{hit}");
            let fetched = answer(client, "fetch", json!({ "id": hit["id"] })).await;
            let offset: usize = text(&fetched["metadata"]["text_start"]).parse().unwrap();
            let span = number(&hit["start"]) - offset..number(&hit["end"]) - offset;
            let quote = text(&fetched["text"])[span].to_owned();
            let hash = &blake3::hash(quote.as_bytes()).to_hex()[..12];
            assert!(text(&hit["id"]).contains(&format!("@{hash}:")), "{hit}");
            assert!(quote.contains(&text(&hit["text"])), "{hit}");
        }
    }
    let refused = call(client, "fetch", json!({ "id": "rubbish" })).await;
    assert_eq!(refused.is_error, Some(true));
}

#[tokio::test]
async fn over_http_in_both_eras() {
    let server = Server::start(demonstration(), &[]);
    for era in eras() {
        let client = server.client(era).await;
        check(&client, &server.base).await;
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn over_stdio_in_both_eras() {
    // A data folder of its own: where no server runs on it there is no page to lead to.
    let vault = vault(&[("Rye.md", "Rye bread sticks to the knife until it has rested for a day.\n")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n"]);
    for era in eras() {
        let transport =
            TokioChildProcess::new(tokio::process::Command::from(ibid.command(&["mcp"]))).unwrap();
        let client = ClientConfig::default().serve_with_lifecycle(transport, era).await.unwrap();
        check(&client, "").await;
        let found = answer(&client, "search", json!({ "query": "knife" })).await;
        assert_eq!(found["results"][0]["url"], "");
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_generation_appears_without_a_restart() {
    let vault = vault(&[("a.md", "The rye was here first.\n")]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    let server = Server::start(&ibid, &[]);
    let client = server.client(eras()[1].clone()).await;
    let search = || answer(&client, "search", json!({ "query": "spelt" }));
    assert_eq!(search().await["results"], json!([]));
    write(vault.path(), "b.md", b"The spelt came later.\n");
    ibid.index(vault.path(), &["--name", "n"]);
    let began = Instant::now();
    while search().await["results"] == json!([]) {
        assert!(began.elapsed() < PATIENCE, "the new generation never appears");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One request in plain HTTP/1.1, without a client that would make it well-behaved.
fn get(base: &str, path: &str) -> String {
    let host = base.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn the_page_of_a_citation_shows_the_cited_bytes_marked() {
    let ibid = demonstration();
    let server = Server::start(ibid, &[]);
    let hit = &ibid.hits(&["why does rye bread stick to the knife"])[0];
    let page = get(&server.base, &format!("/d/{}", text(&hit["id"])));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("<mark id=\"cited\">"), "{page}");
    let marks = page.split("<mark").skip(1).filter_map(|rest| rest.split("</mark>").next());
    let marked: String = marks.collect();
    let first_word = text(&hit["snippet"]).split_whitespace().next().unwrap().to_owned();
    assert!(marked.contains(first_word.trim_matches(|c: char| !c.is_alphanumeric())), "{marked}");
    assert!(page.to_lowercase().contains("content-security-policy: default-src 'none'"), "{page}");
    assert!(get(&server.base, "/healthz").starts_with("HTTP/1.1 200"));
    let began = Instant::now();
    while !get(&server.base, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < PATIENCE, "it never becomes ready");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn sigterm_ends_it_in_peace() {
    let mut server = Server::start(demonstration(), &[]);
    let told = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn it_listens_to_others_only_with_a_token() {
    let ibid = demonstration();
    let refused = ibid.run(&["serve", "--listen", "0.0.0.0:0"]).ends_with(2);
    assert!(refused.stderr.contains("--token-file"), "{}", refused.stderr);
}
