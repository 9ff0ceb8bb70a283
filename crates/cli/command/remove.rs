//! `ibid remove`: a collection's index goes, its notes stay.

use std::io::Write;

use ibid_core::amount::bytes;
use ibid_index::manifest::{Origin, SourceRecord};
use ibid_index::settings::newest_settings;

use crate::args::RemoveArgs;
use crate::ask::is_confirmed;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::open;
use crate::output;
use crate::text::safe_line;

pub(crate) fn run(args: &RemoveArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let store = &environment.store;
    let names = open::named(store, std::slice::from_ref(&args.name))?;
    for name in names {
        let size = bytes(store.bytes_on_disk(&name).unwrap_or(0));
        // An index that is damaged can be removed all the same.
        let source = newest_settings(store, &name).ok().flatten().map(|settings| settings.source);
        let notes = match source {
            None => "the notes".to_owned(),
            Some(SourceRecord { origin: Origin::Web(_), .. }) => "the pages on the web".to_owned(),
            Some(SourceRecord { root, .. }) => format!("the notes in {}", root.display()),
        };
        if !args.yes {
            let question = format!("remove the index of {name} ({size})? {notes} stay.");
            match is_confirmed(&question).map_err(Failure::Input)? {
                Some(true) => {}
                Some(false) => {
                    writeln!(output::err(), "nothing was removed")?;
                    return Ok(Outcome::Nothing);
                }
                None => return Err(Failure::NobodyToAsk { name }),
            }
        }
        store.remove(&name).map_err(|source| Failure::Remove { name: name.clone(), source })?;
        if !environment.quiet {
            writeln!(
                output::out(),
                "{}",
                safe_line(&format!("removed the index of {name} ({size}); {notes} are untouched"))
            )?;
        }
    }
    Ok(Outcome::Done)
}
