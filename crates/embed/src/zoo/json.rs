//! A JSON file of a model's folder, with the place it was read from. What its values mean is not known here.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{EmbedError, UnknownPart};

/// A file that was read.
pub(super) struct Json {
    path: PathBuf,
    value: Value,
}

impl Json {
    /// Reads a file; `None` where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, EmbedError> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| EmbedError::ModelFile { path: path.to_owned(), source })?,
        };
        let value = serde_json::from_slice(&bytes)
            .map_err(|source| EmbedError::ModelConfig { path: path.to_owned(), source })?;
        Ok(Some(Self { path: path.to_owned(), value }))
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// The string of a key, if it is one.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.value[key].as_str()
    }

    /// The whole number of a key. tokenizers write 1e30 for no limit, which is none.
    pub(super) fn number(&self, key: &str) -> Option<usize> {
        self.value[key].as_u64().and_then(|number| usize::try_from(number).ok())
    }

    /// The error that this file asks for what the program does not know.
    pub(super) fn unknown(&self, part: UnknownPart) -> EmbedError {
        EmbedError::NotUnderstood { path: self.path.clone(), part }
    }
}
