//! `ibid measure`: judged questions, asked of an index of their own documents or of a collection. The indexes of datasets
//! lie apart from the collections, so that no search, list or server meets them.
//!
//! ```text
//! DATA/measure/NAME-HASH/documents/               the documents as notes; the hash is of all of them
//!                       /MODEL/collections/NAME/  their index, one for each model
//! ```

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use ibid_core::amount::many;
use ibid_core::id::CollectionName;
use ibid_core::query::Mode;
use ibid_embed::{BundledModel, Embedder, Reranker};
use ibid_index::settings::newest_settings;
use ibid_index::snapshot::Snapshot;
use ibid_index::store::Store;
use ibid_indexer::{BuildError, BuildOptions, Model, SourceChoice, build};
use ibid_measure::compare::{Comparison, compare};
use ibid_measure::dataset::Dataset;
use ibid_measure::record::{Record, RecordError};
use ibid_measure::run::{Asked, Run};
use ibid_measure::written::write_all;

use crate::args::MeasureArgs;
use crate::config::Config;
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::open::{self, ModelChoice, NO_MODEL};
use crate::output;
use crate::print;
use crate::progress::{Asking, Shown};

/// The folder below the data folder where datasets and their indexes lie.
const FOLDER: &str = "measure";

/// What the questions are asked of.
struct Index {
    snapshot: Snapshot,
    embedder: Option<Arc<dyn Embedder>>,
    /// Documents that the indexer would not read.
    skipped: usize,
}

pub(crate) fn run(args: &MeasureArgs, environment: &Environment) -> Result<Outcome, Failure> {
    // Read first: what is wrong with it is to be known before minutes of work.
    let before = args.against.as_deref().map(Record::read).transpose()?;
    let reranker = args.rerank.as_deref().map(|typed| open::reranker(Some(typed), environment));
    let reranker = reranker.transpose()?.flatten();
    let qrels = args.qrels.as_deref();
    let dataset = match &args.collection {
        Some(_) => Dataset::read_questions(&args.dataset, qrels)?,
        None => Dataset::read_folder(&args.dataset, qrels)?,
    };
    let (index, modes) = match &args.collection {
        Some(name) => of_collection(name, args, environment)?,
        None => of_dataset(&dataset, args, environment)?,
    };
    let Index { snapshot, embedder, skipped } = index;
    let snapshot = Arc::new(match args.embedded {
        Some(percent) => snapshot.partly_embedded(percent),
        None => snapshot,
    });
    let asked = Asked::new(&dataset.questions, snapshot.clone(), embedder, args.ranking.unwrap_or_default());
    let asked = asked.map_err(ibid_measure::run::RunError::from)?;
    let runs = ask(&dataset, &asked, &modes, None, environment)?;
    let mut record = Record::new(&dataset.name, &dataset.questions, &runs);
    record.notes = notes(&dataset, skipped, &asked, &runs);
    if let Some(reranker) = &reranker {
        let runs = ask(&dataset, &asked, &modes, Some(reranker), environment)?;
        record.add_reranked(reranker.name(), Record::new(&dataset.name, &dataset.questions, &runs));
    }
    if let Some((before, path)) = before.zip(args.against.as_ref()) {
        let path = || path.clone();
        let comparison =
            compare(&before, &record).ok_or_else(|| RecordError::NothingInCommon { path: path() })?;
        record.notes.extend(notes_on(&comparison, &record));
        record.against = Some(comparison);
    }
    match args.json {
        true => output::print_json(&record.to_json())?,
        false => print::measure::record(&record, snapshot.documents())?,
    }
    Ok(Outcome::Done)
}

/// An indexed collection, and the modes in which it can be asked.
fn of_collection(
    name: &str,
    args: &MeasureArgs,
    environment: &Environment,
) -> Result<(Index, Vec<Mode>), Failure> {
    let opened = open::collections(&environment.store, &[name.to_owned()])?;
    let snapshot = opened.snapshots.into_iter().next().and_then(Arc::into_inner);
    let snapshot = snapshot.expect("one name opens one collection, for this run alone, or fails");
    let model = snapshot.manifest().model.as_ref().filter(|_| snapshot.damage().is_none());
    let modes = modes(&args.mode, model.is_some())?;
    let wanted = model.filter(|_| modes.iter().any(|mode| mode.has_semantic()));
    let embedder = wanted.map(|record| ModelChoice::recorded(record).load(environment)).transpose()?;
    Ok((Index { snapshot, embedder, skipped: 0 }, modes))
}

