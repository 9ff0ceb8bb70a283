//! `ibid measure` with the real binary: a tiny judged collection, one with spans, and the questions of `data/`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Ibid, Ran, demonstration, number, vault};

const TINY: [(&str, &str); 3] = [
    (
        "corpus.jsonl",
        r#"{"_id": "rye/1", "title": "Rye *dough*", "text": "Rye drinks more water than wheat."}
{"_id": "tea", "title": "", "text": "Green tea is steeped below the boil."}
{"_id": "kefir", "title": "Kefir", "text": "Kefir grains grow in milk."}
"#,
    ),
    (
        "queries.jsonl",
        r#"{"_id": "q1", "text": "how much water does rye drink"}
{"_id": "q2", "text": "steeped tea"}
{"_id": "q3", "text": "what grows in milk"}
"#,
    ),
    ("qrels.tsv", "query\tdocument\tgrade\nq1\trye/1\t2\nq2\ttea\t1\nq2\tcoffee\t1\n"),
];

fn measured(ibid: &Ibid, dataset: &Path, more: &[&str]) -> Ran {
    ibid.run(&[&["measure", dataset.to_str().unwrap(), "--quiet"], more].concat())
}

#[track_caller]
fn json(ibid: &Ibid, dataset: &Path, more: &[&str]) -> Value {
    measured(ibid, dataset, &[&["--json"], more].concat()).ends_with(0).json()
}

/// A measure of a mode, in thousandths.
#[track_caller]
fn check(record: &Value, mode: &str, measure: &str, thousandths: i64) {
    let value =
        record["modes"][mode][measure].as_f64().unwrap_or_else(|| panic!("{mode} {measure}: {record}"));
    assert_eq!((value * 1000.0).round() as i64, thousandths, "{mode} {measure}");
}

#[test]
fn a_judged_collection_is_indexed_and_asked() {
    let (ibid, dataset) = (Ibid::new(), vault(&TINY));
    let record = json(&ibid, dataset.path(), &[]);
    for mode in ["hybrid", "lexical", "semantic"] {
        check(&record, mode, "hit@1", 1_000);
        check(&record, mode, "mrr@10", 1_000);
        // One of the two relevant documents of q2 is not in the corpus: 1 of 1 + 1/log2(3).
        check(&record, mode, "ndcg@10", 807);
        check(&record, mode, "recall@100", 750);
        let of_mode = &record["modes"][mode];
        assert_eq!(number(&of_mode["questions"]), 2);
        assert!(of_mode["p99_ms"].as_f64() >= of_mode["p50_ms"].as_f64(), "{of_mode}");
        assert_eq!(of_mode["ci"]["hit@1"], serde_json::json!([1.0, 1.0]));
    }
    assert_eq!(record["per_question"]["q2"]["question"], "steeped tea");
    let notes: Vec<_> = record["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(
        notes,
        [
            "1 question without a relevant document, not asked",
            "1 relevant document not in the index, and so never found"
        ]
    );
    // The collections know nothing of it.
    assert_eq!(ibid.run(&["status"]).code, 1);
    assert_eq!(ibid.run(&["search", "rye"]).code, 2);
}

