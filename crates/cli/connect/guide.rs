//! What the page that connects clients says of each of them: the same steps that `ibid connect` prints.

use std::path::Path;

use ibid_server::{Guide, GuideStep};

use super::place::{Platform, settings_file};
use super::{Client, Step, Way, steps};

/// Who reads the page, and what a client needs to reach ibid.
pub(crate) struct Reader<'a> {
    /// What the server asks for in the variable of this name, if it takes tokens alone.
    pub(crate) token_env: Option<String>,
    /// For somebody at this machine: how a client starts ibid by itself, and their home folder.
    pub(crate) at_home: Option<(Way, &'a Path)>,
}

/// A guide for each client, in the usual order, to the MCP address `url`.
pub(crate) fn guides(url: &str, reader: &Reader<'_>) -> Vec<Guide> {
    let server = Way::Server { url: url.to_owned(), token_env: reader.token_env.clone() };
    Client::NAMES.into_iter().map(|(_, client)| guide(client, &server, reader)).collect()
}

fn guide(client: Client, server: &Way, reader: &Reader<'_>) -> Guide {
    let home = reader.at_home.as_ref().map(|(_, home)| *home);
    let file = home.and_then(|home| settings_file(client, Platform::HERE, home));
    let file = file.map(|file| file.to_string_lossy().into_owned());
    let mut told: Vec<GuideStep> = steps(client, server, file.as_deref()).into_iter().map(of_step).collect();
    // ChatGPT starts no programs.
    let program = reader.at_home.as_ref().map(|(way, _)| way).filter(|_| client != Client::ChatGpt);
    if let Some(program) = program {
        let say = "Or without a server, if it runs on this computer and starts ibid by itself:".to_owned();
        told.push(GuideStep { say, paste: None });
        told.extend(steps(client, program, file.as_deref()).into_iter().map(of_step));
    }
    let title = client.title();
    Guide { title: title.strip_prefix("the ").unwrap_or(title).to_owned(), steps: told }
}

fn of_step(Step { say, paste }: Step) -> GuideStep {
    GuideStep { say, paste }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reader: &Reader<'_>, title: &str, pasted: &str, is_pasted: bool) {
        let guides = guides("http://127.0.0.1:7117/mcp", reader);
        assert_eq!(guides.len(), Client::NAMES.len());
        let guide = guides.iter().find(|guide| guide.title == title).unwrap();
        let all: Vec<&str> = guide.steps.iter().filter_map(|step| step.paste.as_deref()).collect();
        assert_eq!(all.iter().any(|paste| paste.contains(pasted)), is_pasted, "{all:?}");
    }

    #[test]
    fn the_page_says_what_the_command_prints() {
        let elsewhere = Reader { token_env: Some("IBID_TOKEN".to_owned()), at_home: None };
        check(
            &elsewhere,
            "Claude",
            "http://127.0.0.1:7117/mcp --header \"Authorization: Bearer $IBID_TOKEN\"",
            true,
        );
        check(&elsewhere, "Cursor", "/opt/ibid", false);
        let program = Way::Program { program: "/opt/ibid".to_owned(), arguments: vec!["mcp".to_owned()] };
        let at_home = Reader { token_env: None, at_home: Some((program, Path::new("/home/ada"))) };
        check(&at_home, "Cursor", "/opt/ibid", true);
        check(&at_home, "Claude", "claude mcp add --scope user ibid -- /opt/ibid mcp", true);
        check(&at_home, "ChatGPT", "/opt/ibid", false);
        check(&at_home, "MCP Inspector", "tools/list", true);
    }
}
