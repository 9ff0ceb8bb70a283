//! Bearer tokens of both kinds as the guard looks them up, and as a person lists and revokes them.

use rusqlite::{OptionalExtension, Row, params};

use super::{AccessError, AccessStore, Texts, checked_name, is_conflict, texts};
use crate::oauth::principal::Principal;
use crate::oauth::scope::Scopes;
use crate::oauth::secret::{STATIC_PREFIX, Secret, SecretHash};

/// A token to be made on the command line.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// What it is called; no other has the name.
    pub name: &'a str,
    /// What it allows.
    pub scopes: Scopes,
    /// Which notes: rules as the search knows them. None allow everything.
    pub rules: &'a [String],
    /// When it ends, in seconds since 1970.
    pub expires: Option<u64>,
}

/// A token or a grant, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is revoked by.
    pub name: String,
    /// Who made it, or has it.
    pub kind: EntryKind,
    /// What it allows, as scopes are written.
    pub scopes: String,
    /// Which notes.
    pub rules: Vec<String>,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    /// When it ends, in seconds since 1970.
    pub expires: Option<u64>,
    /// When it last opened something, in seconds since 1970, to the minute.
    pub used: Option<u64>,
}

/// Where an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// Made on the command line.
    Token,
    /// Granted to a client by a person who signed in.
    Grant {
        /// The client, as it calls itself.
        client: String,
        /// The person.
        user: String,
    },
}

/// What begins the name under which a grant is listed.
const GRANT_PREFIX: &str = "grant:";

/// A use is noted when the last one that was is older than this, in seconds: a write for every call would be felt.
const NOTED_EVERY: u64 = 60;

/// Whose a token is, the resource it is for, and when it was last used.
type Found = (Principal, Option<String>, Option<u64>);

