//! multilingual-e5-small with int8 weights and a 4-bit table of words, compiled into the program.

use std::sync::Arc;

use rten::ValueOrView;
use rten_tensor::NdTensor;

use super::network::{Feed, Network, NetworkWorker, Role};
use super::vocabulary::Vocabulary;
use super::{ENGINE, beginning, words};
use crate::embedder::{EmbedWorker, Embedder, ModelIdentity};
use crate::error::EmbedError;

/// The name of the multilingual model in the program.
pub const MULTILINGUAL_MODEL: &str = "multilingual-e5-small";

static GRAPH: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../data/models/multilingual-e5-small/multilingual-e5-small-int8.onnx"
));

/// BLAKE3 of the graph, the table of words, the vocabulary and `RECIPE`. A constant, because hashing 82 MB
/// would cost every start; a test holds it to the files.
const CHECKSUM: &str = "049dbf971dea6bcb1c6887afc7ff4daa28f1dd1c3fd8458bb314b72e9722f77c";

/// What decides a vector beside the files. A test holds it to the constants.
#[cfg(test)]
const RECIPE: &str = "mean of 512 tokens of 32768 bytes at unit length, after `query: ` or `passage: `";

pub(super) const DIMENSIONS: usize = 384;

/// Longer texts are cut here, the prefix and the two special tokens included: there are no more positions.
const MAX_TOKENS: usize = 512;

/// XLM-RoBERTa's tokens before and after every text, `<s>` and `</s>`.
const FRAME: [u32; 2] = [0, 2];

/// Every text of the model's training began with one of these.
const QUERY_PREFIX: &str = "query: ";
const DOCUMENT_PREFIX: &str = "passage: ";

/// The languages of the card of `intfloat/multilingual-e5-small`: those that XLM-RoBERTa was trained on (Conneau
/// and others 2020, table 6).
const LANGUAGES: &[&str] = &[
    "af", "am", "ar", "as", "az", "be", "bg", "bn", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en",
    "eo", "es", "et", "eu", "fa", "fi", "fr", "fy", "ga", "gd", "gl", "gu", "ha", "he", "hi", "hr", "hu",
    "hy", "id", "is", "it", "ja", "jv", "ka", "kk", "km", "kn", "ko", "ku", "ky", "la", "lo", "lt", "lv",
    "mg", "mk", "ml", "mn", "mr", "ms", "my", "ne", "nl", "no", "om", "or", "pa", "pl", "ps", "pt", "ro",
    "ru", "sa", "sd", "si", "sk", "sl", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "th", "tl", "tr",
    "ug", "uk", "ur", "uz", "vi", "xh", "yi", "zh",
];

/// The bundled multilingual model, loaded.
pub struct MultilingualEmbedder {
    identity: ModelIdentity,
    network: Arc<Network>,
    vocabulary: Vocabulary,
}

impl MultilingualEmbedder {
    /// Unpacks the model. It costs some 100 ms and 50 MB; the table of words, 54 MB, is read from the program's
    /// file as far as words need it.
    ///
    /// # Errors
    /// When the compiled-in files do not open, which the tests of this crate exclude.
    pub fn load() -> Result<Self, EmbedError> {
        let vocabulary = Vocabulary::open().ok_or_else(|| EmbedError::Tokenizer {
            model: MULTILINGUAL_MODEL.to_owned(),
            source: "the vocabulary is cut short".into(),
        })?;
        let network = Arc::new(Network::load(MULTILINGUAL_MODEL, GRAPH, &["words"])?);
        let identity = ModelIdentity {
            name: MULTILINGUAL_MODEL.to_owned(),
            engine: ENGINE.to_owned(),
            dimensions: DIMENSIONS,
            checksum: CHECKSUM.to_owned(),
            remote: None,
        };
        Ok(Self { identity, network, vocabulary })
    }

    /// The ids of the model's tokens of `text`, without prefix, special tokens or limit.
    #[must_use]
    pub fn token_ids(&self, text: &str) -> Vec<u32> {
        self.vocabulary.token_ids(text, usize::MAX)
    }
}

