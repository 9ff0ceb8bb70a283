//! `ibid status`: what is indexed. It opens every collection, and so finds damage too.

use std::path::PathBuf;
use std::sync::Arc;

use ibid_core::id::CollectionName;
use ibid_index::snapshot::Snapshot;
use ibid_index::{OpenError, ReadError};
use ibid_server::running_server;

use crate::args::StatusArgs;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::open;
use crate::output;
use crate::print;

/// What is indexed in a data folder.
pub(crate) struct Status {
    pub(crate) data_dir: PathBuf,
    /// The address of a running server.
    pub(crate) server: Option<String>,
    /// Every collection, or why it cannot be opened; sorted by name.
    pub(crate) collections: Vec<(CollectionName, Result<Contents, Failure>)>,
}

/// A collection that could be opened.
pub(crate) struct Contents {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) bytes_on_disk: u64,
    /// How many links lead to a document of the collection.
    pub(crate) links: u64,
    /// How many lead to none, addresses of the web not counted.
    pub(crate) dangling_links: u64,
}

pub(crate) fn run(args: &StatusArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let store = &environment.store;
    let contents = |name: CollectionName| {
        let contents = open::snapshot(store, &name).and_then(|snapshot| {
            let bytes_on_disk = store.bytes_on_disk(&name)?;
            let damaged = |error: ReadError| OpenError::Damaged { path: error.path, reason: error.reason };
            let graph = snapshot.links().map_err(damaged)?;
            let (links, dangling_links) = (graph.resolved, graph.dangling);
            Ok(Contents { snapshot, bytes_on_disk, links, dangling_links })
        });
        (name, contents)
    };
    let status = Status {
        data_dir: store.data_dir().to_owned(),
        server: running_server(store),
        collections: store.collections()?.into_iter().map(contents).collect(),
    };
    match args.json {
        true => output::print_json(&json::status(&status))?,
        false => print::status::collections(&status)?,
    }
    Ok(outcome(&status))
}

fn outcome(status: &Status) -> Outcome {
    let mut outcome = Outcome::Nothing;
    for (_, contents) in &status.collections {
        match contents {
            Ok(contents) if contents.snapshot.damage().is_some() => return Outcome::Partly,
            Ok(_) => outcome = Outcome::Done,
            Err(Failure::NothingCommitted { .. }) => {}
            Err(_) => return Outcome::Partly,
        }
    }
    outcome
}
