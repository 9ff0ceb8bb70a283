//! The definitions of a text, read off its syntax tree. Nothing within a function is one.
//!
//! The tree is walked with a cursor, not by recursion: what a stranger nested a million deep must not end the program.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};

use super::grammar::{Grammar, Role};
use crate::extract::{MAX_HEADINGS, MAX_NAME_CHARS, name_of};

/// The largest text that is parsed, as large as a text that is read whole whatever it holds. What people write by hand is
/// smaller (all but one in a hundred of 16,000 files of Rust crates), and a text made to be hard to read takes the parser
/// some six microseconds and 400 bytes of memory a byte.
const MAX_PARSED_BYTES: usize = 128 * 1024;

/// The text is handed to the parser in pieces of so many bytes, and each time it asks is counted.
const PIECE_BYTES: usize = 4096;

/// How often the parser may go over a text, as a multiple of its length.
///
/// Real code is read two to four times, short files up to twenty; a string that never ends, begun at every line, would
/// be read to its end from each.
const MAX_READINGS: usize = 16;

/// The parser tells of its progress every hundred steps; real code takes about one step a byte, short tables of macros nearly three.
const STEPS_A_REPORT: usize = 100;
/// How many steps the parser may take for each byte.
const MAX_STEPS_A_BYTE: usize = 2;
/// Both limits leave short texts so many more bytes' worth.
const SLACK_BYTES: usize = 32 * 1024;

/// The deepest declarator looked into for a name: `int (*(*f)(int))[3]` is four deep.
const MAX_DECLARATOR_DEPTH: usize = 32;

/// A definition in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    /// Where it begins, with its comments and attributes.
    pub(super) start: usize,
    /// Where its name stands.
    pub(super) name_at: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// 1 where nothing is around it.
    pub(super) level: u8,
    /// What it is called: `fn parse`, `Parser::parse`.
    pub(super) name: String,
}

/// The definitions in order of their starts, at most [`MAX_HEADINGS`].
///
/// `None` where the text is larger than [`MAX_PARSED_BYTES`] or takes the parser more work than code does. What work is
/// allowed depends on the text's length alone, not on a clock: the same text always gives the same definitions.
pub(super) fn of(text: &str, grammar: &Grammar) -> Option<Vec<Definition>> {
    let tree = parse(text, grammar)?;
    let mut walk = Walk { text, grammar, found: Vec::new() };
    walk.over(&mut tree.walk());
    let mut found = walk.found;
    found.sort_by_key(|definition| definition.start);
    Some(found)
}

