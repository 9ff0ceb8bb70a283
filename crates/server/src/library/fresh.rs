//! Waits until what was saved before a question can be found. Who indexes is told to the library; it does not index.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_index::ReadError;
use tokio::sync::Mutex;

use super::Library;
use super::trouble::may_know;
use crate::viewer::Viewer;

/// Brings a collection up to its folder, by its words at least, and says whether that went well. Blocks. What went wrong
/// is for whoever runs the server, and told there.
pub type Freshen = Box<dyn Fn(&CollectionName) -> bool + Send + Sync>;

#[derive(Default)]
pub(super) struct Fresh {
    freshen: OnceLock<Freshen>,
    /// What the last look at all the folders found. Held while they are looked at.
    last: Arc<Mutex<Option<Look>>>,
}

struct Look {
    began: Instant,
    /// Collections that could not be brought up to their folders.
    failed: Vec<CollectionName>,
}

impl Library {
    /// Names who brings collections up to their folders, once.
    pub fn freshen_with(&self, freshen: Freshen) {
        // A second one would do the same.
        let _ = self.fresh.freshen.set(freshen);
    }

    /// Waits until what was saved before the call can be found by its words, at most `limit`, and gives a note where that
    /// is not known, with the names alone that `viewer` may know. Calls at the same time share one look at the folders.
    pub async fn wait_fresh(self: &Arc<Self>, viewer: &Viewer, limit: Duration) -> Option<String> {
        let asked = Instant::now();
        if self.fresh.freshen.get().is_none() {
            return Some(
                "this server does not follow its folders: notes saved since may be missing".to_owned(),
            );
        }
        let library = self.clone();
        let look = async move {
            let mut last = library.fresh.last.clone().lock_owned().await;
            let work = move || {
                if last.as_ref().is_none_or(|look| look.began < asked) {
                    *last = Some(library.look_at_folders());
                }
                last.as_ref().map(|look| look.failed.clone()).unwrap_or_default()
            };
            tokio::task::spawn_blocking(work).await
        };
        let not_looked = "the folders could not be looked at: notes saved since may be missing".to_owned();
        let failed = match tokio::time::timeout(limit, look).await {
            Ok(Ok(failed)) => failed,
            Ok(Err(error)) => {
                tracing::error!(%error, "looking at the folders broke off");
                return Some(not_looked);
            }
            Err(_) => {
                let seconds = limit.as_secs();
                return Some(format!(
                    "indexing took longer than {seconds} s: notes saved last may be missing"
                ));
            }
        };
        match self.known_to(viewer, failed) {
            Ok(failed) if failed.is_empty() => None,
            Ok(failed) => {
                let names: Vec<_> = failed.iter().map(CollectionName::as_str).collect();
                let names = names.join(", ");
                Some(format!("{names} could not be brought up to date: notes saved since may be missing"))
            }
            Err(error) => {
                tracing::error!(%error, "what a viewer sees cannot be told");
                Some(not_looked)
            }
        }
    }

    /// Those of the collections that `viewer` may know of.
    fn known_to(
        &self,
        viewer: &Viewer,
        mut names: Vec<CollectionName>,
    ) -> Result<Vec<CollectionName>, ReadError> {
        if !names.is_empty() {
            let seen = self.seen_by(viewer)?;
            names.retain(|name| may_know(viewer, name, &seen));
        }
        Ok(names)
    }

    fn look_at_folders(self: &Arc<Self>) -> Look {
        let began = Instant::now();
        let Some(freshen) = self.fresh.freshen.get() else { return Look { began, failed: Vec::new() } };
        let mut failed = self.open_names();
        failed.retain(|name| !freshen(name));
        match self.refresh() {
            // One that was removed meanwhile has nothing that could be missing.
            Ok(_) => failed.retain(|name| self.shelf().holds(name)),
            Err(error) => {
                tracing::warn!(%error, "cannot look at the collections");
                failed = self.open_names();
            }
        }
        // Not those of this look alone: what is known not to open is not tried each time.
        failed.extend(self.shelf().troubled.keys().cloned());
        failed.sort();
        failed.dedup();
        Look { began, failed }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};

    use super::*;
    use crate::testing;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn who_follows_nothing_says_so() {
        let garden = testing::garden();
        let note = garden.library.wait_fresh(&Viewer::owner(), LONG).await.unwrap();
        assert!(note.contains("does not follow"), "{note}");
    }

    #[tokio::test]
    async fn what_cannot_be_brought_up_to_date_is_named() {
        let garden = testing::garden();
        let library = garden.library.clone();
        library.freshen_with(Box::new(|_| false));
        let note = library.wait_fresh(&Viewer::owner(), LONG).await.unwrap();
        assert!(note.starts_with("garden could not be brought up to date"), "{note}");
    }

    #[tokio::test]
    async fn a_collection_that_was_removed_meanwhile_is_not_missed() {
        let garden = testing::garden();
        let (library, store) = (garden.library.clone(), garden.library.store().clone());
        library.freshen_with(Box::new(move |name| store.remove(name).is_err()));
        assert_eq!(library.wait_fresh(&Viewer::owner(), LONG).await, None);
    }

    #[tokio::test]
    async fn what_is_indexed_and_cannot_be_opened_is_not_fresh() {
        let garden = testing::garden();
        let library = garden.library.clone();
        library.freshen_with(Box::new(|_| true));
        assert_eq!(library.wait_fresh(&Viewer::owner(), LONG).await, None);
        testing::break_collection(library.store(), "garden");
        // The second time it is known, and not tried again.
        for _ in 0..2 {
            let note = library.wait_fresh(&Viewer::owner(), LONG).await.unwrap();
            assert!(note.starts_with("garden could not be brought up to date"), "{note}");
        }
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_limit() {
        let garden = testing::garden();
        let library = garden.library.clone();
        let (go_on, gone_on) = std::sync::mpsc::channel::<()>();
        let gone_on = std::sync::Mutex::new(gone_on);
        library.freshen_with(Box::new(move |_| {
            // Until it may go on; from then on at once.
            let _ = gone_on.lock().unwrap().recv();
            true
        }));
        let note = library.wait_fresh(&Viewer::owner(), Duration::from_millis(1)).await.unwrap();
        assert!(note.starts_with("indexing took longer than"), "{note}");
        drop(go_on);
        assert_eq!(
            library.wait_fresh(&Viewer::owner(), LONG).await,
            None,
            "who comes later has the look that began after"
        );
    }

    #[tokio::test]
    async fn calls_at_the_same_time_share_a_look_that_began_after_all_of_them() {
        let garden = testing::garden();
        let library = garden.library.clone();
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = looks.clone();
        library.freshen_with(Box::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            true
        }));
        // All ask while somebody holds the look, so none of them can have begun before the last has asked.
        let held = library.fresh.last.clone().lock_owned().await;
        let owner = Viewer::owner();
        let mut calls: Vec<_> = (0..20).map(|_| Box::pin(library.wait_fresh(&owner, LONG))).collect();
        for call in &mut calls {
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        drop(held);
        for call in calls {
            assert_eq!(call.await, None);
        }
        assert_eq!(looks.load(Ordering::SeqCst), 1);
    }
}
