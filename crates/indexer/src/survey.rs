//! How much of a source is in English, by a look at some of its files before anything is cut or embedded. It chooses
//! nothing: which model is for whom is said elsewhere.

use rayon::prelude::*;

use crate::extract::{self, language};
use crate::source::{Source, SourceFile};

/// The most files that are looked at; of more files some that are spread evenly.
const MAX_FILES: usize = 256;

/// A file of fewer characters is a name, a link or a list of words, whatever language it is in.
const MIN_CHARS: usize = 200;

/// What was seen of a source's languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Survey {
    /// Bytes of texts that are in English.
    pub english: u64,
    /// Bytes of all texts whose language could be told.
    pub told: u64,
}

impl Survey {
    /// The share of English, 0 to 1; `None` where no language could be told.
    #[must_use]
    pub fn share_of_english(&self) -> Option<f64> {
        (self.told > 0).then(|| self.english as f64 / self.told as f64)
    }
}

/// Looks at the files, which are sorted. Reads and converts up to [`MAX_FILES`] of them, on all threads of the pool; one
/// that cannot be read tells nothing.
pub(crate) fn survey(source: &dyn Source, files: &[SourceFile]) -> Survey {
    let step = files.len().div_ceil(MAX_FILES).max(1);
    let looked_at: Vec<&SourceFile> = files.iter().step_by(step).collect();
    let seen = looked_at
        .par_iter()
        .filter_map(|file| bytes_of(source, file))
        .map(|(bytes, is_english)| Survey { english: if is_english { bytes } else { 0 }, told: bytes });
    seen.reduce(Survey::default, |a, b| Survey { english: a.english + b.english, told: a.told + b.told })
}

/// How long a file's text is, and whether it is in English; nothing where that cannot be told.
fn bytes_of(source: &dyn Source, file: &SourceFile) -> Option<(u64, bool)> {
    if extract::is_media(&file.path) {
        return None;
    }
    let text = extract::text_of(&file.path, source.read(&file.path).ok()?).ok()?.text;
    text.chars().nth(MIN_CHARS - 1)?;
    Some((text.len() as u64, language::is_english(&text)?))
}
