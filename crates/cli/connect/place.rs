//! Where clients keep their settings, by platform. The home folder is passed in; whether a file is there is not asked.

use std::path::{Path, PathBuf};

use super::Client;

/// A kind of system, as far as clients tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    /// The one this program was built for.
    pub(crate) const HERE: Platform = match () {
        () if cfg!(windows) => Platform::Windows,
        () if cfg!(target_os = "macos") => Platform::MacOs,
        () => Platform::Linux,
    };
}

/// The file that the client reads its servers from, for a person; `None` where it has no such file.
pub(crate) fn settings_file(client: Client, platform: Platform, home: &Path) -> Option<PathBuf> {
    let applications = match platform {
        Platform::Linux => home.join(".config"),
        Platform::MacOs => home.join("Library").join("Application Support"),
        Platform::Windows => home.join("AppData").join("Roaming"),
    };
    match client {
        Client::ClaudeDesktop => Some(applications.join("Claude").join("claude_desktop_config.json")),
        Client::Codex => Some(home.join(".codex").join("config.toml")),
        Client::Cursor => Some(home.join(".cursor").join("mcp.json")),
        Client::VsCode => Some(applications.join("Code").join("User").join("mcp.json")),
        Client::ChatGpt | Client::Claude | Client::Inspector => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_their_clients_look() {
        let home = Path::new("home");
        for (client, platform, file) in [
            (
                Client::ClaudeDesktop,
                Platform::MacOs,
                "home/Library/Application Support/Claude/claude_desktop_config.json",
            ),
            (
                Client::ClaudeDesktop,
                Platform::Windows,
                "home/AppData/Roaming/Claude/claude_desktop_config.json",
            ),
            (Client::VsCode, Platform::Linux, "home/.config/Code/User/mcp.json"),
            (Client::Codex, Platform::Linux, "home/.codex/config.toml"),
            (Client::Cursor, Platform::Windows, "home/.cursor/mcp.json"),
        ] {
            assert_eq!(settings_file(client, platform, home), Some(file.split('/').collect()));
        }
        assert_eq!(settings_file(Client::ChatGpt, Platform::Linux, home), None);
    }
}
