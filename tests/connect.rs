//! `ibid connect`: what it prints is what works, and what it writes loses nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Ibid, text, vault};

const CLIENTS: [&str; 7] = ["chatgpt", "claude", "claude-desktop", "codex", "cursor", "vscode", "inspector"];

/// Starts what the settings name, in an environment that knows nothing of the test, and asks its name.
fn name_of_server(entry: &Value) -> String {
    let arguments = entry["args"].as_array().unwrap().iter().map(text);
    let mut command = Command::new(text(&entry["command"]));
    command.args(arguments).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = command.spawn().unwrap();
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    let mut stdin = server.stdin.take().unwrap();
    writeln!(stdin, "{hello}").unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    drop(stdin);
    server.wait().unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    let instructions = text(&answer["result"]["instructions"]);
    assert!(instructions.contains("- n: 1 document"), "{instructions}");
    text(&answer["result"]["serverInfo"]["name"])
}

#[test]
fn a_client_that_starts_what_was_written_finds_the_notes() {
    let (notes, ibid) = (vault(&[("a.md", "Rye.\n")]), Ibid::new());
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    for (client, key) in [("claude-desktop", "mcpServers"), ("cursor", "mcpServers"), ("vscode", "servers")] {
        let file = ibid.data.path().join("client").join(client).join("settings.json");
        let written =
            ibid.run(&["connect", client, "--write", "--yes", "--file", file.to_str().unwrap()]).ends_with(0);
        assert!(written.stdout.contains("+"), "the change is shown: {}", written.stdout);
        let settings: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(name_of_server(&settings[key]["ibid"]), "ibid", "{client}");
    }
    let file = ibid.data.path().join("config.toml");
    ibid.run(&["connect", "codex", "--write", "--yes", "--file", file.to_str().unwrap()]).ends_with(0);
    let settings: Value = toml::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(name_of_server(&settings["mcp_servers"]["ibid"]), "ibid");
}

#[test]
fn the_file_as_it_was_is_kept_and_nothing_is_written_twice() {
    let ibid = Ibid::new();
    let file = ibid.data.path().join("mcp.json");
    let path = file.to_str().unwrap();
    let mine = "{\n  // mine\n  \"mcpServers\": { \"other\": { \"command\": \"x\" } }\n}\n";
    fs::write(&file, mine).unwrap();
    let address = ["connect", "cursor", "--url", "https://n.example", "--write", "--file", path];
    let nobody = ibid.run(&address).ends_with(2);
    assert!(nobody.stderr.contains("--yes"), "{}", nobody.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), mine, "nothing changes before somebody says yes");

    let write = [&address[..], &["--yes"]].concat();
    ibid.run(&write).ends_with(0);
    let changed = fs::read_to_string(&file).unwrap();
    assert!(changed.contains("// mine") && changed.contains("https://n.example/mcp"), "{changed}");
    assert_eq!(fs::read_to_string(file.with_extension("json.bak")).unwrap(), mine);
    assert!(ibid.run(&write).ends_with(0).stdout.contains("has it already"));
    let other = [&["connect", "cursor", "--url", "https://m.example"], &write[4..]].concat();
    ibid.run(&other).ends_with(0);
    assert_eq!(fs::read_to_string(file.with_extension("json.bak")).unwrap(), mine, "no copy is overwritten");
    assert_eq!(fs::read_to_string(file.with_extension("json.bak1")).unwrap(), changed);

    fs::write(&file, "{ not json").unwrap();
    ibid.run(&write).ends_with(2);
    assert_eq!(fs::read_to_string(&file).unwrap(), "{ not json", "what cannot be read is left alone");
}

#[test]
fn every_client_is_told_where_to_put_what() {
    let ibid = Ibid::new();
    for client in CLIENTS {
        let printed =
            ibid.run(&["connect", client, "--url", "https://notes.example.org/"]).ends_with(0).stdout;
        assert!(printed.contains("https://notes.example.org/mcp"), "{client}: {printed}");
        ibid.run(&["connect", client]).ends_with(0);
    }
    let token = ibid.run(&["connect", "codex", "--url", "https://n.example", "--token-env", "IBID_TOKEN"]);
    assert!(token.ends_with(0).stdout.contains("bearer_token_env_var = \"IBID_TOKEN\""));
    for client in ["chatgpt", "claude-desktop"] {
        let here = ibid.run(&["connect", client, "--url", "http://127.0.0.1:7117"]).ends_with(0).stdout;
        assert!(here.contains("http://127.0.0.1:7117/mcp is not one"), "{client}: {here}");
    }
    let file = ibid.data.path().join("mcp.json");
    let nonsense = ["connect", "cursor", "--url", "nonsense", "--write", "--yes", "--file"];
    ibid.run(&[&nonsense[..], &[file.to_str().unwrap()]].concat()).ends_with(2);
    assert!(!file.exists());
    let none = ibid.run(&["connect", "chatgpt", "--write", "--yes"]).ends_with(2);
    assert!(none.stderr.contains("without --write"), "{}", none.stderr);
}
