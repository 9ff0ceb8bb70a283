//! A reranker that counts shared words, so that its order is known, puts the first passages in that order.

use std::path::PathBuf;

use ibid_embed::{Reranker, ZooOptions};

use super::*;

/// The words that the reranker knows stand in it as: the starter doubles in four hours rye flour bread how do i reset router.
const NOTES: [(&str, Language, &str); 4] = [
    ("Short.md", Language::English, "Router: rye."),
    (
        "Long.md",
        Language::English,
        "Rye and bread and rye and rye: the word is said, and said, in flour and in rye.",
    ),
    ("Middle.md", Language::English, "Bread of rye keeps."),
    ("Rye bread.md", Language::English, "Nothing is said here."),
];

fn counting() -> Reranker {
    let shapes = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/shapes/shared-words");
    let options = ZooOptions {
        name: "shared-words".to_owned(),
        model_dir: Some(PathBuf::from(shapes)),
        cache_dir: PathBuf::from("no-such-folder"),
        onnx_runtime: Vec::new(),
        hub: "http://127.0.0.1:1".to_owned(),
        proxy: None,
        progress: None,
    };
    Reranker::load(&options).unwrap()
}

fn answered(query: &Query, reranker: Option<&Reranker>) -> Answer {
    let (snapshot, _folder) = collection(&NOTES);
    Searcher::new(&[snapshot], None).with_reranker(reranker).search(query).unwrap()
}

fn by_words(words: &str) -> Query {
    Query { mode: Mode::Lexical, ..Query::new(words) }
}

/// Each hit's path and what the reranker said.
fn order(answer: &Answer) -> Vec<(&str, Option<f32>)> {
    answer.hits.iter().map(|hit| (hit.citation.document.path.as_str(), hit.rerank)).collect()
}

#[test]
fn what_shares_most_words_comes_first() {
    let reranker = counting();
    let (with, without) =
        (answered(&by_words("flour rye"), Some(&reranker)), answered(&by_words("flour rye"), None));
    assert_eq!(order(&with)[0], ("Long.md", Some(5.0)));
    assert!(with.hits.is_sorted_by(|a, b| a.rerank >= b.rerank));
    assert!(with.hits.iter().zip(1..).all(|(hit, rank)| hit.rank == rank));
    assert!(without.hits.iter().all(|hit| hit.rerank.is_none()));
    // It changes the order, and neither the hits nor what they score.
    let scores = |answer: &Answer| {
        let mut scores: Vec<_> =
            answer.hits.iter().map(|hit| (hit.citation.to_string(), hit.score.to_bits())).collect();
        scores.sort();
        scores
    };
    assert_eq!(scores(&with), scores(&without));
}

#[test]
fn a_passage_beyond_the_limit_may_rise_above_it() {
    let reranker = counting();
    let one = Query { limit: 1, ..by_words("router rye") };
    let (with, without) = (answered(&one, Some(&reranker)), answered(&one, None));
    assert_eq!(order(&without)[0].0, "Short.md");
    assert_eq!(order(&with), [("Long.md", Some(4.0))]);
}

#[test]
fn a_note_called_by_its_name_stays_first() {
    let reranker = counting();
    let hits = answered(&by_words("rye bread"), Some(&reranker));
    assert_eq!(order(&hits)[..2], [("Rye bread.md", None), ("Long.md", Some(5.0))]);
}

#[test]
fn what_is_listed_or_sorted_by_date_keeps_its_order() {
    let reranker = counting();
    for words in ["sort:newest rye", "path:Long.md"] {
        let (with, without) = (answered(&by_words(words), Some(&reranker)), answered(&by_words(words), None));
        assert_eq!(with, without, "{words}");
    }
}

#[test]
fn each_hit_is_read_beside_the_phrasing_it_is_shown_for() {
    let reranker = counting();
    let (snapshot, _folder) = collection(&NOTES);
    let queries = ["router", "bread flour"].map(by_words);
    let snapshots = [snapshot];
    let searcher = Searcher::new(&snapshots, None).with_reranker(Some(&reranker));
    let answer = searcher.search_phrasings(&queries).unwrap();
    let said = |path: &str| order(&answer).iter().find(|(of, _)| *of == path).and_then(|(_, score)| *score);
    assert_eq!((said("Short.md"), said("Long.md")), (Some(1.0), Some(2.0)));
}
