//! Downloads from a hub on this machine that redirects, breaks off, ignores ranges, and lies.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use ring::digest;
use serde_json::json;

use super::super::tests::{copy_of, folder as minilm, options};
use super::*;
use crate::Embedder;
use crate::zoo::{FetchProgress, ZooEmbedder};

const REPOSITORY: &str = "somebody/a-model";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// How the hub behaves where it is not simply honest.
#[derive(Debug, Clone, Copy, Default)]
struct Manners {
    /// Files are elsewhere, as large ones of the real hub are.
    redirects: bool,
    /// Each answer with a file ends after so many bytes.
    breaks_after: Option<usize>,
    /// It gives whole files whatever part is asked for.
    knows_no_ranges: bool,
    /// Bytes of this file are others than the listing promises.
    lies_about: Option<&'static str>,
    /// This file goes on behind its end.
    too_long: Option<&'static str>,
    /// It promises no checksums.
    promises_nothing: bool,
    /// It fails so often before it answers for a file.
    fails_first: usize,
}

/// A hub that has one repository.
struct Loopback {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: String,
    range: Option<String>,
    has_authorization: bool,
    /// Whether the bytes are to come as they are.
    wants_identity: bool,
}

impl Loopback {
    /// Serves the files of a folder.
    fn new(folder: &Path, manners: Manners) -> Loopback {
        let mut files = HashMap::new();
        read_into(folder, folder, &mut files);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let hub = Served { address, files, manners, seen: Arc::clone(&seen), n_failed: Mutex::new(0) };
        let ends = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                // A client that went away is no failure of the hub.
                let _ = hub.answer(stream);
            }
        });
        Loopback { address, seen, stop, thread: Some(thread) }
    }

    fn options(&self, cache: &Path) -> ZooOptions {
        ZooOptions {
            cache_dir: cache.to_owned(),
            hub: format!("http://{}", self.address),
            ..options(REPOSITORY, None, &[])
        }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes it.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn read_into(root: &Path, folder: &Path, files: &mut HashMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read_into(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(name, fs::read(path).unwrap());
        }
    }
}

/// What the thread of a [`Loopback`] holds.
struct Served {
    address: SocketAddr,
    files: HashMap<String, Vec<u8>>,
    manners: Manners,
    seen: Arc<Mutex<Vec<Seen>>>,
    n_failed: Mutex<usize>,
}

impl Served {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let mut seen = Seen {
            path: first.split(' ').nth(1).unwrap_or_default().to_owned(),
            range: None,
            has_authorization: false,
            wants_identity: false,
        };
        for line in lines {
            let line = line?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("range") => {
                    seen.range = Some(value.trim().to_owned());
                }
                Some((name, value)) if name.eq_ignore_ascii_case("accept-encoding") => {
                    seen.wants_identity = value.trim() == "identity";
                }
                Some((name, _)) if name.eq_ignore_ascii_case("authorization") => {
                    seen.has_authorization = true
                }
                Some(_) => {}
                None => break,
            }
        }
        self.seen.lock().unwrap().push(seen.clone());
        let resolve = format!("/{REPOSITORY}/resolve/{COMMIT}/");
        if seen.path == format!("/api/models/{REPOSITORY}?blobs=true") {
            respond(&mut stream, "200 OK", &[], self.listing().as_bytes(), None)
        } else if let Some(file) = seen.path.strip_prefix("/elsewhere/") {
            self.file(&mut stream, file, seen.range.as_deref())
        } else if let Some(file) = seen.path.strip_prefix(&resolve) {
            if self.manners.redirects {
                let location = format!("Location: http://{}/elsewhere/{file}", self.address);
                return respond(&mut stream, "302 Found", &[&location], b"", None);
            }
            self.file(&mut stream, file, seen.range.as_deref())
        } else {
            respond(&mut stream, "404 Not Found", &[], b"", None)
        }
    }

    fn file(&self, stream: &mut TcpStream, file: &str, range: Option<&str>) -> std::io::Result<()> {
        let mut n_failed = self.n_failed.lock().unwrap();
        if *n_failed < self.manners.fails_first {
            *n_failed += 1;
            return respond(stream, "503 Service Unavailable", &[], b"", None);
        }
        let mut bytes = self.files[file].clone();
        if self.manners.lies_about == Some(file) {
            *bytes.last_mut().unwrap() ^= 1;
        }
        if self.manners.too_long == Some(file) {
            bytes.extend([0; 10]);
        }
        let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        match from.filter(|_| !self.manners.knows_no_ranges) {
            Some(from) if from < bytes.len() => {
                let range = format!("Content-Range: bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
                let after = self.manners.breaks_after;
                respond(stream, "206 Partial Content", &[&range], &bytes[from..], after)
            }
            Some(_) => respond(stream, "416 Range Not Satisfiable", &[], b"", None),
            None => respond(stream, "200 OK", &[], &bytes, self.manners.breaks_after),
        }
    }

    /// As the real hub lists a repository: large files with SHA-256, others with Git's own hash.
    fn listing(&self) -> String {
        let mut names: Vec<&String> = self.files.keys().collect();
        names.sort();
        let siblings = names.into_iter().map(|name| {
            let bytes = &self.files[name];
            let hex = |digest: digest::Digest| {
                digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
            };
            if self.manners.promises_nothing {
                return json!({ "rfilename": name });
            }
            let blob = [format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat();
            let blob = hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &blob));
            let mut sibling = json!({ "rfilename": name, "size": bytes.len(), "blobId": blob });
            if name.ends_with(".onnx") || name.ends_with(".safetensors") {
                let sha256 = hex(digest::digest(&digest::SHA256, bytes));
                sibling["lfs"] = json!({ "sha256": sha256, "size": bytes.len(), "pointerSize": 130 });
            }
            sibling
        });
        json!({ "id": REPOSITORY, "sha": COMMIT, "siblings": siblings.collect::<Vec<_>>() }).to_string()
    }
}

fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &[&str],
    body: &[u8],
    breaks_after: Option<usize>,
) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len())?;
    headers.iter().try_for_each(|header| write!(stream, "{header}\r\n"))?;
    stream.write_all(b"\r\n")?;
    stream.write_all(&body[..body.len().min(breaks_after.unwrap_or(usize::MAX))])
}

/// What a download ended in, and the cache it went to.
fn fetched_from(manners: Manners) -> (tempfile::TempDir, Loopback, Result<Fetched, EmbedError>) {
    let (model, cache) = (copy_of("bert-dense"), tempfile::tempdir().unwrap());
    fs::write(model.path().join("README.md"), "not wanted").unwrap();
    fs::write(model.path().join("model_int8.onnx"), "not wanted either").unwrap();
    let hub = Loopback::new(model.path(), manners);
    let fetched = fetch(&hub.options(cache.path()));
    (cache, hub, fetched)
}

/// The model is fetched whole whatever the hub's manners, and runs.
fn check_fetched(manners: Manners) -> Vec<Seen> {
    let (cache, hub, fetched) = fetched_from(manners);
    let fetched = fetched.unwrap_or_else(|error| panic!("{manners:?}: {error:?}"));
    let original = copy_of("bert-dense");
    let (mut here, mut there) = (HashMap::new(), HashMap::new());
    read_into(&fetched.folder, &fetched.folder, &mut here);
    read_into(original.path(), original.path(), &mut there);
    // Kept beside the shape for tests, and no part of a model.
    there.remove("vectors.jsonl");
    assert_eq!(here, there);
    assert!(fetched.folder.starts_with(cache.path()));
    let asked = hub.seen();
    assert!(asked.iter().all(|seen| !seen.has_authorization));
    assert!(asked.iter().skip(1).all(|seen| seen.wants_identity));
    // What is there is not asked for again.
    let embedder = ZooEmbedder::load(&hub.options(cache.path())).unwrap();
    assert_eq!((embedder.identity().name.as_str(), embedder.identity().dimensions), (REPOSITORY, 24));
    assert_eq!(hub.seen(), asked);
    asked
}

fn refusal(manners: Manners) -> (tempfile::TempDir, DownloadError) {
    let (cache, _hub, fetched) = fetched_from(manners);
    match fetched {
        Err(EmbedError::Download { source, .. }) => (cache, *source),
        other => panic!("{manners:?}: {other:?}"),
    }
}

#[test]
fn an_honest_hub_is_asked_once_for_each_file_that_a_model_needs() {
    let asked = check_fetched(Manners::default());
    assert!(asked[0].path.starts_with("/api/models/"));
    let network = |seen: &&Seen| seen.path.ends_with("/model.onnx");
    assert_eq!(asked.iter().filter(network).count(), 1);
    assert!(asked.iter().all(|seen| seen.range.is_none()));
    assert!(asked.iter().all(|seen| !seen.path.contains("README") && !seen.path.contains("int8")));
}

#[test]
fn redirects_are_followed() {
    let asked = check_fetched(Manners { redirects: true, ..Manners::default() });
    assert!(asked.iter().any(|seen| seen.path == "/elsewhere/model.onnx"));
}

