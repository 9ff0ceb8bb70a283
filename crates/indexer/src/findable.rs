//! What each chunk is found by and cited as, out of what the extractor read. Pure; which vector belongs to a chunk is
//! worked out later.

use std::ops::Range;

use ibid_core::chunk::Chunk;
use ibid_core::document::Link;
use ibid_core::span::Span;
use ibid_index::writer::{FinishedChunk, FoundBy};

use crate::extract::{Aside, Extracted, Meant, Reading};

/// The longest piece of another place that counts in a chunk, in bytes: a footnote, a row of column names.
const MAX_ASIDE_BYTES: usize = 512;
/// All pieces of other places that count in one chunk, in bytes.
const MAX_ASIDES_BYTES: usize = 2_048;
/// The longest target of a link that is followed, in bytes; no file system has longer names.
const MAX_TARGET_BYTES: usize = 1_024;

/// The chunks with what they are found by. Each list of the reading is looked at once for all of them, as far as it
/// goes by place.
pub(crate) fn finish(text: &str, extracted: &Extracted, chunks: Vec<Chunk>) -> Vec<FinishedChunk> {
    let mut lines = Lines::new(text);
    let Reading { comments, noise, meant, asides, facts } = &extracted.reading;
    let links = &extracted.document.links;
    let (mut comments, mut noise) = (InOrder::of(comments, |span| *span), InOrder::of(noise, |span| *span));
    let mut meant = InOrder::of(meant, |meant: &Meant| meant.span);
    let mut asides = Overlapping::of(asides, |aside: &Aside| aside.counts_in);
    let mut facts = Overlapping::of(facts, |fact| fact.span);
    let mut links = InOrder::of(links, |link: &Link| link.span);
    let finished = chunks.into_iter().map(|chunk| {
        let line = lines.line_of(chunk.span.start() as usize);
        let (comments, noise, meant) =
            (comments.in_(chunk.span), noise.in_(chunk.span), meant.in_(chunk.span));
        let links: Vec<&Link> = links
            .in_(chunk.span)
            .iter()
            .filter(|link| link.target.len() <= MAX_TARGET_BYTES && chunk.span.start() <= link.span.start())
            .collect();
        let quoted = |span: Span| cut_to(span, chunk.span).quote(text).unwrap_or_default().to_owned();
        let found_by = FoundBy {
            words: words(text, chunk.span, &[comments, noise].concat(), meant),
            asides: asides_of(text, chunk.span, asides.in_(chunk.span)),
            comments: comments.iter().map(|span| quoted(*span)).collect(),
            facts: facts.in_(chunk.span).map(|fact| (fact.key.to_string(), fact.value.clone())).collect(),
            embeds: links.iter().filter(|link| link.embed).map(|link| link.target.clone()).collect(),
            links: links.into_iter().map(|link| link.target.clone()).collect(),
        };
        let cited = cited(text, chunk.span, noise);
        FinishedChunk { chunk, line, cited, vector_key: None, found_by }
    });
    finished.collect()
}

/// A chunk's words where they are not simply its bytes: without what is hidden, and what is meant for what is written.
fn words(text: &str, chunk: Span, hidden: &[Span], meant: &[Meant]) -> Option<String> {
    if hidden.is_empty() && meant.is_empty() {
        return None;
    }
    let blank = hidden.iter().map(|span| (cut_to(*span, chunk), " "));
    let written = meant.iter().map(|meant| (cut_to(meant.span, chunk), meant.words.as_str()));
    let mut changes: Vec<(Span, &str)> = blank.chain(written).collect();
    changes.sort();
    let mut words = String::new();
    let mut at = chunk.range().start;
    for (span, instead) in changes {
        let Range { start, end } = span.range();
        if start < at {
            // A comment within noise, or the other way round.
            at = at.max(end);
            continue;
        }
        words.push_str(&text[at..start]);
        words.push_str(instead);
        at = end;
    }
    words.push_str(&text[at.min(chunk.range().end)..chunk.range().end]);
    match words.trim().is_empty() {
        true => Some(String::new()),
        false => Some(words),
    }
}

/// What a citation of a chunk names: the chunk without noise and white space at its ends.
fn cited(text: &str, chunk: Span, noise: &[Span]) -> Span {
    let trimmed = |span: Span| span.quote(text).map_or(span, |quote| span.trimmed(quote));
    let mut cited = trimmed(chunk);
    for span in noise {
        if span.start() <= cited.start() && cited.start() < span.end() {
            let start = span.end().min(cited.end());
            cited = trimmed(Span::claimed(start, cited.end()).unwrap_or(cited));
        }
    }
    for span in noise.iter().rev() {
        if span.start() < cited.end() && cited.end() <= span.end() {
            let end = span.start().max(cited.start());
            cited = trimmed(Span::claimed(cited.start(), end).unwrap_or(cited));
        }
    }
    cited
}

/// The words of other places that count in a chunk; what stands in the chunk anyway is left out.
fn asides_of<'a>(text: &str, chunk: Span, asides: impl Iterator<Item = &'a Aside>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut room = MAX_ASIDES_BYTES;
    for aside in asides {
        let is_elsewhere = aside.words.start() < chunk.start() || chunk.end() < aside.words.end();
        let Some(quote) = aside.words.quote(text).filter(|_| is_elsewhere) else { continue };
        let quote = &quote[..quote.floor_char_boundary(MAX_ASIDE_BYTES.min(room))];
        if !quote.trim().is_empty() && !words.iter().any(|known| known == quote) {
            room -= quote.len();
            words.push(quote.to_owned());
        }
    }
    words
}

