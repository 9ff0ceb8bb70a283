//! Tables for people: a column of names, and others as wide as the widest of their cells. What stands in a cell is the
//! caller's business.

use std::io::{self, Write};

use crate::output::DIM;

/// Space between columns.
pub(crate) const GAP: &str = "  ";

/// On which side of its column a cell stands.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    /// Of what is read as words.
    Left,
    /// Of numbers whose digits are to stand below each other.
    Right,
}

/// What the lines of a table have in common.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// Before each line.
    pub(crate) indent: &'static str,
    /// What the names are.
    pub(crate) corner: &'static str,
    /// How wide their column is at least, so that tables below each other agree.
    pub(crate) min_width: usize,
    /// Where the cells besides the names stand.
    pub(crate) align: Align,
}

/// Prints a line of headings, then each row: its name, and as many cells as there are headings.
pub(crate) fn table(
    out: &mut impl Write,
    form: Form,
    headings: &[&str],
    rows: &[(String, Vec<String>)],
) -> io::Result<()> {
    let columns = |cell: &str| cell.chars().count();
    let names = rows.iter().map(|(name, _)| columns(name));
    let first = names.chain([columns(form.corner), form.min_width]).max().unwrap_or(0);
    let widest = |(at, heading): (usize, &&str)| {
        let cells = rows.iter().map(|(_, cells)| columns(&cells[at]));
        cells.chain([columns(heading)]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = headings.iter().enumerate().map(widest).collect();
    let line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
        let mut line = format!("{}{name:<first$}", form.indent);
        for (cell, width) in cells.zip(&widths) {
            line.push_str(&match form.align {
                Align::Left => format!("{GAP}{cell:<width$}"),
                Align::Right => format!("{GAP}{cell:>width$}"),
            });
        }
        line.truncate(line.trim_end().len());
        line
    };
    writeln!(out, "{DIM}{}{DIM:#}", line(form.corner, &mut headings.iter().copied()))?;
    for (name, cells) in rows {
        writeln!(out, "{}", line(name, &mut cells.iter().map(String::as_str)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(align: Align, shown: &str) {
        let form = Form { indent: " ", corner: "at", min_width: 3, align };
        let rows = [("1", ["1.00", "–"]), ("16", ["10.5", "1,000"])];
        let rows = rows.map(|(name, cells)| (name.to_owned(), cells.map(str::to_owned).to_vec()));
        let mut out = Vec::new();
        table(&mut out, form, &["p50", "n"], &rows).unwrap();
        assert_eq!(String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap(), shown);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cells() {
        check(Align::Left, " at   p50   n\n 1    1.00  –\n 16   10.5  1,000\n");
        check(Align::Right, " at    p50      n\n 1    1.00      –\n 16   10.5  1,000\n");
    }
}
