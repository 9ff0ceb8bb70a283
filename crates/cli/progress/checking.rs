//! A bar while a collection is checked; in logs a line now and then.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use ibid_core::amount::grouped;
use ibid_core::id::CollectionName;
use ibid_index::check::Step;
use indicatif::ProgressBar;

use super::{LINE_INTERVAL, TICK, style};
use crate::output;

const BAR: &str = "{spinner} {prefix}: {bar:24} {human_pos}/{human_len} {msg}";

/// How one check is shown.
pub(crate) struct Checking {
    name: CollectionName,
    bar: ProgressBar,
    /// When the last line for a log was printed; `None` where nobody wants lines.
    last: Option<Cell<Instant>>,
}

impl Checking {
    /// Begins to show a check; nothing where that is not wanted.
    pub(crate) fn new(name: &CollectionName, quiet: bool) -> Checking {
        let is_seen = io::stderr().is_terminal();
        let bar = match quiet || !is_seen {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(0).with_style(style(BAR)).with_prefix(name.to_string()),
        };
        bar.enable_steady_tick(TICK);
        let last = (!quiet && !is_seen).then(|| Cell::new(Instant::now()));
        Checking { name: name.clone(), bar, last }
    }

    /// The check is so far.
    pub(crate) fn at(&self, step: Step) {
        let (done, total, what) = match step {
            Step::Files(done, total) => (done, total, "files"),
            Step::Documents(done, total) => (done, total, "documents"),
        };
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(what);
        let Some(last) = self.last.as_ref().filter(|last| last.get().elapsed() >= LINE_INTERVAL) else {
            return;
        };
        last.set(Instant::now());
        // A closed standard error is no reason to stop.
        let _ = writeln!(output::err(), "{}: {} of {} {what}", self.name, grouped(done), grouped(total));
    }

    /// Clears the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_template_parses() {
        super::super::style(super::BAR);
    }
}
