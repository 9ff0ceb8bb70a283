//! Periods as people say them: "last week", "seit Montag", "3天前". What a text says is read without a clock; which days
//! that is depends on today, which the caller gives. The words are in `vocabulary`.
//!
//! Weeks begin on Monday. A month, a weekday or a day of a month without a year is the last one that has begun.

mod vocabulary;

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;

use vocabulary::{Sign, Unit, is_han, sign_at, starts_word};

/// The most signs one period is made of: "on the 3rd of march last year" has seven.
const MAX_SIGNS: usize = 8;

/// A period as somebody said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    said: String,
    form: Form,
    /// Whether it goes on to this day: "since Monday".
    is_open: bool,
}

/// Which days a period means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A day, week, month or year so many before or after the current one.
    Turned(Unit, i32),
    /// So many units up to today, today among them.
    Past(i32, Unit),
    /// A year by its number.
    Year(i16),
    /// All of a month, or one day of it.
    Month { month: i8, day: Option<i8>, year: YearOf },
    /// A weekday, 1 for Monday, of the week so many after the current one.
    DayOfWeek(i8, i32),
    /// The last such weekday that has begun (0), the last before today (-1), the first after today (1).
    Weekday(i8, i32),
    /// Saturday and Sunday of the week so many after the current one.
    Weekend(i32),
    /// The last Saturday that has begun, and the Sunday after it.
    WeekendBegun,
}

/// Which year a month is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum YearOf {
    /// Its last one that has begun.
    Begun,
    /// Its last one before the current month (-1), that of this year (0), its first one after the current month (1).
    Turned(i32),
    /// The year so many after the current one.
    From(i32),
    /// This one.
    Exact(i16),
}

impl Period {
    /// What a whole text says; `None` where it is no period. Words may stand apart by spaces, hyphens or underscores.
    pub(super) fn read(text: &str) -> Option<Period> {
        let (signs, end) = signs(text);
        let is_whole = !text[end..].contains(|c: char| !vocabulary::is_between(c));
        let form = Form::of(&signs.iter().map(|&(sign, _)| sign).collect::<Vec<_>>()).filter(|_| is_whole)?;
        let is_open = signs.iter().any(|&(sign, _)| sign == Sign::Since);
        Some(Period { said: text.trim().to_owned(), form, is_open })
    }

    /// The longest period that a text begins with and its length, where it ends with a word.
    pub(super) fn begins(text: &str) -> Option<(Period, usize)> {
        let (signs, _) = signs(text);
        signs.iter().rev().find_map(|(sign, bytes)| {
            let says = !matches!(sign, Sign::Filler | Sign::Since);
            let is_whole = text[bytes.end..].chars().next().is_none_or(char::is_whitespace);
            Some((Period::read(&text[..bytes.end]).filter(|_| says && is_whole)?, bytes.end))
        })
    }

    /// The first period that stands in a text and is plainly one: a month or a weekday alone is not ("march", "may"),
    /// but one with "in", "on" or "since" before it is.
    ///
    /// Costs a look into the vocabulary at each word.
    pub(super) fn found_in(text: &str) -> Option<Period> {
        let starts = text.char_indices().map(|(at, _)| at).filter(|&at| starts_word(text, at));
        starts.filter_map(|start| Period::at(&text[start..])).next()
    }

    /// The longest period that a text plainly begins with.
    fn at(text: &str) -> Option<Period> {
        let (signs, _) = signs(text);
        (1..=signs.len()).rev().find_map(|count| {
            let signs = &signs[..count];
            let only: Vec<Sign> = signs.iter().map(|&(sign, _)| sign).collect();
            let is_introduced = matches!(only[0], Sign::Filler | Sign::Since);
            let form = Form::of(&only)?;
            let is_plain = match form {
                Form::Month { day: None, year: YearOf::Begun, .. } | Form::Weekday(_, 0) => {
                    is_introduced
                        || text.starts_with(is_han)
                        || text.starts_with(|c: char| c.is_ascii_digit())
                }
                Form::Year(_) => is_introduced || only.contains(&Sign::Unit(Unit::Year)),
                _ => true,
            };
            // A word such as "the" before or after it is not part of what is said.
            let inner = |&&(sign, _): &&(Sign, Range<usize>)| sign != Sign::Filler;
            let from = signs.iter().find(inner)?.1.start;
            let to = signs.iter().rfind(inner)?.1.end;
            let is_open = only.contains(&Sign::Since);
            is_plain.then(|| Period { said: text[from..to].to_owned(), form, is_open })
        })
    }

