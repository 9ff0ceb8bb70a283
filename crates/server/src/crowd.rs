//! How many are there at once, of one caller and of all of a kind: requests that are answered, connections, handshakes.
//! Whoever is slow, or asks for much at once, leaves room for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Callers of a kind.
#[derive(Debug)]
pub(crate) struct Crowd {
    each: usize,
    all: usize,
    // Held for a look into the table, never across an await.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by: HashMap<String, usize>,
    all: usize,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowded {
    /// The caller has all that one may have.
    Each,
    /// There is none for anybody.
    All,
}

impl Crowd {
    /// `each` at once for one caller, `all` for all of them.
    pub(crate) fn new(each: usize, all: usize) -> Crowd {
        Crowd { each, all, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Both counts change together or not at all, so they are right after a panic.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a caller, held until it is dropped.
    pub(crate) fn enter(self: &Arc<Self>, caller: &str) -> Result<Place, Crowded> {
        let mut held = self.held();
        if held.by.get(caller).is_some_and(|&count| count >= self.each) {
            return Err(Crowded::Each);
        }
        if held.all >= self.all {
            return Err(Crowded::All);
        }
        held.all += 1;
        *held.by.entry(caller.to_owned()).or_default() += 1;
        Ok(Place { crowd: self.clone(), caller: caller.to_owned() })
    }
}

/// A place in a crowd, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    caller: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.crowd.held();
        held.all -= 1;
        if let Some(count) = held.by.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                held.by.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_leaves_room_and_what_is_left_can_be_had_again() {
        let crowd = Arc::new(Crowd::new(2, 3));
        let mut places = vec![crowd.enter("a").unwrap(), crowd.enter("a").unwrap()];
        assert_eq!(crowd.enter("a").err(), Some(Crowded::Each));
        places.push(crowd.enter("b").unwrap());
        assert_eq!(crowd.enter("c").err(), Some(Crowded::All));
        places.remove(0);
        assert!(crowd.enter("c").is_ok());
        places.clear();
        assert!(crowd.held().by.is_empty() && crowd.held().all == 0, "nobody is remembered");
    }
}
