//! Opens the bundled tokenizer, once per process. It counts nothing.

use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Tokenizer};

use crate::bundled::BUNDLED_MODEL;
use crate::error::EmbedError;

pub(crate) static TOKENIZER_JSON: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/tokenizer.json"));

/// The parts of the file that are in use, by their types: the library's own reader does not know beforehand
/// which kind of model it reads, and takes three times as long. Truncation, padding and the special tokens
/// around a text are the embedder's business.
#[derive(Deserialize)]
struct Parts {
    normalizer: BertNormalizer,
    pre_tokenizer: BertPreTokenizer,
    model: WordPiece,
    added_tokens: Vec<AddedToken>,
}

/// The bundled tokenizer without truncation, padding and special tokens, shared by the whole process.
pub(crate) fn bundled_tokenizer() -> Result<Arc<Tokenizer>, EmbedError> {
    static SHARED: OnceLock<Arc<Tokenizer>> = OnceLock::new();
    if let Some(tokenizer) = SHARED.get() {
        return Ok(Arc::clone(tokenizer));
    }
    let tokenizer =
        read().map_err(|source| EmbedError::Tokenizer { model: BUNDLED_MODEL.to_owned(), source })?;
    Ok(Arc::clone(SHARED.get_or_init(|| Arc::new(tokenizer))))
}

fn read() -> Result<Tokenizer, tokenizers::Error> {
    let parts: Parts = serde_json::from_slice(TOKENIZER_JSON)?;
    let mut tokenizer = Tokenizer::new(parts.model);
    tokenizer.with_normalizer(Some(parts.normalizer))?;
    tokenizer.with_pre_tokenizer(Some(parts.pre_tokenizer));
    tokenizer.add_special_tokens(parts.added_tokens)?;
    Ok(tokenizer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokenizer_is_the_one_its_file_describes() {
        let mut whole = Tokenizer::from_bytes(TOKENIZER_JSON).unwrap();
        whole.with_truncation(None).unwrap().with_padding(None);
        for text in ["", "Héllo, [CLS] wörld! 日本語 unbelievably", "[MASK][mask] ##ing\u{0}x", "a\u{85}b ﬁ"]
        {
            let ids = |tokenizer: &Tokenizer| tokenizer.encode(text, false).unwrap().get_ids().to_vec();
            assert_eq!(ids(&read().unwrap()), ids(&whole), "{text:?}");
        }
        assert_eq!(read().unwrap().get_vocab(true), whole.get_vocab(true));
    }
}
