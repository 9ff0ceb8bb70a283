//! The streams that are open: whose each is, how many there may be, and when one ends. What is sent on them is
//! [`super::sse`]'s business.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{OwnedPermit, Receiver, Sender, channel};

use crate::oauth::secret::{NoRandomness, Secret};

/// The most streams of one principal, and of all.
const MAX_STREAMS_EACH: usize = 16;
const MAX_STREAMS: usize = 256;

/// How many answers may lie on a stream, or be on their way to it, before its reader is told to read.
const MAX_ANSWERS: usize = 16;

/// Whose a stream is. A message of anybody else does not find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// As [`crate::oauth::principal::Principal::id`].
    pub(super) principal: String,
    /// The collection that alone is asked, where the stream was opened at that one's address.
    pub(super) only: Option<CollectionName>,
}

/// How long things may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How often it is looked whether a stream must end.
    pub(super) look: Duration,
    /// How long nobody may say anything.
    pub(super) idle: Duration,
    /// How long answers may lie unread.
    pub(super) unread: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            look: Duration::from_secs(5),
            idle: Duration::from_secs(30 * 60),
            unread: Duration::from_secs(60),
        }
    }
}

/// Every open stream.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(super) pace: Pace,
    // Held for a look into the table, never across an await.
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<String, Open>,
    /// The server is about to stop.
    is_closed: bool,
}

#[derive(Debug)]
struct Open {
    owner: Owner,
    answers: Sender<String>,
    said: Instant,
    taken: Arc<AtomicU64>,
    /// How many answers had been taken when it was last looked, and since when it is as many while some lie there.
    unread: (u64, Instant),
}

/// Why no stream was opened.
#[derive(Debug)]
pub(super) enum NotOpened {
    /// The principal has as many as one may have.
    TooMany,
    /// There are as many as there may be, or the server stops.
    NoRoom,
    NoRandomness,
}

impl From<NoRandomness> for NotOpened {
    fn from(NoRandomness: NoRandomness) -> NotOpened {
        NotOpened::NoRandomness
    }
}

/// Why an answer has no place on a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// There is no such stream for who asks.
    Unknown,
    /// What lies there is not read.
    Full,
}

impl Default for Streams {
    fn default() -> Streams {
        Streams::at(Pace::default())
    }
}

