//! How often: each limit counts by address, by principal or by name, forgets keys that came to rest, and never holds
//! more than [`MAX_KEYS`] of them.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// The most keys a limit remembers. Beyond, strangers share one.
const MAX_KEYS: usize = 10_000;

/// The key that strangers share.
const OTHERS: &str = "others";

/// A limit on each of many callers.
pub(crate) struct Limit {
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

/// When to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOften {
    /// In seconds, at least 1.
    pub(crate) retry_after: u64,
}

impl Limit {
    /// `burst` at once, then one each `every`, which is more than nothing.
    pub(crate) fn new(burst: u32, every: Duration) -> Limit {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        Limit { limiter: RateLimiter::keyed(quota.allow_burst(burst)), clock: DefaultClock::default() }
    }

    /// Counts one.
    pub(crate) fn count(&self, key: &str) -> Result<(), TooOften> {
        if self.limiter.len() >= MAX_KEYS {
            self.limiter.retain_recent();
        }
        // Looking a key up adds it, so there is no asking whether it is known.
        let key = if self.limiter.len() >= MAX_KEYS { OTHERS } else { key };
        self.limiter.check_key(&key.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            TooOften { retry_after: wait.as_secs() + 1 }
        })
    }
}

/// The limits on every request.
pub(crate) struct Limits {
    /// By address.
    pub(crate) requests: Limit,
    /// By principal.
    pub(crate) calls: Limit,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // A client that searches, fetches and reads on its own makes some tens of requests a second at most.
            requests: Limit::new(300, Duration::from_millis(20)),
            calls: Limit::new(200, Duration::from_millis(30)),
        }
    }
}

/// The limits on the way in.
pub(crate) struct SignInLimits {
    /// Passwords tried, by address and by name. Strangers may use these up, even those of everybody behind one proxy.
    pub(crate) logins: Limit,
    pub(crate) names: Limit,
    /// Passwords tried from a browser that the person signed in with before, which counts by itself alone.
    pub(crate) devices: Limit,
    /// Requests to begin, by address.
    pub(crate) authorizations: Limit,
    /// Codes and refresh tokens tried, by address.
    pub(crate) exchanges: Limit,
    /// Clients registered, by address.
    pub(crate) registrations: Limit,
    /// Documents of clients fetched, by address and in all.
    pub(crate) documents: Limit,
    pub(crate) all_documents: Limit,
}

impl Default for SignInLimits {
    fn default() -> SignInLimits {
        SignInLimits {
            logins: Limit::new(10, Duration::from_secs(20)),
            names: Limit::new(50, Duration::from_secs(10)),
            devices: Limit::new(10, Duration::from_secs(20)),
            authorizations: Limit::new(60, Duration::from_secs(2)),
            exchanges: Limit::new(60, Duration::from_secs(1)),
            registrations: Limit::new(20, Duration::from_secs(30)),
            documents: Limit::new(10, Duration::from_secs(10)),
            all_documents: Limit::new(60, Duration::from_secs(2)),
        }
    }
}

/// What an address counts as: itself, or the network that one household has of IPv6.
pub(crate) fn key_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

/// The caller's address: the connection's, or what the nearest proxy that is trusted says, read from the right. What
/// stands further left may be the caller's own invention.
pub(crate) fn caller(peer: IpAddr, forwarded_for: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.contains(&address.to_canonical());
    let mut caller = peer.to_canonical();
    let hops = forwarded_for.iter().flat_map(|value| value.split(',')).collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        if !is_trusted(caller) {
            break;
        }
        let Ok(address) = hop.trim().trim_matches(['[', ']']).parse::<IpAddr>() else { break };
        caller = address.to_canonical();
    }
    caller
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_when_to_come_again() {
        let limit = Limit::new(3, Duration::from_secs(10));
        for _ in 0..3 {
            assert_eq!(limit.count("a"), Ok(()));
        }
        let TooOften { retry_after } = limit.count("a").unwrap_err();
        assert!((1..=10).contains(&retry_after), "{retry_after}");
        assert_eq!(limit.count("b"), Ok(()));
    }

    #[test]
    fn keys_are_bounded() {
        let limit = Limit::new(1, Duration::from_secs(1000));
        let counted = (0..MAX_KEYS + 100).filter(|key| limit.count(&key.to_string()).is_ok()).count();
        assert!((MAX_KEYS..=MAX_KEYS + 1).contains(&counted), "{counted}");
        assert!(limit.limiter.len() <= MAX_KEYS + 1);
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = [address("10.0.0.1"), address("10.0.0.2")];
        for (peer, forwarded, caller_is) in [
            ("203.0.113.5", &["1.2.3.4"][..], "203.0.113.5"),
            ("10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("::ffff:10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
        ] {
            assert_eq!(
                caller(address(peer), forwarded, &trusted),
                address(caller_is),
                "{peer} {forwarded:?}"
            );
        }
        assert_eq!(key_of(address("2001:db8:1:2:3::4")), "2001:db8:1:2::");
        assert_eq!(key_of(address("::ffff:1.2.3.4")), "1.2.3.4");
    }
}
