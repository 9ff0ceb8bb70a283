//! Which addresses of the network may be connected to: those of the public Internet, unless a person said otherwise.
//! The address that is looked at is the one that is connected to, so no name can mean another a moment later.

use std::net::IpAddr;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Looks names up, and gives only addresses that may be connected to.
#[derive(Debug)]
pub(super) struct Checked {
    /// Which may.
    pub(super) may_reach: fn(IpAddr) -> bool,
}

/// A name leads only to addresses that must not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{address} is no address of the public Internet")]
pub(super) struct NotPublic {
    address: IpAddr,
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        found.iter().filter(|found| (self.may_reach)(found.ip())).for_each(|found| kept.push(*found));
        match (kept.is_empty(), found.first()) {
            (false, _) => Ok(kept),
            (true, Some(first)) => Err(Error::Other(Box::new(NotPublic { address: first.ip() }))),
            (true, None) => Err(Error::HostNotFound),
        }
    }
}
