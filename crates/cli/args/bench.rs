//! What `ibid bench` is told.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ibid_core::query::Mode;

use super::{modes, seconds};

/// Measure how fast a collection answers and how exact its neighbours are
#[derive(Debug, Args)]
#[command(after_help = "\
Measures, on this machine as it is now:
  latency  questions in this process, 1, 4 and 16 at once, beside embedding alone
  http     the same through a server on loopback
  start    a server and a search that were not running
  memory   a server before and after some hundred questions
  index    the collection's source indexed again, into a temporary folder below the data folder
  recall   the nearest vectors against a look at every float

Without --questions they are drawn from the notes, the same each time. No question is asked twice in a round, so \
vectors kept of earlier questions do not help. The collection and its notes are only read.")]
pub(crate) struct BenchArgs {
    /// Measure this collection [default: the only one]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// Ask what stands in this file: a question a line, or JSON lines with "question" or "text"
    #[arg(long, value_name = "FILE")]
    pub(crate) questions: Option<PathBuf>,
    /// Search by words and meaning, by words, or by meaning
    #[arg(long, default_value = Mode::Hybrid.name(), value_parser = modes())]
    pub(crate) mode: Mode,
    /// Measure only these, separated by commas
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = parts())]
    pub(crate) only: Vec<Part>,
    /// Measure each point of latency for about so long
    #[arg(long, value_name = "S", default_value_t = 3.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Embed for about so long while indexing again
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) index_seconds: f64,
    /// Draw latency against load into this SVG file
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A part of `ibid bench`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Latency,
    Http,
    Start,
    Memory,
    Index,
    Recall,
}

impl Part {
    /// Every part with the name people type, in the order they are measured.
    pub(crate) const NAMES: [(&'static str, Part); 6] = [
        ("latency", Part::Latency),
        ("http", Part::Http),
        ("start", Part::Start),
        ("memory", Part::Memory),
        ("index", Part::Index),
        ("recall", Part::Recall),
    ];
}

fn parts() -> impl TypedValueParser<Value = Part> {
    let names = PossibleValuesParser::new(Part::NAMES.map(|(name, _)| name));
    names.map(|typed| {
        Part::NAMES.into_iter().find(|(name, _)| *name == typed).map_or(Part::Latency, |(_, part)| part)
    })
}
