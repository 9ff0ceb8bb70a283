//! Finds secrets in a text. What they look like is in [`super::rules`]; what is done with them is not here.

use std::ops::Range;

use regex::Regex;

use super::rules::{PRIVATE_KEY, SHAPES, Sure};

/// The longest block of a private key, in bytes.
const MAX_KEY_BLOCK_BYTES: usize = 16 * 1024;
/// What ends one.
const END_OF_BLOCK: &str = "-----END";

/// From so many bits for each character on, a text looks drawn by chance; English words have some 3 at this length, and
/// 32 hexadecimal digits 3.6.
const RANDOM_BITS: f32 = 3.2;
/// Of neighbouring letters and digits this share must differ in kind (case, or letter and digit), as in words they do not.
const RANDOM_CHANGES: f32 = 0.2;

/// Which secrets are masked in what goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRules {
    /// Whether any are.
    pub masked: bool,
    /// Names of known kinds that are left as they are.
    pub left: Vec<String>,
    /// Patterns of more kinds, in the syntax of the crate `regex`. Where one has a group, the group is the secret.
    pub more: Vec<String>,
}

impl Default for SecretRules {
    /// Every known kind.
    fn default() -> SecretRules {
        SecretRules { masked: true, left: Vec::new(), more: Vec::new() }
    }
}

impl SecretRules {
    /// The names of the kinds that are known.
    pub fn known() -> impl Iterator<Item = &'static str> {
        SHAPES.iter().map(|shape| shape.name)
    }
}

/// Why rules about secrets cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretRuleError {
    /// Nothing of that name is known.
    #[error("there is no kind of secret {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The pattern cannot be read, or is too large.
    #[error("{pattern:?} is no pattern: {reason}")]
    Pattern {
        /// What was given.
        pattern: String,
        /// Why it is none.
        reason: String,
    },
}

/// Rules, compiled.
pub(super) struct Secrets {
    each: Vec<Compiled>,
}

struct Compiled {
    pattern: Regex,
    sure: Sure,
    /// Whether what it finds only begins a block.
    is_block: bool,
}

impl Secrets {
    pub(super) fn new(rules: &SecretRules) -> Result<Secrets, SecretRuleError> {
        if let Some(name) = rules.left.iter().find(|name| SecretRules::known().all(|known| known != **name)) {
            return Err(SecretRuleError::Unknown { name: name.clone() });
        }
        let known = SHAPES.iter().filter(|shape| rules.left.iter().all(|name| name != shape.name));
        let known =
            known.map(|shape| (format!("(?-u){}", shape.pattern), shape.sure, shape.name == PRIVATE_KEY));
        let more = rules.more.iter().map(|pattern| (pattern.clone(), Sure::ByShape, false));
        let mut each = Vec::new();
        for (pattern, sure, is_block) in known.chain(more).filter(|_| rules.masked) {
            let compiled = Regex::new(&pattern);
            let broken =
                |error: regex::Error| SecretRuleError::Pattern { pattern, reason: error.to_string() };
            each.push(Compiled { pattern: compiled.map_err(broken)?, sure, is_block });
        }
        Ok(Secrets { each })
    }

    /// Whether nothing is looked for.
    pub(super) fn is_off(&self) -> bool {
        self.each.is_empty()
    }

    /// Where secrets lie, ascending and apart from each other. Linear in the text's length, once for each shape: most begin
    /// with letters that are looked for at the speed of memory, which one automaton for all of them is far from.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for Compiled { pattern, sure, is_block } in &self.each {
            for captures in pattern.captures_iter(text) {
                let Some(secret) = captures.get(1).or(captures.get(0)) else { continue };
                if *is_block {
                    found.push(secret.end()..end_of_block(text, secret.end()));
                } else if is_secret(secret.as_str(), *sure) && !is_called(text, secret.end()) {
                    found.push(secret.range());
                }
            }
        }
        merged(found)
    }
}

/// Where the block of a key that begins at `start` ends: at its last line, or, where that is not there, where what
/// follows can be none of it.
fn end_of_block(text: &str, start: usize) -> usize {
    let limit = text.floor_char_boundary((start + MAX_KEY_BLOCK_BYTES).min(text.len()));
    let rest = &text[start..limit];
    match rest.find(END_OF_BLOCK) {
        Some(length) => start + length,
        None => {
            let of_block = |c: char| c.is_ascii_alphanumeric() || "+/=\\:,-. \r\n\t".contains(c);
            start + rest.find(|c| !of_block(c)).unwrap_or(rest.len())
        }
    }
}

/// Whether what stands there is a function, and no secret: it is followed by `(`.
fn is_called(text: &str, end: usize) -> bool {
    text.as_bytes().get(end) == Some(&b'(')
}

fn is_secret(secret: &str, sure: Sure) -> bool {
    match sure {
        Sure::ByShape => !secret.is_empty(),
        Sure::IfRandom => looks_random(secret),
        Sure::IfChosen => looks_chosen(secret),
    }
}

/// Whether a text looks drawn by chance: many different characters, and digits or capitals where words have none.
fn looks_random(secret: &str) -> bool {
    // `sk-` and `xoxb-` tell nothing of what follows.
    let body = secret.rsplit_once(['-', '_']).map_or(secret, |(_, last)| last);
    let body = if body.len() >= 16 { body } else { secret };
    let runs: Vec<&[u8]> = body.as_bytes().chunk_by(|a, b| kind(*a) == kind(*b)).collect();
    let is_sign = |run: &[u8]| kind(run[0]) == Kind::Sign;
    let changes = runs.windows(2).filter(|pair| !is_sign(pair[0]) && !is_sign(pair[1])).count();
    let digits: usize = runs.iter().filter(|run| kind(run[0]) == Kind::Digit).map(|run| run.len()).sum();
    // In `CamelCase` a capital stands alone.
    let capitals = runs.iter().filter(|run| kind(run[0]) == Kind::Upper && run.len() > 1).count();
    let many_changes = changes as f32 >= RANDOM_CHANGES * body.len() as f32;
    bits(body) >= RANDOM_BITS && many_changes && (digits >= 2 || capitals >= 2)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Sign,
}

fn kind(byte: u8) -> Kind {
    match byte {
        b'a'..=b'z' => Kind::Lower,
        b'A'..=b'Z' => Kind::Upper,
        b'0'..=b'9' => Kind::Digit,
        _ => Kind::Sign,
    }
}

/// Shannon's entropy of the characters, in bits for each.
fn bits(text: &str) -> f32 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[byte as usize] += 1);
    let length = text.len().max(1) as f32;
    counts.iter().filter(|&&count| count > 0).map(|&count| count as f32 / length).map(|p| -p * p.log2()).sum()
}

/// Whether a text is more than a word, a name or a number: letters and digits, or letters and signs that no name has.
fn looks_chosen(secret: &str) -> bool {
    let has = |test: fn(&u8) -> bool| secret.bytes().any(|byte| test(&byte));
    let letters = has(u8::is_ascii_alphabetic);
    let digits = has(u8::is_ascii_digit);
    let signs = secret.bytes().any(|byte| b"!#$%&?@^~+=*".contains(&byte));
    // A path, an address, a variable, or a place to fill in.
    let is_place = secret.contains("://")
        || secret.contains("::")
        || secret.contains("...")
        || secret.starts_with(['/', '$', '%', '.', '?', '&', '#'])
        || secret.split('.').count() > 1
            && secret.split('.').all(|part| part.bytes().all(|b| b.is_ascii_alphabetic()));
    letters && (digits || signs) && !is_place && bits(secret) >= 2.0
}

/// Ranges that touch or overlap become one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}
