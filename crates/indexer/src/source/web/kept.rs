//! Pages as they were fetched, kept in the collection's own folder: `pages.json` says what each is, and beside it lie
//! their bytes, each file named by the hash of what it holds. A page that is read or verified is read from here.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ibid_core::hash::ContentHash;
use ibid_core::id::DocumentPath;
use ibid_index::owner;
use serde::{Deserialize, Serialize};
use url::Url;

use super::client::Validators;
use super::page::{self, Kind};

const LIST: &str = "pages.json";
/// The list while it is written; it takes the other's place in one step.
const NEXT_LIST: &str = "pages.json.next";
const EXTENSION: &str = "page";

/// The form of `pages.json`. A list of another form is forgotten, and its pages are fetched again.
const FORM: u32 = 1;

/// What is kept.
#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    /// By address.
    pages: BTreeMap<String, KeptPage>,
    /// Which address has which path.
    paths: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct List {
    form: u32,
    pages: BTreeMap<String, KeptPage>,
}

/// A page that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptPage {
    /// As a document.
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Of its bytes.
    pub(super) hash: String,
    pub(super) size: u64,
    #[serde(flatten)]
    pub(super) validators: Validators,
    /// When these bytes came, in seconds since 1970.
    pub(super) fetched_at: u64,
    /// When the server last said that they still hold.
    pub(super) checked_at: u64,
    /// How many links lead to it from where reading began.
    pub(super) depth: usize,
}

/// A page that just came.
pub(super) struct Fetched<'a> {
    pub(super) url: &'a Url,
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    pub(super) validators: Validators,
    pub(super) depth: usize,
}

impl Kept {
    /// What is kept in `folder`; nothing where there is no such folder.
    pub(super) fn open(folder: &Path) -> io::Result<Kept> {
        let list = match fs::read(folder.join(LIST)) {
            Ok(bytes) => serde_json::from_slice::<List>(&bytes).ok().filter(|list| list.form == FORM),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let pages = list.map(|list| list.pages).unwrap_or_default();
        let paths = pages.iter().map(|(url, page)| (page.path.clone(), url.clone())).collect();
        Ok(Kept { folder: folder.to_owned(), pages, paths })
    }

    /// Every page with its address, sorted by address.
    pub(super) fn pages(&self) -> impl Iterator<Item = (&String, &KeptPage)> {
        self.pages.iter()
    }

    pub(super) fn page(&self, url: &Url) -> Option<&KeptPage> {
        self.pages.get(url.as_str())
    }

    /// What was said of a page the last time; nothing where its bytes are lost, so that they are sent again.
    pub(super) fn validators(&self, url: &Url) -> Validators {
        let page = self.page(url).filter(|page| self.bytes_of(page).is_ok());
        page.map(|page| page.validators.clone()).unwrap_or_default()
    }

    /// The bytes of a document; [`io::ErrorKind::NotFound`] where no page has that path.
    pub(super) fn read(&self, path: &DocumentPath) -> io::Result<Vec<u8>> {
        let page = self.paths.get(path.as_str()).and_then(|url| self.pages.get(url));
        self.bytes_of(page.ok_or(io::ErrorKind::NotFound)?)
    }

    /// The bytes of a page, if they are those that came.
    fn bytes_of(&self, page: &KeptPage) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.file(&page.hash))?;
        match ContentHash::of(&bytes).to_string() == page.hash {
            true => Ok(bytes),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "the page that is kept is damaged")),
        }
    }

    /// Keeps a page in the place of an earlier one at its address.
    pub(super) fn put(&mut self, fetched: &Fetched<'_>, now: u64) -> io::Result<()> {
        let hash = ContentHash::of(fetched.bytes).to_string();
        let before = self.page(fetched.url).filter(|before| before.hash == hash);
        let fetched_at = before.map_or(now, |before| before.fetched_at);
        if before.is_none_or(|before| self.bytes_of(before).is_err()) {
            owner::create_folder(&self.folder)?;
            write_synced(&self.file(&hash), fetched.bytes)?;
        }
        let (url, kind) = (fetched.url, fetched.kind);
        let path = page::path_of(url, kind);
        let is_taken =
            |path: &DocumentPath| self.paths.get(path.as_str()).is_some_and(|of| of != url.as_str());
        let path = if is_taken(&path) { page::apart(&path, url) } else { path };
        self.remove(url);
        let (path, size) = (path.as_str().to_owned(), fetched.bytes.len() as u64);
        self.paths.insert(path.clone(), url.to_string());
        let (validators, depth) = (fetched.validators.clone(), fetched.depth);
        let page = KeptPage { path, kind, hash, size, validators, fetched_at, checked_at: now, depth };
        self.pages.insert(url.to_string(), page);
        Ok(())
    }

    /// Notes that a page still holds.
    pub(super) fn confirm(&mut self, url: &Url, depth: usize, now: u64) {
        if let Some(page) = self.pages.get_mut(url.as_str()) {
            (page.checked_at, page.depth) = (now, depth);
        }
    }

    /// Forgets a page. Its bytes go with [`Kept::sweep`].
    pub(super) fn remove(&mut self, url: &Url) {
        if let Some(page) = self.pages.remove(url.as_str()) {
            self.paths.remove(&page.path);
        }
    }

    /// Writes the list. What was there before is there until the new one is whole.
    pub(super) fn save(&self) -> io::Result<()> {
        owner::create_folder(&self.folder)?;
        let list = List { form: FORM, pages: self.pages.clone() };
        let next = self.folder.join(NEXT_LIST);
        write_synced(&next, &serde_json::to_vec_pretty(&list)?)?;
        fs::rename(next, self.folder.join(LIST))
    }

    /// Removes the bytes that the list does not name.
    pub(super) fn sweep(&self) -> io::Result<()> {
        let named: HashSet<PathBuf> = self.pages.values().map(|page| self.file(&page.hash)).collect();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|own| own == EXTENSION) && !named.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn file(&self, hash: &str) -> PathBuf {
        // A hash that somebody wrote into the list must not be a path.
        let name: String = hash.chars().filter(char::is_ascii_alphanumeric).collect();
        self.folder.join(name).with_extension(EXTENSION)
    }
}

/// Writes a file so that it is whole once anything names it, even if the power fails.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = owner::options().create(true).truncate(true).write(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
