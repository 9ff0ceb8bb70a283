//! Files packed in a zip, unpacked to memory and up to a limit.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{Kind, Unreadable};

/// The most that is unpacked of one file, in bytes.
const MAX_UNPACKED_BYTES: usize = 256 * 1024 * 1024;
/// And the most for each of its own bytes; XML packs to a tenth, seldom to a thirtieth.
const MAX_RATIO: usize = 100;
/// What may be unpacked whatever the ratio, in bytes.
const MIN_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// A zip, and what may still be unpacked of it.
pub(super) struct Archive<'b> {
    kind: Kind,
    zip: ZipArchive<Cursor<&'b [u8]>>,
    limit: usize,
    left: usize,
}

impl<'b> Archive<'b> {
    /// Opens a zip.
    pub(super) fn open(kind: Kind, bytes: &'b [u8]) -> Result<Archive<'b>, Unreadable> {
        // What Word locks with a password is no zip any more but an old container of Microsoft's.
        if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err(Unreadable::Encrypted { kind });
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| Unreadable::broken(kind, error))?;
        let limit = (MIN_LIMIT_BYTES + MAX_RATIO * bytes.len()).min(MAX_UNPACKED_BYTES);
        Ok(Archive { kind, zip, limit, left: limit })
    }

    /// The bytes of the file `name`; `None` if there is none.
    pub(super) fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(index) = self.zip.index_for_name(name) else { return Ok(None) };
        let file = match self.zip.by_index(index) {
            Ok(file) => file,
            Err(zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED)) => {
                return Err(Unreadable::Encrypted { kind: self.kind });
            }
            Err(error) => return Err(Unreadable::broken(self.kind, error)),
        };
        let mut bytes = Vec::new();
        file.take(self.left as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Unreadable::broken(self.kind, error))?;
        match self.left.checked_sub(bytes.len()) {
            Some(left) => self.left = left,
            None => return Err(Unreadable::TooLarge { kind: self.kind, limit_bytes: self.limit }),
        }
        Ok(Some(bytes))
    }
}

/// The name in a zip of what a file of it refers to: relative to its folder, percent-encoded, with `..`.
pub(super) fn resolve(from: &str, target: &str) -> String {
    let target = target.split(['#', '?']).next().unwrap_or_default();
    let target = percent_encoding::percent_decode_str(target).decode_utf8_lossy();
    let mut parts: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => from.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_from_the_file_that_names_them() {
        for (from, target, expected) in [
            ("OEBPS/content.opf", "text/a%20b.xhtml#x", "OEBPS/text/a b.xhtml"),
            ("content.opf", "./a.xhtml", "a.xhtml"),
            ("a/b/c.opf", "../../../d.xhtml", "d.xhtml"),
            ("a/b.opf", "/c.xhtml", "c.xhtml"),
        ] {
            assert_eq!(resolve(from, target), expected);
        }
    }
}
