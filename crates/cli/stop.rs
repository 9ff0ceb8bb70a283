//! How the process is asked to end, by ctrl-c or SIGTERM, and what it brings to an end before it does. A second time ends
//! it at once. What a crash would leave is whole anyway: here a person is told, and what was just embedded is saved.

use std::io;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::watch;

use crate::failure::Failure;

/// What asked the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Ctrl-c.
    Interrupt,
    /// SIGTERM, where there is such a thing.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has it"))]
    Terminate,
}

impl Asked {
    /// What shells say of a program that such a signal ended: 128 and its number.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Asked::Interrupt => 130,
            Asked::Terminate => 143,
        }
    }
}

/// Whether the process was asked to end, and what has still to be saved.
pub(crate) struct Stop {
    asked: watch::Sender<Option<Asked>>,
    state: Mutex<State>,
    settled: Condvar,
}

#[derive(Default)]
struct State {
    /// How many runs will soon commit what they embedded.
    owed: usize,
    /// What is said before the process ends, where it ends by being asked alone and nothing is owed.
    last_words: Option<Box<dyn Fn() + Send>>,
}

/// A commit that is to come; it has, or will not any more, when this is dropped.
pub(crate) struct Owed(Arc<Stop>);

impl Default for Stop {
    fn default() -> Stop {
        Stop { asked: watch::Sender::new(None), state: Mutex::default(), settled: Condvar::new() }
    }
}

impl Stop {
    /// Listens from now on, on a thread of its own.
    pub(crate) fn listen() -> Result<Arc<Stop>, Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Start)?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new().map_err(Failure::Start)?
        };
        let stop = Arc::new(Stop::default());
        let asked = stop.clone();
        let listen = move || {
            runtime.block_on(async {
                let first = signals.next().await;
                if asked.ask(first) {
                    process::exit(first.exit_code().into());
                }
                process::exit(signals.next().await.exit_code().into());
            });
        };
        thread::Builder::new().name("ibid-stop".to_owned()).spawn(listen).map_err(Failure::Start)?;
        stop.ends_with(|| ());
        Ok(stop)
    }

    /// From now on being asked ends the process, after these words, unless a commit is owed.
    pub(crate) fn ends_with(&self, last_words: impl Fn() + Send + 'static) {
        self.state().last_words = Some(Box::new(last_words));
    }

    /// Asks; says whether the process is to end now.
    fn ask(&self, asked: Asked) -> bool {
        // Under the lock, so that whatever is owed from here on knows of it.
        let state = self.state();
        self.asked.send_replace(Some(asked));
        match &state.last_words {
            Some(say) if state.owed == 0 => {
                say();
                true
            }
            _ => false,
        }
    }

    /// By what it was asked, if it was.
    pub(crate) fn asked(&self) -> Option<Asked> {
        *self.asked.borrow()
    }

    /// From now on being asked does not end the process. What this gives is ready when it is asked to.
    pub(crate) fn awaited(&self) -> impl Future<Output = ()> + Send + 'static {
        self.state().last_words = None;
        let mut asked = self.asked.subscribe();
        async move {
            // Without a sender nobody is left to ask.
            let _ = asked.wait_for(Option::is_some).await;
        }
    }

    /// From now on, and until what it gives is dropped, a commit is owed.
    pub(crate) fn owe(self: &Arc<Self>) -> Owed {
        self.state().owed += 1;
        Owed(self.clone())
    }

    /// Waits until no commit is owed; asks all that embed to come to one, where nobody has.
    pub(crate) fn settle(&self) {
        self.asked.send_if_modified(|asked| asked.is_none() && asked.replace(Asked::Interrupt).is_none());
        let mut state = self.state();
        while state.owed > 0 {
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.state().owed -= 1;
        self.0.settled.notify_all();
    }
}

/// What the system tells.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Inside a runtime.
    #[cfg(unix)]
    fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Inside a runtime.
    #[cfg(windows)]
    fn new() -> io::Result<Signals> {
        Ok(Signals { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) -> Asked {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
        }
        #[cfg(windows)]
        {
            self.interrupt.recv().await;
            Asked::Interrupt
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_run_that_is_asked_ends_at_once_unless_a_commit_is_owed() {
        let (stop, (sender, said)) = (Arc::new(Stop::default()), mpsc::channel());
        assert!(!stop.ask(Asked::Interrupt), "nobody said that being asked ends it");
        stop.ends_with(move || sender.send(()).unwrap());
        let (first, second) = (stop.owe(), stop.owe());
        assert!(!stop.ask(Asked::Interrupt));
        drop(first);
        assert!(!stop.ask(Asked::Interrupt));
        assert!(said.try_recv().is_err());
        drop(second);
        assert!(stop.ask(Asked::Terminate));
        said.try_recv().unwrap();
        assert_eq!(stop.asked(), Some(Asked::Terminate));
    }

    #[test]
    fn what_is_owed_is_waited_for() {
        let stop = Arc::new(Stop::default());
        assert_eq!(stop.asked(), None);
        let owed = stop.owe();
        let (sender, order) = mpsc::channel();
        thread::scope(|scope| {
            let (stop, settled) = (&stop, sender.clone());
            scope.spawn(move || {
                stop.settle();
                settled.send("settled").unwrap();
            });
            sender.send("committed").unwrap();
            drop(owed);
        });
        assert_eq!(order.try_iter().collect::<Vec<_>>(), ["committed", "settled"]);
        assert!(stop.asked().is_some(), "who embeds knows that it is waited for");
    }
}
