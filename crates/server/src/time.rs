//! The clock of the server, and moments that are compared as texts. How they are told to people is `ibid_core::amount`.

use std::time::{SystemTime, UNIX_EPOCH};

use ibid_core::query::Date;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Milliseconds since 1970 as RFC 3339 in UTC, always with three digits, so that the order of texts is that of moments.
pub(crate) fn rfc3339_millis(milliseconds: u64) -> String {
    let moment = i64::try_from(milliseconds).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(String::new, |moment| format!("{moment:.3}"))
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis().try_into().unwrap_or(u64::MAX))
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The day it is in a zone.
pub(crate) fn today(zone: &TimeZone) -> Date {
    Timestamp::now().to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_order_as_texts() {
        assert_eq!(rfc3339_millis(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339_millis(1_790_000_000_010), "2026-09-21T14:13:20.010Z");
    }
}
