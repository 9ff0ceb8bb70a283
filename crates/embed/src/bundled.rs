//! The two models that are compiled into the program and run by rten. Nothing is read from disk. Their origin
//! and their build scripts stand beside them in `data/models`.

mod characters;
mod e5;
mod in_place;
mod minilm;
mod network;
mod pieces;
mod vocabulary;
mod words;

use std::sync::Arc;

use crate::embedder::Embedder;
use crate::error::EmbedError;

pub use e5::{MULTILINGUAL_MODEL, MultilingualEmbedder};
pub use minilm::{BUNDLED_MODEL, BundledEmbedder};

/// A model that is compiled into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundledModel {
    /// all-MiniLM-L6-v2: it knows English, and takes half the time of the other.
    English,
    /// multilingual-e5-small: it knows a hundred languages, and questions in one find notes in another.
    Multilingual,
}

impl BundledModel {
    /// All of them.
    pub const ALL: [BundledModel; 2] = [BundledModel::English, BundledModel::Multilingual];

    /// The model that goes by this name or this word, in any case.
    #[must_use]
    pub fn called(name: &str) -> Option<BundledModel> {
        let is_called = |model: &BundledModel| {
            [model.name(), model.word()].iter().any(|own| own.eq_ignore_ascii_case(name))
        };
        BundledModel::ALL.into_iter().find(is_called)
    }

    /// Its own name, as in its identity.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            BundledModel::English => BUNDLED_MODEL,
            BundledModel::Multilingual => MULTILINGUAL_MODEL,
        }
    }

    /// The word by which people choose it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            BundledModel::English => "english",
            BundledModel::Multilingual => "multilingual",
        }
    }

    /// The length of its vectors, known without loading it.
    #[must_use]
    pub fn dimensions(self) -> usize {
        match self {
            BundledModel::English => minilm::DIMENSIONS,
            BundledModel::Multilingual => e5::DIMENSIONS,
        }
    }

    /// Loads it, which costs some 50 ms.
    ///
    /// # Errors
    /// When the compiled-in files do not open, which the tests of this crate exclude.
    pub fn load(self) -> Result<Arc<dyn Embedder>, EmbedError> {
        Ok(match self {
            BundledModel::English => Arc::new(BundledEmbedder::load()?),
            BundledModel::Multilingual => Arc::new(MultilingualEmbedder::load()?),
        })
    }
}

/// The engine's version is recorded with a model: another one may round differently. A test holds it to the
/// lock file.
pub(crate) const ENGINE: &str = "rten 0.27.0";

/// No more of a text than this is given to a tokenizer. 254 words of the longest kind MiniLM knows (100
/// characters) and 510 of the longest pieces e5 knows (48 bytes) are shorter than that in most scripts, and a
/// text of megabytes costs no more than its beginning.
const MAX_TEXT_BYTES: usize = 32 * 1024;

/// The part of a text that is looked at.
pub(crate) fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    fn models() -> [Arc<dyn Embedder>; 2] {
        BundledModel::ALL.map(|model| model.load().expect("the compiled-in model opens"))
    }

    #[test]
    fn two_workers_in_two_threads_give_identical_vectors() {
        let texts = ["", "a", "The quick brown fox.", &"long text about nothing ".repeat(80), "日本語の文章"];
        for embedder in models() {
            let all = || {
                let mut worker = embedder.worker().unwrap();
                texts.map(|text| worker.embed_document(text).unwrap())
            };
            let (one, two) = std::thread::scope(|scope| {
                let (one, two) = (scope.spawn(all), scope.spawn(all));
                (one.join().unwrap(), two.join().unwrap())
            });
            assert_eq!(one, two);
        }
    }

    #[test]
    fn every_text_has_a_unit_vector() {
        for embedder in models() {
            let mut worker = embedder.worker().unwrap();
            for text in ["", " \n", "\0", "\u{feff}", "é", "🦀🦀", &"x".repeat(100_000), &"é".repeat(70_000)]
            {
                let vector = worker.embed_document(text).unwrap();
                assert_eq!(vector.len(), embedder.identity().dimensions);
                assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-4, "{:?}", text.get(..8));
            }
        }
    }

    #[test]
    fn a_model_is_called_by_its_name_or_its_word() {
        for model in BundledModel::ALL {
            let embedder = model.load().unwrap();
            let identity = embedder.identity();
            assert_eq!((identity.name.as_str(), identity.dimensions), (model.name(), model.dimensions()));
            assert_eq!([model.name(), model.word()].map(BundledModel::called), [Some(model); 2]);
        }
        assert_eq!(BundledModel::called("All-MiniLM-L6-V2"), Some(BundledModel::English));
        assert_eq!(BundledModel::called("MULTILINGUAL"), Some(BundledModel::Multilingual));
        assert_eq!(BundledModel::called("intfloat/multilingual-e5-small"), None);
    }

    #[test]
    fn the_models_are_told_apart() {
        let [english, multilingual] = models();
        assert_ne!(english.identity(), multilingual.identity());
    }

    #[test]
    fn the_engine_is_the_one_in_the_lock_file() {
        let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
        let (name, version) = ENGINE.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")), "{ENGINE}");
    }
}
