//! Clients that registered themselves.

use rusqlite::{OptionalExtension, params};

use super::{AccessError, AccessStore, Texts, texts};
use crate::oauth::client::{Client, Standing};
use crate::oauth::grant::UNUSED_CLIENT_SECONDS;
use crate::oauth::secret::Secret;

/// The most clients that are registered at once.
pub(crate) const MAX_CLIENTS: u64 = 1000;

impl AccessStore {
    /// Registers a client; `None` where there is no room. Clients that were never used go first, a day after they came.
    pub(crate) fn register(
        &self,
        name: String,
        redirects: Vec<String>,
        now: u64,
    ) -> Result<Option<Client>, AccessError> {
        let id = format!("client_{}", Secret::draw()?.reveal());
        self.write(|row| {
            row.execute(
                "DELETE FROM client WHERE used IS NULL AND created <= ?1",
                [now.saturating_sub(UNUSED_CLIENT_SECONDS)],
            )?;
            let count: u64 = row.query_row("SELECT count(*) FROM client", [], |row| row.get(0))?;
            if count >= MAX_CLIENTS {
                return Ok(None);
            }
            row.execute(
                "INSERT INTO client (id, name, redirects, created) VALUES (?1, ?2, ?3, ?4)",
                params![id, name, texts(&redirects), now],
            )?;
            Ok(Some(Client { id, name, redirects, standing: Standing::Registered }))
        })
    }

    /// A client that registered itself, if it is still there.
    pub(crate) fn registered(&self, id: &str, now: u64) -> Result<Option<Client>, AccessError> {
        let connection = self.connection();
        let found = connection.query_row(
            "SELECT name, redirects FROM client WHERE id = ?1 AND (used IS NOT NULL OR created > ?2)",
            params![id, now.saturating_sub(UNUSED_CLIENT_SECONDS)],
            |row| {
                let Texts(redirects) = row.get(1)?;
                let (id, standing) = (id.to_owned(), Standing::Registered);
                Ok(Client { id, name: row.get(0)?, redirects, standing })
            },
        );
        Ok(found.optional()?)
    }
}
