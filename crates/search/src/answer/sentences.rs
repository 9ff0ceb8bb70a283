//! Where the sentences of a text end, whatever its script. Marks, white space and lines decide, in one pass over the
//! bytes: it runs over every passage that is shown, while somebody waits, so it asks no table of characters.

use std::ops::Range;

/// A line of so many bytes may have been wrapped by an editor: the sentence goes on in the next one. A shorter line is one
/// that somebody ended, a longer one is a paragraph.
const WRAPPED_LINE_BYTES: Range<usize> = 45..121;

/// Words that a full stop shortens, in lower case. Single letters (`J.`) and letters with stops (`e.g.`, `z.B.`) need no
/// mention.
const SHORTENED: [&str; 64] = [
    "abb", "al", "approx", "art", "bd", "bspw", "bzw", "ca", "cf", "co", "corp", "dept", "dr", "ed", "eds",
    "eq", "evtl", "fig", "figs", "fr", "ft", "gen", "ggf", "hr", "ibid", "inc", "inkl", "jh", "jr", "lt",
    "ltd", "max", "min", "mio", "mme", "mr", "mrd", "mrs", "ms", "mt", "no", "nos", "nr", "op", "pp", "prof",
    "rep", "resp", "sec", "sen", "sog", "sr", "st", "str", "tel", "usw", "vgl", "vol", "vols", "vs", "гг",
    "др", "им", "ул",
];

/// How a sentence's mark ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Where white space follows, for the mark stands in numbers and names too.
    Spaced,
    /// Wherever it stands.
    Full,
}

/// The sentences of `range` of `text`, in order, without white space and the marks of quotes at their ends. A row of words
/// that no mark ends is one as well.
pub(super) fn sentences(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let text = &text[..range.end];
    let mut found = Vec::new();
    let mut start = after_margin(text, range.start);
    let mut at = start;
    while let Some((end, next)) = next_end(text, start, at) {
        match next {
            None => at = end,
            Some(next) => {
                found.push(start..end);
                (start, at) = (next, next);
            }
        }
    }
    let last = start + text[start..].trim_end().len();
    if last > start {
        found.push(start..last);
    }
    found
}

/// The next place from `at` on where the sentence that began at `start` may end, and where the next one begins if it does.
fn next_end(text: &str, start: usize, at: usize) -> Option<(usize, Option<usize>)> {
    let bytes = text.as_bytes();
    let at = (at..bytes.len()).find(|&at| may_stop(bytes[at]))?;
    let mark = text[at..].chars().next()?;
    if matches!(mark, '\n' | '\r') {
        let end = start + text[start..at].trim_end().len();
        let next = after_margin(text, at);
        let ends = end > start && next < text.len() && line_ends_sentence(text, at);
        return Some(if ends { (end, Some(next)) } else { (next.max(at + 1), None) });
    }
    let Some(stop) = stop_of(mark) else { return Some((at + mark.len_utf8(), None)) };
    let end = after_closing(text, at + mark.len_utf8());
    let next = after_margin(text, end);
    let ends = match stop {
        _ if next == text.len() => false,
        Stop::Full => true,
        Stop::Spaced => next > end && !goes_on(text, start..at, mark, next),
    };
    Some((end, ends.then_some(next)))
}

/// Whether a byte begins a character at which a sentence may end.
fn may_stop(byte: u8) -> bool {
    // What `stop_of` knows outside ASCII begins with one of these; much else does too.
    matches!(byte, b'.' | b'!' | b'?' | b'\n' | b'\r' | 0xd6 | 0xd8 | 0xdb | 0xe0..=0xe3 | 0xef)
}

fn stop_of(mark: char) -> Option<Stop> {
    match mark {
        '.' | '!' | '?' | '…' | '‼' | '⁇' | '⁈' | '⁉' | '؟' | '۔' | '։' => Some(Stop::Spaced),
        '。' | '！' | '？' | '｡' | '।' | '॥' | '\u{f0d}' | '\u{104b}' | '\u{1362}' | '\u{1367}'
        | '\u{17d4}' => Some(Stop::Full),
        _ => None,
    }
}

/// Behind what may stand between a sentence's mark and its end: more marks, closing quotation marks and brackets, the
/// number of a footnote.
fn after_closing(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let Some(next) = rest.chars().next() else { return at };
        let length = match next {
            '"' | '\'' | ')' | ']' | '*' | '_' | '”' | '’' | '»' | '」' | '』' | '）' | '】' | '》' => {
                next.len_utf8()
            }
            '[' => match rest.find(']').filter(|&end| end < 16 && is_reference(&rest[1..end])) {
                Some(end) => end + 1,
                None => return at,
            },
            mark if stop_of(mark).is_some() => mark.len_utf8(),
            _ => return at,
        };
        at += length;
    }
}

