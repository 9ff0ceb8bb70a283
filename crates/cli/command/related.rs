//! `ibid related`: what stands near a note.

use std::slice;

use ibid_search::FetchError;
use ibid_search::related::related;
use ibid_server::running_server;

use crate::args::RelatedArgs;
use crate::command::fetch::reference;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::open;
use crate::output;
use crate::print;

pub(crate) fn run(args: &RelatedArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let document = reference(&args.id)?.document().clone();
    let name = open::named(&environment.store, slice::from_ref(&document.collection.to_string()))?;
    let snapshots =
        name.iter().map(|name| open::snapshot(&environment.store, name)).collect::<Result<Vec<_>, _>>()?;
    let found =
        related(&snapshots, &document, args.limit).map_err(|error: FetchError| Failure::Fetch(error))?;
    let nothing = found.links.is_empty()
        && found.backlinks.is_empty()
        && found.similar.is_empty()
        && found.dangling.is_empty();
    match args.json {
        true => {
            let base = running_server(&environment.store).unwrap_or_default();
            output::print_json(&ibid_server::related_json(found, &base))?;
        }
        false => print::related::all(&found)?,
    }
    Ok(if nothing { Outcome::Nothing } else { Outcome::Done })
}
