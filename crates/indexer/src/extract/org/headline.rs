//! A headline taken apart: stars, state, priority, words, tags.

/// States of tasks as Org knows them and as people commonly add; a file may name its own.
const OPEN: [&str; 7] = ["TODO", "NEXT", "WAITING", "STARTED", "HOLD", "SOMEDAY", "INPROGRESS"];
const DONE: [&str; 3] = ["DONE", "CANCELLED", "CANCELED"];
/// The most states a file may name.
const MAX_STATES: usize = 64;

/// The words that are states of tasks.
#[derive(Debug, Default)]
pub(super) struct States {
    open: Vec<String>,
    done: Vec<String>,
}

impl States {
    /// Adds those of a line `TODO WAIT | DONE`; without a bar the last one means done.
    pub(super) fn add(&mut self, line: &str) {
        let name = |word: &str| word.split('(').next().unwrap_or(word).to_owned();
        let (open, done) =
            line.split_once('|').unwrap_or_else(|| line.rsplit_once(' ').unwrap_or((line, "")));
        self.open.extend(open.split_whitespace().take(MAX_STATES).map(name));
        self.done.extend(done.split_whitespace().take(MAX_STATES).map(name));
        self.open.truncate(MAX_STATES);
        self.done.truncate(MAX_STATES);
    }

    /// `open` or `done` for a word that is a state.
    fn of(&self, word: &str) -> Option<&'static str> {
        if self.done.iter().any(|known| known == word) || DONE.contains(&word) {
            return Some("done");
        }
        (self.open.iter().any(|known| known == word) || OPEN.contains(&word)).then_some("open")
    }
}

/// A headline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headline<'t> {
    /// How many stars it has.
    pub(super) level: usize,
    /// `open` or `done`, for a task.
    pub(super) state: Option<&'static str>,
    /// Whether it and all under it is a comment.
    pub(super) is_comment: bool,
    /// What is left without all marks.
    pub(super) words: &'t str,
    tags: &'t str,
}

impl<'t> Headline<'t> {
    /// Its tags in order.
    pub(super) fn tags(&self) -> impl Iterator<Item = &'t str> {
        self.tags.split(':').filter(|tag| !tag.is_empty())
    }
}

/// How many stars a line begins with, if they make it a headline.
pub(super) fn level(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|byte| *byte == b'*').count();
    (level > 0 && matches!(line.as_bytes().get(level), Some(b' ' | b'\t'))).then_some(level)
}

/// Reads a line without its end.
pub(super) fn read<'t>(line: &'t str, states: &States) -> Option<Headline<'t>> {
    let level = level(line)?;
    let mut words = line[level..].trim();
    let first = |words: &'t str| words.split_whitespace().next().unwrap_or("");
    let state = states.of(first(words));
    if state.is_some() {
        words = words[first(words).len()..].trim_start();
    }
    if words.starts_with("[#") && words.as_bytes().get(3) == Some(&b']') {
        words = words[4..].trim_start();
    }
    let is_comment = first(words) == "COMMENT";
    if is_comment {
        words = words["COMMENT".len()..].trim_start();
    }
    let (words, tags) = split_tags(words);
    Some(Headline { level, state, is_comment, words, tags })
}

/// A headline's words and its `:tags:`.
fn split_tags(words: &str) -> (&str, &str) {
    let start = words.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let last = words.get(start..).unwrap_or_default();
    let is_tag = |c: char| c.is_alphanumeric() || "_@#%:".contains(c);
    match last.len() > 2 && last.starts_with(':') && last.ends_with(':') && last.chars().all(is_tag) {
        true => (words[..start].trim_end(), last),
        false => (words, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_is_taken_apart() {
        let mut states = States::default();
        states.add("ASK(a) | SAID(s)");
        for (line, level, state, words, tags) in [
            ("* a", 1, None, "a", &[][..]),
            ("** TODO [#A] a b  :x:y_z:", 2, Some("open"), "a b", &["x", "y_z"][..]),
            ("* DONE", 1, Some("done"), "", &[]),
            ("* ASK why :no tag:", 1, Some("open"), "why :no tag:", &[]),
            ("* SAID so", 1, Some("done"), "so", &[]),
            ("* :é:", 1, None, "", &["é"]),
        ] {
            let read = read(line, &states).unwrap();
            assert_eq!((read.level, read.state, read.words), (level, state, words), "{line}");
            assert_eq!(read.tags().collect::<Vec<_>>(), tags, "{line}");
        }
        assert!(read("*a", &states).is_none() && read(" * a", &states).is_none());
        assert!(read("* COMMENT a", &states).is_some_and(|read| read.is_comment && read.words == "a"));
    }
}
