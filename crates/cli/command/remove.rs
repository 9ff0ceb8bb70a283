//! `ibid remove`: a collection's index goes, its notes stay.

use std::io::{self, BufRead, IsTerminal, Write};

use ibid_core::id::CollectionName;
use ibid_index::manifest::{Origin, SourceRecord};
use ibid_index::settings::newest_settings;

use crate::args::RemoveArgs;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::open;
use crate::output;
use crate::text::{bytes, safe_line};

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
        if !args.yes && !is_confirmed(&name, &format!("remove the index of {name} ({size})? {notes} stay."))?
        {
            writeln!(output::err(), "nothing was removed")?;
            return Ok(Outcome::Nothing);
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

fn is_confirmed(name: &CollectionName, question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::NobodyToAsk { name: name.clone() });
    }
    write!(output::err(), "{} [y/N] ", safe_line(question))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(Failure::Input)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
