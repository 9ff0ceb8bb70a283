//! The model hub and the folder of what was fetched from it. The folder has the hub's own layout, so that other programs'
//! caches serve. What is there is not asked for again.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ureq::Agent;

use super::fetch::{self, Checksum, FetchProgress, Wanted};
use super::files::{TOKENIZER, are_weights_of, network};
use super::{ZooOptions, catalogue, split};
use crate::error::{DownloadError, EmbedError};

/// The address of the hub.
pub const HUB: &str = "https://huggingface.co";

/// A file beside them that says that an engine of this program has run the model here.
const RAN: &str = "ran";

/// The process that fetches holds it.
const LOCK: &str = "lock";

/// What the hub listed, beside the folder of its files.
const LISTING: &str = "listing.json";

/// The files of a folder that say how a model is used; those of `modules.json`'s folders have the same names.
const FILES: [&str; 6] = [
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer_config.json",
    TOKENIZER,
];

/// The hub's list of a repository's files is small; whatever is larger is none.
const MAX_LISTING_BYTES: u64 = 16 << 20;

/// A model in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its repository, and the network that was asked for.
    pub name: String,
    /// The folder of its files.
    pub folder: PathBuf,
    /// How many bytes were fetched for it now.
    pub n_bytes: u64,
}

/// What is in the cache of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How many bytes its files take.
    pub n_bytes: u64,
    /// Whether it ran here.
    pub ran: bool,
}

/// What the hub says of a repository, as far as it counts here.
#[derive(Debug, Deserialize, Serialize)]
struct Listing {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl Sibling {
    /// Its length and what its bytes hash to.
    fn promise(&self) -> Result<(u64, Checksum), DownloadError> {
        let lacking = || DownloadError::NoChecksum;
        match (&self.lfs, &self.blob) {
            (Some(lfs), _) => Ok((lfs.size, Checksum::Sha256(lfs.sha256.to_lowercase()))),
            (None, Some(blob)) => {
                Ok((self.size.ok_or_else(lacking)?, Checksum::GitBlob(blob.to_lowercase())))
            }
            (None, None) => Err(lacking()),
        }
    }
}

impl Listing {
    /// Refuses names that lead out of the folder.
    fn checked(self) -> Result<Self, DownloadError> {
        let is_hex = !self.sha.is_empty() && self.sha.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex {
            return Err(DownloadError::UnsafeName(self.sha));
        }
        Ok(self)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.siblings.iter().map(|sibling| sibling.rfilename.as_str())
    }

    /// Writes it where a repository is kept.
    fn keep(&self, place: &Path) -> Result<(), DownloadError> {
        std::fs::create_dir_all(place.join("refs"))?;
        std::fs::write(place.join("refs/main"), &self.sha)?;
        let part = place.join("listing.part");
        std::fs::write(&part, serde_json::to_vec(self).map_err(DownloadError::Listing)?)?;
        Ok(std::fs::rename(part, place.join(LISTING))?)
    }

