//! all-MiniLM-L6-v2 with int8 weights, compiled into the program and run by rten. Nothing is read from disk.
//! Its origin and its build script stand beside it in `data/models`.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use tokenizers::Tokenizer;

use crate::embedder::{EmbedWorker, Embedder, ModelIdentity, checked};
use crate::error::EmbedError;
use crate::tokens::{TokenCounter, bundled_tokenizer};

/// The name of the model in the program.
pub const BUNDLED_MODEL: &str = "all-MiniLM-L6-v2";

static WEIGHTS: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/all-MiniLM-L6-v2-int8.onnx"));

/// BLAKE3 of the weights followed by the tokenizer. A constant, because hashing 23 MB would cost every start;
/// a test holds it to the files.
const CHECKSUM: &str = "0cebc96b8bea937076ec1d8355d24c20c49980969e0010cd384e2bc8c07ef004";

/// The engine's version is part of the identity: another one may round differently. A test holds it to the
/// lock file.
const ENGINE: &str = "rten 0.27.0";

const DIMENSIONS: usize = 384;

/// Longer texts are cut here, the two special tokens included: the model was trained no further.
const MAX_TOKENS: usize = 256;

/// No more of a text than this is given to the tokenizer. 254 words of the longest kind it knows (100
/// characters) are shorter than that in most scripts, and a text of megabytes costs no more than its beginning.
const MAX_TEXT_BYTES: usize = 32 * 1024;

/// The bundled model, loaded.
pub struct BundledEmbedder {
    identity: ModelIdentity,
    graph: Arc<Graph>,
    tokenizer: Arc<Tokenizer>,
}

impl BundledEmbedder {
    /// Unpacks the model. It costs some 50 ms of two cores and 50 MB.
    ///
    /// # Errors
    /// When the compiled-in files do not open, which the tests of this crate exclude.
    pub fn load() -> Result<Self, EmbedError> {
        let (tokenizer, graph) = std::thread::scope(|scope| {
            let tokenizer = scope.spawn(bundled_tokenizer);
            let graph = Graph::load();
            (tokenizer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), graph)
        });
        let identity = ModelIdentity {
            name: BUNDLED_MODEL.to_owned(),
            engine: ENGINE.to_owned(),
            dimensions: DIMENSIONS,
            checksum: CHECKSUM.to_owned(),
        };
        Ok(Self { identity, graph: Arc::new(graph?), tokenizer: tokenizer? })
    }

    /// Makes a counter of this model's tokens.
    #[must_use]
    pub fn token_counter(&self) -> TokenCounter {
        TokenCounter::new(Arc::clone(&self.tokenizer))
    }
}

impl Embedder for BundledEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn languages(&self) -> Option<&'static [&'static str]> {
        Some(&["en"])
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        // rten runs on the threads of a pool; one thread per worker keeps workers off each other's cores.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let token = |text: &str| self.tokenizer.token_to_id(text).and_then(|id| i32::try_from(id).ok());
        let (Some(first), Some(last)) = (token("[CLS]"), token("[SEP]")) else {
            let source = "the vocabulary has no [CLS] or no [SEP]".into();
            return Err(EmbedError::Tokenizer { model: BUNDLED_MODEL.to_owned(), source });
        };
        Ok(Box::new(BundledWorker {
            identity: self.identity.clone(),
            graph: Arc::clone(&self.graph),
            tokenizer: Arc::clone(&self.tokenizer),
            options: RunOptions::default().with_thread_pool(Some(pool)),
            frame: (first, last),
        }))
    }
}

/// The network and the places where it is fed and read.
struct Graph {
    model: Model,
    input_ids: NodeId,
    attention_mask: NodeId,
    token_type_ids: NodeId,
    output: NodeId,
}

impl Graph {
    fn load() -> Result<Self, EmbedError> {
        // Only the operators the graph has: the linker drops the rest of rten.
        let operators = op_registry!(
            Add,
            Cast,
            Div,
            DynamicQuantizeLinear,
            Erf,
            Gather,
            LayerNormalization,
            MatMul,
            MatMulInteger,
            Mul,
            ReduceL2,
            Reshape,
            Shape,
            Slice,
            Softmax,
            Squeeze,
            Sub,
            Transpose,
            Unsqueeze
        );
        let model = ModelOptions::with_ops(operators)
            .prepack_weights(true)
            .load_static_slice(WEIGHTS)
            .map_err(|source| EmbedError::Weights { model: BUNDLED_MODEL.to_owned(), source })?;
        let node = |name| model.node_id(name).map_err(|source| failed(source, 0));
        Ok(Self {
            input_ids: node("input_ids")?,
            attention_mask: node("attention_mask")?,
            token_type_ids: node("token_type_ids")?,
            output: node("sentence_embedding")?,
            model,
        })
    }

