//! The certificate of a server and its key: read out of files, and again when these change, as programs that renew
//! certificates write them. A pair that cannot be used leaves the last good one in force.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ibid_core::hash::ContentHash;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::H2;

/// How often the files are looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The most bytes of a file that are read. A chain of certificates has some thousands.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where a certificate and its key lie, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, then those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC1.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Says why a server could not speak TLS with them, if it could not. Blocks for two small files.
    pub fn check(&self) -> Result<(), CertificateError> {
        Pair::read(self)?.config(self).map(drop)
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file holds no certificate, or none that can be read.
    #[error("{path} holds no certificate in PEM")]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// A file holds no private key, or none that can be read.
    #[error("{path} holds no private key in PEM")]
    NoKey {
        /// Which.
        path: PathBuf,
    },
    /// The two cannot be used, or not together.
    #[error("the certificate in {path} cannot be used with its key: {source}")]
    Pair {
        /// The certificate's.
        path: PathBuf,
        /// rustls's reason.
        source: rustls::Error,
    },
}

/// A certificate in force.
pub(crate) struct Certificate {
    files: CertificateFiles,
    // Held for a pointer copy, never across an await.
    current: RwLock<Arc<ServerConfig>>,
}

/// What lies in the two files.
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Tells one state of the files from another, readable or not.
#[derive(PartialEq, Eq)]
pub(super) enum Seen {
    Pair(ContentHash, ContentHash),
    Unreadable,
}

impl Certificate {
    /// Reads it. Blocks for two small files.
    pub(crate) fn read(files: CertificateFiles) -> Result<Certificate, CertificateError> {
        let pair = Pair::read(&files)?;
        let current = RwLock::new(Arc::new(pair.config(&files)?));
        Ok(Certificate { files, current })
    }

    /// What a new handshake goes by.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files each `every`, for ever, and takes what is new in them. Each state that cannot be used is logged
    /// once.
    pub(crate) async fn follow(self: Arc<Certificate>, every: Duration) -> Infallible {
        let mut seen = None;
        loop {
            let own = self.clone();
            let looked = tokio::task::spawn_blocking(move || own.look(seen)).await;
            seen = match looked {
                Ok(now) => Some(now),
                Err(error) => {
                    tracing::error!(%error, "the certificate's files cannot be looked at");
                    None
                }
            };
            tokio::time::sleep(every).await;
        }
    }

    /// Takes what lies in the files unless it was `seen` before; gives what was seen.
    pub(super) fn look(&self, seen: Option<Seen>) -> Seen {
        let read = Pair::read(&self.files);
        let now = Seen::of(&read);
        if seen.as_ref() == Some(&now) {
            return now;
        }
        match read.and_then(|pair| pair.config(&self.files)) {
            Ok(config) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(path = %self.files.certificate.display(), "the certificate was read");
            }
            Err(error) => tracing::warn!(%error, "the certificate stays as it was"),
        }
        now
    }
}

impl Seen {
    fn of(read: &Result<Pair, CertificateError>) -> Seen {
        match read {
            Ok(pair) => Seen::Pair(ContentHash::of(&pair.certificate), ContentHash::of(&pair.key)),
            Err(_) => Seen::Unreadable,
        }
    }
}

impl Pair {
    fn read(files: &CertificateFiles) -> Result<Pair, CertificateError> {
        Ok(Pair { certificate: read_file(&files.certificate)?, key: read_file(&files.key)? })
    }

    fn config(&self, files: &CertificateFiles) -> Result<ServerConfig, CertificateError> {
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain =
            chain.ok_or_else(|| CertificateError::NoCertificate { path: files.certificate.clone() })?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| CertificateError::NoKey { path: files.key.clone() })?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config =
            config.map_err(|source| CertificateError::Pair { path: files.certificate.clone(), source })?;
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// Reads a file that is not large; of a larger one, its beginning, which is then no PEM.
fn read_file(path: &Path) -> Result<Vec<u8>, CertificateError> {
    use io::Read as _;

    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(source) => Err(CertificateError::Unreadable { path: path.to_owned(), source }),
    }
}
