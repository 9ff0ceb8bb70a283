//! What is read of a folder's files, and what is refused: folders written here, without a network.

use std::fs;

use super::*;

const POOLING: &str = r#"{"pooling_mode_mean_tokens": true}"#;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn recipe(name: &str, files: &[(&str, &str)]) -> Recipe {
    read(folder(files).path(), name).unwrap().recipe
}

/// What a folder is refused for.
fn refusal(files: &[(&str, &str)]) -> UnknownPart {
    match read(folder(files).path(), "m").map(|modules| modules.recipe) {
        Err(EmbedError::NotUnderstood { part, .. }) => part,
        other => panic!("{other:?}"),
    }
}

/// `modules.json` of these modules, each in a folder of its place and name.
fn modules(kinds: &[&str]) -> String {
    let module = |(place, kind): (usize, &&str)| {
        let name = kind.rsplit('.').next().unwrap();
        let path = if place == 0 { String::new() } else { format!("{place}_{name}") };
        serde_json::json!({ "idx": place, "path": path, "type": kind })
    };
    serde_json::Value::from_iter(kinds.iter().enumerate().map(module)).to_string()
}

const TRANSFORMER: &str = "sentence_transformers.models.Transformer";
const POOL: &str = "sentence_transformers.models.Pooling";
const NORMALIZE: &str = "sentence_transformers.models.Normalize";

#[test]
fn a_folder_that_states_nothing_has_what_is_usual_or_its_familys() {
    let plain = recipe("unheard-of", &[]);
    assert_eq!((plain.pooling, plain.pooling_origin), (vec![Pooling::Mean], Origin::Usual));
    assert_eq!((plain.max_tokens, plain.max_tokens_origin), (USUAL_TOKENS, Origin::Usual));
    assert_eq!((plain.prefixes, plain.prefixes_origin), (Prefixes::default(), Origin::Usual));
    let bge = recipe("my-bge-small-en", &[]);
    assert_eq!((bge.pooling, bge.pooling_origin), (vec![Pooling::FirstToken], Origin::Family));
    assert!(bge.prefixes.query.starts_with("Represent") && bge.prefixes_origin == Origin::Family);
}

#[test]
fn what_a_file_states_counts_before_the_familys_habit() {
    let prompts = r#"{"prompts": {"query": "find: ", "passage": "text: "}}"#;
    let files = [(PROMPTS, prompts), ("1_Pooling/config.json", POOLING)];
    let bge = recipe("my-bge-small-en", &files);
    assert_eq!(
        (bge.pooling, bge.pooling_origin),
        (vec![Pooling::Mean], Origin::File("1_Pooling/config.json"))
    );
    let wanted = Prefixes { query: "find: ".to_owned(), document: "text: ".to_owned() };
    assert_eq!((bge.prefixes, bge.prefixes_origin), (wanted, Origin::File(PROMPTS)));
}

