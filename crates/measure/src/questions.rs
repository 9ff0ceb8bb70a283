//! Questions to measure with: given, or drawn from the notes themselves. Whether the answers to them are any good is
//! not asked here; see the judged questions for that.

use std::collections::HashSet;
use std::path::Path;

use ibid_core::id::DocumentPath;
use ibid_index::ReadError;
use ibid_index::snapshot::Snapshot;

use crate::bench_error::BenchError;
use crate::lines::{Lines, read};
use crate::random::{Random, SEED};

/// How many questions are drawn: enough that seconds of load ask none twice, few enough to be drawn in a second.
pub const DRAWN_QUESTIONS: usize = 4_000;

/// How few and how many words a drawn question has. One word is seldom a question; people type few more than eight.
pub const WORDS: (usize, usize) = (2, 8);

/// A run without spaces longer than this is no word: a link, or a script that writes none. So many characters of it
/// are taken instead.
const MAX_WORD_CHARACTERS: usize = 24;

/// Tries for each question wanted. A small collection gives the same words again and again and then yields fewer.
const TRIES_PER_QUESTION: usize = 4;

/// Questions, no two of them alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// In the order they are asked in.
    pub list: Vec<String>,
    /// Where they come from.
    pub origin: Origin,
}

/// Where questions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody wrote them down.
    Given,
    /// They were drawn from the notes: so many of each kind.
    Drawn {
        /// Titles of notes.
        titles: usize,
        /// Headings.
        headings: usize,
        /// Words that follow each other in a chunk.
        runs: usize,
    },
}

/// Reads a file of questions, one a line: as it is, or a JSON object with `question` or `text`. Repetitions are left
/// out.
///
/// # Errors
/// Where the file cannot be read, a line begins as an object and holds no question, or there is none at all.
pub fn given(file: &Path) -> Result<Questions, BenchError> {
    let (mut list, mut seen) = (Vec::new(), HashSet::new());
    for (at, line) in Lines::of(file, &read(file)?).each() {
        let line = line.trim();
        let question = match line.starts_with('{') {
            true => of_object(line).ok_or_else(|| at.broken("there is no \"question\" or \"text\""))?,
            false => line.to_owned(),
        };
        if !question.trim().is_empty() && seen.insert(question.clone()) {
            list.push(question);
        }
    }
    match list.is_empty() {
        true => Err(BenchError::NoQuestions),
        false => Ok(Questions { list, origin: Origin::Given }),
    }
}

fn of_object(line: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(line).ok()?;
    let question = object.get("question").or_else(|| object.get("text"))?;
    Some(question.as_str()?.to_owned())
}

/// Draws up to `wanted` questions of [`WORDS`] words, in lower case and without marks: one in eight a title, one in
/// eight a heading, the others runs of words. They go through all notes in turn, in an order that [`SEED`] shuffles, and
/// from a place in each that it chooses. The same index gives the same questions.
///
/// Costs some 100 µs a question. A small collection yields fewer.
///
/// # Errors
/// Where the index cannot be read, or yields nothing.
pub fn draw(snapshot: &Snapshot, wanted: usize) -> Result<Questions, BenchError> {
    let mut random = Random::seeded(SEED);
    let known = snapshot.known_documents()?;
    let mut paths: Vec<_> = known.iter().filter_map(|known| DocumentPath::new(&known.path)).collect();
    random.shuffle(&mut paths);
    let mut drawn = Drawn { snapshot, random, seen: HashSet::new(), list: Vec::new(), of_kind: [0; 3] };
    for path in paths.iter().cycle().take(wanted * TRIES_PER_QUESTION) {
        if drawn.list.len() == wanted {
            break;
        }
        drawn.one(path)?;
    }
    let Drawn { list, of_kind: [titles, headings, runs], .. } = drawn;
    match list.is_empty() {
        true => Err(BenchError::NoQuestions),
        false => Ok(Questions { list, origin: Origin::Drawn { titles, headings, runs } }),
    }
}

struct Drawn<'a> {
    snapshot: &'a Snapshot,
    random: Random,
    seen: HashSet<String>,
    list: Vec<String>,
    of_kind: [usize; 3],
}

