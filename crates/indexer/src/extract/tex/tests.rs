//! Documents read whole, and what must hold for every text.

use proptest::prelude::*;

use super::*;
use crate::extract::laws::{check_partition, hostile};

const DOCUMENT: &str = "% by hand\n\\documentclass{article}\n\\title{On\n  Caf\\'es}\n\\author{A. Body} % me\n\\begin{document}\n\\maketitle\n\\begin{abstract}\nShort.\n\\end{abstract}\n\n\\section{First \\emph{part}}\\label{sec:one}\nWords, see \\ref{sec:two}.\n50\\% more % not this\n\n\\subsection*{Inner}\n\\begin{itemize}\n\\item one\n\\item two\n\\end{itemize}\n\\begin{lstlisting}[language=C]\nint x; % no comment\n\\section{no}\n\\end{lstlisting}\nafter\n\\section{Second}\n\\end{document}\n";

fn read(text: &str) -> Extracted {
    let extracted = extract(&DocumentPath::new("a.tex").unwrap(), text);
    check_partition(text, &extracted);
    extracted
}

#[test]
fn a_document_is_partitioned_into_its_blocks() {
    use BlockKind::*;
    let blocks = read(DOCUMENT).blocks;
    let found: Vec<_> =
        blocks.iter().map(|b| (b.kind, b.headings.len(), b.span.quote(DOCUMENT).unwrap())).collect();
    assert_eq!(
        found,
        [
            (FrontMatter, 0, &DOCUMENT[..DOCUMENT.find("\\maketitle").unwrap()]),
            (Paragraph, 0, "\\maketitle\n"),
            (Paragraph, 0, "\\begin{abstract}\nShort.\n\\end{abstract}\n\n"),
            (Heading, 1, "\\section{First \\emph{part}}\\label{sec:one}\n"),
            (Paragraph, 1, "Words, see \\ref{sec:two}.\n50\\% more % not this\n\n"),
            (Heading, 2, "\\subsection*{Inner}\n"),
            (Paragraph, 2, "\\begin{itemize}\n"),
            (ListItem, 2, "\\item one\n"),
            (ListItem, 2, "\\item two\n\\end{itemize}\n"),
            (
                Code,
                2,
                "\\begin{lstlisting}[language=C]\nint x; % no comment\n\\section{no}\n\\end{lstlisting}\n"
            ),
            (Paragraph, 2, "after\n"),
            (Heading, 1, "\\section{Second}\n"),
            (Paragraph, 1, "\\end{document}\n"),
        ]
    );
}

#[test]
fn what_a_document_says_of_itself_is_known() {
    let Extracted { document, reading, .. } = read(DOCUMENT);
    assert_eq!(document.title, "On Cafe\u{301}s");
    let keys: Vec<_> = document.properties.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["title", "author"]);
    let headings: Vec<_> = document.headings.iter().map(|h| (h.level, h.text.as_str())).collect();
    assert_eq!(headings, [(1, "First part"), (2, "Inner"), (1, "Second")]);
    let facts: Vec<_> = reading.facts.iter().map(|fact| (&*fact.key, &fact.value)).collect();
    assert_eq!(facts, [("code", &PropertyValue::Text("c".to_owned()))]);
    assert!(reading.facts[0].span.quote(DOCUMENT).unwrap().ends_with("\\end{lstlisting}\n"));
}

#[test]
fn comments_and_commands_are_told_from_words() {
    let reading = read(DOCUMENT).reading;
    let quotes = |spans: &[Span]| -> Vec<String> {
        spans.iter().map(|span| span.quote(DOCUMENT).unwrap().to_owned()).collect()
    };
    assert_eq!(quotes(&reading.comments), ["% by hand", "% me", "% not this"]);
    let noise = quotes(&reading.noise);
    for whole in
        ["\\ref{sec:two}", "\\label{sec:one}", "\\begin{itemize}", "\\section", "\\documentclass{article}"]
    {
        assert!(noise.iter().any(|noise| noise.contains(whole)), "{whole} in {noise:?}");
    }
    for word in ["Caf", "Body", "Short", "First", "part", "see", "one\n", "int x"] {
        assert!(noise.iter().all(|noise| !noise.contains(word)), "{word} in {noise:?}");
    }
}

#[test]
fn chapters_stand_above_sections() {
    let levels = |text: &str| read(text).document.headings.iter().map(|h| h.level).collect::<Vec<_>>();
    assert_eq!(levels("\\section{a}\n\\subsection{b}\n"), [1, 2]);
    assert_eq!(levels("\\chapter{a}\n\\section{b}\n\\part{c}\n"), [2, 3, 1]);
}

#[test]
fn accented_letters_are_letters() {
    let text = "Erd\\H{o}s, Caf\\'{e}\n";
    let meant: Vec<_> = read(text).reading.meant;
    let found: Vec<_> =
        meant.iter().map(|meant| (meant.span.quote(text).unwrap(), meant.words.as_str())).collect();
    assert_eq!(found, [("\\'{e}", "e\u{301}")]);
}

#[test]
fn hostile_documents_come_to_an_end() {
    for text in
        hostile(&["\\a{", "\\begin{a}", "\\begin{verbatim}\n", "%", "\\'", "\\section{", "\\title{a", "\\a["])
    {
        read(&text);
        read(&format!("{text}\\begin{{document}}"));
    }
}

proptest! {
    #[test]
    fn any_text_is_partitioned(
        text in r"([ a%{}\[\]'\\é]|\r\n|\n|\r|\u{feff}|\\begin\{(document|verbatim|a)\}|\\end\{(document|verbatim|a)\}|\n\\section\{a\}|\\title\{|\\item |\\ref\{a\}|\\'e){0,50}",
    ) {
        read(&text);
    }
}
