//! What every embedder promises. No model lives here.

use crate::error::EmbedError;

/// Which model made a vector. Vectors whose checksums differ never mix; the rest is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelIdentity {
    /// The model's own name, such as `all-MiniLM-L6-v2`.
    pub name: String,
    /// What computed the vector, such as `rten 0.27.0`. Engines differ in the last digits, which is no reason to embed again.
    pub engine: String,
    /// The length of every vector.
    pub dimensions: usize,
    /// BLAKE3 of the weights followed by the tokenizer and by whatever else decides a vector (pooling, length, prefixes), in
    /// hex.
    pub checksum: String,
    /// Of a model behind a url: what else it is known by, and where texts go. `None` of a model that runs in this process.
    pub remote: Option<RemoteIdentity>,
}

/// What is known of a model behind a url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteIdentity {
    /// Whether texts leave this machine on their way to it.
    pub leaves_machine: bool,
    /// The vectors of a few fixed sentences, each scaled so that its largest number is 127.
    pub probes: Vec<Vec<i8>>,
}

impl ModelIdentity {
    /// Whether texts leave this machine on their way to the model.
    #[must_use]
    pub fn leaves_machine(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.leaves_machine)
    }
}

/// A loaded model, shared by reference between threads.
pub trait Embedder: Send + Sync {
    /// Returns which model this is.
    fn identity(&self) -> &ModelIdentity;

    /// The languages that the model knows, by their ISO 639-1 codes; `None` where nobody stated them.
    fn languages(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Makes what one thread needs to embed. Workers of one embedder run side by side, each on one core; a
    /// worker outlives its embedder.
    ///
    /// # Errors
    /// When the engine cannot open the model once more.
    fn worker(&self) -> Result<Box<dyn EmbedWorker + Send>, EmbedError>;
}

/// One thread's hold on a model. One that runs here takes one text at a time: batches are slower on a processor, and
/// with int8 activations a text's neighbours would change its vector.
pub trait EmbedWorker {
    /// Embeds a text to be found. The vector has unit length and depends on the text alone.
    ///
    /// # Errors
    /// When the engine fails, or gives a vector of the wrong length or with a value that is not finite.
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError>;

    /// Embeds a question, with the model's query prefix where it has one.
    ///
    /// # Errors
    /// As [`EmbedWorker::embed_document`].
    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError>;

    /// How many documents are best given to [`EmbedWorker::embed_documents`] at once, at most.
    fn batch(&self) -> usize {
        1
    }

    /// Embeds several texts to be found; a vector for each, in their order.
    ///
    /// # Errors
    /// As [`EmbedWorker::embed_document`]; of one text for all.
    fn embed_documents(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.embed_document(text)).collect()
    }
}

/// Passes on a vector that an index may hold: of the expected length, finite, scaled to unit length.
pub(crate) fn checked(identity: &ModelIdentity, mut vector: Vec<f32>) -> Result<Vec<f32>, EmbedError> {
    if vector.len() != identity.dimensions {
        let (found, wanted) = (vector.len(), identity.dimensions);
        return Err(EmbedError::WrongLength { model: identity.name.clone(), found, wanted });
    }
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    // A norm of zero has no direction; one that is not finite has a value that is not.
    if !norm.is_normal() {
        return Err(EmbedError::NotFinite { model: identity.name.clone() });
    }
    vector.iter_mut().for_each(|x| *x /= norm);
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vector: &[f32], wanted: Option<&[f32]>) {
        let identity = ModelIdentity {
            name: "m".to_owned(),
            engine: "e".to_owned(),
            dimensions: 2,
            checksum: String::new(),
            remote: None,
        };
        assert_eq!(checked(&identity, vector.to_vec()).ok().as_deref(), wanted);
    }

    #[test]
    fn a_vector_is_scaled_to_unit_length() {
        check(&[3.0, 4.0], Some(&[0.6, 0.8]));
    }

    #[test]
    fn a_vector_without_direction_or_of_the_wrong_length_is_refused() {
        for bad in [&[0.0, 0.0][..], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0], &[1.0], &[1.0, 0.0, 0.0]] {
            check(bad, None);
        }
    }
}
