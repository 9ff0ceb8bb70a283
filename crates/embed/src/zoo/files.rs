//! Where a model's files are, and what fastembed needs of them in memory. It runs no model.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fastembed::{ModelInfo, OutputKey, Pooling, TokenizerFiles, UserDefinedEmbeddingModel};
use hf_hub::Cache;
use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use serde_json::{Value, json};

use super::{MAX_TOKENS, ZooOptions, prefixes};
use crate::error::EmbedError;

/// Where a local folder may have its network, in the order of preference.
const NETWORKS: [&str; 4] =
    ["model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx"];

/// The files beside the network that say how to cut a text.
const TOKENIZER: &str = "tokenizer.json";
const SPECIAL_FILES: [&str; 3] = ["config.json", "special_tokens_map.json", "tokenizer_config.json"];

/// A model on disk.
pub(super) struct ModelFiles {
    network: PathBuf,
    /// Weights too large for the network's file, which refers to them by name.
    weights: Vec<PathBuf>,
    /// The folder of the tokenizer's files.
    tokenizer_dir: PathBuf,
    pooling: Pooling,
    output: Option<OutputKey>,
}

impl ModelFiles {
    /// Finds the files in the caller's own folder. `known` is the model in fastembed's list, if it is there.
    pub(super) fn local(dir: &Path, name: &str, known: Option<Pooling>) -> Result<Self, EmbedError> {
        let missing = |wanted| EmbedError::MissingModelFile { folder: dir.to_owned(), wanted };
        let networks = NETWORKS.iter().map(|file| dir.join(file));
        let network = networks.into_iter().find(|path| path.is_file()).ok_or_else(|| {
            missing("model.onnx, onnx/model.onnx, model_quantized.onnx or onnx/model_quantized.onnx")
        })?;
        if !dir.join(TOKENIZER).is_file() {
            return Err(missing(TOKENIZER));
        }
        // The two customary names for weights beside the network.
        let beside = ["_data", ".data"].map(|end| {
            let mut path = network.clone().into_os_string();
            path.push(end);
            PathBuf::from(path)
        });
        let weights = beside.into_iter().filter(|path| path.is_file()).collect();
        let guess = || known.unwrap_or_else(|| prefixes::pooling_of(name));
        let pooling = configured_pooling(dir)?.unwrap_or_else(guess);
        Ok(Self { network, weights, tokenizer_dir: dir.to_owned(), pooling, output: None })
    }

    /// Finds the files of one of fastembed's models in the hub's cache, and fetches what is not there.
    pub(super) fn from_hub<M>(
        info: &ModelInfo<M>,
        pooling: Pooling,
        options: &ZooOptions,
    ) -> Result<Self, EmbedError> {
        let hub = Hub::new(&info.model_code, options);
        let network = hub.file(&info.model_file)?;
        let weights = info.additional_files.iter().map(|file| hub.file(file)).collect::<Result<_, _>>()?;
        for file in SPECIAL_FILES {
            hub.file(file)?;
        }
        let tokenizer = hub.file(TOKENIZER)?;
        let tokenizer_dir = tokenizer.parent().map_or_else(PathBuf::new, Path::to_owned);
        Ok(Self { network, weights, tokenizer_dir, pooling, output: info.output_key.clone() })
    }