impl AccessStore {
    /// Makes a token. Its secret is given here and never again.
    pub fn create_token(&self, token: &NewToken<'_>, now: u64) -> Result<Secret, AccessError> {
        checked_name(token.name)?;
        let secret = Secret::draw_static()?;
        self.write(|row| {
            let made = row.execute(
                "INSERT INTO token (name, hash, scopes, rules, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    token.name,
                    secret.hash(),
                    token.scopes.to_string(),
                    texts(token.rules),
                    now,
                    token.expires
                ],
            );
            match made {
                Err(error) if is_conflict(&error) => {
                    Err(AccessError::Taken { name: token.name.to_owned() })
                }
                made => Ok(made.map(|_| secret)?),
            }
        })
    }

    /// Every token and every grant in force, tokens first, by age.
    pub fn entries(&self) -> Result<Vec<Entry>, AccessError> {
        let connection = self.connection();
        let mut query = connection.prepare(
            "SELECT name, scopes, rules, created, expires, NULL, NULL, used, 0 AS later FROM token UNION ALL \
             SELECT 'grant:' || consent.id, scopes, rules, consent.created, NULL, client_name, user.name, used, 1 \
             FROM consent JOIN user ON user.id = consent.user WHERE revoked IS NULL ORDER BY later, 4, 1",
        )?;
        let entry = |row: &Row<'_>| {
            let Texts(rules) = row.get(2)?;
            let kind = match (row.get(5)?, row.get(6)?) {
                (Some(client), Some(user)) => EntryKind::Grant { client, user },
                _ => EntryKind::Token,
            };
            let (name, scopes, created, expires) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?);
            Ok(Entry { name, kind, scopes, rules, created, expires, used: row.get(7)? })
        };
        let entries = query.query_map([], entry)?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// Ends a token or a grant, by the name it is listed under. A server that runs refuses it from then on.
    pub fn revoke(&self, name: &str, now: u64) -> Result<(), AccessError> {
        let unknown = || AccessError::Unknown { name: name.to_owned() };
        self.write(|row| {
            let ended = match name.strip_prefix(GRANT_PREFIX) {
                Some(number) => row.execute(
                    "UPDATE consent SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL",
                    params![number.parse::<i64>().map_err(|_| unknown())?, now],
                )?,
                None => row.execute("DELETE FROM token WHERE name = ?1", [name])?,
            };
            if ended == 0 { Err(unknown()) } else { Ok(()) }
        })
    }

    /// Whether anything could open a server that asks this file: a person, or a token.
    pub fn is_empty(&self) -> Result<bool, AccessError> {
        let connection = self.connection();
        let any = "SELECT EXISTS (SELECT 1 FROM user) OR EXISTS (SELECT 1 FROM token)";
        Ok(!connection.query_row(any, [], |row| row.get::<_, bool>(0))?)
    }

    /// Whether what opened as this principal still could: its token is there, or its grant is. The one secret of a server
    /// ends with the server.
    pub(crate) fn holds(&self, principal: &str, now: u64) -> Result<bool, AccessError> {
        let connection = self.connection();
        let found = match principal.split_once(':') {
            Some(("token", name)) => connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM token WHERE name = ?1 AND (expires IS NULL OR expires > ?2))",
                params![name, now],
                |row| row.get(0),
            ),
            Some(("grant", number)) => connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM consent WHERE id = ?1 AND revoked IS NULL)",
                params![number.parse::<i64>().unwrap_or_default()],
                |row| row.get(0),
            ),
            _ => return Ok(true),
        };
        Ok(found?)
    }

    /// Whose a bearer token is, and the resource it is for; `None` for one that is unknown, expired or revoked. A token
    /// of the command line is for all resources. Notes the use, once a minute.
    pub(crate) fn bearer(
        &self,
        secret: &str,
        now: u64,
    ) -> Result<Option<(Principal, Option<String>)>, AccessError> {
        let Some((principal, resource, used)) = self.find(secret, now)? else { return Ok(None) };
        if used.is_none_or(|used| used + NOTED_EVERY <= now)
            && let Err(error) = self.note_use(&principal.id, now)
        {
            // It opens all the same: a disk that is full locks nobody out.
            tracing::warn!(%error, principal = %principal.id, "a use cannot be noted");
        }
        Ok(Some((principal, resource)))
    }

    fn note_use(&self, id: &str, now: u64) -> Result<(), AccessError> {
        self.write(|row| {
            match id.strip_prefix(GRANT_PREFIX) {
                Some(number) => {
                    row.execute("UPDATE consent SET used = ?2 WHERE id = ?1", params![number, now])?
                }
                None => {
                    row.execute("UPDATE token SET used = ?2 WHERE 'token:' || name = ?1", params![id, now])?
                }
            };
            Ok(())
        })
    }

    fn find(&self, secret: &str, now: u64) -> Result<Option<Found>, AccessError> {
        let hash = SecretHash::of(secret);
        let connection = self.connection();
        let scopes = |row: &Row<'_>, at| {
            // What an earlier version wrote and this one does not know allows nothing.
            Ok::<_, rusqlite::Error>(Scopes::parse(&row.get::<_, String>(at)?).unwrap_or_default())
        };
        if secret.starts_with(STATIC_PREFIX) {
            let found = connection.query_row(
                "SELECT name, scopes, rules, used FROM token WHERE hash = ?1 AND (expires IS NULL OR expires > ?2)",
                params![hash, now],
                |row| {
                    let name: String = row.get(0)?;
                    let Texts(rules) = row.get(2)?;
                    let id = format!("token:{name}");
                    let principal = Principal { id, name, client: None, scopes: scopes(row, 1)?, rules };
                    Ok((principal, None, row.get(3)?))
                },
            );
            return Ok(found.optional()?);
        }
        let found = connection.query_row(
            "SELECT consent.id, user.name, client_name, access.scopes, rules, resource, consent.used FROM access \
             JOIN consent ON consent.id = access.consent JOIN user ON user.id = consent.user \
             WHERE hash = ?1 AND expires > ?2 AND revoked IS NULL",
            params![hash, now],
            |row| {
                let Texts(rules) = row.get(4)?;
                let (id, name) = (format!("{GRANT_PREFIX}{}", row.get::<_, i64>(0)?), row.get(1)?);
                let principal = Principal { id, name, client: row.get(2)?, scopes: scopes(row, 3)?, rules };
                Ok((principal, Some(row.get(5)?), row.get(6)?))
            },
        );
        Ok(found.optional()?)
    }
}
