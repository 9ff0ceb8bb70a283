//! The files of a folder. It follows no link, and writes nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use ibid_core::id::DocumentPath;
use ignore::gitignore::GitignoreBuilder;
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::git::working_tree;
use super::{Chosen, Listing, MAX_FILE_BYTES, Source, SourceFile, Stamp};
use crate::error::BuildError;
use crate::extract;
use crate::report::{Progress, SkipReason, Skipped};

/// A person's own list of what not to index, in the form of a `.gitignore`.
const IGNORE_FILE: &str = ".ibidignore";

/// A folder and which of its files count.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    chosen: Chosen,
}

impl Folder {
    /// The folder at `root`, which must be absolute and without links; it must be one that can be listed.
    pub(crate) fn new(root: &Path, chosen: Chosen) -> Result<Folder, BuildError> {
        fs::read_dir(root)
            .map_err(|source| BuildError::SourceUnreadable { path: root.to_owned(), source })?;
        Ok(Folder { root: root.to_owned(), chosen })
    }
}

/// The folder's path, absolute and without links.
pub(super) fn canonical(root: &Path) -> Result<PathBuf, BuildError> {
    let path = || root.to_owned();
    let metadata = fs::metadata(root).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BuildError::SourceMissing { path: path() },
        _ => BuildError::SourceUnreadable { path: path(), source },
    })?;
    if !metadata.is_dir() {
        return Err(BuildError::SourceIsFile { path: path() });
    }
    fs::canonicalize(root).map_err(|source| BuildError::SourceUnreadable { path: path(), source })
}

impl Source for Folder {
    /// Lists the files with `threads` threads.
    ///
    /// Hidden files and folders (`.obsidian`, `.trash`, `.git`) and what `.gitignore`, `.ignore` or `.ibidignore` in
    /// the folder name are passed over. Ignore files above the folder do not count: they were written for something
    /// else. A `.ibidignore` that cannot be followed to the letter is an error, because it says what nobody may find.
    fn list(&self, threads: usize, _: &dyn Progress) -> Result<Listing, BuildError> {
        let (listing, refused) = (Mutex::new(Listing::default()), Mutex::new(None));
        let walk = WalkBuilder::new(&self.root)
            .threads(threads)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .add_custom_ignore_filename(IGNORE_FILE)
            .build_parallel();
        walk.run(|| {
            Box::new(|entry| {
                if let Some(error) = entry.as_ref().ok().and_then(broken_rules) {
                    *refused.lock().expect("no thread panics while it holds the error") = Some(error);
                    return WalkState::Quit;
                }
                let seen = self.look(entry);
                // Held for one push.
                let mut listing = listing.lock().expect("no thread panics while it holds the listing");
                match seen {
                    Seen::File(file) => listing.files.push(file),
                    Seen::Skipped(skipped) => listing.skipped.push(skipped),
                    Seen::Other(extension) => *listing.others.entry(extension).or_default() += 1,
                    Seen::Nothing => {}
                }
                WalkState::Continue
            })
        });
        if let Some(error) = refused.into_inner().expect("no thread panics while it holds the error") {
            return Err(error);
        }
        let mut listing = listing.into_inner().expect("no thread panics while it holds the listing");
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort();
        listing.origin = working_tree::origin(&self.root, &listing.files);
        Ok(listing)
    }

    fn is_there(&self) -> bool {
        fs::read_dir(&self.root).is_ok_and(|mut entries| entries.next().is_some())
    }

    fn read(&self, path: &DocumentPath) -> io::Result<Vec<u8>> {
        let mut file = self.root.clone();
        let mut parts = path.as_str().split('/').peekable();
        // What took the place of a note, or of a folder above it, is no more read than if it had been there from the start.
        while let Some(part) = parts.next() {
            file.push(part);
            let found = fs::symlink_metadata(&file)?;
            let is_as_listed = if parts.peek().is_some() { found.is_dir() } else { found.is_file() };
            if !is_as_listed {
                return Err(io::Error::new(io::ErrorKind::NotFound, "not a regular file"));
            }
        }
        fs::read(file)
    }
}

