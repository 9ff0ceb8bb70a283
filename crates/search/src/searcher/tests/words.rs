//! What counts among the words of a question, and whom a name brings first, over some notes of one chunk.

use super::*;

const NOTES: [(&str, Language, &str); 13] = [
    ("Vitamins.md", Language::English, "Take vitamin A with fat, and do not forget it."),
    ("Citrus.md", Language::English, "Take vitamin C in winter, in tea or with a meal."),
    ("Die.md", Language::German, "Die Katze und die Maus, die im Haus wohnten."),
    ("Casting.md", Language::English, "To die cast a part you need a furnace."),
    ("Identifiers.md", Language::English, "snake_case and v1.2.3 are found in EL/1, e.g. here."),
    ("Reptiles.md", Language::English, "A snake in a glass case, and letters e and g."),
    ("Hamlet.md", Language::English, "To be or not to be, that is the question."),
    ("Work/Meeting notes.md", Language::English, "We spoke of bread and of the oven."),
    (
        "Oven.md",
        Language::English,
        "Meeting by meeting the notes of the oven grew: oven notes, meeting notes.",
    ),
    ("2022-06-11.md", Language::English, ""),
    ("2022-06-12.md", Language::English, "On 2022-06-11 I baked; 2022-06-11 was hot; 2022, 06, 11."),
    ("status:done.md", Language::English, "Nothing of that kind."),
    ("消息队列.md", Language::English, "消息队列丢失消息：先确认再删除。怎样做都可以。"),
];

fn searched(words: &str) -> Vec<String> {
    let (snapshot, _folder) = collection(&NOTES);
    let query = Query { mode: Mode::Lexical, ..Query::new(words) };
    let answer = Searcher::new(&[snapshot], None).search(&query).unwrap();
    answer.hits.iter().map(|hit| hit.citation.document.path.to_string()).collect()
}

fn check_first(words: &str, first: &str) {
    let found = searched(words);
    assert_eq!(found.first().map(String::as_str), Some(first), "{words}: {found:?}");
}

fn check_not_found(words: &str, path: &str) {
    let found = searched(words);
    assert!(!found.iter().any(|found| found == path), "{words}: {found:?}");
}

#[test]
fn function_words_do_not_score_beside_other_words() {
    check_not_found("what is the question", "Vitamins.md");
    check_not_found("furnace and the", "Hamlet.md");
    check_first("消息队列怎么办", "消息队列.md");
}

#[test]
fn a_function_word_of_one_language_is_a_word_in_documents_of_others() {
    check_first("die furnace", "Casting.md");
    check_not_found("die furnace", "Die.md");
    check_first("die", "Die.md");
}

#[test]
fn a_question_of_function_words_alone_is_asked_by_them() {
    check_first("to be or not to be", "Hamlet.md");
}

#[test]
fn a_function_word_counts_next_to_the_word_it_stands_beside() {
    check_first("vitamin A", "Vitamins.md");
    check_first("vitamin C", "Citrus.md");
}

#[test]
fn a_compound_is_one_word_found_whole_or_in_parts() {
    check_first("snake_case", "Identifiers.md");
    assert!(searched("snake_case").contains(&"Reptiles.md".to_owned()), "its parts are found too");
    check_first("EL/1", "Identifiers.md");
    check_first("v1.2.3", "Identifiers.md");
}

#[test]
fn single_letters_of_a_compound_say_nothing_alone() {
    check_not_found("v1.2.3", "Reptiles.md");
    check_not_found("tea e.g.", "Reptiles.md");
}

#[test]
fn a_note_that_is_called_by_name_comes_first() {
    check_first("meeting NOTES", "Work/Meeting notes.md");
    check_first("“Meeting notes”", "Work/Meeting notes.md");
    check_first("the oven in [[Meeting notes]]", "Work/Meeting notes.md");
    check_first("2022-06-11", "2022-06-11.md");
    check_first("消息队列", "消息队列.md");
    check_first("status:done", "status:done.md");
    check_first("Die.md", "Die.md");
}

#[test]
fn a_notes_own_name_is_before_another_notes_alias() {
    // Every note here has the alias.
    let notes = [
        ("Bread.md", Language::English, "The staff of life: staff of life, and again the staff of life."),
        ("Staff of life.md", Language::English, "A poem of four lines."),
        ("Rye.md", Language::English, "Sown in autumn."),
    ];
    let (snapshot, _folder) = collection(&notes);
    let answer = Searcher::new(&[snapshot], None).search(&Query::new("staff of life")).unwrap();
    let found: Vec<&str> = answer.hits.iter().map(|hit| hit.citation.document.path.as_str()).collect();
    assert_eq!(found, ["Staff of life.md", "Bread.md", "Rye.md"]);
}

#[test]
fn a_name_does_not_pass_a_filter() {
    let (snapshot, _folder) = collection(&NOTES);
    let mut query = Query::new("meeting notes");
    query.filter.none.push(Condition::Path("Work/".to_owned()));
    let answer = Searcher::new(&[snapshot], None).search(&query).unwrap();
    assert!(answer.hits.iter().all(|hit| hit.citation.document.path.as_str() != "Work/Meeting notes.md"));
}

#[test]
fn of_a_long_question_the_rarest_words_are_asked() {
    let padding: String = (0..80).map(|n| format!("w{n}x ")).collect();
    check_first(&format!("{padding} vitamin fat"), "Vitamins.md");
}

#[test]
fn a_word_that_is_repeated_counts_more() {
    let weight = |words: &str| {
        let (snapshot, _folder) = collection(&NOTES);
        let (looked_up, _) = Question::of(&Query::new(words)).look_up(&[snapshot]).unwrap();
        looked_up[0].iter().map(|word| word.weight).collect::<Vec<_>>()
    };
    assert_eq!(weight("oven bread oven"), [1.5, 1.0]);
    // Of one stem.
    assert_eq!(weight("oven bread ovens"), [1.5, 1.0, 0.0]);
}

/// The share of a question's words that is in these notes, in hundredths.
fn check_share(words: &str, hundredths: i64) {
    let (snapshot, _folder) = collection(&NOTES);
    let snapshots = [snapshot];
    let question = Question::of(&Query::new(words));
    let (looked_up, _) = question.look_up(&snapshots).unwrap();
    let share = question.words_found(&snapshots, &looked_up);
    assert_eq!((100.0 * share).round() as i64, hundredths, "{words}");
}

#[test]
fn a_pair_of_characters_that_spans_two_words_is_not_missed() {
    check_share("vitamin", 100);
    check_share("zymurgy", 0);
    // Neither is a pair, wherever they stand in their pieces of the question.
    check_share("\"vitamin\" zymurgy", 34);
    // 息先 and 认再 stand nowhere, all the words do.
    check_share("消息先确认再删除", 100);
    check_share("面包", 0);
    // Neither 面包 nor 包机 stands anywhere; 息面 and 机删 say nothing.
    check_share("消息面包机删除", 40);
}
