//! From a request to a decision (A): who may ask, where people are sent back to, who may decide.

use tokio::task::JoinHandle;

use super::*;
use crate::oauth::hashing::AT_ONCE;

const DYNAMIC: &str = "https://app.example/cb";

/// A page, and nobody is sent anywhere.
fn is_page(answered: &Answered, status: StatusCode) {
    assert_eq!(answered.status, status, "{}", answered.body);
    assert_eq!(answered.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert!(answered.headers.get(header::LOCATION).is_none());
}

/// The client is told `error`, once, with state and issuer.
fn is_told(answered: &Answered, error: &str) {
    let (to, carried) = location(answered);
    assert_eq!(to, CHATGPT_REDIRECT);
    assert_eq!(carried["error"], [error], "{carried:?}");
    assert_eq!(
        (&carried["state"][..], &carried["iss"][..]),
        (&["s t&te".to_owned()][..], &[ORIGIN.to_owned()][..])
    );
    assert!(!carried.contains_key("code"));
}

#[tokio::test]
async fn a01_an_unknown_client_gets_a_page() {
    let server = Server::new();
    for id in ["", "client_unknown", "ChatGPT", "http://chatgpt.com/oauth/client.json"] {
        is_page(&Person::new(&server).authorize(&[("client_id", id)]).await, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a02_a03_only_a_redirect_of_the_clients_is_used() {
    let server = Server::new();
    let person = Person::new(&server);
    for redirect in [
        "https://evil.example/cb",
        "https://chatgpt.com/connector_platform_oauth_redirect/",
        "https://chatgpt.com/connector_platform_oauth_redirect?x=1",
        "https://chatgpt.com/connector_platform_oauth_redirect#x",
        "https://chatgpt.com/Connector_platform_oauth_redirect",
        "https://chatgpt.com@evil.example/connector_platform_oauth_redirect",
        "https://chatgpt.com:8443/connector_platform_oauth_redirect",
        "https://chatgpt.com:443/connector_platform_oauth_redirect",
        "https://chatgpt.com/connector_platform_oauth_redirect/../x",
        "https://chatgpt.com.evil.example/connector_platform_oauth_redirect",
        "http://chatgpt.com/connector_platform_oauth_redirect",
        "javascript:alert(1)",
        "data:text/html,x",
        "cursor://cb",
    ] {
        is_page(&person.authorize(&[("redirect_uri", redirect)]).await, StatusCode::BAD_REQUEST);
    }
    let twice =
        person.authorize(&[("redirect_uri", CHATGPT_REDIRECT), ("redirect_uri", CHATGPT_REDIRECT)]).await;
    is_page(&twice, StatusCode::BAD_REQUEST);
    let two = server.register(&[DYNAMIC, "https://app.example/other"]).await;
    is_page(&person.authorize(&[("client_id", &two), ("redirect_uri", "")]).await, StatusCode::BAD_REQUEST);
    let one = server.register(&[DYNAMIC]).await;
    let (to, _) = location(&person.authorize(&[("client_id", &one), ("redirect_uri", "")]).await);
    assert_eq!(to, "/login");
}

#[tokio::test]
async fn a04_a_loopback_redirect_may_have_any_port_and_nothing_else() {
    let server = Server::new();
    let id = server.register(&["http://127.0.0.1/cb", "http://localhost/cb"]).await;
    let person = Person::new(&server);
    for (redirect, known) in [
        ("http://127.0.0.1:1/cb", true),
        ("http://localhost:65535/cb", true),
        ("http://127.0.0.1/cb", true),
        ("http://127.0.0.1:1/other", false),
        ("http://127.0.0.1.evil.example/cb", false),
        ("http://127.0.0.2:1/cb", false),
        ("http://0.0.0.0:1/cb", false),
        ("http://[::ffff:127.0.0.1]:1/cb", false),
        ("https://127.0.0.1:1/cb", false),
    ] {
        let answered = person.authorize(&[("client_id", &id), ("redirect_uri", redirect)]).await;
        assert_eq!(answered.status == StatusCode::SEE_OTHER, known, "{redirect}");
    }
}

#[tokio::test]
async fn a05_to_a14_a_wrong_request_is_told_to_the_client() {
    let server = Server::new();
    let person = Person::new(&server);
    for (change, error) in [
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("response_type", "code token"), "unsupported_response_type"),
        (("resource", "https://evil.example/mcp"), "invalid_target"),
        (("resource", "https://notes.example/other"), "invalid_target"),
        (("scope", "admin"), "invalid_scope"),
        (("prompt", "none"), "login_required"),
    ] {
        is_told(&person.authorize(&[change]).await, error);
    }
}

#[tokio::test]
async fn a11_a12_what_is_not_said_is_the_server_and_everything() {
    let server = Server::new();
    let person = Person::new(&server);
    let code = person.code(&[("resource", ""), ("scope", "")], &[]).await;
    let answered = server.exchange_code(&code, &[("resource", "https://notes.example/")]).await;
    assert_eq!(answered.json()["scope"], "notes:search notes:read");
    assert!(server.opens(&tokens_of(&answered).0).await);
}

/// The consent form of somebody who allows searching everything.
fn allowing<'a>(proof: &'a str, request: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("proof", proof),
        ("request", request),
        ("decision", "allow"),
        ("notes", "all"),
        ("scope", "notes:search"),
    ]
}

#[tokio::test]
async fn a14_a24_every_decision_goes_back_with_the_issuer() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (to, carried) = location(&person.decide(&request, &[]).await);
    assert_eq!((to.as_str(), &carried["iss"][..]), (CHATGPT_REDIRECT, &[ORIGIN.to_owned()][..]));
    assert_eq!((carried["state"][0].as_str(), carried["code"].len()), ("s t&te", 1));
    let request = person.request(&[]).await;
    is_told(&person.decide(&request, &[("decision", "deny")]).await, "access_denied");
}

