//! What every format's tests ask: that blocks are the whole text, and that hostile texts come to an end.

use super::{Extracted, lines};

/// Checks that the blocks are the whole text and begin lines, and that all else lies within it and in order.
pub(super) fn check_partition(text: &str, extracted: &Extracted) {
    let starts: Vec<usize> = lines(text).map(|line| line.start).collect();
    let n_headings = extracted.document.headings.len();
    let mut at = 0;
    for block in &extracted.blocks {
        let range = block.span.range();
        assert!(range.start == at && range.end > at, "{block:?} at {at}");
        assert!(starts.binary_search(&at).is_ok(), "{block:?} begins no line");
        assert!(block.headings.iter().all(|index| *index < n_headings));
        at = range.end;
    }
    assert_eq!(at, text.len());
    for heading in &extracted.document.headings {
        assert!(heading.span.quote(text).is_some_and(|quote| !quote.trim().is_empty()), "{heading:?}");
    }
    assert!(extracted.document.links.iter().all(|link| link.span.quote(text).is_some()));
    let reading = &extracted.reading;
    let meant = reading.meant.iter().map(|meant| meant.span).collect();
    for apart in [reading.comments.clone(), reading.noise.clone(), meant] {
        assert!(apart.iter().all(|span| span.quote(text).is_some_and(|quote| !quote.is_empty())));
        assert!(apart.windows(2).all(|pair| pair[0].end() <= pair[1].start()));
    }
    for aside in &reading.asides {
        assert!(aside.counts_in.quote(text).is_some() && aside.words.quote(text).is_some());
    }
    assert!(reading.facts.iter().all(|fact| fact.span.quote(text).is_some()));
    assert!(reading.facts.windows(2).all(|pair| pair[0].span.start() <= pair[1].span.start()));
}

/// Texts of about a megabyte that are nothing but one sign or one of `own`, with and without line ends.
pub(super) fn hostile(own: &[&str]) -> Vec<String> {
    const BYTES: usize = 1 << 20;
    let signs =
        ["[", "*", "\"", "\\", "{", "(", "<", "`", "'", "#", "|", "\n", "\r", " ", "=", "a ", "\u{feff}"];
    signs
        .iter()
        .chain(own)
        .flat_map(|sign| {
            [sign.repeat(BYTES / sign.len()), format!("{sign}\n").repeat(BYTES / (sign.len() + 1))]
        })
        .collect()
}