    /// Hashes the network, its weights and its tokenizer.
    pub(super) fn checksum(&self) -> Result<String, EmbedError> {
        let mut hasher = blake3::Hasher::new();
        let tokenizer = self.tokenizer_dir.join(TOKENIZER);
        for path in [&self.network].into_iter().chain(&self.weights).chain([&tokenizer]) {
            let hashed = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
            hashed.map_err(|source| EmbedError::ModelFile { path: path.clone(), source })?;
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Reads all files into memory, where fastembed takes them from.
    pub(super) fn read(&self) -> Result<UserDefinedEmbeddingModel, EmbedError> {
        let mut model = UserDefinedEmbeddingModel::new(read(&self.network)?, self.tokenizer_files()?)
            .with_pooling(self.pooling.clone());
        model.output_key = self.output.clone();
        for path in &self.weights {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            model = model.with_external_initializer(name, read(path)?);
        }
        Ok(model)
    }

    /// Reads the tokenizer; what a folder lacks beside `tokenizer.json` is made up from it.
    fn tokenizer_files(&self) -> Result<TokenizerFiles, EmbedError> {
        let tokenizer_file = read(&self.tokenizer_dir.join(TOKENIZER))?;
        let pad = || pad_token(&tokenizer_file);
        let special = |name: &str, missing: &dyn Fn() -> Value| {
            let path = self.tokenizer_dir.join(name);
            match std::fs::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(missing().to_string().into_bytes()),
                read => read.map_err(|source| EmbedError::ModelFile { path, source }),
            }
        };
        let [config, map, tokenizer_config] = SPECIAL_FILES;
        Ok(TokenizerFiles {
            config_file: special(config, &|| json!({ "pad_token_id": pad().1 }))?,
            special_tokens_map_file: special(map, &|| json!({}))?,
            tokenizer_config_file: special(
                tokenizer_config,
                &|| json!({ "model_max_length": MAX_TOKENS, "pad_token": pad().0 }),
            )?,
            tokenizer_file,
        })
    }
}

/// The token for padding. One text at a time is never padded, so a guess does no harm.
fn pad_token(tokenizer_json: &[u8]) -> (String, u64) {
    let tokenizer: Value = serde_json::from_slice(tokenizer_json).unwrap_or_default();
    let added = tokenizer["added_tokens"].as_array().map_or(&[][..], Vec::as_slice);
    let pad = |token: &Value| {
        let content = token["content"].as_str().filter(|text| ["[PAD]", "<pad>"].contains(text))?;
        Some((content.to_owned(), token["id"].as_u64()?))
    };
    added.iter().find_map(pad).unwrap_or_else(|| ("[PAD]".to_owned(), 0))
}

/// Reads what sentence-transformers writes about pooling, if the folder has it.
fn configured_pooling(dir: &Path) -> Result<Option<Pooling>, EmbedError> {
    let path = dir.join("1_Pooling/config.json");
    if !path.is_file() {
        return Ok(None);
    }
    let config: Value = serde_json::from_slice(&read(&path)?)
        .map_err(|source| EmbedError::ModelConfig { path: path.clone(), source })?;
    let mode = |name: &str| config[name].as_bool() == Some(true);
    if mode("pooling_mode_mean_tokens") {
        Ok(Some(Pooling::Mean))
    } else if mode("pooling_mode_cls_token") {
        Ok(Some(Pooling::Cls))
    } else {
        Err(EmbedError::Pooling { path })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, EmbedError> {
    std::fs::read(path).map_err(|source| EmbedError::ModelFile { path: path.to_owned(), source })
}

/// One repository of the model hub, seen through the cache folder. What is in the cache needs no network.
struct Hub<'a> {
    model: &'a str,
    cache: Cache,
    progress: bool,
}

impl<'a> Hub<'a> {
    fn new(model: &'a str, options: &ZooOptions) -> Self {
        let cache = Cache::new(options.cache_dir.clone());
        Self { model, cache, progress: options.show_download_progress }
    }

    fn file(&self, file: &str) -> Result<PathBuf, EmbedError> {
        if let Some(path) = self.cache.model(self.model.to_owned()).get(file) {
            return Ok(path);
        }
        self.remote().and_then(|remote| remote.get(file)).map_err(|source| EmbedError::Download {
            model: self.model.to_owned(),
            file: file.to_owned(),
            cache_dir: self.cache.path().clone(),
            source: Box::new(source),
        })
    }

    fn remote(&self) -> Result<ApiRepo, hf_hub::api::sync::ApiError> {
        // Every listed model is public. Unasked, the client would send the hub whatever stands in a file named
        // `token` beside the cache folder.
        let api = ApiBuilder::from_cache(self.cache.clone()).with_token(None);
        let api = api.with_progress(self.progress).build()?;
        Ok(api.model(self.model.to_owned()))
    }
}
