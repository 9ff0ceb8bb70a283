//! JSON, with the comments and stray commas people write into it; several values after each other are read too.

use std::ops::Range;

use super::{Found, Member};
use crate::extract::outline::is_crowded;
use crate::extract::{Meant, escapes};

/// What is open at the outer levels; deeper ones are only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

/// The levels at which members are noted: values that stand alone, in the outermost value, and in those.
const LEVELS: usize = 3;

pub(super) fn read(text: &str) -> Found {
    let mut scan = Scan {
        text,
        at: 0,
        depth: 0,
        open: [None; LEVELS],
        expects: [true; LEVELS],
        unclosed: false,
        found: Vec::new(),
        meant: Vec::new(),
    };
    while scan.at < text.len() {
        scan.step();
    }
    // A lone value is the file, and what stands in it is what we are after; of several each is a member.
    let n_alone = scan.found.iter().filter(|(depth, _)| *depth == 0).count();
    let outer = usize::from(n_alone == 1);
    let members = scan.found.into_iter().filter(|(depth, _)| (outer..outer + 2).contains(depth));
    let members = members.map(|(depth, member)| Member { nested: depth > outer, ..member }).collect();
    Found { members, meant: scan.meant }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// What is open around each of the outer levels.
    open: [Option<Open>; LEVELS],
    /// Whether a key or element may begin at each of them.
    expects: [bool; LEVELS],
    /// Whether a comment was not closed: then no later one is.
    unclosed: bool,
    /// The members of the outer levels and how many values stand around each.
    found: Vec<(usize, Member)>,
    meant: Vec<Meant>,
}

impl Scan<'_> {
    /// Reads one sign, string, word or comment.
    fn step(&mut self) {
        let bytes = self.text.as_bytes();
        let start = self.at;
        match bytes[start] {
            b'"' => {
                let end = self.string_end();
                let closed = end > start + 1 && bytes[end - 1] == b'"';
                let inner = start + 1..end - usize::from(closed);
                self.at = end;
                if self.text[inner.clone()].contains('\\') {
                    escapes::read(self.text, inner.clone(), &mut self.meant);
                }
                self.begin(start, Some(inner));
            }
            b'/' if matches!(bytes.get(start + 1), Some(b'/' | b'*')) => self.at = self.comment_end(),
            b'{' => self.enter(Open::Object),
            b'[' => self.enter(Open::Array),
            b'}' | b']' => {
                self.at += 1;
                self.depth = self.depth.saturating_sub(1);
                self.expect(self.depth == 0);
            }
            b',' => {
                self.at += 1;
                self.expect(true);
            }
            b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
            _ => {
                let rest = &self.text[start..];
                let is_end =
                    |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '"' | '{' | '}' | '[' | ']' | '/');
                let first = rest.chars().next().map_or(1, char::len_utf8);
                self.at += first + rest[first..].find(is_end).unwrap_or(rest.len() - first);
                self.begin(start, None);
            }
        }
    }

    fn expect(&mut self, expects: bool) {
        if let Some(level) = self.expects.get_mut(self.depth) {
            *level = expects;
        }
    }

    /// Notes a member if one may begin here.
    fn begin(&mut self, at: usize, string: Option<Range<usize>>) {
        if self.depth >= LEVELS || !std::mem::replace(&mut self.expects[self.depth], self.depth == 0) {
            return;
        }
        if self
            .found
            .last()
            .is_some_and(|(depth, last)| is_crowded(self.found.len(), at - last.at, *depth == self.depth))
        {
            return;
        }
        let key = string.filter(|_| self.open[self.depth] == Some(Open::Object));
        self.found.push((self.depth, Member { at, nested: false, key }));
    }

    fn enter(&mut self, open: Open) {
        self.begin(self.at, None);
        self.at += 1;
        self.depth += 1;
        if let Some(level) = self.open.get_mut(self.depth) {
            *level = Some(open);
        }
        self.expect(true);
    }

    /// Past the string that begins here: its end, or its line's, for no string of JSON has more.
    fn string_end(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => return at + 1,
                b'\n' | b'\r' => return at,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.text.len()
    }

    /// Past the comment that begins here; one that is not closed ends with its line.
    fn comment_end(&mut self) -> usize {
        let rest = &self.text[self.at..];
        if rest.as_bytes()[1] == b'*' && !self.unclosed {
            if let Some(end) = rest.find("*/") {
                return self.at + end + 2;
            }
            self.unclosed = true;
        }
        self.at + rest.find(['\n', '\r']).unwrap_or(rest.len())
    }
}
