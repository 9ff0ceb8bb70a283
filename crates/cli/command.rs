//! One command a file. This is only the way to them.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod doctor;
pub(crate) mod fetch;
pub(crate) mod index;
pub(crate) mod mcp;
pub(crate) mod measure;
pub(crate) mod models;
pub(crate) mod related;
pub(crate) mod remove;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod verify;
pub(crate) mod watch;

use crate::args::{Cli, Command};
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};

/// Runs what the command line asks for.
pub(crate) fn run(cli: &Cli) -> Result<Outcome, Failure> {
    let environment = Environment::new(&cli.global)?;
    match &cli.command {
        Command::Index(args) => index::run(args, &environment),
        Command::Search(args) => search::run(args, environment),
        Command::Fetch(args) => fetch::run(args, &environment),
        Command::Verify(args) => verify::run(args, &environment),
        Command::Related(args) => related::run(args, &environment),
        Command::Status(args) => status::run(args, &environment),
        Command::Check(args) => check::run(args, &environment),
        Command::Config(args) => config::run(args, &environment),
        Command::Remove(args) => remove::run(args, &environment),
        Command::Models(args) => models::run(args, &environment),
        Command::Measure(args) => measure::run(args, &environment),
        Command::Watch(args) => watch::run(args, environment),
        Command::Serve(args) => serve::run(args, environment),
        Command::Mcp(args) => mcp::run(args, environment),
        Command::Doctor(args) => doctor::run(args, &environment),
        Command::Audit(args) => audit::run(args, &environment),
        Command::Connect(args) => connect::run(args, &environment),
        Command::User(args) => user::run(args, &environment),
        Command::Token(args) => token::run(args, &environment),
        Command::Bench(args) => bench::run(args, &environment),
    }
}

/// Whether programs read what a command prints.
pub(crate) fn answers_in_json(command: &Command) -> bool {
    match command {
        Command::Index(args) => args.json,
        Command::Search(args) => args.json,
        Command::Fetch(args) => args.json,
        Command::Verify(args) => args.json,
        Command::Related(args) => args.json,
        Command::Status(args) => args.json,
        Command::Check(args) => args.json,
        Command::Config(args) => args.json,
        Command::Models(args) => args.json,
        Command::Measure(args) => args.json,
        Command::Doctor(args) => args.json,
        Command::Audit(args) => args.json,
        Command::Bench(args) => args.json,
        Command::Remove(_)
        | Command::Watch(_)
        | Command::Serve(_)
        | Command::Mcp(_)
        | Command::Connect(_)
        | Command::User(_)
        | Command::Token(_) => false,
    }
}
