//! How good the answers are and how fast they come: judged collections, load, and the statistics of both.
//!
//! It asks the same searcher, indexer and server that everyone asks, and knows no shortcut into them. It prints
//! nothing: what it finds are plain structs.

pub mod bootstrap;
pub mod compare;
pub mod dataset;
pub mod latency;
pub mod metrics;
pub mod record;
pub mod run;
pub mod spans;
pub mod written;
