//! What is done to a text before a network sees it, and to what comes out: read from the files of a model's folder, laid
//! out as sentence-transformers lays it out. No network is opened here.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::dense::Dense;
use super::families::{self, Prefixes};
use super::json::Json;
use super::pooling::{Pooling, WAYS};
use crate::error::{EmbedError, UnknownPart};

const MODULES: &str = "modules.json";
const CONFIG: &str = "config.json";
const PROMPTS: &str = "config_sentence_transformers.json";
const LENGTH: &str = "sentence_bert_config.json";
const TOKENIZER: &str = "tokenizer_config.json";

/// What a model takes that states no length: that of BERT, and of most.
const USUAL_TOKENS: usize = 512;

/// Longer texts are cut here whatever the model could take. A chunk of 250 word pieces is shorter in every tokenizer, and
/// attention costs the square of the length.
const MOST_TOKENS: usize = 2048;

/// Where a value of a [`Recipe`] is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A file of the model states it.
    File(&'static str),
    /// The graph does it itself.
    Graph,
    /// It is a habit of the model's family, told by its name.
    Family,
    /// Nothing states it; it is what most models have.
    Usual,
}

/// What is done to a pooled vector before it is brought to unit length, which all are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A dense layer from so many numbers to so many.
    Dense {
        /// How many go in.
        n_in: usize,
        /// How many come out.
        n_out: usize,
    },
    /// Unit length.
    Normalize,
}

/// How a model makes a vector of a text, beside its network and its tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// How the vectors of the tokens become one; several follow each other. Empty where the graph does it.
    pub pooling: Vec<Pooling>,
    /// Where the pooling is from.
    pub pooling_origin: Origin,
    /// What comes after the pooling, in order.
    pub steps: Vec<Step>,
    /// Longer texts are cut here, the special tokens and the prefix included.
    pub max_tokens: usize,
    /// Where that length is from.
    pub max_tokens_origin: Origin,
    /// What is put before a text.
    pub prefixes: Prefixes,
    /// Where the prefixes are from.
    pub prefixes_origin: Origin,
    /// Whether a text is put into small letters first.
    pub lower_case: bool,
    /// The number of the first position, where the graph asks for positions.
    pub(super) first_position: usize,
}

impl Recipe {
    /// What decides a vector beside the files that hold weights and the tokenizer, as one line for a checksum.
    pub(super) fn line(&self) -> String {
        let Self { pooling, steps, max_tokens, prefixes, lower_case, first_position, .. } = self;
        format!("{pooling:?} {steps:?} {max_tokens} {prefixes:?} {lower_case} {first_position}")
    }

    /// A text as the model was trained to see it: without white space at its ends, as sentence-transformers does, and in
    /// small letters where it wants them.
    pub(super) fn as_trained<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let trimmed = text.trim();
        if self.lower_case { Cow::Owned(trimmed.to_lowercase()) } else { Cow::Borrowed(trimmed) }
    }

    /// The recipe where the graph pools: it has done all the modules already.
    pub(super) fn of_pooling_graph(mut self) -> Self {
        self.pooling.clear();
        self.steps.clear();
        self.pooling_origin = Origin::Graph;
        self
    }
}

/// A recipe and what it needs of the folder.
pub(super) struct Modules {
    pub(super) recipe: Recipe,
    /// The layers of the steps that are dense, in order.
    pub(super) dense: Vec<Dense>,
    /// The files of those layers.
    pub(super) dense_files: Vec<PathBuf>,
    /// The folder of the network and the tokenizer.
    pub(super) transformer: PathBuf,
}

