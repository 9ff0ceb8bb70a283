//! The documents of a judged collection as files, so that they are indexed by the road every note takes.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What an id keeps in a file's name, besides letters and digits. The full stop is not among it: it begins hidden files,
/// and ends a name for an extension.
const KEPT_IN_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// What Markdown or Obsidian could take for markup in a heading.
const MARKUP: [char; 16] = ['\\', '`', '*', '_', '[', ']', '<', '>', '&', '#', '~', '$', '%', '|', '!', '='];

/// A document as it is written to a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its path in the folder: one part, no folders.
    pub path: String,
    /// What the file holds.
    pub text: String,
}

/// Why documents could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}")]
pub struct WrittenError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's reason.
    pub source: io::Error,
}

impl Written {
    /// The document of a judged collection.
    ///
    /// One with a title becomes a Markdown note that opens with it as a heading, markup in the title escaped: that is
    /// where ibid looks for a title, and how a person would write it down. One without becomes a plain text, in which
    /// nothing can be taken for markup. What stands in the text itself is as it is in both.
    pub fn new(id: &str, title: &str, text: &str) -> Written {
        let name = utf8_percent_encode(id, KEPT_IN_NAMES);
        let title = one_line(title);
        match title.is_empty() {
            true => Written { path: format!("{name}.txt"), text: text.to_owned() },
            false => {
                Written { path: format!("{name}.md"), text: format!("# {}\n\n{text}\n", escaped(&title)) }
            }
        }
    }
}

fn one_line(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(title: &str) -> String {
    let mut escaped = String::with_capacity(title.len());
    for character in title.chars() {
        if MARKUP.contains(&character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Makes `folder` hold exactly these documents; files that do so already are not touched.
pub fn write_all(documents: &[Written], folder: &Path) -> Result<(), WrittenError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WrittenError { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for document in documents {
        let path = folder.join(&document.path);
        if fs::read(&path).is_ok_and(|kept| kept == document.text.as_bytes()) {
            continue;
        }
        fs::write(&path, &document.text).map_err(failed(&path))?;
    }
    let names: HashSet<&str> = documents.iter().map(|document| document.path.as_str()).collect();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
            fs::remove_file(entry.path()).map_err(failed(&entry.path()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;
    use ibid_indexer::extract::{MAX_NAME_CHARS, extract};
    use proptest::prelude::*;

    use super::*;

    /// The title that the indexer finds.
    fn title_of(written: &Written) -> String {
        extract(&DocumentPath::new(&written.path).unwrap(), &written.text).document.title
    }

    #[track_caller]
    fn check(id: &str, title: &str, path: &str, found: &str) {
        let written = Written::new(id, title, "some words");
        assert_eq!((written.path.as_str(), title_of(&written).as_str()), (path, found));
    }

    #[test]
    fn an_id_makes_a_plain_file_name() {
        check("MED-10", "", "MED-10.txt", "MED-10");
        check("../a b.c", "T", "%2E%2E%2Fa%20b%2Ec.md", "T");
        check("日本", "T", "%E6%97%A5%E6%9C%AC.md", "T");
    }

    #[test]
    fn a_title_is_found_as_it_was_given() {
        for title in ["IL-2 *in vivo*", "a < b & c", "# 1 #", "x_1_y [link]", "1. list", "`code` \\", "<br>"]
        {
            check("1", title, "1.md", title);
        }
        check("1", "  two\n lines ", "1.md", "two lines");
    }

    #[test]
    fn a_text_is_kept_as_it_is() {
        assert_eq!(Written::new("1", "T", "*a*\n# b").text, "# T\n\n*a*\n# b\n");
        assert_eq!(Written::new("1", " ", "*a*\n# b").text, "*a*\n# b");
    }

    proptest! {
        #[test]
        fn every_title_comes_back(title in "\\PC{1,60}") {
            // Obsidian's own marks are read in a heading even where they are escaped: a wikilink loses its brackets.
            prop_assume!(!one_line(&title).is_empty() && !title.contains(['[', '%', '=', '^']));
            let cut: String = one_line(&title).chars().take(MAX_NAME_CHARS).collect();
            prop_assert_eq!(title_of(&Written::new("1", &title, "text")), cut.trim_end());
        }
    }

    #[test]
    fn a_folder_comes_to_hold_these_documents_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("documents");
        let named = |path: &str, text: &str| Written { path: path.to_owned(), text: text.to_owned() };
        write_all(&[named("a.md", "a"), named("b.md", "b")], &folder).unwrap();
        let written = fs::metadata(folder.join("a.md")).unwrap().modified().unwrap();
        write_all(&[named("a.md", "a"), named("c.md", "c")], &folder).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.md", "c.md"]);
        assert_eq!(fs::metadata(folder.join("a.md")).unwrap().modified().unwrap(), written);
    }
}
