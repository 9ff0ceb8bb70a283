//! What `ibid connect` is told.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use url::Url;

use crate::connect::Client;

/// Print what to paste where so that a client finds ibid, or write its settings file
#[derive(Debug, Args)]
#[command(after_help = "\
Without --url a client on this machine starts `ibid mcp` by itself. With --url it speaks to a server: `ibid serve` here, \
or one elsewhere behind https. ChatGPT and claude.ai only take a server that the Internet can reach.

--write shows the change first and asks; the file as it was is kept beside it with `.bak` at the end of its name. Comments \
and all other settings in it stay as they are.")]
pub(crate) struct ConnectArgs {
    /// The client
    #[arg(value_parser = clients())]
    pub(crate) client: Client,
    /// The address of a server, such as `https://notes.example.org`
    #[arg(long, value_name = "URL", value_parser = server)]
    pub(crate) url: Option<String>,
    /// Name the variable of the environment that holds the server's token, for servers that ask for one
    #[arg(long, value_name = "VARIABLE", requires = "url")]
    pub(crate) token_env: Option<String>,
    /// Serve only this collection; may be repeated
    #[arg(long, short, value_name = "NAME", conflicts_with = "url")]
    pub(crate) collection: Vec<String>,
    /// Write the client's settings file
    #[arg(long)]
    pub(crate) write: bool,
    /// Write this file instead of the one the client reads by default
    #[arg(long, value_name = "FILE", requires = "write")]
    pub(crate) file: Option<PathBuf>,
    /// Write without asking
    #[arg(long, requires = "write")]
    pub(crate) yes: bool,
}

/// The address as it was typed, if a client can speak HTTP to it.
fn server(typed: &str) -> Result<String, String> {
    let typed = typed.trim();
    let is_plain = |url: Url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    // Browsers know what `https:host` means; whatever else reads it may not.
    let is_server = typed.contains("://") && Url::parse(typed).is_ok_and(is_plain);
    let form = "it takes an address such as https://notes.example.org or http://127.0.0.1:7117";
    is_server.then(|| typed.to_owned()).ok_or_else(|| form.to_owned())
}

fn clients() -> impl TypedValueParser<Value = Client> {
    let names = PossibleValuesParser::new(Client::NAMES.map(|(name, _)| name));
    names.map(|typed| {
        let known = Client::NAMES.into_iter().find(|(name, _)| *name == typed);
        known.map_or(Client::Inspector, |(_, client)| client)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_every_client_reads_alike() {
        for (typed, taken) in [
            ("https://notes.example.org", true),
            (" http://127.0.0.1:7117/c/work/mcp ", true),
            ("https:notes.example.org", false),
            ("https:/notes.example.org", false),
            ("https://notes.example.org?x", false),
            ("https://notes.example.org#x", false),
            ("ftp://notes.example.org", false),
            ("notes.example.org", false),
            ("", false),
        ] {
            assert_eq!(server(typed).ok().as_deref(), taken.then(|| typed.trim()), "{typed}");
        }
    }
}
