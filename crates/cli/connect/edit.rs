//! A client's settings file with ibid in it: the entry is added or replaced, and everything else, comments included, stays
//! as it was. Text in, text out.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstRootNode};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::{Client, NAME, Way};

/// Why a settings file could not be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    /// The client has no settings file, or takes no server of this kind from it.
    #[error("{client} takes no such server from a file")]
    NoFile { client: &'static str },
    /// The file is no JSON.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// The file is no TOML.
    #[error("it is not TOML: {0}")]
    Toml(#[from] toml_edit::TomlError),
    /// Where the servers should be is something else.
    #[error("its {key} is not a group of settings")]
    Taken { key: &'static str },
}

/// The entry in a file of its own.
pub(crate) fn fresh(client: Client, way: &Way) -> Result<String, EditError> {
    with_entry(client, way, "")
}

/// The file's text with the entry in it. Doing it twice changes nothing more.
pub(crate) fn with_entry(client: Client, way: &Way, text: &str) -> Result<String, EditError> {
    match client {
        Client::Codex => in_toml(way, text),
        Client::Cursor => in_json("mcpServers", &json_entry(client, way), text),
        Client::VsCode => in_json("servers", &json_entry(client, way), text),
        Client::ClaudeDesktop if matches!(way, Way::Program { .. }) => {
            in_json("mcpServers", &json_entry(client, way), text)
        }
        Client::ChatGpt | Client::Claude | Client::ClaudeDesktop | Client::Inspector => {
            Err(EditError::NoFile { client: client.title() })
        }
    }
}

fn text_of(text: &str) -> CstInputValue {
    CstInputValue::String(text.to_owned())
}

fn object(pairs: Vec<(&str, CstInputValue)>) -> CstInputValue {
    CstInputValue::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn json_entry(client: Client, way: &Way) -> CstInputValue {
    let kind = |kind| (client == Client::VsCode).then(|| ("type", text_of(kind)));
    match way {
        Way::Program { program, arguments } => {
            let arguments = arguments.iter().map(|argument| text_of(argument)).collect();
            let own = [("command", text_of(program)), ("args", CstInputValue::Array(arguments))];
            object(kind("stdio").into_iter().chain(own).collect())
        }
        Way::Server { url, token_env } => {
            let headers = token_env.as_ref().map(|variable| {
                let header = format!("Bearer ${{env:{variable}}}");
                ("headers", object(vec![("Authorization", text_of(&header))]))
            });
            object(kind("http").into_iter().chain([("url", text_of(url))]).chain(headers).collect())
        }
    }
}

fn in_json(key: &'static str, entry: &CstInputValue, text: &str) -> Result<String, EditError> {
    let text = if text.trim().is_empty() { "{\n}\n" } else { text };
    let root = CstRootNode::parse(text, &ParseOptions::default())
        .map_err(|error| EditError::Json(error.to_string()))?;
    let all = root.object_value_or_create().ok_or(EditError::Taken { key: "outermost value" })?;
    let servers = all.object_value_or_create(key).ok_or(EditError::Taken { key })?;
    match servers.get(NAME) {
        Some(own) => own.set_value(entry.clone()),
        None => drop(servers.append(NAME, entry.clone())),
    }
    servers.ensure_multiline();
    Ok(root.to_string())
}

fn in_toml(way: &Way, text: &str) -> Result<String, EditError> {
    const SERVERS: &str = "mcp_servers";
    let mut document: DocumentMut = text.parse()?;
    let mut implicit = Table::new();
    implicit.set_implicit(true);
    let servers = document.entry(SERVERS).or_insert(Item::Table(implicit));
    let servers = servers.as_table_like_mut().ok_or(EditError::Taken { key: SERVERS })?;
    let mut own = Table::new();
    match way {
        Way::Program { program, arguments } => {
            own["command"] = value(program);
            own["args"] = value(arguments.iter().collect::<Array>());
        }
        Way::Server { url, token_env } => {
            own["url"] = value(url);
            if let Some(variable) = token_env {
                own["bearer_token_env_var"] = value(variable);
            }
        }
    }
    match servers.get_mut(NAME).and_then(Item::as_table_like_mut) {
        // Settings a person made of the same entry stay: only what says how ibid is reached is replaced.
        Some(old) => {
            ["command", "args", "url", "bearer_token_env_var"].iter().for_each(|key| drop(old.remove(key)));
            own.iter().for_each(|(key, item)| drop(old.insert(key, item.clone())));
        }
        None => {
            let is_inline = servers.iter().any(|(_, item)| item.is_inline_table());
            let item = if is_inline {
                value(InlineTable::from_iter(
                    own.into_iter().filter_map(|(key, item)| Some((key, item.into_value().ok()?))),
                ))
            } else {
                Item::Table(own)
            };
            servers.insert(NAME, item);
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Way {
        Way::Program { program: "/bin/ibid".into(), arguments: vec!["mcp".into()] }
    }

    fn server(token_env: Option<&str>) -> Way {
        Way::Server { url: "https://n.example/mcp".into(), token_env: token_env.map(str::to_owned) }
    }

    #[track_caller]
    fn check(client: Client, way: &Way, before: &str, after: &str) {
        let changed = with_entry(client, way, before).unwrap();
        assert_eq!(changed, after);
        assert_eq!(with_entry(client, way, &changed).unwrap(), changed, "once is enough");
    }

    #[test]
    fn an_empty_file_becomes_the_entry() {
        check(
            Client::Cursor,
            &program(),
            "",
            "{\n  \"mcpServers\": {\n    \"ibid\": {\n      \"command\": \"/bin/ibid\",\n      \"args\": [\"mcp\"]\n    }\n  }\n}\n",
        );
        check(
            Client::Codex,
            &program(),
            "",
            "[mcp_servers.ibid]\ncommand = \"/bin/ibid\"\nargs = [\"mcp\"]\n",
        );
    }

    #[test]
    fn other_settings_and_comments_stay() {
        check(
            Client::VsCode,
            &server(None),
            "{\n  // mine\n  \"servers\": {\n    \"other\": { \"command\": \"x\" } // keep\n  },\n  \"inputs\": []\n}\n",
            "{\n  // mine\n  \"servers\": {\n    \"other\": { \"command\": \"x\" }, // keep\n    \"ibid\": {\n      \"type\": \"http\",\n      \"url\": \"https://n.example/mcp\"\n    }\n  },\n  \"inputs\": []\n}\n",
        );
        check(
            Client::Codex,
            &server(Some("IBID_TOKEN")),
            "# mine\nmodel = \"o\" # keep\n\n[mcp_servers.ibid]\ncommand = \"old\"\nargs = []\nstartup_timeout_sec = 20\n",
            "# mine\nmodel = \"o\" # keep\n\n[mcp_servers.ibid]\nstartup_timeout_sec = 20\nurl = \"https://n.example/mcp\"\nbearer_token_env_var = \"IBID_TOKEN\"\n",
        );
    }

    #[test]
    fn a_token_is_named_and_never_written() {
        let text = fresh(Client::Cursor, &server(Some("IBID_TOKEN"))).unwrap();
        assert!(text.contains("\"Authorization\": \"Bearer ${env:IBID_TOKEN}\""), "{text}");
    }

    #[test]
    fn what_cannot_be_understood_is_not_overwritten() {
        assert!(matches!(with_entry(Client::Cursor, &program(), "{"), Err(EditError::Json(_))));
        assert!(matches!(with_entry(Client::Cursor, &program(), "[]"), Err(EditError::Taken { .. })));
        assert!(matches!(
            with_entry(Client::Cursor, &program(), "{\"mcpServers\": 1}"),
            Err(EditError::Taken { .. })
        ));
        assert!(matches!(with_entry(Client::Codex, &program(), "a = "), Err(EditError::Toml(_))));
        assert!(matches!(
            with_entry(Client::Codex, &program(), "mcp_servers = 1"),
            Err(EditError::Taken { .. })
        ));
        assert!(matches!(fresh(Client::ChatGpt, &program()), Err(EditError::NoFile { .. })));
    }
}
