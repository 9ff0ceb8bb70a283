//! Which files are new, changed, unchanged or gone, by comparing a listing with the last generation. Pure.

use std::collections::HashMap;

use ibid_index::snapshot::KnownDocument;

use crate::source::SourceFile;

/// What must be done to bring a generation up to a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Files to read, in the listing's order, with the content hash that the last generation has for that path.
    pub(crate) read: Vec<(SourceFile, Option<u64>)>,
    /// How many files need not be looked at.
    pub(crate) unchanged: usize,
    /// Documents whose files are gone.
    pub(crate) gone: Vec<KnownDocument>,
}

/// Compares; both sides are sorted by path.
pub(crate) fn changes(listing: &[SourceFile], known: &[KnownDocument]) -> Changes {
    let by_path: HashMap<&str, &KnownDocument> =
        known.iter().map(|document| (&*document.path, document)).collect();
    let mut changes = Changes::default();
    for file in listing {
        let before = by_path.get(file.path.as_str()).map(|document| document.file);
        match before {
            Some(mark)
                if mark.modified != 0 && mark.modified == file.stamp.number() && mark.size == file.size =>
            {
                changes.unchanged += 1
            }
            _ => changes.read.push((file.clone(), before.map(|mark| mark.content))),
        }
    }
    let is_listed = |path: &str| listing.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
    changes.gone = known.iter().filter(|document| !is_listed(&document.path)).cloned().collect();
    changes
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;
    use ibid_index::writer::FileMark;

    use super::*;
    use crate::source::Stamp;

    fn file(path: &str, modified: u64, size: u64) -> SourceFile {
        let path = DocumentPath::new(path).unwrap();
        SourceFile { path, stamp: Stamp::Time(modified), changed_at: 0, size, address: None }
    }

    fn known(path: &str, modified: u64, size: u64) -> KnownDocument {
        KnownDocument { path: path.into(), file: FileMark { modified, size, content: 7 } }
    }

    #[test]
    fn time_or_size_tells_a_change_and_absence_a_removal() {
        let listing = [file("a", 1, 1), file("b", 2, 1), file("c", 1, 2), file("new", 1, 1)];
        let before = [known("a", 1, 1), known("b", 1, 1), known("c", 1, 1), known("gone", 1, 1)];
        let found = changes(&listing, &before);
        let read: Vec<_> = found.read.iter().map(|(file, before)| (file.path.as_str(), *before)).collect();
        assert_eq!(read, [("b", Some(7)), ("c", Some(7)), ("new", None)]);
        assert_eq!((found.unchanged, found.gone), (1, vec![known("gone", 1, 1)]));
    }

    #[test]
    fn a_mark_that_is_not_to_be_trusted_never_matches() {
        assert_eq!(changes(&[file("a", 5, 1)], &[known("a", 0, 1)]).read.len(), 1);
        // Some file systems know no time.
        assert_eq!(changes(&[file("a", 0, 1)], &[known("a", 0, 1)]).read.len(), 1);
    }
}
