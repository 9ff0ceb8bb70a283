//! Files of each format, and what must hold for every text.

use proptest::prelude::*;

use super::*;
use crate::extract::laws::{check_partition, hostile};

fn read(name: &str, text: &str) -> Extracted {
    let extracted = extract(&DocumentPath::new(name).unwrap(), text);
    check_partition(text, &extracted);
    extracted
}

/// The blocks, each with the names of its headings; those of headings marked.
fn check(name: &str, text: &str, expected: &[(&str, &str)]) {
    let extracted = read(name, text);
    let path = |block: &crate::extract::Block| {
        let names = block.headings.iter().map(|index| extracted.document.headings[*index].text.as_str());
        let mark = if block.kind == BlockKind::Heading { "# " } else { "" };
        format!("{mark}{}", names.collect::<Vec<_>>().join(" > "))
    };
    let found: Vec<_> =
        extracted.blocks.iter().map(|block| (path(block), block.span.quote(text).unwrap())).collect();
    let found: Vec<_> = found.iter().map(|(path, quote)| (path.as_str(), *quote)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn json_is_cut_at_its_keys() {
    check(
        "a.json",
        "{\n  \"name\": \"x\",\n  \"v\": 1,\n  \"deps\": {\n    \"a\": 1\n  },\n  \"end\": [1,\n 2] }\n",
        &[
            ("", "{\n  \"name\": \"x\",\n  \"v\": 1,\n"),
            ("# deps", "  \"deps\": {\n"),
            ("deps", "    \"a\": 1\n  },\n"),
            ("# end", "  \"end\": [1,\n"),
            ("end", " 2] }\n"),
        ],
    );
    check("a.json", "[\n  1,\n  {\"a\": 2}, 3\n]\n", &[("", "[\n  1,\n"), ("", "  {\"a\": 2}, 3\n]\n")]);
    check("a.jsonl", "{\"a\": 1}\n{\"a\": 2}\n", &[("", "{\"a\": 1}\n"), ("", "{\"a\": 2}\n")]);
    check("a.json", "", &[]);
    check("a.json", "words\n", &[("", "words\n")]);
}

#[test]
fn a_large_value_is_cut_inside() {
    let long = format!("\"{}\"", "x".repeat(MAX_WHOLE_BYTES));
    let text = format!("{{\"a\": {{\n\"b\": [\n{long}],\n\"c\": 1}},\n\"d\": [\n1,\n2]}}");
    check(
        "a.json",
        &text,
        &[
            ("# a", "{\"a\": {\n"),
            ("# a > b", "\"b\": [\n"),
            ("a > b", &format!("{long}],\n")),
            ("a", "\"c\": 1},\n"),
            ("# d", "\"d\": [\n"),
            ("d", "1,\n2]}"),
        ],
    );
}

#[test]
fn the_escapes_of_json_mean_characters() {
    let text = r#"{"a\u00e9": "b\n\"c\"", // "no\n
"d": 1}"#;
    let meant = read("a.json", text).reading.meant;
    let found: Vec<_> =
        meant.iter().map(|meant| (meant.span.quote(text).unwrap(), meant.words.as_str())).collect();
    assert_eq!(found, [("\\u00e9", "é"), ("\\n", "\n"), ("\\\"", "\""), ("\\\"", "\"")]);
}

#[test]
fn toml_is_cut_at_its_tables() {
    check(
        "a.toml",
        "# c\na = 1\nb = [\n  [1],\n]\n\n[package]\nname = \"x # ]\"\nt = \"\"\"\n[no]\n\"\"\"\n[[bin.x]] # y\np = 1\n",
        &[
            ("", "# c\na = 1\n"),
            ("# b", "b = [\n"),
            ("b", "  [1],\n]\n\n"),
            ("# package", "[package]\n"),
            ("package", "name = \"x # ]\"\nt = \"\"\"\n[no]\n\"\"\"\n"),
            ("# bin.x", "[[bin.x]] # y\n"),
            ("bin.x", "p = 1\n"),
        ],
    );
}

#[test]
fn yaml_is_cut_at_its_keys() {
    check(
        "a.yml",
        "# c\n---\nname: x\n\"v w\": 1\non:\n  push: [a]\n  text: |\n    no: key\njobs:\n- a: 1\n  b: 2\n- c\nurl: http://x\n",
        &[
            ("", "# c\n---\n"),
            ("", "name: x\n\"v w\": 1\n"),
            ("# on", "on:\n"),
            ("on", "  push: [a]\n  text: |\n    no: key\n"),
            ("# jobs", "jobs:\n"),
            ("jobs", "- a: 1\n  b: 2\n- c\n"),
            ("", "url: http://x\n"),
        ],
    );
    check("a.yaml", "- a\n- b: 1\n  c: 2\n", &[("", "- a\n"), ("", "- b: 1\n  c: 2\n")]);
    let long = "x".repeat(MAX_WHOLE_BYTES);
    check(
        "a.yaml",
        &format!("a:\n  b:\n    {long}: 1\n  c: 2\n"),
        &[("# a", "a:\n"), ("# a > b", "  b:\n"), ("a > b", &format!("    {long}: 1\n")), ("a", "  c: 2\n")],
    );
}

#[test]
fn hostile_data_comes_to_an_end() {
    for text in hostile(&["{\"a\":", "[[", "/*", "//", "a: ", "- ", "\\u", "\"\"\"", "'''", "a=[", "\"\\"]) {
        for name in ["a.json", "a.toml", "a.yaml"] {
            read(name, &text);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_partitioned(
        text in r#"([ \[\]{}:,"'#=/*\\aé1-]|\r\n|\n|\r|\u{feff}|"a": |a:|- |\[a\]\n|a = |""")([ab ]|\n){0,3}"#,
        more in r#"([ \[\]{}:,"'#=/*\\aé1-]|\r\n|\n|\r|"a": |a: |- |\[a\]\n|a = |"""|''){0,60}"#,
        name in prop::sample::select(vec!["a.json", "a.toml", "a.yaml"]),
    ) {
        read(name, &(text + &more));
    }
}