impl Folder {
    fn look(&self, entry: Result<DirEntry, ignore::Error>) -> Seen {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return self.unlistable(&error),
        };
        let relative = entry.path().strip_prefix(&self.root).unwrap_or(entry.path());
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) || relative.as_os_str().is_empty() {
            return Seen::Nothing;
        }
        let shown = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        let Some(path) = DocumentPath::new(&shown) else { return Seen::Nothing };
        if !self.chosen.wants(path.as_str()) {
            return Seen::Nothing;
        }
        // What lies behind a link to a folder may well be notes.
        let leads_to_folder = || fs::metadata(entry.path()).is_ok_and(|behind| behind.is_dir());
        if kind.is_some_and(|kind| kind.is_symlink()) && leads_to_folder() {
            return Seen::Skipped(Skipped { path: shown, reason: SkipReason::SymbolicLink });
        }
        if !extract::reads(&path) {
            return Seen::Other(path.extension().unwrap_or("").to_lowercase());
        }
        let skipped = |reason| Seen::Skipped(Skipped { path: shown.clone(), reason });
        if relative.to_str().is_none() {
            return skipped(SkipReason::NameNotUtf8);
        }
        if kind.is_some_and(|kind| kind.is_symlink()) {
            return skipped(SkipReason::SymbolicLink);
        }
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return skipped(SkipReason::Unreadable(error.to_string())),
        };
        if !metadata.is_file() {
            return skipped(SkipReason::NotAFile);
        }
        if metadata.len() > MAX_FILE_BYTES {
            return skipped(SkipReason::TooLarge(metadata.len()));
        }
        let modified = nanoseconds(metadata.modified());
        let (stamp, changed_at) = (Stamp::Time(modified), (modified / 1_000_000_000) as i64);
        Seen::File(SourceFile { path, stamp, changed_at, size: metadata.len(), address: None })
    }

    /// A folder that could not be listed; its path is in the error, wrapped in layers.
    fn unlistable(&self, error: &ignore::Error) -> Seen {
        let (path, reason) = where_and_why(error);
        let relative = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().into_owned();
        Seen::Skipped(Skipped { path: relative, reason: SkipReason::Unreadable(reason) })
    }
}

enum Seen {
    File(SourceFile),
    Skipped(Skipped),
    Other(String),
    Nothing,
}

/// Why the ignore file of a folder cannot be followed. The walk passes over lines it does not understand, and over all that
/// come after one that is no UTF-8.
fn broken_rules(entry: &DirEntry) -> Option<BuildError> {
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return None;
    }
    let path = entry.path().join(IGNORE_FILE);
    let rules = match fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()),
        // There is none, or nothing in this folder can be opened at all.
        Err(_) if fs::symlink_metadata(&path).is_err() => return None,
        Err(error) => Err(error.to_string()),
    };
    let understood = rules.and_then(|rules| {
        let mut builder = GitignoreBuilder::new(entry.path());
        let mut lines = rules.lines();
        lines.try_for_each(|line| builder.add_line(None, line).map(drop)).map_err(|error| error.to_string())
    });
    understood.err().map(|reason| BuildError::IgnoreFile { path, reason })
}

