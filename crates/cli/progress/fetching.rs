//! A bar for each file of a model while it is fetched; in logs a line for each that took longer than a moment.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ibid_core::amount::bytes;
use ibid_embed::zoo::FetchProgress;
use indicatif::ProgressBar;

use super::{LINE_INTERVAL, style};
use crate::output;

const BAR: &str = "{prefix}: {bar:24} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";

/// How the files of a model are shown as they come.
pub(crate) struct Fetching {
    is_seen: bool,
    now: Mutex<Option<File>>,
}

struct File {
    name: String,
    bar: ProgressBar,
    /// When the last line was printed for a log.
    last: Instant,
}

impl Fetching {
    /// Shows nothing yet.
    pub(crate) fn new() -> Fetching {
        Fetching { is_seen: io::stderr().is_terminal(), now: Mutex::default() }
    }
}

impl FetchProgress for Fetching {
    fn fetched(&self, name: &str, done: u64, total: u64) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match now.take() {
            Some(file) if file.name == name => file,
            _ => {
                let bar = if self.is_seen { ProgressBar::new(total) } else { ProgressBar::hidden() };
                let bar = bar.with_style(style(BAR)).with_prefix(name.to_owned());
                // A file that is gone on with did not come that quickly.
                bar.set_position(done);
                bar.reset_eta();
                File { name: name.to_owned(), bar, last: Instant::now() }
            }
        };
        file.bar.set_position(done);
        if done >= total {
            file.bar.finish_and_clear();
            return;
        }
        let is_due = !self.is_seen && file.last.elapsed() >= LINE_INTERVAL;
        if is_due {
            // A closed standard error is no reason to stop.
            let _ = writeln!(output::err(), "{name}: {} of {}", bytes(done), bytes(total));
        }
        *now = Some(File { last: if is_due { Instant::now() } else { file.last }, ..file });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_parses() {
        style(BAR);
    }

    #[test]
    fn a_file_that_is_there_is_not_shown_any_more() {
        let fetching = Fetching::new();
        let is_shown = || fetching.now.lock().unwrap().as_ref().map(|file| file.name.clone());
        fetching.fetched("a", 1, 2);
        assert_eq!(is_shown().as_deref(), Some("a"));
        fetching.fetched("b", 1, 2);
        assert_eq!(is_shown().as_deref(), Some("b"));
        fetching.fetched("b", 2, 2);
        assert_eq!(is_shown(), None);
    }
}
