//! A real server on loopback, written down as a table of answers.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use ibid_index::OpenError;

use super::*;
use crate::report::{Silent, SkipReason, Skipped};

/// What the server says at a path: status, headers, body.
type Said = (u16, Vec<(&'static str, String)>, Vec<u8>);

#[derive(Clone)]
struct Server {
    port: u16,
    pages: Arc<Mutex<HashMap<String, Said>>>,
    /// The request lines, and what was said of conditions.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new() -> Server {
        Server::at("127.0.0.1")
    }

    fn at(address: &str) -> Server {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { port, pages: Arc::default(), asked: Arc::default() };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream));
            }
        });
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn says(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> &Server {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.pages.lock().unwrap().insert(path.to_owned(), (status, headers, body.to_vec()));
        self
    }

    fn page(&self, path: &str, html: &str) -> &Server {
        self.says(path, 200, &[("Content-Type", "text/html; charset=utf-8")], html.as_bytes())
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        let _ = reader.read_line(&mut line);
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut condition = String::new();
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).is_err() || header.trim().is_empty() {
                break;
            }
            if let Some(etag) = header.to_lowercase().strip_prefix("if-none-match:") {
                condition = format!(" if-none-match {}", etag.trim());
            }
        }
        self.asked.lock().unwrap().push(format!("{path}{condition}"));
        let said = self.pages.lock().unwrap().get(&path).cloned();
        let (mut status, headers, mut body) = said.unwrap_or((404, Vec::new(), b"nothing".to_vec()));
        let etag = headers.iter().find(|(name, _)| *name == "ETag").map(|(_, value)| value.to_lowercase());
        if status == 200 && etag.is_some_and(|etag| condition.ends_with(&etag) && !condition.is_empty()) {
            (status, body) = (304, Vec::new());
        }
        let mut head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let mut stream = stream;
        let _ = stream.write_all(format!("{head}\r\n").as_bytes());
        let _ = stream.write_all(&body);
    }
}

struct Reader {
    folder: tempfile::TempDir,
    record: WebRecord,
}

impl Reader {
    fn new(server: &Server, start: &[&str]) -> Reader {
        let record = WebRecord {
            urls: start.iter().map(|path| server.url(path)).collect(),
            domains: vec![format!("127.0.0.1:{}", server.port)],
            max_pages: 50,
            depth: 8,
            delay_ms: 0,
            allow_private: true,
        };
        Reader { folder: tempfile::tempdir().unwrap(), record }
    }

    fn web(&self, fetches_at: Option<u64>) -> Web {
        let chosen = Chosen::new(&[], &[]).unwrap();
        Web::new(self.folder.path(), &self.record, chosen, fetches_at).unwrap()
    }

    fn run(&self) -> Result<Listing, BuildError> {
        self.web(Some(1)).list(1, &Silent)
    }

    /// The pages of a run by the last parts of their paths, and what was not had.
    fn paths_and_skipped(&self) -> (Vec<String>, Vec<String>) {
        let listing = self.run().unwrap();
        let local = |path: &str| path.split_once('/').map_or(path, |(_, rest)| rest).to_owned();
        let files = listing.files.iter().map(|file| local(file.path.as_str())).collect();
        let skipped = listing.skipped.iter().map(|Skipped { path, reason }| {
            format!("{}: {reason}", local(path.trim_start_matches("http://")))
        });
        (files, skipped.collect())
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let host = &self.record.domains[0];
        self.web(None).read(&DocumentPath::new(&format!("{host}/{path}")).unwrap())
    }
}

