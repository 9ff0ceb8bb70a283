//! `ibid audit`: who asked a server for what.

use std::io::Write;

use ibid_core::amount::bytes;
use ibid_server::audit::{AuditLog, Entry, Filter, Given, Outcome as Ended, entries, follow};
use serde_json::{Value, json};

use crate::args::AuditArgs;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::output::{self, BAD, DIM, STRONG};
use crate::text::safe_line;

pub(crate) fn run(args: &AuditArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let log = AuditLog::of(&environment.store);
    let filter = Filter {
        id: args.id.clone(),
        who: args.who.clone(),
        client: args.client.clone(),
        call: args.call.clone(),
        outcome: args.outcome,
        since: args.since.clone(),
    };
    let found = entries(&log, &filter, args.limit).map_err(Failure::Audit)?;
    found.iter().try_for_each(|entry| print(entry, args.json))?;
    if args.follow {
        let mut printed = Ok(());
        follow(&log, &filter, |entry| {
            printed = print(&entry, args.json);
            printed.is_ok()
        })
        .map_err(Failure::Audit)?;
        printed?;
    }
    if found.is_empty() && !environment.quiet {
        writeln!(output::err(), "no such call is written down")?;
    }
    Ok(if found.is_empty() && !args.follow { Outcome::Nothing } else { Outcome::Done })
}

fn print(entry: &Entry, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::print_json(&json!(entry));
    }
    let mut out = output::out();
    let Entry { time, who, call, outcome, ms, .. } = entry;
    let client = entry.client.as_ref().map(|client| format!(" by {client}")).unwrap_or_default();
    let asked = match &entry.arguments {
        Value::Null => String::new(),
        Value::Object(arguments) => arguments.iter().map(|(key, value)| format!(" {key}={value}")).collect(),
        other => format!(" {other}"),
    };
    let line = safe_line(&format!("{who}{client}"));
    writeln!(out, "{DIM}{time}{DIM:#}  {STRONG}{}{STRONG:#}{}  {line}", safe_line(call), safe_line(&asked))?;
    let masked = if entry.masked > 0 { format!(", {} masked", entry.masked) } else { String::new() };
    let style = if *outcome == Ended::Ok { DIM } else { BAD };
    let from = entry.address.as_ref().map(|address| format!(" from {address}")).unwrap_or_default();
    let rest = format!(
        "{} given, {}{masked}, {ms} ms{from}, audit id {}",
        entry.returned.len(),
        bytes(entry.bytes as u64),
        entry.id
    );
    writeln!(out, "  {style}{}{style:#}  {DIM}{}{DIM:#}", outcome.name(), safe_line(&rest))?;
    for Given { id, bytes } in &entry.returned {
        let bytes = bytes.map(|(start, end)| format!("  bytes {start}-{end}")).unwrap_or_default();
        writeln!(out, "  {}{DIM}{bytes}{DIM:#}", safe_line(id))?;
    }
    Ok(out.flush()?)
}
