//! How good the answers are and how fast they come: judged collections, load, and the statistics of both.
//!
//! It asks the same searcher, indexer and server that everyone asks, and knows no shortcut into them. It prints
//! nothing: what it finds are plain structs.

pub mod bench_error;
pub mod bootstrap;
mod client;
pub mod cold_start;
pub mod compare;
pub mod dataset;
pub mod indexing;
pub mod latency;
mod lines;
pub mod load;
pub mod memory;
pub mod metrics;
pub mod plot;
pub mod questions;
pub mod random;
pub mod recall;
pub mod record;
pub mod run;
#[cfg(test)]
mod scratch;
pub mod spans;
pub mod tune;
pub mod written;
