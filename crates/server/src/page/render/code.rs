//! Code in colours: which bytes are keywords, strings, comments. The grammars are those the indexer reads code with;
//! everything is told by classes, and code that is long or in no known language stays plain.

use std::ops::Range;
use std::sync::LazyLock;

use tree_sitter::Language;
use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

/// The longest code that is coloured, in bytes: each word costs some twenty bytes of markup.
pub(super) const MAX_COLOURED_BYTES: usize = 12 * 1024;

/// What is told apart, as grammars call it, and the class for it.
const KINDS: [(&str, &str); 13] = [
    ("comment", "c"),
    ("string", "s"),
    ("escape", "n"),
    ("number", "n"),
    ("constant", "n"),
    ("keyword", "k"),
    ("function", "f"),
    ("constructor", "f"),
    ("type", "t"),
    ("attribute", "a"),
    ("property", "a"),
    ("label", "a"),
    ("tag", "k"),
];

/// A stretch of code of one kind; its class is empty where it is of none.
pub(super) type Stretch = (Range<usize>, &'static str);

/// The stretches of `code`, in order and without a gap; `None` where it is not coloured.
pub(super) fn stretches(language: &str, code: &str) -> Option<Vec<Stretch>> {
    if code.len() > MAX_COLOURED_BYTES {
        return None;
    }
    let grammar = grammar(&language.to_ascii_lowercase())?;
    let mut highlighter = Highlighter::new();
    let events = highlighter.highlight(grammar, code.as_bytes(), None, None, |_| None).ok()?;
    let (mut stretches, mut open, mut end) = (Vec::new(), Vec::new(), 0);
    for event in events {
        match event.ok()? {
            HighlightEvent::HighlightStart(kind) => {
                open.push(KINDS.get(kind.0).map_or("", |(_, class)| class))
            }
            HighlightEvent::HighlightEnd => drop(open.pop()),
            HighlightEvent::Source { start, end: to } => {
                let is_next = start == end && code.is_char_boundary(start) && code.is_char_boundary(to);
                if !is_next {
                    return None;
                }
                stretches.push((start..to, open.last().copied().unwrap_or_default()));
                end = to;
            }
        }
    }
    (end == code.len()).then_some(stretches)
}

/// A grammar and its query, read when it is first asked for: some milliseconds each.
type Grammar = LazyLock<Option<HighlightConfiguration>>;

fn read(language: Language, name: &str, queries: &[&str]) -> Option<HighlightConfiguration> {
    let read = HighlightConfiguration::new(language, name, &queries.join("\n"), "", "");
    let mut read =
        read.inspect_err(|error| tracing::error!(name, %error, "a grammar's query cannot be read")).ok()?;
    read.configure(&KINDS.map(|(kind, _)| kind));
    Some(read)
}

static BASH: Grammar =
    LazyLock::new(|| read(tree_sitter_bash::LANGUAGE.into(), "bash", &[tree_sitter_bash::HIGHLIGHT_QUERY]));
static C: Grammar =
    LazyLock::new(|| read(tree_sitter_c::LANGUAGE.into(), "c", &[tree_sitter_c::HIGHLIGHT_QUERY]));
static CPP: Grammar = LazyLock::new(|| {
    let queries = [tree_sitter_c::HIGHLIGHT_QUERY, tree_sitter_cpp::HIGHLIGHT_QUERY];
    read(tree_sitter_cpp::LANGUAGE.into(), "cpp", &queries)
});
static GO: Grammar =
    LazyLock::new(|| read(tree_sitter_go::LANGUAGE.into(), "go", &[tree_sitter_go::HIGHLIGHTS_QUERY]));
static JAVA: Grammar =
    LazyLock::new(|| read(tree_sitter_java::LANGUAGE.into(), "java", &[tree_sitter_java::HIGHLIGHTS_QUERY]));
static JAVASCRIPT: Grammar = LazyLock::new(|| {
    let query = tree_sitter_javascript::HIGHLIGHT_QUERY;
    read(tree_sitter_javascript::LANGUAGE.into(), "javascript", &[query])
});
static PYTHON: Grammar = LazyLock::new(|| {
    read(tree_sitter_python::LANGUAGE.into(), "python", &[tree_sitter_python::HIGHLIGHTS_QUERY])
});
static RUST: Grammar =
    LazyLock::new(|| read(tree_sitter_rust::LANGUAGE.into(), "rust", &[tree_sitter_rust::HIGHLIGHTS_QUERY]));
static TYPESCRIPT: Grammar = LazyLock::new(|| {
    let queries = [tree_sitter_javascript::HIGHLIGHT_QUERY, tree_sitter_typescript::HIGHLIGHTS_QUERY];
    read(tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), "typescript", &queries)
});

fn grammar(language: &str) -> Option<&'static HighlightConfiguration> {
    let grammar = match language {
        "bash" | "sh" | "shell" | "zsh" => &BASH,
        "c" | "h" => &C,
        "cpp" | "c++" | "cc" | "hpp" => &CPP,
        "go" | "golang" => &GO,
        "java" => &JAVA,
        "javascript" | "js" | "mjs" | "cjs" | "json" => &JAVASCRIPT,
        "python" | "py" | "python3" => &PYTHON,
        "rust" | "rs" => &RUST,
        "typescript" | "ts" => &TYPESCRIPT,
        _ => return None,
    };
    grammar.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: &str, code: &str, words: &str, class: &str) {
        let found = stretches(language, code).unwrap_or_else(|| panic!("{language} is coloured"));
        let whole: String = found.iter().map(|(range, _)| &code[range.clone()]).collect();
        assert_eq!(whole, code);
        let is_there = found.iter().any(|(range, of)| &code[range.clone()] == words && *of == class);
        assert!(is_there, "{language}: {found:?}");
    }

    #[test]
    fn every_known_language_has_its_colours() {
        for (language, code, words, class) in [
            ("bash", "echo \"hi\" # x", "# x", "c"),
            ("c", "int x = 1; // é", "int", "t"),
            ("C++", "return 1;", "return", "k"),
            ("go", "package main", "package", "k"),
            ("java", "class A {}", "class", "k"),
            ("js", "const a = 'b';", "const", "k"),
            ("python", "def f(): pass", "def", "k"),
            ("rs", "fn main() {}", "fn", "k"),
            ("ts", "const a: number = 1;", "const", "k"),
        ] {
            check(language, code, words, class);
        }
    }

    #[test]
    fn what_is_long_or_unknown_stays_plain() {
        assert_eq!(stretches("brainfuck", "+"), None);
        assert_eq!(stretches("rust", &"x ".repeat(MAX_COLOURED_BYTES)), None);
    }
}
