//! An engine that answers as it should, and one that does not in every way we know of.

use super::*;

#[path = "../../../../tests/engine.rs"]
mod engine;

use engine::{Engine, Reply, Sent};

const DIMENSIONS: usize = 3;

fn options(url: &str) -> RemoteOptions {
    RemoteOptions {
        url: url.to_owned(),
        model: "m".to_owned(),
        dimensions: DIMENSIONS,
        key: None,
        allow_remote: false,
        timeout: Duration::from_secs(60),
        query_prefix: None,
        document_prefix: None,
    }
}

/// A vector of its own for each text.
fn vector(text: &str) -> Vec<f32> {
    let sum: u32 = text.bytes().map(u32::from).sum();
    vec![text.len() as f32, (sum % 97) as f32, 1.0]
}

fn good(sent: &Sent, _: usize) -> Reply {
    Reply::vectors(&sent.texts.iter().map(|text| vector(text)).collect::<Vec<_>>())
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / norm).collect()
}

#[test]
fn texts_are_sent_in_one_request_and_their_vectors_come_in_their_order() {
    let engine = Engine::start(|sent, _| {
        let mut vectors: Vec<_> = sent.texts.iter().map(|text| vector(text)).enumerate().collect();
        vectors.reverse();
        let data: Vec<String> = vectors
            .iter()
            .map(|(index, vector)| format!("{{\"index\":{index},\"embedding\":{vector:?}}}"))
            .collect();
        Reply::Status(200, "", format!("{{\"data\":[{}]}}", data.join(",")))
    });
    let options = RemoteOptions {
        key: Some("secret".to_owned()),
        document_prefix: Some("d: ".to_owned()),
        query_prefix: Some("q: ".to_owned()),
        ..options(&engine.url)
    };
    let embedder = RemoteEmbedder::load(&options, None).unwrap();
    let mut worker = embedder.worker().unwrap();
    let texts = ["rye", "wheat flour", "oats"];
    let vectors = worker.embed_documents(&texts).unwrap();
    let wanted: Vec<_> = texts.iter().map(|text| unit(&vector(&format!("d: {text}")))).collect();
    assert_eq!(vectors, wanted);
    assert_eq!(worker.embed_query("rye").unwrap(), unit(&vector("q: rye")));
    assert_eq!(worker.embed_document("rye").unwrap(), wanted[0]);
    let sent = engine.sent.lock().unwrap().clone();
    let counts: Vec<usize> = sent.iter().map(|sent| sent.texts.len()).collect();
    assert_eq!(counts, [probes::SENTENCES.len(), 3, 1, 1]);
    for Sent { line, headers, model, .. } in sent {
        assert_eq!((line.as_str(), model.as_str()), ("POST /v1/embeddings", "m"));
        let has = |header: &str| headers.iter().any(|found| found == header);
        assert!(has("authorization: bearer secret") && has("content-type: application/json"), "{headers:?}");
    }
    assert!(!format!("{options:?}").contains("secret"));
}

#[test]
fn what_models_of_a_name_want_before_their_texts_is_put_there() {
    let engine = Engine::start(good);
    let options = RemoteOptions { model: "nomic-embed-text".to_owned(), ..options(&engine.url) };
    let mut worker = RemoteEmbedder::load(&options, None).unwrap().worker().unwrap();
    worker.embed_document("rye").unwrap();
    worker.embed_query("rye").unwrap();
    let texts = engine.texts();
    assert_eq!(texts[texts.len() - 2..], ["search_document: rye", "search_query: rye"]);
    assert!(texts[0].starts_with("search_document: "), "{texts:?}");
}

