//! A text cut into pieces, each of which becomes one term: words, the compounds they stand in, characters of scripts
//! without spaces, emoji. Which term a piece becomes is in [`super::term`].
//!
//! A compound is words joined by marks, such as `snake_case`, `v1.2.3`, `src/main.rs`, `me@example.com`. It gives its
//! words, each on a place of its own, and besides, on the place of the first, the compound whole; one of several
//! segments (`src/main.rs`) gives those that are compounds themselves (`main.rs`) too.

use std::collections::VecDeque;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::super::function_words::row_that_begins;

/// A compound of more words is no identifier that somebody asks for, and gives its words alone.
const MAX_COMPOUND_WORDS: usize = 16;
/// A compound joined by hyphens alone, of more words, is a phrase.
const MAX_JOINED_WORDS: usize = 3;
/// The longest row of marks that joins two words: `://`.
const MAX_JOINT_CHARS: usize = 3;

/// What follows an apostrophe in English without being a word of its own.
const ENGLISH_ENDINGS: [&str; 7] = ["s", "t", "ll", "re", "ve", "d", "m"];
/// What precedes an apostrophe in French, Italian and Catalan without being a word of its own.
const ELISIONS: [&str; 17] = [
    "l", "d", "j", "m", "n", "s", "t", "c", "qu", "jusqu", "lorsqu", "puisqu", "dell", "all", "nell", "un",
    "quell",
];

/// Whose text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Document,
    Question,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A compound as it is written.
    Whole,
    /// A compound without the marks that join it: `e-mail` as `email`.
    Joined,
    /// A word, whose ending is cut.
    Word,
    /// One or two characters of a script without spaces, or an emoji.
    Character,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its bytes.
    pub(super) bytes: Range<usize>,
    /// Its place in the row of words. Compounds share that of their first word.
    pub(super) place: u32,
    /// What it is.
    pub(super) form: Form,
    /// Whether it is of a function word in a script without spaces; so in questions alone.
    pub(super) is_function_row: bool,
}

/// Gives the pieces of a text in the order of their places. Linear in the text.
pub(super) struct Cutter<'a> {
    text: &'a str,
    side: Side,
    /// The next byte to read.
    at: usize,
    /// The place of the next word.
    place: u32,
    ready: VecDeque<Piece>,
    /// Scratch: the words of the compound being read, and whether the joint before each parts segments.
    words: Vec<(Range<usize>, Joint)>,
}