impl Drawn<'_> {
    fn one(&mut self, path: &DocumentPath) -> Result<(), ReadError> {
        let Some(stored) = self.snapshot.document(path)? else { return Ok(()) };
        let document = &stored.document;
        let (kind, text) = match self.random.below(8) {
            0 => (0, document.title.clone()),
            1 if !document.headings.is_empty() => {
                (1, document.headings[self.random.below(document.headings.len())].text.clone())
            }
            _ => {
                let byte = self.random.below(stored.text_bytes.max(1) as usize) as u32;
                let Some(chunk) = self.snapshot.chunk_at(path, byte)? else { return Ok(()) };
                (2, self.run_of(&chunk.text))
            }
        };
        let words = words(&text);
        if !(WORDS.0..=WORDS.1).contains(&words.len()) {
            return Ok(());
        }
        let question = words.join(" ");
        if self.seen.insert(question.clone()) {
            self.of_kind[kind] += 1;
            self.list.push(question);
        }
        Ok(())
    }

    /// Some words that follow each other.
    fn run_of(&mut self, text: &str) -> String {
        let words = words(text);
        let length = WORDS.0 + self.random.below(WORDS.1 - WORDS.0 + 1);
        let from = self.random.below((words.len() + 1).saturating_sub(length).max(1));
        words[from..words.len().min(from + length)].join(" ")
    }
}

/// What stands between white space, in lower case and without marks: nobody is to mistake a note's colon or quotation
/// mark for one that was typed to mean something.
fn words(text: &str) -> Vec<String> {
    let separates = |character: char| {
        character.is_whitespace() || character.is_control() || ":\"()[]{}*~^|<>".contains(character)
    };
    let bare = |word: &str| {
        let word = word.trim_matches(|character: char| !character.is_alphanumeric());
        word.chars().take(MAX_WORD_CHARACTERS).collect::<String>().to_lowercase()
    };
    text.split(separates).map(bare).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch;

    fn check(text: &str, expected: Option<&[&str]>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let read = given(file.path()).ok().map(|questions| questions.list);
        assert_eq!(
            read.as_deref(),
            expected.map(|list| list.iter().map(|q| (*q).to_owned()).collect::<Vec<_>>()).as_deref()
        );
    }

    #[test]
    fn questions_are_lines_or_objects_and_none_comes_twice() {
        check("\u{feff}how wet\n\n  how wet \nhow dry\r\n", Some(&["how wet", "how dry"]));
        check(
            "{\"question\": \"how wet\", \"relevant\": []}\n{\"text\": \"how dry\"}\n",
            Some(&["how wet", "how dry"]),
        );
    }

    #[test]
    fn a_file_without_questions_is_refused() {
        check("\n \n", None);
        check("{\"query\": \"x\"}", None);
        check("fine\n{\"question\": 7}", None);
    }

    #[test]
    fn words_lose_the_marks_around_them() {
        assert_eq!(
            words("- **Rye**, (wet) — \"don't\" `x`\0tag:OR"),
            ["rye", "wet", "don't", "x", "tag", "or"]
        );
        assert_eq!(words(&"水".repeat(100)), ["水".repeat(MAX_WORD_CHARACTERS)]);
    }

    #[test]
    fn drawn_questions_are_the_same_each_time_and_of_all_kinds() {
        let vault = scratch::Vault::new(&[
            ("Wet rye.md", "## How wet is rye\n\nThe dough of rye is wetter than that of wheat by far.\n"),
            (
                "Salty brine.md",
                "## Salt in a brine\n\nTwo to three parts of salt in a hundred of water will do.\n",
            ),
        ]);
        let snapshot = vault.snapshot();
        let questions = draw(&snapshot, 60).unwrap();
        assert_eq!(questions, draw(&snapshot, 60).unwrap());
        let Origin::Drawn { titles, headings, runs } = questions.origin else { panic!("they are drawn") };
        assert!(titles > 0 && runs > 0 && titles + headings + runs == questions.list.len(), "{questions:?}");
        let different: HashSet<_> = questions.list.iter().collect();
        assert_eq!(different.len(), questions.list.len());
        for question in &questions.list {
            assert!((WORDS.0..=WORDS.1).contains(&question.split(' ').count()), "{question}");
        }
    }
}
