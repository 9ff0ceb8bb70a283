//! The one file of sign-in, `access.sqlite` in the data folder: people, clients, grants, and of every secret its hash.
//! `ibid user` and `ibid token` write it while a server reads it. What a row is worth is decided in [`super::grant`].

mod clients;
mod flow;
mod people;
mod tokens;

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior};

use super::secret::{NoRandomness, SecretHash};

pub(crate) use flow::{Issued, NewGrant, Pending};
pub use people::User;
pub use tokens::{Entry, EntryKind, NewToken};

/// The name of the file in the data folder.
const FILE: &str = "access.sqlite";

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(5);

/// What brings the file from each version to the next. A released one is never changed: another is added.
const MIGRATIONS: [&str; 3] =
    [include_str!("store/1.sql"), include_str!("store/2.sql"), include_str!("store/3.sql")];

/// What went wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It cannot be made or opened.
    #[error("cannot open {path}: {source}")]
    Open {
        /// Where it is.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A later ibid wrote it.
    #[error("{path} has version {found}, this program reads {wanted}")]
    Version {
        /// Where it is.
        path: PathBuf,
        /// The version it has.
        found: usize,
        /// The latest one known.
        wanted: usize,
    },
    /// SQLite's reason.
    #[error("sign-in data cannot be read or written: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A secret could not be drawn.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A name that is taken.
    #[error("there is already one named {name}")]
    Taken {
        /// The name.
        name: String,
    },
    /// A name that nobody has.
    #[error("there is none named {name}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A name that cannot be one.
    #[error("{name:?} is no name: it has 1 to 64 letters, digits, or any of . _ @ -")]
    Name {
        /// What was given.
        name: String,
    },
    /// A password that cannot be one.
    #[error(transparent)]
    Password(#[from] super::password::PasswordError),
}

/// The open file. Every call is a transaction of its own and takes some tens of microseconds, a write a few
/// milliseconds; another process that writes is waited for, 5 seconds at most.
#[derive(Debug)]
pub struct AccessStore {
    connection: Mutex<Connection>,
}

impl AccessStore {
    /// Opens the file in a data folder, and makes both where they are not. Only their owner can read the file.
    pub fn open(data_dir: &Path) -> Result<AccessStore, AccessError> {
        let path = data_dir.join(FILE);
        let no = |source| AccessError::Open { path: path.clone(), source };
        std::fs::create_dir_all(data_dir).map_err(no)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(no)?;
        // SQLite gives its two companions the same permissions.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(no)?;
        drop(file);
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        migrate(&mut connection, &path)?;
        Ok(AccessStore { connection: Mutex::new(connection) })
    }

    /// Whether a data folder has such a file.
    pub fn is_in(data_dir: &Path) -> bool {
        data_dir.join(FILE).is_file()
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic while it was held rolled its transaction back; the connection is sound. Held for one transaction,
        // never across an await.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` as one transaction that writes.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), AccessError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let wanted = MIGRATIONS.len();
    if found > wanted {
        return Err(AccessError::Version { path: path.to_owned(), found, wanted });
    }
    for migration in &MIGRATIONS[found..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", wanted)?;
    Ok(transaction.commit()?)
}

impl ToSql for SecretHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(&self.0[..]))
    }
}

/// A list of texts as JSON in one column.
struct Texts(Vec<String>);

impl FromSql for Texts {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Texts> {
        serde_json::from_str(value.as_str()?)
            .map(Texts)
            .map_err(|error| rusqlite::types::FromSqlError::Other(Box::new(error)))
    }
}

fn texts(list: &[String]) -> String {
    serde_json::json!(list).to_string()
}

/// Whether a text can name a person or a token: it stands in logs, on pages and on command lines.
fn checked_name(name: &str) -> Result<(), AccessError> {
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '@' | '-'));
    match plain && (1..=64).contains(&name.chars().count()) && !name.starts_with('-') {
        true => Ok(()),
        false => Err(AccessError::Name { name: name.to_owned() }),
    }
}

fn is_conflict(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

#[cfg(test)]
mod tests;