/// What stands between two words of a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// A hyphen or an apostrophe: the words are nearly one.
    Weak,
    /// A mark within a name: `_`, `.`.
    Name,
    /// A mark between names: `/`, `:`, `@`.
    Segment,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(text: &'a str, side: Side) -> Cutter<'a> {
        Cutter { text, side, at: 0, place: 0, ready: VecDeque::new(), words: Vec::new() }
    }

    fn push(&mut self, bytes: Range<usize>, place: u32, form: Form) {
        self.ready.push_back(Piece { bytes, place, form, is_function_row: false });
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Reads on until there is a piece or the text ends.
    fn read(&mut self) {
        while self.ready.is_empty() {
            let Some(character) = self.rest().chars().next() else { return };
            if is_unspaced(character) {
                self.read_unspaced();
            } else if is_word_start(character) {
                self.read_compound();
            } else if matches!(character, '#' | '.') && self.begins_a_name() {
                self.read_marked(character);
            } else {
                if is_emoji(character) {
                    self.read_emoji(character);
                }
                self.at += character.len_utf8();
            }
        }
    }

    /// Whether what stands at `at` follows white space or an opening mark and precedes a word.
    fn begins_a_name(&self) -> bool {
        let before = self.text[..self.at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '\'' | ','))
            && self.rest().chars().nth(1).is_some_and(|c| is_word_start(c) || is_unspaced(c))
    }

    /// `#tag/below` gives `#tag` and `#tag/below`, `.NET` gives `.net`; the words follow by themselves.
    fn read_marked(&mut self, mark: char) {
        let start = self.at;
        let belongs = |c: char| is_word(c) || is_unspaced(c) || (mark == '#' && matches!(c, '_' | '-' | '/'));
        let length = self.rest()[1..].find(|c| !belongs(c)).map_or(self.rest().len(), |length| length + 1);
        let name = self.rest()[..length].trim_end_matches(['/', '-']);
        // A question for a tag does not ask for those above it.
        if self.side == Side::Document {
            for (slash, _) in name.match_indices('/') {
                self.push(start..start + slash, self.place, Form::Whole);
            }
        }
        self.push(start..start + name.len(), self.place, Form::Whole);
        self.at += 1;
    }

    /// A pictograph, or two letters that make a flag.
    fn read_emoji(&mut self, character: char) {
        let mut end = self.at + character.len_utf8();
        if is_flag_letter(character) {
            match self.text[end..].chars().next() {
                Some(second) if is_flag_letter(second) => end += second.len_utf8(),
                _ => return,
            }
        }
        self.push(self.at..end, self.place, Form::Character);
        self.place += 1;
        // The caller steps over one character.
        self.at = end - character.len_utf8();
    }

    /// A run of characters that are not parted by spaces. A document gives each character and each pair.
    fn read_unspaced(&mut self) {
        let length = self.rest().find(|c| !is_unspaced(c)).unwrap_or(self.rest().len());
        let (start, end) = (self.at, self.at + length);
        match self.side {
            Side::Document => self.read_row(start..end, false),
            Side::Question => self.read_asked_rows(start..end),
        }
        self.at = end;
    }

    /// A run in a question: function words are rows of their own, so that no pair reaches from one into what is asked
    /// for.
    fn read_asked_rows(&mut self, run: Range<usize>) {
        let mut content = run.start;
        let mut at = run.start;
        while at < run.end {
            let length = row_that_begins(&self.text[at..run.end]);
            if length == 0 {
                at += self.text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            self.read_row(content..at, false);
            self.read_row(at..at + length, true);
            at += length;
            content = at;
        }
        self.read_row(content..run.end, false);
    }

    /// A question asks for the pairs of a row alone, or for the one character that there is.
    fn read_row(&mut self, row: Range<usize>, is_function_row: bool) {
        let mut characters = self.text[row.clone()].char_indices().peekable();
        let mut alone = true;
        let mut pieces = Vec::new();
        while let Some((at, character)) = characters.next() {
            let (at, first_end) = (row.start + at, row.start + at + character.len_utf8());
            let second_end = characters.peek().map(|&(next, second)| row.start + next + second.len_utf8());
            if self.side == Side::Document || (alone && second_end.is_none()) {
                pieces.push((at..first_end, self.place));
            }
            if let Some(second_end) = second_end {
                pieces.push((at..second_end, self.place));
            }
            alone = false;
            self.place += 1;
        }
        let piece = |(bytes, place)| Piece { bytes, place, form: Form::Character, is_function_row };
        self.ready.extend(pieces.into_iter().map(piece));
    }

    /// A word, or words joined by marks.
    fn read_compound(&mut self) {
        self.words.clear();
        let mut joint = Joint::Segment;
        loop {
            let word = self.read_word();
            self.words.push((word, joint));
            let Some((next, length)) = self.joint() else { break };
            self.at += length;
            joint = next;
        }
        self.drop_particles();
        self.emit_wholes();
        let words = std::mem::take(&mut self.words);
        for (word, _) in &words {
            self.push(word.clone(), self.place, Form::Word);
            self.emit_humps(word.clone());
            self.place += 1;
        }
        self.words = words;
        // A compound's pieces were made by kind; they leave by place.
        self.ready.make_contiguous().sort_by_key(|piece| (piece.place, piece.bytes.start));
    }

    fn read_word(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
        start..self.at
    }

    /// What joins the word that ends here to one that follows, and its length in bytes.
    fn joint(&self) -> Option<(Joint, usize)> {
        let rest = self.rest();
        let length = rest.find(|c| !is_joint(c))?;
        let marks = &rest[..length];
        let follows = rest[length..].chars().next().is_some_and(is_word_start);
        if marks.is_empty() || !follows || marks.chars().count() > MAX_JOINT_CHARS {
            return None;
        }
        match marks {
            "-" | "'" | "’" | "\u{2011}" => Some((Joint::Weak, length)),
            // A dash, an ellipsis.
            "--" | "---" | ".." | "..." => None,
            _ if marks.chars().all(|c| matches!(c, '_' | '.' | '-' | '+')) => Some((Joint::Name, length)),
            _ => Some((Joint::Segment, length)),
        }
    }

    /// Takes out what an apostrophe parts from a word without being one: `levain's`, `l'eau`.
    fn drop_particles(&mut self) {
        let is_apostrophe = |at: usize| self.text[at..].starts_with(['\'', '’']);
        let mut at = 0;
        while at + 1 < self.words.len() {
            let (first, second) = (self.words[at].0.clone(), self.words[at + 1].0.clone());
            if !is_apostrophe(first.end) {
                at += 1;
                continue;
            }
            let is_one_of = |bytes: Range<usize>, list: &[&str]| {
                list.iter().any(|known| self.text[bytes.clone()].eq_ignore_ascii_case(known))
            };
            if is_one_of(second.clone(), &ENGLISH_ENDINGS) {
                self.words.remove(at + 1);
            } else if is_one_of(first, &ELISIONS) {
                let joint = self.words[at].1;
                self.words.remove(at);
                self.words[at].1 = joint;
            } else {
                at += 1;
            }
        }
    }

    /// The compound whole, and its segments that are compounds.
    fn emit_wholes(&mut self) {
        let start = self.words[0].0.start;
        let after = self.rest();
        // `C++` and `C#` end in what is no word.
        let suffix = if after.starts_with("++") { 2 } else { usize::from(after.starts_with('#')) };
        let ends = after[suffix..].chars().next().is_none_or(|c| !is_word(c) && c != '#' && c != '+');
        if suffix > 0 && ends {
            let last = self.words[self.words.len() - 1].0.clone();
            let place = self.place + self.words.len() as u32 - 1;
            self.push(last.start..last.end + suffix, place, Form::Whole);
        }
        if self.words.len() < 2 || self.words.len() > MAX_COMPOUND_WORDS {
            return;
        }
        let mut from = 0;
        let mut segments = 0;
        for at in 1..=self.words.len() {
            if at < self.words.len() && self.words[at].1 != Joint::Segment {
                continue;
            }
            segments += 1;
            self.emit_segment(from..at);
            from = at;
        }
        if segments > 1 {
            let end = self.words[self.words.len() - 1].0.end;
            self.push(start..end, self.place, Form::Whole);
        }
    }

    fn emit_segment(&mut self, words: Range<usize>) {
        let (first, last) = (&self.words[words.start], &self.words[words.end - 1]);
        let (bytes, place) = (first.0.start..last.0.end, self.place + words.start as u32);
        if words.len() < 2 {
            return;
        }
        let is_weak = self.words[words.start + 1..words.end].iter().all(|(_, joint)| *joint == Joint::Weak);
        match is_weak {
            true if words.len() > MAX_JOINED_WORDS => {}
            true => self.push(bytes, place, Form::Joined),
            false => self.push(bytes, place, Form::Whole),
        }
    }

    /// The parts of `CamelCase` and `HTTPServer`.
    fn emit_humps(&mut self, word: Range<usize>) {
        let bytes = &self.text.as_bytes()[word.clone()];
        if !bytes.is_ascii() || !bytes[1..].iter().any(u8::is_ascii_uppercase) {
            return;
        }
        let begins = |at: usize| {
            let (before, here) = (bytes[at - 1], bytes[at]);
            let after = bytes.get(at + 1);
            here.is_ascii_uppercase()
                && (!before.is_ascii_uppercase()
                    || after.is_some_and(u8::is_ascii_lowercase) && bytes[at + 1..] != *b"s")
        };
        let starts: Vec<usize> = (1..bytes.len()).filter(|&at| begins(at)).collect();
        if starts.is_empty() {
            return;
        }
        let ends = starts.iter().copied().chain([bytes.len()]);
        for (start, end) in [0].into_iter().chain(starts.iter().copied()).zip(ends) {
            if end - start > 1 {
                self.push(word.start + start..word.start + end, self.place, Form::Word);
            }
        }
    }
}

impl Iterator for Cutter<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.ready.is_empty() {
            self.read();
        }
        self.ready.pop_front()
    }
}