impl Streams {
    /// None yet; those that come last as `pace` says.
    pub(super) fn at(pace: Pace) -> Streams {
        Streams { pace, table: Mutex::default() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Each change is one insertion or removal, so the table is sound after a panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens one; it ends when its outlet is dropped.
    pub(super) fn open(self: &Arc<Self>, owner: Owner, now: Instant) -> Result<Outlet, NotOpened> {
        let id = Secret::draw()?.reveal().to_owned();
        let (sender, answers) = channel(MAX_ANSWERS);
        let taken = Arc::<AtomicU64>::default();
        let mut table = self.table();
        if table.is_closed || table.open.len() >= MAX_STREAMS {
            return Err(NotOpened::NoRoom);
        }
        if table.open.values().filter(|open| open.owner.principal == owner.principal).count()
            >= MAX_STREAMS_EACH
        {
            return Err(NotOpened::TooMany);
        }
        let open = Open { owner, answers: sender, said: now, taken: taken.clone(), unread: (0, now) };
        table.open.insert(id.clone(), open);
        Ok(Outlet { id, answers, taken, streams: self.clone() })
    }

    /// A place for one answer on the stream of that id, if it is `owner`'s.
    pub(super) fn place(
        &self,
        id: &str,
        owner: &Owner,
        now: Instant,
    ) -> Result<OwnedPermit<String>, NoPlace> {
        let mut table = self.table();
        let open = table.open.get_mut(id).filter(|open| open.owner == *owner).ok_or(NoPlace::Unknown)?;
        open.said = now;
        open.answers.clone().try_reserve_owned().map_err(|error| match error {
            TrySendError::Full(_) => NoPlace::Full,
            TrySendError::Closed(_) => NoPlace::Unknown,
        })
    }

    /// Ends a stream. What lies on it can still be read.
    pub(super) fn end(&self, id: &str) {
        self.table().open.remove(id);
    }

    /// Ends all, and opens no more.
    pub(crate) fn close(&self) {
        let mut table = self.table();
        table.is_closed = true;
        table.open.clear();
    }

    /// Whether a stream is open and is used: somebody spoke, and what lies on it is read.
    pub(super) fn is_used(&self, id: &str, now: Instant) -> bool {
        let mut table = self.table();
        let Some(open) = table.open.get_mut(id) else { return false };
        let taken = open.taken.load(Ordering::Relaxed);
        if taken != open.unread.0 || open.answers.capacity() == open.answers.max_capacity() {
            open.unread = (taken, now);
        }
        now - open.said < self.pace.idle && now - open.unread.1 < self.pace.unread
    }
}

/// The end of a stream that its reader holds.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Names the stream: as long as a token, and worth nothing without its owner's.
    pub(super) id: String,
    answers: Receiver<String>,
    taken: Arc<AtomicU64>,
    streams: Arc<Streams>,
}

impl Outlet {
    /// The next answer; `None` when the stream has ended.
    pub(super) async fn next(&mut self) -> Option<String> {
        let answer = self.answers.recv().await;
        self.taken.fetch_add(1, Ordering::Relaxed);
        answer
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.streams.end(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(principal: &str) -> Owner {
        Owner { principal: principal.to_owned(), only: None }
    }

    /// Streams of one moment.
    struct Now(Arc<Streams>, Instant);

    impl Now {
        fn new() -> Now {
            Now(Arc::default(), Instant::now())
        }

        fn open(&self, principal: &str) -> Result<Outlet, NotOpened> {
            self.0.open(owner(principal), self.1)
        }

        fn place(&self, id: &str, principal: &str) -> Result<OwnedPermit<String>, NoPlace> {
            self.0.place(id, &owner(principal), self.1)
        }

        fn is_used(&self, id: &str) -> bool {
            self.0.is_used(id, self.1)
        }
    }

    #[test]
    fn t25_no_id_can_be_guessed() {
        let now = Now::new();
        let ids: std::collections::HashSet<String> =
            (0..1000).map(|_| now.open("a").unwrap().id.clone()).collect();
        assert_eq!(ids.len(), 1000, "none is drawn twice, and each that was dropped made room");
        assert!(ids.iter().all(|id| id.len() == 43), "256 bits in base64url");
        // The last character holds four bits.
        for place in 0..43 {
            let seen: std::collections::HashSet<u8> = ids.iter().map(|id| id.as_bytes()[place]).collect();
            assert!(seen.len() >= 16, "the character at {place} is one of {}", seen.len());
        }
    }

    #[test]
    fn t23_streams_are_counted_by_principal_and_in_all() {
        let now = Now::new();
        let mut held: Vec<Outlet> = (0..MAX_STREAMS_EACH).map(|_| now.open("a").unwrap()).collect();
        assert!(matches!(now.open("a"), Err(NotOpened::TooMany)));
        held.pop();
        held.push(now.open("a").unwrap());
        for n in held.len()..MAX_STREAMS {
            held.push(now.open(&n.to_string()).unwrap());
        }
        assert!(matches!(now.open("z"), Err(NotOpened::NoRoom)));
        held.clear();
        now.0.close();
        assert!(matches!(now.open("a"), Err(NotOpened::NoRoom)));
    }

    #[tokio::test]
    async fn what_lies_on_a_stream_is_bounded_and_read_to_its_end() {
        let now = Now::new();
        let mut outlet = now.open("a").unwrap();
        let id = outlet.id.clone();
        assert_eq!(now.place(&id, "b").err(), Some(NoPlace::Unknown));
        for n in 0..MAX_ANSWERS {
            now.place(&id, "a").unwrap().send(n.to_string());
        }
        assert_eq!(now.place(&id, "a").err(), Some(NoPlace::Full));
        assert_eq!(outlet.next().await.as_deref(), Some("0"));
        assert!(now.place(&id, "a").is_ok());
        now.0.end(&id);
        assert_eq!(now.place(&id, "a").err(), Some(NoPlace::Unknown));
        for n in 1..MAX_ANSWERS {
            assert_eq!(outlet.next().await, Some(n.to_string()));
        }
        assert_eq!(outlet.next().await, None);
    }

    #[tokio::test]
    async fn a_stream_that_nobody_uses_ends() {
        let mut now = Now::new();
        let Pace { idle, unread, look } = now.0.pace;
        let mut outlet = now.open("a").unwrap();
        let id = outlet.id.clone();
        now.1 += idle - look;
        assert!(now.is_used(&id));
        drop(now.place(&id, "a"));
        now.1 += idle - look;
        assert!(now.is_used(&id), "a message keeps it open");
        now.place(&id, "a").unwrap().send(String::new());
        assert!(now.is_used(&id));
        now.1 += unread - look;
        assert!(now.is_used(&id));
        outlet.next().await;
        assert!(now.is_used(&id), "it was read");
        now.place(&id, "a").unwrap().send(String::new());
        now.1 += unread - look;
        assert!(now.is_used(&id));
        now.1 += look;
        assert!(!now.is_used(&id), "what lies there is not read");
        drop(outlet);
        assert!(!now.is_used(&id));
    }
}