#[test]
fn a_second_run_finds_its_index_and_gives_the_same() {
    let (ibid, dataset) = (Ibid::new(), vault(&TINY));
    let first = json(&ibid, dataset.path(), &["--model", "none"]);
    let second = ibid.run(&["measure", dataset.path().to_str().unwrap(), "--model", "none", "--json"]);
    let second = second.ends_with(0);
    assert!(!second.stderr.contains("embedded"), "{}", second.stderr);
    let second = second.json();
    assert_eq!(first["per_question"], second["per_question"]);
    assert_eq!(first["modes"]["lexical"]["ci"], second["modes"]["lexical"]["ci"]);
    assert_eq!(second["modes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["lexical"]);
    // Another corpus of the same name is another folder.
    let corpus = TINY[0].1.replace("boil", "boiling point");
    fs::write(dataset.path().join("corpus.jsonl"), corpus).unwrap();
    measured(&ibid, dataset.path(), &["--model", "none"]).ends_with(0);
    assert_eq!(fs::read_dir(ibid.data.path().join("measure")).unwrap().count(), 2);
    measured(&ibid, dataset.path(), &["--model", "none", "--rebuild"]).ends_with(0);
}

#[test]
fn a_run_is_compared_with_an_earlier_one() {
    let (ibid, dataset) = (Ibid::new(), vault(&TINY));
    let earlier = dataset.path().join("earlier.json");
    let mut record = json(&ibid, dataset.path(), &["--model", "none"]);
    fs::write(&earlier, record.to_string()).unwrap();
    let against = ["--model", "none", "--against", earlier.to_str().unwrap()];
    let same = json(&ibid, dataset.path(), &against);
    let same = &same["against"]["modes"]["lexical"];
    assert_eq!((number(&same["equal"]), &same["p"]), (2, &1.0.into()));

    record["per_question"]["q1"]["modes"]["lexical"]["ndcg@10"] = 0.25.into();
    fs::write(&earlier, record.to_string()).unwrap();
    let better = json(&ibid, dataset.path(), &against);
    let better = &better["against"]["modes"]["lexical"];
    assert_eq!((number(&better["better"]), number(&better["equal"])), (1, 1));
    assert_eq!(better["changed"][0]["question"], "how much water does rye drink");
    let shown = measured(&ibid, dataset.path(), &against).ends_with(0).stdout;
    assert!(shown.contains(".250 → 1.00  q1 how much water does rye drink"), "{shown}");
}

#[test]
fn spans_tell_how_much_of_the_answer_is_found() {
    let text = "# Kitchen\n\nThe café opens at nine.\n\n# Cellar\n\nThe wine is kept at twelve degrees.\n";
    let start = text.chars().position(|c| c == 'T').unwrap();
    let spans = format!(
        r#"{{"_id": "q0", "text": "when does the café open", "corpus": "house", "spans": [{{"start": {start}, "end": {}, "text": "The café opens at nine."}}]}}"#,
        start + 23
    );
    let dataset = vault(&[("corpora/house.md", text), ("queries_spans.jsonl", &spans)]);
    let record = json(&Ibid::new(), dataset.path(), &["--model", "none"]);
    check(&record, "lexical", "answer_pointed@1", 1_000);
    check(&record, "lexical", "answer_bytes@1", 1_000);
    check(&record, "lexical", "answer_bytes@5", 1_000);
    assert!(record["modes"]["lexical"]["answer_share@5"].as_f64().unwrap() < 1.0);
}

#[test]
fn questions_are_asked_of_a_collection() {
    let questions = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/questions.jsonl");
    let record = json(demonstration(), &questions, &["--collection", "demo"]);
    let hybrid = &record["modes"]["hybrid"];
    assert_eq!((record["dataset"].as_str(), number(&hybrid["questions"])), (Some("questions"), 60));
    for measure in ["ndcg@10", "recall@100", "answer_bytes@5"] {
        assert!(hybrid[measure].as_f64().unwrap() > 0.6, "{measure}: {hybrid}");
    }
    // Every quote stands in its note.
    assert_eq!(record.get("notes"), None);
    // The judgements beside it count only when they are named.
    let qrels = questions.with_file_name("judgements.tsv");
    let graded = ["--collection", "demo", "--mode", "lexical", "--qrels", qrels.to_str().unwrap()];
    let graded = json(demonstration(), &questions, &graded);
    assert_ne!(graded["modes"]["lexical"]["ndcg@10"], record["modes"]["lexical"]["ndcg@10"]);
    assert_eq!(graded["modes"].as_object().unwrap().len(), 1);
    let shown = measured(demonstration(), &questions, &["--collection", "demo"]).ends_with(0).stdout;
    assert!(shown.starts_with("questions: 60 questions over ") && shown.contains("pointed@1"), "{shown}");
}

/// The law while vectors are made: both legs are no worse than words alone. In the mean over how many are there: of sixty
/// questions each draw of vectors moves a few.
#[test]
fn while_vectors_are_made_answers_are_no_worse_than_by_words() {
    let questions = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/questions.jsonl");
    let ndcg = |mode: &str, more: &[&str]| {
        let record =
            json(demonstration(), &questions, &[&["--collection", "demo", "--mode", mode], more].concat());
        record["modes"][mode]["ndcg@10"].as_f64().unwrap()
    };
    let lexical = ndcg("lexical", &[]);
    let shares = ["10", "20", "30", "50", "70", "90"];
    let hybrid = shares.map(|percent| ndcg("hybrid", &["--embedded", percent]));
    let mean = hybrid.iter().sum::<f64>() / hybrid.len() as f64;
    assert!(mean >= lexical - 0.005, "{hybrid:?} {lexical}");
    assert_eq!(ndcg("hybrid", &["--embedded", "0"]), lexical);
    assert_eq!(ndcg("hybrid", &["--embedded", "100"]), ndcg("hybrid", &[]));
}

#[test]
fn what_cannot_be_measured_says_why() {
    let (ibid, dataset) = (Ibid::new(), vault(&TINY));
    let (folder, file) = (dataset.path(), dataset.path().join("queries.jsonl"));
    let missing = folder.join("missing");
    let record = folder.join("qrels.tsv");
    let record = record.to_str().unwrap();
    for (path, more, words) in [
        (missing.as_path(), &[][..], "there is no dataset"),
        (&file, &[], "`--collection NAME`"),
        (folder, &["--model", "none", "--mode", "hybrid"], "hybrid cannot be measured"),
        (folder, &["--model", "none", "--against", record], "no record of an earlier measurement"),
        (folder, &["--qrels", file.to_str().unwrap()], "queries.jsonl, line 2"),
        (&file, &["--collection", "none"], "queries.jsonl, line 1: missing field `id`"),
        (folder, &["--collection", "none"], "is a folder"),
        (&file, &["--collection", "none", "--rebuild"], "cannot be used with"),
    ] {
        let ran = measured(&ibid, path, more).ends_with(2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}
