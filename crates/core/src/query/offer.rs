//! What a question plainly asks for in words that are looked for as words: "what did I write last week", "my newest notes".
//! It is offered as a filter or an order and never applied: words may mean something else.

use std::fmt;

use jiff::civil::Date;

use super::parse::{Parsed, Piece};
use super::period::Period;
use super::{Condition, Order};

/// Longer texts are pasted rather than asked.
const MAX_ASKED_BYTES: usize = 400;

/// Words of a question about somebody's own notes, in English, German and Chinese; those of Chinese stand anywhere.
const ABOUT_NOTES: [&str; 30] = [
    "i",
    "my",
    "we",
    "our",
    "note",
    "notes",
    "noted",
    "write",
    "wrote",
    "written",
    "journal",
    "diary",
    "entry",
    "entries",
    "ich",
    "wir",
    "mein",
    "meine",
    "meinen",
    "notiz",
    "notizen",
    "notiert",
    "schrieb",
    "geschrieben",
    "tagebuch",
    "我",
    "写",
    "寫",
    "记",
    "記",
];

/// Words that ask for what is new.
const NEWEST: [&str; 10] = [
    "newest",
    "latest",
    "most recent",
    "neueste",
    "neuesten",
    "neuste",
    "neusten",
    "zuletzt",
    "最新",
    "最近的",
];

/// Something to add to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// The notes of a period alone.
    Days {
        /// The period as the question says it.
        said: String,
        /// Its first day.
        from: Date,
        /// The day after its last; `None` where it goes on to this day.
        before: Option<Date>,
    },
    /// The newest first.
    Newest {
        /// The word that asks for it.
        said: String,
    },
}

impl Offer {
    /// The words of the question that ask for it.
    pub fn said(&self) -> &str {
        match self {
            Offer::Days { said, .. } | Offer::Newest { said } => said,
        }
    }

    /// What is to be added to the question, in its own signs: `after:2026-11-23 before:2026-11-30`.
    pub fn adds(&self) -> String {
        match self {
            Offer::Days { from, before: Some(before), .. } => format!("after:{from} before:{before}"),
            Offer::Days { from, before: None, .. } => format!("after:{from}"),
            Offer::Newest { .. } => "sort:newest".to_owned(),
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Offer::Days { said, .. } => {
                write!(f, "for notes of “{said}” alone, add {} to the question", self.adds())
            }
            Offer::Newest { said } => {
                write!(f, "“{said}” does not change the order: add {} for the newest first", self.adds())
            }
        }
    }
}

/// What a question asks for without its signs; nothing of what it says with them. Linear in the question's length.
pub fn offers(parsed: &Parsed, order: Order, today: Option<Date>) -> Vec<Offer> {
    let words = |piece: &Piece| match piece {
        Piece::Words(text) if text.len() <= MAX_ASKED_BYTES => Some(text.clone()),
        Piece::Words(_) | Piece::Phrase(_) | Piece::Prefix(_) => None,
    };
    let texts: Vec<String> = parsed.pieces.iter().filter_map(words).collect();
    if !texts.iter().any(|text| first_of(&ABOUT_NOTES, text).is_some()) {
        return Vec::new();
    }
    let has_days = parsed
        .filter
        .all
        .iter()
        .chain(&parsed.filter.none)
        .any(|condition| matches!(condition, Condition::From(_) | Condition::Before(_)));
    let days = today.filter(|_| !has_days).and_then(|today| {
        let mut found = texts.iter().filter_map(|text| Period::found_in(text));
        found.find_map(|period| days_of(&period, today))
    });
    let newest = texts.iter().find_map(|text| first_of(&NEWEST, text));
    let newest = newest.filter(|_| order != Order::Newest).map(|said| Offer::Newest { said });
    days.into_iter().chain(newest).collect()
}

/// The days of a period in which somebody may have written something.
fn days_of(period: &Period, today: Date) -> Option<Offer> {
    let days = period.days(today).filter(|days| days.start <= today)?;
    // A day ahead of time has four digits in its year, as a filter reads it.
    let is_readable = |day: Date| (0..=9_999).contains(&day.year());
    let before = Some(days.end).filter(|_| !period.is_open());
    (is_readable(days.start) && before.is_none_or(is_readable)).then(|| Offer::Days {
        said: period.said().to_owned(),
        from: days.start,
        before,
    })
}

/// The first of `words`, which are in lower case, that stands in a text as a word, as the text has it.
fn first_of(words: &[&str], text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let stands = |word: &str| {
        lower.match_indices(word).any(|(at, _)| {
            !word.is_ascii()
                || is_edge(lower[..at].chars().next_back())
                    && is_edge(lower[at + word.len()..].chars().next())
        })
    };
    words.iter().find(|word| stands(word)).map(|word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn check(question: &str, expected: &[&str]) {
        let parsed = parse(question);
        let today = Date::new(2026, 11, 30).ok();
        let offered = offers(&parsed, parsed.order.unwrap_or_default(), today);
        let adds: Vec<String> = offered.iter().map(Offer::adds).collect();
        assert_eq!(adds, expected, "{question}");
        for add in &adds {
            let added = parse(&format!("{question} {add}"));
            assert_eq!(added.pieces, parsed.pieces, "what is offered is no word of the question");
            assert!(
                offers(&added, added.order.unwrap_or_default(), today).len() < offered.len(),
                "{question}"
            );
        }
    }

    #[test]
    fn a_period_that_a_question_plainly_asks_for_is_offered() {
        let last_week = &["after:2026-11-23 before:2026-11-30"];
        check("what did I write last week about rye", last_week);
        check("was habe ich letzte Woche über Roggen geschrieben", last_week);
        check("我上周写了什么", last_week);
        check("notes from yesterday", &["after:2026-11-29 before:2026-11-30"]);
        check("notes since Monday", &["after:2026-11-30"]);
        check("my notes on salt in March", &["after:2026-03-01 before:2026-04-01"]);
    }

    #[test]
    fn what_a_question_may_mean_otherwise_is_not_offered() {
        for question in [
            "rye last week",
            "\"what did I write last week\"",
            "my plans for next week",
            "what did I write last week after:2026-11-23",
            "what did I write about march",
            "my last word",
        ] {
            check(question, &[]);
        }
        let long = format!("what did I write last week {}", "rye ".repeat(100));
        check(&long, &[]);
        let parsed = parse("what did I write last week");
        assert_eq!(offers(&parsed, Order::Best, None), [], "nobody said which day it is");
    }

    #[test]
    fn the_newest_are_offered_and_not_given() {
        check("my latest notes on rye", &["sort:newest"]);
        check("meine neuesten Notizen", &["sort:newest"]);
        check("my latest notes sort:newest", &[]);
        check("latest release", &[]);
        check(
            "what did I write last week, newest first",
            &["after:2026-11-23 before:2026-11-30", "sort:newest"],
        );
    }
}
