//! `ibid mcp`: MCP over standard input and output, for a client that starts us.

use std::sync::Arc;

use ibid_server::serve_stdio;

use crate::args::McpArgs;
use crate::command::serve;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::log;
use crate::open::SharedModels;
use crate::stop::Stop;

pub(crate) fn run(args: &McpArgs, environment: Environment) -> Result<Outcome, Failure> {
    log::start(args.verbose, environment.quiet);
    let secrets = environment.config.serving.secrets();
    let models = Arc::new(SharedModels::new(environment));
    let rerank = args.background.second.rerank.as_deref();
    let library = serve::library(&args.collection, rerank, models.clone())?;
    let stop = Stop::listen()?;
    if !args.background.no_watch {
        serve::follow(&library, &args.collection, models, &args.background.share, stop.clone())?;
    }
    let runtime = serve::runtime()?;
    let served =
        runtime.block_on(async { Ok(serve_stdio(library, &secrets, serve::stopping(&stop)).await?) });
    stop.settle();
    // A read of standard input that waits for the client cannot be called off, and must not hold up the exit.
    runtime.shutdown_background();
    served.map(|()| Outcome::Done)
}
