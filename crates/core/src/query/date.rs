//! Dates as people type them in questions and write them in notes, without a clock.

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What [`day_of`] reads, for whoever typed something else.
pub const DATE_FORMS: &str = "a day, a month or a year, such as 2024-06-15, 2024-06 or 2024";

/// The first second of a date (`2024-06-15`), a month (`2024-06`) or a year (`2024`), in seconds since 1970, UTC; of a
/// date with a time its day. `None` where the text is none of these.
pub fn day_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        10 => text.to_owned(),
        _ if matches!(text.as_bytes().get(10), Some(b'T' | b' ')) => text.get(..10)?.to_owned(),
        _ => return None,
    };
    // Nothing but digits and hyphens: `jiff` reads more forms than people expect here.
    let plain = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let day: Date = day.parse().ok().filter(|_| plain)?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_read_is_read() {
        let (_, examples) = DATE_FORMS.split_once("such as ").unwrap();
        for example in examples.replace(" or ", ", ").split(", ") {
            assert!(day_of(example).is_some(), "{example}");
        }
    }

    #[test]
    fn dates_months_and_years_are_their_first_second() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-01-02", Some(86_400)),
            ("1971", Some(365 * 86_400)),
            ("1970-02", Some(31 * 86_400)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2024-02-29T10:00", Some(1_709_164_800)),
            ("2023-02-29", None),
            ("2024-13", None),
            ("20240229", None),
            ("24", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(day_of(text), expected, "{text}");
        }
    }
}