fn check(reader: &Reader, paths: &[&str], skipped: &[&str]) {
    let found = reader.paths_and_skipped();
    assert_eq!(
        (found.0.iter().map(String::as_str).collect::<Vec<_>>(), found.1),
        (paths.to_vec(), owned(skipped))
    );
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn links_are_followed_within_the_host_and_pages_are_kept() {
    let server = Server::new();
    server.page(
        "/",
        "<a href='/docs/a'>a</a> <a href='http://elsewhere.test/x'>x</a> <a href='/pic.png'>p</a>",
    );
    server.page("/docs/a", "<h1>A</h1> <a href='b.md#part'>b</a> <a href='/missing'>m</a>");
    server.says("/docs/b.md", 200, &[("Content-Type", "text/plain")], b"# B\n[c](../c.html)\n");
    let reader = Reader::new(&server, &["/"]);
    check(&reader, &["docs/a.html", "docs/b.md", "index.html"], &[]);
    assert_eq!(server.asked(), ["/robots.txt", "/", "/docs/a", "/docs/b.md", "/missing"]);
    assert_eq!(reader.read("docs/b.md").unwrap(), b"# B\n[c](../c.html)\n");
    assert_eq!(reader.read("docs/z.md").unwrap_err().kind(), io::ErrorKind::NotFound);
    let listing = reader.web(None).list(1, &Silent).unwrap();
    assert_eq!(listing.files.len(), 3);
    assert_eq!(listing.files[0].address.as_deref(), Some(server.url("/docs/a").as_str()));
    assert_eq!(server.asked(), [""; 0], "what is kept is read without asking");
}

#[test]
fn a_depth_of_zero_reads_the_list_and_no_more() {
    let server = Server::new();
    server.page("/a", "<a href='/b'>b</a>").page("/b", "b").page("/c", "c");
    let mut reader = Reader::new(&server, &["/a", "/c"]);
    reader.record.depth = 0;
    check(&reader, &["a.html", "c.html"], &[]);
}

#[test]
fn what_robots_forbid_is_not_asked_for() {
    let server = Server::new();
    server.says("/robots.txt", 200, &[], b"User-agent: *\nAllow: /\nUser-agent: ibid\nDisallow: /private\n");
    server
        .page("/", "<a href='/private/x'>x</a> <a href='/open'>o</a>")
        .page("/private/x", "x")
        .page("/open", "o");
    let reader = Reader::new(&server, &["/"]);
    check(&reader, &["index.html", "open.html"], &["private/x: not fetched: robots.txt forbids it"]);
    assert!(!server.asked().contains(&"/private/x".to_owned()));
}

#[test]
fn a_site_whose_robots_cannot_be_read_is_left_alone() {
    let server = Server::new();
    server.page("/", "rye").says("/robots.txt", 503, &[], b"");
    let reader = Reader::new(&server, &["/"]);
    assert!(matches!(reader.run(), Err(BuildError::NoPage { .. })));
    assert_eq!(server.asked(), ["/robots.txt"]);
}

#[test]
fn a_page_that_did_not_change_is_not_sent_again() {
    let server = Server::new();
    let etag = [("Content-Type", "text/html"), ("ETag", "\"v1\"")];
    server.says("/", 200, &etag, b"<a href=/b>b</a>").page("/b", "b");
    let reader = Reader::new(&server, &["/"]);
    let first = reader.run().unwrap();
    server.asked();
    let second = reader.run().unwrap();
    assert_eq!(server.asked(), ["/robots.txt", "/ if-none-match \"v1\"", "/b"]);
    assert_eq!(first.files, second.files, "and the links of the page that is kept are followed");
    server.says("/", 200, &[("Content-Type", "text/html"), ("ETag", "\"v2\"")], b"new");
    let third = reader.run().unwrap();
    assert_ne!(third.files.last().unwrap().stamp, second.files.last().unwrap().stamp);
}

#[test]
fn a_page_that_is_gone_goes_and_one_that_fails_stays() {
    let server = Server::new();
    server
        .page("/", "<a href='/a'>a</a> <a href='/b'>b</a>")
        .page("/a", "<a href='/c'>c</a>")
        .page("/b", "b");
    server.page("/c", "c");
    let reader = Reader::new(&server, &["/"]);
    check(&reader, &["a.html", "b.html", "c.html", "index.html"], &[]);
    server.says("/a", 500, &[], b"").says("/b", 410, &[], b"");
    let stays = "a: kept as it was fetched before: the server says 500 Internal Server Error";
    check(&reader, &["a.html", "c.html", "index.html"], &[stays]);
    assert_eq!(reader.read("a.html").unwrap(), b"<a href='/c'>c</a>");
    assert_eq!(reader.read("b.html").unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_page_that_nothing_links_to_any_more_is_asked_for_all_the_same() {
    let server = Server::new();
    server.page("/", "<a href='/a'>a</a>").page("/a", "a");
    let reader = Reader::new(&server, &["/"]);
    check(&reader, &["a.html", "index.html"], &[]);
    server.page("/", "nothing");
    check(&reader, &["a.html", "index.html"], &[]);
    server.says("/a", 404, &[], b"");
    check(&reader, &["index.html"], &[]);
}

#[test]
fn redirects_are_followed_where_their_ends_are_allowed() {
    let server = Server::new();
    server.says("/old", 301, &[("Location", "/new")], b"").page("/new", "new");
    server.says("/out", 302, &[("Location", "http://127.0.0.2:1/secret")], b"");
    server.says("/round", 302, &[("Location", "/round2")], b"").says(
        "/round2",
        302,
        &[("Location", "/round")],
        b"",
    );
    server.says("/file", 302, &[("Location", "file:///etc/passwd")], b"");
    let reader = Reader::new(&server, &["/old", "/out", "/round", "/file"]);
    let skipped = [
        "file: not fetched: it leads to file:///etc/passwd: only http and https are read",
        "out: not fetched: it leads to http://127.0.0.2:1/secret: its host is not on the allow-list",
    ];
    check(&reader, &["new.html"], &skipped);
}

#[test]
fn no_connection_is_made_to_a_private_address_unless_it_is_allowed() {
    let server = Server::new();
    server.page("/", "secret");
    for host in ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"] {
        let mut reader = Reader::new(&server, &[]);
        let url = checked_url(&format!("http://{host}:{}/", server.port)).unwrap();
        reader.record.domains = vec![domain_of(&url)];
        reader.record.urls = vec![url.to_string()];
        reader.record.allow_private = false;
        assert!(matches!(reader.run(), Err(BuildError::NoPage { .. })), "{host}");
        assert_eq!(server.asked(), [""; 0], "{host}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_redirect_to_an_address_that_may_not_be_reached_is_refused_although_its_host_is_allowed() {
    let (open, closed) = (Server::new(), Server::at("127.0.0.2"));
    closed.page("/secret", "secret");
    let target = format!("http://127.0.0.2:{}/secret", closed.port);
    open.says("/", 302, &[("Location", &target)], b"");
    let mut reader = Reader::new(&open, &["/"]);
    reader.record.domains.push(format!("127.0.0.2:{}", closed.port));
    let only_one = |address: IpAddr| address == IpAddr::from([127, 0, 0, 1]);
    let (chosen, client) = (Chosen::new(&[], &[]).unwrap(), Client::new(only_one));
    let mut kept = Kept::open(reader.folder.path()).unwrap();
    let skipped = Crawl::new(&reader.record, &chosen, &client, 1, &Silent).run(&mut kept).unwrap();
    let reason = SkipReason::NotFetched("127.0.0.2 is no address of the public Internet".to_owned());
    assert_eq!(skipped, [Skipped { path: target, reason }]);
    assert_eq!(closed.asked(), [""; 0]);
}

#[test]
fn a_page_too_large_or_of_another_kind_is_told_and_left() {
    let server = Server::new();
    server.page("/", "<a href='/big'>b</a> <a href='/zip'>z</a>");
    let big = vec![b'x'; client::MAX_PAGE_BYTES as usize + 1];
    server.says("/big", 200, &[("Content-Type", "text/html")], &big);
    server.says("/zip", 200, &[("Content-Type", "application/zip")], b"PK");
    let reader = Reader::new(&server, &["/"]);
    let skipped = ["big: not fetched: it is larger than 10 MB", "zip: not fetched: it is application/zip"];
    check(&reader, &["index.html"], &skipped);
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::new();
    server.page("/", "Rye.");
    let reader = Reader::new(&server, &["/"]);
    reader.run().unwrap();
    let kept: Vec<_> =
        fs::read_dir(reader.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(kept.len() >= 2, "{kept:?}");
    for path in kept {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
}

#[test]
fn no_more_pages_are_asked_for_than_allowed() {
    let server = Server::new();
    let links: String = (0..30).map(|number| format!("<a href='/{number}'>n</a>")).collect();
    server.page("/", &links);
    for number in 0..30 {
        server.page(&format!("/{number}"), "n");
    }
    let mut reader = Reader::new(&server, &["/"]);
    reader.record.max_pages = 10;
    assert_eq!(reader.run().unwrap().files.len(), 10);
    assert_eq!(server.asked().len(), 11, "with robots.txt");
}

#[test]
fn a_site_is_asked_no_faster_than_it_wants() {
    let server = Server::new();
    server.says("/robots.txt", 200, &[], b"User-agent: *\nCrawl-delay: 0.3\n");
    server.page("/a", "a").page("/b", "b").page("/c", "c");
    let reader = Reader::new(&server, &["/a", "/b", "/c"]);
    let began = std::time::Instant::now();
    reader.run().unwrap();
    assert!(began.elapsed().as_millis() >= 600, "{:?}", began.elapsed());
}

#[test]
fn a_server_that_asks_for_a_moment_is_given_it_and_one_that_asks_for_an_hour_is_left() {
    let server = Server::new();
    server.says("/a", 429, &[("Retry-After", "0")], b"").says("/b", 503, &[("Retry-After", "3600")], b"");
    server.page("/c", "c");
    let reader = Reader::new(&server, &["/a", "/b", "/c"]);
    let skipped = [
        "a: not fetched: the server says 429 Too Many Requests",
        "b: not fetched: the server says 503 Service Unavailable",
    ];
    check(&reader, &["c.html"], &skipped);
    assert_eq!(server.asked(), ["/robots.txt", "/a", "/a", "/b", "/c"]);
}

#[test]
fn a_page_in_another_encoding_is_kept_as_utf_8() {
    let server = Server::new();
    server.says("/", 200, &[("Content-Type", "text/html; charset=iso-8859-1")], b"R\xf6gge");
    let reader = Reader::new(&server, &["/"]);
    reader.run().unwrap();
    assert_eq!(reader.read("index.html").unwrap(), "\u{feff}Rögge".as_bytes());
}

#[test]
fn bytes_that_are_lost_or_cut_short_are_sent_again() {
    let lose: [fn(&Path) -> io::Result<()>; 2] = [|path| fs::remove_file(path), |path| fs::write(path, "r")];
    for lose in lose {
        let server = Server::new();
        server.says("/", 200, &[("Content-Type", "text/html"), ("ETag", "\"v1\"")], b"rye");
        let reader = Reader::new(&server, &["/"]);
        reader.run().unwrap();
        for entry in fs::read_dir(reader.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "page") {
                lose(&path).unwrap();
            }
        }
        assert!(reader.read("index.html").is_err());
        reader.run().unwrap();
        assert_eq!(reader.read("index.html").unwrap(), b"rye");
    }
}

#[test]
fn pages_stay_as_they_are_until_the_run_that_fetched_them_has_read_them() {
    let server = Server::new();
    server.page("/", "rye");
    let reader = Reader::new(&server, &["/"]);
    let first = reader.web(Some(1));
    let listing = first.list(1, &Silent).unwrap();
    server.page("/", "spelt");
    assert!(matches!(reader.run(), Err(BuildError::Open(OpenError::Locked { .. }))));
    assert!(String::from_utf8(first.read(&listing.files[0].path).unwrap()).unwrap().contains("rye"));
    // Who asks nothing of the network changes nothing and is kept from nothing.
    assert_eq!(reader.web(None).list(1, &Silent).unwrap().files.len(), 1);
    drop(first);
    reader.run().unwrap();
    assert!(String::from_utf8(reader.read("index.html").unwrap()).unwrap().contains("spelt"));
}

#[test]
fn a_list_that_is_broken_is_fetched_anew() {
    let server = Server::new();
    server.page("/", "rye");
    let reader = Reader::new(&server, &["/"]);
    reader.run().unwrap();
    std::fs::write(reader.folder.path().join("pages.json"), "{").unwrap();
    assert_eq!(reader.run().unwrap().files.len(), 1);
}

#[test]
fn an_address_with_a_password_is_none() {
    for url in
        ["ftp://site.test/", "https://me:secret@site.test/", "https://", "site.test", "file:///etc/passwd"]
    {
        assert!(matches!(checked_url(url), Err(BuildError::Url { .. })), "{url}");
    }
}
