//! Appends entries to `DATA/audit/audit.jsonl`, and moves it aside when it is full. Several processes may write: a lock is
//! held for each line, so that no line is torn and none is lost to a rotation.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ibid_index::store::Store;

use super::Entry;

/// A full file is moved aside.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// How many full files are kept; the oldest goes.
pub(super) const KEPT: usize = 8;

/// The most bytes of a line. What does not fit loses its arguments and the list of what was given.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Where entries go.
#[derive(Debug, Clone)]
pub struct AuditLog {
    folder: PathBuf,
    max_file_bytes: u64,
}

impl AuditLog {
    /// The log of a data folder. Nothing is created yet.
    pub fn of(store: &Store) -> AuditLog {
        AuditLog { folder: store.data_dir().join("audit"), max_file_bytes: MAX_FILE_BYTES }
    }

    /// The folder it lies in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that is written now, and the full ones, the youngest first.
    pub(super) fn file(&self, age: usize) -> PathBuf {
        match age {
            0 => self.folder.join("audit.jsonl"),
            age => self.folder.join(format!("audit.{age}.jsonl")),
        }
    }

    /// Writes one entry. Blocks for a lock and a write; nothing is synced, so a power cut may take the last lines.
    pub fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        if line.len() > MAX_LINE_BYTES {
            let cut = Entry { arguments: "too long".into(), returned: Vec::new(), ..entry.clone() };
            line = serde_json::to_vec(&cut)?;
        }
        line.push(b'\n');
        fs::create_dir_all(&self.folder)?;
        // Held until the end of this function.
        let lock = private(&self.folder.join("audit.lock"))?;
        lock.lock()?;
        let mut file = private(&self.file(0))?;
        if file.metadata()?.len() + line.len() as u64 > self.max_file_bytes {
            drop(file);
            self.rotate()?;
            file = private(&self.file(0))?;
        }
        file.write_all(&line)
    }

    fn rotate(&self) -> io::Result<()> {
        for age in (0..KEPT).rev() {
            match fs::rename(self.file(age), self.file(age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Opens a file to append to that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{AuditId, Given, Outcome};
    use super::*;

    pub(crate) fn entry(number: u64) -> Entry {
        Entry {
            time: format!("2026-11-21T10:00:{:02}.000Z", number % 60),
            id: AuditId::of(number),
            who: "ada".into(),
            client: Some("Codex".into()),
            address: None,
            call: "search".into(),
            arguments: serde_json::json!({"query": format!("rye {number}")}),
            returned: vec![Given { id: "n:a.md@123456789012:0-4".into(), bytes: Some((0, 4)) }],
            masked: 0,
            bytes: 10,
            ms: 1,
            outcome: Outcome::Ok,
        }
    }

    pub(crate) fn small(folder: &Path, max_file_bytes: u64) -> AuditLog {
        AuditLog { folder: folder.to_owned(), max_file_bytes }
    }

    #[test]
    fn lines_of_many_writers_stay_whole_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path(), 4_000);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let log = &log;
                scope.spawn(move || (0..20).for_each(|n| log.append(&entry(writer * 100 + n)).unwrap()));
            }
        });
        let mut lines = 0;
        for age in 0..=KEPT {
            let text = fs::read_to_string(log.file(age)).unwrap_or_default();
            assert!(text.len() <= 4_000);
            assert!(text.lines().all(|line| serde_json::from_str::<Entry>(line).is_ok()), "{text}");
            lines += text.lines().count();
        }
        assert_eq!(lines, 80);
    }

    #[test]
    fn the_oldest_file_goes_and_nobody_else_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path(), 10);
        (0..20).for_each(|number| log.append(&entry(number)).unwrap());
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, KEPT + 2, "the file, the full ones, the lock");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(log.file(0)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path(), MAX_FILE_BYTES);
        log.append(&Entry { arguments: "x".repeat(1_000_000).into(), ..entry(1) }).unwrap();
        assert!(fs::metadata(log.file(0)).unwrap().len() < 1_000);
    }
}
