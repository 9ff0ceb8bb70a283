//! `ibid doctor`: the way into a server, step by step.

use std::io::{IsTerminal, Write};

use ibid_server::doctor::{Attendant, Authorities, Finding, Step, Visit, visit};
use ibid_server::{ServeError, running_server};
use serde_json::json;

use crate::args::DoctorArgs;
use crate::connect::mcp_address;
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::output::{self, ADVICE, BAD, DIM, STRONG};
use crate::text::safe_line;

pub(crate) fn run(args: &DoctorArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let address = match &args.url {
        Some(url) => mcp_address(url),
        None => mcp_address(&running_server(&environment.store).ok_or(Failure::NoServer)?),
    };
    let token = match &args.token_env {
        None => None,
        Some(variable) => Some(
            environment::secret(variable).ok_or_else(|| Failure::NoToken { variable: variable.clone() })?,
        ),
    };
    let authorities = args.ca.as_deref().map(Authorities::read).transpose().map_err(ServeError::from)?;
    let is_elsewhere = ibid_server::doctor::is_elsewhere(&address);
    let mut printer = Printer { as_json: args.json, failed: None };
    let arrived = visit(&Visit { address, walker: args.walker, token, authorities }, &mut printer);
    if is_elsewhere && !args.json && !environment.quiet {
        writeln!(output::err(), "{ADVICE}note:{ADVICE:#} {BEHIND_PROXY}")?;
    }
    match printer.failed {
        Some(failure) => Err(failure),
        None if arrived => Ok(Outcome::Done),
        None => Ok(Outcome::Nothing),
    }
}

/// What no walk can see from outside.
const BEHIND_PROXY: &str = "where a proxy or a tunnel on the server's machine passes callers on, start it with \
                            `--trusted-proxy 127.0.0.1`: otherwise everybody counts as one address";

struct Printer {
    as_json: bool,
    failed: Option<Failure>,
}

impl Printer {
    fn print(&self, step: Step, finding: &Finding) -> Result<(), Failure> {
        if self.as_json {
            let (state, said, advice) = match finding {
                Finding::Well(seen) => ("well", seen.as_str(), None),
                Finding::Skipped(why) => ("skipped", *why, None),
                Finding::Ill(problem) => ("ill", problem.why.as_str(), Some(problem.advice)),
            };
            return output::print_json(&json!({
                "step": step.to_string(), "state": state, "said": said, "advice": advice,
            }));
        }
        let mut out = output::out();
        let name = step.to_string();
        match finding {
            Finding::Well(seen) => {
                writeln!(out, "{STRONG}ok{STRONG:#}    {name:<18} {DIM}{}{DIM:#}", safe_line(seen))?
            }
            Finding::Skipped(why) => writeln!(out, "{DIM}-     {name:<18} {why}{DIM:#}")?,
            Finding::Ill(problem) => {
                writeln!(out, "{BAD}fails{BAD:#} {name:<18} {}", safe_line(&problem.why))?;
                writeln!(out, "{ADVICE}hint:{ADVICE:#} {}", problem.advice)?;
            }
        }
        Ok(out.flush()?)
    }
}

impl Attendant for Printer {
    fn found(&mut self, step: Step, finding: &Finding) {
        if let Err(failure) = self.print(step, finding) {
            self.failed.get_or_insert(failure);
        }
    }

    fn sign_in(&mut self, page: &str) -> bool {
        let mut err = output::err();
        // Who cannot be told cannot sign in. Whoever reads JSON opens the page for the person.
        let told = writeln!(err, "open this page, sign in and agree:\n\n{}\n", safe_line(page));
        told.is_ok() && (std::io::stderr().is_terminal() || self.as_json)
    }
}
