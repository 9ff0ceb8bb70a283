//! From a question to cited hits: short, read-only, over the snapshots it is given.
//!
//! It knows no terminal, no HTTP, no JSON. [`Searcher`] answers questions, [`fetch`] leads a citation back to its
//! quote, [`related`] names what stands near a note. Every hit's citation is the very span that was found: nothing is cut or looked for a second time.

mod absent;
mod answer;
mod error;
mod explain;
pub mod fetch;
mod inquiry;
mod named;
mod near;
mod neighbours;
mod newest;
mod passage;
mod prominence;
mod query_embedder;
mod question;
mod rank;
pub mod related;
mod reranking;
mod retrieve;
mod searcher;
mod show;
mod snippet;
mod sought;
mod tongue;

pub use error::{FetchError, SearchError};
pub use query_embedder::QueryEmbedder;
pub use searcher::Searcher;
