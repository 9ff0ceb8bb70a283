//! TOML: its tables, and the keys before the first of them. A line is read at a time; strings and arrays may span some.

use super::{Found, Member};
use crate::extract::lines;

/// What a line's end leaves open.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    /// The mark of a string that spans lines.
    string: Option<&'static str>,
    /// Brackets of arrays.
    brackets: usize,
}

const LONG_STRINGS: [&str; 2] = ["\"\"\"", "'''"];

pub(super) fn read(text: &str) -> Found {
    let mut open = Open::default();
    let mut found = Found::default();
    let mut in_table = false;
    for line in lines(text) {
        let words = &text[line.clone()];
        let inner = words.trim_start_matches('\u{feff}').trim();
        let is_free = open.string.is_none() && open.brackets == 0;
        let name = table_name(inner).filter(|_| is_free);
        if let Some(name) = name {
            let start = line.start + words.find(name).unwrap_or(0);
            found.add(Member { at: line.start, nested: false, key: Some(start..start + name.len()) });
            in_table = true;
            continue;
        }
        let is_key = is_free && !inner.starts_with(['#', ']', '}']) && inner.contains('=');
        if is_key && let Some((name, _)) = inner.split_once('=') {
            let start = line.start + words.find(inner).unwrap_or(0);
            let key = start..start + name.trim_end().len();
            found.add(Member { at: line.start, nested: in_table, key: Some(key) });
        }
        open = after(inner, open);
    }
    found
}

/// The name in `[name]` or `[[name]]`.
fn table_name(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("[[").or_else(|| line.strip_prefix('['))?;
    let (name, rest) = inner.split_once(']')?;
    let rest = rest.trim_start_matches(']').trim_start();
    let plain = |c: char| c.is_alphanumeric() || "_-. \"'".contains(c);
    let is_name = !name.trim().is_empty() && (name.chars().all(plain) || name.contains(['"', '\'']));
    (is_name && !name.contains(',') && (rest.is_empty() || rest.starts_with('#'))).then_some(name.trim())
}

/// What is open after a line.
fn after(line: &str, mut open: Open) -> Open {
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(mark) = open.string {
            let Some(end) = rest.find(mark) else { return open };
            rest = &rest[end + mark.len()..];
            open.string = None;
            continue;
        }
        let Some(at) = rest.find(['"', '\'', '[', ']', '{', '}', '#']) else { return open };
        rest = &rest[at..];
        if let Some(mark) = LONG_STRINGS.into_iter().find(|mark| rest.starts_with(mark)) {
            open.string = Some(mark);
            rest = &rest[mark.len()..];
            continue;
        }
        let sign = rest.as_bytes()[0];
        rest = &rest[1..];
        match sign {
            b'#' => return open,
            b'[' | b'{' => open.brackets += 1,
            b']' | b'}' => open.brackets = open.brackets.saturating_sub(1),
            _ => rest = past_string(rest, sign),
        }
    }
    open
}

/// What follows a string on one line whose opening mark stands before `rest`.
fn past_string(rest: &str, mark: u8) -> &str {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if mark == b'"' => escaped = true,
            _ if byte == mark => return &rest[at + 1..],
            _ => {}
        }
    }
    ""
}
