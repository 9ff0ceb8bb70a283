//! What a typed question finds: the query language, words in many languages, identifiers, filters in both legs. How well
//! answers rank is in [`crate::ranking`].

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ibid_core::query::{MAX_QUERY_BYTES, Piece, parse};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ibid, demonstration, number, ran, text, vault};

/// Some notes, indexed.
struct Asked {
    ibid: Ibid,
    notes: TempDir,
    mode: &'static str,
}

impl Asked {
    /// By words alone.
    fn words(notes: &[(&str, &str)]) -> Asked {
        let asked = Asked { ibid: Ibid::new(), notes: vault(notes), mode: "lexical" };
        asked.ibid.index(asked.notes.path(), &["--model", "none"]);
        asked
    }

    /// With the vectors of the bundled model.
    fn with_vectors(notes: &[(String, String)]) -> Asked {
        let notes: Vec<(&str, &str)> = notes.iter().map(|(path, text)| (&path[..], &text[..])).collect();
        let asked = Asked { ibid: Ibid::new(), notes: vault(&notes), mode: "hybrid" };
        asked.ibid.index(asked.notes.path(), &[]);
        asked
    }

    #[track_caller]
    fn answer(&self, question: &str, more: &[&str]) -> Value {
        let args = [&["search", "--json", "--mode", self.mode], more, &["--", question]].concat();
        let ran = self.ibid.run(&args);
        assert!(ran.code < 2, "{question}: {}", ran.stderr);
        ran.json()
    }

    /// The paths of the hits, best first, each once.
    #[track_caller]
    fn paths(&self, question: &str, more: &[&str]) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for hit in self.answer(question, more)["hits"].as_array().unwrap() {
            let path = text(&hit["path"]);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    /// The question finds these notes, in any order, and no others.
    #[track_caller]
    fn check(&self, question: &str, expected: &[&str]) {
        self.check_with(question, &[], expected);
    }

    #[track_caller]
    fn check_with(&self, question: &str, more: &[&str], expected: &[&str]) {
        let found: BTreeSet<String> = self.paths(question, more).into_iter().collect();
        let expected: BTreeSet<String> = expected.iter().map(|&path| path.to_owned()).collect();
        assert_eq!(found, expected, "{question} {more:?} ({})", self.mode);
    }

    /// The question finds this note before all others.
    #[track_caller]
    fn check_best(&self, question: &str, best: &str) {
        let found = self.paths(question, &[]);
        assert_eq!(found.first().map(String::as_str), Some(best), "{question}: {found:?}");
    }

    #[track_caller]
    fn check_note(&self, question: &str, note: &str) {
        let notes = self.answer(question, &[])["notes"].to_string();
        assert!(notes.contains(note), "{question}: {notes}");
    }
}

const RYE: &str = "Bread/Rye.md";
const LEVAIN: &str = "Bread/Levain.md";
const FOCACCIA: &str = "Bread/Focaccia.md";
const DAILY: &str = "Daily/2024-06-14.md";
const OLD: &str = "Old.md";

const KITCHEN: [(&str, &str); 5] = [
    (
        RYE,
        "---\ntags: [bread/rye]\nstatus: done\ndate: 2024-06-15\n---\nRye bread sticks to the knife until it rests.\n",
    ),
    (
        LEVAIN,
        "---\ntags: bread\nstatus: [open, urgent]\naliases: [Stiff starter]\ncreated: 2024-07-01T08:30\n---\n\
         Feed the levain with rye flour, then wait.\n",
    ),
    (FOCACCIA, "---\ndate: 2023-12-31\n---\nFocaccia is flat and full of oil.\n"),
    (DAILY, "Ate a bread of rye and caraway, and one of wheat. #journal\n"),
    (OLD, "An old loaf of rye.\n"),
];

/// The kitchen, of which one note has no date but that of its file: 2020-05-04.
fn kitchen(mode: &'static str) -> Asked {
    let notes = vault(&KITCHEN);
    let file = fs::File::options().write(true).open(notes.path().join(OLD)).unwrap();
    let changed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_588_550_400);
    file.set_modified(changed).unwrap();
    let asked = Asked { ibid: Ibid::new(), notes, mode };
    let model = if mode == "lexical" { &["--model", "none"][..] } else { &[] };
    asked.ibid.index(asked.notes.path(), model);
    asked
}