fn parse(text: &str, grammar: &Grammar) -> Option<Tree> {
    if text.len() > MAX_PARSED_BYTES {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&grammar.language()).ok()?;
    let bytes = text.as_bytes();
    let allowed = bytes.len() + SLACK_BYTES;
    let pieces = Cell::new(allowed / PIECE_BYTES * MAX_READINGS);
    let mut steps = allowed * MAX_STEPS_A_BYTE;
    let mut read = |at: usize, _| match pieces.get().checked_sub(1) {
        Some(left) => {
            pieces.set(left);
            let rest = bytes.get(at..).unwrap_or_default();
            &rest[..rest.len().min(PIECE_BYTES)]
        }
        None => &[],
    };
    let mut progress = |_: &tree_sitter::ParseState| match steps.checked_sub(STEPS_A_REPORT) {
        Some(left) if pieces.get() > 0 => {
            steps = left;
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Break(()),
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let tree = parser.parse_with_options(&mut read, None, Some(options))?;
    (pieces.get() > 0).then_some(tree)
}

/// A node that is looked into.
#[derive(Debug, Clone)]
struct Around {
    level: u8,
    /// The type its functions belong to.
    owner: Option<String>,
    /// Where the comments and attributes begin that belong to the next definition, and where the last of them ends.
    before: Option<Range<usize>>,
    /// Whether it is a wrap: its start is that of the definition in it.
    wraps: bool,
}

#[derive(Debug)]
struct Walk<'a> {
    text: &'a str,
    grammar: &'a Grammar,
    found: Vec<Definition>,
}

impl Walk<'_> {
    fn over(&mut self, cursor: &mut TreeCursor<'_>) {
        let mut around = vec![Around { level: 1, owner: None, before: None, wraps: false }];
        while self.found.len() < MAX_HEADINGS {
            let node = cursor.node();
            let inner = around.last_mut().and_then(|around| self.visit(node, around));
            if let Some(inner) = inner
                && cursor.goto_first_child()
            {
                around.push(inner);
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                around.pop();
            }
        }
    }

    /// Notes a definition; gives what its children stand in if they are looked at.
    fn visit(&mut self, node: Node<'_>, around: &mut Around) -> Option<Around> {
        if !node.is_named() {
            return None;
        }
        let kind = node.kind();
        if kind.ends_with("comment") || matches!(kind, "attribute_item" | "decorator") {
            self.gather(node, around);
            return None;
        }
        let Some((role, word)) = self.grammar.role(kind) else {
            if !around.wraps {
                around.before = None;
            }
            return None;
        };
        let start = self.start(node, around);
        let same = Around { before: None, wraps: false, ..around.clone() };
        match role {
            Role::Through => return Some(same),
            Role::Wrap => {
                return Some(Around { before: Some(start..node.start_byte()), wraps: true, ..same });
            }
            Role::Binding if !binds(node) => return None,
            _ if self.grammar.needs_body(kind) && node.child_by_field_name("body").is_none() => return None,
            _ => {}
        }
        let (name_at, own) = self.name(node)?;
        let owner = receiver(node, self.text).or_else(|| around.owner.clone());
        let name = match owner.filter(|_| matches!(role, Role::Function | Role::Binding)) {
            Some(owner) => format!("{owner}{}{own}", self.grammar.joint),
            None if word.is_empty() => own.clone(),
            None => format!("{word} {own}"),
        };
        self.found.push(Definition { start, name_at, end: node.end_byte(), level: around.level, name });
        let level = around.level.saturating_add(1);
        match role {
            Role::Type => {
                let owner =
                    node.child_by_field_name("type").map_or(own, |of| bare(&self.text[of.byte_range()]));
                Some(Around { level, owner: Some(owner), ..same })
            }
            Role::Group => Some(Around { level, owner: None, ..same }),
            _ => None,
        }
    }

    /// Takes a comment or attribute to what may follow it.
    fn gather(&self, node: Node<'_>, around: &mut Around) {
        let range = node.byte_range();
        around.before = match around.before.take() {
            Some(before) if around.wraps || self.adjoins(before.end, range.start) => {
                Some(before.start..range.end)
            }
            _ if self.opens_line(range.start) => Some(range),
            _ => None,
        };
    }

    /// Where a node begins, with what was gathered before it.
    fn start(&self, node: Node<'_>, around: &mut Around) -> usize {
        match around.before.take() {
            Some(before) if around.wraps || self.adjoins(before.end, node.start_byte()) => before.start,
            _ => node.start_byte(),
        }
    }

    /// Whether no blank line stands between two places.
    fn adjoins(&self, from: usize, to: usize) -> bool {
        let Some(before) = self.text.get(..to) else { return false };
        let spaces = &before[before.trim_end().len()..];
        let line_ends = spaces.bytes().filter(|byte| *byte == b'\n').count();
        line_ends.max(spaces.bytes().filter(|byte| *byte == b'\r').count()) <= 1 && from <= to
    }

    fn opens_line(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t', '\u{feff}']);
        before.is_empty() || before.ends_with(['\n', '\r'])
    }

    /// Where a definition's name stands, and the name.
    fn name(&self, node: Node<'_>) -> Option<(usize, String)> {
        let words = |node: Node<'_>| name_of(bounded(&self.text[node.byte_range()]));
        if node.kind() == "impl_item" {
            let of = words(node.child_by_field_name("type")?);
            let name = match node.child_by_field_name("trait") {
                Some(implemented) => format!("{} for {of}", words(implemented)),
                None => of,
            };
            return Some((node.start_byte(), name));
        }
        let mut name =
            ["name", "left", "property", "declarator"].iter().find_map(|f| node.child_by_field_name(f))?;
        for _ in 0..MAX_DECLARATOR_DEPTH {
            let inner = match name.kind() {
                "reference_declarator" | "parenthesized_declarator" => name.named_child(0),
                _ => name.child_by_field_name("declarator"),
            };
            let Some(inner) = inner else { break };
            name = inner;
        }
        let text = words(name);
        (!text.is_empty()).then_some((name.start_byte(), text))
    }
}

/// Whether a name is given a function or a class.
fn binds(node: Node<'_>) -> bool {
    let value = node.child_by_field_name("value").or_else(|| node.child_by_field_name("right"));
    value.is_some_and(|value| {
        matches!(
            value.kind(),
            "arrow_function" | "function_expression" | "generator_function" | "class" | "function"
        )
    })
}

/// The type that a method of Go belongs to.
fn receiver(node: Node<'_>, text: &str) -> Option<String> {
    let receiver = bounded(&text[node.child_by_field_name("receiver")?.byte_range()]);
    let of = receiver.trim_matches(['(', ')', ' ']).rsplit([' ', '*']).next()?;
    Some(bare(of)).filter(|name| !name.is_empty())
}

/// A type without its parameters.
fn bare(of: &str) -> String {
    let of = bounded(of);
    name_of(of.split(['<', '[']).next().unwrap_or(of))
}

/// As much of a text as a name could need.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(4 * MAX_NAME_CHARS)]
}
