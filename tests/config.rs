//! The settings file: what it names is indexed as it says, and what is wrong with it is told before anything is done.

use std::fs;

use serde_json::json;

use crate::harness::{Ibid, vault};

#[test]
fn collections_of_the_settings_are_indexed_and_shown() {
    let (bread, koji) = (vault(&[("a.md", "rye"), ("old/b.md", "spelt")]), vault(&[("c.md", "rice")]));
    let ibid = Ibid::new();
    let path = |vault: &tempfile::TempDir| format!("{:?}", vault.path().to_str().unwrap());
    let settings = format!(
        "[background]\ncpu = 20\n[collections.bread]\npath = {}\nexclude = [\"old/**\"]\nmodel = \"none\"\n[collections.koji]\npath = {}\nmodel = \"none\"\n",
        path(&bread),
        path(&koji),
    );
    fs::write(ibid.config(), settings).unwrap();
    let before = ibid.run(&["config", "--json"]).ends_with(0).json();
    assert_eq!(before["collections"][0]["indexed"], false);
    ibid.run(&["index", "--quiet"]).ends_with(0);
    assert_eq!(ibid.paths(&["rye"]), ["a.md"]);
    assert_eq!(ibid.paths(&["spelt"]), [""; 0]);
    assert_eq!(ibid.paths(&["rice"]), ["c.md"]);
    let shown = ibid.run(&["config", "--json"]).ends_with(0).json();
    assert_eq!(shown["background"]["cpu"], json!({"value": 20, "from": "file"}));
    assert_eq!(shown["background"]["on_battery"], json!({"value": false, "from": "default"}));
    let bread = &shown["collections"][0];
    assert_eq!((&bread["name"], &bread["indexed"]), (&json!("bread"), &json!(true)));
    assert_eq!(bread["exclude"], json!({"value": ["old/**"], "from": "file"}));
    assert_eq!(bread["language"], json!({"value": "auto", "from": "last run"}));
    let told = ibid.run(&["config"]).ends_with(0).stdout;
    assert!(told.contains("old/**") && told.contains("20"), "{told}");
}

#[test]
fn settings_that_are_wrong_stop_every_command_and_name_the_line() {
    let ibid = Ibid::new();
    fs::write(ibid.config(), "[background]\nspeed = 3\n").unwrap();
    for command in [&["status"][..], &["config"], &["search", "rye"]] {
        let ran = ibid.run(command).ends_with(2);
        assert!(ran.stderr.contains("speed") && ran.stderr.contains("line 2"), "{}", ran.stderr);
        assert!(!ran.stderr.contains('␊'), "{}", ran.stderr);
        assert!(ran.stderr.contains("ibid config --example"), "{}", ran.stderr);
    }
    ibid.run(&["status", "--config", "no-such.toml"]).ends_with(2);
}

#[test]
fn a_folder_of_the_settings_that_is_gone_is_put_right_in_the_settings() {
    let ibid = Ibid::new();
    fs::write(ibid.config(), "[collections.bread]\npath = \"/no/such/folder\"\n").unwrap();
    let ran = ibid.run(&["index"]).ends_with(2);
    let settings = ibid.config();
    assert!(ran.stderr.contains("/no/such/folder"), "{}", ran.stderr);
    // What else is set is shown all the same.
    let shown = ibid.run(&["config", "--json"]).ends_with(2).json();
    assert_eq!(shown["background"]["cpu"], json!({"value": 50, "from": "default"}));
    let bread = &shown["collections"][0];
    assert_eq!(bread["path"], json!({"value": "/no/such/folder", "from": "file"}));
    assert!(bread["error"]["message"].as_str().unwrap().contains("/no/such/folder"), "{bread}");
    let shown = ibid.run(&["config"]).ends_with(2);
    assert!(shown.stdout.contains("bread") && shown.stdout.contains("on_battery"), "{}", shown.stdout);
    assert!(shown.stderr.contains("error: ") && shown.stderr.contains("/no/such/folder"), "{}", shown.stderr);
    assert!(ran.stderr.contains(settings.to_str().unwrap()), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("[collections.bread]") && !ran.stderr.contains("ibid remove"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_example_can_be_taken_as_it_is() {
    let ibid = Ibid::new();
    let example = ibid.run(&["config", "--example"]);
    fs::write(ibid.config(), example.ends_with(0).stdout).unwrap();
    ibid.run(&["config"]).ends_with(0);
}
