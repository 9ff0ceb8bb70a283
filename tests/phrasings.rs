//! One question asked in several ways at once, as a person asks it and as a client does. How lists become one is tested in
//! `ibid-search`.

use serde_json::json;

use crate::harness::{Ibid, text, vault};

const NOTES: [(&str, &str); 3] = [
    ("Warm.md", "Rye bread sticks to the knife while it is warm.\n"),
    ("Warmes.md", "Roggenbrot klebt am Messer, solange es warm ist.\n"),
    ("Oats.md", "Oats are soaked over night.\n"),
];

#[test]
fn each_hit_says_which_phrasings_found_it() {
    let (ibid, notes) = (Ibid::new(), vault(&NOTES));
    ibid.index(notes.path(), &["--model", "none"]);
    let asked = ["search", "--also", "Roggenbrot", "rye knife"];
    let answer = ibid.run(&[&asked[..], &["--json"]].concat()).ends_with(0).json();
    assert_eq!(answer["query"], "rye knife");
    assert_eq!(answer["queries"], json!(["rye knife", "Roggenbrot"]));
    let mut found: Vec<(String, String)> = answer["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| (text(&hit["path"]), hit["found_by"].to_string()))
        .collect();
    found.sort();
    assert_eq!(found, [("Warm.md".to_owned(), "[0]".to_owned()), ("Warmes.md".to_owned(), "[1]".to_owned())]);
    let shown = ibid.run(&asked).ends_with(0).stdout;
    assert!(shown.contains("found by “rye knife”") && shown.contains("found by “Roggenbrot”"), "{shown}");
}

#[test]
fn one_question_is_answered_without_a_word_of_phrasings() {
    let (ibid, notes) = (Ibid::new(), vault(&NOTES));
    ibid.index(notes.path(), &["--model", "none"]);
    let answer = ibid.run(&["search", "--json", "rye"]).ends_with(0).json();
    assert!(answer.get("queries").is_none() && answer["hits"][0].get("found_by").is_none(), "{answer}");
    assert!(!ibid.run(&["search", "rye"]).ends_with(0).stdout.contains("found by"));
}

#[test]
fn nine_phrasings_are_too_many() {
    let (ibid, notes) = (Ibid::new(), vault(&NOTES));
    ibid.index(notes.path(), &["--model", "none"]);
    let also = ["--also", "a"].repeat(8);
    let refused = ibid.run(&[&["search", "rye"], &also[..]].concat()).ends_with(2);
    assert!(
        refused.stderr.contains("9 phrasings of one question, at most 8 are asked"),
        "{}",
        refused.stderr
    );
}