#[test]
fn phrases_and_words_that_must_not_stand_there() {
    let asked = kitchen("lexical");
    asked.check("\"rye bread\"", &[RYE]);
    asked.check("knife \"rye flour\"", &[LEVAIN]);
    asked.check("“breads of rye”", &[DAILY]);
    asked.check("wheat -zymurgy", &[DAILY]);
    asked.check("-path:Bread -caraway", &[OLD]);
    asked.check("rye -path:Bread -\"loaf of rye\"", &[DAILY]);
    // Names are words of every passage of a note.
    asked.check("bread -focaccia -levain -\"2024-06-14\"", &[RYE]);
}

#[test]
fn an_excluded_word_leaves_out_passages_and_not_their_notes() {
    let asked = kitchen("lexical");
    // The properties of a note are a passage of their own.
    asked.check("levain -flour", &[LEVAIN]);
    let snippets = asked.answer("levain -flour", &[])["hits"].to_string();
    assert!(!snippets.contains("Feed"), "{snippets}");
}

#[test]
fn a_phrase_that_stands_nowhere_is_asked_word_by_word() {
    let asked = kitchen("lexical");
    asked.check("\"knife caraway\"", &[RYE, DAILY]);
    asked.check_note("\"knife caraway\"", "no passage holds the phrase");
    // What else is demanded holds on.
    asked.check("\"knife caraway\" -tag:bread", &[DAILY]);
    asked.check("\"knife caraway\" tag:none", &[]);
    asked.check_note("\"knife caraway\" tag:none", "no document passes the filter");
}

#[test]
fn a_note_is_called_by_its_files_name_whatever_stands_above_it() {
    let asked = Asked::words(&[
        ("Plum plan.md", "# Overview\n\nTrees and jars.\n"),
        ("a.md", "[[Plum plan]] and plum jam, plum cake, plum wine.\n"),
    ]);
    asked.check("title:plum", &["Plum plan.md"]);
    asked.check("title:overview", &["Plum plan.md"]);
    asked.check_best("plum plan", "Plum plan.md");
}

#[test]
fn beginnings_titles_and_paths() {
    let asked = kitchen("lexical");
    asked.check("focac*", &[FOCACCIA]);
    asked.check("carawa* knif*", &[RYE, DAILY]);
    asked.check("zz*", &[]);
    asked.check("title:starter", &[LEVAIN]);
    asked.check("title:\"Stiff Starters\" feed", &[LEVAIN]);
    asked.check("title:\"starter stiff\"", &[]);
    asked.check("title:rye", &[RYE]);
    asked.check("path:Bread/*", &[FOCACCIA, LEVAIN, RYE]);
    asked.check("path:*.md", &[OLD]);
    asked.check("path:daily rye", &[DAILY]);
    asked.check("rye -path:Bread/**", &[DAILY, OLD]);
    asked.check("path:\"2024-06\"", &[DAILY]);
}

