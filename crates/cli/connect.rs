//! What each client of MCP wants to be told so that it finds ibid. Pure: nothing is read or written here; where files lie
//! on this machine is told in [`place`], how they are changed in [`edit`].

pub(crate) mod edit;
pub(crate) mod guide;
pub(crate) mod place;

use std::fmt::Write as _;

use ibid_core::address::is_public as is_public_address;
use url::{Host, Url};

/// A program that speaks MCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// chatgpt.com, deep research included.
    ChatGpt,
    /// claude.ai and Claude Code.
    Claude,
    /// Anthropic's program for the desktop.
    ClaudeDesktop,
    /// OpenAI's Codex, in a terminal or an editor.
    Codex,
    /// The Cursor editor.
    Cursor,
    /// Visual Studio Code.
    VsCode,
    /// The MCP Inspector, for looking at a server.
    Inspector,
}

impl Client {
    /// Every client with the name people type.
    pub(crate) const NAMES: [(&'static str, Client); 7] = [
        ("chatgpt", Client::ChatGpt),
        ("claude", Client::Claude),
        ("claude-desktop", Client::ClaudeDesktop),
        ("codex", Client::Codex),
        ("cursor", Client::Cursor),
        ("vscode", Client::VsCode),
        ("inspector", Client::Inspector),
    ];

    /// The name people type.
    fn name(self) -> &'static str {
        let known = Client::NAMES.into_iter().find(|(_, client)| *client == self);
        known.map_or("", |(name, _)| name)
    }

    /// As its makers write it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Client::ChatGpt => "ChatGPT",
            Client::Claude => "Claude",
            Client::ClaudeDesktop => "Claude Desktop",
            Client::Codex => "Codex",
            Client::Cursor => "Cursor",
            Client::VsCode => "VS Code",
            Client::Inspector => "the MCP Inspector",
        }
    }
}

/// What the client is to call ibid; tools appear under it.
pub(crate) const NAME: &str = "ibid";

/// Tells a model when to use it. Models read little of it, so what matters comes first.
pub(crate) const DESCRIPTION: &str = "Searches my own notes and cites the exact words. Use it whenever an answer may be in \
what I wrote down or kept: people, projects, decisions, dates, recipes, books, chats. Search first, fetch what matters, \
and cite the url of each result.";

/// How a client reaches ibid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// It starts the program and speaks over its standard streams.
    Program {
        /// The program's full path.
        program: String,
        /// What it is started with.
        arguments: Vec<String>,
    },
    /// It speaks to a server.
    Server {
        /// The MCP address, with its path.
        url: String,
        /// The variable that holds the token, for servers that ask for one.
        token_env: Option<String>,
    },
}

/// One thing for a person to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// What to do.
    pub(crate) say: String,
    /// What to paste there, exactly.
    pub(crate) paste: Option<String>,
}

impl Step {
    fn say(say: impl Into<String>) -> Step {
        Step { say: say.into(), paste: None }
    }

    fn paste(say: impl Into<String>, paste: impl Into<String>) -> Step {
        Step { say: say.into(), paste: Some(paste.into()) }
    }
}

/// The address as a person may type it, with or without the path, as the one a client is given.
pub(crate) fn mcp_address(typed: &str) -> String {
    let trimmed = typed.trim().trim_end_matches('/');
    match trimmed.split_once("://").is_some_and(|(_, rest)| rest.contains('/')) {
        true => trimmed.to_owned(),
        false => format!("{trimmed}/mcp"),
    }
}

/// What a person does, in order. `file` is where the client's settings lie, if it has such a file.
pub(crate) fn steps(client: Client, way: &Way, file: Option<&str>) -> Vec<Step> {
    match (client, way) {
        (Client::ChatGpt, Way::Server { url, token_env }) => chatgpt(url, token_env.as_deref()),
        (Client::ChatGpt, Way::Program { .. }) => not_from_the_internet(client, None),
        (Client::Claude, Way::Server { url, token_env }) => claude(url, token_env.as_deref()),
        (Client::Claude, Way::Program { .. }) => {
            vec![
                Step::paste(
                    "For Claude Code, in a terminal:",
                    format!("claude mcp add --scope user {NAME} -- {}", command_line(way)),
                ),
                Step::say("For claude.ai, name a server that the Internet can reach with --url."),
            ]
        }
        (Client::ClaudeDesktop, Way::Server { url, token_env }) => claude_desktop(url, token_env.as_deref()),
        (Client::Inspector, _) => inspector(way),
        (Client::ClaudeDesktop | Client::Codex | Client::Cursor | Client::VsCode, _) => {
            in_file(client, way, file)
        }
    }
}

