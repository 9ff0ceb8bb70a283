//! The languages whose word endings are known. Which one a text is in is found out by the indexer, what an ending is
//! by the index.

use std::fmt;
use std::str::FromStr;

/// A language by its ISO 639-1 code. Texts of another language are read as [`Language::English`]: the endings of words
/// in other scripts are not touched by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[allow(missing_docs, reason = "their names say all there is to say")]
pub enum Language {
    Arabic,
    Armenian,
    Catalan,
    Czech,
    Danish,
    Dutch,
    #[default]
    English,
    Estonian,
    Finnish,
    French,
    German,
    Greek,
    Hindi,
    Hungarian,
    Indonesian,
    Italian,
    Lithuanian,
    Nepali,
    Norwegian,
    Persian,
    Polish,
    Portuguese,
    Romanian,
    Russian,
    Serbian,
    Spanish,
    Swedish,
    Tamil,
    Turkish,
    Yiddish,
}

impl Language {
    /// Every language with its code, in the order of the enum.
    pub const ALL: [(&'static str, Language); 30] = [
        ("ar", Language::Arabic),
        ("hy", Language::Armenian),
        ("ca", Language::Catalan),
        ("cs", Language::Czech),
        ("da", Language::Danish),
        ("nl", Language::Dutch),
        ("en", Language::English),
        ("et", Language::Estonian),
        ("fi", Language::Finnish),
        ("fr", Language::French),
        ("de", Language::German),
        ("el", Language::Greek),
        ("hi", Language::Hindi),
        ("hu", Language::Hungarian),
        ("id", Language::Indonesian),
        ("it", Language::Italian),
        ("lt", Language::Lithuanian),
        ("ne", Language::Nepali),
        ("no", Language::Norwegian),
        ("fa", Language::Persian),
        ("pl", Language::Polish),
        ("pt", Language::Portuguese),
        ("ro", Language::Romanian),
        ("ru", Language::Russian),
        ("sr", Language::Serbian),
        ("es", Language::Spanish),
        ("sv", Language::Swedish),
        ("ta", Language::Tamil),
        ("tr", Language::Turkish),
        ("yi", Language::Yiddish),
    ];

    /// Its two letters.
    pub fn code(self) -> &'static str {
        Language::ALL[self as usize].0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The code is none that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code:?} is no language that is known")]
pub struct LanguageError {
    code: String,
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(code: &str) -> Result<Language, LanguageError> {
        let known = Language::ALL.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(code));
        known.map(|(_, language)| language).ok_or_else(|| LanguageError { code: code.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_found_by_its_code() {
        for (place, (code, language)) in Language::ALL.into_iter().enumerate() {
            assert_eq!((language as usize, language.code(), code.parse()), (place, code, Ok(language)));
        }
        assert!("xx".parse::<Language>().is_err());
    }
}
