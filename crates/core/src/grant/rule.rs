//! One rule of a grant, from text and back to the same text. What rules mean together is the grant's business.

use std::fmt;
use std::str::FromStr;

use super::paths::PathPattern;
use crate::id::CollectionName;

/// The longest rule that is read, in bytes. It is also as long as the index looks at a property.
pub const MAX_RULE_BYTES: usize = 256;

/// Allows or denies what it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// What it names.
    pub what: What,
    /// Whether what it names is denied.
    pub deny: bool,
}

/// What a rule names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// A collection.
    Collection(CollectionName),
    /// Documents by where they lie.
    Path(PathPattern),
    /// Documents with this tag or one nested below it; any case, without `#`.
    Tag(String),
    /// Documents with this property of this value, or of a list with it; any case.
    Property(String, String),
    /// A tool.
    Tool(String),
}

/// The kinds of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleForm {
    /// `collection:NAME`
    Collection,
    /// `path:GLOB`
    Path,
    /// `tag:NAME`
    Tag,
    /// `property:KEY=VALUE`
    Property,
    /// `tool:NAME`
    Tool,
}

impl RuleForm {
    /// Every kind with the word it is written with.
    const WORDS: [(&'static str, RuleForm); 5] = [
        ("collection", RuleForm::Collection),
        ("path", RuleForm::Path),
        ("tag", RuleForm::Tag),
        ("property", RuleForm::Property),
        ("tool", RuleForm::Tool),
    ];
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no rule: it reads collection:NAME, path:GLOB, tag:NAME, property:KEY=VALUE or tool:NAME, with a \
     hyphen before it to deny"
)]
pub struct RuleError {
    /// Its beginning.
    text: String,
}

impl Rule {
    /// Allows what is named.
    pub fn allow(what: What) -> Rule {
        Rule { what, deny: false }
    }

    /// Denies what is named.
    pub fn deny(what: What) -> Rule {
        Rule { what, deny: true }
    }

    /// Which kind it is of.
    pub fn form(&self) -> RuleForm {
        match self.what {
            What::Collection(_) => RuleForm::Collection,
            What::Path(_) => RuleForm::Path,
            What::Tag(_) => RuleForm::Tag,
            What::Property(..) => RuleForm::Property,
            What::Tool(_) => RuleForm::Tool,
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    /// Reads a rule exactly as [`Rule`] writes it: nothing is trimmed or guessed, for a rule that names nothing by a slip
    /// would deny nothing.
    fn from_str(text: &str) -> Result<Rule, RuleError> {
        let error = || RuleError { text: text.chars().take(MAX_RULE_BYTES).collect() };
        if text.len() > MAX_RULE_BYTES || text.chars().any(char::is_control) {
            return Err(error());
        }
        let (deny, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (word, named) = rest.split_once(':').ok_or_else(error)?;
        let form = RuleForm::WORDS.into_iter().find(|(known, _)| *known == word).ok_or_else(error)?.1;
        let what = what(form, named).ok_or_else(error)?;
        Ok(Rule { what, deny })
    }
}

fn what(form: RuleForm, named: &str) -> Option<What> {
    if named.is_empty() || named.trim() != named {
        return None;
    }
    Some(match form {
        RuleForm::Collection => What::Collection(named.parse().ok()?),
        RuleForm::Path => What::Path(PathPattern::new(named)?),
        RuleForm::Tag => What::Tag(tag(named)?.to_owned()),
        RuleForm::Property => {
            let (key, value) = named.split_once('=')?;
            let is_whole = |part: &str| !part.is_empty() && part.trim() == part;
            (is_whole(key) && is_whole(value)).then(|| What::Property(key.to_owned(), value.to_owned()))?
        }
        RuleForm::Tool => What::Tool(tool(named)?.to_owned()),
    })
}

/// A tag as it can be one: parts that are not empty, without white space and `#`.
fn tag(named: &str) -> Option<&str> {
    let plain = !named.contains(|c: char| c.is_whitespace() || c == '#');
    (plain && named.split('/').all(|part| !part.is_empty())).then_some(named)
}

fn tool(named: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    named.bytes().all(plain).then_some(named)
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.deny { "-" } else { "" })?;
        match &self.what {
            What::Collection(name) => write!(f, "collection:{name}"),
            What::Path(pattern) => write!(f, "path:{}", pattern.as_str()),
            What::Tag(tag) => write!(f, "tag:{tag}"),
            What::Property(key, value) => write!(f, "property:{key}={value}"),
            What::Tool(name) => write!(f, "tool:{name}"),
        }
    }
}
