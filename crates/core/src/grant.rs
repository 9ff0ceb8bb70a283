//! What one caller may see and use, and nothing about who that caller is. Pure: which documents a rule names is decided
//! here from their facts, and over a whole collection by whoever holds it.

mod paths;
mod rule;

use std::fmt;
use std::str::FromStr;

pub use paths::PathPattern;
pub use rule::{MAX_RULE_BYTES, Rule, RuleError, RuleForm, What};

use crate::id::CollectionName;

/// What a caller may see and use: rules that allow and rules that deny.
///
/// Of each kind of thing (collections, paths, tags, properties, tools), everything may be seen where no rule allows some
/// of it; else what one of those rules names. Kinds are added up: with `collection:work` and `tag:open` only open notes
/// of `work` are seen. What any rule denies is not seen, whatever allows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Grant {
    /// In order, each once, so that equal grants are equal.
    rules: Vec<Rule>,
}

/// What a rule may ask of a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts<'a> {
    /// Its collection.
    pub collection: &'a CollectionName,
    /// Its path.
    pub path: &'a str,
    /// Its tags, without `#`.
    pub tags: &'a [String],
    /// Its properties, one pair for each value.
    pub properties: &'a [(String, String)],
}

impl Grant {
    /// Everything: what the owner has at the machine.
    pub fn everything() -> Grant {
        Grant::default()
    }

    /// What these rules make of it.
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Grant {
        let mut rules: Vec<Rule> = rules.into_iter().collect();
        rules.sort();
        rules.dedup();
        Grant { rules }
    }

    /// Reads rules as they are written, one a text. One that cannot be read spoils the whole: a grant without it would
    /// show more than was meant.
    pub fn parse<T: AsRef<str>>(rules: impl IntoIterator<Item = T>) -> Result<Grant, RuleError> {
        let rules = rules.into_iter().map(|rule| rule.as_ref().parse());
        Ok(Grant::of(rules.collect::<Result<Vec<Rule>, RuleError>>()?))
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// As this one, and these rules too. More rules that deny never show more; a first rule that allows shows less, a
    /// second one of its kind more.
    pub fn and(&self, rules: impl IntoIterator<Item = Rule>) -> Grant {
        Grant::of(self.rules.iter().cloned().chain(rules))
    }

    /// Whether nothing is kept back.
    pub fn is_everything(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a collection may be seen at all. Its documents may still not be.
    pub fn shows_collection(&self, name: &CollectionName) -> bool {
        self.allows(
            RuleForm::Collection,
            |rule| matches!(&rule.what, What::Collection(other) if other == name),
        )
    }

    /// Whether a tool may be used.
    pub fn allows_tool(&self, name: &str) -> bool {
        self.allows(RuleForm::Tool, |rule| matches!(&rule.what, What::Tool(other) if other == name))
    }

    /// Whether a document may be seen. `holds` tells whether the generation that is asked holds a note which a pattern
    /// [names literally](PathPattern::is_literally).
    pub fn shows(&self, document: &Facts<'_>, holds: impl Fn(&PathPattern) -> bool) -> bool {
        let path = |rule: &Rule| match &rule.what {
            What::Path(pattern) if rule.deny => pattern.hides(document.path),
            What::Path(pattern) => pattern.shows(document.path, holds(pattern)),
            _ => false,
        };
        let tag = |rule: &Rule| match &rule.what {
            What::Tag(wanted) => document.tags.iter().any(|tag| is_tag_or_below(tag, wanted)),
            _ => false,
        };
        let property = |rule: &Rule| match &rule.what {
            What::Property(key, value) => {
                document.properties.iter().any(|(k, v)| same_words(k, key) && same_words(v, value))
            }
            _ => false,
        };
        self.shows_collection(document.collection)
            && self.allows(RuleForm::Path, path)
            && self.allows(RuleForm::Tag, tag)
            && self.allows(RuleForm::Property, property)
    }

    /// The rules about documents, apart from those about whole collections: what of a collection is seen depends on
    /// these alone.
    pub fn about_documents(&self) -> impl Iterator<Item = &Rule> {
        let forms = [RuleForm::Path, RuleForm::Tag, RuleForm::Property];
        self.rules.iter().filter(move |rule| forms.contains(&rule.form()))
    }

    /// Whether what `names` says of each rule of a kind lets the thing through.
    fn allows(&self, form: RuleForm, names: impl Fn(&Rule) -> bool) -> bool {
        let of_kind = || self.rules.iter().filter(|rule| rule.form() == form);
        let denied = of_kind().filter(|rule| rule.deny).any(&names);
        let mut allowing = of_kind().filter(|rule| !rule.deny).peekable();
        !denied && (allowing.peek().is_none() || allowing.any(names))
    }
}

/// Whether a tag is the one that is wanted, or nested below it.
fn is_tag_or_below(tag: &str, wanted: &str) -> bool {
    let (tag, wanted) = (tag.to_lowercase(), wanted.to_lowercase());
    tag.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether two names or values are the same, as filters compare them: any case, white space around them left out.
pub(crate) fn same_words(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Rules with blanks between them would not be read back: a path may hold one. So one a line.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.rules.iter().enumerate() {
            write!(f, "{}{rule}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl FromStr for Grant {
    type Err = RuleError;

    /// Reads rules one a line; lines without any are passed over.
    fn from_str(text: &str) -> Result<Grant, RuleError> {
        Grant::parse(text.lines().filter(|line| !line.trim().is_empty()))
    }
}

#[cfg(test)]
mod tests;
