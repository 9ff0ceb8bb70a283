//! `ibid user`: who may sign in to a server.

use std::io::{self, BufRead, IsTerminal, Write};

use ibid_server::AccessStore;

use crate::args::{UserArgs, UserCommand};
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::output::{self, STRONG};
use crate::text::safe_line;

pub(crate) fn run(args: &UserArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let store = AccessStore::open(environment.store.data_dir())?;
    let done = match &args.what {
        UserCommand::Add { name } => {
            store.add_user(name, &password()?, environment::now())?;
            format!("{name} may sign in; `ibid serve --public-url https://HOST` lets them")
        }
        UserCommand::Passwd { name } => {
            store.set_password(name, &password()?)?;
            format!("{name} has another password, and is signed out everywhere")
        }
        UserCommand::Remove { name } => {
            store.remove_user(name)?;
            format!("{name} is removed, with all that was granted")
        }
        UserCommand::List => return list(&store, environment.quiet),
    };
    if !environment.quiet {
        writeln!(output::out(), "{}", safe_line(&done))?;
    }
    Ok(Outcome::Done)
}

fn list(store: &AccessStore, quiet: bool) -> Result<Outcome, Failure> {
    let users = store.users()?;
    if users.is_empty() && !quiet {
        writeln!(output::err(), "there are no users")?;
    }
    let mut out = output::out();
    for user in &users {
        let name = safe_line(&user.name);
        let plural = if user.clients == 1 { "" } else { "s" };
        writeln!(out, "{STRONG}{name}{STRONG:#}  {} client{plural} with access", user.clients)?;
    }
    Ok(Outcome::Done)
}

/// Asked for twice at a terminal, else the first line of standard input. Never an argument, which others could see.
fn password() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password("Password: ").map_err(Failure::Input)?;
        let again = rpassword::prompt_password("The same again: ").map_err(Failure::Input)?;
        return if typed == again { Ok(typed) } else { Err(Failure::PasswordsDiffer) };
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(Failure::Input)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
