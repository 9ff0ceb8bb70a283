//! The way from a request to tokens: what waits for a person, codes, access and refresh tokens. Each step reads its rows,
//! asks [`crate::oauth::grant`], and writes what was decided, in one transaction.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{AccessError, AccessStore, texts};
use crate::oauth::grant::{
    ACCESS_SECONDS, CODE_SECONDS, Code, Exchange, NotGranted, PENDING_SECONDS, REFRESH_SECONDS, Refresh,
    Renewal, Renewed,
};
use crate::oauth::request::Asked;
use crate::oauth::scope::Scopes;
use crate::oauth::secret::{ProcessKey, Secret, SecretHash};

/// The most requests that wait at once. One more pushes out the oldest.
const MAX_PENDING: u64 = 1000;

/// How long a used code is remembered, in seconds, so that a second use is noticed.
const REMEMBER_CODE_SECONDS: u64 = REFRESH_SECONDS;

/// A request that waits, told by its secret and the browser that began it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending<'a> {
    pub(crate) request: &'a str,
    pub(crate) browser: &'a str,
}

/// What a person decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewGrant<'a> {
    pub(crate) user: &'a str,
    pub(crate) scopes: Scopes,
    pub(crate) rules: &'a [String],
}

/// Tokens on their way out.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access: Secret,
    pub(crate) refresh: Secret,
    pub(crate) scopes: Scopes,
}

impl AccessStore {
    /// Lets a request wait for a person. Gives its secret.
    pub(crate) fn begin(&self, asked: &Asked, browser: &str, now: u64) -> Result<Secret, AccessError> {
        let secret = Secret::draw()?;
        let asked = serde_json::json!(asked).to_string();
        self.write(|row| {
            row.execute("DELETE FROM pending WHERE expires <= ?1", [now])?;
            row.execute(
                "DELETE FROM pending WHERE hash IN \
                 (SELECT hash FROM pending ORDER BY expires DESC, hash LIMIT -1 OFFSET ?1)",
                [MAX_PENDING - 1],
            )?;
            row.execute(
                "INSERT INTO pending (hash, browser, asked, expires) VALUES (?1, ?2, ?3, ?4)",
                params![secret.hash(), SecretHash::of(browser), asked, now + PENDING_SECONDS],
            )?;
            Ok(secret)
        })
    }

    /// What a request that waits has asked.
    pub(crate) fn pending(&self, pending: Pending<'_>, now: u64) -> Result<Option<Asked>, AccessError> {
        let connection = self.connection();
        let asked: Option<String> = connection
            .query_row(
                "SELECT asked FROM pending WHERE hash = ?1 AND browser = ?2 AND expires > ?3",
                params![SecretHash::of(pending.request), SecretHash::of(pending.browser), now],
                |row| row.get(0),
            )
            .optional()?;
        Ok(asked.and_then(|asked| serde_json::from_str(&asked).ok()))
    }