#[test]
fn tags_properties_and_dates() {
    for mode in ["lexical", "hybrid", "semantic"] {
        let asked = kitchen(mode);
        for (question, expected) in [
            ("rye tag:bread", &[LEVAIN, RYE][..]),
            ("rye tag:#Bread/Rye", &[RYE]),
            ("rye tag:rye", &[]),
            ("rye -tag:bread -focaccia", &[DAILY, OLD]),
            ("rye tag:journal", &[DAILY]),
            ("rye [status:done]", &[RYE]),
            ("rye [status:URGENT]", &[LEVAIN]),
            ("rye [\"Status\"]", &[LEVAIN, RYE]),
            ("rye -[status] -focaccia", &[DAILY, OLD]),
            ("rye after:2024-06-15", &[RYE, LEVAIN]),
            ("rye -focaccia before:2024-06-15", &[DAILY, OLD]),
            ("rye after:2024-06-14 before:2024-06-15", &[DAILY]),
            ("rye after:2024-06 before:2024-07", &[DAILY, RYE]),
            ("rye before:2021", &[OLD]),
            ("rye after:2020-05-04 before:2020-05-05", &[OLD]),
            ("rye tag:bread [status:open] after:2024", &[LEVAIN]),
            ("rye before:1990", &[]),
        ] {
            asked.check(question, expected);
        }
    }
}

#[test]
fn flags_are_filters_too() {
    let asked = kitchen("lexical");
    for (flags, expected) in [
        (&["--tag", "bread"][..], &[LEVAIN, RYE][..]),
        (&["--tag", "bread", "--tag", "bread/rye"], &[RYE]),
        (&["--path", "Bread/**", "--path", "lev"], &[LEVAIN]),
        (&["--title", "stiff starter"], &[LEVAIN]),
        (&["--property", "status"], &[LEVAIN, RYE]),
        (&["--property", "status=open", "--property", "status=urgent"], &[LEVAIN]),
        (&["--after", "2024-06-15", "--before", "2024-06-16"], &[RYE]),
    ] {
        asked.check_with("rye", flags, expected);
    }
}

/// The kitchen, and a note whose file was changed just now.
fn kitchen_today() -> Asked {
    let asked = kitchen("lexical");
    fs::write(asked.notes.path().join("Now.md"), "Rye again.\n").unwrap();
    asked.ibid.index(asked.notes.path(), &[]);
    asked
}

#[test]
fn dates_are_taken_as_people_say_them() {
    let asked = kitchen_today();
    // Yesterday is before now in any zone, and by whatever day the test ends.
    for said in [
        "yesterday",
        "last-week",
        "\"last week\"",
        "last week",
        "since-yesterday",
        "gestern",
        "昨天",
        "letzte-woche",
    ] {
        asked.check(&format!("rye after:{said}"), &["Now.md"]);
        asked.check(&format!("rye before:{said}"), &[DAILY, LEVAIN, OLD, RYE]);
    }
    asked.check("rye after:\"june 2024\" before:\"1. Juli 2024\"", &[DAILY, RYE]);
    asked.check_with("rye", &["--after", "2 days ago"], &["Now.md"]);
    asked.check_note("rye after:\"june 2024\"", "after:“june 2024” means from Saturday 2024-06-01 on");
    asked.check_note("rye before:2024年6月", "before:“2024年6月” means before Saturday 2024-06-01");
}

#[test]
fn today_is_that_of_the_person() {
    let asked = kitchen_today();
    let day_in = |zone: &str| {
        let mut command = asked.ibid.command(&["search", "--json", "rye after:today"]);
        let ran = ran(command.env("TZ", zone).output().unwrap());
        ran.json()["notes"].to_string()
    };
    // The two are 26 hours apart: it is never the same day in both.
    let (early, late) = (day_in("AAA12"), day_in("BBB-14"));
    assert!(early.contains("means from") && late.contains("means from"), "{early} {late}");
    assert_ne!(early, late);
}

