//! What `ibid models` prints for programs.

use ibid_embed::zoo::{Origin, Step};
use ibid_embed::{BundledModel, Embedder};
use serde_json::{Value, json};

use crate::command::models::{Checked, Models, Other};

/// The models there are.
pub(crate) fn listed(models: &Models) -> Value {
    json!({
        "bundled": models.bundled.map(bundled),
        "downloaded": models.others.iter().map(other).collect::<Vec<_>>(),
    })
}

/// That a model need not be fetched.
pub(crate) fn in_program(name: &str) -> Value {
    json!({ "name": name, "bundled": BundledModel::called(name).map(bundled) })
}

fn bundled(model: BundledModel) -> Value {
    let is_english = model == BundledModel::English;
    json!({
        "name": model.name(),
        "called": model.word(),
        "dimensions": model.dimensions(),
        "languages": if is_english { json!(["en"]) } else { json!("many") },
    })
}

fn other(model: &Other) -> Value {
    let known = model.known;
    json!({
        "name": model.name,
        "dimensions": known.map(|known| known.dimensions),
        "description": known.map(|known| known.purpose),
        "million_parameters": known.map(|known| known.n_million),
        "languages": known.map(|known| known.languages().map_or(json!("many"), |codes| json!(codes))),
        "published_ndcg": known.and_then(|known| known.quality).map(|quality| {
            // Four digits were published; a float of 32 bits has others behind them.
            json!({ "benchmark": quality.benchmark, "value": (f64::from(quality.ndcg) * 1e4).round() / 1e4 })
        }),
        "fetched": model.kept.is_some(),
        "bytes": model.kept.as_ref().map(|kept| kept.n_bytes),
        "ran_here": model.ran(),
        "used_by": model.used_by.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
    })
}

/// A model that was loaded.
pub(crate) fn checked(checked: &Checked) -> Value {
    let (identity, recipe) = (checked.embedder.identity(), checked.embedder.recipe());
    let steps = recipe.steps.iter().map(|step| match step {
        Step::Dense { n_in, n_out } => json!({ "dense": [n_in, n_out] }),
        Step::Normalize => json!("normalize"),
    });
    json!({
        "name": identity.name,
        "folder": checked.folder,
        "network": checked.embedder.network_file(),
        "fetched_bytes": checked.fetched,
        "engine": identity.engine,
        "onnx_runtime_not_used": checked.embedder.passed_over().map(ToString::to_string),
        "dimensions": identity.dimensions,
        "checksum": identity.checksum,
        "max_tokens": recipe.max_tokens,
        "pooling": recipe.pooling.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "steps": steps.collect::<Vec<_>>(),
        "prefixes": { "query": recipe.prefixes.query, "document": recipe.prefixes.document },
        "lower_case": recipe.lower_case,
        "stated_by": {
            "max_tokens": origin(recipe.max_tokens_origin),
            "pooling": origin(recipe.pooling_origin),
            "prefixes": origin(recipe.prefixes_origin),
        },
        "cosine_of_one_meaning": checked.near,
        "cosine_of_two_meanings": checked.far,
    })
}

/// A file's name, or where else a value is from.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::File(name) => name,
        Origin::Graph => "graph",
        Origin::Family => "family",
        Origin::Usual => "usual",
    }
}
