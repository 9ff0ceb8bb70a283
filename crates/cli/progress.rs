//! What a run of the indexer shows while it runs: a bar on a terminal, a line now and then elsewhere. All of it goes to
//! standard error.

mod asking;
mod checking;
mod fetching;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use ibid_core::amount::{bytes, grouped, many};
use ibid_core::id::CollectionName;
use ibid_indexer::{Plan, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;
use crate::stop::{Owed, Stop};
use crate::text::duration;

pub(crate) use asking::Asking;
pub(crate) use checking::Checking;
pub(crate) use fetching::Fetching;

/// How long the lines for logs are apart.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// How often the bar is drawn, so that the clock on it goes on while a long file is embedded.
const TICK: Duration = Duration::from_millis(125);

const BEFORE_PLAN: &str = "{spinner} {prefix}: {msg}";
const WITH_BAR: &str = "{spinner} {prefix}: {bar:24} {decimal_bytes}/{decimal_total_bytes} {msg}";

const WITH_CHUNKS: &str = "{spinner} {prefix}: {bar:24} {human_pos}/{human_len} chunks {msg}";

/// How one run is shown.
pub(crate) struct Shown {
    name: CollectionName,
    face: Face,
    plan: OnceLock<(Instant, Plan)>,
    /// When the words were all there, and how many chunks had been embedded and had still to be.
    filling: OnceLock<(Instant, u64, u64)>,
    bytes: AtomicU64,
    files: AtomicU64,
    chunks: AtomicU64,
    commits: AtomicU64,
    stop: Arc<Stop>,
    /// Held for a look.
    owed: Mutex<Option<Owed>>,
}

enum Face {
    Silent,
    Bar(ProgressBar),
    /// When the last line was printed.
    Lines(Mutex<Instant>),
}

impl Shown {
    /// Begins to show a run that ends when `stop` is asked for; shows nothing where that is not wanted.
    pub(crate) fn new(name: &CollectionName, quiet: bool, stop: Arc<Stop>) -> Shown {
        let face = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Face::Silent,
            (_, false) => Face::Lines(Mutex::new(Instant::now())),
            (_, true) => {
                let bar =
                    ProgressBar::new_spinner().with_style(style(BEFORE_PLAN)).with_prefix(name.to_string());
                bar.set_message("looking for files");
                bar.enable_steady_tick(TICK);
                Face::Bar(bar)
            }
        };
        Shown {
            name: name.clone(),
            face,
            plan: OnceLock::new(),
            filling: OnceLock::new(),
            bytes: AtomicU64::new(0),
            files: AtomicU64::new(0),
            chunks: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            stop,
            owed: Mutex::new(None),
        }
    }

    fn tell_pages(&self, pages: u64) {
        match &self.face {
            Face::Silent => {}
            Face::Bar(bar) => bar.set_message(format!("{} asked for", many(pages, "page"))),
            Face::Lines(last) => {
                // Held for a look at the clock; one thread asks.
                let Ok(mut last) = last.try_lock() else { return };
                if last.elapsed() >= LINE_INTERVAL {
                    *last = Instant::now();
                    drop(last);
                    self.line(&format!("{} asked for", many(pages, "page")));
                }
            }
        }
    }

    /// Says how far a run is that is cut off here, and that `command` goes on.
    pub(crate) fn break_off(&self, command: &str) {
        if let Face::Bar(bar) = &self.face {
            bar.finish_and_clear();
        }
        if !matches!(self.face, Face::Silent) {
            self.line(&format!("{}; run `{command}` to go on", self.broken_off()));
        }
    }

    fn broken_off(&self) -> String {
        let (files, chunks) = (self.files.load(Ordering::Relaxed), self.chunks.load(Ordering::Relaxed));
        match self.plan.get() {
            None => "stopped before anything was read".to_owned(),
            Some((_, plan)) => {
                let read = format!("{} of {} read", grouped(files), many(plan.files as u64, "file"));
                match plan.kept {
                    _ if self.commits.load(Ordering::Relaxed) > 0 => "stopped after a commit".to_owned(),
                    Some(kept) if kept + chunks > 0 => {
                        format!("stopped: {} embedded and kept, {read}", many(kept + chunks, "chunk"))
                    }
                    _ => format!("stopped: {read}, nothing committed yet"),
                }
            }
        }
    }

    /// What is indexed.
    pub(crate) fn name(&self) -> &CollectionName {
        &self.name
    }

    /// How many chunks this run has embedded.
    pub(crate) fn chunks(&self) -> u64 {
        self.chunks.load(Ordering::Relaxed)
    }

    /// Clears the bar. What came of the run is for the report to say.
    pub(crate) fn finish(&self) {
        self.owes_commit(false);
        match &self.face {
            Face::Bar(bar) => bar.finish_and_clear(),
            Face::Lines(_) if self.plan.get().is_some_and(|(_, plan)| plan.files > 0) => {
                self.line(&self.so_far())
            }
            Face::Lines(_) | Face::Silent => {}
        }
    }

    fn tell(&self) {
        match &self.face {
            Face::Silent => {}
            Face::Bar(bar) => {
                bar.set_position(match self.filling.get() {
                    Some((_, before, _)) => self.chunks.load(Ordering::Relaxed) - before,
                    None => self.bytes.load(Ordering::Relaxed),
                });
                bar.set_message(self.rate_and_rest());
            }
            Face::Lines(last) => {
                // Held for a look at the clock; who comes meanwhile has nothing to add.
                let Ok(mut last) = last.try_lock() else { return };
                if last.elapsed() >= LINE_INTERVAL {
                    *last = Instant::now();
                    drop(last);
                    self.line(&format!("{}, {}", self.so_far(), self.rate_and_rest()));
                }
            }
        }
    }

    fn so_far(&self) -> String {
        let plan = self.plan.get().map_or(0, |(_, plan)| plan.bytes);
        let (files, read) = (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        let chunks = self.chunks.load(Ordering::Relaxed);
        let mut line = format!("{} read ({} of {})", many(files, "file"), bytes(read), bytes(plan));
        if chunks > 0 {
            line.push_str(&format!(", {} embedded", many(chunks, "chunk")));
        }
        line
    }

    /// How fast it goes and how long it will take, from the bytes that are done.
    fn rate_and_rest(&self) -> String {
        if let Some(&(began, before, all)) = self.filling.get() {
            let done = self.chunks.load(Ordering::Relaxed) - before;
            let seconds = began.elapsed().as_secs_f64().max(0.001);
            let rate = grouped((done as f64 / seconds).round() as u64);
            let rest = seconds * all.saturating_sub(done) as f64 / done.max(1) as f64;
            return match done {
                0 => "words can be searched; embedding".to_owned(),
                _ => format!("{rate} chunks/s, {} left", duration(rest.ceil() as u64)),
            };
        }
        let Some((began, plan)) = self.plan.get() else { return String::new() };
        let (seconds, done) = (began.elapsed().as_secs_f64(), self.bytes.load(Ordering::Relaxed));
        let chunks = self.chunks.load(Ordering::Relaxed);
        let mut shown = match chunks {
            0 => format!("{}/s", bytes((done as f64 / seconds.max(0.001)) as u64)),
            _ => format!("{} chunks/s", grouped((chunks as f64 / seconds.max(0.001)).round() as u64)),
        };
        if done >= plan.bytes {
            shown.push_str(", writing");
        } else if done > 0 {
            let rest = seconds * (plan.bytes - done) as f64 / done as f64;
            shown.push_str(&format!(", {} left", duration(rest.ceil() as u64)));
        }
        shown
    }

    fn line(&self, words: &str) {
        // A closed standard error is no reason to stop indexing.
        let _ = writeln!(output::err(), "{}: {words}", self.name);
    }
}

impl Progress for Shown {
    fn fetched(&self, pages: u64) {
        self.tell_pages(pages);
    }

    fn planned(&self, plan: &Plan) {
        let _ = self.plan.set((Instant::now(), *plan));
        match &self.face {
            Face::Silent => {}
            Face::Bar(bar) => {
                bar.set_length(plan.bytes);
                bar.set_style(style(WITH_BAR));
            }
            Face::Lines(_) => self.line(&format!(
                "{} to read ({}), {} unchanged, {} gone",
                many(plan.files as u64, "file"),
                bytes(plan.bytes),
                grouped(plan.unchanged as u64),
                grouped(plan.gone as u64)
            )),
        }
    }

    fn document(&self, bytes: u64, _embedded: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.files.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn embedded(&self) {
        self.chunks.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn committed(&self, _generation: u64) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn is_stopped(&self) -> bool {
        self.stop.asked().is_some()
    }

    fn owes_commit(&self, owes: bool) {
        // The new one is there before the old one goes.
        let owed = owes.then(|| self.stop.owe());
        *self.owed.lock().unwrap_or_else(PoisonError::into_inner) = owed;
    }

    fn filling(&self, chunks: u64) {
        let _ = self.filling.set((Instant::now(), self.chunks.load(Ordering::Relaxed), chunks));
        match &self.face {
            Face::Silent => {}
            Face::Bar(bar) => {
                bar.set_length(chunks);
                bar.set_position(0);
                bar.set_style(style(WITH_CHUNKS));
            }
            Face::Lines(_) => {
                self.line(&format!("words can be searched; {} to embed", many(chunks, "chunk")))
            }
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates are constants, and a test parses them")
        .progress_chars("━╸ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_parse() {
        for template in [BEFORE_PLAN, WITH_BAR, WITH_CHUNKS] {
            style(template);
        }
    }

    #[test]
    fn a_run_tells_what_is_done_and_how_much_is_left() {
        let shown = Shown::new(&"garden".parse().unwrap(), true, Arc::default());
        shown.planned(&Plan { files: 2, bytes: 4_000, unchanged: 0, gone: 0, kept: None });
        shown.embedded();
        shown.document(1_000, 1);
        assert_eq!(shown.so_far(), "1 file read (1.0 kB of 4.0 kB), 1 chunk embedded");
        assert!(shown.rate_and_rest().ends_with(" left"), "{}", shown.rate_and_rest());
        shown.document(3_000, 0);
        assert!(shown.rate_and_rest().ends_with(", writing"));
    }

    #[test]
    fn a_run_that_is_cut_off_tells_how_far_it_is() {
        let shown = || Shown::new(&"garden".parse().unwrap(), true, Arc::default());
        let planned = |kept| {
            let shown = shown();
            shown.planned(&Plan { files: 2_010, bytes: 4_000, unchanged: 0, gone: 0, kept });
            shown.document(1_000, 1);
            shown
        };
        assert_eq!(shown().broken_off(), "stopped before anything was read");
        assert_eq!(planned(None).broken_off(), "stopped: 1 of 2,010 files read, nothing committed yet");
        assert_eq!(planned(Some(0)).broken_off(), planned(None).broken_off());
        let anew = planned(Some(850));
        anew.embedded();
        assert_eq!(anew.broken_off(), "stopped: 851 chunks embedded and kept, 1 of 2,010 files read");
        anew.committed(2);
        assert_eq!(anew.broken_off(), "stopped after a commit");
    }
}
