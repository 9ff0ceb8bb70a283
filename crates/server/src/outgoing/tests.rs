//! What is masked, what stays, and that nothing moves.

use proptest::prelude::*;

use super::*;

fn secrets() -> Secrets {
    Secrets::new(&SecretRules::default()).unwrap()
}

fn masked(text: &str) -> String {
    let mut out = text.to_owned();
    mask(&mut out, &secrets().find(text));
    out
}

/// A text in which `‹` and `›` stand around what must be masked.
fn check(marked: &str) {
    let (mut text, mut wanted, mut inside) = (String::new(), String::new(), false);
    for c in marked.chars() {
        match c {
            '‹' => inside = true,
            '›' => inside = false,
            c => {
                text.push(c);
                wanted.push(if inside && c.is_ascii_graphic() { '*' } else { c });
            }
        }
    }
    assert_eq!(masked(&text), wanted);
}

/// Drawn once; no key of anybody's.
const DRAWN: &str = "q7Lx2Vn9Zb4Kc8Wm1Yt6Rd3Hs5Pf0Jg7Xa2Ue9Io4Qw8Nz1Bv6";

fn drawn(length: usize) -> String {
    DRAWN.chars().cycle().take(length).collect()
}

#[test]
fn keys_of_vendors_are_masked() {
    let hex = "0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(2);
    for key in [
        "AKIAQ7LX2VN4ZB3KC5WM".to_owned(),
        format!("AIza{}", drawn(35)),
        format!("ghp_{}", drawn(36)),
        format!("github_pat_{}", drawn(60)),
        format!("glpat-{}", drawn(20)),
        format!("sk-proj-{}", drawn(40)),
        format!("sk-ant-api03-{}", drawn(40)),
        format!("hf_{}", drawn(34)),
        format!("npm_{}", drawn(36)),
        format!("xoxb-1234567890-{}", drawn(24)),
        format!("sk_live_{}", drawn(24)),
        format!("SG.{}.{}", drawn(22), drawn(43)),
        format!("dop_v1_{hex}"),
        format!("key-{}", &hex[..32]),
        format!("123456789:AA{}", drawn(33)),
        format!("eyJ{}.eyJ{}.{}", drawn(20), drawn(30), drawn(43)),
    ] {
        check(&format!("Before ‹{key}› and after, größer.\n"));
        check(&format!("`‹{key}›`"));
    }
}

#[test]
fn what_says_of_itself_that_it_is_a_secret_is_masked() {
    check("password: ‹hunter2!›\n");
    check("DB_PASSWORD=‹tr0ub4dor&3›\n");
    check("**Passwort:** ‹Gr0sse#Katze›");
    check("\"api_key\": \"‹9fK2xQ7pLmZ4vR8sT1wY›\",");
    check("client_secret = '‹9fK2xQ7pLmZ4vR8sT1wY›'");
    check("Authorization: Bearer ‹9fK2xQ7pLmZ4vR8sT1wY8b›");
    check("postgres://me:‹s3cr3tpw›@db.example:5432/notes");
    check("export TOKEN=‹9fK2xQ7pLmZ4vR8sT1wY›");
}

#[test]
fn a_private_key_is_masked_from_its_head_to_its_end() {
    let body = format!("{}\n{}=\n", drawn(64), drawn(40));
    let stars: String = body.chars().map(|c| if c == '\n' { c } else { '*' }).collect();
    let (head, end) = ("-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----");
    assert_eq!(masked(&format!("A\n{head}\n{body}{end}\nB")), format!("A\n{head}\n{stars}{end}\nB"));
    assert_eq!(masked(&format!("{head}\n{body}")), format!("{head}\n{stars}"), "a block that is cut off");
    let public = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0B\n-----END PUBLIC KEY-----";
    assert_eq!(masked(public), public);
}

#[test]
fn words_stay() {
    for text in [
        "The password: something you know. Passwords: long ones.",
        "password = input(\"your password\")",
        "token: string; secret: true; password: null",
        "let token = self.next_token(); let token = lexer.next2();",
        "api_key = os.environ[\"API_KEY\"], password=$PASSWORD, password: ${PASSWORD}",
        "password: <your password>, token: YOUR_TOKEN_GOES_HERE",
        "https://example.com/path:with@sign and http://localhost:8080/@user",
        "sk-estimators-for-linear-models, risk-averse-and-careful-people-in-a-room",
        "d41d8cd98f00b204e9800998ecf8427e, a commit e3b29460f1a5c7d9e3b29460f1a5c7d9e3b29460",
        "secret: the-quick-brown-fox-jumps-over-the-lazy-dog",
        "credentials: https://example.com/how-to-get-credentials-for-this",
        "basic knowledge of internationalization, Basic Authentication-and-authorization",
        "token = TokenKind::Identifier, access_key: AccessKeyCredentialProvider",
        "The token:ring is a network. [[Password manager]] #password/manager",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn kinds_can_be_left_added_and_switched_off() {
    let text = format!("ghp_{} and ibid-1234", drawn(36));
    let find = |rules: SecretRules| Secrets::new(&rules).unwrap().find(&text).len();
    assert_eq!(find(SecretRules::default()), 1);
    assert_eq!(find(SecretRules { left: vec!["github".into()], ..SecretRules::default() }), 0);
    assert_eq!(find(SecretRules { more: vec![r"ibid-(\d+)".into()], ..SecretRules::default() }), 2);
    assert_eq!(find(SecretRules { more: vec!["x*".into()], ..SecretRules::default() }), 1);
    assert_eq!(find(SecretRules { masked: false, ..SecretRules::default() }), 0);
    let unknown = SecretRules { left: vec!["githbu".into()], ..SecretRules::default() };
    assert!(matches!(Secrets::new(&unknown), Err(SecretRuleError::Unknown { .. })));
    let broken = SecretRules { more: vec!["(".into()], ..SecretRules::default() };
    assert!(matches!(Secrets::new(&broken), Err(SecretRuleError::Pattern { .. })));
}

#[test]
fn what_cannot_be_seen_is_counted_and_named() {
    let mut unseen = Unseen::default();
    unseen.look_at("plain \u{1f468}\u{200d}\u{1f469} \u{5e9}\u{5dc}\n\t");
    assert_eq!(unseen.summary(), None);
    unseen.look_at("a\u{202e}b\u{200b}\u{200b}\u{e0041}\u{1b}[0m");
    assert_eq!(unseen.summary().unwrap(), "5 (U+001B, U+200B, U+202E, U+E0041)");
}

#[test]
fn marks_hold_the_nonce() {
    let text = marked("{}", Nonce(0xab));
    assert!(
        text.starts_with(MATERIAL)
            && text.ends_with("<notes 00000000000000ab>\n{}\n</notes 00000000000000ab>")
    );
    assert_ne!(Nonce::drawn(), Nonce::drawn());
}

proptest! {
    #[test]
    fn no_byte_moves(parts in prop::collection::vec(prop_oneof![
        "\\PC{0,20}", Just(format!("ghp_{}", drawn(36))), Just("password: hunter2!é".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----\nabcé".to_owned()), Just("\n".to_owned()),
    ], 0..8)) {
        let text = parts.concat();
        let out = masked(&text);
        prop_assert_eq!(out.len(), text.len());
        let same = text.char_indices().zip(out.char_indices());
        for ((at, a), (also_at, b)) in same {
            prop_assert_eq!(at, also_at);
            prop_assert!(a == b || (b == '*' && a.is_ascii_graphic()));
        }
    }
}
