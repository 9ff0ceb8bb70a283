//! Who asked for what, and what they were given: a line of JSON for every call, in files that are rotated by size. It says
//! which words were given by their place, never the words themselves, and holds no secret.

pub(crate) mod day;
mod log;
pub(crate) mod newest;
mod read;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use log::AuditLog;
pub use read::{Filter, entries, follow};

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it ended: RFC 3339, UTC, to the millisecond.
    pub time: String,
    /// Its own name, which errors repeat.
    pub id: AuditId,
    /// The person or the token; `local` where nobody has to sign in.
    pub who: String,
    /// The program that asked on their behalf, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The address it came from; none over standard streams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was asked for: `search`, `fetch`, `resources/read`, `page`, `sign-in`, …
    pub call: String,
    /// With what; long texts are cut.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub arguments: Value,
    /// Everything that was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<Given>,
    /// How many secrets were masked in it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub masked: usize,
    /// The bytes of the answer.
    pub bytes: usize,
    /// How long it took.
    pub ms: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// Words that were given, by their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The citation, or the document's id.
    pub id: String,
    /// The first byte given and the one past the last, in the document; none where only its name was given, or a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<(u64, u64)>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How a call ended. The names are those of errors on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was answered.
    Ok,
    /// What was asked makes no sense.
    Validation,
    /// The caller may not.
    Permission,
    /// The caller asked too often.
    RateLimit,
    /// It is not there, or not for this caller.
    NotFound,
    /// The fault is ours.
    Internal,
}

impl Outcome {
    /// Every outcome with its name.
    pub const NAMES: [(&'static str, Outcome); 6] = [
        ("ok", Outcome::Ok),
        ("validation", Outcome::Validation),
        ("permission", Outcome::Permission),
        ("rate_limit", Outcome::RateLimit),
        ("not_found", Outcome::NotFound),
        ("internal", Outcome::Internal),
    ];

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Outcome> {
        Outcome::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, outcome)| outcome)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        Outcome::NAMES.iter().find(|(_, outcome)| *outcome == self).map_or("internal", |(name, _)| name)
    }
}

/// Names one call: 12 letters and digits, 60 random bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditId(String);

impl AuditId {
    const LENGTH: usize = 12;

    /// As many values as five bits have; no letters that are taken for digits.
    const ALPHABET: &'static [u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// One out of random bits.
    pub fn of(random: u64) -> AuditId {
        let place = |at: usize| usize::try_from(random >> (5 * at) & 31).unwrap_or(0);
        AuditId((0..Self::LENGTH).map(|at| char::from(Self::ALPHABET[place(at)])).collect())
    }
}

impl AuditId {
    /// One that nobody guesses; where the system has no random numbers left, all are alike.
    pub(crate) fn drawn() -> AuditId {
        let mut bytes = [0; 8];
        if let Err(error) = getrandom::fill(&mut bytes) {
            tracing::error!(%error, "there are no random numbers");
        }
        AuditId::of(u64::from_le_bytes(bytes))
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is no audit id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an audit id has {} letters and digits", AuditId::LENGTH)]
pub struct AuditIdError;

impl FromStr for AuditId {
    type Err = AuditIdError;

    fn from_str(text: &str) -> Result<AuditId, AuditIdError> {
        let text = text.trim().to_ascii_lowercase();
        let plain = text.bytes().all(|byte| AuditId::ALPHABET.contains(&byte));
        (plain && text.len() == AuditId::LENGTH).then_some(AuditId(text)).ok_or(AuditIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself() {
        for random in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let id = AuditId::of(random);
            assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        }
        for none in ["", "0123456789a", "0123456789ai", "../../etc/pw"] {
            assert_eq!(none.parse::<AuditId>(), Err(AuditIdError), "{none}");
        }
    }

    #[test]
    fn an_outcome_is_written_as_it_is_named() {
        for (name, outcome) in Outcome::NAMES {
            assert_eq!(serde_json::to_value(outcome).unwrap(), name);
            assert_eq!(outcome.name(), name);
        }
    }
}