    /// As it was said.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Whether it goes on to this day: "since Monday".
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Its days, from the first to the one after the last; `None` where the calendar has no such day.
    pub fn days(&self, today: Date) -> Option<Range<Date>> {
        self.form.days(today)
    }
}

/// The signs that a text begins with and where each stands, and where they end.
fn signs(text: &str) -> (Vec<(Sign, Range<usize>)>, usize) {
    let (mut signs, mut end) = (Vec::new(), 0);
    while signs.len() < MAX_SIGNS {
        let rest = text[end..].trim_start_matches(vocabulary::is_between);
        let start = text.len() - rest.len();
        let Some((sign, length)) = sign_at(rest) else { break };
        end = start + length;
        signs.push((sign, start..end));
    }
    (signs, end)
}

impl Form {
    fn of(signs: &[Sign]) -> Option<Form> {
        let told = signs.iter().copied().filter(|sign| !matches!(sign, Sign::Filler | Sign::Since));
        let month = |month, day, year| Some(Form::Month { month, day, year });
        match joined(told)?.as_slice() {
            [Sign::Turned(unit, by)] => Some(Form::Turned(*unit, *by)),
            [Sign::Number(number), Sign::Unit(unit), Sign::Ago]
            | [Sign::Ago, Sign::Number(number), Sign::Unit(unit)] => Some(Form::Turned(*unit, -number)),
            [Sign::Past | Sign::Turn(-1), Sign::Number(number @ 1..), Sign::Unit(unit)] => {
                Some(Form::Past(*number, *unit))
            }
            [Sign::Past, Sign::Unit(unit)] => Some(Form::Past(1, *unit)),
            [Sign::Year(year)] => Some(Form::Year(*year)),
            [Sign::Date(of, day)] => month(*of, *day, YearOf::Begun),
            [Sign::Turn(by @ -1..=1), Sign::Date(of, None)] => month(*of, None, YearOf::Turned(*by)),
            [Sign::Date(of, day), Sign::Turned(Unit::Year, by)]
            | [Sign::Turned(Unit::Year, by), Sign::Date(of, day)] => month(*of, *day, YearOf::From(*by)),
            [Sign::Date(of, day), Sign::Year(year)] | [Sign::Year(year), Sign::Date(of, day)] => {
                Date::new(*year, *of, day.unwrap_or(1)).ok()?;
                month(*of, *day, YearOf::Exact(*year))
            }
            [Sign::Weekday(day) | Sign::DayOfWeek(day)] => Some(Form::Weekday(*day, 0)),
            [Sign::Turn(by), Sign::DayOfWeek(day)] => Some(Form::DayOfWeek(*day, *by)),
            [Sign::Turn(0), Sign::Weekday(day)] => Some(Form::DayOfWeek(*day, 0)),
            [Sign::Turn(by @ (-1 | 1)), Sign::Weekday(day)] => Some(Form::Weekday(*day, *by)),
            [Sign::Turned(Unit::Week, by), Sign::Weekday(day)]
            | [Sign::Weekday(day), Sign::Turned(Unit::Week, by)] => Some(Form::DayOfWeek(*day, *by)),
            [Sign::Weekend] => Some(Form::WeekendBegun),
            [Sign::Turn(by), Sign::Weekend] | [Sign::Turned(Unit::Week, by), Sign::Weekend] => {
                Some(Form::Weekend(*by))
            }
            _ => None,
        }
    }