#[tokio::test]
async fn a15_a16_only_the_browser_that_asked_and_signed_in_decides_once() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (_, proof) = person.question(&request).await;
    let form = allowing(&proof, &request);
    let other = Person::new(&server);
    let others = other.request(&[]).await;
    let (_, other_proof) = other.question(&others).await;
    for (name, value) in
        [("proof", ""), ("proof", "x"), ("proof", &*other_proof), ("request", ""), ("request", &*others)]
    {
        let answered = person.post("/consent", &[], &changed(&form, &[(name, value)])).await;
        is_page(&answered, StatusCode::FORBIDDEN);
    }
    // Another browser with everything the form holds, signed in as the same person.
    is_page(&other.post("/consent", &[], &form).await, StatusCode::FORBIDDEN);
    is_page(&Person::new(&server).post("/consent", &[], &form).await, StatusCode::FORBIDDEN);
    // The right browser, signed out.
    let session = person.cookies.borrow_mut().remove("__Host-ibid_session").unwrap();
    is_page(&person.post("/consent", &[], &form).await, StatusCode::FORBIDDEN);
    person.cookies.borrow_mut().insert("__Host-ibid_session".to_owned(), session);
    assert_eq!(person.post("/consent", &[], &form).await.status, StatusCode::SEE_OTHER);
    is_page(&person.post("/consent", &[], &form).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a17_a_form_of_another_site_is_refused() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (_, proof) = person.question(&request).await;
    let form = allowing(&proof, &request);
    for headers in [
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        [("origin", "http://localhost:3000"), ("sec-fetch-site", "")],
        [("origin", "https://notes.example:8443"), ("sec-fetch-site", "")],
        [("origin", "null"), ("sec-fetch-site", "cross-site")],
        [("origin", "null"), ("sec-fetch-site", "")],
        [("origin", ORIGIN), ("sec-fetch-site", "cross-site")],
        [("origin", ORIGIN), ("sec-fetch-site", "same-site")],
        [("origin", ""), ("sec-fetch-site", "cross-site")],
    ] {
        for path in ["/consent", "/login"] {
            let answered = person.post(path, &headers, &form).await;
            assert_eq!(answered.status, StatusCode::FORBIDDEN, "{headers:?} {path}");
        }
    }
    let ours = [("origin", ORIGIN), ("sec-fetch-site", "")];
    assert_eq!(person.post("/consent", &ours, &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a18_a_form_can_only_narrow_what_was_asked() {
    let server = Server::new();
    let person = Person::new(&server);
    let asked = [("scope", "notes:search")];
    let tampered = [
        ("scope", "notes:read"),
        ("scope", "notes:search"),
        ("scope", "admin"),
        ("client_id", "evil"),
        ("redirect_uri", "https://evil.example/cb"),
        ("state", "other"),
    ];
    let request = person.request(&asked).await;
    let (to, carried) = location(&person.decide(&request, &tampered).await);
    assert_eq!((to.as_str(), carried["state"][0].as_str()), (CHATGPT_REDIRECT, "s t&te"));
    let answered = server.exchange_code(&carried["code"][0], &[]).await;
    assert_eq!(answered.json()["scope"], "notes:search");
}

#[tokio::test]
async fn a_person_takes_away_what_they_like() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let nothing = person.decide(&request, &[("scope", "")]).await;
    is_page(&nothing, StatusCode::BAD_REQUEST);
    let no_collection = person.decide(&request, &[("notes", "chosen"), ("collection", "none")]).await;
    is_page(&no_collection, StatusCode::BAD_REQUEST);
    for unreadable in [" , ", "/", "a[", "a{"] {
        is_page(&person.decide(&request, &[("folders", unreadable)]).await, StatusCode::BAD_REQUEST);
    }
    let chosen = [
        ("notes", "chosen"),
        ("collection", "garden"),
        ("scope", "notes:search"),
        ("folders", " /Bread/ ,, Maps/2024"),
    ];
    let page = person.decide(&request, &chosen).await;
    is_page(&page, StatusCode::OK);
    let shown = field(&page.body, "shown");
    let (_, carried) = location(&person.decide(&request, &changed(&chosen, &[("shown", &shown)])).await);
    let (access, _) = tokens_of(&server.exchange_code(&carried["code"][0], &[]).await);
    let (principal, _) = server.store.bearer(&access, crate::time::now()).unwrap().unwrap();
    assert_eq!(
        (principal.rules, principal.scopes.to_string()),
        (
            ["path:Bread", "path:Maps/2024", "collection:garden"].map(str::to_owned).to_vec(),
            "notes:search".to_owned()
        )
    );
}

#[tokio::test]
async fn a_person_sees_what_each_rule_names_before_it_counts() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (page, _) = person.question(&request).await;
    assert!(page.contains("garden (4 notes)"), "{page}");
    let chosen =
        [("folders", "Bread, [B]read"), ("hidden", "日本, bread/LEVAIN.md"), ("scope", "notes:search")];
    let page = person.decide(&request, &chosen).await;
    is_page(&page, StatusCode::OK);
    for said in [
        "path:Bread names 2 notes now",
        "path:[B]read names 2 notes now",
        "-path:日本 names 1 note now",
        "-path:bread/LEVAIN.md names 1 note now",
        "value=\"Bread, [B]read\"",
        "value=\"notes:search\" checked",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("value=\"notes:read\" checked"), "what was taken away stays away");
    // Other rules than those that were shown are shown first.
    let shown = field(&page.body, "shown");
    let other = [("folders", "Bread"), ("shown", shown.as_str())];
    let others = changed(&chosen, &other);
    is_page(&person.decide(&request, &others).await, StatusCode::OK);
    location(&person.decide(&request, &changed(&chosen, &[("shown", &shown)])).await);
}

#[tokio::test]
async fn a_rule_that_hides_nothing_is_refused_unless_it_may() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let chosen = [("hidden", "[Private] Diary")];
    let page = person.decide(&request, &chosen).await;
    is_page(&page, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("-path:[Private] Diary names no note now"), "{}", page.body);
    let shown = field(&page.body, "shown");
    let shown = [("shown", shown.as_str())];
    let again = changed(&chosen, &shown);
    is_page(&person.decide(&request, &again).await, StatusCode::BAD_REQUEST);
    let ticked = changed(&again, &[("allow-empty", "yes")]);
    let (_, carried) = location(&person.decide(&request, &ticked).await);
    let (access, _) = tokens_of(&server.exchange_code(&carried["code"][0], &[]).await);
    let (principal, _) = server.store.bearer(&access, crate::time::now()).unwrap().unwrap();
    assert_eq!(principal.rules, ["-path:[Private] Diary"]);
}

