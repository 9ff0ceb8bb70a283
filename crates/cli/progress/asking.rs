//! A bar while the questions of a dataset are asked. Logs get no line of it: it takes seconds, seldom minutes.

use std::io::{self, IsTerminal};

use indicatif::ProgressBar;

use super::{TICK, style};

const BAR: &str = "{spinner} {prefix}: {bar:24} {human_pos}/{human_len} questions asked, {eta} left";

/// How the asking is shown.
pub(crate) struct Asking(ProgressBar);

impl Asking {
    /// Begins to show that `questions` will be asked; nothing where no person looks.
    pub(crate) fn new(name: &str, questions: usize, quiet: bool) -> Asking {
        if quiet || !io::stderr().is_terminal() {
            return Asking(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(questions as u64).with_style(style(BAR)).with_prefix(name.to_owned());
        bar.enable_steady_tick(TICK);
        Asking(bar)
    }

    /// One more has been asked.
    pub(crate) fn asked(&self) {
        self.0.inc(1);
    }

    /// Clears the bar.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_template_parses() {
        super::super::style(super::BAR);
    }
}
