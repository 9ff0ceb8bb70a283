//! Fetches one file over HTTP: goes on where it broke off, and keeps nothing whose checksum is another than was promised.
//!
//! hf-hub, which could be had for this, compares no checksum, gives a file that broke off to its caller as whole, and
//! sends whatever stands in a file named `token` beside its cache. So this is ureq, which is in the program anyway.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::http::header::{ACCEPT_ENCODING, CONTENT_RANGE, RANGE};

use crate::error::DownloadError;

/// How often in a row a server may give nothing before it is given up.
const MAX_FRUITLESS: u32 = 3;

/// How often a transfer may break off at all.
const MAX_ATTEMPTS: u32 = 100;

const BUFFER: usize = 64 * 1024;

/// Who is told how far a download is.
pub trait FetchProgress: Send + Sync {
    /// So many bytes of a file of `total` are there. It is called often, and a last time when all are.
    fn fetched(&self, file: &str, done: u64, total: u64);
}

/// What a file's bytes are to hash to, in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    /// Of a file that Git keeps elsewhere.
    Sha256(String),
    /// Of a file that is in Git itself: SHA-1 of its length and its bytes.
    GitBlob(String),
}

impl Checksum {
    fn of(&self, path: &Path) -> io::Result<String> {
        let mut file = File::open(path)?;
        let mut context = match self {
            Self::Sha256(_) => Context::new(&SHA256),
            Self::GitBlob(_) => {
                let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
                context.update(format!("blob {}\0", file.metadata()?.len()).as_bytes());
                context
            }
        };
        let mut buffer = vec![0; BUFFER];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                n => context.update(&buffer[..n]),
            }
        }
        Ok(context.finish().as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Sha256(hex) | Self::GitBlob(hex)) = self;
        f.write_str(hex)
    }
}

/// A file that is promised.
pub(super) struct Wanted<'a> {
    pub(super) address: String,
    /// Its name, as the progress shows it.
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) checksum: &'a Checksum,
}

/// Fetches a file to `path`, over a neighbour called `.part` that a later call goes on with. Redirects are followed.
pub(super) fn fetch(
    agent: &Agent,
    wanted: &Wanted<'_>,
    path: &Path,
    progress: Option<&dyn FetchProgress>,
) -> Result<(), DownloadError> {
    let part = part_of(path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut done = std::fs::metadata(&part).map_or(0, |part| part.len());
    if done > wanted.size {
        std::fs::remove_file(&part)?;
        done = 0;
    }
    let (mut attempts, mut fruitless) = (0, 0);
    while done < wanted.size || !part.is_file() {
        let before = done;
        let broken = transfer(agent, wanted, &part, progress).err();
        done = std::fs::metadata(&part).map_or(0, |part| part.len());
        attempts += 1;
        fruitless = if done > before { 0 } else { fruitless + 1 };
        match broken {
            // A server that breaks off may go on when asked again; what it said clearly it will say again.
            Some(error) if !error.is_a_break() => return Err(error),
            broken if fruitless >= MAX_FRUITLESS || attempts >= MAX_ATTEMPTS => {
                return Err(broken.unwrap_or(DownloadError::BrokenOff { done, total: wanted.size }));
            }
            _ => {}
        }
    }
    let found = wanted.checksum.of(&part)?;
    if found != wanted.checksum.to_string() {
        std::fs::remove_file(&part)?;
        return Err(DownloadError::Checksum { wanted: wanted.checksum.to_string(), found });
    }
    std::fs::rename(&part, path)?;
    Ok(())
}

/// Whether `path` is there as it is promised.
pub(super) fn is_whole(path: &Path, size: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == size)
}

fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}

/// Asks once for what is lacking of `part`, and appends what comes.
fn transfer(
    agent: &Agent,
    wanted: &Wanted<'_>,
    part: &Path,
    progress: Option<&dyn FetchProgress>,
) -> Result<(), DownloadError> {
    let mut file = OpenOptions::new().create(true).append(true).open(part)?;
    let mut done = file.metadata()?.len();
    // Parts are parts of the file itself, and its checksum is of it.
    let mut request = agent.get(&wanted.address).header(ACCEPT_ENCODING, "identity");
    if done > 0 {
        request = request.header(RANGE, format!("bytes={done}-"));
    }
    let mut response = request.call()?;
    let status = response.status();
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let goes_on = range.is_some_and(|range| range.starts_with(&format!("bytes {done}-")));
    match status {
        StatusCode::PARTIAL_CONTENT if goes_on => {}
        // A server that knows no ranges gives all of it.
        StatusCode::OK => {
            file.set_len(0)?;
            done = 0;
        }
        StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT => {
            file.set_len(0)?;
            return Err(DownloadError::BrokenOff { done: 0, total: wanted.size });
        }
        other => return Err(DownloadError::Status(other.as_u16())),
    }
    // One byte more than promised is enough to know the promise for a lie.
    let mut body = response.body_mut().as_reader().take(wanted.size + 1 - done.min(wanted.size));
    let mut buffer = vec![0; BUFFER];
    loop {
        let n = match body.read(&mut buffer).map_err(DownloadError::Transfer)? {
            0 => break,
            n => n,
        };
        file.write_all(&buffer[..n])?;
        done += n as u64;
        if done > wanted.size {
            drop(file);
            std::fs::remove_file(part)?;
            return Err(DownloadError::TooLong { promised: wanted.size });
        }
        if let Some(progress) = progress {
            progress.fetched(wanted.name, done, wanted.size);
        }
    }
    file.sync_all()?;
    if done < wanted.size { Err(DownloadError::BrokenOff { done, total: wanted.size }) } else { Ok(()) }
}
