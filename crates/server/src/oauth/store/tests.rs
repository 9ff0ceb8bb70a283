//! The file as several processes see it, and what of it can be read by others.

use super::*;
use crate::oauth::grant::{ACCESS_SECONDS, DEVICE_SECONDS, Exchange, GRACE_SECONDS, NotGranted, Renewal};
use crate::oauth::request::Asked;
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::secret::ProcessKey;

const NOW: u64 = 1_790_000_000;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PASSWORD: &str = "correct horse";

fn store() -> (AccessStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = AccessStore::open(folder.path()).unwrap();
    store.add_user("alice", PASSWORD, NOW).unwrap();
    (store, folder)
}

fn asked() -> Asked {
    Asked {
        client_id: "c".to_owned(),
        client_name: "App".to_owned(),
        redirect_uri: "https://a.example/cb".to_owned(),
        redirect_given: true,
        state: None,
        challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        scopes: Scopes::all().to_string(),
        resource: "/mcp".to_owned(),
        unverified: false,
        local: false,
    }
}

fn shown() -> Exchange<'static> {
    Exchange {
        client_id: "c",
        redirect_uri: Some("https://a.example/cb"),
        verifier: VERIFIER,
        resource: None,
    }
}

const RENEWAL: Renewal<'static> = Renewal { client_id: "c", scopes: None, resource: None };

fn code(store: &AccessStore) -> String {
    let request = store.begin(&asked(), "browser", NOW).unwrap();
    let pending = Pending { request: request.reveal(), browser: "browser" };
    let rules = ["collection:garden".to_owned()];
    let grant = NewGrant { user: "alice", scopes: Scopes::all(), rules: &rules };
    let (_, code) = store.decide(pending, Some(grant), NOW).unwrap().unwrap();
    code.unwrap().reveal().to_owned()
}

fn issued(store: &AccessStore) -> Issued {
    store.exchange(&code(store), shown(), NOW).unwrap().unwrap()
}

fn is_alive(store: &AccessStore, access: &Secret, now: u64) -> bool {
    store.bearer(access.reveal(), now).unwrap().is_some()
}

use crate::oauth::secret::Secret;

#[test]
fn a_request_belongs_to_the_browser_that_began_it_and_ends_once() {
    let (store, _folder) = store();
    let request = store.begin(&asked(), "browser", NOW).unwrap();
    let pending = |browser| Pending { request: request.reveal(), browser };
    assert_eq!(store.pending(pending("other"), NOW).unwrap(), None);
    assert_eq!(store.pending(pending("browser"), NOW + 600).unwrap(), None);
    assert_eq!(store.pending(pending("browser"), NOW + 599).unwrap(), Some(asked()));
    assert!(store.decide(pending("other"), None, NOW).unwrap().is_none());
    assert!(store.decide(pending("browser"), None, NOW).unwrap().is_some());
    assert!(store.decide(pending("browser"), None, NOW).unwrap().is_none());
}

#[test]
fn a_code_used_twice_ends_what_came_of_it() {
    let (store, _folder) = store();
    let code = code(&store);
    let issued = store.exchange(&code, shown(), NOW).unwrap().unwrap();
    let (principal, resource) = store.bearer(issued.access.reveal(), NOW).unwrap().unwrap();
    assert_eq!((principal.name.as_str(), principal.client.as_deref()), ("alice", Some("App")));
    assert_eq!(
        (resource.as_deref(), &principal.rules[..]),
        (Some("/mcp"), &["collection:garden".to_owned()][..])
    );
    assert_eq!(store.exchange(&code, shown(), NOW).unwrap().err(), Some(NotGranted::Stolen));
    assert!(!is_alive(&store, &issued.access, NOW));
    let key = ProcessKey::draw().unwrap();
    let renewed = store.renew(issued.refresh.reveal(), RENEWAL, &key, NOW).unwrap();
    assert_eq!(renewed.err(), Some(NotGranted::Grant));
}

#[test]
fn an_access_token_ends_at_its_second() {
    let (store, _folder) = store();
    let issued = issued(&store);
    assert!(is_alive(&store, &issued.access, NOW + ACCESS_SECONDS - 1));
    assert!(!is_alive(&store, &issued.access, NOW + ACCESS_SECONDS));
}

