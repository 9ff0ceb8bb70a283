//! One flow of Markdown while it is written: a page, or a cell of a table. It knows blocks, lists and quotes, and
//! neither HTML nor Word.

use super::writing::{line_start, prose};

/// The deepest lists and quotes; what is deeper is written as if it were this deep.
const MAX_DEPTH: usize = 12;

/// What a block stands in.
#[derive(Debug)]
enum Container {
    Quote,
    List {
        /// The next item's number; `None` where items have dashes.
        number: Option<u32>,
    },
    Item {
        /// What begins the item, until its first block is written.
        marker: Option<String>,
        /// How far the blocks of the item are indented.
        width: usize,
    },
}

/// A flow of blocks.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The blocks that are done.
    out: String,
    /// The block being written, its inside escaped.
    line: String,
    /// The words that follow, not yet escaped: what `&lt;` and its neighbours mean shows only together.
    words: String,
    containers: Vec<Container>,
    /// Containers that are open and too deep to be written.
    too_deep: usize,
    /// How many blocks were written; tells whether a place in the line is still in that line.
    n_blocks: usize,
    /// Whether the last block was one of a list.
    after_item: bool,
    /// The quotes around the last block.
    n_quotes_before: usize,
}

/// A place in the block being written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    block: usize,
    at: usize,
}