/// Reads what the folder of the model called `name` says.
pub(super) fn read(dir: &Path, name: &str) -> Result<Modules, EmbedError> {
    let mut modules = match Json::read(&dir.join(MODULES))? {
        Some(list) => listed(dir, &list)?,
        None => unlisted(dir)?,
    };
    let recipe = &mut modules.recipe;
    if recipe.pooling.is_empty() {
        // sentence-transformers takes the mean too where nothing is said.
        let family = families::pooling_of(name);
        recipe.pooling_origin = if family.is_some() { Origin::Family } else { Origin::Usual };
        recipe.pooling = vec![family.unwrap_or(Pooling::Mean)];
    }
    read_prompts(dir, name, recipe)?;
    read_length(&modules.transformer, recipe)?;
    if let Some(pooling) = Json::read(&dir.join("1_Pooling").join(CONFIG))?
        && pooling.value()["include_prompt"].as_bool() == Some(false)
        && recipe.prefixes != Prefixes::default()
    {
        return Err(pooling.unknown(UnknownPart::Pooling("include_prompt = false".to_owned())));
    }
    Ok(modules)
}

/// Reads what the folder of a reranker says: how much it takes of both texts, and whether in small letters. It has no
/// modules: its graph does the rest.
pub(super) fn read_reranker(dir: &Path) -> Result<Recipe, EmbedError> {
    let mut recipe = empty(dir.to_owned()).recipe;
    read_length(dir, &mut recipe)?;
    Ok(recipe)
}

fn empty(transformer: PathBuf) -> Modules {
    let recipe = Recipe {
        pooling: Vec::new(),
        pooling_origin: Origin::Usual,
        steps: Vec::new(),
        max_tokens: USUAL_TOKENS,
        max_tokens_origin: Origin::Usual,
        prefixes: Prefixes::default(),
        prefixes_origin: Origin::Usual,
        lower_case: false,
        first_position: 0,
    };
    Modules { recipe, dense: Vec::new(), dense_files: Vec::new(), transformer }
}

/// A folder without a list of modules: a network, a tokenizer, and perhaps a pooling.
fn unlisted(dir: &Path) -> Result<Modules, EmbedError> {
    let mut modules = empty(dir.to_owned());
    if let Some(config) = Json::read(&dir.join("1_Pooling").join(CONFIG))? {
        modules.recipe.pooling = pooling(&config)?;
        modules.recipe.pooling_origin = Origin::File("1_Pooling/config.json");
    }
    Ok(modules)
}

/// Follows `modules.json`. Its order is that of the work: a transformer, a pooling, and what comes after.
fn listed(dir: &Path, list: &Json) -> Result<Modules, EmbedError> {
    let mut modules = empty(dir.to_owned());
    let entries = list.value().as_array().map_or(&[][..], Vec::as_slice);
    for (place, entry) in entries.iter().enumerate() {
        let kind = entry["type"].as_str().unwrap_or_default();
        let folder = dir.join(entry["path"].as_str().unwrap_or_default());
        // A module of the model's own comes as Python beside it.
        let own = kind.starts_with("sentence_transformers.").then(|| kind.rsplit('.').next()).flatten();
        match (place, own) {
            (0, Some("Transformer")) => modules.transformer = folder,
            (1, Some("Pooling")) => {
                let config = Json::read(&folder.join(CONFIG))?;
                let config = config.ok_or(EmbedError::MissingModelFile { folder, wanted: CONFIG })?;
                modules.recipe.pooling = pooling(&config)?;
                modules.recipe.pooling_origin = Origin::File("1_Pooling/config.json");
            }
            (2.., Some("Dense")) => {
                let layer = Dense::read(&folder)?;
                let (n_in, n_out) = layer.shape();
                modules.recipe.steps.push(Step::Dense { n_in, n_out });
                modules.dense.push(layer);
                // The activation stands in the configuration.
                modules.dense_files.extend([folder.join(CONFIG), folder.join(super::dense::WEIGHTS)]);
            }
            (2.., Some("Normalize")) => modules.recipe.steps.push(Step::Normalize),
            _ => return Err(list.unknown(UnknownPart::Module(kind.to_owned()))),
        }
    }
    if modules.recipe.pooling.is_empty() {
        return Err(list.unknown(UnknownPart::Pooling("none".to_owned())));
    }
    Ok(modules)
}

