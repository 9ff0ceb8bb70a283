//! Somebody else's engine: a model behind a url that speaks the embeddings API of OpenAI, as Ollama, LM Studio, TEI and
//! vLLM do. What it answers is checked and never mended: an answer that is not what was asked for is an error.
//!
//! Such a model has no file that could be hashed. It is known by its name, by what is put before its texts, and by the
//! vectors of three sentences, which are compared before it is asked for anything else.

mod answer;
mod client;
mod error;
mod probes;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::embedder::{EmbedWorker, Embedder, ModelIdentity, RemoteIdentity, checked};
use crate::error::EmbedError;
use crate::zoo::prefixes_of;
use client::{Client, Patience};
pub use error::RemoteError;

/// How many texts go out in one request: no server of the field takes fewer (TEI takes 32 where nothing else is said).
const BATCH: usize = 32;

/// How long a question is waited for, at most: a person waits, and words answer without.
const QUESTION_WITHIN: Duration = Duration::from_secs(10);

/// Which engine to ask, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteOptions {
    /// Where its API begins, such as `http://127.0.0.1:11434/v1`: `/embeddings` is asked below it.
    pub url: String,
    /// What the engine calls the model.
    pub model: String,
    /// The length of its vectors.
    pub dimensions: usize,
    /// The key that it asks for, if it asks for one.
    pub key: Option<String>,
    /// Whether it may be beyond this machine. Then it counts as beyond, wherever its name leads.
    pub allow_remote: bool,
    /// How long one request may take.
    pub timeout: Duration,
    /// What is put before a question; where nothing is said, what models of this name want.
    pub query_prefix: Option<String>,
    /// What is put before a document, likewise.
    pub document_prefix: Option<String>,
}

impl std::fmt::Debug for RemoteOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the key.
        f.debug_struct("RemoteOptions")
            .field("url", &self.url)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// A model behind a url.
pub struct RemoteEmbedder {
    identity: ModelIdentity,
    shared: Arc<Shared>,
    /// Whether the engine was seen to have this very model. Held while it is asked.
    is_known: Mutex<bool>,
}

/// What the workers of one model share.
struct Shared {
    client: Client,
    query_prefix: String,
    document_prefix: String,
}

impl RemoteEmbedder {
    /// Opens the model as the engine has it now, or with `recorded` the one that made vectors before.
    ///
    /// Now: the engine is asked for the vectors of three sentences, which are part of the identity. That is one request,
    /// which may take as long as [`RemoteOptions::timeout`], three times at worst.
    ///
    /// Before: nothing is asked until the first worker is made. The vectors must then be those of before, but the
    /// identity stays what it was: engines differ in the last digits from run to run.
    ///
    /// # Errors
    /// When the url cannot be used or leads beyond this machine, the engine does not answer as it should, or the options
    /// say other dimensions or prefixes than those of the recorded model.
    pub fn load(
        options: &RemoteOptions,
        recorded: Option<&ModelIdentity>,
    ) -> Result<RemoteEmbedder, EmbedError> {
        let url = endpoint(&options.url)?;
        let known = prefixes_of(&options.model).unwrap_or_default();
        let prefix = |set: &Option<String>, known: &str| set.clone().unwrap_or_else(|| known.to_owned());
        let shared = Shared {
            query_prefix: prefix(&options.query_prefix, &known.query),
            document_prefix: prefix(&options.document_prefix, &known.document),
            client: Client::new(url, options),
        };
        let mut identity = ModelIdentity {
            name: options.model.clone(),
            engine: format!("embeddings API at {}", options.url.trim().trim_end_matches('/')),
            dimensions: options.dimensions,
            checksum: String::new(),
            remote: None,
        };
        let recorded = recorded.and_then(|recorded| Some((recorded, recorded.remote.as_ref()?)));
        let probes = match recorded {
            Some((_, remote)) => remote.probes.clone(),
            None => shared.probes(&identity)?.iter().map(|vector| probes::rounded(vector)).collect(),
        };
        identity.checksum = probes::checksum(options, &shared, &probes);
        identity.remote = Some(RemoteIdentity { leaves_machine: options.allow_remote, probes });
        match recorded {
            Some((recorded, _)) if recorded.checksum != identity.checksum => {
                Err(RemoteError::OtherSettings { model: recorded.name.clone() }.into())
            }
            _ => Ok(RemoteEmbedder {
                identity,
                shared: Arc::new(shared),
                is_known: Mutex::new(recorded.is_none()),
            }),
        }
    }

    /// Compares the vectors of the sentences with those of then, unless that was done.
    fn know_again(&self) -> Result<(), EmbedError> {
        let mut is_known = self.is_known.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_known {
            return Ok(());
        }
        let of_then =
            self.identity.remote.as_ref().map(|remote| remote.probes.as_slice()).unwrap_or_default();
        let cosine = probes::farthest(&self.shared.probes(&self.identity)?, of_then);
        if cosine < probes::SAME_FROM {
            let (model, engine) = (self.identity.name.clone(), self.identity.engine.clone());
            return Err(RemoteError::Changed { model, engine, cosine }.into());
        }
        *is_known = true;
        Ok(())
    }
}

impl Embedder for RemoteEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError> {
        self.know_again()?;
        Ok(Box::new(RemoteWorker { identity: self.identity.clone(), shared: self.shared.clone() }))
    }
}

struct RemoteWorker {
    identity: ModelIdentity,
    shared: Arc<Shared>,
}

impl EmbedWorker for RemoteWorker {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let vectors = self.embed_documents(&[text])?;
        Ok(vectors.into_iter().next().unwrap_or_default())
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let text = format!("{}{text}", self.shared.query_prefix);
        let vectors = self.shared.vectors(&self.identity, &[text], Patience::SOMEBODY_ASKS)?;
        Ok(vectors.into_iter().next().unwrap_or_default())
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn embed_documents(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.shared.documents(&self.identity, texts, Patience::NOBODY_WAITS)
    }
}

impl Shared {
    /// The vectors of the sentences.
    fn probes(&self, identity: &ModelIdentity) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.documents(identity, &probes::SENTENCES, Patience::SOMEBODY_WAITS)
    }

    fn documents(
        &self,
        identity: &ModelIdentity,
        texts: &[&str],
        patience: Patience,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let texts: Vec<String> = texts.iter().map(|text| format!("{}{text}", self.document_prefix)).collect();
        self.vectors(identity, &texts, patience)
    }

    /// A vector for each text, in their order.
    fn vectors(
        &self,
        identity: &ModelIdentity,
        texts: &[String],
        patience: Patience,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let vectors = self.client.vectors(&identity.name, texts, identity.dimensions, patience)?;
        vectors.into_iter().map(|vector| checked(identity, vector)).collect()
    }
}

/// Where vectors are asked for. A url with a name, a password or a query is none: what is secret does not belong in
/// settings, and the address is shown.
fn endpoint(text: &str) -> Result<Url, RemoteError> {
    let wrong = || RemoteError::Address { url: text.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_plain || url.fragment().is_some() || !url.has_host() {
        return Err(RemoteError::Address { url: without_secret(text) });
    }
    let path = format!("{}/embeddings", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// A url as it may be shown: what stands before `@`, and what follows `?`, may be secret.
fn without_secret(text: &str) -> String {
    let shown = text.split(['?', '#']).next().unwrap_or_default();
    match shown.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("//").map(|(scheme, _)| format!("{scheme}//")).unwrap_or_default();
            format!("{scheme}…@{host}")
        }
        None => shown.to_owned(),
    }
}

#[cfg(test)]
mod tests;
