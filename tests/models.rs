//! Which of the models in the program a collection gets, with the real binary, and that both answer one question; and the
//! models that are not in it, from folders.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Ibid, number, ran, vault, write};

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
    let called: Vec<[&Value; 3]> = listed["bundled"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| [&model["name"], &model["called"], &model["dimensions"]])
        .collect();
    assert_eq!(called[0], [&json!(ENGLISH), &json!("english"), &json!(384)]);
    assert_eq!(called[1], [&json!(MULTILINGUAL), &json!("multilingual"), &json!(384)]);
}

#[test]
fn other_models_are_listed_with_what_is_known_of_them() {
    let ibid = Ibid::new();
    let listed = ibid.run(&["models", "--json"]).ends_with(0).json();
    let others = listed["downloaded"].as_array().unwrap();
    for name in [
        "MongoDB/mdbr-leaf-ir",
        "BAAI/bge-small-en-v1.5",
        "intfloat/multilingual-e5-small",
        "intfloat/multilingual-e5-base",
        "Snowflake/snowflake-arctic-embed-xs",
        "onnx-community/embeddinggemma-300m-ONNX",
    ] {
        let model = others.iter().find(|model| model["name"] == name).unwrap();
        assert!(number(&model["million_parameters"]) > 20 && number(&model["dimensions"]) >= 384, "{model}");
        let ndcg = model["published_ndcg"]["value"].as_f64().unwrap();
        assert!((0.4..0.7).contains(&ndcg), "{model}");
        assert_eq!((&model["ran_here"], &model["fetched"]), (&json!(false), &json!(false)), "{model}");
    }
    let shown = ibid.run(&["models"]).ends_with(0).stdout;
    assert!(shown.contains("mdbr-leaf-ir") && shown.contains("BEIR .53"), "{shown}");
}

/// A folder of `data/shapes`.
fn shape(name: &str) -> String {
    format!("{}/data/shapes/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_check_says_what_was_understood_of_a_folder() {
    let ibid = Ibid::new();
    let check = |shape_of: &str, more: &[&str]| {
        let folder = shape(shape_of);
        let args = [&["models", "check", &folder, "--json"], more].concat();
        ibid.run(&args).ends_with(0).json()
    };
    let dense = check("bert-dense", &[]);
    assert_eq!(dense["pooling"], json!(["mean"]), "{dense}");
    assert_eq!(dense["steps"], json!([{ "dense": [32, 40] }, { "dense": [40, 24] }, "normalize"]), "{dense}");
    assert_eq!(dense["prefixes"], json!({ "query": "how: ", "document": "the " }), "{dense}");
    assert_eq!((number(&dense["dimensions"]), number(&dense["max_tokens"])), (24, 24), "{dense}");
    assert_eq!(dense["stated_by"]["max_tokens"], "sentence_bert_config.json", "{dense}");
    assert_eq!(check("modernbert", &[])["pooling"], json!(["cls"]));
    let e5 = check("e5-shape", &["--model", "tiny-e5-shape"]);
    assert_eq!(
        (&e5["stated_by"]["pooling"], &e5["stated_by"]["prefixes"]),
        (&json!("graph"), &json!("family"))
    );
    assert_eq!(e5["prefixes"]["document"], "passage: ", "{e5}");
    let shown = ibid.run(&["models", "check", &shape("modernbert")]).ends_with(0).stdout;
    assert!(shown.contains("no file states its prefixes"), "{shown}");
}

#[test]
fn a_check_names_what_is_missing_or_not_known() {
    let ibid = Ibid::new();
    let folder = copied(&shape("bert-dense"));
    let refused = |words: &[&str]| {
        let said = ibid.run(&["models", "check", folder.path().to_str().unwrap()]).ends_with(2).stderr;
        words.iter().for_each(|word| assert!(said.contains(word), "{word}: {said}"));
    };
    std::fs::rename(folder.path().join("2_Dense/model.safetensors"), folder.path().join("kept")).unwrap();
    refused(&["2_Dense", "model.safetensors"]);
    std::fs::rename(folder.path().join("kept"), folder.path().join("2_Dense/model.safetensors")).unwrap();
    let modules = std::fs::read_to_string(folder.path().join("modules.json")).unwrap();
    write(folder.path(), "modules.json", modules.replace("models.Transformer", "models.Router").as_bytes());
    refused(&["modules.json", "sentence_transformers.models.Router", "refused"]);
    std::fs::remove_file(folder.path().join("model.onnx")).unwrap();
    write(folder.path(), "modules.json", modules.as_bytes());
    refused(&["model.onnx"]);
}

fn copied(from: &str) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            if path.is_dir() {
                std::fs::create_dir(&to).unwrap();
                copy(&path, &to);
            } else {
                std::fs::write(to, std::fs::read(path).unwrap()).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(from), folder.path());
    folder
}

