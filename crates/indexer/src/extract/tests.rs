//! Whole notes read, and what must hold for every text.

use ibid_core::document::{LinkKind, PropertyValue};
use proptest::prelude::*;

use super::*;

fn read(name: &str, text: &str) -> Extracted {
    let extracted = extract(&DocumentPath::new(name).unwrap(), text);
    let mut at = 0;
    for block in &extracted.blocks {
        let range = block.span.range();
        assert!(
            range.start == at && range.end > at && text.is_char_boundary(range.end),
            "{block:?} at {at} of {text:?}"
        );
        let before = &text[..at];
        assert!(
            at == 0 || before.ends_with('\n') || (before.ends_with('\r') && !text[at..].starts_with('\n')),
            "{block:?}"
        );
        assert!(block.headings.iter().all(|index| *index < extracted.document.headings.len()));
        at = range.end;
    }
    assert_eq!(at, text.len());
    extracted
}

/// The note's blocks as kind and quote.
fn check_blocks(text: &str, expected: &[(BlockKind, &str)]) {
    let extracted = read("note.md", text);
    let blocks: Vec<_> = extracted.blocks.iter().map(|b| (b.kind, b.span.quote(text).unwrap())).collect();
    assert_eq!(blocks, expected);
}

fn check_title(name: &str, text: &str, title: &str) {
    assert_eq!(read(name, text).document.title, title, "{text:?}");
}

/// The note's headings as level, words and quote.
fn check_headings(text: &str, expected: &[(u8, &str, &str)]) {
    let document = read("note.md", text).document;
    let headings: Vec<_> =
        document.headings.iter().map(|h| (h.level, h.text.as_str(), h.span.quote(text).unwrap())).collect();
    assert_eq!(headings, expected);
}

/// The note's links as target, anchor, label and quote.
fn check_links(text: &str, expected: &[(&str, Option<&str>, Option<&str>, &str)]) {
    let document = read("note.md", text).document;
    let links: Vec<_> = document
        .links
        .iter()
        .map(|l| (l.target.as_str(), l.anchor.as_deref(), l.label.as_deref(), l.span.quote(text).unwrap()))
        .collect();
    assert_eq!(links, expected);
}

#[test]
fn a_wikilink_may_hold_code() {
    check_links(
        "The [[Tasks#`id`|allowed `id` #letters]], `[[no]]`, [[a `]]` b]] and `[[` c]] d [[`x`",
        &[("Tasks", Some("`id`"), Some("allowed `id` #letters"), "[[Tasks#`id`|allowed `id` #letters]]")],
    );
    check_links("[[a `b\nc` d]]", &[]);
    check_tags("[[a `b` #c]] #d", &["d"]);
}

fn check_tags(text: &str, expected: &[&str]) {
    assert_eq!(read("note.md", text).document.tags, expected, "{text:?}");
}

#[test]
fn the_extension_decides_who_reads() {
    for (name, is_read) in [
        ("a.md", true),
        ("A.MD", true),
        ("a.markdown", true),
        ("a.txt", true),
        ("a.canvas", true),
        ("a.pdf", true),
        ("conversations.json", true),
        ("a.rs", true),
        ("a.png", true),
        ("a.mdx.bin", false),
        ("md", false),
        (".md", false),
    ] {
        assert_eq!(reads(&DocumentPath::new(name).unwrap()), is_read, "{name}");
    }
    assert_eq!(read("a.txt", "# no heading\n\n#no-tag").document.headings, []);
}

