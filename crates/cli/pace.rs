//! How much of the machine indexing may take, so that whoever works there does not notice it. Embedding is nearly all
//! of the work, and all that is held back.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};
use ibid_indexer::Model;

/// What part of all cores indexing may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    /// How many threads.
    pub(crate) threads: NonZero<usize>,
    /// The part of the time in which each of them embeds, above 0 and up to 1.
    duty: f64,
}

impl Pace {
    /// So many percent of `cores`, 1 to 100: as few threads as can take them, each at work for a part of the time.
    pub(crate) fn of(percent: u8, cores: NonZero<usize>) -> Pace {
        let wanted = f64::from(percent.clamp(1, 100)) / 100.0 * cores.get() as f64;
        let threads = NonZero::new(wanted.ceil() as usize).unwrap_or(NonZero::<usize>::MIN);
        Pace { threads, duty: (wanted / threads.get() as f64).min(1.0) }
    }

    /// The model, which rests after each text where it must.
    pub(crate) fn hold_back(self, model: Model) -> Model {
        if self.duty >= 1.0 {
            return model;
        }
        Model { embedder: Arc::new(Paced { embedder: model.embedder, duty: self.duty }), ..model }
    }
}

struct Paced {
    embedder: Arc<dyn Embedder>,
    duty: f64,
}

struct PacedWorker {
    worker: Box<dyn EmbedWorker + Send>,
    duty: f64,
}

impl Embedder for Paced {
    fn identity(&self) -> &ModelIdentity {
        self.embedder.identity()
    }

    fn languages(&self) -> Option<&'static [&'static str]> {
        self.embedder.languages()
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        Ok(Box::new(PacedWorker { worker: self.embedder.worker()?, duty: self.duty }))
    }
}

impl EmbedWorker for PacedWorker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let began = Instant::now();
        let vector = self.worker.embed_document(text);
        thread::sleep(rest(began.elapsed(), self.duty));
        vector
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.worker.embed_query(text)
    }

    fn batch(&self) -> usize {
        self.worker.batch()
    }

    fn embed_documents(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let began = Instant::now();
        let vectors = self.worker.embed_documents(texts);
        thread::sleep(rest(began.elapsed(), self.duty));
        vectors
    }
}

/// How long to rest after work of a length, so that the work is this part of both.
fn rest(worked: Duration, duty: f64) -> Duration {
    worked.mul_f64(1.0 / duty - 1.0)
}

/// Lets every other program go first, for as long as this thread and those that it starts live. Where the system has no
/// priority of single threads (all but Linux) nothing changes.
pub(crate) fn let_others_go_first() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(LOW_PRIORITY) {
        tracing::debug!(%error, "the priority stays as it is");
    }
}

/// What `nice` adds by itself.
#[cfg(target_os = "linux")]
const LOW_PRIORITY: i32 = 10;

/// How long an answer about the battery holds.
const BATTERY_HOLDS: Duration = Duration::from_secs(20);

/// Whether the machine runs on its battery. Asks the system now and then.
#[derive(Default)]
pub(crate) struct Power {
    seen: Mutex<Option<(Instant, bool)>>,
}

impl Power {
    /// Whether a battery is being emptied; a machine that has none, or does not tell, is on the mains.
    pub(crate) fn is_on_battery(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            Some((when, answer)) if when.elapsed() < BATTERY_HOLDS => answer,
            _ => {
                let answer = some_battery_is_emptied();
                *seen = Some((Instant::now(), answer));
                answer
            }
        }
    }
}

fn some_battery_is_emptied() -> bool {
    let batteries = starship_battery::Manager::new().and_then(|manager| manager.batteries());
    batteries.is_ok_and(|batteries| {
        batteries.flatten().any(|battery| battery.state() == starship_battery::State::Discharging)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(percent: u8, cores: usize, threads: usize, duty: f64) {
        let pace = Pace::of(percent, NonZero::new(cores).unwrap());
        assert_eq!((pace.threads.get(), pace.duty), (threads, duty), "{percent} % of {cores}");
    }

    #[test]
    fn a_share_of_the_cores_is_threads_and_a_part_of_their_time() {
        check(100, 2, 2, 1.0);
        check(50, 2, 1, 1.0);
        check(50, 1, 1, 0.5);
        check(75, 2, 2, 0.75);
        check(25, 2, 1, 0.5);
        check(1, 4, 1, 0.04);
        check(0, 4, 1, 0.04);
        check(255, 4, 4, 1.0);
    }

    #[test]
    fn who_works_half_of_the_time_rests_as_long_as_it_worked() {
        let worked = Duration::from_millis(40);
        assert_eq!(rest(worked, 0.5), worked);
        assert_eq!(rest(worked, 1.0), Duration::ZERO);
        assert_eq!(rest(worked, 0.2), worked * 4);
    }
}
