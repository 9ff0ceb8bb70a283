//! Which addresses of the network may be connected to, and a client that connects to no others. The address
//! that is looked at is the one that is connected to, so no name can mean another a moment later. What may be reached
//! is the caller's to say; nothing is asked here.

use std::net::IpAddr;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// Looks names up, and gives only addresses that may be connected to.
#[derive(Debug)]
pub struct Reach {
    /// Which may.
    pub may_reach: fn(IpAddr) -> bool,
}

/// A name leads only to addresses that must not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{address} may not be connected to")]
pub struct OutOfReach {
    /// The first of them.
    pub address: IpAddr,
}

/// What a client says of itself, and how long it waits.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// How it calls itself.
    pub user_agent: &'static str,
    /// What it asks for.
    pub accept: &'static str,
    /// How long a connection may take to come about.
    pub connect_within: Duration,
    /// How long a whole answer may take to come in, where no request says otherwise.
    pub answer_within: Duration,
}

impl Reach {
    /// A client that connects to nothing else. Redirects come back as answers, as every status does. The environment's
    /// proxy is not used: it would connect in our stead, to addresses that nobody looked at.
    #[must_use]
    pub fn agent(self, manners: Manners) -> Agent {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(manners.user_agent)
            .accept(manners.accept)
            .timeout_connect(Some(manners.connect_within))
            .timeout_global(Some(manners.answer_within))
            .build();
        Agent::with_parts(config, DefaultConnector::default(), self)
    }
}

impl Resolver for Reach {
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
            (true, Some(first)) => Err(Error::Other(Box::new(OutOfReach { address: first.ip() }))),
            (true, None) => Err(Error::HostNotFound),
        }
    }
}