#[tokio::test]
async fn a19_pages_of_sign_in_cannot_be_framed_kept_or_scripted() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    for path in [
        "/login".to_owned(),
        format!("/consent?request={request}"),
        "/consent?request=x".to_owned(),
        "/authorize".to_owned(),
    ] {
        let page = person.get(&path).await;
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(page.header(name.parse().unwrap()), value, "{path}");
        }
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; ")
                && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        for forbidden in ["<script", "javascript:", " style=", "onclick", "<img", "<iframe", "src="] {
            assert!(!page.body.contains(forbidden), "{path} {forbidden}");
        }
        assert_eq!(page.body.matches("<link").count(), 1);
    }
    let page = person.get(&format!("/consent?request={request}")).await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(
        policy.contains("form-action 'self' https://chatgpt.com;"),
        "the redirect after the form: {policy}"
    );
}

#[tokio::test]
async fn a21_a22_consent_is_asked_for_every_time() {
    let server = Server::new();
    let person = Person::new(&server);
    person.code(&[], &[]).await;
    is_told(&person.authorize(&[("prompt", "none")]).await, "consent_required");
    let other = server.register(&[CHATGPT_REDIRECT]).await;
    for changes in [
        &[][..],
        &[("client_id", other.as_str())],
        &[
            ("client_id", "https://claude.ai/oauth/mcp-oauth-client-metadata"),
            ("redirect_uri", "https://claude.ai/api/mcp/auth_callback"),
        ],
        &[("scope", "notes:search")],
    ] {
        let (to, carried) = location(&person.authorize(changes).await);
        assert_eq!((to.as_str(), carried.contains_key("code")), ("/consent", false));
        person.question(&carried["request"][0]).await;
    }
    is_told(&person.authorize(&[("prompt", "none")]).await, "consent_required");
}