/// A good answer to the sentences; then `bad` as the first answer to a document, and good ones again.
#[track_caller]
fn after(bad: Reply, is: fn(&EmbedError) -> bool, requests: usize) {
    let engine =
        Engine::start(move |sent, before| if before == 1 { bad.clone() } else { good(sent, before) });
    let mut worker = RemoteEmbedder::load(&options(&engine.url), None).unwrap().worker().unwrap();
    let error = worker.embed_documents(&["rye", "oats"]).unwrap_err();
    assert!(is(&error), "{error:?}");
    assert_eq!(engine.requests(), requests + 1);
    // It is the answer that was bad, and not the worker.
    assert_eq!(worker.embed_document("rye").unwrap(), unit(&vector("rye")));
}

#[test]
fn an_answer_that_is_not_what_was_asked_for_is_an_error_and_no_vector() {
    let json = |vectors: &str| Reply::Status(200, "", format!("{{\"data\":[{vectors}]}}"));
    after(
        Reply::vectors(&[vec![1.0; 3], vec![1.0; 4]]),
        |e| matches!(e, EmbedError::WrongLength { found: 4, wanted: 3, .. }),
        1,
    );
    after(Reply::vectors(&[vec![1.0; 3], vec![0.0; 3]]), |e| matches!(e, EmbedError::NotFinite { .. }), 1);
    after(
        json("{\"index\":0,\"embedding\":[NaN,0,0]},{\"index\":1,\"embedding\":[1,0,0]}"),
        |e| matches!(e, EmbedError::Remote(RemoteError::Malformed { .. })),
        1,
    );
    after(
        json("{\"index\":0,\"embedding\":[1e39,0,0]},{\"index\":1,\"embedding\":[1,0,0]}"),
        |e| matches!(e, EmbedError::Remote(RemoteError::Malformed { .. }) | EmbedError::NotFinite { .. }),
        1,
    );
    after(
        json("{\"index\":0,\"embedding\":[1,0,0]}"),
        |e| matches!(e, EmbedError::Remote(RemoteError::Count { found: 1, wanted: 2, .. })),
        1,
    );
    after(
        json("{\"index\":1,\"embedding\":[1,0,0]},{\"index\":1,\"embedding\":[1,0,0]}"),
        |e| matches!(e, EmbedError::Remote(RemoteError::Index { index: 1, .. })),
        1,
    );
    after(
        Reply::Cut(30, "{\"data\":[{\"index\":0,\"embedding\":[1,0,0]}]}".to_owned()),
        |e| matches!(e, EmbedError::Remote(RemoteError::Cut { .. })),
        1,
    );
    after(
        Reply::Status(200, "", "[".repeat(1_000_000)),
        |e| matches!(e, EmbedError::Remote(RemoteError::TooLong { .. })),
        1,
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Engine::start(good);
    let target: &'static str =
        Box::leak(format!("Location: {}/embeddings\r\n", elsewhere.url).into_boxed_str());
    for status in [301, 302, 307, 308] {
        after(
            Reply::Status(status, target, String::new()),
            |e| matches!(e, EmbedError::Remote(RemoteError::Redirect { .. })),
            1,
        );
    }
    assert_eq!(elsewhere.requests(), 0);
}

#[test]
fn what_passes_is_asked_again_and_what_does_not_is_told() {
    let failing = |status: u16, headers: &'static str| Reply::Status(status, headers, "{}".to_owned());
    for (bad, is_asked_again) in [
        (failing(500, ""), true),
        (failing(503, "Retry-After: 0\r\n"), true),
        (failing(429, "Retry-After: soon\r\n"), true),
        (failing(429, "Retry-After: 3600\r\n"), false),
        (failing(400, ""), false),
        (failing(401, ""), false),
        (failing(404, ""), false),
    ] {
        let shown = format!("{bad:?}");
        let engine =
            Engine::start(move |sent, before| if before == 1 { bad.clone() } else { good(sent, before) });
        let mut worker = RemoteEmbedder::load(&options(&engine.url), None).unwrap().worker().unwrap();
        let vectors = worker.embed_documents(&["rye"]);
        assert_eq!(vectors.is_ok(), is_asked_again, "{shown}");
        assert_eq!(engine.requests(), if is_asked_again { 3 } else { 2 }, "{shown}");
    }
}

#[test]
fn what_an_engine_says_of_its_error_is_told_in_short() {
    let long = "x".repeat(5_000);
    for (body, said) in [
        (
            r#"{"error":{"message":"model \"m\" not found, try pulling it first","type":"api_error"}}"#,
            ": model \"m\" not found, try pulling it first",
        ),
        (r#"{"error":"no such\nmodel"}"#, ": no such model"),
        (r#"{"message":"bad key"}"#, ": bad key"),
        ("plain words", ": plain words"),
        ("", ""),
        (long.as_str(), &format!(": {}", &long[..200])),
    ] {
        let answer = body.to_owned();
        let engine = Engine::start(move |_, _| Reply::Status(404, "", answer.clone()));
        let error = RemoteEmbedder::load(&options(&engine.url), None).err().unwrap().to_string();
        assert_eq!(error, format!("the engine at {}/embeddings says 404{said}", engine.url));
    }
}

#[test]
fn an_engine_that_is_away_is_told_as_such() {
    let engine = Engine::start(good);
    engine.leave();
    let error = RemoteEmbedder::load(&options(&engine.url), None).err().unwrap();
    assert!(matches!(error, EmbedError::Remote(RemoteError::Away { .. })), "{error:?}");
}

#[test]
fn an_engine_that_says_nothing_is_not_waited_for_without_end() {
    let engine = Engine::start(|_, _| Reply::Silence);
    let options = RemoteOptions { timeout: Duration::from_secs(1), ..options(&engine.url) };
    let error = RemoteEmbedder::load(&options, None).err().unwrap();
    assert!(matches!(error, EmbedError::Remote(RemoteError::Silent { seconds: 1, .. })), "{error:?}");
    assert_eq!(engine.requests(), 1, "it is not asked again");
}

#[test]
fn a_busy_engine_is_waited_for_when_it_is_opened_too() {
    let engine = Engine::start(|sent, before| match before {
        0 => Reply::Status(503, "", "loading".to_owned()),
        _ => good(sent, before),
    });
    RemoteEmbedder::load(&options(&engine.url), None).unwrap();
    assert_eq!(engine.requests(), 2);
}

#[test]
fn nothing_beyond_this_machine_is_connected_to_unless_it_is_allowed() {
    for url in
        ["http://192.0.2.1:9/v1", "http://10.1.2.3/v1", "https://[2001:db8::1]/v1", "http://0.0.0.0:9/v1"]
    {
        let error = RemoteEmbedder::load(&options(url), None).err().unwrap();
        assert!(matches!(error, EmbedError::Remote(RemoteError::Beyond { .. })), "{url}: {error:?}");
    }
    // A name is judged by what it leads to.
    let engine = Engine::start(good);
    let named = engine.url.replace("127.0.0.1", "localhost");
    RemoteEmbedder::load(&options(&named), None).unwrap();
}

#[test]
fn an_engine_that_may_be_beyond_this_machine_counts_as_beyond() {
    let engine = Engine::start(good);
    let load = |allow_remote| {
        let options = RemoteOptions { allow_remote, ..options(&engine.url) };
        RemoteEmbedder::load(&options, None).unwrap().identity().clone()
    };
    assert!(load(true).leaves_machine() && !load(false).leaves_machine());
    assert_eq!(load(true).checksum, load(false).checksum, "the vectors are the same");
}

#[test]
fn an_address_is_http_and_holds_nothing_secret() {
    for (url, shown) in [
        ("ftp://127.0.0.1/v1", "ftp://127.0.0.1/v1"),
        ("127.0.0.1:11434", "127.0.0.1:11434"),
        ("http://", "http://"),
        ("http://ada:pw@127.0.0.1/v1", "http://…@127.0.0.1/v1"),
        ("http://127.0.0.1/v1?key=pw", "http://127.0.0.1/v1"),
        ("http://127.0.0.1/v1#pw", "http://127.0.0.1/v1"),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ] {
        let error = RemoteEmbedder::load(&options(url), None).err().unwrap();
        assert!(
            matches!(&error, EmbedError::Remote(RemoteError::Address { url }) if url == shown),
            "{error:?}"
        );
    }
    for url in ["http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1/", "http://127.0.0.1:9/v1//"] {
        assert_eq!(endpoint(url).unwrap().as_str(), "http://127.0.0.1:9/v1/embeddings", "{url}");
    }
    assert_eq!(endpoint("http://127.0.0.1:9").unwrap().path(), "/embeddings");
}

/// Vectors turned by a small angle, or by a large one.
fn turned(by: f32) -> impl Fn(&Sent, usize) -> Reply + Send + Sync + 'static {
    move |sent, _| {
        let vectors = sent.texts.iter().map(|text| {
            let vector = unit(&vector(text));
            vec![
                vector[0] * by.cos() - vector[1] * by.sin(),
                vector[0] * by.sin() + vector[1] * by.cos(),
                vector[2],
            ]
        });
        Reply::vectors(&vectors.collect::<Vec<_>>())
    }
}

#[test]
fn a_model_is_known_again_by_its_vectors() {
    let first = Engine::start(turned(0.0));
    let recorded = RemoteEmbedder::load(&options(&first.url), None).unwrap().identity().clone();
    for (by, is_same) in [(0.0, true), (0.05, true), (-0.05, true), (0.2, false), (3.0, false)] {
        let engine = Engine::start(turned(by));
        let embedder = RemoteEmbedder::load(&options(&engine.url), Some(&recorded)).unwrap();
        assert_eq!(engine.requests(), 0, "nothing is asked before it is needed");
        match embedder.worker().and_then(|_| embedder.worker()) {
            // As it was: what differs in the last digits is no other model, wherever it runs.
            Ok(_) => {
                assert!(is_same && engine.requests() == 1, "{by}");
                let ModelIdentity { checksum, remote, engine: at, .. } = embedder.identity().clone();
                assert_eq!((&checksum, &remote), (&recorded.checksum, &recorded.remote));
                assert!(at.contains(&engine.url) && at != recorded.engine, "{at}");
            }
            Err(error) => {
                assert!(!is_same, "{by}: {error}");
                assert!(matches!(error, EmbedError::Remote(RemoteError::Changed { .. })), "{error:?}");
            }
        }
    }
}

#[test]
fn other_settings_are_told_before_anything_is_asked() {
    let engine = Engine::start(good);
    let recorded = RemoteEmbedder::load(&options(&engine.url), None).unwrap().identity().clone();
    for other in [
        RemoteOptions { dimensions: 4, ..options(&engine.url) },
        RemoteOptions { model: "n".to_owned(), ..options(&engine.url) },
        RemoteOptions { document_prefix: Some("d: ".to_owned()), ..options(&engine.url) },
        RemoteOptions { query_prefix: Some("q: ".to_owned()), ..options(&engine.url) },
    ] {
        let error = RemoteEmbedder::load(&other, Some(&recorded)).err().unwrap();
        assert!(matches!(error, EmbedError::Remote(RemoteError::OtherSettings { .. })), "{error:?}");
    }
    assert_eq!(engine.requests(), 1);
}

#[test]
fn a_request_that_failed_on_the_way_is_made_again() {
    // The connection ends without a word, as that of a server which restarts.
    let engine = Engine::start(|sent, before| match before {
        1 => Reply::Nothing,
        _ => good(sent, before),
    });
    let mut worker = RemoteEmbedder::load(&options(&engine.url), None).unwrap().worker().unwrap();
    assert_eq!(worker.embed_query("rye").unwrap(), unit(&vector("rye")));
}
