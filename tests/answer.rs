//! What a hit points at: the sentence, row, item or property that answers, in JSON and on the terminal. How parts are told
//! apart is tested in `ibid-search`; here whole notes are indexed and asked, each of the kind in which it once failed.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Ibid, demonstration, demonstration_vault, number, questions, text, vault};

/// What a hit points at, as the file has it.
#[track_caller]
fn pointed(folder: &std::path::Path, hit: &Value) -> String {
    let file = fs::read_to_string(folder.join(text(&hit["path"]))).unwrap();
    let (start, end) = (number(&hit["answer_start"]), number(&hit["answer_end"]));
    assert!(number(&hit["start"]) <= start && end <= number(&hit["end"]), "it lies in what is cited: {hit}");
    assert!(end - start <= 400, "{hit}");
    let line = file[..start].matches('\n').count() + 1;
    assert_eq!(number(&hit["line"]), line, "the line is that of the answer: {hit}");
    assert!(text(&hit["snippet"]).contains(&file[start..end]), "{hit}");
    file[start..end].to_owned()
}

/// Some notes, indexed by their words.
fn indexed(notes: &[(&str, &str)]) -> (Ibid, TempDir) {
    let (ibid, notes) = (Ibid::new(), vault(notes));
    ibid.index(notes.path(), &["--model", "none"]);
    (ibid, notes)
}

#[test]
fn the_sentence_about_the_knife_is_shown_and_no_function_word_is_marked_alone() {
    let (ibid, folder) = (demonstration(), demonstration_vault());
    let hits = ibid.hits(&["why does my rye bread stick to the knife?"]);
    let hit = hits.iter().find(|hit| text(&hit["path"]).starts_with("Bread/Rugbr")).unwrap();
    let answer = pointed(&folder, hit);
    assert!(answer.contains("wait 24 hours") && answer.contains("the crumb smears on the knife"), "{answer}");
    assert!(text(&hit["url"]).is_empty(), "no server runs");
    for hit in &hits {
        pointed(&folder, hit);
        let snippet = text(&hit["snippet"]);
        for mark in hit["marks"].as_array().unwrap() {
            // A function word is one of the question's words only beside the word it stands beside there.
            let (word, after) = snippet[number(&mark[0])..].split_at(number(&mark[1]) - number(&mark[0]));
            let is_beside = word == "the" && after.starts_with(" knife")
                || word == "to" && after.starts_with(" the knife");
            let is_function = ["the", "to", "my", "does", "why"].contains(&word.to_lowercase().as_str());
            assert!(is_beside || !is_function, "{hit}");
        }
    }
}

