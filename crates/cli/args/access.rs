//! Who may ask a server: `ibid user`, `ibid token`, and what `ibid serve` is told of them.

use std::net::IpAddr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use ibid_server::Scope;

/// Add people who may sign in to a server, list and remove them
#[derive(Debug, Args)]
#[command(after_help = "\
A person signs in when a client (ChatGPT, Claude, …) asks for access to what `ibid serve` serves, and chooses what it \
may see. The password is asked for at the terminal, or read from standard input. All of it works while a server runs.")]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) what: UserCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person; asks for a password
    Add {
        /// What they sign in as
        #[arg(default_value = OWNER)]
        name: String,
    },
    /// List everybody, and how many clients have access on their behalf
    List,
    /// Give a person another password, and sign their browsers out
    Passwd {
        /// What they sign in as
        #[arg(default_value = OWNER)]
        name: String,
    },
    /// Remove a person with everything they granted
    Remove {
        /// What they sign in as
        name: String,
    },
}

/// Who is meant where nobody is named.
const OWNER: &str = "owner";

/// Make tokens for programs that cannot sign in, list and revoke them
#[derive(Debug, Args)]
#[command(after_help = "\
A token is a secret that a program sends in the header `Authorization: Bearer TOKEN`: Codex, scripts, curl. It is shown \
once. `ibid token list` also lists what people granted to clients, and `ibid token revoke` ends both at once, while a \
server runs too.")]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) what: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, once
    Create(CreateArgs),
    /// List tokens, and what was granted to clients
    List,
    /// End a token, or what was granted to a client
    Revoke {
        /// Its name as it is listed
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Call it this
    #[arg(long)]
    pub(crate) name: String,
    /// Allow only this; may be repeated [default: all]
    #[arg(long, value_parser = scopes())]
    pub(crate) scope: Vec<Scope>,
    /// Allow only what a rule says, such as 'path:Projects/**', or '-tag:private' for all but that; may be repeated
    #[arg(long, value_name = "RULE", allow_hyphen_values = true)]
    rule: Vec<String>,
    /// Allow only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    collection: Vec<String>,
    /// Allow only notes with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Allow only notes whose path matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// Take rules that hide nothing yet, such as '-path:Diary' before there is such a folder
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// End it after so long: 12h, 90d [default: never]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub(crate) expires: Option<Duration>,
}

impl CreateArgs {
    /// Every rule, however it was written.
    pub(crate) fn rules(&self) -> Vec<String> {
        let of = |kind: &'static str, values: &[String]| {
            values.iter().map(move |value| format!("{kind}:{value}")).collect::<Vec<_>>()
        };
        let named =
            [of("collection", &self.collection), of("tag", &self.tag), of("path", &self.path)].concat();
        self.rule.iter().cloned().chain(named).collect()
    }
}

/// Who is let in to a server.
#[derive(Debug, Default, Args)]
pub(crate) struct AccessArgs {
    /// Let in everybody who can connect, who has a token, or who signs in [default: as --public-url, users and tokens
    /// have it]
    #[arg(long, value_name = "WHO", value_parser = admissions())]
    pub(crate) auth: Option<Admission>,
    /// Take no clients that register themselves
    #[arg(long)]
    pub(crate) no_registration: bool,
    /// Take clients that describe themselves only from this host; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) client_host: Vec<String>,
    /// Believe this proxy who it calls for (X-Forwarded-For); may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) trusted_proxy: Vec<IpAddr>,
}

/// What `--auth` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Everybody who can connect.
    None,
    /// Who has a token that `ibid token` made.
    Token,
    /// Who has one, or signs in.
    OAuth,
}

fn admissions() -> impl TypedValueParser<Value = Admission> {
    PossibleValuesParser::new(["none", "token", "oauth"]).map(|typed| match typed.as_str() {
        "none" => Admission::None,
        "token" => Admission::Token,
        _ => Admission::OAuth,
    })
}

fn scopes() -> impl TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::name))
        .map(|typed| Scope::ALL.into_iter().find(|scope| scope.name() == typed).unwrap_or(Scope::Search))
}

/// A number and a unit: m, h, d.
fn lifetime(typed: &str) -> Result<Duration, String> {
    let wrong = || "it takes a number and a unit: 30m, 12h, 90d".to_owned();
    let (number, unit) = typed.split_at_checked(typed.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_has_a_unit() {
        for (typed, seconds) in [("30m", Some(1800)), ("12h", Some(43_200)), ("90d", Some(7_776_000))] {
            assert_eq!(lifetime(typed).ok().map(|time| time.as_secs()), seconds);
        }
        for typed in ["", "d", "90", "0d", "-1d", "1w", "1é", "9999999999d"] {
            assert!(lifetime(typed).is_err(), "{typed}");
        }
    }
}
