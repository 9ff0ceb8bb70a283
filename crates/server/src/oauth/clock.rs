//! The edge where time comes in. Everything below is told the moment it works at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells seconds since 1970, ahead of the system's clock by as much as a test moved it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    ahead: Arc<AtomicU64>,
}

impl Clock {
    pub(crate) fn now(&self) -> u64 {
        crate::time::now() + self.ahead.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(crate) fn advance(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }
}
