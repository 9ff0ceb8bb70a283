//! `ibid search`: a question over the newest generations. Nothing is kept of it.

use std::io::Read;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ibid_core::hit::{Answer, Matches};
use ibid_core::query::{Condition, Filter, Mode, Query};
use ibid_core::ranking::Ranking;
use ibid_embed::{EmbedError, Embedder};
use ibid_index::manifest::ModelRecord;
use ibid_search::{QueryEmbedder, Searcher};
use ibid_server::running_server;

use crate::args::SearchArgs;
use crate::command::index;
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::links::Links;
use crate::open::{self, ModelChoice, Opened, SharedModels};
use crate::output;
use crate::pager;
use crate::print;
use crate::print::answer::Manner;

/// The most that is read of standard input: far more than a question may have, so that its size can be told.
const MAX_INPUT_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) fn run(args: &SearchArgs, environment: Environment) -> Result<Outcome, Failure> {
    let mut queries = queries(args)?;
    let mode = args.mode;
    let models = Arc::new(SharedModels::new(environment));
    let environment = models.environment();
    let stale = match args.wait_fresh {
        Some(seconds) => freshen(args, &models, Duration::from_secs(seconds.into()))?,
        None => Vec::new(),
    };
    let opened = open::collections(&environment.store, &args.collection)?;
    let (embedders, without) = embedders(&opened, mode, &models)?;
    let not_searched =
        |(name, trouble): &(_, Failure)| format!("{name} was not searched: {}", trouble.message());
    let mut also: Vec<String> = opened.troubles.iter().map(not_searched).collect();
    let not_fresh = |failure: &Failure| format!("notes saved last may be missing: {}", failure.message());
    also.extend(stale.iter().map(not_fresh));
    if let Some(error) = &without {
        queries.iter_mut().for_each(|query| query.mode = Mode::Lexical);
        also.push(format!("nothing was searched by meaning: {}", error.message()));
    }
    let reranker = open::reranker(args.second.rerank.as_deref(), environment)?;
    let searcher = Searcher::with_embedders(&opened.snapshots, &embedders);
    let answer = searcher.with_reranker(reranker.as_ref()).search_phrasings(&queries)?;
    let base = running_server(&environment.store).unwrap_or_default();
    if args.json {
        let asked = json::Asked { queries: &queries, explain: args.explain, also: &also, base: &base };
        output::print_json(&json::answer(&answer, &asked))?;
    } else {
        let links = output::has_styles().then_some(Links { base: &base, snapshots: &opened.snapshots });
        let shown =
            print::answer::hits(&answer, &Manner { explain: args.explain, links, queries: &queries })?;
        pager::show(&shown, environment::pager().filter(|_| !args.no_pager).as_ref())?;
    }
    if !environment.quiet {
        if !args.json {
            print::answer::footer(&answer);
        }
        let troubles = opened.troubles.iter().map(|(_, trouble)| trouble);
        troubles.chain(&stale).chain(&without).for_each(Failure::print_as_warning);
    }
    Ok(outcome(&answer))
}

fn outcome(answer: &Answer) -> Outcome {
    if answer.matches == Matches::None { Outcome::Nothing } else { Outcome::Done }
}

/// Brings what is asked up to its folders by its words, for at most `limit`; gives what stood in the way.
fn freshen(args: &SearchArgs, models: &Arc<SharedModels>, limit: Duration) -> Result<Vec<Failure>, Failure> {
    let store = &models.environment().store;
    let names = match open::named(store, &args.collection)? {
        all if all.is_empty() => store.collections()?,
        named => named,
    };
    let (sender, done) = mpsc::channel();
    let worker = models.clone();
    // Left to itself when time is up: whatever ends a run early, its last commit stands.
    let work = move || {
        let failed = names.into_iter().filter_map(|name| index::words_of(name, &worker).err()).collect();
        // Nobody listens where time was up.
        let _ = sender.send(failed);
    };
    thread::Builder::new().name("ibid-fresh".to_owned()).spawn(work).map_err(Failure::Start)?;
    Ok(done.recv_timeout(limit).unwrap_or_else(|_| vec![Failure::NotFresh { seconds: limit.as_secs() }]))
}

/// Loads every model that the question needs. Where one is not to be had and words are wanted too, they have to do: then
/// the reason comes back instead.
fn embedders(
    opened: &Opened,
    mode: Mode,
    models: &SharedModels,
) -> Result<(Vec<QueryEmbedder>, Option<Failure>), Failure> {
    let mut embedders: Vec<QueryEmbedder> = Vec::new();
    for snapshot in opened.snapshots.iter().filter(|_| mode.has_semantic()) {
        let model = snapshot.manifest().model.as_ref().filter(|_| snapshot.damage().is_none());
        let Some(record) = model else { continue };
        if embedders.iter().any(|loaded| loaded.identity().checksum == record.checksum) {
            continue;
        }
        match ready(models, record) {
            Ok(embedder) => embedders.push(QueryEmbedder::new(embedder)),
            Err(error) if mode.has_lexical() => return Ok((Vec::new(), Some(error.into()))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((embedders, None))
}

/// The question, and the same in other words.
fn queries(args: &SearchArgs) -> Result<Vec<Query>, Failure> {
    let query = query(args)?;
    let others: Vec<Query> =
        args.also.iter().map(|words| Query { words: words.clone(), ..query.clone() }).collect();
    Ok(std::iter::once(query).chain(others).collect())
}

/// The model of a manifest. One behind a url is asked for a worker, so that it is told why there is none.
fn ready(models: &SharedModels, record: &ModelRecord) -> Result<Arc<dyn Embedder>, EmbedError> {
    let embedder = models.get(&ModelChoice::recorded(record))?;
    if record.remote.is_some() {
        embedder.worker()?;
    }
    Ok(embedder)
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
        order: args.sort,
        fusion: args.fusion,
        ranking: Ranking::default(),
        today: Some(environment::today()),
    })
}

fn filter(args: &SearchArgs) -> Filter {
    let mut all: Vec<Condition> = args.path.iter().cloned().map(Condition::Path).collect();
    all.extend(args.tag.iter().cloned().map(Condition::Tag));
    all.extend(args.title.iter().cloned().map(Condition::Title));
    all.extend(args.property.iter().cloned());
    all.extend(args.after.clone().map(Condition::From));
    all.extend(args.before.clone().map(Condition::Before));
    Filter { all, none: Vec::new() }
}

fn read_question() -> Result<String, Failure> {
    let mut question = String::new();
    std::io::stdin().lock().take(MAX_INPUT_BYTES).read_to_string(&mut question).map_err(Failure::Input)?;
    Ok(question)
}
