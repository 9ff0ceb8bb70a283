//! How much memory a server takes, as the system counts it. Only Linux is asked.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::bench_error::BenchError;
use crate::cold_start::{Program, Served};

/// How many questions a server is asked between the two looks.
pub const QUESTIONS: usize = 300;

/// How many ask at once meanwhile: each running question may hold a model's scratch memory.
pub const CLIENTS: usize = 4;

/// How long a server may take to load its model.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);

/// What a process holds in memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resident {
    /// All of it (`VmRSS`): files it has mapped count as far as they were touched.
    pub total: u64,
    /// What is its own and no file's (`RssAnon`): the system cannot take it back by forgetting a page.
    pub own: u64,
    /// The most it ever was (`VmHWM`).
    pub peak: u64,
}

/// What a server holds in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Ready, with its model loaded, and never asked.
    pub idle: Resident,
    /// After so many questions.
    pub asked: Resident,
    /// How many questions.
    pub questions: usize,
}

/// Starts a server, looks, asks up to [`QUESTIONS`] questions by [`CLIENTS`] clients, and looks again. The server is
/// ended. `None` where the system does not tell: anywhere but on Linux.
///
/// # Errors
/// Where the server does not start, become ready or answer.
pub fn memory(program: &Program<'_>, questions: &[String]) -> Result<Option<Memory>, BenchError> {
    let served = Served::start(program)?;
    let client = served.client();
    while !client.is_well("/readyz")? {
        if served.began.elapsed() > PATIENCE {
            return Err(BenchError::NeverReady);
        }
        thread::sleep(PAUSE);
    }
    let Some(idle) = resident(served.id()) else { return Ok(None) };
    let questions = &questions[..questions.len().min(QUESTIONS)];
    let began = Instant::now();
    let shares = questions.chunks(questions.len().div_ceil(CLIENTS).max(1));
    let asked = thread::scope(|scope| {
        let ask = |share: &[String]| -> Result<usize, BenchError> {
            let client = served.client();
            let mut asked = 0;
            for question in share.iter().take_while(|_| began.elapsed() < PATIENCE) {
                client.ask(question)?;
                asked += 1;
            }
            Ok(asked)
        };
        let clients: Vec<_> = shares.map(|share| scope.spawn(move || ask(share))).collect();
        let joined = clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.sum::<Result<usize, BenchError>>()
    })?;
    let Some(after) = resident(served.id()) else { return Ok(None) };
    Ok(Some(Memory { idle, asked: after, questions: asked }))
}

/// What the system says of a process; `None` where it does not.
fn resident(process: u32) -> Option<Resident> {
    of_status(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn of_status(status: &str) -> Option<Resident> {
    let bytes = |name: &str| {
        let rest = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(rest.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    };
    Some(Resident { total: bytes("VmRSS")?, own: bytes("RssAnon")?, peak: bytes("VmHWM")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_line_by_line() {
        let status =
            "Name:\tibid\nVmHWM:\t  200 kB\nVmRSS:\t  100 kB\nRssAnon:\t   40 kB\nRssFile:\t 60 kB\n";
        assert_eq!(of_status(status), Some(Resident { total: 102_400, own: 40_960, peak: 204_800 }));
        assert_eq!(of_status("Name:\tibid\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_very_process_holds_something() {
        let resident = resident(std::process::id()).unwrap();
        assert!(resident.total > 0 && resident.peak >= resident.total, "{resident:?}");
    }
}
