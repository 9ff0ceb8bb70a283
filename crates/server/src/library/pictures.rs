//! The images that notes show, read from the folder their notes were read from: the one thing the server takes from a
//! vault itself. An image is there for whoever sees a note that shows it. No link is followed, nothing hidden or ignored
//! is listed, and only what is an image by its own first bytes is given.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use ibid_core::grant::{Facts, Grant, RuleForm, What};
use ibid_core::id::DocumentId;
use ibid_core::links::Names;
use ibid_index::ReadError;
use ibid_index::manifest::{Origin, SourceRecord};
use ibid_index::snapshot::Snapshot;
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;

use super::{Library, Seen};
use crate::viewer::Viewer;

/// A larger image is not served.
const MAX_IMAGE_BYTES: u64 = 16 * 1024 * 1024;

/// So many images of one folder can be named.
const MAX_IMAGES: usize = 100_000;

/// A person's own list of what not to index, as the indexer reads it.
const IGNORE_FILE: &str = ".ibidignore";

/// Kinds of images that browsers show and that hold no script, by the extensions they go by.
const EXTENSIONS: [&str; 8] = ["png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "ico"];

/// Whether a name is that of an image that can be shown.
pub(crate) fn is_image(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// An image as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// The images of the folder of one open generation, listed when the first is asked for: a note that shows a new image is
/// another generation, and so is another folder under the same name.
#[derive(Default)]
pub(super) struct Gallery(OnceLock<Listing>);

/// The images of one folder, by the names notes show them by.
#[derive(Default)]
struct Listing {
    names: Names,
    paths: Vec<String>,
}

impl Listing {
    fn of(source: &SourceRecord) -> Listing {
        let mut overrides = OverrideBuilder::new(&source.root);
        for glob in &source.exclude {
            // One that is no pattern excluded nothing when the folder was indexed either.
            let _ = overrides.add(&format!("!{glob}"));
        }
        let mut walk = WalkBuilder::new(&source.root);
        walk.parents(false).git_global(false).git_exclude(false).require_git(false);
        walk.add_custom_ignore_filename(IGNORE_FILE);
        walk.sort_by_file_name(std::ffi::OsStr::cmp);
        if let Ok(overrides) = overrides.build() {
            walk.overrides(overrides);
        }
        let mut listing = Listing::default();
        let files = walk
            .build()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        let paths = files.filter_map(|entry| {
            let relative = entry.path().strip_prefix(&source.root).ok()?.to_str()?;
            Some(relative.replace(std::path::MAIN_SEPARATOR, "/")).filter(|path| is_image(path))
        });
        for path in paths.take(MAX_IMAGES) {
            listing.names.add(&path);
            listing.paths.push(path);
        }
        listing
    }

    /// The path of the image that a note shows by this name.
    fn find(&self, from: &DocumentId, name: &str) -> Option<&str> {
        let number = self.names.resolve(from.path.as_str(), name)?;
        self.paths.get(number as usize).map(String::as_str)
    }
}

impl Library {
    /// The image that the note `of` shows by `name`; `None` where the viewer does not see that note, it shows no such
    /// image, or there is none. Blocks.
    pub(crate) fn picture(
        &self,
        viewer: &Viewer,
        of: &DocumentId,
        name: &str,
    ) -> Result<Option<Picture>, ReadError> {
        let shelf = self.shelf();
        let open = shelf.open.iter().find(|open| *open.whole.snapshot.name() == of.collection);
        let Some(open) = open else { return Ok(None) };
        let Some(Seen { snapshot, .. }) = open.seen_by(viewer)? else { return Ok(None) };
        let Some(stored) = snapshot.document(&of.path)? else { return Ok(None) };
        let shows = stored.document.links.iter().any(|link| link.embed && link.target == name);
        let source = &snapshot.manifest().source;
        if !shows || !matches!(source.origin, Origin::Folder | Origin::WorkingTree { .. }) {
            return Ok(None);
        }
        let listing = open.gallery.0.get_or_init(|| Listing::of(source));
        let Some(path) = listing.find(of, name) else { return Ok(None) };
        let may_see = may_see(viewer, &open.whole.snapshot, path)?;
        Ok(may_see.then(|| read(&source.root, path)).flatten())
    }
}

/// Whether the rules about paths let a viewer see a file that is no note. What they mean depends on the notes of the
/// whole generation, as it does for notes.
fn may_see(viewer: &Viewer, whole: &Snapshot, path: &str) -> Result<bool, ReadError> {
    let Some(sight) = viewer.sight() else { return Ok(true) };
    let of_paths =
        Grant::of(sight.grant.rules().iter().filter(|rule| rule.form() == RuleForm::Path).cloned());
    let mut held = Vec::new();
    for rule in of_paths.rules() {
        if let What::Path(pattern) = &rule.what
            && whole.holds(pattern)?
        {
            held.push(pattern);
        }
    }
    let facts = Facts { collection: whole.name(), path, tags: &[], properties: &[] };
    Ok(of_paths.shows(&facts, |pattern| held.contains(&pattern)))
}

/// The image at a path of the listing, unless something between was made a link meanwhile.
fn read(root: &Path, path: &str) -> Option<Picture> {
    let whole = root.join(path);
    let real = fs::canonicalize(&whole).ok()?;
    if real != fs::canonicalize(root).ok()?.join(path) {
        return None;
    }
    let file = fs::File::open(&real).ok()?;
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    if metadata.len() > MAX_IMAGE_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MAX_IMAGE_BYTES).read_to_end(&mut bytes).ok()?;
    Some(Picture { media_type: media_type(&bytes)?, bytes })
}

/// What an image is by its first bytes; `None` for what is none, or one that can hold a script, as SVG can.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, sign: &[u8]| bytes.get(from..from + sign.len()) == Some(sign);
    let known = [
        (at(0, b"\x89PNG\r\n\x1a\n"), "image/png"),
        (at(0, b"\xff\xd8\xff"), "image/jpeg"),
        (at(0, b"GIF87a") || at(0, b"GIF89a"), "image/gif"),
        (at(0, b"RIFF") && at(8, b"WEBP"), "image/webp"),
        (at(4, b"ftypavif") || at(4, b"ftypavis"), "image/avif"),
        (at(0, b"BM"), "image/bmp"),
        (at(0, b"\0\0\x01\0"), "image/x-icon"),
    ];
    known.into_iter().find_map(|(is_it, media_type)| is_it.then_some(media_type))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{self, Note};
    use ibid_core::id::DocumentPath;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    struct Vault {
        library: Arc<Library>,
        folder: tempfile::TempDir,
        _data: tempfile::TempDir,
    }

    /// A vault with these files besides two notes: an open one and one with the tag `private`.
    fn vault(files: &[(&str, &[u8])], open: &str, private: &str) -> Vault {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let data = tempfile::tempdir().unwrap();
        let store = ibid_index::store::Store::at(data.path());
        let notes = [
            Note { path: "Notes/Open.md", title: "Open", text: open },
            Note { path: "Notes/Private.md", title: "Private", text: private },
        ];
        testing::index_at(&store, "vault", folder.path(), &notes);
        let library = Library::open(store, None, Box::new(|_| panic!("no collection has a model"))).unwrap();
        Vault { library, folder, _data: data }
    }

    impl Vault {
        fn check(&self, viewer: &Viewer, note: &str, name: &str, expected: Option<&'static str>) {
            let path = DocumentPath::new(note).unwrap();
            let of = DocumentId { collection: "vault".parse().unwrap(), path };
            let found = self.library.picture(viewer, &of, name).unwrap();
            assert_eq!(found.map(|picture| picture.media_type), expected, "{note} {name}");
        }
    }

    fn elsewhere(rules: &[&str]) -> Viewer {
        Viewer::remote(Grant::parse(rules).unwrap(), &ibid_core::private::Private::default()).unwrap()
    }

    #[test]
    fn an_image_is_found_by_the_names_notes_show_it_by() {
        let files: [(&str, &[u8]); 3] = [("img/a.png", PNG), ("Notes/b.png", PNG), ("img/x/c.PNG", PNG)];
        let vault = vault(&files, "![[a.png]] ![[./b.png]] ![[c.png]] ![[/img/a.png]] ![[none.png]]", "x");
        for name in ["a.png", "./b.png", "c.png", "/img/a.png"] {
            vault.check(&Viewer::owner(), "Notes/Open.md", name, Some("image/png"));
        }
        for name in ["none.png", "b.png", "Open.md", "../a.png", ""] {
            vault.check(&Viewer::owner(), "Notes/Open.md", name, None);
        }
    }

    #[test]
    fn only_images_that_hold_no_script_are_given() {
        let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let files: [(&str, &[u8]); 4] =
            [("a.svg", svg), ("b.png", svg), ("c.png", b""), (".obsidian/d.png", PNG)];
        let vault = vault(&files, "![[a.svg]] ![[b.png]] ![[c.png]] ![[d.png]]", "x");
        for name in ["a.svg", "b.png", "c.png", "d.png"] {
            vault.check(&Viewer::owner(), "Notes/Open.md", name, None);
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_vault() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("a.png"), PNG).unwrap();
        let vault = vault(&[("b.png", PNG)], "![[a.png]] ![[b.png]] ![[in/a.png]] ![[../a.png]]", "x");
        std::os::unix::fs::symlink(outside.path().join("a.png"), vault.folder.path().join("a.png")).unwrap();
        std::os::unix::fs::symlink(outside.path(), vault.folder.path().join("in")).unwrap();
        for name in ["a.png", "in/a.png", "../a.png"] {
            vault.check(&Viewer::owner(), "Notes/Open.md", name, None);
        }
        vault.check(&Viewer::owner(), "Notes/Open.md", "b.png", Some("image/png"));
        // A file that becomes a link after it was listed.
        fs::remove_file(vault.folder.path().join("b.png")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("a.png"), vault.folder.path().join("b.png")).unwrap();
        vault.check(&Viewer::owner(), "Notes/Open.md", "b.png", None);
    }

    #[test]
    fn another_folder_under_the_same_name_has_its_own_images() {
        let shown = "![[a.png]] ![[b.png]]";
        let vault = vault(&[("img/a.png", PNG), ("b.png", PNG)], shown, "x");
        let owner = Viewer::owner();
        vault.check(&owner, "Notes/Open.md", "a.png", Some("image/png"));
        let store = vault.library.store();
        store.remove(&"vault".parse().unwrap()).unwrap();
        let other = tempfile::tempdir().unwrap();
        for (path, bytes) in [("a.png", PNG), ("b.png", PNG), (IGNORE_FILE, b"b.png\n".as_slice())] {
            fs::write(other.path().join(path), bytes).unwrap();
        }
        let note = Note { path: "Notes/Open.md", title: "Open", text: shown };
        testing::index_at(store, "vault", other.path(), &[note]);
        vault.library.refresh().unwrap();
        let generation = |snapshot: &ibid_index::snapshot::Snapshot| snapshot.manifest().generation;
        assert_eq!(generation(&vault.library.snapshots(&owner).unwrap()[0]), 1);
        vault.check(&owner, "Notes/Open.md", "a.png", Some("image/png"));
        vault.check(&owner, "Notes/Open.md", "b.png", None);
    }

    #[test]
    fn an_image_is_there_for_whoever_sees_a_note_that_shows_it() {
        let files: [(&str, &[u8]); 2] = [("img/a.png", PNG), ("secret/b.png", PNG)];
        let vault = vault(&files, "![[a.png]] ![[b.png]]", "#private ![[a.png]]");
        vault.check(&elsewhere(&[]), "Notes/Open.md", "a.png", Some("image/png"));
        vault.check(&elsewhere(&[]), "Notes/Private.md", "a.png", None);
        vault.check(&Viewer::owner(), "Notes/Private.md", "a.png", Some("image/png"));
        vault.check(&elsewhere(&["-path:secret"]), "Notes/Open.md", "a.png", Some("image/png"));
        vault.check(&elsewhere(&["-path:secret"]), "Notes/Open.md", "b.png", None);
        vault.check(&elsewhere(&["-collection:vault"]), "Notes/Open.md", "a.png", None);
    }
}
