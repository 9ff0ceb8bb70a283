//! Moments as people and programs read them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 as RFC 3339 in UTC; empty for a moment that has no such form.
pub(crate) fn rfc3339(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(String::new, |moment| moment.to_string())
}

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

/// How long ago `then` was, in the largest unit that fits.
pub(crate) fn age(then: u64, now: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let passed = now.saturating_sub(then);
    let fitting = UNITS.iter().find(|(seconds, _)| passed >= *seconds);
    fitting.map_or_else(
        || "just now".to_owned(),
        |(seconds, unit)| {
            let count = passed / seconds;
            format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_order_as_texts() {
        assert_eq!(rfc3339_millis(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339_millis(1_790_000_000_010), "2026-09-21T14:13:20.010Z");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (then, now, told) in [
            (100, 100, "just now"),
            (100, 50, "just now"),
            (100, 101, "1 second ago"),
            (100, 280, "3 minutes ago"),
            (0, 7_200, "2 hours ago"),
            (0, 90_000, "1 day ago"),
        ] {
            assert_eq!(age(then, now), told);
        }
    }

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(u64::MAX), "");
    }
}