#[test]
fn refresh_tokens_rotate_and_a_repeated_request_is_answered_the_same() {
    let (store, _folder) = store();
    let key = ProcessKey::draw().unwrap();
    let first = issued(&store);
    let renew = |token: &Secret, now| store.renew(token.reveal(), RENEWAL, &key, now).unwrap();
    let second = renew(&first.refresh, NOW).unwrap();
    assert_ne!(first.refresh, second.refresh);
    let again = renew(&first.refresh, NOW + GRACE_SECONDS - 1).unwrap();
    assert_eq!(again.refresh, second.refresh);
    let other = ProcessKey::draw().unwrap();
    let forgotten = store.renew(first.refresh.reveal(), RENEWAL, &other, NOW).unwrap();
    assert_eq!(forgotten.err(), Some(NotGranted::Grant), "and nothing is revoked");
    let third = renew(&second.refresh, NOW + 1).unwrap();
    assert!(is_alive(&store, &third.access, NOW + 1));
    assert_eq!(renew(&first.refresh, NOW + 2).err(), Some(NotGranted::Stolen));
    assert!(!is_alive(&store, &third.access, NOW + 2));
    assert_eq!(renew(&third.refresh, NOW + 2).err(), Some(NotGranted::Grant));
}

#[test]
fn a_narrower_token_does_not_narrow_the_grant() {
    let (store, _folder) = store();
    let key = ProcessKey::draw().unwrap();
    let search = Scopes::from_iter([Scope::Search]);
    let first = issued(&store);
    let narrow = Renewal { scopes: Some(search), ..RENEWAL };
    let second = store.renew(first.refresh.reveal(), narrow, &key, NOW).unwrap().unwrap();
    assert_eq!(second.scopes, search);
    assert_eq!(store.bearer(second.access.reveal(), NOW).unwrap().unwrap().0.scopes, search);
    let third = store.renew(second.refresh.reveal(), RENEWAL, &key, NOW).unwrap().unwrap();
    assert_eq!(third.scopes, Scopes::all());
}

#[test]
fn what_is_given_back_is_over_and_nothing_else() {
    let (store, _folder) = store();
    let (one, two) = (issued(&store), issued(&store));
    store.give_back("unknown", "c", NOW).unwrap();
    store.give_back(one.refresh.reveal(), "other", NOW).unwrap();
    assert!(is_alive(&store, &one.access, NOW));
    store.give_back(one.refresh.reveal(), "c", NOW).unwrap();
    assert!(!is_alive(&store, &one.access, NOW) && is_alive(&store, &two.access, NOW));
    store.give_back(two.access.reveal(), "c", NOW).unwrap();
    assert!(!is_alive(&store, &two.access, NOW));
    let key = ProcessKey::draw().unwrap();
    assert!(store.renew(two.refresh.reveal(), RENEWAL, &key, NOW).unwrap().is_ok());
}

#[test]
fn a_person_who_goes_takes_everything_along() {
    let (store, folder) = store();
    let issued = issued(&store);
    let kept = store.password_of("alice").unwrap().unwrap();
    let session = store.begin_session("alice", &kept, NOW).unwrap().unwrap();
    assert_eq!(store.session(session.reveal(), NOW).unwrap().as_deref(), Some("alice"));
    let device = store.remember_device("alice", NOW).unwrap();
    assert_eq!(store.device(device.reveal(), NOW).unwrap().as_deref(), Some("alice"));
    assert_eq!(store.device(device.reveal(), NOW + DEVICE_SECONDS).unwrap(), None);
    assert_eq!(store.device(session.reveal(), NOW).unwrap(), None);
    assert_eq!(store.session(device.reveal(), NOW).unwrap(), None, "it opens nothing");
    // Another process, as `ibid user` is one.
    let other = AccessStore::open(folder.path()).unwrap();
    other.set_password("alice", "another horse").unwrap();
    assert_eq!(store.session(session.reveal(), NOW).unwrap(), None);
    assert_eq!(store.device(device.reveal(), NOW).unwrap(), None);
    assert!(
        store.begin_session("alice", &kept, NOW).unwrap().is_none(),
        "the password was changed meanwhile"
    );
    assert!(is_alive(&store, &issued.access, NOW));
    other.remove_user("alice").unwrap();
    assert!(!is_alive(&store, &issued.access, NOW));
    assert!(matches!(other.remove_user("alice"), Err(AccessError::Unknown { .. })));
    assert!(store.is_empty().unwrap() && store.entries().unwrap().is_empty());
}