#[tokio::test]
async fn a23_d08_the_page_says_who_asks_and_how_much_is_known_of_them() {
    let server = Server::new();
    let person = Person::new(&server);
    let (page, _) = person.question(&person.request(&[]).await).await;
    assert!(page.contains("ChatGPT") && page.contains("https://chatgpt.com") && page.contains("(verified)"));
    assert!(page.contains("notes:search") && page.contains("notes:read") && page.contains("garden"));
    assert!(!page.contains("unverified") && !page.contains("Any program"));
    let local = [
        ("client_id", "https://claude.ai/oauth/claude-code-client-metadata"),
        ("redirect_uri", "http://localhost:7/callback"),
    ];
    let (page, _) = person.question(&person.request(&local).await).await;
    assert!(
        page.contains("Claude Code") && page.contains("http://localhost:7") && page.contains("Any program")
    );
    let body = json!({"client_name": "ChatGPT<script>alert(1)</script>\u{202e}", "redirect_uris": [CHATGPT_REDIRECT]});
    let registered = server.post("/register", &[], body.to_string()).await.json();
    let dynamic = [("client_id", registered["client_id"].as_str().unwrap())];
    let (page, _) = person.question(&person.request(&dynamic).await).await;
    assert!(
        page.contains("unverified") && page.contains("https://chatgpt.com") && !page.contains("(verified)")
    );
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
}

