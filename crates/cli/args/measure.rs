//! What `ibid measure` is told.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;
use ibid_core::query::{DEFAULT_LIMIT, MAX_LIMIT, Mode};
use ibid_core::ranking::{Constant, Ranking};

use super::modes;

/// Measure how good the answers to judged questions are
#[derive(Debug, Args)]
#[command(after_help = format!("\
DATASET is a folder with corpus.jsonl (_id, title, text), queries.jsonl (_id, text) and qrels.tsv (a header, then \
question, document and grade between tabs); or with queries_spans.jsonl (_id, text, corpus, spans) and corpora/*.md. \
Its documents are indexed as notes are, below the data folder and apart from the collections; the next run finds them \
there.

With --collection it is a file over notes that are indexed already: on each line id, question and answers, and of each \
answer the path and, if there is one, the quote.

Each question is asked twice: for {MAX_LIMIT} notes, which gives nDCG, MRR, hit and recall; then as everyone asks, for \
{DEFAULT_LIMIT} hits, which gives the times (in process, warm) and how many of the answer's bytes are found."))]
pub(crate) struct MeasureArgs {
    /// The judged questions
    pub(crate) dataset: PathBuf,
    /// Ask this collection the questions in the file DATASET
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// Take the judgements from this file [default: qrels.tsv in DATASET, or the answers in the file]
    #[arg(long, value_name = "FILE")]
    pub(crate) qrels: Option<PathBuf>,
    /// Measure only this mode; may be repeated
    #[arg(long, value_parser = modes())]
    pub(crate) mode: Vec<Mode>,
    /// Compare with what an earlier run printed with --json
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// Embed with this model (see `ibid models`); 'none' measures words alone [default: english]
    #[arg(long, value_name = "MODEL", conflicts_with = "collection")]
    pub(crate) model: Option<String>,
    /// Read the model from this folder instead of downloading it
    #[arg(long, value_name = "DIR", conflicts_with = "collection")]
    pub(crate) model_dir: Option<PathBuf>,
    /// Ask again with this reranker, and show what it gains and costs: a folder, or a repository of the hub
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) rerank: Option<String>,
    /// Index with this many threads [default: as many as there are cores]
    #[arg(long, value_name = "N", conflicts_with = "collection")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Forget the dataset's old index first
    #[arg(long, conflicts_with = "collection")]
    pub(crate) rebuild: bool,
    /// Ask with another value of a constant of ranking; for `make tune`
    #[arg(long = "with", value_name = "NAME=VALUE", value_parser = ranking, hide = true)]
    pub(crate) ranking: Option<Ranking>,
    /// Ask as if only so many of 100 vectors were made; for measuring what is answered meanwhile
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100), hide = true)]
    pub(crate) embedded: Option<u8>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// One constant with another value than it has by default.
fn ranking(typed: &str) -> Result<Ranking, String> {
    let (name, value) = typed.split_once('=').ok_or("write NAME=VALUE")?;
    let constant = Constant::named(name).ok_or_else(|| format!("there is no constant {name}"))?;
    let value = value.parse().map_err(|error| format!("{value}: {error}"))?;
    Ok(constant.with(value))
}