#[test]
fn a_note_is_partitioned_into_its_leaves() {
    use BlockKind::*;
    check_blocks(
        "\u{feff}---\na: b\n---\n\n# T\n\npara\nmore\n\n- one\n  two\n  - nested\n\n    second\n- three\n\n> quote\n> - item\n\n---\n| a |\n|---|\n| b |\n\n```rust\nfn x() {}\n\n```\n<div>\nx\n</div>\n\n[x]: y\n[^1]: note\n",
        &[
            (FrontMatter, "\u{feff}---\na: b\n---\n\n"),
            (Heading, "# T\n\n"),
            (Paragraph, "para\nmore\n\n"),
            (ListItem, "- one\n  two\n"),
            (ListItem, "  - nested\n\n"),
            (Paragraph, "    second\n"),
            (ListItem, "- three\n\n"),
            (Quote, "> quote\n"),
            (ListItem, "> - item\n\n"),
            (Rule, "---\n"),
            (TableHead, "| a |\n|---|\n"),
            (TableRow, "| b |\n\n"),
            (Code, "```rust\nfn x() {}\n\n```\n"),
            (Html, "<div>\nx\n</div>\n\n"),
            (Definition, "[x]: y\n"),
            (Definition, "[^1]: note\n"),
        ],
    );
    check_blocks("", &[]);
    check_blocks(" \n", &[(Paragraph, " \n")]);
    check_blocks("a\r\rb\r\n\r\nc", &[(Paragraph, "a\r\r"), (Paragraph, "b\r\n\r\n"), (Paragraph, "c")]);
    check_blocks("- - a\n", &[(ListItem, "- - a\n")]);
}

#[test]
fn headings_are_read_with_and_without_marks() {
    check_headings(
        "# a # b #\nsetext *one*\n===\n\ntwo\n---\n## [[l|x]] `c` #tag ^id\n#no\n####### seven\n   ### [k](u)  ",
        &[
            (1, "a # b", "# a # b #"),
            (1, "setext one", "setext *one*\n==="),
            (2, "two", "two\n---"),
            (2, "x c #tag", "## [[l|x]] `c` #tag ^id"),
            (3, "k", "### [k](u)"),
        ],
    );
    // Inside a quote or a list a heading structures nothing; as in Obsidian's outline.
    check_headings("> # q\n\n- # i\n", &[]);
    let long = read("note.md", &format!("# {}", "word ".repeat(1000)));
    assert!(long.document.headings[0].text.chars().count() <= MAX_NAME_CHARS);
}

#[test]
fn a_heading_path_holds_the_headings_above() {
    let text = "intro\n# A\n### B\nb\n## C\nc\n# D\nd\n";
    let extracted = read("note.md", text);
    let paths: Vec<_> = extracted.blocks.iter().map(|block| block.headings.as_slice()).collect();
    assert_eq!(paths, [&[][..], &[0], &[0, 1], &[0, 1], &[0, 2], &[0, 2], &[3], &[3]]);
}

#[test]
fn the_title_is_said_or_heads_the_text_or_names_the_file() {
    check_title("d/stem.md", "---\ntitle: Said\n---\n# Heading", "Said");
    check_title("d/stem.md", "---\ntitle:\n---\n\n# [[A|Heading]]\n", "Heading");
    check_title("d/stem.md", "Heading\n===\n", "Heading");
    check_title("d/stem.md", "words\n# Heading", "stem");
    check_title("d/stem.md", "## Heading", "stem");
    check_title("d/stem.md", "#\n", "stem");
    check_title("d/stem.txt", "# Heading", "stem");
}

#[test]
fn links_of_both_kinds_come_in_order() {
    check_links(
        "---\nup: \"[[Up]]\"\n---\n![[a.png]] [x *y*](b%20c.md#d%20e) [[f#^g|h]] ![alt](i.png) <https://x.y/#z> [r]\n\n[r]: <s t.md>\n\n| [[u\\|v]] | `[[no]]` |\n|---|---|\n",
        &[
            ("Up", None, None, "[[Up]]"),
            ("a.png", None, None, "![[a.png]]"),
            ("b c.md", Some("d e"), Some("x y"), "[x *y*](b%20c.md#d%20e)"),
            ("f", Some("^g"), Some("h"), "[[f#^g|h]]"),
            ("i.png", None, Some("alt"), "![alt](i.png)"),
            ("https://x.y/#z", None, None, "<https://x.y/#z>"),
            ("s t.md", None, Some("r"), "[r]"),
            ("u", None, Some("v"), "[[u\\|v]]"),
        ],
    );
    check_links("```\n[[a]]\n```\n    [[b]]\n\n`[[c]]` $[[d]]$ <!-- [[e]] --> %%[[f]] [g](h)%%\n", &[]);
}

