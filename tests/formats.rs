//! Files that are no notes, asked for as a person would: the words are found, the citation leads back to them, and the
//! document says that its text was taken out of something else. How each format is read is tested where it is read.

use std::fs;
use std::path::Path;

use crate::harness::{Ibid, number, text, vault};

/// Small files of formats that are no text, which fuzzing begins with too.
fn seed(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/formats").join(name)).unwrap()
}

/// The file is found by the question; the best hit quotes these words, under these headings, and what it cites is
/// verified as unchanged, and as changed or gone when the file is another.
#[track_caller]
fn check(
    name: &str,
    bytes: &[u8],
    question: &str,
    quotes: &str,
    headings: &[&str],
    decoded_from: Option<&str>,
) {
    let (notes, ibid) = (vault(&[("other.md", "Nothing of the kind.\n")]), Ibid::new());
    fs::write(notes.path().join(name), bytes).unwrap();
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    let hits = ibid.hits(&["--mode", "lexical", "--", question]);
    let hit = hits.first().unwrap_or_else(|| panic!("{question} finds nothing in {name}"));
    assert_eq!(text(&hit["path"]), name);
    let under: Vec<_> = hit["headings"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(under, headings, "{name}");

    let id = text(&hit["id"]);
    let fetched = ibid.run(&["fetch", &id, "--json"]).ends_with(0).json();
    let quote = text(&fetched["text"]);
    assert!(quote.contains(quotes), "{name} quotes {quote:?}");
    let said = fetched["metadata"]["decoded_from"].as_str();
    assert_eq!(said, decoded_from, "{name} says what its text was taken from");
    if decoded_from.is_none() {
        let cited = number(&hit["start"])..number(&hit["end"]);
        assert!(
            String::from_utf8_lossy(&bytes[cited]).contains(quotes),
            "{name} is cited by the file's own bytes"
        );
    }
    ibid.run(&["verify", &id]).ends_with(0);
    fs::write(notes.path().join(name), "{}").unwrap();
    ibid.run(&["verify", &id]).ends_with(1);
}

#[test]
fn a_pdf_is_cited_by_its_page() {
    check("rye.pdf", &seed("rye.pdf"), "bread", "Rye bread", &["Page 1"], Some("PDF"));
}

#[test]
fn a_word_document_is_read() {
    check("rye.docx", &seed("rye.docx"), "rye", "Rye", &[], Some("Word"));
}

#[test]
fn a_book_is_read_with_its_chapters() {
    check("rye.epub", &seed("rye.epub"), "rye", "# One\n\nRye", &["One"], Some("EPUB"));
}

#[test]
fn a_web_page_is_read_without_its_markup() {
    let page = b"<title>T</title><script>var rye</script><h1>Rye</h1><p>Rye absorbs <b>more</b> water.</p>";
    check("rye.html", page, "absorbs", "# Rye\n\nRye absorbs more water.", &["Rye"], Some("HTML"));
}

#[test]
fn mail_is_found_by_its_words_and_its_sender() {
    let mail = b"From: Trudi <t@example.org>\r\nSubject: Rye\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\nR=C3=B8gbr=C3=B8d tomorrow.\r\n";
    check("a.eml", mail, "Rugbr\u{f8}d r\u{f8}gbr\u{f8}d", "R\u{f8}gbr\u{f8}d tomorrow", &[], Some("e-mail"));
    check("b.eml", mail, "trudi", "Trudi", &[], Some("e-mail"));
}

#[test]
fn a_notebook_is_read_cell_by_cell() {
    let notebook =
        br##"{"cells":[{"cell_type":"markdown","metadata":{},"source":["# Rye\n","Rye absorbs water."]},
        {"cell_type":"code","metadata":{},"outputs":[],"execution_count":null,"source":["print('oats')"]}],
        "metadata":{"language_info":{"name":"python"}},"nbformat":4,"nbformat_minor":5}"##;
    check("a.ipynb", notebook, "absorbs", "Rye absorbs water.", &["Rye"], Some("Jupyter notebook"));
    check("b.ipynb", notebook, "oats", "print('oats')", &["Rye"], Some("Jupyter notebook"));
}

#[test]
fn an_export_of_chats_is_read_turn_by_turn() {
    let export = br#"[{"title":"Bread","create_time":1700000000,"current_node":"b","mapping":{
        "a":{"id":"a","parent":null,"children":["b"],"message":{"author":{"role":"user"},"create_time":1700000000,
            "content":{"content_type":"text","parts":["Why is rye sticky?"]}}},
        "b":{"id":"b","parent":"a","children":[],"message":{"author":{"role":"assistant"},"create_time":1700000001,
            "content":{"content_type":"text","parts":["It holds pentosans."]}}}}}]"#;
    let (notes, ibid) = (vault(&[]), Ibid::new());
    fs::write(notes.path().join("conversations.json"), export).unwrap();
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    let hit = &ibid.hits(&["--mode", "lexical", "--", "pentosans"])[0];
    assert!(text(&hit["snippet"]).contains("It holds pentosans."), "{hit}");
    assert_eq!(text(&hit["headings"][0]), "Bread", "{hit}");
}

#[test]
fn files_that_are_text_are_cited_by_their_own_bytes() {
    for (name, bytes, question, quotes, headings) in [
        (
            "a.org",
            "* Rye\nRye absorbs water.\n** Oats\nOats too.\n",
            "absorbs",
            "Rye absorbs water.",
            &["Rye"][..],
        ),
        ("a.rst", "Rye\n===\n\nRye absorbs water.\n", "absorbs", "Rye absorbs water.", &["Rye"]),
        ("a.tex", "\\section{Rye}\nRye absorbs water.\n", "absorbs", "Rye absorbs water.", &["Rye"]),
        ("a.csv", "flour,water\nrye,much\noats,less\n", "oats", "oats,less", &[]),
        ("a.tsv", "flour\twater\nrye\tmuch\n", "rye", "rye\tmuch", &[]),
        ("a.json", "{\"flour\": {\"kind\": \"rye\"}}\n", "rye", "\"kind\": \"rye\"", &[]),
        ("a.toml", "[flour]\nkind = \"rye\"\n", "rye", "kind = \"rye\"", &["flour"]),
        ("a.yaml", "flour:\n  kind: rye\n", "rye", "kind: rye", &["flour"]),
        ("a.rs", "/// Bakes rye.\nfn bake() {}\n\nfn cool() {}\n", "rye", "fn bake() {}", &["fn bake"]),
        (
            "a.py",
            "class Oven:\n    def bake(self):\n        return 'rye'\n",
            "rye",
            "return 'rye'",
            &["class Oven", "Oven.bake"],
        ),
        ("a.lua", "-- rye\nprint('rye')\n", "rye", "print('rye')", &[]),
    ] {
        check(name, bytes.as_bytes(), question, quotes, headings, None);
    }
}

#[test]
fn a_picture_is_found_by_its_name_and_what_cannot_be_read_is_told() {
    let (notes, ibid) = (vault(&[]), Ibid::new());
    fs::write(notes.path().join("Rye loaf.jpg"), [0xff, 0xd8, 0xff, 0xe0]).unwrap();
    fs::write(notes.path().join("broken.pdf"), b"%PDF-1.7 and no more").unwrap();
    let report = ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    let reason = text(&report["skipped"][0]["reason"]);
    assert!(reason.contains("PDF"), "{reason}");
    assert_eq!(ibid.paths(&["--mode", "lexical", "--", "loaf"]), ["Rye loaf.jpg"]);
}
