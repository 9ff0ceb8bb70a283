//! What can be wrong with an engine behind a url and with what it answers. What to do about it is told elsewhere.

use std::io;
use std::net::IpAddr;

/// Why there is no vector. The address is told in each, since it is the person's own setting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The settings name no engine, or one of another model.
    #[error("the settings name no engine that has {model}")]
    NotSet {
        /// The model.
        model: String,
    },
    /// The environment variable of the key holds nothing.
    #[error("the variable {variable}, which is to hold the key of the engine, is not set")]
    NoKey {
        /// The variable.
        variable: String,
    },
    /// The url is none that could be asked.
    #[error("{url} is no address of an engine: http:// or https://, a host, a path, and nothing secret")]
    Address {
        /// The url, without what may be secret in it.
        url: String,
    },
    /// The url leads beyond this machine, and nobody allowed that.
    #[error("{url} leads to {address}, which is beyond this machine")]
    Beyond {
        /// The url.
        url: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// No connection came about.
    #[error("the engine at {url} cannot be reached")]
    Away {
        /// The url.
        url: String,
        /// What the client said.
        source: Box<ureq::Error>,
    },
    /// It took too long.
    #[error("the engine at {url} did not answer within {seconds} s")]
    Silent {
        /// The url.
        url: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The engine refused.
    #[error("the engine at {url} says {status}{said}")]
    Status {
        /// The url.
        url: String,
        /// The status of HTTP.
        status: u16,
        /// The beginning of what it says beside the status, after a colon; empty where it says nothing.
        said: String,
    },
    /// The engine leads to another address, which is not asked.
    #[error("the engine at {url} answers with {status}, a redirect: it is not followed")]
    Redirect {
        /// The url.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The answer ended before its end.
    #[error("the answer of the engine at {url} broke off")]
    Cut {
        /// The url.
        url: String,
        /// What the system said.
        source: io::Error,
    },
    /// The answer is longer than the vectors that were asked for can be.
    #[error("the answer of the engine at {url} has more than {max_bytes} bytes")]
    TooLong {
        /// The url.
        url: String,
        /// How many were read.
        max_bytes: usize,
    },
    /// The answer is no list of vectors: no JSON, or numbers that are none.
    #[error("the answer of the engine at {url} is no list of vectors")]
    Malformed {
        /// The url.
        url: String,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// There are more or fewer vectors than texts.
    #[error("the engine at {url} gave {found} vectors for {wanted} texts")]
    Count {
        /// The url.
        url: String,
        /// How many there are.
        found: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// Two vectors are of one text, or one is of a text that was not there.
    #[error("the engine at {url} gave a vector for text {index} twice, or for no text of that number")]
    Index {
        /// The url.
        url: String,
        /// The number of the text.
        index: usize,
    },
    /// The engine's model of this name is not the one that made the vectors.
    #[error(
        "{model} of the {engine} is not the model that made the vectors: a sentence has a cosine of {cosine:.3} to its \
         vector of then"
    )]
    Changed {
        /// The model.
        model: String,
        /// What runs it, and where.
        engine: String,
        /// The smallest of the cosines.
        cosine: f32,
    },
    /// The settings say other dimensions or prefixes than those that the vectors were made with.
    #[error("the settings say other dimensions or prefixes of {model} than its vectors were made with")]
    OtherSettings {
        /// The model.
        model: String,
    },
}
