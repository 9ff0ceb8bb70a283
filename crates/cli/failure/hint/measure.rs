//! What to do about the errors of `ibid measure`.

use ibid_index::OpenError;
use ibid_indexer::BuildError;
use ibid_measure::dataset::DatasetError;
use ibid_measure::record::RecordError;
use ibid_measure::run::RunError;

use super::{of_embed, of_io, of_search};

pub(super) fn of_dataset(error: &DatasetError) -> Option<String> {
    let hint = match error {
        DatasetError::Missing { .. } => "check the path; `ibid measure --help` says what it must hold",
        DatasetError::NotAFolder { .. } => {
            "`--collection NAME` asks an indexed collection the questions of a file"
        }
        DatasetError::NotAFile { .. } => {
            "without `--collection` a judged collection is indexed by itself, and then asked"
        }
        DatasetError::Read { source, .. } => {
            return of_io(source).or_else(|| Some("`ibid measure --help` says what it must hold".to_owned()));
        }
        DatasetError::Line { .. } => "`ibid measure --help` says what a line must hold",
        DatasetError::Twice { .. } => return None,
        DatasetError::UnknownQuestion { .. } => "are the questions and the judgements of one dataset?",
        DatasetError::NoHeader { .. } => "put a line such as query, document, grade before the judgements",
        DatasetError::NoDocuments { .. } => "`ibid measure --help` says what it must hold",
        DatasetError::NothingJudged { .. } => "`--qrels FILE` takes the judgements from another file",
    };
    Some(hint.to_owned())
}

/// The index of a dataset is nobody's notes: whatever is wrong with it, it can be made anew.
pub(super) fn of_index(error: &BuildError) -> Option<String> {
    match error {
        BuildError::Embed(error) => of_embed(error),
        BuildError::Open(OpenError::Locked { .. }) => {
            Some("wait until the other run has finished".to_owned())
        }
        BuildError::Open(OpenError::Io { source, .. }) => of_io(source).or_else(anew),
        _ => anew(),
    }
}

pub(super) fn of_run(error: &RunError) -> Option<String> {
    match error {
        RunError::Ask { source, .. } => of_search(source),
        RunError::ModelAway { .. } => Some("start the engine, or measure `--mode lexical`".to_owned()),
        RunError::Read(_) => anew(),
    }
}

pub(super) fn of_record(error: &RecordError) -> Option<String> {
    let hint = match error {
        RecordError::Read { source, .. } => return of_io(source),
        RecordError::Format { .. } => "keep what a run prints: `ibid measure DATASET --json > FILE`",
        RecordError::NothingInCommon { .. } => "compare runs over one dataset, in one mode",
    };
    Some(hint.to_owned())
}

fn anew() -> Option<String> {
    Some("`ibid measure DATASET --rebuild` makes its index anew".to_owned())
}
