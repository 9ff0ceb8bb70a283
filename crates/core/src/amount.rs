//! Amounts and moments in the words that people read, the same in a terminal and on a page. What a terminal or a page
//! makes of them is not here, nor is a clock.

/// A number with a comma at every thousand.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number of things whose plural ends in "s": `1 note`, `48,209 notes`.
pub fn many(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// An amount of bytes in the decimal units of disks.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => many(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How long ago `then` was, in the largest unit that fits; both in seconds.
pub fn age(then: u64, now: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(365 * 86_400, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let passed = now.saturating_sub(then);
    let fitting = UNITS.iter().find(|(seconds, _)| passed >= *seconds);
    fitting.map_or_else(
        || "just now".to_owned(),
        |(seconds, unit)| format!("{} ago", many(passed / seconds, unit)),
    )
}

/// Seconds since 1970 as RFC 3339 in UTC; empty for a moment that has no such form.
pub fn rfc3339(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    moment.map_or_else(String::new, |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (passed, told) in [
            (0, "just now"),
            (1, "1 second ago"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (180, "3 minutes ago"),
            (7_199, "1 hour ago"),
            (7_200, "2 hours ago"),
            (90_000, "1 day ago"),
            (200_000, "2 days ago"),
            (40_000_000, "1 year ago"),
            (400_000 * 86_400, "1,095 years ago"),
        ] {
            assert_eq!(age(1_000, 1_000 + passed), told);
        }
        assert_eq!(age(1_000, 10), "just now");
    }

    #[test]
    fn amounts_are_short() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (48_209, "48,209"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), shown);
        }
        for (count, shown) in [(0, "0 calls"), (1, "1 call"), (999, "999 calls"), (48_209, "48,209 calls")] {
            assert_eq!(many(count, "call"), shown);
        }
        for (amount, shown) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_234, "1.2 kB"),
            (238_000_000, "238.0 MB"),
            (1_500_000_000, "1.5 GB"),
        ] {
            assert_eq!(bytes(amount), shown);
        }
    }

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(u64::MAX), "");
    }
}