    /// The files that a model needs, of which `stem` may name the network.
    fn wanted(&self, stem: Option<&str>) -> Result<Vec<&Sibling>, DownloadError> {
        let network = network(self.names(), stem).ok_or(DownloadError::NoNetwork)?;
        let is_wanted = |name: &str| {
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
            let of_module = folder.starts_with(|first: char| first.is_ascii_digit()) && !folder.contains('/');
            name == network
                || are_weights_of(name, network)
                || ((folder.is_empty() || of_module) && FILES.contains(&file))
                || (of_module && file == super::dense::WEIGHTS)
        };
        let wanted: Vec<&Sibling> =
            self.siblings.iter().filter(|sibling| is_wanted(&sibling.rfilename)).collect();
        match wanted.iter().find(|sibling| !is_plain(&sibling.rfilename)) {
            Some(bad) => Err(DownloadError::UnsafeName(bad.rfilename.clone())),
            None => Ok(wanted),
        }
    }
}

/// Whether a name of a listing stays below its folder on every system.
fn is_plain(name: &str) -> bool {
    name.split('/').all(|part| {
        let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(of_names)
    })
}

/// Fetches what is lacking of the model that `options` names, and loads nothing. What is in the cache needs no network.
///
/// # Errors
/// When no model has the name, or a file cannot be had as the hub promised it.
pub fn fetch(options: &ZooOptions) -> Result<Fetched, EmbedError> {
    let (name, stem) = split(&options.name);
    let repository = catalogue::repository(name)?;
    let name = stem.map_or_else(|| repository.clone(), |stem| format!("{repository}#{stem}"));
    let place = place(&options.cache_dir, &repository);
    if let Some(folder) = cached(&place, stem) {
        return Ok(Fetched { name, folder, n_bytes: 0 });
    }
    let failed = |file: &str, source| EmbedError::Download {
        model: repository.clone(),
        file: file.to_owned(),
        cache_dir: options.cache_dir.clone(),
        source: Box::new(source),
    };
    // Two that append to one file would spoil it. The system frees the lock when the process dies.
    let lock = || -> std::io::Result<File> {
        std::fs::create_dir_all(&place)?;
        let lock = File::create(place.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    };
    let _lock = lock().map_err(|source| failed(LOCK, source.into()))?;
    if let Some(folder) = cached(&place, stem) {
        return Ok(Fetched { name, folder, n_bytes: 0 });
    }
    let agent = agent(options).map_err(|source| failed(LISTING, source))?;
    let repository_at = |part: &str| format!("{}/{part}{repository}", options.hub.trim_end_matches('/'));
    let listing = listing(&agent, &format!("{}?blobs=true", repository_at("api/models/")));
    let listing = listing.map_err(|source| failed(LISTING, source))?;
    let folder = place.join("snapshots").join(&listing.sha);
    let base = format!("{}/resolve/{}", repository_at(""), listing.sha);
    let mut n_bytes = 0;
    for sibling in listing.wanted(stem).map_err(|source| failed("model.onnx", source))? {
        let progress = options.progress.as_deref();
        n_bytes += fetch_one(&agent, &base, sibling, &folder, progress)
            .map_err(|source| failed(&sibling.rfilename, source))?;
    }
    // Last, so that what stands in the listing is there.
    listing.keep(&place).map_err(|source| failed(LISTING, source))?;
    Ok(Fetched { name, folder, n_bytes })
}

/// Fetches a file of the listing unless it is there, and says how many bytes came.
fn fetch_one(
    agent: &Agent,
    base: &str,
    sibling: &Sibling,
    folder: &Path,
    progress: Option<&dyn FetchProgress>,
) -> Result<u64, DownloadError> {
    let (size, checksum) = sibling.promise()?;
    let (name, path) = (sibling.rfilename.as_str(), folder.join(&sibling.rfilename));
    if fetch::is_whole(&path, size) {
        return Ok(0);
    }
    let wanted = Wanted { address: format!("{base}/{name}"), name, size, checksum: &checksum };
    fetch::fetch(agent, &wanted, &path, progress)?;
    Ok(size)
}

/// Keeps the fact that `engine` has run a model of the cache.
pub(super) fn keep_that_it_ran(cache_dir: &Path, name: &str, engine: &str) {
    let place = place(cache_dir, split(name).0);
    // A cache that may only be read serves as well; then a list says less.
    let _ = std::fs::write(place.join(RAN), engine);
}

/// The models of a cache. One that was not fetched to its end is not among them.
///
/// # Errors
/// When the folder cannot be read; one that is not there is empty.
pub fn fetched(cache_dir: &Path) -> Result<BTreeMap<String, Kept>, EmbedError> {
    let unreadable = |source| EmbedError::ModelFile { path: cache_dir.to_owned(), source };
    let entries = match std::fs::read_dir(cache_dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        read => read.map_err(unreadable)?,
    };
    let mut models = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let repository = name.to_str().and_then(|name| name.strip_prefix("models--")?.split_once("--"));
        if let Some((owner, model)) = repository
            && let Some(folder) = snapshot(&entry.path()).filter(|folder| folder.join(TOKENIZER).is_file())
        {
            let n_bytes = bytes_in(&folder).map_err(unreadable)?;
            let kept = Kept { n_bytes, ran: entry.path().join(RAN).is_file() };
            models.insert(format!("{owner}/{model}"), kept);
        }
    }
    Ok(models)
}

fn bytes_in(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // Caches of other programs hold links.
        let metadata = std::fs::metadata(&path)?;
        bytes += if metadata.is_dir() { bytes_in(&path)? } else { metadata.len() };
    }
    Ok(bytes)
}

/// Where a repository is kept.
fn place(cache_dir: &Path, repository: &str) -> PathBuf {
    cache_dir.join(format!("models--{}", repository.replace('/', "--")))
}

/// The folder of the newest commit that is there.
fn snapshot(place: &Path) -> Option<PathBuf> {
    let commit = std::fs::read_to_string(place.join("refs/main")).ok()?;
    Some(place.join("snapshots").join(commit.trim())).filter(|folder| folder.is_dir())
}

/// The folder in the cache, where nothing is lacking in it.
fn cached(place: &Path, stem: Option<&str>) -> Option<PathBuf> {
    let folder = snapshot(place)?;
    let listing = std::fs::read(place.join(LISTING)).ok();
    let is_whole = match listing.and_then(|bytes| serde_json::from_slice::<Listing>(&bytes).ok()) {
        Some(listing) => listing.wanted(stem).is_ok_and(|wanted| {
            wanted.iter().all(|sibling| {
                let size = sibling.promise().map(|(size, _)| size);
                size.is_ok_and(|size| fetch::is_whole(&folder.join(&sibling.rfilename), size))
            })
        }),
        // Another program's cache, or an earlier version's.
        None => super::ModelFiles::find(&folder, stem).is_ok(),
    };
    is_whole.then_some(folder)
}

fn agent(options: &ZooOptions) -> Result<Agent, DownloadError> {
    let proxy = options.proxy.as_deref().map(ureq::Proxy::new).transpose()?;
    let config = Agent::config_builder()
        .proxy(proxy)
        // A hub behind TLS does not lead out of it.
        .https_only(options.hub.starts_with("https:"))
        .http_status_as_error(false)
        .timeout_connect(Some(std::time::Duration::from_secs(30)))
        .timeout_recv_response(Some(std::time::Duration::from_secs(60)));
    Ok(config.build().into())
}

fn listing(agent: &Agent, address: &str) -> Result<Listing, DownloadError> {
    let mut response = agent.get(address).call()?;
    if !response.status().is_success() {
        return Err(DownloadError::Status(response.status().as_u16()));
    }
    let bytes = response.body_mut().with_config().limit(MAX_LISTING_BYTES).read_to_vec()?;
    serde_json::from_slice::<Listing>(&bytes).map_err(DownloadError::Listing)?.checked()
}

#[cfg(test)]
mod tests;
