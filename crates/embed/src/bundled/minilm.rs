//! all-MiniLM-L6-v2 with int8 weights, compiled into the program.

use std::sync::Arc;

use rten::ValueOrView;
use rten_tensor::NdTensor;
use tokenizers::Tokenizer;

use super::network::{Feed, Network, NetworkWorker, Role};
use super::{ENGINE, beginning};
use crate::embedder::{EmbedWorker, Embedder, ModelIdentity};
use crate::error::EmbedError;
use crate::tokens::{TokenCounter, bundled_tokenizer};

/// The name of the model in the program.
pub const BUNDLED_MODEL: &str = "all-MiniLM-L6-v2";

static WEIGHTS: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/all-MiniLM-L6-v2-int8.onnx"));

/// BLAKE3 of the weights followed by the tokenizer. A constant, because hashing 23 MB would cost every start;
/// a test holds it to the files.
const CHECKSUM: &str = "0cebc96b8bea937076ec1d8355d24c20c49980969e0010cd384e2bc8c07ef004";

pub(super) const DIMENSIONS: usize = 384;

/// Longer texts are cut here, the two special tokens included: the model was trained no further.
const MAX_TOKENS: usize = 256;

/// The bundled model, loaded.
pub struct BundledEmbedder {
    identity: ModelIdentity,
    network: Arc<Network>,
    tokenizer: Arc<Tokenizer>,
}

impl BundledEmbedder {
    /// Unpacks the model. It costs some 50 ms of two cores and 50 MB.
    ///
    /// # Errors
    /// When the compiled-in files do not open, which the tests of this crate exclude.
    pub fn load() -> Result<Self, EmbedError> {
        let (tokenizer, network) = std::thread::scope(|scope| {
            let tokenizer = scope.spawn(bundled_tokenizer);
            let inputs = ["input_ids", "attention_mask", "token_type_ids"];
            let network = Network::load(BUNDLED_MODEL, WEIGHTS, &inputs);
            (tokenizer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), network)
        });
        let identity = ModelIdentity {
            name: BUNDLED_MODEL.to_owned(),
            engine: ENGINE.to_owned(),
            dimensions: DIMENSIONS,
            checksum: CHECKSUM.to_owned(),
            remote: None,
        };
        Ok(Self { identity, network: Arc::new(network?), tokenizer: tokenizer? })
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
        let token = |text: &str| self.tokenizer.token_to_id(text).and_then(|id| i32::try_from(id).ok());
        let (Some(first), Some(last)) = (token("[CLS]"), token("[SEP]")) else {
            let source = "the vocabulary has no [CLS] or no [SEP]".into();
            return Err(EmbedError::Tokenizer { model: BUNDLED_MODEL.to_owned(), source });
        };
        let feed = WordPieces { tokenizer: Arc::clone(&self.tokenizer), frame: (first, last) };
        Ok(Box::new(NetworkWorker::new(self.identity.clone(), Arc::clone(&self.network), feed)))
    }
}

struct WordPieces {
    tokenizer: Arc<Tokenizer>,
    /// The special tokens before and after every text.
    frame: (i32, i32),
}

impl Feed for WordPieces {
    /// Token ids, a mask of ones, token types of zero, each (1, tokens). The model was trained on pairs without
    /// any prefix.
    fn inputs(&self, text: &str, _role: Role) -> Result<Vec<ValueOrView<'static>>, EmbedError> {
        let encoding = self
            .tokenizer
            .encode_fast(beginning(text), false)
            .map_err(|source| EmbedError::Tokenize { model: BUNDLED_MODEL.to_owned(), source })?;
        let words = encoding.get_ids().iter().take(MAX_TOKENS - 2).map(|&id| id.cast_signed());
        let ids: Vec<i32> = std::iter::once(self.frame.0).chain(words).chain([self.frame.1]).collect();
        let shape = [1, ids.len()];
        Ok(vec![
            NdTensor::from_data(shape, ids).into(),
            NdTensor::<i32, 2>::full(shape, 1).into(),
            NdTensor::<i32, 2>::zeros(shape).into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundled::tests::cosine;
    use crate::tokens::TOKENIZER_JSON;

    fn load() -> BundledEmbedder {
        BundledEmbedder::load().expect("the compiled-in model opens")
    }

    fn embed(embedder: &BundledEmbedder, text: &str) -> Vec<f32> {
        embedder.worker().unwrap().embed_document(text).unwrap()
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
    fn the_identity_names_the_model() {
        let identity = load().identity().clone();
        assert_eq!((identity.name.as_str(), identity.dimensions), (BUNDLED_MODEL, DIMENSIONS));
    }
}
