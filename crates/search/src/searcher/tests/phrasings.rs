//! Several phrasings of one question become one list.

use super::*;

const NOTES: [(&str, Language, &str); 4] = [
    ("Warm.md", Language::English, "Rye bread sticks to the knife while it is warm."),
    ("Messer kleben.md", Language::German, "Roggenbrot klebt am Messer, solange es warm ist."),
    ("Week.md", Language::English, "Rye bread, in German Roggenbrot, keeps for a week."),
    ("Morning.md", Language::English, "Oats are soaked over night."),
];

fn queries(phrasings: &[&str]) -> Vec<Query> {
    phrasings.iter().map(|&words| Query { mode: Mode::Lexical, ..Query::new(words) }).collect()
}

/// The paths of the hits, best first, with the phrasings that found each.
fn found(snapshot: &Arc<Snapshot>, phrasings: &[&str]) -> Vec<(String, Vec<usize>)> {
    let snapshots = [Arc::clone(snapshot)];
    let answer = Searcher::new(&snapshots, None).search_phrasings(&queries(phrasings)).unwrap();
    answer.hits.into_iter().map(|hit| (hit.citation.document.path.to_string(), hit.found_by)).collect()
}

#[test]
fn one_phrasing_is_answered_as_a_question_is() {
    let (snapshot, _folder) = collection(&NOTES);
    let snapshots = [snapshot];
    let searcher = Searcher::new(&snapshots, None);
    for query in queries(&["rye bread", "Messer", "nowhere", "sort:newest bread"]) {
        assert_eq!(
            searcher.search_phrasings(std::slice::from_ref(&query)).unwrap(),
            searcher.search(&query).unwrap()
        );
    }
}

#[test]
fn what_several_phrasings_find_comes_first_and_says_which_did() {
    let (snapshot, _folder) = collection(&NOTES);
    let hits = found(&snapshot, &["rye", "Roggenbrot", "soaked"]);
    let both = ("Week.md".to_owned(), vec![0, 1]);
    assert_eq!(hits[0], both, "{hits:?}");
    for one in [("Warm.md", 0), ("Messer kleben.md", 1), ("Morning.md", 2)] {
        assert!(hits.contains(&(one.0.to_owned(), vec![one.1])), "{hits:?}");
    }
    assert_eq!(found(&snapshot, &["soaked", "rye", "Roggenbrot"])[0], ("Week.md".to_owned(), vec![1, 2]));
}

#[test]
fn a_hit_is_marked_by_the_words_of_its_own_phrasing() {
    let (snapshot, _folder) = collection(&NOTES);
    let answer = Searcher::new(&[snapshot], None).search_phrasings(&queries(&["oats", "Messer"])).unwrap();
    let marked: Vec<&str> = answer
        .hits
        .iter()
        .flat_map(|hit| hit.snippet.marks.iter().map(|mark| &hit.snippet.text[mark.clone()]))
        .collect();
    assert!(marked.contains(&"Oats") && marked.contains(&"Messer"), "{marked:?}");
}

#[test]
fn what_one_phrasing_lacks_is_no_news_where_another_finds() {
    let (snapshot, _folder) = collection(&NOTES);
    let searcher = Searcher::new(std::slice::from_ref(&snapshot), None);
    let is_told = |phrasings: &[&str]| {
        let notes = searcher.search_phrasings(&queries(phrasings)).unwrap().notes;
        notes.iter().any(|note| matches!(note, Note::Absent { .. }))
    };
    assert!(!is_told(&["rye", "xyzzyqwv"]));
    assert!(is_told(&["rye xyzzyqwv"]));
    assert!(is_told(&["qqqqwwww", "xyzzyqwv"]));
}

#[test]
fn what_every_phrasing_adds_to_a_score_adds_up() {
    let (snapshot, _folder) = collection(&NOTES);
    let answer = Searcher::new(&[snapshot], None).search_phrasings(&queries(&["rye", "bread week"])).unwrap();
    for hit in &answer.hits {
        let legs = [hit.lexical, hit.semantic].into_iter().flatten().map(|leg| leg.points).sum::<f32>();
        assert!((legs + hit.links + hit.name - hit.score).abs() < 1e-5, "{hit:?}");
    }
}

#[test]
fn no_phrasing_and_too_many_are_refused() {
    let (snapshot, _folder) = collection(&NOTES);
    let snapshots = [snapshot];
    let searcher = Searcher::new(&snapshots, None);
    assert!(matches!(searcher.search_phrasings(&[]), Err(SearchError::EmptyQuestion)));
    assert!(matches!(searcher.search_phrasings(&queries(&["rye", " "])), Err(SearchError::EmptyQuestion)));
    let many = vec!["rye"; MAX_PHRASINGS + 1];
    let refused = searcher.search_phrasings(&queries(&many));
    assert!(matches!(refused, Err(SearchError::TooManyPhrasings { phrasings: 9 })), "{refused:?}");
}
