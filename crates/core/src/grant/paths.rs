//! Which paths a rule names: what its text says literally, with all that lies below it, and what it says as a pattern.
//! The patterns of a question, which may also be a part of a path, are the search's.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::links::folded;

/// The signs of patterns that people also write in names.
const SIGNS_IN_NAMES: [char; 5] = ['[', ']', '{', '}', '\\'];

/// The paths that a rule names. Its text has two meanings, and what lies below a folder that it names is named too:
///
/// - literally it is a note or a folder, `[Private] Diary`;
/// - as a pattern it is a glob: `*` and `?` stay within a folder, `**` does not, `[ab]` is one of these letters and
///   `{a,b}` one of these words.
///
/// A rule that denies takes every meaning, and compares without regard to case and to how accents are composed: it
/// hides too much rather than too little. One that allows takes a single meaning, without regard to how accents are
/// composed: of two files whose names differ by case alone, the wrong one is never shown.
#[derive(Debug, Clone)]
pub struct PathPattern {
    text: String,
    literal: String,
    caseless: String,
    exact: GlobSet,
    any_case: GlobSet,
}

impl PathPattern {
    /// Takes a text; `None` where it is no pattern, begins with `/`, or climbs out with `.` or `..`, since no path would
    /// ever match it.
    pub fn new(text: &str) -> Option<PathPattern> {
        let climbs = text.trim_end_matches('/').split('/').any(|part| matches!(part, "" | "." | ".."));
        if climbs {
            return None;
        }
        let (exact, any_case) = (composed(text), folded(text));
        let exact = with_below([exact.as_str()])?;
        // Someone who writes `[Private]/*.md` may mean that folder's notes.
        let any_case = with_below([any_case.as_str(), &without_signs_of_names(&any_case)])?;
        let literal = without_below(text);
        let (caseless, literal) = (caseless(literal), composed(literal));
        Some(PathPattern { text: text.to_owned(), literal, caseless, exact, any_case })
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a rule that denies names a path.
    pub fn hides(&self, path: &str) -> bool {
        self.any_case.is_match(folded(path)) || is_or_is_below(&caseless(path), &self.caseless)
    }

    /// Whether a path is literally what the text says, or lies below it.
    pub fn is_literally(&self, path: &str) -> bool {
        is_or_is_below(&composed(path), &self.literal)
    }

    /// Whether a rule that allows names a path. The meaning is the literal one where the generation that is asked holds
    /// a note which [`PathPattern::is_literally`] finds, else the pattern.
    pub fn shows(&self, path: &str, literally: bool) -> bool {
        match literally {
            true => self.is_literally(path),
            false => self.exact.is_match(composed(path)),
        }
    }
}

fn composed(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfc().collect()
}

/// As [`folded`], and letters that are one in capitals are one: `ς` and `σ`, `ß` and `ss`.
fn caseless(text: &str) -> String {
    folded(&composed(text).to_uppercase())
}

/// The text without the signs at its end that say "and all below", which is said anyway.
fn without_below(text: &str) -> &str {
    let mut text = text.trim_end_matches('/');
    while let Some(folder) = text.strip_suffix("/**") {
        text = folder.trim_end_matches('/');
    }
    text
}

fn is_or_is_below(path: &str, named: &str) -> bool {
    path.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The pattern with those of its signs escaped that people also write in names.
fn without_signs_of_names(pattern: &str) -> String {
    pattern.chars().flat_map(|c| SIGNS_IN_NAMES.contains(&c).then_some('\\').into_iter().chain([c])).collect()
}

/// The patterns, and all that lies below what they name; `None` where one is no pattern.
fn with_below<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Option<GlobSet> {
    let glob = |text: &str| -> Option<Glob> {
        GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().ok()
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_end_matches('/');
        set.add(glob(pattern)?);
        set.add(glob(&format!("{pattern}/**"))?);
    }
    set.build().ok()
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &PathPattern) -> bool {
        self.text == other.text
    }
}

impl Eq for PathPattern {}

impl Hash for PathPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for PathPattern {
    fn partial_cmp(&self, other: &PathPattern) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PathPattern {
    fn cmp(&self, other: &PathPattern) -> Ordering {
        self.text.cmp(&other.text)
    }
}

#[cfg(test)]
mod tests;
