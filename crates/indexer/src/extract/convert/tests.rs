//! What all kinds have in common: real files are read, hostile ones are refused or read, and none takes long.

use proptest::prelude::*;

use super::*;

mod made;
use made::{docx, epub, pdf, zip};

fn check(kind: Kind, bytes: &[u8], expected: &str) {
    let text = to_markdown(kind, bytes).unwrap_or_else(|error| panic!("{kind}: {error}"));
    assert_eq!(text, expected, "{kind}");
    assert_eq!(to_markdown(kind, bytes).unwrap(), text, "{kind}");
}

const KINDS: [Kind; 7] =
    [Kind::Html, Kind::Pdf, Kind::Docx, Kind::Epub, Kind::Notebook, Kind::Mail, Kind::Conversations];

const PAGE: &str = include_str!("tests/page.html");
const LETTER: &str = include_str!("tests/letter.eml");
const NOTEBOOK: &str = include_str!("tests/notebook.ipynb");
const CONVERSATIONS: &str = include_str!("tests/conversations.json");
const REPORT: &[u8] = include_bytes!("tests/report.pdf");
const REPORT_DOCX: &[u8] = include_bytes!("tests/report.docx");

fn samples() -> Vec<(Kind, Vec<u8>)> {
    vec![
        (Kind::Html, PAGE.into()),
        (Kind::Pdf, pdf(&["BT /F1 12 Tf 72 700 Td (Hello) Tj ET"])),
        (Kind::Pdf, REPORT.into()),
        (Kind::Docx, docx("<w:p><w:r><w:t>Hello</w:t></w:r></w:p>")),
        (Kind::Docx, REPORT_DOCX.into()),
        (Kind::Epub, epub(&["<h1>One</h1><p>Hello</p>"])),
        (Kind::Notebook, NOTEBOOK.into()),
        (Kind::Mail, LETTER.into()),
        (Kind::Conversations, CONVERSATIONS.into()),
    ]
}

#[test]
fn a_kind_is_known_by_extension_or_name() {
    for (extension, name, kind) in [
        ("html", "a.html", Some(Kind::Html)),
        ("HTM", "A.HTM", Some(Kind::Html)),
        ("xhtml", "a.xhtml", Some(Kind::Html)),
        ("pdf", "a.pdf", Some(Kind::Pdf)),
        ("docx", "a.docx", Some(Kind::Docx)),
        ("epub", "a.epub", Some(Kind::Epub)),
        ("ipynb", "a.ipynb", Some(Kind::Notebook)),
        ("eml", "a.eml", Some(Kind::Mail)),
        ("json", "conversations.json", Some(Kind::Conversations)),
        ("json", "Conversations.JSON", Some(Kind::Conversations)),
        ("json", "a.json", None),
        ("md", "a.md", None),
        ("", "pdf", None),
    ] {
        assert_eq!(Kind::of(extension, name), kind, "{name}");
    }
}

#[test]
fn real_files_read_as_people_would_write_them() {
    check(Kind::Html, PAGE.as_bytes(), include_str!("tests/page.md"));
    check(Kind::Mail, LETTER.as_bytes(), include_str!("tests/letter.md"));
    check(Kind::Notebook, NOTEBOOK.as_bytes(), include_str!("tests/notebook.md"));
    check(Kind::Conversations, CONVERSATIONS.as_bytes(), include_str!("tests/conversations.md"));
    check(Kind::Pdf, REPORT, include_str!("tests/report-pdf.md"));
    check(Kind::Docx, REPORT_DOCX, include_str!("tests/report-docx.md"));
}