impl Sheet {
    /// Adds words; white space collapses, also with what is there already.
    pub(super) fn words(&mut self, text: &str) {
        let is_space = |c: char| c.is_whitespace() || c == '\u{200b}';
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.trim_start_matches(is_space);
            if word.len() < rest.len() && !self.ends_with_space() {
                self.words.push(' ');
            }
            let end = word.find(is_space).unwrap_or(word.len());
            self.words.push_str(&word[..end]);
            rest = &word[end..];
        }
    }

    fn ends_with_space(&self) -> bool {
        let last = self.words.chars().next_back().or_else(|| self.line.chars().next_back());
        last.is_none_or(char::is_whitespace)
    }

    /// Ends the line inside the block.
    pub(super) fn line_break(&mut self) {
        self.settle();
        self.line.truncate(self.line.trim_end_matches(' ').len());
        if !self.line.is_empty() {
            self.line.push('\n');
        }
    }

    /// Adds Markdown as it is.
    pub(super) fn markup(&mut self, markup: &str) {
        self.settle();
        self.line.push_str(markup);
    }

    /// Where the next words will stand.
    pub(super) fn place(&mut self) -> Place {
        self.settle();
        Place { block: self.n_blocks, at: self.line.len() }
    }

    /// Takes back what was written since, escaped; `None` if a block ended between.
    pub(super) fn take_since(&mut self, place: Place) -> Option<String> {
        self.settle();
        (place.block == self.n_blocks).then(|| self.line.split_off(place.at.min(self.line.len())))
    }

    /// The same for words that are to stay as they are: those of code.
    pub(super) fn take_words_since(&mut self, place: Place) -> Option<String> {
        let same = place.block == self.n_blocks && place.at == self.line.len();
        same.then(|| std::mem::take(&mut self.words))
    }

    fn settle(&mut self) {
        if !self.words.is_empty() {
            self.line.push_str(&prose(&std::mem::take(&mut self.words)));
        }
    }

    /// Ends the paragraph, if there is one.
    pub(super) fn end_paragraph(&mut self) {
        self.settle();
        let line = std::mem::take(&mut self.line);
        let block: Vec<_> =
            line.lines().map(str::trim).filter(|line| !line.is_empty()).map(line_start).collect();
        self.block(&block.join("\n"));
    }

    /// Takes the paragraph back.
    pub(super) fn drop_paragraph(&mut self) {
        self.words.clear();
        self.line.clear();
    }

    /// Ends the paragraph as a heading; tells whether it says anything.
    pub(super) fn end_heading(&mut self, level: usize) -> bool {
        self.settle();
        let line = std::mem::take(&mut self.line);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return false;
        }
        self.block(&format!("{} {line}", "#".repeat(level)));
        true
    }

    /// Writes a block that is Markdown already. The paragraph before it must have ended.
    pub(super) fn block(&mut self, block: &str) {
        let block = block.trim_matches('\n');
        self.n_blocks += 1;
        if block.is_empty() {
            return;
        }
        let begins_item = self
            .containers
            .iter()
            .any(|container| matches!(container, Container::Item { marker: Some(_), .. }));
        let in_item = self.containers.iter().any(|container| matches!(container, Container::Item { .. }));
        let is_tight = begins_item && self.after_item;
        if !self.out.is_empty() && !is_tight {
            let blank = self.prefix(Blank::Yes);
            self.out.push_str(blank.trim_end());
            self.out.push('\n');
        }
        let first = self.prefix(Blank::No);
        let later = self.prefix(Blank::No);
        for (n, line) in block.split('\n').enumerate() {
            let prefix = if n == 0 { &first } else { &later };
            // White space at the end goes, and what stands before it stays: a prefix alone ends at its mark.
            let line = line.trim_end();
            self.out.push_str(if line.is_empty() { prefix.trim_end() } else { prefix });
            self.out.push_str(line);
            self.out.push('\n');
        }
        self.after_item = in_item;
        self.n_quotes_before =
            self.containers.iter().filter(|container| matches!(container, Container::Quote)).count();
    }

    /// What stands before each line; the markers of items are used up unless the line is blank.
    fn prefix(&mut self, blank: Blank) -> String {
        let mut prefix = String::new();
        let mut quoted_until = 0;
        let mut n_quotes = 0;
        for container in &mut self.containers {
            match container {
                Container::Quote => {
                    prefix.push_str("> ");
                    n_quotes += 1;
                    // A blank line before a quote is not part of it.
                    if n_quotes <= self.n_quotes_before {
                        quoted_until = prefix.len();
                    }
                }
                Container::List { .. } => {}
                Container::Item { marker, width } => match (marker.is_some(), blank) {
                    // A blank line before an item belongs to what is around it.
                    (true, Blank::Yes) => break,
                    (true, Blank::No) => prefix.push_str(&marker.take().unwrap_or_default()),
                    (false, _) => prefix.extend(std::iter::repeat_n(' ', *width)),
                },
            }
        }
        if blank == Blank::Yes {
            prefix.truncate(quoted_until);
        }
        prefix
    }

    /// Begins a quote.
    pub(super) fn start_quote(&mut self) {
        self.start(Container::Quote);
    }

    /// Begins a list; its items are numbered from `number` on, or have dashes.
    pub(super) fn start_list(&mut self, number: Option<u32>) {
        self.start(Container::List { number });
    }

    /// Begins an item of the list around it, or of one that was forgotten.
    pub(super) fn start_item(&mut self) {
        let marker = match self.containers.last_mut() {
            Some(Container::List { number: Some(number) }) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => "- ".to_owned(),
        };
        self.start(Container::Item { width: marker.len(), marker: Some(marker) });
    }

    fn start(&mut self, container: Container) {
        self.end_paragraph();
        match self.containers.len() < MAX_DEPTH && self.too_deep == 0 {
            true => self.containers.push(container),
            false => self.too_deep += 1,
        }
    }

    /// Ends the innermost quote, list or item.
    pub(super) fn end_container(&mut self) {
        self.end_paragraph();
        match self.too_deep {
            0 => {
                let ended = self.containers.pop();
                // Another list follows as a list of its own.
                if matches!(ended, Some(Container::List { .. })) && self.containers.is_empty() {
                    self.after_item = false;
                }
            }
            _ => self.too_deep -= 1,
        }
    }

    /// The Markdown, without white space at its ends.
    pub(super) fn finish(mut self) -> String {
        self.end_paragraph();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

/// Whether a prefix is for a blank line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blank {
    Yes,
    No,
}
