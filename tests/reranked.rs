//! A second model that reads the first passages beside the question: as a flag, as a setting, over the wire, measured. It
//! counts shared words (`data/shapes/shared-words`), so its order is known; what it may not change is tested in
//! `ibid-search`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Ibid, Server, ran, vault};

const COUNTING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/shapes/shared-words");

const NOTES: [(&str, &str); 2] = [
    ("Short.md", "Router, rye.\n"),
    ("Long.md", "Rye and bread and rye and rye: the word is said, and said, in flour and in rye.\n"),
];

/// The first by words is Short.md; the one that shares most words is Long.md.
const QUESTION: &str = "router rye";

fn indexed() -> (Ibid, tempfile::TempDir) {
    let (ibid, notes) = (Ibid::new(), vault(&NOTES));
    ibid.index(notes.path(), &["--model", "none"]);
    (ibid, notes)
}

#[track_caller]
fn check(ibid: &Ibid, more: &[&str], first: &str) {
    assert_eq!(ibid.paths(&[&[QUESTION], more].concat())[0], first, "{more:?}");
}

#[test]
fn a_flag_or_a_setting_asks_for_it_and_none_is_none() {
    let (ibid, _notes) = indexed();
    check(&ibid, &[], "Short.md");
    check(&ibid, &["--rerank", COUNTING], "Long.md");
    fs::write(ibid.config(), format!("[reranking]\nmodel = \"counting\"\nmodel_dir = \"{COUNTING}\"\n"))
        .unwrap();
    check(&ibid, &[], "Long.md");
    check(&ibid, &["--rerank", "none"], "Short.md");
    let shown = ibid.run(&["search", "--explain", QUESTION]).ends_with(0).stdout;
    assert!(shown.contains("reranker: 4.00, which decides the place"), "{shown}");
    let json = ibid.run(&["search", "--explain", "--json", QUESTION]).ends_with(0).json();
    assert_eq!(json["hits"][0]["explain"]["rerank"], 4.0, "{json}");
}

#[test]
fn what_is_no_reranker_is_refused_before_anything_is_served() {
    let (ibid, _notes) = indexed();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/data/shapes/modernbert");
    for command in [&["search", QUESTION][..], &["serve", "--listen", "127.0.0.1:0"], &["mcp"]] {
        let refused = ibid.run(&[command, &["--rerank", vectors]].concat()).ends_with(2);
        assert!(refused.stderr.contains("the outputs last_hidden_state"), "{}", refused.stderr);
    }
    let notes = vault(&NOTES);
    let refused =
        ibid.run(&["index", notes.path().to_str().unwrap(), "--name", "x", "--model-dir", COUNTING]);
    assert!(refused.ends_with(2).stderr.contains("it is a reranker"));
}

#[test]
fn a_server_reranks_for_everybody_and_no_caller_names_a_model() {
    let (ibid, _notes) = indexed();
    let server = Server::start(&ibid, &["--rerank", COUNTING]);
    let mut page = ureq::get(format!("{}/search?q=router+rye", server.base)).call().unwrap();
    let page = page.body_mut().read_to_string().unwrap();
    assert!(page.find("Long.md") < page.find("Short.md") && page.contains("The reranker"), "{page}");

    let mut client = ibid.command(&["mcp", "--no-watch", "--rerank", COUNTING]);
    let mut client =
        client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search_notes","arguments":{"query":"router rye"}}}"#,
    ];
    let mut input = client.stdin.take().unwrap();
    lines.iter().for_each(|line| writeln!(input, "{line}").unwrap());
    let mut output = std::io::BufReader::new(client.stdout.take().unwrap());
    let answer = |output: &mut dyn std::io::BufRead, id: u64| loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "it ended before it answered");
        let message: Value = serde_json::from_str(&line).unwrap();
        if message["id"] == id {
            break message;
        }
    };
    let tools = answer(&mut output, 2).to_string();
    assert!(tools.contains("search_notes") && !tools.contains("rerank"), "{tools}");
    let found = answer(&mut output, 3)["result"]["structuredContent"].to_string();
    assert!(found.find("Long.md") < found.find("Short.md"), "{found}");
    drop(input);
    ran(client.wait_with_output().unwrap()).ends_with(0);
}

#[test]
fn its_gain_and_its_time_are_measured() {
    let dataset = vault(&[
        (
            "corpus.jsonl",
            "{\"_id\": \"short\", \"title\": \"\", \"text\": \"Router, rye.\"}\n{\"_id\": \"long\", \"title\": \"\", \"text\": \
             \"Rye and bread and rye and rye: the word is said, and said, in flour and in rye.\"}\n",
        ),
        ("queries.jsonl", "{\"_id\": \"q1\", \"text\": \"router rye\"}\n"),
        ("qrels.tsv", "query\tdocument\tgrade\nq1\tlong\t1\n"),
    ]);
    let ibid = Ibid::new();
    let asked =
        ["measure", dataset.path().to_str().unwrap(), "--quiet", "--model", "none", "--rerank", COUNTING];
    let record = ibid.run(&[&asked[..], &["--json"]].concat()).ends_with(0).json();
    let reranked = &record["reranked"];
    assert_eq!(
        (&record["modes"]["lexical"]["hit@1"], &reranked["modes"]["lexical"]["hit@1"]),
        (&0.0.into(), &1.0.into())
    );
    assert!(reranked["modes"]["lexical"]["p50_ms"].as_f64() > Some(0.0), "{reranked}");
    assert!(reranked["gain"]["modes"]["lexical"]["difference"].as_f64() > Some(0.3), "{reranked}");
    let shown = ibid.run(&asked).ends_with(0).stdout;
    assert!(
        shown.contains("with shared-words, by nDCG@10") && shown.matches("p50 ms").count() == 2,
        "{shown}"
    );
}