/// The part of a span that lies within another that it overlaps.
fn cut_to(span: Span, within: Span) -> Span {
    let start = span.start().clamp(within.start(), within.end());
    Span::claimed(start, span.end().clamp(start, within.end())).unwrap_or(within)
}

/// Things that lie apart from each other in a text, looked at by ascending spans.
struct InOrder<'a, T> {
    things: &'a [T],
    span_of: fn(&T) -> Span,
}

impl<'a, T> InOrder<'a, T> {
    fn of(things: &'a [T], span_of: fn(&T) -> Span) -> InOrder<'a, T> {
        InOrder { things, span_of }
    }

    /// Those that share a byte with `span`; spans must ascend from call to call.
    fn in_(&mut self, span: Span) -> &'a [T] {
        let passed =
            self.things.iter().take_while(|thing| (self.span_of)(thing).end() <= span.start()).count();
        self.things = &self.things[passed..];
        let length =
            self.things.iter().take_while(|thing| (self.span_of)(thing).start() < span.end()).count();
        &self.things[..length]
    }
}

/// Things ordered by where they begin, that may overlap, looked at by ascending spans.
struct Overlapping<'a, T> {
    waiting: &'a [T],
    open: Vec<&'a T>,
    span_of: fn(&T) -> Span,
}

impl<'a, T> Overlapping<'a, T> {
    fn of(things: &'a [T], span_of: fn(&T) -> Span) -> Overlapping<'a, T> {
        Overlapping { waiting: things, open: Vec::new(), span_of }
    }

    /// Those that share a byte with `span`; spans must ascend from call to call.
    fn in_(&mut self, span: Span) -> impl Iterator<Item = &'a T> {
        let begun =
            self.waiting.iter().take_while(|thing| (self.span_of)(thing).start() < span.end()).count();
        let (begun, waiting) = self.waiting.split_at(begun);
        self.open.extend(begun);
        self.waiting = waiting;
        self.open.retain(|thing| (self.span_of)(thing).end() > span.start());
        self.open.clone().into_iter()
    }
}

/// Line numbers of ascending offsets, counting each byte once.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line, from 1, of the byte at `offset`; offsets must not fall from call to call. `\n`, `\r\n` and a lone
    /// `\r` end a line.
    fn line_of(&mut self, offset: usize) -> u32 {
        while self.at < offset {
            let ends = match self.text[self.at] {
                b'\n' => true,
                b'\r' => self.text.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u32::from(ends);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;

    use super::*;
    use crate::chunk::{self, Measure};
    use crate::extract::extract;

    /// Counts words.
    struct Words;

    impl Measure for Words {
        fn tokens(&mut self, text: &str) -> usize {
            text.split_whitespace().count()
        }

        fn prefix_within(&mut self, text: &str, max: usize) -> usize {
            let last = text.split_whitespace().nth(max.saturating_sub(1));
            last.map_or(text.len(), |word| word.as_ptr() as usize - text.as_ptr() as usize + word.len())
        }
    }

    /// What the chunks of a note are found by: their words, one space between them, then their asides.
    fn check(text: &str, expected: &[&str]) {
        let extracted = extract(&DocumentPath::new("a.md").unwrap(), text);
        let chunks = chunk::chunk(text, &extracted.blocks, &mut Words);
        let found: Vec<String> = finish(text, &extracted, chunks)
            .into_iter()
            .map(|finished| {
                let bytes = finished.chunk.span.quote(text).unwrap().to_owned();
                let words = finished.found_by.words.unwrap_or(bytes);
                let all = [vec![words], finished.found_by.asides].concat().join(" + ");
                all.split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn comments_are_not_among_the_words() {
        check("# T\n\na %%hidden%% b\n\n<!-- not\nthis --> c", &["# T a b c"]);
    }

    #[test]
    fn a_row_is_found_with_the_head_of_its_table() {
        let row = format!("| {} |\n", "x ".repeat(150));
        let table = format!("| Flour |\n|---|\n{row}{row}");
        let cells = row.split_whitespace().collect::<Vec<_>>().join(" ");
        check(&table, &[&format!("| Flour | |---| {cells}"), &format!("{cells} + | Flour |")]);
    }

    #[test]
    fn a_footnote_counts_where_it_is_referred_to() {
        let far = format!("# Two\n\n{}\n\n[^n]: the note", "y ".repeat(150));
        let text = format!("# One\n\nsaid[^n] {}\n\n{far}", "z ".repeat(150));
        let [z, y] = ["z ", "y "].map(|word| word.repeat(150));
        check(&text, &[&format!("# One said[^n] {z}+ [^n]: the note"), &format!("# Two {y}[^n]: the note")]);
    }

    #[test]
    fn a_callout_is_found_by_its_title_to_its_end() {
        let part = |word: &str| format!("> {}\n>\n", format!("{word} ").repeat(150));
        let text = format!("> [!warning] Hot oven\n{}{}", part("a"), part("b"));
        let [a, b] = ["a ", "b "].map(|word| word.repeat(150));
        check(&text, &[&format!("> [!warning] Hot oven > {a}>"), &format!("> {b}> + > [!warning] Hot oven")]);
    }

    #[test]
    fn noise_at_the_ends_is_not_cited() {
        let text = "[[ a b ]] c";
        let span = |start, end| Span::within(text, start..end).unwrap();
        let cited = cited(text, span(0, 9), &[span(0, 2), span(7, 9)]);
        assert_eq!(cited.quote(text), Some("a b"));
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        let mut lines = Lines::new("a\r\nb\nc\rd\r\n");
        assert_eq!([0, 3, 5, 7, 10].map(|offset| lines.line_of(offset)), [1, 2, 3, 4, 5]);
    }
}
