//! Moments as people and programs read them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 as RFC 3339 in UTC; empty for a moment that has no such form.
pub(crate) fn rfc3339(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(String::new, |moment| moment.to_string())
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
