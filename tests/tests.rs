//! The real binary, driven as a person or a client drives it. What a crate can show alone is tested in that crate.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test that needed it")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

/// The binary, a scratch vault, and the demonstration vault indexed once.
mod harness;

/// A server that embeds, or fails to.
mod engine;

/// The sentence, row, item or property that a hit points at.
mod answer;
/// What must be said, and which exit code given, when the input is wrong.
mod bad_input;
/// What `ibid bench` measures, and that it says why where it does not; never how fast.
mod bench;
/// Every citation any query returns leads back to exactly its bytes; they are told apart when the file changes.
mod citation;
/// The settings file.
mod config;
/// What clients are told, and their settings files.
mod connect;
/// Two writers at once, a first run that is killed, a disk that fills up.
mod crash;
/// Indexes that are not what was written, of another format, or of another model.
mod damage;
/// Disks that are full, slow, read-only or broken; data folders that nobody may write.
#[cfg(target_os = "linux")]
mod disk;
/// The way into a server, walked step by step.
mod doctor;
/// Files that are no notes: books, mail, tables, code.
mod formats;
/// The guide under docs/.
#[cfg(unix)]
mod guide;
/// Pathological markdown, broken encodings, odd names.
mod hostile;
/// kill -9 at every write, rename, sync and removal.
#[cfg(target_os = "linux")]
mod kills;
/// Edit, rename, delete, run again.
mod lifecycle;
/// Many callers at once, callers who are stuck, callers who come and go.
#[cfg(target_os = "linux")]
mod load;
/// MCP over stdio and HTTP with rmcp's own client, in both protocol eras.
mod mcp;
/// Judged questions, measured and compared.
mod measure;
/// Which model a collection gets, and what each finds.
mod models;
/// What an answer says besides its hits, and that it is no noise.
mod notices;
/// One question asked in several ways at once.
mod phrasings;
/// What a typed question finds: the query language, languages, identifiers, filters.
mod query;
/// Judged questions over the demonstration vault: goldens and their statistics.
mod ranking;
/// TLS, metrics and traces.
mod reach;
/// Somebody else's engine, behind a url.
mod remote;

mod reranked;
/// nDCG@10 over the extract of SciFact in `data/`, held against a golden.
mod scifact;
/// Tokens, and what each of them opens.
mod serving;
/// Sources other than folders: commits of Git, pages of the web.
mod source;
/// Ctrl-C, SIGTERM and kill -9 while something is embedded.
#[cfg(unix)]
mod stop;
/// What a person sees on a terminal: links, emphasis, pages.
#[cfg(target_os = "linux")]
mod terminal;
/// What Obsidian knows of a vault: links, embeds, properties, tasks, comments, boards.
mod vault;
/// A folder that is followed while it changes.
mod watch;
