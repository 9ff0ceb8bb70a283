//! What `ibid audit` and `ibid doctor` are told.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ibid_server::audit::{AuditId, Outcome};
use ibid_server::doctor::Walker;

/// Show who asked `ibid serve` for what, and what they were given
#[derive(Debug, Args)]
#[command(after_help = "\
Every call of a server on this data folder is written down: when, who, by which program, what was asked, which citations \
were given, how many secrets were masked, how it ended. The words given are not written down, nor is any secret. \
16 MB are kept in each of at most 9 files. `ibid mcp` and the command line are not written down.

An error that a client shows has an audit id: `ibid audit --id ID` shows its call.")]
pub(crate) struct AuditArgs {
    /// Show only this call
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<AuditId>,
    /// Show only calls of this person or token
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// Show only calls by clients with this in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) client: Option<String>,
    /// Show only this call: search, fetch, page, login, …
    #[arg(long, value_name = "CALL")]
    pub(crate) call: Option<String>,
    /// Show only calls that ended so
    #[arg(long, value_parser = outcomes())]
    pub(crate) outcome: Option<Outcome>,
    /// Show only calls since this moment, such as 2026-11-21 or 2026-11-21T08:30 (UTC)
    #[arg(long, value_name = "MOMENT")]
    pub(crate) since: Option<String>,
    /// Show at most this many, the last ones
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
    /// Go on with those that come
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Print each as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

/// Walk the whole way into a server as a client would, and name the first step that fails
#[derive(Debug, Args)]
#[command(after_help = "\
Walks: address, name, connection, challenge, metadata, client, sign-in, token, tools, search, fetch, refresh, \
revocation. Where the server asks for sign-in, the page to open is printed; sign in there and agree, in a browser on this \
machine. What was granted is given back at the end.")]
pub(crate) struct DoctorArgs {
    /// The address as it is pasted into the client [default: the server that runs on this data folder]
    #[arg(value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Walk as this client
    #[arg(long = "as", default_value = "chatgpt", value_parser = walkers())]
    pub(crate) walker: Walker,
    /// Name the variable of the environment that holds the server's token, for servers that are opened by one
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) token_env: Option<String>,
    /// Believe certificates that these authorities vouch for (PEM), and no others
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Print each step as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

fn outcomes() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::NAMES.map(|(name, _)| name)).map(|typed| {
        let known = Outcome::NAMES.into_iter().find(|(name, _)| *name == typed);
        known.map_or(Outcome::Internal, |(_, outcome)| outcome)
    })
}

fn walkers() -> impl TypedValueParser<Value = Walker> {
    PossibleValuesParser::new(["chatgpt", "claude"])
        .map(|typed| if typed == "claude" { Walker::Claude } else { Walker::ChatGpt })
}
