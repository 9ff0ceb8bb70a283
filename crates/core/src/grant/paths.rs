//! Which paths a rule names: by a pattern, or by a folder with all that lies below it. The patterns of a question, which
//! may also be a part of a path, are the search's.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::links::folded;

/// A glob over paths: `*` and `?` stay within a folder, `**` does not. What lies below a folder that it names is named too,
/// so `Work` means the folder `Work`.
///
/// A rule that denies compares without regard to case and to how accents are composed, one that allows without regard to
/// the latter: of two files whose names differ by nothing else, the wrong one is never shown.
#[derive(Debug, Clone)]
pub struct PathPattern {
    text: String,
    exact: GlobSet,
    any_case: GlobSet,
}

impl PathPattern {
    /// Takes a pattern; `None` where it is none, begins with `/`, or climbs out with `.` or `..`, since no path would ever
    /// match it.
    pub fn new(text: &str) -> Option<PathPattern> {
        let climbs = text.trim_end_matches('/').split('/').any(|part| matches!(part, "" | "." | ".."));
        if climbs {
            return None;
        }
        let composed = composed(text);
        let exact = with_below(&composed)?;
        let any_case = with_below(&folded(text))?;
        Some(PathPattern { text: text.to_owned(), exact, any_case })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it names a path; `any_case` where it is to deny.
    pub fn names(&self, path: &str, any_case: bool) -> bool {
        match any_case {
            true => self.any_case.is_match(folded(path)),
            false => self.exact.is_match(composed(path)),
        }
    }
}

fn composed(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfc().collect()
}

/// The pattern, and all that lies below what it names.
fn with_below(pattern: &str) -> Option<GlobSet> {
    let pattern = pattern.trim_end_matches('/');
    let glob = |text: &str| -> Option<Glob> {
        GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().ok()
    };
    let mut set = GlobSetBuilder::new();
    set.add(glob(pattern)?);
    set.add(glob(&format!("{pattern}/**"))?);
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
