//! What the ignore files of a tree leave out, as the walk of a folder has it.

use std::path::Path;
use std::rc::Rc;

use gix::bstr::ByteSlice;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The files that say what to leave out; of two that say otherwise, the later one here holds.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".ibidignore"];

/// The largest ignore file that is read, in bytes.
const MAX_IGNORE_BYTES: u64 = 1_000_000;

/// The rules of a folder and of those above it.
#[derive(Clone, Default)]
pub(super) struct Ignored {
    own: Option<Rc<Gitignore>>,
    above: Option<Rc<Ignored>>,
}

impl Ignored {
    /// With the rules of the folder `folder`, which ends in `/` or is empty. A file that cannot be read rules nothing.
    pub(super) fn below(self, folder: &str, tree: &gix::Tree<'_>) -> Ignored {
        let mut rules = GitignoreBuilder::new(Path::new("/").join(folder));
        let mut any = false;
        for name in IGNORE_FILES {
            let Some(text) = text_of(tree, name) else { continue };
            for line in text.lines() {
                // A line that is no pattern rules nothing.
                any |= rules.add_line(None, line).is_ok();
            }
        }
        match rules.build() {
            Ok(own) if any => Ignored { own: Some(Rc::new(own)), above: Some(Rc::new(self)) },
            _ => self,
        }
    }

    /// Whether a path is to be left out. The nearest folder that says anything decides.
    pub(super) fn names(&self, path: &str, is_folder: bool) -> bool {
        let path = Path::new("/").join(path);
        let mut rules = Some(self);
        while let Some(Ignored { own, above }) = rules {
            let said = own.as_ref().map(|own| own.matched(&path, is_folder));
            match said {
                Some(said) if said.is_ignore() => return true,
                Some(said) if said.is_whitelist() => return false,
                _ => rules = above.as_deref(),
            }
        }
        false
    }
}

fn text_of(tree: &gix::Tree<'_>, name: &str) -> Option<String> {
    let entry = tree.find_entry(name).filter(|entry| entry.mode().is_blob())?;
    let small = tree.repo.find_header(entry.object_id()).is_ok_and(|file| file.size() <= MAX_IGNORE_BYTES);
    let object = entry.object().ok().filter(|_| small)?;
    Some(object.data.to_str_lossy().into_owned())
}
