//! A question as it is asked: words, mode, filter, limits. Nothing here knows how it is answered; what the typed words
//! mean is read in [`parse()`].

mod date;
mod offer;
mod parse;
mod period;

use crate::fusion::Fusion;
use crate::ranking::Ranking;

pub use date::{DATE_FORMS, Day, day_of, moment_of, period_of};
pub use jiff::civil::Date;
pub use offer::{Offer, offers};
pub use parse::{Parsed, Piece, parse};
pub use period::Period;

/// The longest question, in bytes. Longer ones are refused rather than cut in silence.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;

/// The most phrasings of one question that are answered with one list.
pub const MAX_PHRASINGS: usize = 8;

/// The most hits one answer gives.
pub const MAX_LIMIT: usize = 100;

/// How many hits an answer gives unless asked otherwise.
pub const DEFAULT_LIMIT: usize = 10;

/// How many chunks of one document an answer shows unless asked otherwise.
pub const DEFAULT_PER_DOCUMENT: usize = 2;

/// Which legs answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Both, fused.
    #[default]
    Hybrid,
    /// By words alone.
    Lexical,
    /// By meaning alone.
    Semantic,
}

impl Mode {
    /// Every mode with the name people type.
    pub const NAMES: [(&'static str, Mode); 3] =
        [("hybrid", Mode::Hybrid), ("lexical", Mode::Lexical), ("semantic", Mode::Semantic)];

    /// The name people type.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Hybrid => "hybrid",
            Mode::Lexical => "lexical",
            Mode::Semantic => "semantic",
        }
    }

    /// Whether the lexical leg runs.
    pub fn has_lexical(self) -> bool {
        self != Mode::Semantic
    }

    /// Whether the semantic leg runs.
    pub fn has_semantic(self) -> bool {
        self != Mode::Lexical
    }
}

/// In which order hits are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The best first.
    #[default]
    Best,
    /// What holds a word of the question, the newest document first; nothing that is only near in meaning.
    Newest,
}

impl Order {
    /// Every order with the name people type.
    pub const NAMES: [(&'static str, Order); 2] = [("best", Order::Best), ("newest", Order::Newest)];

    /// The name people type.
    pub fn name(self) -> &'static str {
        match self {
            Order::Best => "best",
            Order::Newest => "newest",
        }
    }
}

/// Which chunks may answer. It acts inside each leg, before anything is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// All of these must hold.
    pub all: Vec<Condition>,
    /// None of these may hold.
    pub none: Vec<Condition>,
}

/// What may be asked of a chunk and of the document it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The path matches this glob (`Bread/**`, `*.md`), or contains it, in any case, where it holds no `*`, `?`, `[`
    /// or `{`.
    Path(String),
    /// The document has this tag or one nested below it; without `#`, any case.
    Tag(String),
    /// The title or an alias holds these words, in this order.
    Title(String),
    /// The document has this property, with this value where one is given; any case. One of a list's values is enough.
    Property {
        /// Its name.
        key: String,
        /// Its value.
        value: Option<String>,
    },
    /// The document, or this part of it, has this property with a number, a date or a moment that compares so; one of a
    /// list's values is enough.
    Compared {
        /// Its name.
        key: String,
        /// How its value stands to `value`.
        comparison: Comparison,
        /// A number, or what [`period_of`] reads.
        value: String,
    },
    /// A comment in the chunk holds these words, in this order.
    Comment(String),
    /// The chunk, or a name it is found by (title, alias, heading, tag, folder), holds these words, in this order. Their
    /// endings may differ.
    Words(String),
    /// The document's date is this day or later: from the start of a period on.
    From(Day),
    /// The document's date is earlier than this day: before the start of a period.
    Before(Day),
}

/// How a property's value stands to another value. Of a day, a month or a year, `>` means after it has ended, and `<=`
/// up to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl Comparison {
    /// The comparison a text begins with, and what follows it; `None` where nothing that compares follows.
    pub fn split(text: &str) -> Option<(Comparison, &str)> {
        const SIGNS: [(&str, Comparison); 4] = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let (comparison, value) =
            SIGNS.into_iter().find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?)))?;
        let value = value.trim();
        let compares = value.parse::<f64>().is_ok_and(f64::is_finite) || period_of(value).is_some();
        compares.then_some((comparison, value))
    }
}

/// What [`Condition::property_of`] reads, for whoever typed something else.
pub const PROPERTY_FORMS: &str =
    "the name of a property, or name and value, such as status=done, rating>=4 or due<2024-06";

impl Condition {
    /// `status`, `status=done` or `rating>=4` as it is given apart from a question; `None` where name or value are
    /// empty, or `<` or `>` is followed by neither number nor date.
    pub fn property_of(text: &str) -> Option<Condition> {
        if let Some(at) = text.find(['<', '>']).filter(|at| !text[..*at].contains('=')) {
            let (comparison, value) = Comparison::split(&text[at..])?;
            let key = text[..at].trim();
            return (!key.is_empty()).then(|| Condition::Compared {
                key: key.to_owned(),
                comparison,
                value: value.to_owned(),
            });
        }
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let is_whole = !key.is_empty() && value != Some("");
        is_whole.then(|| Condition::Property { key: key.to_owned(), value: value.map(str::to_owned) })
    }
}

impl Filter {
    /// Whether every chunk passes.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.none.is_empty()
    }

    /// As this one, and `other` too.
    pub fn and(mut self, other: Filter) -> Filter {
        self.all.extend(other.all);
        self.none.extend(other.none);
        self
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The words, as typed; [`parse()`] says what they mean.
    pub words: String,
    /// Which legs answer.
    pub mode: Mode,
    /// How many hits at most, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// How many chunks of one document at most.
    pub per_document: usize,
    /// Which documents may answer.
    pub filter: Filter,
    /// In which order, unless the words say so.
    pub order: Order,
    /// How the legs become one list.
    pub fusion: Fusion,
    /// The constants of ranking.
    pub ranking: Ranking,
    /// Whether every hit tells what its score is made of; costs a look at each hit's words.
    pub explain: bool,
    /// The day it is where the question is asked: what "yesterday" is told from. Without it such words are an error.
    pub today: Option<Date>,
}

impl Query {
    /// A hybrid question with the default limits.
    pub fn new(words: impl Into<String>) -> Query {
        Query {
            words: words.into(),
            mode: Mode::default(),
            limit: DEFAULT_LIMIT,
            per_document: DEFAULT_PER_DOCUMENT,
            filter: Filter::default(),
            order: Order::default(),
            fusion: Fusion::default(),
            ranking: Ranking::default(),
            explain: false,
            today: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_has_a_name_and_may_have_a_value() {
        let of = |key: &str, value: Option<&str>| {
            Some(Condition::Property { key: key.to_owned(), value: value.map(str::to_owned) })
        };
        for (text, expected) in [
            ("status", of("status", None)),
            ("status = half done", of("status", Some("half done"))),
            ("formula=a=b", of("formula", Some("a=b"))),
            (
                "rating >= 4",
                Some(Condition::Compared {
                    key: "rating".into(),
                    comparison: Comparison::GreaterOrEqual,
                    value: "4".into(),
                }),
            ),
            ("rating>", None),
            ("rating>high", None),
            ("<4", None),
            ("arrow=a>b", of("arrow", Some("a>b"))),
            ("status=", None),
            ("=done", None),
            (" ", None),
        ] {
            assert_eq!(Condition::property_of(text), expected, "{text}");
        }
    }
}