#[test]
fn two_empty_prompts_are_what_a_newer_version_writes_and_no_statement() {
    let empty = [(PROMPTS, r#"{"prompts": {"query": "", "document": ""}, "default_prompt_name": null}"#)];
    assert_eq!(recipe("tuned-e5-small", &empty).prefixes.document, "passage: ");
    assert_eq!(recipe("unheard-of", &empty).prefixes_origin, Origin::File(PROMPTS));
}

#[test]
fn a_prompt_by_default_stands_in_for_those_that_are_not_named() {
    let file = r#"{"prompts": {"all": "x: ", "query": "q: "}, "default_prompt_name": "all"}"#;
    let wanted = Prefixes { query: "q: ".to_owned(), document: "x: ".to_owned() };
    assert_eq!(recipe("m", &[(PROMPTS, file)]).prefixes, wanted);
}

#[test]
fn the_ways_to_pool_are_read_in_both_forms() {
    for (config, wanted) in [
        (r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, vec![Pooling::FirstToken]),
        (r#"{"pooling_mode_lasttoken": true}"#, vec![Pooling::LastToken]),
        (
            r#"{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}"#,
            vec![Pooling::Max, Pooling::Mean],
        ),
        (r#"{"pooling_mode": "weightedmean"}"#, vec![Pooling::WeightedMean]),
        (r#"{"pooling_mode": "cls+mean_sqrt_len_tokens"}"#, vec![Pooling::FirstToken, Pooling::MeanOfRoot]),
    ] {
        assert_eq!(recipe("m", &[("1_Pooling/config.json", config)]).pooling, wanted, "{config}");
    }
}

#[test]
fn a_pooling_that_is_not_known_is_refused() {
    for (config, mode) in [
        (r#"{"pooling_mode_mean_tokens": true, "pooling_mode_attention": true}"#, "pooling_mode_attention"),
        (r#"{"pooling_mode": "splade"}"#, "splade"),
        (r#"{"pooling_mode_mean_tokens": false}"#, "none"),
    ] {
        assert_eq!(refusal(&[("1_Pooling/config.json", config)]), UnknownPart::Pooling(mode.to_owned()));
    }
}

#[test]
fn prompts_that_the_pooling_leaves_out_are_refused() {
    let without = r#"{"pooling_mode_mean_tokens": true, "include_prompt": false}"#;
    let prompts = (PROMPTS, r#"{"prompts": {"query": "q: "}}"#);
    let part = refusal(&[("1_Pooling/config.json", without), prompts]);
    assert_eq!(part, UnknownPart::Pooling("include_prompt = false".to_owned()));
    assert_eq!(recipe("m", &[("1_Pooling/config.json", without)]).pooling, [Pooling::Mean]);
}

#[test]
fn modules_are_followed_in_their_order() {
    let list = modules(&[TRANSFORMER, POOL, NORMALIZE]);
    let read = recipe("m", &[(MODULES, &list), ("1_Pooling/config.json", POOLING)]);
    assert_eq!((read.pooling, read.steps), (vec![Pooling::Mean], vec![Step::Normalize]));
}

#[test]
fn a_module_that_is_not_known_or_out_of_place_is_refused() {
    let router = "sentence_transformers.models.Router";
    for kinds in [
        &[router, POOL][..],
        &[TRANSFORMER, POOL, "sentence_transformers.models.LayerNorm"],
        &[TRANSFORMER, POOL, "custom_st.Dense"],
        &[TRANSFORMER, POOL, TRANSFORMER],
        &[TRANSFORMER, NORMALIZE],
        &[POOL],
    ] {
        let list = modules(kinds);
        let part = refusal(&[(MODULES, &list), ("1_Pooling/config.json", POOLING)]);
        assert!(matches!(part, UnknownPart::Module(_)), "{kinds:?}: {part}");
    }
    assert_eq!(refusal(&[(MODULES, &modules(&[TRANSFORMER]))]), UnknownPart::Pooling("none".to_owned()));
}

#[test]
fn a_module_without_its_files_is_missing_them() {
    let list = modules(&[TRANSFORMER, POOL, "sentence_transformers.models.Dense"]);
    for (files, wanted) in [
        (&[(MODULES, list.as_str())][..], "config.json"),
        (&[(MODULES, &list), ("1_Pooling/config.json", POOLING)], "config.json"),
        (
            &[(MODULES, &list), ("1_Pooling/config.json", POOLING), ("2_Dense/config.json", "{}")],
            "model.safetensors",
        ),
    ] {
        match read(folder(files).path(), "m").map(|modules| modules.recipe) {
            Err(EmbedError::MissingModelFile { wanted: missing, .. }) => assert_eq!(missing, wanted),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_activation_that_is_not_known_is_refused() {
    let list = modules(&[TRANSFORMER, POOL, "sentence_transformers.models.Dense"]);
    let dense = r#"{"activation_function": "torch.nn.modules.activation.SiLU"}"#;
    let part =
        refusal(&[(MODULES, &list), ("1_Pooling/config.json", POOLING), ("2_Dense/config.json", dense)]);
    assert_eq!(part, UnknownPart::Activation("torch.nn.modules.activation.SiLU".to_owned()));
}

#[test]
fn a_measure_that_is_no_angle_is_refused() {
    let dot = (PROMPTS, r#"{"similarity_fn_name": "dot"}"#);
    assert_eq!(refusal(&[dot]), UnknownPart::Similarity("dot".to_owned()));
    let list = modules(&[TRANSFORMER, POOL, NORMALIZE]);
    // At unit length it is the angle.
    let files = [dot, (MODULES, &list), ("1_Pooling/config.json", POOLING)];
    assert_eq!(recipe("m", &files).steps, [Step::Normalize]);
}

#[test]
fn the_length_is_the_least_that_is_stated() {
    let check = |files: &[(&str, &str)], wanted: (usize, Option<&'static str>)| {
        let read = recipe("m", files);
        let origin = wanted.1.map_or(Origin::Usual, Origin::File);
        assert_eq!((read.max_tokens, read.max_tokens_origin), (wanted.0, origin), "{files:?}");
    };
    let trained = (LENGTH, r#"{"max_seq_length": 256}"#);
    let cut = (TOKENIZER, r#"{"model_max_length": 128}"#);
    check(&[trained, cut], (256, Some(LENGTH)));
    check(&[cut], (128, Some(TOKENIZER)));
    check(&[(TOKENIZER, r#"{"model_max_length": 1e30}"#)], (USUAL_TOKENS, None));
    let bert = (CONFIG, r#"{"model_type": "bert", "max_position_embeddings": 200}"#);
    check(&[trained, bert], (200, Some(CONFIG)));
    let long = (CONFIG, r#"{"model_type": "modernbert", "max_position_embeddings": 8192}"#);
    check(&[long], (MOST_TOKENS, Some(CONFIG)));
    let late = r#"{"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}"#;
    check(&[(CONFIG, late)], (512, Some(CONFIG)));
    assert_eq!(recipe("m", &[(CONFIG, late)]).first_position, 2);
}