/// The bundled model in a folder as a person has it, or as the hub's cache has it.
fn minilm(folder: &Path) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/models");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(models.join("all-MiniLM-L6-v2-int8.onnx"), folder.join("model.onnx")).unwrap();
    std::fs::copy(models.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
}

#[test]
fn a_folder_with_a_model_embeds_notes_and_questions_without_any_library() {
    let (notes, model, ibid) =
        (vault(&[("Starter.md", STARTER), ("Steuer.md", STEUER)]), tempfile::tempdir().unwrap(), Ibid::new());
    minilm(model.path());
    let dir = model.path().to_str().unwrap();
    ibid.index(notes.path(), &["--name", "n", "--model", "mine", "--model-dir", dir]);
    assert_eq!(model_of(&ibid, "n"), "mine");
    let found = ibid.paths(&["when will my dough be big enough to bake", "--mode", "semantic"]);
    assert_eq!(found.first().map(String::as_str), Some("Starter.md"), "{found:?}");
}

#[test]
fn a_fetched_model_is_checked_listed_and_used_without_the_hub() {
    let (notes, ibid) = (vault(&[("Starter.md", STARTER)]), Ibid::new());
    let repository = ibid.data.path().join("models/models--Somebody--minilm");
    minilm(&repository.join("snapshots/abc"));
    write(&repository, "refs/main", b"abc");
    let of_list = || {
        let listed = ibid.run(&["models", "--json"]).ends_with(0).json();
        let others = listed["downloaded"].as_array().unwrap();
        others.iter().find(|model| model["name"] == "Somebody/minilm").cloned().unwrap()
    };
    assert_eq!((&of_list()["fetched"], &of_list()["ran_here"]), (&json!(true), &json!(false)));
    let got = ibid.run(&["models", "get", "Somebody/minilm", "--json"]).ends_with(0).json();
    assert_eq!((number(&got["fetched_bytes"]), number(&got["dimensions"])), (0, 384), "{got}");
    let [near, far] =
        ["one_meaning", "two_meanings"].map(|of| got[format!("cosine_of_{of}")].as_f64().unwrap());
    assert!(near > far + 0.2, "{got}");
    assert_eq!(of_list()["ran_here"], true);
    ibid.index(notes.path(), &["--name", "n", "--model", "Somebody/minilm"]);
    assert_eq!(of_list()["used_by"], json!(["n"]));
}

#[test]
fn a_model_that_cannot_be_had_is_an_error_with_a_way_on() {
    let ibid = Ibid::new();
    let mut get = ibid.command(&["models", "get", "mdbr-leaf-ir"]);
    // Nobody listens there.
    let said = ran(get.env("HF_ENDPOINT", "http://127.0.0.1:1").output().unwrap()).ends_with(2).stderr;
    assert!(said.contains("MongoDB/mdbr-leaf-ir") && said.contains("--model-dir"), "{said}");
    let said = ibid.run(&["models", "get", "mdbr-leaf"]).ends_with(2).stderr;
    assert!(said.contains("did you mean MongoDB/mdbr-leaf-ir"), "{said}");
    let said = ibid.run(&["models", "get", "english"]).ends_with(0).stdout;
    assert!(said.contains("nothing to fetch"), "{said}");
}

#[test]
fn an_index_that_one_engine_made_is_asked_and_gone_on_with_by_the_other() {
    let Some(library) = std::env::var_os("IBID_TEST_ORT") else {
        println!("skipped: IBID_TEST_ORT names no ONNX Runtime library (tests/fetch_onnxruntime.sh)");
        return;
    };
    let (notes, model) =
        (vault(&[("Starter.md", STARTER), ("Steuer.md", STEUER)]), tempfile::tempdir().unwrap());
    minilm(model.path());
    let (folder, dir) = (notes.path().to_str().unwrap(), model.path().to_str().unwrap());
    for made_by_library in [true, false] {
        let ibid = Ibid::new();
        let run = |with_library: bool, args: &[&str]| {
            let mut command = ibid.command(args);
            if with_library {
                command.env("ORT_DYLIB_PATH", &library);
            }
            ran(command.output().unwrap()).ends_with(0).json()
        };
        let index =
            ["index", folder, "--name", "n", "--model", "mine", "--model-dir", dir, "--json", "--quiet"];
        let report = run(made_by_library, &index);
        assert!(number(&report["embedded"]) > 0, "{report}");
        let status = run(made_by_library, &["status", "--json"]);
        let engine = status["collections"][0]["model"]["engine"].as_str().unwrap().to_owned();
        assert_eq!(engine.starts_with("onnxruntime"), made_by_library, "{engine}");
        let question = ["search", "when will my dough be big enough to bake", "--mode", "semantic", "--json"];
        let answer = run(!made_by_library, &question);
        assert_eq!(answer["hits"][0]["path"], "Starter.md", "{answer}");
        let report = run(!made_by_library, &index);
        assert_eq!(number(&report["embedded"]), 0, "{report}");
    }
}
