//! The real server over TLS, its numbers for Prometheus, and its traces, as those who run it see them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Said;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Ibid, PATIENCE, Server, text, vault};

fn notes() -> (TempDir, Ibid) {
    let (notes, ibid) = (vault(&[("Rye.md", "# Rye\n\nThe turnip is mentioned once.\n")]), Ibid::new());
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    (notes, ibid)
}

/// Writes an authority, and a certificate of it for `name` with its key.
fn certificates(folder: &Path, name: &str) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    for (file, pem) in
        [("ca.pem", authority.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())]
    {
        fs::write(folder.join(file), pem).unwrap();
    }
}

#[test]
fn the_doctor_walks_over_tls_and_says_what_a_certificate_lacks() {
    let (_notes, ibid) = notes();
    let folder = tempfile::tempdir().unwrap();
    let path = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    let (cert, key, ca) = (path("cert.pem"), path("key.pem"), path("ca.pem"));
    let check = |base: &str, more: &[&str], advice: &str| {
        let failed = ibid.run(&[&["doctor", base, "--json"], more].concat()).ends_with(1);
        let last: Value = serde_json::from_str(failed.stdout.lines().last().unwrap()).unwrap();
        assert_eq!(text(&last["step"]), "connection");
        assert!(text(&last["advice"]).contains(advice), "{last}");
    };
    for (name, advice) in [("127.0.0.1", None), ("notes.example", Some("another name"))] {
        certificates(folder.path(), name);
        let server = Server::start(&ibid, &["--tls-cert", &cert, "--tls-key", &key]);
        assert!(server.base.starts_with("https://127.0.0.1:"), "{}", server.base);
        check(&server.base, &[], "--ca FILE");
        match advice {
            Some(advice) => check(&server.base, &["--ca", &ca], advice),
            None => {
                let walked = ibid.run(&["doctor", &server.base, "--ca", &ca, "--json"]).ends_with(0);
                assert!(walked.stdout.contains("over TLS"), "{}", walked.stdout);
            }
        }
        check(&server.base.replace("https", "http"), &[], "");
    }
    let refused = ibid.run(&["serve", "--tls-cert", &key, "--tls-key", &key]).ends_with(2);
    assert!(
        refused.stderr.contains("holds no certificate") && refused.stderr.contains("hint: "),
        "{}",
        refused.stderr
    );
    ibid.run(&["serve", "--tls-cert", &cert]).ends_with(2);
    let none = ibid.run(&["doctor", "https://127.0.0.1:9", "--ca", &path("none.pem")]).ends_with(2);
    assert!(none.stderr.contains("none.pem"), "{}", none.stderr);
}

/// `ibid serve` with what it says at its start, line by line. Ends with the test.
struct Told {
    child: Child,
    lines: Vec<String>,
    _output: BufReader<std::process::ChildStdout>,
}

impl Told {
    fn start(ibid: &Ibid, flags: &[&str]) -> Told {
        let mut command =
            ibid.command(&[&["serve", "--listen", "127.0.0.1:0", "--no-watch"], flags].concat());
        command.env("OTEL_BSP_SCHEDULE_DELAY", "50");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| !line.starts_with("stop")) {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "{lines:?}");
            lines.push(line);
        }
        Told { child, lines, _output: output }
    }

    /// The last word of the line that begins so.
    fn address(&self, first: &str) -> String {
        let line = self.lines.iter().find(|line| line.starts_with(first)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }

    fn search(&self, query: &str) -> Value {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                          "params": {"name": "search", "arguments": {"query": query}}});
        let request = agent.post(self.address("MCP")).header("content-type", "application/json");
        let request = request.header("accept", "application/json, text/event-stream");
        let mut answer = request.send(body.to_string()).unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn numbers_are_read_beside_the_server_and_name_no_note() {
    let (_notes, ibid) = notes();
    let server = Told::start(&ibid, &["--metrics", "0"]);
    let found = server.search("turnip");
    assert_eq!(found["result"]["structuredContent"]["results"].as_array().unwrap().len(), 1, "{found}");
    server.search("");
    let address = server.address("metrics");
    let mut answer = ureq::get(&address).call().unwrap();
    let kind = answer.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let numbers = answer.body_mut().read_to_string().unwrap();
    for line in [
        "ibid_requests_total{call=\"search\",outcome=\"ok\"} 1",
        "ibid_requests_total{call=\"search\",outcome=\"validation\"} 1",
        "ibid_request_duration_seconds_count{call=\"search\"} 2",
        "ibid_collection_documents{collection=\"n\"} 1",
    ] {
        assert!(numbers.lines().any(|found| found == line), "{line}\n{numbers}");
    }
    assert!(!numbers.contains("turnip") && !numbers.contains("Rye"), "{numbers}");
    let base = server.address("MCP");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let beside = agent.get(base.replace("/mcp", "/metrics")).call().unwrap();
    assert_eq!(beside.status(), 404, "clients cannot read them");
}

