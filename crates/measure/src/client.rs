//! A client of the server as any program is one: JSON-RPC over one HTTP connection that stays open. It knows the
//! address and the tools' names, nothing of the server's inside.

use std::time::{Duration, Instant};

use ibid_core::query::Mode;
use serde_json::{Value, json};
use ureq::Agent;

use crate::bench_error::BenchError;

/// The revision of MCP that is spoken: one request says all, nothing precedes it.
const PROTOCOL: &str = "2026-07-28";

/// A request that takes longer has failed; the server itself gives up sooner.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How much of a refusal is passed on.
const SAID_CHARACTERS: usize = 200;

/// One connection to one server.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    mode: Mode,
}

impl Client {
    /// Connects with its first request. `base` is the server's address without a path.
    pub(crate) fn new(base: &str, mode: Mode) -> Client {
        let config = Agent::config_builder()
            // Neither the environment's proxy nor Nagle's delay belongs between us and loopback.
            .proxy(None)
            .no_delay(true)
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Client { agent: config.into(), base: base.to_owned(), mode }
    }

    /// Asks a question by `tools/call` and waits for the whole answer; gives how long that took. The answer is looked
    /// at after the clock has stopped.
    pub(crate) fn ask(&self, question: &str) -> Result<Duration, BenchError> {
        let (tool, arguments) = match self.mode {
            Mode::Hybrid => ("search", json!({ "query": question })),
            mode => ("search_notes", json!({ "query": question, "mode": mode.name() })),
        };
        let message = json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": tool,
                "arguments": arguments,
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": PROTOCOL,
                    "io.modelcontextprotocol/clientInfo": {
                        "name": "ibid-bench",
                        "version": env!("CARGO_PKG_VERSION"),
                    },
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        });
        let message = message.to_string();
        let began = Instant::now();
        let request = self
            .agent
            .post(format!("{}/mcp", self.base))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", PROTOCOL)
            .header("Mcp-Method", "tools/call")
            .header("Mcp-Name", tool);
        let mut response = request.send(message.as_bytes())?;
        let body = response.body_mut().read_to_vec()?;
        let took = began.elapsed();
        let answered = serde_json::from_slice::<Value>(&body).is_ok_and(|answer| {
            answer["result"]["structuredContent"]["results"].is_array() && answer["result"]["isError"] != true
        });
        match answered {
            true => Ok(took),
            false => {
                let said = String::from_utf8_lossy(&body).chars().take(SAID_CHARACTERS).collect();
                Err(BenchError::Refused { status: response.status().as_u16(), said })
            }
        }
    }

    /// Whether a page is answered with success.
    pub(crate) fn is_well(&self, path: &str) -> Result<bool, BenchError> {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call()?;
        response.body_mut().read_to_vec()?;
        Ok(response.status().is_success())
    }
}
