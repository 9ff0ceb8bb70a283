//! Names: of a collection, of a document inside it. Their text form inside a citation is in [`crate::citation`].

use std::fmt;
use std::str::FromStr;

/// The longest collection name, in bytes.
const MAX_COLLECTION_NAME_BYTES: usize = 64;

/// The collection a folder gets whose name holds no letter a collection name may have.
const FALLBACK_COLLECTION_NAME: &str = "notes";

/// The name of a collection: 1 to 64 of `a-z`, `0-9`, `-`, `_`, beginning with a letter or a digit.
///
/// It is a folder's name on disk, the head of every citation, and part of URLs, so it stays this plain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionName(String);

impl CollectionName {
    /// The name a folder's collection gets by itself: its letters in lower case, all else a hyphen.
    pub fn for_folder(folder: &str) -> CollectionName {
        let mut name = String::new();
        for character in folder.chars().map(|c| c.to_ascii_lowercase()) {
            let plain = character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_';
            match plain {
                true => name.push(character),
                false if name.ends_with('-') => {}
                false => name.push('-'),
            }
        }
        name.truncate(MAX_COLLECTION_NAME_BYTES);
        let name = name.trim_matches(['-', '_']);
        CollectionName(if name.is_empty() { FALLBACK_COLLECTION_NAME } else { name }.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no collection name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is no collection name: it takes 1 to {MAX_COLLECTION_NAME_BYTES} of a-z, 0-9, '-' and '_', \
     beginning with a letter or a digit"
)]
pub struct CollectionNameError {
    name: String,
}

impl FromStr for CollectionName {
    type Err = CollectionNameError;

    fn from_str(name: &str) -> Result<CollectionName, CollectionNameError> {
        let fits = (1..=MAX_COLLECTION_NAME_BYTES).contains(&name.len());
        let plain =
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        match fits && plain && begins {
            true => Ok(CollectionName(name.to_owned())),
            false => {
                Err(CollectionNameError { name: name.chars().take(MAX_COLLECTION_NAME_BYTES).collect() })
            }
        }
    }
}

/// Where a document lies inside its source: relative, parts joined by `/`, never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentPath(String);

impl DocumentPath {
    /// Takes a relative path; `None` where it is empty, absolute, or climbs out with `.` or `..`.
    pub fn new(path: &str) -> Option<DocumentPath> {
        let climbs = path.split('/').any(|part| matches!(part, "" | "." | ".."));
        (!climbs).then(|| DocumentPath(path.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file's name without folders and without its last extension: what Obsidian calls the note.
    pub fn stem(&self) -> &str {
        let name = self.0.rsplit('/').next().unwrap_or(&self.0);
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        }
    }

    /// The last extension, as it is written; `None` where there is none.
    pub fn extension(&self) -> Option<&str> {
        let name = self.0.rsplit('/').next().unwrap_or(&self.0);
        name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
    }
}

impl fmt::Display for DocumentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A document: its collection and its path there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// The collection it belongs to.
    pub collection: CollectionName,
    /// Its path inside the collection's source.
    pub path: DocumentPath,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_a_plain_name() {
        for (folder, name) in [
            ("My Vault", "my-vault"),
            ("notes_2024", "notes_2024"),
            ("笔记", "notes"),
            ("--a  b--", "a-b"),
            ("", "notes"),
        ] {
            let made = CollectionName::for_folder(folder);
            assert_eq!(made.as_str(), name);
            assert_eq!(name.parse(), Ok(made));
        }
    }

    #[test]
    fn a_collection_name_has_no_surprises() {
        let long = "a".repeat(65);
        for name in ["", "A", "a b", "-a", "_a", "a/b", "a:b", "é", &long] {
            assert!(name.parse::<CollectionName>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_document_path_stays_inside_its_source() {
        for path in ["", "/etc/passwd", "../a.md", "a/../b.md", "a//b.md", "./a.md", "a/"] {
            assert_eq!(DocumentPath::new(path), None, "{path}");
        }
    }

    #[test]
    fn the_stem_is_what_obsidian_shows() {
        for (path, stem, extension) in [
            ("Bread/Pain de campagne.md", "Pain de campagne", Some("md")),
            ("v1.2 plan.md", "v1.2 plan", Some("md")),
            ("a/.hidden", ".hidden", None),
            ("noext", "noext", None),
        ] {
            let path = DocumentPath::new(path).unwrap();
            assert_eq!((path.stem(), path.extension()), (stem, extension));
        }
    }
}
