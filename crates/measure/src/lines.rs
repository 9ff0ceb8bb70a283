//! Files of one record a line: JSON objects, judgements between tabs, or words as they are. Every error knows its line.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::dataset::DatasetError;

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> Result<String, DatasetError> {
    fs::read_to_string(path).map_err(|source| DatasetError::Read { path: path.to_owned(), source })
}

/// A line of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    path: &'a Path,
    /// From 1.
    line: usize,
}

impl At<'_> {
    pub(crate) fn broken(&self, reason: &str) -> DatasetError {
        DatasetError::Line { path: self.path.to_owned(), line: self.line, reason: reason.to_owned() }
    }

    pub(crate) fn twice(&self, id: &str) -> DatasetError {
        DatasetError::Twice { path: self.path.to_owned(), line: self.line, id: id.to_owned() }
    }

    pub(crate) fn unknown(&self, id: &str) -> DatasetError {
        DatasetError::UnknownQuestion { path: self.path.to_owned(), line: self.line, id: id.to_owned() }
    }
}

/// The lines of a file that say anything.
pub(crate) struct Lines<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(path: &'a Path, text: &'a str) -> Lines<'a> {
        Lines { path, text: text.trim_start_matches('\u{feff}') }
    }

    /// Each as it is, and where it stands.
    pub(crate) fn each(self) -> impl Iterator<Item = (At<'a>, &'a str)> {
        let path = self.path;
        let lines = self.text.lines().enumerate().map(move |(at, line)| (At { path, line: at + 1 }, line));
        lines.filter(|(_, line)| !line.trim().is_empty())
    }

    /// Each line as a JSON object.
    pub(crate) fn objects<T: DeserializeOwned>(
        self,
    ) -> impl Iterator<Item = Result<(At<'a>, T), DatasetError>> {
        self.each().map(|(at, line)| match serde_json::from_str(line) {
            Ok(object) => Ok((at, object)),
            Err(error) => {
                // It counts lines within this one; the column is of use.
                let reason = error.to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default();
                Err(at.broken(&format!("{reason} (column {})", error.column())))
            }
        })
    }
}

/// A line of a file of judgements.
#[derive(Debug)]
pub(crate) struct Judgement<'a> {
    pub(crate) question: &'a str,
    pub(crate) document: &'a str,
    pub(crate) grade: i64,
}

/// The judgements of a file, its header passed over.
pub(crate) fn judgements<'a>(
    path: &'a Path,
    text: &'a str,
) -> impl Iterator<Item = Result<(At<'a>, Judgement<'a>), DatasetError>> {
    Lines::of(path, text).each().enumerate().filter_map(move |(nth, (at, line))| {
        match (nth, judgement(line)) {
            (0, Some(_)) => Some(Err(DatasetError::NoHeader { path: path.to_owned() })),
            (0, None) => None,
            (_, Some(judgement)) => Some(Ok((at, judgement))),
            (_, None) => Some(Err(at.broken("it is not question, document and grade, with tabs between"))),
        }
    })
}

fn judgement(line: &str) -> Option<Judgement<'_>> {
    let mut fields = line.split('\t');
    let (question, document, grade) = (fields.next()?, fields.next()?, fields.next()?);
    let grade = grade.trim().parse().ok()?;
    fields.next().is_none().then_some(Judgement { question, document, grade })
}
