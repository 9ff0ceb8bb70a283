//! Tables: of rows that belong together as a table of Markdown, of mere layout as the blocks in its cells.

use std::fmt::Write as _;

/// A cell longer than this with several paragraphs in it is layout, in bytes.
const MAX_CELL_BYTES: usize = 1000;

/// A table while it is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    /// Whether a table is in one of its cells.
    nests: bool,
}

impl Table {
    /// Adds a cell, which is Markdown.
    pub(super) fn cell(&mut self, markdown: String) {
        self.row.push(markdown);
    }

    /// Ends the row.
    pub(super) fn end_row(&mut self) {
        if !self.row.is_empty() {
            self.rows.push(std::mem::take(&mut self.row));
        }
    }

    /// Tells it that a table is inside.
    pub(super) fn nest(&mut self) {
        self.nests = true;
    }

    /// The table as Markdown.
    pub(super) fn finish(mut self) -> String {
        self.end_row();
        self.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let n_columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        if self.nests || n_columns < 2 || self.rows.iter().flatten().any(|cell| is_layout(cell)) {
            self.rows.into_iter().flatten().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("\n\n")
        } else {
            self.markdown(n_columns)
        }
    }

    /// Rows shorter than the first are not filled up: one long row would make all the others long.
    fn markdown(self, n_columns: usize) -> String {
        let mut out = String::new();
        for (n, row) in self.rows.iter().enumerate() {
            for cell in row {
                let cell = cell.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
                let _ = write!(out, "| {cell} ");
            }
            if n == 0 {
                out.push_str(&"| ".repeat(n_columns - row.len()));
            }
            out.push_str("|\n");
            if n == 0 {
                out.push_str(&"| --- ".repeat(n_columns));
                out.push_str("|\n");
            }
        }
        out
    }
}

/// Whether a cell holds what no cell of a table holds.
fn is_layout(cell: &str) -> bool {
    cell.starts_with('#')
        || cell.contains("\n#")
        || cell.contains("```")
        || cell.len() > MAX_CELL_BYTES && cell.contains("\n\n")
}