#[test]
fn every_answer_of_every_question_lies_in_its_citation() {
    let (ibid, folder) = (demonstration(), demonstration_vault());
    let mut seen = 0;
    for question in questions() {
        for hit in ibid.hits(&[&text(&question["question"])]) {
            // One note of the vault is in Windows-1252: its bytes count in the decoded text.
            if fs::read_to_string(folder.join(text(&hit["path"]))).is_ok() {
                pointed(&folder, &hit);
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn line_and_headings_are_those_of_the_answer() {
    let note = "# Callouts\n\n## Customize callouts\n\nCallouts have colours and icons.\n\n## Supported types\n\n\
                You can use several types of callouts.\n\n- note\n- tip\n";
    let (ibid, folder) = indexed(&[("Callouts.md", note)]);
    let hit = &ibid.hits(&["which callout types are supported"])[0];
    assert_eq!(pointed(folder.path(), hit), "You can use several types of callouts.");
    assert_eq!(hit["headings"], json!(["Callouts", "Supported types"]));
    assert_eq!(number(&hit["line"]), 9);
    let shown = ibid.run(&["search", "which callout types are supported"]).ends_with(0).stdout;
    assert!(shown.contains("Callouts › Supported types") && shown.contains("Callouts.md:9"), "{shown}");
}

#[test]
fn a_table_row_is_shown_with_the_names_of_its_columns() {
    let note = "Sync comes in plans.\n\n| Plan | Storage |\n| --- | --- |\n| Sync Basic | 1 GB |\n\
                | Sync Standard | 10 GB |\n| Sync Plus | 50 GB |\n";
    let (ibid, folder) = indexed(&[("Sync.md", note)]);
    let question = "how much storage does Sync Standard include";
    let hit = &ibid.hits(&[question])[0];
    assert_eq!(pointed(folder.path(), hit), "| Sync Standard | 10 GB |");
    assert_eq!(hit["table_head"], "| Plan | Storage |");
    assert_eq!((&hit["cut_before"], &hit["cut_after"]), (&json!(true), &json!(false)));
    let shown = ibid.run(&["search", question]).ends_with(0).stdout;
    assert!(shown.contains("| Plan | Storage |\n") && shown.contains("| Sync Standard | 10 GB |"), "{shown}");
}

#[test]
fn a_table_that_is_cut_keeps_the_names_of_its_columns() {
    let rows: String = (0..120).map(|n| format!("| item {n} | some words about number {n} |\n")).collect();
    let note =
        format!("| Name | What it is |\n| --- | --- |\n{rows}| zygote | the one that is asked for |\n");
    let (ibid, folder) = indexed(&[("Table.md", &note)]);
    let hit = &ibid.hits(&["zygote"])[0];
    assert!(number(&hit["start"]) > 100, "the passage begins in the middle of the table: {hit}");
    assert_eq!(pointed(folder.path(), hit), "| zygote | the one that is asked for |");
    assert_eq!(hit["table_head"], "| Name | What it is |");
}

#[test]
fn filters_show_what_passed_them() {
    let tasks = "---\nstatus: done\nrating: 4\naliases: [Rugbrod]\n---\n# Plan\n\nWe bake soon. It is a plan.\n\n- [x] buy rye\n\
                 - [ ] mill flour 📅 2024-06-02\n";
    let (ibid, folder) = indexed(&[("Plan.md", tasks), ("Other.md", "Nothing is here.\n")]);
    for (question, answer) in [
        ("task:open", "- [ ] mill flour 📅 2024-06-02"),
        ("due:<2024-07", "- [ ] mill flour 📅 2024-06-02"),
        ("task:done", "- [x] buy rye"),
        ("task:open bake", "- [ ] mill flour 📅 2024-06-02"),
        ("[status:done]", "status: done"),
        ("rating:>=4", "rating: 4"),
        ("rugbrod", "aliases: [Rugbrod]"),
        ("[status:done] bake", "We bake soon."),
        ("plan", "It is a plan."),
    ] {
        let hit = &ibid.hits(&["--", question])[0];
        assert_eq!(pointed(folder.path(), hit), answer, "{question}");
        let is_property = ["status:", "rating:", "aliases:"].iter().any(|name| answer.starts_with(name));
        let snippet = text(&hit["snippet"]);
        assert_eq!(snippet.contains("status:"), answer == "status: done", "{question}: {snippet}");
        assert!(!is_property || snippet == answer, "a property stands alone: {snippet}");
    }
}

#[test]
fn front_matter_is_no_passage_of_its_own() {
    let hits = demonstration().hits(&["rugbrod"]);
    let hit = hits.iter().find(|hit| text(&hit["path"]).starts_with("Bread/Rugbr")).unwrap();
    assert!(number(&hit["end"]) > 200, "it goes on with the note's words: {hit}");
    let snippet = text(&hit["snippet"]);
    assert!(
        snippet.starts_with("aliases:") || !snippet.contains("aliases:"),
        "a property stands alone: {hit}"
    );
}

#[test]
fn a_sentence_of_any_script_is_pointed_at() {
    let (ibid, folder) = indexed(&[
        ("zh.md", "消息队列很有用。消息丢失的时候，应该打开持久化。其他的事情以后再说。\n"),
        ("th.md", "ขนมปังไรย์ต้องพักหนึ่งวัน\nก่อนตัดด้วยมีด\n"),
        ("de.md", "Das Brot ruht z. B. im Tuch. Am 3. Mai wird der Teig gesäuert. Dann wird gebacken.\n"),
    ]);
    for (question, answer) in [
        ("持久化", "消息丢失的时候，应该打开持久化。"),
        ("มีด", "ก่อนตัดด้วยมีด"),
        ("Teig gesäuert", "Am 3. Mai wird der Teig gesäuert."),
        ("Tuch", "Das Brot ruht z. B. im Tuch."),
    ] {
        assert_eq!(pointed(folder.path(), &ibid.hits(&[question])[0]), answer, "{question}");
    }
}

#[test]
fn notes_that_say_nearly_the_same_are_named_beside_the_hit() {
    let words =
        "weekly review: what went well, what did not, what to change, and who helped most this week\n";
    let (ibid, _folder) = indexed(&[("a.md", words), ("b.md", words), ("c.md", "review of nothing\n")]);
    let hits = ibid.hits(&["weekly review"]);
    assert_eq!(hits.len(), 2, "{hits:?}");
    let (hit, left_out) = (&hits[0], text(&hits[0]["also_in"][0]));
    assert!(left_out.ends_with(":b.md") && hit["also_in"].as_array().unwrap().len() == 1, "{hit}");
    let shown = ibid.run(&["search", "weekly review"]).ends_with(0).stdout;
    assert!(shown.contains("also in b\n"), "{shown}");
}

#[test]
fn hits_of_one_note_stand_together_on_the_terminal_and_in_rank_in_json() {
    let far = "These words stand between and say nothing. ".repeat(60);
    let long = format!(
        "# Rye\n\n## Water\n\nrye water rye water.\n\n## Between\n\n{far}\n\n## Salt\n\nrye needs some salt.\n"
    );
    let (ibid, _folder) = indexed(&[("Rye.md", &long), ("Oats.md", "rye rye, and oats and salt\n")]);
    let ranks: Vec<usize> = ibid.hits(&["rye"]).iter().map(|hit| number(&hit["rank"])).collect();
    assert_eq!(ranks, [1, 2, 3]);
    let shown = ibid.run(&["search", "rye"]).ends_with(0).stdout;
    let paths: Vec<&str> = shown.lines().filter(|line| line.contains("  bytes ")).collect();
    let of_rye: Vec<bool> = paths.iter().map(|line| line.contains("Rye.md")).collect();
    assert!(of_rye == [true, true, false] || of_rye == [false, true, true], "{shown}");
}
