//! Every byte ibid keeps on disk, and nobody else opens these files.
//!
//! A collection is a folder: a format mark, a writer's lock, a tantivy index (words, texts, facts of documents) and
//! vector files. One tantivy commit is the only commit point: its payload is the [`manifest`], which names the vector
//! files that belong to it. They are written and synced before it; what no manifest names is swept.
//!
//! [`store`] finds collections, [`writer`] makes the next generation, [`snapshot`] reads one.

pub mod check;
mod error;
pub mod lexical;
pub mod lock;
pub mod manifest;
pub mod owner;
mod record;
pub mod settings;
pub mod snapshot;
pub mod store;
pub mod vector;
mod verified;
pub mod writer;

pub use error::{OpenError, ReadError, WriteError};

#[cfg(test)]
mod tests;
