//! The real server with tokens of its own: each caller sees what its token names, and nothing else is there. Which road
//! leads to what is tested in `ibid-server`; here it is hooked up.

use serde_json::{Value, json};

use crate::harness::{Ibid, Server, text, vault};

/// What a caller asks of a server.
trait Calls {
    fn call(&self, path: &str, token: &str, name: &str, arguments: &Value) -> (u16, Value);
    fn paths(&self, path: &str, token: &str) -> Vec<String>;
}

impl Calls for Server {
    /// The status and the answer of a call.
    fn call(&self, path: &str, token: &str, name: &str, arguments: &Value) -> (u16, Value) {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                          "params": {"name": name, "arguments": arguments}});
        let request = agent.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let request = request.header("accept", "application/json, text/event-stream");
        let mut answer =
            request.header("authorization", format!("Bearer {token}")).send(body.to_string()).unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}")),
        )
    }

    fn paths(&self, path: &str, token: &str) -> Vec<String> {
        let (status, found) =
            self.call(path, token, "search_notes", &json!({"query": "rye", "mode": "lexical"}));
        assert_eq!(status, 200, "{found}");
        let results = found["result"]["structuredContent"]["results"].as_array().unwrap().clone();
        let mut paths: Vec<_> = results.iter().map(|hit| text(&hit["path"])).collect();
        paths.sort();
        paths
    }
}

fn token(ibid: &Ibid, name: &str, more: &[&str]) -> String {
    let arguments = [&["token", "create", "--name", name], more].concat();
    ibid.run(&arguments).ends_with(0).stdout.trim().to_owned()
}

#[test]
fn a_token_opens_what_it_names_and_nothing_else_is_there() {
    let notes = vault(&[
        ("Work/Plan.md", "# Plan\n\nRye for work.\n"),
        ("Home/Diary.md", "# Diary\n\nRye at home.\n"),
        ("Work/Secret.md", "---\nprivate: true\n---\n\nRye nobody sees. password = \"hV9xq2Lz7TqR\"\n"),
        ("Work/Keys.md", "Rye and the key AKIAQ3EGV7QLNJ5RZXTA of the cloud.\n"),
    ]);
    let others = vault(&[("Other.md", "Rye elsewhere.\n")]);
    let ibid = Ibid::new();
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    ibid.index(others.path(), &["--name", "o", "--model", "none"]);
    let all = token(&ibid, "all", &[]);
    let work = token(&ibid, "work", &["--path", "Work", "--collection", "n"]);
    let searches = token(&ibid, "searches", &["--scope", "notes:search"]);
    let server = Server::start(&ibid, &["--auth", "token"]);

    assert_eq!(server.paths("/mcp", &all), ["Home/Diary.md", "Other.md", "Work/Keys.md", "Work/Plan.md"]);
    assert_eq!(server.paths("/mcp", &work), ["Work/Keys.md", "Work/Plan.md"]);
    assert_eq!(server.paths("/c/o/mcp", &all), ["Other.md"]);
    assert_eq!(server.call("/c/o/mcp", &work, "search", &json!({"query": "rye"})).0, 404);

    let fetch = |token: &str, id: &str| server.call("/mcp", token, "fetch", &json!({ "id": id }));
    let (_, hidden) = fetch(&work, "n:Home/Diary.md");
    let (_, absent) = fetch(&work, "n:Home/Dairy.md");
    let said = |answer: &Value| text(&answer["result"]["content"][0]["text"]);
    assert_eq!(said(&hidden).replace("Diary", "Dairy"), said(&absent), "hidden and absent are the same");
    assert_eq!(
        fetch(&all, "n:Work/Secret.md").1["result"]["isError"],
        true,
        "private is private to the owner's client too"
    );
    let (_, keys) = fetch(&all, "n:Work/Keys.md");
    let keys = text(&keys["result"]["structuredContent"]["text"]);
    assert_eq!(keys, "Rye and the key ******************** of the cloud.\n");
    assert_eq!(fetch(&searches, "n:Work/Plan.md").0, 403);

    ibid.run(&["token", "revoke", "work"]).ends_with(0);
    assert_eq!(fetch(&work, "n:Work/Plan.md").0, 401, "a token ends at once, while the server runs");
    let audited = ibid.run(&["audit", "--who", "work", "--limit", "1000", "--json"]).ends_with(0).stdout;
    assert!(audited.contains("n:Work/Plan.md") && !audited.contains(&work), "{audited}");
}