#[test]
fn what_breaks_off_is_gone_on_with() {
    let manners = Manners { redirects: true, breaks_after: Some(20_000), ..Manners::default() };
    let asked = check_fetched(manners);
    let ranges: Vec<Option<&str>> = asked
        .iter()
        .filter(|seen| seen.path == "/elsewhere/model.onnx")
        .map(|seen| seen.range.as_deref())
        .collect();
    let wanted =
        [None, Some("bytes=20000-"), Some("bytes=40000-"), Some("bytes=60000-"), Some("bytes=80000-")];
    assert_eq!(ranges, wanted);
}

#[test]
fn a_hub_that_fails_at_first_is_asked_again() {
    check_fetched(Manners { fails_first: 2, ..Manners::default() });
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_was_killed() {
    let (model, cache) = (copy_of("bert-dense"), tempfile::tempdir().unwrap());
    let bytes = fs::read(model.path().join("model.onnx")).unwrap();
    for knows_no_ranges in [false, true] {
        let hub = Loopback::new(model.path(), Manners { knows_no_ranges, ..Manners::default() });
        let folder = cache.path().join("models--somebody--a-model/snapshots").join(COMMIT);
        // Whatever an earlier turn left is gone.
        let _ = fs::remove_dir_all(cache.path());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("model.onnx.part"), &bytes[..50_000]).unwrap();
        fetch(&hub.options(cache.path())).unwrap();
        assert_eq!(fs::read(folder.join("model.onnx")).unwrap(), bytes);
        let asked: Vec<Seen> = hub.seen();
        let asked: Vec<_> = asked.iter().filter(|seen| seen.path.ends_with("/model.onnx")).collect();
        assert_eq!(asked[0].range.as_deref(), Some("bytes=50000-"));
        assert_eq!(asked.len(), 1);
    }
}

#[test]
fn a_part_that_is_no_beginning_of_the_file_is_found_out_and_removed() {
    let (model, cache) = (copy_of("bert-dense"), tempfile::tempdir().unwrap());
    let hub = Loopback::new(model.path(), Manners::default());
    let folder = cache.path().join("models--somebody--a-model/snapshots").join(COMMIT);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("model.onnx.part"), vec![7; 1000]).unwrap();
    let error = fetch(&hub.options(cache.path())).unwrap_err();
    assert!(
        matches!(error, EmbedError::Download { ref source, .. } if matches!(**source, DownloadError::Checksum { .. }))
    );
    assert!(!folder.join("model.onnx.part").exists());
    fetch(&hub.options(cache.path())).unwrap();
}

#[test]
fn a_file_that_is_not_what_was_promised_is_refused_and_removed() {
    for file in ["model.onnx", "tokenizer.json", "2_Dense/model.safetensors"] {
        let (cache, error) = refusal(Manners { lies_about: Some(file), ..Manners::default() });
        assert!(matches!(error, DownloadError::Checksum { .. }), "{error}");
        let (cache, error) = match error {
            DownloadError::Checksum { .. } => {
                (cache, refusal(Manners { too_long: Some(file), ..Manners::default() }))
            }
            other => panic!("{other}"),
        };
        let (longer, error) = error;
        assert!(matches!(error, DownloadError::TooLong { .. }), "{error}");
        for cache in [&cache, &longer] {
            let mut files = HashMap::new();
            read_into(cache.path(), cache.path(), &mut files);
            assert!(files.keys().all(|name| !name.contains(file)), "{:?}", files.keys());
            assert_eq!(super::fetched(cache.path()).unwrap(), BTreeMap::new());
        }
    }
}

#[test]
fn a_hub_that_promises_no_checksum_or_gives_nothing_is_refused() {
    let (_, error) = refusal(Manners { promises_nothing: true, ..Manners::default() });
    assert!(matches!(error, DownloadError::NoChecksum), "{error}");
    let (_, error) = refusal(Manners { breaks_after: Some(0), ..Manners::default() });
    assert!(error.is_a_break(), "{error}");
    let (_, error) = refusal(Manners { fails_first: usize::MAX, ..Manners::default() });
    assert!(matches!(error, DownloadError::Status(503)), "{error}");
}

