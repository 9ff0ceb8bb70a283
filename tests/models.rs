//! Which of the models in the program a collection gets, with the real binary, and that both answer one question.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Ibid, number, vault, write};

const ENGLISH: &str = "all-MiniLM-L6-v2";
const MULTILINGUAL: &str = "multilingual-e5-small";

const STARTER: &str = "# Starter\n\nThe starter has to double at room temperature before it goes into the oven, and it \
     needs flour and water every day. In winter it takes a night, in summer four hours, and it smells of apples when \
     it is ready to bake with.\n";
const SAUERTEIG: &str = "# Sauerteig\n\nDer Sauerteig muss sich bei Zimmertemperatur verdoppeln, bevor er in den Ofen \
     kommt, und er braucht jeden Tag Mehl und Wasser. Im Winter dauert das eine Nacht, im Sommer vier Stunden, und er \
     riecht nach Äpfeln, wenn man mit ihm backen kann.\n";
const STEUER: &str = "# Steuer\n\nDie Steuererklärung ist bis Ende Juli beim Finanzamt abzugeben. Wer sie zu spät \
     einreicht, zahlt einen Zuschlag für jeden Monat; eine Verlängerung bekommt man auf Antrag, wenn man sie gut \
     begründet.\n";
const LAOMIAN: &str = "# 老面\n\n老面要在室温下发到两倍大才能进烤箱，每天都要加面粉和水。冬天要一整夜，夏天四个小时，闻起来有苹果的味道\
     就可以用来烤面包了。放在冰箱里的老面要先回温，再喂一次面粉和水，等它重新冒泡才可以用。太酸的老面要多喂几次，每次都要把\
     旧的倒掉一大半，这样味道才会变得温和，面包也会发得更好。发得太久的面团会塌下去，表面变得湿黏，烤出来又扁又酸，\
     所以要看面团的样子，不要只看时间。记得在玻璃瓶上贴一张标签，写上喂面的日期和时间，下次就知道它有多强壮了。\n";

/// The notes become a collection that nobody names a model for; they choose `model`.
fn check_chosen(notes: &[(&str, &str)], model: &str) {
    let (folder, ibid) = (vault(notes), Ibid::new());
    let report = ibid.index(folder.path(), &["--name", "n"]);
    assert_eq!(report["model_chosen"]["name"], model, "{report}");
    assert_eq!(model_of(&ibid, "n"), model);
}

fn model_of(ibid: &Ibid, name: &str) -> Value {
    let status = ibid.run(&["status", "--json"]).ends_with(0).json();
    let collections = status["collections"].as_array().unwrap();
    collections.iter().find(|collection| collection["name"] == name).unwrap()["model"]["name"].clone()
}

#[test]
fn notes_choose_the_model_that_knows_their_language() {
    check_chosen(&[("Starter.md", STARTER)], ENGLISH);
    check_chosen(&[("Sauerteig.md", SAUERTEIG)], MULTILINGUAL);
    check_chosen(&[("Starter.md", STARTER), ("老面.md", LAOMIAN)], MULTILINGUAL);
    // Too short to tell anything.
    check_chosen(&[("a.md", "Ja."), ("b.md", "# TODO\n\n- 12 x 4\n")], ENGLISH);
}

#[test]
fn an_index_keeps_its_model_until_another_is_named() {
    let (folder, ibid) = (vault(&[("Starter.md", STARTER)]), Ibid::new());
    let index = |more: &[&str]| ibid.index(folder.path(), &[&["--name", "n"], more].concat());
    index(&[]);
    write(folder.path(), "Sauerteig.md", SAUERTEIG.as_bytes());
    write(folder.path(), "Steuer.md", STEUER.as_bytes());
    let report = index(&[]);
    assert_eq!((number(&report["added"]), &report["model_chosen"]), (2, &Value::Null), "{report}");
    assert_eq!(model_of(&ibid, "n"), ENGLISH);
    // A question in another language is told what to do about it.
    let asked = ["search", "Was kommt in den Ofen und wann?", "--json"];
    let told = ibid.run(&asked).ends_with(0).json()["notes"].to_string();
    assert!(told.contains("--model multilingual"), "{told}");
    let report = index(&["--model", "auto"]);
    assert_eq!(report["model_chosen"]["name"], MULTILINGUAL, "{report}");
    assert_eq!((model_of(&ibid, "n"), number(&report["embedded"])), (json!(MULTILINGUAL), 3));
    assert_eq!(ibid.run(&asked).ends_with(0).json()["notes"], json!([]));
    index(&["--model", "English"]);
    assert_eq!(model_of(&ibid, "n"), ENGLISH);
}

#[test]
fn a_note_is_found_by_meaning_in_another_language_than_the_question() {
    let notes = [("老面.md", LAOMIAN), ("Steuer.md", STEUER)];
    let (folder, ibid) = (vault(&notes), Ibid::new());
    ibid.index(folder.path(), &["--name", "n"]);
    for (question, first) in [
        ("how do I know that my dough is ready to be baked", "老面.md"),
        ("deadline for handing in my taxes", "Steuer.md"),
        ("どのくらい生地を発酵させますか", "老面.md"),
    ] {
        let found = ibid.paths(&[question]);
        assert_eq!(found.first().map(String::as_str), Some(first), "{question}: {found:?}");
    }
}

#[test]
fn a_question_in_another_script_is_not_told_that_nothing_is_near() {
    let notes: [(&str, &str); 5] = [
        ("老面.md", LAOMIAN),
        ("泡菜.md", "白菜洗净晾干，撒盐腌一夜，再加辣椒和蒜，放进坛子里密封。\n"),
        ("豆腐.md", "黄豆泡一夜，磨成豆浆，煮开后点卤，压成豆腐。\n"),
        ("茶.md", "绿茶用八十度的水泡，第一泡两分钟。\n"),
        ("酱油.md", "黄豆和小麦发霉以后加盐水，晒足一百八十天。\n"),
    ];
    let (folder, ibid) = (vault(&notes), Ibid::new());
    ibid.index(folder.path(), &["--name", "n", "--model", "multilingual"]);
    let answer =
        ibid.run(&["search", "--json", "how hot should the water for green tea be"]).ends_with(0).json();
    assert_eq!(
        (&answer["match"], &answer["hits"][0]["path"]),
        (&"meaning".into(), &"茶.md".into()),
        "{answer}"
    );
}

#[test]
fn collections_of_both_models_answer_one_question() {
    let (english, german) = (vault(&[("Starter.md", STARTER)]), vault(&[("Sauerteig.md", SAUERTEIG)]));
    let ibid = Ibid::new();
    let index = |folder: &Path, name: &str| ibid.index(folder, &["--name", name]);
    index(english.path(), "english");
    index(german.path(), "german");
    assert_eq!(
        (model_of(&ibid, "english"), model_of(&ibid, "german")),
        (json!(ENGLISH), json!(MULTILINGUAL))
    );
    for mode in ["hybrid", "semantic"] {
        let found = ibid.paths(&["how long does a sourdough starter rise", "--mode", mode]);
        assert_eq!(found.len(), 2, "{mode}: {found:?}");
    }
}

#[test]
fn the_models_in_the_program_are_listed_with_the_words_for_them() {
    let listed = Ibid::new().run(&["models", "--json"]).ends_with(0).json();
    let called = json!([
        { "name": ENGLISH, "called": "english", "dimensions": 384 },
        { "name": MULTILINGUAL, "called": "multilingual", "dimensions": 384 },
    ]);
    assert_eq!(listed["bundled"], called);
}
