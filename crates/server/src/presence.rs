//! How the other programs on this machine learn that a server runs, and where: so that `ibid search` and `ibid mcp` can
//! give addresses to click.
//!
//! The lock on `serving.lock` is the operating system's, so a server that dies lets go of it; `serving` beside it holds
//! the address. Two servers on one data folder: the second does not announce itself.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ibid_index::store::Store;

/// How often a server tries for the lock: somebody who looks whether it is held holds it for an instant.
const ATTEMPTS: u32 = 5;

/// How long it waits between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Held by a server as long as it listens.
#[derive(Debug)]
pub(crate) struct Presence {
    // Closing the file gives the lock back; the address is removed before.
    _lock: File,
    address: PathBuf,
}

impl Presence {
    /// Says that a server runs at `base`; `None` where another one does, or where the folder cannot be written.
    pub(crate) async fn announce(store: &Store, base: String) -> Option<Presence> {
        let lock = match OpenOptions::new().create(true).truncate(false).write(true).open(lock_path(store)) {
            Ok(lock) => lock,
            Err(error) => {
                tracing::debug!(%error, "the server does not announce itself");
                return None;
            }
        };
        for attempt in 1..=ATTEMPTS {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::debug!(%error, "another server on this data folder has announced itself");
                    return None;
                }
            }
        }
        let address = address_path(store);
        let half_written = address.with_extension("new");
        let written = fs::write(&half_written, &base).and_then(|()| fs::rename(&half_written, &address));
        match written {
            Ok(()) => Some(Presence { _lock: lock, address }),
            Err(error) => {
                tracing::debug!(%error, "the server does not announce itself");
                None
            }
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.address) {
            tracing::debug!(%error, "the server's address stays behind; without its lock nobody believes it");
        }
    }
}

/// The base address of the server that runs on this data folder, if one does.
///
/// Costs a look at two files.
pub fn running_server(store: &Store) -> Option<String> {
    let lock = File::open(lock_path(store)).ok()?;
    match lock.try_lock_shared() {
        // Held: by a living process, since the system frees a dead one's.
        Err(TryLockError::WouldBlock) => read_address(&address_path(store)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn read_address(path: &Path) -> Option<String> {
    let base = fs::read_to_string(path).ok()?;
    let base = base.trim();
    (base.starts_with("http://") || base.starts_with("https://")).then(|| base.to_owned())
}

fn lock_path(store: &Store) -> PathBuf {
    store.data_dir().join("serving.lock")
}

fn address_path(store: &Store) -> PathBuf {
    store.data_dir().join("serving")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_is_known_as_long_as_it_lives() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert_eq!(running_server(&store), None);
        let first = Presence::announce(&store, "http://127.0.0.1:7117".to_owned()).await.unwrap();
        assert_eq!(running_server(&store).as_deref(), Some("http://127.0.0.1:7117"));
        assert!(Presence::announce(&store, "http://127.0.0.1:7118".to_owned()).await.is_none());
        assert_eq!(running_server(&store).as_deref(), Some("http://127.0.0.1:7117"));
        drop(first);
        assert_eq!(running_server(&store), None);
        assert!(Presence::announce(&store, "http://127.0.0.1:7118".to_owned()).await.is_some());
    }

    #[test]
    fn an_address_without_its_lock_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        fs::write(address_path(&store), "http://127.0.0.1:7117").unwrap();
        fs::write(lock_path(&store), "").unwrap();
        assert_eq!(running_server(&store), None);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("none"));
        assert!(Presence::announce(&store, "http://127.0.0.1:7117".to_owned()).await.is_none());
    }
}
