//! Secrets: drawn at random, handed out once, and kept as their hashes alone.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How many random bytes a secret has: 256 bits, so that its hash needs no salt and cannot be guessed back.
const SECRET_BYTES: usize = 32;

/// What begins a token that a person made on the command line, so that it is recognised where it leaks.
pub(crate) const STATIC_PREFIX: &str = "ibid_";

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// A secret in plain text, on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    pub(crate) fn draw() -> Result<Secret, NoRandomness> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A new one for the command line.
    pub(crate) fn draw_static() -> Result<Secret, NoRandomness> {
        Secret::draw().map(|Secret(text)| Secret(format!("{STATIC_PREFIX}{text}")))
    }

    /// The text to hand out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret: what is kept and looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecretHash(pub(crate) [u8; 32]);

impl SecretHash {
    pub(crate) fn of(secret: &str) -> SecretHash {
        SecretHash(Sha256::digest(secret.as_bytes()).into())
    }
}

/// A key of this process, for values that follow from others and are worth nothing once it ends.
#[derive(Clone)]
pub(crate) struct ProcessKey(Secret);

impl ProcessKey {
    pub(crate) fn draw() -> Result<ProcessKey, NoRandomness> {
        Secret::draw().map(ProcessKey)
    }

    /// The secret that follows from `parts` for one purpose. Nobody without the key can tell it.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&str]) -> Secret {
        let mut digest = Sha256::new();
        // The key is hashed on both sides, so that nothing can be appended; lengths keep the parts apart.
        for part in [self.0.reveal(), purpose].iter().chain(parts).chain(&[self.0.reveal()]) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        Secret(URL_SAFE_NO_PAD.encode(digest.finalize()))
    }
}

/// Whether two texts are equal, in a time that tells nothing but their lengths.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Whether `verifier` is what `challenge` was made of (PKCE, S256). A verifier of another form never is.
pub(crate) fn proves(challenge: &str, verifier: &str) -> bool {
    let formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved);
    formed && same(challenge, &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())))
}

/// Whether a text can be a challenge of S256: 32 bytes in base64url, without padding.
pub(crate) fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let drawn: std::collections::HashSet<String> =
            (0..1000).map(|_| Secret::draw().unwrap().reveal().to_owned()).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().all(|text| text.len() == 43));
        assert!(Secret::draw_static().unwrap().reveal().starts_with("ibid_"));
        assert_eq!(format!("{:?}", Secret::draw().unwrap()), "Secret(…)");
    }

    #[test]
    fn what_is_derived_depends_on_every_part() {
        let key = ProcessKey::draw().unwrap();
        let one = key.derive("csrf", &["a", "bc"]);
        assert_eq!(one, key.derive("csrf", &["a", "bc"]));
        for (purpose, parts) in [("csrf", ["ab", "c"]), ("other", ["a", "bc"]), ("csrf", ["a", "bd"])] {
            assert_ne!(one, key.derive(purpose, &parts));
        }
        assert_ne!(one, ProcessKey::draw().unwrap().derive("csrf", &["a", "bc"]));
    }

    #[test]
    fn only_the_verifier_proves_its_challenge() {
        // The example of RFC 7636, appendix B.
        let (challenge, verifier) =
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert!(is_challenge(challenge) && proves(challenge, verifier));
        let long = "a".repeat(129);
        for wrong in ["", &verifier[..42], &long, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK", challenge] {
            assert!(!proves(challenge, wrong), "{wrong}");
        }
        for wrong in ["", &challenge[..42], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", &long] {
            assert!(!is_challenge(wrong), "{wrong}");
        }
    }
}