#[test]
fn tags_are_found_in_prose_and_properties_only() {
    check_tags(
        "---\ntags: [Yaml, a]\n---\n# h #in-heading\n#A b\n- [ ] #task\n> #quoted\n\n| #cell |\n|---|\n**#bold**\n",
        &["Yaml", "a", "in-heading", "task", "quoted", "cell", "bold"],
    );
    check_tags(
        "`#a` $#b$ [#c](x) [[#d]] http://x/#e <b style=\"#f\"> &#103; \\#h `x`#i\n\n```\n#j\n```\n\n    #k\n",
        &[],
    );
    check_tags("%%\n#a\n\n#b\n%%\n#c\n", &["c"]);
}

#[test]
fn an_inline_field_does_not_replace_a_property() {
    let text = "---\nstatus: open\n---\nStatus:: shut\n\n- [ ] rating:: 5 `x`\n| a:: b |\n";
    let properties = read("note.md", text).document.properties;
    let expected = [("status", "open"), ("rating", "5 `x`\n")];
    let expected = expected.map(|(k, v)| (k.to_owned(), PropertyValue::Text(v.trim().to_owned())));
    assert_eq!(properties, expected);
}

#[test]
fn a_hostile_note_stays_within_the_caps() {
    let n = MAX_TAGS + 10;
    let many = |one: fn(usize) -> String| (0..n).map(one).collect::<String>();
    let text = many(|i| format!("# h{i}\n"))
        + &many(|i| format!("#t{i} [[l{i}]] [x](y) [k{i}:: v] "))
        + &"- ".repeat(2000);
    let document = read("note.md", &text).document;
    assert_eq!(document.headings.len(), MAX_HEADINGS);
    assert_eq!((document.tags.len(), document.links.len()), (MAX_TAGS, MAX_LINKS));
    assert_eq!(document.properties.len(), MAX_PROPERTIES);
}

/// What Markdown, Obsidian and hostile notes are made of.
const PIECES: &[&str] = &[
    "---\n",
    "# ",
    "## ",
    "\n===\n",
    "- ",
    "  - ",
    "1. ",
    "> ",
    "> [!note] ",
    "| a | b |\n|---|---|\n",
    "| ",
    "```\n",
    "    ",
    "`",
    "$",
    "$$",
    "[[",
    "]]",
    "![[",
    "|",
    "\\|",
    "[",
    "](",
    ")",
    "%%",
    "#tag ",
    "key:: v\n",
    "<div>\n",
    "<b>",
    "*",
    "**",
    "_",
    "~~",
    "[^1]",
    "[^1]: ",
    "[x]: y\n",
    "^id\n",
    "\\",
    "&amp;",
    "word ",
    "é",
    "日本語。",
    "👩\u{200d}🚀",
    "\u{301}",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\u{feff}",
    "\0",
    "---\ntitle: x\ntags: [a]\n---\n",
    "http://x/#a ",
    "#",
    ". ",
    ": ",
    "!",
];

/// Markdown as a cat on the keyboard would write it.
fn markdownish() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

fn holds_for(text: &str) {
    for name in ["note.md", "note.txt"] {
        let extracted = read(name, text);
        let document = &extracted.document;
        assert_eq!(extracted, read(name, text));
        assert!(!document.title.is_empty());
        for heading in &document.headings {
            let quote = heading.span.quote(text).unwrap();
            assert!(quote.starts_with('#') || quote.ends_with(['=', '-']), "{quote:?} in {text:?}");
        }
        for link in &document.links {
            let quote = link.span.quote(text).unwrap();
            let bare = quote.strip_prefix('!').unwrap_or(quote);
            assert_eq!(link.embed, bare.len() < quote.len(), "{quote:?} in {text:?}");
            match link.kind {
                LinkKind::Wiki => {
                    assert!(bare.starts_with("[[") && bare.ends_with("]]"), "{quote:?} in {text:?}")
                }
                LinkKind::Markdown => assert!(bare.starts_with(['[', '<']), "{quote:?} in {text:?}"),
            }
        }
        assert!(document.links.is_sorted_by_key(|link| link.span));
    }
}

proptest! {
    #[test]
    fn any_text_is_partitioned_and_quoted_rightly(text in "\\PC*") {
        holds_for(&text);
    }

    #[test]
    fn any_markdown_is_partitioned_and_quoted_rightly(text in markdownish()) {
        holds_for(&text);
    }
}
