//! What `ibid models` prints for people.

use std::io::{self, Write};

use ibid_core::amount::bytes;
use ibid_embed::zoo::{Origin, Recipe, Step};
use ibid_embed::{BundledModel, Embedder};

use crate::command::models::{Checked, Models, Other};
use crate::failure::Failure;
use crate::open::{MODEL_BY_LANGUAGE, NO_MODEL};
use crate::output::{self, DIM, DOUBTFUL, STRONG};
use crate::print::table::{Align, Form, table};
use crate::text::safe_line;

/// Prints the models there are.
pub(crate) fn listed(models: &Models) -> Result<(), Failure> {
    let mut out = output::out();
    let names = models.others.iter().map(|model| model.name.as_str());
    let width = names.chain(models.bundled.map(BundledModel::name)).map(str::len).max().unwrap_or(0);
    writeln!(out, "{STRONG}In the program{STRONG:#}")?;
    for model in models.bundled {
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
    writeln!(
        out,
        "{STRONG}Fetched when first used, or by `ibid models get NAME`; the part after the / will do{STRONG:#}"
    )?;
    let form = Form { indent: "  ", corner: "", min_width: width, align: Align::Left };
    let headings = ["size", "numbers", "languages", "published nDCG@10", "here", "for"];
    let rows = models.others.iter().map(|model| (safe_line(&model.name), cells(model)));
    table(&mut out, form, &headings, &rows.collect::<Vec<_>>())?;
    writeln!(
        out,
        "{DIM}Sizes are millions of parameters, four bytes each to fetch. Figures of different benchmarks are not to be \
         compared. `ran`: it has embedded something here; `fetched`: it is here and has not.{DIM:#}"
    )?;
    Ok(out.flush()?)
}

/// What stands behind a name, in the order of the headings.
fn cells(model: &Other) -> Vec<String> {
    let known = model.known;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let quality = known.and_then(|known| known.quality);
    let here = match (model.ran(), &model.kept) {
        (true, _) => "ran",
        (false, Some(_)) => "fetched",
        (false, None) => "–",
    };
    vec![
        or_none(known.map(|known| format!("{} M", known.n_million))),
        or_none(known.map(|known| known.dimensions.to_string())),
        or_none(known.map(|known| if known.is_english { "English" } else { "many" }.to_owned())),
        or_none(
            quality.map(|quality| format!("{} {:.3}", quality.benchmark, quality.ndcg).replace(" 0.", " .")),
        ),
        here.to_owned(),
        known.map_or_else(String::new, |known| known.purpose.to_owned()),
    ]
}

/// Says that a model need not be fetched.
pub(crate) fn in_program(name: &str) -> Result<(), Failure> {
    let mut out = output::out();
    writeln!(out, "{} is in the program: there is nothing to fetch", safe_line(name))?;
    Ok(out.flush()?)
}

/// Prints what was understood of a model.
pub(crate) fn checked(checked: &Checked) -> Result<(), Failure> {
    let mut out = output::out();
    let (identity, recipe) = (checked.embedder.identity(), checked.embedder.recipe());
    writeln!(out, "{STRONG}{}{STRONG:#}", safe_line(&identity.name))?;
    let mut line = |name: &str, value: &str, origin: &str| -> io::Result<()> {
        let gap = if origin.is_empty() { "" } else { "  " };
        writeln!(out, "  {name:<17} {}{gap}{DIM}{origin}{DIM:#}", safe_line(value))
    };
    line("folder", &checked.folder.display().to_string(), "")?;
    let network = checked.embedder.network_file();
    let network = network.strip_prefix(&checked.folder).unwrap_or(network);
    line("network", &network.display().to_string(), "")?;
    if let Some(fetched) = checked.fetched {
        line("fetched now", &bytes(fetched), "")?;
    }
    let engine = if checked.embedder.passed_over().is_some() { "ONNX Runtime would be faster" } else { "" };
    line("engine", &identity.engine, engine)?;
    line("numbers", &identity.dimensions.to_string(), "")?;
    line("longest text", &format!("{} tokens", recipe.max_tokens), &origin(recipe.max_tokens_origin))?;
    line("pooling", &pooling(recipe), &origin(recipe.pooling_origin))?;
    let prefixes = origin(recipe.prefixes_origin);
    line("before a question", &format!("{:?}", recipe.prefixes.query), &prefixes)?;
    line("before a note", &format!("{:?}", recipe.prefixes.document), &prefixes)?;
    if recipe.lower_case {
        line("letters", "made small", "")?;
    }
    let meant = format!("{:.2} between two of one meaning, {:.2} to the other", checked.near, checked.far);
    line("three sentences", &meant, "")?;
    if checked.near <= checked.far {
        writeln!(
            out,
            "{DOUBTFUL}note:{DOUBTFUL:#} it does not bring English sentences of one meaning together; it may know other \
             languages, or be no model for finding"
        )?;
    }
    let unstated = unstated(recipe);
    if !unstated.is_empty() {
        writeln!(
            out,
            "{DOUBTFUL}note:{DOUBTFUL:#} no file states its {}; a folder as it is on the hub has modules.json, \
             1_Pooling/config.json, config_sentence_transformers.json and sentence_bert_config.json",
            unstated.join(", ")
        )?;
    }
    Ok(out.flush()?)
}

fn pooling(recipe: &Recipe) -> String {
    let ways = recipe.pooling.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let mut text = if ways.is_empty() { "in the graph".to_owned() } else { ways };
    for step in &recipe.steps {
        match step {
            Step::Dense { n_in, n_out } => text.push_str(&format!(", dense {n_in} to {n_out}")),
            Step::Normalize => text.push_str(", unit length"),
        }
    }
    text
}

fn origin(origin: Origin) -> String {
    match origin {
        Origin::File(name) => format!("says {name}"),
        Origin::Graph => String::new(),
        Origin::Family => "as its family".to_owned(),
        Origin::Usual => "as most models".to_owned(),
    }
}

/// What was taken from nowhere in the folder.
fn unstated(recipe: &Recipe) -> Vec<&'static str> {
    let parts = [
        ("pooling", recipe.pooling_origin),
        ("longest text", recipe.max_tokens_origin),
        ("prefixes", recipe.prefixes_origin),
    ];
    let is_unstated = |origin| matches!(origin, Origin::Family | Origin::Usual);
    parts.into_iter().filter(|(_, origin)| is_unstated(*origin)).map(|(name, _)| name).collect()
}
