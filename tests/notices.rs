//! What an answer says besides its hits, and that it is no noise: over notes in another language than the question, over
//! several collections at once, over notes that say little. How hits are ordered is in [`crate::ranking`].

use serde_json::{Value, json};

use crate::harness::{Ibid, number, text, vault};

const HELP: [(&str, &str); 6] = [
    (
        "Comments.md",
        "Wrap text in two per cent signs to add a comment. Readers do not see comments, only writers do.\n",
    ),
    (
        "Export.md",
        "Export a note to PDF: open the menu of the note, choose the size of the page and its margins.\n",
    ),
    ("Sync.md", "Sync keeps your notes on every device. The standard plan holds one gigabyte.\n"),
    (
        "Conduct.md",
        "Be kind to each other in the forum. Harassment is not tolerated, and moderators may ban.\n",
    ),
    ("Callouts.md", "A callout draws attention to a part of the text: a warning, a tip, a quotation.\n"),
    ("Themes.md", "A theme changes colours and fonts. Pick one in the settings, under appearance.\n"),
];

#[track_caller]
fn answer(ibid: &Ibid, question: &str) -> Value {
    let ran = ibid.run(&["search", "--json", "--", question]);
    assert!(ran.code < 2, "{question}: {}", ran.stderr);
    ran.json()
}

#[test]
fn a_question_in_another_language_is_not_answered_with_noise() {
    let (ibid, notes) = (Ibid::new(), vault(&HELP));
    ibid.index(notes.path(), &["--model", "english"]);
    let answered = answer(&ibid, "wie verschlüssele ich meine Notizen");
    assert_eq!(answered["match"], "none", "none of its words is there: {answered}");
    assert!(answered["hits"].as_array().unwrap().len() <= 3, "{answered}");
    let said = answered["notes"].to_string();
    assert!(!said.contains("also looked for"), "“meine” is no misspelt word of English: {said}");
}

#[test]
fn what_a_question_means_is_found_where_its_words_are_not() {
    let (ibid, notes) = (Ibid::new(), vault(&HELP));
    ibid.index(notes.path(), &["--model", "english"]);
    let answered = answer(&ibid, "hide something from readers");
    assert_eq!(answered["hits"][0]["path"], "Comments.md", "{answered}");
}

#[test]
fn a_single_letter_shows_no_property_without_it() {
    let (ibid, notes) = (
        Ibid::new(),
        vault(&[
            ("Views.md", "---\npermalink: bases/views\n---\nChoose which columns are shown.\n"),
            ("Plan.md", "Plan a comes before plan b.\n"),
        ]),
    );
    ibid.index(notes.path(), &["--model", "english"]);
    let answered = answer(&ibid, "a");
    assert!(answered["hits"].to_string().contains("Plan.md"), "{answered}");
    let shown = answered["hits"].to_string();
    assert!(
        !shown.contains("permalink"),
        "a property is shown where it holds a word of the question: {answered}"
    );
}

#[test]
fn four_collections_say_no_more_than_one() {
    let ibid = Ibid::new();
    let bread = [("Rye.md", "Rye bread keeps for a week. Bread of wheat does not.\n")];
    let others = [
        ("work", "We take a break at ten, and be on time.\n"),
        ("garden", "The bar across the gate broke. It will be mended.\n"),
        ("letters", "Dear Ann, be well.\n"),
    ];
    let kitchen = vault(&bread);
    ibid.index(kitchen.path(), &["--model", "english", "--name", "kitchen"]);
    for (name, words) in others {
        let notes: Vec<(String, String)> = (0..20).map(|n| (format!("{n}.md"), words.to_owned())).collect();
        let notes: Vec<(&str, &str)> = notes.iter().map(|(path, text)| (&path[..], &text[..])).collect();
        let notes = vault(&notes);
        ibid.index(notes.path(), &["--model", "english", "--name", name]);
    }
    let answered = answer(&ibid, "bread that keeps");
    assert_eq!(answered["notes"], json!([]), "{answered}");
    assert_eq!(answered["hits"][0]["path"], "Rye.md", "{answered}");
    for hit in answered["hits"].as_array().unwrap() {
        let snippet = text(&hit["snippet"]);
        for mark in hit["marks"].as_array().unwrap() {
            let word = snippet[number(&mark[0])..number(&mark[1])].to_lowercase();
            assert!(["bread", "keeps"].contains(&word.as_str()), "{word} of {snippet}");
        }
    }
    let shown = ibid.run(&["search", "bread that keeps"]).ends_with(0).stdout;
    assert!(shown.starts_with("1. "), "the first hit comes first: {shown}");
}

#[test]
fn a_note_of_properties_alone_is_found_by_them() {
    let film = |title: &str, rating: u8, year: u16| {
        let properties =
            format!("---\ncategories:\n  - \"[[Films]]\"\nrating: {rating}\nyear: {year}\n---\n");
        (format!("References/{title}.md"), properties)
    };
    let mut notes = vec![film("Alien", 9, 1979), film("Heat", 7, 1995), film("Dune", 5, 1984)];
    let base =
        "filters:\n  and:\n    - rating.isEmpty()\nviews:\n  - type: table\n    name: Films to watch\n";
    notes.push(("Films.base".to_owned(), base.to_owned()));
    notes.push(("Films I like.md".to_owned(), "Films I like are those with few words in them.\n".to_owned()));
    notes.push(("Ratings.md".to_owned(), "How things are rated: ten is best, one is worst.\n".to_owned()));
    let notes: Vec<(&str, &str)> = notes.iter().map(|(path, text)| (&path[..], &text[..])).collect();
    let (ibid, notes) = (Ibid::new(), vault(&notes));
    ibid.index(notes.path(), &["--model", "english"]);
    let answered = answer(&ibid, "films rated 7");
    let best: Vec<String> =
        answered["hits"].as_array().unwrap().iter().map(|hit| text(&hit["path"])).take(2).collect();
    assert!(best.contains(&"References/Heat.md".to_owned()), "{best:?}");
}
