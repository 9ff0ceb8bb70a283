//! The pages from which an owner watches over a server: who sees them, what they show, and what their forms do.

use super::*;
use crate::audit::{AuditLog, Entry, Filter, entries};
use crate::guide::{Guide, GuideStep, Guides};
use crate::measured::{Figures, Measured};
use crate::oauth::scope::Scopes;
use crate::oauth::service::AccessConfig;
use crate::oauth::store::{AccessStore, NewToken};

const NOW: u64 = 1_790_000_000;
const PASSWORD: &str = "correct horse battery";
const PAGES: [&str; 4] = ["/overview", "/activity", "/connect", "/connect/steps"];

/// A server on the garden, with the folder in which its access and its audit log lie.
struct Watched {
    garden: Garden,
    store: Arc<AccessStore>,
    folder: tempfile::TempDir,
    app: Router,
}

/// What a server lets in.
#[derive(Clone, Copy, PartialEq)]
enum Lets {
    Everybody,
    /// Everybody, and others than this machine reach it.
    EverybodyFromElsewhere,
    Tokens,
    WhoSignsIn,
}

fn watched(lets: Lets) -> Watched {
    let (garden, folder) = (testing::garden(), tempfile::tempdir().unwrap());
    // That of the library, where a server that asks for nothing looks for it.
    let store = Arc::new(AccessStore::open(garden.library.store().data_dir()).unwrap());
    store.add_user("ada", PASSWORD, NOW).unwrap();
    let access = AccessConfig {
        store: store.clone(),
        sign_in: lets == Lets::WhoSignsIn,
        registration: true,
        client_hosts: Vec::new(),
    };
    let figures = Figures::default();
    figures.put(Measured {
        collection: "garden".to_owned(),
        generation: 1,
        measured_at: NOW,
        questions: 60,
        names: vec!["ndcg@10".to_owned()],
        modes: vec![("hybrid".to_owned(), vec![Some(0.8171)])],
    });
    let guide = |url: &str| {
        let step = GuideStep { say: "Paste <this>:".to_owned(), paste: Some(format!("add \"{url}\"")) };
        vec![Guide { title: "Codex".to_owned(), steps: vec![step] }]
    };
    let config = ServeConfig {
        audit: Some(AuditLog::of(&ibid_index::store::Store::at(folder.path()))),
        access: matches!(lets, Lets::Tokens | Lets::WhoSignsIn).then_some(access),
        public_url: (lets == Lets::EverybodyFromElsewhere).then(|| "https://notes.example".to_owned()),
        guides: Guides::new(guide),
        figures,
        ..ServeConfig::default()
    };
    let app = app(&garden, config);
    Watched { garden, store, folder, app }
}

impl Watched {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        let headers = [&[("accept", "text/html"), ("content-type", "")], headers].concat();
        send(&self.app, request(Method::GET, path, &headers, "")).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answered {
        let headers =
            [&[("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")], headers]
                .concat();
        send(&self.app, request(Method::POST, path, &headers, form.to_owned())).await
    }

    /// The cookie of a browser in which ada is signed in.
    fn session(&self) -> String {
        let kept = self.store.password_of("ada").unwrap().unwrap();
        let session = self.store.begin_session("ada", &kept, crate::time::now()).unwrap().unwrap();
        format!("ibid_session={}", session.reveal())
    }

    fn token(&self, name: &str, rules: &[&str]) -> String {
        let rules: Vec<String> = rules.iter().map(|&rule| rule.to_owned()).collect();
        let token = NewToken { name, scopes: Scopes::all(), rules: &rules, expires: None };
        self.store.create_token(&token, NOW).unwrap().reveal().to_owned()
    }

    fn log(&self) -> AuditLog {
        AuditLog::of(&ibid_index::store::Store::at(self.folder.path()))
    }
}