fn where_and_why(error: &ignore::Error) -> (PathBuf, String) {
    match error {
        ignore::Error::WithPath { path, err } => (path.clone(), where_and_why(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            where_and_why(err)
        }
        ignore::Error::Io(error) => (PathBuf::new(), error.to_string()),
        other => (PathBuf::new(), other.to_string()),
    }
}

fn nanoseconds(time: io::Result<SystemTime>) -> u64 {
    let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Silent;

    fn vault(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        folder
    }

    fn listing(
        root: &Path,
        include: &[String],
        exclude: &[String],
        threads: usize,
    ) -> Result<Listing, BuildError> {
        Folder::new(root, Chosen::new(include, exclude)?)?.list(threads, &Silent)
    }

    fn check(files: &[&str], include: &[&str], exclude: &[&str], listed: &[&str]) {
        let folder = vault(files);
        let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
        let listing = listing(folder.path(), &owned(include), &owned(exclude), 2).unwrap();
        let paths: Vec<_> = listing.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, listed);
    }

    #[test]
    fn hidden_folders_are_passed_over() {
        check(&["a.md", ".obsidian/b.md", ".trash/c.md", ".git/d.md", "e/.f.md"], &[], &[], &["a.md"]);
    }

    #[test]
    fn every_kind_we_read_is_listed_in_order() {
        check(&["b/z.markdown", "B.TXT", "a.md", "c.bin"], &[], &[], &["B.TXT", "a.md", "b/z.markdown"]);
    }

    #[test]
    fn globs_choose() {
        let files = ["a/x.md", "a/b/y.md", "z.md", "t.txt"];
        check(&files, &["a/**"], &[], &["a/b/y.md", "a/x.md"]);
        check(&files, &["*.md"], &[], &["z.md"]);
        check(&files, &[], &["a/b/**", "*.txt"], &["a/x.md", "z.md"]);
    }

    #[test]
    fn ignore_files_of_the_vault_count_and_those_above_it_do_not() {
        let folder = vault(&["vault/a.md", "vault/b.md", "vault/c.md"]);
        fs::write(folder.path().join(".gitignore"), "*.md").unwrap();
        fs::write(folder.path().join("vault/.gitignore"), "b.md").unwrap();
        fs::write(folder.path().join("vault/.ibidignore"), "c.md").unwrap();
        let listing = listing(&folder.path().join("vault"), &[], &[], 1).unwrap();
        assert_eq!(listing.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["a.md"]);
    }

    #[test]
    fn a_list_of_what_is_private_is_followed_to_the_letter_or_nothing_is_read() {
        let folder = vault(&["a.md", "sub/private.md"]);
        let rules = folder.path().join("sub/.ibidignore");
        let listed = |text: &[u8]| {
            fs::write(&rules, text).unwrap();
            listing(folder.path(), &[], &[], 2).map(|listing| listing.files.len())
        };
        assert_eq!(listed("# Persönlich\n\nprivate.md\n".as_bytes()).unwrap(), 1);
        for (text, reason) in
            [(&b"Pers\xf6nlich/\nprivate.md\n"[..], "it is not UTF-8"), (b"private.md\n{a", "unclosed")]
        {
            match listed(text) {
                Err(BuildError::IgnoreFile { path, reason: why }) => {
                    assert!(path.ends_with("sub/.ibidignore") && why.contains(reason), "{why}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_note_that_something_else_replaced_since_is_not_read() {
        let folder = vault(&["a.md", "b.md", "sub/c.md", "else/c.md", "d.md/e.md"]);
        let source = Folder::new(folder.path(), Chosen::new(&[], &[]).unwrap()).unwrap();
        let read = |path: &str| source.read(&DocumentPath::new(path).unwrap());
        assert_eq!(read("a.md").unwrap(), b"text");
        #[cfg(unix)]
        {
            fs::remove_file(folder.path().join("a.md")).unwrap();
            std::os::unix::fs::symlink("b.md", folder.path().join("a.md")).unwrap();
            fs::remove_dir_all(folder.path().join("sub")).unwrap();
            std::os::unix::fs::symlink("else", folder.path().join("sub")).unwrap();
        }
        fs::remove_dir_all(folder.path().join("d.md")).unwrap();
        fs::write(folder.path().join("d.md"), "text").unwrap();
        assert_eq!(read("else/c.md").unwrap(), b"text");
        let replaced = if cfg!(unix) { &["a.md", "sub/c.md", "d.md/e.md"][..] } else { &["d.md/e.md"] };
        for path in replaced {
            assert_eq!(read(path).unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let folder = vault(&["a.md"]);
        let made = listing(folder.path(), &["[".to_owned()], &[], 1);
        assert!(matches!(made, Err(BuildError::Glob { glob, .. }) if glob == "["));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_skipped_with_its_reason() {
        let folder = vault(&["a.md"]);
        std::os::unix::fs::symlink("a.md", folder.path().join("b.md")).unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        let listing = listing(folder.path(), &[], &[], 1).unwrap();
        assert_eq!(listing.files.len(), 1);
        let link = |path: &str| Skipped { path: path.into(), reason: SkipReason::SymbolicLink };
        assert_eq!(listing.skipped, [link("b.md"), link("root")]);
    }
}
