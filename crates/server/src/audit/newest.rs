//! Reads the audit log from its end: the newest entries first, and no further back than somebody wants to see.

use std::fs;
use std::io;
use std::ops::ControlFlow;

use super::log::{AuditLog, KEPT};
use super::{AuditId, Entry, Filter};

/// How many entries are looked at for one page; a filter that lets next to nothing through would read the whole log.
pub(crate) const MAX_LOOKED_AT: usize = 20_000;

/// A part of the log, the newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Newest {
    /// What passes.
    pub(crate) entries: Vec<Entry>,
    /// Whether there may be more before the last of them.
    pub(crate) more: bool,
    /// Whether looking broke off after [`MAX_LOOKED_AT`] entries.
    pub(crate) broke_off: bool,
}

/// The newest `limit` entries that pass, of those older than `before`. Blocks; costs some 3 µs for each entry looked at.
pub(crate) fn newest(
    log: &AuditLog,
    filter: &Filter,
    before: Option<&AuditId>,
    limit: usize,
) -> io::Result<Newest> {
    let mut found = Newest::default();
    let (mut looked_at, mut is_reached) = (0, before.is_none());
    newest_first(log, |line| {
        // A line that a power cut tore is no entry; those around it are.
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else { return ControlFlow::Continue(()) };
        if !is_reached {
            is_reached = before == Some(&entry.id);
            return ControlFlow::Continue(());
        }
        looked_at += 1;
        found.broke_off = looked_at > MAX_LOOKED_AT;
        if found.broke_off || filter.since.as_ref().is_some_and(|since| entry.time < *since) {
            return ControlFlow::Break(());
        }
        if filter.wants(&entry) {
            found.more = found.entries.len() == limit;
            if found.more {
                return ControlFlow::Break(());
            }
            found.entries.push(entry);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Gives every line, the newest first, until `each` has enough. Holds one file in memory at a time.
pub(super) fn newest_first(log: &AuditLog, mut each: impl FnMut(&[u8]) -> ControlFlow<()>) -> io::Result<()> {
    for age in 0..=KEPT {
        let text = match fs::read(log.file(age)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in text.split(|&byte| byte == b'\n').rev().filter(|line| !line.is_empty()) {
            if each(line).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::super::log::tests::{entry, small};
    use super::*;

    #[track_caller]
    fn check(filter: &Filter, before: Option<u64>, limit: usize, numbers: &[u64], more: bool) {
        let folder = tempfile::tempdir().unwrap();
        // Some four entries to a file.
        let log = small(folder.path(), 1_000);
        for number in 0..20 {
            let outcome = if number % 7 == 0 { Outcome::NotFound } else { Outcome::Ok };
            log.append(&Entry { outcome, ..entry(number) }).unwrap();
        }
        let found = newest(&log, filter, before.map(AuditId::of).as_ref(), limit).unwrap();
        let ids: Vec<_> = found.entries.iter().map(|entry| entry.id.clone()).collect();
        assert_eq!(ids, numbers.iter().copied().map(AuditId::of).collect::<Vec<_>>());
        assert_eq!((found.more, found.broke_off), (more, false));
    }

    #[test]
    fn pages_follow_each_other_from_the_newest_to_the_oldest() {
        let all = Filter::default();
        check(&all, None, 3, &[19, 18, 17], true);
        check(&all, Some(17), 3, &[16, 15, 14], true);
        check(&all, Some(2), 3, &[1, 0], false);
        check(&all, Some(0), 3, &[], false);
        check(&all, Some(99), 3, &[], false);
    }

    #[test]
    fn only_what_passes_counts() {
        let lost = Filter { outcome: Some(Outcome::NotFound), ..Filter::default() };
        check(&lost, None, 2, &[14, 7], true);
        check(&lost, Some(7), 2, &[0], false);
        let late = Filter { since: Some("2026-11-21T10:00:18".to_owned()), ..Filter::default() };
        check(&late, None, 9, &[19, 18], false);
    }
}
