//! The `ibid` command: flags, terminal, environment, exit codes. What it does is done by the crates it calls.

mod args;
mod ask;
mod command;
mod config;
mod connect;
mod environment;
mod failure;
mod figures;
mod follow;
mod json;
mod links;
mod log;
mod open;
mod output;
mod pace;
mod pager;
mod print;
mod progress;
mod stop;
mod text;
mod turn;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    failure::install_panic_hook();
    let cli = args::Cli::try_parse().unwrap_or_else(|error| failure::refuse(&error));
    cli.global.color.write_global();
    // To whoever started the program a panic is an error like any other, not exit code 101. The hook has told of it.
    failure::exit_code(
        std::panic::catch_unwind(|| command::run(&cli)),
        command::answers_in_json(&cli.command),
    )
}
