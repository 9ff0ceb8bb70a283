//! What the system says of a running server, and what the server wrote down.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long lines of the audit log may be under way.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

/// The ticks of the clock that Linux tells processor time by, in a second.
const TICKS: f64 = 100.0;

/// A process by its id.
pub(super) struct Process(pub(super) u32);

impl Process {
    fn of(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.0)).unwrap()
    }

    fn bytes(&self, name: &str) -> u64 {
        let status = self.of("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// How much of its memory is there now, in bytes.
    pub(super) fn resident(&self) -> u64 {
        self.bytes("VmRSS")
    }

    /// And how much at most, since it began.
    pub(super) fn peak(&self) -> u64 {
        self.bytes("VmHWM")
    }

    /// How long it has worked on processors.
    pub(super) fn worked(&self) -> Duration {
        let stat = self.of("stat");
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
        Duration::from_secs_f64(ticks / TICKS)
    }

    pub(super) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.0)).unwrap().count()
    }

    pub(super) fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.0)).unwrap().count()
    }
}

pub(super) fn megabytes(bytes: u64) -> u64 {
    bytes / (1024 * 1024)
}

/// How many searches the audit log has of everybody, once there are `count` in all.
pub(super) async fn audited(data: &Path, count: usize) -> BTreeMap<String, usize> {
    let begun = Instant::now();
    loop {
        let mut found = BTreeMap::new();
        for file in fs::read_dir(data.join("audit")).unwrap() {
            for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
                // The last line may be under way.
                let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
                if entry["call"] == "search" && entry["outcome"] == "ok" {
                    *found.entry(entry["who"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
        }
        if found.values().sum::<usize>() >= count {
            return found;
        }
        assert!(begun.elapsed() < WRITTEN_WITHIN, "{found:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