    fn run(&self, ids: Vec<i32>, options: RunOptions) -> Result<Vec<f32>, rten::RunError> {
        let shape = [1, ids.len()];
        let inputs = vec![
            (self.input_ids, NdTensor::from_data(shape, ids).into()),
            (self.attention_mask, NdTensor::<i32, 2>::full(shape, 1).into()),
            (self.token_type_ids, NdTensor::<i32, 2>::zeros(shape).into()),
        ];
        let [output] = self.model.run_n(inputs, [self.output], Some(options))?;
        Ok(output.into_tensor::<f32>().map(|vector| vector.to_vec()).unwrap_or_default())
    }
}

fn failed(source: rten::RunError, bytes: usize) -> EmbedError {
    EmbedError::Run { model: BUNDLED_MODEL.to_owned(), bytes, source }
}

struct BundledWorker {
    identity: ModelIdentity,
    graph: Arc<Graph>,
    tokenizer: Arc<Tokenizer>,
    options: RunOptions,
    /// The special tokens before and after every text.
    frame: (i32, i32),
}

impl BundledWorker {
    fn token_ids(&self, text: &str) -> Result<Vec<i32>, EmbedError> {
        let text = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|source| EmbedError::Tokenize { model: BUNDLED_MODEL.to_owned(), source })?;
        let words = encoding.get_ids().iter().take(MAX_TOKENS - 2).map(|&id| id.cast_signed());
        Ok(std::iter::once(self.frame.0).chain(words).chain([self.frame.1]).collect())
    }
}

impl EmbedWorker for BundledWorker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let ids = self.token_ids(text)?;
        let vector =
            self.graph.run(ids, self.options.clone()).map_err(|source| failed(source, text.len()))?;
        checked(&self.identity, vector)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        // The model was trained on pairs without any prefix.
        self.embed_document(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::TOKENIZER_JSON;

    fn load() -> BundledEmbedder {
        BundledEmbedder::load().expect("the compiled-in model opens")
    }

    fn embed(embedder: &BundledEmbedder, text: &str) -> Vec<f32> {
        embedder.worker().unwrap().embed_document(text).unwrap()
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    /// Both texts are turned into vectors; the first is to be nearer to the question.
    fn check_nearer(question: &str, near: &str, far: &str) {
        let embedder = load();
        let question = embedder.worker().unwrap().embed_query(question).unwrap();
        let (near, far) =
            (cosine(&question, &embed(&embedder, near)), cosine(&question, &embed(&embedder, far)));
        assert!(near > far + 0.2, "{near} {far}");
    }

    #[test]
    fn a_paraphrase_is_nearer_than_another_subject() {
        check_nearer(
            "how do I keep my bread from going stale",
            "Store a loaf wrapped in cloth so that it stays fresh for days.",
            "The committee postponed the vote on the railway budget.",
        );
        check_nearer("why does my cat purr", "Reasons for feline purring", "Tax rates for small companies");
    }

    #[test]
    fn two_workers_in_two_threads_give_identical_vectors() {
        let embedder = load();
        let texts = ["", "a", "The quick brown fox.", &"long text about nothing ".repeat(80), "日本語の文章"];
        let all =
            |mut worker: Box<dyn EmbedWorker + Send>| texts.map(|text| worker.embed_document(text).unwrap());
        let (one, two) = std::thread::scope(|scope| {
            let spawn = || {
                let worker = embedder.worker().unwrap();
                scope.spawn(move || all(worker))
            };
            let (one, two) = (spawn(), spawn());
            (one.join().unwrap(), two.join().unwrap())
        });
        assert_eq!(one, two);
    }

    #[test]
    fn every_text_has_a_unit_vector() {
        let embedder = load();
        for text in ["", " \n", "\0", "\u{feff}", "é", "🦀🦀", &"x".repeat(100_000), &"é".repeat(70_000)]
        {
            let vector = embed(&embedder, text);
            assert_eq!(vector.len(), DIMENSIONS);
            assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-4, "{:?}", text.get(..8));
        }
    }

    #[test]
    fn words_beyond_the_limit_do_not_count() {
        let embedder = load();
        let limit = MAX_TOKENS - 2;
        let full = "one ".repeat(limit);
        assert_eq!(embed(&embedder, &full), embed(&embedder, &format!("{full} two three")));
        let almost = "one ".repeat(limit - 1);
        assert_ne!(embed(&embedder, &almost), embed(&embedder, &format!("{almost} two three")));
    }

    #[test]
    fn the_checksum_is_that_of_the_files() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(WEIGHTS).update(TOKENIZER_JSON);
        assert_eq!(hasher.finalize().to_hex().as_str(), CHECKSUM);
    }

    #[test]
    fn the_engine_is_the_one_in_the_lock_file() {
        let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
        let (name, version) = ENGINE.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")), "{ENGINE}");
    }

    #[test]
    fn the_identity_names_the_model() {
        let identity = load().identity().clone();
        assert_eq!((identity.name.as_str(), identity.dimensions), (BUNDLED_MODEL, DIMENSIONS));
    }
}
