//! `ibid token`: what opens a server besides signing in.

use std::io::Write;

use ibid_core::amount::age;
use ibid_core::grant::Grant;
use ibid_core::private::Private;
use ibid_server::{AccessStore, Entry, EntryKind, Named, NewToken, Scopes, Viewer, count_named};

use crate::args::{CreateArgs, TokenArgs, TokenCommand};
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::open::{self, Opened};
use crate::output::{self, STRONG};
use crate::text::safe_line;

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

pub(crate) fn run(args: &TokenArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let store = AccessStore::open(environment.store.data_dir())?;
    match &args.what {
        TokenCommand::Create(args) => create(&store, args, environment),
        TokenCommand::List => list(&store, environment.quiet),
        TokenCommand::Revoke { name } => {
            store.revoke(name, environment::now())?;
            if !environment.quiet {
                writeln!(output::out(), "{} opens nothing any more", safe_line(name))?;
            }
            Ok(Outcome::Done)
        }
    }
}

/// The secret goes to standard output alone, so that it can be sent on; what is said of it goes beside.
fn create(store: &AccessStore, args: &CreateArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let now = environment::now();
    let rules = args.rules();
    // A token whose rules nobody can read would open nothing: that is told now.
    let grant = Grant::parse(&rules)?;
    Viewer::remote(grant.clone(), &Private::default())?;
    let named = named(&grant, environment)?;
    if let Some(empty) = named.iter().find(|named| named.hides_nothing() && !args.allow_empty) {
        return Err(Failure::HidesNothing { rule: empty.rule.to_string() });
    }
    let scopes: Scopes =
        if args.scope.is_empty() { Scopes::all() } else { args.scope.iter().copied().collect() };
    let expires = args.expires.map(|time| now + time.as_secs());
    let secret = store.create_token(&NewToken { name: &args.name, scopes, rules: &rules, expires }, now)?;
    if !environment.quiet {
        for named in &named {
            writeln!(output::err(), "{}", safe_line(&named.to_string()))?;
        }
        writeln!(
            output::err(),
            "this is the only time it is shown; send it as `Authorization: Bearer TOKEN`"
        )?;
    }
    writeln!(output::out(), "{}", secret.reveal())?;
    Ok(Outcome::Done)
}

/// How many notes each rule names, of every collection that can be opened; the others are told.
fn named(grant: &Grant, environment: &Environment) -> Result<Vec<Named>, Failure> {
    let opened = match open::collections(&environment.store, &[]) {
        Ok(opened) => opened,
        Err(Failure::NoCollections { .. }) => Opened { snapshots: Vec::new(), troubles: Vec::new() },
        Err(failure) => return Err(failure),
    };
    if !grant.is_everything() {
        opened.troubles.iter().for_each(|(_, trouble)| trouble.print_as_warning());
    }
    count_named(grant, &opened.snapshots).map_err(|source| Failure::Search(source.into()))
}

fn list(store: &AccessStore, quiet: bool) -> Result<Outcome, Failure> {
    let entries = store.entries()?;
    if entries.is_empty() && !quiet {
        writeln!(output::err(), "there are no tokens")?;
    }
    let mut out = output::out();
    for entry in &entries {
        let (name, rest) = (safe_line(&entry.name), safe_line(&described(entry, environment::now())));
        writeln!(out, "{STRONG}{name}{STRONG:#}  {rest}")?;
    }
    Ok(Outcome::Done)
}

fn described(entry: &Entry, now: u64) -> String {
    let mut parts = Vec::new();
    if let EntryKind::Grant { client, user } = &entry.kind {
        parts.push(format!("{client}, by {user}"));
    }
    parts.push(entry.scopes.clone());
    parts.extend(entry.rules.iter().cloned());
    match entry.expires.map(|expires| expires.saturating_sub(now)) {
        Some(0) => parts.push("expired".to_owned()),
        Some(left) if left > 2 * DAY => parts.push(format!("ends in {} days", left.div_ceil(DAY))),
        Some(left) => parts.push(format!("ends in {} h", left.div_ceil(60 * 60))),
        None => {}
    }
    parts.push(match entry.used {
        Some(used) => format!("used {}", age(used, now)),
        None => "never used".to_owned(),
    });
    parts.join("  ")
}