#[tokio::test]
async fn a25_a_browser_is_never_made_to_send_a_form_again() {
    let server = Server::new();
    let person = Person::new(&server);
    let begun = person.authorize(&[]).await;
    let request = location(&begun).1["request"][0].clone();
    let signed_in = person.sign_in(&request).await;
    let decided = person.decide(&request, &[]).await;
    for answered in [begun, signed_in, decided, person.authorize(&[("prompt", "none")]).await] {
        assert_eq!(answered.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a27_passwords_cannot_be_tried_for_long() {
    let server = Server::new();
    let person = Person::new(&server);
    let page = person.get("/login").await;
    let proof = field(&page.body, "proof");
    let mut statuses = Vec::new();
    for attempt in 0..12 {
        let name = if attempt % 2 == 0 { NAME } else { "nobody" };
        let form = [("proof", proof.as_str()), ("name", name), ("password", "wrong password")];
        let answered = person.post("/login", &[], &form).await;
        assert!(answered.headers.get(header::SET_COOKIE).is_none());
        if answered.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answered.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
        }
        statuses.push(answered.status.as_u16());
    }
    assert_eq!(statuses[..10], [403; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    let form = [("proof", proof.as_str()), ("name", NAME), ("password", PASSWORD)];
    assert_eq!(person.post("/login", &[], &form).await.status, StatusCode::TOO_MANY_REQUESTS);
}

/// What comes of a try to sign in.
async fn try_password(person: &Person<'_>, name: &str, password: &str) -> u16 {
    let page = person.get("/login").await;
    let proof = field(&page.body, "proof");
    let form = [("proof", proof.as_str()), ("name", name), ("password", password)];
    person.post("/login", &[], &form).await.status.as_u16()
}

#[tokio::test]
async fn a_stranger_who_tries_passwords_shuts_nobody_out_who_signed_in_before() {
    let server = Server::new();
    server.store.add_user("bob", PASSWORD, crate::time::now()).unwrap();
    let (alice, bob, stranger) = (Person::new(&server), Person::new(&server), Person::new(&server));
    for (person, name) in [(&alice, NAME), (&bob, "bob")] {
        assert_eq!(try_password(person, name, PASSWORD).await, 303);
    }
    // All of them are one address, as behind a proxy that is not trusted.
    while try_password(&stranger, NAME, "wrong password").await != 429 {}
    assert_eq!(try_password(&stranger, NAME, PASSWORD).await, 429);
    assert_eq!(try_password(&Person::new(&server), NAME, PASSWORD).await, 429, "a new browser waits");
    assert_eq!(try_password(&bob, NAME, PASSWORD).await, 429, "bob's browser is not alice's");
    for person in [&alice, &bob] {
        // As after twelve hours.
        person.cookies.borrow_mut().remove("__Host-ibid_session");
    }
    assert_eq!(try_password(&alice, NAME, PASSWORD).await, 303);
    assert_eq!(try_password(&bob, "bob", PASSWORD).await, 303);
    // A stolen browser is no way to try passwords.
    let tries = async { while try_password(&bob, "bob", "wrong password").await != 429 {} };
    tokio::time::timeout(Duration::from_secs(60), tries).await.unwrap();
    assert_eq!(try_password(&alice, NAME, PASSWORD).await, 303);
}

#[tokio::test]
async fn a_stranger_who_begins_requests_keeps_nobody_from_it_who_signed_in_before() {
    let server = Server::new();
    let (alice, stranger) = (Person::new(&server), Person::new(&server));
    assert_eq!(try_password(&alice, NAME, PASSWORD).await, 303);
    while stranger.authorize(&[]).await.status != StatusCode::TOO_MANY_REQUESTS {}
    assert_eq!(Person::new(&server).authorize(&[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(alice.authorize(&[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a27_a_look_at_a_password_keeps_its_place_when_nobody_waits_for_it() {
    let server = Server::new();
    let hashing = &server.access.hashing;
    // As a browser that closes its connection while its password is looked at.
    for _ in 0..AT_ONCE {
        let begun = hashing.is_right(PASSWORD.to_owned(), None);
        assert!(futures_util::future::FutureExt::now_or_never(begun).is_none());
    }
    assert_eq!(hashing.free(), 0, "the memory is in use, whoever waits");
    assert_eq!(hashing.is_right(PASSWORD.to_owned(), None).await, Ok(false), "the next one waits its turn");
    let begun = std::time::Instant::now();
    while hashing.free() < AT_ONCE {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a27_a_hundred_logins_at_once_wait_their_turn_and_hold_nobody_up() {
    let server = Arc::new(Server::new());
    let token = server.token("t", "notes:search");
    let person = Person::new(&server);
    let proof = field(&person.get("/login").await.body, "proof");
    let cookie = person.cookie();
    // Nothing is looked at meanwhile, so all hundred are there at once.
    let places = server.access.hashing.hold_up().await;
    let logins: Vec<_> = (0..100)
        .map(|n| {
            let name = if n % 2 == 0 { NAME.to_owned() } else { format!("nobody{n}") };
            let form = encode(&[("proof", &proof), ("name", &name), ("password", "wrong password")]);
            let headers =
                [FORM, ("host", "notes.example"), ("cookie", &cookie), ("sec-fetch-site", "same-origin")];
            let mut asked = request(Method::POST, "/login", &headers, form);
            let peer: std::net::SocketAddr = format!("203.0.113.{n}:5").parse().unwrap();
            asked.extensions_mut().insert(axum::extract::ConnectInfo(peer));
            let router = server.router.clone();
            tokio::spawn(async move { send(&router, asked).await.status.as_u16() })
        })
        .collect();
    for _ in 0..20 {
        assert!(server.opens(&token).await, "a search is answered while a hundred wait");
    }
    let begun = std::time::Instant::now();
    while logins.iter().filter(|login| login.is_finished()).count() < 100 - MAX_OF_STRANGERS {
        assert!(begun.elapsed() < Duration::from_secs(60), "more wait than there is room for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (refused, waiting): (Vec<_>, Vec<_>) = logins.into_iter().partition(JoinHandle::is_finished);
    assert_eq!(waiting.len(), MAX_OF_STRANGERS, "no more wait than there is room for");
    for login in refused {
        assert_eq!(login.await.unwrap(), 503);
    }
    let (leave, stay) = waiting.split_at(MAX_OF_STRANGERS - 20);
    leave.iter().for_each(JoinHandle::abort);
    drop(places);
    let stayed = stay.len();
    let mut told = 0;
    for login in waiting.into_iter().skip(MAX_OF_STRANGERS - stayed) {
        assert_eq!(login.await.unwrap(), 403);
        told += 1;
    }
    assert_eq!(told, 20, "those who stayed are told");
}

#[tokio::test]
async fn a27_a_name_that_nobody_has_waits_for_a_look_as_well() {
    let server = Server::new();
    let held = server.access.hashing.hold_up().await;
    let sign_in =
        async |name: &str| server.access.sign_in(name.to_owned(), "wrong password".to_owned()).await;
    let mut somebody = std::pin::pin!(sign_in(NAME));
    let mut nobody = std::pin::pin!(sign_in("nobody"));
    let moment = Duration::from_millis(200);
    assert!(tokio::time::timeout(moment, &mut somebody).await.is_err(), "told without a look");
    assert!(tokio::time::timeout(moment, &mut nobody).await.is_err(), "told without a look");
    drop(held);
    assert_eq!([somebody.await.unwrap(), nobody.await.unwrap()], [None, None]);
}

#[tokio::test]
async fn a29_cookies_are_the_hosts_own() {
    let server = Server::new();
    let person = Person::new(&server);
    let begun = person.authorize(&[]).await;
    let request = location(&begun).1["request"][0].clone();
    let signed_in = person.sign_in(&request).await;
    for (answered, name) in [(&begun, "__Host-ibid_browser="), (&signed_in, "__Host-ibid_session=")] {
        let cookie = answered.header(header::SET_COOKIE);
        assert!(cookie.starts_with(name) && cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        assert!(cookie.contains("; Path=/; ") && !cookie.contains("Domain"), "{cookie}");
    }
    let local = Server::with(ServeConfig::default(), |_| {}, None);
    let login = local.get("/login", &[("host", HOST)]).await;
    let cookie = login.header(header::SET_COOKIE);
    assert!(cookie.starts_with("ibid_browser=") && cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn a30_nothing_is_decided_by_following_a_link() {
    let server = Server::new();
    let person = Person::new(&server);
    let request = person.request(&[]).await;
    let (_, proof) = person.question(&request).await;
    let query = encode(&[
        ("request", &request),
        ("proof", &proof),
        ("decision", "allow"),
        ("notes", "all"),
        ("scope", "notes:search"),
    ]);
    let page = person.get(&format!("/consent?{query}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Allow") && !page.headers.contains_key(header::LOCATION));
    let login = person.get(&format!("/login?name={NAME}&password={}", encode(&[("", PASSWORD)]))).await;
    assert!(login.headers.get(header::SET_COOKIE).is_none());
    for path in ["/authorize", "/login", "/consent"] {
        for method in [Method::PUT, Method::DELETE] {
            let answered = send(&server.router, super::request(method, path, &[], "")).await;
            assert_eq!(answered.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
    }
    assert_eq!(server.post("/authorize", &[FORM], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}
