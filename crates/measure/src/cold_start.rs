//! How long a person waits for a program that was not running: the server, and one search as a whole process. The
//! program is new each time; its file and the index are in the system's cache.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_core::query::Mode;

use crate::bench_error::BenchError;
use crate::client::Client;
use crate::latency::percentile_ms;

/// How often each is started. A person starts a program once, so the worst matters as much as the median.
pub const STARTS: usize = 5;

/// A server that says nothing for so long will not say anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program to start, and what it is to serve.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// The executable.
    pub executable: &'a Path,
    /// The data folder.
    pub data_dir: &'a Path,
    /// The collection.
    pub collection: &'a CollectionName,
    /// How it is searched.
    pub mode: Mode,
}

/// Times of a few starts, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Starts {
    /// How many.
    pub count: usize,
    /// The quickest.
    pub best: f64,
    /// The one in the middle.
    pub median: f64,
    /// The slowest.
    pub worst: f64,
}

/// How long it took until there was an answer, from the moment the process was started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColdStart {
    /// Until a starting server answered its first HTTP request (`/healthz`).
    pub first_response: Starts,
    /// Until it answered its first question, asked right after.
    pub first_answer: Starts,
    /// Until a search as a process of its own had ended.
    pub search: Starts,
}

impl Starts {
    /// Sums up `times`, in any order; all zero where there is none.
    fn of(mut times: Vec<Duration>) -> Starts {
        times.sort_unstable();
        let at = |percent| percentile_ms(&times, percent);
        Starts { count: times.len(), best: at(0), median: at(50), worst: at(100) }
    }
}

/// Starts everything [`STARTS`] times, one after another, each with the next of the questions. Takes some seconds; what
/// was started is ended.
///
/// # Errors
/// Where a process does not start, or does not answer.
pub fn cold_start(program: &Program<'_>, questions: &[String]) -> Result<ColdStart, BenchError> {
    let (mut responses, mut answers, mut searches) = (Vec::new(), Vec::new(), Vec::new());
    for question in questions.iter().cycle().take(STARTS) {
        let served = Served::start(program)?;
        let client = served.client();
        client.is_well("/healthz")?;
        responses.push(served.began.elapsed());
        client.ask(question)?;
        answers.push(served.began.elapsed());
        drop(served);
        searches.push(program.search(question)?);
    }
    Ok(ColdStart {
        first_response: Starts::of(responses),
        first_answer: Starts::of(answers),
        search: Starts::of(searches),
    })
}

impl Program<'_> {
    /// The command with its streams closed, to be opened where they are wanted.
    fn command(&self) -> Command {
        let mut command = Command::new(self.executable);
        command.arg("--data-dir").arg(self.data_dir).args(["--color", "never"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    /// One search as a process of its own, from its start to its end.
    fn search(&self, question: &str) -> Result<Duration, BenchError> {
        let mut command = self.command();
        command.args([
            "search",
            "--quiet",
            "--mode",
            self.mode.name(),
            "--collection",
            self.collection.as_str(),
        ]);
        command.arg("--").arg(question);
        let began = Instant::now();
        let status = command.status().map_err(|source| BenchError::Spawn { source })?;
        let took = began.elapsed();
        match status.code() {
            // Nothing found is an answer.
            Some(0 | 1) => Ok(took),
            code => Err(BenchError::SearchEnded { code: code.unwrap_or(-1) }),
        }
    }
}

/// A server as a process of its own; it ends with this value.
pub(crate) struct Served {
    child: Child,
    base: String,
    mode: Mode,
    /// When it was started.
    pub(crate) began: Instant,
}

impl Served {
    /// Starts one on a port of its own and waits until it says where it listens.
    pub(crate) fn start(program: &Program<'_>) -> Result<Served, BenchError> {
        let mut command = program.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--collection", program.collection.as_str()]);
        // Its news are nobody's business here.
        command.env("RUST_LOG", "warn").stdout(Stdio::piped());
        let began = Instant::now();
        let child = command.spawn().map_err(|source| BenchError::Spawn { source })?;
        let mut served = Served { child, base: String::new(), mode: program.mode, began };
        served.base = served.told_address().ok_or(BenchError::NeverReady)?;
        Ok(served)
    }

    /// Reads what it prints, on a thread that ends with it, up to the first address.
    fn told_address(&mut self) -> Option<String> {
        let output = self.child.stdout.take()?;
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(base) = base_in(&line) {
                    // Fails only where nobody waits any more; the output is read on so that it never blocks.
                    let _ = tell.send(base);
                }
            }
        });
        told.recv_timeout(PATIENCE).ok()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base, self.mode)
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's address in a line it prints, without its path.
fn base_in(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    words.find_map(|word| word.starts_with("http://").then(|| word.strip_suffix("/mcp"))?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_word_that_ends_in_mcp() {
        for (line, base) in [
            ("MCP address  http://127.0.0.1:46709/mcp", Some("http://127.0.0.1:46709")),
            (
                "Claude Code  claude mcp add ibid http://127.0.0.1:1/mcp --header x",
                Some("http://127.0.0.1:1"),
            ),
            ("stop         ctrl-c", None),
            ("see http://example.org/", None),
        ] {
            assert_eq!(base_in(line).as_deref(), base, "{line}");
        }
    }

    #[test]
    fn the_median_is_a_time_that_was_measured() {
        let starts = |times: &[u64]| {
            let made = Starts::of(times.iter().map(|&ms| Duration::from_millis(ms)).collect());
            (made.count, made.best, made.median, made.worst)
        };
        assert_eq!(starts(&[]), (0, 0.0, 0.0, 0.0));
        assert_eq!(starts(&[9, 1, 5]), (3, 1.0, 5.0, 9.0));
    }
}