/// Whether a program on somebody else's machine may reach the address: it is https, and its host is no name or number of
/// this machine or of a private network. Nothing is looked up.
fn is_public(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_elsewhere = match url.host() {
        Some(Host::Ipv4(number)) => is_public_address(number.into()),
        Some(Host::Ipv6(number)) => is_public_address(number.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.contains('.') && !PRIVATE_NAMES.iter().any(|ending| name.ends_with(ending))
        }
        None => false,
    };
    url.scheme() == "https" && is_elsewhere
}

/// How names end that mean nothing outside of one network.
const PRIVATE_NAMES: [&str; 5] = [".localhost", ".local", ".lan", ".internal", ".home.arpa"];

/// For clients whose makers' computers speak to the server: that they cannot, and what to do.
fn not_from_the_internet(client: Client, url: Option<&str>) -> Vec<Step> {
    let title = client.title();
    let from = match client {
        Client::ChatGpt => {
            "ChatGPT only speaks to servers that the Internet can reach, over https".to_owned()
        }
        _ => format!("Connectors of {title} only reach servers on the Internet, over https"),
    };
    let this = url.map(|url| format!(": {url} is not one")).unwrap_or_default();
    let name = client.name();
    vec![
        Step::say(format!("{from}{this}.")),
        Step::paste(
            "Serve your notes there with sign-in, behind a proxy or a tunnel, then:",
            format!("ibid connect {name} --url https://YOUR.ADDRESS"),
        ),
    ]
}

/// That a token is not used, for clients that send none.
fn no_token(title: &str, token_env: Option<&str>) -> Option<Step> {
    token_env.map(|variable| {
        Step::say(format!(
            "{title} sends no token, so {variable} is not used: there the server must offer sign-in (`ibid user add`)."
        ))
    })
}

fn chatgpt(url: &str, token_env: Option<&str>) -> Vec<Step> {
    if !is_public(url) {
        return not_from_the_internet(Client::ChatGpt, Some(url));
    }
    let steps = vec![
        Step::say("In ChatGPT: Settings, Apps, Advanced settings, and turn Developer mode on."),
        Step::say("Then, in the same place: Create app."),
        Step::paste("Name:", NAME),
        Step::paste("Description:", DESCRIPTION),
        Step::paste("MCP server URL:", url),
        Step::say(
            "Authentication: OAuth, if your server asks for sign-in; ChatGPT then sends you to its own sign-in page.",
        ),
        Step::paste("If it does not connect:", format!("ibid doctor {url} --as chatgpt")),
    ];
    no_token("ChatGPT", token_env).into_iter().chain(steps).collect()
}

fn claude(url: &str, token_env: Option<&str>) -> Vec<Step> {
    let header = token_env
        .map(|variable| format!(" --header \"Authorization: Bearer ${variable}\""))
        .unwrap_or_default();
    let mut steps = match is_public(url) {
        true => connector("On claude.ai", url),
        false => vec![Step::say(format!(
            "claude.ai only reaches servers on the Internet, over https: {url} is not one."
        ))],
    };
    steps.extend(no_token("claude.ai", token_env).filter(|_| is_public(url)));
    steps.extend([
        Step::paste(
            "For Claude Code, in a terminal:",
            format!("claude mcp add --scope user --transport http {NAME} {url}{header}"),
        ),
        Step::paste("If it does not connect:", format!("ibid doctor {url} --as claude")),
    ]);
    steps
}

fn claude_desktop(url: &str, token_env: Option<&str>) -> Vec<Step> {
    if !is_public(url) {
        let mut steps = not_from_the_internet(Client::ClaudeDesktop, Some(url));
        steps.push(Step::paste("Or let it start ibid by itself:", "ibid connect claude-desktop"));
        return steps;
    }
    let mut steps = connector("In Claude Desktop", url);
    steps.extend(no_token("Claude Desktop", token_env));
    steps
}

/// What is pasted into Claude, on the web or on the desktop.
fn connector(place: &str, url: &str) -> Vec<Step> {
    vec![
        Step::say(format!("{place}: Customize, Connectors, Add custom connector.")),
        Step::paste("Name:", NAME),
        Step::paste("Remote MCP server URL:", url),
    ]
}

fn inspector(way: &Way) -> Vec<Step> {
    let listed = match way {
        Way::Program { .. } => {
            format!("npx @modelcontextprotocol/inspector --cli {} --method tools/list", command_line(way))
        }
        Way::Server { url, token_env } => {
            let header = token_env
                .as_ref()
                .map(|variable| format!(" --header \"Authorization: Bearer ${variable}\""))
                .unwrap_or_default();
            format!(
                "npx @modelcontextprotocol/inspector --cli {url} --transport http --method tools/list{header}"
            )
        }
    };
    vec![Step::paste("List the tools:", listed)]
}

