//! `ibid bench` on small collections: which parts come out, in which form, and what is said where one cannot be measured.
//! No time is ever compared with anything.

use std::fs;

use serde_json::Value;

use crate::harness::{Ibid, demonstration, number, text, vault};

/// The JSON of a quick run.
#[track_caller]
fn bench(ibid: &Ibid, more: &[&str]) -> Value {
    let quick = ["bench", "--json", "--quiet", "--seconds", "0.1", "--index-seconds", "0.2"];
    ibid.run(&[&quick, more].concat()).ends_with(0).json()
}

/// Fails where `at` (names and numbers between slashes) leads to no number above zero.
#[track_caller]
fn check(measured: &Value, at: &[&str]) {
    for pointer in at {
        let found = measured.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {measured}"));
        assert!(found.as_f64().is_some_and(|number| number > 0.0), "{pointer} is {found}");
    }
}

#[test]
fn every_part_is_measured_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("plot.svg");
    let measured = bench(demonstration(), &["--plot", svg.to_str().unwrap()]);
    assert_eq!((text(&measured["collection"]), text(&measured["mode"])), ("demo".into(), "hybrid".into()));
    assert_eq!(measured["questions"]["origin"], "drawn");
    check(
        &measured,
        &[
            "/documents",
            "/questions/count",
            "/questions/runs",
            "/latency/one_at_a_time/embedding/p50_ms",
            "/latency/one_at_a_time/modes/hybrid/p50_ms",
            "/latency/one_at_a_time/modes/lexical/p95_ms",
            "/latency/one_at_a_time/modes/semantic/p99_ms",
            "/latency/one_at_a_time/hybrid_over_embedding",
            "/start/server_first_response/median_ms",
            "/start/server_first_answer/best_ms",
            "/start/search/worst_ms",
            "/index/words/chunks_per_second",
            "/index/words/megabytes_per_second",
            "/index/vectors/embedded",
            "/index/vectors/embedded_per_second",
            "/index/vectors/bare_loop/chunks_per_second",
            "/index/vectors/share_of_bare_loop",
            "/recall/all/rows",
            "/recall/filtered/questions",
        ],
    );
    for points in [&measured["latency"]["in_process"], &measured["http"]] {
        let points = points.as_array().unwrap();
        assert_eq!(points.iter().map(|point| number(&point["concurrency"])).collect::<Vec<_>>(), [1, 4, 16]);
        points
            .iter()
            .for_each(|point| check(point, &["/count", "/p50_ms", "/p95_ms", "/p99_ms", "/per_second"]));
    }
    if cfg!(target_os = "linux") {
        check(&measured, &["/memory/idle/own_bytes", "/memory/asked/peak_bytes", "/memory/questions"]);
    } else {
        assert!(measured["memory"]["skipped"].is_string());
    }
    for among in ["all", "filtered"] {
        let recall = measured["recall"][among]["recall"].as_f64().unwrap();
        assert!(recall >= 0.99, "a scan of few rows finds the nearest: {recall}");
    }
    let svg = fs::read_to_string(svg).unwrap();
    assert_balanced(&svg);
    for series in ["in-process-p50", "in-process-p95", "in-process-p99", "http-p50", "http-p95", "http-p99"] {
        assert!(svg.contains(&format!("id=\"{series}\"")), "no {series} in {svg}");
    }
}

/// Every element is closed by its own name, in the order that XML wants.
#[track_caller]
fn assert_balanced(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("a tag without end: {tag}"));
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn without_vectors_and_without_source_it_says_what_is_not_measured() {
    let vault = vault(&[
        ("Rye.md", "# How wet is rye\n\nRye dough is wetter than wheat dough.\n"),
        ("Brine.md", "# Salt in brine\n\nThree parts of salt in a hundred of water.\n"),
    ]);
    let ibid = Ibid::new();
    ibid.index(vault.path(), &["--name", "n", "--model", "none"]);
    let questions = vault.path().join("questions.jsonl");
    fs::write(&questions, "{\"question\": \"how wet is rye\"}\nsalt in water\n").unwrap();
    let given = ["--questions", questions.to_str().unwrap()];
    let measured = bench(&ibid, &[&given[..], &["--only", "latency,http,start,index,recall"]].concat());
    assert_eq!((text(&measured["mode"]), number(&measured["questions"]["count"])), ("lexical".into(), 2));
    assert_eq!(measured["latency"]["one_at_a_time"]["embedding"], Value::Null);
    check(
        &measured,
        &["/latency/one_at_a_time/modes/lexical/count", "/http/0/rounds", "/index/words/chunks"],
    );
    assert_eq!((&measured["index"]["vectors"], &measured["memory"]), (&Value::Null, &Value::Null));
    assert!(measured["recall"]["skipped"].is_string(), "{measured}");
    drop(vault);
    let measured = bench(&ibid, &["--only", "index"]);
    assert!(text(&measured["index"]["skipped"]).contains("there is no folder"), "{measured}");
    assert_eq!(measured["latency"], Value::Null);
    let shown = ibid.run(&["bench", "--only", "index,recall", "--quiet"]).ends_with(0).stdout;
    assert!(shown.contains("there is no folder") && shown.contains("no vectors"), "{shown}");
    let left: Vec<_> =
        fs::read_dir(ibid.data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("bench-")), "{left:?}");
}

#[test]
fn what_cannot_be_measured_is_refused_with_advice() {
    let vault = vault(&[("Rye.md", "Rye dough is wet.\n")]);
    let ibid = Ibid::new();
    let refused = |args: &[&str], hint: &str| {
        let refused = ibid.run(&[&["bench"], args].concat()).ends_with(2);
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    };
    refused(&[], "ibid index PATH");
    ibid.index(vault.path(), &["--name", "a", "--model", "none"]);
    ibid.index(vault.path(), &["--name", "b", "--model", "none"]);
    refused(&[], "choose with `--collection`: a, b");
    refused(&["--collection", "c"], "there are: a, b");
    refused(&["--collection", "a", "--only", "recall", "--plot", "x.svg"], "name them after `--only`");
    refused(&["--collection", "a", "--mode", "semantic", "--only", "latency"], "--mode lexical");
    refused(&["--seconds", "0"], "it takes seconds");
    refused(&["--only", "speed"], "possible values: latency, http, start, memory, index, recall");
}