#[test]
fn a_note_that_says_it_is_private_in_any_words_is_served_to_nobody() {
    let open = [
        ("Open/No.md", "---\nprivate: no\n---\nRye.\n"),
        ("Open/Empty.md", "---\nprivate:\n---\nRye.\n"),
        ("Open/Nein.md", "+++\nprivate = 'nein'\n+++\nRye.\n"),
        ("Open/Json.md", "{\"title\": \"x\"}\nRye.\n"),
        ("Open/Rule.md", "---\nJust prose, and rye.\n"),
        ("Open/Page.html", "<meta name=keywords content='bread'><p>Rye."),
        ("Open/Data.yaml", "---\nprivate: rye\n"),
    ];
    let mut notes = vec![
        ("Toml.md".to_owned(), "+++\nprivate = true\n+++\nRye.\n".to_owned()),
        ("TomlTags.md".to_owned(), "+++\ntags = ['private']\n+++\nRye.\n".to_owned()),
        ("TomlExtra.md".to_owned(), "+++\n[extra]\nprivate = true\n+++\nRye.\n".to_owned()),
        ("TomlBroken.md".to_owned(), "+++\nprivate = [\n+++\nRye.\n".to_owned()),
        ("Json.md".to_owned(), "{\n  \"private\": 1\n}\nRye.\n".to_owned()),
        ("JsonBroken.md".to_owned(), "{\n  \"private\": tru\n}\nRye.\n".to_owned()),
        ("Broken.md".to_owned(), "---\nprivate: [true\n---\nRye, with a:: field.\n".to_owned()),
        ("Unclosed.md".to_owned(), "---\nprivate: true\n\nRye.\n".to_owned()),
        ("Unclosed.txt".to_owned(), "---\nprivate: true\n\nRye.\n".to_owned()),
        ("Below.md".to_owned(), "\n---\nprivate: true\n---\nRye.\n".to_owned()),
        ("Twice.md".to_owned(), "---\nprivate: false\nprivate: true\n---\nRye.\n".to_owned()),
        ("List.md".to_owned(), "---\nPrivate:\n  - [ja]\n---\nRye.\n".to_owned()),
        ("Map.md".to_owned(), "---\nprivate:\n  until: 2030\n---\nRye.\n".to_owned()),
        ("Field.md".to_owned(), "Rye.\n\nprivate:: oui\n".to_owned()),
        ("Page.html".to_owned(), "<meta name=keywords content='a, Private'><p>Rye.".to_owned()),
        ("Marked.html".to_owned(), "<meta name=private content=yes><p>Rye.".to_owned()),
        (
            "Book.ipynb".to_owned(),
            r#"{"metadata": {"keywords": ["private"]}, "cells": [{"source": "Rye."}]}"#.to_owned(),
        ),
    ];
    for word in ["y", "x", "1", "true", "yes", "on", "wahr", "oui", "ja", "perhaps", "'2024-01-01'"] {
        notes.push((format!("Said {word}.md"), format!("---\nprivate: {word}\n---\nRye.\n")));
    }
    notes.extend(open.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    // Of notes with the same words, one alone would be found.
    let words: Vec<(String, String)> = notes
        .into_iter()
        .enumerate()
        .map(|(at, (path, text))| {
            (path, text.replace("Rye.", &format!("Rye {}.", format!("w{at} ").repeat(9))))
        })
        .collect();
    let notes: Vec<(&str, &str)> = words.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let notes = vault(&notes);
    let ibid = Ibid::new();
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    let token = token(&ibid, "all", &[]);
    let server = Server::start(&ibid, &["--auth", "token"]);
    let mut shown: Vec<&str> = open.iter().map(|(path, _)| *path).collect();
    shown.sort();
    assert_eq!(server.paths("/mcp", &token), shown);
}

#[test]
fn a_token_whose_rules_hide_nothing_is_not_made() {
    let notes = vault(&[("[Private] Diary/Day.md", "Rye.\n"), ("Work/Plan.md", "Rye.\n")]);
    let ibid = Ibid::new();
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    let create = |rules: &[&str], more: &[&str]| {
        let rules = rules.iter().flat_map(|&rule| ["--rule", rule]);
        let arguments: Vec<&str> = ["token", "create", "--name", "t"].into_iter().chain(rules).collect();
        ibid.run(&[&arguments[..], more].concat())
    };
    for rule in ["-path:Dairy", "-tag:privat", "-property:a=b", "-collection:m", "-path:[D]iary"] {
        let refused = create(&[rule], &[]).ends_with(2);
        assert!(
            refused.stderr.contains("hides nothing") && refused.stderr.contains("--allow-empty"),
            "{}",
            refused.stderr
        );
    }
    let made = create(&["-path:Dairy"], &["--allow-empty"]).ends_with(0);
    assert!(made.stderr.contains("-path:Dairy names no note now"), "{}", made.stderr);
    ibid.run(&["token", "revoke", "t"]).ends_with(0);
    let made = create(&["-path:[private] diary", "path:Nowhere", "path:**"], &[]).ends_with(0);
    for said in [
        "-path:[private] diary names 1 note now",
        "path:Nowhere names no note now",
        "path:** names 2 notes now",
    ] {
        assert!(made.stderr.contains(said), "{said}: {}", made.stderr);
    }
    let token = made.stdout.trim().to_owned();
    let server = Server::start(&ibid, &["--auth", "token"]);
    assert_eq!(server.paths("/mcp", &token), ["Work/Plan.md"]);
}

#[test]
fn a_rule_that_says_nothing_makes_no_token() {
    let ibid = Ibid::new();
    for rule in ["folder:Work", "tool:burn", "path:", "-"] {
        let refused = ibid.run(&["token", "create", "--name", "t", "--rule", rule]).ends_with(2);
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    }
}
