//! Which part of a passage passed a filter, so that it can be shown: the open task, the property, the tag. What passes is
//! decided in the index, for whole passages and notes; here a part is only told from its neighbours.

use std::ops::{Bound, RangeBounds};

use ibid_core::document::PropertyValue;
use ibid_core::query::{Comparison, Condition, Filter};
use ibid_core::task;

use super::parts::Kind;
use crate::question::bounds;

/// What the filters of a question demand of a part.
#[derive(Debug, Default)]
pub(crate) struct Tests(Vec<Test>);

#[derive(Debug)]
enum Test {
    /// A tag, in lower case.
    Tag(String),
    /// A name, in lower case, and the value demanded of it, if one is.
    Named(String, Option<String>),
    Compared(String, Comparison, String),
}

impl Tests {
    pub(crate) fn of(filter: &Filter) -> Tests {
        let test = |condition: &Condition| match condition {
            Condition::Tag(tag) => Some(Test::Tag(tag.to_lowercase())),
            Condition::Property { key, value } => {
                Some(Test::Named(key.to_lowercase(), value.as_ref().map(|value| value.to_lowercase())))
            }
            Condition::Compared { key, comparison, value } => {
                Some(Test::Compared(key.to_lowercase(), *comparison, value.clone()))
            }
            _ => None,
        };
        Tests(filter.all.iter().filter_map(test).collect())
    }

    /// Whether a part passes one of them. Where words are looked for besides, only what is demanded of a task tells the
    /// part that is meant: a property of the note says nothing of which sentence answers.
    pub(super) fn pass(&self, text: &str, kind: Kind, nothing_is_sought: bool) -> bool {
        let passes = |test: &Test| match kind {
            Kind::Item => test.passes_task(text) || (nothing_is_sought && test.passes_words(text)),
            Kind::Property => nothing_is_sought && test.passes_property(text),
            _ => nothing_is_sought && test.passes_words(text),
        };
        self.0.iter().any(passes)
    }
}

impl Test {
    fn passes_task(&self, item: &str) -> bool {
        let Some((state, words)) = task::state(item) else { return false };
        match self {
            Test::Named(key, value) if key == "task" => value.as_ref().is_none_or(|value| value == state),
            Test::Named(key, value) => task::dates(words)
                .any(|(of, date)| of == key && value.as_ref().is_none_or(|v| is_written(&date, v))),
            Test::Compared(key, comparison, value) => {
                task::dates(words).any(|(of, date)| of == key && compares(&date, *comparison, value))
            }
            Test::Tag(_) => false,
        }
    }

    /// Whether a property in front matter is the one that is meant. It is the only one of its name.
    fn passes_property(&self, text: &str) -> bool {
        let Some((name, value)) = text.split_once(':') else { return false };
        let name = name.trim().trim_matches(['"', '\'']).to_lowercase();
        match self {
            Test::Named(key, _) | Test::Compared(key, ..) => name == *key,
            Test::Tag(tag) => matches!(name.as_str(), "tag" | "tags") && value.to_lowercase().contains(tag),
        }
    }

    /// Whether words hold the tag, or the inline field, that is meant.
    fn passes_words(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        match self {
            Test::Tag(tag) => text.match_indices('#').any(|(at, _)| {
                let after = text[at + 1..].strip_prefix(tag.as_str());
                after.is_some_and(|after| {
                    !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'))
                })
            }),
            Test::Named(key, value) => {
                text.contains(&format!("{key}::")) && value.as_ref().is_none_or(|value| text.contains(value))
            }
            Test::Compared(key, ..) => text.contains(&format!("{key}::")),
        }
    }
}

fn is_written(date: &PropertyValue, value: &str) -> bool {
    matches!(date, PropertyValue::Date(written, _) if written == value)
}

fn compares(date: &PropertyValue, comparison: Comparison, value: &str) -> bool {
    let PropertyValue::Date(_, seconds) = date else { return false };
    let dates: Option<(Bound<i64>, Bound<i64>)> = bounds(comparison, value).dates;
    dates.is_some_and(|dates| dates.contains(seconds))
}
