//! `ibid verify`: whether cited words still stand in the files as they are now.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use std::slice;
use std::sync::Arc;

use ibid_core::citation::{Citation, Reference};
use ibid_core::id::CollectionName;
use ibid_index::snapshot::Snapshot;
use ibid_indexer::verify::{Verdict, verify};
use serde_json::json;

use crate::args::VerifyArgs;
use crate::command::fetch::reference;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::open;
use crate::output;
use crate::print;

pub(crate) fn run(args: &VerifyArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let mut opened = Opened { environment, snapshots: BTreeMap::new() };
    let mut outcome = Outcome::Done;
    let mut results = Vec::new();
    for id in &args.ids {
        let id = id.trim();
        match opened.verdict(id) {
            Ok(verdict) => {
                if verdict != Verdict::Unchanged && outcome == Outcome::Done {
                    outcome = Outcome::Nothing;
                }
                match args.json {
                    true => results.push(json::verdict(id, &verdict)),
                    false => print::document::verdict(id, &verdict)?,
                }
            }
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => {
                outcome = Outcome::Partly;
                results.push(json!({ "id": id, "verdict": "error", "error": failure.message() }));
                output::out().flush()?;
                failure.print();
            }
        }
    }
    if args.json {
        output::print_json(&json!({ "results": results }))?;
    }
    Ok(outcome)
}

/// Collections, each opened for the first id that names it.
struct Opened<'a> {
    environment: &'a Environment,
    snapshots: BTreeMap<CollectionName, Arc<Snapshot>>,
}

impl Opened<'_> {
    fn verdict(&mut self, id: &str) -> Result<Verdict, Failure> {
        let citation: Citation = match reference(id)? {
            Reference::Quote(citation) => citation,
            Reference::Part { .. } | Reference::Document(_) => {
                return Err(Failure::NotAQuote { id: id.to_owned() });
            }
        };
        let name = citation.document.collection.clone();
        let snapshot = self.snapshot(&name)?;
        verify(&snapshot, &citation).map_err(|source| Failure::Verify { name, source })
    }

    fn snapshot(&mut self, name: &CollectionName) -> Result<Arc<Snapshot>, Failure> {
        let vacant = match self.snapshots.entry(name.clone()) {
            Entry::Occupied(opened) => return Ok(opened.get().clone()),
            Entry::Vacant(vacant) => vacant,
        };
        let store = &self.environment.store;
        open::named(store, slice::from_ref(&name.to_string()))?;
        let snapshot = open::snapshot(store, name)?;
        let root = &snapshot.manifest().source.root;
        // A disk that is not mounted has not lost its notes.
        if !root.is_dir() {
            let (name, root) = (name.clone(), root.clone());
            return Err(Failure::SourceGone { name, root, set_in: None, is_indexed: true });
        }
        Ok(vacant.insert(snapshot).clone())
    }
}
