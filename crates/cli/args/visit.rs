//! What `ibid audit` and `ibid doctor` are told.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ibid_core::query::day_of;
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
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
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

/// A moment as the audit log writes it, or the beginning of one.
fn moment(typed: &str) -> Result<String, String> {
    let plain = typed.trim().to_uppercase().replacen(' ', "T", 1);
    let plain = plain.strip_suffix('Z').unwrap_or(&plain);
    let (day, time) = plain.split_once('T').map_or((plain, None), |(day, time)| (day, Some(time)));
    let is_day = day_of(day).is_some();
    let is_moment = time.is_none_or(|time| day.len() == DAY_BYTES && is_time(time));
    (is_day && is_moment)
        .then(|| plain.to_owned())
        .ok_or_else(|| "it takes a moment, such as 2026-11-21 or 2026-11-21T08:30 (UTC)".to_owned())
}

/// How long a day is as it is written.
const DAY_BYTES: usize = "2026-11-21".len();

/// Whether it is hours, minutes and seconds, two digits each and perhaps a fraction, or the first of them.
fn is_time(text: &str) -> bool {
    let most = ["23", "59", "60"];
    let (text, fraction) = text.split_once('.').map_or((text, None), |(text, rest)| (text, Some(rest)));
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_part = |part: &str, most: &str| part.len() == most.len() && is_number(part) && part <= most;
    parts.len() <= most.len()
        && parts.iter().zip(most).all(|(part, most)| is_part(part, most))
        && fraction.is_none_or(|fraction| parts.len() == most.len() && is_number(fraction))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_log_has_it() {
        for (typed, written) in [
            ("2026", Some("2026")),
            ("2026-11", Some("2026-11")),
            ("2026-11-21", Some("2026-11-21")),
            ("2026-11-21T08", Some("2026-11-21T08")),
            ("2026-11-21 08:30", Some("2026-11-21T08:30")),
            ("2026-11-21t08:30:07z", Some("2026-11-21T08:30:07")),
            ("2026-11-21T08:30:07.123Z", Some("2026-11-21T08:30:07.123")),
            ("2026-11-21T08:30.5", None),
            ("2026-11-21T08:30:07.", None),
            ("yesterday", None),
            ("2026-13-45", None),
            ("2026-11-21T24:00", None),
            ("2026-11-21T8:30", None),
            ("2026-11T08:30", None),
            ("2026-11-21T", None),
            ("2026-11-21T08:30+01:00", None),
            ("", None),
        ] {
            assert_eq!(moment(typed).ok().as_deref(), written, "{typed}");
        }
    }
}