#[test]
fn a_repository_that_the_hub_does_not_have_and_one_without_a_network_are_told_apart() {
    let (model, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(model.path().join("tokenizer.json"), "{}").unwrap();
    let hub = Loopback::new(model.path(), Manners::default());
    let error = |name: &str| match fetch(&ZooOptions { name: name.to_owned(), ..hub.options(cache.path()) }) {
        Err(EmbedError::Download { source, .. }) => *source,
        other => panic!("{other:?}"),
    };
    assert!(matches!(error("somebody/no-model"), DownloadError::Status(404)));
    assert!(matches!(error(REPOSITORY), DownloadError::NoNetwork));
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let listing = |sha: &str, name: &str| {
        let text = json!({ "sha": sha, "siblings": [
            { "rfilename": "model.onnx", "size": 1, "blobId": "a" },
            { "rfilename": name, "size": 1, "blobId": "a" },
        ]});
        let listing = serde_json::from_value::<Listing>(text).unwrap().checked()?;
        listing.wanted(None).map(|wanted| wanted.len())
    };
    assert!(matches!(listing(COMMIT, "config.json"), Ok(2)));
    assert!(matches!(listing(COMMIT, "../config.json"), Ok(1)));
    for (sha, name) in [
        ("../../x", "config.json"),
        ("", "config.json"),
        (COMMIT, "1\\..\\..\\x/config.json"),
        (COMMIT, "1_\u{0}/config.json"),
    ] {
        assert!(matches!(listing(sha, name), Err(DownloadError::UnsafeName(_))), "{sha} {name:?}");
    }
}

#[test]
fn another_network_of_a_fetched_model_is_fetched_beside_it() {
    let (model, cache) = (copy_of("modernbert"), tempfile::tempdir().unwrap());
    fs::copy(model.path().join("onnx/model.onnx"), model.path().join("onnx/model_int8.onnx")).unwrap();
    let hub = Loopback::new(model.path(), Manners::default());
    let named = |stem: &str| ZooOptions { name: format!("{REPOSITORY}{stem}"), ..hub.options(cache.path()) };
    for (stem, file) in [("#model_int8", "onnx/model_int8.onnx"), ("", "onnx/model.onnx")] {
        let embedder = ZooEmbedder::load(&named(stem)).unwrap();
        assert!(embedder.network_file().ends_with(file), "{stem}");
        assert_eq!(embedder.identity().name, format!("{REPOSITORY}{stem}"));
    }
}

#[test]
fn two_that_fetch_one_model_at_once_fetch_it_once() {
    let (model, cache) = (copy_of("bert-dense"), tempfile::tempdir().unwrap());
    let hub = Loopback::new(model.path(), Manners { breaks_after: Some(30_000), ..Manners::default() });
    let options = hub.options(cache.path());
    let bytes = std::thread::scope(|scope| {
        let two = [(); 2].map(|()| scope.spawn(|| fetch(&options).unwrap().n_bytes));
        two.map(|one| one.join().unwrap())
    });
    assert!(bytes.contains(&0) && bytes.iter().any(|&bytes| bytes > 90_000), "{bytes:?}");
}

#[test]
fn who_is_told_of_the_progress_sees_a_file_grow_to_its_end() {
    #[derive(Default)]
    struct Told(Mutex<Vec<(String, u64, u64)>>);
    impl FetchProgress for Told {
        fn fetched(&self, file: &str, done: u64, total: u64) {
            self.0.lock().unwrap().push((file.to_owned(), done, total));
        }
    }
    let (model, cache) = (copy_of("modernbert"), tempfile::tempdir().unwrap());
    let hub = Loopback::new(model.path(), Manners::default());
    let told = Arc::new(Told::default());
    let progress = Some(Arc::clone(&told) as Arc<dyn FetchProgress>);
    let fetched = fetch(&ZooOptions { progress, ..hub.options(cache.path()) }).unwrap();
    let told = told.0.lock().unwrap();
    let network: Vec<_> = told.iter().filter(|(file, ..)| file == "onnx/model.onnx").collect();
    assert!(network.len() > 1 && network.is_sorted_by_key(|(_, done, _)| done));
    assert!(network.last().is_some_and(|(_, done, total)| done == total));
    let ends: u64 = told.iter().filter(|(_, done, total)| done == total).map(|(.., total)| total).sum();
    assert_eq!(ends, fetched.n_bytes);
}

#[test]
fn a_cache_of_another_program_needs_no_network_and_is_listed() {
    let cache = tempfile::tempdir().unwrap();
    let repository = cache.path().join("models--Xenova--all-MiniLM-L6-v2");
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::create_dir_all(repository.join("snapshots")).unwrap();
    fs::write(repository.join("refs/main"), "abc").unwrap();
    let dir = minilm("onnx/model_quantized.onnx");
    fs::rename(dir.path(), repository.join("snapshots/abc")).unwrap();
    let name = "Xenova/all-MiniLM-L6-v2";
    let options = ZooOptions { cache_dir: cache.path().to_owned(), ..options(name, None, &[]) };
    let listed = || super::fetched(cache.path()).unwrap().remove(name).unwrap();
    assert!(!listed().ran && listed().n_bytes > 20_000_000);
    assert_eq!(ZooEmbedder::load(&options).unwrap().identity().name, name);
    assert!(listed().ran);
}