/// Whether what stands in brackets is a footnote's name, or a number.
fn is_reference(inner: &str) -> bool {
    inner.starts_with('^') || (!inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Behind white space, and behind the marks of a quote where a line begins.
fn after_margin(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        let line = text[..at].trim_end_matches([' ', '\t', '>']);
        if !text[at..].starts_with('>') || !(line.is_empty() || line.ends_with(['\n', '\r'])) {
            return at;
        }
        at += 1;
    }
}

/// Whether a sentence goes on behind a mark that white space follows: what follows is written small, or the mark only
/// shortens a word or counts.
fn goes_on(text: &str, so_far: Range<usize>, mark: char, next: usize) -> bool {
    let following = text[next..].chars().find(|c| !matches!(c, '"' | '\'' | '(' | '*' | '_' | '“' | '«'));
    if matches!(mark, '.' | '…') && following.is_some_and(char::is_lowercase) {
        return true;
    }
    if mark != '.' {
        return false;
    }
    let opens = |c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“' | '„' | '*' | '_' | '/');
    let word = text[so_far].rsplit(opens).next().unwrap_or_default();
    let letters = |part: &str| part.chars().count() == 1 && part.chars().all(char::is_alphabetic);
    if !word.is_empty() && word.split('.').all(letters) {
        return true;
    }
    // A day or a number in a row: "3. Mai".
    if !word.is_empty() && word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return following.is_some_and(char::is_alphabetic);
    }
    SHORTENED.binary_search(&word.to_lowercase().as_str()).is_ok()
}

/// Whether the line that ends at `at` ends its sentence too: no editor wrapped it there, or its script writes no full stops
/// and no spaces, so that a line's end is all there is.
fn line_ends_sentence(text: &str, at: usize) -> bool {
    let begins = text[..at].rfind(['\n', '\r']).map_or(0, |before| before + 1);
    let line = text[begins..at].trim_end();
    let without_spaces = |c: char| matches!(c, '\u{e00}'..='\u{edf}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}');
    !WRAPPED_LINE_BYTES.contains(&line.len()) || line.chars().next_back().is_some_and(without_spaces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> =
            sentences(text, 0..text.len()).into_iter().map(|sentence| &text[sentence]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_shortened_words_are_in_order() {
        assert!(SHORTENED.is_sorted());
    }

    #[test]
    fn a_sentence_ends_at_its_mark() {
        check("Feed it. Wait twice!  Then? Bake", &["Feed it.", "Wait twice!", "Then?", "Bake"]);
        check(
            "He said \"wait.\" Then (he left.) It was **late.** So",
            &["He said \"wait.\"", "Then (he left.)", "It was **late.**", "So"],
        );
        check(
            "The crumb smears.[^gum] Rye is rye.[12] So",
            &["The crumb smears.[^gum]", "Rye is rye.[12]", "So"],
        );
        check("Really?! Yes... No", &["Really?!", "Yes...", "No"]);
        check("", &[]);
        check(" \n ", &[]);
    }

    #[test]
    fn a_mark_inside_a_sentence_does_not_end_it() {
        check("It takes 1.5 hours, e.g. in a bowl.", &["It takes 1.5 hours, e.g. in a bowl."]);
        check("See e.g. Dr. J. Smith, vol. 3. It is so.", &["See e.g. Dr. J. Smith, vol. 3. It is so."]);
        check("Am 3. Mai, z.B. Brot. Dann", &["Am 3. Mai, z.B. Brot.", "Dann"]);
        check("In the U.S. Navy v1.2.3 ran.", &["In the U.S. Navy v1.2.3 ran."]);
        check("Wait … then go. Done", &["Wait … then go.", "Done"]);
    }

    #[test]
    fn every_script_has_its_marks() {
        check(
            "文章。「短い文です。」次の文章！終わり",
            &["文章。", "「短い文です。」", "次の文章！", "終わり"],
        );
        check("यह एक है। वह दो है।", &["यह एक है।", "वह दो है।"]);
        check("هل هذا؟ نعم", &["هل هذا؟", "نعم"]);
        check("Это раз. Это два, т. е. всё.", &["Это раз.", "Это два, т. е. всё."]);
        check("ขนมปังสีเข้ม\nเนยแข็ง", &["ขนมปังสีเข้ม", "เนยแข็ง"]);
        check("第一行没有标点\n第二行也没有", &["第一行没有标点", "第二行也没有"]);
    }

    #[test]
    fn a_wrapped_line_goes_on_and_a_short_one_ends() {
        let wrapped = "A sentence that somebody wrapped at about sixty\ncolumns goes on. Another";
        check(wrapped, &["A sentence that somebody wrapped at about sixty\ncolumns goes on.", "Another"]);
        check("Name: Rye\r\nAge: ten days\r\n", &["Name: Rye", "Age: ten days"]);
        check("> Feed it.\n> Wait, and\n> > bake.", &["Feed it.", "Wait, and", "bake."]);
    }

    #[test]
    fn only_the_range_is_read() {
        let text = "One. Two. Three.";
        assert_eq!(sentences(text, 5..9), vec![std::ops::Range { start: 5, end: 9 }]);
    }
}
