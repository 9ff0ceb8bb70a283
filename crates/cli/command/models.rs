//! `ibid models`: the names that `ibid index --model` takes. Nothing is loaded or fetched.

use std::io::Write;

use ibid_embed::{BundledModel, zoo};
use serde_json::json;

use crate::args::ModelsArgs;
use crate::failure::{Failure, Outcome};
use crate::open::{MODEL_BY_LANGUAGE, NO_MODEL};
use crate::output::{self, DIM, STRONG};

pub(crate) fn run(args: &ModelsArgs) -> Result<Outcome, Failure> {
    let zoo = zoo::models();
    if args.json {
        let others = zoo.iter().map(|model| {
            json!({ "name": model.name, "dimensions": model.dimensions, "description": model.description })
        });
        let bundled = BundledModel::ALL.map(
            |model| json!({ "name": model.name(), "called": model.word(), "dimensions": model.dimensions() }),
        );
        output::print_json(&json!({
            "bundled": bundled,
            "downloaded": others.collect::<Vec<_>>(),
        }))?;
        return Ok(Outcome::Done);
    }
    let mut out = output::out();
    let width = zoo.iter().map(|model| model.name.len()).max().unwrap_or(0);
    writeln!(out, "{STRONG}In the program{STRONG:#}")?;
    for model in BundledModel::ALL {
        let (name, word, dimensions) = (model.name(), model.word(), model.dimensions());
        let knows = match model {
            BundledModel::English => "knows English; half the time of the other",
            BundledModel::Multilingual => {
                "knows a hundred languages, and finds notes in another than you ask in"
            }
        };
        writeln!(out, "  {name:width$}  {dimensions:>4}  {DIM}or {word}: {knows}{DIM:#}")?;
    }
    writeln!(
        out,
        "  {MODEL_BY_LANGUAGE:width$}        {DIM}the default: {}, or {} where notes are in other languages{DIM:#}",
        BundledModel::English.word(),
        BundledModel::Multilingual.word()
    )?;
    writeln!(out, "  {NO_MODEL:width$}        {DIM}indexes by words alone{DIM:#}")?;
    writeln!(out)?;
    writeln!(out, "{STRONG}Downloaded for the first run, and needing an ONNX Runtime library{STRONG:#}")?;
    for model in &zoo {
        let description = model.description.trim().trim_end_matches('.');
        writeln!(out, "  {:width$}  {:>4}  {DIM}{description}{DIM:#}", model.name, model.dimensions)?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}