impl Embedder for MultilingualEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn languages(&self) -> Option<&'static [&'static str]> {
        Some(LANGUAGES)
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        let network = Arc::clone(&self.network);
        Ok(Box::new(NetworkWorker::new(self.identity.clone(), network, self.vocabulary)))
    }
}

impl Feed for Vocabulary {
    /// The rows of the table of words for every token, (1, tokens, 384).
    fn inputs(&self, text: &str, role: Role) -> Result<Vec<ValueOrView<'static>>, EmbedError> {
        let prefix = if role == Role::Query { QUERY_PREFIX } else { DOCUMENT_PREFIX };
        let ids = self.token_ids(&[prefix, beginning(text)].concat(), MAX_TOKENS - FRAME.len());
        let shape = [1, ids.len() + FRAME.len(), DIMENSIONS];
        let mut vectors = Vec::with_capacity(shape.iter().product());
        let [first, last] = FRAME;
        words::widen([first].into_iter().chain(ids).chain([last]), &mut vectors);
        Ok(vec![NdTensor::from_data(shape, vectors).into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_TEXT_BYTES, vocabulary};
    use super::*;
    use crate::bundled::tests::cosine;

    fn load() -> MultilingualEmbedder {
        MultilingualEmbedder::load().expect("the compiled-in model opens")
    }

    fn embed(embedder: &MultilingualEmbedder, text: &str) -> Vec<f32> {
        embedder.worker().unwrap().embed_document(text).unwrap()
    }

    #[test]
    fn an_answer_in_another_language_is_nearer_than_another_subject() {
        let embedder = load();
        for (question, near, far) in [
            (
                "how do I keep my bread from going stale",
                "Wickle einen Laib in ein Tuch, damit er tagelang frisch bleibt.",
                "Der Ausschuss hat die Abstimmung über den Bahnhaushalt verschoben.",
            ),
            ("why does my cat purr", "猫が喉を鳴らす理由", "中小企業の税率"),
            ("почему небо голубое", "Rayleigh scattering colours the sky.", "Tax rates for small companies"),
            ("怎样在花园里种番茄", "How to grow tomatoes", "The history of the steam engine"),
        ] {
            let question = embedder.worker().unwrap().embed_query(question).unwrap();
            let (near, far) = (embed(&embedder, near), embed(&embedder, far));
            let (near, far) = (cosine(&question, &near), cosine(&question, &far));
            // The model keeps all cosines between .7 and 1.
            assert!(near > far + 0.03, "{near} {far}");
        }
    }

    #[test]
    fn a_question_has_another_vector_than_the_same_text_to_be_found() {
        let mut worker = load().worker().unwrap();
        assert_ne!(worker.embed_query("bread").unwrap(), worker.embed_document("bread").unwrap());
    }

    #[test]
    fn words_beyond_the_limit_do_not_count() {
        let embedder = load();
        // "one" is a token of its own, and so are "passage" and the colon.
        let limit = MAX_TOKENS - FRAME.len() - 2;
        let full = "one ".repeat(limit);
        assert_eq!(embed(&embedder, full.trim_end()), embed(&embedder, &format!("{full}two three")));
        let almost = "one ".repeat(limit - 1);
        assert_ne!(embed(&embedder, almost.trim_end()), embed(&embedder, &format!("{almost}two three")));
    }

    #[test]
    fn the_checksum_is_that_of_the_files_and_the_recipe() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(GRAPH).update(words::TABLE).update(vocabulary::FILE).update(RECIPE.as_bytes());
        assert_eq!(hasher.finalize().to_hex().as_str(), CHECKSUM);
        let recipe = format!(
            "mean of {MAX_TOKENS} tokens of {MAX_TEXT_BYTES} bytes at unit length, after `{QUERY_PREFIX}` or \
             `{DOCUMENT_PREFIX}`"
        );
        assert_eq!(recipe, RECIPE);
    }

    #[test]
    fn the_languages_are_codes_of_two_letters_in_order() {
        assert!(LANGUAGES.is_sorted() && LANGUAGES.iter().all(|code| code.len() == 2));
    }
}
