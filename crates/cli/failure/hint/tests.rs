//! Every family of errors against the words its hint must hold.

use crate::command::connect::ConnectError;
use std::path::PathBuf;

use ibid_embed::{OnnxRuntimeReason, UnknownPart};
use ibid_measure::dataset::DatasetError;
use ibid_measure::record::RecordError;

use super::*;

fn name() -> CollectionName {
    "garden".parse().unwrap()
}

fn path() -> PathBuf {
    PathBuf::from("/my notes")
}

fn io(kind: io::ErrorKind) -> io::Error {
    kind.into()
}

fn build(source: BuildError) -> Failure {
    Failure::Build { name: name(), source: Box::new(source) }
}

fn open(source: OpenError) -> Failure {
    Failure::Open { name: name(), source }
}

fn damaged() -> OpenError {
    OpenError::Damaged { path: path(), reason: "torn".to_owned() }
}

/// Every family of errors with words that its hint must hold.
fn families() -> Vec<(Failure, &'static str)> {
    let full = || io(io::ErrorKind::StorageFull);
    let unknown = |known: &[&str]| Failure::UnknownCollection {
        name: name(),
        known: known.iter().map(|name| name.parse().unwrap()).collect(),
    };
    let taken = BuildError::NameTaken { name: name(), indexed: "/old".into(), path: path() };
    let emptied = BuildError::SourceEmptied { path: path(), name: name(), documents: 3 };
    let other = BuildError::OtherModel { name: name(), indexed: "a".into(), wanted: "b".into() };
    let format = OpenError::Format { path: path(), found: "9".into(), wanted: 1 };
    let missing = OpenError::Missing { name: name(), data_dir: path() };
    let unknown_model =
        EmbedError::UnknownModel { name: "bg".into(), nearest: vec!["bge".into(), "gte".into()] };
    let onnx = EmbedError::OnnxRuntime { looked_in: vec![], reason: OnnxRuntimeReason::NoCandidate };
    let download = |source: DownloadError| {
        Failure::Embed(EmbedError::Download {
            model: "a/b".into(),
            file: "model.onnx".into(),
            cache_dir: path(),
            source: Box::new(source),
        })
    };
    let lie = DownloadError::Checksum { wanted: "a".into(), found: "b".into() };
    let broken_off = DownloadError::BrokenOff { done: 1, total: 2 };
    let router = EmbedError::NotUnderstood { path: path(), part: UnknownPart::Module("Router".into()) };
    let graph = EmbedError::Weights { model: "m".into(), source: "no such operator".into() };
    let token = Failure::Token { path: "/secret".into(), source: ibid_server::TokenError };
    let gone = |set_in, is_indexed| Failure::SourceGone { name: name(), root: path(), set_in, is_indexed };
    let address = "0.0.0.0:80".parse().unwrap();
    let unreadable = CertificateError::Unreadable { path: path(), source: io(io::ErrorKind::NotFound) };
    vec![
        (unknown(&["gardens", "work"]), "did you mean gardens?"),
        (unknown(&["work", "zoo"]), "there are: work, zoo"),
        (unknown(&[]), "ibid index PATH"),
        (download(lie), "what came was removed"),
        (download(broken_off), "goes on with it"),
        (download(DownloadError::Status(404)), "no such model"),
        (download(DownloadError::NoNetwork), "onnx-community"),
        (Failure::Embed(router), "it is refused"),
        (Failure::Embed(graph), "ORT_DYLIB_PATH"),
        (build(taken), "ibid index '/my notes' --name NAME"),
        (build(emptied), "is its disk mounted?"),
        (build(other), "--name garden --model b`"),
        (build(BuildError::SourceIsFile { path: "/notes/a.md".into() }), "ibid index /notes`"),
        (build(BuildError::NothingToIndex { path: path(), others: 1 }), "PDF"),
        (build(BuildError::Open(damaged())), "ibid index --name garden --rebuild"),
        (build(BuildError::Stopped), "goes on"),
        (
            build(BuildError::Write(WriteError::Io { path: path(), source: full() })),
            "the last commit is whole",
        ),
        (build(BuildError::Open(OpenError::Locked { path: path() })), "wait"),
        (open(format), "--rebuild"),
        (open(damaged()), "--rebuild"),
        (open(missing), "ibid status"),
        (Failure::NothingCommitted { name: name() }, "goes on"),
        (open(OpenError::Io { path: path(), source: io(io::ErrorKind::PermissionDenied) }), "who owns it"),
        (Failure::Search(SearchError::EmptyQuestion), "ibid search"),
        (Failure::Search(SearchError::NoVectors { collection: name() }), "--mode lexical"),
        (Failure::Search(SearchError::Glob { glob: "[".into(), reason: String::new() }), "*.md"),
        (Failure::Search(SearchError::UnknownDay { said: String::new() }), "2024-06-15"),
        (Failure::Search(SearchError::NewestByMeaning), "--sort"),
        (Failure::Fetch(FetchError::UnknownCollection { collection: name() }), "ibid status"),
        (Failure::NotAQuote { id: String::new() }, "hash"),
        (Failure::Embed(unknown_model), "bge or gte"),
        (Failure::Embed(onnx), "ORT_DYLIB_PATH"),
        (Failure::Listen { address, source: io(io::ErrorKind::AddrInUse) }, "--listen"),
        (Failure::Serve(ServeError::OpenToTheWorld { address }), "--token-file"),
        (Failure::NoPeople { path: path() }, "[serving.people"),
        (Failure::Serve(OidcError::Issuer { issuer: String::new() }.into()), "letter by letter"),
        (Failure::Serve(CertificateError::NoKey { path: path() }.into()), "privkey.pem"),
        (token, "openssl rand -hex 32 > /secret"),
        (gone(None, true), "ibid remove garden"),
        (gone(Some("/etc/c.toml".into()), false), "/etc/c.toml, under [collections.garden]"),
        (gone(Some("/etc/c.toml".into()), true), "then `ibid remove garden` and `ibid index`"),
        (Failure::NoServer, "asks for a token"),
        (Failure::Serve(unreadable.into()), "check the path"),
        (Failure::NobodyToAsk { name: name() }, "ibid remove garden --yes"),
        (Failure::Connect(ConnectError::NobodyToAsk { path: path() }), "--yes"),
        (Failure::NoDataFolder, "--data-dir"),
        (Failure::Dataset(DatasetError::NotAFolder { path: path() }), "--collection NAME"),
        (Failure::Dataset(DatasetError::NoHeader { path: path() }), "document"),
        (
            Failure::DatasetIndex { source: Box::new(BuildError::Open(damaged())) },
            "ibid measure DATASET --rebuild",
        ),
        (Failure::NothingToMeasure { mode: "hybrid" }, "--mode lexical"),
        (Failure::EarlierRun(RecordError::Format { path: path(), reason: String::new() }), "--json"),
    ]
}

#[test]
fn every_family_of_errors_says_what_to_do() {
    for (failure, wanted) in families() {
        let hint = hint(&failure).unwrap_or_default();
        assert!(hint.contains(wanted), "{}: {hint}", failure.message());
    }
}

#[test]
fn messages_are_for_people() {
    for (failure, _) in families() {
        let message = failure.message();
        let looks_like_code = message.contains("{ ") || message.contains("Error") || message.contains("::");
        assert!(!looks_like_code && !message.ends_with('.'), "{message}");
    }
}

#[test]
fn a_path_in_a_hint_can_be_pasted_into_a_shell() {
    for (path, shown) in [
        ("/a/b-c.md", "/a/b-c.md"),
        ("/a b", "'/a b'"),
        ("/it's", r"'/it'\''s'"),
        ("/笔记", "/笔记"),
        ("", "''"),
    ] {
        assert_eq!(quoted(Path::new(path)), shown);
    }
}