    /// Ends a request: with a code if a person granted it, without if not. `None` where it does not wait (any more).
    pub(crate) fn decide(
        &self,
        pending: Pending<'_>,
        grant: Option<NewGrant<'_>>,
        now: u64,
    ) -> Result<Option<(Asked, Option<Secret>)>, AccessError> {
        let code = Secret::draw()?;
        self.write(|row| {
            let asked: Option<String> = row
                .query_row(
                    "DELETE FROM pending WHERE hash = ?1 AND browser = ?2 AND expires > ?3 RETURNING asked",
                    params![SecretHash::of(pending.request), SecretHash::of(pending.browser), now],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(asked) = asked.and_then(|asked| serde_json::from_str::<Asked>(&asked).ok()) else {
                return Ok(None);
            };
            let Some(grant) = grant else { return Ok(Some((asked, None))) };
            insert_grant(row, &asked, &grant, &code, now)?;
            Ok(Some((asked, Some(code))))
        })
    }

    /// Exchanges a code. One that is used again ends everything that came of it.
    pub(crate) fn exchange(
        &self,
        code: &str,
        shown: Exchange<'_>,
        now: u64,
    ) -> Result<Result<Issued, NotGranted>, AccessError> {
        let hash = SecretHash::of(code);
        self.write(|row| {
            let Some((consent, scopes, found)) = find_code(row, hash)? else {
                return Ok(Err(NotGranted::Grant));
            };
            if let Err(not) = found.exchange(shown, now) {
                return ended(row, consent, not, now);
            }
            row.execute("UPDATE code SET used = ?2 WHERE hash = ?1", params![hash, now])?;
            row.execute("UPDATE client SET used = ?2 WHERE id = ?1", params![found.client_id, now])?;
            let refresh = Secret::draw()?;
            add_refresh(row, consent, &refresh, now)?;
            prune(row, now)?;
            Ok(Ok(issue(row, consent, scopes, refresh, now)?))
        })
    }

    /// Exchanges a refresh token. The next one follows from it and from `key`, so that a request that was sent twice is
    /// answered the same, and nothing but hashes is kept.
    pub(crate) fn renew(
        &self,
        token: &str,
        shown: Renewal<'_>,
        key: &ProcessKey,
        now: u64,
    ) -> Result<Result<Issued, NotGranted>, AccessError> {
        let hash = SecretHash::of(token);
        self.write(|row| {
            let Some((consent, next, found)) = find_refresh(row, hash)? else {
                return Ok(Err(NotGranted::Grant));
            };
            let renewed = match found.renew(shown, now) {
                Ok(renewed) => renewed,
                Err(not) => return ended(row, consent, not, now),
            };
            let refresh = key.derive("refresh", &[token]);
            let scopes = match renewed {
                Renewed::Rotated(scopes) => {
                    row.execute(
                        "UPDATE refresh SET replaced = ?2, next = ?3 WHERE hash = ?1",
                        params![hash, now, refresh.hash()],
                    )?;
                    add_refresh(row, consent, &refresh, now)?;
                    prune(row, now)?;
                    scopes
                }
                // The server was started anew in between: the token that took its place cannot be told again.
                Renewed::Repeated(_) if next != Some(refresh.hash().0) => return Ok(Err(NotGranted::Grant)),
                Renewed::Repeated(scopes) => scopes,
            };
            Ok(Ok(issue(row, consent, scopes, refresh, now)?))
        })
    }

    /// Ends what a client has no use for any more: an access token alone, or with a refresh token the whole grant.
    /// Another client's, and what is unknown, is left alone.
    pub(crate) fn give_back(&self, token: &str, client_id: &str, now: u64) -> Result<(), AccessError> {
        let hash = SecretHash::of(token);
        self.write(|row| {
            row.execute(
                "DELETE FROM access WHERE hash = ?1 AND consent IN (SELECT id FROM consent WHERE client = ?2)",
                params![hash, client_id],
            )?;
            row.execute(
                "UPDATE consent SET revoked = ?3 WHERE client = ?2 AND revoked IS NULL \
                 AND id = (SELECT consent FROM refresh WHERE hash = ?1)",
                params![hash, client_id, now],
            )?;
            Ok(())
        })
    }
}

fn insert_grant(
    row: &Transaction<'_>,
    asked: &Asked,
    grant: &NewGrant<'_>,
    code: &Secret,
    now: u64,
) -> Result<(), AccessError> {
    let added = row.execute(
        "INSERT INTO consent (user, client, client_name, resource, scopes, rules, created) \
         SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM user WHERE name = ?1",
        params![
            grant.user,
            asked.client_id,
            asked.client_name,
            asked.resource,
            grant.scopes.to_string(),
            texts(grant.rules),
            now
        ],
    )?;
    if added == 0 {
        return Err(AccessError::Unknown { name: grant.user.to_owned() });
    }
    row.execute(
        "INSERT INTO code (hash, consent, redirect, redirect_given, challenge, expires) \
         VALUES (?1, last_insert_rowid(), ?2, ?3, ?4, ?5)",
        params![code.hash(), asked.redirect_uri, asked.redirect_given, asked.challenge, now + CODE_SECONDS],
    )?;
    Ok(())
}

/// A code with its grant's number and scopes.
fn find_code(row: &Transaction<'_>, hash: SecretHash) -> Result<Option<(i64, Scopes, Code)>, AccessError> {
    let found = row.query_row(
        "SELECT consent.id, scopes, client, redirect, redirect_given, challenge, resource, expires, \
         code.used IS NOT NULL, revoked IS NULL \
         FROM code JOIN consent ON consent.id = code.consent WHERE hash = ?1",
        [hash],
        |row| {
            let code = Code {
                client_id: row.get(2)?,
                redirect_uri: row.get(3)?,
                redirect_given: row.get(4)?,
                challenge: row.get(5)?,
                resource: row.get(6)?,
                expires: row.get(7)?,
                used: row.get(8)?,
                alive: row.get(9)?,
            };
            Ok((row.get(0)?, Scopes::parse(&row.get::<_, String>(1)?).unwrap_or_default(), code))
        },
    );
    Ok(found.optional()?)
}

type FoundRefresh = (i64, Option<[u8; 32]>, Refresh);

/// A refresh token with its grant's number and the hash of the next one.
fn find_refresh(row: &Transaction<'_>, hash: SecretHash) -> Result<Option<FoundRefresh>, AccessError> {
    let found = row.query_row(
        "SELECT consent.id, refresh.next, client, resource, scopes, refresh.expires, refresh.replaced, \
         EXISTS (SELECT 1 FROM refresh AS later WHERE later.hash = refresh.next AND later.replaced IS NOT NULL), \
         revoked IS NULL \
         FROM refresh JOIN consent ON consent.id = refresh.consent WHERE refresh.hash = ?1",
        [hash],
        |row| {
            let refresh = Refresh {
                client_id: row.get(2)?,
                resource: row.get(3)?,
                scopes: Scopes::parse(&row.get::<_, String>(4)?).unwrap_or_default(),
                expires: row.get(5)?,
                replaced: row.get(6)?,
                next_replaced: row.get(7)?,
                alive: row.get(8)?,
            };
            Ok((row.get(0)?, row.get(1)?, refresh))
        },
    );
    Ok(found.optional()?)
}

/// Says no, after the grant was ended if its token was stolen.
fn ended<T>(
    row: &Transaction<'_>,
    consent: i64,
    not: NotGranted,
    now: u64,
) -> Result<Result<T, NotGranted>, AccessError> {
    if not == NotGranted::Stolen {
        let revoke = "UPDATE consent SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
        if row.execute(revoke, params![consent, now])? == 1 {
            tracing::warn!(grant = consent, "a code or refresh token was used twice; its grant is revoked");
        }
    }
    Ok(Err(not))
}

fn add_refresh(row: &Transaction<'_>, consent: i64, refresh: &Secret, now: u64) -> Result<(), AccessError> {
    row.execute(
        "INSERT INTO refresh (hash, consent, expires) VALUES (?1, ?2, ?3)",
        params![refresh.hash(), consent, now + REFRESH_SECONDS],
    )?;
    Ok(())
}

/// An access token beside a refresh token.
fn issue(
    row: &Transaction<'_>,
    consent: i64,
    scopes: Scopes,
    refresh: Secret,
    now: u64,
) -> Result<Issued, AccessError> {
    let access = Secret::draw()?;
    row.execute(
        "INSERT INTO access (hash, consent, scopes, expires) VALUES (?1, ?2, ?3, ?4)",
        params![access.hash(), consent, scopes.to_string(), now + ACCESS_SECONDS],
    )?;
    row.execute("UPDATE consent SET used = ?2 WHERE id = ?1", params![consent, now])?;
    Ok(Issued { access, refresh, scopes })
}

/// Forgets what is over.
fn prune(row: &Transaction<'_>, now: u64) -> Result<(), AccessError> {
    row.execute("DELETE FROM access WHERE expires <= ?1", [now])?;
    row.execute("DELETE FROM refresh WHERE expires <= ?1", [now])?;
    row.execute("DELETE FROM code WHERE expires <= ?1", [now.saturating_sub(REMEMBER_CODE_SECONDS)])?;
    // A grant whose code was not exchanged in time, or whose last refresh token expired.
    row.execute(
        "DELETE FROM consent WHERE NOT EXISTS (SELECT 1 FROM refresh WHERE consent = consent.id) \
         AND NOT EXISTS (SELECT 1 FROM code WHERE consent = consent.id AND used IS NULL AND expires > ?1) \
         AND NOT EXISTS (SELECT 1 FROM access WHERE consent = consent.id)",
        [now],
    )?;
    Ok(())
}