#[test]
fn a_period_in_plain_words_is_offered_and_not_taken() {
    let asked = kitchen("lexical");
    let answer = asked.answer("what did I write last week about rye", &[]);
    assert_eq!(answer["offers"][0]["said"], "last week");
    let adds = text(&answer["offers"][0]["adds"]);
    assert!(adds.starts_with("after:2") && adds.contains(" before:2"), "{adds}");
    assert!(answer["notes"].to_string().contains(&adds), "{answer}");
    assert!(!answer["hits"].as_array().unwrap().is_empty(), "old notes are found all the same");
    let taken = asked.answer(&format!("what did I write last week about rye {adds}"), &[]);
    assert_eq!(taken["offers"].as_array().map(Vec::len), Some(0));
    assert_eq!(taken["hits"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_newest_come_first_where_that_is_asked() {
    for mode in ["lexical", "hybrid"] {
        let asked = kitchen(mode);
        let newest = [LEVAIN, RYE, DAILY, OLD];
        assert_eq!(asked.paths("rye sort:newest", &[]), newest, "{mode}");
        assert_eq!(asked.paths("rye", &["--sort", "newest"]), newest, "{mode}");
        // Focaccia holds "is" and "and", and is near in meaning.
        assert_eq!(asked.paths("what is and does the rye sort:newest", &[]), newest, "{mode}");
        assert_eq!(asked.paths("rye sort:newest", &["--limit", "2"]), newest[..2], "{mode}");
        assert_ne!(
            asked.paths("rye sort:best", &["--sort", "newest"]),
            newest,
            "{mode}: the question says otherwise"
        );
        asked.check_note("rye sort:newest", "newest first");
        assert_eq!(asked.answer("rye sort:newest", &[])["mode"], "lexical", "that is by words");
        assert_eq!(asked.paths("tag:bread sort:newest", &[]), [LEVAIN, RYE], "{mode}");
        assert_eq!(asked.paths("sort:newest", &[]), [LEVAIN, RYE, DAILY, FOCACCIA, OLD], "{mode}");
    }
    let ran = kitchen("lexical").ibid.run(&["search", "--mode", "semantic", "rye sort:newest"]).ends_with(2);
    assert!(ran.stderr.contains("not sorted by date"), "{}", ran.stderr);
}

#[test]
fn filters_alone_list_notes_by_path() {
    for mode in ["lexical", "hybrid", "semantic"] {
        let asked = kitchen(mode);
        assert_eq!(asked.paths("path:Bread/*", &[]), [FOCACCIA, LEVAIN, RYE]);
        assert_eq!(asked.paths("-tag:bread", &[]), [FOCACCIA, DAILY, OLD]);
        assert_eq!(asked.paths("-path:Bread", &["--limit", "1"]), [DAILY]);
    }
}

#[test]
fn no_question_fails() {
    let marks = "\"".repeat(MAX_QUERY_BYTES - 1);
    let words = "\"rye bread\" ".repeat(MAX_QUERY_BYTES / 12);
    let long_phrase = format!("\"{}\"", "rye ".repeat(4_000));
    let excluded = "-rye ".repeat(MAX_QUERY_BYTES / 5 - 1);
    let questions = [
        "\"",
        "\"\"",
        "rye \"bread",
        "\"rye\" \"",
        "- -",
        "-- -\"",
        "*",
        "r* *",
        "e*",
        "-",
        "tag: path: title:",
        "tag:\"\" [] [:] [a:]",
        "AND OR NOT ( ) { } ^ ~",
        "path:[",
        "path:{a,b",
        "-path:**/[",
        "before:9999-12-31 after:0000",
        "\u{1}\u{1b}[31m\u{7f}\u{202e}rye",
        "rye\r\n\tbread\u{0b}\u{0c}",
        "\u{f0000}\u{f0001}rye",
        "🍞🍞🍞*",
        "-🍞",
        &marks,
        &words,
        &long_phrase,
        &excluded,
    ];
    for mode in ["lexical", "hybrid"] {
        let asked = kitchen(mode);
        for question in questions {
            // A hyphen alone would read standard input.
            let question = format!("{question} ");
            let ran = asked.ibid.run(&["search", "--json", "--mode", mode, "--", &question]);
            let shown: String = question.chars().take(40).collect();
            assert!(ran.code < 2, "{shown:?}: {}", ran.stderr);
            assert!(ran.json()["hits"].as_array().unwrap().len() <= 10);
        }
    }
}

#[test]
fn a_misspelt_word_finds_its_neighbours_and_says_so() {
    let mut notes: Vec<(String, String)> = (0..25)
        .map(|n| (format!("Batch {n}.md"), format!("Fermentation of batch {n}, a cool one.\n")))
        .collect();
    notes.push(("Slip.md".into(), "This note on fermantation has a slip.\n".into()));
    notes.push(("Caraway.md".into(), "Caraway seeds.\n".into()));
    let notes: Vec<(&str, &str)> = notes.iter().map(|(path, text)| (&path[..], &text[..])).collect();
    let asked = Asked::words(&notes);
    asked.check("carraway", &["Caraway.md"]);
    asked.check_note("carraway", "“carraway” is not there: also looked for caraway");
    asked.check("caraawys", &["Caraway.md"]);
    assert_eq!(asked.paths("fermentaton", &["--limit", "100"]).len(), 25);
    // As typed it is there once; that chunk stays above all of its neighbours.
    let found = asked.paths("fermantation", &["--limit", "100"]);
    assert_eq!((found[0].as_str(), found.len()), ("Slip.md", 26));
    asked.check_note("fermantation", "“fermantation” is rare: also looked for");
    asked.check("qqqq", &[]);
    // Identifiers, numbers and phrases are not guessed at.
    asked.check("\"carraway seeds\" tag:none", &[]);
    asked.check("car4way", &[]);
}

#[test]
fn words_that_stand_in_no_note_are_told() {
    let notes = [("Bread.md".to_owned(), "Rye bread keeps for a week.\n".to_owned())];
    let asked = Asked::with_vectors(&notes);
    asked.check_note("xyzzyqwv bread", "“xyzzyqwv” stands in no note that was searched");
    assert_eq!(asked.answer("how does bread keep -xyzzyqwv", &[])["notes"], serde_json::json!([]));
    let shown = asked.ibid.run(&["search", "xyzzyqwv bread"]).ends_with(0);
    assert!(
        shown.stderr.contains("note: “xyzzyqwv” stands in no note that was searched"),
        "{}",
        shown.stderr
    );
}

/// Asks the demonstration vault: what the answer rests on, and the exit code.
#[track_caller]
fn check_match(question: &str, matched: &str, code: i32) {
    let ran = demonstration().run(&["search", "--json", "--", question]).ends_with(code);
    let answer = ran.json();
    let hits = answer["hits"].as_array().unwrap();
    assert_eq!(answer["match"], matched, "{question}: {answer}");
    let of_hits: BTreeSet<String> = hits.iter().map(|hit| text(&hit["match"])).collect();
    assert!(matched != "none" || (hits.len() <= 3 && of_hits.iter().all(|of| of == "none")), "{answer}");
    assert!(matched != "words" || of_hits.contains("words"), "{answer}");
    let said = answer["notes"][0] == "nothing in your notes holds these words";
    assert_eq!(said, matched == "none" && !hits.is_empty(), "{question}: {answer}");
}

#[test]
fn an_answer_says_what_it_rests_on() {
    for question in
        ["why does my rye bread stick to the knife?", "encrpytion passwrod sourdouhg", "tag:recipe"]
    {
        check_match(question, "words", 0);
    }
    for question in ["xyzzyqwv", "PKM", "qqqqwwww zzyyxx"] {
        check_match(question, "none", 1);
    }
    check_match("tag:nowhere xyzzyqwv", "none", 1);
}

#[test]
fn where_nothing_is_near_a_person_is_told_so_first() {
    let shown = demonstration().run(&["search", "xyzzyqwv"]).ends_with(1);
    let said = "nothing in your notes holds these words\n\nnear in meaning:\n1. ";
    assert!(shown.stdout.starts_with(said), "{}", shown.stdout);
    assert!(!shown.stderr.contains("xyzzyqwv"), "it is said once: {}", shown.stderr);
}

#[test]
fn a_filter_that_no_note_passes_names_what_is_spelt_nearly_so() {
    let demo = demonstration();
    let listed = demo.run(&["search", "--json", "--limit", "100", "--per-document", "1", "tag:recipe"]);
    let recipes = listed.ends_with(0).json()["hits"].as_array().unwrap().len();
    let missed = demo.run(&["search", "--json", "tag:recipie rye"]).ends_with(1).json();
    let meant = format!("did you mean tag:recipe ({recipes} notes)?");
    assert_eq!(missed["notes"], serde_json::json!(["no document passes the filter", meant]), "{missed}");
    assert_eq!(missed["match"], "none");
}

#[test]
fn a_property_is_asked_for_by_its_link_as_notes_write_it() {
    let asked = Asked::words(&[
        ("Dune.md", "---\ncategories:\n  - \"[[Books]]\"\n---\nA desert planet.\n"),
        ("Plain.md", "---\ncategories: Books\n---\nA plain.\n"),
        ("Alien.md", "---\ncategories: [\"[[Films|Movies]]\"]\n---\nA ship.\n"),
    ]);
    asked.check("[categories:[[Books]]]", &["Dune.md"]);
    asked.check("[categories:Books]", &["Dune.md", "Plain.md"]);
    asked.check("-[categories:[[Books]]] a", &["Plain.md", "Alien.md"]);
    asked.check("[categories:[[Films|Movies]]]", &["Alien.md"]);
    asked.check("[categories:Movies] ship", &["Alien.md"]);
}

#[test]
fn a_word_that_another_collection_holds_is_not_looked_for_in_another_spelling() {
    let baking: Vec<(String, String)> =
        (0..30).map(|n| (format!("{n}.md"), "We bake bread.\n".to_owned())).collect();
    let baking: Vec<(&str, &str)> = baking.iter().map(|(path, text)| (&path[..], &text[..])).collect();
    let asked = Asked::words(&baking);
    let mut work: Vec<(String, String)> =
        (0..30).map(|n| (format!("{n}.md"), "A break between meetings.\n".to_owned())).collect();
    work.push(("Lunch.md".to_owned(), "Some bread.\n".to_owned()));
    let work: Vec<(&str, &str)> = work.iter().map(|(path, text)| (&path[..], &text[..])).collect();
    let work = vault(&work);
    asked.ibid.index(work.path(), &["--model", "none", "--name", "work"]);
    assert!(!asked.answer("bread", &[])["notes"].to_string().contains("bread"));
    let alone = asked.answer("bread", &["--collection", "work", "--limit", "100"])["notes"].to_string();
    assert!(alone.contains("“bread” is rare: also looked for break"), "{alone}");
}

#[test]
fn identifiers_whole_and_in_parts() {
    let asked = Asked::words(&[
        ("snake.md", "Call read_to_string on the file.\n"),
        ("apart.md", "Read on to the string that was a file.\n"),
        ("camel.md", "A ByteCounter counts.\n"),
        ("three.md", "Released v1.2.3 in March.\n"),
        ("four.md", "Released v1.2.4 in April.\n"),
        ("plus.md", "Written in C++ long ago.\n"),
        ("sharp.md", "Written in C# long ago.\n"),
        ("path.md", "It begins in src/parser/main.rs and goes on.\n"),
        ("url.md", "See https://docs.example.org/a/guide.html for more.\n"),
        ("mail.md", "Ask ann.smith@example.com about it.\n"),
    ]);
    for (question, best) in [
        ("read_to_string", "snake.md"),
        ("\"read_to_string\"", "snake.md"),
        ("ByteCounter", "camel.md"),
        ("bytecounter", "camel.md"),
        ("counter", "camel.md"),
        ("v1.2.3", "three.md"),
        ("v1.2.4", "four.md"),
        ("C++", "plus.md"),
        ("c#", "sharp.md"),
        ("src/parser/main.rs", "path.md"),
        ("main.rs", "path.md"),
        ("parser", "path.md"),
        ("docs.example.org", "url.md"),
        ("https://docs.example.org/a/guide.html", "url.md"),
        ("guide", "url.md"),
        ("ann.smith@example.com", "mail.md"),
        ("smith", "mail.md"),
    ] {
        asked.check_best(question, best);
    }
    asked.check("string", &["snake.md", "apart.md"]);
    asked.check("written -C++", &["sharp.md"]);
    asked.check("\"v1.2.3\"", &["three.md"]);
}

#[test]
fn tags_and_pictures_are_words() {
    let asked = Asked::words(&[
        ("tagged.md", "A loaf of rye. #bread/dark\n"),
        ("above.md", "---\ntags: [bread]\n---\nA loaf of wheat.\n"),
        ("said.md", "Bread, bread and again bread.\n"),
        ("done.md", "✅ Ordered flour\n"),
        ("thumb.md", "👍🏽 from all\n"),
    ]);
    asked.check_best("#bread/dark", "tagged.md");
    asked.check("#bread -said", &["tagged.md", "above.md"]);
    asked.check("\"#bread\"", &["tagged.md", "above.md"]);
    asked.check("✅", &["done.md"]);
    asked.check("👍", &["thumb.md"]);
    asked.check("🎂", &[]);
}

#[test]
fn words_in_every_language() {
    let asked = Asked::words(&[
        (
            "de.md",
            "Die alten Häuser stehen an der großen Straße. Ich habe die Bücher und die Äpfel dort gelassen, weil \
             es regnete.\n",
        ),
        (
            "ru.md",
            "Мы были в больших городах и видели старых друзей. Потом мы вернулись домой и пили чай с \
             мёдом.\n",
        ),
        ("zh.md", "我喜欢喝龙井茶，也喜欢在家里做面包。\n"),
        ("ja.md", "味噌汁の作り方を母に教わりました。\n"),
        ("th.md", "ขนมปังข้าวไรย์อร่อยมาก\n"),
        ("km.md", "នំប៉័ងនេះឆ្ងាញ់ណាស់\n"),
        ("fr.md", "La crème brûlée est servie à l'hôtel avec du café, et les garçons l'aiment beaucoup.\n"),
        ("en.md", "A naive cafe in the old town sells loaves and knives.\n"),
    ]);
    for (question, expected) in [
        ("Haus", &["de.md"][..]),
        ("hauser", &["de.md"]),
        ("strasse", &["de.md"]),
        ("Buch", &["de.md"]),
        ("Apfel", &["de.md"]),
        ("город", &["ru.md"]),
        ("городов", &["ru.md"]),
        ("мед", &["ru.md"]),
        ("друзьями", &["ru.md"]),
        ("龙井", &["zh.md"]),
        ("做面包", &["zh.md"]),
        ("茶", &["zh.md"]),
        ("味噌汁", &["ja.md"]),
        ("作り方", &["ja.md"]),
        ("ข้าวไรย์", &["th.md"]),
        ("ឆ្ងាញ់", &["km.md"]),
        ("creme brulee", &["fr.md"]),
        ("hotel", &["fr.md"]),
        ("garçon", &["fr.md"]),
        ("café", &["fr.md", "en.md"]),
        ("cafe", &["fr.md", "en.md"]),
        ("naïve", &["en.md"]),
        ("loaf", &["en.md"]),
    ] {
        asked.check(question, expected);
    }
}

#[test]
fn a_filter_does_not_act_after_the_first_k() {
    let mut notes: Vec<(String, String)> = (0..300)
        .map(|n| (format!("Noise/{n}.md"), format!("Sourdough starter {n}: feed the sourdough starter.\n")))
        .collect();
    for (name, holds) in [
        ("a", "The top shelf holds jars, a scale and some old starter.\n"),
        ("b", "Mother wants her starter back when she comes on Sunday.\n"),
        ("c", "To buy: salt, a cake ring, starter cables for the car.\n"),
    ] {
        notes.push((format!("Keep/{name}.md"), format!("---\ntags: [keep]\n---\n{holds}")));
    }
    let mut asked = Asked::with_vectors(&notes);
    for mode in ["hybrid", "lexical", "semantic"] {
        asked.mode = mode;
        let question = "feed the sourdough starter";
        let unfiltered = asked.paths(question, &["--limit", "100"]);
        assert!(unfiltered.iter().all(|path| path.starts_with("Noise/")), "{mode}: {unfiltered:?}");
        let keep = ["Keep/a.md", "Keep/b.md", "Keep/c.md"];
        asked.check(&format!("{question} tag:keep"), &keep);
        asked.check(&format!("{question} -path:Noise"), &keep);
        asked.check(&format!("{question} -sourdough"), &keep);
        asked.check_with(question, &["--tag", "keep"], &keep);
    }
}

#[test]
fn boilerplate_does_not_keep_another_note_off_the_first_page() {
    let template = "Weekly review: what went well this week, what did not, whom to thank, and what to change \
                    until the next weekly review.\n";
    let mut notes: Vec<(String, String)> =
        (0..150).map(|n| (format!("Reviews/{n}.md"), template.to_owned())).collect();
    let other = "How to do a review: sit down with tea on Friday, and read the diary backwards.\n";
    notes.push(("Method.md".into(), other.into()));
    let mut asked = Asked::with_vectors(&notes);
    for mode in ["hybrid", "lexical", "semantic"] {
        asked.mode = mode;
        let found = asked.paths("weekly review", &[]);
        assert!(found.iter().any(|path| path == "Method.md"), "{mode}: {found:?}");
    }
}

#[test]
fn what_explains_a_score_adds_up_to_it() {
    for question in [
        "why does my rye bread stick to the knife?",
        "\"rye bread\" -wheat",
        "sourdogh starter",
        "ferm* tag:bread",
        "味噌 miso",
    ] {
        for mode in ["hybrid", "lexical", "semantic"] {
            for fusion in ["adaptive", "minmax", "rrf"] {
                let options = ["--mode", mode, "--fusion", fusion, "--explain"];
                let hits = demonstration().hits(&[&options[..], &["--", question]].concat());
                assert!(!hits.is_empty(), "{question} {options:?}");
                hits.iter().for_each(|hit| check_explained(hit, question));
            }
        }
    }
}

#[track_caller]
fn check_explained(hit: &Value, question: &str) {
    let explain = &hit["explain"];
    let of = |value: &Value| value.as_f64().unwrap_or(0.0);
    let points = of(&explain["lexical"]["points"]) + of(&explain["semantic"]["points"]);
    let score = points + of(&explain["links"]);
    assert!((score - of(&hit["score"])).abs() < 1e-4, "{question}: {hit}");
    let words: f64 = explain["terms"].as_array().unwrap().iter().map(|term| of(&term["score"])).sum();
    assert!((words - of(&explain["lexical"]["score"])).abs() < 1e-4, "{question}: {hit}");
    assert!(number(&hit["rank"]) > 0);
}

/// The rows of the README's table of signs: what stands between backticks in the first column.
fn examples_of_the_readme() -> Vec<String> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Asking\n").expect("it tells how to ask");
    let section = section.split("\n## ").next().unwrap();
    let firsts = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    firsts
        .flat_map(|first| first.split("`").step_by(2).map(str::to_owned))
        .filter(|e| !e.is_empty())
        .collect()
}

#[test]
fn what_the_readme_says_of_asking_is_read_so() {
    let examples = examples_of_the_readme();
    assert!(examples.len() >= 9, "{examples:?}");
    for example in examples {
        let parsed = parse(&example);
        let is_plain = parsed.pieces.iter().all(|piece| matches!(piece, Piece::Words(_)));
        let says_more = !parsed.filter.is_empty() || parsed.order.is_some();
        assert!(says_more || !is_plain, "{example} is read as plain words");
    }
}
