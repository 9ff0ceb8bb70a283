//! Where a click leads on terminals that know links (OSC 8): to the page of a server that runs, else to the file. Others
//! show the words alone.

use std::sync::Arc;

use ibid_core::citation::Citation;
use ibid_core::hit::Hit;
use ibid_index::manifest::Origin;
use ibid_index::snapshot::Snapshot;
use ibid_server::answer_url;
use url::Url;

/// What addresses are made of.
pub(crate) struct Links<'a> {
    /// The address of the server that runs on these collections; empty where none does.
    pub(crate) base: &'a str,
    /// What was asked.
    pub(crate) snapshots: &'a [Arc<Snapshot>],
}

impl Links<'_> {
    /// The page that opens at the answer, or the note's file where no server runs.
    pub(crate) fn page(&self, hit: &Hit) -> Option<String> {
        match self.base {
            "" => self.file(&hit.citation),
            base => Some(answer_url(base, &hit.citation, hit.answer)),
        }
    }

    /// The file in the folder that was indexed, if it is there now. What is kept of web pages and commits is no file of
    /// the person's.
    pub(crate) fn file(&self, citation: &Citation) -> Option<String> {
        let document = &citation.document;
        let snapshot = self.snapshots.iter().find(|snapshot| *snapshot.name() == document.collection)?;
        let source = &snapshot.manifest().source;
        if !matches!(source.origin, Origin::Folder | Origin::WorkingTree { .. }) {
            return None;
        }
        let path = source.root.join(document.path.as_str());
        path.is_file().then(|| Url::from_file_path(path).ok())?.map(String::from)
    }
}

/// The words, and where a click on them leads. The words have been made safe before.
pub(crate) fn linked(address: Option<&str>, words: &str) -> String {
    match address.filter(|address| address.bytes().all(|byte| byte.is_ascii_graphic())) {
        Some(address) => format!("\u{1b}]8;;{address}\u{1b}\\{words}\u{1b}]8;;\u{1b}\\"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_where_its_words_do_and_no_address_breaks_out_of_it() {
        let linked_to = |address| linked(address, "Rye");
        assert_eq!(
            linked_to(Some("http://h/d/a%20b")),
            "\u{1b}]8;;http://h/d/a%20b\u{1b}\\Rye\u{1b}]8;;\u{1b}\\"
        );
        for address in
            [None, Some("http://h/\u{7}"), Some("http://h/ x"), Some("http://h/é"), Some("a\u{1b}\\")]
        {
            assert_eq!(linked_to(address), "Rye");
        }
    }

    #[test]
    fn where_nothing_is_styled_only_the_words_are_left() {
        let line = format!("1. {}\n", linked(Some("file:///a/Rye%20bread.md"), "Rye bread"));
        assert_eq!(anstream::adapter::strip_bytes(line.as_bytes()).into_vec(), b"1. Rye bread\n");
    }
}