fn in_file(client: Client, way: &Way, file: Option<&str>) -> Vec<Step> {
    let name = client.name();
    let before = match file {
        Some(file) => format!("Put this into {file}:"),
        None => format!("Put this into the settings file of {}:", client.title()),
    };
    let paste = edit::fresh(client, way).unwrap_or_default();
    let url = match way {
        Way::Server { url, token_env } => {
            let token =
                token_env.as_ref().map(|variable| format!(" --token-env {variable}")).unwrap_or_default();
            format!(" --url {url}{token}")
        }
        Way::Program { .. } => String::new(),
    };
    let mut steps = vec![
        Step::paste(before, paste.trim_end()),
        Step::paste("Or let ibid do it:", format!("ibid connect {name}{url} --write")),
    ];
    if client == Client::Codex && matches!(way, Way::Server { token_env: None, .. }) {
        steps.push(Step::paste("Then, if the server asks for sign-in:", format!("codex mcp login {NAME}")));
    }
    steps
}

/// The program with its arguments as a shell of any kind reads them.
fn command_line(way: &Way) -> String {
    let Way::Program { program, arguments } = way else { return String::new() };
    let mut line = String::new();
    for word in std::iter::once(program).chain(arguments) {
        let plain = word.chars().all(|c| c.is_alphanumeric() || "/\\:._-=".contains(c));
        let space = if line.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = if plain { write!(line, "{space}{word}") } else { write!(line, "{space}\"{word}\"") };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_path_if_it_has_none() {
        for (typed, address) in [
            ("https://notes.example.org", "https://notes.example.org/mcp"),
            (" https://notes.example.org/ ", "https://notes.example.org/mcp"),
            ("https://notes.example.org/mcp/", "https://notes.example.org/mcp"),
            ("https://notes.example.org/c/work/mcp", "https://notes.example.org/c/work/mcp"),
        ] {
            assert_eq!(mcp_address(typed), address);
        }
    }

    #[test]
    fn who_comes_from_elsewhere_is_not_sent_to_an_address_of_this_machine() {
        for (url, is) in [
            ("https://notes.example.org/mcp", true),
            ("https://93.184.216.34/mcp", true),
            ("http://notes.example.org/mcp", false),
            ("http://127.0.0.1:7117/mcp", false),
            ("https://localhost:7117/mcp", false),
            ("https://192.168.1.7/mcp", false),
            ("https://100.101.102.103/mcp", false),
            ("https://[::1]/mcp", false),
            ("https://[::ffff:127.0.0.1]/mcp", false),
            ("https://[fd00::7]/mcp", false),
            ("https://desk.local/mcp", false),
            ("https://desk.lan./mcp", false),
            ("https://desk/mcp", false),
        ] {
            assert_eq!(is_public(url), is, "{url}");
            let way = Way::Server { url: url.to_owned(), token_env: None };
            for client in [Client::ChatGpt, Client::ClaudeDesktop] {
                let steps = steps(client, &way, None);
                assert_eq!(steps.iter().any(|step| step.paste.as_deref() == Some(url)), is, "{url}");
                assert!(is || steps[0].say.contains(url), "{}", steps[0].say);
            }
            let claude = steps(Client::Claude, &way, None);
            assert_eq!(claude.iter().any(|step| step.say.contains("Add custom connector")), is, "{url}");
            assert!(claude.iter().any(|step| step.paste.as_ref().is_some_and(|paste| paste.contains(url))));
        }
    }

    #[test]
    fn what_is_not_used_or_not_known_is_said_so() {
        let told = |client, token_env: Option<&str>| {
            let url = "https://n.example/mcp".to_owned();
            let way = Way::Server { url, token_env: token_env.map(str::to_owned) };
            steps(client, &way, None).into_iter().map(|step| step.say).collect::<Vec<_>>().join("\n")
        };
        for client in [Client::ChatGpt, Client::Claude, Client::ClaudeDesktop] {
            assert!(told(client, Some("SECRET")).contains("SECRET is not used"), "{client:?}");
            assert!(!told(client, None).contains("is not used"), "{client:?}");
        }
        assert!(told(Client::Codex, None).contains("if the server asks for sign-in"));
        assert!(told(Client::ChatGpt, None).contains("OAuth, if your server asks for sign-in"));
    }

    #[test]
    fn a_model_reads_when_to_use_it_before_it_stops_reading() {
        assert!(DESCRIPTION.len() < 512 && DESCRIPTION.starts_with("Searches my own notes"));
    }

    #[test]
    fn every_client_is_told_what_to_do_both_ways() {
        let program = Way::Program { program: "/opt/my apps/ibid".into(), arguments: vec!["mcp".into()] };
        let server = Way::Server { url: "https://n.example/mcp".into(), token_env: None };
        for (name, client) in Client::NAMES {
            for way in [&program, &server] {
                let steps = steps(client, way, None);
                assert!(
                    steps.iter().any(|step| step.paste.as_ref().is_some_and(|paste| !paste.is_empty())),
                    "{name}"
                );
            }
        }
        assert_eq!(command_line(&program), "\"/opt/my apps/ibid\" mcp");
    }
}