/// What the first hidden field of this name holds.
fn hidden(page: &str, name: &str) -> String {
    let from = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    page[from..].split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn only_owners_find_the_pages_that_are_theirs() {
    let local = watched(Lets::Everybody);
    for path in PAGES {
        assert_eq!(local.get(path, &[]).await.status, StatusCode::OK, "{path}");
    }
    let tunnelled = watched(Lets::EverybodyFromElsewhere);
    for path in &PAGES[1..] {
        assert_eq!(tunnelled.get(path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for lets in [Lets::Tokens, Lets::WhoSignsIn] {
        let guarded = watched(lets);
        let bearer = format!("Bearer {}", guarded.token("codex", &[]));
        for path in &PAGES[1..] {
            let seen = guarded.get(path, &[("authorization", &bearer)]).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!seen.body.contains("codex"), "{}", seen.body);
        }
    }
    let guarded = watched(Lets::WhoSignsIn);
    let cookie = guarded.session();
    for path in PAGES {
        assert_eq!(guarded.get(path, &[("cookie", &cookie)]).await.status, StatusCode::OK, "{path}");
        let stranger = guarded.get(path, &[("cookie", "ibid_session=nobody")]).await;
        assert_eq!(stranger.status, StatusCode::SEE_OTHER, "{path}");
        assert!(stranger.header(header::LOCATION).starts_with("/login?next=%2F"), "{path}");
    }
}

#[tokio::test]
async fn the_navigation_names_the_pages_that_there_are() {
    let (local, guarded) = (watched(Lets::Everybody), watched(Lets::WhoSignsIn));
    let bearer = format!("Bearer {}", guarded.token("codex", &[]));
    let theirs = |page: &str| {
        ["/overview", "/activity", "/connect"].map(|path| page.contains(&format!("<a href=\"{path}\"")))
    };
    assert_eq!(theirs(&local.get("/overview", &[]).await.body), [true; 3]);
    let seen = guarded.get("/overview", &[("authorization", &bearer)]).await;
    assert_eq!(theirs(&seen.body), [true, false, false], "{}", seen.body);
}

#[tokio::test]
async fn the_overview_holds_what_its_visitor_may_see() {
    let guarded = watched(Lets::WhoSignsIn);
    let cookie = guarded.session();
    let all = guarded.get("/overview", &[("cookie", &cookie)]).await.body;
    for words in [
        "garden",
        "<dt>Notes</dt><dd>4</dd>",
        "words alone",
        "Pain de campagne",
        "The last 24 hours",
        "0.817",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
    for (rules, seen, unseen) in [
        (
            &["path:Bread"][..],
            &["<dt>Notes</dt><dd>2</dd>", "Pain de campagne"][..],
            &["味噌", "0.817", "24 hours", "<dt>Index</dt>"][..],
        ),
        (&["tool:search"], &["<dt>Notes</dt><dd>4</dd>"], &["Pain de campagne", "24 hours"]),
        (&["-collection:garden"], &["There is none yet"], &["garden", "Notes"]),
    ] {
        let bearer = format!("Bearer {}", guarded.token(&format!("t{}", rules[0].len()), rules));
        let page = guarded.get("/overview", &[("authorization", &bearer)]).await.body;
        for words in seen {
            assert!(page.contains(words), "{words}: {page}");
        }
        for words in unseen {
            assert!(!page.contains(words), "{words}: {page}");
        }
    }
}

#[tokio::test]
async fn the_last_day_is_counted_from_the_audit_log() {
    let local = watched(Lets::Everybody);
    let of = |time: String, ms, call: &str, outcome| {
        let entry = json!({ "time": time, "id": "000000000001", "who": "local", "call": call, "bytes": 1, "ms": ms, "outcome": outcome });
        serde_json::from_value::<Entry>(entry).unwrap()
    };
    let now = crate::time::now_ms();
    let at = |before: u64| crate::time::rfc3339_millis(now - before * 1_000);
    for (before, ms, call, outcome) in [
        (90_000, 9_999, "search", "ok"),
        (5, 30, "search", "ok"),
        (4, 10, "search", "ok"),
        (3, 1, "fetch", "not_found"),
    ] {
        local.log().append(&of(at(before), ms, call, outcome)).unwrap();
    }
    let page = local.get("/overview", &[]).await.body;
    assert!(page.contains("3 calls, 1 of them refused or failed."), "{page}");
    assert!(page.contains("2 searches: half took 10 ms at most, 95 of 100 took 30 ms at most."), "{page}");
    assert!(page.contains("<svg") && page.contains("<td>30 ms</td>") && !page.contains("9,999"), "{page}");
}

#[tokio::test]
async fn activity_shows_calls_and_narrows_them() {
    let local = watched(Lets::Everybody);
    for query in ["rye <b>starter</b>", "250 degrees"] {
        let body = legacy_call("search", json!({ "query": query }));
        send(&local.app, request(Method::POST, "/mcp", &[], body)).await;
    }
    local.get("/d/garden:None.md", &[]).await;
    // Entries are written beside the answers.
    let log = local.log();
    while entries(&log, &Filter::default(), 9).unwrap().len() < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    for (query, seen, unseen) in [
        (
            "",
            &["rye &lt;b&gt;starter&lt;/b&gt;", "250 degrees", "not found", "/d/garden:Bread/Levain.md@"][..],
            &["<b>starter"][..],
        ),
        ("?call=search", &["250 degrees"], &["not found</span>"]),
        ("?outcome=not_found", &["not found</span>"], &["250 degrees"]),
        ("?who=nobody-else", &["No call is like that"], &["250 degrees"]),
        ("?since=2999", &["No call is like that"], &["250 degrees"]),
        ("?since=lunch", &["Since takes a day", "value=\"lunch\""], &[]),
        ("?who=%22%3E%3Cscript%3E", &["value=\"&quot;&gt;&lt;script&gt;\""], &["\"><script>"]),
    ] {
        let page = local.get(&format!("/activity{query}"), &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        for words in seen {
            assert!(page.body.contains(words), "{query} {words}: {}", page.body);
        }
        for words in unseen {
            assert!(!page.body.contains(words), "{query} {words}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn a_long_log_comes_in_parts() {
    let local = watched(Lets::Everybody);
    for number in 0..120 {
        let entry = json!({
            "time": format!("2026-11-21T10:{:02}:{:02}.000Z", number / 60, number % 60), "id": crate::audit::AuditId::of(number),
            "who": "local", "call": "search", "arguments": { "query": format!("question {number}.") }, "bytes": 1, "ms": 1, "outcome": "ok",
        });
        local.log().append(&serde_json::from_value(entry).unwrap()).unwrap();
    }
    let (mut path, mut seen, mut parts) = ("/activity?who=local".to_owned(), 0, 0);
    loop {
        let page = local.get(&path, &[]).await.body;
        assert!(page.len() < 100_000, "{}", page.len());
        seen += page.matches("question ").count() / 2;
        assert_eq!(page.contains("Newest calls"), parts > 0, "{path}");
        parts += 1;
        let Some(link) = page.split("<a href=\"").find(|link| link.contains("Older calls")) else { break };
        path = link.split('"').next().unwrap().replace("&amp;", "&");
        assert!(path.contains("who=local"), "{path}");
    }
    assert_eq!(parts, 5);
    assert_eq!(seen, 120);
}

#[tokio::test]
async fn an_owner_revokes_with_a_form_of_their_own_alone() {
    for lets in [Lets::Everybody, Lets::WhoSignsIn] {
        let watched = watched(lets);
        let secret = watched.token("codex", &[]);
        let cookie = if lets == Lets::WhoSignsIn { watched.session() } else { "a=b".to_owned() };
        let cookie = ("cookie", cookie.as_str());
        let page = watched.get("/activity", &[cookie]).await.body;
        assert!(page.contains("codex") && page.contains("Never used"), "{page}");
        let proof = hidden(&page, "proof");
        let form = format!("proof={proof}&name=codex");
        let is_there = || watched.store.bearer(&secret, NOW).unwrap().is_some();
        let own = ("origin", "http://127.0.0.1:7117");
        for (headers, form, status) in [
            (vec![cookie, own], "name=codex".to_owned(), StatusCode::FORBIDDEN),
            (vec![cookie, own], form.replace(&proof[..4], "aaaa"), StatusCode::FORBIDDEN),
            (vec![cookie, ("origin", "https://evil.example")], form.clone(), StatusCode::FORBIDDEN),
            (vec![cookie, ("origin", "http://localhost:9")], form.clone(), StatusCode::FORBIDDEN),
            (
                vec![cookie, ("origin", "null"), ("sec-fetch-site", "cross-site")],
                form.clone(),
                StatusCode::FORBIDDEN,
            ),
            (vec![cookie, own, ("content-type", "text/plain")], form.clone(), StatusCode::FORBIDDEN),
        ] {
            let refused = watched.post("/activity/revoke", &headers, &form).await;
            assert_eq!(refused.status, status, "{headers:?} {form} {}", refused.body);
            assert!(is_there(), "{headers:?} {form}");
        }
        if lets == Lets::WhoSignsIn {
            let other = watched.session();
            for headers in [vec![own], vec![own, ("cookie", other.as_str())]] {
                let refused = watched.post("/activity/revoke", &headers, &form).await;
                assert!(!refused.header(header::LOCATION).starts_with("/activity"), "{}", refused.status);
                assert!(is_there(), "a form of another browser");
            }
        }
        let clicked = watched.get(&format!("/activity/revoke?{form}"), &[cookie]).await;
        assert!(clicked.status.is_client_error() && is_there(), "{}", clicked.status);
        let done = watched
            .post("/activity/revoke", &[cookie, ("origin", "null"), ("sec-fetch-site", "same-origin")], &form)
            .await;
        assert_eq!(
            (done.status, done.header(header::LOCATION)),
            (StatusCode::SEE_OTHER, "/activity?ended=codex")
        );
        assert!(!is_there());
        let page = watched.get("/activity?ended=codex", &[cookie]).await.body;
        assert!(page.contains("That has no access any more."), "{page}");
        assert!(!watched.get("/activity", &[cookie]).await.body.contains("no access any more"));
        // Pressed twice.
        let again = watched.post("/activity/revoke", &[cookie, own], &form).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn connect_says_what_to_paste_and_walks_one_way_at_a_time() {
    let local = watched(Lets::Everybody);
    let page = local.get("/connect", &[]).await.body;
    for words in [
        "http://127.0.0.1:7117/mcp",
        "Codex",
        "Paste &lt;this&gt;:",
        "add &quot;http://127.0.0.1:7117/mcp&quot;",
        "not walked yet",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let proof = hidden(&page, "proof");
    let own = [("origin", "http://127.0.0.1:7117")];
    for form in ["do=walk&as=claude".to_owned(), format!("proof={}&do=walk&as=claude", "a".repeat(43))] {
        assert_eq!(local.post("/connect/walk", &own, &form).await.status, StatusCode::FORBIDDEN);
    }
    let nobody = local.post("/connect/walk", &own, &format!("proof={proof}&do=walk&as=nobody")).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    assert!(local.get("/connect/steps", &[]).await.body.contains("not walked yet"));
    // Nothing listens where the tests' server would, or something that is none of ours: the walk ends at a step.
    let walked = local.post("/connect/walk", &own, &format!("proof={proof}&do=walk&as=claude")).await;
    assert_eq!((walked.status, walked.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/connect#check"));
    let steps = local.get("/connect/steps", &[]).await.body;
    assert!(steps.contains("data-state=\"over\"") && steps.contains("<b>address</b>"), "{steps}");
    assert!(!steps.contains("<html"), "the part alone");
    assert!(local.get("/connect", &[]).await.body.contains("data-state=\"over\""));
    drop(local.garden);
}
