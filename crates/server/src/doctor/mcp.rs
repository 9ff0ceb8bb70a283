//! What a client asks for once it is in: the tools, a question, a result. Checked as ChatGPT and Claude check it.

use serde_json::{Value, json};
use ureq::http::StatusCode;
use url::Url;

use super::wire::{Answer, Wire};
use super::{Problem, Seen, Walker, ill};

/// A question that finds something in any collection of notes is not known; this one is asked first.
const QUESTIONS: [&str; 3] = ["notes", "the", "a"];

const MODERN: &str = "2026-07-28";
const WITH_HANDSHAKE: &str = "2025-11-25";

/// Somebody who is in.
pub(super) struct Session<'a> {
    pub(super) wire: &'a Wire,
    pub(super) url: &'a Url,
    pub(super) token: Option<String>,
    pub(super) walker: Walker,
}

impl Session<'_> {
    /// Sends one message in the walker's era and gives its result.
    fn call(&self, method: &str, mut params: Value) -> Result<Value, Problem> {
        let name = params.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = vec![("accept", "application/json, text/event-stream")];
        if let Some(authorization) = &authorization {
            headers.push(("authorization", authorization));
        }
        match self.walker {
            Walker::ChatGpt => {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": MODERN,
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": {"name": "openai-mcp", "version": "1.0.0"},
                });
                headers.extend([("mcp-protocol-version", MODERN), ("mcp-method", method)]);
                if method == "tools/call" {
                    headers.push(("mcp-name", &name));
                }
            }
            Walker::Claude => headers.push(("mcp-protocol-version", WITH_HANDSHAKE)),
        }
        let message = json!({"jsonrpc": "2.0", "id": "doctor", "method": method, "params": params});
        let answer = self.wire.post_json(self.url.as_str(), &headers, &message)?;
        result_of(&answer)
    }

    /// Begins as the walker does, and looks at the tools.
    pub(super) fn tools(&self) -> Seen<()> {
        match self.walker {
            Walker::ChatGpt => drop(self.call("server/discover", json!({}))?),
            Walker::Claude => {
                let hello = json!({"protocolVersion": WITH_HANDSHAKE, "capabilities": {},
                    "clientInfo": {"name": "claude-ai", "version": "0.1.0"}});
                drop(self.call("initialize", hello)?);
            }
        }
        let listed = self.call("tools/list", json!({}))?;
        let listed = listed["tools"].as_array().cloned().unwrap_or_default();
        for (name, parameter) in [("search", "query"), ("fetch", "id")] {
            let Some(tool) = listed.iter().find(|tool| tool["name"] == name) else {
                return ill(
                    format!("there is no tool {name}"),
                    "this is not ibid's MCP address, or the token does not cover the tool",
                );
            };
            let parameters = tool["inputSchema"]["properties"].as_object();
            let only = parameters.is_some_and(|all| all.len() == 1 && all.contains_key(parameter));
            if !only || tool["annotations"]["readOnlyHint"] != true {
                return ill(
                    format!("{name} is not of the form {name}({parameter}), read-only"),
                    "ChatGPT's deep research only takes that form: is this ibid, and the newest?",
                );
            }
        }
        let names: Vec<&str> = listed.iter().filter_map(|tool| tool["name"].as_str()).collect();
        Ok((names.join(", "), ()))
    }

    /// Asks until something is found; gives the id of the first result.
    pub(super) fn search(&self) -> Seen<Option<String>> {
        for question in QUESTIONS {
            let found = self.called("search", json!({"query": question}))?;
            let Some(results) = found["results"].as_array() else {
                return ill("the answer has no results", "is this ibid, and the newest?");
            };
            let Some(first) = results.first() else { continue };
            let url = first["url"].as_str().unwrap_or("none");
            if !(url.is_empty() || url.starts_with("https://") || url.starts_with("http://")) {
                return ill(format!("a result's url is {url:?}"), "start the server with --public-url");
            }
            let Some(id) = first["id"].as_str() else {
                return ill("a result has no id", "is this ibid, and the newest?");
            };
            return Ok((format!("{question:?} finds {id}"), Some(id.to_owned())));
        }
        Ok((
            "no question found anything: the collections may be empty, or nothing in them is granted"
                .to_owned(),
            None,
        ))
    }

    pub(super) fn fetch(&self, id: &str) -> Seen<()> {
        let fetched = self.called("fetch", json!({"id": id}))?;
        match fetched["text"].as_str() {
            Some(text) => Ok((format!("{} bytes of {}", text.len(), fetched["title"]), ())),
            None => ill("the answer has no text", "is this ibid, and the newest?"),
        }
    }

    /// Calls a tool, and checks that its answer says the same to programs and to models.
    fn called(&self, name: &str, arguments: Value) -> Result<Value, Problem> {
        let result = self.call("tools/call", json!({"name": name, "arguments": arguments}))?;
        if result["isError"] == true {
            return ill(result["content"][0]["text"].to_string(), "`ibid audit` on the server says more");
        }
        let spoken = result["content"].as_array().filter(|content| content.len() == 1);
        let spoken: Option<Value> =
            spoken.and_then(|content| serde_json::from_str(content[0]["text"].as_str()?).ok());
        match spoken == Some(result["structuredContent"].clone()) {
            true => Ok(result["structuredContent"].clone()),
            false => ill("the answer's text is not its structured content", "is this ibid, and the newest?"),
        }
    }
}

fn result_of(answer: &Answer) -> Result<Value, Problem> {
    if answer.status == StatusCode::UNAUTHORIZED {
        return ill(answer.shown(), "the token is not taken: was it cut off, or is it another server's?");
    }
    if answer.status == StatusCode::FORBIDDEN {
        return ill(
            answer.shown(),
            "what was agreed to does not cover this: sign in again and leave all scopes ticked",
        );
    }
    let is_stream = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let message = match is_stream {
        true => answer
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .find_map(|data| serde_json::from_str(data).ok()),
        false => answer.json(),
    };
    let message: Value = message.unwrap_or_default();
    match message.get("result") {
        Some(result) => Ok(result.clone()),
        None => ill(answer.shown(), "is this ibid, and the newest?"),
    }
}
