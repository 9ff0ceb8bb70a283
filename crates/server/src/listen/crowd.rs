//! How many are there from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::oauth::limits::key_of;

/// Counts those who are there, by address. Holds a key only as long as somebody of it is there.
pub(super) struct Crowd {
    most: usize,
    // Held for one look, never across an await.
    there: Arc<Mutex<HashMap<String, usize>>>,
}

/// There are too many of one address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// A place in a crowd, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Option<(String, Arc<Mutex<HashMap<String, usize>>>)>);

impl Crowd {
    /// One with at most so many of one address.
    pub(super) fn new(most: usize) -> Crowd {
        Crowd { most, there: Arc::default() }
    }

    /// A place for somebody from `address`; `None` is not counted.
    pub(super) fn seat(&self, address: Option<IpAddr>) -> Result<Seat, Full> {
        let Some(address) = address else { return Ok(Seat(None)) };
        let key = key_of(address);
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        let count = there.entry(key.clone()).or_default();
        if *count >= self.most {
            return Err(Full);
        }
        *count += 1;
        Ok(Seat(Some((key, self.there.clone()))))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((key, there)) = self.0.take() else { return };
        let mut there = there.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = there.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                there.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_holder_goes() {
        let crowd = Crowd::new(2);
        let from = |text: &str| crowd.seat(Some(text.parse().unwrap()));
        let (first, second) = (from("192.0.2.1").unwrap(), from("::ffff:192.0.2.1").unwrap());
        assert_eq!(from("192.0.2.1").err(), Some(Full));
        assert!(from("192.0.2.2").is_ok() && crowd.seat(None).is_ok());
        drop(first);
        let third = from("192.0.2.1").unwrap();
        drop((second, third));
        assert!(crowd.there.lock().unwrap().is_empty());
    }
}
