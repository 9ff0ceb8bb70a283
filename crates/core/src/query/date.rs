//! Dates as people type them in questions and write them in notes, without a clock. Periods as people say them are
//! [`Period`]'s.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::period::Period;

/// What [`Day::read`] takes, told to a person who typed something else.
pub const DATE_FORMS: &str =
    "a day, a month, a year or a period, such as 2024-06-15, 2024-06, 2024, yesterday, last-week or in-march";

/// The day that a filter by date begins or ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Day {
    /// By its first second, in seconds since 1970, UTC.
    Exact(i64),
    /// The first day of a period, which depends on today.
    Said(Period),
}

impl Day {
    /// What [`day_of`] reads, or a period as people say it; `None` where the text is neither.
    pub fn read(text: &str) -> Option<Day> {
        day_of(text).map(Day::Exact).or_else(|| Period::read(text).map(Day::Said))
    }

    /// Its first second, in seconds since 1970, UTC; `None` where that depends on today and `today` is not known, or
    /// the calendar has no such day.
    pub fn second(&self, today: Option<Date>) -> Option<i64> {
        match self {
            Day::Exact(second) => Some(*second),
            Day::Said(period) => first_second(period.days(today?)?.start),
        }
    }
}

fn first_second(day: Date) -> Option<i64> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

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
    first_second(day)
}

/// The second a text names: that of a moment (`2024-06-15T10:00`, `2024-06-15 10:00:30+02:00`), else the first one of
/// what [`day_of`] reads. In seconds since 1970; UTC unless the text names another offset.
pub fn moment_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let day = day_of(text)?;
    if text.len() <= 10 {
        return Some(day);
    }
    let moment = text.parse::<Timestamp>().ok().map(Timestamp::as_second);
    let in_utc =
        || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second());
    moment.or_else(in_utc)
}

/// The seconds a text covers: all of a day, a month, a year, or the one second of a moment.
pub fn period_of(text: &str) -> Option<Range<i64>> {
    let text = text.trim();
    let start = moment_of(text)?;
    let date: Date = text.get(..10).unwrap_or_default().parse().unwrap_or_else(|_| {
        Timestamp::from_second(start).map_or(Date::ZERO, |start| start.to_zoned(TimeZone::UTC).date())
    });
    let next = match text.len() {
        4 => Date::new(date.year() + 1, 1, 1).ok()?,
        7 => date.last_of_month().tomorrow().ok()?,
        10 => date.tomorrow().ok()?,
        _ => return Some(start..start + 1),
    };
    Some(start..first_second(next)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_read_is_read() {
        let (_, examples) = DATE_FORMS.split_once("such as ").unwrap();
        for example in examples.replace(" or ", ", ").split(", ") {
            assert!(Day::read(example).is_some(), "{example}");
        }
    }

    #[test]
    fn a_period_is_its_first_second_where_today_is_known() {
        let today = Date::new(1970, 1, 14).ok();
        for (text, today, expected) in [
            ("last-week", today, Some(4 * 86_400)),
            ("since Friday", today, Some(8 * 86_400)),
            ("last-week", None, None),
            ("1970-01-02", None, Some(86_400)),
        ] {
            assert_eq!(Day::read(text).unwrap().second(today), expected, "{text}");
        }
        assert_eq!(Day::read("lunch"), None);
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

    #[test]
    fn a_period_ends_where_the_next_begins() {
        const DAY: i64 = 86_400;
        for (text, expected) in [
            ("1970-01-01", Some(0..DAY)),
            ("1970-01", Some(0..31 * DAY)),
            ("1970-12", Some(334 * DAY..365 * DAY)),
            ("1971", Some(365 * DAY..730 * DAY)),
            ("1970-01-01T00:00:05", Some(5..6)),
            ("1970-01-01T01:00+01:00", Some(0..1)),
            ("1970-01-01T25:00", None),
            ("soon", None),
        ] {
            assert_eq!(period_of(text), expected, "{text}");
        }
    }
}
