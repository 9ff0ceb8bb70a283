//! `ibid fetch`: an id back to its words, as they were indexed.

use std::slice;

use ibid_core::citation::Reference;
use ibid_search::FetchError;
use ibid_search::fetch::fetch;
use ibid_server::running_server;

use crate::args::FetchArgs;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::open;
use crate::output;
use crate::print;

/// How much of something that is no id is repeated in the error.
const MAX_ID_SHOWN: usize = 200;

pub(crate) fn run(args: &FetchArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let reference = reference(&args.id)?;
    let name =
        open::named(&environment.store, slice::from_ref(&reference.document().collection.to_string()))?;
    let snapshots =
        name.iter().map(|name| open::snapshot(&environment.store, name)).collect::<Result<Vec<_>, _>>()?;
    let fetched = fetch(&snapshots, &reference).map_err(|error: FetchError| Failure::Fetch(error))?;
    if args.json {
        let base = running_server(&environment.store).unwrap_or_default();
        output::print_json(&ibid_server::fetch_json(&reference, fetched, &base))?;
        return Ok(Outcome::Done);
    }
    print::document::text(&fetched)?;
    if !environment.quiet {
        print::document::around(&reference, &fetched);
    }
    Ok(Outcome::Done)
}

/// Reads an id as a person pastes it.
pub(crate) fn reference(id: &str) -> Result<Reference, Failure> {
    let shown = || id.chars().take(MAX_ID_SHOWN).collect();
    id.parse().map_err(|source| Failure::NotAnId { id: shown(), source })
}
