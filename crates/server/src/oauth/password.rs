//! Passwords: argon2id, with the parameters that the crate recommends (19 MiB, two passes). Slow on purpose: who calls
//! decides how many run at once.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

/// The fewest characters of a password, and the most bytes.
const MIN_PASSWORD_CHARACTERS: usize = 10;
const MAX_PASSWORD_BYTES: usize = 1024;

/// Why a text is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It can be guessed, or is no password at all.
    #[error(
        "a password has at least {MIN_PASSWORD_CHARACTERS} characters and at most {MAX_PASSWORD_BYTES} bytes"
    )]
    Length,
    /// The system gave no random bytes, or no memory.
    #[error("the password cannot be hashed")]
    NotHashed,
}

/// A hash that no password has, for names that nobody has: looking takes as long as for those that somebody has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is kept of a password. Takes a twentieth of a second.
pub(crate) fn hash(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < MIN_PASSWORD_CHARACTERS || password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::Length);
    }
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::NotHashed)
}

/// The memory that a look at a password takes, for one look after another. Memory that is given back and asked for again
/// would stay with the allocator in many copies.
pub(crate) struct Room(Vec<Block>);

impl Room {
    /// It takes its 19 MiB when the first password is looked at.
    pub(crate) fn new() -> Room {
        Room(Vec::new())
    }

    /// Whether a password is the one of this hash; `None` stands for a person who is not there.
    pub(crate) fn is_right(&mut self, password: &str, kept: Option<&str>) -> bool {
        let Ok(hash) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return false };
        let right = password.len() <= MAX_PASSWORD_BYTES && self.verifies(password, &hash).unwrap_or(false);
        right && kept.is_some()
    }

    /// `None` for a hash that is not written as [`hash`] writes it.
    fn verifies(&mut self, password: &str, hash: &PasswordHash) -> Option<bool> {
        let (salt, kept) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let params = Params::try_from(hash).ok()?;
        let is_ours =
            hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
        if !is_ours || params.block_count() > Params::DEFAULT.block_count() {
            return None;
        }
        self.0.resize(Params::DEFAULT.block_count(), Block::default());
        let mut made = vec![0; kept.as_bytes().len()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut made, &mut self.0[..]).ok()?;
        Some(kept.as_bytes().ct_eq(&made).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_right() {
        let kept = hash("correct horse").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !kept.contains("horse"));
        assert_ne!(kept, hash("correct horse").unwrap(), "every hash has its own salt");
        let mut room = Room::new();
        for (password, right) in [("correct horse", true), ("correct horsf", false), ("", false)] {
            assert_eq!(room.is_right(password, Some(&kept)), right);
        }
        for kept in [
            None,
            Some("torn"),
            Some(&*kept.replace("argon2id", "argon2i")),
            Some(&*kept.replace("m=19456", "m=99999")),
        ] {
            assert!(!room.is_right("correct horse", kept), "{kept:?}");
        }
        assert_eq!(
            (hash("short"), hash(&"x".repeat(1025))),
            (Err(PasswordError::Length), Err(PasswordError::Length))
        );
    }

    #[test]
    fn a_person_who_is_not_there_takes_the_same_work() {
        let kept = hash("correct horse").unwrap();
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(parameters(NOBODY), parameters(&kept));
        for kept in [Some(&*kept), None] {
            let mut room = Room::new();
            room.is_right("a wrong password", kept);
            assert_eq!(room.0.len(), Params::DEFAULT.block_count());
            let is_written = |block: &Block| block.as_ref().iter().any(|word| *word != 0);
            assert!(room.0.iter().all(is_written), "{kept:?}: the whole memory was worked through");
        }
    }
}