#[test]
fn what_a_file_says_it_is_about_becomes_its_tags() {
    check(
        Kind::Html,
        b"<meta name=Keywords content='Bread, private; bread,private'><meta name=private content=ja><p>Rye.",
        "---\nprivate: \"ja\"\ntags:\n  - \"Bread\"\n  - \"private\"\n  - \"bread\"\n---\n\nRye.\n",
    );
    let notebook = |metadata: &str| format!(r#"{{"metadata": {metadata}, "cells": [{{"source": "Rye."}}]}}"#);
    for (metadata, front) in [
        (
            r#"{"keywords": ["private", "a b"], "tags": ["x"]}"#,
            "tags:\n  - \"x\"\n  - \"private\"\n  - \"a b\"\n",
        ),
        (r#"{"keywords": "bread; private"}"#, "tags:\n  - \"bread\"\n  - \"private\"\n"),
        (r#"{"private": true}"#, "private: \"true\"\n"),
        (r#"{"private": "oui", "tags": [1, ""]}"#, "private: \"oui\"\n"),
    ] {
        check(Kind::Notebook, notebook(metadata).as_bytes(), &format!("---\n{front}---\n\nRye.\n"));
    }
    check(Kind::Notebook, notebook(r#"{"private": null, "tags": 3}"#).as_bytes(), "Rye.\n");
}

#[test]
fn a_book_is_read_in_the_order_of_its_spine() {
    check(
        Kind::Epub,
        &epub(&[
            "<h1>Two</h1><p>See <a href=\"c1.xhtml\">one</a>.</p>",
            "<title/><h1>One</h1><div id='x'/>Hello",
        ]),
        "---\ntitle: \"A & B\"\nauthor:\n  - \"Ann\"\n  - \"Bo\"\nlanguage: \"en\"\ndate: \"2020-01-02\"\n---\n\n\
         # One\n\nHello\n\n# Two\n\nSee one.\n",
    );
}

#[test]
fn old_notebooks_and_single_conversations_are_read() {
    check(
        Kind::Notebook,
        br#"{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "level": 2, "source": "Old"},
            {"cell_type": "code", "language": "julia", "input": ["1+1"],
             "outputs": [{"output_type": "pyout", "text": ["2"]}]}]}]}"#,
        "## Old\n\n```julia\n1+1\n```\n\n```text\n2\n```\n",
    );
    check(
        Kind::Conversations,
        br#"{"title": null, "mapping": {"a": {"parent": "a", "message":
            {"author": {"role": "user"}, "content": {"parts": ["round and round"]}}}}}"#,
        "---\ntitle: \"ChatGPT conversations\"\n---\n\n# Untitled\n\n## User\n\nround and round\n",
    );
}

#[test]
fn a_file_cut_anywhere_is_read_or_refused() {
    for (kind, bytes) in samples() {
        let step = (bytes.len() / 1000).max(1);
        for end in (0..bytes.len()).step_by(step) {
            let _ = to_markdown(kind, &bytes[..end]);
        }
    }
}

#[test]
fn nothing_is_refused_by_type() {
    for kind in KINDS {
        for bytes in [&b""[..], b"\0", b"[]", b"{}", b"null", b"%PDF-1.7", b"PK\x03\x04", b"\xff\xfe\xfd"] {
            let _ = to_markdown(kind, bytes);
        }
    }
    for kind in [Kind::Pdf, Kind::Docx, Kind::Epub, Kind::Notebook, Kind::Mail, Kind::Conversations] {
        assert!(matches!(to_markdown(kind, b""), Err(Unreadable::Broken { .. })), "{kind}");
    }
    assert_eq!(to_markdown(Kind::Html, b"").as_deref(), Ok(""));
}

#[test]
fn what_is_locked_or_packed_too_far_or_has_no_words_is_told_apart() {
    let old = [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[0; 512]].concat();
    assert_eq!(to_markdown(Kind::Docx, &old), Err(Unreadable::Encrypted { kind: Kind::Docx }));
    assert_eq!(
        to_markdown(Kind::Pdf, include_bytes!("tests/locked.pdf")),
        Err(Unreadable::Encrypted { kind: Kind::Pdf })
    );
    let scan = pdf(&["0 0 100 100 re f", "1 0 0 rg"]);
    assert_eq!(to_markdown(Kind::Pdf, &scan), Err(Unreadable::NoText { kind: Kind::Pdf, n_pages: 2 }));
    let bomb = "<p>".repeat(20 << 20);
    let bomb = zip(&[("word/document.xml", bomb.as_bytes())]);
    assert!(matches!(to_markdown(Kind::Docx, &bomb), Err(Unreadable::TooLarge { .. })));
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &"q ".repeat(20 << 20).into_bytes()).unwrap();
    let bomb = made::pdf_with_stream("/Filter /FlateDecode", &packed.finish().unwrap());
    assert!(matches!(to_markdown(Kind::Pdf, &bomb), Err(Unreadable::TooLarge { .. })));
}

