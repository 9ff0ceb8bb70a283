//! The threads that look at passwords, and nothing else does. A look takes 19 MiB: each thread has its own for good, so a
//! hundred logins at once take no more than two.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{Semaphore, oneshot};

use super::password::Room;

/// How many passwords are looked at at once: each takes a core too.
pub(crate) const AT_ONCE: usize = 2;

type Look = Box<dyn FnOnce(&mut Room) + Send>;

/// The way to the threads; they end with it.
#[derive(Debug)]
pub(crate) struct Hashing {
    looks: Sender<Look>,
    /// One for each look that waits for a thread or is under way, whether anybody waits for its end or not.
    places: Arc<Semaphore>,
}

/// Nobody looked: the threads broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("passwords cannot be looked at")]
pub(crate) struct NoLook;

impl Hashing {
    pub(crate) fn start() -> io::Result<Hashing> {
        let (looks, waiting) = channel::<Look>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            let waiting = waiting.clone();
            thread::Builder::new().name("password".to_owned()).spawn(move || work(&waiting))?;
        }
        Ok(Hashing { looks, places: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Whether a password is the one of this hash, as [`Room::is_right`]; waits until it is its turn.
    pub(crate) async fn is_right(&self, password: String, kept: Option<String>) -> Result<bool, NoLook> {
        let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (tell, told) = oneshot::channel();
        let look = move |room: &mut Room| {
            let is_right = room.is_right(&password, kept.as_deref());
            drop(place);
            // Nobody may wait for it any more.
            let _ = tell.send(is_right);
        };
        self.looks.send(Box::new(look)).map_err(|_| NoLook)?;
        told.await.map_err(|_| NoLook)
    }

    /// How many more could be looked at now.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.places.available_permits()
    }

    /// Takes every place there is, so that all others wait.
    #[cfg(test)]
    pub(crate) async fn hold_up(&self) -> tokio::sync::OwnedSemaphorePermit {
        let all = self.places.clone().acquire_many_owned(AT_ONCE as u32);
        all.await.expect("the semaphore is never closed")
    }
}

fn work(waiting: &Mutex<Receiver<Look>>) {
    let mut room = Room::new();
    loop {
        // Held while waiting: the other thread waits for the lock instead.
        let look = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(look) = look else { return };
        look(&mut room);
    }
}
