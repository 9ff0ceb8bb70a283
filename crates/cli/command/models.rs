//! `ibid models`: the names that `ibid index --model` takes. Nothing is loaded or fetched.

use std::io::Write;

use ibid_embed::{BUNDLED_MODEL, zoo};
use serde_json::json;

use crate::args::ModelsArgs;
use crate::failure::{Failure, Outcome};
use crate::open::NO_MODEL;
use crate::output::{self, DIM, STRONG};

/// The dimensions of the bundled model, known without loading it; a test holds it to the model.
const BUNDLED_DIMENSIONS: usize = 384;

pub(crate) fn run(args: &ModelsArgs) -> Result<Outcome, Failure> {
    let zoo = zoo::models();
    if args.json {
        let others = zoo.iter().map(|model| {
            json!({ "name": model.name, "dimensions": model.dimensions, "description": model.description })
        });
        output::print_json(&json!({
            "bundled": { "name": BUNDLED_MODEL, "dimensions": BUNDLED_DIMENSIONS },
            "downloaded": others.collect::<Vec<_>>(),
        }))?;
        return Ok(Outcome::Done);
    }
    let mut out = output::out();
    let width = zoo.iter().map(|model| model.name.len()).max().unwrap_or(0);
    writeln!(out, "{STRONG}In the program{STRONG:#}")?;
    writeln!(
        out,
        "  {BUNDLED_MODEL:width$}  {BUNDLED_DIMENSIONS:>4}  {DIM}the default; needs nothing{DIM:#}"
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

#[cfg(test)]
mod tests {
    use ibid_embed::{BundledEmbedder, Embedder};

    use super::*;

    #[test]
    fn the_bundled_model_has_the_dimensions_that_are_told() {
        assert_eq!(BundledEmbedder::load().unwrap().identity().dimensions, BUNDLED_DIMENSIONS);
    }
}
