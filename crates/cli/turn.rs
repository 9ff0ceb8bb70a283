//! Who indexes now. One at a time, for together they would only take each other's cores; and what was just saved goes
//! before what is only embedded.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The turns of all that index in this process.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_taken: bool,
    saves_waiting: usize,
}

/// Why somebody wants to index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Something may have been saved.
    Save,
    /// Vectors are missing still.
    Fill,
}

/// The turn; it is over when this is dropped.
pub(crate) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for the turn. Errands of one kind come in no order, saves before all fills.
    pub(crate) fn take(&self, errand: Errand) -> Turn<'_> {
        let mut state = self.state();
        state.saves_waiting += usize::from(errand == Errand::Save);
        while state.is_taken || (errand == Errand::Fill && state.saves_waiting > 0) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.saves_waiting -= usize::from(errand == Errand::Save);
        state.is_taken = true;
        Turn(self)
    }

    /// Whether something saved waits for the one whose turn it is.
    pub(crate) fn save_is_waiting(&self) -> bool {
        self.state().saves_waiting > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().is_taken = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn what_was_saved_goes_before_what_is_filled() {
        let turns = Turns::default();
        let (sender, order) = mpsc::channel();
        thread::scope(|scope| {
            let running = turns.take(Errand::Fill);
            let errand = |errand: Errand| {
                let (turns, sender) = (&turns, sender.clone());
                scope.spawn(move || {
                    let _turn = turns.take(errand);
                    sender.send(errand).unwrap();
                })
            };
            errand(Errand::Fill);
            assert!(!turns.save_is_waiting());
            errand(Errand::Save);
            while !turns.save_is_waiting() {
                thread::yield_now();
            }
            drop(running);
        });
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [Errand::Save, Errand::Fill]);
        assert!(!turns.save_is_waiting());
    }
}
