//! What is written down (K24, K25, T31): no secret, neither in the file nor in the log nor in an answer.

use std::io;
use std::sync::Mutex;

use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// What the log says.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn k24_k25_no_secret_is_written_down() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // For the whole process: what other threads do for this test is heard too.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (_, proof) = person.question(&request).await;
    let code = location(&person.decide(&request, &[]).await).1["code"][0].clone();
    let (first_access, first_refresh) = tokens_of(&server.exchange_code(&code, &[]).await);
    let (access, refresh) = tokens_of(&server.refresh(&first_refresh, &[]).await);
    let token = server.token("t", "notes:search");
    server.opens(&token).await;
    server.opens(&access).await;
    server.exchange_code(&code, &[]).await;
    let wrong = [("proof", "x"), ("name", NAME), ("password", "tried-in-vain")];
    person.post("/login", &[], &wrong).await;
    let cookies: Vec<String> = person.cookies.borrow().values().cloned().collect();

    let mut written = Vec::new();
    for entry in std::fs::read_dir(server.folder.path()).unwrap() {
        written.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let logged = log.0.lock().unwrap().clone();
    assert!(!logged.is_empty() && String::from_utf8_lossy(&logged).contains("request"));
    let secrets = [&request, &proof, &code, &first_access, &first_refresh, &access, &refresh, &token];
    let others = [PASSWORD.to_owned(), VERIFIER.to_owned(), "tried-in-vain".to_owned()];
    for secret in secrets.into_iter().chain(&cookies).chain(&others) {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!holds(&written), "in the file: {secret}");
        assert!(!holds(&logged), "in the log: {secret}");
    }
}

#[tokio::test]
async fn t31_an_answer_says_nothing_of_the_inside() {
    let server = Server::new();
    let (path, token) = (server.folder.path().display().to_string(), server.token("t", "notes:search"));
    for (method, path_asked, body) in [
        (Method::GET, "/authorize?client_id=%00%27%22", String::new()),
        (Method::GET, "/consent?request=%27%20OR%201=1--", String::new()),
        (
            Method::POST,
            "/token",
            encode(&[("grant_type", "refresh_token"), ("client_id", "' OR 1=1 --"), ("refresh_token", "x")]),
        ),
        (
            Method::POST,
            "/token",
            encode(&[("grant_type", "refresh_token"), ("client_id", CHATGPT), ("refresh_token", "\0'")]),
        ),
        (Method::POST, "/revoke", encode(&[("token", "'; DROP TABLE user; --"), ("client_id", CHATGPT)])),
        (Method::POST, "/register", "{\"redirect_uris\":".to_owned()),
        (Method::POST, "/login", "%ff%fe=%ff&proof=%ff".to_owned()),
    ] {
        let headers = [FORM, ("host", "notes.example")];
        let answered = send(&server.router, request(method, path_asked, &headers, body)).await;
        assert!(answered.status.as_u16() < 500, "{path_asked} {}", answered.body);
        for inside in [path.as_str(), "sqlite", "SQL", "panicked", "src/", token.as_str()] {
            assert!(!answered.body.contains(inside), "{path_asked} {inside}: {}", answered.body);
        }
    }
    assert!(server.opens(&token).await);
    assert_eq!(server.store.users().unwrap().len(), 1);
}
