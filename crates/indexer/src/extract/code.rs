//! Source code by definition: each function, type and module is a heading, with its comments before it.
//!
//! Where no grammar is at hand, and where one gives up, the groups of lines between blank lines are the blocks.
//! Comments are words like all others: they are what people search for.

mod definitions;
mod grammar;

use ibid_core::document::PropertyValue;
use ibid_core::id::DocumentPath;

use self::definitions::Definition;
use super::outline::{LineStarts, Outline, trimmed};
use super::plain::titled;
use super::{BlockKind, Extracted, Fact, Reading, lines, span_of};

/// What the fact is called that says which language a text or a part of it is in.
pub(super) const LANGUAGE_KEY: &str = "code";

/// The languages read, by extension in lower case.
const LANGUAGES: &[(&str, &str)] = &[
    ("asm", "assembly"),
    ("awk", "awk"),
    ("bash", "bash"),
    ("bat", "batch"),
    ("c", "c"),
    ("cc", "cpp"),
    ("cfg", "ini"),
    ("cjs", "javascript"),
    ("clj", "clojure"),
    ("cljs", "clojure"),
    ("cmake", "cmake"),
    ("conf", "conf"),
    ("cpp", "cpp"),
    ("cs", "csharp"),
    ("css", "css"),
    ("cxx", "cpp"),
    ("d", "d"),
    ("dart", "dart"),
    ("el", "elisp"),
    ("elm", "elm"),
    ("erl", "erlang"),
    ("ex", "elixir"),
    ("exs", "elixir"),
    ("f90", "fortran"),
    ("fish", "fish"),
    ("fs", "fsharp"),
    ("gd", "gdscript"),
    ("glsl", "glsl"),
    ("go", "go"),
    ("gradle", "groovy"),
    ("graphql", "graphql"),
    ("groovy", "groovy"),
    ("h", "c"),
    ("hcl", "hcl"),
    ("hh", "cpp"),
    ("hpp", "cpp"),
    ("hs", "haskell"),
    ("hxx", "cpp"),
    ("ini", "ini"),
    ("java", "java"),
    ("jl", "julia"),
    ("js", "javascript"),
    ("jsx", "javascript"),
    ("kt", "kotlin"),
    ("kts", "kotlin"),
    ("less", "less"),
    ("lisp", "lisp"),
    ("lua", "lua"),
    ("m", "objectivec"),
    ("mjs", "javascript"),
    ("mk", "make"),
    ("ml", "ocaml"),
    ("mli", "ocaml"),
    ("nim", "nim"),
    ("nix", "nix"),
    ("pas", "pascal"),
    ("php", "php"),
    ("pl", "perl"),
    ("pm", "perl"),
    ("properties", "properties"),
    ("proto", "protobuf"),
    ("ps1", "powershell"),
    ("py", "python"),
    ("pyi", "python"),
    ("r", "r"),
    ("rb", "ruby"),
    ("rkt", "racket"),
    ("rs", "rust"),
    ("sass", "sass"),
    ("scala", "scala"),
    ("scm", "scheme"),
    ("scss", "scss"),
    ("sh", "bash"),
    ("sol", "solidity"),
    ("sql", "sql"),
    ("svelte", "svelte"),
    ("swift", "swift"),
    ("tcl", "tcl"),
    ("tf", "hcl"),
    ("ts", "typescript"),
    ("tsx", "typescript"),
    ("mts", "typescript"),
    ("vb", "vb"),
    ("vim", "vim"),
    ("vue", "vue"),
    ("xml", "xml"),
    ("zig", "zig"),
    ("zsh", "zsh"),
];

/// The language of files with this extension, in any case; `None` where it is none of source code.
pub(super) fn language_of(extension: &str) -> Option<&'static str> {
    let is_it = |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(extension);
    LANGUAGES.iter().find(is_it).map(|(_, language)| *language)
}

/// Takes time linear in the text; [`definitions::of`] says by what bounds.
pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let language = path.extension().and_then(language_of);
    let definitions =
        language.and_then(grammar::of).and_then(|grammar| definitions::of(text, grammar)).unwrap_or_default();
    let outline = match definitions.is_empty() {
        true => by_lines(text),
        false => by_definition(text, &definitions),
    };
    let mut document = titled(path);
    let (headings, blocks) = outline.over(text, BlockKind::Code);
    document.headings = headings;
    let fact = language.filter(|_| !text.is_empty()).map(|language| Fact {
        span: span_of(0..text.len()),
        key: LANGUAGE_KEY.into(),
        value: PropertyValue::Text(language.to_owned()),
    });
    Extracted {
        document,
        blocks,
        reading: Reading { facts: fact.into_iter().collect(), ..Reading::default() },
    }
}

/// A block for each group of lines after a blank one whose first line is neither indented nor a mere bracket.
fn by_lines(text: &str) -> Outline {
    let mut outline = Outline::default();
    let mut after_blank = true;
    for line in lines(text) {
        let words = &text[line.clone()];
        let blank = words.trim().is_empty();
        let begins = !words.starts_with(char::is_whitespace) && words.contains(char::is_alphanumeric);
        if after_blank && begins {
            outline.block(line.start, BlockKind::Code);
        }
        after_blank = blank || (after_blank && !begins);
    }
    outline
}

/// A block for each definition's first line, one for the rest of it, and one for what stands between definitions.
fn by_definition(text: &str, definitions: &[Definition]) -> Outline {
    let starts = LineStarts::of(text);
    let mut outline = Outline::default();
    let mut open: Vec<&Definition> = Vec::new();
    let mut last_line = None;
    outline.block(0, BlockKind::Code);
    for definition in definitions {
        let line = starts.line(definition.start);
        // Two on one line: somebody made the file small, and nobody reads it.
        if last_line.is_some_and(|last| line.start <= last) {
            continue;
        }
        last_line = Some(line.start);
        close(text, &starts, &mut outline, &mut open, line.start);
        let shown = trimmed(text, starts.line(definition.name_at));
        outline.heading(line.start, definition.level, &definition.name, shown);
        if line.end < definition.end {
            outline.block(line.end, BlockKind::Code);
        }
        open.push(definition);
    }
    close(text, &starts, &mut outline, &mut open, text.len());
    outline
}

/// Ends the definitions that end before `next`, and begins a block after each that is followed by words.
///
/// A bracket that closes what is around a definition stays with that definition.
fn close(text: &str, starts: &LineStarts, outline: &mut Outline, open: &mut Vec<&Definition>, next: usize) {
    while let Some(ended) = open.pop_if(|open| open.end <= next) {
        let around = open.last().map_or(text.len(), |around| around.end);
        outline.rise(ended.level);
        let after = starts.line(ended.end.saturating_sub(1)).end..around.min(next);
        let Some(words) = text.get(after.clone()).filter(|words| words.contains(char::is_alphanumeric))
        else {
            continue;
        };
        let first = after.start + (words.len() - words.trim_start().len());
        outline.block(starts.line(first).start, BlockKind::Code);
    }
}

#[cfg(test)]
mod tests;
