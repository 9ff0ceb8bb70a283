//! A tool's arguments, taken one by one and checked. What is wrong is said together with what would be right.

use std::ops::RangeInclusive;

use rmcp::model::JsonObject;
use serde_json::Value;

/// The longest path that common systems allow.
const MAX_NAME_BYTES: usize = 4096;

/// How much of a wrong value is shown again.
const SHOWN_CHARACTERS: usize = 60;

/// What is wrong with an argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadArgument {
    /// It must be given.
    #[error("{name} is missing: give {wanted}")]
    Missing { name: &'static str, wanted: &'static str },
    /// It is of another type.
    #[error("{name} must be {wanted}, got {got}")]
    Type { name: &'static str, wanted: &'static str, got: String },
    /// It is a string that says nothing.
    #[error("{name} must be {wanted}; got {got}")]
    Form { name: &'static str, wanted: &'static str, got: String },
    /// It is a number out of range.
    #[error("{name} must be {} to {}, got {got}", .range.start(), .range.end())]
    Range { name: &'static str, range: RangeInclusive<usize>, got: String },
    /// It is a list of too few or too many.
    #[error("{name} takes {} to {} strings, got {got}", .range.start(), .range.end())]
    Count { name: &'static str, range: RangeInclusive<usize>, got: usize },
    /// It is none of the words it may be.
    #[error("{name} must be one of {}, got {got}", .words.join(", "))]
    Word { name: &'static str, words: Vec<&'static str>, got: String },
    /// It is longer than anything it could name.
    #[error("{name} has {bytes} bytes, it takes at most {max_bytes}")]
    Long { name: &'static str, bytes: usize, max_bytes: usize },
    /// The tool takes no such argument.
    #[error("{tool} takes no {name}: it takes {}", .known.join(", "))]
    Unknown { tool: &'static str, name: String, known: Vec<&'static str> },
}

/// The arguments of one call that have not been taken yet. A `null` counts as not given.
pub(crate) struct Arguments {
    tool: &'static str,
    left: JsonObject,
    known: Vec<&'static str>,
}

impl Arguments {
    pub(crate) fn new(tool: &'static str, given: Option<JsonObject>) -> Arguments {
        Arguments { tool, left: given.unwrap_or_default(), known: Vec::new() }
    }

    /// A text that must be given, however long; `wanted` says what for.
    pub(crate) fn text(&mut self, name: &'static str, wanted: &'static str) -> Result<String, BadArgument> {
        match self.take(name) {
            None => Err(BadArgument::Missing { name, wanted }),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(BadArgument::Type { name, wanted: "a string", got: shown(&other) }),
        }
    }

    /// A text that may be given, however long.
    pub(crate) fn text_if_given(&mut self, name: &'static str) -> Result<Option<String>, BadArgument> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(BadArgument::Type { name, wanted: "a string", got: shown(&other) }),
        }
    }

    /// A list of texts that may be given, of which there are so many.
    pub(crate) fn texts(
        &mut self,
        name: &'static str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<Vec<String>>, BadArgument> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|values| values.iter().map(|value| value.as_str().map(str::to_owned)).collect());
        match texts {
            Some(texts) if range.contains(&texts.len()) => Ok(Some(texts)),
            Some(texts) => Err(BadArgument::Count { name, range, got: texts.len() }),
            None => Err(BadArgument::Type { name, wanted: "a list of strings", got: shown(&value) }),
        }
    }

    /// A name or a pattern that may be given, of a length that names have.
    pub(crate) fn name(&mut self, name: &'static str) -> Result<Option<String>, BadArgument> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() > MAX_NAME_BYTES => {
                Err(BadArgument::Long { name, bytes: text.len(), max_bytes: MAX_NAME_BYTES })
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(BadArgument::Type { name, wanted: "a string", got: shown(&other) }),
        }
    }

    /// A name that may be given and that `read` takes; `wanted` says what it takes.
    pub(crate) fn form<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, BadArgument> {
        let Some(text) = self.name(name)? else { return Ok(None) };
        match read(&text) {
            Some(meaning) => Ok(Some(meaning)),
            None => Err(BadArgument::Form { name, wanted, got: shown(&Value::String(text)) }),
        }
    }

    /// A number in a range that may be given.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<usize>, BadArgument> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let Some(number) = value.as_f64().filter(|number| number.fract() == 0.0) else {
            return Err(BadArgument::Type { name, wanted: "a whole number", got: shown(&value) });
        };
        // `5.0` is what some languages make of 5.
        let fits = number >= *range.start() as f64 && number <= *range.end() as f64;
        match fits {
            true => Ok(Some(number as usize)),
            false => Err(BadArgument::Range { name, range, got: shown(&value) }),
        }
    }

    /// One of some words that may be given.
    pub(crate) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, BadArgument> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let found = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        match found {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let words = words.iter().map(|(word, _)| *word).collect();
                Err(BadArgument::Word { name, words, got: shown(&value) })
            }
        }
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), BadArgument> {
        match self.left.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let name = name.chars().take(SHOWN_CHARACTERS).collect();
                Err(BadArgument::Unknown { tool: self.tool, name, known: self.known })
            }
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).filter(|value| !value.is_null())
    }
}

/// The beginning of a value, as JSON.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use ibid_core::query::Mode;
    use serde_json::json;

    use super::*;

    fn check(given: Value, said: &str) {
        let mut arguments = Arguments::new("tool", given.as_object().cloned());
        let mut take = || {
            arguments.text("query", "a question")?;
            arguments.number("limit", 1..=100)?;
            arguments.word("mode", &Mode::NAMES)
        };
        let taken = take();
        let taken = taken.and_then(|_| arguments.finish());
        assert_eq!(taken.err().map(|error| error.to_string()).unwrap_or_default(), said, "{given}");
    }

    #[test]
    fn a_wrong_argument_is_told_with_what_would_be_right() {
        check(json!({}), "query is missing: give a question");
        check(json!({"query": null}), "query is missing: give a question");
        check(json!({"query": 5}), "query must be a string, got 5");
        check(
            json!({"query": ["x".repeat(99)]}),
            &format!("query must be a string, got [\"{}…", "x".repeat(58)),
        );
        check(json!({"query": "q", "limit": 0}), "limit must be 1 to 100, got 0");
        check(json!({"query": "q", "limit": -1}), "limit must be 1 to 100, got -1");
        check(json!({"query": "q", "limit": 1e99}), "limit must be 1 to 100, got 1e+99");
        check(json!({"query": "q", "limit": 1.5}), "limit must be a whole number, got 1.5");
        check(json!({"query": "q", "limit": "5"}), "limit must be a whole number, got \"5\"");
        check(
            json!({"query": "q", "mode": "fast"}),
            "mode must be one of hybrid, lexical, semantic, got \"fast\"",
        );
        check(json!({"query": "q", "top_k": 3}), "tool takes no top_k: it takes query, limit, mode");
    }

    #[test]
    fn a_right_argument_is_taken_as_it_is() {
        check(json!({"query": "q"}), "");
        check(json!({"query": "q", "limit": 5.0, "mode": "lexical"}), "");
        check(json!({"query": "q", "limit": null, "mode": null}), "");
    }
}