#[test]
fn tokens_of_the_command_line_are_made_listed_and_revoked() {
    let (store, _folder) = store();
    let rules = ["-tag:private".to_owned()];
    let token = NewToken { name: "codex", scopes: Scopes::all(), rules: &rules, expires: Some(NOW + 10) };
    let secret = store.create_token(&token, NOW).unwrap();
    assert!(matches!(store.create_token(&token, NOW), Err(AccessError::Taken { .. })));
    let (principal, resource) = store.bearer(secret.reveal(), NOW + 9).unwrap().unwrap();
    assert_eq!((principal.id.as_str(), &principal.rules[..], resource), ("token:codex", &rules[..], None));
    assert!(store.bearer(secret.reveal(), NOW + 10).unwrap().is_none());
    issued(&store);
    let names: Vec<_> = store.entries().unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["codex", "grant:1"]);
    for name in names {
        store.revoke(&name, NOW).unwrap();
        assert!(matches!(store.revoke(&name, NOW), Err(AccessError::Unknown { .. })), "{name}");
    }
    assert!(store.entries().unwrap().is_empty() && store.bearer(secret.reveal(), NOW).unwrap().is_none());
    for name in ["", "two words", "-x", "a/b", "grant:1", &"x".repeat(65)] {
        let refused = store.create_token(&NewToken { name, ..token.clone() }, NOW);
        assert!(matches!(refused, Err(AccessError::Name { .. })), "{name}");
    }
}

#[test]
fn the_last_use_is_known_to_the_minute() {
    let (store, _folder) = store();
    let token = NewToken { name: "codex", scopes: Scopes::all(), rules: &[], expires: None };
    let secrets = [store.create_token(&token, NOW).unwrap(), issued(&store).access];
    let used = || -> Vec<_> { store.entries().unwrap().iter().map(|entry| entry.used).collect() };
    assert_eq!(used(), [None, Some(NOW)]);
    for (later, noted) in [(10, NOW + 10), (69, NOW + 10), (70, NOW + 70), (500, NOW + 500)] {
        assert!(secrets.iter().all(|secret| is_alive(&store, secret, NOW + later)));
        assert_eq!(used()[0], Some(noted), "{later}");
    }
    assert_eq!(used()[1], Some(NOW + 500));
}

#[test]
fn a_file_of_the_first_version_is_brought_to_this_one() {
    let (store, folder) = store();
    store
        .write(|row| {
            row.execute("DROP TABLE device", [])?;
            row.execute("ALTER TABLE token DROP COLUMN used", [])?;
            row.execute(
                "INSERT INTO token (name, hash, scopes, rules, created) VALUES ('old', x'00', '', '[]', 1)",
                [],
            )?;
            Ok(row.pragma_update(None, "user_version", 1)?)
        })
        .unwrap();
    drop(store);
    let entries = AccessStore::open(folder.path()).unwrap().entries().unwrap();
    assert_eq!((entries[0].name.as_str(), entries[0].used), ("old", None));
}

#[test]
fn a_client_that_nobody_uses_goes_after_a_day() {
    const DAY: u64 = 24 * 60 * 60;
    let (store, _folder) = store();
    let register =
        |name: &str, now| store.register(name.to_owned(), vec!["https://a.example/cb".to_owned()], now);
    let unused = register("Unused", NOW).unwrap().unwrap();
    let used = register("Used", NOW).unwrap().unwrap();
    store.write(|row| Ok(row.execute("UPDATE client SET used = 1 WHERE id = ?1", [&used.id])?)).unwrap();
    assert_eq!(store.registered(&unused.id, NOW + DAY - 1).unwrap(), Some(unused.clone()));
    assert_eq!(store.registered(&unused.id, NOW + DAY).unwrap(), None);
    register("Next", NOW + DAY).unwrap();
    assert_eq!(store.registered(&unused.id, NOW).unwrap(), None);
    assert_eq!(store.registered(&used.id, NOW + 100 * DAY).unwrap(), Some(used));
}

#[test]
fn the_file_is_its_owners_and_of_a_known_version() {
    let (store, folder) = store();
    #[cfg(unix)]
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
    store.write(|row| Ok(row.pragma_update(None, "user_version", 9)?)).unwrap();
    drop(store);
    let refused = AccessStore::open(folder.path());
    assert!(matches!(refused, Err(AccessError::Version { found: 9, wanted: 3, .. })));
}
