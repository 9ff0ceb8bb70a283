//! Reads the audit log: what passes a filter, the oldest first, and then what comes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::time::Duration;

use super::log::{AuditLog, KEPT};
use super::{AuditId, Entry, Outcome};

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Which entries are wanted. What is `None` lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this one.
    pub id: Option<AuditId>,
    /// Of this person or token.
    pub who: Option<String>,
    /// Asked for by a client of this name, or a part of it.
    pub client: Option<String>,
    /// This call.
    pub call: Option<String>,
    /// Ended so.
    pub outcome: Option<Outcome>,
    /// Ended at this moment or after it: RFC 3339 in UTC, or its beginning.
    pub since: Option<String>,
}

impl Filter {
    /// Whether an entry is wanted. Letters' case counts in none of the names.
    pub fn wants(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| value.eq_ignore_ascii_case(wanted))
        };
        let client = entry.client.as_deref().unwrap_or_default().to_lowercase();
        self.id.as_ref().is_none_or(|id| *id == entry.id)
            && is(&self.who, &entry.who)
            && self.client.as_ref().is_none_or(|wanted| client.contains(&wanted.to_lowercase()))
            && is(&self.call, &entry.call)
            && self.outcome.is_none_or(|outcome| outcome == entry.outcome)
            // Both are written the same way, so the order of the texts is that of the moments.
            && self.since.as_ref().is_none_or(|since| entry.time.as_str() >= since.as_str())
    }
}

/// The last `limit` entries that pass, the oldest first. Reads the whole log.
pub fn entries(log: &AuditLog, filter: &Filter, limit: usize) -> io::Result<Vec<Entry>> {
    let mut kept = std::collections::VecDeque::new();
    for age in (0..=KEPT).rev() {
        let file = match File::open(log.file(age)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in BufReader::new(file).lines() {
            // A line that a power cut tore is no entry; those around it are.
            let Ok(entry) = serde_json::from_str::<Entry>(&line?) else { continue };
            if filter.wants(&entry) {
                kept.push_back(entry);
                if kept.len() > limit {
                    kept.pop_front();
                }
            }
        }
    }
    Ok(kept.into())
}

/// Gives every entry that passes and is written from now on, until `show` says no. Blocks.
pub fn follow(log: &AuditLog, filter: &Filter, mut show: impl FnMut(Entry) -> bool) -> io::Result<()> {
    let path = log.file(0);
    let mut at = std::fs::metadata(&path).map_or(0, |about| about.len());
    std::fs::create_dir_all(log.folder())?;
    loop {
        let length = std::fs::metadata(&path).map_or(0, |about| about.len());
        // It was moved aside: its end is there, a new one begins.
        let mut ages = vec![0];
        if length < at {
            ages.insert(0, 1);
        }
        for age in ages {
            let Ok(file) = File::open(log.file(age)) else { continue };
            let mut file = BufReader::new(file);
            file.seek(SeekFrom::Start(at))?;
            let mut line = String::new();
            while file.read_line(&mut line)? > 0 && line.ends_with('\n') {
                at += line.len() as u64;
                let entry = serde_json::from_str::<Entry>(&line).ok().filter(|entry| filter.wants(entry));
                if entry.is_some_and(|entry| !show(entry)) {
                    return Ok(());
                }
                line.clear();
            }
            if age == 1 {
                at = 0;
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::log::tests::{entry, small};
    use super::*;

    #[test]
    fn entries_are_chosen_by_what_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path(), 1_000);
        for number in 0..20 {
            let who = if number % 2 == 0 { "ada" } else { "bob" };
            let outcome = if number == 7 { Outcome::NotFound } else { Outcome::Ok };
            log.append(&Entry { who: who.into(), outcome, ..entry(number) }).unwrap();
        }
        let numbers = |filter: &Filter, limit| -> Vec<String> {
            let found = entries(&log, filter, limit).unwrap();
            found.iter().map(|entry| entry.arguments["query"].as_str().unwrap().to_owned()).collect()
        };
        let all = Filter::default();
        assert_eq!(numbers(&all, 2), ["rye 18", "rye 19"], "the last ones, the oldest first");
        assert_eq!(numbers(&Filter { who: Some("ADA".into()), ..all.clone() }, 1), ["rye 18"]);
        assert_eq!(numbers(&Filter { outcome: Some(Outcome::NotFound), ..all.clone() }, 9), ["rye 7"]);
        assert_eq!(numbers(&Filter { id: Some(AuditId::of(3)), ..all.clone() }, 9), ["rye 3"]);
        assert_eq!(
            numbers(&Filter { since: Some("2026-11-21T10:00:19".into()), ..all.clone() }, 9),
            ["rye 19"]
        );
        assert_eq!(numbers(&Filter { client: Some("code".into()), ..all.clone() }, 1), ["rye 19"]);
        assert_eq!(numbers(&Filter { call: Some("fetch".into()), ..all }, 9), [""; 0]);
    }

    #[test]
    fn who_follows_sees_all_that_comes_across_rotations() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path(), 2_000);
        let mut seen = Vec::new();
        let has_begun = AtomicBool::new(false);
        std::thread::scope(|scope| {
            // Until one is seen it may not have begun to follow.
            scope.spawn(|| {
                while !has_begun.load(Ordering::Relaxed) {
                    log.append(&entry(0)).unwrap();
                    std::thread::sleep(LOOK_EVERY);
                }
            });
            follow(&log, &Filter::default(), |shown| {
                let query = shown.arguments["query"].as_str().unwrap().to_owned();
                match query == "rye 0" {
                    true if has_begun.swap(true, Ordering::Relaxed) => return true,
                    true => {}
                    false => seen.push(query),
                }
                if seen.len() < 20 {
                    log.append(&entry(seen.len() as u64 + 1)).unwrap();
                }
                seen.len() < 20
            })
            .unwrap();
        });
        assert_eq!(seen, (1..=20).map(|number| format!("rye {number}")).collect::<Vec<_>>());
    }
}
