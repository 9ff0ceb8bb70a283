//! Pages read whole, and what must hold for every text.

use proptest::prelude::*;

use super::*;
use crate::extract::laws::{check_partition, hostile};

fn read(text: &str) -> Extracted {
    let extracted = extract(&DocumentPath::new("a.rst").unwrap(), text);
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

#[test]
fn a_page_is_partitioned_into_its_blocks() {
    use BlockKind::*;
    check(
        "====\nName\n====\n:Author: Me\n\nWords\nmore::\n\n    code\n\n    more\n\nPart\n----\n- one\n  two\n\n  - three\n- four\n\n.. note:: Mind\n   this.\n\n.. code-block:: python\n   :linenos:\n\n   x = 1\n\n.. _there: http://x\n\n----\n\n>>> 1\n1\n\n.. gone\n   too\n",
        &[
            (Heading, 0, "====\nName\n====\n"),
            (Paragraph, 0, ":Author: Me\n\n"),
            (Paragraph, 0, "Words\nmore::\n\n"),
            (Code, 0, "    code\n\n    more\n\n"),
            (Heading, 0, "Part\n----\n"),
            (ListItem, 0, "- one\n  two\n\n"),
            (ListItem, 1, "  - three\n"),
            (ListItem, 0, "- four\n\n"),
            (Paragraph, 0, ".. note:: Mind\n   this.\n\n"),
            (Code, 0, ".. code-block:: python\n   :linenos:\n\n   x = 1\n\n"),
            (Definition, 0, ".. _there: http://x\n\n"),
            (Rule, 0, "----\n\n"),
            (Code, 0, ">>> 1\n1\n\n"),
            (Paragraph, 0, ".. gone\n   too\n"),
        ],
    );
    check("", &[]);
    check(" \n", &[(Paragraph, 0, " \n")]);
}

#[test]
fn titles_have_levels_in_order_of_appearance() {
    let text = "A\n~\n\nB\n===\n\n===\nC\n===\n\nD ``x``\n=======\n\nE\n~\n";
    let headings = read(text).document.headings;
    let found: Vec<_> = headings.iter().map(|h| (h.level, h.text.as_str())).collect();
    assert_eq!(found, [(1, "B"), (2, "C"), (1, "D x")]);
    let text = "A\n~~~~\n\nB\n----\n\nC\n~~~~\n";
    let levels: Vec<_> = read(text).document.headings.iter().map(|h| h.level).collect();
    assert_eq!(levels, [1, 2, 1]);
    assert_eq!(read(text).document.title, "a");
    assert_eq!(read("On\n====\n\nB\n--\n").document.title, "On");
}

#[test]
fn fields_at_the_head_are_properties() {
    let document = read(":Title: On x\n:Date: 2024-01-02\n:Long: a\n  b\n\nWords\n\n:no: field\n").document;
    assert_eq!(document.title, "On x");
    let keys: Vec<_> = document.properties.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["title", "date", "long"]);
    assert_eq!(document.properties[1].1, PropertyValue::Date("2024-01-02".to_owned(), 1_704_153_600));
}

#[test]
fn comments_code_and_links_are_known() {
    let text = ".. code-block:: Rust\n\n   `no <x>`_\n\n.. a comment\n   `no <x>`_\n\nSee `x <y.html>`_.\n";
    let Extracted { document, reading, .. } = read(text);
    let comments: Vec<_> = reading.comments.iter().map(|span| span.quote(text).unwrap()).collect();
    assert_eq!(comments, [".. a comment\n   `no <x>`_"]);
    assert_eq!(document.links.iter().map(|link| link.target.as_str()).collect::<Vec<_>>(), ["y.html"]);
    assert_eq!(reading.facts[0].value, PropertyValue::Text("rust".to_owned()));
    assert_eq!(reading.facts[0].span.quote(text), Some(".. code-block:: Rust\n\n   `no <x>`_"));
    assert_eq!(reading.noise[0].quote(text), Some(".. code-block::"));
}

#[test]
fn tables_keep_their_heads() {
    use BlockKind::*;
    let grid = "+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n| x |   |\n+---+---+\n| 3 | 4 |\n+---+---+\n";
    check(
        grid,
        &[
            (TableHead, 0, "+---+---+\n| a | b |\n+===+===+\n"),
            (TableRow, 0, "| 1 | 2 |\n| x |   |\n+---+---+\n"),
            (TableRow, 0, "| 3 | 4 |\n+---+---+\n"),
        ],
    );
    assert_eq!(read(grid).reading.asides.len(), 1);
    let simple = "==  ==\na   b\n==  ==\n1   2\n    x\n3   4\n==  ==\n\nafter\n";
    check(
        simple,
        &[
            (TableHead, 0, "==  ==\na   b\n==  ==\n"),
            (TableRow, 0, "1   2\n    x\n"),
            (TableRow, 0, "3   4\n==  ==\n\n"),
            (Paragraph, 0, "after\n"),
        ],
    );
    check(
        "==  ==\n1   2\n3   4\n==  ==\n",
        &[(TableRow, 0, "==  ==\n1   2\n"), (TableRow, 0, "3   4\n==  ==\n")],
    );
}

#[test]
fn hostile_pages_come_to_an_end() {
    for text in hostile(&[
        "== ==\n",
        "+-+\n|",
        ".. a::\n",
        "..\n ",
        "::\n\n ",
        "a\n==\n",
        "`a <",
        ":a:`",
        ":a: b\n",
        "- ",
        "\n\n== ==\na",
    ]) {
        read(&text);
    }
}

proptest! {
    #[test]
    fn any_text_is_partitioned(
        text in r"([ a:|*`_<>é=-]|\r\n|\n|\r|\u{feff}|\n\.\. |::\n\n  |\n====\n|\n----\n|== ==\n|\+--\+\n\||\+==\+\n|:a: b\n|\n- |code::|>>> ){0,50}",
    ) {
        read(&text);
    }
}