fn is_word_start(character: char) -> bool {
    character.is_alphanumeric() && !is_unspaced(character)
}

fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    (character.is_alphanumeric() || is_combining_mark(character)) && !is_unspaced(character)
}

/// Whether a mark may join words into a compound.
fn is_joint(character: char) -> bool {
    matches!(
        character,
        '_' | '-'
            | '.'
            | '/'
            | '\\'
            | ':'
            | '@'
            | '+'
            | '#'
            | '&'
            | '='
            | '?'
            | '%'
            | '~'
            | '\''
            | '’'
            | '\u{2011}'
    )
}

/// Whether a character belongs to a script that is written without spaces between words.
fn is_unspaced(character: char) -> bool {
    // Below the first of them nothing has to be compared.
    u32::from(character) >= 0x0e01
        && matches!(u32::from(character),
            0x0e01..=0x0eff // Thai, Lao
            | 0x0f00..=0x0fff // Tibetan
            | 0x1000..=0x109f // Myanmar
            | 0x1780..=0x17d3 // Khmer
            | 0x3005..=0x3007 // 々〆〇
            | 0x3041..=0x3096 // Hiragana
            | 0x30a1..=0x30fa | 0x30fc..=0x30fe | 0x31f0..=0x31ff | 0xff66..=0xff9f // Katakana
            | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff // Han
        )
        && (character.is_alphanumeric() || is_combining_mark(character))
}

/// Whether a character is a picture of its own. Skin tones and joiners are not: they only change one.
fn is_emoji(character: char) -> bool {
    matches!(u32::from(character),
        0x231a | 0x231b | 0x23e9..=0x23fa | 0x2600..=0x27bf | 0x2b05..=0x2b55
        | 0x1f1e6..=0x1f1ff | 0x1f300..=0x1f3fa | 0x1f400..=0x1faff)
}

fn is_flag_letter(character: char) -> bool {
    matches!(u32::from(character), 0x1f1e6..=0x1f1ff)
}
