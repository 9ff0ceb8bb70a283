//! Tables as text: `.csv` and `.tsv`. A row is a block, and the head's words count in the rows. Cells are not typed.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use ibid_core::document::PropertyValue;
use ibid_core::id::DocumentPath;

use super::outline::{Outline, trimmed};
use super::plain::titled;
use super::{Aside, BlockKind, Extracted, Reading, name_of, span_of};

/// What may stand between the cells of a `.csv`, the likelier first.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// So much of a text tells its delimiter.
const SAMPLE_BYTES: usize = 16 * 1024;
/// So many rows of it do.
const SAMPLE_ROWS: usize = 20;

/// A longer row began with a quotation mark that nobody closed; then such marks are signs like any other.
const MAX_ROW_BYTES: usize = 64 * 1024;

/// A longer head would outweigh the rows it is said with.
const MAX_HEAD_BYTES: usize = 1024;
/// A cell of a head is a name, and no longer than one.
const MAX_COLUMN_NAME_CHARS: usize = 80;
/// The most columns whose names are kept.
const MAX_COLUMNS: usize = 256;

/// A row's bytes, its line end included, and how many cells it has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    range: Range<usize>,
    n_cells: usize,
}

/// Reads each byte at most twice; the sample once for each delimiter.
pub(super) fn extract(path: &DocumentPath, text: &str) -> Extracted {
    let tabs = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let delimiter = if tabs { b'\t' } else { sniffed(text) };
    let quoted = Rows::over(text, delimiter, true).collect::<Vec<Row>>();
    let rows = match quoted.iter().all(|row| row.range.len() <= MAX_ROW_BYTES) {
        true => quoted,
        false => Rows::over(text, delimiter, false).collect(),
    };
    let head = head(text, &rows, delimiter);
    let mut outline = Outline::default();
    for (index, row) in rows.iter().enumerate() {
        let kind = if index == 0 && head.is_some() { BlockKind::TableHead } else { BlockKind::TableRow };
        outline.block(row.range.start, kind);
    }
    let mut document = titled(path);
    let (headings, blocks) = outline.over(text, BlockKind::TableRow);
    document.headings = headings;
    let n_rows = rows.len() - usize::from(head.is_some());
    let mut reading = Reading::default();
    if let (Some(columns), Some(first)) = (head, rows.first()) {
        let words = trimmed(text, first.range.clone());
        if words.len() <= MAX_HEAD_BYTES {
            let counts_in = span_of(first.range.end..text.len());
            reading.asides.push(Aside { counts_in, words: span_of(words) });
        }
        let columns = columns.into_iter().take(MAX_COLUMNS).map(PropertyValue::Text).collect();
        document.properties.push(("columns".to_owned(), PropertyValue::List(columns)));
    }
    if n_rows > 0 {
        document.properties.push(("rows".to_owned(), PropertyValue::Number(n_rows as f64)));
    }
    Extracted { document, blocks, reading }
}

/// The delimiter that divides the first rows most alike; of equal ones that which divides them more.
fn sniffed(text: &str) -> u8 {
    let sample = &text[..text.floor_char_boundary(SAMPLE_BYTES)];
    let fit = |delimiter: u8| {
        let mut rows: Vec<Row> = Rows::over(sample, delimiter, true).take(SAMPLE_ROWS).collect();
        if sample.len() < text.len() && rows.len() > 1 {
            // The last one may be cut.
            rows.pop();
        }
        let first = rows.first().map_or(0, |row| row.n_cells);
        let alike = rows.iter().filter(|row| row.n_cells == first).count();
        if first < 2 { (0, 0) } else { (alike, first) }
    };
    let mut best = (DELIMITERS[0], (0, 0));
    for delimiter in DELIMITERS {
        let fit = fit(delimiter);
        if fit > best.1 {
            best = (delimiter, fit);
        }
    }
    best.0
}

/// The names of the columns, if the first row of several gives them: short, none twice, and no numbers.
fn head(text: &str, rows: &[Row], delimiter: u8) -> Option<Vec<String>> {
    let [first, _, ..] = rows else { return None };
    if first.range.len() > MAX_ROW_BYTES || first.n_cells < 2 {
        return None;
    }
    let names = cells(&text[first.range.clone()], delimiter);
    let is_name = |name: &String| {
        name.chars().count() <= MAX_COLUMN_NAME_CHARS
            && (name.is_empty() || !name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+')))
    };
    let mut sorted: Vec<&String> = names.iter().filter(|name| !name.is_empty()).collect();
    let n_named = sorted.len();
    sorted.sort();
    sorted.dedup();
    // A first column without a name is that of the rows' numbers.
    let is_head = sorted.len() == n_named && n_named + 1 >= names.len() && names.iter().all(is_name);
    is_head.then_some(names)
}

/// The cells of one row, as names; none where its last quotation mark is not closed.
fn cells(row: &str, delimiter: u8) -> Vec<String> {
    // With a line end the last cell is known to be whole.
    let row = format!("{}\n", row.trim_matches(['\u{feff}', '\n', '\r']));
    let mut words = vec![0; row.len()];
    let mut ends = vec![0; row.len()];
    let (_, _, _, n_cells) = reader(delimiter, true).read_record(row.as_bytes(), &mut words, &mut ends);
    let starts = [0].into_iter().chain(ends.iter().copied());
    let cells = starts.zip(&ends).take(n_cells);
    cells
        .map(|(start, end)| name_of(&String::from_utf8_lossy(words.get(start..*end).unwrap_or_default())))
        .collect()
}

fn reader(delimiter: u8, quoting: bool) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).quoting(quoting).build()
}

