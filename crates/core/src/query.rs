//! A question as it is asked: words, mode, filter, limits. Nothing here knows how it is answered.

use crate::fusion::Fusion;

/// The longest question, in bytes. Longer ones are refused rather than cut in silence.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;

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

/// Which documents may answer. It acts inside each leg, before anything is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only paths that match this glob (`Bread/**`, `*.md`); matched against the whole path.
    pub path: Option<String>,
    /// Only documents with this tag or one nested below it; without `#`, any case.
    pub tag: Option<String>,
}

impl Filter {
    /// Whether every document passes.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The words, as typed.
    pub words: String,
    /// Which legs answer.
    pub mode: Mode,
    /// How many hits at most, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// How many chunks of one document at most.
    pub per_document: usize,
    /// Which documents may answer.
    pub filter: Filter,
    /// How the legs become one list.
    pub fusion: Fusion,
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
            fusion: Fusion::default(),
        }
    }
}
