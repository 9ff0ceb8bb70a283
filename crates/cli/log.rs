//! What servers write about their work: lines on standard error, since standard output may be the wire.

use std::io::{self, IsTerminal};

use ibid_server::Traces;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::environment;

/// Begins to log: what `RUST_LOG` asks for, else warnings of everybody and the news of our own crates.
pub(crate) fn start(verbose: bool, quiet: bool) {
    start_with(verbose, quiet, None);
}

/// The same, and traces, if there are any, see what they are of.
pub(crate) fn start_with(verbose: bool, quiet: bool, traces: Option<&Traces>) {
    let own = match (verbose, quiet) {
        (true, _) => Level::DEBUG,
        (_, true) => Level::WARN,
        (_, false) => Level::INFO,
    };
    let usual = || {
        let ours = ["ibid", "ibid_server", "ibid_search", "ibid_index", "ibid_embed"].map(|name| (name, own));
        Targets::new().with_default(Level::WARN).with_targets(ours)
    };
    let asked = environment::log_directives().map(|directives| directives.parse::<Targets>());
    let is_nonsense = matches!(asked, Some(Err(_)));
    let targets = asked.and_then(Result::ok).unwrap_or_else(usual);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).with_target(false);
    // Fails only where somebody else logs already, and then there is a log.
    let traced = traces.map(Traces::layer);
    let _ = tracing_subscriber::registry().with(traced).with(lines.with_filter(targets)).try_init();
    if is_nonsense {
        tracing::warn!("RUST_LOG cannot be read; it looks like warn,ibid_server=debug");
    }
}
