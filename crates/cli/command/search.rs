//! `ibid search`: a question over the newest generations. Nothing is kept of it.

use std::io::Read;

use ibid_core::hit::Answer;
use ibid_core::query::{Condition, Filter, Mode, Query};
use ibid_search::{QueryEmbedder, Searcher};
use ibid_server::running_server;

use crate::args::SearchArgs;
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::open::{self, ModelChoice, Opened};
use crate::output;
use crate::print;

/// The most that is read of standard input: far more than a question may have, so that its size can be told.
const MAX_INPUT_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) fn run(args: &SearchArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let mut query = query(args)?;
    let opened = open::collections(&environment.store, &args.collection)?;
    let (embedders, without) = embedders(&opened, query.mode, environment)?;
    let not_searched =
        |(name, trouble): &(_, Failure)| format!("{name} was not searched: {}", trouble.message());
    let mut also: Vec<String> = opened.troubles.iter().map(not_searched).collect();
    if let Some(error) = &without {
        query.mode = Mode::Lexical;
        also.push(format!("nothing was searched by meaning: {}", error.message()));
    }
    let answer = Searcher::with_embedders(&opened.snapshots, &embedders).search(&query)?;
    let base = running_server(&environment.store).unwrap_or_default();
    if args.json {
        let asked = json::Asked { query: &query, explain: args.explain, also: &also, base: &base };
        output::print_json(&json::answer(&answer, &asked))?;
    } else {
        print::answer::hits(&answer, args.explain)?;
    }
    if !environment.quiet {
        if !args.json {
            print::answer::footer(&answer);
        }
        let troubles = opened.troubles.iter().map(|(_, trouble)| trouble);
        troubles.chain(&without).for_each(Failure::print_as_warning);
    }
    Ok(outcome(&answer))
}

fn outcome(answer: &Answer) -> Outcome {
    if answer.hits.is_empty() { Outcome::Nothing } else { Outcome::Done }
}

/// Loads every model that the question needs. Where one is not to be had and words are wanted too, they have to do: then
/// the reason comes back instead.
fn embedders(
    opened: &Opened,
    mode: Mode,
    environment: &Environment,
) -> Result<(Vec<QueryEmbedder>, Option<Failure>), Failure> {
    let mut embedders: Vec<QueryEmbedder> = Vec::new();
    for snapshot in opened.snapshots.iter().filter(|_| mode.has_semantic()) {
        let model = snapshot.manifest().model.as_ref().filter(|_| snapshot.damage().is_none());
        let Some(record) = model else { continue };
        if embedders.iter().any(|loaded| loaded.identity().checksum == record.checksum) {
            continue;
        }
        match ModelChoice::recorded(record).load(environment) {
            Ok(embedder) => embedders.push(QueryEmbedder::new(embedder)),
            Err(error) if mode.has_lexical() => return Ok((Vec::new(), Some(error.into()))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((embedders, None))
}

fn query(args: &SearchArgs) -> Result<Query, Failure> {
    let words = match args.question.as_slice() {
        [only] if only == "-" => read_question()?,
        words => words.join(" "),
    };
    Ok(Query {
        words,
        mode: args.mode,
        limit: args.limit,
        per_document: args.per_document.get(),
        filter: filter(args),
        explain: args.explain,
        fusion: args.fusion,
    })
}

fn filter(args: &SearchArgs) -> Filter {
    let mut all: Vec<Condition> = args.path.iter().cloned().map(Condition::Path).collect();
    all.extend(args.tag.iter().cloned().map(Condition::Tag));
    all.extend(args.title.iter().cloned().map(Condition::Title));
    all.extend(args.property.iter().cloned());
    all.extend(args.after.map(Condition::From));
    all.extend(args.before.map(Condition::Before));
    Filter { all, none: Vec::new() }
}

fn read_question() -> Result<String, Failure> {
    let mut question = String::new();
    std::io::stdin().lock().take(MAX_INPUT_BYTES).read_to_string(&mut question).map_err(Failure::Input)?;
    Ok(question)
}