#[test]
fn depth_and_number_cost_no_stack_and_little_time() {
    const N: usize = 100_000;
    let nested = |open: &str, close: &str| format!("{}x{}", open.repeat(N), close.repeat(N));
    let page = |body: String| (Kind::Html, body.into_bytes());
    let files = [
        page(nested("<div>", "</div>")),
        page(nested("<blockquote>", "</blockquote>")),
        page(nested("<ul><li>", "</li></ul>")),
        page(nested("<table><tr><td>", "</td></tr></table>")),
        page(nested("<b><i><font>", "<p>")),
        page(nested("<a href=x>", "</a>")),
        page(nested("<code>", "</code>")),
        page(nested("<pre>", "</pre>")),
        page(nested("</table>", "<td>")),
        page(format!("<a {}>x</a>", (0..N).map(|n| format!("a{n} ")).collect::<String>())),
        page(format!("<a {}>x</a>", (0..N).map(|n| format!("a{n}='\"' ")).collect::<String>())),
        page(format!("<table><tr>{}</tr>{}</table>", "<td>x".repeat(N), "<tr><td>y".repeat(N))),
        page("<!--".repeat(N)),
        page("&".repeat(N) + &"&amp".repeat(N)),
        (Kind::Notebook, nested("[", "]").into_bytes()),
        (Kind::Conversations, nested("[", "]").into_bytes()),
        (Kind::Mail, format!("Subject: x\n{}", "Content-Type: message/rfc822\n\n".repeat(N)).into_bytes()),
        (
            Kind::Mail,
            format!("Subject: x\n{}", "Content-Type: multipart/mixed; boundary=a\n\n--a\n".repeat(N)).into(),
        ),
        (Kind::Docx, docx(&nested("<w:tbl><w:tr><w:tc><w:p>", "</w:p></w:tc></w:tr></w:tbl>"))),
        (Kind::Docx, docx(&"<w:p><w:hyperlink><w:r><w:t>x".repeat(N))),
        (Kind::Pdf, pdf(&["[".repeat(N).as_str(), &"q ".repeat(N), &"BT ".repeat(N), &"<<".repeat(N)])),
        (
            Kind::Pdf,
            format!("%PDF-1.7\n{}", "1 0 obj <</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>".repeat(N)).into(),
        ),
        (Kind::Pdf, made::pdf_of_forms_in_forms(40)),
    ];
    for (n, (kind, bytes)) in files.iter().enumerate() {
        let begun = std::time::Instant::now();
        let text = to_markdown(*kind, bytes);
        // Two seconds a megabyte of a release; tests are built to run slower.
        let allowed = 4.0 + 8.0 * bytes.len() as f64 / 1e6;
        assert!(begun.elapsed().as_secs_f64() < allowed, "{n}: {kind} took {:?}", begun.elapsed());
        assert!(text.map_or(0, |text| text.len()) < 20 * bytes.len() + 1000, "{n}: {kind}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        for kind in KINDS {
            let _ = to_markdown(kind, &bytes);
        }
    }

    #[test]
    fn a_file_that_went_bad_is_read_or_refused(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        for (kind, mut bytes) in samples() {
            for (at, byte) in &at {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if let Ok(text) = to_markdown(kind, &bytes) {
                prop_assert_eq!(to_markdown(kind, &bytes).unwrap(), text);
            }
        }
    }

    #[test]
    fn markup_in_any_order_is_read(pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        let body: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let _ = to_markdown(Kind::Html, body.as_bytes());
        let words: String = pieces.iter().map(|piece| WORD_PIECES[*piece % WORD_PIECES.len()]).collect();
        let _ = to_markdown(Kind::Docx, &docx(&words));
    }
}

const PIECES: [&str; 34] = [
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "<ul>",
    "</ul>",
    "<ol start=3>",
    "</ol>",
    "<li>",
    "</li>",
    "<blockquote>",
    "</blockquote>",
    "<pre>",
    "</pre>",
    "<code>",
    "</code>",
    "<a href=x>",
    "</a>",
    "<h1>",
    "</h1>",
    "<p hidden>",
    "</p>",
    "<nav>",
    "</nav>",
    "<title>",
    "</title>",
    "<br>",
    "words ",
    "`",
    "<div/>",
    "&lt;b",
];
const WORD_PIECES: [&str; 17] = [
    "<w:tbl>",
    "</w:tbl>",
    "<w:tr>",
    "</w:tr>",
    "<w:tc>",
    "</w:tc>",
    "<w:p>",
    "</w:p>",
    "<w:t>words",
    "</w:t>",
    "<w:pPr><w:numPr><w:ilvl w:val=\"2\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr>",
    "<w:hyperlink>",
    "</w:hyperlink>",
    "<w:br/>",
    "<w:pPr><w:pStyle w:val=\"Quote\"/></w:pPr>",
    "<w:tab/>",
    "<w:footnoteReference w:id=\"2\"/>",
];
