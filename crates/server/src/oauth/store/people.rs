//! People and the browsers they are signed in with.

use rusqlite::{OptionalExtension, params};

use super::{AccessError, AccessStore, checked_name, is_conflict};
use crate::oauth::grant::{DEVICE_SECONDS, SESSION_SECONDS};
use crate::oauth::password;
use crate::oauth::secret::{Secret, SecretHash};

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What they sign in as.
    pub name: String,
    /// When they were added, in seconds since 1970.
    pub created: u64,
    /// How many clients have access on their behalf.
    pub clients: u64,
}

impl AccessStore {
    /// Adds a person. Takes a twentieth of a second, for the password.
    pub fn add_user(&self, name: &str, password: &str, now: u64) -> Result<(), AccessError> {
        checked_name(name)?;
        let hash = password::hash(password)?;
        self.write(|row| {
            let added = row.execute(
                "INSERT INTO user (name, password, created) VALUES (?1, ?2, ?3)",
                params![name, hash, now],
            );
            match added {
                Err(error) if is_conflict(&error) => Err(AccessError::Taken { name: name.to_owned() }),
                added => Ok(added.map(drop)?),
            }
        })
    }

    /// Gives a person another password, and signs all their browsers out. What clients were granted stays.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), AccessError> {
        let hash = password::hash(password)?;
        self.write(|row| {
            let changed =
                row.execute("UPDATE user SET password = ?2 WHERE name = ?1", params![name, hash])?;
            if changed == 0 {
                return Err(AccessError::Unknown { name: name.to_owned() });
            }
            for browsers in ["session", "device"] {
                let of_user =
                    format!("DELETE FROM {browsers} WHERE user = (SELECT id FROM user WHERE name = ?1)");
                row.execute(&of_user, [name])?;
            }
            Ok(())
        })
    }

    /// Removes a person with everything they granted.
    pub fn remove_user(&self, name: &str) -> Result<(), AccessError> {
        self.write(|row| match row.execute("DELETE FROM user WHERE name = ?1", [name])? {
            0 => Err(AccessError::Unknown { name: name.to_owned() }),
            _ => Ok(()),
        })
    }

    /// Everybody, by name.
    pub fn users(&self) -> Result<Vec<User>, AccessError> {
        let connection = self.connection();
        let mut query = connection.prepare(
            "SELECT name, created, (SELECT count(*) FROM consent WHERE user = user.id AND revoked IS NULL) \
             FROM user ORDER BY name",
        )?;
        let users = query.query_map([], |row| {
            Ok(User { name: row.get(0)?, created: row.get(1)?, clients: row.get(2)? })
        })?;
        Ok(users.collect::<Result<_, _>>()?)
    }

    /// What is kept of a person's password.
    pub(crate) fn password_of(&self, name: &str) -> Result<Option<String>, AccessError> {
        let connection = self.connection();
        let kept =
            connection.query_row("SELECT password FROM user WHERE name = ?1", [name], |row| row.get(0));
        Ok(kept.optional()?)
    }

    /// Signs a browser in. `kept` is the password's hash that was looked at: one that was changed since is no longer it.
    pub(crate) fn begin_session(
        &self,
        name: &str,
        kept: &str,
        now: u64,
    ) -> Result<Option<Secret>, AccessError> {
        let secret = Secret::draw()?;
        self.write(|row| {
            row.execute("DELETE FROM session WHERE expires <= ?1", [now])?;
            let begun = row.execute(
                "INSERT INTO session (hash, user, expires) \
                 SELECT ?1, id, ?2 FROM user WHERE name = ?3 AND password = ?4",
                params![secret.hash(), now + SESSION_SECONDS, name, kept],
            )?;
            Ok((begun == 1).then_some(secret))
        })
    }

    /// Remembers that a person signed in with a browser.
    pub(crate) fn remember_device(&self, name: &str, now: u64) -> Result<Secret, AccessError> {
        let secret = Secret::draw()?;
        self.write(|row| {
            row.execute("DELETE FROM device WHERE expires <= ?1", [now])?;
            row.execute(
                "INSERT INTO device (hash, user, expires) SELECT ?1, id, ?2 FROM user WHERE name = ?3",
                params![secret.hash(), now + DEVICE_SECONDS, name],
            )?;
            Ok(secret)
        })
    }

    /// Who signed in before with a browser's secret.
    pub(crate) fn device(&self, secret: &str, now: u64) -> Result<Option<String>, AccessError> {
        let connection = self.connection();
        let user = connection.query_row(
            "SELECT name FROM device JOIN user ON user.id = device.user WHERE hash = ?1 AND expires > ?2",
            params![SecretHash::of(secret), now],
            |row| row.get(0),
        );
        Ok(user.optional()?)
    }

    /// Signs a browser out.
    pub(crate) fn end_session(&self, secret: &str) -> Result<(), AccessError> {
        self.write(|row| {
            row.execute("DELETE FROM session WHERE hash = ?1", params![SecretHash::of(secret)])?;
            Ok(())
        })
    }

    /// Who is signed in with a browser's secret.
    pub(crate) fn session(&self, secret: &str, now: u64) -> Result<Option<String>, AccessError> {
        let connection = self.connection();
        let user = connection.query_row(
            "SELECT name FROM session JOIN user ON user.id = session.user WHERE hash = ?1 AND expires > ?2",
            params![SecretHash::of(secret), now],
            |row| row.get(0),
        );
        Ok(user.optional()?)
    }
}
