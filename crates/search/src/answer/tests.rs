//! Which part of a passage answers, and what is shown around it.

use ibid_core::language::Language;
use ibid_core::query::parse;
use ibid_core::span::Span;
use ibid_index::lexical::words_of_document;
use proptest::prelude::*;

use super::*;
use crate::snippet::{SNIPPET_BYTES, snippet};

/// What each term of a question says; the filters it is asked with.
struct Question<'a> {
    terms: &'a [(&'a str, f32)],
    filter: &'a str,
    /// Where the chunk begins that is nearest in meaning.
    near: usize,
}

fn words(terms: &[(&'static str, f32)]) -> Question<'static> {
    Question { terms: terms.to_vec().leak(), filter: "", near: usize::MAX }
}

fn filter(filter: &'static str) -> Question<'static> {
    Question { terms: &[], filter, near: usize::MAX }
}

/// Reads a passage that stands at byte `start` of a note with this extension.
fn with_reading<T>(
    text: &str,
    start: u32,
    extension: &str,
    asked: &Question<'_>,
    look: impl Fn(&Reading<'_>) -> T,
) -> T {
    let tests = Tests::of(&parse(asked.filter).filter);
    let held = words_of_document(text, Language::English);
    let sought = Sought::of_points(asked.terms);
    let nearness = |at: usize| f32::from(u8::from(at >= asked.near));
    let ranking = Ranking::default();
    let (language, nearness) = (Language::English, &nearness);
    let asked = Asked { sought: &sought, tests: &tests, ranking: &ranking, language, nearness };
    look(&Reading::of(text, Layout::of(start, Some(extension)), &held, &asked))
}

#[track_caller]
fn check_at(start: u32, extension: &str, text: &str, asked: &Question<'_>, answer: &str, shown: &str) {
    with_reading(text, start, extension, asked, |reading| {
        assert_eq!(&text[reading.answer.clone()], answer, "{text}");
        assert_eq!(&text[reading.around(SNIPPET_BYTES)], shown, "{text}");
    });
}

#[track_caller]
fn check(text: &str, asked: &Question<'_>, answer: &str, shown: &str) {
    check_at(9, "md", text, asked, answer, shown);
}

#[test]
fn the_sentence_with_the_rarest_words_answers() {
    let text =
        "Rye bread keeps. Wait before cutting, or the crumb smears on the knife. Rye bread is rye bread.";
    check(text, &words(&[("rye", 1.0), ("bread", 1.0), ("knife", 4.0)]), &text[17..71], text);
    let one = "Rye drinks water. Rye drinks water.";
    check(one, &words(&[("rye", 1.0)]), "Rye drinks water.", one);
}

#[test]
fn meaning_decides_where_words_do_not() {
    let text = "Rye drinks water. Salt does not. The crumb smears.";
    let near = |terms| Question { terms, filter: "", near: 33 };
    check(text, &near(&[]), "The crumb smears.", text);
    check(text, &near(&[("crumb", 3.0)]), "The crumb smears.", text);
    check(text, &near(&[("rye", 3.0)]), "Rye drinks water.", text);
}

#[test]
fn rows_items_code_lines_and_titles_answer_alone() {
    let table = "| Plan | Storage |\n| --- | --- |\n| Basic | 1 GB |\n| Standard | 10 GB |\n";
    let asked = words(&[("storag", 3.0), ("standard", 3.0)]);
    check(table, &asked, "| Standard | 10 GB |", "| Basic | 1 GB |\n| Standard | 10 GB |");
    let code = "Colours:\n\n```css\n.a { color: red }\n.b { color: blue }\n```\n";
    check(code, &words(&[("blue", 3.0)]), ".b { color: blue }", ".a { color: red }\n.b { color: blue }");
    check(
        "> [!tip] Keep it warm\n> Not hot.\n",
        &words(&[("warm", 3.0)]),
        "[!tip] Keep it warm",
        "[!tip] Keep it warm\n> Not hot.",
    );
    check("- salt\n- rye flour\n", &words(&[("rye", 3.0)]), "- rye flour", "- salt\n- rye flour");
    check_at(9, "rs", "fn a() {\n    rye();\n}\n", &words(&[("rye", 3.0)]), "rye();", "fn a() {\n    rye();");
}

#[test]
fn a_heading_names_what_follows_it_and_answers_nothing() {
    let text = "## Customize callouts\n\nCallouts have colours.\n\n## Supported types\n\nThere are many of them.\n\nThe end.\n";
    let asked = words(&[("callout", 1.0), ("support", 3.0), ("type", 3.0)]);
    let answer = "There are many of them.";
    check(text, &asked, answer, "There are many of them.\n\nThe end.");
    check("## Rye\n", &words(&[("rye", 1.0)]), "## Rye", "## Rye");
}

#[test]
fn front_matter_is_shown_where_the_match_is_in_it_alone() {
    let text = "---\naliases:\n  - Rugbrod\nrating: 4\n---\nDense rye. It keeps.\n";
    check_at(0, "md", text, &words(&[("rye", 1.0)]), "Dense rye.", "Dense rye. It keeps.");
    check_at(0, "md", text, &words(&[("rugbrod", 1.0)]), "aliases:\n  - Rugbrod", "aliases:\n  - Rugbrod");
    check_at(0, "md", text, &words(&[("oven", 1.0)]), "Dense rye.", "Dense rye. It keeps.");
    check_at(0, "md", text, &filter("rating:>=4"), "rating: 4", "rating: 4");
    check_at(0, "md", "---\nrating: 4\n---\n", &words(&[("oven", 1.0)]), "", "");
}

#[test]
fn a_filter_shows_what_passed_it() {
    let text = "Plan\n\n- [x] buy rye\n- [ ] buy flour 📅 2024-06-02\n- [-] knead\n\nDone. With #bread/rye and mood:: well.\n";
    let shown = "- [x] buy rye\n- [ ] buy flour 📅 2024-06-02\n- [-] knead";
    for (asked, answer) in [
        ("task:open", "- [ ] buy flour 📅 2024-06-02"),
        ("task:done", "- [x] buy rye"),
        ("due:<2024-07", "- [ ] buy flour 📅 2024-06-02"),
        ("tag:bread", "With #bread/rye and mood:: well."),
        ("[mood:well]", "With #bread/rye and mood:: well."),
    ] {
        with_reading(text, 9, "md", &filter(asked), |reading| {
            assert_eq!(&text[reading.answer.clone()], answer, "{asked}");
            assert!(answer.starts_with("With") || text[reading.around(SNIPPET_BYTES)].contains(shown));
        });
    }
    let both = Question { terms: &[("rye", 3.0)], ..filter("task:open") };
    with_reading(text, 9, "md", &both, |reading| {
        assert_eq!(&text[reading.answer.clone()], "- [ ] buy flour 📅 2024-06-02", "the task that is open");
    });
}

#[test]
fn a_long_sentence_is_cut_around_its_words_at_a_clause() {
    let text = format!(
        "{}; the crumb smears on the knife, as ever, {}",
        "water and ".repeat(60),
        "and so on ".repeat(60)
    );
    with_reading(&text, 9, "md", &words(&[("crumb", 3.0), ("knife", 3.0)]), |reading| {
        let answer = &text[reading.answer.clone()];
        assert!(answer.contains("the crumb smears on the knife, as ever"), "{answer}");
        assert!(answer.len() <= MAX_ANSWER_BYTES && answer.starts_with("the crumb"), "{answer}");
    });
    let thai = "ขนมปังไรย์ต้องพัก ".repeat(40) + "มีด " + &"ขนมปังไรย์ต้องพัก ".repeat(40);
    with_reading(&thai, 9, "md", &words(&[]), |reading| {
        assert!((1..=MAX_ANSWER_BYTES).contains(&reading.answer.len()));
        assert!(thai[reading.answer.clone()].ends_with("พัก"));
    });
}

#[test]
fn a_snippet_is_cut_between_sentences_and_says_so() {
    let around = "This is a sentence of some length that says nothing at all of bread. ".repeat(5);
    let text = format!("{around}The rye starter doubled by noon. {around}");
    with_reading(&text, 9, "md", &words(&[("rye", 3.0)]), |reading| {
        let made = snippet(reading, Span::within(&text, 0..text.len()).unwrap());
        assert!(made.text.starts_with("This is") && made.text.ends_with("bread."), "{}", made.text);
        assert!(made.text.len() <= SNIPPET_BYTES && made.cut_before && made.cut_after);
        assert_eq!(made.marks.iter().map(|mark| &made.text[mark.clone()]).collect::<Vec<_>>(), ["rye"]);
    });
    with_reading("## Rye\n\nShort.", 9, "md", &words(&[]), |reading| {
        let made = snippet(reading, Span::within(reading.text, 0..reading.text.len()).unwrap());
        assert_eq!((made.text.as_str(), made.cut_before, made.cut_after), ("Short.", false, false));
    });
}

#[test]
fn a_table_that_begins_before_the_passage_wants_its_head() {
    with_reading("| Standard | 10 GB |\n\nText.", 9, "md", &words(&[("standard", 1.0)]), |reading| {
        assert!(reading.begins_inside_table());
    });
    let before = "Plans:\n\n| Plan | Storage |\n| --- | --- |\n| Basic | 1 GB |\n";
    let head = table_head_at_end(before, Layout::of(0, Some("md"))).unwrap();
    assert_eq!(&before[head], "| Plan | Storage |");
    assert_eq!(table_head_at_end("Plans:\n", Layout::of(0, Some("md"))), None);
}

/// Lines of notes and hostile ones, in any order.
fn notes() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "---",
        "rating: 4",
        "# Rye",
        "## Über rye",
        "rye bread. And e.g. more! \"Yes.\" So",
        "> > quoted rye",
        "- [ ] rye",
        "  indented",
        "| rye | b |",
        "| --- | --- |",
        "```",
        "~~~",
        "味噌を仕込む。赤い！",
        "ขนมปัง rye",
        "",
        "\r",
        "🍞🍞",
        "\u{feff}",
        "....[^a]",
        "[!tip] rye",
        "> [!tip] rye",
        "****",
        "1. rye",
        "e\u{301}",
    ]);
    let long = (0..500_usize).prop_map(|n| "rye ".repeat(n));
    let drawn = (0..500_usize).prop_map(|n| "語".repeat(n));
    let any = prop_oneof![8 => line.prop_map(str::to_owned), 1 => "\\PC{0,200}", 1 => long, 1 => drawn];
    prop::collection::vec(any, 0..20).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn every_answer_is_a_short_slice_within_what_is_shown(text in notes(), start in 0_u32..2, asked in 0_usize..3) {
        let asked = &[words(&[("rye", 2.0), ("味噌", 3.0)]), words(&[]), filter("task:open")][asked];
        for extension in ["md", "rs"] {
            with_reading(&text, start, extension, asked, |reading| {
                let (answer, shown) = (reading.answer.clone(), reading.around(SNIPPET_BYTES));
                assert!(text.get(answer.clone()).is_some(), "on boundaries");
                assert!(answer.len() <= MAX_ANSWER_BYTES);
                assert!(shown.start <= answer.start && answer.end <= shown.end);
                assert!(shown.len() <= SNIPPET_BYTES || shown == answer);
                let made = snippet(reading, Span::within(&text, 0..text.len()).unwrap());
                assert_eq!(made.span.quote(&text), Some(made.text.as_str()));
                assert!(made.marks.iter().all(|mark| made.text.get(mark.clone()).is_some()));
            });
        }
    }
}
