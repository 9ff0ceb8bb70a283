//! `ibid watch`: keeps collections up to their folders until it is told to stop. `ibid serve` and `ibid mcp` do the same
//! beside their serving; how is in [`crate::follow`].

use std::io::Write;
use std::sync::Arc;

use ibid_core::id::CollectionName;

use crate::args::WatchArgs;
use crate::command::serve;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::follow::{Following, News};
use crate::open::{self, SharedModels};
use crate::output::{self, DIM, STRONG};
use crate::print;
use crate::stop::Stop;
use crate::text::safe_line;

pub(crate) fn run(args: &WatchArgs, environment: Environment) -> Result<Outcome, Failure> {
    let names = open::named(&environment.store, &args.collection)?;
    if environment.store.collections()?.is_empty() {
        return Err(Failure::NoCollections { data_dir: environment.store.data_dir().to_owned() });
    }
    let quiet = environment.quiet;
    let manners = args.background.manners(&environment);
    let models = Arc::new(SharedModels::new(environment));
    let stop = Stop::listen()?;
    let asked = stop.awaited();
    let tell = Arc::new(move |name: &CollectionName, news: News<'_>| tell(name, &news, quiet));
    Following::start(names, models, manners, tell, stop.clone())?;
    if !quiet {
        writeln!(output::err(), "{DIM}watching; ctrl-c stops{DIM:#}")?;
    }
    serve::runtime()?.block_on(asked);
    stop.settle();
    Ok(Outcome::Done)
}

fn tell(name: &CollectionName, news: &News<'_>, quiet: bool) {
    match news {
        News::Committed => {}
        News::Changed(_) | News::Stopped(_) if quiet => {}
        News::Changed(report) => {
            let (what, seconds) = (print::report::changes(report), report.seconds.total);
            // Where nobody reads it, nobody misses it.
            let _ = writeln!(output::out(), "{STRONG}{name}{STRONG:#}: {what} in {seconds:.1} s");
        }
        News::Stopped(report) => {
            let said = print::report::stopped(report, &format!("ibid index --name {name}"));
            let _ = writeln!(output::err(), "{name}: {said}");
        }
        News::Failed(failure) => failure.print_as_warning(),
        News::Polled(reason) => {
            let reason = safe_line(&reason.to_string());
            let _ = writeln!(output::err(), "{name}: looked at every few seconds, since {reason}");
        }
    }
}