/// Takes traces until nobody sends any more, and gives them on.
fn collector() -> (String, Receiver<ExportTraceServiceRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                length = line.strip_prefix("content-length: ").map_or(length, |bytes| bytes.parse().unwrap());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            assert!(first.starts_with("POST /v1/traces "), "{first}");
            if sender.send(ExportTraceServiceRequest::decode(body.as_slice()).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Said::StringValue(said) => Some(said.clone()),
        Said::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn traces_tell_how_long_each_part_took_and_no_word_of_it() {
    let (_notes, ibid) = notes();
    let (address, sent) = collector();
    let server = Told::start(&ibid, &["--otlp-endpoint", &address]);
    server.search("turnip");
    let mut spans: Vec<Span> = Vec::new();
    let began = Instant::now();
    while !["request", "tool", "leg"].iter().all(|name| spans.iter().any(|span| span.name == *name)) {
        assert!(began.elapsed() < PATIENCE, "{spans:?}");
        let Ok(request) = sent.recv_timeout(Duration::from_secs(1)) else { continue };
        assert!(!format!("{request:?}").contains("turnip"), "no word of the question");
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        spans.extend(scopes.flat_map(|scope| scope.spans));
    }
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (request, tool) = (named("request"), named("tool"));
    let said = |key| attribute(request, key);
    assert_eq!(said("call").as_deref(), Some("search"));
    assert_eq!(said("outcome").as_deref(), Some("ok"));
    assert_eq!(said("http.response.status_code").as_deref(), Some("200"));
    assert_eq!((&tool.parent_span_id, &tool.trace_id), (&request.span_id, &request.trace_id));
    assert_eq!(attribute(tool, "tool").as_deref(), Some("search"));
    for leg in spans.iter().filter(|span| span.name == "leg") {
        assert_eq!((&leg.parent_span_id, &leg.trace_id), (&tool.span_id, &tool.trace_id), "{leg:?}");
    }
}

#[test]
fn a_command_that_fails_tells_programs_the_kind() {
    let (_notes, ibid) = notes();
    for (arguments, kind, code) in [
        (&["search", "", "--json"][..], "validation", 2),
        (&["search", "x", "--collection", "none", "--json"], "not_found", 2),
        (&["fetch", "no id", "--json"], "validation", 2),
        (&["fetch", "n:none.md", "--json"], "not_found", 2),
        (&["doctor", "--json"], "not_found", 2),
        (&["index", "/no/such/folder", "--json"], "not_found", 2),
        (&["index", file!(), "--name", "Not Good", "--json"], "validation", 2),
        (&["measure", "/no/such/folder", "--json"], "not_found", 2),
        (&["search", "--json", "--mode", "foo", "x"], "validation", 2),
        (&["fetch", "--json"], "validation", 2),
    ] {
        let ran = ibid.run(arguments).ends_with(code);
        let error = &ran.json()["error"];
        assert_eq!(text(&error["kind"]), kind, "{arguments:?} {error}");
        // A terminal may be told on several lines.
        let says = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(says(&ran.stderr).contains(&says(&text(&error["message"]))), "{}", ran.stderr);
    }
}
