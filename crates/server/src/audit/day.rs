//! The last day in numbers, by the hour: how much was asked, how much of it went wrong, how long searches took. Counted
//! from the audit log each time, so that it survives a restart and counts every server on these notes.

use std::io;
use std::ops::ControlFlow;

use serde::Deserialize;

use super::Outcome;
use super::log::AuditLog;
use super::newest::{MAX_LOOKED_AT, newest_first};

/// How many hours a day has here: the one that is not over, and those before it.
const HOURS: usize = 24;

/// The seconds of an hour.
const HOUR_SECONDS: u64 = 60 * 60;

/// The calls that count as searches.
const SEARCHES: [&str; 3] = ["search", "search_notes", "search page"];

/// A day of calls, the oldest hour first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) hours: Vec<Hour>,
    /// Whether there were more calls than are counted.
    pub(crate) broke_off: bool,
}

/// An hour of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hour {
    /// When it begins, in seconds since 1970.
    pub(crate) begins: u64,
    /// How many calls ended in it.
    pub(crate) calls: usize,
    /// How many of them were refused or went wrong.
    pub(crate) refused: usize,
    /// How long each search took, in milliseconds, the quickest first.
    search_ms: Vec<u64>,
}

/// As much of an entry as is counted.
#[derive(Deserialize)]
struct Brief {
    time: String,
    call: String,
    ms: u64,
    outcome: Outcome,
}

impl Day {
    /// Reads the calls of the 24 hours that `now`, in seconds since 1970, is in the last of. Blocks; costs some 2 µs a call,
    /// for [`MAX_LOOKED_AT`] at most.
    pub(crate) fn read(log: &AuditLog, now: u64) -> io::Result<Day> {
        let mut day = Day::empty(now);
        let begins = day.begins();
        let mut counted = 0;
        newest_first(log, |line| {
            let Ok(brief) = serde_json::from_slice::<Brief>(line) else { return ControlFlow::Continue(()) };
            let moment =
                brief.time.parse().ok().and_then(|time: jiff::Timestamp| time.as_second().try_into().ok());
            let Some(moment) = moment else { return ControlFlow::Continue(()) };
            counted += 1;
            day.broke_off = counted > MAX_LOOKED_AT;
            if moment < begins || day.broke_off {
                return ControlFlow::Break(());
            }
            day.count(moment, &brief);
            ControlFlow::Continue(())
        })?;
        day.hours.iter_mut().for_each(|hour| hour.search_ms.sort_unstable());
        Ok(day)
    }

    fn empty(now: u64) -> Day {
        let last = now / HOUR_SECONDS;
        let first = last.saturating_sub(HOURS as u64 - 1);
        let hours = (first..=last).map(|hour| Hour { begins: hour * HOUR_SECONDS, ..Hour::default() });
        Day { hours: hours.collect(), broke_off: false }
    }

    fn begins(&self) -> u64 {
        self.hours.first().map_or(0, |hour| hour.begins)
    }

    fn count(&mut self, moment: u64, brief: &Brief) {
        let at = usize::try_from((moment - self.begins()) / HOUR_SECONDS).unwrap_or(usize::MAX);
        // A clock that was put back leaves calls of the future.
        let Some(hour) = self.hours.get_mut(at) else { return };
        hour.calls += 1;
        hour.refused += usize::from(brief.outcome != Outcome::Ok);
        if brief.outcome == Outcome::Ok && SEARCHES.contains(&brief.call.as_str()) {
            hour.search_ms.push(brief.ms);
        }
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.hours.iter().map(|hour| hour.calls).sum()
    }

    /// How many were refused or went wrong.
    pub(crate) fn refused(&self) -> usize {
        self.hours.iter().map(|hour| hour.refused).sum()
    }

    /// How many searches were answered, and how long they took at most for one half and for 95 of 100, in milliseconds.
    pub(crate) fn searches(&self) -> (usize, Option<[u64; 2]>) {
        let mut all: Vec<u64> = self.hours.iter().flat_map(|hour| hour.search_ms.iter().copied()).collect();
        all.sort_unstable();
        (all.len(), both(&all))
    }
}

impl Hour {
    /// How long searches took at most for one half and for 95 of 100, in milliseconds; `None` where there was none.
    pub(crate) fn search_times(&self) -> Option<[u64; 2]> {
        both(&self.search_ms)
    }
}

/// The median and the 95th percentile of sorted times, each one that was taken.
fn both(sorted: &[u64]) -> Option<[u64; 2]> {
    let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Some([at(50)?, at(95)?])
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::super::log::tests::{entry, small};
    use super::*;
    use crate::time::rfc3339_millis;

    /// 10:30 of some day.
    const NOW: u64 = 1_790_000_000 / 86_400 * 86_400 + 10 * HOUR_SECONDS + 1_800;

    #[test]
    fn calls_are_counted_in_the_hour_they_ended_in() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path(), 100_000);
        // Seconds before now, call, milliseconds, outcome.
        let calls = [
            (25 * HOUR_SECONDS, "search", 900, Outcome::Ok),
            (23 * HOUR_SECONDS, "search", 7, Outcome::Ok),
            (2 * HOUR_SECONDS, "search", 30, Outcome::Ok),
            (2 * HOUR_SECONDS - 1, "search_notes", 10, Outcome::Ok),
            (2 * HOUR_SECONDS - 2, "search", 20, Outcome::Ok),
            (2 * HOUR_SECONDS - 3, "search", 999, Outcome::Internal),
            (1, "page", 400, Outcome::Ok),
            (0, "fetch", 1, Outcome::NotFound),
        ];
        for (at, (before, call, ms, outcome)) in calls.into_iter().enumerate() {
            let time = rfc3339_millis((NOW - before) * 1_000);
            log.append(&Entry { time, call: call.to_owned(), ms, outcome, ..entry(at as u64) }).unwrap();
        }
        let day = Day::read(&log, NOW).unwrap();
        assert_eq!((day.hours.len(), day.hours[23].begins, day.broke_off), (24, NOW - 1_800, false));
        let seen = |at: usize| {
            let hour = &day.hours[at];
            (hour.calls, hour.refused, hour.search_times())
        };
        assert_eq!(seen(0), (1, 0, Some([7, 7])));
        assert_eq!(seen(21), (4, 1, Some([20, 30])));
        assert_eq!(seen(22), (0, 0, None));
        assert_eq!(seen(23), (2, 1, None));
        assert_eq!((day.calls(), day.refused(), day.searches()), (7, 2, (4, Some([10, 30]))));
    }

    #[test]
    fn a_percentile_is_a_time_that_was_taken() {
        let times: Vec<u64> = (1..=100).collect();
        for (times, taken) in [
            (&times[..0], None),
            (&times[..1], Some([1, 1])),
            (&times[..2], Some([1, 2])),
            (&times[..], Some([50, 95])),
        ] {
            assert_eq!(both(times), taken);
        }
    }

    #[test]
    fn where_nothing_was_written_every_hour_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let day = Day::read(&small(folder.path(), 1), 5).unwrap();
        assert_eq!((day.hours.len(), day.calls(), day.searches()), (1, 0, (0, None)));
    }
}
