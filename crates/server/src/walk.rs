//! The doctor's walk as the page that connects clients shows it: at most one at a time, on a thread of its own, its steps
//! to be seen while it goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

use crate::doctor::{Attendant, Finding, Step, Visit, Walker, visit};

/// The last walk, which may be under way. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Walks {
    // Held for a copy, never across an await.
    last: Arc<Mutex<Option<Walked>>>,
    /// Told of every step.
    news: Arc<Notify>,
}

/// What is known of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Whose way.
    pub(crate) walker: Walker,
    /// When it began, in seconds since 1970.
    pub(crate) begun_at: u64,
    /// The steps that ended, in order.
    pub(crate) steps: Vec<(Step, Finding)>,
    /// The page on which the person is waited for.
    pub(crate) sign_in: Option<String>,
    /// Whether it goes on.
    pub(crate) is_under_way: bool,
    /// Whether the person called it off.
    pub(crate) is_called_off: bool,
}

/// A walk is under way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnderWay;

impl Walks {
    /// The last walk as it is now.
    pub(crate) fn last(&self) -> Option<Walked> {
        self.held().clone()
    }

    /// Begins one to the MCP address `address`.
    pub(crate) fn begin(&self, address: String, walker: Walker, now: u64) -> Result<(), UnderWay> {
        self.begin_with(walker, now, move |attendant| {
            visit(&Visit { address, walker, token: None, authorities: None }, attendant);
        })
    }

    /// `walk` tells the attendant what it finds.
    fn begin_with(
        &self,
        walker: Walker,
        now: u64,
        walk: impl FnOnce(&mut dyn Attendant) + Send + 'static,
    ) -> Result<(), UnderWay> {
        let mut last = self.held();
        if last.as_ref().is_some_and(|last| last.is_under_way) {
            return Err(UnderWay);
        }
        *last = Some(Walked {
            walker,
            begun_at: now,
            steps: Vec::new(),
            sign_in: None,
            is_under_way: true,
            is_called_off: false,
        });
        drop(last);
        let walks = self.clone();
        let walk = move || {
            // Tells that the walk is over also where it panics.
            let mut attending = Attending(walks);
            walk(&mut attending);
        };
        if let Err(error) = thread::Builder::new().name("ibid-doctor".to_owned()).spawn(walk) {
            tracing::error!(%error, "the doctor cannot set out");
            self.note(|walked| walked.is_under_way = false);
        }
        Ok(())
    }

    /// Lets a walk that waits for a person end.
    pub(crate) fn call_off(&self) {
        self.note(|walked| walked.is_called_off = walked.is_under_way);
    }

    /// Waits until the walk is over or waits for a person, or until `limit` has passed.
    pub(crate) async fn rest(&self, limit: Duration) {
        let over = async {
            loop {
                let told = self.news.notified();
                tokio::pin!(told);
                // From here on no news is missed.
                told.as_mut().enable();
                if self.last().is_none_or(|walked| !walked.is_under_way || walked.sign_in.is_some()) {
                    return;
                }
                told.await;
            }
        };
        // What is known by then is shown.
        let _ = tokio::time::timeout(limit, over).await;
    }

    fn held(&self) -> MutexGuard<'_, Option<Walked>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: impl FnOnce(&mut Walked)) {
        if let Some(walked) = self.held().as_mut() {
            change(walked);
        }
        self.news.notify_waiters();
    }
}

/// Watches one walk.
struct Attending(Walks);

impl Attendant for Attending {
    fn found(&mut self, step: Step, finding: &Finding) {
        self.0.note(|walked| {
            walked.sign_in = None;
            walked.steps.push((step, finding.clone()));
        });
    }

    fn sign_in(&mut self, page: &str) -> bool {
        self.0.note(|walked| walked.sign_in = Some(page.to_owned()));
        true
    }

    fn has_left(&self) -> bool {
        self.0.last().is_some_and(|walked| walked.is_called_off)
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.0.note(|walked| (walked.is_under_way, walked.sign_in) = (false, None));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const NOW: u64 = 1_790_000_000;

    /// How long anything may take on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn one_walk_at_a_time_and_its_steps_are_seen_meanwhile() {
        let (walks, (go_on, gone_on)) = (Walks::default(), mpsc::channel::<()>());
        assert_eq!(walks.last(), None);
        let begun = walks.begin_with(Walker::Claude, NOW, move |attendant| {
            attendant.found(Step::Address, &Finding::Well("seen".to_owned()));
            assert!(attendant.sign_in("http://127.0.0.1/page"));
            gone_on.recv().unwrap();
            attendant.found(Step::Name, &Finding::Skipped("why"));
        });
        assert_eq!(begun, Ok(()));
        walks.rest(PATIENCE).await;
        let seen = walks.last().unwrap();
        assert_eq!((seen.steps.len(), seen.is_under_way), (1, true));
        assert_eq!(seen.sign_in.as_deref(), Some("http://127.0.0.1/page"));
        assert_eq!(walks.begin("http://127.0.0.1:1/mcp".to_owned(), Walker::Claude, NOW), Err(UnderWay));
        go_on.send(()).unwrap();
        while walks.last().unwrap().is_under_way {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let seen = walks.last().unwrap();
        assert_eq!((seen.steps.len(), seen.sign_in), (2, None));
    }

    #[tokio::test]
    async fn a_walk_that_breaks_off_is_over_and_another_may_begin() {
        let walks = Walks::default();
        for _ in 0..2 {
            walks.begin_with(Walker::ChatGpt, NOW, |_| panic!("of the test")).unwrap();
            walks.rest(PATIENCE).await;
            assert!(!walks.last().unwrap().is_under_way);
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_a_person_hears_that_they_left() {
        let walks = Walks::default();
        walks
            .begin_with(Walker::Claude, NOW, |attendant| {
                attendant.sign_in("page");
                while !attendant.has_left() {
                    thread::sleep(Duration::from_millis(1));
                }
            })
            .unwrap();
        walks.rest(PATIENCE).await;
        walks.call_off();
        while walks.last().unwrap().is_under_way {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
