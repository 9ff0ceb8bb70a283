//! One model, ready for questions from many threads. Embedding documents is the indexer's work.

use std::sync::{Arc, Mutex, PoisonError};

use ibid_embed::{EmbedError, EmbedWorker, Embedder, ModelIdentity};

/// Embeds questions; each caller borrows an idle worker, or makes one more.
pub struct QueryEmbedder {
    embedder: Arc<dyn Embedder>,
    idle: Mutex<Vec<Box<dyn EmbedWorker + Send>>>,
}

impl QueryEmbedder {
    /// Takes a loaded model.
    pub fn new(embedder: Arc<dyn Embedder>) -> QueryEmbedder {
        QueryEmbedder { embedder, idle: Mutex::new(Vec::new()) }
    }

    /// Which model it is.
    pub fn identity(&self) -> &ModelIdentity {
        self.embedder.identity()
    }

    /// The vector of a question. Costs one run of the model, some milliseconds, on the calling thread.
    pub fn embed(&self, words: &str) -> Result<Vec<f32>, EmbedError> {
        // Held for a pop or a push, never while the model runs. A worker lost to a panic is simply not put back.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let borrowed = idle().pop();
        let mut worker = match borrowed {
            Some(worker) => worker,
            None => self.embedder.worker()?,
        };
        let vector = worker.embed_query(words)?;
        idle().push(worker);
        Ok(vector)
    }
}
