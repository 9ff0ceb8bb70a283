//! Repositories made with gix itself, so that no `git` needs to be there.

use std::fs;

use gix::bstr::BStr;
use gix::refs::transaction::PreviousValue;

use super::*;
use crate::report::Silent;

struct Made {
    folder: tempfile::TempDir,
    repository: gix::Repository,
}

type File<'a> = (&'a str, EntryKind, &'a [u8]);

impl Made {
    fn new() -> Made {
        let folder = tempfile::tempdir().unwrap();
        let repository = gix::init(folder.path()).unwrap();
        Made { folder, repository }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Makes a commit of these files alone, and lets `branch` and HEAD stand there.
    fn commit(&self, branch: &str, files: &[File<'_>]) -> ObjectId {
        let repository = &self.repository;
        let mut tree = repository.edit_tree(ObjectId::empty_tree(repository.object_hash())).unwrap();
        for (path, kind, bytes) in files {
            let id = match kind {
                EntryKind::Commit => ObjectId::from_hex(&[b'1'; 40]).unwrap(),
                _ => repository.write_blob(bytes).unwrap().detach(),
            };
            tree.upsert(*path, *kind, id).unwrap();
        }
        let who = gix::actor::SignatureRef { name: "n".into(), email: "e".into(), time: "86400 +0000" };
        let commit = gix::objs::Commit {
            message: "m".into(),
            tree: tree.write().unwrap().detach(),
            author: who.to_owned().unwrap(),
            committer: who.to_owned().unwrap(),
            encoding: None,
            parents: Default::default(),
            extra_headers: Vec::new(),
        };
        let id = repository.write_object(&commit).unwrap().detach();
        let name = format!("refs/heads/{branch}");
        repository.reference(name.as_str(), id, PreviousValue::Any, BStr::new("made")).unwrap();
        fs::write(repository.git_dir().join("HEAD"), format!("ref: {name}\n")).unwrap();
        id
    }

    fn at(&self, folder: &str, revision: &str) -> Result<Revision, BuildError> {
        Revision::new(&self.root().join(folder), revision, Chosen::new(&[], &[]).unwrap())
    }

    fn list(&self, revision: &str) -> Listing {
        self.at("", revision).unwrap().list(1, &Silent).unwrap()
    }
}

fn paths(listing: &Listing) -> Vec<&str> {
    listing.files.iter().map(|file| file.path.as_str()).collect()
}

const A: File<'_> = ("a.md", EntryKind::Blob, b"rye");

#[test]
fn a_commit_is_read_and_not_what_lies_in_the_folder() {
    let made = Made::new();
    let commit = made.commit("main", &[A, ("b/c.md", EntryKind::BlobExecutable, b"oats")]);
    fs::write(made.root().join("a.md"), "wheat").unwrap();
    fs::write(made.root().join("new.md"), "wheat").unwrap();
    let revision = made.at("", "main").unwrap();
    let listing = revision.list(1, &Silent).unwrap();
    assert_eq!(paths(&listing), ["a.md", "b/c.md"]);
    assert_eq!(listing.files[0].changed_at, 86_400);
    let (revision_asked, commit) = ("main".to_owned(), commit.to_string());
    assert_eq!(listing.origin, Origin::Commit { revision: revision_asked, commit: commit.clone() });
    let read = |path: &str| revision.read(&DocumentPath::new(path).unwrap());
    assert_eq!(read("a.md").unwrap(), b"rye");
    assert_eq!(read("b/c.md").unwrap(), b"oats");
    for missing in ["new.md", "b", "a.md/x"] {
        assert_eq!(read(missing).unwrap_err().kind(), io::ErrorKind::NotFound, "{missing}");
    }
    assert_eq!(paths(&made.list(&commit[..10])), ["a.md", "b/c.md"]);
}

#[test]
fn what_a_walk_of_the_folder_passes_over_is_passed_over() {
    let made = Made::new();
    let files = [
        A,
        (".hidden.md", EntryKind::Blob, b"x"),
        (".obsidian/x.md", EntryKind::Blob, b"x"),
        (".gitignore", EntryKind::Blob, b"drafts/\n*.tmp.md\n"),
        ("drafts/x.md", EntryKind::Blob, b"x"),
        ("x.tmp.md", EntryKind::Blob, b"x"),
        ("b/.ibidignore", EntryKind::Blob, b"/secret.md\n!kept.tmp.md\n"),
        ("b/secret.md", EntryKind::Blob, b"x"),
        ("b/kept.tmp.md", EntryKind::Blob, b"x"),
        ("c/secret.md", EntryKind::Blob, b"x"),
        ("d.bin", EntryKind::Blob, b"x"),
    ];
    made.commit("main", &files);
    let listing = made.list("HEAD");
    assert_eq!(paths(&listing), ["a.md", "b/kept.tmp.md", "c/secret.md"]);
    assert_eq!(listing.others.get("bin"), Some(&1));
    assert_eq!(listing.skipped, []);
}

#[test]
fn links_and_submodules_are_told_and_not_followed() {
    let made = Made::new();
    let files = [A, ("link.md", EntryKind::Link, b"/etc/passwd".as_slice()), ("sub", EntryKind::Commit, b"")];
    made.commit("main", &files);
    let listing = made.list("main");
    assert_eq!(paths(&listing), ["a.md"]);
    let skipped = |path: &str, reason| Skipped { path: path.to_owned(), reason };
    let wanted = [skipped("link.md", SkipReason::SymbolicLink), skipped("sub", SkipReason::Submodule)];
    assert_eq!(listing.skipped, wanted);
    let link = DocumentPath::new("link.md").unwrap();
    assert_eq!(made.at("", "main").unwrap().read(&link).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_folder_inside_the_repository_is_a_source_of_its_own() {
    let made = Made::new();
    made.commit("main", &[A, ("b/c.md", EntryKind::Blob, b"oats")]);
    fs::create_dir_all(made.root().join("b")).unwrap();
    fs::create_dir_all(made.root().join("other")).unwrap();
    let revision = made.at("b", "main").unwrap();
    assert_eq!(paths(&revision.list(1, &Silent).unwrap()), ["c.md"]);
    assert_eq!(revision.read(&DocumentPath::new("c.md").unwrap()).unwrap(), b"oats");
    assert!(matches!(made.at("other", "main"), Err(BuildError::Revision { .. })));
}

#[test]
fn a_file_has_the_same_stamp_while_it_holds_the_same_and_another_when_not() {
    let made = Made::new();
    let stamp = |listing: Listing| listing.files[0].stamp;
    made.commit("main", &[A]);
    let first = stamp(made.list("main"));
    made.commit("main", &[A, ("b.md", EntryKind::Blob, b"oats")]);
    assert_eq!(stamp(made.list("main")), first);
    assert!(first.is_trusted(0));
    made.commit("main", &[("a.md", EntryKind::Blob, b"RYE")]);
    assert_ne!(stamp(made.list("main")), first);
}

#[test]
fn a_revision_that_is_none_is_told_and_so_is_a_folder_without_repository() {
    let made = Made::new();
    assert!(matches!(made.at("", "HEAD"), Err(BuildError::Revision { .. })), "nothing is committed");
    made.commit("main", &[A]);
    for none in ["nowhere", "", "HEAD~5", "a:b:c", "--all", "HEAD:a.md"] {
        assert!(matches!(made.at("", none), Err(BuildError::Revision { .. })), "{none}");
    }
    let plain = tempfile::tempdir().unwrap();
    let at = Revision::new(plain.path(), "HEAD", Chosen::new(&[], &[]).unwrap());
    assert!(matches!(at, Err(BuildError::NoRepository { .. })));
}

#[test]
fn a_follower_hears_that_a_branch_moved() {
    let made = Made::new();
    let first = made.commit("main", &[A]);
    assert_eq!(commit_of(&made.root(), "main"), Some(first.to_string()));
    let second = made.commit("main", &[("a.md", EntryKind::Blob, b"RYE")]);
    assert_eq!(commit_of(&made.root(), "main"), Some(second.to_string()));
    assert_eq!(commit_of(&made.root(), "nowhere"), None);
}

#[test]
fn a_working_tree_is_clean_while_every_file_is_as_the_commit_has_it() {
    let made = Made::new();
    let origin = || {
        let chosen = Chosen::new(&[], &[]).unwrap();
        let folder = crate::source::folder::Folder::new(&made.root(), chosen).unwrap();
        folder.list(1, &Silent).unwrap().origin
    };
    fs::write(made.root().join("a.md"), "rye").unwrap();
    assert_eq!(origin(), Origin::Folder, "nothing is committed");
    let commit = made.commit("main", &[A]).to_string();
    let state = |clean| Origin::WorkingTree { commit: commit.clone(), clean };
    assert_eq!(origin(), state(true));
    assert_eq!(origin().commit(), Some(commit.as_str()));
    fs::write(made.root().join("a.md"), "wheat").unwrap();
    assert_eq!(origin(), state(false));
    assert_eq!(origin().commit(), None);
    fs::write(made.root().join("a.md"), "rye").unwrap();
    fs::write(made.root().join("new.md"), "oats").unwrap();
    assert_eq!(origin(), state(false), "one file is in no commit");
}

#[test]
fn what_git_itself_committed_is_read_from_packs_and_by_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        let own = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"];
        command.current_dir(&root).env("GIT_CONFIG_GLOBAL", "/dev/null").args(own).args(arguments);
        command.output().is_ok_and(|output| output.status.success())
    };
    // Without git there is nothing to compare with.
    if !git(&["init", "--quiet"]) {
        return;
    }
    for number in 0..20 {
        fs::write(root.join(format!("{number:02}.md")), format!("rye {number}\n").repeat(200)).unwrap();
    }
    assert!(git(&["add", "."]) && git(&["commit", "--quiet", "-m", "first"]) && git(&["gc", "--quiet"]));
    let chosen = || Chosen::new(&[], &[]).unwrap();
    let revision = Revision::new(&root, "HEAD", chosen()).unwrap();
    let of_commit = revision.list(1, &Silent).unwrap();
    let of_folder = crate::source::folder::Folder::new(&root, chosen()).unwrap().list(1, &Silent).unwrap();
    assert_eq!(paths(&of_commit), paths(&of_folder));
    assert!(matches!(&of_folder.origin, Origin::WorkingTree { clean: true, .. }));
    assert_eq!(of_folder.origin.commit(), of_commit.origin.commit());
    for file in &of_commit.files {
        assert_eq!(revision.read(&file.path).unwrap(), fs::read(root.join(file.path.as_str())).unwrap());
    }
}
