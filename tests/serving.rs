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
fn a_rule_that_says_nothing_makes_no_token() {
    let ibid = Ibid::new();
    for rule in ["folder:Work", "tool:burn", "path:", "-"] {
        let refused = ibid.run(&["token", "create", "--name", "t", "--rule", rule]).ends_with(2);
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    }
}
