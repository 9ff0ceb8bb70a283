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

pub use e5::{MULTILINGUAL_MODEL, MultilingualEmbedder};
pub use minilm::{BUNDLED_MODEL, BundledEmbedder};

/// The engine's version is part of the identity: another one may round differently. A test holds it to the
/// lock file.
const ENGINE: &str = "rten 0.27.0";

/// No more of a text than this is given to a tokenizer. 254 words of the longest kind MiniLM knows (100
/// characters) and 510 of the longest pieces e5 knows (48 bytes) are shorter than that in most scripts, and a
/// text of megabytes costs no more than its beginning.
const MAX_TEXT_BYTES: usize = 32 * 1024;

/// The part of a text that is looked at.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedder::Embedder;

    pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    fn models() -> [Box<dyn Embedder>; 2] {
        let multilingual = MultilingualEmbedder::load().expect("the compiled-in model opens");
        [Box::new(BundledEmbedder::load().expect("the compiled-in model opens")), Box::new(multilingual)]
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
