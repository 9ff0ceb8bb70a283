//! How good the answers are and how fast they come: judged collections, load, and the statistics of both.
//!
//! It asks the same searcher, indexer and server that everyone asks, and knows no shortcut into them. It prints
//! nothing: what it finds are plain structs.

pub mod bench_error;
mod client;
pub mod cold_start;
pub mod indexing;
pub mod latency;
pub mod load;
pub mod memory;
pub mod plot;
pub mod questions;
pub mod recall;
#[cfg(test)]
mod scratch;