/// An index of the dataset's own documents, brought up to date, and the modes in which it can be asked.
fn of_dataset(
    dataset: &Dataset,
    args: &MeasureArgs,
    environment: &Environment,
) -> Result<(Index, Vec<Mode>), Failure> {
    let choice = model_choice(args, &environment.config);
    let modes = modes(&args.mode, choice.is_some())?;
    let name = CollectionName::for_folder(&dataset.name);
    let model_folder = CollectionName::for_folder(choice.as_ref().map_or(NO_MODEL, |model| &model.name));
    let folder = environment.store.data_dir().join(FOLDER);
    let folder = folder.join(format!("{name}-{}", dataset.documents_hash()));
    let documents = folder.join("documents");
    write_all(&dataset.documents, &documents)?;
    let store = Store::at(folder.join(model_folder.as_str()));
    let failed = |source: BuildError| Failure::DatasetIndex { source: Box::new(source) };
    if args.rebuild && store.folder(&name).exists() {
        store.remove(&name).map_err(|source| failed(source.into()))?;
    }
    let last = newest_settings(&store, &name).map_err(|source| failed(source.into()))?;
    let last = last.and_then(|last| last.model);
    let choice = choice.map(|choice| choice.that_made(last.as_ref()));
    let model = choice.map(|choice| {
        let private = environment.config.serving.private();
        Ok::<_, Failure>(Model {
            embedder: choice.load(environment)?,
            folder: choice.folder.clone(),
            private,
        })
    });
    let model = model.transpose()?;
    let embedder = model.as_ref().map(|model| model.embedder.clone());
    let options = BuildOptions {
        root: documents,
        source: SourceChoice::Folder,
        name: name.clone(),
        include: Vec::new(),
        exclude: Vec::new(),
        language: None,
        model,
        threads: args.threads.unwrap_or_else(environment::cores),
        rebuild: false,
        may_change_model: false,
        now: environment::now_ns(),
        restate_after: std::time::Duration::ZERO,
        clock: std::time::Instant::now,
    };
    let shown = Shown::new(&name, environment.quiet, Arc::default());
    let built = build(&store, &options, &shown);
    shown.finish();
    let skipped = built.map_err(failed)?.skipped.len();
    let snapshot = Snapshot::open(&store, &name).map_err(|source| failed(source.into()))?;
    Ok((Index { snapshot, embedder, skipped }, modes))
}

fn model_choice(args: &MeasureArgs, config: &Config) -> Option<ModelChoice> {
    // It is recorded in the index, which may be brought up to date from elsewhere.
    let folder = args.model_dir.as_ref().map(|dir| fs::canonicalize(dir).unwrap_or_else(|_| dir.clone()));
    let named_after = |folder: &PathBuf| folder.file_name().map(|name| name.to_string_lossy().into_owned());
    match args.model.clone().or_else(|| folder.as_ref().and_then(named_after)) {
        Some(name) if name == NO_MODEL => None,
        Some(name) => Some(ModelChoice::called(&name, folder, config)),
        // Measurements of a set are compared, whatever language it is in.
        None => Some(ModelChoice::bundled(BundledModel::English)),
    }
}

/// The modes asked for, or all that the index can answer; in the usual order.
fn modes(asked: &[Mode], has_vectors: bool) -> Result<Vec<Mode>, Failure> {
    let can = |mode: Mode| has_vectors || !mode.has_semantic();
    if let Some(mode) = asked.iter().find(|mode| !can(**mode)) {
        return Err(Failure::NothingToMeasure { mode: mode.name() });
    }
    let all = Mode::NAMES.map(|(_, mode)| mode).into_iter();
    Ok(all.filter(|mode| if asked.is_empty() { can(*mode) } else { asked.contains(mode) }).collect())
}

fn ask(
    dataset: &Dataset,
    asked: &Asked<'_>,
    modes: &[Mode],
    reranker: Option<&Reranker>,
    environment: &Environment,
) -> Result<Vec<Run>, Failure> {
    // Each question is asked twice in each mode.
    let n_asked = 2 * modes.len() * dataset.questions.len();
    let shown = Asking::new(&dataset.name, n_asked, environment.quiet);
    let runs =
        modes.iter().map(|&mode| asked.run(mode, reranker, &|| shown.asked())).collect::<Result<_, _>>();
    shown.finish();
    Ok(runs?)
}

/// What the numbers do not cover.
fn notes(dataset: &Dataset, skipped: usize, asked: &Asked<'_>, runs: &[Run]) -> Vec<String> {
    let counted = [
        (dataset.left_out, "question", "without a relevant document, not asked"),
        (skipped, "document", "not indexed: nothing that can be read"),
        (asked.absent, "relevant document", "not in the index, and so never found"),
        (asked.lost_quotes, "quote", "not in the notes as they are indexed, and not measured"),
    ];
    let counted = counted.into_iter().filter(|(count, ..)| *count > 0);
    let mut notes: Vec<String> =
        counted.map(|(count, thing, what)| format!("{} {what}", many(count as u64, thing))).collect();
    for note in runs.iter().flat_map(|run| &run.notes).map(ToString::to_string) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// What a comparison does not cover.
fn notes_on(comparison: &Comparison, record: &Record) -> Vec<String> {
    let mut notes = Vec::new();
    if comparison.dataset != record.dataset {
        notes.push(format!("the earlier run is of {}", comparison.dataset));
    }
    for (count, which) in [(comparison.only_before, "the earlier"), (comparison.only_now, "this")] {
        if count > 0 {
            notes.push(format!("{} only in {which} run, not compared", many(count as u64, "question")));
        }
    }
    let missing = record.modes.keys().filter(|mode| !comparison.modes.contains_key(*mode));
    notes.extend(missing.map(|mode| format!("the earlier run did not measure {mode}")));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_vectors_only_words_are_measured() {
        use Mode::{Hybrid, Lexical, Semantic};
        for (asked, has_vectors, measured) in [
            (&[][..], true, Some(&[Hybrid, Lexical, Semantic][..])),
            (&[], false, Some(&[Lexical])),
            (&[Semantic, Hybrid, Semantic], true, Some(&[Hybrid, Semantic])),
            (&[Lexical], false, Some(&[Lexical])),
            (&[Lexical, Hybrid], false, None),
        ] {
            assert_eq!(modes(asked, has_vectors).ok().as_deref(), measured, "{asked:?}");
        }
    }
}
