//! Datasets written for each test, and what is wrong with some of them.

use super::*;

const GOOD: [(&str, &str); 3] = [
    (
        "corpus.jsonl",
        "{\"_id\": \"d1\", \"title\": \"Rye\", \"text\": \"dark\"}\n\n{\"_id\": \"d2\", \"text\": \"pale\"}\n",
    ),
    (
        "queries.jsonl",
        "{\"_id\": \"q1\", \"text\": \"dark?\", \"metadata\": {}}\n{\"_id\": \"q2\", \"text\": \"?\"}",
    ),
    ("qrels.tsv", "query\tdocument\tgrade\nq1\td1\t1\nq1\td1\t2\nq1\td2\t0\nq1\tgone\t1\nq2\td2\t-1\n"),
];

/// A folder with the files of a good dataset, some of them replaced.
fn folder(replaced: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in GOOD.iter().chain(replaced) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The error's words after the folder's name.
#[track_caller]
fn check(replaced: &[(&str, &str)], wanted: &str) {
    let folder = folder(replaced);
    let error = Dataset::read_folder(folder.path(), None).unwrap_err().to_string();
    let prefix = format!("{}/", folder.path().display());
    let said = error.replace(&prefix, "");
    assert!(said.starts_with(wanted), "{said}");
}

#[test]
fn a_judged_collection_is_read_with_its_grades() {
    let folder = folder(&[]);
    let read = Dataset::read_folder(folder.path(), None).unwrap();
    let paths: Vec<_> = read.documents.iter().map(|document| document.path.as_str()).collect();
    assert_eq!(paths, ["d1.md", "d2.txt"]);
    let [question] = &read.questions[..] else { panic!("{:?}", read.questions) };
    let grades: Vec<_> = question.grades.iter().map(|(path, grade)| (path.as_str(), *grade)).collect();
    assert_eq!((question.id.as_str(), grades), ("q1", vec![("d1.md", 2), ("gone.txt", 1)]));
    assert_eq!((read.left_out, read.documents_hash().len()), (1, HASH_DIGITS));
}

#[test]
fn another_file_of_judgements_may_be_named() {
    let folder = folder(&[("other.tsv", "q\td\tg\nq2\td2\t1")]);
    let read = Dataset::read_folder(folder.path(), Some(&folder.path().join("other.tsv"))).unwrap();
    assert_eq!((read.questions.len(), read.questions[0].id.as_str()), (1, "q2"));
}

#[test]
fn what_is_wrong_is_said_with_file_and_line() {
    for (file, text, wanted) in [
        ("corpus.jsonl", "{\"_id\": \"d1\"}", "corpus.jsonl, line 1: missing field `text` (column 13)"),
        ("corpus.jsonl", "{\"_id\": \"d\", \"text\": \"\"}\nx", "corpus.jsonl, line 2: expected value"),
        (
            "corpus.jsonl",
            "{\"_id\": \"d\", \"text\": \"\"}\n{\"_id\": \"d\", \"text\": \"\"}",
            "corpus.jsonl, line 2: there are two of the id \"d\"",
        ),
        ("corpus.jsonl", "", "corpus.jsonl holds no document"),
        (
            "queries.jsonl",
            "{\"_id\": \"q1\", \"text\": \" \"}",
            "queries.jsonl, line 1: the question is empty",
        ),
        ("qrels.tsv", "a\tb\tc\nq1\td1\t1\nq9\td1\t1", "qrels.tsv, line 3: there is no question \"q9\""),
        ("qrels.tsv", "a\tb\tc\nq1\td1", "qrels.tsv, line 2: it is not question, document and grade"),
        ("qrels.tsv", "a\tb\tc\nq1\td1\t1\tx", "qrels.tsv, line 2: it is not question"),
        ("qrels.tsv", "q1\td1\t1\nq2\td2\t1", "qrels.tsv has no header line"),
    ] {
        check(&[(file, text)], wanted);
    }
    let folder = folder(&[("qrels.tsv", "a\tb\tc\n")]);
    let error = Dataset::read_folder(folder.path(), None).unwrap_err();
    assert!(matches!(error, DatasetError::NothingJudged { questions: 2, .. }), "{error}");
}

#[test]
fn what_is_not_there_is_named() {
    let folder = folder(&[]);
    let missing = folder.path().join("none");
    assert!(matches!(Dataset::read_folder(&missing, None), Err(DatasetError::Missing { .. })));
    let file = folder.path().join("corpus.jsonl");
    assert!(matches!(Dataset::read_folder(&file, None), Err(DatasetError::NotAFolder { .. })));
    assert!(matches!(Dataset::read_questions(folder.path(), None), Err(DatasetError::NotAFile { .. })));
    fs::remove_file(folder.path().join("queries.jsonl")).unwrap();
    let error = Dataset::read_folder(folder.path(), None).unwrap_err();
    assert!(matches!(&error, DatasetError::Read { path, .. } if path.ends_with("queries.jsonl")), "{error}");
}

#[test]
fn characters_become_bytes() {
    let spans = "{\"_id\": \"q\", \"text\": \"?\", \"corpus\": \"a\", \"spans\": [{\"start\": 2, \"end\": 4, \"text\": \"éf\"}]}";
    let folder = folder(&[("corpora/a.md", "日 éfgh"), ("queries_spans.jsonl", spans)]);
    let read = Dataset::read_folder(folder.path(), None).unwrap();
    let place = Place::Bytes(4..7);
    assert_eq!(read.questions[0].answers, [Passage { path: "a.md".to_owned(), place }]);
    assert_eq!(read.documents, [Written { path: "a.md".to_owned(), text: "日 éfgh".to_owned() }]);
}

#[test]
fn a_span_must_hold_the_words_it_names() {
    let spans = |corpus: &str, start: usize| {
        format!(
            "{{\"_id\": \"q\", \"text\": \"?\", \"corpus\": \"{corpus}\", \
             \"spans\": [{{\"start\": {start}, \"end\": 3, \"text\": \"bc\"}}]}}"
        )
    };
    let corpus = ("corpora/a.md", "abc");
    check(
        &[corpus, ("queries_spans.jsonl", &spans("a", 0))],
        "queries_spans.jsonl, line 1: characters 0-3 of a.md are other words",
    );
    check(
        &[corpus, ("queries_spans.jsonl", &spans("b", 1))],
        "queries_spans.jsonl, line 1: there is no corpora/b.md",
    );
}

#[test]
fn a_question_file_names_notes_and_quotes() {
    let lines = "{\"id\": \"q1\", \"question\": \"?\", \"lang\": \"en\", \"answers\": [{\"path\": \"a/b.md\"}, \
                 {\"path\": \"c.md\", \"quote\": \"words\"}]}\n{\"id\": \"q2\", \"question\": \"?\", \"answers\": []}\n";
    let folder = folder(&[("asked.jsonl", lines)]);
    let read = Dataset::read_questions(&folder.path().join("asked.jsonl"), None).unwrap();
    assert_eq!((read.name.as_str(), read.left_out), ("asked", 1));
    let question = &read.questions[0];
    assert_eq!(question.grades.keys().collect::<Vec<_>>(), ["a/b.md", "c.md"]);
    let place = Place::Quote("words".to_owned());
    assert_eq!(question.answers, [Passage { path: "c.md".to_owned(), place }]);
}
