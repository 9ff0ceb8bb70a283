//! Notes read whole, and what must hold for every text.

use proptest::prelude::*;

use super::*;
use crate::extract::laws::{check_partition, hostile};

fn read(text: &str) -> Extracted {
    let extracted = extract(&DocumentPath::new("a.org").unwrap(), text);
    check_partition(text, &extracted);
    extracted
}

/// The blocks as kind, depth and quote.
fn check(text: &str, expected: &[(BlockKind, usize, &str)]) {
    let blocks = read(text).blocks;
    let found: Vec<_> =
        blocks.iter().map(|block| (block.kind, block.depth, block.span.quote(text).unwrap())).collect();
    assert_eq!(found, expected);
}

/// The facts as what they are called, what they say, and the first and last line they hold of.
fn check_facts(text: &str, expected: &[(&str, &str, &str)]) {
    let facts = read(text).reading.facts;
    let found: Vec<_> = facts
        .iter()
        .map(|fact| {
            let value = match &fact.value {
                PropertyValue::Text(text) | PropertyValue::Date(text, _) => text.as_str(),
                other => panic!("{other:?}"),
            };
            (&*fact.key, value, fact.span.quote(text).unwrap())
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_note_is_partitioned_into_its_blocks() {
    use BlockKind::*;
    check(
        "#+TITLE: T\n#+filetags: :a:b:\n\nIntro\nmore\n\n* Head\n- one\n  more\n  - two\n\n  second\n- three\n\npara\n-----\n| a | b |\n|---+---|\n| 1 | 2 |\n| 3 | 4 |\n\n#+begin_src rust\n* not\n#+end_src\n#+BEGIN_QUOTE\nq\n\nr\n#+END_QUOTE\n[fn:1] note\n",
        &[
            (FrontMatter, 0, "#+TITLE: T\n#+filetags: :a:b:\n\n"),
            (Paragraph, 0, "Intro\nmore\n\n"),
            (Heading, 0, "* Head\n"),
            (ListItem, 0, "- one\n  more\n"),
            (ListItem, 1, "  - two\n\n"),
            (Paragraph, 1, "  second\n"),
            (ListItem, 0, "- three\n\n"),
            (Paragraph, 0, "para\n"),
            (Rule, 0, "-----\n"),
            (TableHead, 0, "| a | b |\n|---+---|\n"),
            (TableRow, 0, "| 1 | 2 |\n"),
            (TableRow, 0, "| 3 | 4 |\n\n"),
            (Paragraph, 0, "#+begin_src rust\n"),
            (Heading, 0, "* not\n"),
            (Paragraph, 0, "#+end_src\n"),
            (Quote, 0, "#+BEGIN_QUOTE\nq\n\nr\n#+END_QUOTE\n"),
            (Definition, 0, "[fn:1] note\n"),
        ],
    );
    check("", &[]);
    check(" \n", &[(Paragraph, 0, " \n")]);
}

#[test]
fn what_a_file_says_of_itself_is_known() {
    let document = read(
        ":PROPERTIES:\n:ID: 1-2\n:END:\n#+title: A  title\n#+DATE: <2024-01-02 Tue>\n#+FILETAGS: :x:Y:\n* One :x:z:\n** TODO Two [[id:7][three]]\n",
    )
    .document;
    assert_eq!(
        (document.title.as_str(), &document.tags[..]),
        ("A title", &["x", "Y", "z"].map(String::from)[..])
    );
    let headings: Vec<_> = document.headings.iter().map(|h| (h.level, h.text.as_str())).collect();
    assert_eq!(headings, [(1, "One"), (2, "Two three")]);
    let keys: Vec<_> = document.properties.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["id", "title", "date", "filetags"]);
    assert_eq!(document.properties[2].1, PropertyValue::Date("<2024-01-02 Tue>".to_owned(), 1_704_153_600));
    assert_eq!(read("* Only\ntext").document.title, "Only");
    assert_eq!(read("text").document.title, "a");
}

#[test]
fn a_task_has_its_state_and_its_dates() {
    let first = "* TODO a\nDEADLINE: <2024-01-02 Tue> SCHEDULED: <2024-01-01 Mon +1w>\n:PROPERTIES:\n:Effort: 1h\n:END:\ntext\n";
    let second = "** DONE b\n- [ ] c\n- [X] d\n#+begin_src python :results x\ne\n#+end_src\n";
    check_facts(
        &format!("{first}{second}"),
        &[
            ("task", "open", first),
            ("due", "2024-01-02", first),
            ("scheduled", "2024-01-01", first),
            ("effort", "1h", first),
            ("task", "done", second),
            ("task", "open", "- [ ] c"),
            ("task", "done", "- [X] d"),
            ("code", "python", "#+begin_src python :results x\ne\n#+end_src\n"),
        ],
    );
}

#[test]
fn comments_are_told_from_words() {
    let text = "# one\n# two\n#no\n* COMMENT h\nx\n** i\n* j\n#+begin_comment\nk\n#+end_comment\n";
    let comments = read(text).reading.comments;
    let found: Vec<_> = comments.iter().map(|span| span.quote(text).unwrap()).collect();
    assert_eq!(found, ["# one", "# two", "* COMMENT h\nx\n** i\n", "#+begin_comment\nk\n#+end_comment"]);
}

#[test]
fn a_table_tells_its_head_to_its_rows() {
    let text = "| a |\n|---|\n| 1 |\n| 2 |\n\n| no |\n| head |\n";
    let asides = read(text).reading.asides;
    let found: Vec<_> = asides
        .iter()
        .map(|aside| (aside.words.quote(text).unwrap(), aside.counts_in.quote(text).unwrap()))
        .collect();
    assert_eq!(found, [("| a |", "| 1 |\n| 2 |\n")]);
}

#[test]
fn hostile_notes_come_to_an_end() {
    for text in hostile(&[
        "* ",
        "#+begin_src",
        "#+begin_quote\n* a\n",
        "[[a][",
        ":a:",
        "| a |\n|-",
        "- ",
        " - ",
        ":PROPERTIES:\n",
    ]) {
        read(&text);
    }
}

proptest! {
    #[test]
    fn any_text_is_partitioned(
        text in r"([ a:|*#\[\]<é-]|\r\n|\n|\r|\u{feff}|\n\* |\n#\+begin_src|\n#\+end_src\n|:PROPERTIES:\n|:END:\n|\n- |\n# |#\+a: |\n\|-|TODO |COMMENT |DEADLINE: <2024-01-01>){0,50}",
    ) {
        read(&text);
    }
}