/// The rows of a text, blank lines going with the row before them.
struct Rows<'t> {
    text: &'t str,
    at: usize,
    reader: Reader,
}

impl<'t> Rows<'t> {
    fn over(text: &'t str, delimiter: u8, quoting: bool) -> Rows<'t> {
        Rows { text, at: 0, reader: reader(delimiter, quoting) }
    }

    /// Where the blank lines after `at` end.
    fn past_blank(&self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at..];
        at + rest.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let start = self.at;
        if start == 0 {
            self.at = self.past_blank(0);
        }
        let bytes = self.text.as_bytes();
        // Only the places are asked for, so what is written here is written over.
        let (mut words, mut ends) = ([0; 1024], [0; 64]);
        let mut n_cells = 0;
        while self.at < bytes.len() {
            let (result, n_read, _, n_ends) =
                self.reader.read_record(&bytes[self.at..], &mut words, &mut ends);
            self.at += n_read;
            n_cells += n_ends;
            match result {
                ReadRecordResult::Record => {
                    self.at = self.past_blank(self.at);
                    return Some(Row { range: start..self.at, n_cells });
                }
                ReadRecordResult::InputEmpty => {
                    self.at = bytes.len();
                    n_cells += 1;
                }
                ReadRecordResult::End => break,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            }
        }
        self.at = bytes.len();
        (start < bytes.len()).then_some(Row { range: start..bytes.len(), n_cells })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::laws::{check_partition, hostile};

    fn read(name: &str, text: &str) -> Extracted {
        let extracted = extract(&DocumentPath::new(name).unwrap(), text);
        check_partition(text, &extracted);
        extracted
    }

    /// The names of the columns, and the rows.
    fn check(name: &str, text: &str, columns: &[&str], rows: &[&str]) {
        let extracted = read(name, text);
        let quote = |span: ibid_core::span::Span| span.quote(text).unwrap();
        let of_kind = |kind| extracted.blocks.iter().filter(move |block| block.kind == kind);
        let found: Vec<_> = of_kind(BlockKind::TableRow).map(|block| quote(block.span)).collect();
        assert_eq!(found, rows, "{text:?}");
        assert_eq!(of_kind(BlockKind::TableHead).count(), usize::from(!columns.is_empty()), "{text:?}");
        let property = |key: &str| {
            let properties = &extracted.document.properties;
            properties.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        };
        let names = columns.iter().map(|name| PropertyValue::Text((*name).to_owned())).collect();
        assert_eq!(property("columns"), (!columns.is_empty()).then_some(PropertyValue::List(names)));
        let n_rows = PropertyValue::Number(rows.len() as f64);
        assert_eq!(property("rows"), (!rows.is_empty()).then_some(n_rows), "{text:?}");
        if let [aside] = &extracted.reading.asides[..] {
            assert_eq!(quote(aside.counts_in), rows.concat());
        }
    }

    #[test]
    fn the_first_row_names_the_columns() {
        check("a.csv", "name,born\nAda,1815\nAlan,1912\n", &["name", "born"], &["Ada,1815\n", "Alan,1912\n"]);
        check("a.csv", "\u{feff}a,\"b \n c\"\r\n1,2\r\n\r\n3,4", &["a", "b c"], &["1,2\r\n\r\n", "3,4"]);
        check("a.csv", ",x\n1,2\n", &["", "x"], &["1,2\n"]);
        let head = read("a.csv", " a,b\r\n1,2\r\n").reading.asides[0];
        assert_eq!(head.words.range(), 1..4);
    }

    #[test]
    fn a_first_row_of_values_is_a_row() {
        check("a.csv", "1,2\n3,4\n", &[], &["1,2\n", "3,4\n"]);
        check("a.csv", "a,a\nb,c\n", &[], &["a,a\n", "b,c\n"]);
        check("a.csv", "a,b\n", &[], &["a,b\n"]);
        check("a.csv", "a\nb\n", &[], &["a\n", "b\n"]);
        check("a.csv", "", &[], &[]);
    }

    #[test]
    fn the_delimiter_is_told_by_the_rows() {
        check("a.csv", "a;b\n1,5;2\n", &["a", "b"], &["1,5;2\n"]);
        check("a.csv", "a\tb, c\n1\t2\n", &["a", "b, c"], &["1\t2\n"]);
        check("a.csv", "a|b\n1|2", &["a", "b"], &["1|2"]);
        check("a.TSV", "a,b\tc\n1\t2", &["a,b", "c"], &["1\t2"]);
    }

    #[test]
    fn a_quoted_cell_may_span_lines() {
        check(
            "a.csv",
            "a,b\n\"x\n\n\"\"y\"\",\",2\n3,\"4\"\r5,6",
            &["a", "b"],
            &["\"x\n\n\"\"y\"\",\",2\n", "3,\"4\"\r", "5,6"],
        );
    }

    #[test]
    fn a_mark_that_nobody_closed_is_a_sign() {
        let text = format!("a,b\n\"x,1\n{}", "y,2\n".repeat(MAX_ROW_BYTES / 4));
        let rows = read("a.csv", &text).blocks;
        assert!(rows.len() > 1_000, "the mark swallowed all but {} rows", rows.len());
        assert_eq!(&text[rows[1].span.range()], "\"x,1\n");
    }

    #[test]
    fn hostile_tables_come_to_an_end() {
        for text in hostile(&[",", ";", "\"\"", "\",", "a,\"\n"]) {
            read("a.csv", &text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_partitioned(text in "([ab,;\t|\"1é\u{feff}]|\r\n|\n|\r){0,60}") {
            read("a.csv", &text);
        }
    }
}