/// Reads the ways of a pooling's configuration. Every switch that is on must be known.
fn pooling(config: &Json) -> Result<Vec<Pooling>, EmbedError> {
    let unknown = |mode: &str| config.unknown(UnknownPart::Pooling(mode.to_owned()));
    if let Some(word) = config.text("pooling_mode") {
        return word
            .split('+')
            .map(|word| {
                let way = WAYS.iter().find(|(_, known, _)| *known == word);
                way.map(|(.., way)| *way).ok_or_else(|| unknown(word))
            })
            .collect();
    }
    let switches = config.value().as_object().into_iter().flatten();
    let on =
        switches.filter(|(key, value)| key.starts_with("pooling_mode_") && value.as_bool() == Some(true));
    let on: Vec<&str> = on.map(|(key, _)| key.as_str()).collect();
    if let Some(other) = on.iter().find(|key| WAYS.iter().all(|(switch, ..)| switch != *key)) {
        return Err(unknown(other));
    }
    let ways = WAYS.iter().filter(|(switch, ..)| on.contains(switch)).map(|(.., way)| *way);
    let ways: Vec<Pooling> = ways.collect();
    if ways.is_empty() { Err(unknown("none")) } else { Ok(ways) }
}

/// Reads the prefixes, and whether the model's vectors are compared by their angle.
fn read_prompts(dir: &Path, name: &str, recipe: &mut Recipe) -> Result<(), EmbedError> {
    if let Some(config) = Json::read(&dir.join(PROMPTS))? {
        let ends_at_unit_length = recipe.steps.last() == Some(&Step::Normalize);
        match config.text("similarity_fn_name") {
            None | Some("cosine") => {}
            Some("dot") if ends_at_unit_length => {}
            Some(other) => return Err(config.unknown(UnknownPart::Similarity(other.to_owned()))),
        }
        let prompts = &config.value()["prompts"];
        let usual = config.text("default_prompt_name").and_then(|name| prompts[name].as_str());
        let first = |names: &[&str]| {
            let named = names.iter().find_map(|name| prompts[*name].as_str());
            named.or(usual).unwrap_or_default().to_owned()
        };
        recipe.prefixes =
            Prefixes { query: first(&["query"]), document: first(&["document", "passage", "corpus"]) };
        recipe.prefixes_origin = Origin::File(PROMPTS);
    }
    // Saved anew by a newer version, a model that needs prefixes states two empty ones.
    if recipe.prefixes == Prefixes::default() {
        match families::prefixes_of(name) {
            Some(family) => (recipe.prefixes, recipe.prefixes_origin) = (family, Origin::Family),
            None if recipe.prefixes_origin != Origin::File(PROMPTS) => recipe.prefixes_origin = Origin::Usual,
            None => {}
        }
    }
    Ok(())
}

/// Reads how much of a text the model takes: the least of what its files state.
fn read_length(dir: &Path, recipe: &mut Recipe) -> Result<(), EmbedError> {
    let config = Json::read(&dir.join(CONFIG))?;
    if let Some(config) = &config {
        // RoBERTa counts its positions from behind the padding token's number.
        let counts_late = config.text("model_type").is_some_and(|family| {
            ["roberta", "xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl"].contains(&family)
        });
        recipe.first_position = if counts_late { config.number("pad_token_id").unwrap_or(1) + 1 } else { 0 };
    }
    let positions = config.and_then(|config| config.number("max_position_embeddings"));
    let positions = positions.map(|positions| positions.saturating_sub(recipe.first_position));
    let trained = Json::read(&dir.join(LENGTH))?;
    recipe.lower_case =
        trained.as_ref().is_some_and(|trained| trained.value()["do_lower_case"].as_bool() == Some(true));
    let trained = trained.and_then(|trained| trained.number("max_seq_length"));
    let cut = Json::read(&dir.join(TOKENIZER))?.and_then(|cut| cut.number("model_max_length"));
    let stated = match trained {
        Some(trained) => Some((trained, LENGTH)),
        None => cut.map(|cut| (cut, TOKENIZER)),
    };
    let lengths = stated.into_iter().chain(positions.map(|positions| (positions, CONFIG)));
    if let Some((length, file)) = lengths.min_by_key(|(length, _)| *length) {
        recipe.max_tokens = length.min(MOST_TOKENS);
        recipe.max_tokens_origin = Origin::File(file);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