    fn days(self, today: Date) -> Option<Range<Date>> {
        let week = |by: i32| {
            let monday = today.checked_sub((today.weekday().to_monday_one_offset() - 1).days()).ok()?;
            monday.checked_add(by.weeks()).ok()
        };
        let one = |day: Date| Some(day..day.tomorrow().ok()?);
        match self {
            Form::Turned(Unit::Day, by) => one(today.checked_add(by.days()).ok()?),
            Form::Turned(Unit::Week, by) => Some(week(by)?..week(by + 1)?),
            Form::Turned(Unit::Month, by) => month_of(today.first_of_month().checked_add(by.months()).ok()?),
            Form::Turned(Unit::Year, by) => year_of(today.first_of_year().checked_add(by.years()).ok()?),
            Form::Past(number, unit) => {
                let end = today.tomorrow().ok()?;
                let span = match unit {
                    Unit::Day => number.days(),
                    Unit::Week => number.weeks(),
                    Unit::Month => number.months(),
                    Unit::Year => number.years(),
                };
                Some(end.checked_sub(span).ok()?..end)
            }
            Form::Year(year) => year_of(Date::new(year, 1, 1).ok()?),
            Form::Month { month, day: Some(day), year: YearOf::Begun } => {
                // The 29th of February comes every fourth year, once in eight.
                let of = |back| Date::new(today.year() - back, month, day).ok();
                one((0..=8).find_map(|back| of(back).filter(|day| *day <= today))?)
            }
            Form::Month { month, day, year } => {
                let back = match year {
                    YearOf::Begun => -i16::from(month > today.month()),
                    YearOf::Turned(-1) => -i16::from(month >= today.month()),
                    YearOf::Turned(0) => 0,
                    YearOf::Turned(_) => i16::from(month <= today.month()),
                    YearOf::From(by) => i16::try_from(by).ok()?,
                    YearOf::Exact(year) => year - today.year(),
                };
                let first = Date::new(today.year().checked_add(back)?, month, day.unwrap_or(1)).ok()?;
                if day.is_some() { one(first) } else { month_of(first) }
            }
            Form::DayOfWeek(day, by) => one(week(by)?.checked_add((day - 1).days()).ok()?),
            Form::Weekday(day, by) => {
                let since = (today.weekday().to_monday_one_offset() - day).rem_euclid(7);
                let from_today = match (by, since) {
                    (0, since) => -since,
                    (..0, 0) => -7,
                    (..0, since) => -since,
                    (1.., since) => 7 - since,
                };
                one(today.checked_add(from_today.days()).ok()?)
            }
            Form::Weekend(by) => {
                let saturday = week(by)?.checked_add(5.days()).ok()?;
                Some(saturday..saturday.checked_add(2.days()).ok()?)
            }
            Form::WeekendBegun => {
                let is_there = today.weekday().to_monday_one_offset() >= 6;
                Form::Weekend(if is_there { 0 } else { -1 }).days(today)
            }
        }
    }
}

fn month_of(first: Date) -> Option<Range<Date>> {
    Some(first..first.checked_add(1.month()).ok()?)
}

fn year_of(first: Date) -> Option<Range<Date>> {
    Some(first..first.checked_add(1.year()).ok()?)
}

/// The signs with those joined that mean one thing together: a number and "月" are a month, "last" and "week" a week.
fn joined(signs: impl Iterator<Item = Sign>) -> Option<Vec<Sign>> {
    let mut joined: Vec<Sign> = Vec::new();
    for sign in signs {
        let together = match (joined.last().copied(), sign) {
            (Some(Sign::Turn(by)), Sign::Unit(unit)) => Some(Sign::Turned(unit, by)),
            (Some(Sign::Turn(by)), Sign::MonthMark) => Some(Sign::Turned(Unit::Month, by)),
            (Some(Sign::Number(number)), Sign::MonthMark) => {
                Some(Sign::Date(i8::try_from(number).ok().filter(|month| (1..=12).contains(month))?, None))
            }
            (Some(Sign::Year(year)), Sign::Unit(Unit::Year)) => Some(Sign::Year(year)),
            (Some(Sign::Date(month, None)), Sign::Number(day))
            | (Some(Sign::Number(day)), Sign::Date(month, None)) => {
                Some(Sign::Date(month, Some(day_in(month, day)?)))
            }
            // "3月5日" says once more that 5 is a day.
            (Some(date @ Sign::Date(_, Some(_))), Sign::Unit(Unit::Day)) => Some(date),
            _ => None,
        };
        match (together, joined.last_mut()) {
            (Some(together), Some(last)) => *last = together,
            _ => joined.push(sign),
        }
    }
    Some(joined)
}

/// A day that the month has at least in leap years.
fn day_in(month: i8, day: i32) -> Option<i8> {
    const LEAP_YEAR: i16 = 2024;
    let day = i8::try_from(day).ok()?;
    Date::new(LEAP_YEAR, month, day).is_ok().then_some(day)
}

#[cfg(test)]
mod tests;
