//! One model, ready for questions from many threads, and the vectors of the questions asked last. Embedding documents is
//! the indexer's work.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};
use lru::LruCache;

/// How many questions' vectors are kept: 1.5 MB of them at 384 dimensions, and their words.
const CACHED_QUESTIONS: NonZero<usize> = NonZero::new(1_024).expect("it is not zero");

/// A longer question is not worth its place among the kept ones.
const MAX_CACHED_BYTES: usize = 1_024;

/// Embeds questions; each caller borrows an idle worker, or makes one more.
pub struct QueryEmbedder {
    embedder: Arc<dyn Embedder>,
    idle: Mutex<Vec<Box<dyn EmbedWorker + Send>>>,
    /// `None` where every question is embedded anew.
    known: Option<Mutex<LruCache<String, Arc<[f32]>>>>,
}

impl QueryEmbedder {
    /// Takes a loaded model. The vectors of the questions asked last are kept: people page through an answer, change a
    /// filter and ask again, clients repeat themselves.
    pub fn new(embedder: Arc<dyn Embedder>) -> QueryEmbedder {
        let known = Some(Mutex::new(LruCache::new(CACHED_QUESTIONS)));
        QueryEmbedder { known, ..QueryEmbedder::without_cache(embedder) }
    }

    /// Takes a loaded model and keeps no vector, so that what is measured is the model.
    pub fn without_cache(embedder: Arc<dyn Embedder>) -> QueryEmbedder {
        QueryEmbedder { embedder, idle: Mutex::new(Vec::new()), known: None }
    }

    /// Which model it is.
    pub fn identity(&self) -> &ModelIdentity {
        self.embedder.identity()
    }

    /// The languages that the model knows, by their ISO 639-1 codes; `None` where nobody stated them.
    pub(crate) fn languages(&self) -> Option<&'static [&'static str]> {
        self.embedder.languages()
    }

    /// The vector of a question. Costs one run of the model, some milliseconds, on the calling thread; next to nothing
    /// for a question asked before.
    pub fn embed(&self, words: &str) -> Result<Arc<[f32]>, EmbedError> {
        if let Some(vector) = self.known().and_then(|mut known| known.get(words).cloned()) {
            return Ok(vector);
        }
        // Held for a pop or a push, never while the model runs. A worker lost to a panic is simply not put back.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let borrowed = idle().pop();
        let mut worker = match borrowed {
            Some(worker) => worker,
            None => self.embedder.worker()?,
        };
        let vector: Arc<[f32]> = worker.embed_query(words)?.into();
        idle().push(worker);
        if words.len() <= MAX_CACHED_BYTES
            && let Some(mut known) = self.known()
        {
            known.put(words.to_owned(), vector.clone());
        }
        Ok(vector)
    }

    /// Held for a lookup or an insertion.
    fn known(&self) -> Option<std::sync::MutexGuard<'_, LruCache<String, Arc<[f32]>>>> {
        Some(self.known.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts how often it is run.
    struct Counting {
        identity: ModelIdentity,
        runs: Arc<AtomicUsize>,
    }

    impl Embedder for Counting {
        fn identity(&self) -> &ModelIdentity {
            &self.identity
        }

        fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
            Ok(Box::new(Worker(self.runs.clone())))
        }
    }

    struct Worker(Arc<AtomicUsize>);

    impl EmbedWorker for Worker {
        fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
            self.embed_query(text)
        }

        fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(vec![text.len() as f32])
        }
    }

    fn check(make: fn(Arc<dyn Embedder>) -> QueryEmbedder, questions: &[&str], runs: usize) {
        let identity = ModelIdentity {
            name: String::new(),
            engine: String::new(),
            dimensions: 1,
            checksum: String::new(),
            remote: None,
        };
        let counted = Arc::new(AtomicUsize::new(0));
        let embedder = make(Arc::new(Counting { identity, runs: counted.clone() }));
        for question in questions {
            assert_eq!(*embedder.embed(question).unwrap(), [question.len() as f32]);
        }
        assert_eq!(counted.load(Ordering::Relaxed), runs);
    }

    #[test]
    fn a_question_asked_before_is_not_embedded_again() {
        check(QueryEmbedder::new, &["rye", "salt", "rye", "rye"], 2);
    }

    #[test]
    fn a_long_question_is_not_kept() {
        let long = "x".repeat(MAX_CACHED_BYTES + 1);
        check(QueryEmbedder::new, &[&long, &long], 2);
    }

    #[test]
    fn without_a_cache_every_question_is_embedded() {
        check(QueryEmbedder::without_cache, &["rye", "rye"], 2);
    }
}
