//! What a server counts of its own work, as Prometheus reads it. It says how much and how long, never of whom or what: no
//! label holds a word that a caller or a note chose, and every set of labels is bounded.

mod page;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ibid_index::snapshot::Snapshot;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::audit::Outcome;
use crate::mcp;

pub(crate) use page::router;

/// Upper ends of the steps that durations are counted in, in seconds: from a word in a small index to the longest a request
/// may take.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Calls that have a name of their own besides the tools; all else is `other`.
const CALLS: [&str; 24] = [
    "answer",
    "authorize",
    "completion/complete",
    "consent",
    "health",
    "home",
    "initialize",
    "login",
    "logout",
    "mcp",
    "metadata",
    "notifications/initialized",
    "page",
    "ping",
    "prompts/get",
    "prompts/list",
    "register",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "revoke",
    "server/discover",
    "token",
    "tools/list",
];

/// What connections come to. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    pub(crate) connections: Gauge,
    /// Requests whose answer is not wholly sent.
    pub(crate) running: Gauge,
}

/// Everything that is counted. Counting takes a lock for a look at a small table.
pub(crate) struct Metrics {
    pub(crate) traffic: Traffic,
    requests: Family<CallAndOutcome, Counter>,
    seconds: Family<Call, Histogram>,
    refused: Family<Reason, Counter>,
    registry: Registry,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallAndOutcome {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Collection {
    collection: String,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        let traffic = Traffic::default();
        let requests = Family::default();
        let seconds: Family<Call, Histogram> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        let refused = Family::default();
        let mut registry = Registry::with_prefix("ibid");
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From a request's head to its answer's",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("refused", "Requests that were refused before they were answered", refused.clone());
        registry.register("connections", "Open connections", traffic.connections.clone());
        registry.register("requests_running", "Requests not answered to the end", traffic.running.clone());
        Metrics { traffic, requests, seconds, refused, registry }
    }
}

impl Metrics {
    /// Counts a request: what it was, how it ended, how long it took, and the word it was refused with, if it was.
    pub(crate) fn count(&self, call: &str, outcome: Outcome, took: Duration, refused: Option<&'static str>) {
        let call = label(call);
        self.requests.get_or_create(&CallAndOutcome { call, outcome: outcome.name() }).inc();
        self.seconds.get_or_create(&Call { call }).observe(took.as_secs_f64());
        if let Some(reason) = refused {
            self.refused.get_or_create(&Reason { reason }).inc();
        }
    }

    /// All of it in the format of OpenMetrics 1.0, with what `snapshots` hold at `now`, in seconds since 1970.
    pub(crate) fn text(&self, snapshots: &[impl AsRef<Snapshot>], now: u64) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &of_collections(snapshots, now))?;
        encode_registry(&mut text, &of_process())?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// What a call counts as: a word of ours, whatever the caller says.
pub(crate) fn label(call: &str) -> &'static str {
    let known = CALLS.into_iter().find(|known| *known == call);
    known.or_else(|| mcp::tool_names().find(|name| *name == call)).unwrap_or("other")
}

/// What the collections hold. Their names are the owner's, who alone reads this.
fn of_collections(snapshots: &[impl AsRef<Snapshot>], now: u64) -> Registry {
    type Numbers = Family<Collection, Gauge>;
    let mut registry = Registry::with_prefix("ibid_collection");
    let mut gauge = |name: &str, about: &str| {
        let family = Numbers::default();
        registry.register(name, about, family.clone());
        family
    };
    let documents = gauge("documents", "Documents in the newest generation that is open");
    let chunks = gauge("chunks", "Chunks of them");
    let bare = gauge("chunks_without_vector", "Chunks that wait to be embedded");
    let pending = gauge("files_pending", "Files that were not read yet when it was made");
    let skipped = gauge("files_skipped", "Files that could not be read");
    let generation = gauge("generation", "Its number");
    let damaged = gauge("vectors_damaged", "1 where its vectors cannot be read and words alone answer");
    let age = gauge("age_seconds", "How long ago it was made");
    for snapshot in snapshots.iter().map(AsRef::as_ref) {
        let collection = Collection { collection: snapshot.name().to_string() };
        let manifest = snapshot.manifest();
        let set = |family: &Numbers, value: u64| {
            family.get_or_create(&collection).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&documents, snapshot.documents());
        set(&chunks, snapshot.chunks());
        set(&bare, snapshot.chunks_without_vector());
        set(&pending, manifest.pending);
        set(&skipped, manifest.skipped_count);
        set(&generation, manifest.generation);
        set(&damaged, u64::from(snapshot.damage().is_some()));
        set(&age, now.saturating_sub(manifest.indexed_at));
    }
    registry
}

/// What the system knows of this process, under the names that Prometheus gives it everywhere.
fn of_process() -> Registry {
    let mut registry = Registry::with_prefix("process");
    if let Some(bytes) = resident_bytes() {
        let resident = Gauge::<u64, AtomicU64>::default();
        resident.set(bytes);
        registry.register_with_unit("resident_memory", "Memory that it holds", Unit::Bytes, resident);
    }
    registry
}

/// The memory this process holds; `None` where the system does not tell: anywhere but on Linux.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::viewer::Viewer;

    #[test]
    fn what_callers_make_up_is_one_label() {
        for (call, counted_as) in
            [("search", "search"), ("tools/list", "tools/list"), ("my diary", "other"), ("", "other")]
        {
            assert_eq!(label(call), counted_as);
        }
        assert!(CALLS.is_sorted());
    }

    #[test]
    fn everything_counted_stands_in_the_text_and_nothing_of_the_notes() {
        let garden = testing::garden();
        let metrics = Metrics::default();
        metrics.count("search", Outcome::Ok, Duration::from_millis(3), None);
        metrics.count("levain", Outcome::Permission, Duration::from_secs(60), Some("unauthorized"));
        metrics.traffic.connections.inc();
        let snapshots = garden.library.snapshots(&Viewer::owner()).unwrap();
        let text = metrics.text(&snapshots, testing::INDEXED_AT + 90).unwrap();
        for line in [
            "# TYPE ibid_requests counter",
            "ibid_requests_total{call=\"search\",outcome=\"ok\"} 1",
            "ibid_requests_total{call=\"other\",outcome=\"permission\"} 1",
            "# TYPE ibid_request_duration_seconds histogram",
            "ibid_request_duration_seconds_bucket{le=\"0.0025\",call=\"search\"} 0",
            "ibid_request_duration_seconds_bucket{le=\"0.005\",call=\"search\"} 1",
            "ibid_request_duration_seconds_bucket{le=\"+Inf\",call=\"other\"} 1",
            "ibid_refused_total{reason=\"unauthorized\"} 1",
            "ibid_connections 1",
            "ibid_requests_running 0",
            "ibid_collection_documents{collection=\"garden\"} 4",
            "ibid_collection_age_seconds{collection=\"garden\"} 90",
            "ibid_collection_chunks_without_vector{collection=\"garden\"} 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.to_lowercase().contains("levain"), "{text}");
        assert_eq!(text.contains("process_resident_memory_bytes "), cfg!(target_os = "linux"));
    }
}
