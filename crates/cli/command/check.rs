//! `ibid check`: whether indexes are what was written. It reads everything and mends nothing.

use ibid_core::id::CollectionName;
use ibid_index::OpenError;
use ibid_index::check::{Checked, Finding, check};

use crate::args::CheckArgs;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::open;
use crate::output;
use crate::print;
use crate::progress::Checking;

/// What became of each collection, sorted by name.
pub(crate) type Results = Vec<(CollectionName, Result<Checked, Failure>)>;

pub(crate) fn run(args: &CheckArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let store = &environment.store;
    let names = match args.collection.as_slice() {
        [] => store.collections()?,
        named => open::named(store, named)?,
    };
    if names.is_empty() {
        return Err(Failure::NoCollections { data_dir: store.data_dir().to_owned() });
    }
    let look = |name: CollectionName| {
        let shown = Checking::new(&name, environment.quiet);
        let checked = check(store, &name, &mut |step| shown.at(step));
        shown.finish();
        let checked = checked.map_err(|error| match error {
            OpenError::Missing { name, .. } => Failure::NothingCommitted { name },
            source => Failure::Open { name: name.clone(), source },
        });
        (name, checked)
    };
    let results: Results = names.into_iter().map(look).collect();
    match args.json {
        true => output::print_json(&json::checked(&results))?,
        false => print::check::collections(&results)?,
    }
    Ok(outcome(&results))
}

/// Whether a file of somebody else's is all that was found.
pub(crate) fn is_whole(checked: &Checked) -> bool {
    checked.findings.iter().all(|finding| matches!(finding, Finding::Stranger { .. }))
}

fn outcome(results: &Results) -> Outcome {
    let mut outcome = Outcome::Nothing;
    for (_, result) in results {
        match result {
            Ok(checked) if is_whole(checked) => outcome = Outcome::Done,
            Err(Failure::NothingCommitted { .. }) => {}
            _ => return Outcome::Partly,
        }
    }
    outcome
}
